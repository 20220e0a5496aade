/*
 * The kind `gap`: the time between pairs of events. A pair is the first `from` and the first `to`
 * that begins after it, or neighbours in `of`, of equal `by`.
 *
 * Lower bounds are hard: load on this host only ever makes a client later. Upper bounds are
 * generous (`within`) or hard stops (`max`), and excused where our own lag may be the cause.
 *
 * With `average` the bounds are for the mean of all gaps: pauses that are left to chance (full
 * jitter) say nothing one by one.
 */
#include "grading.h"

#include "clock.h"

static const int64_t TOLERANCE = 20 * CLOCK_MS;
static const int64_t PROMPT = 2 * CLOCK_S; /* added to `within`; more where the noise is */

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

struct pair {
    const struct fp_event *from, *to;
    int64_t gap;
};

struct pairs {
    struct pair *list;
    size_t count;
};

/* ---- pairs ----------------------------------------------------------------------------------- */

static struct pair make_pair(const struct fp_event *from, const struct fp_event *to)
{
    return (struct pair){ .from = from, .to = to, .gap = grading_time(to) - grading_time(from) };
}

/* Only what began after `from` can be an answer to it. */
static const struct fp_event *first_after(struct picked p, const struct fp_event *from)
{
    for (size_t i = 0; i < p.count; i++)
        if (p.events[i]->seq != from->seq && grading_is_before(from, p.events[i]))
            return p.events[i];
    return NULL;
}

static struct pairs from_to(struct grading *g, const struct gap_check *c)
{
    struct pairs pairs = { .list = arena_take(g->arena, sizeof(*pairs.list)) };
    const struct fp_event *from = grading_first(g, c->from);
    const struct fp_event *to = from ? first_after(grading_pick(g, c->to), from) : NULL;
    if (to)
        pairs.list[pairs.count++] = make_pair(from, to);
    return pairs;
}

static struct pairs neighbours(struct grading *g, const struct gap_check *c)
{
    struct picked p = grading_pick(g, c->of);
    struct pairs pairs = { .list = arena_take(g->arena, (p.count + 1) * sizeof(*pairs.list)) };
    for (size_t i = 1; i < p.count; i++)
        for (size_t k = i; k-- > 0;)
            if (grading_belongs(p.events[k], p.events[i], c->by)) {
                pairs.list[pairs.count++] = make_pair(p.events[k], p.events[i]);
                break;
            }
    return pairs;
}

/* ---- bounds ---------------------------------------------------------------------------------- */

/* The bound in ns; false: this pair has none (nothing was promised). */
static bool bound_of(const struct bound *b, const struct pair *p, int64_t *ns)
{
    const struct event_value *promise = event_get(p->from, FIELD_promise);
    *ns = b->kind == BOUND_TIME ? b->time : promise ? promise->number : 0;
    return b->kind == BOUND_TIME || (b->kind == BOUND_PROMISE && promise);
}

static struct finding say_pair(struct grading *g, enum finding_kind kind, const struct pair *p,
                               const char *more)
{
    struct finding f =
        grading_found(g, kind, "%s came %.3f s after %s%s", grading_event_text(g, p->to),
                      grading_seconds(p->gap), grading_event_text(g, p->from), more);
    grading_evidence(&f, p->from);
    grading_evidence(&f, p->to);
    return f;
}

static struct finding say_missed(struct grading *g, enum finding_kind kind, const struct pair *p,
                                 int64_t by, const char *how, const char *excuse)
{
    struct buf b = { 0 };
    buf_printf(&b, ", %.3f s too %s%s", grading_seconds(by), how, excuse);
    return say_pair(g, kind, p, grading_keep(g, &b));
}

static struct finding too_early(struct grading *g, const struct gap_check *c, const struct pair *p,
                                int64_t least)
{
    bool is_wall = c->min.kind == BOUND_PROMISE && grading_is_date(p->from);
    bool jumped = is_wall && grading_jumped(g, p->from->t, p->to->t);
    return say_missed(g, jumped ? FINDING_UNSURE : FINDING_BROKEN, p, least - p->gap, "early",
                      jumped ? "; but the clock was set meanwhile" : "");
}

static struct finding too_late(struct grading *g, const struct pair *p, int64_t most)
{
    bool excused = grading_may_be_lag(g, grading_time(p->from), grading_time(p->to), p->gap - most);
    return say_missed(g, excused ? FINDING_UNSURE : FINDING_BROKEN, p, p->gap - most, "late",
                      excused ? "; but we lagged ourselves meanwhile" : "");
}

static int64_t slack_of(const struct gap_check *c)
{
    return c->slack >= 0 ? c->slack : TOLERANCE;
}

