/*
 * Mutants: the model client with one planted defect each (mutants.def). A defect is one
 * `if (mutant(MUTANT_…))` at the place where a real client has it.
 */
#ifndef MODEL_MUTANTS_H
#define MODEL_MUTANTS_H

#include <stdbool.h>
#include <stdio.h>

enum mutant {
    MUTANT_NONE,
#define MUTANT(ID, NAME, DEFECT) MUTANT_##ID,
#include "mutants.def"
#undef MUTANT
};

/* Is this the one that is being played? */
bool mutant(enum mutant);

/* To be called once, before anything else. False: there is none of that name. */
bool mutants_choose(const char *name);
/* One a line: name, TAB, its defect in words. */
void mutants_print(FILE *);

#endif
