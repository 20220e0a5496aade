/*
 * Match objects against events. Nothing is kept between calls: a match is judged from the event
 * and what the environment finds.
 */
#include "match.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "buf.h"

#define BIT(name) (1U << EVENT_##name)

static const uint32_t not_of_actors = BIT(step) | BIT(cancel) | BIT(outcome) | BIT(end) | BIT(note);

/* One value of a field, or the lack of one. */
struct value {
    bool is_there, is_flag, is_number;
    int64_t number;
    const char *text;
    size_t len;
};

static bool fits(const struct pattern *, const struct value *, const struct match_env *);

/* ---- globs ----------------------------------------------------------------------------------- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_same_octet(char a, char b, bool any_case)
{
    return a == b || (any_case && lower(a) == lower(b));
}

/* Greedy with one step back: the last `*` takes one octet more each time the rest does not fit. */
static bool glob(const char *pattern, size_t pattern_len, const char *text, size_t len,
                 bool any_case)
{
    size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;
    while (t < len) {
        if (p < pattern_len && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern_len && is_same_octet(pattern[p], text[t], any_case)) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern_len && pattern[p] == '*')
        p++;
    return p == pattern_len;
}

bool match_glob(const char *pattern, size_t pattern_len, const char *text, size_t len)
{
    return glob(pattern, pattern_len, text, len, false);
}

