/*
 * The gate in the engine: judges the credentials of every request, before the rules, so that they
 * and the journal know its finding; and answers what no rule took and the gate does not let in.
 * That answer is a rule like any other, named `gate`.
 */
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "engine.h"

/* RFC 7616, 3.4.3: auth-int hashes the content, so it is read before the request is judged. */
enum { CONTENT_MAX = 16 << 20 };

/* ---- judging --------------------------------------------------------------------------------- */

static const char *credentials_field(const struct conn *c)
{
    return conn_actor(c)->is_proxy ? "Proxy-Authorization" : "Authorization";
}

static bool has_digest(const struct actor *a)
{
    for (size_t i = 0; i < a->gate_count; i++)
        if (a->gates[i].scheme == GATE_DIGEST)
            return true;
    return false;
}

bool gate_wants_content(const struct conn *c)
{
    struct http_slice value;
    return has_digest(conn_actor(c)) &&
           http_find(&c->exchange->request, credentials_field(c), &value) &&
           auth_needs_content(value);
}

static void add_content(const char *data, size_t len, void *arg)
{
    buf_add(arg, data, len);
}

enum progress gate_read_content(struct conn *c)
{
    struct exchange *x = c->exchange;
    if (!x->judged) {
        x->judged = calloc(1, sizeof(*x->judged));
        if (!x->judged)
            abort();
        x->judged->body = x->body;
        if (request_body_open(x))
            request_send_continue(c);
    }
    struct held_content *h = x->judged;
    char *data = c->instance->loop->scratch;
    ssize_t n = 1;
    while (!h->body.whole && !h->body.bad && n > 0 && h->octets.len < CONTENT_MAX) {
        n = stream_read(&c->stream, data, STREAM_PIECE);
        if (n == STREAM_AGAIN)
            return PROGRESS_AGAIN;
        if (n < 0)
            break;
        size_t used = http_body_scan(&h->body, data, (size_t)n, add_content, &h->content);
        buf_add(&h->octets, data, used);
        stream_unread(&c->stream, data + used, (size_t)n - used);
    }
    stream_unread(&c->stream, h->octets.at, h->octets.len); /* whoever plays reads it again */
    buf_free(&h->octets);
    return PROGRESS_DONE;
}

void gate_held_free(struct held_content *h)
{
    if (!h)
        return;
    buf_free(&h->octets);
    buf_free(&h->content);
    free(h);
}

void gate_judge(struct conn *c)
{
    struct exchange *x = c->exchange;
    const struct actor *actor = conn_actor(c);
    struct auth_question q = { .gates = actor->gates,
                               .gate_count = actor->gate_count,
                               .method = x->request.method,
                               .target = x->request.target };
    bool has_credentials = http_find(&x->request, credentials_field(c), &q.value);
    if (!has_credentials && actor->gate_count == 0)
        return;
    q.lines = has_credentials ? http_count(&x->request, credentials_field(c)) : 0;
    if (x->judged) {
        q.has_content = x->judged->body.whole;
        q.content = (struct http_slice){ x->judged->content.at, x->judged->content.len };
    }
    x->auth = calloc(1, sizeof(*x->auth));
    if (!x->auth)
        abort();
    auth_judge(c->instance->nonces, &c->session, &q, x->auth);
    gate_held_free(x->judged);
    x->judged = NULL;
}

void gate_auth_free(struct auth *a)
{
    if (!a)
        return;
    auth_free(a);
    free(a);
}

void gate_add_fields(const struct conn *c, struct event_draft *d)
{
    const struct auth *a = c->exchange->auth;
    if (!a)
        return;
    event_string(d, FIELD_auth, auth_finding_name(a->finding));
    event_string(d, FIELD_why, a->why);
    request_add(d, FIELD_scheme, a->scheme);
    request_add(d, FIELD_user, a->user);
    request_add(d, FIELD_nonce, a->nonce);
    request_add(d, FIELD_nc, a->nc);
    request_add(d, FIELD_qop, a->qop);
    request_add(d, FIELD_algorithm, a->algorithm);
    request_add(d, FIELD_uri, a->uri);
    if (a->has_uri)
        event_flag(d, FIELD_uri_matches, a->uri_matches);
}

bool gate_lets_in(const struct conn *c)
{
    return conn_actor(c)->gate_count == 0 ||
           (c->exchange->auth && c->exchange->auth->finding == AUTH_OK);
}

struct http_slice gate_user(const struct conn *c)
{
    const struct auth *a = c->exchange ? c->exchange->auth : NULL;
    return a && a->user.len ? a->user : (struct http_slice){ "", 0 };
}

/* ---- the rule -------------------------------------------------------------------------------- */

/* A client that waits for a 100 is refused before it sends its body; whether that will come then
 * nobody knows, so the connection ends (RFC 9110, 10.1.1). */
static const struct field_line closes[] = { { .name = { "Connection", 10, false },
                                              .text = { "close", 5, false } } };

#define REFUSE(code)                                                                               \
    {                                                                                              \
        .kind = ACTION_RESPOND, .respond = {                                                       \
            .status = (code),                                                                      \
            .version = "1.1",                                                                      \
            .challenge = true                                                                      \
        }                                                                                          \
    }
#define REFUSE_AT_ONCE(code)                                                                       \
    { .kind = ACTION_READ },                                                                       \
    {                                                                                              \
        .kind = ACTION_RESPOND, .respond = {                                                       \
            .status = (code),                                                                      \
            .version = "1.1",                                                                      \
            .headers = closes,                                                                     \
            .header_count = 1,                                                                     \
            .challenge = true                                                                      \
        }                                                                                          \
    }

static const struct action at_proxy[] = { REFUSE(407) }, at_origin[] = { REFUSE(401) },
                           at_proxy_once[] = { REFUSE_AT_ONCE(407) },
                           at_origin_once[] = { REFUSE_AT_ONCE(401) };

#define GATE(list)                                                                                 \
    {                                                                                              \
        .name = "gate", .on = EVENT_request, .chance = 1, .times = UINT64_MAX, .fault_action = -1, \
        .actions = (list), .action_count = sizeof(list) / sizeof((list)[0])                        \
    }

const struct rule *gate_rule(const struct conn *c)
{
    static const struct rule rules[2][2] = { { GATE(at_origin), GATE(at_origin_once) },
                                             { GATE(at_proxy), GATE(at_proxy_once) } };
    return gate_lets_in(c) ? NULL : &rules[conn_actor(c)->is_proxy][c->exchange->wants_continue];
}

/* ---- challenges ------------------------------------------------------------------------------ */

static void add_line(struct conn *c, const struct gate *gate, const char *field, struct buf *out)
{
    buf_printf(out, "%s: ", field);
    auth_challenge(c->instance->nonces, &c->session, gate, c->exchange->auth, out);
    buf_string(out, "\r\n");
}

void gate_challenge(void *arg, const struct gate *gate, const char *field, struct buf *out)
{
    struct conn *c = arg;
    const struct actor *a = conn_actor(c);
    if (gate) {
        add_line(c, gate, field, out);
        return;
    }
    for (size_t i = 0; i < a->gate_count; i++)
        /* In the middle of NTLM's legs there is no other choice any more. */
        if (!c->session.challenged || a->gates[i].scheme == GATE_NTLM)
            add_line(c, &a->gates[i], field, out);
}
