/*
 * Twins: a copy of the scenario's top, in an arena of its own, with what is deep in it shared.
 *
 * The key names everything that a client or the instance could tell one twin from another by;
 * identity, documentation, checks and rules are not in it. It is written member by member, so what
 * is added to the scenario's structs has to be added here.
 */
#include "twin.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "buf.h"

/* ---- the transformation ---------------------------------------------------------------------- */

static void mend(struct actor *a)
{
    a->rules = NULL;
    a->rule_count = 0;
    a->listen = LISTEN_OPEN;
    a->open_after = 0;
    a->tls.certificate = CERT_GOOD;
    a->tls.names = NULL;
    a->tls.name_count = 0;
    if (a->is_proxy) {
        a->gates = NULL;
        a->gate_count = 0;
    }
}

/* A URL that is to be taken literally may be one that nobody can take. */
static void mend_proxy(const struct scenario *s, int *proxy, struct text *url)
{
    int i = 0;
    if (*proxy != PROXY_URL)
        return;
    while (!s->actors[i].is_proxy) /* there always is one */
        i++;
    *proxy = i;
    *url = (struct text){ 0 };
}

static void mend_keys(const struct scenario *s, struct arena *arena, struct client_keys *k)
{
    struct proxy_choice *pool = arena_take(arena, (k->pool_count + 1) * sizeof(*pool));
    mend_proxy(s, &k->proxy, &k->proxy_url);
    for (size_t i = 0; i < k->pool_count; i++) {
        pool[i] = k->pool[i];
        mend_proxy(s, &pool[i].actor, &pool[i].url);
    }
    k->pool = pool;
}

/* Certain to come: that a step begins, or is over, however it ends. */
static bool is_certain(const struct match *m)
{
    static const uint32_t of_steps = 1U << EVENT_step | 1U << EVENT_outcome;
    bool certain = m->events && !(m->events & ~of_steps) && !m->at && !m->any_count && !m->none &&
                   !m->after && !m->before && m->nth <= 1;
    for (size_t i = 0; certain && i < m->count; i++)
        certain = m->entries[i].field == FIELD_step && m->entries[i].pattern.kind == PATTERN_TEXT;
    return certain;
}

static struct condition without_fault(struct condition c)
{
    if (c.kind != CONDITION_EVENT || is_certain(c.match))
        return c;
    return (struct condition){ .kind = c.plus ? CONDITION_TIME : CONDITION_NONE,
                               .time = c.plus,
                               .limit = -1 };
}

/* A request field that was to be the proxy's: what a client makes of it is what its case is about.
 */
static bool is_for_proxy(const struct field_line *f)
{
    static const char name[] = "Proxy-Authorization";
    return f->name.len == strlen(name) && strncasecmp(f->name.octets, name, f->name.len) == 0;
}

static void mend_fields(struct arena *arena, struct step *step)
{
    struct field_line *left = arena_take(arena, (step->header_count + 1) * sizeof(*left));
    size_t n = 0;
    for (size_t i = 0; i < step->header_count; i++)
        if (!is_for_proxy(&step->headers[i]))
            left[n++] = step->headers[i];
    step->headers = left;
    step->header_count = n;
}

static const struct step *calm(const struct scenario *s, struct arena *arena)
{
    const struct step *steps = s->client.steps;
    struct step *own = arena_take(arena, (s->client.step_count + 1) * sizeof(*own));
    for (size_t i = 0; i < s->client.step_count; i++) {
        own[i] = steps[i];
        if (steps[i].change) {
            struct client_keys *change = arena_take(arena, sizeof(*change));
            *change = *steps[i].change;
            mend_keys(s, arena, change);
            own[i].change = change;
        }
        mend_fields(arena, &own[i]);
        own[i].after = without_fault(steps[i].after);
        own[i].cancel = (struct condition){ .kind = CONDITION_NONE, .limit = -1 };
    }
    return own;
}

static const struct session *mend_sessions(const struct scenario *s, struct arena *arena)
{
    struct session *own = arena_take(arena, (s->client.session_count + 1) * sizeof(*own));
    for (size_t i = 0; i < s->client.session_count; i++) {
        own[i] = s->client.sessions[i];
        mend_keys(s, arena, &own[i].keys);
    }
    return own;
}

struct scenario *scenario_twin(const struct scenario *s)
{
    struct arena *arena = arena_new();
    struct scenario *twin = arena_take(arena, sizeof(*twin));
    struct actor *actors = arena_take(arena, s->actor_count * sizeof(*actors));
    *twin = *s;
    twin->arena = arena;
    memcpy(actors, s->actors, s->actor_count * sizeof(*actors));
    for (size_t i = 0; i < s->actor_count; i++)
        mend(&actors[i]);
    twin->actors = actors;
    mend_keys(s, arena, &twin->client.keys);
    twin->client.sessions = mend_sessions(s, arena);
    twin->client.steps = calm(s, arena);
    twin->checks = NULL;
    twin->check_count = 0;
    twin->asks_intact = twin->asks_leaks = false;
    return twin;
}

