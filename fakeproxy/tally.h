/*
 * Counters of rules, kept for each key of a rule's scope (the whole scenario, a connection, a
 * target, …), and the arrival times behind `rate_over`. Bounded: past TALLY_MAX keys those
 * not used for longest are forgotten, so ten million connections cost no more than the last ones.
 */
#ifndef FP_TALLY_H
#define FP_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TALLY_MAX = 65536 };

struct tally;

struct tally *tally_new(void);
void tally_free(struct tally *);

/* The counter of `owner` (any address that stays) for that key; 0 at first. Valid until the next
 * call. */
uint64_t *tally_count(struct tally *, const void *owner, const char *key, size_t len);

/* Notes an arrival at `now` (ns) and says whether more than `limit` came within `per` ns, this one
 * included. */
bool tally_over(struct tally *, const void *owner, const char *key, size_t len, uint64_t limit,
                int64_t per, int64_t now);

#endif
