/*
 * The contract check that goes before every run: one plain request through a proxy that does
 * nothing wrong. (hello and the unknown verb are part of every start of a driver.)
 */
#ifndef CS_CONTRACT_H
#define CS_CONTRACT_H

#include "profile.h"
#include "trial.h"

/* The scenario, which is part of the program. */
void contract_load(struct scenario_set *);

/* What is wrong, for the terminal: free() it. NULL: nothing. record NULL: we could not play it. */
char *contract_complaint(const struct profile_variant *, const struct trial_record *);

#endif
