/*
 * regrade SCENARIO.json VARIANT JOURNAL LOG [NAME=VALUE…]: grades a journal that tells what a
 * client said of itself. One line of JSON a verdict on standard output, house checks behind the
 * scenario's own.
 *
 * A dialogue plays the client by hand, so nobody tells fakeproxy of steps and outcomes. The
 * dialogue knows them: it puts them into the journal that it was given, and asks again. VARIANT
 * and LOG may be empty; NAME=VALUE are placeholders in checks, such as origin=HOST.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "complaints.h"
#include "grade.h"
#include "journal_read.h"

struct values {
    char **list;
    int count;
};

static const char *value(void *arg, const char *name, size_t len, size_t *value_len)
{
    const struct values *v = arg;
    for (int i = 0; i < v->count; i++) {
        if (strncmp(v->list[i], name, len) != 0 || v->list[i][len] != '=')
            continue;
        *value_len = strlen(v->list[i] + len + 1);
        return v->list[i] + len + 1;
    }
    *value_len = 0;
    return "";
}

static struct buf contents(const char *path)
{
    struct buf text = { 0 };
    FILE *f = fopen(path, "rbe");
    if (!f) {
        perror(path);
        exit(2);
    }
    for (size_t got = 1; got > 0;) {
        got = fread(buf_extend(&text, 4096), 1, 4096, f);
        text.len -= 4096 - got;
    }
    fclose(f);
    return text;
}

static const struct fp_event **read_events(struct arena *arena, const struct buf *text,
                                           size_t *count)
{
    struct journal_read_error error;
    size_t lines = 0;
    for (size_t i = 0; i < text->len; i++)
        lines += text->at[i] == '\n';
    const struct fp_event **events = arena_take(arena, (lines + 1) * sizeof(struct fp_event *));
    const char *at = text->at;
    for (*count = 0; *count < lines; ++*count) {
        const char *end = memchr(at, '\n', (size_t)(text->at + text->len - at));
        struct journal_line *line = arena_take(arena, sizeof(*line));
        if (journal_read(arena, at, (size_t)(end - at), line, &error) < 0) {
            fprintf(stderr, "line %zu, column %zu: %s\n", *count + 1, error.column, error.what);
            exit(2);
        }
        line->draft.event.seq = *count + 1;
        events[*count] = &line->draft.event;
        at = end + 1;
    }
    return events;
}

static void print(const struct graded *g)
{
    struct buf out = { 0 };
    for (size_t i = 0; i < g->count; i++) {
        const struct verdict *v = &g->verdicts[i];
        buf_printf(
            &out,
            "{\"id\":\"%s\",\"level\":\"%s\",\"verdict\":\"%s\",\"holds\":%s,\"sentence\":", v->id,
            level_name(v->level), verdict_kind_name(v->kind), v->holds ? "true" : "false");
        buf_json(&out, v->sentence, strlen(v->sentence));
        buf_string(&out, "}\n");
    }
    fwrite(out.at, 1, out.len, stdout);
    buf_free(&out);
}

int main(int argc, char **argv)
{
    struct scenario_set set = { 0 };
    struct complaints *complaints = complaints_new();
    if (argc < 5 || scenario_load_file(argv[1], &set, complaints) < 0) {
        complaints_print(complaints, stderr);
        return 2;
    }
    complaints_free(complaints);
    struct values values = { argv + 5, argc - 5 };
    const struct text_scope scope = { .value = value, .arg = &values };
    struct buf journal = contents(argv[3]);
    struct arena *arena = arena_new();
    struct grade_case c = {
        .scope = &scope, .has_client = true, .log = argv[4], .log_len = strlen(argv[4])
    };
    c.events = read_events(arena, &journal, &c.count);
    for (size_t i = 0; i < set.count; i++)
        if (!*argv[2] || strcmp(set.scenarios[i]->variant, argv[2]) == 0)
            c.scenario = set.scenarios[i];
    if (!c.scenario) {
        fprintf(stderr, "no variant %s\n", argv[2]);
        return 2;
    }
    struct graded *g = grade(&c);
    print(g);
    graded_free(g);
    arena_free(arena);
    buf_free(&journal);
    scenario_set_free(&set);
    return 0;
}
