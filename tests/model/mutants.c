/*
 * Which mutant is played: chosen once, when the program starts, and never changed again. This is
 * the one variable of the model that is not reached through a call; it would otherwise be an
 * argument of every function.
 */
#include "mutants.h"

#include <string.h>

static enum mutant chosen = MUTANT_NONE;

/* The lines of mutants.def as they stand there. */
enum line { LINE_PART, LINE_MUTANT, LINE_BECAUSE };

static const struct {
    enum line is;
    const char *first, *second;
} lines[] = {
#define PART(TITLE, CHECKS)      { LINE_PART, TITLE, CHECKS },
#define MUTANT(ID, NAME, DEFECT) { LINE_MUTANT, NAME, DEFECT },
#define BECAUSE(CHECKS, WHY)     { LINE_BECAUSE, CHECKS, WHY },
#include "mutants.def"
#undef PART
#undef MUTANT
#undef BECAUSE
};

enum { COUNT = sizeof(lines) / sizeof(*lines) };

bool mutant(enum mutant m)
{
    return chosen == m;
}

bool mutants_choose(const char *name)
{
    int nth = MUTANT_NONE;
    for (int i = 0; i < COUNT; i++) {
        if (lines[i].is != LINE_MUTANT)
            continue;
        nth++;
        if (strcmp(lines[i].first, name) == 0) {
            chosen = (enum mutant)nth;
            return true;
        }
    }
    return false;
}

void mutants_print(FILE *out)
{
    const char *part = "", *made_for = "";
    for (int i = 0; i < COUNT; i++) {
        if (lines[i].is == LINE_PART) {
            part = lines[i].first;
            made_for = lines[i].second;
        }
        if (lines[i].is != LINE_MUTANT)
            continue;
        fprintf(out, "%s\t%s\t%s\t%s", lines[i].first, lines[i].second, part, made_for);
        for (; i + 1 < COUNT && lines[i + 1].is == LINE_BECAUSE; i++)
            fprintf(out, "\t%s\t%s", lines[i + 1].first, lines[i + 1].second);
        fputc('\n', out);
    }
}
