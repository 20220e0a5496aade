/*
 * Placeholders replaced.
 */
#include "setup.h"

#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "clock.h"
#include "uri.h"

struct expanding {
    struct arena *arena;
    const struct text_scope *outer;
    struct text_scope scope;
    char copy[24]; /* the value of {n} */
};

static const char *value_of(void *arg, const char *name, size_t len, size_t *value_len)
{
    struct expanding *x = arg;
    if (len == 1 && *name == 'n') {
        *value_len = strlen(x->copy);
        return x->copy;
    }
    return x->outer->value(x->outer->arg, name, len, value_len);
}

static void begin(struct expanding *x, struct arena *arena, const struct instance *in,
                  uint64_t copy)
{
    x->arena = arena;
    x->outer = instance_scope(in);
    x->scope = (struct text_scope){ .value = value_of, .arg = x };
    snprintf(x->copy, sizeof(x->copy), "%llu", (unsigned long long)copy);
}

static const char *keep(struct arena *arena, struct buf *b, size_t *len)
{
    const char *kept = arena_copy(arena, b->at, b->len);
    if (len)
        *len = b->len;
    buf_free(b);
    return kept;
}

static const char *expand(struct expanding *x, const struct text *t, size_t *len)
{
    struct buf b = { 0 };
    text_expand(t, &x->scope, &b);
    return keep(x->arena, &b, len);
}

static const struct named *expand_lines(struct expanding *x, const struct field_line *lines,
                                        size_t count)
{
    struct named *list = arena_take(x->arena, count * sizeof(*list));
    for (size_t i = 0; i < count; i++) {
        list[i].name = expand(x, &lines[i].name, NULL);
        if (lines[i].kind == VALUE_INSTANT) {
            struct buf b = { 0 };
            answer_instant(&b, &lines[i].instant, clock_wall());
            list[i].value = keep(x->arena, &b, &list[i].value_len);
        } else {
            list[i].value = expand(x, &lines[i].text, &list[i].value_len);
        }
    }
    return list;
}

/* ---- sessions -------------------------------------------------------------------------------- */

static struct proxy_setup proxy_of(struct expanding *x, const struct instance *in, int actor,
                                   const struct text *url)
{
    const struct scenario *s = instance_scenario(in);
    struct buf b = { 0 };
    if (actor == PROXY_NONE)
        return (struct proxy_setup){ 0 };
    if (actor == PROXY_URL)
        return (struct proxy_setup){ .url = expand(x, url, NULL), .is_literal = true };
    buf_printf(&b, "%s://%s", s->actors[actor].tls.on ? "https" : "http",
               instance_address(in, (size_t)actor));
    return (struct proxy_setup){ .url = keep(x->arena, &b, NULL) };
}

struct setup *setup_session(struct arena *arena, const struct instance *in,
                            const struct client_keys *k, const char *ca_file)
{
    struct setup *s = arena_take(arena, sizeof(*s));
    struct expanding x;
    begin(&x, arena, in, 1);
    s->keys = k;
    s->ca_file = ca_file;
    s->proxy = proxy_of(&x, in, k->proxy, &k->proxy_url);
    struct proxy_setup *pool = arena_take(arena, k->pool_count * sizeof(*pool));
    for (; s->pool_count < k->pool_count; s->pool_count++)
        pool[s->pool_count] =
            proxy_of(&x, in, k->pool[s->pool_count].actor, &k->pool[s->pool_count].url);
    s->pool = pool;
    s->environment = expand_lines(&x, k->environment, k->environment_count);
    s->environment_count = k->environment_count;
    s->hosts = expand_lines(&x, k->hosts, k->host_count);
    s->host_count = k->host_count;
    const char **without = arena_take(arena, (k->without_proxy_count + 1) * sizeof(*without));
    for (size_t i = 0; i < k->without_proxy_count; i++)
        without[i] = expand(&x, &k->without_proxy[i], NULL);
    s->without_proxy = without;
    return s;
}