void scenario_twin_free(struct scenario *twin)
{
    if (twin)
        arena_free(twin->arena); /* it lies in there itself */
}

/* ---- is anything taken away? ------------------------------------------------------------------
 */

/* What happens without a rule, too. */
static bool is_as_ever(const struct action *a)
{
    const struct forward *f = &a->forward;
    const struct tunnel *t = &a->tunnel;
    if (a->kind == ACTION_FORWARD)
        return f->to < 0 && f->header_count == 0 && f->cut.kind == CUT_NONE && f->pace.octets == 0;
    if (a->kind == ACTION_TUNNEL)
        return t->to < 0 && t->respond.status == 200 && t->respond.header_count == 0 &&
               strcmp(t->respond.version, "1.1") == 0 && t->cut.kind == CUT_NONE &&
               t->pace.octets == 0 && t->until.kind == CONDITION_NONE;
    return false;
}

static bool is_mended(const struct actor *a)
{
    for (size_t i = 0; i < a->rule_count; i++)
        for (size_t k = 0; k < a->rules[i].action_count; k++)
            if (!is_as_ever(&a->rules[i].actions[k]))
                return true;
    return a->listen != LISTEN_OPEN || a->tls.certificate != CERT_GOOD || a->tls.name_count > 0 ||
           (a->is_proxy && a->gate_count > 0);
}

static bool has_literal_proxy(const struct client_keys *k)
{
    bool has = k->proxy == PROXY_URL;
    for (size_t i = 0; i < k->pool_count; i++)
        has |= k->pool[i].actor == PROXY_URL;
    return has;
}

static bool is_calmed(const struct step *s)
{
    for (size_t i = 0; i < s->header_count; i++)
        if (is_for_proxy(&s->headers[i]))
            return true;
    return s->cancel.kind != CONDITION_NONE || (s->change && has_literal_proxy(s->change)) ||
           (s->after.kind == CONDITION_EVENT && !is_certain(s->after.match));
}

bool twin_differs(const struct scenario *s)
{
    bool differs = has_literal_proxy(&s->client.keys);
    for (size_t i = 0; i < s->actor_count; i++)
        differs |= is_mended(&s->actors[i]);
    for (size_t i = 0; i < s->client.session_count; i++)
        differs |= has_literal_proxy(&s->client.sessions[i].keys);
    for (size_t i = 0; i < s->client.step_count; i++)
        differs |= is_calmed(&s->client.steps[i]);
    return differs;
}

/* ---- the key --------------------------------------------------------------------------------- */

static void put_name(struct buf *b, const char *name)
{
    buf_printf(b, "\n%s=", name);
}

static void put_number(struct buf *b, const char *name, int64_t n)
{
    put_name(b, name);
    buf_number(b, n);
}

/* With its length, so that no text can look like two. */
static void put_octets(struct buf *b, const char *name, const char *octets, size_t len)
{
    put_name(b, name);
    if (!octets) {
        buf_char(b, '-');
        return;
    }
    buf_printf(b, "%zu:", len);
    buf_add(b, octets, len);
}

static void put_string(struct buf *b, const char *name, const char *z)
{
    put_octets(b, name, z, z ? strlen(z) : 0);
}

static void put_text(struct buf *b, const char *name, const struct text *t)
{
    put_octets(b, name, t->octets, t->len);
    buf_string(b, t->has_placeholder ? " {}" : "");
}

static void put_strings(struct buf *b, const char *name, const char *const *list)
{
    put_name(b, name);
    buf_string(b, list ? "[" : "-");
    for (; list && *list; list++)
        put_string(b, "", *list);
}

static void put_lines(struct buf *b, const char *name, const struct field_line *lines, size_t count)
{
    put_number(b, name, (int64_t)count);
    for (size_t i = 0; i < count; i++) {
        put_text(b, "line", &lines[i].name);
        put_number(b, "kind", lines[i].kind);
        put_text(b, "text", &lines[i].text);
        put_number(b, "offset", lines[i].instant.offset);
        put_number(b, "form", lines[i].instant.form);
        put_string(b, "format", lines[i].instant.format);
    }
}

