/*
 * Actors: listening, TLS, gates, exits, and rules in their order.
 */
#include "load.h"

#include <string.h>

#include "tls_record.h"

enum { EARLY_DATA = 16384 }; /* octets, where the scenario just says true */

/* ---- actors by name -------------------------------------------------------------------------- */

const char *hint_actor(struct load *load, const struct json *name)
{
    struct nearest n;
    nearest_begin(&n, name->text, name->len);
    for (size_t i = 0; i < load->s->actor_count; i++)
        nearest_try(&n, load->s->actors[i].name);
    return hint_of(load->l, &n);
}

int load_actor_index(struct load *load, const struct json *name, bool is_proxy)
{
    struct nearest n;
    int index = scenario_actor(load->s, name->text);
    if (index >= 0 && load->s->actors[index].is_proxy == is_proxy)
        return index;
    nearest_begin(&n, name->text, name->len);
    for (size_t i = 0; i < load->s->actor_count; i++)
        if (load->s->actors[i].is_proxy == is_proxy)
            nearest_try(&n, load->s->actors[i].name);
    complain(load->l, name, hint_of(load->l, &n), "found %s%s, expected the name of %s",
             show_value(load->l, name),
             index < 0  ? ""
             : is_proxy ? ", an origin"
                        : ", a proxy",
             is_proxy ? "a proxy" : "an origin");
    return -1;
}

/* ---- gates ----------------------------------------------------------------------------------- */

static void load_users(struct load *load, const struct json *v, struct gate *gate)
{
    struct user *users = arena_take(load->l->arena, v->count * sizeof(*users));
    for (const struct json *m = v->first; m; m = m->next)
        users[gate->user_count++] =
            (struct user){ .name = m->key, .password = load_string(load, m) };
    gate->users = users;
}

struct gate load_gate(struct load *load, const struct json *v)
{
    static const char *const schemes[] = { "basic", "digest", "bearer", "ntlm", NULL };
    struct gate gate = { .scheme = (enum gate_scheme)load_word(json_get(v, "scheme"), schemes) };
    const struct json *uses = json_get(v, "uses");
    gate.realm = load_string(load, json_get(v, "realm"));
    load_users(load, json_get(v, "users"), &gate);
    gate.tokens = load_strings(load, v, "tokens");
    gate.nonces = load_strings(load, v, "nonces");
    gate.uses = uses ? (uint64_t)uses->number : UINT64_MAX;
    gate.algorithm = load_optional(load, v, "algorithm");
    gate.qop = load_joined(load, v, "qop");
    gate.opaque = load_optional(load, v, "opaque");
    gate.strict_uri = load_flag(v, "strict_uri");
    gate.unique_nc = load_flag(v, "unique_nc");
    if (gate.nonces && !gate.nonces[0])
        gate.nonces = NULL;
    return gate;
}

static void load_gates(struct load *load, const struct json *v, struct actor *a)
{
    bool is_list = v->type == JSON_LIST;
    struct gate *gates = arena_take(load->l->arena, (is_list ? v->count : 1) * sizeof(*gates));
    for (const struct json *m = is_list ? v->first : v; m; m = is_list ? m->next : NULL)
        gates[a->gate_count++] = load_gate(load, m);
    a->gates = gates;
}

/* ---- listening, TLS, exits ------------------------------------------------------------------- */

static void load_listen(const struct json *v, struct actor *a)
{
    static const char *const words[] = { "open", "refused", "blackhole", NULL };
    if (v->type == JSON_TEXT) {
        a->listen = (enum listen_kind)load_word(v, words);
        return;
    }
    a->listen = LISTEN_LATE;
    a->open_after = load_duration(json_get(v, "open_after"));
}

