/*
 * Retry-After promises.
 */
#include "promise.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "httpdate.h"

enum { MAX_PROMISES = 4096 };

static const double LONGEST_S = 100.0 * 365 * 86400; /* so that sums of ns never overflow */

struct promise promise_in(const struct http_head *answer, int64_t wall)
{
    struct promise best = { 0 };
    struct http_field field;
    for (size_t cursor = 0; http_next_field(answer, &cursor, &field);) {
        double wait_s;
        int64_t at_s;
        if (!http_slice_is_nocase(field.name, "Retry-After") ||
            retry_after_parse(field.value.at, field.value.len, wall / CLOCK_S, &wait_s, &at_s) < 0)
            continue;
        struct promise p = { .made = true, .is_date = at_s >= 0 };
        if (wait_s > LONGEST_S)
            wait_s = LONGEST_S;
        p.until = p.is_date && wait_s < LONGEST_S ? at_s * CLOCK_S : wall + (int64_t)(wait_s * 1e9);
        p.wait = p.until - wall;
        if (p.wait > 0 && (!best.made || p.wait < best.wait))
            best = p;
    }
    return best;
}

struct entry {
    struct entry *next;
    int64_t mono, wall; /* over at; one of them, the other is 0 */
    size_t len;
    char key[];
};

struct promises {
    struct entry *list;
    size_t count;
};

struct promises *promises_new(void)
{
    struct promises *p = calloc(1, sizeof(*p));
    if (!p)
        abort();
    return p;
}

void promises_free(struct promises *p)
{
    if (!p)
        return;
    while (p->list) {
        struct entry *next = p->list->next;
        free(p->list);
        p->list = next;
    }
    free(p);
}

static int64_t left_of(const struct entry *e, int64_t now, int64_t wall)
{
    return e->mono ? e->mono - now : e->wall - wall;
}

/* The entry of that key; drops those that are over on the way. */
static struct entry *find(struct promises *p, const char *key, size_t len, int64_t now,
                          int64_t wall)
{
    for (struct entry **link = &p->list; *link;) {
        struct entry *e = *link;
        if (left_of(e, now, wall) <= 0) {
            *link = e->next;
            free(e);
            p->count--;
        } else if (e->len == len && memcmp(e->key, key, len) == 0) {
            return e;
        } else {
            link = &e->next;
        }
    }
    return NULL;
}

void promises_add(struct promises *p, const char *key, size_t len, const struct promise *made,
                  int64_t now, int64_t wall)
{
    if (!made->made)
        return;
    struct entry *e = find(p, key, len, now, wall);
    if (!e) {
        if (p->count == MAX_PROMISES)
            return;
        if (!(e = calloc(1, sizeof(*e) + len)))
            abort();
        memcpy(e->key, key, len);
        e->len = len;
        e->next = p->list;
        p->list = e;
        p->count++;
    }
    e->mono = made->is_date ? 0 : now + made->wait;
    e->wall = made->is_date ? made->until : 0;
}

int64_t promises_early(struct promises *p, const char *key, size_t len, int64_t now, int64_t wall)
{
    if (!p->list)
        return 0;
    struct entry *e = find(p, key, len, now, wall);
    return e ? left_of(e, now, wall) : 0;
}
