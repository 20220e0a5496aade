/*
 * Lanes.
 */
#include "lane.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

extern char **environ; /* environ(7) */

static const struct client_result *client_of(const struct lane *l, size_t client)
{
    return &l->env->results->clients[client];
}

static void ask_turn(struct lane *l)
{
    l->env->turn(l->env->arg);
}

/* ---- what the agent tells -------------------------------------------------------------------- */

static void on_ready(void *arg)
{
    struct lane *l = arg;
    assert(l->env->starting > 0);
    l->env->starting--;
    l->is_ready = true;
    l->env->hello(l->env->arg, l->client, agent_hello(l->agent));
    ask_turn(l);
}

static void on_failed(void *arg, enum agent_failure how, const char *why, const char *stderr_text)
{
    struct lane *l = arg;
    l->env->starting -= !l->is_ready;
    l->has_failed = true;
    for (struct lane_trial *q = l->quiet; q; q = q->next)
        if (!trial_has_ended(q->trial)) {
            q->is_lost = true;
            trial_stop(q->trial, FATE_BROKEN, "its client died in the case after it");
        }
    if (l->current && !trial_has_ended(l->current->trial))
        trial_agent_failed(l->current->trial, how, why, stderr_text);
    ask_turn(l);
}

/* ---- what trials tell ------------------------------------------------------------------------ */

static void on_done(void *arg)
{
    struct lane_trial *t = arg;
    ask_turn(t->lane);
}

static void on_ended(void *arg)
{
    struct lane_trial *t = arg;
    if (trial_is_busy(t->trial)) /* its client still works at what nobody wants any more */
        t->lane->has_failed = true;
    ask_turn(t->lane);
}

/* ---- agents ---------------------------------------------------------------------------------- */

static void clean(struct environment *e)
{
    static const char *const names[] = { "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",   "NO_PROXY",
                                         "FTP_PROXY",  "http_proxy",  "https_proxy", "all_proxy",
                                         "no_proxy",   "ftp_proxy",   NULL };
    for (const char *const *n = names; *n; n++)
        environment_set(e, *n, NULL);
}

static void add_profile(struct environment *e, const struct profile_variant *v)
{
    for (const char *const *line = v->environment; *line; line++) {
        const char *equals = strchr(*line, '=');
        char *name = strndup(*line, (size_t)(equals - *line));
        if (!name)
            abort();
        environment_set(e, name, equals + 1);
        free(name);
    }
}

static void start_agent(struct lane *l, struct lane_trial *t)
{
    struct environment e = { 0 };
    const struct profile_variant *v = client_of(l, t->job.client)->variant;
    struct agent_owner owner = { on_ready, on_failed, l };
    struct agent_options options = { .variant = v,
                                     .children = l->env->children,
                                     .base = l->env->loop->base,
                                     .environment = &e,
                                     .folder = l->env->folder,
                                     .asks_version = t->job.kind == JOB_CONTRACT,
                                     .is_attached = l->env->is_attached };
    environment_copy(&e, environ);
    clean(&e);
    add_profile(&e, v);
    if (t->job.needs_process) {
        size_t count;
        const struct named *more = trial_environment(t->trial, &count);
        for (size_t i = 0; i < count; i++)
            environment_set(&e, more[i].name, more[i].value);
    }
    l->client = t->job.client;
    l->is_ready = l->has_failed = false;
    l->is_own_process = t->job.needs_process;
    l->env->starting++;
    l->agent = agent_start(&options, &owner);
    environment_free(&e);
}

static void end_agent(struct lane *l)
{
    if (l->agent && !l->is_ready && !l->has_failed)
        l->env->starting--;
    agent_free(l->agent);
    l->agent = NULL;
    l->is_ready = l->has_failed = l->is_own_process = false;
}

/* ---- jobs ------------------------------------------------------------------------------------ */

bool lane_is_idle(const struct lane *l)
{
    return !l->current && !l->quiet;
}

bool lane_can_take(const struct lane *l, const struct job *job)
{
    bool fits = l->agent && !l->has_failed && l->client == job->client && !l->is_own_process &&
                !job->needs_process;
    return !l->current && (fits || (!l->quiet && l->env->starting < 2));
}

