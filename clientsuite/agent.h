/*
 * An agent stands for the client in a lane: a driver process (driver.c), or a command that is run
 * for each step (command.c). Whoever uses it does not know which.
 *
 * Operations are queued and carried out in order, one at a time; requests of parallel steps and
 * cancellations do not wait. Answers come from the loop, never from within a call; only `sending`
 * may. An agent that failed tells its owner once, and answers nothing any more. It must not be
 * freed from within a callback of its own.
 */
#ifndef CS_AGENT_H
#define CS_AGENT_H

#include <event2/event.h>

#include "child.h"
#include "profile.h"
#include "protocol.h"

struct agent;

enum agent_failure { AGENT_CRASH, AGENT_HANG, AGENT_GARBLED };

/* Who asks for operations. All texts are lent. */
struct agent_user {
    /* The request goes out now; also from within agent_request(). */
    void (*sending)(void *arg, uint64_t id);
    /* The session is open, or changed; or not: unsupported, or the client refuses what it is to be
     * set up with (refused; else NULL). */
    void (*opened)(void *arg, uint64_t session, const char *unsupported,
                   const struct result *refused);
    void (*answered)(void *arg, uint64_t id, const struct result *, const char *unsupported);
    void *arg;
};

/* Whose it is. */
struct agent_owner {
    void (*ready)(void *arg); /* it has passed hello and probe */
    /* It is of no use any more. stderr: what it wrote there, its end, may be "". */
    void (*failed)(void *arg, enum agent_failure, const char *why, const char *stderr_text);
    void *arg;
};

struct agent_options {
    const struct profile_variant *variant;
    struct children *children;
    struct event_base *base;
    const struct environment *environment; /* lent for the time of the call */
    const char *folder;                    /* for the files of its requests; outlives it */
    bool asks_version;                     /* of a command: before it is ready */
    bool is_attached; /* the driver is started by hand: nothing that is asked of it has a limit */
};

struct agent *agent_start(const struct agent_options *, const struct agent_owner *);
/* Ends its processes. No more callbacks. NULL is fine. */
void agent_free(struct agent *);

/* What it said of itself; NULL: nothing (yet). */
const struct reply *agent_hello(const struct agent *);
/* The last of what it wrote to its standard error, in a copy: free() it. */
char *agent_stderr(const struct agent *);

/* New in this agent, from 1. */
uint64_t agent_new_session(struct agent *);
uint64_t agent_new_id(struct agent *);

void agent_open(struct agent *, uint64_t session, const struct setup *, const struct agent_user *);
void agent_change(struct agent *, uint64_t session, const struct setup *,
                  const struct agent_user *);
void agent_request(struct agent *, uint64_t session, uint64_t id, const struct request_setup *,
                   const struct agent_user *);
void agent_cancel(struct agent *, uint64_t session, uint64_t id);
/* No more answers to this user; its session is closed when its turn comes. */
void agent_close(struct agent *, uint64_t session);
void agent_forget(struct agent *, const struct agent_user *);

/* ---- all steps at once ----------------------------------------------------------------------- */

struct agent_batch {
    const struct request_setup *const *requests;
    const struct setup *const *setups; /* of each request, changes put in */
    size_t count;
    uint64_t first_id; /* the others follow */
    int gap;           /* s between two steps; 0: none is needed */
};

/* Does the agent run the steps of a case in one call? */
bool agent_is_together(const struct agent *);
void agent_run_batch(struct agent *, const struct agent_batch *, const struct agent_user *);

#endif
