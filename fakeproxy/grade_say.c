/*
 * Grading in words: events as a person would point at them ("the second request", "the 429"), and
 * match objects as what was looked for.
 */
#include "grading.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "say.h"

double grading_seconds(int64_t ns)
{
    return (double)ns / (double)CLOCK_S;
}

/* ---- findings -------------------------------------------------------------------------------- */

const char *grading_keep(struct grading *g, struct buf *b)
{
    const char *text = arena_copy(g->arena, b->at ? b->at : "", b->len);
    buf_free(b);
    return text;
}

struct finding grading_found(struct grading *g, enum finding_kind kind, const char *format, ...)
{
    va_list args;
    char *text;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    struct finding f = { .kind = kind, .sentence = arena_copy(g->arena, text, strlen(text)) };
    free(text);
    return f;
}

void grading_evidence(struct finding *f, const struct fp_event *e)
{
    if (e && f->evidence_count < VERDICT_EVIDENCE)
        f->evidence[f->evidence_count++] = e->seq;
}

/* ---- values ---------------------------------------------------------------------------------- */

static void say_text_value(struct buf *b, const char *octets, size_t len)
{
    enum { SHOWN = 60 };
    say_text(b, octets, len > SHOWN ? SHOWN : len);
    if (len > SHOWN)
        buf_string(b, "…");
}

static void say_number_of(struct buf *b, enum field_id field, int64_t n)
{
    if (field_type(field) == FIELD_TYPE_SECONDS)
        buf_printf(b, "%.3f s", grading_seconds(n));
    else
        buf_number(b, n);
}

void grading_say_value(struct buf *b, const struct fp_event *e, enum field_id field)
{
    const struct event_value *v = event_get(e, field);
    enum field_type type = field_type(field);
    if (!v)
        buf_string(b, "nothing");
    else if (type == FIELD_TYPE_FLAG)
        buf_string(b, v->number ? "true" : "false");
    else if (type == FIELD_TYPE_NUMBER || type == FIELD_TYPE_SECONDS)
        say_number_of(b, field, v->number);
    else
        say_text_value(b, v->text, v->len);
}

/* ---- events ---------------------------------------------------------------------------------- */

/* What an event is called; NULL: "... event". */
static const struct {
    const char *one, *many;
} nouns[EVENT_KINDS] = {
    [EVENT_accept] = { "connection", "connections" },
    [EVENT_hello] = { "ClientHello", "ClientHellos" },
    [EVENT_secure] = { "TLS handshake", "TLS handshakes" },
    [EVENT_alert] = { "TLS alert", "TLS alerts" },
    [EVENT_bytes] = { "first octet of a message", "first octets of messages" },
    [EVENT_request] = { "request", "requests" },
    [EVENT_body] = { "request body", "request bodies" },
    [EVENT_response] = { "response", "responses" },
    [EVENT_sent] = { "answer sent", "answers sent" },
    [EVENT_stall] = { "stall", "stalls" },
    [EVENT_tunnel] = { "tunnel", "tunnels" },
    [EVENT_tunnel_end] = { "end of a tunnel", "ends of tunnels" },
    [EVENT_close] = { "close", "closes" },
    [EVENT_rule] = { "rule played", "rules played" },
    [EVENT_step] = { "step", "steps" },
    [EVENT_cancel] = { "cancellation", "cancellations" },
    [EVENT_outcome] = { "outcome", "outcomes" },
    [EVENT_end] = { "end of the case", "ends of the case" },
    [EVENT_note] = { "note", "notes" },
};

static void say_noun(struct buf *b, enum event_kind kind, bool many)
{
    const char *noun = many ? nouns[kind].many : nouns[kind].one;
    if (noun)
        buf_string(b, noun);
    else
        buf_printf(b, "%s event%s", event_name(kind), many ? "s" : "");
}

static void say_ordinal(struct buf *b, size_t n)
{
    static const char *const words[] = { "",      "first",   "second", "third", "fourth", "fifth",
                                         "sixth", "seventh", "eighth", "ninth", "tenth" };
    static const char *const suffixes[] = { "th", "st", "nd", "rd" };
    if (n < sizeof(words) / sizeof(words[0])) {
        buf_string(b, words[n]);
        return;
    }
    size_t last = n % 10;
    buf_printf(b, "%zu%s", n, n % 100 - last == 10 || last > 3 ? "th" : suffixes[last]);
}

/* Which of its kind it is at its actor. */
static size_t place_of(const struct grading *g, const struct fp_event *e)
{
    size_t n = 0;
    for (size_t i = 0; i < g->c->count && g->c->events[i]->seq <= e->seq; i++) {
        const struct fp_event *other = g->c->events[i];
        n += other->kind == e->kind && strcmp(other->at, e->at) == 0;
    }
    return n;
}

static void say_where(struct buf *b, const struct grading *g, const struct fp_event *e)
{
    bool is_only_proxy = strcmp(e->at, g->s->actors[SCENARIO_PROXY].name) == 0;
    if (!is_only_proxy && strcmp(e->at, "client") != 0 && strcmp(e->at, "suite") != 0)
        buf_printf(b, " at %s", e->at);
}

static void say_close(struct buf *b, const struct fp_event *e)
{
    bool is_fin = grading_is(e, FIELD_how, "fin");
    if (grading_is(e, FIELD_by, "us"))
        buf_string(b, is_fin ? "our FIN" : "our RST");
    else if (grading_is(e, FIELD_by, "origin"))
        buf_string(b, is_fin ? "the origin's FIN" : "the origin's RST");
    else
        buf_string(b, is_fin ? "the client's FIN" : "the client's RST");
}

