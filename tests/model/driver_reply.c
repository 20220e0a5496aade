/*
 * Requests in, outcomes out.
 */
#include "driver_reply.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "mutants.h"

static const char capabilities[] =
    "\"absolute-form\",\"cache\",\"cancel\",\"cookies\",\"credential-callback\",\"deadlines\","
    "\"read-deadline\",\"total-deadline\","
    "\"digest\",\"early-data\","
    "\"digest-sha-256\",\"environment\",\"expect-continue\",\"host-map\",\"https\",\"https-proxy\","
    "\"keep-alive\",\"ntlm\",\"origin-credentials\",\"parallel\",\"proxy-pool\",\"raw-tunnel\","
    "\"redirects\",\"resume\",\"retry\",\"retry-cap\",\"rotation\",\"streaming\",\"switch-proxy\"";

/* A member, also of what is not there. */
static const struct json *member(const struct json *object, const char *key)
{
    return object ? json_get(object, key) : NULL;
}

/* ---- in -------------------------------------------------------------------------------------- */

/* Characters up to U+00FF are octets, as in the scenario. */
static const char *octets_of(struct arena *a, const struct json *v, size_t *len)
{
    char *out = arena_copy(a, v->text, v->len);
    size_t n = 0;
    for (size_t i = 0; i < v->len; i++) {
        unsigned char c = (unsigned char)v->text[i];
        if ((c == 0xC2 || c == 0xC3) && i + 1 < v->len)
            c = (unsigned char)((c & 3) << 6 | (v->text[++i] & 0x3F));
        out[n++] = (char)c;
    }
    out[n] = '\0';
    *len = n;
    return out;
}

static const char *read_headers(struct call *c, const struct json *list)
{
    const char *wrong = NULL;
    c->headers.arena = c->arena;
    for (const struct json *m = list ? list->first : NULL; m; m = m->next) {
        if (m->type != JSON_LIST || m->count != 2 || m->first->type != JSON_TEXT ||
            m->first->next->type != JSON_TEXT)
            return "a header field is no pair of texts";
        size_t name_len, value_len;
        const char *name = octets_of(c->arena, m->first, &name_len);
        const char *value = octets_of(c->arena, m->first->next, &value_len);
        if (!fields_is_token(name, name_len) || !fields_is_value(value, value_len))
            wrong = "a header field has a character that must not be sent";
        fields_add(&c->headers, name, value);
    }
    return wrong;
}

static void read_body(struct call *c, const struct json *body)
{
    const struct json *size = member(body, "size"), *base64 = member(body, "base64");
    const struct json *stream = member(body, "stream");
    if (!body || body->type != JSON_OBJECT)
        return;
    c->upload.is_there = true;
    c->upload.is_one_shot = stream && stream->flag;
    if (size)
        c->upload.size = (uint64_t)size->number;
    if (!base64)
        return;
    unsigned char *octets = arena_take(c->arena, base64->len + 4);
    int n = EVP_DecodeBlock(octets, (const unsigned char *)base64->text, (int)base64->len);
    for (size_t i = base64->len; n > 0 && i > 0 && base64->text[i - 1] == '='; i--)
        n--;
    c->upload.octets = (const char *)octets;
    c->upload.size = n > 0 ? (uint64_t)n : 0;
}

static void read_limits(struct call *c, const struct json *op)
{
    int64_t total = c->settings->total;
    c->limits.connect = c->settings->connect;
    c->limits.read = c->settings->read;
    settings_deadlines(json_get(op, "deadlines"), &c->limits.connect, &c->limits.read, &total);
    if (mutant(MUTANT_REPEATS_SLOW_REQUESTS))
        c->limits.read = CLOCK_S;
    if (mutant(MUTANT_CUTS_DEADLINES)) {
        c->limits.connect /= 3;
        c->limits.read =
            c->limits.read > 3 * CLOCK_S || !c->limits.read ? CLOCK_S : c->limits.read / 3;
        total = total > 2 * CLOCK_S && total < 10 * CLOCK_S ? total / 3 : total;
    }
    if (mutant(MUTANT_STRETCHES_DEADLINES)) {
        c->limits.connect *= 3;
        c->limits.read *= 3;
        total *= 3;
    }
    if (mutant(MUTANT_ENDLESS_HEADERS) && total)
        total += 1700 * CLOCK_MS;
    c->limits.until = total ? clock_now() + total : CLOCK_NEVER;
    c->limits.connect_until = CLOCK_NEVER;
}

