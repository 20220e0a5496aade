/*
 * Which rule takes an event: top-down, the first that fits. A rule's counters go by the key of its
 * scope, and no new connection resets them.
 */
#include <stdlib.h>
#include <string.h>

#include "engine.h"

static void add_value(struct buf *key, const struct fp_event *e, enum field_id field)
{
    const struct event_value *v = event_get(e, field);
    if (v && v->text)
        buf_add(key, v->text, v->len);
    buf_char(key, '\n');
}

static void scope_key(struct buf *key, const struct fp_event *e, enum scope scope)
{
    switch (scope) {
    case SCOPE_SCENARIO:
        break;
    case SCOPE_CONNECTION:
        buf_string(key, e->at);
        buf_number(key, event_get(e, FIELD_connection)->number);
        break;
    case SCOPE_TARGET:
        add_value(key, e, FIELD_method);
        add_value(key, e, FIELD_target);
        break;
    case SCOPE_EXIT:
        add_value(key, e, FIELD_exit);
        break;
    case SCOPE_USER:
        add_value(key, e, FIELD_user);
        break;
    }
}

static uint64_t *counter(struct instance *in, const struct rule *r, const struct fp_event *e)
{
    struct buf key = { 0 };
    scope_key(&key, e, r->per);
    uint64_t *count = tally_count(in->tally, r, key.at ? key.at : "", key.len);
    buf_free(&key);
    return count;
}

/* Its time begins with the first event that it takes, whatever its counters go by. */
static bool is_over(struct instance *in, const struct rule *r, const struct fp_event *e)
{
    if (r->lasts == 0)
        return false;
    uint64_t *first = tally_count(in->tally, &r->lasts, "", 0);
    if (*first == 0)
        *first = (uint64_t)e->t + 1; /* 0 is: none yet */
    return (uint64_t)e->t + 1 - *first > (uint64_t)r->lasts;
}

static bool is_over_rate(struct instance *in, const struct rule *r, const struct fp_event *e)
{
    struct buf key = { 0 };
    scope_key(&key, e, r->rate_over.by);
    bool over = tally_over(in->tally, &r->rate_over, key.at ? key.at : "", key.len,
                           r->rate_over.limit, r->rate_over.per, e->t);
    buf_free(&key);
    return over;
}

static bool has_state(struct instance *in, const struct text *state)
{
    struct buf want = { 0 };
    text_expand(state, &in->scope, &want);
    bool same = want.len == in->state.len &&
                (want.len == 0 || memcmp(want.at, in->state.at, want.len) == 0);
    buf_free(&want);
    return same;
}

static bool fits(struct instance *in, const struct rule *r, const struct fp_event *e)
{
    if (r->on != (enum event_kind)e->kind)
        return false;
    if (!match_event(&r->when, e, watches_env(in->watches)))
        return false;
    if (r->state.octets && !has_state(in, &r->state))
        return false;
    if (r->rate_over.limit && !is_over_rate(in, r, e))
        return false;
    return r->chance >= 1 || instance_random(in) < r->chance;
}

static bool is_counted(const struct rule *r)
{
    return r->skip > 0 || r->times != UINT64_MAX;
}

static const struct rule *take(struct conn *c, const struct fp_event *e)
{
    const struct actor *a = conn_actor(c);
    for (size_t i = 0; i < a->rule_count; i++) {
        const struct rule *r = &a->rules[i];
        if (!fits(c->instance, r, e))
            continue;
        uint64_t nth = is_counted(r) ? ++*counter(c->instance, r, e) : 1;
        if (nth > r->skip && nth - r->skip <= r->times && !is_over(c->instance, r, e))
            return r;
    }
    return NULL;
}

const struct rule *rule_take(struct conn *c, const struct fp_event *e)
{
    c->instance->matched = e; /* its fields have values in the texts of `when` */
    const struct rule *rule = take(c, e);
    c->instance->matched = NULL;
    return rule;
}
