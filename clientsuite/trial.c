/*
 * Trials: their life, what the journal and the agent tell them.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "trial_private.h"

enum { JOURNAL_CAP = 64 << 20, STORM_FACTOR = 4 };
static const int64_t BATCH_LEAD = 100 * CLOCK_MS; /* commands keep their own rate roughly */

const char *fate_name(enum fate f)
{
    static const char *const names[] = { "done",   "crash", "hang", "garbled",      "unsupported",
                                         "no-gap", "storm", "full", "harness-error" };
    return names[f];
}

const struct step *trial_step(const struct trial *t, const struct trial_request *r)
{
    return &t->options.scenario->client.steps[r->step];
}

struct trial_session *trial_session(struct trial *t, const struct step *step)
{
    return &t->sessions[step->session + 1];
}

const char *trial_session_name(const struct trial *t, const struct step *step)
{
    return step->session < 0 ? "default" : t->options.scenario->client.sessions[step->session].name;
}

/* ---- what the journal tells ------------------------------------------------------------------ */

static void count_arrival(struct trial *t, const struct fp_event *e)
{
    const struct scenario *s = t->options.scenario;
    int actor = scenario_actor(s, e->at);
    int64_t limit = s->house.storm;
    if (actor < 0 || !s->actors[actor].is_proxy || limit < 0)
        return;
    uint64_t *n = &t->tally[(size_t)actor * 2 + (e->kind == EVENT_request)];
    t->is_storm |= ++*n > (uint64_t)limit * STORM_FACTOR;
}

/* A step of a batch whose turn it is: its request came, so it has begun, in time or not. */
static void see_batch_request(struct trial *t)
{
    for (size_t i = 0; i < t->request_count; i++)
        if (t->requests[i].state == REQUEST_WAITING && !t->requests[i].was_seen) {
            t->requests[i].was_seen = true;
            timer_set(&t->poll, 0);
        }
}

/* A listener adds no events: what follows is done from the loop. */
static void on_event(void *arg, const struct fp_event *e)
{
    struct trial *t = arg;
    if (t->state == TRIAL_ENDED)
        return;
    bool is_met = t->options.scenario->watch_count && watches_see(t->watches, e);
    if (e->kind == EVENT_request || e->kind == EVENT_accept)
        count_arrival(t, e);
    if (e->kind == EVENT_request && t->is_batch)
        see_batch_request(t);
    t->is_full |= journal_lost(instance_journal(t->instance)) > 0;
    if (is_met || t->is_storm || t->is_full)
        timer_set(&t->poll, 0);
}

static void on_poll(void *arg)
{
    struct trial *t = arg;
    if (t->is_full)
        trial_end(t, FATE_FULL, "the journal is full", "");
    else if (t->is_storm)
        trial_end(t, FATE_STORM, "a storm: four times as many requests or connections as allowed",
                  "");
    else
        trial_poll(t);
}

/* ---- what the agent tells -------------------------------------------------------------------- */

static struct trial_request *request_of(struct trial *t, uint64_t id)
{
    for (size_t i = 0; i < t->request_count; i++)
        if (t->requests[i].id == id)
            return &t->requests[i];
    return NULL;
}

static void on_sending(void *arg, uint64_t id)
{
    struct trial *t = arg;
    struct trial_request *r = request_of(t, id);
    assert(r && r->state == REQUEST_QUEUED);
    if (t->is_batch && r != t->requests) { /* the command waits, so as to make the gap */
        r->state = REQUEST_WAITING;
        r->due = r[-1].started + t->gap * CLOCK_S - BATCH_LEAD;
        t->base = clock_now();
        trial_poll_batch(t);
        timer_set(&t->poll, 0);
        return;
    }
    trial_write_step(t, r);
    if (trial_step(t, r)->cancel.kind != CONDITION_NONE)
        timer_set(&t->poll, 0); /* it counts from here */
}

static void say_unsupported(struct trial *t, const char *what)
{
    char why[256];
    bool is_claimed = profile_can(t->options.variant, what);
    snprintf(why, sizeof(why),
             is_claimed ? "the profile claims %s, but the driver does not support it"
                        : "the driver does not support %s",
             what);
    trial_end(t, is_claimed ? FATE_GARBLED : FATE_UNSUPPORTED, why, "");
}

/* The result points into the agent's memory: what is kept is copied. */
static void keep_refusal(struct trial *t, struct trial_session *s, const struct result *refused)
{
    const char *kind = refused->kind ? refused->kind : "config";
    s->is_refused = true;
    s->refusal = (struct result){ .is_error = true, .asked = -1 };
    s->refusal.error = arena_copy(t->arena, refused->error, strlen(refused->error));
    s->refusal.kind = arena_copy(t->arena, kind, strlen(kind));
}

static void on_opened(void *arg, uint64_t session, const char *unsupported,
                      const struct result *refused)
{
    struct trial *t = arg;
    if (unsupported) {
        say_unsupported(t, unsupported);
        return;
    }
    for (size_t i = 0; i < t->session_count; i++) {
        struct trial_session *s = &t->sessions[i];
        if (s->number != session || !s->is_used)
            continue;
        if (refused)
            keep_refusal(t, s, refused);
        else if (s->is_open) /* it was a change */
            s->is_refused = false;
        t->has_changed = s->is_open;
        s->is_open = true;
    }
    timer_set(&t->poll, 0);
}

