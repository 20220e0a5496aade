/*
 * The schedule. One function, turn(), does all there is to do: it lets the lanes go on, fills those
 * that are free, and finds the end. It runs from the loop whenever somebody asked for it.
 */
#include "schedule.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "contract.h"
#include "controls.h"
#include "estimate.h"
#include "gate.h"
#include "grade.h"
#include "lanes.h"
#include "random.h"
#include "timer.h"
#include "twins.h"

/* While our own loop is late by so much, nothing is begun beside so many. */
static const int64_t CROWDED = 50 * CLOCK_MS;
enum { CALM = 16 };
/* What our own lag left open is played again, alone, so often: a busy host is slow for seconds. */
enum { PLAYS_ALONE = 3 };
static const int64_t NOISE_EVERY = 10 * CLOCK_MS, NOISE_TOLD = 20 * CLOCK_MS,
                     NOISE_BLAMED = 100 * CLOCK_MS;

struct queued {
    struct queued *next;
    struct job job;
};

enum contract_state { CONTRACT_OPEN, CONTRACT_KEPT, CONTRACT_BROKEN };

struct schedule {
    struct schedule_options options;
    struct lane_environment env;
    struct lanes lanes;
    struct queued *queue, *alone;
    enum contract_state *contracts; /* of each client */
    struct scenario_set contract;
    struct twins *twins;
    struct timer turn, noise;
    size_t total, done, taken;
    int64_t lag; /* of our own loop, just now */
    bool has_ended;
};

static struct client_result *client_of(const struct schedule *s, size_t client)
{
    return &s->options.results->clients[client];
}

static void ask_turn(void *arg)
{
    timer_set(&((struct schedule *)arg)->turn, 0);
}

/* ---- the queue ------------------------------------------------------------------------------- */

static void enqueue(struct queued **list, const struct job *job, bool in_front)
{
    struct queued *q = calloc(1, sizeof(*q));
    if (!q)
        abort();
    q->job = *job;
    while (!in_front && *list)
        list = &(*list)->next;
    q->next = *list;
    *list = q;
}

static struct job case_job(const struct schedule *s, struct case_result *c)
{
    return (struct job){ .kind = JOB_CASE,
                         .client = c->client,
                         .of = c,
                         .scenario = c->of->scenario,
                         .needs_process = c->of->needs_process,
                         .estimate =
                             estimate_case(c->of->scenario, client_of(s, c->client)->variant) };
}

/* ---- finals ---------------------------------------------------------------------------------- */

static void make_final(struct schedule *s, struct case_result *c);

/* What waited for this gatekeeper. */
static void release_held(struct schedule *s, size_t client)
{
    struct client_result *c = client_of(s, client);
    for (size_t i = 0; i < s->options.results->plan->count; i++)
        if (c->cases[i].is_held)
            make_final(s, &c->cases[i]);
}

static void make_final(struct schedule *s, struct case_result *c)
{
    bool was_held = c->is_held;
    c->is_held = gate_is_open_question(s->options.results, c);
    if (c->is_held)
        return;
    gate_apply(s->options.results, c);
    case_make_final(c);
    s->done++;
    s->options.on_case(s->options.arg, c);
    if (!was_held && gate_is_gatekeeper(s->options.results, c))
        release_held(s, c->client);
}

/* What the client cannot do is not played; an empty journal says so of each check. */
static bool is_beyond(const struct schedule *schedule, const struct profile_variant *v,
                      const struct scenario *s)
{
    if (schedule->options.is_control)
        return strcmp(strchr(s->id, '/') + 1, CONTROL_BYPASS) != 0 &&
               !profile_can(v, strchr(s->id, '/') + 1);
    for (const char *const *need = s->needs; need && *need; need++)
        if (!profile_can(v, *need))
            return true;
    return false;
}

static void grade_unplayed(const struct client_result *client, struct case_result *c)
{
    struct grade_case empty = { .scenario = c->of->scenario,
                                .capabilities = client->variant->capabilities,
                                .has_client = true };
    c->graded = grade(&empty);
    c->is_own = true;
}

/* ---- what lanes tell ------------------------------------------------------------------------- */

static bool is_inconclusive(const struct graded *g)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->verdicts[i].kind == VERDICT_INCONCLUSIVE)
            return true;
    return false;
}

static void release(void *arg, struct case_result *c)
{
    make_final(arg, c);
}

/* Final, unless it waits for its twin. */
static void settle_case(struct schedule *s, struct case_result *c)
{
    struct twin *twin;
    if (!twins_await(s->twins, c, &twin)) {
        make_final(s, c);
        return;
    }
    struct job job = case_job(s, c);
    job.kind = JOB_TWIN;
    job.twin = twin;
    if (twin) {
        job.scenario = twin_scenario(twin);
        job.estimate = estimate_case(job.scenario, client_of(s, c->client)->variant);
        enqueue(&s->queue, &job, true);
    }
}

static void enqueue_alone(struct schedule *s, const struct job *job)
{
    struct job again = *job;
    again.alone++;
    enqueue(&s->alone, &again, false);
}

