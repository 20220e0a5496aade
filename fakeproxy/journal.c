/*
 * The journal's ring. A record is a struct fp_event, its values, and their texts, in one run of
 * octets: the pointers inside point into the record. Records never wrap around the end of the
 * ring; the rest of it is skipped by a mark. Adding one drops as many of the oldest as it needs.
 */
#include "journal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct record {
    size_t size; /* of the whole record; 0: skip to the start of the ring */
    struct fp_event event;
};

struct journal {
    char *ring;
    size_t capacity;
    size_t head, tail; /* next free octet; oldest record */
    uint64_t count, lost;
    size_t listeners;
    struct {
        journal_listener *tell;
        void *arg;
    } listener[JOURNAL_MAX_LISTENERS];
};

struct journal *journal_new(size_t capacity)
{
    struct journal *j = calloc(1, sizeof(*j));
    if (!j)
        return NULL;
    j->ring = mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (j->ring == MAP_FAILED) {
        free(j);
        return NULL;
    }
    j->capacity = capacity;
    return j;
}

void journal_free(struct journal *j)
{
    if (!j)
        return;
    munmap(j->ring, j->capacity);
    free(j);
}

void journal_listen(struct journal *j, journal_listener *tell, void *arg)
{
    assert(j->listeners < JOURNAL_MAX_LISTENERS);
    j->listener[j->listeners].tell = tell;
    j->listener[j->listeners++].arg = arg;
}

static struct record *record_at(const struct journal *j, size_t at)
{
    return (struct record *)(void *)(j->ring + at);
}

/* Where the record behind `at` stands: a mark, or too little room for one, means the start. */
static size_t after_skip(const struct journal *j, size_t at)
{
    if (j->capacity - at < sizeof(struct record) || record_at(j, at)->size == 0)
        return 0;
    return at;
}

static bool is_empty(const struct journal *j)
{
    return j->lost == j->count;
}

static void drop_oldest(struct journal *j)
{
    j->tail += record_at(j, j->tail)->size;
    j->lost++;
    if (!is_empty(j)) /* at once: the mark is overwritten when head comes round again */
        j->tail = after_skip(j, j->tail);
}

/* Room for `size` octets in one piece at head. */
static struct record *take(struct journal *j, size_t size)
{
    if (j->capacity - j->head < size) {
        while (!is_empty(j) && j->tail >= j->head)
            drop_oldest(j);
        if (j->capacity - j->head >= sizeof(struct record))
            record_at(j, j->head)->size = 0;
        j->head = 0;
    }
    while (!is_empty(j) && j->tail >= j->head && j->tail - j->head < size)
        drop_oldest(j);
    if (is_empty(j))
        j->tail = j->head;
    return record_at(j, j->head);
}

static size_t text_size(const struct fp_event *e)
{
    size_t size = 0;
    for (size_t i = 0; i < e->count; i++)
        size += e->values[i].len;
    return size;
}

static size_t values_size(const struct fp_event *e)
{
    return e->count * sizeof(struct event_value);
}

/* Copies e to `to`, which has room for it, its values and its texts behind each other. */
static void copy_event(struct fp_event *to, const struct fp_event *e)
{
    *to = *e;
    struct event_value *values = (struct event_value *)(void *)(to + 1);
    char *text = (char *)values + values_size(e);
    for (size_t i = 0; i < e->count; i++) {
        values[i] = e->values[i];
        if (!e->values[i].text)
            continue;
        memcpy(text, e->values[i].text, e->values[i].len);
        values[i].text = text;
        text += e->values[i].len;
    }
    to->values = values;
}

void journal_add(struct journal *j, struct event_draft *draft)
{
    struct fp_event *e = &draft->event;
    size_t size = sizeof(struct record) + values_size(e) + text_size(e);
    size = (size + 15) & ~(size_t)15;
    e->seq = j->count + 1;
    bool keep = size <= j->capacity / 2; /* no single event may empty the ring */
    if (keep) {
        struct record *r = take(j, size);
        r->size = size;
        copy_event(&r->event, e);
        j->head += size;
    }
    j->count++;
    if (!keep) {
        j->lost = j->count;
        j->head = j->tail = 0;
    }
    for (size_t i = 0; i < j->listeners; i++)
        j->listener[i].tell(j->listener[i].arg, e);
}

uint64_t journal_count(const struct journal *j)
{
    return j->count;
}

uint64_t journal_lost(const struct journal *j)
{
    return j->lost;
}

const struct fp_event *journal_first(const struct journal *j)
{
    return is_empty(j) ? NULL : &record_at(j, j->tail)->event;
}

const struct fp_event *journal_next(const struct journal *j, const struct fp_event *e)
{
    if (e->seq == j->count)
        return NULL;
    size_t at = (size_t)((const char *)e - j->ring) - offsetof(struct record, event);
    at += record_at(j, at)->size;
    return &record_at(j, after_skip(j, at))->event;
}

struct fp_event *journal_copy(const struct fp_event *e)
{
    struct fp_event *copy = malloc(sizeof(*copy) + values_size(e) + text_size(e));
    if (copy)
        copy_event(copy, e);
    return copy;
}