static const char *read_target(struct call *c, const struct json *op)
{
    const struct json *raw = member(json_get(op, "raw"), "connect"), *url = json_get(op, "url");
    const struct json *method = json_get(op, "method");
    const char *why = "there is none";
    struct buf b = { 0 };
    c->method = method && method->type == JSON_TEXT
                    ? arena_copy(c->arena, method->text, method->len)
                    : "GET";
    if (raw && raw->type == JSON_TEXT) {
        c->raw = arena_copy(c->arena, raw->text, raw->len);
        buf_printf(&b, "http://%s/", c->raw);
        c->uri = uri_parse(c->arena, arena_copy(c->arena, b.at, b.len), &why);
        buf_free(&b);
    } else if (url && url->type == JSON_TEXT) {
        c->uri = uri_parse(c->arena, arena_copy(c->arena, url->text, url->len), &why);
    }
    if (!fields_is_token(c->method, strlen(c->method)))
        return "the method is no token";
    return c->uri ? NULL : why;
}

void reply_read_request(struct call *c, struct session *s, const struct json *op)
{
    const struct json *expect = json_get(op, "expect_continue"), *read = json_get(op, "read");
    const char *wrong;
    c->session = s;
    c->settings = s->settings;
    c->expects_continue = expect && expect->flag;
    c->reads_stream = read && json_is(read, "stream");
    read_limits(c, op);
    read_body(c, json_get(op, "body"));
    wrong = read_headers(c, json_get(op, "headers"));
    const char *bad_target = read_target(c, op);
    wrong = wrong ? wrong : bad_target;
    if (!wrong)
        return;
    struct settings *refused = arena_take(c->arena, sizeof(*refused));
    struct buf b = { 0 };
    buf_printf(&b, "the request cannot be sent: %s", wrong);
    *refused = *c->settings;
    refused->wrong = arena_copy(c->arena, b.at, b.len);
    buf_free(&b);
    c->settings = refused;
}

/* ---- out ------------------------------------------------------------------------------------- */

/* Its own errors are of the contract's kinds already. */
static void add_kinds(struct buf *b)
{
    for (enum kind k = KIND_PROXY_UNREACHABLE; k <= KIND_OTHER; k++)
        buf_printf(b, "%s\"%s\":\"%s\"", k > KIND_PROXY_UNREACHABLE ? "," : "", kind_name(k),
                   kind_name(k));
}

void reply_add_hello(struct buf *b)
{
    buf_printf(b,
               "{\"client\":\"model\",\"version\":\"1\",\"runtime\":\"C17, OpenSSL %s\","
               "\"capabilities\":[%s],\"kinds\":{",
               OpenSSL_version(OPENSSL_VERSION_STRING), capabilities);
    add_kinds(b);
    buf_string(b, "}}");
}

void reply_add_id(struct buf *b, const struct json *id)
{
    if (id->type == JSON_TEXT)
        buf_json(b, id->text, id->len);
    else
        buf_printf(b, "%.0f", id->number);
}

static void add_text(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, ",\"%s\":", name);
    buf_json(b, value, strlen(value));
}

static void add_fields(struct buf *b, const char *name, const struct fields *f)
{
    buf_printf(b, ",\"%s\":[", name);
    for (size_t i = 0; i < f->count; i++) {
        buf_string(b, i ? ",[" : "[");
        buf_json(b, f->list[i].name, strlen(f->list[i].name));
        buf_char(b, ',');
        buf_json(b, f->list[i].value, strlen(f->list[i].value));
        buf_char(b, ']');
    }
    buf_char(b, ']');
}

