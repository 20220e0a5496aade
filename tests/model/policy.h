/* When a request is repeated, and after how long. Pure. */
#ifndef MODEL_POLICY_H
#define MODEL_POLICY_H

#include "failure.h"
#include "fields.h"

#include <stdint.h>

/* Statuses that another attempt may better (RFC 9110, 15): 408, 429, 502 to 504; and every 5xx that
 * says when to come again. */
bool policy_may_better(int status, const struct fields *);
/* Failures that another attempt may better. */
bool policy_may_pass(const struct failure *);

/* How long a response asks to be left alone (9110, 10.2.3), ns from `wall` (ns since 1970); -1:
 * it does not say, or says nothing that can be read. Of several lines the longest counts. */
int64_t policy_retry_after(const struct fields *, int64_t wall);

/* The back-off before attempt n + 1, n from 1: base, doubled each time, plus up to a half of it,
 * by `chance` from 0 to 1; ns. cap 0: none. */
int64_t policy_backoff(unsigned n, int64_t base, int64_t cap, double chance);

#endif
