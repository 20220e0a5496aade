/*
 * The cache. It keeps little and serves little: explicit freshness only, no validation, no Vary,
 * nothing with credentials. What was cut off, or is about one moment only (429), is never kept.
 */
#include "cache.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "call.h"
#include "clock.h"
#include "mutants.h"

struct cached {
    struct cached *next;
    const char *url;
    struct response response;
    struct sink sink;
    int64_t fresh_until; /* monotonic, ns */
};

static bool concerns(const struct call *c)
{
    return c->settings->cache && strcmp(c->method, "GET") == 0 && !c->upload.is_there && !c->raw &&
           !fields_has(&c->headers, "Authorization") && !fields_has(&c->headers, "Range") &&
           !c->settings->origin.user;
}

static const char *key_of(struct call *c)
{
    return uri_absolute(c->arena, c->uri);
}

/* Seconds that it may be served for; 0: not at all (9111, 3, 5.2.2). */
static long freshness(const struct fields *f)
{
    const char *line, *member;
    size_t len;
    long age = 0;
    if (fields_has(f, "Vary") || fields_has(f, "Set-Cookie"))
        return 0;
    for (size_t i = 0; (line = fields_nth(f, "Cache-Control", i)); i++)
        while (fields_member(&line, &member, &len)) {
            if (strncasecmp(member, "no-", 3) == 0)
                return 0;
            if (strncasecmp(member, "max-age=", 8) == 0)
                age = strtol(member + 8, NULL, 10);
        }
    return age < 0 ? 0 : age;
}

static struct cached *find(struct session *s, const char *url)
{
    for (struct cached *k = s->cache; k; k = k->next)
        if (strcmp(k->url, url) == 0 && clock_now() < k->fresh_until)
            return k;
    return NULL;
}

static void copy_sink(struct sink *to, const struct sink *from)
{
    sink_reset(to);
    to->bytes = from->bytes;
    EVP_MD_CTX_copy_ex(to->hash, from->hash);
    buf_add(&to->head, from->head.at, from->head.len);
}

bool cache_answer(struct call *c)
{
    if (!concerns(c))
        return false;
    pthread_mutex_lock(&c->session->mutex);
    const struct cached *k = find(c->session, key_of(c));
    if (k) {
        c->response = k->response;
        copy_sink(&c->sink, &k->sink);
    }
    pthread_mutex_unlock(&c->session->mutex);
    return k != NULL;
}

static bool may_keep(const struct call *c)
{
    bool is_whole = c->failure.kind == KIND_NONE;
    if (mutant(MUTANT_CACHES_WHAT_WAS_CUT) && c->failure.kind == KIND_INCOMPLETE)
        is_whole = true;
    bool is_storable = c->response.status == 200;
    if (mutant(MUTANT_CACHES_ANY_STATUS))
        is_storable = true;
    return concerns(c) && is_whole && is_storable && freshness(&c->response.fields) > 0;
}

static struct fields kept(struct arena *a, const struct fields *f)
{
    struct fields copy = { .arena = a };
    for (size_t i = 0; i < f->count; i++)
        fields_add(&copy, arena_copy(a, f->list[i].name, strlen(f->list[i].name)),
                   arena_copy(a, f->list[i].value, strlen(f->list[i].value)));
    return copy;
}

void cache_store(struct call *c)
{
    struct session *s = c->session;
    const char *url = key_of(c);
    if (!may_keep(c))
        return;
    pthread_mutex_lock(&s->mutex);
    struct cached *k = arena_take(s->arena, sizeof(*k));
    k->url = arena_copy(s->arena, url, strlen(url));
    k->response = c->response;
    k->response.fields = kept(s->arena, &c->response.fields);
    k->response.trailers = kept(s->arena, &c->response.trailers);
    sink_init(&k->sink);
    copy_sink(&k->sink, &c->sink);
    k->fresh_until = clock_now() + freshness(&c->response.fields) * CLOCK_S;
    k->next = s->cache;
    s->cache = k;
    pthread_mutex_unlock(&s->mutex);
}

void cache_free(struct cached *list)
{
    for (; list; list = list->next)
        sink_free(&list->sink);
}