static bool glob_text(const struct pattern *p, const char *octets, size_t len,
                      const struct match_env *env)
{
    const struct text *t = &p->text;
    if (!t->has_placeholder)
        return glob(t->octets, t->len, octets, len, p->any_case);
    struct buf b = { 0 };
    text_expand(t, env->scope, &b);
    bool is_match = glob(b.at, b.len, octets, len, p->any_case);
    buf_free(&b);
    return is_match;
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool fits_text(const struct pattern *p, const struct value *v, const struct match_env *env)
{
    char digits[24];
    if (!v->is_there)
        return false;
    if (!v->is_number)
        return glob_text(p, v->text, v->len, env);
    int n = snprintf(digits, sizeof(digits), "%" PRId64, v->number);
    return glob_text(p, digits, (size_t)n, env);
}

static struct value value_of(const struct fp_event *e, enum field_id field)
{
    const struct event_value *v = event_get(e, field);
    enum field_type type = field_type(field);
    if (!v)
        return (struct value){ .is_flag = type == FIELD_TYPE_FLAG };
    return (struct value){ .is_there = true,
                           .is_flag = type == FIELD_TYPE_FLAG,
                           .is_number = type == FIELD_TYPE_NUMBER || type == FIELD_TYPE_SECONDS,
                           .number = v->number,
                           .text = v->text ? v->text : "",
                           .len = v->text ? v->len : 0 };
}

static bool is_same(const struct value *a, const struct value *b, bool any_case)
{
    if (!a->is_there || !b->is_there || a->is_number != b->is_number || a->is_flag != b->is_flag)
        return false;
    if (a->is_number || a->is_flag)
        return a->number == b->number;
    bool same = a->len == b->len;
    for (size_t i = 0; same && i < a->len; i++)
        same = is_same_octet(a->text[i], b->text[i], any_case);
    return same;
}

static bool fits_as(const struct pattern *p, const struct value *v, const struct match_env *env)
{
    const struct fp_event *first = env->first(env->arg, p->as);
    if (!first)
        return false;
    struct value other = value_of(first, p->as_field);
    return is_same(v, &other, p->any_case);
}

static bool is_present(const struct value *v)
{
    return v->is_there && (!v->is_flag || v->number != 0);
}

static bool fits(const struct pattern *p, const struct value *v, const struct match_env *env)
{
    switch (p->kind) {
    case PATTERN_TEXT:
        return fits_text(p, v, env);
    case PATTERN_NUMBER:
        return v->is_there && v->is_number && v->number == p->min;
    case PATTERN_RANGE:
        return v->is_there && v->is_number && v->number >= p->min && v->number <= p->max;
    case PATTERN_PRESENT:
        return is_present(v);
    case PATTERN_ABSENT:
        return !is_present(v);
    case PATTERN_NOT:
        return !fits(&p->operands[0], v, env);
    case PATTERN_ANY_OF:
        for (size_t i = 0; i < p->count; i++)
            if (fits(&p->operands[i], v, env))
                return true;
        return false;
    case PATTERN_AS:
        return fits_as(p, v, env);
    case PATTERN_FIELDS:
        return false; /* a header pattern is judged line by line, below */
    }
    return false;
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* A list fits where one member does; `false` and `not` are about all of them. */
static bool list_fits(const struct pattern *p, const struct value *v, const struct match_env *env)
{
    if (p->kind == PATTERN_NOT)
        return !list_fits(&p->operands[0], v, env);
    if (p->kind != PATTERN_TEXT && p->kind != PATTERN_ANY_OF)
        return fits(p, v, env);
    for (size_t at = 0; v->is_there && at <= v->len;) {
        const char *comma = memchr(v->text + at, ',', v->len - at);
        size_t end = comma ? (size_t)(comma - v->text) : v->len;
        struct value member = { .is_there = true, .text = v->text + at, .len = end - at };
        if (fits(p, &member, env))
            return true;
        at = end + 1;
    }
    return false;
}

/* ---- field lines ----------------------------------------------------------------------------- */

struct line { /* one field line, folded ones (RFC 9112, 5.2) as one */
    const char *name, *value;
    size_t name_len, value_len;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t end_of_line(const char *octets, size_t len, size_t at)
{
    const char *end = at < len ? memchr(octets + at, '\n', len - at) : NULL;
    return end ? (size_t)(end - octets) + 1 : len;
}

/* The field line at *at, which moves behind it; false at the end. */
static bool next_line(const char *octets, size_t len, size_t *at, struct line *line)
{
    size_t start = *at, end = end_of_line(octets, len, start);
    if (start >= len)
        return false;
    while (end < len && (octets[end] == ' ' || octets[end] == '\t'))
        end = end_of_line(octets, len, end);
    *at = end;
    const char *colon = memchr(octets + start, ':', end - start);
    size_t value = colon ? (size_t)(colon - octets) + 1 : end;
    line->name = octets + start;
    line->name_len = colon ? value - 1 - start : end - start;
    while (line->name_len > 0 && is_blank(line->name[line->name_len - 1]))
        line->name_len--;
    while (value < end && is_blank(octets[value]))
        value++;
    while (end > value && is_blank(octets[end - 1]))
        end--;
    line->value = octets + value;
    line->value_len = end - value;
    return true;
}

/* Line folds become one space, as a recipient may replace them (RFC 9112, 5.2). */
static void unfold(const struct line *line, struct buf *out)
{
    for (size_t i = 0; i < line->value_len; i++) {
        if (line->value[i] != '\r' && line->value[i] != '\n') {
            buf_char(out, line->value[i]);
            continue;
        }
        while (out->len > 0 && is_blank(out->at[out->len - 1]))
            out->len--;
        while (i + 1 < line->value_len && is_blank(line->value[i + 1]))
            i++;
        buf_char(out, ' ');
    }
}

static bool has_name(const struct line *line, const struct text *name, const struct match_env *env)
{
    if (!name->has_placeholder)
        return line->name_len == name->len && strncasecmp(line->name, name->octets, name->len) == 0;
    struct buf b = { 0 };
    text_expand(name, env->scope, &b);
    bool same =
        line->name_len == b.len && (b.len == 0 || strncasecmp(line->name, b.at, b.len) == 0);
    buf_free(&b);
    return same;
}

static bool line_fits(const struct pattern *p, const struct line *line, const struct match_env *env)
{
    struct buf b = { 0 };
    unfold(line, &b);
    struct value v = { .is_there = true, .text = b.at ? b.at : "", .len = b.len };
    bool result = fits(p, &v, env);
    buf_free(&b);
    return result;
}

/* `not` is about all lines: none matches. So is `false`: none is there. */
static bool some_line_fits(const struct field_condition *c, const struct pattern *p,
                           const struct value *v, const struct match_env *env)
{
    struct line line;
    bool is_there = false;
    if (p->kind == PATTERN_NOT)
        return !some_line_fits(c, &p->operands[0], v, env);
    if (p->kind == PATTERN_ANY_OF) {
        for (size_t i = 0; i < p->count; i++)
            if (some_line_fits(c, &p->operands[i], v, env))
                return true;
        return false;
    }
    for (size_t at = 0; v->is_there && next_line(v->text, v->len, &at, &line);) {
        if (!has_name(&line, &c->name, env))
            continue;
        is_there = true;
        if (p->kind != PATTERN_ABSENT && line_fits(p, &line, env))
            return true;
    }
    return p->kind == PATTERN_ABSENT && !is_there;
}

static bool condition_holds(const struct field_condition *c, const struct value *v,
                            const struct match_env *env)
{
    struct line line;
    struct value count = { .is_there = true, .is_number = true };
    if (!c->count_lines)
        return some_line_fits(c, c->pattern, v, env);
    for (size_t at = 0; v->is_there && next_line(v->text, v->len, &at, &line);)
        count.number += has_name(&line, &c->name, env);
    return fits(c->pattern, &count, env);
}

static bool header_fits(const struct pattern *p, const struct value *v, const struct match_env *env)
{
    for (size_t i = 0; i < p->count; i++)
        if (!condition_holds(&p->conditions[i], v, env))
            return false;
    return true;
}

/* ---- events ---------------------------------------------------------------------------------- */

bool match_asks_success(const struct match *m)
{
    bool asks = false;
    for (size_t i = 0; i < m->count; i++) {
        enum field_id field = m->entries[i].field;
        if (field == FIELD_ends || field == FIELD_error || field == FIELD_kind)
            return false;
        asks |= field == FIELD_status || field == FIELD_body;
    }
    return asks;
}

bool match_is_failed_success(const struct fp_event *e)
{
    const struct event_value *ends = event_get(e, FIELD_ends), *status = event_get(e, FIELD_status);
    return e->kind == EVENT_outcome && ends && status &&
           match_glob("error", strlen("error"), ends->text, ends->len) && status->number >= 200 &&
           status->number < 300;
}

static bool entry_fits(const struct match_entry *entry, const struct fp_event *e, bool no_success,
                       const struct match_env *env)
{
    bool is_hidden = no_success && (entry->field == FIELD_status || entry->field == FIELD_body);
    struct value v = is_hidden ? (struct value){ 0 } : value_of(e, entry->field);
    enum field_type type = field_type(entry->field);
    if (type == FIELD_TYPE_HEADER)
        return header_fits(&entry->pattern, &v, env);
    if (type == FIELD_TYPE_LIST)
        return list_fits(&entry->pattern, &v, env);
    return fits(&entry->pattern, &v, env);
}

/* The actor is no field: under `at`, `as` means the actor of the other event. */
static bool at_pattern_fits(const struct pattern *p, const struct fp_event *e,
                            const struct match_env *env)
{
    struct value at = { .is_there = true, .text = e->at, .len = strlen(e->at) };
    if (p->kind == PATTERN_NOT)
        return !at_pattern_fits(&p->operands[0], e, env);
    if (p->kind == PATTERN_AS) {
        const struct fp_event *first = env->first(env->arg, p->as);
        return first && strcmp(first->at, e->at) == 0;
    }
    if (p->kind != PATTERN_ANY_OF)
        return fits(p, &at, env);
    for (size_t i = 0; i < p->count; i++)
        if (at_pattern_fits(&p->operands[i], e, env))
            return true;
    return false;
}

static bool at_fits(const struct match *m, const struct fp_event *e, const struct match_env *env)
{
    if (m->at)
        return at_pattern_fits(m->at, e, env);
    return m->at_any || not_of_actors & 1U << e->kind || env->is_proxy(env->arg, e->at);
}

static uint64_t place_of(const struct fp_event *e)
{
    return e->seq ? e->seq : UINT64_MAX; /* not stored yet: later than all */
}

static bool place_fits(const struct match *m, const struct fp_event *e, const struct match_env *env)
{
    if (m->after) {
        const struct fp_event *first = env->first(env->arg, m->after);
        if (!first || place_of(e) <= place_of(first))
            return false;
    }
    if (m->before) {
        const struct fp_event *first = env->first(env->arg, m->before);
        if (first && place_of(e) >= place_of(first))
            return false;
    }
    return true;
}

bool match_event(const struct match *m, const struct fp_event *e, const struct match_env *env)
{
    if (!(m->events & 1U << e->kind) || !at_fits(m, e, env))
        return false;
    bool no_success = match_is_failed_success(e) && match_asks_success(m);
    for (size_t i = 0; i < m->count; i++)
        if (!entry_fits(&m->entries[i], e, no_success, env))
            return false;
    bool any = m->any_count == 0;
    for (size_t i = 0; i < m->any_count && !any; i++)
        any = match_event(m->any[i], e, env);
    bool excluded = m->none && match_event(m->none, e, env);
    return any && !excluded && place_fits(m, e, env);
}
