/*
 * An edition: which cases are graded, and which are gatekeepers: cases without whose passing others
 * say nothing. scenarios/editions/NAME.json, strict JSON. It is frozen: letters given by it stay
 * comparable whatever cases are added, which are run and shown, but not scored.
 *
 * What it grades is tier 1, all else is tier 2.
 */
#ifndef CS_EDITION_H
#define CS_EDITION_H

#include <stdbool.h>
#include <stddef.h>

#include "complaints.h"

struct gatekeeper {
    const char *id;            /* the case */
    const char *check;         /* one of its checks; NULL: every MUST of it */
    const char *const *blocks; /* globs over ids */
    bool is_capability; /* what it blocks is not applicable, not blocked: the client does not do it
                         */
    const char *says;   /* why, for the report */
};

struct edition {
    const char *name;
    const char *const *graded; /* ids, sorted */
    size_t graded_count;
    const struct gatekeeper *gatekeepers;
    size_t gatekeeper_count;
    struct arena *arena;
};

/* The newest in the data folder, or the file of that path. NULL: there is none, or complaints. */
struct edition *edition_load(const char *path, struct complaints *);
void edition_free(struct edition *); /* NULL is fine */

/* 1 or 2; 0: there is no edition (NULL). */
int edition_tier(const struct edition *, const char *id);

#endif