/* The first play is kept beside the last. */
static void keep_record(struct case_result *c, struct trial_record *r)
{
    if (c->record && !c->first)
        c->first = c->record;
    else
        trial_record_free(c->record);
    c->record = r;
}

static void case_ended(struct schedule *s, const struct job *job, struct trial_record *r)
{
    struct case_result *c = job->of;
    keep_record(c, r);
    c->graded = r ? r->graded : NULL;
    if (!r) {
        grade_unplayed(client_of(s, c->client), c);
        for (size_t i = 0; i < c->graded->count; i++)
            c->graded->verdicts[i].kind = VERDICT_HARNESS_ERROR;
    } else if (is_inconclusive(r->graded) && job->alone < PLAYS_ALONE) {
        enqueue_alone(s, job);
        return;
    }
    settle_case(s, c);
}

static void start_cases(struct schedule *s, size_t client)
{
    struct client_result *c = client_of(s, client);
    for (size_t i = 0; i < s->options.results->plan->count; i++)
        if (is_beyond(s, c->variant, c->cases[i].of->scenario)) {
            grade_unplayed(c, &c->cases[i]);
            make_final(s, &c->cases[i]);
        }
}

static void contract_ended(struct schedule *s, const struct job *job, struct trial_record *r)
{
    struct client_result *c = client_of(s, job->client);
    c->contract = contract_complaint(c->variant, r);
    trial_record_free(r);
    s->contracts[job->client] = c->contract ? CONTRACT_BROKEN : CONTRACT_KEPT;
    s->options.on_client(s->options.arg, c);
    if (c->contract)
        s->done += s->options.results->plan->count;
    else
        start_cases(s, job->client);
}

/* A twin that failed while we were slow ourselves is played again, alone. */
static void twin_ended(struct schedule *s, const struct job *job, struct trial_record *r)
{
    if (r && !r->twin_passed && r->noise > NOISE_BLAMED && job->alone < PLAYS_ALONE) {
        trial_record_free(r);
        enqueue_alone(s, job);
        return;
    }
    twins_ended(s->twins, job->twin, r, release, s);
}

static void on_job_ended(void *arg, const struct job *job, struct trial_record *r)
{
    struct schedule *s = arg;
    s->taken--;
    if (r && r->noise > s->options.results->noise)
        s->options.results->noise = r->noise;
    if (job->kind == JOB_CONTRACT)
        contract_ended(s, job, r);
    else if (job->kind == JOB_TWIN)
        twin_ended(s, job, r);
    else
        case_ended(s, job, r);
    ask_turn(s);
}

static void on_job_lost(void *arg, const struct job *job)
{
    struct schedule *s = arg;
    s->taken--;
    enqueue(job->alone ? &s->alone : &s->queue, job, true);
    ask_turn(s);
}

static char *copy_or_empty(const char *text)
{
    char *copy = strdup(text ? text : "");
    if (!copy)
        abort();
    return copy;
}

static void on_hello(void *arg, size_t client, const struct reply *hello)
{
    struct client_result *c = client_of(arg, client);
    if (c->client)
        return;
    c->client = copy_or_empty(hello ? hello->client : NULL);
    c->version = copy_or_empty(hello ? hello->version : NULL);
    c->runtime = copy_or_empty(hello ? hello->runtime : NULL);
    c->kinds = copy_or_empty(hello ? hello->kinds : NULL);
}

/* ---- turns ----------------------------------------------------------------------------------- */

static bool may_start(const struct schedule *s, const struct job *job)
{
    return job->kind == JOB_CONTRACT ? s->contracts[job->client] == CONTRACT_OPEN
                                     : s->contracts[job->client] == CONTRACT_KEPT;
}

/* More would only be slower together; and what is slow cannot be judged. */
static bool has_room(const struct schedule *s)
{
    return lanes_have_room(&s->lanes) && (s->lag < CROWDED || s->taken < CALM);
}

static void fill_lanes(struct schedule *s)
{
    for (struct queued **link = &s->queue; *link && has_room(s);) {
        struct queued *q = *link;
        struct lane *l = may_start(s, &q->job) ? lanes_for(&s->lanes, &q->job) : NULL;
        if (!l && s->contracts[q->job.client] != CONTRACT_BROKEN) {
            link = &q->next;
            continue;
        }
        *link = q->next;
        if (l) {
            s->taken++;
            lane_take(l, &q->job);
        }
        free(q);
    }
}

/* Once all else is over, the drivers of the other lanes rest. */
static void play_alone(struct schedule *s)
{
    struct queued *q = s->alone;
    s->alone = q->next;
    s->taken++;
    lane_take(lanes_alone(&s->lanes, &q->job), &q->job);
    free(q);
}

static void on_turn(void *arg)
{
    struct schedule *s = arg;
    lanes_turn(&s->lanes);
    fill_lanes(s);
    if (s->queue || s->taken || !lanes_are_idle(&s->lanes) || s->has_ended)
        return;
    if (s->alone) {
        play_alone(s);
        return;
    }
    s->has_ended = true;
    timer_set(&s->noise, CLOCK_NEVER);
    s->options.on_end(s->options.arg);
}

