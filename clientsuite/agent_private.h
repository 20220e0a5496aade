/* What the two kinds of agents share. Private to agent.c, driver.c, command.c. */
#ifndef CS_AGENT_PRIVATE_H
#define CS_AGENT_PRIVATE_H

#include "agent.h"
#include "timer.h"

struct agent_kind {
    void (*free)(struct agent *);
    void (*open)(struct agent *, uint64_t session, const struct setup *, const struct agent_user *);
    void (*change)(struct agent *, uint64_t session, const struct setup *,
                   const struct agent_user *);
    void (*request)(struct agent *, uint64_t session, uint64_t id, const struct request_setup *,
                    const struct agent_user *);
    void (*cancel)(struct agent *, uint64_t session, uint64_t id);
    void (*close)(struct agent *, uint64_t session);
    void (*forget)(struct agent *, const struct agent_user *);
    void (*batch)(struct agent *, const struct agent_batch *, const struct agent_user *);
    char *(*stderr_text)(const struct agent *);
};

struct agent { /* the first member of what each kind keeps */
    const struct agent_kind *kind;
    struct agent_options options;
    struct agent_owner owner;
    uint64_t sessions, ids;
    const struct reply *hello;
    bool has_failed;
};

struct agent *driver_start(const struct agent_options *, const struct agent_owner *);
struct agent *command_start(const struct agent_options *, const struct agent_owner *);

/* How much longer than its total deadline a request may take before it counts as a hang. */
int64_t agent_patience(const struct request_setup *);

#endif
