/*
 * The driver contract: writing.
 */
#include "protocol.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "member.h"

/* ---- members --------------------------------------------------------------------------------- */

static void begin(struct buf *b, const char *verb)
{
    buf_string(b, "{\"do\":");
    buf_json(b, verb, strlen(verb));
}

static void end(struct buf *b)
{
    buf_string(b, "}\n");
}

static void add_texts(struct buf *b, const char *name, const char *const *texts)
{
    member_name(b, name);
    buf_char(b, '[');
    for (size_t i = 0; texts && texts[i]; i++) {
        if (i)
            buf_char(b, ',');
        buf_json(b, texts[i], strlen(texts[i]));
    }
    buf_char(b, ']');
}

/* Rounded up: a limit is never made shorter. */
static void add_ms(struct buf *b, const char *name, int64_t ns)
{
    if (ns)
        member_number(b, name, (ns + CLOCK_MS - 1) / CLOCK_MS);
}

static void add_map(struct buf *b, const char *name, const struct named *list, size_t count)
{
    member_name(b, name);
    buf_char(b, '{');
    for (size_t i = 0; i < count; i++) {
        member_name(b, list[i].name);
        buf_json(b, list[i].value, list[i].value_len);
    }
    buf_char(b, '}');
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void add_credentials(struct buf *b, const struct client_keys *k)
{
    if (k->credential_count == 1) {
        member_text(b, "username", k->credentials[0].name);
        member_text(b, "password", k->credentials[0].password);
    } else if (k->credential_count > 1) {
        member_name(b, "credentials");
        for (size_t i = 0; i < k->credential_count; i++) {
            buf_string(b, i ? ",[" : "[[");
            buf_json(b, k->credentials[i].name, strlen(k->credentials[i].name));
            buf_char(b, ',');
            buf_json(b, k->credentials[i].password, strlen(k->credentials[i].password));
            buf_char(b, ']');
        }
        buf_char(b, ']');
    }
    if (k->credential_count)
        member_text(b, "by", k->credentials_by ? k->credentials_by : "documented");
}

static void add_proxy_object(struct buf *b, const struct proxy_setup *p,
                             const struct client_keys *k)
{
    if (!p->url) {
        buf_string(b, "null");
        return;
    }
    buf_char(b, '{');
    member_text(b, "url", p->url);
    if (p->is_literal)
        member_flag(b, "literal", true);
    add_credentials(b, k);
    buf_char(b, '}');
}

static void add_proxies(struct buf *b, const struct setup *s)
{
    member_name(b, "proxy");
    add_proxy_object(b, &s->proxy, s->keys);
    if (!s->pool_count)
        return;
    member_name(b, "pool");
    buf_char(b, '[');
    for (size_t i = 0; i < s->pool_count; i++) {
        if (i)
            buf_char(b, ',');
        add_proxy_object(b, &s->pool[i], s->keys);
    }
    buf_char(b, ']');
}

static void add_retry(struct buf *b, const struct client_keys *k)
{
    if (k->retry != RETRY_POLICY) {
        member_text(b, "retry", k->retry == RETRY_OFF ? "off" : "default");
        return;
    }
    member_name(b, "retry");
    buf_char(b, '{');
    member_number(b, "attempts", (int64_t)k->attempts);
    add_ms(b, "base_ms", k->base);
    add_ms(b, "cap_ms", k->cap);
    if (k->methods && strcmp(k->methods[0], "all") == 0 && !k->methods[1])
        member_text(b, "methods", "all");
    else if (k->methods)
        add_texts(b, "methods", k->methods);
    buf_char(b, '}');
}

static void add_deadlines(struct buf *b, int64_t connect, int64_t read, int64_t total)
{
    member_name(b, "deadlines");
    buf_char(b, '{');
    add_ms(b, "connect_ms", connect);
    add_ms(b, "read_ms", read);
    add_ms(b, "total_ms", total);
    buf_char(b, '}');
}

static void add_rare_keys(struct buf *b, const struct setup *s, uint64_t given)
{
    const struct client_keys *k = s->keys;
    if (given & 1ULL << CLIENT_ORIGIN_CREDENTIALS && k->origin_credentials.name) {
        member_name(b, "origin_credentials");
        buf_char(b, '{');
        member_text(b, "username", k->origin_credentials.name);
        member_text(b, "password", k->origin_credentials.password);
        buf_char(b, '}');
    }
    if (given & 1ULL << CLIENT_SCHEMES && k->schemes)
        add_texts(b, "schemes", k->schemes);
    if (given & 1ULL << CLIENT_COOKIES)
        member_flag(b, "cookies", k->cookies);
    if (given & 1ULL << CLIENT_CACHE)
        member_flag(b, "cache", k->cache);
    if (given & 1ULL << CLIENT_VERIFY)
        member_flag(b, "verify", k->verify);
    if (given & 1ULL << CLIENT_ROTATE && k->rotate)
        member_text(b, "rotate", k->rotate);
    if (s->environment_count)
        add_map(b, "environment", s->environment, s->environment_count);
    if (s->host_count)
        add_map(b, "hosts", s->hosts, s->host_count);
    if (s->without_proxy[0])
        add_texts(b, "without_proxy", s->without_proxy);
}

/* What differs from the defaults although the session does not say it itself: it is as the client
 * has it. */
static uint64_t inherited(const struct client_keys *k)
{
    const uint64_t origin = k->origin_credentials.name != NULL, schemes = k->schemes != NULL;
    const uint64_t rotate = k->rotate != NULL, cookies = k->cookies, cache = k->cache;
    return origin << CLIENT_ORIGIN_CREDENTIALS | schemes << CLIENT_SCHEMES |
           cookies << CLIENT_COOKIES | cache << CLIENT_CACHE |
           (uint64_t)!k->verify << CLIENT_VERIFY | rotate << CLIENT_ROTATE;
}

/* What every session is told, and of the rest what the case uses. */
void protocol_open(struct buf *b, uint64_t session, const struct setup *s)
{
    const struct client_keys *k = s->keys;
    begin(b, "open");
    member_number(b, "session", (int64_t)session);
    add_proxies(b, s);
    member_text(b, "ca_file", s->ca_file);
    add_retry(b, k);
    member_flag(b, "redirects", k->redirects);
    add_deadlines(b, k->connect, k->read, k->total);
    add_rare_keys(b, s, k->given | inherited(k));
    end(b);
}

void protocol_change(struct buf *b, uint64_t session, const struct setup *s)
{
    const struct client_keys *k = s->keys;
    begin(b, "change");
    member_number(b, "session", (int64_t)session);
    const uint64_t proxies = 1ULL << CLIENT_PROXY | 1ULL << CLIENT_POOL,
                   pairs = 1ULL << CLIENT_CREDENTIALS | 1ULL << CLIENT_CREDENTIALS_BY;
    bool has_none = k->given & pairs && k->credential_count == 0;
    if (k->given & proxies || has_none)
        add_proxies(b, s);
    else if (k->given & pairs)
        add_credentials(b, k);
    if (k->given & 1ULL << CLIENT_RETRY)
        add_retry(b, k);
    if (k->given & 1ULL << CLIENT_REDIRECTS)
        member_flag(b, "redirects", k->redirects);
    if (k->given & 1ULL << CLIENT_DEADLINES)
        add_deadlines(b, k->connect, k->read, k->total);
    add_rare_keys(b, s, k->given);
    end(b);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void add_base64(struct buf *b, const char *name, const char *octets, size_t len)
{
    member_name(b, name);
    buf_char(b, '"');
    char *at = buf_extend(b, (len + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)at, (const unsigned char *)octets, (int)len);
    b->len--; /* the NUL */
    buf_char(b, '"');
}

static void add_body(struct buf *b, const struct request_setup *r)
{
    const struct body *body = &r->step->body;
    member_name(b, "body");
    buf_char(b, '{');
    if (r->body)
        add_base64(b, "base64", r->body, r->body_len);
    else
        member_number(b, "size", (int64_t)body->size);
    if (body->source == BODY_STREAM)
        member_flag(b, "stream", true);
    buf_char(b, '}');
}

static void add_headers(struct buf *b, const struct request_setup *r)
{
    member_name(b, "headers");
    buf_char(b, '[');
    for (size_t i = 0; i < r->header_count; i++) {
        buf_string(b, i ? ",[" : "[");
        buf_json(b, r->headers[i].name, strlen(r->headers[i].name));
        buf_char(b, ',');
        buf_json(b, r->headers[i].value, r->headers[i].value_len);
        buf_char(b, ']');
    }
    buf_char(b, ']');
}

void protocol_request(struct buf *b, uint64_t session, uint64_t id, const struct request_setup *r)
{
    const struct step *s = r->step;
    begin(b, "request");
    member_number(b, "session", (int64_t)session);
    member_number(b, "id", (int64_t)id);
    if (r->connect) {
        member_name(b, "raw");
        buf_char(b, '{');
        member_text(b, "connect", r->connect);
        buf_char(b, '}');
    } else {
        member_text(b, "method", s->method);
        member_text(b, "url", r->url);
        add_headers(b, r);
    }
    if (s->has_body)
        add_body(b, r);
    if (s->expect_continue)
        member_flag(b, "expect_continue", true);
    if (s->stream_read)
        member_text(b, "read", "stream");
    if (s->connect || s->read || s->total)
        add_deadlines(b, r->connect_limit, r->read_limit, r->total);
    if (s->parallel)
        member_flag(b, "parallel", true);
    end(b);
}

/* ---- the rest -------------------------------------------------------------------------------- */

void protocol_hello(struct buf *b, const char *variant)
{
    begin(b, "hello");
    member_number(b, "driver", 1);
    member_text(b, "variant", variant);
    end(b);
}

void protocol_verb(struct buf *b, const char *verb)
{
    begin(b, verb);
    end(b);
}

void protocol_cancel(struct buf *b, uint64_t session, uint64_t id)
{
    begin(b, "cancel");
    member_number(b, "session", (int64_t)session);
    member_number(b, "id", (int64_t)id);
    end(b);
}

void protocol_close(struct buf *b, uint64_t session)
{
    begin(b, "close");
    member_number(b, "session", (int64_t)session);
    end(b);
}
