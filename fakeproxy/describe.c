/*
 * What is played, actor by actor and rule by rule.
 */
#include "describe.h"

#include <string.h>

#include "say_match.h"

/* ---- rules and actors ------------------------------------------------------------------------ */

static void begin_point(struct buf *b, const struct actor *a)
{
    buf_printf(b, "%s%s: ", b->len ? "\n" : "", a->name);
}

static void add_moment(struct buf *b, const struct rule *r)
{
    static const char *const moments[EVENT_KINDS] = {
        [EVENT_accept] = "connection", [EVENT_hello] = "ClientHello", [EVENT_request] = "request"
    };
    static const char *const scopes[] = { [SCOPE_SCENARIO] = "",
                                          [SCOPE_CONNECTION] = " of a connection",
                                          [SCOPE_TARGET] = " for a target",
                                          [SCOPE_EXIT] = " at an exit",
                                          [SCOPE_USER] = " of a user" };
    const char *moment = moments[r->on] ? moments[r->on] : "event";
    if (r->skip)
        buf_printf(b, "after %llu such %s%s%s, ", (unsigned long long)r->skip, moment,
                   r->skip == 1 ? "" : "s", scopes[r->per]);
    if (r->times == 1)
        buf_printf(b, "on the %s %s", r->skip ? "next" : "first", moment);
    else if (r->times != UINT64_MAX)
        buf_printf(b, "on the %s %llu %ss", r->skip ? "next" : "first",
                   (unsigned long long)r->times, moment);
    else
        buf_printf(b, "on every %s", moment);
    if (r->times != UINT64_MAX)
        buf_string(b, scopes[r->per]);
    say_match_fields(b, &r->when, NULL);
    if (r->lasts) {
        buf_string(b, ", for ");
        describe_time(b, r->lasts);
        buf_string(b, " from the first on");
    }
}

static void add_rule(struct buf *b, const struct scenario *s, const struct actor *actor,
                     const struct rule *r)
{
    begin_point(b, actor);
    if (strncmp(r->name, "rule-", 5) != 0) /* given: others may speak of it */
        buf_printf(b, "rule %s, ", r->name);
    add_moment(b, r);
    if (r->state.octets) {
        buf_string(b, ", in state ");
        describe_code(b, &r->state);
    }
    if (r->rate_over.limit) {
        buf_printf(b, ", once more than %llu came within ", (unsigned long long)r->rate_over.limit);
        describe_time(b, r->rate_over.per);
    }
    if (r->chance < 1)
        buf_printf(b, ", with a chance of %g", r->chance);
    buf_string(b, ": ");
    for (size_t i = 0; i < r->action_count; i++) {
        buf_string(b, i ? "; then " : "");
        describe_action(b, s, &r->actions[i]);
    }
}

static void add_digest(struct buf *b, const struct gate *g)
{
    if (g->algorithm)
        buf_printf(b, "; algorithm %s", g->algorithm);
    if (g->qop && strcmp(g->qop, "auth") != 0)
        buf_printf(b, "; qop `%s`", g->qop);
    if (g->nonces)
        buf_string(b, "; nonces offered in turn:");
    for (const char *const *n = g->nonces; n && *n; n++)
        buf_printf(b, "%s `%s`", n == g->nonces ? "" : ",", *n);
    if (g->uses != UINT64_MAX)
        buf_printf(b, "; a nonce is good for %llu use%s, then stale", (unsigned long long)g->uses,
                   g->uses == 1 ? "" : "s");
    if (g->strict_uri)
        buf_string(b, "; strict about `uri`");
}

static void add_gate(struct buf *b, const struct actor *a, const struct gate *g)
{
    static const char *const schemes[] = { [GATE_BASIC] = "Basic",
                                           [GATE_DIGEST] = "Digest",
                                           [GATE_BEARER] = "Bearer",
                                           [GATE_NTLM] = "NTLM" };
    begin_point(b, a);
    buf_printf(b, "lets in with %s credentials only", schemes[g->scheme]);
    for (size_t i = 0; i < g->user_count; i++)
        buf_printf(b, "%s`%s:%s`", i ? ", " : " (", g->users[i].name, g->users[i].password);
    buf_printf(b, "%s, else answers %d", g->user_count ? ")" : "", a->is_proxy ? 407 : 401);
    if (g->scheme == GATE_DIGEST)
        add_digest(b, g);
}

static void add_exits(struct buf *b, const struct actor *a)
{
    static const char *const policies[] = { [EXITS_NONE] = "",
                                            [EXITS_BY_CONNECTION] = "each connection",
                                            [EXITS_BY_REQUEST] = "each request",
                                            [EXITS_BY_USER] = "each user name",
                                            [EXITS_BY_ROTATE] = "each rotation" };
    begin_point(b, a);
    buf_string(b, "has the exits ");
    for (const char *const *e = a->exits; *e; e++)
        buf_printf(b, "%s%s", e == a->exits ? "" : ", ", *e);
    buf_printf(b, ", another one for %s", policies[a->exits_by]);
}

static void add_actor(struct buf *b, const struct scenario *s, const struct actor *a)
{
    static const char *const certificates[] = {
        [CERT_GOOD] = "a good certificate",
        [CERT_SELF_SIGNED] = "a self-signed certificate",
        [CERT_UNTRUSTED] = "a certificate of a CA that nobody trusts",
        [CERT_WRONG_NAME] = "a certificate for another name",
        [CERT_EXPIRED] = "an expired certificate",
        [CERT_NO_IP_NAME] = "a certificate without the address",
    };
    static const char *const listens[] = { [LISTEN_OPEN] = NULL,
                                           [LISTEN_REFUSED] = "refuses every connection",
                                           [LISTEN_BLACKHOLE] = "never answers a SYN",
                                           [LISTEN_LATE] = "refuses connections at first" };
    if (listens[a->listen]) {
        begin_point(b, a);
        buf_string(b, listens[a->listen]);
    }
    if (a->tls.on && (a->is_proxy || a->tls.certificate != CERT_GOOD)) {
        begin_point(b, a);
        buf_printf(b, "%s%s", a->is_proxy ? "speaks TLS itself, with " : "shows ",
                   certificates[a->tls.certificate]);
    }
    if (a->exits && *a->exits)
        add_exits(b, a);
    for (size_t i = 0; i < a->rule_count; i++)
        add_rule(b, s, a, &a->rules[i]);
    for (size_t i = 0; i < a->gate_count; i++)
        add_gate(b, a, &a->gates[i]);
}

void describe_played(struct buf *b, const struct scenario *s)
{
    for (size_t i = 0; i < s->actor_count; i++)
        add_actor(b, s, &s->actors[i]);
}

/* ---- variants -------------------------------------------------------------------------------- */

bool describe_is_same(describe_function *describe, const struct scenario_set *set)
{
    bool is_same = true;
    struct buf first = { 0 };
    describe(&first, set->scenarios[0]);
    for (size_t i = 1; i < set->count && is_same; i++) {
        struct buf other = { 0 };
        describe(&other, set->scenarios[i]);
        is_same = first.len == other.len &&
                  (first.len == 0 || memcmp(first.at, other.at, first.len) == 0);
        buf_free(&other);
    }
    buf_free(&first);
    return is_same;
}
