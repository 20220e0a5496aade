/*
 * "Did you mean": the candidate that a mistyped word most likely stands for, by edit distance
 * (insertions, deletions, substitutions and swaps of neighbours; case does not count).
 */
#ifndef FP_NEAREST_H
#define FP_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *word;
    size_t len;
    const char *best; /* NULL: nothing is near enough */
    size_t distance;
};

void nearest_begin(struct nearest *, const char *word, size_t len);
void nearest_try(struct nearest *, const char *candidate); /* which must outlive the struct */

#endif
