/*
 * What an agent of commands is made of. Private to command.c and command_run.c.
 */
#ifndef CS_COMMAND_PRIVATE_H
#define CS_COMMAND_PRIVATE_H

#include "agent_private.h"
#include "command_values.h"
#include "command_version.h"

struct session_of { /* a session as it is now */
    struct session_of *next;
    uint64_t number;
    const struct setup *setup; /* in the arena */
    struct arena *arena;
};

struct notice { /* what is told from the loop */
    struct notice *next;
    uint64_t session; /* 0: the agent is ready */
    uint64_t id;      /* of a request; 0: the session is open */
    const char *lack; /* what it takes for the request, and the command has not */
    const struct agent_user *user;
};

struct run {
    struct run *next;
    struct command_agent *of;
    struct child *child;
    struct arena *arena;
    const struct agent_user *user; /* NULL: nobody asks any more */
    uint64_t first_id;
    size_t count, told; /* steps */
    struct command_files *files;
    struct buf lines[CHILD_STREAMS], log;
    struct timer limit;
    bool was_cancelled, is_over;
};

struct command_agent {
    struct agent agent;
    struct session_of *sessions;
    struct notice *notices;
    struct timer notify;
    struct run *runs;
    unsigned long long run_count;
    struct command_version *version; /* NULL: nobody asked */
    char *last_log;
    char *no_start; /* why a command could not be started: told from the loop */
};

const struct command_line *command_profile(const struct command_agent *);

/* The agent is of no use any more; _later: told from the loop. */
void command_fail(struct command_agent *, enum agent_failure, const char *why);
void command_fail_later(struct command_agent *, const char *why);
/* Told from the loop, in order. */
void command_notify(struct command_agent *, const struct notice *);

/* Runs the command for these steps. */
void command_run_batch(struct command_agent *, const struct agent_batch *,
                       const struct agent_user *);
/* Ends it, without a word to anybody. */
void command_run_free(struct run *);

#endif
