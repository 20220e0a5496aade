/*
 * Scenarios by name: files, ids, last parts, variants; what is ambiguous, what is not there.
 */
#include "cmocka_main.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalogue.h"

/* ---- two folders in a place of our own ------------------------------------------------------- */

static char folder[] = "/tmp/catalogue-XXXXXX";

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "we");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

#define SCENARIO(id, title)                                                                        \
    "{\"fakeproxy\": 1, \"id\": \"" id "\", \"title\": \"" title "\", \"layer\": \"client\"}"

static int set_up(void **state)
{
    (void)state;
    char first[64];
    memcpy(folder, "/tmp/catalogue-XXXXXX", sizeof(folder)); /* for each test its own */
    if (!mkdtemp(folder) || chdir(folder) < 0)
        return -1;
    mkdir("scenarios", 0755);
    mkdir("scenarios/one", 0755);
    mkdir("other", 0755);
    write_file("scenarios/one/idle.json", SCENARIO("one/idle", "here"));
    write_file("scenarios/one/broken.json", "{");
    write_file("other/a.json", SCENARIO("two/idle", "there"));
    write_file("other/b.json", SCENARIO("one/idle", "hidden by the first folder"));
    write_file("other/c.json", "{\"fakeproxy\": 1, \"id\": \"two/several\", \"variants\": "
                               "{\"x\": {\"k\": 201}, \"y\": {\"k\": 202}}, \"proxy\": "
                               "{\"rules\": [{\"on\": \"request\", \"do\": [{\"respond\": "
                               "{\"status\": \"{k}\"}}]}]}}");
    write_file("alone.json", SCENARIO("x/alone", "a file"));
    write_file("at@sign.json", SCENARIO("x/at", "a file"));
    snprintf(first, sizeof(first), "%s/none:%s/other/", folder, folder);
    return setenv("FAKEPROXY_SCENARIOS", first, 1);
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = { "scenarios/one/idle.json",
                                         "scenarios/one/broken.json",
                                         "scenarios/one",
                                         "scenarios",
                                         "other/a.json",
                                         "other/b.json",
                                         "other/c.json",
                                         "other",
                                         "alone.json",
                                         "at@sign.json",
                                         folder };
    int result = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        result |= remove(names[i]);
    return result;
}

/* ---- names ----------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *title;     /* of the scenario it is; NULL: none or one without a title */
    const char *complaint; /* NULL: it is found */
    size_t count;
} names[] = {
    { "one/idle", "here", NULL, 1 },
    { "two/idle", "there", NULL, 1 },
    { "alone.json", "a file", NULL, 1 },
    { "./alone.json", "a file", NULL, 1 },
    { "at@sign.json", "a file", NULL, 1 },
    { "several", NULL, NULL, 2 },
    { "two/several", NULL, NULL, 2 },
    { "several@y", NULL, NULL, 1 },
    { "two/several@x", NULL, NULL, 1 },
    { "other/c.json@y", NULL, NULL, 1 },
    { "idle", NULL, "several scenarios have this name, expected one of \"one/idle\"", 0 },
    { "several@z", NULL, "expected one of \"x\", \"y\"", 0 },
    { "one/idle@x", NULL, "the scenario has no variants", 0 },
    { "two/idel", NULL, "did you mean \"two/idle\"?", 0 },
    { "severel", NULL, "did you mean \"two/several\"?", 0 },
    { "nothing-like-it", NULL, "no such scenario", 0 },
    { "broken", NULL, "expected a name in double quotes", 0 },
    { "gone.json", NULL, "No such file", 0 },
};

static char *printed(const struct complaints *c)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    assert_non_null(f);
    complaints_print(c, f);
    fclose(f);
    return text;
}

static void names_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct complaints *complaints = complaints_new();
        struct scenario_set set;
        int result = catalogue_load(names[i].name, &set, complaints);
        char *said = printed(complaints);
        if (result != (names[i].complaint ? -1 : 0) || set.count != names[i].count ||
            (names[i].complaint && !strstr(said, names[i].complaint)))
            fail_msg("%s: %d, %zu, %s", names[i].name, result, set.count, said);
        if (names[i].title)
            assert_string_equal(set.scenarios[0]->title, names[i].title);
        free(said);
        scenario_set_free(&set);
        complaints_free(complaints);
    }
}

static void the_right_variant_is_kept(void **state)
{
    (void)state;
    struct complaints *complaints = complaints_new();
    struct scenario_set set;
    assert_int_equal(catalogue_load("several@y", &set, complaints), 0);
    assert_string_equal(set.scenarios[0]->variant, "y");
    assert_int_equal(set.scenarios[0]->actors[0].rules[0].actions[0].respond.status, 202);
    scenario_set_free(&set);
    complaints_free(complaints);
}

static const struct catalogue_entry *entry(const struct catalogue *c, const char *id)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->entries[i].id, id) == 0)
            return &c->entries[i];
    fail_msg("%s is not listed", id);
    return NULL;
}

static void the_list_has_each_id_once(void **state)
{
    (void)state;
    struct catalogue *c = catalogue_new(NULL);
    for (size_t i = 1; i < c->count; i++)
        assert_true(strcmp(c->entries[i - 1].id, c->entries[i].id) < 0);
    assert_string_equal(entry(c, "one/idle")->title, "here");
    assert_int_equal(entry(c, "two/several")->variants, 2);
    assert_false(entry(c, "one/broken")->is_readable);
    catalogue_free(c);
}

static void a_folder_lists_every_file(void **state)
{
    (void)state;
    struct catalogue *c = catalogue_new(folder);
    assert_int_equal(c->count, 7);
    catalogue_free(c);
}

/* clang-format off: CMake reads one test a line */
static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(names_are_found, set_up, tear_down),
    cmocka_unit_test_setup_teardown(the_right_variant_is_kept, set_up, tear_down),
    cmocka_unit_test_setup_teardown(the_list_has_each_id_once, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_folder_lists_every_file, set_up, tear_down),
};
/* clang-format on */

TEST_MAIN(tests)
