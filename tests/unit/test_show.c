/*
 * Journals as ladders, against golden files. tests/show/NAME.txt is what
 *
 *     LC_ALL=C.UTF-8 COLUMNS=80 fakeproxy show tests/show/NAME.jsonl
 *
 * writes: read a change before you accept it.
 */
#include "cmocka_main.h"

#include <stdlib.h>

#include "arena.h"
#include "journal_json.h"
#include "journal_read.h"
#include "options.h"
#include "show.h"

static char *slurp(const char *path)
{
    static char text[65536];
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("%s cannot be opened", path);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    return text;
}

struct drawn {
    int code;
    char *out, *errors;
};

static struct drawn draw(FILE *in, struct ladder_style style)
{
    struct drawn d = { 0 };
    size_t out_len, errors_len;
    FILE *out = open_memstream(&d.out, &out_len);
    FILE *errors = open_memstream(&d.errors, &errors_len);
    d.code = show_stream(in, "j.jsonl", &style, out, errors);
    fclose(in);
    fclose(out);
    fclose(errors);
    return d;
}

static void drop(struct drawn *d)
{
    free(d->out);
    free(d->errors);
}

static void check_golden(const char *name, struct ladder_style style, const char *golden)
{
    char path[512];
    snprintf(path, sizeof(path), FP_SOURCE_DIR "/tests/show/%s.jsonl", name);
    FILE *in = fopen(path, "r");
    if (!in)
        fail_msg("%s cannot be opened", path);
    struct drawn d = draw(in, style);
    snprintf(path, sizeof(path), FP_SOURCE_DIR "/tests/show/%s.txt", golden);
    assert_string_equal(d.out, slurp(path));
    assert_string_equal(d.errors, "");
    assert_int_equal(d.code, EXIT_OK);
    drop(&d);
}

static void draws_a_reset_while_idle(void **state)
{
    (void)state;
    check_golden("idle-reset", (struct ladder_style){ .width = 80 }, "idle-reset");
}

static void draws_a_tunnel(void **state)
{
    (void)state;
    check_golden("tunnel", (struct ladder_style){ .width = 80 }, "tunnel");
}

static void draws_further_actors_and_every_kind_of_event(void **state)
{
    (void)state;
    check_golden("many", (struct ladder_style){ .width = 80 }, "many");
}

static void draws_several_scenarios_apart(void **state)
{
    (void)state;
    check_golden("several", (struct ladder_style){ .width = 80 }, "several");
}

static void draws_in_ascii_as_wide_as_it_is_told(void **state)
{
    (void)state;
    check_golden("many", (struct ladder_style){ .width = 120, .ascii = true }, "many-ascii-120");
}

/* No terminal is so narrow that a text is lost; every line but those of one long word fits. */
static void wraps_in_any_width(void **state)
{
    (void)state;
    for (int width = 1; width < 300; width += 7) {
        FILE *in = fopen(FP_SOURCE_DIR "/tests/show/many.jsonl", "r");
        assert_non_null(in);
        struct drawn d = draw(in, (struct ladder_style){ .width = width, .ascii = true });
        assert_int_equal(d.code, EXIT_OK);
        for (char *line = strtok(d.out, "\n"); line && width > 90; line = strtok(NULL, "\n"))
            if (strlen(line) > (size_t)width)
                fail_msg("at width %d: %s", width, line);
        drop(&d);
    }
}

static void colours_only_when_told(void **state)
{
    (void)state;
    for (int colour = 0; colour < 2; colour++) {
        FILE *in = fopen(FP_SOURCE_DIR "/tests/show/idle-reset.jsonl", "r");
        assert_non_null(in);
        struct drawn d = draw(in, (struct ladder_style){ .width = 80, .colour = colour });
        assert_int_equal(strchr(d.out, '\033') != NULL, colour);
        drop(&d);
    }
}

/* ---- lines that are no events ---------------------------------------------------------------- */

