/*
 * Random numbers that a seed decides (splitmix64, Steele, Lea and Flood 2014): the same on every
 * host. For chances and orders, for no secret.
 */
#ifndef FP_RANDOM_H
#define FP_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state) /* of any value: it is the seed */
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

#endif
