/*
 * Live lookups: for every match object that a wait or a rule looks for while the scenario plays,
 * how often it was met, when, and the first event that met it. Events are seen once, as they
 * happen, so no wait ever scans the journal, and what the ring has lost is still known.
 */
#ifndef FP_WATCH_H
#define FP_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "match.h"
#include "scenario.h"

struct watches;

/* `scope` gives the values of placeholders; it and the scenario outlive the watches. */
struct watches *watches_new(const struct scenario *, const struct text_scope *scope);
void watches_free(struct watches *);

/* Tells them an event. True if any of them was met by it. */
bool watches_see(struct watches *, const struct fp_event *);

/* CLOCK_MONOTONIC ns at which the nth match came (m->nth, 1 where it is 0), or 0: not yet. */
int64_t watch_met(const struct watches *, const struct match *);

/* For match_event() while the scenario plays. */
const struct match_env *watches_env(const struct watches *);

#endif