static void says_where_a_line_is_wrong(void **state)
{
    (void)state;
    static const char good[] = "{\"t\":1.5,\"at\":\"proxy\",\"event\":\"accept\",\"connection\":1,"
                               "\"from\":\"127.0.0.1:9\"}\n";
    static const struct {
        const char *line, *error;
    } cases[] = {
        { "{\"t\":2,\"at\":\"proxy\",\"event\":\"reqest\"}",
          "j.jsonl:3:29: there is no event \"reqest\"; did you mean \"request\"?\n" },
        { "{\"t\":2,\"at\":\"proxy\",\"event\":\"qqqqqqqqqq\"}",
          "j.jsonl:3:29: there is no event \"qqqqqqqqqq\"\n" },
        { "{\"at\":\"proxy\",\"event\":\"close\"}",
          "j.jsonl:3:1: t is missing; every line of a journal has t, at and event\n" },
        { "{\"t\":2,\"event\":\"close\"}",
          "j.jsonl:3:1: at is missing; every line of a journal has t, at and event\n" },
        { "{\"t\":2,\"at\":\"proxy\"}",
          "j.jsonl:3:1: event is missing; every line of a journal has t, at and event\n" },
        { "{\"t\":\"2\",\"at\":\"proxy\",\"event\":\"close\"}",
          "j.jsonl:3:6: t is a text, expected a number of seconds\n" },
        { "{\"t\":2,\"at\":7,\"event\":\"close\"}",
          "j.jsonl:3:13: at is a number, expected a text\n" },
        { "{\"t\":2,\"at\":\"proxy\",\"event\":\"close\",\"by\":true}",
          "j.jsonl:3:42: by is a truth value, expected a text\n" },
        { "{\"t\":2,\"at\":\"proxy\",\"event\":\"close\",\"exact\":1}",
          "j.jsonl:3:45: exact is a number, expected true or false\n" },
        { "{\"t\":2,\"at\":\"proxy\",\"event\":\"request\",\"header\":[[\"A\"]]}",
          "j.jsonl:3:49: a field line is a list of name and value\n" },
        { "[1]", "j.jsonl:3:1: this is a list, expected an object: one event\n" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[1024];
        snprintf(text, sizeof(text), "%s\n%s\n%s", good, cases[i].line, good);
        struct drawn d =
            draw(fmemopen(text, strlen(text), "r"), (struct ladder_style){ .width = 80 });
        assert_string_equal(d.errors, cases[i].error);
        assert_int_equal(d.code, EXIT_USAGE);
        assert_non_null(strstr(d.out, "127.0.0.1:9")); /* what stands before it is drawn */
        drop(&d);
    }
}

/* Whatever a journal holds, none of it is a command to the terminal. */
static void nothing_moves_the_terminal(void **state)
{
    (void)state;
    char text[] =
        "{\"t\":1,\"at\":\"\\u001b[31mp\",\"event\":\"request\",\"method\":\"\\u001b[2J\","
        "\"target\":\"\\u0007\\u009b\",\"rule\":\"\\u001bc\",\"scenario\":\"\\u001bx\"}\n"
        "{\"t\":1,\"at\":\"p\",\"event\":\"\\u001b]0;x\\u0007\"}\n";
    struct drawn d = draw(fmemopen(text, strlen(text), "r"), (struct ladder_style){ .width = 80 });
    assert_int_equal(d.code, EXIT_USAGE);
    for (const char *c = d.out; *c; c++)
        assert_true(*c == '\n' || (unsigned char)*c >= ' ');
    for (const char *c = d.errors; *c; c++)
        assert_true(*c == '\n' || (unsigned char)*c >= ' ');
    assert_null(strstr(d.out, "\xc2\x9b"));
    drop(&d);
}

static void an_empty_journal_is_no_error(void **state)
{
    (void)state;
    char text[] = "\n";
    struct drawn d = draw(fmemopen(text, 1, "r"), (struct ladder_style){ .width = 80 });
    assert_string_equal(d.out, "j.jsonl: nothing happened: no event is in it\n");
    assert_int_equal(d.code, EXIT_OK);
    drop(&d);
}

/* Whatever journal_json() writes is read back as it was. */
static void reads_what_was_written(void **state)
{
    (void)state;
    struct event_draft d;
    struct buf line = { 0 }, again = { 0 };
    static const char header[] = "Host: a.test\r\nX-Text: \"q\" \\ \t\r\n";
    event_begin(&d, EVENT_request, "proxy");
    d.event.t = 1234567890123456789;
    d.event.wall = 1795438232642440968;
    d.event.began = 1234567890000000001;
    event_number(&d, FIELD_connection, 4503599627370495);
    event_string(&d, FIELD_target, "/\"\\\n\x7f");
    event_text(&d, FIELD_header, header, strlen(header));
    event_number(&d, FIELD_early, -1500000001);
    event_flag(&d, FIELD_uri_matches, true);
    journal_json(&line, &d.event, false);

    struct arena *arena = arena_new();
    struct journal_line read;
    struct journal_read_error error;
    if (journal_read(arena, line.at, line.len - 1, &read, &error) < 0)
        fail_msg("%zu: %s", error.column, error.what);
    journal_json(&again, &read.draft.event, false);
    assert_int_equal(again.len, line.len);
    assert_memory_equal(again.at, line.at, line.len);
    assert_null(read.scenario);
    arena_free(arena);
    buf_free(&line);
    buf_free(&again);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(draws_a_reset_while_idle),
    cmocka_unit_test(draws_a_tunnel),
    cmocka_unit_test(draws_further_actors_and_every_kind_of_event),
    cmocka_unit_test(draws_several_scenarios_apart),
    cmocka_unit_test(draws_in_ascii_as_wide_as_it_is_told),
    cmocka_unit_test(wraps_in_any_width),
    cmocka_unit_test(colours_only_when_told),
    cmocka_unit_test(says_where_a_line_is_wrong),
    cmocka_unit_test(nothing_moves_the_terminal),
    cmocka_unit_test(an_empty_journal_is_no_error),
    cmocka_unit_test(reads_what_was_written),
};

TEST_MAIN(tests)
