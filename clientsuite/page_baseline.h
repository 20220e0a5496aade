/*
 * What a baseline makes of a run, as a section of the report: what is new, what is fixed.
 */
#ifndef CS_PAGE_BASELINE_H
#define CS_PAGE_BASELINE_H

#include <stdio.h>

#include "results.h"

/* Nothing, where no verdict has a mark. */
void page_baseline(FILE *, const struct results *);

#endif
