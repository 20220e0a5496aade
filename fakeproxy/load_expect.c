/*
 * Checks, and what a case adjusts of the house checks.
 */
#include "language_shapes.h"
#include "load.h"

#include <string.h>

/* What `"grows": true` asks for: less than any doubling or adding, more than chance makes of pauses
 * that are all alike. */
static const double GROWTH = 1.25;

struct judging {
    struct load *load;
    enum level level;
    bool is_must;
};

static void load_kinds(struct judging *, const struct json *, struct check *);

static const struct match *load_events(struct judging *j, const struct json *v)
{
    struct match_place place = { .needs_event = true, .is_must = j->is_must };
    return load_match(j->load, v, &place);
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static struct bound load_bound(const struct json *v)
{
    struct bound b = { 0 };
    if (!v || v->type != JSON_TEXT)
        return b;
    b.kind = json_is(v, "promise") ? BOUND_PROMISE : BOUND_TIME;
    if (b.kind == BOUND_TIME)
        b.time = load_duration(v);
    return b;
}

static int64_t number_or_none(const struct json *v)
{
    return v && v->type == JSON_NUMBER ? (int64_t)v->number : -1;
}

/* A number bounds a count, a duration a gap: each bound must have something to bound. */
static void check_bound(struct judging *j, const struct json *check, const char *key)
{
    const struct json *v = json_get(check, key);
    if (!v)
        return;
    const char *kind = v->type == JSON_NUMBER ? "count" : "gap";
    if (!json_get(check, kind))
        complain_of_name(j->load->l, v, NULL, "\"%s\": %s bounds a %s, but this check has none",
                         key, show_value(j->load->l, v), kind);
}

/* ---- kinds ----------------------------------------------------------------------------------- */

static void load_outcome(struct judging *j, const struct json *v, struct check *c)
{
    struct match_place place = { .follows = 1U << EVENT_outcome,
                                 .must_be = "outcome",
                                 .is_must = j->is_must };
    c->outcome.match = load_match(j->load, v, &place);
}

static int field_or_none(const struct json *v)
{
    return v ? field_by_name(v->text) : -1;
}

static void check_has_field(struct judging *j, const struct json *v, const struct match *m)
{
    if (v && m->events && !(field_events((enum field_id)field_or_none(v)) & m->events))
        complain(j->load->l, v, NULL, "these events have no field %s, expected one that they have",
                 show_value(j->load->l, v));
}

static int load_apart(const struct json *v)
{
    return !v ? BY_NONE : json_is(v, "at") ? BY_ACTOR : field_by_name(v->text);
}

/* "at" is where every event is. */
static void check_apart(struct judging *j, const struct json *v, const struct match *m)
{
    if (v && !json_is(v, "at"))
        check_has_field(j, v, m);
}

static void load_count(struct judging *j, const struct json *check, struct check *c)
{
    const struct json *exactly = json_get(check, "exactly"),
                      *distinct = json_get(check, "distinct"), *by = json_get(check, "by");
    c->count.match = load_events(j, json_get(check, "count"));
    c->count.min = number_or_none(json_get(check, "min"));
    c->count.max = number_or_none(json_get(check, "max"));
    c->count.distinct = field_or_none(distinct);
    c->count.by = load_apart(by);
    check_has_field(j, distinct, c->count.match);
    check_apart(j, by, c->count.match);
    if (exactly && (c->count.min >= 0 || c->count.max >= 0))
        complain_of_name(j->load->l, exactly, NULL,
                         "\"exactly\" beside other bounds of the count, expected it alone");
    else if (exactly)
        c->count.min = c->count.max = (int64_t)exactly->number;
    if (c->count.max >= 0 && c->count.min > c->count.max)
        complain(j->load->l, json_get(check, "min"), NULL,
                 "\"min\" is above \"max\": nothing is between them");
    if (c->count.min < 0 && c->count.max < 0 && j->level != LEVEL_INFO)
        complain_of_name(j->load->l, json_get(check, "count"), NULL,
                         "a count without bounds, expected \"min\", \"max\" or \"exactly\"");
    if (c->count.min == 0 && c->count.max < 0)
        complain(j->load->l, json_get(check, "min"), NULL,
                 "every count is at least 0, expected a bound that can be missed");
}

static void check_average(struct judging *j, const struct json *average, const struct gap_check *g)
{
    if (!g->of)
        complain_of_name(j->load->l, average, NULL,
                         "\"average\" is of neighbours, expected a gap {\"of\": …}");
    if (g->min.kind == BOUND_PROMISE || g->max.kind == BOUND_PROMISE ||
        g->within.kind == BOUND_PROMISE)
        complain_of_name(j->load->l, average, NULL,
                         "\"average\" beside \"promise\", which is another one for each pair, "
                         "expected a duration");
}

static void check_gap(struct judging *j, const struct json *check, const struct gap_check *g)
{
    const struct json *within = json_get(check, "within"), *gap = json_get(check, "gap");
    bool is_bounded = g->min.kind || g->within.kind || g->max.kind || g->grows > 0;
    if (!is_bounded && j->level != LEVEL_INFO)
        complain_of_name(j->load->l, gap, NULL,
                         "a gap without bounds, expected \"min\", \"within\", \"max\" or "
                         "\"grows\"");
    if (within && j->is_must)
        complain_of_name(j->load->l, within, NULL,
                         "\"within\" decides a must, expected it at \"should\" or below");
    if (g->min.kind == BOUND_TIME && g->max.kind == BOUND_TIME && g->min.time > g->max.time)
        complain(j->load->l, json_get(check, "min"), NULL,
                 "\"min\" is above \"max\": nothing is between them");
    if (g->grows > 0 && !g->of)
        complain_of_name(j->load->l, json_get(check, "grows"), NULL,
                         "\"grows\" compares neighbours, expected a gap {\"of\": …}");
    if (g->is_average)
        check_average(j, json_get(check, "average"), g);
}

static double load_growth(const struct json *v)
{
    if (!v || (v->type == JSON_BOOL && !v->flag))
        return 0;
    return v->type == JSON_NUMBER ? v->number : GROWTH;
}

static void load_gap(struct judging *j, const struct json *check, struct check *c)
{
    const struct json *v = json_get(check, "gap"), *slack = json_get(check, "slack"),
                      *by = json_get(v, "by");
    struct gap_check *g = &c->gap;
    if (json_get(v, "from")) {
        g->from = load_events(j, json_get(v, "from"));
        g->to = load_events(j, json_get(v, "to"));
    } else {
        g->of = load_events(j, json_get(v, "of"));
        check_apart(j, by, g->of);
    }
    g->by = load_apart(by);
    g->min = load_bound(json_get(check, "min"));
    g->within = load_bound(json_get(check, "within"));
    g->max = load_bound(json_get(check, "max"));
    g->grows = load_growth(json_get(check, "grows"));
    g->slack = slack ? load_duration(slack) : -1;
    g->is_average = load_flag(check, "average");
    check_gap(j, check, g);
}

static void load_order(struct judging *j, const struct json *v, struct check *c)
{
    c->order.first = load_events(j, json_get(v, "first"));
    c->order.then = load_events(j, json_get(v, "then"));
}

static void load_leak(struct judging *j, const struct json *v, struct check *c)
{
    const struct json *in = json_get(v, "in"), *text = json_get(v, "text");
    c->leak.text = load_text(j->load, text, (struct text_place){ 0 });
    c->leak.in = load_strings(j->load, v, "in");
    if (text->len == 0)
        complain(j->load->l, text, NULL, "an empty text is everywhere, expected some octets");
    for (const struct json *m = in->first; m; m = m->next)
        if (scenario_actor(j->load->s, m->text) >= 0)
            j->load->s->asks_leaks = true;
        else if (!json_is(m, "error") && !json_is(m, "log"))
            complain(j->load->l, m, hint_actor(j->load, m),
                     "found %s, expected the name of an actor, \"error\" or \"log\"",
                     show_value(j->load->l, m));
}

static void load_alternatives(struct judging *j, const struct json *v, struct check *c)
{
    struct check *list = arena_take(j->load->l->arena, v->count * sizeof(*list));
    for (const struct json *m = v->first; m; m = m->next) {
        struct check *a = &list[c->any_of_count++];
        a->id = m->key;
        a->level = c->level;
        load_kinds(j, m, a);
    }
    c->any_of = list;
}

static void load_kinds(struct judging *j, const struct json *v, struct check *c)
{
    static const char *const kinds[] = {
        "outcome", "count", "gap", "order", "leak", "any_of", NULL
    };
    const struct json *given = json_get(v, "given");
    size_t found = 0;
    c->says = load_optional(j->load, v, "says");
    c->count = (struct count_check){ .min = -1, .max = -1, .distinct = -1, .by = BY_NONE };
    c->gap = (struct gap_check){ .by = BY_NONE, .slack = -1 };
    if (given) {
        struct match_place place = { .needs_event = true };
        c->given = load_match(j->load, given, &place);
    }
    for (size_t i = 0; kinds[i]; i++)
        found += json_get(v, kinds[i]) != NULL;
    if (found == 0)
        complain(j->load->l, v, NULL, "a check without a kind, expected one of %s",
                 words_of(j->load->l, kinds));
    if (json_get(v, "outcome"))
        load_outcome(j, json_get(v, "outcome"), c);
    if (json_get(v, "count"))
        load_count(j, v, c);
    if (json_get(v, "gap"))
        load_gap(j, v, c);
    if (json_get(v, "order"))
        load_order(j, json_get(v, "order"), c);
    if (json_get(v, "leak"))
        load_leak(j, json_get(v, "leak"), c);
    if (json_get(v, "any_of"))
        load_alternatives(j, json_get(v, "any_of"), c);
    check_bound(j, v, "min");
    check_bound(j, v, "max");
}

/* ---- checks ---------------------------------------------------------------------------------- */

static void check_variants(struct judging *j, const struct json *v)
{
    const struct json *all = j->load->variants;
    for (const struct json *m = v ? v->first : NULL; m; m = m->next) {
        struct nearest n;
        nearest_begin(&n, m->text, m->len);
        for (const struct json *name = all ? all->first : NULL; name; name = name->next)
            nearest_try(&n, name->key);
        if (!all || !json_get(all, m->text))
            complain(j->load->l, m, hint_of(j->load->l, &n),
                     "found %s, expected the name of a variant", show_value(j->load->l, m));
    }
}

static void load_check(struct load *load, const struct json *v, struct check *c)
{
    static const char *const levels[] = { "must", "must*", "should", "may", "info", NULL };
    struct judging j = { .load = load };
    j.level = c->level = (enum level)load_word(json_get(v, "level"), levels);
    j.is_must = c->level == LEVEL_MUST || c->level == LEVEL_MUST_POLICY;
    c->id = v->key;
    c->source = load_optional(load, v, "source");
    c->needs = load_strings(load, v, "needs");
    load_check_needs(load, json_get(v, "needs"));
    c->variants = load_strings(load, v, "variants");
    c->critical = load_flag(v, "critical");
    check_variants(&j, json_get(v, "variants"));
    load_kinds(&j, v, c);
    if (c->critical && !j.is_must)
        complain_of_name(load->l, json_get(v, "critical"), NULL,
                         "\"critical\" at \"%s\", expected it only at \"must\" and \"must*\"",
                         levels[c->level]);
}

/* Reports, baselines and editions name a check by its id alone. */
static void check_id(struct load *load, const struct json *check)
{
    for (const struct key *k = shape_house.keys; k->name; k++)
        if (strcmp(k->name, check->key) == 0)
            complain_of_name(load->l, check, NULL,
                             "\"%s\" is the name of a house check, expected another id",
                             check->key);
}

void load_expect(struct load *load, const struct json *v)
{
    struct check *checks = arena_take(load->l->arena, v->count * sizeof(*checks));
    load->s->checks = checks;
    for (const struct json *m = v->first; m; m = m->next) {
        check_id(load, m);
        load_check(load, m, &checks[load->s->check_count++]);
    }
}

void load_house(struct load *load, const struct json *v)
{
    const struct json *storm = json_get(v, "storm");
    struct house *h = &load->s->house;
    h->storm = storm->type == JSON_NUMBER ? (int64_t)storm->number : -1;
    if (storm->type == JSON_BOOL && storm->flag)
        complain(load->l, storm, NULL, "found true, expected a number from 1, or false");
    h->reach = load_flag(v, "reach");
    h->ends = load_flag(v, "ends");
    h->bypass = load_flag(v, "bypass");
    h->hop = load_flag(v, "hop");
    h->own_credentials = load_flag(v, "own-credentials");
    h->form = load_flag(v, "form");
    h->promise = load_flag(v, "promise");
    h->truth = load_flag(v, "truth");
    h->quiet = load_flag(v, "quiet");
}
