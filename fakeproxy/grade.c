/*
 * Grading as a whole: which checks are judged at all, how the kinds of a check go together, and
 * what a finding means at the check's level.
 *
 *   the case: journal whole?  needs met?  exercised?          (grade_exercised.c)
 *   a check:  variant, needs, what it must be told, `given`, anchors, then its kinds
 *             (grade_outcome.c, grade_count.c, grade_gap.c, grade_leak.c)
 *   the house: in every case                                  (grade_house.c, grade_secrets.c)
 */
#include "grade.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "grading.h"

/* ---- what a match looks at ------------------------------------------------------------------- */

static const uint32_t of_client = 1U << EVENT_step | 1U << EVENT_outcome | 1U << EVENT_cancel;

static bool asks_client(const struct match *);

static bool pattern_asks_client(const struct pattern *p)
{
    bool asks = p->kind == PATTERN_AS && asks_client(p->as);
    for (size_t i = 0; !asks && p->operands && i < p->count; i++)
        asks = pattern_asks_client(&p->operands[i]);
    for (size_t i = 0; !asks && p->conditions && i < p->count; i++)
        asks = pattern_asks_client(p->conditions[i].pattern);
    return asks;
}

static bool asks_client(const struct match *m)
{
    if (!m)
        return false;
    bool asks = (m->events & of_client) && !(m->events & ~of_client);
    for (size_t i = 0; !asks && i < m->count; i++)
        asks = pattern_asks_client(&m->entries[i].pattern);
    for (size_t i = 0; !asks && i < m->any_count; i++)
        asks = asks_client(m->any[i]);
    return asks || asks_client(m->none) || asks_client(m->after) || asks_client(m->before);
}

static bool leak_asks_client(const struct leak_check *c)
{
    for (const char *const *in = c->in; in && *in; in++)
        if (strcmp(*in, "error") == 0 || strcmp(*in, "log") == 0)
            return true;
    return false;
}

bool grading_needs_client(const struct check *c)
{
    bool needs = c->outcome.match || asks_client(c->given) || asks_client(c->count.match) ||
                 asks_client(c->gap.from) || asks_client(c->gap.to) || asks_client(c->gap.of) ||
                 asks_client(c->order.first) || asks_client(c->order.then) ||
                 leak_asks_client(&c->leak);
    for (size_t i = 0; i < c->any_of_count && !needs; i++)
        needs = grading_needs_client(&c->any_of[i]);
    return needs;
}

/* ---- a check --------------------------------------------------------------------------------- */

/* What must have come before anything can be said; HOLDS: it came. */
static struct finding judge_given(struct grading *g, const struct check *c)
{
    const struct match *const matches[] = { c->count.match,  c->gap.from,    c->gap.to,
                                            c->gap.of,       c->order.first, c->order.then,
                                            c->outcome.match };
    if (c->given && !grading_first(g, c->given))
        return grading_found(g, FINDING_UNTESTED, "there never was %s",
                             grading_a_match_text(g, c->given));
    for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
        const struct match *lost = matches[i] ? grading_lost_anchor(g, matches[i]) : NULL;
        if (lost)
            return grading_found(g, FINDING_UNTESTED, "there never was %s",
                                 grading_a_match_text(g, lost));
    }
    return (struct finding){ .kind = FINDING_HOLDS };
}

/* One passes: all that do are named. None does: one that failed decides. */
static struct finding judge_any(struct grading *g, const struct check *c)
{
    struct buf names = { 0 };
    struct finding first = { 0 }, worst = { 0 };
    size_t passed = 0;
    for (size_t i = 0; i < c->any_of_count; i++) {
        struct finding f = grading_check(g, &c->any_of[i]);
        if (f.kind == FINDING_HOLDS) {
            first = passed++ == 0 ? f : first;
            buf_printf(&names, "%s%s", names.len ? ", " : "", c->any_of[i].id);
        } else if (f.kind > worst.kind) {
            worst = f;
        }
    }
    if (passed) {
        first.sentence = arena_copy(g->arena, names.at, names.len);
        buf_free(&names);
        return first;
    }
    const char *sentence = worst.sentence;
    struct finding f = grading_found(g, worst.kind, "none of %zu: %s", c->any_of_count, sentence);
    memcpy(f.evidence, worst.evidence, sizeof(f.evidence));
    f.evidence_count = worst.evidence_count;
    return f;
}

