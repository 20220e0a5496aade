/*
 * docs/cases/: an index by layer, and a page for each topic.
 */
#ifndef TOOLS_PAGES_H
#define TOOLS_PAGES_H

#include "statements.h"

/* 0 or 1, as output_settle. */
int pages_write(const struct output *, const struct shipped *, const struct statements *);

#endif
