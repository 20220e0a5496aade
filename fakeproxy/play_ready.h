/*
 * Where a play listens: as JSON for programs (--ready, FAKEPROXY_READY), as text for people.
 */
#ifndef FP_PLAY_READY_H
#define FP_PLAY_READY_H

#include <stdio.h>

#include "instance.h"

/* Appends the line of JSON for an instance; ca_file: NULL if there is none. */
void play_ready_line(struct buf *, const struct instance *, const char *ca_file);
/* Writes these lines to what --ready names: a file, or fd:N. 0, or -1 after a message. */
int play_ready_write(const char *name, const struct buf *lines);
/* The scenario's title, and a line for each actor. */
void play_ready_say(FILE *, const char *name, const struct instance *);

#endif
