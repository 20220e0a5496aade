/*
 * The kinds `count` and `order`.
 */
#include "grading.h"

#include <inttypes.h>

/* ---- count ----------------------------------------------------------------------------------- */

/* The events whose value of the field is new; those without the field are left out. */
static struct picked distinct(struct grading *g, struct picked all, enum field_id field)
{
    struct picked p = { .events = arena_take(g->arena, (all.count + 1) * sizeof(*all.events)) };
    for (size_t i = 0; i < all.count; i++) {
        bool is_new = event_get(all.events[i], field) != NULL;
        for (size_t k = 0; k < p.count && is_new; k++)
            is_new = !grading_same(all.events[i], p.events[k], field);
        if (is_new)
            p.events[p.count++] = all.events[i];
    }
    return p;
}

static void say_values(struct buf *b, struct picked p, enum field_id field)
{
    enum { SHOWN = 8 };
    for (size_t i = 0; i < p.count && i < SHOWN; i++) {
        buf_string(b, i ? ", " : ": ");
        grading_say_value(b, p.events[i], field);
    }
    if (p.count > SHOWN)
        buf_string(b, ", …");
}

static void say_bounds(struct buf *b, const struct count_check *c)
{
    if (c->min >= 0 && c->min == c->max)
        buf_printf(b, "exactly %" PRId64, c->min);
    else if (c->min >= 0 && c->max >= 0)
        buf_printf(b, "%" PRId64 " to %" PRId64, c->min, c->max);
    else if (c->min >= 0)
        buf_printf(b, "at least %" PRId64, c->min);
    else
        buf_printf(b, "at most %" PRId64, c->max);
}

/* "for connection 2: ", "for exit x1: ", "at b: " */
static void say_group(struct buf *b, const struct fp_event *e, int by)
{
    if (by == BY_ACTOR || by == FIELD_connection || by == FIELD_exchange)
        buf_printf(b, "at %s", e->at);
    if (by == FIELD_exchange) {
        buf_string(b, ", for connection ");
        grading_say_value(b, e, FIELD_connection);
    }
    if (by != BY_ACTOR) {
        buf_printf(b, "%sfor %s ", b->len ? ", " : "", field_name((enum field_id)by));
        grading_say_value(b, e, (enum field_id)by);
    }
    buf_string(b, ": ");
}

/* "no value", "1 value", "2 values of path in requests" */
static void say_distinct(struct grading *g, struct buf *b, const struct count_check *c, size_t n)
{
    if (n == 0)
        buf_string(b, "no ");
    else
        buf_printf(b, "%zu ", n);
    buf_printf(b, "value%s of %s in ", n > 1 ? "s" : "", field_name((enum field_id)c->distinct));
    grading_say_all(g, b, c->match);
}

/* "3 requests with path /2; expected at most 1" */
static struct finding say_count(struct grading *g, const struct count_check *c,
                                enum finding_kind kind, struct picked p)
{
    struct buf b = { 0 };
    if (c->by != BY_NONE && p.count)
        say_group(&b, p.events[0], c->by);
    if (c->distinct >= 0) {
        say_distinct(g, &b, c, p.count);
        say_values(&b, p, (enum field_id)c->distinct);
    } else {
        grading_say_matches(g, &b, c->match, p.count);
    }
    if (kind != FINDING_HOLDS) {
        buf_string(&b, "; expected ");
        say_bounds(&b, c);
    }
    if (kind == FINDING_UNSURE)
        buf_string(&b, "; but we lagged ourselves meanwhile");
    struct finding f = grading_found(g, kind, "%.*s", (int)b.len, b.at);
    buf_free(&b);
    for (size_t i = 0; i < p.count; i++)
        grading_evidence(&f, p.events[i]);
    if (p.count == 0)
        grading_evidence(&f, g->end);
    return f;
}

/* Too few, and we stood still for half of the case: what was missing may have been on its way. */
static enum finding_kind too_few(const struct grading *g)
{
    const struct fp_event *first = g->c->events[0];
    return grading_stood_still(g, first->t, g->end->t) ? FINDING_UNSURE : FINDING_BROKEN;
}

static struct finding judge_count(struct grading *g, const struct count_check *c, struct picked p)
{
    if (c->distinct >= 0)
        p = distinct(g, p, (enum field_id)c->distinct);
    int64_t n = (int64_t)p.count;
    bool has_max = c->max >= 0, is_info = c->min < 0 && !has_max;
    if (has_max && n > c->max)
        return say_count(g, c, FINDING_BROKEN, p);
    if (!g->end && (has_max || is_info || n < c->min))
        return grading_found(g, FINDING_UNTESTED, "%" PRId64 " so far, and the case is not over",
                             n);
    return say_count(g, c, n < c->min ? too_few(g) : FINDING_HOLDS, p);
}