static void put_texts(struct buf *b, const char *name, const struct text *texts, size_t count)
{
    put_number(b, name, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        put_text(b, "text", &texts[i]);
}

static void put_body(struct buf *b, const struct body *body)
{
    put_number(b, "source", body->source);
    put_text(b, "text", &body->text);
    put_number(b, "size", (int64_t)body->size);
    put_number(b, "seed", body->seed);
    put_number(b, "offset", (int64_t)body->offset);
    put_texts(b, "chunks", body->chunks, body->chunk_count);
    put_lines(b, "trailers", body->trailers, body->trailer_count);
}

static void put_users(struct buf *b, const char *name, const struct user *users, size_t count)
{
    put_number(b, name, (int64_t)count);
    for (size_t i = 0; i < count; i++) {
        put_string(b, "user", users[i].name);
        put_string(b, "password", users[i].password);
    }
}

static void put_gate(struct buf *b, const struct gate *g)
{
    put_number(b, "scheme", g->scheme);
    put_string(b, "realm", g->realm);
    put_users(b, "users", g->users, g->user_count);
    put_strings(b, "tokens", g->tokens);
    put_strings(b, "nonces", g->nonces);
    put_number(b, "uses", (int64_t)g->uses);
    put_string(b, "algorithm", g->algorithm);
    put_string(b, "qop", g->qop);
    put_string(b, "opaque", g->opaque);
    put_number(b, "strict_uri", g->strict_uri);
    put_number(b, "unique_nc", g->unique_nc);
}

static void put_tls(struct buf *b, const struct tls_choice *t)
{
    put_number(b, "tls", t->on);
    put_number(b, "certificate", t->certificate);
    put_texts(b, "names", t->names, t->name_count);
    put_number(b, "min_version", t->min_version);
    put_number(b, "max_version", t->max_version);
    put_strings(b, "alpn", t->alpn);
    put_number(b, "ask_client", t->ask_client);
    put_number(b, "tickets", t->tickets);
    put_number(b, "early_data", t->early_data);
}

static void put_actor(struct buf *b, const struct actor *a)
{
    put_string(b, "actor", a->name);
    put_number(b, "is_proxy", a->is_proxy);
    put_tls(b, &a->tls);
    put_number(b, "gates", (int64_t)a->gate_count);
    for (size_t i = 0; i < a->gate_count; i++)
        put_gate(b, &a->gates[i]);
    put_strings(b, "exits", a->exits);
    put_number(b, "exits_by", a->exits_by);
    put_number(b, "promises", a->promises);
}

static void put_pool(struct buf *b, const struct client_keys *k)
{
    put_number(b, "pool", (int64_t)k->pool_count);
    for (size_t i = 0; i < k->pool_count; i++) {
        put_number(b, "proxy", k->pool[i].actor);
        put_text(b, "url", &k->pool[i].url);
    }
    put_string(b, "rotate", k->rotate);
}

static void put_retry(struct buf *b, const struct client_keys *k)
{
    put_number(b, "retry", k->retry);
    put_number(b, "attempts", (int64_t)k->attempts);
    put_number(b, "base", k->base);
    put_number(b, "cap", k->cap);
    put_strings(b, "methods", k->methods);
}

static void put_keys(struct buf *b, const struct client_keys *k)
{
    put_number(b, "given", (int64_t)k->given);
    put_number(b, "proxy", k->proxy);
    put_text(b, "proxy_url", &k->proxy_url);
    put_users(b, "credentials", k->credentials, k->credential_count);
    put_users(b, "origin_credentials", &k->origin_credentials, 1);
    put_string(b, "credentials_by", k->credentials_by);
    put_strings(b, "schemes", k->schemes);
    put_retry(b, k);
    put_number(b, "redirects", k->redirects);
    put_number(b, "cookies", k->cookies);
    put_number(b, "cache", k->cache);
    put_number(b, "verify", k->verify);
    put_number(b, "connect", k->connect);
    put_number(b, "read", k->read);
    put_number(b, "total", k->total);
    put_pool(b, k);
    put_lines(b, "environment", k->environment, k->environment_count);
    put_lines(b, "hosts", k->hosts, k->host_count);
    put_texts(b, "without_proxy", k->without_proxy, k->without_proxy_count);
}

/* What is left of conditions in a twin: times, and starts and ends of steps. */
static void put_condition(struct buf *b, const struct condition *c)
{
    put_number(b, "after", c->kind);
    put_number(b, "time", c->time);
    put_number(b, "plus", c->plus);
    put_number(b, "limit", c->limit);
    put_number(b, "events", c->match ? c->match->events : 0);
    for (size_t i = 0; c->match && i < c->match->count; i++)
        put_text(b, "step", &c->match->entries[i].pattern.text);
}

static void put_step(struct buf *b, const struct step *s)
{
    put_string(b, "step", s->name);
    put_string(b, "method", s->method);
    put_text(b, "url", &s->url);
    put_text(b, "raw", &s->raw_connect);
    put_lines(b, "headers", s->headers, s->header_count);
    put_number(b, "has_body", s->has_body);
    put_body(b, &s->body);
    put_number(b, "expect_continue", s->expect_continue);
    put_number(b, "stream_read", s->stream_read);
    put_number(b, "connect", s->connect);
    put_number(b, "read", s->read);
    put_number(b, "total", s->total);
    put_number(b, "session", s->session);
    put_number(b, "change", s->change != NULL);
    if (s->change)
        put_keys(b, s->change);
    put_number(b, "copies", (int64_t)s->copies);
    put_number(b, "parallel", s->parallel);
    put_condition(b, &s->after);
}

char *twin_key(const struct scenario *twin)
{
    const struct client *c = &twin->client;
    struct buf b = { 0 };
    for (size_t i = 0; i < twin->actor_count; i++)
        put_actor(&b, &twin->actors[i]);
    put_keys(&b, &c->keys);
    put_number(&b, "watch", c->watch);
    for (size_t i = 0; i < c->session_count; i++) {
        put_string(&b, "session", c->sessions[i].name);
        put_keys(&b, &c->sessions[i].keys);
    }
    for (size_t i = 0; i < c->step_count; i++)
        put_step(&b, &c->steps[i]);
    for (size_t i = 0; i < b.len; i++) /* a scenario's octets may hold NUL */
        b.at[i] = b.at[i] ? b.at[i] : '\1';
    buf_char(&b, '\0');
    return b.at;
}

/* In a raw tunnel only the rules speak: without them nothing comes, and that is no failure. */
static bool asks_raw(const struct scenario *s)
{
    bool raw = false;
    for (size_t i = 0; i < s->client.step_count; i++)
        raw |= s->client.steps[i].raw_connect.octets != NULL;
    return raw;
}

/* ---- what comes of it ------------------------------------------------------------------------ */

bool twin_is_needed(const struct scenario *s, const struct graded *g)
{
    if (!twin_differs(s) || asks_raw(s))
        return false;
    for (size_t i = 0; i < s->actor_count; i++)
        if (s->actors[i].listen == LISTEN_REFUSED || s->actors[i].listen == LISTEN_BLACKHOLE)
            return true;
    for (size_t i = 0; i < g->count; i++) {
        enum verdict_kind kind = g->verdicts[i].kind;
        if (!g->verdicts[i].house &&
            (kind == VERDICT_FAIL || kind == VERDICT_WEAK || kind == VERDICT_NOT_EXERCISED))
            return true;
    }
    return false;
}

static bool has_text(const struct fp_event *e, enum field_id field, const char *text)
{
    const struct event_value *v = event_get(e, field);
    return v && v->text && v->len == strlen(text) && memcmp(v->text, text, v->len) == 0;
}

bool twin_passed(const struct grade_case *twin, const char **why)
{
    const struct client *c = &twin->scenario->client;
    for (size_t i = 0; i < c->step_count; i++) {
        uint64_t answers = 0, errors = 0;
        for (size_t k = 0; k < twin->count; k++) {
            const struct fp_event *e = twin->events[k];
            if (e->kind != EVENT_outcome || !has_text(e, FIELD_step, c->steps[i].name))
                continue;
            answers += has_text(e, FIELD_ends, "answer");
            errors += !has_text(e, FIELD_ends, "answer");
        }
        if (answers >= c->steps[i].copies)
            continue;
        if (why)
            *why = errors ? "without the fault a step ends with an error, too"
                          : "without the fault a step does not come to an end, either";
        return false;
    }
    return true;
}

static bool may_be_blocked(const struct verdict *v)
{
    switch (v->kind) {
    case VERDICT_FAIL:
        return !v->critical;
    case VERDICT_PASS:
    case VERDICT_WEAK:
    case VERDICT_INFO:
    case VERDICT_NOT_EXERCISED:
    case VERDICT_INCONCLUSIVE:
        return true;
    case VERDICT_NOT_APPLICABLE:
    case VERDICT_NOT_JUDGED:
    case VERDICT_HARNESS_ERROR:
    case VERDICT_BLOCKED:
    case VERDICT_CRASH:
    case VERDICT_HANG:
    case VERDICT_KINDS:
        break;
    }
    return false;
}

void twin_block(struct graded *g, const char *why)
{
    for (size_t i = 0; i < g->count; i++) {
        struct verdict *v = &g->verdicts[i];
        if (v->house || !may_be_blocked(v))
            continue;
        v->kind = VERDICT_BLOCKED;
        v->holds = false;
        v->sentence = arena_copy(g->arena, why, strlen(why));
        v->evidence_count = 0;
    }
}
