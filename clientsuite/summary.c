/*
 * Summaries: counts for each layer and level, the house checks of a client, its letter.
 */
#include <assert.h>
#include <string.h>

#include "results.h"

/* ---- checks ---------------------------------------------------------------------------------- */

static struct level_tally *tally_of(struct layer_tally *l, enum level level)
{
    switch (level) {
    case LEVEL_MUST:
        return &l->must;
    case LEVEL_MUST_POLICY:
        return &l->policy;
    case LEVEL_SHOULD:
        return &l->should;
    case LEVEL_MAY:
    case LEVEL_INFO:
        break;
    }
    return &l->may;
}

static void count(struct level_tally *t, const struct verdict *v)
{
    switch (v->kind) {
    case VERDICT_PASS:
        t->pass++;
        break;
    case VERDICT_WEAK:
        t->weak++;
        break;
    case VERDICT_INFO:
        t->info++;
        break;
    case VERDICT_NOT_APPLICABLE:
        t->not_applicable++;
        break;
    case VERDICT_FAIL:
    case VERDICT_CRASH:
    case VERDICT_HANG:
    case VERDICT_NOT_EXERCISED:
    case VERDICT_NOT_JUDGED:
    case VERDICT_INCONCLUSIVE:
    case VERDICT_HARNESS_ERROR:
    case VERDICT_BLOCKED:
    case VERDICT_KINDS:
        if (verdict_is_failure(v))
            t->fail++;
        else
            t->other++;
        break;
    }
}

static struct layer_tally *layer_of(struct summary *s, const char *layer)
{
    layer = layer ? layer : "";
    for (size_t i = 0; i < s->layer_count; i++)
        if (strcmp(s->layers[i].layer, layer) == 0)
            return &s->layers[i];
    if (s->layer_count == SUMMARY_LAYERS)
        return &s->layers[SUMMARY_LAYERS - 1];
    s->layers[s->layer_count] = (struct layer_tally){ .layer = layer };
    return &s->layers[s->layer_count++];
}

/* The check of a scenario, where the client was worst. */
static const struct verdict *worst_of(const struct client_result *c, const struct plan *plan,
                                      size_t group, size_t check)
{
    const struct verdict *worst = NULL;
    for (size_t i = group; i < plan->count && plan->cases[i].group == group; i++) {
        const struct case_result *r = &c->cases[i];
        if (!r->is_final || check >= r->of->scenario->check_count)
            continue;
        const struct verdict *v = &r->graded->verdicts[check];
        if (!worst || verdict_is_worse(v->kind, worst->kind))
            worst = v;
    }
    return worst;
}

static void count_group(struct summary *s, const struct client_result *c, const struct plan *plan,
                        size_t group, bool *has_critical)
{
    const struct scenario *scenario = plan->cases[group].scenario;
    for (size_t k = 0; k < scenario->check_count; k++) {
        const struct verdict *v = worst_of(c, plan, group, k);
        if (!v)
            continue;
        count(tally_of(layer_of(s, scenario->layer), v->level), v);
        count(tally_of(&s->all, v->level), v);
        *has_critical |= v->critical && verdict_is_failure(v);
    }
}

/* ---- the house ------------------------------------------------------------------------------- */

static void count_house(struct summary *s, const struct case_result *r, size_t index)
{
    size_t own = r->of->scenario->check_count;
    for (size_t i = own; i < r->graded->count && i - own < SUMMARY_HOUSE; i++) {
        const struct verdict *v = &r->graded->verdicts[i];
        struct house_row *row = &s->house[i - own];
        bool is_broken = v->kind == VERDICT_FAIL || v->kind == VERDICT_WEAK;
        if (s->house_count <= i - own) {
            s->house_count = i - own + 1;
            *row = (struct house_row){ .id = v->id,
                                       .says = v->says,
                                       .level = v->level,
                                       .is_critical = v->critical,
                                       .kind = VERDICT_NOT_APPLICABLE,
                                       .sentence = "" };
        }
        /* One case that showed it is enough to have tested it: not exercised is no stain. */
        bool is_shown = v->kind == VERDICT_PASS || is_broken;
        bool was_shown = row->kind == VERDICT_PASS || row->broken;
        if ((is_shown && !was_shown) ||
            (is_shown == was_shown && verdict_is_worse(v->kind, row->kind)))
            row->kind = v->kind;
        if (is_broken && row->broken++ == 0) {
            row->first = index;
            row->sentence = v->sentence;
        }
    }
}

/* ---- the letter ------------------------------------------------------------------------------ */

static char letter_of(const struct summary *s, bool has_critical)
{
    size_t failed = s->all.must.fail + s->all.policy.fail, weak = s->all.should.weak;
    if (s->exercised == 0)
        return '-';
    for (size_t i = 0; i < s->house_count; i++) {
        if (!s->house[i].broken)
            continue;
        has_critical |= s->house[i].is_critical;
        if (s->house[i].level == LEVEL_SHOULD)
            weak++;
        else
            failed++;
    }
    return has_critical ? 'F' : failed ? 'C' : weak || s->all.should.fail ? 'B' : 'A';
}

void summary_make(struct summary *s, const struct results *r, size_t client)
{
    const struct client_result *c = &r->clients[client];
    bool has_critical = false, has_graded = plan_has_graded(r->plan);
    *s = (struct summary){ .all.layer = "all" };
    for (size_t i = 0; i < r->plan->count; i++) {
        const struct case_result *k = &c->cases[i];
        if (!plan_is_scored(&r->plan->cases[i], has_graded)) {
            s->unscored++;
            continue;
        }
        if (r->plan->cases[i].group == i)
            count_group(s, c, r->plan, i, &has_critical);
        s->cases++;
        if (!k->is_final)
            continue;
        s->played += k->record != NULL;
        s->exercised += k->graded->exercised;
        s->failed += case_has_failed(k);
        if (k->record)
            count_house(s, k, i);
    }
    s->letter = letter_of(s, has_critical);
}
