/*
 * Runs of commands: a process, the files of its steps, what it tells of them while it works.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "command_private.h"
#include "json.h"

enum { LOG_KEPT = 1 << 18, LINE_KEPT = 1 << 18 };

void command_run_free(struct run *r)
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
    command_result(arena, command_profile(r->of), end, &r->files[i], &result);
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
    const struct command_line *c = command_profile(r->of);
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
    bool is_told = line.len && command_profile(r->of)->tells && read_told(r, line.at, line.len);
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
        command_run_free(r);
        command_fail(c, AGENT_CRASH, why);
        return;
    }
    while (r->told < r->count) {
        struct command_end last = { .exit_status = end->code,
                                    .log = log_of(r),
                                    .was_cancelled = r->was_cancelled };
        step_ended(r, &last);
    }
    command_run_free(r);
}

static void on_limit(void *arg)
{
    struct run *r = arg;
    struct command_agent *c = r->of;
    bool was_cancelled = r->was_cancelled;
    free(c->last_log);
    c->last_log = strndup(r->log.at ? r->log.at : "", r->log.len);
    command_run_free(r);
    command_fail(c, AGENT_HANG,
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
                                     .is_urgent = command_profile(c)->tells,
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
        command_run_free(r);
        command_fail_later(c, why);
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

void command_run_batch(struct command_agent *c, const struct agent_batch *b,
                       const struct agent_user *user)
{
    const struct command_line *command = command_profile(c);
    for (size_t i = 0; i < b->count; i++) {
        const char *lack = command_lacks(command, b->setups[i], b->requests[i]);
        if (lack) {
            command_notify(c, &(struct notice){ .id = b->first_id, .lack = lack, .user = user });
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
            command_run_free(r);
            command_fail_later(c, "the file with the request body cannot be written");
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
