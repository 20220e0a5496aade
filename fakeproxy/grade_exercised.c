/*
 * Was the client put to the test? Every rule marked `fault` must have been carried out: an action
 * that writes when its first octet was written (with a cut: when the cut was reached), `stall` when
 * it began, an end when it is done, a `wait` only when nobody cut it short. The journal tells it by
 * what a list leaves behind on its connection; its last word, the event `rule`, comes late or never
 * where a list stalls.
 */
#include "grading.h"

#include <string.h>

#include "http.h"
#include "language.h"

/* One time that a rule's list was played: what the journal has of it. */
struct playing {
    const struct rule *rule;
    const struct fp_event *start;       /* the event that the rule took */
    const struct fp_event *left;        /* `rule`; NULL: it still plays */
    struct picked events;               /* of the same actor, connection, exchange and rule */
    const struct fp_event *client_left; /* the first end by the client on this connection */
};

/* ---- collecting ------------------------------------------------------------------------------ */

static bool has_rule(const struct fp_event *e, const struct actor *a, const struct rule *r)
{
    return strcmp(e->at, a->name) == 0 && grading_is(e, FIELD_rule, r->name);
}

static struct playing collect(struct grading *g, const struct rule *r, const struct fp_event *start)
{
    struct playing p = { .rule = r, .start = start };
    p.events.events = arena_take(g->arena, g->c->count * sizeof(*p.events.events));
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        if (e->seq <= start->seq || strcmp(e->at, start->at) != 0 ||
            !grading_same(e, start, FIELD_connection))
            continue;
        if (e->kind == EVENT_close && grading_is(e, FIELD_by, "client") && !p.client_left)
            p.client_left = e;
        if (!grading_same(e, start, FIELD_exchange) || !grading_same(e, start, FIELD_rule))
            continue;
        p.events.events[p.events.count++] = e;
        if (e->kind == EVENT_rule && !p.left)
            p.left = e;
    }
    return p;
}

/* ---- what was carried out -------------------------------------------------------------------- */

static const struct fp_event *find(const struct playing *p, enum event_kind kind, size_t nth)
{
    for (size_t i = 0; i < p->events.count; i++)
        if (p->events.events[i]->kind == kind && nth-- == 0)
            return p->events.events[i];
    return NULL;
}

static bool is_left_at(const struct playing *p, enum action_kind kind)
{
    return grading_is(p->left, FIELD_action, language_field_words(FIELD_action)[kind]);
}

/* The first action that the `rule` event may mean; the number of actions where it tells none. */
static size_t left_at(const struct playing *p)
{
    const struct rule *r = p->rule;
    for (size_t i = 0; p->left && i < r->action_count; i++) {
        const struct cut *cut = scenario_cut(&r->actions[i]);
        if (is_left_at(p, r->actions[i].kind) || (cut && is_left_at(p, cut->with->kind)))
            return i;
    }
    return p->left ? r->action_count : 0;
}

/* The status code that an answer of ours begins with; 0: it has none. */
static int status_of(const struct action *a)
{
    return a->kind == ACTION_RESPOND ? a->respond.status
           : a->kind == ACTION_SEND  ? http_peek_status(a->send.octets.octets, a->send.octets.len)
                                     : 0;
}

/* The answer that this action began: with its status, behind those that actions before it wrote. */
static const struct fp_event *own_answer(const struct playing *p, size_t index)
{
    int status = status_of(&p->rule->actions[index]);
    size_t before = 0;
    for (size_t i = 0; i < index; i++)
        before += status_of(&p->rule->actions[i]) == status;
    for (size_t i = 0; i < p->events.count; i++) {
        const struct fp_event *e = p->events.events[i];
        bool is_own = e->kind == EVENT_response && grading_number(e, FIELD_status) == status;
        if (is_own && before-- == 0)
            return e;
    }
    return NULL;
}

/* A final answer that no action before this one wrote: it was passed on. */
static const struct fp_event *passed_on(const struct playing *p, size_t index)
{
    size_t before = 0;
    for (size_t i = 0; i < index; i++)
        before += status_of(&p->rule->actions[i]) >= 200;
    for (size_t i = 0; i < p->events.count; i++) {
        const struct fp_event *e = p->events.events[i];
        bool is_final = e->kind == EVENT_response && grading_number(e, FIELD_status) / 100 != 1;
        if (is_final && before-- == 0)
            return e;
    }
    return NULL;
}

