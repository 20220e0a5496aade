/*
 * What the two halves of a matrix share: the table, and what happened in its cells.
 */
#ifndef CS_MATRIX_H
#define CS_MATRIX_H

#include <stdio.h>

#include "results_read.h"

struct matrix {
    FILE *f;
    const struct results_read *read;
    const struct results *r;
    struct summary *summaries;
    char **reports; /* of each source: where its report lies, as a link; NULL: nowhere */
};

/* Where the client's report is, as a link; NULL: there is none. */
const char *matrix_report(const struct matrix *, size_t client);
/* The link to what happened in a play: in the client's own report, or on this page. */
void matrix_link(const struct matrix *, const struct case_result *);

/* Below the table: why each client has its letter; and for each scenario what happened. */
void matrix_clients(const struct matrix *);
void matrix_evidence(const struct matrix *);

#endif
