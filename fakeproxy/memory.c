/*
 * Memory outside arenas.
 */
#include "memory.h"

#include <stdlib.h>

void *memory_must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

void *memory_grow(void *list, size_t count, size_t size)
{
    if (count & (count - 1)) /* between two powers of two: there is room */
        return list;
    return memory_must(reallocarray(list, count ? count * 2 : 1, size));
}
