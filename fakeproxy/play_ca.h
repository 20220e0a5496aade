/*
 * The file that the CA's certificate is written to, for as long as a play lasts.
 */
#ifndef FP_PLAY_CA_H
#define FP_PLAY_CA_H

#include <stdbool.h>

#include "certs.h"

struct play_ca {
    char *path; /* NULL: no file */
    bool is_temporary;
};

/* Writes it where --ca-file says; wanted NULL: into a temporary file. absolute: the path shall hold
 * in any folder. 0, or -1 after a message. */
int play_ca_write(struct play_ca *, struct certs *, const char *wanted, bool absolute);
/* Removes the file if it is a temporary one. */
void play_ca_free(struct play_ca *);

#endif
