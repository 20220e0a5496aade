/*
 * The plan: which cases are run. A case is one scenario in one of its variants; only scenarios with
 * checks are cases.
 */
#ifndef CS_PLAN_H
#define CS_PLAN_H

#include "complaints.h"
#include "scenario.h"

struct plan_case {
    const struct scenario *scenario;
    const char *name;   /* id, or id@variant */
    int tier;           /* 1: the edition grades it; 2: it does not; 0: there is no edition */
    bool needs_process; /* variables of its own: a process of its own */
    bool is_gatekeeper;
    size_t group; /* index of the first case of the same id */
};

struct plan {
    struct plan_case *cases; /* by name */
    size_t count;
    struct scenario_set *sets;
    size_t set_count;
    struct arena *arena;
};

struct edition;

struct plan_selection {
    const char *const *only; /* globs over ids and names; NULL-terminated; NULL: all */
    const char *layer;       /* NULL: all */
    int tier;                /* 1: only what the edition grades; 0, 2: all */
    int shard, shards;       /* shard k of n, from 1; 0: all */
    const struct edition *edition;
};

/* NULL with complaints: a file that is selected is refused, or nothing is selected. */
struct plan *plan_new(const struct plan_selection *, struct complaints *);
/* Of scenarios given as texts; NULL-terminated. NULL with complaints. */
struct plan *plan_of(const char *const *texts, struct complaints *);
void plan_free(struct plan *); /* NULL is fine */

/* Has it cases that the edition grades? Then the others are run and shown, but not scored. A plan
 * without any (somebody's own scenarios) scores all. */
bool plan_has_graded(const struct plan *);
/* Does this case count? `has_graded` is what plan_has_graded says of its plan. */
bool plan_is_scored(const struct plan_case *, bool has_graded);

/* Does the pattern fit the id (`auth/ *`), its last part, or the name with the variant? */
bool plan_fits(const char *pattern, const char *id, const char *name);

#endif