static const struct fp_event *reached_cut(const struct playing *p, const struct cut *cut)
{
    for (size_t i = 0; i < p->events.count; i++) {
        const struct fp_event *e = p->events.events[i];
        bool is_cut = (e->kind == EVENT_sent || e->kind == EVENT_tunnel_end) &&
                      event_get(e, FIELD_cut) != NULL;
        if (is_cut || (e->kind == EVENT_stall && cut->with && cut->with->kind == ACTION_STALL))
            return e;
    }
    return NULL;
}

static const struct fp_event *half_closed(const struct playing *p)
{
    for (size_t i = 0; i < p->events.count; i++) {
        const struct fp_event *e = p->events.events[i];
        if (e->kind == EVENT_close && grading_is(e, FIELD_by, "us") &&
            grading_is(e, FIELD_how, "fin"))
            return e;
    }
    return NULL;
}

/* Octets that begin no status line are told only when they are written. */
static const struct fp_event *find_sent(const struct playing *p)
{
    for (size_t i = 0; i < p->events.count; i++)
        if (p->events.events[i]->kind == EVENT_sent &&
            !event_get(p->events.events[i], FIELD_status))
            return p->events.events[i];
    return NULL;
}

/* The event that shows the action begun (or its cut reached); NULL: none does. */
static const struct fp_event *sign_of(const struct playing *p, size_t index)
{
    const struct action *a = &p->rule->actions[index];
    const struct cut *cut = scenario_cut(a);
    const struct fp_event *sent;
    if (cut)
        return reached_cut(p, cut);
    switch (a->kind) {
    case ACTION_RESPOND:
        return own_answer(p, index);
    case ACTION_SEND:
        if (status_of(a))
            return own_answer(p, index);
        sent = find_sent(p);
        return sent ? sent : p->left && left_at(p) == index ? p->left : NULL;
    case ACTION_FORWARD:
        return passed_on(p, index);
    case ACTION_TUNNEL:
        return find(p, EVENT_tunnel, 0);
    case ACTION_STALL:
        return find(p, EVENT_stall, 0);
    case ACTION_HALF_CLOSE:
        return half_closed(p);
    case ACTION_READ:
    case ACTION_WAIT:
    case ACTION_PACE:
    case ACTION_CLOSE:
    case ACTION_RESET:
    case ACTION_ABORT:
    case ACTION_ALERT:
    case ACTION_SET:
    case ACTION_ROTATE:
    case ACTION_KINDS:
        break;
    }
    return NULL;
}

static bool is_wait(const struct action *a)
{
    return a->kind == ACTION_WAIT;
}

static bool has_limit(const struct action *a)
{
    return is_wait(a) && a->wait.kind == CONDITION_EVENT && a->wait.limit >= 0;
}

static bool any_action(const struct rule *r, size_t from, size_t to,
                       bool (*fits)(const struct action *))
{
    for (size_t i = from; i < to; i++)
        if (fits(&r->actions[i]))
            return true;
    return false;
}

/* What is behind a wait that was cut short was not carried out: the client had left already, or
 * the wait was given up at its limit, which only the end of the list tells. */
static bool was_cut_short(const struct grading *g, const struct playing *p, size_t index,
                          const struct fp_event *sign)
{
    const struct rule *r = p->rule;
    if (!any_action(r, 0, index, is_wait))
        return false;
    if (p->client_left && p->client_left->seq < sign->seq)
        return true;
    if (p->left)
        return is_left_at(p, ACTION_WAIT) && !any_action(r, index, r->action_count, is_wait);
    return !g->end && any_action(r, 0, index, has_limit);
}

static const struct fp_event *carried_out(const struct grading *g, const struct playing *p)
{
    size_t index = (size_t)p->rule->fault_action;
    if (p->left && grading_flag(p->left, FIELD_completed, false))
        return p->left;
    const struct fp_event *sign = sign_of(p, index);
    /* An action behind it was reached, or the `forward` that completes the list, which has no
     * name there: so it is over. */
    if (!sign && p->left && left_at(p) > index)
        sign = p->left;
    return sign && was_cut_short(g, p, index, sign) ? NULL : sign;
}

/* ---- rules ----------------------------------------------------------------------------------- */

static bool is_taken(const struct fp_event *e)
{
    return e->kind == EVENT_request || e->kind == EVENT_accept || e->kind == EVENT_hello;
}

struct tally_of_rules {
    size_t rules, faults, fired;
    struct finding missing; /* the first fault that was not carried out */
};

