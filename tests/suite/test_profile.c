/*
 * Profiles: what is read from a good one, and the exact complaints about bad ones; templates of
 * argv.
 */
#include "cmocka_main.h"

#include <stdlib.h>

#include "buf.h"
#include "complaints.h"
#include "json.h"
#include "loading.h"
#include "profile.h"

static struct profile *load(const char *text, struct complaints *complaints)
{
    return profile_load_text(text, strlen(text), "/f/p.json", complaints);
}

static struct profile *load_good(const char *text)
{
    struct complaints *complaints = complaints_new();
    struct profile *p = load(text, complaints);
    if (!p)
        complaints_print(complaints, stderr);
    complaints_free(complaints);
    assert_non_null(p);
    return p;
}

static void expect_complaint(const char *text, const char *first_line)
{
    struct complaints *complaints = complaints_new();
    char *printed = NULL;
    size_t len = 0;
    assert_null(load(text, complaints));
    FILE *f = open_memstream(&printed, &len);
    assert_non_null(f);
    complaints_print(complaints, f);
    fclose(f);
    assert_non_null(strstr(printed, first_line));
    free(printed);
    complaints_free(complaints);
}

static void a_variant_is_the_profile_and_its_own(void **state)
{
    (void)state;
    struct profile *p = load_good(
        "{\"clientsuite\":1,\"name\":\"x\",\"driver\":[\"d\"],\"capabilities\":[\"https\"],"
        "\"environment\":{\"A\":\"1\"},\"heavy\":true,\"variants\":{\"default\":{},"
        "\"retry\":{\"adds\":[\"retry\"],\"arguments\":[\"-r\"],\"environment\":{\"B\":\"2\"}},"
        "\"bare\":{\"capabilities\":[],\"driver\":[\"e\",\"f\"]}}}");
    const struct profile_variant *v = profile_variant(p, "retry");
    assert_int_equal(p->variant_count, 3);
    assert_true(p->is_heavy);
    assert_string_equal(p->folder, "/f");
    assert_true(profile_can(v, "https") && profile_can(v, "retry"));
    assert_false(profile_can(profile_variant(p, "default"), "retry"));
    assert_false(profile_can(profile_variant(p, "bare"), "https"));
    assert_string_equal(v->driver[0], "d");
    assert_string_equal(v->driver[1], "-r");
    assert_null(v->driver[2]);
    assert_string_equal(v->environment[0], "A=1");
    assert_string_equal(v->environment[1], "B=2");
    assert_string_equal(profile_variant(p, "bare")->driver[1], "f");
    assert_null(profile_variant(p, "none"));
    profile_free(p);
}

static void without_variants_there_is_one(void **state)
{
    (void)state;
    struct profile *p = load_good("{\"clientsuite\":1,\"name\":\"x\",\"driver\":[\"d\"]}");
    assert_int_equal(p->variant_count, 1);
    assert_string_equal(p->variants[0].name, "default");
    assert_string_equal(p->title, "x");
    profile_free(p);
}

