/*
 * The verdict of a play: exit status and reports.
 */
#include "e2e.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define RULE                                                                                       \
    "'title':'t','layer':'client',"                                                                \
    "'proxy':{'rules':[{'name':'no','on':'request','fault':true,"                                  \
    "'do':[{'respond':{'status':503}}]}]},'client':{'steps':[{'url':'http://{origin}/'}]},"

static const char *const one_at_most =
    "{" RULE "'expect':{'one':{'level':'must','count':{'event':'request'},'max':1}}}";

/* Plays it with so many GETs; returns the exit status, and the text of its report in *report. */
static int exit_of(const char *scenario, const char *form, int requests, char **report)
{
    char path[] = "/tmp/fakeproxy-report-XXXXXX", argument[64];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    snprintf(argument, sizeof(argument), "%s:%s", form, path);
    const char *arguments[] = { "--report", argument, NULL };
    struct program *p =
        program_start(FP_PROGRAM, scenario, &(struct program_options){ .arguments = arguments });
    assert_non_null(p);
    for (int i = 0; i < requests; i++) {
        struct peer *c = dial(p->proxy);
        get(c, "/");
        expect_answer(c, 503);
        hang_up(c);
    }
    int status = program_end(p);
    assert_false(program_complained(p));
    program_free(p, false);
    assert_true(WIFEXITED(status));
    *report = calloc(1, 65536);
    assert_non_null(*report);
    assert_true(read(fd, *report, 65535) >= 0);
    close(fd);
    unlink(path);
    return WEXITSTATUS(status);
}

static void expect_verdict(const char *scenario, int requests, int code, const char *words)
{
    char *report;
    int found = exit_of(scenario, "json", requests, &report);
    cJSON *json = cJSON_Parse(report);
    if (found != code || !json || !strstr(report, words))
        fail_here("exit status %d, expected %d and \"%s\" in:\n%s", found, code, words, report);
    assert_int_equal(cJSON_GetObjectItem(json, "exit")->valueint, code);
    cJSON_Delete(json);
    free(report);
}

static void a_must_that_holds_is_0(void **state)
{
    (void)state;
    expect_verdict(one_at_most, 1, 0, "\"verdict\":\"pass\",\"holds\":true");
}

static void a_must_that_is_missed_is_1(void **state)
{
    (void)state;
    expect_verdict(one_at_most, 2, 1, "2 requests; expected at most 1");
}

static void nobody_came_is_4(void **state)
{
    (void)state;
    expect_verdict(one_at_most, 0, 4, "nothing came to rule no");
}

static void a_should_that_is_missed_is_0(void **state)
{
    (void)state;
    expect_verdict("{" RULE "'expect':{'two':{'level':'should','count':{'event':'request'},"
                   "'min':2}}}",
                   1, 0, "\"verdict\":\"weak\"");
}

static void checks_of_which_none_was_exercised_are_4(void **state)
{
    (void)state;
    expect_verdict("{" RULE "'expect':{'two':{'level':'must','given':{'event':'request','path':"
                   "'/2'},'count':{'event':'request'},'max':2}}}",
                   1, 4, "\"verdict\":\"not-exercised\"");
}

static void what_needs_outcomes_is_not_judged(void **state)
{
    (void)state;
    expect_verdict("{" RULE "'expect':{'ok':{'level':'must','outcome':{'status':200}}}}", 1, 0,
                   "needs clientsuite");
}

static void a_file_without_checks_is_not_judged(void **state)
{
    (void)state;
    expect_verdict("{" RULE "'house':{}}", 2, 0, "\"checks\":[");
}

static void a_house_check_that_fails_is_1(void **state)
{
    (void)state;
    const char *arguments[] = { NULL };
    struct program *p =
        program_start(FP_PROGRAM, one_at_most, &(struct program_options){ .arguments = arguments });
    assert_non_null(p);
    struct peer *c = dial(p->proxy);
    send_str(c, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nHost: a.test\r\n\r\n");
    expect_head(c, "HTTP/1.1 ");
    hang_up(c);
    int status = program_end(p);
    program_free(p, false);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
}

static void junit_names_what_failed(void **state)
{
    (void)state;
    char *report;
    assert_int_equal(exit_of(one_at_most, "junit", 2, &report), 1);
    expect_in(report, "<testsuite name=\"e2e/test\" tests=\"10\" failures=\"1\" errors=\"0\"");
    expect_in(report, "<testcase classname=\"e2e/test\" name=\"one\"><failure message=\"fail: 2 "
                      "requests; expected at most 1\"/></testcase>");
    free(report);
}

static void the_end_is_in_the_journal(void **state)
{
    (void)state;
    struct program *p = program_start(FP_PROGRAM, one_at_most, &(struct program_options){ 0 });
    assert_non_null(p);
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_answer(c, 503);
    program_end(p);
    char *journal = program_read(p, "journal");
    const char *end = journal ? strstr(journal, "\"event\":\"end\",\"why\":\"done\"") : NULL;
    assert_non_null(end);
    assert_non_null(strstr(end, "the play is over")); /* how we take it down comes behind it */
    free(journal);
    hang_up(c);
    program_free(p, false);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_must_that_holds_is_0),
    cmocka_unit_test(a_must_that_is_missed_is_1),
    cmocka_unit_test(nobody_came_is_4),
    cmocka_unit_test(a_should_that_is_missed_is_0),
    cmocka_unit_test(checks_of_which_none_was_exercised_are_4),
    cmocka_unit_test(what_needs_outcomes_is_not_judged),
    cmocka_unit_test(a_file_without_checks_is_not_judged),
    cmocka_unit_test(a_house_check_that_fails_is_1),
    cmocka_unit_test(junit_names_what_failed),
    cmocka_unit_test(the_end_is_in_the_journal),
};

TEST_MAIN(tests)