static void judge_rule(struct grading *g, const struct actor *a, const struct rule *r,
                       struct tally_of_rules *t)
{
    const struct fp_event *done = NULL;
    size_t fired = 0;
    t->rules++;
    t->faults += r->is_fault;
    for (size_t i = 0; i < g->c->count && !done; i++) {
        const struct fp_event *e = g->c->events[i];
        if (!is_taken(e) || !has_rule(e, a, r))
            continue;
        fired++;
        if (!r->is_fault)
            break;
        struct playing p = collect(g, r, e);
        done = carried_out(g, &p);
    }
    t->fired += fired > 0;
    if (!r->is_fault || done || t->missing.kind)
        return;
    t->missing = fired ? grading_found(g, FINDING_UNTESTED,
                                       "the client left before the fault of rule %s", r->name)
                       : grading_found(g, FINDING_UNTESTED, "nothing came to rule %s", r->name);
}

static struct tally_of_rules judge_rules(struct grading *g)
{
    struct tally_of_rules t = { 0 };
    for (size_t i = 0; i < g->s->actor_count; i++)
        for (size_t k = 0; k < g->s->actors[i].rule_count; k++)
            judge_rule(g, &g->s->actors[i], &g->s->actors[i].rules[k], &t);
    return t;
}

/* An end of ours that came, but not where the scenario asked for it. */
static const struct fp_event *inexact(const struct grading *g)
{
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        if (e->kind == EVENT_close && event_get(e, FIELD_rule) &&
            !grading_flag(e, FIELD_exact, true))
            return e;
    }
    return NULL;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static const struct fp_event *find_step(const struct grading *g, enum event_kind kind,
                                        const char *step, bool last)
{
    const struct fp_event *found = NULL;
    for (size_t i = 0; i < g->c->count; i++)
        if (g->c->events[i]->kind == kind && grading_is(g->c->events[i], FIELD_step, step)) {
            found = g->c->events[i];
            if (!last)
                break;
        }
    return found;
}

static bool something_came(const struct grading *g, uint64_t after, uint64_t before)
{
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        if (is_taken(e) && e->seq > after && e->seq < before)
            return true;
    }
    return false;
}

/* Where a listener refuses, nothing can be seen to come: the twin shows that the client works. */
static bool may_see_nothing(const struct scenario *s)
{
    for (size_t i = 0; i < s->actor_count; i++)
        if (s->actors[i].listen == LISTEN_REFUSED || s->actors[i].listen == LISTEN_BLACKHOLE)
            return true;
    return !s->house.reach;
}

static struct finding judge_steps(struct grading *g)
{
    for (size_t i = 0; i < g->s->client.step_count; i++) {
        const char *name = g->s->client.steps[i].name;
        const struct fp_event *step = find_step(g, EVENT_step, name, false);
        const struct fp_event *outcome = find_step(g, EVENT_outcome, name, true);
        uint64_t before = outcome ? outcome->seq : g->end ? g->end->seq : UINT64_MAX;
        if (!step)
            return grading_found(g, FINDING_UNTESTED, "step %s never started", name);
        g->hangs = !outcome && g->end && may_see_nothing(g->s);
        if (!outcome && (!g->end || g->hangs))
            return grading_found(g, FINDING_UNTESTED, "step %s is not over", name);
        if (!may_see_nothing(g->s) && !something_came(g, step->seq, before))
            return grading_found(g, FINDING_UNTESTED, "nothing reached us in step %s", name);
    }
    return g->s->client.step_count
               ? (struct finding){ .kind = FINDING_HOLDS }
               : grading_found(g, FINDING_UNTESTED, "the scenario has no steps");
}

static struct finding judge_arrivals(struct grading *g)
{
    if (something_came(g, 0, UINT64_MAX))
        return (struct finding){ .kind = FINDING_HOLDS };
    return grading_found(g, FINDING_UNTESTED, "nobody came");
}

struct finding grading_exercised(struct grading *g)
{
    struct tally_of_rules t = judge_rules(g);
    const struct fp_event *bad = inexact(g);
    if (t.missing.kind)
        return t.missing;
    if (bad) {
        struct finding f = grading_found(g, FINDING_UNSURE,
                                         "we could not end the connection where the scenario asks "
                                         "for it");
        grading_evidence(&f, bad);
        return f;
    }
    if (t.rules == 0)
        return g->c->has_client ? judge_steps(g) : judge_arrivals(g);
    if (t.fired == 0)
        return grading_found(g, FINDING_UNTESTED, "%s",
                             something_came(g, 0, UINT64_MAX)
                                 ? "nothing that came was for any of the rules"
                                 : "nobody came");
    return (struct finding){ .kind = FINDING_HOLDS };
}
