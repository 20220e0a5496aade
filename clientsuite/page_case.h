/*
 * One scenario in a report: what it is about, and for each client and variant that did not do what
 * was asked: the checks, the ladder, the journal, the line that plays it by hand.
 */
#ifndef CS_PAGE_CASE_H
#define CS_PAGE_CASE_H

#include <stdio.h>

#include "results.h"

/* An article with the id "case/ID"; below it a section "CLIENT/ID@VARIANT" for each play. */
void page_group(FILE *, const struct results *, size_t group);

/* The id of the section that tells of one play. */
void page_play_id(FILE *, const struct results *, const struct case_result *);

#endif