static void on_answered(void *arg, uint64_t id, const struct result *result,
                        const char *unsupported)
{
    struct trial *t = arg;
    struct trial_request *r = request_of(t, id);
    assert(r);
    if (unsupported) {
        say_unsupported(t, unsupported);
        return;
    }
    if (r->state == REQUEST_WAITING) { /* it went out before its time */
        t->gap_failed |= !trial_holds(t, &trial_step(t, r)->after);
        trial_write_step(t, r);
    }
    assert(r->state == REQUEST_OUT);
    trial_write_outcome(t, r, result);
    t->out--;
    if (!trial_step(t, r)->parallel)
        t->base = clock_now();
    timer_set(&t->poll, 0);
}

void trial_agent_failed(struct trial *t, enum agent_failure how, const char *why,
                        const char *stderr_text)
{
    static const enum fate fates[] = {
        [AGENT_CRASH] = FATE_CRASH, [AGENT_HANG] = FATE_HANG, [AGENT_GARBLED] = FATE_GARBLED
    };
    trial_end(t, fates[how], why, stderr_text);
}

void trial_stop(struct trial *t, enum fate fate, const char *why)
{
    trial_end(t, fate, why, "");
}

void trial_note_lag(struct trial *t, int64_t lag)
{
    struct event_draft d;
    if (t->state == TRIAL_ENDED)
        return;
    event_begin(&d, EVENT_note, "suite");
    d.event.t = clock_now();
    d.event.wall = clock_wall();
    event_string(&d, FIELD_text, "our own loop was late");
    event_number(&d, FIELD_lag, lag);
    journal_add(instance_journal(t->instance), &d);
    t->record->noise = lag > t->record->noise ? lag : t->record->noise;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void make_requests(struct trial *t)
{
    const struct client *c = &t->options.scenario->client;
    size_t room = 0;
    for (size_t i = 0; i < c->step_count; i++)
        room += c->steps[i].copies;
    t->requests = arena_take(t->arena, (room + 1) * sizeof(*t->requests));
    for (size_t i = 0; i < c->step_count; i++)
        for (uint64_t copy = 1; copy <= c->steps[i].copies; copy++)
            t->requests[t->request_count++] = (struct trial_request){ .step = i, .copy = copy };
    t->session_count = c->session_count + 1;
    t->sessions = arena_take(t->arena, t->session_count * sizeof(*t->sessions));
    for (size_t i = 0; i < c->step_count; i++)
        trial_session(t, &c->steps[i])->is_used = true;
}

struct trial *trial_new(const struct trial_options *options, const struct trial_owner *owner,
                        char **why)
{
    struct instance_options in = { .seed = options->seed, .journal_octets = JOURNAL_CAP };
    struct trial *t = calloc(1, sizeof(*t));
    if (!t || !(t->record = calloc(1, sizeof(*t->record))))
        abort();
    t->options = *options;
    t->owner = *owner;
    t->began = clock_now();
    t->arena = arena_new();
    t->user = (struct agent_user){ on_sending, on_opened, on_answered, t };
    timer_init(&t->poll, options->loop->base, on_poll, t);
    t->tally = arena_take(t->arena, options->scenario->actor_count * 2 * sizeof(*t->tally));
    make_requests(t);
    t->instance = instance_start(options->loop, options->scenario, &in, why);
    if (!t->instance) {
        trial_free(t);
        return NULL;
    }
    t->watches = watches_new(options->scenario, instance_scope(t->instance));
    journal_listen(instance_journal(t->instance), on_event, t);
    return t;
}

void trial_free(struct trial *t)
{
    if (!t)
        return;
    if (t->agent)
        agent_forget(t->agent, &t->user);
    t->state = TRIAL_ENDED;
    timer_set(&t->poll, CLOCK_NEVER);
    instance_stop(t->instance);
    watches_free(t->watches);
    trial_record_free(t->record);
    buf_free(&t->log);
    arena_free(t->arena);
    free(t);
}

const struct named *trial_environment(struct trial *t, size_t *count)
{
    const struct setup *s =
        setup_session(t->arena, t->instance, &t->options.scenario->client.keys, t->options.ca_file);
    *count = s->environment_count;
    return s->environment;
}

void trial_run(struct trial *t, struct agent *agent)
{
    assert(t->state == TRIAL_NEW);
    const struct client *c = &t->options.scenario->client;
    t->agent = agent;
    t->state = TRIAL_OPENING;
    for (size_t i = 0; i < t->session_count; i++) {
        struct trial_session *s = &t->sessions[i];
        if (!s->is_used)
            continue;
        s->number = agent_new_session(agent);
        s->setup = setup_session(t->arena, t->instance, i ? &c->sessions[i - 1].keys : &c->keys,
                                 t->options.ca_file);
        if (t->options.is_attached)
            s->setup = setup_patient(t->arena, s->setup);
        agent_open(agent, s->number, s->setup, &t->user);
    }
    timer_set(&t->poll, 0);
}

bool trial_is_new(const struct trial *t)
{
    return t->state == TRIAL_NEW;
}

bool trial_is_done(const struct trial *t)
{
    return t->state >= TRIAL_QUIET;
}

bool trial_has_ended(const struct trial *t)
{
    return t->state == TRIAL_ENDED;
}

bool trial_is_busy(const struct trial *t)
{
    return t->out > 0;
}

struct trial_record *trial_take_record(struct trial *t)
{
    struct trial_record *r = t->record;
    t->record = NULL;
    return r;
}

void trial_record_free(struct trial_record *r)
{
    if (!r)
        return;
    graded_free(r->graded);
    free((char *)(uintptr_t)r->why);
    free((char *)(uintptr_t)r->stderr_text);
    free(r->journal);
    free(r->scope);
    free(r->log);
    free(r->found);
    diagnosis_free(r->diagnosis);
    free(r);
}
