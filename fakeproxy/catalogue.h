/* Scenarios by name. */
#ifndef FP_CATALOGUE_H
#define FP_CATALOGUE_H

#include "complaints.h"
#include "scenario.h"

int catalogue_load(const char *name, struct scenario_set *, struct complaints *);

#endif
