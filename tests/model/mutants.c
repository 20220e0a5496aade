/*
 * Which mutant is played: chosen once, when the program starts, and never changed again. This is
 * the one variable of the model that is not reached through a call; it would otherwise be an
 * argument of every function.
 */
#include "mutants.h"

#include <string.h>

static enum mutant chosen = MUTANT_NONE;

static const struct {
    const char *name, *defect;
} mutants[] = {
    { "none", "" },
#define MUTANT(ID, NAME, DEFECT) { NAME, DEFECT },
#include "mutants.def"
#undef MUTANT
};

enum { COUNT = sizeof(mutants) / sizeof(*mutants) };

bool mutant(enum mutant m)
{
    return chosen == m;
}

bool mutants_choose(const char *name)
{
    for (int i = 0; i < COUNT; i++)
        if (strcmp(mutants[i].name, name) == 0) {
            chosen = (enum mutant)i;
            return true;
        }
    return false;
}

void mutants_print(FILE *out)
{
    for (int i = 1; i < COUNT; i++)
        fprintf(out, "%s\t%s\n", mutants[i].name, mutants[i].defect);
}