/* TLS has a lowest and a highest version: a list with a gap cannot be spoken. */
static void load_versions(struct load *load, const struct json *v, struct tls_choice *t)
{
    unsigned seen = 0;
    for (const struct json *m = v->first; m; m = m->next) {
        int version = tls_version_number(m->text);
        t->min_version = t->min_version && t->min_version < version ? t->min_version : version;
        t->max_version = t->max_version > version ? t->max_version : version;
        seen |= 1U << (version & 0xF);
    }
    for (int version = t->min_version; version <= t->max_version; version++)
        if (!(seen & 1U << (version & 0xF)))
            complain(load->l, v, NULL, "TLS %s is left out, expected versions without a gap",
                     tls_version_name(version));
}

static void load_tls(struct load *load, const struct json *v, struct tls_choice *t)
{
    const struct json *names = json_get(v, "names"), *versions = json_get(v, "versions"),
                      *tickets = json_get(v, "tickets");
    t->on = true;
    t->certificate = (enum cert_kind)load_word(json_get(v, "certificate"), cert_kind_names);
    if (names) {
        struct text *texts = arena_take(load->l->arena, names->count * sizeof(*texts));
        for (const struct json *m = names->first; m; m = m->next)
            texts[t->name_count++] = load_text(load, m, (struct text_place){ 0 });
        t->names = texts;
    }
    if (versions)
        load_versions(load, versions, t);
    t->alpn = load_strings(load, v, "alpn");
    t->ask_client = load_flag(v, "ask_client");
    t->tickets = tickets ? (int)tickets->number : -1;
    const struct json *early = json_get(v, "early_data");
    if (early->type == JSON_BOOL)
        t->early_data = early->flag ? EARLY_DATA : 0;
    else
        t->early_data = (uint32_t)load_size(early);
}

static void load_exits(struct load *load, const struct json *v, struct actor *a)
{
    static const char *const words[] = { "", "connection", "request", "user", "rotate", NULL };
    const struct json *names = json_get(v, "names");
    a->exits = load_strings(load, v, "names");
    a->exits_by = (enum exit_policy)load_word(json_get(v, "by"), words);
    for (const struct json *m = names->first; m; m = m->next)
        for (const struct json *n = names->first; n != m; n = n->next)
            if (json_is(n, m->text))
                complain(load->l, m, NULL, "the exit \"%s\" stands twice, expected each once",
                         m->text);
}

/* ---- rules ----------------------------------------------------------------------------------- */

static enum scope load_scope(const struct json *v)
{
    static const char *const words[] = { "scenario", "connection", "target", "exit", "user", NULL };
    return (enum scope)load_word(v, words);
}

static void load_when(struct load *load, const struct json *v, struct rule *r)
{
    const struct json *state = json_get(v, "state"), *rate = json_get(v, "rate_over");
    struct match_place place = {
        .follows = 1U << r->on, .is_when = true, .is_live = true, .text.events = 1U << r->on
    };
    load_match_into(load, v, &place, &r->when);
    if (state)
        r->state = load_text(load, state, (struct text_place){ 0 });
    if (rate)
        r->rate_over = (struct rate){ .limit = (uint64_t)load_integer(rate, "limit"),
                                      .per = load_duration(json_get(rate, "per")),
                                      .by = load_scope(json_get(rate, "by")) };
    r->chance = json_get(v, "chance")->number;
}

static void load_fault(struct load *load, const struct json *v, struct rule *r)
{
    const struct json *list = json_get(v->up, "do");
    r->is_fault = v->type == JSON_TEXT || v->flag;
    r->fault_action = r->is_fault ? (int)r->action_count - 1 : -1;
    if (r->is_fault && r->action_count == 0) {
        complain(load->l, v, NULL, "a fault without an action, expected one in \"do\"");
    } else if (v->type == JSON_TEXT) {
        int i = 0;
        const struct json *m = list->first;
        for (; m && strcmp(m->first->key, v->text) != 0; m = m->next)
            i++;
        r->fault_action = m ? i : -1;
        if (!m)
            complain(load->l, v, NULL, "no action \"%s\" is in the list, expected one that is",
                     v->text);
    }
}

