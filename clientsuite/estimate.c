/*
 * Estimates: what the rules and steps wait for, limits that a client sits out, the gaps of a
 * command that runs all steps at once, the pauses of a retry policy. What the machine takes itself
 * is left out. They need to be right only against each other.
 */
#include "estimate.h"

#include "clock.h"
#include "trial.h"

static const int64_t MOST = 60 * CLOCK_S;
/* Clients that take no base delay, or double it from a second on, are common enough. */
static const int64_t PAUSE = CLOCK_S;

static int64_t nearest(int64_t limit, int64_t total)
{
    return limit && limit < total ? limit : total;
}

/* Slow octets: they come until somebody has enough, or there are no more. */
static bool is_paced(const struct action *a)
{
    const struct pace *pace = a->kind == ACTION_RESPOND   ? &a->respond.pace
                              : a->kind == ACTION_SEND    ? &a->send.pace
                              : a->kind == ACTION_FORWARD ? &a->forward.pace
                              : a->kind == ACTION_PACE    ? &a->pace
                                                          : NULL;
    return pace && pace->octets && pace->every >= 100 * CLOCK_MS;
}

/* What a client sits out: a promised wait, or its own limit where nothing comes any more. The one
 * for reading is kept by all that have any where no answer begins, but not within a body. */
static int64_t sat_out(const struct scenario *s, const struct profile_variant *v,
                       const struct action *a)
{
    const struct client_keys *k = &s->client.keys;
    const struct cut *cut = scenario_cut(a);
    const struct retry_after *after = &a->respond.retry_after;
    if (is_paced(a) || (cut && cut->with->kind == ACTION_STALL))
        return profile_can(v, "read-deadline") ? nearest(k->read, k->total) : k->total;
    if (a->kind == ACTION_STALL)
        return nearest(k->read, k->total);
    if (a->kind != ACTION_RESPOND)
        return 0;
    return after->kind == RETRY_AFTER_SECONDS   ? after->seconds * CLOCK_S
           : after->kind == RETRY_AFTER_INSTANT ? after->instant.offset
                                                : 0;
}

/* Behind a whole answer nobody waits for a connection that stands still. */
static int64_t rule_takes(const struct scenario *s, const struct profile_variant *v,
                          const struct rule *rule)
{
    int64_t sum = 0;
    bool is_answered = false;
    for (size_t i = 0; i < rule->action_count; i++) {
        const struct action *a = &rule->actions[i];
        sum += is_answered && a->kind == ACTION_STALL ? 0 : sat_out(s, v, a);
        is_answered |= (a->kind == ACTION_RESPOND || a->kind == ACTION_FORWARD) && !scenario_cut(a);
    }
    return sum;
}

/* What the steps take beyond the rules' own waits. */
static int64_t steps_take(const struct scenario *s, const struct profile_variant *v)
{
    int64_t sum = 0;
    if (v->command && v->command->is_together && trial_fits_batch(s))
        return trial_batch_time(s);
    for (size_t i = 0; i < s->client.step_count; i++) {
        const struct condition *c = &s->client.steps[i].after;
        sum += c->kind == CONDITION_EVENT ? c->plus : c->kind == CONDITION_TIME ? c->time : 0;
    }
    return sum;
}

int64_t estimate_case(const struct scenario *s, const struct profile_variant *v)
{
    int64_t sum = trial_waits(s) + s->client.watch + steps_take(s, v);
    for (size_t a = 0; a < s->actor_count; a++) {
        if (s->actors[a].listen == LISTEN_BLACKHOLE)
            sum += nearest(s->client.keys.connect, s->client.keys.total);
        for (size_t r = 0; r < s->actors[a].rule_count; r++)
            sum += rule_takes(s, v, &s->actors[a].rules[r]);
    }
    if (s->client.keys.retry == RETRY_POLICY)
        sum += (int64_t)(s->client.keys.attempts - 1) * PAUSE;
    return sum < MOST ? sum : MOST;
}
