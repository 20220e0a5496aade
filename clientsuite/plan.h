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
    int tier;           /* 1, 2, 3; 0: the edition does not have it */
    int64_t estimate;   /* ns: how long it takes at least, by what the scenario waits for */
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
    int tier;                /* cases of this tier and below; 0: all */
    int shard, shards;       /* shard k of n, from 1; 0: all */
    const struct edition *edition;
};

/* NULL with complaints: a file that is selected is refused, or nothing is selected. */
struct plan *plan_new(const struct plan_selection *, struct complaints *);
/* Of scenarios given as texts; NULL-terminated. NULL with complaints. */
struct plan *plan_of(const char *const *texts, struct complaints *);
void plan_free(struct plan *); /* NULL is fine */

/* Does the pattern fit the id (`auth/ *`), its last part, or the name with the variant? */
bool plan_fits(const char *pattern, const char *id, const char *name);

#endif
