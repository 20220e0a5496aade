/*
 * A journal's lines read back into events. Times are taken digit by digit from the line: a double
 * cannot hold the nanoseconds of a wall clock.
 */
#include "journal_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "json.h"
#include "nearest.h"

struct reading {
    struct arena *arena;
    const char *line;
    size_t len;
    struct journal_line *out;
    struct journal_read_error *error;
};

static int wrong(struct reading *r, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int wrong(struct reading *r, size_t at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    r->error->column = at + 1;
    vsnprintf(r->error->what, sizeof(r->error->what), format, args);
    va_end(args);
    return -1;
}

static int wrong_type(struct reading *r, const struct json *v, const char *expected)
{
    return wrong(r, v->at, "%s is %s, expected %s", v->key, json_type_name(v->type), expected);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* "-12.345678901" as ns, as far as nine places go. An exponent is of no journal of ours. */
static int read_seconds(struct reading *r, const struct json *v, int64_t *ns)
{
    size_t at = v->at;
    int64_t n = 0, scale = CLOCK_S;
    bool negative = v->type == JSON_NUMBER && r->line[at] == '-';
    if (v->type != JSON_NUMBER || v->number > 9e9 || v->number < -9e9)
        return wrong_type(r, v, "a number of seconds");
    for (at += negative; at < r->len && r->line[at] >= '0' && r->line[at] <= '9'; at++)
        n = n * 10 + (r->line[at] - '0');
    n *= CLOCK_S;
    if (at < r->len && r->line[at] == '.')
        for (at++; at < r->len && r->line[at] >= '0' && r->line[at] <= '9' && scale > 1; at++)
            n += (r->line[at] - '0') * (scale /= 10);
    *ns = negative ? -n : n;
    return 0;
}

static int read_list(struct reading *r, const struct json *v, enum field_id field)
{
    struct buf text = { 0 };
    for (const struct json *item = v->first; item; item = item->next) {
        if (text.len)
            buf_char(&text, ',');
        if (item->type == JSON_TEXT)
            buf_add(&text, item->text, item->len);
    }
    event_text(&r->out->draft, field, arena_copy(r->arena, text.at ? text.at : "", text.len),
               text.len);
    buf_free(&text);
    return 0;
}

/* [["Host","a.test"],…] as field lines. */
static int read_header(struct reading *r, const struct json *v, enum field_id field)
{
    struct buf lines = { 0 };
    for (const struct json *pair = v->first; pair; pair = pair->next) {
        const struct json *name = pair->first, *value = name ? name->next : NULL;
        if (!value || name->type != JSON_TEXT || value->type != JSON_TEXT) {
            buf_free(&lines);
            return wrong(r, pair->at, "a field line is a list of name and value");
        }
        buf_add(&lines, name->text, name->len);
        buf_string(&lines, ": ");
        buf_add(&lines, value->text, value->len);
        buf_string(&lines, "\r\n");
    }
    event_text(&r->out->draft, field, arena_copy(r->arena, lines.at ? lines.at : "", lines.len),
               lines.len);
    buf_free(&lines);
    return 0;
}

static int read_value(struct reading *r, const struct json *v, enum field_id field)
{
    struct event_draft *d = &r->out->draft;
    int64_t ns = 0;
    switch (field_type(field)) {
    case FIELD_TYPE_TEXT:
        if (v->type != JSON_TEXT)
            return wrong_type(r, v, "a text");
        event_text(d, field, v->text, v->len);
        return 0;
    case FIELD_TYPE_NUMBER:
        if (v->type != JSON_NUMBER)
            return wrong_type(r, v, "a number");
        event_number(d, field, (int64_t)v->number);
        return 0;
    case FIELD_TYPE_FLAG:
        if (v->type != JSON_BOOL)
            return wrong_type(r, v, "true or false");
        event_flag(d, field, v->flag);
        return 0;
    case FIELD_TYPE_SECONDS:
        if (read_seconds(r, v, &ns) < 0)
            return -1;
        event_number(d, field, ns);
        return 0;
    case FIELD_TYPE_LIST:
        return v->type == JSON_LIST ? read_list(r, v, field) : wrong_type(r, v, "a list");
    case FIELD_TYPE_HEADER:
        return v->type == JSON_LIST ? read_header(r, v, field) : wrong_type(r, v, "a list");
    }
    return 0;
}

/* ---- the line -------------------------------------------------------------------------------- */

static int read_event_name(struct reading *r, const struct json *v, int *kind)
{
    struct nearest nearest;
    if (v->type != JSON_TEXT)
        return wrong_type(r, v, "a text");
    if ((*kind = event_by_name(v->text)) >= 0)
        return 0;
    nearest_begin(&nearest, v->text, v->len);
    for (int i = 0; i < EVENT_KINDS; i++)
        nearest_try(&nearest, event_name((enum event_kind)i));
    return nearest.best ? wrong(r, v->at, "there is no event \"%s\"; did you mean \"%s\"?", v->text,
                                nearest.best)
                        : wrong(r, v->at, "there is no event \"%s\"", v->text);
}

/* What every line has: t, at, event; wall and began if they are there. */
static int read_frame(struct reading *r, const struct json *line)
{
    const struct json *t = json_get(line, "t"), *at = json_get(line, "at");
    const struct json *event = json_get(line, "event"), *v;
    struct fp_event *e = &r->out->draft.event;
    int kind = 0;
    if (!t || !at || !event)
        return wrong(r, 0, "%s is missing; every line of a journal has t, at and event",
                     !t    ? "t"
                     : !at ? "at"
                           : "event");
    if (at->type != JSON_TEXT)
        return wrong_type(r, at, "a text");
    if (read_event_name(r, event, &kind) < 0)
        return -1;
    event_begin(&r->out->draft, (enum event_kind)kind, at->text);
    if (read_seconds(r, t, &e->t) < 0 ||
        ((v = json_get(line, "wall")) && read_seconds(r, v, &e->wall) < 0) ||
        ((v = json_get(line, "began")) && read_seconds(r, v, &e->began) < 0))
        return -1;
    v = json_get(line, "scenario");
    if (v && v->type != JSON_TEXT)
        return wrong_type(r, v, "a text");
    r->out->scenario = v ? v->text : NULL;
    return 0;
}

int journal_read(struct arena *arena, const char *line, size_t len, struct journal_line *out,
                 struct journal_read_error *error)
{
    struct reading r = { .arena = arena, .line = line, .len = len, .out = out, .error = error };
    struct json_error bad;
    const struct json *object = json_parse(arena, line, len, &bad);
    if (!object)
        return wrong(&r, bad.at, "%s", bad.what);
    if (object->type != JSON_OBJECT)
        return wrong(&r, object->at, "this is %s, expected an object: one event",
                     json_type_name(object->type));
    if (read_frame(&r, object) < 0)
        return -1;
    for (const struct json *v = object->first; v; v = v->next) {
        int field = field_by_name(v->key);
        bool has_room = out->draft.event.count < EVENT_MAX_VALUES;
        if (field >= 0 && has_room && read_value(&r, v, (enum field_id)field) < 0)
            return -1;
    }
    return 0;
}
