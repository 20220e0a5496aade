/*
 * The shipped scenarios, loaded: what the pages and the table of cases are written from.
 */
#ifndef TOOLS_SHIPPED_H
#define TOOLS_SHIPPED_H

#include "edition.h"
#include "scenario.h"

struct shipped_case {
    const struct scenario
        *scenario; /* of its first variant: texts and checks are the same in all */
    struct scenario_set set;
    int tier;
};

struct shipped {
    struct shipped_case *cases; /* by id */
    size_t count;
    struct edition *edition;
    struct catalogue *catalogue;
};

/* Of the source tree ROOT. NULL, after messages: something is refused, or is missing. */
struct shipped *shipped_load(const char *root);
void shipped_free(struct shipped *); /* NULL is fine */

const struct shipped_case *shipped_find(const struct shipped *, const char *id, size_t len);

/* The part of an id before the slash, and behind it. */
size_t shipped_topic_len(const struct shipped_case *);
const char *shipped_name(const struct shipped_case *);

#endif
