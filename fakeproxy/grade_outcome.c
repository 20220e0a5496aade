/*
 * The kind `outcome`: every outcome of the steps that it picks matches. In the match object `step`
 * (and `after`, `before`, `nth`) picks, the rest judges. A bound on `took` is a time bound: 20 ms
 * of tolerance below, and above it is a hard stop that our own lag may excuse.
 */
#include "grading.h"

#include <inttypes.h>
#include <string.h>

#include "clock.h"

static const int64_t TOLERANCE = 20 * CLOCK_MS;

/* The match object, taken apart. */
struct question {
    const struct match *match;
    struct match picks, judges;   /* `took` is in neither */
    const struct pattern *took;   /* NULL: no bound */
    size_t wanted, started, over; /* steps with their copies; outcomes */
};

/* ---- taking it apart ------------------------------------------------------------------------- */

static void take_apart(struct grading *g, const struct match *m, struct question *q)
{
    struct match_entry *picks = arena_take(g->arena, (m->count + 1) * sizeof(*picks));
    struct match_entry *judges = arena_take(g->arena, (m->count + 1) * sizeof(*judges));
    *q = (struct question){ .match = m, .picks = *m, .judges = *m };
    q->picks.count = q->judges.count = 0;
    q->picks.any_count = 0;
    q->picks.none = NULL;
    q->judges.after = q->judges.before = NULL;
    for (size_t i = 0; i < m->count; i++) {
        const struct match_entry *e = &m->entries[i];
        bool is_bound = e->pattern.kind == PATTERN_RANGE || e->pattern.kind == PATTERN_NUMBER;
        if (e->field == FIELD_step)
            picks[q->picks.count++] = *e;
        else if (e->field == FIELD_took && is_bound)
            q->took = &e->pattern;
        else
            judges[q->judges.count++] = *e;
    }
    q->picks.entries = picks;
    q->judges.entries = judges;
}

static bool is_negated(const struct match *);

static bool is_negated_pattern(const struct pattern *p)
{
    bool negated = p->kind == PATTERN_NOT || p->kind == PATTERN_ABSENT;
    for (size_t i = 0; !negated && p->operands && i < p->count; i++)
        negated = is_negated_pattern(&p->operands[i]);
    for (size_t i = 0; !negated && p->conditions && i < p->count; i++)
        negated = is_negated_pattern(p->conditions[i].pattern);
    return negated;
}

