/*
 * How long a case will take about, before it is played: what takes longest begins first, so that
 * nothing long is left for the end.
 */
#ifndef CS_ESTIMATE_H
#define CS_ESTIMATE_H

#include "profile.h"
#include "scenario.h"

/* ns. By what the scenario waits for, and by how the client would be run through it. */
int64_t estimate_case(const struct scenario *, const struct profile_variant *);

#endif
