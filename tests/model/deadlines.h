/* How long a call may take, and how it is told to stop: every wait of the client is here. */
#ifndef MODEL_DEADLINES_H
#define MODEL_DEADLINES_H

#include <stdint.h>

#include "failure.h"

struct deadlines {         /* durations and instants of the monotonic clock, ns */
    int64_t connect, read; /* 0: none */
    int64_t until;         /* of the whole call; CLOCK_NEVER */
    int64_t connect_until; /* while a connection is made; else CLOCK_NEVER */
    int cancel;            /* an eventfd: readable once the call is cancelled */
};

/* Waits until poll() has one of `events` for fd, and returns what it has; 0: nothing within
 * `patience` (ns; 0: no limit of its own); -1 with a failure: a deadline passed, or cancelled.
 * A wait for octets to read is also limited by `read`. */
int deadlines_wait(const struct deadlines *, int fd, short events, int64_t patience,
                   struct failure *);

/* Sleeps until `due`. -1 with a failure: cancelled, or the deadline came first. */
int deadlines_sleep(const struct deadlines *, int64_t due, struct failure *);

#endif
