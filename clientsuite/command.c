/*
 * Commands. A run is one process: for one request, or for all of a case (a batch). A batch tells
 * the end of each step by a line on its standard output; what it did not tell gets the exit status
 * of the whole. Sessions are what the template's values are made from: nothing is started for them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_private.h"
#include "clock.h"
#include "command_values.h"
#include "command_version.h"
#include "json.h"

enum { LOG_KEPT = 1 << 18, LINE_KEPT = 1 << 18 };
static const int64_t CANCEL_GRACE = 500 * CLOCK_MS;

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

static struct command_agent *command_of(struct agent *a)
{
    return (struct command_agent *)a;
}

static const struct command_line *profile_of(const struct command_agent *c)
{
    return c->agent.options.variant->command;
}

/* ---- notices --------------------------------------------------------------------------------- */

static void fail(struct command_agent *c, enum agent_failure how, const char *why)
{
    if (c->agent.has_failed)
        return;
    c->agent.has_failed = true;
    c->agent.owner.failed(c->agent.owner.arg, how, why, c->last_log ? c->last_log : "");
}

static void fail_later(struct command_agent *c, const char *why)
{
    free(c->no_start);
    c->no_start = strdup(why);
    timer_set(&c->notify, 0);
}

static void notify(struct command_agent *c, const struct notice *what)
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
        fail(c, AGENT_CRASH, c->no_start);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static void run_free(struct run *r)
{
    struct run **link = &r->of->runs;
    while (*link != r)
        link = &(*link)->next;
    *link = r->next;
    timer_set(&r->limit, CLOCK_NEVER);
    child_free(r->child);
    for (size_t i = 0; i < r->count; i++)
        command_files_remove(&r->files[i]);
    arena_free(r->arena);
    for (int i = 0; i < CHILD_STREAMS; i++)
        buf_free(&r->lines[i]);
    buf_free(&r->log);
    free(r);
}

/* The next step has ended. */
static void step_ended(struct run *r, const struct command_end *end)
{
    struct arena *arena = arena_new();
    struct result result;
    size_t i = r->told++;
    command_result(arena, profile_of(r->of), end, &r->files[i], &result);
    if (r->user)
        r->user->answered(r->user->arg, r->first_id + i, &result, NULL);
    if (r->user && r->told < r->count)
        r->user->sending(r->user->arg, r->first_id + r->told);
    arena_free(arena);
}

static const char *log_of(struct run *r)
{
    return arena_copy(r->arena, r->log.at ? r->log.at : "", r->log.len);
}

static int number_of(const struct json *root, const char *key)
{
    const struct json *v = key ? json_get(root, key) : NULL;
    return v && v->type == JSON_NUMBER && v->number >= 0 && v->number < 1000 ? (int)v->number : 0;
}

/* True: the line told the end of a step. What is no JSON object with a status is the client's own
 * talk. */
static bool read_told(struct run *r, const char *line, size_t len)
{
    const struct command_line *c = profile_of(r->of);
    struct json_error error;
    struct arena *arena = arena_new();
    const struct json *root = json_parse(arena, arena_copy(arena, line, len), len, &error);
    bool is_told = root && json_get(root, c->status_key) && r->told < r->count;
    if (is_told) {
        const struct json *words = c->error_key ? json_get(root, c->error_key) : NULL;
        struct command_end end = {
            .exit_status = number_of(root, c->exit_key),
            .status = number_of(root, c->status_key),
            .connect = number_of(root, c->connect_key),
            .error = words && words->type == JSON_TEXT ? words->text : NULL,
            .log = log_of(r),
        };
        step_ended(r, &end);
    }
    arena_free(arena);
    return is_told;
}

static void add_log(struct run *r, const char *octets, size_t len)
{
    size_t room = r->log.len < LOG_KEPT ? LOG_KEPT - r->log.len : 0;
    buf_add(&r->log, octets, len < room ? len : room);
}

static void end_line(struct run *r, enum child_stream stream)
{
    struct buf line = r->lines[stream];
    r->lines[stream] = (struct buf){ 0 };
    bool is_told = line.len && profile_of(r->of)->tells && read_told(r, line.at, line.len);
    if (!is_told && stream == CHILD_ERROR) {
        add_log(r, line.at, line.len);
        add_log(r, "\n", 1);
    }
    buf_free(&line);
}

static void on_output(void *arg, enum child_stream stream, const char *octets, size_t len)
{
    struct run *r = arg;
    while (len) {
        const char *newline = memchr(octets, '\n', len);
        size_t n = newline ? (size_t)(newline - octets) : len;
        if (r->lines[stream].len + n <= LINE_KEPT)
            buf_add(&r->lines[stream], octets, n);
        if (!newline)
            return;
        end_line(r, stream);
        octets += n + 1;
        len -= n + 1;
    }
}

static void on_ended(void *arg, const struct child_end *end)
{
    struct run *r = arg;
    struct command_agent *c = r->of;
    char why[128];
    for (int i = 0; i < CHILD_STREAMS; i++)
        if (r->lines[i].len)
            end_line(r, (enum child_stream)i);
    free(c->last_log);
    c->last_log = strndup(r->log.at ? r->log.at : "", r->log.len);
    if (end->signal && !r->was_cancelled) {
        snprintf(why, sizeof(why), "the command was ended by signal %d (%s)", end->signal,
                 strsignal(end->signal));
        run_free(r);
        fail(c, AGENT_CRASH, why);
        return;
    }
    while (r->told < r->count) {
        struct command_end last = { .exit_status = end->code,
                                    .log = log_of(r),
                                    .was_cancelled = r->was_cancelled };
        step_ended(r, &last);
    }
    run_free(r);
}

