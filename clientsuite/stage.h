/*
 * What a run stands on: the loop, the children, a folder of our own with the certificate of the CA
 * in it, and the interrupts.
 */
#ifndef CS_STAGE_H
#define CS_STAGE_H

#include <sys/resource.h>

#include "child.h"
#include "instance.h"

struct stage {
    struct loop loop;
    struct children *children;
    char folder[64];
    char ca_file[96];
    struct event *interrupts[2];
    void (*on_interrupt)(void *arg);
    void *arg;
};

/* The struct is zeroed. 0, or -1 after a message; stage_close() in both cases. */
int stage_open(struct stage *);
/* Ends the children, removes the folder. */
void stage_close(struct stage *);
/* On SIGINT and SIGTERM. */
void stage_on_interrupt(struct stage *, void (*on_interrupt)(void *arg), void *arg);

#endif