static void on_noise(void *arg)
{
    struct schedule *s = arg;
    int64_t now = clock_now(), lag = now - s->noise.due;
    if (s->lag >= CROWDED && lag < CROWDED)
        ask_turn(s);
    s->lag = lag;
    if (lag > NOISE_TOLD)
        lanes_note_lag(&s->lanes, lag);
    timer_set(&s->noise, now + NOISE_EVERY);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int by_estimate(const void *a, const void *b)
{
    const struct job *x = a, *y = b;
    if (x->of->of->is_gatekeeper != y->of->of->is_gatekeeper)
        return x->of->of->is_gatekeeper ? -1 : 1;
    return x->estimate < y->estimate ? 1 : x->estimate > y->estimate ? -1 : 0;
}

static void shuffle(struct job *jobs, size_t count, uint64_t seed)
{
    for (size_t i = count; i > 1; i--) {
        size_t k = (size_t)(random_next(&seed) % i);
        struct job swap = jobs[i - 1];
        jobs[i - 1] = jobs[k];
        jobs[k] = swap;
    }
}

static void queue_cases(struct schedule *s)
{
    const struct results *r = s->options.results;
    size_t count = 0;
    struct job *jobs = calloc(r->plan->count * r->client_count + 1, sizeof(*jobs));
    if (!jobs)
        abort();
    for (size_t c = 0; c < r->client_count; c++)
        for (size_t i = 0; i < r->plan->count; i++)
            if (!is_beyond(s, r->clients[c].variant, r->plan->cases[i].scenario))
                jobs[count++] = case_job(s, &r->clients[c].cases[i]);
    if (s->options.shuffles)
        shuffle(jobs, count, r->seed);
    else
        qsort(jobs, count, sizeof(*jobs), by_estimate);
    for (size_t i = count; i > 0; i--)
        enqueue(&s->queue, &jobs[i - 1], true);
    free(jobs);
    s->total = r->plan->count * r->client_count;
}

struct schedule *schedule_new(const struct schedule_options *options)
{
    struct schedule *s = calloc(1, sizeof(*s));
    if (!s || !(s->contracts = calloc(options->results->client_count, sizeof(*s->contracts))))
        abort();
    s->options = *options;
    s->env = (struct lane_environment){ .loop = options->loop,
                                        .children = options->children,
                                        .folder = options->folder,
                                        .ca_file = options->ca_file,
                                        .seed = options->results->seed,
                                        .keeps_journals = options->keeps_journals,
                                        .is_control = options->is_control,
                                        .is_attached = options->is_attached,
                                        .results = options->results,
                                        .turn = ask_turn,
                                        .hello = on_hello,
                                        .ended = on_job_ended,
                                        .lost = on_job_lost,
                                        .arg = s };
    lanes_init(&s->lanes, options->is_attached ? 1 : (size_t)options->lanes, &s->env);
    timer_init(&s->turn, options->loop->base, on_turn, s);
    timer_init(&s->noise, options->loop->base, on_noise, s);
    s->twins = twins_new();
    contract_load(&s->contract);
    return s;
}

void schedule_start(struct schedule *s)
{
    queue_cases(s);
    for (size_t c = s->options.results->client_count; c > 0; c--) {
        struct job job = { .kind = JOB_CONTRACT,
                           .client = c - 1,
                           .scenario = s->contract.scenarios[0] };
        enqueue(&s->queue, &job, true);
    }
    timer_set(&s->noise, clock_now() + NOISE_EVERY);
    ask_turn(s);
}

static void free_queue(struct queued **list)
{
    for (struct queued *q; (q = *list);) {
        *list = q->next;
        free(q);
    }
}

void schedule_free(struct schedule *s)
{
    if (!s)
        return;
    timer_set(&s->turn, CLOCK_NEVER);
    timer_set(&s->noise, CLOCK_NEVER);
    lanes_end(&s->lanes);
    timer_set(&s->turn, CLOCK_NEVER);
    free_queue(&s->queue);
    free_queue(&s->alone);
    twins_free(s->twins);
    scenario_set_free(&s->contract);
    free(s->contracts);
    free(s);
}

struct schedule_state schedule_look(const struct schedule *s)
{
    struct schedule_state look = { .total = s->total, .done = s->done };
    int64_t sum = 0, longest = 0;
    for (const struct queued *q = s->queue; q; q = q->next) {
        sum += q->job.estimate + 200 * CLOCK_MS;
        longest = q->job.estimate > longest ? q->job.estimate : longest;
        look.waiting++;
    }
    for (const struct queued *q = s->alone; q; q = q->next) {
        longest += q->job.estimate + CLOCK_S;
        look.waiting++;
    }
    look.running = s->taken;
    int64_t left = lanes_left(&s->lanes, clock_now());
    longest = left > longest ? left : longest;
    sum /= (int64_t)s->lanes.count;
    look.left = sum > longest ? sum : longest;
    return look;
}
