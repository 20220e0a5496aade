/*
 * Waits: of ten thousand of 100 ms, none may be early, however busy the loop is. How late they are
 * is the host's business: `fakeproxy calibrate` prints it.
 */
#include <stdlib.h>

#include "../cmocka_main.h"
#include "clock.h"
#include "timer.h"

enum { WAITS = 10000 };

static const int64_t WAIT = 100 * CLOCK_MS;

struct waits {
    struct event_base *base;
    struct wait {
        struct waits *all;
        struct timer timer;
        int64_t deadline;
    } wait[WAITS];
    size_t set, fired, early;
    size_t at_once; /* how many are set in one callback */
    struct event *setter;
    unsigned busy; /* a cheap sequence of numbers */
};

/* What real callbacks do: some return at once, some take a millisecond or two. */
static void be_busy(struct waits *w)
{
    w->busy = w->busy * 1103515245 + 12345;
    int64_t until = clock_now() + (int64_t)((w->busy >> 16) % 64) * 40000;
    while ((w->busy >> 24) % 16 == 0 && clock_now() < until)
        continue;
}

static void on_wait(void *arg)
{
    struct wait *one = arg;
    struct waits *w = one->all;
    w->early += clock_now() < one->deadline;
    be_busy(w);
    if (++w->fired == WAITS)
        event_base_loopbreak(w->base);
}

static void on_set(evutil_socket_t fd, short what, void *arg)
{
    struct waits *w = arg;
    (void)fd;
    (void)what;
    for (size_t i = 0; i < w->at_once && w->set < WAITS; i++, w->set++) {
        struct wait *one = &w->wait[w->set];
        one->deadline = clock_now() + WAIT;
        timer_set(&one->timer, one->deadline);
        be_busy(w);
    }
    if (w->set < WAITS) {
        struct timeval soon = { .tv_usec = w->at_once < WAITS / 10 ? 100 : 50000 };
        event_add(w->setter, &soon);
    }
}

/* Runs all waits, set so many at a time. Returns how many came early. */
static size_t early_of(size_t at_once)
{
    struct waits *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    w->base = timer_base_new();
    assert_non_null(w->base);
    w->at_once = at_once;
    w->setter = event_new(w->base, -1, 0, on_set, w);
    for (size_t i = 0; i < WAITS; i++) {
        w->wait[i].all = w;
        timer_init(&w->wait[i].timer, w->base, on_wait, &w->wait[i]);
    }
    event_active(w->setter, EV_TIMEOUT, 0);
    event_base_dispatch(w->base);
    size_t early = w->early;
    assert_int_equal(w->fired, WAITS);
    event_free(w->setter);
    event_base_free(w->base);
    free(w);
    return early;
}

static void none_early_spread(void **state)
{
    (void)state;
    assert_int_equal(early_of(1), 0);
}

static void none_early_in_small_groups(void **state)
{
    (void)state;
    assert_int_equal(early_of(25), 0);
}

static void none_early_in_bursts(void **state)
{
    (void)state;
    assert_int_equal(early_of(WAITS / 4), 0);
}

/* ---- what a deadline means ------------------------------------------------------------------- */

struct one {
    struct event_base *base;
    struct timer timer;
    int fired;
    int64_t at;
};

static void on_one(void *arg)
{
    struct one *o = arg;
    o->fired++;
    o->at = clock_now();
}

static void begin(struct one *o)
{
    *o = (struct one){ .base = timer_base_new() };
    assert_non_null(o->base);
    timer_init(&o->timer, o->base, on_one, o);
}

static void past_deadline_fires_at_once(void **state)
{
    struct one o;
    (void)state;
    begin(&o);
    timer_set(&o.timer, 0);
    event_base_loop(o.base, EVLOOP_ONCE);
    assert_int_equal(o.fired, 1);
    event_base_free(o.base);
}

static void never_disarms(void **state)
{
    struct one o;
    (void)state;
    begin(&o);
    timer_set(&o.timer, clock_now() + CLOCK_MS);
    timer_set(&o.timer, CLOCK_NEVER);
    event_base_dispatch(o.base); /* returns at once: nothing is armed */
    assert_int_equal(o.fired, 0);
    event_base_free(o.base);
}

/* The last deadline counts, whether it is later or earlier than the one before. */
static void deadline_moves(void **state)
{
    struct one o;
    (void)state;
    begin(&o);
    int64_t later = clock_now() + 30 * CLOCK_MS;
    timer_set(&o.timer, clock_now() + CLOCK_MS);
    timer_set(&o.timer, later);
    event_base_dispatch(o.base);
    assert_int_equal(o.fired, 1);
    assert_true(o.at >= later);

    int64_t far = clock_now() + 3600 * CLOCK_S, sooner = clock_now() + CLOCK_MS;
    timer_set(&o.timer, far);
    timer_set(&o.timer, sooner);
    event_base_dispatch(o.base);
    assert_int_equal(o.fired, 2);
    assert_true(o.at >= sooner && o.at < far);
    event_base_free(o.base);
}

/* Ninety-nine waits in a hundred milliseconds add up to no drift: each is a deadline of its own. */
static void set_again_from_its_own_callback(void **state)
{
    struct one o;
    (void)state;
    begin(&o);
    int64_t start = clock_now();
    for (int i = 1; i <= 20; i++) {
        timer_set(&o.timer, start + i * CLOCK_MS);
        event_base_dispatch(o.base);
        assert_int_equal(o.fired, i);
        assert_true(o.at >= start + i * CLOCK_MS);
    }
    event_base_free(o.base);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(none_early_spread),
    cmocka_unit_test(none_early_in_small_groups),
    cmocka_unit_test(none_early_in_bursts),
    cmocka_unit_test(past_deadline_fires_at_once),
    cmocka_unit_test(never_disarms),
    cmocka_unit_test(deadline_moves),
    cmocka_unit_test(set_again_from_its_own_callback),
};

TEST_MAIN(tests)
