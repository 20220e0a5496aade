/*
 * bench-exact [REPEATS [LANES]]: every exact cut of the language, over and over, side by side.
 *
 * Plays the whole product of tests/e2e/exact.h: sizes, routes, framings, readers, fresh and warmed
 * connections, ends. Two programs share the work: answers go through one without a journal, uploads
 * through one with it, because only the journal knows how much of an upload was read. Prints a
 * table and every play that was not exact (the first 20); exits 1 if there was one.
 *
 * The cuts of `forward` and of plain octets down a tunnel, which the other routes imply, are
 * repeated a twentieth as often, so that the whole stays within minutes on two cores. More than 64
 * lanes, because most of them wait: for a late reader, or for a stall to stay silent.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "clock.h"
#include "exact.h"

enum { REPEATS = 200, LANES = 192, RARELY = 20, SHOWN = 20 };

struct tally {
    pthread_mutex_t lock; /* both halves tell */
    unsigned repeats;
    unsigned long plays[EXACT_ENDS][EXACT_ROUTES], exact[EXACT_ENDS][EXACT_ROUTES];
    unsigned shown;
};

static unsigned repeats_of(const struct exact_case *k, void *arg)
{
    const struct tally *t = arg;
    bool is_extra =
        k->route == EXACT_FORWARD || (k->route == EXACT_TUNNEL && k->direction == EXACT_DOWN);
    unsigned n = is_extra ? t->repeats / RARELY : t->repeats;
    return n ? n : 1;
}

static void tell(const struct exact_case *k, bool exact, const char *why, void *arg)
{
    struct tally *t = arg;
    char text[256];
    pthread_mutex_lock(&t->lock);
    t->plays[k->end][k->route]++;
    t->exact[k->end][k->route] += exact;
    bool is_shown = !exact && t->shown++ < SHOWN;
    pthread_mutex_unlock(&t->lock);
    if (!is_shown)
        return;
    exact_describe(k, text, sizeof(text));
    printf("not exact: %s: %s\n", text, why);
}

/* What goes through one program: answers, or uploads to the program itself. */
static bool belongs(const struct exact_case *k, bool uploads)
{
    bool is_upload = k->direction == EXACT_UP && k->route != EXACT_TUNNEL;
    return is_upload == uploads;
}

/* What goes through one program, and came of it. */
struct half {
    struct exact_case *cases;
    size_t count;
    struct exact_site *site;
    int lanes;
    bool uploads;
    struct tally *tally;
    size_t wrong;
};

static void begin_half(struct half *h, const struct exact_case *all, size_t count)
{
    h->cases = calloc(count, sizeof(*h->cases));
    h->site = exact_site_start(FP_PROGRAM, h->lanes, h->uploads);
    if (!h->cases || !h->site)
        exit(3);
    for (size_t i = 0; i < count; i++)
        if (belongs(&all[i], h->uploads))
            h->cases[h->count++] = all[i];
}

static void *play_half(void *arg)
{
    struct half *h = arg;
    struct exact_run run = { .site = h->site,
                             .cases = h->cases,
                             .count = h->count,
                             .repeats = repeats_of,
                             .told = tell,
                             .arg = h->tally };
    h->wrong = exact_run(&run, h->lanes);
    return NULL;
}

static void end_half(struct half *h)
{
    size_t seen = 0, unread = 0;
    char why[256] = "";
    if (h->uploads) {
        unread = exact_uploads_wrong(h->site, &seen, why, sizeof(why));
        printf("uploads whose octets the journal counted: %zu, not exact: %zu %s\n", seen, unread,
               why);
    }
    h->wrong += unread;
    if (exact_site_end(h->site, false) < 0) {
        printf("fakeproxy did not end well\n");
        h->wrong++;
    }
    free(h->cases);
}

/* Both at once, so that neither core waits. Returns how many plays were not exact. */
static size_t play_all(const struct exact_case *all, size_t count, int lanes, struct tally *t)
{
    struct half down = { .lanes = lanes - lanes / 4, .tally = t };
    struct half up = { .lanes = lanes / 4, .uploads = true, .tally = t };
    pthread_t thread;
    begin_half(&down, all, count);
    begin_half(&up, all, count);
    if (pthread_create(&thread, NULL, play_half, &up) != 0)
        abort();
    play_half(&down);
    pthread_join(thread, NULL);
    end_half(&down);
    end_half(&up);
    return down.wrong + up.wrong;
}

static void print_table(const struct tally *t)
{
    static const char *const ends[] = { "reset", "close", "stall" };
    printf("\n%-8s %12s %12s %12s %12s   %s\n", "", "plain", "forward", "tls", "tunnel", "exact");
    for (int e = 0; e < EXACT_ENDS; e++) {
        unsigned long plays = 0, exact = 0;
        printf("%-8s", ends[e]);
        for (int r = 0; r < EXACT_ROUTES; r++) {
            char cell[32];
            snprintf(cell, sizeof(cell), "%lu/%lu", t->exact[e][r], t->plays[e][r]);
            printf(" %12s", cell);
            plays += t->plays[e][r];
            exact += t->exact[e][r];
        }
        /* Rounded down: one miss in a million is not 100 %. */
        unsigned long thousandths = plays ? exact * 100000 / plays : 0;
        printf("   %lu.%03lu %%\n", thousandths / 1000, thousandths % 1000);
    }
}

static double cpu_seconds(int who)
{
    struct rusage u;
    getrusage(who, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
    struct tally t = { .lock = PTHREAD_MUTEX_INITIALIZER,
                       .repeats = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : REPEATS };
    int lanes = argc > 2 ? atoi(argv[2]) : LANES;
    size_t count;
    if (t.repeats == 0 || lanes < 4) {
        fprintf(stderr, "usage: bench-exact [REPEATS [LANES]]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct exact_case *cases = exact_product(&count);
    int64_t began = clock_now();
    unsigned rarely = t.repeats / RARELY;
    printf("%zu cases, each %u times (forward, down a plain tunnel: %u times), %d side by side\n",
           count, t.repeats, rarely ? rarely : 1, lanes);
    size_t wrong = play_all(cases, count, lanes, &t);
    print_table(&t);
    printf("%.0f s; CPU: fakeproxy %.0f s, its clients %.0f s\n",
           (double)(clock_now() - began) / 1e9, cpu_seconds(RUSAGE_CHILDREN),
           cpu_seconds(RUSAGE_SELF));
    free(cases);
    return wrong ? 1 : 0;
}