static void say_step(struct buf *b, const struct fp_event *e)
{
    buf_string(b, e->kind == EVENT_outcome  ? "the outcome of step "
                  : e->kind == EVENT_cancel ? "the cancellation of step "
                                            : "step ");
    grading_say_value(b, e, FIELD_step);
}

void grading_say_event(struct grading *g, struct buf *b, const struct fp_event *e)
{
    enum event_kind kind = (enum event_kind)e->kind;
    if (kind == EVENT_step || kind == EVENT_outcome || kind == EVENT_cancel) {
        say_step(b, e);
        return;
    }
    if (kind == EVENT_close) {
        say_close(b, e);
    } else if (kind == EVENT_response && event_get(e, FIELD_status)) {
        buf_printf(b, "the %" PRId64, grading_number(e, FIELD_status));
    } else if (kind == EVENT_end) {
        buf_string(b, "the end of the case");
    } else {
        buf_string(b, "the ");
        say_ordinal(b, place_of(g, e));
        buf_char(b, ' ');
        say_noun(b, kind, false);
    }
    say_where(b, g, e);
}

const char *grading_event_text(struct grading *g, const struct fp_event *e)
{
    struct buf b = { 0 };
    grading_say_event(g, &b, e);
    return grading_keep(g, &b);
}

/* ---- match objects --------------------------------------------------------------------------- */

static void say_pattern(struct grading *, struct buf *, int field, const struct pattern *);

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

static void say_operands(struct grading *g, struct buf *b, int field, const struct pattern *p)
{
    for (size_t i = 0; i < p->count; i++) {
        if (i)
            buf_string(b, " or ");
        say_pattern(g, b, field, &p->operands[i]);
    }
}

static void say_conditions(struct grading *g, struct buf *b, const struct pattern *p)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct field_condition *c = &p->conditions[i];
        if (i)
            buf_string(b, ", ");
        say_text_value(b, c->name.octets, c->name.len);
        buf_string(b, c->count_lines ? " lines: " : " ");
        say_pattern(g, b, -1, c->pattern);
    }
}

static void say_pattern(struct grading *g, struct buf *b, int field, const struct pattern *p)
{
    struct buf text = { 0 };
    switch (p->kind) {
    case PATTERN_TEXT:
        text_expand(&p->text, g->env.scope, &text);
        say_text_value(b, text.at ? text.at : "", text.len);
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
        say_operands(g, b, field, p);
        break;
    case PATTERN_ANY_OF:
        say_operands(g, b, field, p);
        break;
    case PATTERN_AS:
        buf_string(b, "as of ");
        grading_say_match(g, b, p->as);
        break;
    case PATTERN_FIELDS:
        say_conditions(g, b, p);
        break;
    }
}

static void say_kinds(struct buf *b, uint32_t events, bool many)
{
    bool any = false;
    for (int i = 0; i < EVENT_KINDS; i++) {
        if (!(events & 1U << i))
            continue;
        buf_string(b, any ? " or " : "");
        say_noun(b, (enum event_kind)i, many);
        any = true;
    }
}

static void say_entries(struct grading *g, struct buf *b, const struct match *m)
{
    for (size_t i = 0; i < m->count; i++) {
        buf_printf(b, "%s%s ", i ? ", " : " with ", field_name(m->entries[i].field));
        say_pattern(g, b, (int)m->entries[i].field, &m->entries[i].pattern);
    }
}

static void say_match(struct grading *g, struct buf *b, const struct match *m, bool many)
{
    if ((m->events & (m->events - 1)) == 0 || m->count == 0)
        say_kinds(b, m->events, many);
    else
        buf_string(b, many ? "events" : "event");
    if (m->at) {
        buf_string(b, " at ");
        say_pattern(g, b, -1, m->at);
    }
    say_entries(g, b, m);
    for (size_t i = 0; i < m->any_count; i++) {
        buf_string(b, i ? " or " : ": ");
        grading_say_match(g, b, m->any[i]);
    }
    if (m->none) {
        buf_string(b, ", but no ");
        grading_say_match(g, b, m->none);
    }
    if (m->after) {
        buf_string(b, ", after the ");
        grading_say_match(g, b, m->after);
    }
    if (m->before) {
        buf_string(b, ", before the ");
        grading_say_match(g, b, m->before);
    }
}

void grading_say_match(struct grading *g, struct buf *b, const struct match *m)
{
    say_match(g, b, m, false);
}

void grading_say_all(struct grading *g, struct buf *b, const struct match *m)
{
    say_match(g, b, m, true);
}

void grading_say_matches(struct grading *g, struct buf *b, const struct match *m, size_t n)
{
    if (n == 0)
        buf_string(b, "no ");
    else
        buf_printf(b, "%zu ", n);
    say_match(g, b, m, n > 1);
}

const char *grading_a_match_text(struct grading *g, const struct match *m)
{
    struct buf text = { 0 }, b = { 0 };
    grading_say_match(g, &text, m);
    bool is_vowel = text.len && strchr("aeiou", text.at[0]);
    buf_string(&b, is_vowel ? "an " : "a ");
    buf_add(&b, text.at, text.len);
    buf_free(&text);
    return grading_keep(g, &b);
}

const char *grading_match_text(struct grading *g, const struct match *m)
{
    struct buf b = { 0 };
    grading_say_match(g, &b, m);
    return grading_keep(g, &b);
}