static void load_rule(struct load *load, const struct json *v, int actor, struct rule *r)
{
    static const char *const events[] = { "accept", "hello", "request", NULL };
    static const enum event_kind kinds[] = { EVENT_accept, EVENT_hello, EVENT_request };
    const struct json *times = json_get(v, "times"), *lasts = json_get(v, "lasts");
    struct action_place place = { .rule = r, .actor = actor, .rule_json = v };
    r->on = kinds[load_word(json_get(v, "on"), events)];
    r->skip = (uint64_t)load_integer(v, "skip");
    r->times = times ? (uint64_t)times->number : UINT64_MAX;
    r->lasts = lasts ? load_duration(lasts) : 0;
    r->per = load_scope(json_get(v, "per"));
    if (lasts && r->lasts <= 0)
        complain(load->l, lasts, NULL, "\"lasts\" is no time at all, expected some");
    load_when(load, json_get(v, "when"), r);
    load->uses_fields = false;
    r->actions = load_actions(load, json_get(v, "do"), &r->action_count, &place);
    r->uses_fields = load->uses_fields;
    load_fault(load, json_get(v, "fault"), r);
    const struct actor *a = &load->s->actors[actor];
    if (r->on == EVENT_hello && a->is_proxy && !a->tls.on)
        complain(load->l, json_get(v, "on"), NULL,
                 "\"hello\" at a proxy that speaks no TLS: it never comes, expected \"tls\" at the "
                 "proxy");
}

static bool takes_all(const struct rule *r)
{
    return r->when.count == 0 && r->when.any_count == 0 && !r->when.after && !r->when.before &&
           !r->when.none && !r->state.octets && r->rate_over.limit == 0 && r->chance >= 1 &&
           r->skip == 0 && r->times == UINT64_MAX && r->lasts == 0;
}

static void check_reached(struct load *load, const struct json *list, const struct actor *a)
{
    const struct json *v = list->first;
    for (size_t i = 0; i < a->rule_count && v; i++, v = v->next)
        for (size_t j = 0; j < i; j++)
            if (a->rules[j].on == a->rules[i].on && takes_all(&a->rules[j])) {
                complain(load->l, v, NULL,
                         "no event comes to this rule: \"%s\" above it takes every \"%s\"",
                         a->rules[j].name, event_name(a->rules[j].on));
                break;
            }
}

/* ---- the actor ------------------------------------------------------------------------------- */

void load_actor(struct load *load, const struct json *v, struct actor *a)
{
    static const char *const promises[] = { "target", "host", "exit", "actor", "scenario", NULL };
    const struct json *auth = json_get(v, "auth"), *tls = json_get(v, "tls"),
                      *exits = json_get(v, "exits");
    load_listen(json_get(v, "listen"), a);
    a->tls = (struct tls_choice){ .on = !a->is_proxy, .tickets = -1 };
    if (tls)
        load_tls(load, tls, &a->tls);
    if (auth)
        load_gates(load, auth, a);
    if (exits)
        load_exits(load, exits, a);
    a->promises = (enum promise_scope)load_word(json_get(v, "promises"), promises);
}

/* Names stand in load->rules already, in the same order. */
void load_rules(struct load *load, const struct json *v, struct actor *a)
{
    const struct json *list = json_get(v, "rules");
    struct rule *rules = arena_take(load->l->arena, list->count * sizeof(*rules));
    int actor = (int)(a - load->s->actors);
    size_t first = 0;
    while (first < load->rule_count && load->rules[first].actor != actor)
        first++;
    a->rules = rules;
    for (const struct json *m = list->first; m; m = m->next) {
        struct rule *r = &rules[a->rule_count];
        r->name = load->rules[first + a->rule_count].name;
        load_rule(load, m, actor, r);
        a->rule_count++;
    }
    check_reached(load, list, a);
}
