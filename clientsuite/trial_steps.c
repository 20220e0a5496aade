/*
 * The steps of a trial. trial_poll() may be called whenever something has happened: it does what
 * can be done now, and arms the timer for the earliest moment at which it must look again.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "trial_private.h"

/* So long an `after` is waited for beyond what the rules themselves wait. */
static const int64_t AFTER_LIMIT = 5 * CLOCK_S;

static const int64_t GAP_MARGIN = 600 * CLOCK_MS; /* for the start of a command, and its answer */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t trial_condition(const struct trial *t, const struct condition *c, int64_t base)
{
    int64_t met;
    switch (c->kind) {
    case CONDITION_NONE:
        return base;
    case CONDITION_TIME:
    case CONDITION_IDLE:
        return base + c->time;
    case CONDITION_EVENT:
        met = watch_met(t->watches, c->match);
        met = met ? later(base, met + c->plus) : CLOCK_NEVER;
        return c->limit >= 0 ? sooner(met, base + c->limit) : met;
    case CONDITION_BYTES:
    case CONDITION_ACKED:
        break; /* the loader refuses them here */
    }
    return base;
}

bool trial_holds(const struct trial *t, const struct condition *c)
{
    return trial_condition(t, c, t->base) <= clock_now();
}

static int64_t waits_of(const struct condition *c)
{
    return c->kind == CONDITION_TIME || c->kind == CONDITION_IDLE ? c->time
           : c->kind == CONDITION_EVENT                           ? c->plus
                                                                  : 0;
}

int64_t trial_waits(const struct scenario *s)
{
    int64_t sum = 0;
    for (size_t a = 0; a < s->actor_count; a++)
        for (size_t r = 0; r < s->actors[a].rule_count; r++) {
            const struct rule *rule = &s->actors[a].rules[r];
            for (size_t i = 0; i < rule->action_count; i++)
                if (rule->actions[i].kind == ACTION_WAIT)
                    sum += waits_of(&rule->actions[i].wait);
        }
    return sum;
}

/* ---- cancellations --------------------------------------------------------------------------- */

/* The earliest moment at which a cancellation is due. */
static int64_t cancel_due(struct trial *t)
{
    int64_t first = CLOCK_NEVER, now = clock_now();
    for (size_t i = 0; i < t->request_count; i++) {
        struct trial_request *r = &t->requests[i];
        const struct step *step = trial_step(t, r);
        if (r->state != REQUEST_OUT || r->was_cancelled || step->cancel.kind == CONDITION_NONE)
            continue;
        int64_t due = trial_condition(t, &step->cancel, r->started);
        if (due > now) {
            first = sooner(first, due);
            continue;
        }
        trial_write_cancel(t, r);
        agent_cancel(t->agent, trial_session(t, step)->number, r->id);
    }
    return first;
}

/* ---- batches --------------------------------------------------------------------------------- */

/* All steps in one call: where they all run in one session, and none is cancelled. */
bool trial_fits_batch(const struct scenario *s)
{
    const struct client *c = &s->client;
    for (size_t i = 0; i < c->step_count; i++)
        if (c->steps[i].session != c->steps[0].session || c->steps[i].parallel ||
            c->steps[i].cancel.kind != CONDITION_NONE)
            return false;
    return c->step_count > 1; /* copies are parallel */
}

/* Whole seconds that lie between the starts of two steps, so that every `after` should hold by
 * then, and each outcome has been read before the next request comes. */
static int gap_of(const struct scenario *s)
{
    int64_t most = CLOCK_S;
    for (size_t i = 1; i < s->client.step_count; i++) {
        const struct condition *c = &s->client.steps[i].after;
        int64_t gap = waits_of(c) + (c->kind == CONDITION_EVENT ? trial_waits(s) : 0);
        if (c->kind != CONDITION_NONE)
            most = later(most, gap + GAP_MARGIN);
    }
    return (int)((most + CLOCK_S - 1) / CLOCK_S);
}

int64_t trial_batch_time(const struct scenario *s)
{
    return (int64_t)(s->client.step_count - 1) * gap_of(s) * CLOCK_S;
}

static void start_batch(struct trial *t)
{
    const struct client *c = &t->options.scenario->client;
    const struct request_setup **requests =
        arena_take(t->arena, t->request_count * sizeof(*requests));
    const struct setup **setups = arena_take(t->arena, t->request_count * sizeof(*setups));
    struct trial_session *session = trial_session(t, &c->steps[0]);
    for (size_t i = 0; i < t->request_count; i++) {
        struct trial_request *r = &t->requests[i];
        const struct step *step = trial_step(t, r);
        if (step->change)
            session->setup =
                setup_merge(t->arena, session->setup,
                            setup_session(t->arena, t->instance, step->change, t->options.ca_file));
        setups[i] = session->setup;
        r->setup = setup_request(t->arena, t->instance, step, session->setup->keys, r->copy);
        requests[i] = r->setup;
        r->id = agent_new_id(t->agent);
    }
    struct agent_batch batch = { .requests = requests,
                                 .setups = setups,
                                 .count = t->request_count,
                                 .first_id = t->requests[0].id,
                                 .gap = t->gap = gap_of(t->options.scenario) };
    t->is_batch = true;
    t->next = t->out = t->request_count;
    agent_run_batch(t->agent, &batch, &t->user);
}

