/*
 * The live log, against golden files: the journals of tests/show played into it. Read a change of
 * tests/show/NAME.log before you accept it.
 */
#include "cmocka_main.h"

#include <stdlib.h>

#include "arena.h"
#include "journal_read.h"
#include "log.h"

struct logged {
    char *text;
    size_t len;
    struct log_style style;
    struct arena *arena;
};

static void begin(struct logged *l, int name_width)
{
    *l = (struct logged){ .arena = arena_new() };
    l->style.out = open_memstream(&l->text, &l->len);
    l->style.name_width = name_width;
}

static void end(struct logged *l)
{
    fclose(l->style.out);
    free(l->text);
    arena_free(l->arena);
}

/* Plays the events of a file into a log; those of one scenario, or all. */
static void play(struct logged *l, const char *file, const char *scenario)
{
    char path[512], line[4096];
    snprintf(path, sizeof(path), FP_SOURCE_DIR "/tests/show/%s.jsonl", file);
    FILE *in = fopen(path, "r");
    if (!in)
        fail_msg("%s cannot be opened", path);
    struct journal *journal = journal_new(1 << 20);
    struct log *log = log_new(&l->style, scenario);
    log_add(log, journal);
    while (fgets(line, sizeof(line), in)) {
        struct journal_line read;
        struct journal_read_error error;
        assert_int_equal(journal_read(l->arena, line, strcspn(line, "\n"), &read, &error), 0);
        if (!scenario || strcmp(scenario, read.scenario) == 0)
            journal_add(journal, &read.draft);
    }
    fclose(in);
    log_free(log);
    journal_free(journal);
}

static void check(struct logged *l, const char *golden)
{
    static char text[65536];
    char path[512];
    snprintf(path, sizeof(path), FP_SOURCE_DIR "/tests/show/%s.log", golden);
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("%s cannot be opened", path);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    fflush(l->style.out);
    assert_string_equal(l->text, text);
}

static void check_file(const char *name)
{
    struct logged l;
    begin(&l, 0);
    play(&l, name, NULL);
    check(&l, name);
    end(&l);
}

static void tells_a_reset_while_idle(void **state)
{
    (void)state;
    check_file("idle-reset");
}

static void tells_a_tunnel(void **state)
{
    (void)state;
    check_file("tunnel");
}

static void tells_every_kind_of_event(void **state)
{
    (void)state;
    check_file("many");
}

static void names_scenarios_and_has_one_clock(void **state)
{
    (void)state;
    struct logged l;
    begin(&l, (int)strlen("b/two@x"));
    play(&l, "several", "a/one");
    play(&l, "several", "b/two@x");
    check(&l, "several");
    end(&l);
}

static void is_silent_when_muted(void **state)
{
    (void)state;
    struct logged l;
    begin(&l, 0);
    struct log *log = log_new(&l.style, NULL);
    struct journal *journal = journal_new(1 << 16);
    struct event_draft d;
    log_add(log, journal);
    event_begin(&d, EVENT_accept, "proxy");
    event_number(&d, FIELD_connection, 1);
    event_string(&d, FIELD_from, "127.0.0.1:9");
    journal_add(journal, &d);
    fflush(l.style.out);
    size_t len = l.len;
    assert_true(len > 0);
    log_mute(log);
    journal_add(journal, &d);
    fflush(l.style.out);
    assert_int_equal(l.len, len);
    log_free(log);
    journal_free(journal);
    end(&l);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tells_a_reset_while_idle),
    cmocka_unit_test(tells_a_tunnel),
    cmocka_unit_test(tells_every_kind_of_event),
    cmocka_unit_test(names_scenarios_and_has_one_clock),
    cmocka_unit_test(is_silent_when_muted),
};

TEST_MAIN(tests)
