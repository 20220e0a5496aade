/*
 * Paragraphs for a terminal of 80 columns: a label, and the text behind it.
 */
#ifndef FP_WRAP_H
#define FP_WRAP_H

#include <stdio.h>

/* "  label       text…", wrapped. A newline in the text begins another point: with several, each
 * gets a dash. Nothing in it can be taken for a command by a terminal. */
void wrap_print(FILE *, const char *label, const char *text);

#endif