void lane_take(struct lane *l, const struct job *job)
{
    struct lane_trial *t = calloc(1, sizeof(*t));
    char *why = NULL;
    if (!t)
        abort();
    t->lane = l;
    t->job = *job;
    t->began = clock_now();
    struct trial_owner owner = { on_done, on_ended, t };
    struct trial_options options = { .loop = l->env->loop,
                                     .scenario = job->scenario,
                                     .variant = client_of(l, job->client)->variant,
                                     .ca_file = l->env->ca_file,
                                     .seed = l->env->seed,
                                     .is_twin = job->kind == JOB_TWIN,
                                     .is_control = l->env->is_control || job->kind == JOB_CONTRACT,
                                     .is_attached = l->env->is_attached,
                                     .keeps_journal = l->env->keeps_journals };
    t->trial = trial_new(&options, &owner, &why);
    if (!t->trial) {
        fprintf(stderr, "clientsuite: %s: %s\n", job->scenario->id, why ? why : "out of memory");
        free(why);
        free(t);
        l->env->ended(l->env->arg, job, NULL);
        return;
    }
    if (l->agent &&
        (l->has_failed || l->client != job->client || l->is_own_process || job->needs_process)) {
        assert(!l->quiet);
        end_agent(l);
    }
    l->current = t;
    if (!l->agent)
        start_agent(l, t);
    else if (l->is_ready)
        trial_run(t->trial, l->agent);
}

static void finish(struct lane *l, struct lane_trial *t)
{
    struct trial_record *record = trial_take_record(t->trial);
    struct job job = t->job;
    bool is_lost = t->is_lost;
    trial_free(t->trial);
    free(t);
    if (is_lost) {
        trial_record_free(record);
        l->env->lost(l->env->arg, &job);
    } else {
        l->env->ended(l->env->arg, &job, record);
    }
}

static void finish_quiet(struct lane *l)
{
    for (struct lane_trial **link = &l->quiet; *link;) {
        struct lane_trial *t = *link;
        if (!trial_has_ended(t->trial)) {
            link = &t->next;
            continue;
        }
        *link = t->next;
        finish(l, t);
    }
}

void lane_turn(struct lane *l)
{
    struct lane_trial *t = l->current;
    if (t && trial_is_done(t->trial)) {
        l->current = NULL;
        t->next = l->quiet;
        l->quiet = t;
    }
    finish_quiet(l);
    if (l->has_failed && l->agent) { /* a trial that still is quiet had it as its client */
        for (struct lane_trial *q = l->quiet; q; q = q->next) {
            q->is_lost = true;
            trial_stop(q->trial, FATE_BROKEN, "its client was ended in the case after it");
        }
        finish_quiet(l);
        if (!l->current)
            end_agent(l);
    }
    if (l->is_own_process && !l->current && !l->quiet)
        end_agent(l);
    if (l->current && l->is_ready && !l->has_failed && trial_is_new(l->current->trial))
        trial_run(l->current->trial, l->agent);
}

void lane_rest(struct lane *l)
{
    if (lane_is_idle(l))
        end_agent(l);
}

void lane_end(struct lane *l)
{
    if (l->current) {
        trial_free(l->current->trial);
        free(l->current);
        l->current = NULL;
    }
    for (struct lane_trial *t; (t = l->quiet);) {
        l->quiet = t->next;
        trial_free(t->trial);
        free(t);
    }
    end_agent(l);
}

int64_t lane_left(const struct lane *l, int64_t now)
{
    int64_t end = l->current ? l->current->began + l->current->job.estimate : now;
    for (const struct lane_trial *t = l->quiet; t; t = t->next)
        end = t->began + t->job.estimate > end ? t->began + t->job.estimate : end;
    return end > now ? end - now : 0;
}

void lane_note_lag(struct lane *l, int64_t lag)
{
    if (l->current)
        trial_note_lag(l->current->trial, lag);
    for (struct lane_trial *t = l->quiet; t; t = t->next)
        trial_note_lag(t->trial, lag);
}
