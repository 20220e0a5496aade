/* Public library: verdicts, before and after the end. */
#include "api.h"

static void test_before_and_after_the_end(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    struct fakeproxy_instance *in = api_start_text(fp, api_limit);
    (void)state;

    struct fakeproxy_verdict *v = fakeproxy_judge(in);
    assert_int_equal(v->exit_code, 4);
    assert_false(v->exercised);
    assert_string_not_equal(v->reason, "");
    assert_non_null(strstr(v->json, "\"diagnosis\":[]")); /* that nobody came is not certain yet */
    fakeproxy_verdict_free(v);

    assert_int_equal(api_get(in, "/"), 429);
    assert_int_equal(fakeproxy_wait(in, "{ \"event\": \"close\" }", SOON, NULL), FAKEPROXY_EVENT);
    v = fakeproxy_judge(in);
    assert_true(v->exercised);
    assert_string_equal(v->reason, "");
    assert_int_equal(api_check(v, "few")->result, FAKEPROXY_NOT_EXERCISED); /* could still break */
    fakeproxy_verdict_free(v);

    fakeproxy_end(in);
    v = fakeproxy_judge(in);
    assert_int_equal(v->exit_code, 0);
    const struct fakeproxy_check *few = api_check(v, "few"), *waits = api_check(v, "waits");
    assert_int_equal(few->result, FAKEPROXY_PASS);
    assert_int_equal(few->level, FAKEPROXY_MUST_POLICY);
    assert_string_equal(few->says, "sends three requests at most");
    assert_string_not_equal(few->sentence, "");
    assert_true(few->holds);
    assert_false(few->house);
    assert_int_equal(waits->result, FAKEPROXY_NOT_EXERCISED); /* nobody came again */
    assert_true(api_check(v, "hop")->house);
    fakeproxy_stop(in);
    assert_non_null(strstr(v->json, "\"exit\":0")); /* it stands alone */
    assert_non_null(strstr(v->json, "{\"id\":\"few\",\"level\":\"must*\",\"verdict\":\"pass\""));
    assert_string_equal(few->id, "few");
    fakeproxy_verdict_free(v);
    fakeproxy_free(fp);
}

static void test_missed_must(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    struct fakeproxy_instance *in = api_start_text(fp, api_limit);
    (void)state;
    assert_int_equal(api_get(in, "/"), 429);
    assert_int_equal(api_get(in, "/"), 200); /* at once, where a second was asked for */
    struct fakeproxy_verdict *v = fakeproxy_judge(in);
    assert_int_equal(api_check(v, "waits")->result, FAKEPROXY_FAIL); /* nothing can heal it */
    assert_int_equal(v->exit_code, 1);
    fakeproxy_verdict_free(v);
    fakeproxy_end(in);
    v = fakeproxy_judge(in);
    assert_int_equal(v->exit_code, 1);
    assert_int_equal(v->counts[FAKEPROXY_FAIL], 1);
    assert_non_null(strstr(v->text, "fail"));
    assert_non_null(strstr(v->text, "waits as long as it was told"));
    assert_int_equal(v->text[strlen(v->text) - 1], '\n');
    fakeproxy_verdict_free(v);
    fakeproxy_free(fp);
}

static void test_counts(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_POLL);
    struct fakeproxy_instance *in = api_start_text(fp, api_limit);
    size_t sum = 0;
    (void)state;
    struct fakeproxy_verdict *v = fakeproxy_judge(in);
    for (size_t i = 0; i < sizeof(v->counts) / sizeof(v->counts[0]); i++)
        sum += v->counts[i];
    assert_int_equal(sum, v->check_count);
    assert_null(v->checks[v->check_count]);
    assert_string_equal(v->checks[0]->id, "waits");
    assert_string_equal(v->checks[1]->id, "few");
    fakeproxy_verdict_free(v);
    fakeproxy_free(fp);
}

/* A file without `expect` is played, not judged. */
static void test_without_checks(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    struct fakeproxy_instance *in = api_start_text(
        fp, "{ \"fakeproxy\": 1, \"id\": \"a/b\", \"proxy\": { \"rules\": [ "
            "{ \"on\": \"request\", \"do\": [ { \"respond\": { \"status\": 503 } } ] } ] } }");
    (void)state;
    assert_int_equal(api_get(in, "/"), 503);
    fakeproxy_end(in);
    struct fakeproxy_verdict *v = fakeproxy_judge(in);
    assert_int_equal(v->exit_code, 0);
    fakeproxy_verdict_free(v);
    fakeproxy_free(fp);
}

static void test_names(void **state)
{
    static const char *const results[] = { "pass",       "fail",           "weak",
                                           "info",       "not-applicable", "not-exercised",
                                           "not-judged", "inconclusive",   "harness-error" };
    static const char *const levels[] = { "must", "must*", "should", "may", "info" };
    (void)state;
    for (int i = 0; i < FAKEPROXY_RESULTS; i++)
        assert_string_equal(fakeproxy_result_name((enum fakeproxy_result)i), results[i]);
    for (int i = 0; i <= FAKEPROXY_LEVEL_INFO; i++)
        assert_string_equal(fakeproxy_level_name((enum fakeproxy_level)i), levels[i]);
    assert_string_equal(fakeproxy_result_name((enum fakeproxy_result)99), "");
    assert_string_equal(fakeproxy_level_name((enum fakeproxy_level)99), "");
}

static void test_what_diagnosis_found(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    struct fakeproxy_instance *in = api_start_text(fp, api_limit);
    (void)state;
    fakeproxy_end(in); /* nobody came */
    struct fakeproxy_verdict *v = fakeproxy_judge(in);
    assert_non_null(strstr(v->text, "\n! never-came (layer: client)\n"));
    assert_non_null(strstr(v->json, "{\"code\":\"never-came\""));
    fakeproxy_verdict_free(v);
    fakeproxy_free(fp);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_before_and_after_the_end),
    cmocka_unit_test(test_missed_must),
    cmocka_unit_test(test_counts),
    cmocka_unit_test(test_without_checks),
    cmocka_unit_test(test_names),
    cmocka_unit_test(test_what_diagnosis_found),
};

TEST_MAIN(tests)
