/*
 * Looking events up in the journal that is graded. Everything is a walk over one array; the anchors
 * of matches (`after`, `before`, `as`), which every event would ask for anew, are found once.
 */
#include "grading.h"

#include <stdlib.h>
#include <string.h>

#include "http.h"

/* ---- picking --------------------------------------------------------------------------------- */

static struct picked pick_all(struct grading *g, const struct match *m)
{
    struct picked p = { 0 };
    size_t room = 0;
    for (size_t i = 0; m && i < g->c->count; i++) {
        if (!match_event(m, g->c->events[i], &g->env))
            continue;
        if (p.count == room) {
            room = room ? 2 * room : 16;
            const struct fp_event **more = arena_take(g->arena, room * sizeof(*more));
            if (p.count)
                memcpy(more, p.events, p.count * sizeof(*more));
            p.events = more;
        }
        p.events[p.count++] = g->c->events[i];
    }
    return p;
}

struct picked grading_pick(struct grading *g, const struct match *m)
{
    struct picked p = pick_all(g, m);
    if (!m || m->nth == 0)
        return p;
    size_t nth = (size_t)(m->nth > 0 ? m->nth : -m->nth);
    if (nth > p.count)
        return (struct picked){ 0 };
    p.events += m->nth > 0 ? nth - 1 : p.count - nth;
    p.count = 1;
    return p;
}

static const struct fp_event *find_first(struct grading *g, const struct match *m)
{
    if (m->nth) {
        struct picked p = grading_pick(g, m);
        return p.count && p.events ? p.events[0] : NULL;
    }
    for (size_t i = 0; i < g->c->count; i++)
        if (match_event(m, g->c->events[i], &g->env))
            return g->c->events[i];
    return NULL;
}

const struct fp_event *grading_first(struct grading *g, const struct match *m)
{
    for (size_t i = 0; i < g->first_count; i++)
        if (g->firsts[i].match == m)
            return g->firsts[i].event;
    const struct fp_event *event = find_first(g, m);
    if (g->first_count == g->first_room) {
        g->first_room = g->first_room ? 2 * g->first_room : 16;
        struct grading_first *more = arena_take(g->arena, g->first_room * sizeof(*more));
        if (g->first_count)
            memcpy(more, g->firsts, g->first_count * sizeof(*more));
        g->firsts = more;
    }
    g->firsts[g->first_count++] = (struct grading_first){ .match = m, .event = event };
    return event;
}

/* ---- anchors --------------------------------------------------------------------------------- */

static const struct match *lost(struct grading *g, const struct match *anchor)
{
    if (!anchor)
        return NULL;
    const struct match *deeper = grading_lost_anchor(g, anchor);
    return deeper ? deeper : grading_first(g, anchor) ? NULL : anchor;
}

static const struct match *lost_in_pattern(struct grading *g, const struct pattern *p)
{
    const struct match *found = p->kind == PATTERN_AS ? lost(g, p->as) : NULL;
    for (size_t i = 0; !found && p->operands && i < p->count; i++)
        found = lost_in_pattern(g, &p->operands[i]);
    for (size_t i = 0; !found && p->conditions && i < p->count; i++)
        found = lost_in_pattern(g, p->conditions[i].pattern);
    return found;
}

const struct match *grading_lost_anchor(struct grading *g, const struct match *m)
{
    const struct match *found = m->at ? lost_in_pattern(g, m->at) : NULL;
    for (size_t i = 0; !found && i < m->count; i++)
        found = lost_in_pattern(g, &m->entries[i].pattern);
    for (size_t i = 0; !found && i < m->any_count; i++)
        found = grading_lost_anchor(g, m->any[i]);
    if (!found && m->none)
        found = grading_lost_anchor(g, m->none);
    if (!found)
        found = lost(g, m->after);
    return found ? found : lost(g, m->before);
}

const struct actor *grading_actor(const struct grading *g, const struct fp_event *e)
{
    int at = scenario_actor(g->s, e->at);
    return at >= 0 ? &g->s->actors[at] : NULL;
}

/* ---- fields ---------------------------------------------------------------------------------- */

int64_t grading_time(const struct fp_event *e)
{
    return e->began ? e->began : e->t;
}

bool grading_is_before(const struct fp_event *a, const struct fp_event *b)
{
    int64_t ta = grading_time(a), tb = grading_time(b);
    return ta < tb || (ta == tb && a->seq < b->seq);
}

