/*
 * A ladder on a page: the story of a journal (story.h) as inline SVG, one lifeline for each actor,
 * an arrow for each message, what it says beside it (below it, on a narrow screen).
 */
#ifndef CS_PAGE_LADDER_H
#define CS_PAGE_LADDER_H

#include <stdio.h>

#include "results.h"

/* The shapes that ladders use: once on each page that has any. */
void page_ladder_shapes(FILE *);

/* Rows that decided a verdict of `why` (may be NULL) are marked. What cannot be read as an event is
 * passed over; of very long stories head and end are drawn. */
void page_ladder(FILE *, const char *journal, size_t len, const struct graded *why);

#endif
