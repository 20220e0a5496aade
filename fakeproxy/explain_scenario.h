/*
 * A scenario in words: what is played, what a good client does, cause and fix.
 */
#ifndef FP_EXPLAIN_SCENARIO_H
#define FP_EXPLAIN_SCENARIO_H

#include <stdbool.h>
#include <stdio.h>

struct catalogue;
/* Is it an id of the catalogue, the last part of one, or one of these with a variant? */
bool explain_is_scenario(const char *name, const struct catalogue *);
/* False, after a message: it cannot be loaded, or the name fits several. */
bool explain_scenario(FILE *, const char *name);

#endif
