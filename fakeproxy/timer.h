/*
 * A one-shot timer that never fires early. libevent's own timers do (their deadline is computed
 * from a cached time and rounded), so a timer here holds an absolute deadline, and a callback that
 * comes before it re-arms.
 */
#ifndef FP_TIMER_H
#define FP_TIMER_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdint.h>

struct timer {
    struct event event;
    int64_t deadline; /* CLOCK_MONOTONIC ns; CLOCK_NEVER: not armed */
    int64_t due;      /* the deadline that fired last */
    void (*fire)(void *arg);
    void *arg;
};

void timer_init(struct timer *, struct event_base *, void (*fire)(void *arg), void *arg);
/* Arms it anew; CLOCK_NEVER disarms. A deadline in the past fires at the next turn of the loop. */
void timer_set(struct timer *, int64_t deadline);

/* The event base that precise timers need. NULL when the kernel has no epoll or timerfd,
 * or there are too few descriptors (errno). */
struct event_base *timer_base_new(void);

#endif
