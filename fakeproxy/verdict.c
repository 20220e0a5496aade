/*
 * Verdicts: their names, their end.
 */
#include "verdict.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"

static const char *const kinds[VERDICT_KINDS] = {
    [VERDICT_PASS] = "pass",
    [VERDICT_FAIL] = "fail",
    [VERDICT_WEAK] = "weak",
    [VERDICT_INFO] = "info",
    [VERDICT_NOT_APPLICABLE] = "not-applicable",
    [VERDICT_NOT_EXERCISED] = "not-exercised",
    [VERDICT_NOT_JUDGED] = "not-judged",
    [VERDICT_INCONCLUSIVE] = "inconclusive",
    [VERDICT_HARNESS_ERROR] = "harness-error",
    [VERDICT_BLOCKED] = "blocked",
    [VERDICT_CRASH] = "crash",
    [VERDICT_HANG] = "hang",
};

void graded_free(struct graded *g)
{
    if (!g)
        return;
    arena_free(g->arena);
    free(g);
}

const char *verdict_kind_name(enum verdict_kind kind)
{
    return kinds[kind];
}

int verdict_kind_by_name(const char *name)
{
    for (int i = 0; i < VERDICT_KINDS; i++)
        if (strcmp(kinds[i], name) == 0)
            return i;
    return -1;
}

const char *verdict_word(const struct verdict *v)
{
    if (v->kind == VERDICT_INFO && v->level == LEVEL_MAY)
        return v->holds ? "does" : "does not";
    return kinds[v->kind];
}

const char *level_name(enum level level)
{
    static const char *const names[] = { [LEVEL_MUST] = "must",
                                         [LEVEL_MUST_POLICY] = "must*",
                                         [LEVEL_SHOULD] = "should",
                                         [LEVEL_MAY] = "may",
                                         [LEVEL_INFO] = "info" };
    return names[level];
}
