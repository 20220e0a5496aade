/*
 * The fault-free twins of a run: each is played once for each client, for all cases that have the
 * same. A case that asks for one waits until it is over.
 */
#ifndef CS_TWINS_H
#define CS_TWINS_H

#include "results.h"

struct twins;
struct twin;

struct twins *twins_new(void);
void twins_free(struct twins *); /* NULL is fine */

/* False: the case has no need of its twin, or it is over; then it has been applied. True: the case
 * waits; *to_play is the twin if somebody has to play it first, else NULL. */
bool twins_await(struct twins *, struct case_result *, struct twin **to_play);

const struct scenario *twin_scenario(const struct twin *);

/* A twin was played. Every case that waited for it is told to `release`. Frees the record. */
void twins_ended(struct twins *, struct twin *, struct trial_record *,
                 void (*release)(void *arg, struct case_result *), void *arg);

#endif
