/*
 * The house checks about passwords: `hop`, `own-credentials` and `quiet`.
 *
 * Whose password is whose: those of `credentials` (and of the gates of proxies) belong to the
 * proxies of the sessions that have them, those of `origin_credentials` (and of the gates of
 * origins) to the origins that steps name. One that is both a proxy's and an origin's may be
 * anywhere. A password so short that it may stand in other text by chance is looked for together
 * with its user's name, as Basic and URLs have it.
 */
#include "grading_house.h"

#include <stdio.h>
#include <string.h>

#include "http.h"
#include "search.h"

/* ---- hop ------------------------------------------------------------------------------------- */

static bool has_proxy_credentials(const struct grading *g)
{
    const struct client *c = &g->s->client;
    bool has = c->keys.credential_count > 0;
    for (size_t i = 0; i < c->session_count && !has; i++)
        has = c->sessions[i].keys.credential_count > 0;
    for (size_t i = 0; i < g->c->count && !has; i++)
        has = g->c->events[i]->kind == EVENT_request && house_at_proxy(g, g->c->events[i]) &&
              house_lines(g->c->events[i], "Proxy-Authorization") > 0;
    return has;
}

struct finding house_hop(struct grading *g)
{
    size_t seen = 0;
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        if (e->kind != EVENT_request || !house_at_origin(g, e))
            continue;
        seen++;
        if (house_lines(e, "Proxy-Authorization") == 0)
            continue;
        struct finding f = grading_found(
            g, FINDING_BROKEN, "%s carries Proxy-Authorization, %s", grading_event_text(g, e),
            grading_is(e, FIELD_via, "tunnel") ? "inside the tunnel" : "directly");
        grading_evidence(&f, e);
        return f;
    }
    if (!has_proxy_credentials(g))
        return grading_found(g, FINDING_UNTESTED, "the client has no credentials for a proxy");
    return house_clean(g, seen, "requests in tunnels, or direct");
}

/* ---- own-credentials ------------------------------------------------------------------------- */

struct secret {
    const struct user *user;
    bool is_origins;
};

/* "user:password", as Basic and URLs have it; the password alone where it is no chance find. */
static bool is_shown(const struct user *u, const char *octets, size_t len)
{
    struct buf pair = { 0 };
    enum { TELLING = 6 };
    size_t password_len = strlen(u->password);
    buf_printf(&pair, "%s:%s", u->name, u->password);
    bool found = search_finds(pair.at, pair.len, octets, len) ||
                 (password_len >= TELLING && search_finds(u->password, password_len, octets, len));
    buf_free(&pair);
    return found;
}

static bool shows(const struct fp_event *e, enum field_id field, const struct user *u)
{
    const struct event_value *v = event_get(e, field);
    return v && v->text && is_shown(u, v->text, v->len);
}

/* In a field that is for the proxy itself. */
static bool answers_proxy(const struct fp_event *e, const struct user *u)
{
    const struct event_value *v = event_get(e, FIELD_header);
    struct http_head head = { .fields = { v ? v->text : "", v ? v->len : 0 } };
    struct http_field field;
    for (size_t cursor = 0; v && http_next_field(&head, &cursor, &field);)
        if (http_slice_is_nocase(field.name, "Proxy-Authorization") &&
            is_shown(u, field.value.at, field.value.len))
            return true;
    return false;
}

static bool uses_proxy(const struct client_keys *k, int actor)
{
    bool uses = k->proxy == actor || k->proxy == PROXY_URL;
    for (size_t i = 0; i < k->pool_count && !uses; i++)
        uses = k->pool[i].actor == actor || k->pool[i].actor == PROXY_URL;
    return uses;
}

static bool has_user(const struct client_keys *k, const struct user *u)
{
    for (size_t i = 0; i < k->credential_count; i++)
        if (strcmp(k->credentials[i].name, u->name) == 0 &&
            strcmp(k->credentials[i].password, u->password) == 0)
            return true;
    return false;
}

static bool gate_has_user(const struct actor *a, const struct user *u)
{
    for (size_t i = 0; i < a->gate_count; i++)
        for (size_t k = 0; k < a->gates[i].user_count; k++)
            if (strcmp(a->gates[i].users[k].name, u->name) == 0 &&
                strcmp(a->gates[i].users[k].password, u->password) == 0)
                return true;
    return false;
}

/* May this user's password come to this proxy: is it one that a session with it uses? */
static bool belongs_to_proxy(const struct grading *g, const struct user *u, int actor)
{
    const struct client *c = &g->s->client;
    bool belongs = gate_has_user(&g->s->actors[actor], u) ||
                   (has_user(&c->keys, u) && uses_proxy(&c->keys, actor));
    for (size_t i = 0; i < c->session_count && !belongs; i++)
        belongs = has_user(&c->sessions[i].keys, u) && uses_proxy(&c->sessions[i].keys, actor);
    /* A change may move credentials and proxy one without the other: any of them will do. */
    for (size_t i = 0; i < c->step_count && !belongs; i++)
        belongs = c->steps[i].change &&
                  (has_user(c->steps[i].change, u) || uses_proxy(c->steps[i].change, actor));
    return belongs;
}

