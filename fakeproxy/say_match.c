/*
 * Match objects in words.
 */
#include "say_match.h"

#include "clock.h"
#include "say.h"

/* ---- values ---------------------------------------------------------------------------------- */

void say_shortened(struct buf *b, const char *octets, size_t len)
{
    enum { SHOWN = 60 };
    say_text(b, octets, len > SHOWN ? SHOWN : len);
    if (len > SHOWN)
        buf_string(b, "…");
}

void say_number_of(struct buf *b, enum field_id field, int64_t n)
{
    if (field_type(field) == FIELD_TYPE_SECONDS)
        buf_printf(b, "%.3f s", (double)n / (double)CLOCK_S);
    else
        buf_number(b, n);
}

/* ---- match objects --------------------------------------------------------------------------- */

static void say_pattern(struct buf *, const struct text_scope *, int field, const struct pattern *);

static void say_bound(struct buf *b, int field, int64_t n)
{
    if (field < 0)
        buf_number(b, n);
    else
        say_number_of(b, (enum field_id)field, n);
}

static void say_range(struct buf *b, int field, const struct pattern *p)
{
    if (p->max == INT64_MAX) {
        buf_string(b, "at least ");
        say_bound(b, field, p->min);
    } else if (p->min == INT64_MIN) {
        buf_string(b, "at most ");
        say_bound(b, field, p->max);
    } else {
        say_bound(b, field, p->min);
        buf_string(b, " to ");
        say_bound(b, field, p->max);
    }
}

static void say_operands(struct buf *b, const struct text_scope *scope, int field,
                         const struct pattern *p)
{
    for (size_t i = 0; i < p->count; i++) {
        if (i)
            buf_string(b, " or ");
        say_pattern(b, scope, field, &p->operands[i]);
    }
}

static void say_conditions(struct buf *b, const struct text_scope *scope, const struct pattern *p)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct field_condition *c = &p->conditions[i];
        if (i)
            buf_string(b, ", ");
        say_shortened(b, c->name.octets, c->name.len);
        buf_string(b, c->count_lines ? " lines: " : " ");
        say_pattern(b, scope, -1, c->pattern);
    }
}

static void say_pattern(struct buf *b, const struct text_scope *scope, int field,
                        const struct pattern *p)
{
    struct buf text = { 0 };
    switch (p->kind) {
    case PATTERN_TEXT:
        if (scope)
            text_expand(&p->text, scope, &text);
        else
            buf_add(&text, p->text.octets, p->text.len);
        say_shortened(b, text.at ? text.at : "", text.len);
        buf_free(&text);
        break;
    case PATTERN_NUMBER:
        say_bound(b, field, p->min);
        break;
    case PATTERN_RANGE:
        say_range(b, field, p);
        break;
    case PATTERN_PRESENT:
        buf_string(b, "there");
        break;
    case PATTERN_ABSENT:
        buf_string(b, "not there");
        break;
    case PATTERN_NOT:
        buf_string(b, "not ");
        say_operands(b, scope, field, p);
        break;
    case PATTERN_ANY_OF:
        say_operands(b, scope, field, p);
        break;
    case PATTERN_AS:
        buf_string(b, "as of ");
        say_match(b, p->as, scope);
        break;
    case PATTERN_FIELDS:
        say_conditions(b, scope, p);
        break;
    }
}

static void say_kinds(struct buf *b, uint32_t events)
{
    bool any = false;
    for (int i = 0; i < EVENT_KINDS; i++) {
        if (!(events & 1U << i))
            continue;
        buf_printf(b, "%s%s", any ? " or " : "", event_name((enum event_kind)i));
        any = true;
    }
}

static void say_entries(struct buf *b, const struct text_scope *scope, const struct match *m)
{
    for (size_t i = 0; i < m->count; i++) {
        buf_printf(b, "%s%s ", i ? ", " : " with ", field_name(m->entries[i].field));
        say_pattern(b, scope, (int)m->entries[i].field, &m->entries[i].pattern);
    }
}

void say_match(struct buf *b, const struct match *m, const struct text_scope *scope)
{
    if ((m->events & (m->events - 1)) == 0 || m->count == 0)
        say_kinds(b, m->events);
    else
        buf_string(b, "event");
    say_match_fields(b, m, scope);
}

void say_match_fields(struct buf *b, const struct match *m, const struct text_scope *scope)
{
    if (m->at) {
        buf_string(b, " at ");
        say_pattern(b, scope, -1, m->at);
    }
    say_entries(b, scope, m);
    for (size_t i = 0; i < m->any_count; i++) {
        buf_string(b, i ? " or " : ": ");
        say_match(b, m->any[i], scope);
    }
    if (m->none) {
        buf_string(b, ", but no ");
        say_match(b, m->none, scope);
    }
    if (m->after) {
        buf_string(b, ", after the ");
        say_match(b, m->after, scope);
    }
    if (m->before) {
        buf_string(b, ", before the ");
        say_match(b, m->before, scope);
    }
}
