/*
 * Exactness: every way an answer or an upload can be ended at an exact octet, as plays that say
 * whether the octet, and the end, were the ones asked for. The tests play a choice of them, the
 * benchmark the whole product over and over.
 *
 * A site is a running program with one scenario in which every case has its rule. Lanes play side
 * by side; each is used by one thread at a time. Nothing here asserts.
 */
#ifndef TESTS_E2E_EXACT_H
#define TESTS_E2E_EXACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which action cuts, and where. */
enum exact_route {
    EXACT_PLAIN,   /* the proxy's `respond` or `read`, over plain HTTP */
    EXACT_FORWARD, /* the proxy's `forward` of the origin's answer */
    EXACT_TLS,     /* the origin's `respond` or `read`, in TLS inside a CONNECT tunnel */
    EXACT_TUNNEL,  /* the proxy's `tunnel`, over octets that are no TLS */
    EXACT_ROUTES
};
enum exact_direction { EXACT_DOWN, EXACT_UP, EXACT_DIRECTIONS };
enum exact_framing { EXACT_LENGTH, EXACT_CHUNKED, EXACT_FRAMINGS };
enum exact_reader {
    EXACT_FAST,
    EXACT_SLOW, /* a receive buffer of 64 KiB */
    EXACT_LATE, /* reads nothing for 300 ms */
    EXACT_READERS
};
enum exact_end { EXACT_RESET, EXACT_CLOSE, EXACT_STALL, EXACT_ENDS };

enum { EXACT_SIZES = 9 };
extern const uint64_t exact_sizes[EXACT_SIZES];

struct exact_case {
    int size; /* index in exact_sizes */
    enum exact_route route;
    enum exact_direction direction;
    enum exact_framing framing;
    enum exact_reader reader;
    enum exact_end end;
    bool warmed; /* earlier requests on the connection */
    bool upload; /* 100 KB of the client's request body lie unread */
};

/* All cases that make sense; free() it. */
struct exact_case *exact_product(size_t *count);
/* As few of those that `wanted` says yes to as cover every pair of their values; free() it. */
struct exact_case *exact_pairs(bool (*wanted)(const struct exact_case *), size_t *count);
/* In words. */
void exact_describe(const struct exact_case *, char *text, size_t room);

struct exact_site;

/* NULL: what went wrong is on standard error. */
struct exact_site *exact_site_start(const char *program, int lanes, bool journal);
/* Ends the program. -1: it did not end well, or a sanitizer found something. */
int exact_site_end(struct exact_site *, bool keep);

/* Plays one case. 0: exact; -1: `why` says what was not. */
int exact_play(struct exact_site *, int lane, const struct exact_case *, char *why, size_t room);
/* What only the journal knows: how much of each upload was read. Call when the last play is over.
 * Returns how many uploads were not read exactly (the first is in `why`); `seen` counts all. */
size_t exact_uploads_wrong(struct exact_site *, size_t *seen, char *why, size_t room);

/* Plays all cases, `repeats` times each, on all lanes of the site. Calls `failed` (from one thread
 * at a time) for each that was not exact. Returns how many plays were not. */
struct exact_run {
    struct exact_site *site;
    const struct exact_case *cases;
    size_t count;
    unsigned (*repeats)(const struct exact_case *, void *arg); /* NULL: once */
    void (*told)(const struct exact_case *, bool exact, const char *why, void *arg);
    void *arg;
};
size_t exact_run(const struct exact_run *, int lanes);

#endif
