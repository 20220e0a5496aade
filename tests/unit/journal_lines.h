/*
 * Journals as tests write them: "0.2 proxy request connection=1 header.Host='a.test'". The time,
 * the actor, the event, then fields; quoted where there is a blank in them ('' is an apostrophe).
 */
#ifndef FP_JOURNAL_LINES_H
#define FP_JOURNAL_LINES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "event.h"
#include "journal_read.h"

static void bad_line(const char *line, const char *what)
{
    printf("in the line \"%s\": %s\n", line, what);
    exit(1);
}

/* The next word; quoted ones without their quotes. */
static bool next_word(const char **at, struct buf *word)
{
    bool quoted = false;
    word->len = 0;
    while (**at == ' ')
        ++*at;
    if (!**at)
        return false;
    for (; **at && (quoted || **at != ' '); ++*at)
        if (quoted && (*at)[0] == '\'' && (*at)[1] == '\'')
            buf_char(word, *++*at);
        else if (**at == '\'')
            quoted = !quoted;
        else
            buf_char(word, **at);
    buf_char(word, '\0');
    return true;
}

static void add_list(struct buf *out, char *items)
{
    char *rest = NULL;
    buf_char(out, '[');
    for (char *item = strtok_r(items, ",", &rest), *first = item; item;
         item = strtok_r(NULL, ",", &rest)) {
        if (item != first)
            buf_char(out, ',');
        buf_json(out, item, strlen(item));
    }
    buf_char(out, ']');
}

static void add_field(struct buf *out, struct buf *header, const char *line, char *word)
{
    char *value = strchr(word, '=');
    if (!value)
        bad_line(line, "a word without =");
    *value++ = '\0';
    if (strncmp(word, "header.", 7) == 0) {
        buf_string(header, header->len ? ",[" : "[");
        buf_json(header, word + 7, strlen(word + 7));
        buf_char(header, ',');
        buf_json(header, value, strlen(value));
        buf_char(header, ']');
        return;
    }
    int field = field_by_name(word);
    bool is_time = strcmp(word, "began") == 0 || strcmp(word, "wall") == 0;
    if (field < 0 && !is_time)
        bad_line(line, "no such field");
    buf_printf(out, ",\"%s\":", word);
    enum field_type type = is_time ? FIELD_TYPE_SECONDS : field_type((enum field_id)field);
    if (type == FIELD_TYPE_TEXT)
        buf_json(out, value, strlen(value));
    else if (type == FIELD_TYPE_LIST)
        add_list(out, value);
    else
        buf_string(out, value);
}

/* The line as a journal file has it. */
static void write_line(struct buf *out, const char *line)
{
    struct buf word = { 0 }, header = { 0 };
    const char *at = line;
    static const char *const frame[] = { "{\"t\":", ",\"at\":", ",\"event\":" };
    for (size_t i = 0; i < 3; i++) {
        if (!next_word(&at, &word))
            bad_line(line, "time, actor and event are wanted");
        buf_string(out, frame[i]);
        if (i == 0)
            buf_string(out, word.at);
        else
            buf_json(out, word.at, word.len - 1);
    }
    while (next_word(&at, &word))
        add_field(out, &header, line, word.at);
    if (header.len)
        buf_printf(out, ",\"header\":[%.*s]", (int)header.len, header.at);
    buf_char(out, '}');
    buf_free(&word);
    buf_free(&header);
}

/* The event of a line, in the arena. */
static const struct fp_event *journal_event(struct arena *arena, const char *line, uint64_t seq)
{
    struct buf json = { 0 };
    struct journal_read_error error;
    struct journal_line *read = arena_take(arena, sizeof(*read));
    write_line(&json, line);
    /* A time that is not a number, a field of the wrong type: the reader says it. */
    if (journal_read(arena, json.at, json.len, read, &error) < 0)
        bad_line(line, error.what);
    buf_free(&json);
    struct fp_event *event = &read->draft.event;
    event->t += 1000 * CLOCK_S; /* no clock begins at 0 */
    event->began += event->began ? 1000 * CLOCK_S : 0;
    event->wall = event->t;
    event->seq = seq;
    return event;
}

#endif
