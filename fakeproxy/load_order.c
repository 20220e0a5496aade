/*
 * What one action of a list means for the others: nothing can follow an end, nothing be written
 * behind a half-close, a body be read before there is a request, or be forwarded once it was read.
 * And waits that only the list itself could end.
 */
#include "load.h"

#include <string.h>

/* What is known at one place of a list. */
struct walk {
    struct load *load;
    const struct action_place *place;
    const char *ended;         /* the action after which nothing is played; NULL: none yet */
    const char *by;            /* what of it ends the list, in words */
    const char *shut;          /* the half-close after which nothing can be written */
    uint32_t caused;           /* events that actions before have caused */
    const struct json *reader; /* the first `read` of body octets; NULL: none yet */
    bool has_written, has_answered;
};

static bool ends_connection(const struct action *a)
{
    const struct cut *cut = scenario_cut(a);
    if (cut)
        return ends_connection(cut->with);
    if (a->kind == ACTION_SEND)
        return a->send.times == 0;
    if (a->kind == ACTION_TUNNEL)
        return a->tunnel.until.kind == CONDITION_NONE;
    return a->kind == ACTION_CLOSE || a->kind == ACTION_RESET || a->kind == ACTION_ABORT ||
           a->kind == ACTION_ALERT;
}

static const char *by_what(const struct action *a)
{
    const struct cut *cut = scenario_cut(a);
    if (cut)
        return " with a cut";
    return a->kind == ACTION_SEND     ? " for ever"
           : a->kind == ACTION_TUNNEL ? " without \"until\""
                                      : "";
}

static bool shuts_direction(const struct action *a)
{
    const struct cut *cut = scenario_cut(a);
    if (cut)
        return shuts_direction(cut->with);
    return a->kind == ACTION_HALF_CLOSE;
}

static bool writes(const struct action *a)
{
    return a->kind == ACTION_RESPOND || a->kind == ACTION_SEND || a->kind == ACTION_FORWARD ||
           a->kind == ACTION_TUNNEL || a->kind == ACTION_HALF_CLOSE;
}

static void check_reachable(struct walk *w, const struct json *v, const struct action *a)
{
    const char *name = v->first->key;
    if (w->ended)
        complain(w->load->l, v, NULL, "\"%s\" behind \"%s\"%s, after which nothing is played", name,
                 w->ended, w->by);
    else if (w->shut && writes(a))
        complain(w->load->l, v, NULL, "\"%s\" behind \"%s\", after which nothing can be written",
                 name, w->shut);
}

static void check_event(struct walk *w, const struct json *v, const struct action *a)
{
    enum event_kind on = w->place->rule->on;
    const char *name = v->first->key;
    bool needs_request =
        a->kind == ACTION_READ || a->kind == ACTION_FORWARD || a->kind == ACTION_TUNNEL;
    if (on != EVENT_request && needs_request)
        complain(w->load->l, v, NULL,
                 "\"%s\" on \"%s\", when there is no request yet, expected it on \"request\"", name,
                 event_name(on));
    else if (on == EVENT_hello && a->kind == ACTION_RESPOND)
        complain(w->load->l, v, NULL,
                 "\"respond\" on \"hello\", when TLS is not up yet, expected it on \"request\"");
    if (on == EVENT_request && a->kind == ACTION_TUNNEL &&
        !w->load->s->actors[w->place->actor].is_proxy)
        complain(w->load->l, v, NULL, "\"tunnel\" at an origin, expected it at a proxy");
}

/* Only the answer to a ClientHello is in the clear; libssl sends nothing but close_notify later. */
static void check_alert(struct walk *w, const struct json *v, const struct action *a)
{
    if (a->kind != ACTION_ALERT)
        return;
    const struct actor *actor = &w->load->s->actors[w->place->actor];
    bool at_hello = w->place->rule->on == EVENT_hello && !w->has_written;
    if (!at_hello && strcmp(a->alert, "close_notify") != 0)
        complain(w->load->l, v, NULL,
                 "the alert \"%s\" after the ClientHello was answered, expected it first on "
                 "\"hello\" (later only close_notify can be sent)",
                 a->alert);
    else if (w->place->rule->on != EVENT_hello && actor->is_proxy && !actor->tls.on)
        complain(w->load->l, v, NULL,
                 "an alert at a proxy that speaks no TLS, expected \"tls\" at the proxy");
}

