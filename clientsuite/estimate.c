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

static const struct cut *cut_of(const struct action *a)
{
    return a->kind == ACTION_RESPOND   ? &a->respond.cut
           : a->kind == ACTION_SEND    ? &a->send.cut
           : a->kind == ACTION_FORWARD ? &a->forward.cut
           : a->kind == ACTION_TUNNEL  ? &a->tunnel.cut
                                       : NULL;
}

/* The nearest limit that it was given. */
static int64_t limit_of(const struct client_keys *k)
{
    return k->read && k->read < k->total ? k->read : k->total;
}

/* What a client sits out: a promised wait, or its own deadline where nothing comes any more. */
static bool is_paced(const struct action *a)
{
    const struct pace *pace = a->kind == ACTION_RESPOND   ? &a->respond.pace
                              : a->kind == ACTION_SEND    ? &a->send.pace
                              : a->kind == ACTION_FORWARD ? &a->forward.pace
                              : a->kind == ACTION_PACE    ? &a->pace
                                                          : NULL;
    return pace && pace->octets && pace->every >= 100 * CLOCK_MS;
}

static int64_t sat_out(const struct scenario *s, const struct action *a)
{
    const struct cut *cut = cut_of(a);
    const struct retry_after *after = &a->respond.retry_after;
    if (a->kind == ACTION_STALL || is_paced(a) ||
        (cut && cut->with && cut->with->kind == ACTION_STALL))
        return limit_of(&s->client.keys);
    if (a->kind != ACTION_RESPOND)
        return 0;
    return after->kind == RETRY_AFTER_SECONDS   ? after->seconds * CLOCK_S
           : after->kind == RETRY_AFTER_INSTANT ? after->instant.offset
                                                : 0;
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
        sum += s->actors[a].listen == LISTEN_BLACKHOLE ? limit_of(&s->client.keys) : 0;
        for (size_t r = 0; r < s->actors[a].rule_count; r++)
            for (size_t i = 0; i < s->actors[a].rules[r].action_count; i++)
                sum += sat_out(s, &s->actors[a].rules[r].actions[i]);
    }
    if (s->client.keys.retry == RETRY_POLICY)
        sum += (int64_t)(s->client.keys.attempts - 1) * PAUSE;
    return sum < MOST ? sum : MOST;
}
