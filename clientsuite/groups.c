/*
 * Groups.
 */
#include "groups.h"

#include <string.h>

bool is_group(const struct plan *plan, size_t at)
{
    return plan->cases[at].group == at;
}

size_t group_count(const struct plan *plan)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->count; i++)
        n += is_group(plan, i);
    return n;
}

size_t group_end(const struct plan *plan, size_t group)
{
    size_t end = group;
    while (end < plan->count && plan->cases[end].group == group)
        end++;
    return end;
}

static bool is_worse(const struct case_result *c, const struct case_result *than)
{
    if (!c->is_final || !than->is_final)
        return c->is_final && !than->is_final;
    return case_rank(c) < case_rank(than) ||
           (case_rank(c) == case_rank(than) &&
            verdict_is_worse(case_verdict(c), case_verdict(than)));
}

const struct case_result *group_worst(const struct results *r, size_t client, size_t group)
{
    const struct case_result *cases = r->clients[client].cases, *worst = &cases[group];
    for (size_t i = group; i < group_end(r->plan, group); i++)
        if (is_worse(&cases[i], worst))
            worst = &cases[i];
    return worst;
}

size_t group_missed(const struct results *r, size_t client, size_t group)
{
    size_t n = 0;
    for (size_t i = group; i < group_end(r->plan, group); i++)
        n += case_rank(&r->clients[client].cases[i]) < RANK_NONE;
    return n;
}

const char *group_layer(const struct plan *plan, size_t group)
{
    const char *layer = plan->cases[group].scenario->layer;
    return layer && *layer ? layer : "other";
}

bool group_begins_layer(const struct plan *plan, size_t group)
{
    for (size_t i = 0; i < group; i++)
        if (strcmp(group_layer(plan, i), group_layer(plan, group)) == 0)
            return false;
    return true;
}

/* ---- plays that are alike -------------------------------------------------------------------- */

static bool is_same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* The length of a time in seconds at the beginning of a text: "0.214 s"; 0: there is none. */
static size_t time_length(const char *text)
{
    size_t whole = strspn(text, "0123456789");
    size_t part = whole && text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
    size_t length = whole + 1 + part;
    return part && strncmp(text + length, " s", 2) == 0 ? length + 2 : 0;
}

static bool is_same_but_for_times(const char *a, const char *b)
{
    while (*a && *b) {
        size_t skip_a = time_length(a), skip_b = time_length(b);
        if ((!skip_a || !skip_b) && *a != *b)
            return false;
        a += skip_a && skip_b ? skip_a : 1;
        b += skip_a && skip_b ? skip_b : 1;
    }
    return *a == *b;
}

static bool verdicts_are_alike(const struct case_result *a, const struct case_result *b,
                               enum alike how)
{
    if (a->graded->count != b->graded->count || !is_same(a->graded->reason, b->graded->reason))
        return false;
    for (size_t i = 0; i < a->graded->count; i++) {
        const struct verdict *v = &a->graded->verdicts[i], *w = &b->graded->verdicts[i];
        if (v->kind != w->kind || !is_same(v->id, w->id) || case_mark(a, i) != case_mark(b, i))
            return false;
        if (verdict_rank(v) < RANK_NONE && !is_same(v->sentence, w->sentence) &&
            (how == ALIKE_EXACTLY || !is_same_but_for_times(v->sentence, w->sentence)))
            return false;
    }
    return true;
}

static bool diagnoses_are_alike(const struct trial_record *a, const struct trial_record *b)
{
    size_t count = a ? a->found_count : 0;
    if ((b ? b->found_count : 0) != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!is_same(a->found[i].code, b->found[i].code) ||
            !is_same(a->found[i].seen, b->found[i].seen))
            return false;
    return true;
}

static bool fates_are_alike(const struct trial_record *a, const struct trial_record *b)
{
    enum fate fate = a ? a->fate : FATE_DONE;
    return (b ? b->fate : FATE_DONE) == fate && (fate == FATE_DONE || is_same(a->why, b->why));
}

bool plays_are_alike(const struct case_result *a, const struct case_result *b, enum alike how)
{
    return a->is_final && b->is_final && a->is_blocked == b->is_blocked &&
           is_same(a->blocked_by, b->blocked_by) && fates_are_alike(a->record, b->record) &&
           verdicts_are_alike(a, b, how) && diagnoses_are_alike(a->record, b->record);
}
