/*
 * Complaints: their exact look, their order, their number; and the "did you mean" hints.
 */
#include "cmocka_main.h"

#include <stdlib.h>

#include "complaints.h"
#include "nearest.h"

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

static void expect_printed(const struct complaints *c, const char *expected)
{
    char *text = printed(c);
    assert_string_equal(text, expected);
    free(text);
}

static void add(struct complaints *c, const char *text, size_t at, const char *hint)
{
    struct complaint_place p = { "f.json", text, strlen(text), at, "/x" };
    complaints_add(c, &p, hint, "wrong %d", 1);
}

static void shows_the_line_and_a_caret(void **state)
{
    (void)state;
    struct complaints *c = complaints_new();
    add(c, "{\n\t\"é\": 7\r\n}", 9, "did you mean \"8\"?");
    expect_printed(c, "f.json:2:7: /x: wrong 1\n"
                      "     \"é\": 7\n"
                      "          ^ did you mean \"8\"?\n");
    complaints_free(c);
}

static void shows_a_window_of_a_long_line(void **state)
{
    (void)state;
    char text[400];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    text[200] = 'X';
    struct complaints *c = complaints_new();
    add(c, text, 200, NULL);
    char *out = printed(c);
    const char *line = strchr(out, '\n') + 1, *caret = strchr(line, '\n') + 1;
    const char *x = strchr(line, 'X');
    assert_non_null(x);
    /* the ellipsis in front is one column wide and three octets long */
    assert_int_equal(x - line - 2, strchr(caret, '^') - caret);
    assert_true(caret - line < 120);
    free(out);
    complaints_free(c);
}

static void keeps_a_complaint_once(void **state)
{
    (void)state;
    struct complaints *c = complaints_new();
    add(c, "abc", 1, NULL);
    add(c, "abc", 1, NULL);
    add(c, "abc", 2, NULL);
    assert_int_equal(complaints_count(c), 2);
    complaints_free(c);
}

static void prints_twenty_in_order(void **state)
{
    (void)state;
    char text[33];
    memset(text, 'a', 32);
    text[32] = '\0';
    struct complaints *c = complaints_new();
    for (size_t i = 25; i-- > 0;)
        add(c, text, i, NULL);
    char *out = printed(c);
    assert_memory_equal(out, "f.json:1:1: ", 12);
    assert_non_null(strstr(out, "f.json:1:20: "));
    assert_null(strstr(out, "f.json:1:21: "));
    assert_non_null(strstr(out, "\nand 5 more\n"));
    free(out);
    complaints_free(c);
}

static void shows_no_control_characters(void **state)
{
    (void)state;
    struct complaints *c = complaints_new();
    struct complaint_place file = { "f.json", NULL, 0, 0, NULL };
    complaints_add(c, &file, NULL, "a\x1b[2Jb\xFF");
    expect_printed(c, "f.json: a [2Jb?\n");
    complaints_free(c);
}

static const struct {
    const char *word, *expected;
} words[] = {
    { "restet", "reset" },
    { "rest", "reset" },
    { "respnod", "respond" },
    { "Reset", "reset" },
    { "half-close", "half_close" },
    { "frobnicate", NULL },
    { "", NULL },
    { "x", NULL },
    { "wiat", "wait" },
};

static void finds_the_nearest_word(void **state)
{
    (void)state;
    static const char *const candidates[] = { "wait", "reset", "respond", "half_close", "set" };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct nearest n;
        nearest_begin(&n, words[i].word, strlen(words[i].word));
        for (size_t j = 0; j < 5; j++)
            nearest_try(&n, candidates[j]);
        const char *best = n.best ? n.best : "nothing";
        if (strcmp(best, words[i].expected ? words[i].expected : "nothing") != 0)
            fail_msg("%s: %s", words[i].word, best);
    }
}

/* clang-format off: CMake reads one test a line */
static const struct CMUnitTest tests[] = {
    cmocka_unit_test(shows_the_line_and_a_caret),  cmocka_unit_test(shows_a_window_of_a_long_line),
    cmocka_unit_test(keeps_a_complaint_once),      cmocka_unit_test(prints_twenty_in_order),
    cmocka_unit_test(shows_no_control_characters), cmocka_unit_test(finds_the_nearest_word),
};
/* clang-format on */

TEST_MAIN(tests)
