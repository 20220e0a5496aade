/*
 * Verdicts as they are shown: table, JSON, JUnit.
 */
#include "cmocka_main.h"

#include <cJSON.h>
#include <stdlib.h>

#include "report.h"

static struct verdict verdicts[] = {
    { .id = "waits",
      .says = "waits",
      .level = LEVEL_MUST,
      .kind = VERDICT_FAIL,
      .critical = true,
      .sentence = "0.312 s after the 429",
      .evidence = { 4, 9 },
      .evidence_count = 2 },
    { .id = "prompt",
      .says = "hurries",
      .level = LEVEL_SHOULD,
      .kind = VERDICT_WEAK,
      .sentence = "" },
    { .id = "may", .level = LEVEL_MAY, .kind = VERDICT_INFO, .holds = true, .sentence = "a < b" },
    { .id = "may-not", .level = LEVEL_MAY, .kind = VERDICT_INFO, .sentence = "\x1b[0m\"" },
    { .id = "told",
      .level = LEVEL_MUST_POLICY,
      .kind = VERDICT_NOT_JUDGED,
      .sentence = "needs it" },
    { .id = "hop", .level = LEVEL_MUST, .kind = VERDICT_PASS, .house = true, .sentence = "" },
    { .id = "form", .level = LEVEL_MUST, .kind = VERDICT_PASS, .house = true, .sentence = "" },
    { .id = "storm",
      .level = LEVEL_MUST,
      .kind = VERDICT_NOT_EXERCISED,
      .house = true,
      .sentence = "" },
    { .id = "ends",
      .says = "ends",
      .level = LEVEL_MUST,
      .kind = VERDICT_INCONCLUSIVE,
      .house = true,
      .sentence = "lag" },
};

enum { COUNT = sizeof(verdicts) / sizeof(verdicts[0]) };

static const struct scenario scenario = { .id = "t/t", .variant = "a" };
static struct graded graded = {
    .exercised = true, .reason = "", .verdicts = verdicts, .count = COUNT
};
static const struct reported reported = { "t/t@a", &scenario, &graded, NULL };

static const struct report report = { .scenarios = &reported, .count = 1, .exit_code = 1 };

static char *written(enum report_form form)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    assert_non_null(f);
    report_write(f, form, &report);
    fclose(f);
    return text;
}

static void the_table_has_what_matters(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    assert_non_null(f);
    report_counts(f, &reported);
    fputc('\n', f);
    report_table(f, &reported, false);
    fclose(f);
    assert_string_equal(text,
                        "1 fail, 1 weak, 2 info, 1 not-judged, 1 inconclusive\n"
                        "  fail           must   waits    waits: 0.312 s after the 429 (critical)\n"
                        "  weak           should prompt   hurries\n"
                        "  does           may    may      a < b\n"
                        "  does not       may    may-not  \\x1b[0m\"\n"
                        "  not-judged     must*  told     needs it\n"
                        "  inconclusive   must   ends     ends: lag\n"
                        "  also hold: hop, form\n");
    free(text);
}

static void json_has_everything(void **state)
{
    (void)state;
    char *text = written(REPORT_JSON);
    cJSON *json = cJSON_Parse(text);
    const cJSON *one = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "scenarios"), 0);
    const cJSON *checks = cJSON_GetObjectItem(one, "checks"),
                *first = cJSON_GetArrayItem(checks, 0);
    assert_int_equal(cJSON_GetArraySize(checks), COUNT);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(one, "variant")), "a");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(first, "verdict")), "fail");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(first, "critical")));
    assert_int_equal(cJSON_GetArrayItem(cJSON_GetObjectItem(first, "evidence"), 1)->valueint, 9);
    assert_int_equal(cJSON_GetObjectItem(json, "exit")->valueint, 1);
    cJSON_Delete(json);
    free(text);
}

