/*
 * What the house checks share. Private to grade_house.c and grade_secrets.c.
 */
#ifndef FP_GRADING_HOUSE_H
#define FP_GRADING_HOUSE_H

#include "grading.h"

bool house_at_proxy(const struct grading *, const struct fp_event *);
/* The client's own request at an origin, not one that a proxy passed on. */
bool house_at_origin(const struct grading *, const struct fp_event *);
size_t house_lines(const struct fp_event *, const char *name); /* field lines of that name */

/* Nothing was wrong: it holds if there was something to look at, and the case is over. */
struct finding house_clean(struct grading *, size_t seen, const char *what);

struct finding house_hop(struct grading *);
struct finding house_own_credentials(struct grading *);
struct finding house_quiet(struct grading *);

#endif
