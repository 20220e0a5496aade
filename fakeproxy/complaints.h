/*
 * What is wrong with the files that were read: collected, so that one look shows all, and printed
 * as
 *
 *   file:line:col: /json/pointer: what is wrong, what was expected
 *       the line of the file
 *       ^ did you mean "…"?
 *
 * Line and column count from 1, columns in characters. The same complaint about the same place is
 * kept once (variants of a scenario share most of their text).
 */
#ifndef FP_COMPLAINTS_H
#define FP_COMPLAINTS_H

#include <stddef.h>
#include <stdio.h>

struct complaints;

struct complaint_place {
    const char *file;
    const char *text; /* the whole file; NULL: the complaint is about the file as such */
    size_t len;
    size_t at;           /* octets into the text */
    const char *pointer; /* JSON pointer */
};

enum { COMPLAINTS_PRINTED = 20 };

struct complaints *complaints_new(void);
void complaints_free(struct complaints *); /* NULL is fine */

/* Copies everything. hint stands behind the caret; NULL: none. */
void complaints_add(struct complaints *, const struct complaint_place *, const char *hint,
                    const char *what, ...) __attribute__((format(printf, 4, 5)));

size_t complaints_count(const struct complaints *);

/* At most COMPLAINTS_PRINTED of them, in the order of file and place, then "and N more". */
void complaints_print(const struct complaints *, FILE *);

#endif
