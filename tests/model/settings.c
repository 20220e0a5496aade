/*
 * Reading settings.
 */
#include "settings.h"

#include <string.h>
#include <strings.h>

#include "buf.h"
#include "clock.h"
#include "mutants.h"

enum { DEFAULT_ATTEMPTS = 3 };

static const char *text_of(struct arena *a, const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    return v && v->type == JSON_TEXT ? arena_copy(a, v->text, v->len) : NULL;
}

static int64_t ms_of(const struct json *object, const char *key, int64_t otherwise)
{
    const struct json *v = json_get(object, key);
    return v && v->type == JSON_NUMBER ? (int64_t)(v->number * (double)CLOCK_MS) : otherwise;
}

static bool flag_of(const struct json *object, const char *key, bool otherwise)
{
    const struct json *v = json_get(object, key);
    return v && v->type == JSON_BOOL ? v->flag : otherwise;
}

void settings_deadlines(const struct json *d, int64_t *connect, int64_t *read, int64_t *total)
{
    if (!d || d->type != JSON_OBJECT)
        return;
    *connect = ms_of(d, "connect_ms", *connect);
    *read = ms_of(d, "read_ms", *read);
    *total = ms_of(d, "total_ms", *total);
}

/* ---- accounts and proxies -------------------------------------------------------------------- */

/* RFC 7617, 2: no control characters, no colon in the user. */
static const char *check_account(const struct account *x)
{
    if (mutant(MUTANT_SENDS_CONTROL_CHARACTERS) || mutant(MUTANT_PASSWORD_IN_THE_CLEAR))
        return NULL;
    for (const char *const *p = (const char *const[]){ x->user, x->password, NULL }; *p; p++)
        if (!fields_is_value(*p, strlen(*p)) || strchr(*p, '\t'))
            return "configuration: the credentials have a control character";
    return strchr(x->user, ':') ? "configuration: the user name has a colon" : NULL;
}

static struct account read_account(struct arena *a, const struct json *v)
{
    struct account x = { 0 };
    if (v && v->type == JSON_OBJECT) {
        x.user = text_of(a, v, "username");
        x.password = text_of(a, v, "password");
    } else if (v && v->type == JSON_LIST && v->count == 2 && v->first->type == JSON_TEXT) {
        x.user = arena_copy(a, v->first->text, v->first->len);
        x.password = arena_copy(a, v->first->next->text, v->first->next->len);
    }
    if (x.user && !x.password)
        x.password = "";
    return x;
}

static void add_encoded(struct buf *b, const char *z)
{
    for (; *z; z++) {
        bool plain = (*z >= 'a' && *z <= 'z') || (*z >= 'A' && *z <= 'Z') ||
                     (*z >= '0' && *z <= '9') || strchr("-._~", *z);
        if (plain)
            buf_char(b, *z);
        else
            buf_printf(b, "%%%02X", (unsigned)(unsigned char)*z);
    }
}

/* Credentials as a user would write them into the URL; read back like any other URL. */
static const char *put_into_url(struct arena *a, const char *url, const struct account *x)
{
    const char *host = strstr(url, "://");
    struct buf b = { 0 };
    if (!host)
        return url;
    host += 3;
    buf_add(&b, url, (size_t)(host - url));
    add_encoded(&b, x->user);
    buf_char(&b, ':');
    add_encoded(&b, x->password);
    buf_printf(&b, "@%s", host);
    const char *text = arena_copy(a, b.at, b.len);
    buf_free(&b);
    return text;
}

static const char *identify(struct arena *a, const struct proxy *p)
{
    struct buf b = { 0 };
    buf_printf(&b, "%s %s %s", p->uri->is_https ? "https" : "http", uri_host_port(a, p->uri),
               p->account.user ? p->account.user : "");
    if (mutant(MUTANT_PROXIES_SHARE_POOL))
        b.len = strlen("http");
    const char *id = arena_copy(a, b.at, b.len);
    buf_free(&b);
    return id;
}

static const char *read_url(struct arena *a, struct proxy *p, const char *url)
{
    const char *why;
    struct buf b = { 0 };
    p->uri = uri_parse(a, url, &why);
    const char *at = p->uri && p->uri->userinfo ? strchr(p->uri->userinfo, '@') : NULL;
    if (mutant(MUTANT_REFUSES_RAW_AT) && at)
        p->uri = NULL;
    if (!p->uri && (mutant(MUTANT_ECHOES_BAD_URL) || mutant(MUTANT_REFUSES_RAW_AT))) {
        buf_printf(&b, "configuration: bad proxy URL %s", url);
        why = arena_copy(a, b.at, b.len);
        buf_free(&b);
        return why;
    }
    if (!p->uri) {
        buf_printf(&b, "configuration: the proxy's URL cannot be used: %s", why);
        why = arena_copy(a, b.at, b.len);
        buf_free(&b);
        return why;
    }
    if (!p->uri->userinfo)
        return NULL;
    if (uri_userinfo(a, p->uri->userinfo, &p->account.user, &p->account.password) < 0)
        return "configuration: the proxy's URL has a '%' in its userinfo that is no "
               "percent-encoding (encode it as %25)";
    p->account.password = p->account.password ? p->account.password : "";
    if (mutant(MUTANT_EMPTY_PASSWORD_IS_NONE) && !*p->account.password)
        p->account.user = NULL;
    if (!p->account.user)
        return NULL;
    return check_account(&p->account);
}

