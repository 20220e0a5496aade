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
#define PART(TITLE, CHECKS)
#define MUTANT(ID, NAME, DEFECT) MUTANT_##ID,
#define BECAUSE(CHECKS, WHY)
#include "mutants.def"
#undef PART
#undef MUTANT
#undef BECAUSE
};

/* Is this the one that is being played? */
bool mutant(enum mutant);

/* To be called once, before anything else. False: there is none of that name. */
bool mutants_choose(const char *name);
/* One a line, with tabs between: name, its defect in words, the part it belongs to, the checks that
 * it is made for; then in pairs which others it fails, and why. */
void mutants_print(FILE *);

#endif
