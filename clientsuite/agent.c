/*
 * Agents: which kind it is.
 */
#include "agent_private.h"

#include "clock.h"

/* The house check `ends` allows two seconds beyond the total deadline: what comes within five is
 * late, but an outcome. */
static const int64_t PATIENCE = 5 * CLOCK_S, WITHOUT_DEADLINE = 30 * CLOCK_S;

int64_t agent_patience(const struct request_setup *r)
{
    return (r->total ? r->total : WITHOUT_DEADLINE) + PATIENCE;
}

struct agent *agent_start(const struct agent_options *options, const struct agent_owner *owner)
{
    return options->variant->driver ? driver_start(options, owner) : command_start(options, owner);
}

void agent_free(struct agent *a)
{
    if (a)
        a->kind->free(a);
}

const struct reply *agent_hello(const struct agent *a)
{
    return a->hello;
}

char *agent_stderr(const struct agent *a)
{
    return a->kind->stderr_text(a);
}

uint64_t agent_new_session(struct agent *a)
{
    return ++a->sessions;
}

uint64_t agent_new_id(struct agent *a)
{
    return ++a->ids;
}

void agent_open(struct agent *a, uint64_t session, const struct setup *s,
                const struct agent_user *user)
{
    a->kind->open(a, session, s, user);
}

void agent_change(struct agent *a, uint64_t session, const struct setup *s,
                  const struct agent_user *user)
{
    a->kind->change(a, session, s, user);
}

void agent_request(struct agent *a, uint64_t session, uint64_t id, const struct request_setup *r,
                   const struct agent_user *user)
{
    a->kind->request(a, session, id, r, user);
}

void agent_cancel(struct agent *a, uint64_t session, uint64_t id)
{
    a->kind->cancel(a, session, id);
}

void agent_close(struct agent *a, uint64_t session)
{
    a->kind->close(a, session);
}

void agent_forget(struct agent *a, const struct agent_user *user)
{
    a->kind->forget(a, user);
}

bool agent_is_together(const struct agent *a)
{
    const struct command_line *c = a->options.variant->command;
    return c && c->is_together;
}

void agent_run_batch(struct agent *a, const struct agent_batch *batch,
                     const struct agent_user *user)
{
    a->kind->batch(a, batch, user);
}