/* Octets of a body that were read are gone: the origin would wait for them for ever. */
static void check_body(struct walk *w, const struct json *v, const struct action *a)
{
    if (a->kind == ACTION_FORWARD && w->reader)
        complain(w->load->l, v, NULL,
                 "\"forward\" behind \"read\", which has taken the body, expected \"respond\"");
    if (a->kind == ACTION_READ && (a->read.octets > 0 || a->read.time > 0) && !w->reader)
        w->reader = v;
    w->has_answered |= (writes(a) && (a->kind != ACTION_RESPOND || a->respond.status >= 200)) ||
                       a->kind == ACTION_STALL;
}

static void check_completion(struct walk *w)
{
    bool is_completed =
        w->place->rule->on == EVENT_request; /* lists on accept and hello just end */
    if (is_completed && w->reader && !w->has_answered && !w->ended)
        complain(w->load->l, w->reader, NULL,
                 "the list is completed with \"forward\", but this has taken the body, expected "
                 "an answer in the list");
}

/* ---- waits that nobody ends ------------------------------------------------------------------ */

static const struct pattern *pattern_of(const struct match *m, enum field_id field)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->entries[i].field == field)
            return &m->entries[i].pattern;
    return NULL;
}

static bool is_text(const struct pattern *p, const char *z)
{
    return p && p->kind == PATTERN_TEXT && !p->text.has_placeholder && p->text.len == strlen(z) &&
           memcmp(p->text.octets, z, p->text.len) == 0;
}

#define BIT(name) (1U << EVENT_##name)

/* What comes only from playing the list that the rule's name is on. */
static const uint32_t of_lists =
    BIT(response) | BIT(sent) | BIT(tunnel) | BIT(tunnel_end) | BIT(rule) | BIT(body) | BIT(ahead);

static void check_wait(struct walk *w, const struct json *v, const struct condition *c)
{
    const struct rule *r = w->place->rule;
    if (c->kind != CONDITION_EVENT || !is_text(pattern_of(c->match, FIELD_rule), r->name))
        return;
    uint64_t nth = c->match->nth > 0 ? (uint64_t)c->match->nth : 1;
    if (nth > r->times && c->match->events == BIT(request)) {
        complain(w->load->l, v, NULL,
                 "waits for request %llu of a rule that takes %llu: it never comes",
                 (unsigned long long)nth, (unsigned long long)r->times);
        return;
    }
    bool is_own = !(c->match->events & ~of_lists) && !(c->match->events & w->caused);
    if (is_own && r->times == 1 && r->per == SCOPE_SCENARIO)
        complain(w->load->l, v, NULL,
                 "waits for an event that only this list itself can cause: it never comes");
}

static uint32_t caused_by(const struct action *a)
{
    if (a->kind == ACTION_READ)
        return BIT(body);
    if (a->kind == ACTION_TUNNEL)
        return BIT(tunnel) | BIT(response) | BIT(sent) | BIT(ahead);
    if (a->kind == ACTION_RESPOND || a->kind == ACTION_FORWARD || a->kind == ACTION_SEND)
        return BIT(response) | BIT(sent) | BIT(body);
    return 0;
}

void load_check_order(struct load *load, const struct json *list, const struct action *actions,
                      size_t count, const struct action_place *place)
{
    struct walk w = { .load = load, .place = place };
    const struct json *v = list->first;
    for (size_t i = 0; i < count; i++, v = v->next) {
        const struct action *a = &actions[i];
        check_reachable(&w, v, a);
        check_event(&w, v, a);
        check_alert(&w, v, a);
        check_body(&w, v, a);
        if (a->kind == ACTION_WAIT)
            check_wait(&w, v->first, &a->wait);
        if (a->kind == ACTION_TUNNEL && a->tunnel.until.kind != CONDITION_NONE)
            check_wait(&w, json_get(v->first, "until"), &a->tunnel.until);
        w.caused |= caused_by(a);
        w.has_written |= writes(a);
        if (!w.ended && ends_connection(a)) {
            w.ended = v->first->key;
            w.by = by_what(a);
        }
        if (!w.shut && shuts_direction(a))
            w.shut = v->first->key;
    }
    check_completion(&w);
}
