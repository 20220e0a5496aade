/*
 * Waits of 100 ms by the timers that scenarios use: first each begun a little after the other, as
 * connections come; then in bursts that all end at the same moment.
 */
#include <stdio.h>
#include <stdlib.h>

#include "calibrate.h"
#include "clock.h"
#include "timer.h"

enum { WAITS = 10000, BURST = 1000 };
static const int64_t WAIT = 100 * CLOCK_MS;
static const int64_t APART = 100000; /* ns between the beginnings of spread waits */

struct waits;

struct one_wait {
    struct timer timer;
    int64_t deadline;
    struct waits *all;
};

struct waits {
    struct event_base *base;
    struct one_wait *wait;
    struct timer begin; /* fires when further waits begin */
    int64_t next;       /* when that is; spread waits only */
    bool in_bursts;
    size_t begun, over;
    int64_t *late;
};

static void begin_one(struct waits *w, int64_t now)
{
    struct one_wait *one = &w->wait[w->begun++];
    one->deadline = now + WAIT;
    timer_set(&one->timer, one->deadline);
}

static void begin_more(void *arg)
{
    struct waits *w = arg;
    int64_t now = clock_now();
    if (w->in_bursts) {
        for (int i = 0; i < BURST; i++)
            begin_one(w, now);
        return;
    }
    for (; w->next <= now && w->begun < WAITS; w->next += APART)
        begin_one(w, clock_now());
    if (w->begun < WAITS)
        timer_set(&w->begin, w->next);
}

static void end_one(void *arg)
{
    struct one_wait *one = arg;
    struct waits *w = one->all;
    w->late[w->over++] = clock_now() - one->deadline;
    if (w->over == WAITS)
        event_base_loopbreak(w->base);
    else if (w->in_bursts && w->over == w->begun)
        timer_set(&w->begin, clock_now());
}

static struct lateness sum_up(struct waits *w)
{
    struct lateness l = { .waits = w->over };
    for (size_t i = 0; i < w->over; i++)
        l.early += w->late[i] < 0;
    l.half = calibrate_share(w->late, w->over, 0.5);
    l.most = calibrate_share(w->late, w->over, 0.99);
    l.latest = calibrate_share(w->late, w->over, 1);
    return l;
}

static struct lateness measure(struct event_base *base, bool in_bursts)
{
    struct waits w = { .base = base, .in_bursts = in_bursts, .next = clock_now() };
    w.wait = calloc(WAITS, sizeof(*w.wait));
    w.late = calloc(WAITS, sizeof(*w.late));
    if (!w.wait || !w.late)
        abort();
    for (size_t i = 0; i < WAITS; i++) {
        w.wait[i].all = &w;
        timer_init(&w.wait[i].timer, base, end_one, &w.wait[i]);
    }
    timer_init(&w.begin, base, begin_more, &w);
    timer_set(&w.begin, w.next);
    event_base_dispatch(base);
    struct lateness l = sum_up(&w);
    free(w.wait);
    free(w.late);
    return l;
}

int calibrate_waits(struct calibration *c)
{
    struct event_base *base = timer_base_new();
    if (!base) {
        fputs("fakeproxy: this kernel has no epoll or no timerfd\n", stderr);
        return -1;
    }
    c->spread = measure(base, false);
    c->bursts = measure(base, true);
    event_base_free(base);
    return 0;
}
