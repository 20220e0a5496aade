/*
 * How the client is set up, and what it is asked for, step by step.
 */
#include "describe.h"

#include <string.h>

/* ---- how it is set up ------------------------------------------------------------------------ */

struct list { /* "; " between its items */
    struct buf *b;
    size_t begin;
};

static struct buf *item(const struct list *l)
{
    if (l->b->len > l->begin)
        buf_string(l->b, "; ");
    return l->b;
}

static void add_user(struct buf *b, const struct user *u)
{
    buf_printf(b, "`%s:%s`", u->name, u->password);
}

static void add_proxy(const struct list *l, const struct scenario *s, const struct client_keys *k)
{
    struct buf *b = item(l);
    if (k->proxy == PROXY_NONE) {
        buf_string(b, "no proxy");
    } else if (k->proxy == PROXY_URL) {
        buf_string(b, "proxy ");
        describe_code(b, &k->proxy_url);
    } else {
        buf_printf(b, "proxy %s", s->actors[k->proxy].name);
    }
}

static void add_credentials(const struct list *l, const struct client_keys *k)
{
    struct buf *b = item(l);
    buf_string(b, k->credential_count ? "proxy credentials " : "no proxy credentials");
    for (size_t i = 0; i < k->credential_count; i++) {
        buf_string(b, i ? ", then " : "");
        add_user(b, &k->credentials[i]);
    }
    if (k->given & 1U << CLIENT_CREDENTIALS_BY && k->credentials_by)
        buf_printf(b, " (given by %s)", k->credentials_by);
}

static void add_words(struct buf *b, const char *const *words)
{
    for (const char *const *w = words; w && *w; w++)
        buf_printf(b, "%s%s", w == words ? "" : ", ", *w);
}

static void add_retry(const struct list *l, const struct client_keys *k)
{
    struct buf *b = item(l);
    if (k->retry == RETRY_OFF) {
        buf_string(b, "retries off");
    } else if (k->retry == RETRY_DEFAULT) {
        buf_string(b, "its own retries");
    } else {
        buf_printf(b, "retries on, %llu requests in all", (unsigned long long)k->attempts);
        if (k->base) {
            buf_string(b, ", first pause ");
            describe_time(b, k->base);
        }
        if (k->cap) {
            buf_string(b, ", longest pause ");
            describe_time(b, k->cap);
        }
        if (k->methods) {
            buf_string(b, ", methods: ");
            add_words(b, k->methods);
        }
    }
}

static void add_deadline(struct buf *b, const char *name, int64_t time, bool *any)
{
    if (!time)
        return;
    buf_printf(b, "%s%s ", *any ? ", " : "", name);
    describe_time(b, time);
    *any = true;
}

static void add_deadlines(struct buf *b, int64_t connect, int64_t read, int64_t total)
{
    bool any = false;
    buf_string(b, "deadlines: ");
    add_deadline(b, "connect", connect, &any);
    add_deadline(b, "read", read, &any);
    add_deadline(b, "total", total, &any);
}

static void add_pool(const struct list *l, const struct scenario *s, const struct client_keys *k)
{
    struct buf *b = item(l);
    buf_string(b, "a pool of ");
    for (size_t i = 0; i < k->pool_count; i++) {
        buf_string(b, i ? ", " : "");
        if (k->pool[i].actor >= 0)
            buf_string(b, s->actors[k->pool[i].actor].name);
        else if (k->pool[i].url.octets)
            describe_code(b, &k->pool[i].url);
    }
    if (k->rotate)
        buf_printf(b, ", rotated %s",
                   strcmp(k->rotate, "on-block") == 0 ? "when one is blocked"
                   : strcmp(k->rotate, "each") == 0   ? "with each request"
                                                      : "not at all (sticky)");
}

static void add_fields(const struct list *l, const char *what, const struct field_line *lines,
                       size_t count)
{
    struct buf *b = item(l);
    buf_string(b, what);
    for (size_t i = 0; i < count; i++) {
        buf_string(b, i ? ", " : "");
        describe_line(b, &lines[i]);
    }
}