/* The step whose turn it is starts, for the journal, when the command should start it; or when its
 * request came, then too early if its `after` does not hold. */
int64_t trial_poll_batch(struct trial *t)
{
    for (size_t i = 0; i < t->request_count; i++) {
        struct trial_request *r = &t->requests[i];
        if (r->state != REQUEST_WAITING)
            continue;
        int64_t holds = trial_condition(t, &trial_step(t, r)->after, t->base);
        int64_t due = later(holds, r->due);
        t->gap_failed |= r->was_seen && holds > clock_now();
        if (due > clock_now() && !r->was_seen)
            return due;
        t->was_late |= r->was_seen;
        trial_write_step(t, r);
    }
    return CLOCK_NEVER;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static bool waits_for_outcome(const struct trial *t)
{
    for (size_t i = 0; i < t->next; i++)
        if (t->requests[i].state != REQUEST_OVER && !trial_step(t, &t->requests[i])->parallel)
            return true;
    return false;
}

/* True once the change is made, or none is wanted. */
static bool change_is_made(struct trial *t, const struct step *step)
{
    struct trial_session *session = trial_session(t, step);
    if (!step->change || t->requests[t->next].copy > 1)
        return true;
    if (t->waits_for_change) {
        if (!t->has_changed)
            return false;
        t->waits_for_change = t->has_changed = false;
        return true;
    }
    const struct setup *change =
        setup_session(t->arena, t->instance, step->change, t->options.ca_file);
    session->setup = setup_merge(t->arena, session->setup, change);
    t->waits_for_change = true;
    t->has_changed = false;
    agent_change(t->agent, session->number, setup_change(t->arena, session->setup, change),
                 &t->user);
    return false;
}

static void ask(struct trial *t, struct trial_request *r)
{
    const struct step *step = trial_step(t, r);
    struct trial_session *session = trial_session(t, step);
    r->setup = setup_request(t->arena, t->instance, step, session->setup->keys, r->copy);
    t->next++;
    if (session->is_refused) { /* it never gets as far as a request */
        trial_write_step(t, r);
        trial_write_outcome(t, r, &session->refusal);
        return;
    }
    r->id = agent_new_id(t->agent);
    t->out++;
    agent_request(t->agent, session->number, r->id, r->setup, &t->user);
}

/* Starts what can start; returns when to look again. */
static int64_t poll_steps(struct trial *t)
{
    while (t->next < t->request_count && !waits_for_outcome(t)) {
        struct trial_request *r = &t->requests[t->next];
        const struct step *step = trial_step(t, r);
        int64_t due = r->copy > 1 ? 0 : trial_condition(t, &step->after, t->base);
        if (!t->limit)
            t->limit = clock_now() + AFTER_LIMIT + trial_waits(t->options.scenario);
        if (due == CLOCK_NEVER && clock_now() >= t->limit && t->out == 0) {
            t->next = t->request_count; /* its event never came: the rest is not asked */
            break;
        }
        if (due > clock_now())
            return due == CLOCK_NEVER ? t->limit : due;
        if (!change_is_made(t, step))
            return CLOCK_NEVER;
        ask(t, r);
        t->limit = 0;
        t->base = step->parallel ? clock_now() : t->base;
    }
    return CLOCK_NEVER;
}

static bool sessions_are_open(const struct trial *t)
{
    for (size_t i = 0; i < t->session_count; i++)
        if (t->sessions[i].is_used && !t->sessions[i].is_open)
            return false;
    return true;
}

static void begin_quiet(struct trial *t)
{
    t->state = TRIAL_QUIET;
    t->quiet = clock_now() + t->options.scenario->client.watch;
    timer_set(&t->poll, t->quiet);
    t->owner.done(t->owner.arg);
}

static void poll_running(struct trial *t)
{
    int64_t step = t->is_batch ? trial_poll_batch(t) : poll_steps(t);
    int64_t cancel = cancel_due(t); /* behind: a step that began just now may have one */
    if (t->next == t->request_count && t->out == 0) {
        begin_quiet(t);
        return;
    }
    timer_set(&t->poll, sooner(cancel, step));
}

void trial_poll(struct trial *t)
{
    switch (t->state) {
    case TRIAL_NEW:
    case TRIAL_ENDED:
        return;
    case TRIAL_OPENING:
        if (!sessions_are_open(t))
            return;
        t->state = TRIAL_STEPS;
        t->base = clock_now();
        if (agent_is_together(t->agent) && trial_fits_batch(t->options.scenario))
            start_batch(t);
        poll_running(t);
        return;
    case TRIAL_STEPS:
        poll_running(t);
        return;
    case TRIAL_QUIET:
        if (clock_now() >= t->quiet)
            trial_end(t, t->gap_failed ? FATE_NO_GAP : FATE_DONE,
                      t->gap_failed ? "the command could not make the gap that the case needs" : "",
                      "");
        else
            timer_set(&t->poll, t->quiet);
        return;
    }
}
