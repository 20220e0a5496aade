/*
 * The environment that a child process is started with: a list of NAME=value of its own.
 */
#ifndef FP_ENVIRONMENT_H
#define FP_ENVIRONMENT_H

#include <stddef.h>

struct environment {
    char **list; /* NULL-terminated, as execve() takes it; NULL: nothing was put in yet */
    size_t count;
};

/* Adds what is in a list such as environ; NULL: nothing. */
void environment_copy(struct environment *, char *const *from);
/* Sets a variable, whatever it was; value NULL: removes it. */
void environment_set(struct environment *, const char *name, const char *value);
void environment_free(struct environment *);

#endif
