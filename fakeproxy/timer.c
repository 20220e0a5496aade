/*
 * Timers over libevent.
 */
#include "timer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "clock.h"

static void arm(struct timer *t, int64_t now)
{
    int64_t left = t->deadline > now ? t->deadline - now : 0;
    left += 999; /* a timeval has microseconds: round up, never down */
    struct timeval tv = { .tv_sec = (time_t)(left / CLOCK_S),
                          .tv_usec = (suseconds_t)(left % CLOCK_S / 1000) };
    event_add(&t->event, &tv);
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct timer *t = arg;
    int64_t now = clock_now();
    if (now < t->deadline) {
        arm(t, now);
        return;
    }
    t->due = t->deadline;
    t->deadline = CLOCK_NEVER;
    t->fire(t->arg);
}

void timer_init(struct timer *t, struct event_base *base, void (*fire)(void *arg), void *arg)
{
    t->deadline = CLOCK_NEVER;
    t->due = 0;
    t->fire = fire;
    t->arg = arg;
    event_assign(&t->event, base, -1, 0, on_timeout, t);
}

void timer_set(struct timer *t, int64_t deadline)
{
    if (deadline == t->deadline)
        return;
    t->deadline = deadline;
    if (deadline == CLOCK_NEVER)
        event_del(&t->event);
    else
        arm(t, clock_now());
}

/* libevent prints, and ends the process, where a descriptor is missing in the middle of making a
 * base: so it is only asked to when there are as many as it takes. */
static bool has_descriptors(void)
{
    enum { TAKEN = 4 }; /* epoll, timerfd, and a pair for signals */
    int fds[TAKEN], count = 0;
    while (count < TAKEN && (fds[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        count++;
    int error = errno;
    for (int i = 0; i < count; i++)
        close(fds[i]);
    errno = error;
    return count == TAKEN;
}

struct event_base *timer_base_new(void)
{
    struct event_config *config = has_descriptors() ? event_config_new() : NULL;
    if (!config)
        return NULL;
    /* PRECISE_TIMER: a timerfd instead of epoll's milliseconds. NO_CACHE_TIME: a timer added late
     * in a long turn of the loop counts from now, not from when the turn began. */
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER | EVENT_BASE_FLAG_NO_CACHE_TIME |
                                      EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
    event_config_require_features(config, EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}