static void add_body(struct buf *b, const struct sink *s)
{
    unsigned char hash[32];
    EVP_MD_CTX *copy = EVP_MD_CTX_new();
    EVP_MD_CTX_copy_ex(copy, s->hash);
    EVP_DigestFinal_ex(copy, hash, NULL);
    EVP_MD_CTX_free(copy);
    buf_printf(b, ",\"body\":{\"bytes\":%llu,\"sha256\":\"", (unsigned long long)s->bytes);
    for (size_t i = 0; i < sizeof(hash); i++)
        buf_printf(b, "%02x", hash[i]);
    buf_string(b, "\",\"head\":\"");
    char *at = buf_extend(b, (s->head.len + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)at, (const unsigned char *)(s->head.at ? s->head.at : ""),
                    (int)s->head.len);
    b->len--; /* the NUL */
    buf_string(b, "\"}");
}

static void add_failure(struct buf *b, const struct call *c)
{
    const struct failure *f = &c->failure;
    const struct proxy *p = c->proxy;
    if (mutant(MUTANT_PASSWORD_IN_ERRORS) && p && p->account.user) {
        struct buf text = { 0 };
        buf_printf(&text, "%s (proxy http://%s:%s@%s)", f->text, p->account.user,
                   p->account.password, p->uri->host);
        buf_char(&text, '\0');
        add_text(b, "error", text.at);
        buf_free(&text);
    } else {
        add_text(b, "error", mutant(MUTANT_VAGUE_ERRORS) ? "request failed" : f->text);
    }
    add_text(b, "kind", mutant(MUTANT_VAGUE_ERRORS) ? "other" : kind_name(f->kind));
}

/* No status of RFC 9110. */
static bool is_unknown(int status)
{
    return (status > 426 && status < 500 && status != 428 && status != 429) || status > 511;
}

void reply_add_outcome(struct buf *b, const struct json *id, const struct call *c)
{
    bool failed = c->failure.kind != KIND_NONE;
    struct call masked = *c;
    if (mutant(MUTANT_STATUS_IS_ERROR) && !failed && c->response.status >= 400) {
        failed = true;
        masked.response.status = 0;
        failure_set(&masked.failure, KIND_OTHER, "the request failed");
    }
    if (mutant(MUTANT_FORBIDDEN_IS_200) && c->response.status == 403)
        masked.response.status = 200;
    if (mutant(MUTANT_UNKNOWN_STATUS_IS_200) && is_unknown(c->response.status))
        masked.response.status = 200;
    c = &masked;
    bool hides = failed && mutant(MUTANT_ERRORS_ARE_EMPTY_200);
    buf_string(b, "{\"id\":");
    reply_add_id(b, id);
    if (hides)
        buf_string(b, ",\"status\":200");
    else if (failed)
        add_failure(b, c);
    if (c->response.status && !hides && !(failed && mutant(MUTANT_HIDES_CONNECT_STATUS)))
        buf_printf(b, ",\"status\":%d", c->response.status);
    if (c->response.status && !mutant(MUTANT_HIDES_FIELDS)) {
        add_fields(b, "headers", &c->response.fields);
        add_fields(b, "trailers", &c->response.trailers);
    }
    if (c->response.status && c->hop != HOP_UNKNOWN)
        add_text(b, "hop",
                 c->hop == HOP_PROXY && !mutant(MUTANT_CONNECT_ERROR_IS_ANSWER) ? "proxy"
                                                                                : "origin");
    if (c->settings->asks)
        buf_printf(b, ",\"asked\":%u", c->proxy_gate.asked);
    if (!failed || hides || c->sink.bytes)
        add_body(b, &c->sink);
    buf_char(b, '}');
}
