/*
 * `fakeproxy new TOPIC/NAME`: the skeleton of a scenario, to be made one's own.
 */
#ifndef FP_SKELETON_H
#define FP_SKELETON_H

#include "buf.h"

/* Appends the skeleton of that id. It plays as it is; its texts say what to put in their place. */
void skeleton_write(struct buf *, const char *id);

/* Writes the skeleton to TOPIC/NAME.json below the working directory and says what to do next. The
 * exit code: EXIT_USAGE after a message, where the id is none or the file is there already. */
int skeleton_new(const char *id);

#endif
