/*
 * The client's keys, its sessions and its steps.
 */
#include "load.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- keys ------------------------------------------------------------------------------------ */

static struct proxy_choice load_choice(struct load *load, const struct json *v)
{
    struct proxy_choice choice = { .actor = PROXY_NONE };
    if (v->type == JSON_OBJECT) {
        choice.actor = PROXY_URL;
        choice.url = load_text(load, json_get(v, "url"), (struct text_place){ 0 });
    } else if (v->type == JSON_TEXT) {
        choice.actor = load_actor_index(load, v, true);
    }
    return choice;
}

static void load_proxy(struct load *load, const struct json *v, struct client_keys *k)
{
    struct proxy_choice choice = load_choice(load, v);
    k->proxy = choice.actor;
    k->proxy_url = choice.url;
}

static struct user load_pair(struct load *load, const struct json *pair)
{
    const struct json *name = pair->first;
    assert(name && name->next); /* its shape is a pair */
    return (struct user){ .name = load_string(load, name),
                          .password = load_string(load, name->next) };
}

static void load_credentials(struct load *load, const struct json *v, struct client_keys *k)
{
    bool is_list = v->first && v->first->type == JSON_LIST;
    struct user *users;
    if (v->type == JSON_NULL)
        return;
    users = arena_take(load->l->arena, v->count * sizeof(*users));
    if (!is_list)
        users[k->credential_count++] = load_pair(load, v);
    for (const struct json *m = is_list ? v->first : NULL; m; m = m->next)
        users[k->credential_count++] = load_pair(load, m);
    k->credentials = users;
}

static void load_retry(struct load *load, const struct json *v, struct client_keys *k)
{
    const struct json *base, *cap;
    if (v->type == JSON_TEXT) {
        k->retry = json_is(v, "off") ? RETRY_OFF : RETRY_DEFAULT;
        return;
    }
    base = json_get(v, "base");
    cap = json_get(v, "cap");
    k->retry = RETRY_POLICY;
    k->attempts = (uint64_t)load_integer(v, "attempts");
    k->base = base ? load_duration(base) : 0;
    k->cap = cap ? load_duration(cap) : 0;
    k->methods = load_strings(load, v, "methods");
}

static int64_t optional_duration(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    return v && v->type == JSON_TEXT ? load_duration(v) : 0;
}

static void load_deadlines(const struct json *v, struct client_keys *k)
{
    k->connect = optional_duration(v, "connect");
    k->read = optional_duration(v, "read");
    k->total = optional_duration(v, "total");
}

static void load_pool(struct load *load, const struct json *v, struct client_keys *k)
{
    struct proxy_choice *pool = arena_take(load->l->arena, v->count * sizeof(*pool));
    for (const struct json *m = v->first; m; m = m->next)
        pool[k->pool_count++] = load_choice(load, m);
    k->pool = pool;
}

static struct text joined(struct load *load, const struct json *v)
{
    const char *list = load_joined(load, v->up, v->key);
    return (struct text){ .octets = list, .len = strlen(list) };
}

/* Names of an object as field lines; values are texts, or lists that are joined by commas. */
static const struct field_line *load_named(struct load *load, const struct json *v, size_t *count)
{
    struct field_line *lines = arena_take(load->l->arena, v->count * sizeof(*lines));
    *count = 0;
    for (const struct json *m = v->first; m; m = m->next) {
        struct field_line *line = &lines[(*count)++];
        struct json name = *m;
        name.type = JSON_TEXT;
        name.text = m->key;
        name.len = m->key_len;
        line->name = load_text(load, &name, (struct text_place){ 0 });
        line->text =
            m->type == JSON_LIST ? joined(load, m) : load_text(load, m, (struct text_place){ 0 });
    }
    return lines;
}

static void load_exclusions(struct load *load, const struct json *v, struct client_keys *k)
{
    bool is_list = v->type == JSON_LIST;
    struct text *texts = arena_take(load->l->arena, (is_list ? v->count : 1) * sizeof(*texts));
    for (const struct json *m = is_list ? v->first : v; m; m = is_list ? m->next : NULL)
        texts[k->without_proxy_count++] = load_text(load, m, (struct text_place){ 0 });
    k->without_proxy = texts;
}

static void load_key(struct load *load, enum client_key key, const struct json *v,
                     struct client_keys *k)
{
    bool is_null = v->type == JSON_NULL;
    switch (key) {
    case CLIENT_PROXY:
        load_proxy(load, v, k);
        break;
    case CLIENT_CREDENTIALS:
        k->credentials = NULL;
        k->credential_count = 0;
        load_credentials(load, v, k);
        break;
    case CLIENT_ORIGIN_CREDENTIALS:
        k->origin_credentials = v->type == JSON_NULL ? (struct user){ 0 } : load_pair(load, v);
        break;
    case CLIENT_CREDENTIALS_BY:
        k->credentials_by = load_string(load, v);
        break;
    case CLIENT_SCHEMES:
        k->schemes = is_null ? NULL : load_strings(load, v->up, "schemes");
        break;
    case CLIENT_RETRY:
        load_retry(load, v, k);
        break;
    case CLIENT_REDIRECTS:
        k->redirects = v->flag;
        break;
    case CLIENT_COOKIES:
        k->cookies = v->flag;
        break;
    case CLIENT_CACHE:
        k->cache = v->flag;
        break;
    case CLIENT_VERIFY:
        k->verify = v->flag;
        break;
    case CLIENT_DEADLINES:
        load_deadlines(v, k);
        break;
    case CLIENT_POOL:
        k->pool_count = 0;
        if (!is_null)
            load_pool(load, v, k);
        break;
    case CLIENT_ROTATE:
        k->rotate = is_null ? NULL : load_string(load, v);
        break;
    case CLIENT_ENVIRONMENT:
        k->environment = load_named(load, v, &k->environment_count);
        break;
    case CLIENT_HOSTS:
        k->hosts = load_named(load, v, &k->host_count);
        break;
    case CLIENT_WITHOUT_PROXY:
        k->without_proxy_count = 0;
        if (!is_null)
            load_exclusions(load, v, k);
        break;
    case CLIENT_KEYS:
        break;
    }
}

