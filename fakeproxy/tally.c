/*
 * Counters by key: a chained hash table whose entries also stand in a list by age.
 */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum { BUCKETS = 4096 };

struct entry {
    struct entry *chain; /* same bucket */
    struct entry *older, *newer;
    const void *owner;
    uint64_t count;
    int64_t *times; /* ring of the last `limit` arrivals; NULL: no rate */
    uint64_t limit, next;
    size_t len;
    char key[];
};

struct tally {
    struct entry *buckets[BUCKETS];
    struct entry *oldest, *newest;
    size_t entries;
};

struct tally *tally_new(void)
{
    return memory_must(calloc(1, sizeof(struct tally)));
}

static size_t bucket_of(const void *owner, const char *key, size_t len)
{
    uint64_t hash = 14695981039346656037U ^ (uintptr_t)owner; /* FNV-1a */
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)key[i]) * 1099511628211U;
    return (size_t)((hash ^ hash >> 29) % BUCKETS);
}

static void add_newest(struct tally *t, struct entry *e)
{
    e->newer = NULL;
    e->older = t->newest;
    *(t->newest ? &t->newest->newer : &t->oldest) = e;
    t->newest = e;
}

/* What is used is not forgotten: a scenario's counter outlives those of many targets. */
static struct entry *make_newest(struct tally *t, struct entry *e)
{
    if (e == t->newest)
        return e;
    *(e->older ? &e->older->newer : &t->oldest) = e->newer;
    e->newer->older = e->older;
    add_newest(t, e);
    return e;
}

static void forget_oldest(struct tally *t)
{
    struct entry *e = t->oldest;
    struct entry **link = &t->buckets[bucket_of(e->owner, e->key, e->len)];
    while (*link != e)
        link = &(*link)->chain;
    *link = e->chain;
    t->oldest = e->newer;
    if (t->oldest)
        t->oldest->older = NULL;
    else
        t->newest = NULL;
    t->entries--;
    free(e->times);
    free(e);
}

void tally_free(struct tally *t)
{
    if (!t)
        return;
    while (t->oldest)
        forget_oldest(t);
    free(t);
}

static struct entry *find(struct tally *t, const void *owner, const char *key, size_t len)
{
    struct entry **bucket = &t->buckets[bucket_of(owner, key, len)];
    for (struct entry *e = *bucket; e; e = e->chain)
        if (e->owner == owner && e->len == len && memcmp(e->key, key, len) == 0)
            return make_newest(t, e);
    if (t->entries == TALLY_MAX)
        forget_oldest(t);
    struct entry *e = memory_must(calloc(1, sizeof(*e) + len + 1));
    memcpy(e->key, key, len);
    e->len = len;
    e->owner = owner;
    e->chain = *bucket;
    *bucket = e;
    add_newest(t, e);
    t->entries++;
    return e;
}

uint64_t *tally_count(struct tally *t, const void *owner, const char *key, size_t len)
{
    return &find(t, owner, key, len)->count;
}

bool tally_over(struct tally *t, const void *owner, const char *key, size_t len, uint64_t limit,
                int64_t per, int64_t now)
{
    struct entry *e = find(t, owner, key, len);
    if (!e->times) {
        e->times = memory_must(calloc(limit, sizeof(*e->times)));
        e->limit = limit;
    }
    int64_t *oldest = &e->times[e->next++ % e->limit]; /* the limit-th arrival before this one */
    bool over = e->next > e->limit && now - *oldest < per;
    *oldest = now;
    return over;
}
