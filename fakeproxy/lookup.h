/*
 * A match object from outside of the scenario, looked for in its journal: what a test program waits
 * for. It is loaded as a scenario's own match objects are, with the same complaints, and sees the
 * events one by one, as they happened.
 */
#ifndef FP_LOOKUP_H
#define FP_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "complaints.h"
#include "event.h"
#include "scenario.h"

struct lookup;

/* NULL with complaints where the text is no match object, or names what the scenario has not. The
 * scenario and the scope (instance_scope()) outlive the lookup. */
struct lookup *lookup_new(const struct scenario *, const struct text_scope *, const char *text,
                          size_t len, struct complaints *);
void lookup_free(struct lookup *); /* NULL is fine */

/* Tells it the next event. True: this is the one, or one before was. */
bool lookup_see(struct lookup *, const struct fp_event *);

#endif
