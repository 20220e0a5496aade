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
#include "say_match.h"

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
        say_shortened(b, v->text, v->len);
}

/* ---- events ---------------------------------------------------------------------------------- */

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
        buf_printf(b, " %s", kind == EVENT_accept ? "connection" : event_name(kind));
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

void grading_say_match(struct grading *g, struct buf *b, const struct match *m)
{
    say_match(b, m, g->env.scope);
}

const char *grading_match_text(struct grading *g, const struct match *m)
{
    struct buf b = { 0 };
    grading_say_match(g, &b, m);
    return grading_keep(g, &b);
}
