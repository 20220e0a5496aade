/*
 * Whole files into memory.
 */
#ifndef FP_SLURP_H
#define FP_SLURP_H

#include <stdio.h>

#include "buf.h"

/* Adds all octets of the file; there is memory at out->at even if there are none. 0, or -1 with
 * errno: EFBIG if they are more than `most`. The buf is the caller's to free in any case. */
int slurp(const char *path, size_t most, struct buf *out);
/* What is left of an open file, which stays open. */
int slurp_stream(FILE *, size_t most, struct buf *out);

#endif
