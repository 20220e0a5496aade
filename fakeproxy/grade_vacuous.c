/*
 * Vacuity: checks that say nothing, because they pass when nothing has happened, or because every
 * outcome there can be is right. The latter is tried out: every way to end, status code, body, rule
 * and kind of error, where a match looks at nothing else.
 */
#include "grading.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "language.h"

/* ---- nothing happens ------------------------------------------------------------------------- */

static const struct check *passing(const struct scenario *s, const struct fp_event *const *events,
                                   size_t count)
{
    struct grade_case c = { .scenario = s, .events = events, .count = count, .has_client = true };
    const struct check *found = NULL;
    struct graded *r = grade(&c);
    for (size_t i = 0; i < s->check_count && !found; i++)
        if (r->verdicts[i].kind == VERDICT_PASS)
            found = &s->checks[i];
    graded_free(r);
    return found;
}

/* The steps begin, and the case ends: nothing came of it. */
static const struct check *passes_on_nothing(const struct scenario *s)
{
    size_t count = 0, steps = s->client.step_count;
    struct event_draft *drafts = calloc(steps + 1, sizeof(*drafts));
    const struct fp_event **events = calloc(steps + 1, sizeof(*events));
    if (!drafts || !events)
        abort();
    for (; count <= steps; count++) {
        struct event_draft *d = &drafts[count];
        event_begin(d, count < steps ? EVENT_step : EVENT_end, count < steps ? "client" : "suite");
        event_string(d, FIELD_step, count < steps ? s->client.steps[count].name : NULL);
        d->event.seq = count + 1;
        d->event.t = (int64_t)count * CLOCK_S;
        events[count] = &d->event;
    }
    const struct check *found = passing(s, events, 0);
    if (!found)
        found = passing(s, events + steps, 1);
    if (!found)
        found = passing(s, events, count);
    free(events);
    free(drafts);
    return found;
}

/* ---- anything happens ------------------------------------------------------------------------ */

/* What is tried out below; anything else (a header, a text, a time) can always be missed. */
static bool is_tried(enum field_id field)
{
    return field == FIELD_step || field == FIELD_ends || field == FIELD_status ||
           field == FIELD_body || field == FIELD_body_of || field == FIELD_kind;
}

static bool is_told_apart(const struct match *m)
{
    bool told = false;
    for (size_t i = 0; i < m->count && !told; i++)
        told = !is_tried(m->entries[i].field) || m->entries[i].pattern.kind == PATTERN_AS;
    for (size_t i = 0; i < m->any_count && !told; i++)
        told = is_told_apart(m->any[i]);
    return told || (m->none && is_told_apart(m->none));
}

/* The match without `step` and anchors, which only pick. */
static struct match judging(const struct grading *g, const struct match *m)
{
    struct match judge = *m;
    struct match_entry *entries = arena_take(g->arena, (m->count + 1) * sizeof(*entries));
    judge.count = 0;
    judge.entries = entries;
    judge.after = judge.before = NULL;
    for (size_t i = 0; i < m->count; i++)
        if (m->entries[i].field != FIELD_step)
            entries[judge.count++] = m->entries[i];
    return judge;
}

struct possible { /* NULL, 0: the outcome does not tell it */
    const char *ends, *body, *body_of, *kind;
    int64_t status;
};

static bool fits(const struct grading *g, const struct match *m, const struct possible *p)
{
    struct event_draft d;
    event_begin(&d, EVENT_outcome, "client");
    event_string(&d, FIELD_ends, p->ends);
    if (p->status)
        event_number(&d, FIELD_status, p->status);
    event_string(&d, FIELD_body, p->body);
    event_string(&d, FIELD_body_of, p->body_of);
    event_string(&d, FIELD_kind, p->kind);
    return match_event(m, &d.event, &g->env);
}

static bool fits_with_any_body(const struct grading *g, const struct match *m, struct possible p)
{
    static const char *const bodies[] = { NULL, "whole", "part", "empty", "foreign", "unknown" };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        p.body = bodies[i];
        p.body_of = NULL;
        if (!fits(g, m, &p))
            return false;
        for (size_t a = 0; a < g->s->actor_count; a++)
            for (size_t k = 0; k < g->s->actors[a].rule_count; k++) {
                p.body_of = g->s->actors[a].rules[k].name;
                if (!fits(g, m, &p))
                    return false;
            }
    }
    return true;
}

static bool fits_everything(const struct grading *g, const struct match *m)
{
    const char *const *kinds = language_field_words(FIELD_kind);
    struct possible p = { .ends = "answer" };
    for (p.status = 100; p.status < 600; p.status++)
        if (!fits_with_any_body(g, m, p))
            return false;
    p.ends = "error";
    for (; *kinds; kinds++)
        for (p.kind = *kinds, p.status = 99; p.status < 600; p.status++) {
            struct possible without_status = p;
            without_status.status = 0;
            if (!fits_with_any_body(g, m, p.status == 99 ? without_status : p))
                return false;
        }
    return true;
}

static bool says_nothing(const struct scenario *s, const struct check *c)
{
    bool only_outcome = c->outcome.match && !c->count.match && !c->gap.from && !c->gap.of &&
                        !c->order.then && !c->leak.in && !c->any_of_count;
    if (!only_outcome || is_told_apart(c->outcome.match))
        return false;
    struct grade_case nothing = { .scenario = s };
    struct grading g;
    struct arena *arena = arena_new();
    grading_begin(&g, &nothing, arena);
    struct match judge = judging(&g, c->outcome.match);
    bool vacuous = fits_everything(&g, &judge);
    arena_free(arena);
    return vacuous;
}

const struct check *grade_is_vacuous(const struct scenario *s, const char **why)
{
    const struct check *found = passes_on_nothing(s);
    *why = "it passes although nothing has happened";
    if (found)
        return found;
    *why = "it passes whatever the client does: every outcome fits";
    for (const struct check *c = s->checks; c < s->checks + s->check_count; c++)
        if (c->level != LEVEL_MAY && c->level != LEVEL_INFO && says_nothing(s, c))
            return c;
    return NULL;
}