/* Several kinds must all hold: the worst decides, the first of equals speaks. */
static void take_worse(struct finding *worst, bool *any, struct finding f)
{
    if (!*any || f.kind > worst->kind)
        *worst = f;
    *any = true;
}

struct finding grading_check(struct grading *g, const struct check *c)
{
    struct finding worst = judge_given(g, c);
    bool any = false;
    if (worst.kind != FINDING_HOLDS)
        return worst;
    if (c->outcome.match)
        take_worse(&worst, &any, grading_outcome(g, c->outcome.match));
    if (c->count.match)
        take_worse(&worst, &any, grading_count(g, &c->count));
    if (c->gap.from || c->gap.of)
        take_worse(&worst, &any, grading_gap(g, &c->gap));
    if (c->order.then)
        take_worse(&worst, &any, grading_order(g, &c->order));
    if (c->leak.in)
        take_worse(&worst, &any, grading_leak(g, &c->leak));
    if (c->any_of_count)
        take_worse(&worst, &any, judge_any(g, c));
    assert(any); /* the loader refuses a check without a kind */
    return worst;
}

void grading_decide(struct verdict *v, const struct finding *f)
{
    bool is_shown = v->level == LEVEL_MAY || v->level == LEVEL_INFO;
    v->holds = f->kind == FINDING_HOLDS;
    v->sentence = f->sentence ? f->sentence : "";
    memcpy(v->evidence, f->evidence, sizeof(v->evidence));
    v->evidence_count = f->evidence_count;
    switch (f->kind) {
    case FINDING_HOLDS:
        v->kind = is_shown ? VERDICT_INFO : VERDICT_PASS;
        break;
    case FINDING_UNTESTED:
        v->kind = VERDICT_NOT_EXERCISED;
        break;
    case FINDING_UNSURE:
        v->kind = VERDICT_INCONCLUSIVE;
        break;
    case FINDING_BROKEN:
        v->kind = is_shown ? VERDICT_INFO : v->level == LEVEL_SHOULD ? VERDICT_WEAK : VERDICT_FAIL;
        break;
    }
}

/* ---- which checks are judged ----------------------------------------------------------------- */

static bool is_in(const char *const *list, const char *name)
{
    for (; *list; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

static const char *missing_capability(const struct grade_case *c, const char *const *needs)
{
    for (; c->capabilities && needs && *needs; needs++)
        if (!is_in(c->capabilities, *needs))
            return *needs;
    return NULL;
}

/* A reason that this check says nothing about this client in this case; NULL: there is none. */
static const char *not_applicable(struct grading *g, const struct check *c)
{
    const char *variant = g->s->variant;
    if (c->variants && variant && !is_in(c->variants, variant))
        return "it is about other variants";
    const char *missing = missing_capability(g->c, g->s->needs);
    if (!missing)
        missing = missing_capability(g->c, c->needs);
    if (!missing)
        return NULL;
    struct buf b = { 0 };
    buf_printf(&b, "needs %s, which the client does not have", missing);
    return grading_keep(g, &b);
}

/* Past four times its limit an instance ends the case: what failed by then failed. */
static bool is_cut_short(const struct grading *g)
{
    return g->end && grading_is(g->end, FIELD_why, "storm");
}

static struct finding judge_own(struct grading *g, const struct finding *exercised,
                                const struct check *c)
{
    if (exercised->kind != FINDING_HOLDS && !g->hangs)
        return *exercised;
    struct finding f = grading_check(g, c);
    if (g->hangs && f.kind != FINDING_BROKEN)
        return *exercised;
    if (is_cut_short(g) && f.kind != FINDING_BROKEN)
        return grading_found(g, FINDING_UNTESTED, "the case was ended: a storm");
    return f;
}

static void judge_check(struct grading *g, const struct finding *exercised, const struct check *c,
                        struct verdict *v)
{
    const char *reason = not_applicable(g, c);
    *v = (struct verdict){
        .id = c->id, .says = c->says, .level = c->level, .critical = c->critical, .sentence = ""
    };
    if (reason) {
        v->kind = VERDICT_NOT_APPLICABLE;
        v->sentence = reason;
    } else if (!g->c->has_client && grading_needs_client(c)) {
        v->kind = VERDICT_NOT_JUDGED;
        v->sentence = "needs clientsuite";
    } else {
        struct finding f = judge_own(g, exercised, c);
        grading_decide(v, &f);
    }
}

/* ---- the case -------------------------------------------------------------------------------- */

static const struct fp_event *first_of(void *arg, const struct match *m)
{
    return grading_first(arg, m);
}

static bool is_proxy(void *arg, const char *at)
{
    const struct grading *g = arg;
    return scenario_is_proxy(g->s, at);
}

static const char *no_value(void *arg, const char *name, size_t len, size_t *value_len)
{
    (void)arg;
    (void)name;
    (void)len;
    *value_len = 0;
    return "";
}

void grading_begin(struct grading *g, const struct grade_case *c, struct arena *arena)
{
    *g = (struct grading){ .c = c, .s = c->scenario, .arena = arena };
    g->no_values = (struct text_scope){ .value = no_value };
    g->env = (struct match_env){ .first = first_of,
                                 .is_proxy = is_proxy,
                                 .scope = c->scope ? c->scope : &g->no_values,
                                 .arg = g };
}

/* What the journal has behind `end` (how we took the listeners down) is not judged. */
static const struct fp_event *find_end(const struct grade_case *c, size_t *count)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->events[i]->kind == EVENT_end) {
            *count = i + 1;
            return c->events[i];
        }
    return NULL;
}