static int64_t generous(const struct grading *g)
{
    return larger(4 * g->c->noise, PROMPT);
}

static struct finding judge_pair(struct grading *g, const struct gap_check *c, const struct pair *p,
                                 bool *judged)
{
    int64_t ns, slack = slack_of(c);
    bool is_free = !c->min.kind && !c->within.kind && !c->max.kind;
    *judged = is_free;
    if (bound_of(&c->min, p, &ns)) {
        *judged = true;
        if (p->gap < ns - slack)
            return too_early(g, c, p, ns);
    }
    if (bound_of(&c->max, p, &ns)) {
        *judged = true;
        if (p->gap > ns)
            return too_late(g, p, ns);
    }
    if (bound_of(&c->within, p, &ns)) {
        *judged = true;
        if (p->gap > ns + generous(g))
            return too_late(g, p, ns + generous(g));
    }
    return say_pair(g, FINDING_HOLDS, p, "");
}

/* ---- the average ----------------------------------------------------------------------------- */

struct mean { /* of all pairs, in ns */
    int64_t gap, lag;
};

static struct mean mean_of(struct grading *g, const struct pairs *pairs)
{
    struct mean m = { 0 };
    for (size_t i = 0; i < pairs->count; i++) {
        const struct pair *p = &pairs->list[i];
        int64_t lag = grading_lag(g, grading_time(p->from), grading_time(p->to));
        m.gap += p->gap;
        m.lag += lag < p->gap ? lag : p->gap;
    }
    m.gap /= (int64_t)pairs->count;
    m.lag /= (int64_t)pairs->count;
    return m;
}

/* Several gaps lend a lower bound our own lag as well: what holds by it alone holds by chance. */
static enum finding_kind judge_mean(struct grading *g, const struct gap_check *c, struct mean m,
                                    const char **why)
{
    int64_t most = INT64_MAX, least = c->min.kind ? c->min.time - slack_of(c) : 0;
    if (c->within.kind)
        most = c->within.time + generous(g);
    if (c->max.kind && c->max.time < most)
        most = c->max.time;
    *why = m.gap < least ? ", too little" : m.gap > most ? ", too much" : "";
    if (m.gap < least || m.gap - m.lag > most)
        return FINDING_BROKEN;
    if (m.gap - m.lag >= least && m.gap <= most)
        return FINDING_HOLDS;
    *why = m.gap > most ? ", too much; but we lagged ourselves meanwhile"
                        : ", but only by our own lag";
    return FINDING_UNSURE;
}

static struct finding judge_average(struct grading *g, const struct gap_check *c,
                                    const struct pairs *pairs)
{
    const struct pair *first = &pairs->list[0], *last = &pairs->list[pairs->count - 1];
    const char *why;
    struct mean m = mean_of(g, pairs);
    enum finding_kind kind = judge_mean(g, c, m, &why);
    if (pairs->count == 1)
        return say_pair(g, kind, first, why);
    struct finding f = grading_found(g, kind, "the %zu gaps are %.3f s on average%s", pairs->count,
                                     grading_seconds(m.gap), why);
    grading_evidence(&f, first->from);
    grading_evidence(&f, first->to);
    grading_evidence(&f, last->from);
    grading_evidence(&f, last->to);
    return f;
}

/* ---- the kind -------------------------------------------------------------------------------- */

/* Until when something could still follow. A client that has ended all its steps sends no more
 * requests: how long the case goes on then says nothing about it. What it may still do (close a
 * connection) has until the end of the case. */
static int64_t last_chance(struct grading *g, const struct match *later)
{
    size_t out = 0;
    int64_t last = 0;
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        out += e->kind == EVENT_step;
        out -= e->kind == EVENT_outcome;
        last = e->kind == EVENT_outcome ? e->t : last;
    }
    bool is_over = last && out == 0 && later->events == (uint32_t)1 << EVENT_request;
    return is_over ? last : g->end->t;
}

/* Nothing followed. A hard stop is missed all the same once the case went on for longer: a client
 * that never came had all of that time, so it is no matter of the excess. */
