/*
 * What the parts of the child module share. Not for others: child.h is the interface.
 */
#ifndef FP_CHILD_PRIVATE_H
#define FP_CHILD_PRIVATE_H

#include <event2/event_struct.h>

#include "buf.h"
#include "child.h"
#include "timer.h"

enum child_state {
    CHILD_RUNS,     /* until its end is seen on the pidfd */
    CHILD_COLLECTS, /* it is dead; its group and what escaped are being killed */
    CHILD_DRAINS,   /* nothing of it lives; what it wrote is read to its end */
    CHILD_ENDED,    /* its end has been told */
};

struct child_input {
    struct event event; /* EV_WRITE; pending only behind an EAGAIN */
    int fd;             /* -1: none, or closed */
    struct buf queue;
    size_t written; /* of the queue */
    bool closes;    /* once the queue is written */
};

struct child_output {
    struct child *child;
    enum child_stream stream;
    struct event event; /* EV_READ, until end of file */
    int fd;             /* -1: none, or at its end */
    struct buf kept;
    size_t most;
    uint64_t total;
};

struct child {
    struct child *next;
    struct children *all;
    enum child_state state;
    pid_t pid;
    int pidfd;
    struct event exits; /* EV_READ on the pidfd */
    struct timer timer; /* RUNS: time for SIGKILL. COLLECTS: next look. DRAINS: patience */
    int64_t deadline;   /* of COLLECTS and DRAINS */
    int looks;          /* of COLLECTS */
    struct child_end end;
    char tag[40]; /* value of FAKEPROXY_CHILD */
    struct child_input input;
    bool is_urgent;
    struct child_output outputs[CHILD_STREAMS];
    void (*on_output)(void *arg, enum child_stream, const char *octets, size_t len);
    void (*on_end)(void *arg, const struct child_end *);
    void *arg;
    int calls;  /* callbacks of it that are running */
    bool freed; /* by its owner */
};

struct children {
    struct event_base *base;
    rlim_t descriptors;
    struct child *first;
    char nonce[20]; /* how every tag begins */
    uint64_t started;
    pid_t *others;     /* children of this process that are none of ours, ended by 0 */
    struct timer tidy; /* now and then: see child_sweep_reap() */
    int was_subreaper;
};

/* child.c */
/* Goes on where it can: is it drained, may it be freed? It may be gone afterwards. */
void child_poll(struct child *);

/* child_pipes.c */
void child_pipes_init(struct child *); /* none are open */
/* Makes the pipes; theirs: the child's ends, to be closed by the caller. -1: errno; nothing open.
 */
int child_pipes_open(struct child *, int theirs[3]);
void child_pipes_watch(struct child *); /* the child has started */
bool child_pipes_are_drained(const struct child *);
void child_pipes_close(struct child *);

/* child_sweep.c */
extern const char child_tag_name[];
/* The children of this process, zombies too; ended by 0, to be freed. */
pid_t *child_sweep_list(void);
/* Reaps those that came to us and died while their children still run. */
void child_sweep_reap(const struct children *);
/* Kills and reaps what `c` left behind; NULL: what any child did. How many are left. */
size_t child_sweep(struct children *, const struct child *c);

#endif