static bool is_negated(const struct match *m)
{
    bool negated = m->none != NULL;
    for (size_t i = 0; !negated && i < m->count; i++)
        negated = is_negated_pattern(&m->entries[i].pattern);
    for (size_t i = 0; !negated && i < m->any_count; i++)
        negated = is_negated(m->any[i]);
    return negated;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static bool picks_step(struct grading *g, const struct question *q, const char *name)
{
    struct event_draft d;
    struct match m = q->picks;
    m.after = m.before = NULL;
    event_begin(&d, EVENT_outcome, "client");
    event_string(&d, FIELD_step, name);
    return match_event(&m, &d.event, &g->env);
}

static size_t count_of(const struct grading *g, enum event_kind kind, const char *step)
{
    size_t n = 0;
    for (size_t i = 0; i < g->c->count; i++)
        n += g->c->events[i]->kind == kind && grading_is(g->c->events[i], FIELD_step, step);
    return n;
}

static int64_t start_of(const struct grading *g, const char *step)
{
    for (size_t i = g->c->count; i > 0; i--) {
        const struct fp_event *e = g->c->events[i - 1];
        if (e->kind == EVENT_step && grading_is(e, FIELD_step, step))
            return e->t;
    }
    return INT64_MAX;
}

/* The first step that is picked, but did not start or is not over; NULL: all are. */
static const struct step *missing(struct grading *g, struct question *q)
{
    const struct step *first = NULL;
    for (size_t i = 0; i < g->s->client.step_count; i++) {
        const struct step *s = &g->s->client.steps[i];
        if (!picks_step(g, q, s->name))
            continue;
        size_t started = count_of(g, EVENT_step, s->name);
        size_t over = count_of(g, EVENT_outcome, s->name);
        q->wanted += (size_t)s->copies;
        q->started += started;
        q->over += over;
        if (!first && over < s->copies)
            first = s;
    }
    return first;
}

static struct finding say_missing(struct grading *g, const struct step *s)
{
    if (count_of(g, EVENT_step, s->name) < s->copies)
        return grading_found(g, FINDING_UNTESTED, "step %s never started", s->name);
    if (!g->end)
        return grading_found(g, FINDING_UNTESTED, "step %s is not over", s->name);
    if (grading_is(g->end, FIELD_why, "storm")) /* we ended it, not the client */
        return grading_found(g, FINDING_UNTESTED, "the case was ended: a storm");
    bool excused = grading_stood_still(g, start_of(g, s->name), g->end->t);
    struct finding f = grading_found(g, excused ? FINDING_UNSURE : FINDING_BROKEN,
                                     "step %s never came to an end%s", s->name,
                                     excused ? "; but we lagged ourselves meanwhile" : "");
    grading_evidence(&f, g->end);
    return f;
}

/* ---- one outcome ----------------------------------------------------------------------------- */

/* "ends with 502 and the body whole", "ends with the error reset: …" */
static void say_outcome(struct grading *g, struct buf *b, const struct fp_event *e)
{
    bool is_error = grading_is(e, FIELD_ends, "error");
    buf_string(b, "step ");
    grading_say_value(b, e, FIELD_step);
    buf_string(b, " ends with ");
    if (event_get(e, FIELD_status)) {
        grading_say_value(b, e, FIELD_status);
        buf_string(b, is_error ? " and " : "");
    }
    if (is_error) {
        buf_string(b, "the error ");
        grading_say_value(b, e, event_get(e, FIELD_kind) ? FIELD_kind : FIELD_error);
    } else if (event_get(e, FIELD_body)) {
        buf_string(b, ", body ");
        grading_say_value(b, e, FIELD_body);
    }
    buf_printf(b, " after %.3f s", grading_seconds(grading_number(e, FIELD_took)));
    (void)g;
}

/* The client's own limit passed, on a host that was too slow for it: what it would have said we
 * do not know. */
static bool ran_out_by_lag(const struct grading *g, const struct fp_event *e)
{
    const struct event_value *kind = event_get(e, FIELD_kind);
    return kind && match_glob("timeout-*", strlen("timeout-*"), kind->text, kind->len) &&
           grading_was_slow(g, e->t - grading_number(e, FIELD_took), e->t);
}

static struct finding say_wrong(struct grading *g, const struct question *q,
                                const struct fp_event *e)
{
    struct buf b = { 0 };
    bool excused = ran_out_by_lag(g, e);
    say_outcome(g, &b, e);
    buf_printf(&b, "; expected %s%s%s", grading_a_match_text(g, &q->judges),
               match_is_failed_success(e) && match_asks_success(&q->judges) ? ", as an answer" : "",
               excused ? "; but we lagged ourselves meanwhile" : "");
    struct finding f = grading_found(g, excused ? FINDING_UNSURE : FINDING_BROKEN, "%.*s",
                                     (int)b.len, b.at); /* b is never empty */
    buf_free(&b);
    grading_evidence(&f, e);
    return f;
}

static struct finding judge_time(struct grading *g, const struct question *q,
                                 const struct fp_event *e)
{
    int64_t took = grading_number(e, FIELD_took);
    int64_t least = q->took->min == INT64_MIN ? 0 : q->took->min - TOLERANCE;
    int64_t most = q->took->max;
    struct finding f = { .kind = FINDING_HOLDS };
    if (took < least) {
        f = grading_found(g, FINDING_BROKEN, "%s came after %.3f s, %.3f s too early",
                          grading_event_text(g, e), grading_seconds(took),
                          grading_seconds(q->took->min - took));
    } else if (took > most) {
        bool excused = grading_may_be_lag(g, e->t - took, e->t, took - most);
        f = grading_found(g, excused ? FINDING_UNSURE : FINDING_BROKEN,
                          "%s came after %.3f s, %.3f s too late%s", grading_event_text(g, e),
                          grading_seconds(took), grading_seconds(took - most),
                          excused ? "; but we lagged ourselves meanwhile" : "");
    }
    grading_evidence(&f, e);
    return f;
}

static struct finding judge(struct grading *g, const struct question *q, const struct fp_event *e)
{
    if (!match_event(&q->judges, e, &g->env))
        return say_wrong(g, q, e);
    if (q->took)
        return judge_time(g, q, e);
    return (struct finding){ .kind = FINDING_HOLDS };
}

/* ---- the kind -------------------------------------------------------------------------------- */

static struct finding all_hold(struct grading *g, const struct question *q, struct picked p)
{
    struct buf b = { 0 };
    if (is_negated(q->match) && !g->end)
        return grading_found(g, FINDING_UNTESTED, "the case is not over");
    say_outcome(g, &b, p.events[p.count - 1]);
    struct finding f = p.count == 1
                           ? grading_found(g, FINDING_HOLDS, "%.*s", (int)b.len, b.at)
                           : grading_found(g, FINDING_HOLDS, "all %zu outcomes match; %.*s",
                                           p.count, (int)b.len, b.at);
    buf_free(&b);
    for (size_t i = 0; i < p.count; i++)
        grading_evidence(&f, p.events[i]);
    return f;
}

struct finding grading_outcome(struct grading *g, const struct match *m)
{
    struct question q;
    take_apart(g, m, &q);
    struct picked p = grading_pick(g, &q.picks);
    struct finding unsure = { .kind = FINDING_HOLDS };
    for (size_t i = 0; i < p.count; i++) {
        struct finding f = judge(g, &q, p.events[i]);
        if (f.kind == FINDING_BROKEN)
            return f;
        if (f.kind == FINDING_UNSURE)
            unsure = f;
    }
    const struct step *left = missing(g, &q);
    if (left)
        return say_missing(g, left);
    if (unsure.kind == FINDING_UNSURE)
        return unsure;
    if (p.count == 0)
        return grading_found(g, FINDING_UNTESTED, "there is no such outcome");
    return all_hold(g, &q, p);
}
