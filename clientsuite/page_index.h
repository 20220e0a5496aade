/*
 * What a reader of a report should look at first: a line for each scenario that was not as asked,
 * the worst first, each with what did not hold, whom it concerns, and the way to the evidence.
 */
#ifndef CS_PAGE_INDEX_H
#define CS_PAGE_INDEX_H

#include <stdio.h>

#include "results.h"

void page_index(FILE *, const struct results *);

#endif