static struct finding no_pair(struct grading *g, const struct gap_check *c)
{
    const struct match *later = c->to ? c->to : c->of;
    const struct fp_event *from = c->from ? grading_first(g, c->from) : NULL;
    int64_t waited = from && g->end ? last_chance(g, later) - grading_time(from) : 0, most;
    struct pair p = { .from = from };
    if (!from && c->from)
        return grading_found(g, FINDING_UNTESTED, "there never was %s",
                             grading_a_match_text(g, c->from));
    if (from && bound_of(&c->max, &p, &most) && waited > most) {
        int64_t since = grading_time(from);
        bool excused = grading_stood_still(g, since, since + waited);
        struct finding f = grading_found(g, excused ? FINDING_UNSURE : FINDING_BROKEN,
                                         "no %s came after %s, for %.3f s until the end%s",
                                         grading_match_text(g, later), grading_event_text(g, from),
                                         grading_seconds(waited),
                                         excused ? "; but we lagged ourselves meanwhile" : "");
        grading_evidence(&f, from);
        grading_evidence(&f, g->end);
        return f;
    }
    if (c->from)
        return grading_found(g, FINDING_UNTESTED, "no %s came after that",
                             grading_match_text(g, later));
    struct buf b = { 0 };
    grading_say_all(g, &b, later);
    return grading_found(g, FINDING_UNTESTED, "no two %s", grading_keep(g, &b));
}

/* What the longest of the later gaps must be at least. Below the tolerance nothing grows: 1 ms and
 * 2 ms are no pauses. */
static int64_t grown_from(const struct gap_check *c, int64_t first)
{
    int64_t slack = slack_of(c), least = (int64_t)((double)first * c->grows);
    return c->grows > 1 ? larger(least, first + slack) : least - slack;
}

static enum finding_kind judge_longest(struct grading *g, const struct gap_check *c,
                                       const struct pair *first, const struct pair *longest,
                                       const char **why)
{
    int64_t least = grown_from(c, first->gap);
    int64_t excess = first->gap - (int64_t)((double)longest->gap / c->grows);
    bool holds = longest->gap >= least;
    *why = holds ? "; but we lagged ourselves in that" : "; but we lagged ourselves in the first";
    const struct pair *lagging = holds ? longest : first;
    if (grading_may_be_lag(g, grading_time(lagging->from), grading_time(lagging->to),
                           holds ? longest->gap - least + 1 : excess))
        return FINDING_UNSURE;
    *why = "";
    return holds ? FINDING_HOLDS : FINDING_BROKEN;
}

/* A later gap is longer, so many times. The longest of them counts: with jitter any one may turn
 * out short, the last among them. */
static struct finding judge_growth(struct grading *g, const struct gap_check *c,
                                   const struct pairs *pairs)
{
    const struct pair *first = &pairs->list[0], *longest = &pairs->list[pairs->count > 1];
    const char *why;
    if (!g->end) /* the longest may be yet to come */
        return grading_found(g, FINDING_UNTESTED, "the case is not over");
    if (pairs->count < 2)
        return grading_found(g, FINDING_UNTESTED, "there is only one gap, of %.3f s",
                             grading_seconds(first->gap));
    for (size_t i = 2; i < pairs->count; i++)
        longest = pairs->list[i].gap > longest->gap ? &pairs->list[i] : longest;
    enum finding_kind kind = judge_longest(g, c, first, longest, &why);
    struct finding f = grading_found(
        g, kind, "the first gap is %.3f s, the longest of %zu behind it is %.3f s%s",
        grading_seconds(first->gap), pairs->count - 1, grading_seconds(longest->gap), why);
    grading_evidence(&f, first->from);
    grading_evidence(&f, first->to);
    grading_evidence(&f, longest->from);
    grading_evidence(&f, longest->to);
    return f;
}

static struct finding judge_each(struct grading *g, const struct gap_check *c,
                                 const struct pairs *pairs)
{
    struct finding worst = { .kind = FINDING_HOLDS };
    size_t judged = 0;
    for (size_t i = 0; i < pairs->count; i++) {
        bool is_judged;
        struct finding f = judge_pair(g, c, &pairs->list[i], &is_judged);
        if (is_judged && (judged++ == 0 || f.kind > worst.kind))
            worst = f;
    }
    if (judged == 0)
        return grading_found(g, FINDING_UNTESTED, "nothing was promised");
    return worst;
}

static struct finding judge_all(struct grading *g, const struct gap_check *c,
                                const struct pairs *pairs)
{
    if (c->is_average && !g->end) /* one more gap changes it */
        return grading_found(g, FINDING_UNTESTED, "the case is not over");
    struct finding f = c->is_average ? judge_average(g, c, pairs) : judge_each(g, c, pairs);
    return f.kind == FINDING_HOLDS && c->grows > 0 ? judge_growth(g, c, pairs) : f;
}

struct finding grading_gap(struct grading *g, const struct gap_check *c)
{
    struct pairs pairs = c->from ? from_to(g, c) : neighbours(g, c);
    if (pairs.count == 0)
        return no_pair(g, c);
    struct finding f = judge_all(g, c, &pairs);
    if (f.kind == FINDING_HOLDS && c->of && !g->end)
        return grading_found(g, FINDING_UNTESTED, "the case is not over");
    return f;
}
