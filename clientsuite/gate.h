/*
 * Gatekeepers (edition.h): whether one stands before a case, and what follows from its verdict.
 */
#ifndef CS_GATE_H
#define CS_GATE_H

#include "results.h"

bool gate_is_gatekeeper(const struct results *, const struct case_result *);
/* A gatekeeper of the case is in the plan and not final yet: the case waits. */
bool gate_is_open_question(const struct results *, const struct case_result *);
/* All its gatekeepers are final: those that did not pass block it. */
void gate_apply(const struct results *, struct case_result *);

#endif
