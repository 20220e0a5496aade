/*
 * The arena: a list of blocks, each at least BLOCK octets, used front to back.
 */
#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 16384 };

struct block {
    struct block *next;
    size_t used, size;
    alignas(max_align_t) char octets[];
};

struct arena {
    struct block *last;
};

static void *must(void *memory)
{
    if (!memory) {
        fputs("fakeproxy: out of memory\n", stderr);
        abort();
    }
    return memory;
}

struct arena *arena_new(void)
{
    return must(calloc(1, sizeof(struct arena)));
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    for (struct block *b = a->last, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(a);
}

void *arena_take(struct arena *a, size_t size)
{
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (!a->last || a->last->size - a->last->used < size) {
        size_t room = size > BLOCK ? size : BLOCK;
        struct block *b = must(calloc(1, sizeof(*b) + room));
        b->size = room;
        b->next = a->last;
        a->last = b;
    }
    void *memory = a->last->octets + a->last->used;
    a->last->used += size;
    return memory;
}

char *arena_copy(struct arena *a, const char *octets, size_t len)
{
    char *copy = arena_take(a, len + 1);
    if (len)
        memcpy(copy, octets, len);
    return copy;
}
