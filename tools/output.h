/*
 * Generated files: written, or compared with what is there.
 */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include <stdbool.h>

#include "buf.h"

struct output {
    const char *root; /* of the source tree */
    bool check;       /* write nothing, say what differs */
    const char *how;  /* said then: the command that renews it */
};

/* Appends the file ROOT/NAME. False, after a message: it cannot be read. */
bool output_read(const struct output *, const char *name, struct buf *);

/* Makes ROOT/NAME what it should be. 0; 1 after a message: it differs, or cannot be written. */
int output_settle(const struct output *, const char *name, const struct buf *wanted);

/* Removes, or complains of, a file that is generated no more. */
int output_remove(const struct output *, const char *name);

#endif
