/*
 * One case on its topic's page.
 */
#ifndef TOOLS_CASE_PAGE_H
#define TOOLS_CASE_PAGE_H

#include "statements.h"

void case_page_write(struct buf *, const struct shipped_case *, const struct statements *);

#endif
