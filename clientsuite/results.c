/*
 * Results.
 */
#include "results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "twin.h"

struct results *results_new(const struct plan *plan, const struct profile_variant *const *variants,
                            size_t count)
{
    struct results *r = calloc(1, sizeof(*r));
    if (!r || !(r->clients = calloc(count, sizeof(*r->clients))))
        abort();
    r->plan = plan;
    r->client_count = count;
    for (size_t i = 0; i < count; i++) {
        struct client_result *c = &r->clients[i];
        c->variant = variants[i];
        c->cases = calloc(plan->count + 1, sizeof(*c->cases));
        if (!c->cases)
            abort();
        for (size_t k = 0; k < plan->count; k++)
            c->cases[k] = (struct case_result){ .of = &plan->cases[k], .client = i };
    }
    return r;
}

void results_free(struct results *r)
{
    for (size_t i = 0; r && i < r->client_count; i++) {
        struct client_result *c = &r->clients[i];
        for (size_t k = 0; k < r->plan->count; k++) {
            if (c->cases[k].is_own)
                graded_free(c->cases[k].graded);
            trial_record_free(c->cases[k].record);
            trial_record_free(c->cases[k].first);
            free(c->cases[k].marks);
        }
        free(c->cases);
        free(c->client);
        free(c->version);
        free(c->runtime);
        free(c->kinds);
        free(c->contract);
    }
    if (r)
        free(r->clients);
    free(r);
}

const char *results_client_name(const struct client_result *c, char buf[static 128])
{
    bool is_default = strcmp(c->variant->name, "default") == 0;
    snprintf(buf, 128, "%.60s%s%.60s", c->variant->profile->name, is_default ? "" : " ",
             is_default ? "" : c->variant->name);
    return buf;
}

/* ---- one case -------------------------------------------------------------------------------- */

static int weight(enum verdict_kind kind)
{
    switch (kind) {
    case VERDICT_FAIL:
        return 11;
    case VERDICT_CRASH:
        return 10;
    case VERDICT_HANG:
        return 9;
    case VERDICT_HARNESS_ERROR:
        return 8;
    case VERDICT_WEAK:
        return 7;
    case VERDICT_INCONCLUSIVE:
        return 6;
    case VERDICT_BLOCKED:
        return 5;
    case VERDICT_NOT_EXERCISED:
        return 4;
    case VERDICT_NOT_JUDGED:
        return 3;
    case VERDICT_PASS:
        return 2;
    case VERDICT_INFO:
        return 1;
    case VERDICT_NOT_APPLICABLE:
    case VERDICT_KINDS:
        break;
    }
    return 0;
}

bool verdict_is_worse(enum verdict_kind kind, enum verdict_kind than)
{
    return weight(kind) > weight(than);
}

bool verdict_is_failure(const struct verdict *v)
{
    bool is_must = v->level == LEVEL_MUST || v->level == LEVEL_MUST_POLICY;
    return v->kind == VERDICT_FAIL ||
           (is_must && (v->kind == VERDICT_CRASH || v->kind == VERDICT_HANG));
}

enum verdict_kind case_verdict(const struct case_result *c)
{
    enum verdict_kind worst = VERDICT_NOT_APPLICABLE;
    for (size_t i = 0; i < c->graded->count; i++) {
        const struct verdict *v = &c->graded->verdicts[i];
        if (v->house && v->kind != VERDICT_FAIL && v->kind != VERDICT_WEAK)
            continue;
        worst = verdict_is_worse(v->kind, worst) ? v->kind : worst;
    }
    return worst;
}

bool case_has_failed(const struct case_result *c)
{
    for (size_t i = 0; i < c->graded->count; i++)
        if (verdict_is_failure(&c->graded->verdicts[i]))
            return true;
    return false;
}

void case_block(struct case_result *c, bool is_capability, const char *why)
{
    struct graded *g = c->graded;
    const char *sentence = arena_copy(g->arena, why, strlen(why));
    c->is_blocked = true;
    c->blocked_by = sentence;
    if (!is_capability) {
        twin_block(g, sentence);
        return;
    }
    for (size_t i = 0; i < g->count; i++) {
        struct verdict *v = &g->verdicts[i];
        if (v->house)
            continue;
        v->kind = VERDICT_NOT_APPLICABLE;
        v->sentence = sentence;
        v->holds = false;
    }
}

void case_make_final(struct case_result *c)
{
    if (!c->graded && c->record)
        c->graded = c->record->graded;
    c->is_final = c->graded != NULL;
}

/* ---- marks ----------------------------------------------------------------------------------- */

enum baseline_mark case_mark(const struct case_result *c, size_t verdict)
{
    return c->marks ? c->marks[verdict] : BASELINE_NONE;
}

const char *baseline_mark_name(enum baseline_mark mark)
{
    static const char *const names[] = { "", "expected", "new", "fixed" };
    return names[mark];
}

void case_set_mark(struct case_result *c, size_t verdict, enum baseline_mark mark)
{
    if (!c->marks && !(c->marks = calloc(c->graded->count + 1, sizeof(*c->marks))))
        abort();
    c->marks[verdict] = mark;
}
