/*
 * The model client: a driver of clientsuite's contract that does what the cases ask for; and its
 * mutants. README.md describes both.
 */
#include <stdio.h>
#include <string.h>

#include "driver.h"
#include "mutants.h"

static int usage(void)
{
    fputs("usage: model [--mutant NAME] | --list-mutants\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--list-mutants") == 0) {
        mutants_print(stdout);
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "--mutant") == 0) {
        if (mutants_choose(argv[2]))
            return driver_run();
        fprintf(stderr, "model: there is no mutant '%s'\n", argv[2]);
        return 2;
    }
    return argc == 1 ? driver_run() : usage();
}
