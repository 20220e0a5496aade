/*
 * What the journal tells of raw octets, cuts, stalls and tunnels, and what the exit code says of
 * faults that were not reached: found by using the program with real clients.
 */
#include <signal.h>
#include <unistd.h>

#include "e2e.h"

/* Octets that are no HTTP are no `response`, but they were sent, and a check may wait for that. */
static void raw_octets_are_told_as_sent(void **state)
{
    (void)state;
    struct play *p = start_list("[{'send':'garbage'},'close']");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_str(c, "garbage");
    expect_eof(c);
    const cJSON *sent = find_event(p, "sent", "at", "proxy", NULL);
    expect_number(number_in(sent, "bytes"), 7);
    expect_number(number_in(sent, "body_bytes"), 0);
    expect_number(count_events(p, "response", NULL), 0);
    hang_up(c);
    stop(p);
}

/* An endless `send` is told once, or the journal would be endless, too. */
static void a_repeated_send_is_told_once(void **state)
{
    (void)state;
    struct play *p = start_list("[{'send':{'octets':'x','times':1000}},'close']");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    for (int i = 0; i < 10; i++)
        expect_str(c, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    expect_eof(c);
    find_event(p, "close", "at", "proxy", "by", "us", NULL);
    expect_number(count_events(p, "sent", NULL), 1);
    hang_up(c);
    stop(p);
}

/* Only what stands behind the header block of a `send` counts as body. */
static void a_sent_head_is_no_body(void **state)
{
    (void)state;
    struct play *p =
        start_list("[{'send':'HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nabc'},'close']");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_str(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    expect_number(number_in(find_event(p, "sent", "status", "200", NULL), "body_bytes"), 3);
    hang_up(c);
    stop(p);
}

static void a_cut_is_told_with_its_end(void **state)
{
    (void)state;
    struct play *p = start_list("[{'respond':{'body':{'size':100},"
                                "'cut':{'after_body_bytes':10,'with':'stall'}}}]");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 10);
    const cJSON *sent = find_event(p, "sent", "whole", "false", "cut", "stall", NULL);
    expect_number(number_in(sent, "body_bytes"), 10);
    find_event(p, "stall", "at", "proxy", NULL);
    hang_up(c);
    stop(p);
}

/* The client speaks as soon as it has the 2xx, and the origin may not be there yet. */
static void nothing_is_ahead_of_a_2xx_that_was_sent(void **state)
{
    (void)state;
    struct play *p =
        start_list("[{'send':'HTTP/1.1 200 OK\\r\\n\\r\\n'},{'wait':'bytes'},'tunnel']");
    struct peer *c = dial(p->proxy);
    send_str(c, "CONNECT a.test:80 HTTP/1.1\r\nHost: a.test\r\n\r\n");
    expect_str(c, "HTTP/1.1 200 OK\r\n\r\n");
    send_str(c, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    expect_answer(c, 200);
    expect_number(count_events(p, "ahead", NULL), 0);
    find_event(p, "accept", "at", "origin", "via", "tunnel", "through", "proxy", NULL);
    hang_up(c);
    stop(p);
}

/* Ends the play and looks at its exit code. */
static void expect_code(struct play *p, int code)
{
    kill(p->program->pid, SIGTERM);
    expect_exit(p, code);
}

#define IDLE_RESET                                                                                 \
    "{'proxy':{'rules':[{'on':'request','fault':true,"                                             \
    "'do':['forward',{'wait':{'idle':'20ms'}},'reset']}]}}"

static void a_reset_that_was_carried_out_is_a_test(void **state)
{
    (void)state;
    struct play *p = start(IDLE_RESET);
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_answer(c, 200);
    expect_reset(c);
    hang_up(c);
    expect_code(p, 0);
}

/* Some clients tunnel http:// URLs, too: `forward` is a tunnel then, and the reset never comes. */
static void a_tunnel_in_front_of_the_fault_is_none(void **state)
{
    (void)state;
    struct play *p = start(IDLE_RESET);
    struct peer *c = dial(p->proxy);
    connect_to(c, "a.test:80");
    send_str(c, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    expect_answer(c, 200);
    hang_up(c);
    find_event(p, "close", "at", "proxy", NULL);
    expect_code(p, 4);
}

static void a_stall_is_a_test_once_it_has_begun(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{'rules':[{'on':'request','fault':true,'do':['stall']}]}}");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    find_event(p, "stall", "at", "proxy", NULL);
    expect_code(p, 0);
    hang_up(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(raw_octets_are_told_as_sent),
    cmocka_unit_test(a_repeated_send_is_told_once),
    cmocka_unit_test(a_sent_head_is_no_body),
    cmocka_unit_test(a_cut_is_told_with_its_end),
    cmocka_unit_test(nothing_is_ahead_of_a_2xx_that_was_sent),
    cmocka_unit_test(a_reset_that_was_carried_out_is_a_test),
    cmocka_unit_test(a_tunnel_in_front_of_the_fault_is_none),
    cmocka_unit_test(a_stall_is_a_test_once_it_has_begun),
};

TEST_MAIN(tests)
