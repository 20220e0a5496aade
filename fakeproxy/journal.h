/*
 * The journal of one instance: every event in the order of happening. Memory holds the newest
 * `capacity` octets of it, as a ring; listeners (the file, the live log, the lookups of waits) are
 * told each event once, as it is added.
 */
#ifndef FP_JOURNAL_H
#define FP_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"

struct journal;

/* NULL when memory for the ring cannot be had. Pages are taken as events fill them. */
struct journal *journal_new(size_t capacity);
void journal_free(struct journal *);

/* The event is only lent: a listener copies what it keeps, and adds no event itself. */
typedef void journal_listener(void *arg, const struct fp_event *);
enum { JOURNAL_MAX_LISTENERS = 4 };
void journal_listen(struct journal *, journal_listener *, void *arg);

/* Copies the draft's event into the journal and gives it its place in the order. */
void journal_add(struct journal *, struct event_draft *);

/* Events added so far, and how many of them the ring no longer holds. */
uint64_t journal_count(const struct journal *);
uint64_t journal_lost(const struct journal *);

/* Walks what the ring holds, oldest first; NULL at the end. Valid until the next journal_add(). */
const struct fp_event *journal_first(const struct journal *);
const struct fp_event *journal_next(const struct journal *, const struct fp_event *);

/* A copy that outlives the ring, in one block: free() it. */
struct fp_event *journal_copy(const struct fp_event *);

#endif
