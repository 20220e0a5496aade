/*
 * House checks in a report: a row for each, which client broke it, and where.
 */
#ifndef CS_PAGE_HOUSE_H
#define CS_PAGE_HOUSE_H

#include <stdio.h>

#include "results.h"

/* `summaries`: one for each client. */
void page_house(FILE *, const struct results *, const struct summary *summaries);

#endif
