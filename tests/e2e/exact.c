/*
 * The product of cases, a choice of pairs, and playing many of them side by side.
 */
#include "exact_site.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const uint64_t exact_sizes[EXACT_SIZES] = {
    0, 1, 100, 16383, 16384, 16385, 65537, 1000000, 10000000
};

const char *const exact_end_names[] = { "reset", "close", "stall" };
const char *const exact_framing_names[] = { "length", "chunked" };
const char *const exact_direction_names[] = { "down", "up" };
static const char *const route_names[] = { "plain", "forward", "tls", "tunnel" };
static const char *const reader_names[] = { "fast", "slow", "late" };

void exact_describe(const struct exact_case *k, char *text, size_t room)
{
    snprintf(text, room, "%s after %llu octets %s, %s, %s, %s reader, %s connection%s",
             exact_end_names[k->end], (unsigned long long)exact_sizes[k->size],
             exact_direction_names[k->direction], route_names[k->route],
             exact_framing_names[k->framing], reader_names[k->reader],
             k->warmed ? "warmed" : "fresh", k->upload ? ", upload unread" : "");
}

/* ---- the product ----------------------------------------------------------------------------- */

enum { DIMENSIONS = 8 };
static const int extents[DIMENSIONS] = {
    EXACT_SIZES, EXACT_ROUTES, EXACT_DIRECTIONS, EXACT_FRAMINGS, EXACT_READERS, EXACT_ENDS, 2, 2
};
enum { ALL_COMBINATIONS = EXACT_SIZES * EXACT_ROUTES * 2 * 2 * EXACT_READERS * EXACT_ENDS * 4 };

static void split(int index, int value[DIMENSIONS])
{
    for (int i = DIMENSIONS - 1; i >= 0; i--) {
        value[i] = index % extents[i];
        index /= extents[i];
    }
}

static struct exact_case case_of(const int value[DIMENSIONS])
{
    return (struct exact_case){ .size = value[0],
                                .route = (enum exact_route)value[1],
                                .direction = (enum exact_direction)value[2],
                                .framing = (enum exact_framing)value[3],
                                .reader = (enum exact_reader)value[4],
                                .end = (enum exact_end)value[5],
                                .warmed = value[6] != 0,
                                .upload = value[7] != 0 };
}

static bool makes_sense(const struct exact_case *k)
{
    bool is_http = k->route == EXACT_PLAIN || k->route == EXACT_TLS;
    if (k->route == EXACT_TUNNEL && k->framing == EXACT_CHUNKED)
        return false; /* it copies blindly */
    if (k->direction == EXACT_UP && k->route == EXACT_FORWARD)
        return false; /* its cut acts on the answer */
    if (k->direction == EXACT_UP && is_http && k->reader != EXACT_FAST)
        return false; /* the reader is the program itself */
    return !k->upload || (k->direction == EXACT_DOWN && is_http && k->end == EXACT_CLOSE);
}

struct exact_case *exact_product(size_t *count)
{
    struct exact_case *cases = calloc(ALL_COMBINATIONS, sizeof(*cases));
    if (!cases)
        abort();
    *count = 0;
    for (int i = 0; i < ALL_COMBINATIONS; i++) {
        int value[DIMENSIONS];
        split(i, value);
        struct exact_case k = case_of(value);
        if (makes_sense(&k))
            cases[(*count)++] = k;
    }
    return cases;
}

enum { MAX_EXTENT = EXACT_SIZES };

struct pairs {
    bool covered[DIMENSIONS][DIMENSIONS][MAX_EXTENT][MAX_EXTENT];
};

static int gain(const struct pairs *p, const int v[DIMENSIONS])
{
    int n = 0;
    for (int a = 0; a < DIMENSIONS; a++)
        for (int b = a + 1; b < DIMENSIONS; b++)
            n += !p->covered[a][b][v[a]][v[b]];
    return n;
}

static void cover(struct pairs *p, const int v[DIMENSIONS])
{
    for (int a = 0; a < DIMENSIONS; a++)
        for (int b = a + 1; b < DIMENSIONS; b++)
            p->covered[a][b][v[a]][v[b]] = true;
}

struct exact_case *exact_pairs(bool (*wanted)(const struct exact_case *), size_t *count)
{
    struct exact_case *cases = calloc(ALL_COMBINATIONS, sizeof(*cases));
    struct pairs *p = calloc(1, sizeof(*p));
    int best[DIMENSIONS], best_gain;
    if (!cases || !p)
        abort();
    *count = 0;
    do { /* greedily the one that covers most; few hundred candidates, so that is quick enough */
        best_gain = 0;
        for (int i = 0; i < ALL_COMBINATIONS; i++) {
            int v[DIMENSIONS], n;
            split(i, v);
            struct exact_case k = case_of(v);
            if (makes_sense(&k) && wanted(&k) && (n = gain(p, v)) > best_gain) {
                best_gain = n;
                memcpy(best, v, sizeof(v));
            }
        }
        if (best_gain > 0) {
            cases[(*count)++] = case_of(best);
            cover(p, best);
        }
    } while (best_gain > 0);
    free(p);
    return cases;
}

/* ---- many ------------------------------------------------------------------------------------ */

enum { STRIDE = 1009 }; /* a prime that divides no count there is, so that every case is met */

struct queue {
    const struct exact_run *run;
    pthread_mutex_t lock;
    size_t at;      /* the next case */
    unsigned round; /* and which time */
    unsigned rounds;
    size_t wrong;
};

struct worker {
    struct queue *queue;
    int lane;
    pthread_t thread;
};

static unsigned repeats_of(const struct exact_run *r, size_t i)
{
    return r->repeats ? r->repeats(&r->cases[i], r->arg) : 1;
}

/* Round after round through all cases, in strides, so that neighbours differ: a big body moves
 * while many a small one waits. */
static const struct exact_case *next(struct queue *q)
{
    const struct exact_case *k = NULL;
    pthread_mutex_lock(&q->lock);
    while (!k && q->round < q->rounds) {
        size_t i = q->at * STRIDE % q->run->count;
        if (repeats_of(q->run, i) > q->round)
            k = &q->run->cases[i];
        if (++q->at == q->run->count) {
            q->at = 0;
            q->round++;
        }
    }
    pthread_mutex_unlock(&q->lock);
    return k;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct queue *q = w->queue;
    const struct exact_case *k;
    while ((k = next(q))) {
        char why[256] = "";
        bool exact = exact_play(q->run->site, w->lane, k, why, sizeof(why)) == 0;
        pthread_mutex_lock(&q->lock);
        q->wrong += !exact;
        q->run->told(k, exact, why, q->run->arg);
        pthread_mutex_unlock(&q->lock);
    }
    return NULL;
}

size_t exact_run(const struct exact_run *r, int lanes)
{
    struct queue q = { .run = r, .lock = PTHREAD_MUTEX_INITIALIZER };
    struct worker *workers = calloc((size_t)lanes, sizeof(*workers));
    if (!workers)
        abort();
    for (size_t i = 0; i < r->count; i++)
        if (repeats_of(r, i) > q.rounds)
            q.rounds = repeats_of(r, i);
    for (int i = 0; i < lanes; i++) {
        workers[i] = (struct worker){ .queue = &q, .lane = i };
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            abort();
    }
    for (int i = 0; i < lanes; i++)
        pthread_join(workers[i].thread, NULL);
    free(workers);
    return q.wrong;
}
