/*
 * The commands that only look at scenarios.
 */
#ifndef FP_COMMANDS_H
#define FP_COMMANDS_H

#include "options.h"

/* Both return the exit code. */
int command_list(const struct options *);  /* operands: patterns with `*`; none: all */
int command_check(const struct options *); /* operands: files, folders, names */

#endif
