/*
 * Playing scenarios from the command line: starts them, says where they listen, runs until a signal
 * or --timeout, sums up.
 */
#ifndef FP_PLAY_H
#define FP_PLAY_H

#include "options.h"

/* The exit code. */
int play(const struct options *);

#endif
