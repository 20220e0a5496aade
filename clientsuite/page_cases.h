/*
 * The table of all cases in a report: a row for each scenario, layer by layer, a column for each
 * client. What was not as asked leads to the section that tells of it.
 */
#ifndef CS_PAGE_CASES_H
#define CS_PAGE_CASES_H

#include <stdio.h>

#include "results.h"

void page_cases(FILE *, const struct results *);

/* The heads of a table's columns, one for each client. */
void page_client_heads(FILE *, const struct results *);

#endif
