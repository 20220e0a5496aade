/*
 * A baseline: the failures that a client's authors know of, each with a reason. With it a run is as
 * expected where exactly those fail: a new failure, one that has gone, and an entry that is about
 * nothing are not.
 *
 *   { "baseline": 1,
 *     "known": [ { "client": "curl@retry", "case": "transport/fin-mid-headers", "check":
 * "incomplete", "reason": "…" } ] }
 *
 * `client` may be left out, and its variant; `case` without a variant means all of them.
 */
#ifndef CS_BASELINE_H
#define CS_BASELINE_H

#include <stdio.h>

#include "results.h"

struct baseline;

/* NULL with complaints. */
struct baseline *baseline_load(const char *path, struct complaints *);
void baseline_free(struct baseline *); /* NULL is fine */

/* Does it know this check of this case to fail? NULL: nothing is known. */
bool baseline_knows(const struct baseline *, const struct client_result *,
                    const struct case_result *, const struct verdict *);
/* Marks what fails of a case that has become final: expected or new; what is not scored is never
 * new. */
void baseline_mark_case(const struct baseline *, const struct results *, struct case_result *);
/* Marks what is fixed. That is seen only in the end: an entry may be about several cases. */
void baseline_mark_fixed(const struct baseline *, struct results *);

/* Prints what is not as expected; false if anything is; what is not scored (plan.h) cannot be.
 * is_whole: all cases were selected, so that an entry whose case is not there is about nothing.
 * baseline NULL: nothing is known. */
bool baseline_holds(const struct baseline *, const struct results *, bool is_whole, FILE *);

/* Writes what failed as a baseline; reasons of the old one (or NULL) stay. 0, or -1: errno. */
int baseline_write(const char *path, const struct baseline *old, const struct results *);

#endif