static bool rests_on(const struct verdict *v, uint64_t event)
{
    for (size_t i = 0; i < v->evidence_count; i++)
        if (v->evidence[i] == event)
            return true;
    return false;
}

/* What a check of the case itself has found in the same event is not told twice. */
static void leave_to_case(struct graded *r, size_t own, struct verdict *house)
{
    for (size_t i = 0; i < own && house->kind == VERDICT_FAIL && house->evidence_count; i++) {
        const struct verdict *v = &r->verdicts[i];
        if (v->kind != VERDICT_FAIL || (house->critical && !v->critical) ||
            !rests_on(v, house->evidence[house->evidence_count - 1]))
            continue;
        struct buf b = { 0 };
        buf_printf(&b, "the check %s says it", v->id);
        house->kind = VERDICT_NOT_APPLICABLE;
        house->sentence = arena_copy(r->arena, b.at, b.len);
        buf_free(&b);
    }
}

/* A journal that has lost events, or was ended because it was full, proves nothing. */
static void void_all(struct graded *r)
{
    r->exercised = false;
    r->reason = "the journal is not whole";
    for (size_t i = 0; i < r->count; i++)
        if (r->verdicts[i].kind != VERDICT_NOT_APPLICABLE) {
            r->verdicts[i].kind = VERDICT_HARNESS_ERROR;
            r->verdicts[i].sentence = r->reason;
            r->verdicts[i].holds = false;
            r->verdicts[i].evidence_count = 0;
        }
}

struct graded *grade(const struct grade_case *given)
{
    struct graded *r = calloc(1, sizeof(*r));
    if (!r)
        abort();
    struct grade_case c = *given;
    struct grading g;
    r->arena = arena_new();
    grading_begin(&g, &c, r->arena);
    g.end = find_end(&c, &c.count);
    struct finding exercised = grading_exercised(&g);
    r->exercised = exercised.kind == FINDING_HOLDS;
    r->inconclusive = exercised.kind == FINDING_UNSURE;
    r->reason = exercised.sentence ? exercised.sentence : "";
    r->count = g.s->check_count + HOUSE_CHECKS;
    r->verdicts = arena_take(r->arena, r->count * sizeof(*r->verdicts));
    for (size_t i = 0; i < g.s->check_count; i++)
        judge_check(&g, &exercised, &g.s->checks[i], &r->verdicts[i]);
    grading_house(&g, r->verdicts + g.s->check_count);
    for (size_t i = g.s->check_count; i < r->count; i++)
        leave_to_case(r, g.s->check_count, &r->verdicts[i]);
    if (c.lost || (g.end && grading_is(g.end, FIELD_why, "journal full")))
        void_all(r);
    return r;
}