static void on_limit(void *arg)
{
    struct run *r = arg;
    struct command_agent *c = r->of;
    bool was_cancelled = r->was_cancelled;
    free(c->last_log);
    c->last_log = strndup(r->log.at ? r->log.at : "", r->log.len);
    run_free(r);
    fail(c, AGENT_HANG,
         was_cancelled ? "the command did not end when it was cancelled"
                       : "the command did not end within its deadline and 5 s");
}

static struct run *run_new(struct command_agent *c, size_t count, uint64_t first_id,
                           const struct agent_user *user)
{
    struct run *r = calloc(1, sizeof(*r));
    if (!r)
        abort();
    r->of = c;
    r->arena = arena_new();
    r->count = count;
    r->first_id = first_id;
    r->user = user;
    r->files = arena_take(r->arena, count * sizeof(*r->files));
    timer_init(&r->limit, c->agent.options.base, on_limit, r);
    r->next = c->runs;
    c->runs = r;
    return r;
}

static void start(struct run *r, struct arguments *argv, const struct environment *environment,
                  int64_t limit)
{
    struct command_agent *c = r->of;
    char why[512];
    struct child_options options = { .argv = argv->list,
                                     .environment = environment,
                                     .folder = c->agent.options.variant->profile->folder,
                                     .piped = true,
                                     .is_urgent = profile_of(c)->tells,
                                     .output = on_output,
                                     .ended = on_ended,
                                     .arg = r };
    errno = ENOENT;
    r->child = argv->count ? child_start(c->agent.options.children, &options) : NULL;
    if (r->child) {
        child_write_eof(r->child);
        timer_set(&r->limit, clock_now() + limit);
        if (r->user)
            r->user->sending(r->user->arg, r->first_id);
    } else {
        snprintf(why, sizeof(why), "%s cannot be started: %s",
                 argv->count ? argv->list[0] : "an empty command", strerror(errno));
        run_free(r);
        fail_later(c, why);
    }
}

static void add_arguments(struct run *r, const struct template *t, size_t i,
                          const struct setup *setup, const struct request_setup *request, int gap,
                          struct arguments *argv)
{
    struct template_values *values = template_values_new();
    command_values(r->arena, values, setup, request, &r->files[i], i + 1, gap);
    template_expand(t, values, argv);
    template_values_free(values);
}

/* The environment of the agent, and what the session puts in. */
static struct environment environment_for(const struct command_agent *c, const struct setup *s)
{
    struct environment e = { 0 };
    environment_copy(&e, c->agent.options.environment->list);
    for (size_t i = 0; i < s->environment_count; i++)
        environment_set(&e, s->environment[i].name, s->environment[i].value);
    return e;
}

static void run_batch(struct command_agent *c, const struct agent_batch *b,
                      const struct agent_user *user)
{
    const struct command_line *command = profile_of(c);
    for (size_t i = 0; i < b->count; i++) {
        const char *lack = command_lacks(command, b->setups[i], b->requests[i]);
        if (lack) {
            notify(c, &(struct notice){ .id = b->first_id, .lack = lack, .user = user });
            return;
        }
    }
    struct run *r = run_new(c, b->count, b->first_id, user);
    struct arguments argv = { 0 };
    char name[48];
    int64_t limit = b->gap * (int64_t)b->count * CLOCK_S;
    /* All agents share the folder. */
    snprintf(name, sizeof(name), "%llx-%llu", (unsigned long long)(uintptr_t)c, ++c->run_count);
    for (size_t i = 0; i < b->count; i++) {
        limit += agent_patience(b->requests[i]);
        if (command_files_make(r->arena, c->agent.options.folder, name, i, b->requests[i],
                               &r->files[i]) < 0) {
            r->count = i;
            run_free(r);
            fail_later(c, "the file with the request body cannot be written");
            arguments_free(&argv);
            return;
        }
        if (i == 0)
            add_arguments(r, command->argv, i, b->setups[i], b->requests[i], b->gap, &argv);
        else if (command->between)
            add_arguments(r, command->between, i, b->setups[i], b->requests[i], b->gap, &argv);
        if (command->step)
            add_arguments(r, command->step, i, b->setups[i], b->requests[i], b->gap, &argv);
    }
    struct environment environment = environment_for(c, b->setups[0]);
    start(r, &argv, &environment, limit);
    environment_free(&environment);
    arguments_free(&argv);
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
    notify(c, &(struct notice){ .session = session, .user = user });
}

static void do_change(struct agent *a, uint64_t session, const struct setup *change,
                      const struct agent_user *user)
{
    struct command_agent *c = command_of(a);
    struct session_of *s = session_of(c, session);
    if (s)
        s->setup = setup_merge(s->arena, s->setup, change);
    notify(c, &(struct notice){ .session = session, .user = user });
}

static void do_request(struct agent *a, uint64_t session, uint64_t id,
                       const struct request_setup *request, const struct agent_user *user)
{
    struct command_agent *c = command_of(a);
    const struct session_of *s = session_of(c, session);
    struct agent_batch one = {
        .requests = &request, .setups = &s->setup, .count = 1, .first_id = id
    };
    run_batch(c, &one, user);
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
    run_batch(command_of(a), b, user);
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
        run_free(r);
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
        notify(c, &(struct notice){ 0 });
    else
        fail(c, AGENT_CRASH, why);
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
    if (options->asks_version && profile_of(c)->version)
        c->version = command_version_ask(&c->agent.options, on_version, c);
    else
        notify(c, &(struct notice){ 0 });
    return &c->agent;
}