static void check_callback(struct load *load, const struct json *v, const struct client_keys *k)
{
    const struct json *credentials = json_get(v, "credentials");
    if (k->credential_count > 1 && k->credentials_by && strcmp(k->credentials_by, "callback") != 0)
        complain(load->l, credentials, NULL,
                 "several pairs of credentials, expected \"credentials_by\": \"callback\" with "
                 "them");
}

/* Fills in what is given, and the defaults that language_check has put in. */
static void load_keys(struct load *load, const struct json *v, struct client_keys *k)
{
    static const char *const names[] = { "proxy",          "credentials", "origin_credentials",
                                         "credentials_by", "schemes",     "retry",
                                         "redirects",      "cookies",     "cache",
                                         "verify",         "deadlines",   "pool",
                                         "rotate",         "environment", "hosts",
                                         "without_proxy" };
    k->given = 0;
    for (int key = 0; key < CLIENT_KEYS; key++) {
        const struct json *m = json_get(v, names[key]);
        if (!m)
            continue;
        load_key(load, (enum client_key)key, m, k);
        if (!m->implied)
            k->given |= 1ULL << key;
    }
    check_callback(load, v, k);
}

static void load_sessions(struct load *load, const struct json *v, struct client *c)
{
    struct session *sessions = arena_take(load->l->arena, v->count * sizeof(*sessions));
    for (const struct json *m = v->first; m; m = m->next) {
        struct session *s = &sessions[c->session_count++];
        s->name = m->key;
        s->keys = c->keys;
        load_keys(load, m, &s->keys);
        if (strcmp(m->key, "default") == 0)
            complain_of_name(load->l, m, NULL,
                             "\"default\" is the client's own session, expected another name");
    }
    c->sessions = sessions;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static const struct text_place in_step = { .is_step = true };

static int session_index(struct load *load, const struct json *v)
{
    struct nearest n;
    nearest_begin(&n, v->text, v->len);
    for (size_t i = 0; i < load->s->client.session_count; i++) {
        nearest_try(&n, load->s->client.sessions[i].name);
        if (json_is(v, load->s->client.sessions[i].name))
            return (int)i;
    }
    complain(load->l, v, hint_of(load->l, &n), "found %s, expected the name of a session",
             show_value(load->l, v));
    return -1;
}

static void load_request(struct load *load, const struct json *v, struct step *s)
{
    const struct json *url = json_get(v, "url"), *body = json_get(v, "body"),
                      *raw = json_get(v, "raw");
    s->method = load_string(load, json_get(v, "method"));
    if (url)
        s->url = load_text(load, url, in_step);
    s->headers = load_field_lines(load, json_get(v, "headers"), &s->header_count, in_step);
    s->has_body = body != NULL;
    if (body)
        s->body = load_body(load, body, in_step);
    s->expect_continue = load_flag(v, "expect_continue");
    s->stream_read = json_is(json_get(v, "read"), "stream");
    if (raw)
        s->raw_connect = load_text(load, json_get(raw, "connect"), in_step);
    if (s->expect_continue && !body)
        complain_of_name(load->l, json_get(v, "expect_continue"), NULL,
                         "\"expect_continue\" without a body, expected \"body\" with it");
}

static void load_timing(struct load *load, const struct json *v, struct step *s)
{
    const struct json *deadlines = json_get(v, "deadlines"), *parallel = json_get(v, "parallel"),
                      *after = json_get(v, "after"), *cancel = json_get(v, "cancel");
    if (deadlines) {
        s->connect = optional_duration(deadlines, "connect");
        s->read = optional_duration(deadlines, "read");
        s->total = optional_duration(deadlines, "total");
    }
    s->copies = (uint64_t)load_integer(v, "copies");
    s->parallel = parallel ? parallel->flag : s->copies > 1;
    if (parallel && !parallel->flag && s->copies > 1)
        complain(load->l, parallel, NULL, "false with \"copies\" above 1, which are parallel");
    if (after)
        s->after = load_condition(load, after, (struct text_place){ 0 });
    if (cancel)
        s->cancel = load_condition(load, cancel, (struct text_place){ 0 });
}

static void load_step(struct load *load, const struct json *v, struct step *s)
{
    const struct json *session = json_get(v, "session"), *change = json_get(v, "change");
    load_request(load, v, s);
    load_timing(load, v, s);
    s->session = session ? session_index(load, session) : -1;
    if (change) {
        struct client_keys *keys = arena_take(load->l->arena, sizeof(*keys));
        load_keys(load, change, keys);
        s->change = keys;
    }
}

void load_client(struct load *load, const struct json *v)
{
    struct client *c = &load->s->client;
    const struct json *steps = json_get(v, "steps"), *watch = json_get(v, "watch");
    load_keys(load, v, &c->keys);
    load_sessions(load, json_get(v, "sessions"), c);
    c->watch = watch ? load_duration(watch) : (c->keys.retry == RETRY_OFF ? 300000000 : 750000000);
    struct step *list = arena_take(load->l->arena, steps->count * sizeof(*list));
    c->steps = list;
    for (const struct json *m = steps->first; m; m = m->next) {
        struct step *s = &list[c->step_count];
        s->name = load->steps[c->step_count];
        load_step(load, m, s);
        c->step_count++;
    }
}