static void merge_keys(struct client_keys *k, const struct client_keys *change)
{
    const uint64_t g = change->given;
    if (g & 1ULL << CLIENT_CREDENTIALS) {
        k->credentials = change->credentials;
        k->credential_count = change->credential_count;
    }
    if (g & 1ULL << CLIENT_CREDENTIALS_BY)
        k->credentials_by = change->credentials_by;
    if (g & 1ULL << CLIENT_ORIGIN_CREDENTIALS)
        k->origin_credentials = change->origin_credentials;
    if (g & 1ULL << CLIENT_SCHEMES)
        k->schemes = change->schemes;
    if (g & 1ULL << CLIENT_RETRY) {
        k->retry = change->retry;
        k->attempts = change->attempts;
        k->base = change->base;
        k->cap = change->cap;
        k->methods = change->methods;
    }
    if (g & 1ULL << CLIENT_DEADLINES) {
        k->connect = change->connect;
        k->read = change->read;
        k->total = change->total;
    }
    k->redirects = g & 1ULL << CLIENT_REDIRECTS ? change->redirects : k->redirects;
    k->cookies = g & 1ULL << CLIENT_COOKIES ? change->cookies : k->cookies;
    k->cache = g & 1ULL << CLIENT_CACHE ? change->cache : k->cache;
    k->verify = g & 1ULL << CLIENT_VERIFY ? change->verify : k->verify;
    k->rotate = g & 1ULL << CLIENT_ROTATE ? change->rotate : k->rotate;
    k->given |= g;
}

struct setup *setup_merge(struct arena *arena, const struct setup *session,
                          const struct setup *change)
{
    struct setup *s = arena_take(arena, sizeof(*s));
    struct client_keys *keys = arena_take(arena, sizeof(*keys));
    const uint64_t given = change->keys->given;
    *s = *session;
    *keys = *session->keys;
    merge_keys(keys, change->keys);
    s->keys = keys;
    if (given & 1ULL << CLIENT_PROXY)
        s->proxy = change->proxy;
    if (given & 1ULL << CLIENT_POOL) {
        s->pool = change->pool;
        s->pool_count = change->pool_count;
    }
    if (given & 1ULL << CLIENT_HOSTS) {
        s->hosts = change->hosts;
        s->host_count = change->host_count;
    }
    if (given & 1ULL << CLIENT_WITHOUT_PROXY)
        s->without_proxy = change->without_proxy;
    return s;
}

const struct setup *setup_change(struct arena *arena, const struct setup *session,
                                 const struct setup *change)
{
    struct setup *s = arena_take(arena, sizeof(*s));
    struct client_keys *keys = arena_take(arena, sizeof(*keys));
    *s = *change;
    *keys = *change->keys;
    keys->credentials = session->keys->credentials;
    keys->credential_count = session->keys->credential_count;
    keys->credentials_by = session->keys->credentials_by;
    s->proxy = session->proxy;
    s->keys = keys;
    return s;
}

const struct setup *setup_patient(struct arena *arena, const struct setup *session)
{
    if (session->keys->given & 1ULL << CLIENT_DEADLINES)
        return session;
    struct setup *s = arena_take(arena, sizeof(*s));
    struct client_keys *keys = arena_take(arena, sizeof(*keys));
    *s = *session;
    *keys = *session->keys;
    keys->total = 0;
    s->keys = keys;
    return s;
}

const char *setup_proxy_url(struct arena *arena, const struct setup *s)
{
    const char *url = s->proxy.url, *host = url ? strstr(url, "://") : NULL;
    struct buf b = { 0 };
    if (s->proxy.is_literal || !host || s->keys->credential_count == 0)
        return url;
    host += strlen("://");
    buf_add(&b, url, (size_t)(host - url));
    uri_encode(&b, s->keys->credentials[0].name);
    buf_char(&b, ':');
    uri_encode(&b, s->keys->credentials[0].password);
    buf_printf(&b, "@%s", host);
    return keep(arena, &b, NULL);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void add_body(struct expanding *x, const struct body *body, struct request_setup *r)
{
    struct buf b = { 0 };
    if (body->source == BODY_TEXT) {
        r->body = expand(x, &body->text, &r->body_len);
    } else if (body->source == BODY_CHUNK_LIST) {
        for (size_t i = 0; i < body->chunk_count; i++)
            text_expand(&body->chunks[i], &x->scope, &b);
        r->body = keep(x->arena, &b, &r->body_len);
    }
}

struct request_setup *setup_request(struct arena *arena, const struct instance *in,
                                    const struct step *step, const struct client_keys *session,
                                    uint64_t copy)
{
    struct request_setup *r = arena_take(arena, sizeof(*r));
    struct expanding x;
    begin(&x, arena, in, copy);
    r->step = step;
    if (step->raw_connect.octets)
        r->connect = expand(&x, &step->raw_connect, NULL);
    else
        r->url = expand(&x, &step->url, NULL);
    r->headers = expand_lines(&x, step->headers, step->header_count);
    r->header_count = step->header_count;
    if (step->has_body)
        add_body(&x, &step->body, r);
    r->connect_limit = step->connect ? step->connect : session->connect;
    r->read_limit = step->read ? step->read : session->read;
    r->total = step->total ? step->total : session->total;
    return r;
}
