/*
 * Child processes of an event loop: started in a process group of their own, watched without a
 * signal handler, ended with all that they started, their output drained.
 *
 * What a child leaves behind goes with it: its process group is killed before the child itself is
 * reaped (until then nobody else can get the group's number), and what left the group (setsid(), a
 * double fork) comes back to us, because we are a subreaper, and is killed by its pid, until
 * nothing is left. Whose an escapee is tells a variable of its environment, FAKEPROXY_CHILD, which
 * each child gets with a value of its own. One that has lost it is nobody's, and is ended as soon
 * as no other child is alive.
 *
 * No signal disposition is touched, here or in libevent. But being a subreaper is a property of the
 * whole process: as long as `struct children` lives, whatever becomes a child of this process is
 * taken for a child of ours, except what was there before. Descriptors 0 to 2 must be open, and
 * SIGCHLD must not be ignored (children would reap themselves).
 */
#ifndef FP_CHILD_H
#define FP_CHILD_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "environment.h"

struct children; /* all children of one loop */
struct child;

/* descriptors: the soft limit of open files that children get; 0: ours. Never NULL. */
struct children *children_new(struct event_base *, rlim_t descriptors);
/* Kills and collects at once what still lives (this blocks, two seconds at most; usually some
 * milliseconds), and frees every child. NULL is fine. */
void children_free(struct children *);

enum child_stream { CHILD_OUTPUT, CHILD_ERROR, CHILD_STREAMS };

/* How a child ended. */
struct child_end {
    int code;    /* its exit status, or -1: a signal ended it */
    int signal;  /* which; 0: none */
    size_t left; /* processes it left behind that could not be ended; they are not ours, or stuck */
};

struct child_options {
    char *const *argv; /* [0] is looked for in PATH (our own, not the one in environment) */
    const struct environment *environment; /* NULL: ours */
    const char *folder;                    /* its working directory; NULL: ours */
    /* Standard input, output and error are pipes of ours; else they are inherited. */
    bool piped;
    /* What it wrote is read before all else that came at the same time, where the loop has
     * priorities (event_base_priority_init()). For children that write little. */
    bool is_urgent;
    /* Its group becomes the foreground group of the terminal on standard input. To take the
     * terminal back is the caller's task (see tcsetpgrp(3)). */
    bool takes_terminal;
    /* So many octets of each stream are kept for child_kept(); what comes after them is read, and
     * dropped. 0: none. */
    size_t kept[CHILD_STREAMS];
    /* Octets as they come; NULL: nobody asks. Lent for the time of the call. */
    void (*output)(void *arg, enum child_stream, const char *octets, size_t len);
    /* It ended, so did all that it left behind, and all output has been read. */
    void (*ended)(void *arg, const struct child_end *);
    void *arg;
};

/* NULL: errno says why. ENOENT, EACCES, ENOEXEC, ENOTDIR: it is no command that can be run. */
struct child *child_start(struct children *, const struct child_options *);

/* Ends it: SIGTERM to its group, after `grace` ns SIGKILL; 0: SIGKILL at once. May be called again,
 * to make it shorter. Ended children stay as they are. */
void child_stop(struct child *, int64_t grace);
/* No more callbacks. A child that still lives is killed, and freed when it is gone. May be called
 * from a callback of this child. NULL is fine. */
void child_free(struct child *);

pid_t child_pid(const struct child *); /* also its process group */
/* Queues octets for its standard input. What it no longer reads is dropped. */
void child_write(struct child *, const void *octets, size_t len);
/* End of file, once all that is queued is written. */
void child_write_eof(struct child *);
/* The first octets of a stream, lent until child_free(); *total (may be NULL): how many came. */
const char *child_kept(const struct child *, enum child_stream, size_t *len, uint64_t *total);

#endif
