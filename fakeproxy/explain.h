/*
 * `fakeproxy explain WHAT...`: a status, an error as a tool prints it, a finding's code, or a
 * scenario: what it means, in which layer, what to do.
 */
#ifndef FP_EXPLAIN_H
#define FP_EXPLAIN_H

#include <stdio.h>

/* The words of the command line, which are one message. Returns the exit code. */
int explain(char *const *words, int count);

struct explained;
enum { EXPLAIN_MOST = 2 };
/* The entries that a message is about, the most telling first; how many (at most EXPLAIN_MOST). */
unsigned explain_find(const char *message, const struct explained **list);

struct catalogue;
/* Writes one entry, with the scenarios of the catalogue that show it. Returns how many there are.
 */
unsigned explain_entry(FILE *, const struct explained *, const struct catalogue *);

#endif
