/*
 * An arena: memory that is taken piece by piece and given back at once. A scenario, which is
 * immutable after load, lives in one; nothing in it is freed on its own.
 */
#ifndef FP_ARENA_H
#define FP_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *); /* NULL is fine */

/* Zeroed memory, aligned for any type. Never NULL: out of memory ends the program. */
void *arena_take(struct arena *, size_t size);
/* A copy of len octets, with a NUL behind them. */
char *arena_copy(struct arena *, const char *octets, size_t len);

#endif
