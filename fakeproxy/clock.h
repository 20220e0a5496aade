/* The two clocks: every duration is judged by the monotonic one. Nanoseconds. */
#ifndef FP_CLOCK_H
#define FP_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_MS 1000000LL
#define CLOCK_S  1000000000LL

/* Later than any deadline: "no timer". */
#define CLOCK_NEVER INT64_MAX

static inline int64_t clock_read(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * CLOCK_S + ts.tv_nsec;
}

static inline int64_t clock_now(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

static inline int64_t clock_wall(void)
{
    return clock_read(CLOCK_REALTIME);
}

#endif