static void add_switches(const struct list *l, const struct client_keys *k)
{
    static const struct {
        enum client_key key;
        const char *on, *off;
    } switches[] = { { CLIENT_REDIRECTS, "follows redirects", "does not follow redirects" },
                     { CLIENT_COOKIES, "keeps cookies", "keeps no cookies" },
                     { CLIENT_CACHE, "has a cache", "has no cache" },
                     { CLIENT_VERIFY, "verifies certificates", "does not verify certificates" } };
    const bool values[] = { k->redirects, k->cookies, k->cache, k->verify };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        if (k->given & 1U << switches[i].key)
            buf_string(item(l), values[i] ? switches[i].on : switches[i].off);
}

static void add_keys(struct buf *b, const struct scenario *s, const struct client_keys *k)
{
    const struct list l = { b, b->len };
    if (k->given & 1U << CLIENT_PROXY)
        add_proxy(&l, s, k);
    if (k->given & 1U << CLIENT_CREDENTIALS)
        add_credentials(&l, k);
    if (k->given & 1U << CLIENT_ORIGIN_CREDENTIALS && k->origin_credentials.name) {
        buf_string(item(&l), "origin credentials ");
        add_user(b, &k->origin_credentials);
    }
    if (k->given & 1U << CLIENT_SCHEMES) {
        buf_string(item(&l), "schemes: ");
        add_words(b, k->schemes);
    }
    if (k->given & 1U << CLIENT_RETRY)
        add_retry(&l, k);
    add_switches(&l, k);
    if (k->given & 1U << CLIENT_DEADLINES)
        add_deadlines(item(&l), k->connect, k->read, k->total);
    if (k->pool_count)
        add_pool(&l, s, k);
    if (k->environment_count)
        add_fields(&l, "variables ", k->environment, k->environment_count);
    if (k->host_count)
        add_fields(&l, "addresses ", k->hosts, k->host_count);
    for (size_t i = 0; i < k->without_proxy_count; i++) {
        buf_string(item(&l), "without the proxy to ");
        describe_code(b, &k->without_proxy[i]);
    }
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void add_timing(struct buf *b, const struct step *s)
{
    if (s->after.kind != CONDITION_NONE) {
        buf_string(b, ", after waiting ");
        describe_condition(b, &s->after);
    }
    if (s->cancel.kind != CONDITION_NONE) {
        buf_string(b, ", cancelled after waiting ");
        describe_condition(b, &s->cancel);
    }
    if (s->connect || s->read || s->total) {
        buf_string(b, "; ");
        add_deadlines(b, s->connect, s->read, s->total);
    }
}

static void add_step(struct buf *b, const struct scenario *scenario, const struct step *s)
{
    if (b->len)
        buf_char(b, '\n');
    if (s->session >= 0)
        buf_printf(b, "as %s: ", scenario->client.sessions[s->session].name);
    if (s->change) {
        buf_string(b, "now with ");
        add_keys(b, scenario, s->change);
        buf_string(b, ": ");
    }
    if (s->raw_connect.octets) {
        buf_string(b, "a tunnel to ");
        describe_code(b, &s->raw_connect);
    } else {
        buf_printf(b, "%s ", s->method);
        describe_code(b, &s->url);
    }
    for (size_t i = 0; i < s->header_count; i++) {
        buf_string(b, i ? ", " : " with ");
        describe_line(b, &s->headers[i]);
    }
    if (s->has_body) {
        buf_string(b, s->header_count ? " and " : " with ");
        describe_body(b, &s->body);
    }
    if (s->expect_continue)
        buf_string(b, ", expecting 100 (Continue)");
    if (s->stream_read)
        buf_string(b, ", the answer read as a stream");
    if (s->copies > 1)
        buf_printf(b, ", %llu at once", (unsigned long long)s->copies);
    else if (s->parallel)
        buf_string(b, ", not waited for");
    add_timing(b, s);
}

void describe_client(struct buf *b, const struct scenario *s)
{
    struct buf keys = { 0 };
    add_keys(&keys, s, &s->client.keys);
    if (keys.len)
        buf_printf(b, "set up with: %.*s", (int)keys.len, keys.at);
    buf_free(&keys);
    for (size_t i = 0; i < s->client.session_count; i++) {
        struct buf own = { 0 };
        add_keys(&own, s, &s->client.sessions[i].keys);
        buf_printf(b, "%ssession %s: %.*s", b->len ? "\n" : "", s->client.sessions[i].name,
                   own.len ? (int)own.len : 0, own.at ? own.at : "");
        buf_free(&own);
    }
    for (size_t i = 0; i < s->client.step_count; i++)
        add_step(b, s, &s->client.steps[i]);
}
