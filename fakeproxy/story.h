/*
 * The story of one journal: its events as lifelines and rows, in the order of happening, ready to
 * be drawn in a terminal (ladder.h) or on a page. An answer that went out whole and at once is one
 * row with its end; silence between two rows is told, too. Pure.
 */
#ifndef FP_STORY_H
#define FP_STORY_H

#include "ladder.h"
#include "show_row.h"

struct story_row {
    struct ladder_row row; /* `time` counts from the moment given to story_tell() */
    double pause;          /* s in which nothing happened before it; 0: none worth telling */
    uint64_t seq;          /* which event of the story it tells, from 1 */
    uint64_t end_seq;      /* and the event that is told with it; 0: none */
    enum event_kind kind;
    bool is_client; /* what the caller and the client said to each other, not the wire */
};

struct story;

struct story *story_new(void);
void story_free(struct story *); /* NULL is fine */

/* The next event of the journal: it is copied. */
void story_event(struct story *, const struct fp_event *);
enum story_style {
    STORY_WHOLE,
    STORY_WITHOUT_LAG /* how late this host was is no row: story_lag() has it */
};

/* Makes the rows, once all events are there. */
void story_tell(struct story *, int64_t start, enum story_style);

size_t story_lag(const struct story *, int64_t *worst); /* how often, and at most how much (ns) */
int64_t story_start(const struct story *);              /* t of its first event */
const char *const *story_names(const struct story *, size_t *count);
const struct story_row *story_rows(const struct story *, size_t *count);

#endif
