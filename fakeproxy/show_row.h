/*
 * From an event to its row in the ladder: whose lifelines, which arrow, what text. Pure.
 */
#ifndef FP_SHOW_ROW_H
#define FP_SHOW_ROW_H

#include "buf.h"
#include "ladder.h"

/* The actors of one journal, in the order of their lifelines: the client, proxies, origins. */
struct cast {
    const char **names; /* [0] is "client" */
    size_t count;
    size_t origins;     /* how many of them stand at the end */
    struct link *links; /* origins' connections and the proxies they came through */
    size_t link_count;
};

struct link {
    const char *at;
    int64_t connection;
    int through; /* lifeline */
};

void cast_free(struct cast *);

/* The lifeline of that name; 0, the client's, for the suite and whom it does not know. */
int cast_find(const struct cast *, const char *name);

/* Remembers what later events of a connection do not tell again. For every event, in order. */
void cast_note(struct cast *, const struct fp_event *);

/* Fills in from, to, tag, tone and is_fault, and appends the text. False: no row. `sent`: the
 * `sent` event of this `response`, told in the same row; NULL: none. */
bool show_row(const struct cast *, const struct fp_event *, const struct fp_event *sent,
              struct ladder_row *, struct buf *text);

#endif
