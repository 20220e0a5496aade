/*
 * Memory for what lives outside an arena. Out of memory ends the program, as everywhere here.
 */
#ifndef FP_MEMORY_H
#define FP_MEMORY_H

#include <stddef.h>

void *memory_must(void *); /* what malloc() and its kin returned; never NULL */
/* The list, with room for one more behind its `count` items of `size` octets. It may have moved,
 * and is free()d as any other. For lists that get one item at a time through this, from NULL on:
 * their room is the power of two that is at least count. */
void *memory_grow(void *list, size_t count, size_t size);

#endif