static void junit_escapes_and_counts(void **state)
{
    (void)state;
    char *text = written(REPORT_JUNIT);
    static const char *const parts[] = {
        "<testsuite name=\"t/t@a\" tests=\"9\" failures=\"1\" errors=\"0\" skipped=\"3\">",
        "name=\"waits\"><failure message=\"fail: 0.312 s after the 429\"/></testcase>",
        "name=\"prompt\"><system-out>weak: </system-out></testcase>",
        "<system-out>does: a &lt; b</system-out>",
        "<system-out>does not: \\x1b[0m&quot;</system-out>",
        "name=\"house/ends\"><skipped message=\"inconclusive: lag\"/></testcase>",
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (!strstr(text, parts[i]))
            fail_msg("no %s in %s", parts[i], text);
    free(text);
}

/* ---- the diagnosis --------------------------------------------------------------------------- */

static const struct scenario told = { .id = "t/t",
                                      .variant = "a",
                                      .layer = "gateway",
                                      .cause = "Somebody <did> it",
                                      .fix = "Undo what somebody did, in the place in which it was "
                                             "done, without undoing anything else" };

static struct diagnosis *fallen_back(const struct graded *g)
{
    struct diagnosis *d = diagnosis_new(&told, &(struct diagnosis_options){ .redact = false });
    diagnosis_end(d, 0);
    diagnosis_fall_back(d, g);
    return d;
}

static char *written_with(const struct diagnosis *d, int form)
{
    char *text = NULL;
    size_t len = 0;
    const struct reported r = { "t/t@a", &told, &graded, d };
    const struct report with = { .scenarios = &r, .count = 1, .exit_code = 1 };
    FILE *f = open_memstream(&text, &len);
    assert_non_null(f);
    if (form < 0)
        report_diagnosis(f, &r, false);
    else
        report_write(f, (enum report_form)form, &with);
    fclose(f);
    return text;
}

/* A check was missed, and nothing else is known: the scenario's own words. */
static void the_scenarios_words_are_the_last_resort(void **state)
{
    (void)state;
    static const struct graded nothing = { .exercised = true, .reason = "" };
    struct diagnosis *d = fallen_back(&nothing);
    assert_int_equal(diagnosis_count(d), 0);
    diagnosis_free(d);
    d = fallen_back(&graded);
    char *text = written_with(d, -1);
    assert_string_equal(
        text, "! as-the-scenario-says (layer: gateway; critical)\n"
              "  seen      waits: 0.312 s after the 429\n"
              "  cause     Somebody <did> it\n"
              "  fix       Undo what somebody did, in the place in which it was done, without\n"
              "            undoing anything else\n");
    free(text);
    diagnosis_free(d);
}

static void a_failure_in_junit_says_why(void **state)
{
    (void)state;
    struct diagnosis *d = fallen_back(&graded);
    char *text = written_with(d, REPORT_JUNIT);
    const char *failure = strstr(text, "<failure message=\"fail: 0.312 s after the 429\">");
    assert_non_null(failure);
    assert_non_null(strstr(failure, "\ngateway: as-the-scenario-says\nseen: waits: 0.312 s"));
    assert_non_null(strstr(failure, "\ncause: Somebody &lt;did&gt; it\nfix: Undo"));
    assert_non_null(strstr(failure, "</failure></testcase>"));
    free(text);
    diagnosis_free(d);
}

static void json_has_the_diagnosis(void **state)
{
    (void)state;
    struct diagnosis *d = fallen_back(&graded);
    char *text = written_with(d, REPORT_JSON);
    cJSON *json = cJSON_Parse(text);
    const cJSON *one = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "scenarios"), 0);
    const cJSON *f = cJSON_GetArrayItem(cJSON_GetObjectItem(one, "diagnosis"), 0);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(f, "layer")), "gateway");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(f, "cause")), told.cause);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(f, "mistake")));
    assert_int_equal(cJSON_GetArrayItem(cJSON_GetObjectItem(f, "evidence"), 1)->valueint, 9);
    cJSON_Delete(json);
    free(text);
    diagnosis_free(d);
}

static void the_command_is_reported(void **state)
{
    (void)state;
    char shell[] = "sh", script[] = "exit \"<7>\"";
    char *argv[] = { shell, script, NULL };
    static const struct {
        int code, signal;
        const char *json, *junit;
    } cases[] = {
        { 0, 0, "\"exit\":0}", "exit &quot;&lt;7&gt;&quot;\"></testcase>" },
        { 7, 0, "\"exit\":7}", "><failure message=\"exit status 7\"/></testcase>" },
        { -1, 9, "\"signal\":\"SIGKILL\"}", "><failure message=\"ended by SIGKILL\"/></testcase>" },
        { -1, 40, "\"signal\":\"signal 40\"}", "><failure message=\"ended by signal 40\"/>" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct reported_command command = { argv, cases[i].code, cases[i].signal };
        struct report with = { .scenarios = &reported, .count = 1, .command = &command };
        const char *const expected[] = { cases[i].json, cases[i].junit };
        for (int form = REPORT_JSON; form <= REPORT_JUNIT; form++) {
            char *text = NULL;
            size_t len = 0;
            FILE *f = open_memstream(&text, &len);
            assert_non_null(f);
            report_write(f, (enum report_form)form, &with);
            fclose(f);
            if (!strstr(text, expected[form]))
                fail_msg("%s is not in %s", expected[form], text);
            free(text);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_table_has_what_matters),
    cmocka_unit_test(json_has_everything),
    cmocka_unit_test(junit_escapes_and_counts),
    cmocka_unit_test(the_scenarios_words_are_the_last_resort),
    cmocka_unit_test(a_failure_in_junit_says_why),
    cmocka_unit_test(json_has_the_diagnosis),
    cmocka_unit_test(the_command_is_reported),
};

TEST_MAIN(tests)