static bool step_names(const struct grading *g, const struct actor *a)
{
    char host[160], addr[160];
    int host_len = snprintf(host, sizeof(host), "{%.128s}", a->name);
    int addr_len = snprintf(addr, sizeof(addr), "{%.128s.addr}", a->name);
    for (size_t i = 0; i < g->s->client.step_count; i++) {
        const struct text *url = &g->s->client.steps[i].url;
        if (url->octets && (memmem(url->octets, url->len, host, (size_t)host_len) ||
                            memmem(url->octets, url->len, addr, (size_t)addr_len)))
            return true;
    }
    return false;
}

/* Where this secret stands in the request although it does not belong there; NULL: nowhere. */
static const char *misplaced(const struct grading *g, const struct fp_event *e,
                             const struct secret *s)
{
    int at = scenario_actor(g->s, e->at);
    const struct actor *a = at >= 0 ? &g->s->actors[at] : NULL;
    if (!a || (!shows(e, FIELD_header, s->user) && !shows(e, FIELD_target, s->user)))
        return NULL;
    if (!s->is_origins && !a->is_proxy)
        return "a proxy's password";
    if (!s->is_origins)
        return belongs_to_proxy(g, s->user, at) ? NULL : "another proxy's password";
    if (a->is_proxy)
        return grading_is(e, FIELD_method, "CONNECT") || answers_proxy(e, s->user)
                   ? "an origin's password"
                   : NULL;
    return step_names(g, a) || gate_has_user(a, s->user) ? NULL : "another origin's password";
}

static struct finding look_for_secret(struct grading *g, const struct secret *s, size_t *seen)
{
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        if (e->kind != EVENT_request)
            continue;
        ++*seen;
        const char *what = misplaced(g, e, s);
        if (!what)
            continue;
        struct finding f = grading_found(g, FINDING_BROKEN, "%s carries %s, of the user %s",
                                         grading_event_text(g, e), what, s->user->name);
        grading_evidence(&f, e);
        return f;
    }
    return (struct finding){ .kind = FINDING_HOLDS };
}

struct secrets {
    struct secret list[64];
    size_t count;
};

/* One that is both a proxy's and an origin's may be anywhere: it is left out. */
static void add_secret(struct secrets *s, const struct user *u, bool is_origins)
{
    if (!u->name || !u->password || !*u->password)
        return;
    for (size_t i = 0; i < s->count; i++) {
        const struct user *known = s->list[i].user;
        if (strcmp(known->name, u->name) != 0 || strcmp(known->password, u->password) != 0)
            continue;
        if (s->list[i].is_origins != is_origins)
            s->list[i] = s->list[--s->count];
        return;
    }
    if (s->count < sizeof(s->list) / sizeof(s->list[0]))
        s->list[s->count++] = (struct secret){ .user = u, .is_origins = is_origins };
}

static void add_keys(struct secrets *s, const struct client_keys *k)
{
    for (size_t i = 0; i < k->credential_count; i++)
        add_secret(s, &k->credentials[i], false);
    add_secret(s, &k->origin_credentials, true);
}

static struct secrets all_secrets(const struct scenario *s)
{
    struct secrets all = { .count = 0 };
    add_keys(&all, &s->client.keys);
    for (size_t i = 0; i < s->client.session_count; i++)
        add_keys(&all, &s->client.sessions[i].keys);
    for (size_t i = 0; i < s->client.step_count; i++)
        if (s->client.steps[i].change)
            add_keys(&all, s->client.steps[i].change);
    for (size_t a = 0; a < s->actor_count; a++)
        for (size_t i = 0; i < s->actors[a].gate_count; i++)
            for (size_t k = 0; k < s->actors[a].gates[i].user_count; k++)
                add_secret(&all, &s->actors[a].gates[i].users[k], !s->actors[a].is_proxy);
    return all;
}

struct finding house_own_credentials(struct grading *g)
{
    struct secrets secrets = all_secrets(g->s);
    size_t seen = 0;
    if (secrets.count == 0)
        return grading_found(g, FINDING_UNTESTED, "the case has no passwords");
    for (size_t i = 0; i < secrets.count; i++) {
        seen = 0;
        struct finding f = look_for_secret(g, &secrets.list[i], &seen);
        if (f.kind == FINDING_BROKEN)
            return f;
    }
    return house_clean(g, seen, "requests");
}

/* ---- quiet ----------------------------------------------------------------------------------- */

struct finding house_quiet(struct grading *g)
{
    struct secrets secrets = all_secrets(g->s);
    size_t seen = 0;
    if (secrets.count == 0)
        return grading_found(g, FINDING_UNTESTED, "the case has no passwords");
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        const struct event_value *v = e->kind == EVENT_outcome ? event_get(e, FIELD_error) : NULL;
        seen += v != NULL;
        for (size_t k = 0; v && k < secrets.count; k++) {
            const struct user *u = secrets.list[k].user;
            if (!search_finds_word(u->password, strlen(u->password), v->text, v->len))
                continue;
            struct finding f =
                grading_found(g, FINDING_BROKEN, "the error in %s shows the password of %s",
                              grading_event_text(g, e), u->name);
            grading_evidence(&f, e);
            return f;
        }
    }
    return house_clean(g, seen, "errors");
}
