/*
 * What a client must be capable of for the case: what the file declares, and what follows from it.
 */
#include "capabilities.h"
#include "load.h"

#include <string.h>

const char *const capability_names[] = { "absolute-form",
                                         "cache",
                                         "cancel",
                                         "cookies",
                                         "credential-callback",
                                         "deadlines",
                                         "digest",
                                         "digest-sha-256",
                                         "early-data",
                                         "environment",
                                         "expect-continue",
                                         "host-map",
                                         "http2",
                                         "http3",
                                         "https",
                                         "https-proxy",
                                         "keep-alive",
                                         "ntlm",
                                         "origin-credentials",
                                         "parallel",
                                         "proxy-pool",
                                         "raw-tunnel",
                                         "redirects",
                                         "resume",
                                         "retry",
                                         "retry-cap",
                                         "rotation",
                                         "socks5",
                                         "streaming",
                                         "switch-proxy",
                                         NULL };

void load_check_needs(struct load *load, const struct json *list)
{
    for (const struct json *m = list->first; m; m = m->next)
        if (load_word(m, capability_names) < 0)
            complain(load->l, m, hint_among(load->l, m->text, m->len, capability_names),
                     "found %s, expected a capability of the driver contract",
                     show_value(load->l, m));
}

struct needs {
    const char **list;
    size_t count;
};

static void add(struct needs *n, bool is_needed, const char *name)
{
    for (size_t i = 0; i < n->count; i++)
        is_needed &= strcmp(n->list[i], name) != 0;
    if (is_needed)
        n->list[n->count++] = name;
}

static bool is_https(const struct text *url)
{
    return url->octets && url->len > 8 && memcmp(url->octets, "https://", 8) == 0;
}

static void derive_from_keys(struct needs *n, const struct scenario *s, const struct client_keys *k)
{
    bool is_policy = k->given & 1ULL << CLIENT_RETRY && k->retry == RETRY_POLICY;
    add(n, is_policy, "retry");
    add(n, is_policy && k->cap > 0, "retry-cap");
    add(n, k->given & 1ULL << CLIENT_DEADLINES, "deadlines");
    add(n, k->redirects, "redirects");
    add(n, k->cookies, "cookies");
    add(n, k->cache, "cache");
    add(n, k->pool_count > 0, "proxy-pool");
    add(n, k->rotate != NULL, "rotation");
    add(n, k->environment_count > 0 || k->without_proxy_count > 0, "environment");
    add(n, k->origin_credentials.name != NULL, "origin-credentials");
    add(n, k->host_count > 0, "host-map");
    add(n, k->credentials_by && strcmp(k->credentials_by, "callback") == 0, "credential-callback");
    add(n, k->proxy >= 0 && s->actors[k->proxy].tls.on && s->actors[k->proxy].is_proxy,
        "https-proxy");
}

/* A plain request through a proxy; a client that opens a tunnel for it as well is not asked. */
static bool is_absolute_form(const struct scenario *s, const struct step *step)
{
    const struct client_keys *k =
        step->session < 0 ? &s->client.keys : &s->client.sessions[step->session].keys;
    const char *url = step->url.octets;
    return url && step->url.len > 7 && memcmp(url, "http://", 7) == 0 &&
           (k->proxy != PROXY_NONE || k->pool_count > 0);
}

static void derive_from_step(struct needs *n, const struct scenario *s, const struct step *step)
{
    add(n, is_https(&step->url), "https");
    add(n, is_absolute_form(s, step), "absolute-form");
    add(n, step->parallel, "parallel");
    add(n, step->expect_continue, "expect-continue");
    add(n, step->stream_read || (step->has_body && step->body.source == BODY_STREAM), "streaming");
    add(n, step->connect || step->read || step->total, "deadlines");
    add(n, step->cancel.kind != CONDITION_NONE, "cancel");
    add(n, step->raw_connect.octets != NULL, "raw-tunnel");
    if (!step->change)
        return;
    add(n, step->change->given & (1ULL << CLIENT_PROXY | 1ULL << CLIENT_CREDENTIALS),
        "switch-proxy");
    derive_from_keys(n, s, step->change);
}

static void derive_from_gates(struct needs *n, const struct actor *a)
{
    bool has_digest = false, has_ntlm = false, has_other = false;
    for (size_t i = 0; i < a->gate_count; i++) {
        has_digest |= a->gates[i].scheme == GATE_DIGEST;
        has_ntlm |= a->gates[i].scheme == GATE_NTLM;
        has_other |= a->gates[i].scheme == GATE_BASIC || a->gates[i].scheme == GATE_BEARER;
    }
    add(n, has_digest && !has_other, "digest"); /* offered beside others it can be passed over */
    add(n, has_ntlm && !has_other, "ntlm");
}

void load_needs(struct load *load)
{
    struct scenario *s = load->s;
    const struct json *declared = json_get(load->root, "needs");
    size_t most = sizeof(capability_names) / sizeof(capability_names[0]) + declared->count;
    struct needs n = { .list = arena_take(load->l->arena, (most + 1) * sizeof(n.list[0])) };
    load_check_needs(load, declared);
    for (const struct json *m = declared->first; m; m = m->next)
        add(&n, true, m->text);
    derive_from_keys(&n, s, &s->client.keys);
    for (size_t i = 0; i < s->client.session_count; i++)
        derive_from_keys(&n, s, &s->client.sessions[i].keys);
    for (size_t i = 0; i < s->client.step_count; i++)
        derive_from_step(&n, s, &s->client.steps[i]);
    for (size_t i = 0; i < s->actor_count; i++)
        derive_from_gates(&n, &s->actors[i]);
    s->needs = n.list;
}
