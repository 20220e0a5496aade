/*
 * Waiting. The clock is read again after every poll(): its milliseconds are rounded up, so that no
 * wait ends early.
 */
#include "deadlines.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "clock.h"
#include "mutants.h"

static int to_ms(int64_t ns)
{
    const int64_t longest = 3600 * CLOCK_S;
    if (ns < 0)
        return 0;
    return (int)(((ns > longest ? longest : ns) + CLOCK_MS - 1) / CLOCK_MS);
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t after(int64_t duration)
{
    return duration > 0 ? clock_now() + duration : CLOCK_NEVER;
}

static int passed(int64_t now, const struct deadlines *l, int64_t read_until, struct failure *f)
{
    if (now >= l->until)
        return failure_set(f, KIND_TIMEOUT_TOTAL, "timeout: the total deadline has passed");
    if (now >= l->connect_until)
        return failure_set(f, KIND_TIMEOUT_CONNECT,
                           "timeout: no connection within the connect deadline");
    if (now >= read_until)
        return failure_set(f, KIND_TIMEOUT_READ,
                           "timeout: nothing was received within the read "
                           "deadline");
    return 0;
}

int deadlines_wait(const struct deadlines *l, int fd, short events, int64_t patience,
                   struct failure *f)
{
    int64_t patient_until = after(patience);
    int64_t read_until =
        events & POLLIN && l->connect_until == CLOCK_NEVER ? after(l->read) : CLOCK_NEVER;
    for (;;) {
        int64_t now = clock_now();
        if (!mutant(MUTANT_NO_DEADLINE) && passed(now, l, read_until, f) < 0)
            return -1;
        if (now >= patient_until)
            return 0;
        int64_t next =
            sooner(sooner(l->until, l->connect_until), sooner(read_until, patient_until));
        struct pollfd fds[] = { { .fd = fd, .events = events },
                                { .fd = l->cancel, .events = POLLIN } };
        int n = poll(fds, 2,
                     next == CLOCK_NEVER || mutant(MUTANT_NO_DEADLINE) ? -1 : to_ms(next - now));
        if (n < 0 && errno != EINTR)
            return failure_set(f, KIND_OTHER, "poll: %s", strerror(errno));
        if (n > 0 && fds[1].revents && !mutant(MUTANT_IGNORES_CANCEL))
            return failure_set(f, KIND_CANCELLED, "cancelled by the caller");
        if (n > 0 && fds[0].revents)
            return fds[0].revents;
    }
}

int deadlines_sleep(const struct deadlines *l, int64_t due, struct failure *f)
{
    for (;;) {
        int64_t now = clock_now();
        if (now >= due)
            return 0;
        struct deadlines sleeping = *l;
        sleeping.connect_until = CLOCK_NEVER;
        int got = deadlines_wait(&sleeping, -1, 0, due - now, f);
        if (got < 0)
            return -1;
    }
}