/* Those of the group that the event `of` is in; none if an event before it is, too: then the group
 * had its turn. */
static struct picked group(struct grading *g, struct picked all, size_t of, int by)
{
    struct picked p = { .events = arena_take(g->arena, (all.count + 1) * sizeof(*all.events)) };
    for (size_t i = 0; i < all.count; i++) {
        if (!grading_belongs(all.events[i], all.events[of], by))
            continue;
        if (i < of)
            return (struct picked){ 0 };
        p.events[p.count++] = all.events[i];
    }
    return p;
}

static struct finding say_groups(struct grading *g, const struct count_check *c, struct picked all,
                                 size_t groups, size_t most)
{
    struct buf b = { 0 };
    const char *of = c->by == BY_ACTOR ? "actor" : field_name((enum field_id)c->by);
    if (groups > 0)
        buf_printf(&b, "for each %s of %zu: at most ", of, groups);
    if (c->distinct >= 0)
        say_distinct(g, &b, c, most);
    else
        grading_say_matches(g, &b, c->match, most);
    if (groups == 0)
        buf_printf(&b, ", for any %s", of);
    struct finding f = grading_found(g, FINDING_HOLDS, "%.*s", (int)b.len, b.at);
    buf_free(&b);
    for (size_t i = 0; i < all.count; i++)
        grading_evidence(&f, all.events[i]);
    grading_evidence(&f, g->end);
    return f;
}

/* Each value by itself. One that never came is in no bounds: a `min` is about those that did. */
static struct finding count_each(struct grading *g, const struct count_check *c, struct picked all)
{
    size_t groups = 0, most = 0;
    struct finding unmet = { .kind = FINDING_HOLDS };
    for (size_t i = 0; i < all.count; i++) {
        if (c->by >= 0 && !event_get(all.events[i], (enum field_id)c->by))
            continue;
        struct picked p = group(g, all, i, c->by);
        if (p.count == 0)
            continue;
        struct finding f = judge_count(g, c, p);
        if (f.kind == FINDING_BROKEN)
            return f;
        if (f.kind > unmet.kind)
            unmet = f;
        groups++;
        most = p.count > most ? p.count : most;
    }
    if (groups == 0 && c->min > 0)
        return grading_found(g, FINDING_UNTESTED, "there never was %s",
                             grading_a_match_text(g, c->match));
    if (!g->end)
        return grading_found(g, FINDING_UNTESTED, "the case is not over");
    return unmet.kind == FINDING_HOLDS ? say_groups(g, c, all, groups, most) : unmet;
}

struct finding grading_count(struct grading *g, const struct count_check *c)
{
    struct picked p = grading_pick(g, c->match);
    return c->by == BY_NONE ? judge_count(g, c, p) : count_each(g, c, p);
}

/* ---- order ----------------------------------------------------------------------------------- */

static const struct fp_event *earliest(struct picked p)
{
    const struct fp_event *first = p.count ? p.events[0] : NULL;
    for (size_t i = 1; i < p.count; i++)
        if (grading_is_before(p.events[i], first))
            first = p.events[i];
    return first;
}

struct finding grading_order(struct grading *g, const struct order_check *o)
{
    const struct fp_event *first = earliest(grading_pick(g, o->first));
    const struct fp_event *then = earliest(grading_pick(g, o->then));
    struct finding f;
    if (!then)
        return grading_found(g, FINDING_UNTESTED, "there never was %s",
                             grading_a_match_text(g, o->then));
    if (!first)
        f = grading_found(g, FINDING_BROKEN, "%s came, but never before it %s",
                          grading_event_text(g, then), grading_a_match_text(g, o->first));
    else
        f = grading_found(g, grading_is_before(first, then) ? FINDING_HOLDS : FINDING_BROKEN,
                          "%s came %.3f s %s %s", grading_event_text(g, first),
                          grading_seconds(grading_is_before(first, then)
                                              ? grading_time(then) - grading_time(first)
                                              : grading_time(first) - grading_time(then)),
                          grading_is_before(first, then) ? "before" : "after",
                          grading_event_text(g, then));
    grading_evidence(&f, first);
    grading_evidence(&f, then);
    return f;
}
