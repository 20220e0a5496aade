/*
 * `fakeproxy show FILE`: a journal as a ladder in the terminal.
 */
#ifndef FP_SHOW_H
#define FP_SHOW_H

#include "ladder.h"

/* Draws the journal of that name ("-": standard input) on standard output, as wide as the terminal
 * (or $COLUMNS; 80 where there is none). The exit code: EXIT_USAGE after a message, if the file
 * cannot be read or a line of it is no event; what stands before that line is drawn. */
int show(const char *path);

/* The same from a stream, which is called `name` in messages (to errors), in a style given. */
int show_stream(FILE *in, const char *name, const struct ladder_style *, FILE *out, FILE *errors);

#endif
