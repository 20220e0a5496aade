/*
 * Commands. A run is one process: for one request, or for all of a case (a batch). A batch tells
 * the end of each step by a line on its standard output; what it did not tell gets the exit status
 * of the whole. Sessions are what the template's values are made from: nothing is started for them.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "command_private.h"

static const int64_t CANCEL_GRACE = 500 * CLOCK_MS;

static struct command_agent *command_of(struct agent *a)
{
    return (struct command_agent *)a;
}

const struct command_line *command_profile(const struct command_agent *c)
{
    return c->agent.options.variant->command;
}

/* ---- notices --------------------------------------------------------------------------------- */

void command_fail(struct command_agent *c, enum agent_failure how, const char *why)
{
    if (c->agent.has_failed)
        return;
    c->agent.has_failed = true;
    c->agent.owner.failed(c->agent.owner.arg, how, why, c->last_log ? c->last_log : "");
}

void command_fail_later(struct command_agent *c, const char *why)
{
    free(c->no_start);
    c->no_start = strdup(why);
    timer_set(&c->notify, 0);
}

void command_notify(struct command_agent *c, const struct notice *what)
{
    struct notice *n = calloc(1, sizeof(*n)), **link = &c->notices;
    if (!n)
        abort();
    *n = *what;
    while (*link)
        link = &(*link)->next;
    *link = n;
    timer_set(&c->notify, 0);
}

static void on_notify(void *arg)
{
    struct command_agent *c = arg;
    while (c->notices) {
        struct notice n = *c->notices;
        free(c->notices);
        c->notices = n.next;
        if (n.id && n.user)
            n.user->answered(n.user->arg, n.id, NULL, n.lack);
        else if (n.session && n.user)
            n.user->opened(n.user->arg, n.session, NULL, NULL);
        else if (!n.session && !n.id)
            c->agent.owner.ready(c->agent.owner.arg);
    }
    if (c->no_start)
        command_fail(c, AGENT_CRASH, c->no_start);
}

/* ---- the agent's functions ------------------------------------------------------------------- */

static struct session_of *session_of(struct command_agent *c, uint64_t number)
{
    struct session_of *s = c->sessions;
    while (s && s->number != number)
        s = s->next;
    return s;
}

static void do_open(struct agent *a, uint64_t session, const struct setup *setup,
                    const struct agent_user *user)
{
    struct command_agent *c = command_of(a);
    struct session_of *s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    *s = (struct session_of){
        .next = c->sessions, .number = session, .setup = setup, .arena = arena_new()
    };
    c->sessions = s;
    command_notify(c, &(struct notice){ .session = session, .user = user });
}

static void do_change(struct agent *a, uint64_t session, const struct setup *change,
                      const struct agent_user *user)
{
    struct command_agent *c = command_of(a);
    struct session_of *s = session_of(c, session);
    if (s)
        s->setup = setup_merge(s->arena, s->setup, change);
    command_notify(c, &(struct notice){ .session = session, .user = user });
}

static void do_request(struct agent *a, uint64_t session, uint64_t id,
                       const struct request_setup *request, const struct agent_user *user)
{
    struct command_agent *c = command_of(a);
    const struct session_of *s = session_of(c, session);
    struct agent_batch one = {
        .requests = &request, .setups = &s->setup, .count = 1, .first_id = id
    };
    command_run_batch(c, &one, user);
}

static void do_cancel(struct agent *a, uint64_t session, uint64_t id)
{
    (void)session;
    for (struct run *r = command_of(a)->runs; r; r = r->next)
        if (id >= r->first_id && id < r->first_id + r->count) {
            r->was_cancelled = true;
            child_stop(r->child, CANCEL_GRACE);
        }
}

static void do_close(struct agent *a, uint64_t session)
{
    for (struct session_of **link = &command_of(a)->sessions; *link; link = &(*link)->next)
        if ((*link)->number == session) {
            struct session_of *s = *link;
            *link = s->next;
            arena_free(s->arena);
            free(s);
            return;
        }
}

static void do_forget(struct agent *a, const struct agent_user *user)
{
    struct command_agent *c = command_of(a);
    for (struct notice *n = c->notices; n; n = n->next)
        if (n->user == user)
            n->user = NULL;
    for (struct run *r = c->runs, *next; r; r = next) {
        next = r->next;
        if (r->user == user) {
            r->user = NULL;
            child_stop(r->child, 0);
        }
    }
}

static void do_batch(struct agent *a, const struct agent_batch *b, const struct agent_user *user)
{
    command_run_batch(command_of(a), b, user);
}

static char *do_stderr(const struct agent *a)
{
    const struct command_agent *c = (const struct command_agent *)a;
    char *copy = strdup(c->last_log ? c->last_log : "");
    if (!copy)
        abort();
    return copy;
}

static void do_free(struct agent *a)
{
    struct command_agent *c = command_of(a);
    timer_set(&c->notify, CLOCK_NEVER);
    for (struct run *r = c->runs, *next; r; r = next) {
        next = r->next;
        command_run_free(r);
    }
    while (c->sessions)
        do_close(a, c->sessions->number);
    for (struct notice *n; (n = c->notices);) {
        c->notices = n->next;
        free(n);
    }
    command_version_free(c->version);
    free(c->last_log);
    free(c->no_start);
    environment_free((struct environment *)(uintptr_t)c->agent.options.environment);
    free((struct environment *)(uintptr_t)c->agent.options.environment);
    free(c);
}

static const struct agent_kind command_kind = {
    .free = do_free,
    .open = do_open,
    .change = do_change,
    .request = do_request,
    .cancel = do_cancel,
    .close = do_close,
    .forget = do_forget,
    .batch = do_batch,
    .stderr_text = do_stderr,
};

static void on_version(void *arg, const struct reply *told, const char *why)
{
    struct command_agent *c = arg;
    c->agent.hello = told;
    if (told)
        command_notify(c, &(struct notice){ 0 });
    else
        command_fail(c, AGENT_CRASH, why);
}

struct agent *command_start(const struct agent_options *options, const struct agent_owner *owner)
{
    struct command_agent *c = calloc(1, sizeof(*c));
    struct environment *environment = calloc(1, sizeof(*environment));
    if (!c || !environment)
        abort();
    environment_copy(environment, options->environment->list);
    c->agent = (struct agent){ .kind = &command_kind, .options = *options, .owner = *owner };
    c->agent.options.environment = environment;
    timer_init(&c->notify, options->base, on_notify, c);
    if (options->asks_version && command_profile(c)->version)
        c->version = command_version_ask(&c->agent.options, on_version, c);
    else
        command_notify(c, &(struct notice){ 0 });
    return &c->agent;
}
