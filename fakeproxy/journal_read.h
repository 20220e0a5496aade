/*
 * A journal's lines read back into events: the inverse of journal_json.h.
 */
#ifndef FP_JOURNAL_READ_H
#define FP_JOURNAL_READ_H

#include <stddef.h>

#include "event.h"

struct arena;

struct journal_line {
    struct event_draft draft; /* texts lie in the arena */
    const char *scenario;     /* of a journal that several share; NULL: not told */
};

struct journal_read_error {
    size_t column; /* octets into the line, from 1 */
    char what[320];
};

/* Reads one line, without its newline. 0, or -1 with *error filled in: no JSON, an unknown event, a
 * field of the wrong type. Members that are no fields are passed over. */
int journal_read(struct arena *, const char *line, size_t len, struct journal_line *,
                 struct journal_read_error *error);

#endif
