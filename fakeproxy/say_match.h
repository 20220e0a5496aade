/*
 * Match objects in words: what a rule, a wait or a check looks for, as a reader would say it.
 */
#ifndef FP_SAY_MATCH_H
#define FP_SAY_MATCH_H

#include "buf.h"
#include "match.h"

/* "request with method CONNECT, after the close". scope NULL: placeholders stay as they stand. */
void say_match(struct buf *, const struct match *, const struct text_scope *);
/* The same without the event's name in front: " with method CONNECT"; may be nothing. */
void say_match_fields(struct buf *, const struct match *, const struct text_scope *);

/* Octets that are no text as \xHH, and no more of them than a reader wants. */
void say_shortened(struct buf *, const char *octets, size_t len);
/* A field's number: seconds of what is nanoseconds in FIELD_TYPE_SECONDS. */
void say_number_of(struct buf *, enum field_id, int64_t);

#endif
