/*
 * The live log: what a person at the terminal reads while a scenario plays. One line for what
 * matters: who, what, which rule, which octet. Colour on a terminal, unless NO_COLOR is set.
 */
#ifndef FP_LOG_H
#define FP_LOG_H

#include <stdio.h>

#include "journal.h"
#include "scenario.h"

struct log;

/* What the logs of one play have in common. */
struct log_style {
    FILE *out;
    int name_width; /* columns for the scenarios' names */
    int64_t start;  /* CLOCK_MONOTONIC ns of the first event of all; 0: none came yet */
};

/* name: put before each line where several scenarios play; NULL: none. Both outlive the log. */
struct log *log_new(struct log_style *, const char *name);
void log_add(struct log *, struct journal *);
/* Also says what the client does wrong, once each, as soon as it is certain. The scenario outlives
 * the log. redact: shows no credentials. To be called before log_add(). */
void log_diagnose(struct log *, const struct scenario *, bool redact);
/* From now on it says nothing: what follows is our own clearing away. */
void log_mute(struct log *); /* NULL is fine */
void log_free(struct log *);

#endif
