/*
 * The lines of results files, as JSON, with the journals cut out: they are most of the text, and
 * only needed where a case is explained.
 */
#ifndef CS_RESULTS_LINES_H
#define CS_RESULTS_LINES_H

#include "json.h"

struct buf;

enum results_line_kind { LINE_RUN, LINE_CLIENT, LINE_CASE, LINE_SUMMARY, LINE_END };

struct results_line {
    enum results_line_kind kind;
    size_t file, number; /* which file, which line of it, from 1 */
    const struct json *json;
    const char *text; /* what json's places count in */
    size_t len;
    char *journal; /* JSON Lines, malloc'ed; NULL: none */
    size_t journal_len;
};

struct results_lines {
    struct results_line *lines;
    size_t count;
};

/* Appends the lines of a file. 0, or -1 after a message. A last line that was cut off, as a run
 * that was killed leaves it, is passed over. */
int results_lines_read(struct results_lines *, struct arena *, const char *path, size_t file);
void results_lines_free(struct results_lines *); /* and the journals nobody took */

/* The text of a value, as it is written. */
const char *results_lines_span(const struct results_line *, const struct json *, size_t *len);

#endif
