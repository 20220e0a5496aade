/*
 * Markdown from the texts of scenarios.
 */
#ifndef TOOLS_MARKDOWN_H
#define TOOLS_MARKDOWN_H

#include "buf.h"
#include "shipped.h"

/* The text as it reads: what would be Markdown is escaped, but for `code`. */
void markdown_text(struct buf *, const char *);

/* The same for a text of describe.h: a list, a point each line. */
void markdown_list(struct buf *, const struct buf *text, const char *indent);

/* A source: clauses of an RFC and issues get a link. */
void markdown_source(struct buf *, const char *);

/* A link to a case; `to` leads to docs/cases/. */
void markdown_case(struct buf *, const char *to, const struct shipped_case *);

/* MUST, MUST\*, … */
const char *markdown_level(enum level);

/* A comment on top: do not edit this. */
void markdown_banner(struct buf *, const char *from);

#endif
