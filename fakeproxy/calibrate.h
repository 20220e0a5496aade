/*
 * `fakeproxy calibrate`: how exact waits and cuts are on this host, and what the host lacks.
 */
#ifndef FP_CALIBRATE_H
#define FP_CALIBRATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/* How late waits were. Nanoseconds. */
struct lateness {
    size_t waits, early;
    int64_t half, most, latest; /* half and 99 % of them were at most so late; the latest */
};

/* One kind of cut, repeated. */
struct cuts {
    const char *name;
    size_t tried, exact;   /* as the client saw it: that many octets, and the right end */
    bool settles;          /* waits for acknowledgements: the times mean something */
    int64_t half, longest; /* ms until the last octet was acknowledged */
};

enum { CALIBRATE_CUTS = 3 };

struct calibration {
    struct lateness spread, bursts;
    struct cuts cuts[CALIBRATE_CUTS];
    bool tells_acks, has_ipv6;
    uint64_t descriptors; /* that a process may have */
};

/* Appends the figures; then a verdict in plain words. Returns the exit code: EXIT_OK, or
 * EXIT_HARNESS where a wait came early or a cut was not exact. */
void calibrate_figures(const struct calibration *, struct buf *);
int calibrate_verdict(const struct calibration *, struct buf *);

/* The measurements. 0, or -1 after a message on standard error. */
int calibrate_waits(struct calibration *);
int calibrate_cuts(struct calibration *);
void calibrate_host(struct calibration *);

/* Sorts; the value that a share (0 to 1) of them does not exceed. 0 of none. */
int64_t calibrate_share(int64_t *values, size_t count, double share);

/* The command: measures for some seconds, prints, returns the exit code. */
int calibrate(void);

#endif
