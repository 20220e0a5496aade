/*
 * What Retry-After promised: until when a request for a key (a method and target, a host, …) is
 * early. Kept by the clock that the promise was made in: delay-seconds on the monotonic clock, an
 * HTTP-date on the wall clock.
 */
#ifndef FP_PROMISE_H
#define FP_PROMISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http.h"

struct promise {
    bool made;
    bool is_date;
    int64_t wait;  /* ns from the moment the answer was written; not above 100 years */
    int64_t until; /* CLOCK_REALTIME ns */
};

/* The promise a strict reader finds in the field lines of an answer: the smallest of several, none
 * if invalid or past (RFC 9110, 10.2.3). wall: now, CLOCK_REALTIME ns. */
struct promise promise_in(const struct http_head *answer, int64_t wall);

struct promises; /* those made and not over yet; bounded */

struct promises *promises_new(void);
void promises_free(struct promises *);
void promises_add(struct promises *, const char *key, size_t len, const struct promise *,
                  int64_t now, int64_t wall);
/* By how many ns a request with that key comes too early; 0: it does not. */
int64_t promises_early(struct promises *, const char *key, size_t len, int64_t now, int64_t wall);

#endif
