/*
 * What one action of a list leaves to the next, and what the journal says of a list that the
 * client ended.
 */
#include "e2e.h"

/* Paced on, the second answer would take minutes. */
static void an_answers_pace_ends_with_it(void **state)
{
    (void)state;
    struct play *p = start_list("[{'respond':{'status':103,'pace':{'bytes':10,'every':'5ms'}}},"
                                " {'respond':{'status':200,'body':{'size':1000000}}}]");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_head(c, "HTTP/1.1 103 ");
    expect_head(c, "HTTP/1.1 200 ");
    expect_bytes(c, 1000000);
    hang_up(c);
    stop(p);
}

static void a_pace_of_the_list_goes_on(void **state)
{
    (void)state;
    struct play *p = start_list("[{'pace':{'bytes':1,'every':'5ms'}},{'send':'ab'},"
                                " {'send':{'octets':'cd','pace':{'bytes':2,'every':'1ms'}}},"
                                " {'send':'0123456789'},'close']");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_str(c, "abcd0123456789");
    expect_eof(c);
    const cJSON *asked = find_event(p, "request", "at", "proxy", NULL);
    double began = cJSON_GetObjectItemCaseSensitive(asked, "t")->valuedouble;
    const cJSON *done = find_event(p, "rule", NULL);
    double ended = cJSON_GetObjectItemCaseSensitive(done, "t")->valuedouble;
    expect_between(0.050, ended - began, 60);
    hang_up(c);
    stop(p);
}

static void a_stall_that_the_client_ends_is_not_completed(void **state)
{
    (void)state;
    struct play *p = start_list("['stall','close']");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_silence(c, 50);
    hang_up(c);
    find_event(p, "rule", "completed", "false", "action", "stall", NULL);
    stop(p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_answers_pace_ends_with_it),
    cmocka_unit_test(a_pace_of_the_list_goes_on),
    cmocka_unit_test(a_stall_that_the_client_ends_is_not_completed),
};

TEST_MAIN(tests)