const struct proxy *settings_proxy(struct arena *a, const char *url, const char **wrong)
{
    struct proxy *p = arena_take(a, sizeof(*p));
    *wrong = read_url(a, p, url);
    if (*wrong)
        return NULL;
    p->id = identify(a, p);
    return p;
}

static void read_pairs(struct arena *a, struct settings *s, const struct json *v)
{
    const struct json *list = json_get(v, "credentials");
    list = list ? list : json_get(v, "pairs");
    if (!list || list->type != JSON_LIST)
        return;
    struct account *pairs = arena_take(a, list->count * sizeof(*pairs));
    s->pair_count = 0;
    for (const struct json *m = list->first; m; m = m->next)
        pairs[s->pair_count++] = read_account(a, m);
    s->pairs = pairs;
}

/* The credentials beside a proxy's URL, and the way they are given. */
static void read_credentials(struct arena *a, struct settings *s, struct proxy *p,
                             const struct json *v)
{
    const char *by = text_of(a, v, "by");
    struct account x = read_account(a, v);
    s->asks = by && strcmp(by, "callback") == 0;
    s->is_header = by && strcmp(by, "header") == 0;
    if (x.user && by && strcmp(by, "url") == 0) {
        const char *url = put_into_url(a, uri_absolute(a, p->uri), &x);
        const char *wrong = read_url(a, p, url);
        s->wrong = s->wrong ? s->wrong : wrong;
        return;
    }
    if (x.user && mutant(MUTANT_DECODES_OPTION_PASSWORD)) {
        const char *decoded = uri_decode(a, x.password, strlen(x.password));
        x.password = decoded ? decoded : x.password;
    }
    if (x.user) {
        const char *wrong = check_account(&x);
        s->wrong = s->wrong ? s->wrong : wrong;
        p->account = x;
        if (s->asks) {
            s->pairs = &p->account;
            s->pair_count = 1;
        }
    }
    read_pairs(a, s, v);
    if (s->asks && !p->account.user && s->pair_count)
        p->account = s->pairs[0];
}

static void read_proxy(struct arena *a, struct settings *s, struct proxy *p, const struct json *v)
{
    const char *url = v->type == JSON_OBJECT ? text_of(a, v, "url") : NULL;
    *p = (struct proxy){ 0 };
    const char *wrong = url ? read_url(a, p, url) : "configuration: a proxy without a URL";
    s->wrong = s->wrong ? s->wrong : wrong;
    if (wrong)
        return;
    read_credentials(a, s, p, v);
    p->id = identify(a, p);
}

static void read_proxies(struct arena *a, struct settings *s, const struct json *op)
{
    const struct json *one = json_get(op, "proxy"), *pool = json_get(op, "pool");
    const struct json *first = pool && pool->type == JSON_LIST ? pool->first : one;
    if (!one && !pool)
        return;
    s->wrong = NULL;
    s->proxy_count = 0;
    s->proxies = arena_take(a, (pool ? pool->count + 1 : 1) * sizeof(*s->proxies));
    for (const struct json *m = first; m; m = pool ? m->next : NULL)
        if (m->type != JSON_NULL)
            read_proxy(a, s, &s->proxies[s->proxy_count++], m);
}

