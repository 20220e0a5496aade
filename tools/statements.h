/*
 * The statements of the diagnostic guide, each with the cases that put it to the test:
 * docs/guide-statements.tsv, a line each: number, statement, ids apart by spaces; `#` begins a
 * comment.
 */
#ifndef TOOLS_STATEMENTS_H
#define TOOLS_STATEMENTS_H

#include "output.h"
#include "shipped.h"

enum { STATEMENTS = 76 }; /* S01 to S76 */

struct statement {
    char number[8];
    const char *text;
    const struct shipped_case **cases; /* NULL-terminated, at least one */
};

struct statements {
    struct statement list[STATEMENTS];
    struct arena *arena;
};

/* NULL, after messages: one is missing, names a case that is not shipped, or none that is. */
struct statements *statements_load(const struct output *, const struct shipped *);
void statements_free(struct statements *); /* NULL is fine */

/* Writes docs/guide-coverage.md. 0 or 1, as output_settle. */
int coverage_write(const struct output *, const struct shipped *, const struct statements *);

#endif
