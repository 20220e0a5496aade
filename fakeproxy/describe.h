/*
 * Scenarios in words, for `fakeproxy explain` and docs/cases. Pure: a model in, text out. Each
 * point is one line, without a newline behind the last; what goes over the wire stands `in
 * backticks`, placeholders such as {origin} as they are written.
 */
#ifndef FP_DESCRIBE_H
#define FP_DESCRIBE_H

#include "buf.h"
#include "scenario.h"

/* What proxies and origins do that faultless ones would not; nothing if that is nothing. */
void describe_played(struct buf *, const struct scenario *);

/* How the client is set up (a line, if by more than the defaults) and what it is asked for. */
void describe_client(struct buf *, const struct scenario *);

typedef void describe_function(struct buf *, const struct scenario *);

/* Do these words fit every variant of the file? */
bool describe_is_same(describe_function *, const struct scenario_set *);

/* One action: "reset (RST once all is acknowledged)". */
void describe_action(struct buf *, const struct scenario *, const struct action *);

/* Parts of these: `Name: value`, a time, a condition ("for 200 ms"), what a body is. */
void describe_line(struct buf *, const struct field_line *);
void describe_time(struct buf *, int64_t ns);
void describe_condition(struct buf *, const struct condition *);
void describe_code(struct buf *, const struct text *);
void describe_body(struct buf *, const struct body *);

#endif