bool grading_is(const struct fp_event *e, enum field_id field, const char *text)
{
    const struct event_value *v = event_get(e, field);
    return v && v->text && v->len == strlen(text) && memcmp(v->text, text, v->len) == 0;
}

int64_t grading_number(const struct fp_event *e, enum field_id field)
{
    const struct event_value *v = event_get(e, field);
    return v ? v->number : 0;
}

bool grading_flag(const struct fp_event *e, enum field_id field, bool otherwise)
{
    const struct event_value *v = event_get(e, field);
    return v ? v->number != 0 : otherwise;
}

bool grading_same(const struct fp_event *a, const struct fp_event *b, enum field_id field)
{
    const struct event_value *x = event_get(a, field), *y = event_get(b, field);
    if (!x || !y)
        return x == y;
    if (!x->text || !y->text)
        return x->number == y->number;
    return x->len == y->len && memcmp(x->text, y->text, x->len) == 0;
}

bool grading_belongs(const struct fp_event *a, const struct fp_event *b, int by)
{
    bool is_counted_there = by == FIELD_connection || by == FIELD_exchange;
    if (by == BY_NONE)
        return true;
    if ((by == BY_ACTOR || is_counted_there) && strcmp(a->at, b->at) != 0)
        return false;
    if (by == FIELD_exchange && !grading_same(a, b, FIELD_connection))
        return false;
    return by == BY_ACTOR || grading_same(a, b, (enum field_id)by);
}

bool grading_is_date(const struct fp_event *response)
{
    const struct event_value *v = event_get(response, FIELD_header);
    struct http_head head = { .fields = { v ? v->text : "", v ? v->len : 0 } };
    struct http_field field;
    for (size_t cursor = 0; v && http_next_field(&head, &cursor, &field);)
        if (http_slice_is_nocase(field.name, "Retry-After") && field.value.len)
            return field.value.at[0] < '0' || field.value.at[0] > '9';
    return false;
}

/* ---- our own lag ----------------------------------------------------------------------------- */

/* A note is written when the lag is over: it was from then back to then minus the lag. */
static bool touches(const struct fp_event *note, int64_t lag, int64_t from, int64_t to)
{
    return note->t >= from && note->t - lag <= to;
}

/* Notes of the loop and of a wait that came late tell of the same time: it counts once. */
int64_t grade_lag(const struct grade_case *c, int64_t since, int64_t from, int64_t to)
{
    int64_t sum = 0, counted = since;
    for (size_t i = 0; i < c->count; i++) {
        const struct fp_event *e = c->events[i];
        int64_t lag = e->kind == EVENT_note ? grading_number(e, FIELD_lag) : 0;
        if (lag <= 0 || !touches(e, lag, from, to) || e->t <= counted)
            continue;
        int64_t began = e->t - lag;
        sum += e->t - (began > counted ? began : counted);
        counted = e->t;
    }
    return sum;
}

int64_t grading_lag(const struct grading *g, int64_t from, int64_t to)
{
    return grade_lag(g->c, INT64_MIN, from, to);
}

bool grading_jumped(const struct grading *g, int64_t from, int64_t to)
{
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        if (e->kind == EVENT_note && event_get(e, FIELD_jump) && touches(e, 0, from, to))
            return true;
    }
    return false;
}

bool grading_may_be_lag(const struct grading *g, int64_t from, int64_t to, int64_t excess)
{
    int64_t lag = grading_lag(g, from, to);
    return lag > 0 && lag >= excess;
}

/* Client and driver wait for their turns as we do, so a tenth stands for all of it. */
bool grading_was_slow(const struct grading *g, int64_t from, int64_t to)
{
    return to > from && grading_may_be_lag(g, from, to, (to - from) / 10);
}

bool grading_stood_still(const struct grading *g, int64_t from, int64_t to)
{
    return to > from && grading_may_be_lag(g, from, to, (to - from) / 2);
}

const struct fp_event **grade_events(const struct journal *j, size_t *count)
{
    const struct fp_event **events =
        calloc(journal_count(j) - journal_lost(j) + 1, sizeof(*events));
    if (!events)
        abort();
    *count = 0;
    for (const struct fp_event *e = journal_first(j); e; e = journal_next(j, e))
        events[(*count)++] = e;
    return events;
}
