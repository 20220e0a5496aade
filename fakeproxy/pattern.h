/*
 * Generated bodies: octet i is (i + 97 * seed) % 251. 251 is prime, so no power-of-two buffer
 * boundary hides a lost or repeated stretch, and 97 tells bodies of different seeds apart at every
 * position.
 */
#ifndef FP_PATTERN_H
#define FP_PATTERN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PATTERN_PERIOD = 251 };

static inline void pattern_fill(char *out, size_t len, uint64_t offset, uint32_t seed)
{
    unsigned at = (unsigned)((offset % PATTERN_PERIOD + (uint64_t)seed * 97) % PATTERN_PERIOD);
    size_t n = len < PATTERN_PERIOD ? len : PATTERN_PERIOD;
    for (size_t i = 0; i < n; i++) {
        out[i] = (char)at;
        at = at + 1 == PATTERN_PERIOD ? 0 : at + 1;
    }
    for (size_t more; n < len; n += more) { /* whole periods so far: the rest repeats them */
        more = n < len - n ? n : len - n;
        memcpy(out + n, out, more);
    }
}

#endif