/* `change` of the credentials alone. */
static void change_credentials(struct arena *a, struct settings *s, const struct json *op)
{
    struct proxy *list = arena_take(a, (s->proxy_count + 1) * sizeof(*list));
    if (json_get(op, "proxy") || json_get(op, "pool") || !json_get(op, "by"))
        return;
    for (size_t i = 0; i < s->proxy_count; i++) {
        list[i] = s->proxies[i];
        list[i].account = (struct account){ 0 };
        read_credentials(a, s, &list[i], op);
        list[i].id = identify(a, &list[i]);
        if (mutant(MUTANT_KEEPS_TUNNEL_OF_OTHER_USER))
            list[i].id = s->proxies[i].id;
    }
    s->proxies = list;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void read_retry(struct settings *s, const struct json *v)
{
    if (!v)
        return;
    s->attempts = json_is(v, "default") ? DEFAULT_ATTEMPTS : 1;
    s->base = 500 * CLOCK_MS;
    s->cap = 0;
    s->all_methods = false;
    if (v->type != JSON_OBJECT)
        return;
    const struct json *attempts = json_get(v, "attempts");
    s->attempts = attempts && attempts->number >= 1 ? (unsigned)attempts->number : 1;
    s->base = ms_of(v, "base_ms", s->base);
    s->cap = ms_of(v, "cap_ms", 0);
    const struct json *methods = json_get(v, "methods");
    s->all_methods = methods && json_is(methods, "all");
}

static void read_schemes(struct settings *s, const struct json *v)
{
    static const struct {
        const char *name;
        unsigned scheme;
    } known[] = { { "basic", SCHEME_BASIC },
                  { "bearer", SCHEME_BEARER },
                  { "ntlm", SCHEME_NTLM },
                  { "digest", SCHEME_DIGEST } };
    if (!v || v->type != JSON_LIST)
        return;
    s->schemes = 0;
    for (const struct json *m = v->first; m; m = m->next)
        for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
            s->schemes |= json_is(m, known[i].name) ? known[i].scheme : 0;
}

static void read_exclusions(struct arena *a, struct settings *s, const struct json *v)
{
    if (!v || v->type != JSON_LIST)
        return;
    const char **list = arena_take(a, (v->count + 1) * sizeof(*list));
    size_t n = 0;
    for (const struct json *m = v->first; m; m = m->next)
        if (m->type == JSON_TEXT)
            list[n++] = arena_copy(a, m->text, m->len);
    s->exclusions = list;
    s->has_exclusions = true;
}

/* Values are lists of addresses, or texts with commas. */
static const char *addresses_of(struct arena *a, const struct json *v)
{
    struct buf b = { 0 };
    if (v->type == JSON_TEXT)
        return arena_copy(a, v->text, v->len);
    for (const struct json *m = v->first; m; m = m->next)
        buf_printf(&b, "%s%s", b.len ? "," : "", m->text);
    const char *text = arena_copy(a, b.at ? b.at : "", b.len);
    buf_free(&b);
    return text;
}

static void read_hosts(struct arena *a, struct settings *s, const struct json *v)
{
    if (!v || v->type != JSON_OBJECT)
        return;
    s->hosts = arena_take(a, (v->count + 1) * sizeof(*s->hosts));
    s->host_count = 0;
    for (const struct json *m = v->first; m; m = m->next)
        s->hosts[s->host_count++] =
            (struct host_map){ arena_copy(a, m->key, m->key_len), addresses_of(a, m) };
}

static enum rotate read_rotate(const struct json *v, enum rotate otherwise)
{
    if (!v)
        return otherwise;
    return json_is(v, "on-block") ? ROTATE_ON_BLOCK
           : json_is(v, "each")   ? ROTATE_EACH
           : json_is(v, "sticky") ? ROTATE_STICKY
                                  : ROTATE_DEFAULT;
}

static bool is_known(const char *key)
{
    static const char *const known[] = { "do",
                                         "session",
                                         "proxy",
                                         "pool",
                                         "ca_file",
                                         "retry",
                                         "redirects",
                                         "deadlines",
                                         "cookies",
                                         "cache",
                                         "verify",
                                         "rotate",
                                         "origin_credentials",
                                         "schemes",
                                         "hosts",
                                         "username",
                                         "password",
                                         "credentials",
                                         "pairs",
                                         "by",
                                         "environment",
                                         "without_proxy",
                                         NULL };
    for (size_t i = 0; known[i]; i++)
        if (strcmp(known[i], key) == 0)
            return true;
    return false;
}

static void read_all(struct arena *a, struct settings *s, const struct json *op)
{
    const struct json *origin = json_get(op, "origin_credentials");
    const char *ca_file = text_of(a, op, "ca_file");
    read_schemes(s, json_get(op, "schemes"));
    read_proxies(a, s, op);
    change_credentials(a, s, op);
    if (origin)
        s->origin = read_account(a, origin);
    read_retry(s, json_get(op, "retry"));
    s->rotate = read_rotate(json_get(op, "rotate"), s->rotate);
    s->redirects = flag_of(op, "redirects", s->redirects);
    s->cookies = flag_of(op, "cookies", s->cookies);
    s->cache = flag_of(op, "cache", s->cache);
    s->verify = flag_of(op, "verify", s->verify);
    s->ca_file = ca_file ? ca_file : s->ca_file;
    settings_deadlines(json_get(op, "deadlines"), &s->connect, &s->read, &s->total);
    read_hosts(a, s, json_get(op, "hosts"));
    read_exclusions(a, s, json_get(op, "without_proxy"));
}

struct settings *settings_read(struct arena *a, const struct json *op,
                               const struct settings *before, const char **unsupported)
{
    struct settings *s = arena_take(a, sizeof(*s));
    *unsupported = NULL;
    for (const struct json *m = op->first; m && !*unsupported; m = m->next) {
        bool is_off = m->type == JSON_NULL || (m->type == JSON_BOOL && !m->flag);
        if (!is_known(m->key) && !is_off)
            *unsupported = arena_copy(a, m->key, m->key_len);
    }
    if (before)
        *s = *before;
    else
        *s = (struct settings){ .verify = true, .attempts = 1, .schemes = SCHEME_ALL };
    read_all(a, s, op);
    return s;
}