static void complaints_have_a_place(void **state)
{
    static const struct {
        const char *text, *line;
    } rows[] = {
        { "{\"clientsuite\":2,\"name\":\"x\",\"driver\":[\"d\"]}",
          "/f/p.json:1:16: /clientsuite: found 2, expected 1, the version of the format" },
        { "{\"clientsuite\":1,\"driver\":[\"d\"]}", "the key \"name\" is missing" },
        { "{\"clientsuite\":1,\"name\":\"x\"}",
          "there is no \"driver\" and no \"command\", expected one of them" },
        { "{\"clientsuite\":1,\"name\":\"x\",\"driver\":[]}", "/driver: found" },
        { "{\"clientsuite\":1,\"name\":\"x\",\"driver\":[\"d\"],\"capabilities\":[\"htps\"]}",
          "did you mean \"https\"?" },
        { "{\"clientsuite\":1,\"name\":\"x\",\"driver\":[\"d\"],"
          "\"variants\":{\"v\":{\"ads\":[\"retry\"]}}}",
          "/variants/v/ads: unknown key \"ads\"" },
        { "{\"clientsuite\":1,\"name\":\"x\",\"driver\":[\"d\"],\"command\":{\"argv\":[\"c\"]}}",
          "\"command\" beside \"driver\"" },
        { "{\"clientsuite\":1,\"name\":\"x\",\"command\":{\"argv\":[\"c\",\"{ulr}\"]}}",
          "/command/argv/1: there is no placeholder {ulr}" },
        { "{\"clientsuite\":1,\"name\":\"x\",\"command\":{\"argv\":[{\"if\":\"redirect\"}]}}",
          "did you mean \"redirects\"?" },
        { "{\"clientsuite\":1,\"name\":\"x\",\"command\":{\"argv\":[\"c\"],\"status\":\"(\"}}",
          "not a regular expression" },
        { "{\"clientsuite\":1,\"name\":\"x\",\"command\":{\"argv\":[\"c\"],\"status\":\"x\"}}",
          "no group in it" },
        { "{\"clientsuite\":1,\"name\":\"x\",\"command\":{\"argv\":[\"c\"],"
          "\"steps\":\"together\"}}",
          "\"steps\": \"together\" without \"step\"" },
        { "{\"clientsuite\":1,\"name\":\"x\",\"command\":{\"argv\":[\"c\"],"
          "\"exits\":{\"300\":\"other\"}}}",
          "found \"300\", expected an exit status or \"*\"" },
        { "{\"clientsuite\":1,\"name\":\"x\",\"driver\":[\"d\"],\"environment\":{\"A=B\":\"\"}}",
          "\"A=B\" is no name of a variable" },
        { "{\"clientsuite\":1,\"name\":\"x\",\"command\":{\"argv\":[]}}",
          "/command/argv: an empty list, expected the program first" },
        { "{\"clientsuite\":1,", "/f/p.json:1:" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_complaint(rows[i].text, rows[i].line);
}

/* ---- templates ------------------------------------------------------------------------------- */

static void expect_arguments(const char *template, const char *const (*values)[2],
                             const char *expected)
{
    struct json_error error;
    struct loading l = { .arena = arena_new(), .complaints = complaints_new(), .file = "t" };
    l.text = template;
    l.len = strlen(template);
    struct json *root = json_parse(l.arena, template, l.len, &error);
    assert_non_null(root);
    assert_true(language_check(&l, &shape_template, root));
    const struct template *t = template_load(&l, root);
    struct template_values *v = template_values_new();
    for (; values && (*values)[0]; values++)
        template_set(v, (*values)[0], (*values)[1]);
    struct arguments got = { 0 };
    struct buf joined = { 0 };
    template_expand(t, v, &got);
    for (size_t i = 0; i < got.count; i++)
        buf_printf(&joined, "%s%s", i ? "|" : "", got.list[i]);
    buf_char(&joined, '\0');
    assert_string_equal(joined.at, expected);
    buf_free(&joined);
    arguments_free(&got);
    template_values_free(v);
    complaints_free(l.complaints);
    arena_free(l.arena);
}

static void templates_expand(void **state)
{
    static const char *const values[][2] = { { "url", "http://o/" }, { "user", "u" },
                                             { "password", "p" },    { "header", "A: 1" },
                                             { "header", "B: 2" },   { "redirects", "1" },
                                             { NULL, NULL } };
    (void)state;
    expect_arguments("[\"c\",\"{url}\"]", values, "c|http://o/");
    expect_arguments("[\"c\",\"a{{b}{user}:{password}\"]", values, "c|a{b}u:p");
    expect_arguments("[\"c\",[\"-U\",\"{user}:{password}\"],[\"-x\",\"{proxy}\"]]", values,
                     "c|-U|u:p");
    expect_arguments("[\"c\",[\"-H\",\"{header}\"]]", values, "c|-H|A: 1|-H|B: 2");
    expect_arguments("[{\"if\":\"redirects\",\"then\":[\"-L\"],\"else\":[\"-N\"]},"
                     "{\"if\":\"cookies\",\"else\":[\"-K\"]}]",
                     values, "-L|-K");
    expect_arguments("[[\"-a\",[\"{proxy}\"],\"{user}\"]]", values, "-a|u");
    expect_arguments("[\"x{proxy}y\"]", values, "xy");
    expect_arguments("[]", NULL, "");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_variant_is_the_profile_and_its_own),
    cmocka_unit_test(without_variants_there_is_one),
    cmocka_unit_test(complaints_have_a_place),
    cmocka_unit_test(templates_expand),
};

TEST_MAIN(tests)
