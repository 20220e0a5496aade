/*
 * Lanes of a run: 32 of a client. Driver processes stay up, and take memory: 32 of them in all, 8
 * of a heavy client. A command is a process only while it works, and mostly waits for the pauses
 * that it makes: several variants of one have lanes of their own.
 */
#include "lanes.h"

enum { OF_ONE = 32, DRIVERS = 32, HEAVY = 8 };

void lanes_init(struct lanes *lanes, size_t count, struct lane_environment *env)
{
    lanes->count = count && count < LANES ? count : LANES;
    for (size_t i = 0; i < lanes->count; i++)
        lanes->list[i] = (struct lane){ .env = env };
}

void lanes_end(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++)
        lane_end(&lanes->list[i]);
}

/* ---- which one ------------------------------------------------------------------------------- */

static const struct profile_variant *variant_of(const struct lane *l, size_t client)
{
    return l->env->results->clients[client].variant;
}

static bool has_driver(const struct lane *l)
{
    return l->agent && variant_of(l, l->client)->driver;
}

/* Another client's lane, or nobody's: may this client have it, too? */
static bool may_take_over(const struct lanes *lanes, const struct lane *wanted, size_t client)
{
    const struct profile_variant *v = variant_of(wanted, client);
    size_t own = 0, drivers = 0;
    for (size_t i = 0; i < lanes->count; i++) {
        own += lanes->list[i].agent && lanes->list[i].client == client;
        drivers += has_driver(&lanes->list[i]);
    }
    if (own >= (v->profile->is_heavy ? HEAVY : OF_ONE))
        return false;
    return !v->driver || has_driver(wanted) || drivers < DRIVERS;
}

/* One whose agent is this client's; else one without an agent; else one of another client. */
struct lane *lanes_for(struct lanes *lanes, const struct job *job)
{
    struct lane *best = NULL;
    int best_rank = 0;
    for (size_t i = 0; i < lanes->count; i++) {
        struct lane *l = &lanes->list[i];
        bool is_own = l->agent && l->client == job->client;
        int rank = is_own && l->is_ready ? 4 : is_own ? 3 : !l->agent ? 2 : 1;
        if (rank <= best_rank || !lane_can_take(l, job) ||
            (!is_own && !may_take_over(lanes, l, job->client)))
            continue;
        best = l;
        best_rank = rank;
    }
    return best;
}

struct lane *lanes_alone(struct lanes *lanes, const struct job *job)
{
    for (size_t i = 0; i < lanes->count; i++)
        if (lanes->list[i].client != job->client || i > 0)
            lane_rest(&lanes->list[i]);
    return &lanes->list[0];
}

/* ---- all of them ----------------------------------------------------------------------------- */

void lanes_turn(struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++)
        lane_turn(&lanes->list[i]);
}

bool lanes_have_room(const struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++)
        if (!lanes->list[i].current)
            return true;
    return false;
}

bool lanes_are_idle(const struct lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++)
        if (!lane_is_idle(&lanes->list[i]))
            return false;
    return true;
}

void lanes_note_lag(struct lanes *lanes, int64_t lag)
{
    for (size_t i = 0; i < lanes->count; i++)
        lane_note_lag(&lanes->list[i], lag);
}

int64_t lanes_left(const struct lanes *lanes, int64_t now)
{
    int64_t longest = 0;
    for (size_t i = 0; i < lanes->count; i++) {
        int64_t left = lane_left(&lanes->list[i], now);
        longest = left > longest ? left : longest;
    }
    return longest;
}
