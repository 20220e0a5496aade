/*
 * Sessions.
 */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "mutants.h"

static SSL_CTX *tls_context(const char *ca_file, const char **wrong)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        abort();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    channel_collects_tickets(context);
    if (!ca_file)
        SSL_CTX_set_default_verify_paths(context);
    else if (SSL_CTX_load_verify_file(context, ca_file) != 1)
        *wrong = "configuration: the CA file cannot be read";
    return context;
}

struct session *session_open(const struct json *op, const char **unsupported, struct arena *scratch)
{
    struct arena *arena = arena_new();
    struct settings *settings = settings_read(arena, op, NULL, unsupported);
    if (*unsupported) {
        *unsupported = arena_copy(scratch, *unsupported, strlen(*unsupported));
        arena_free(arena);
        return NULL;
    }
    struct session *s = arena_take(arena, sizeof(*s));
    const char *wrong = NULL;
    s->arena = arena;
    s->keyring.arena = arena_new(); /* its own: its mutex is another */
    s->settings = settings;
    pthread_mutex_init(&s->mutex, NULL);
    pthread_mutex_init(&s->keyring.mutex, NULL);
    s->tls = tls_context(settings->ca_file, &wrong);
    settings->wrong = settings->wrong ? settings->wrong : wrong;
    return s;
}

bool session_change(struct session *s, const struct json *op, const char **unsupported,
                    struct arena *scratch)
{
    pthread_mutex_lock(&s->mutex);
    struct settings *settings = settings_read(s->arena, op, s->settings, unsupported);
    if (*unsupported)
        *unsupported = arena_copy(scratch, *unsupported, strlen(*unsupported));
    else
        s->settings = settings;
    pthread_mutex_unlock(&s->mutex);
    return !*unsupported;
}

void session_free(struct session *s)
{
    if (!s)
        return;
    for (struct connection *c; (c = s->idle);) {
        s->idle = c->next;
        connection_free(c);
    }
    for (struct connection *c; (c = s->leaked);) {
        s->leaked = c->next;
        connection_free(c);
    }
    cache_free(s->cache);
    tickets_free(s->tickets);
    SSL_CTX_free(s->tls);
    pthread_mutex_destroy(&s->mutex);
    pthread_mutex_destroy(&s->keyring.mutex);
    arena_free(s->keyring.arena);
    arena_free(s->arena);
}

/* ---- the pool -------------------------------------------------------------------------------- */

static struct connection *unlink_first(struct session *s, const char *key)
{
    struct connection *found = NULL;
    pthread_mutex_lock(&s->mutex);
    for (struct connection **link = &s->idle; *link; link = &(*link)->next)
        if (strcmp((*link)->key, key) == 0) {
            found = *link;
            *link = found->next;
            break;
        }
    pthread_mutex_unlock(&s->mutex);
    return found;
}

/* RFC 9112, 9.5 and 9.2: one that was closed, or on which something came unasked, is of no use. */
static bool is_alive(struct connection *c)
{
    bool is_fresh = mutant(MUTANT_KEEPS_UNREAD_OCTETS) || mutant(MUTANT_KEEPS_MALFORMED) ||
                    mutant(MUTANT_GUESSES) || reader_left(&c->reader) == 0;
    if (mutant(MUTANT_REUSES_DEAD_CONNECTION) || mutant(MUTANT_REUSES_BLINDLY) ||
        mutant(MUTANT_IGNORES_CONNECTION_CLOSE) || mutant(MUTANT_KEEPS_UNREAD_OCTETS))
        return is_fresh;
    return is_fresh && clock_now() < c->expires && channel_is_quiet(c->reader.channel);
}

struct connection *session_take(struct session *s, const char *key)
{
    for (struct connection *c; (c = unlink_first(s, key)); connection_free(c))
        if (is_alive(c)) {
            c->is_reused = true;
            return c;
        }
    return NULL;
}

void session_keep(struct session *s, struct connection *c)
{
    if (mutant(MUTANT_NO_KEEP_ALIVE)) {
        connection_free(c);
        return;
    }
    pthread_mutex_lock(&s->mutex);
    c->next = s->idle;
    s->idle = c;
    pthread_mutex_unlock(&s->mutex);
}

void session_leak(struct session *s, struct connection *c)
{
    pthread_mutex_lock(&s->mutex);
    c->next = s->leaked;
    s->leaked = c;
    pthread_mutex_unlock(&s->mutex);
}

/* ---- cookies --------------------------------------------------------------------------------- */

struct cookie **session_jar(struct session *s, struct arena **arena)
{
    static struct cookie *common; /* of a mutant, which has one for all */
    static struct arena *for_ever;
    if (!mutant(MUTANT_SHARES_COOKIES)) {
        *arena = s->arena;
        return &s->cookies;
    }
    for_ever = for_ever ? for_ever : arena_new();
    *arena = for_ever;
    return &common;
}

/* ---- cooldowns ------------------------------------------------------------------------------- */

static struct cooldown *find(struct session *s, const char *key)
{
    for (struct cooldown *c = s->cooldowns; c; c = c->next)
        if (strcmp(c->key, key) == 0)
            return c;
    return NULL;
}

void session_cool(struct session *s, const char *key, int64_t until)
{
    pthread_mutex_lock(&s->mutex);
    struct cooldown *c = find(s, key);
    if (!c) {
        c = arena_take(s->arena, sizeof(*c));
        c->key = arena_copy(s->arena, key, strlen(key));
        c->next = s->cooldowns;
        s->cooldowns = c;
    }
    c->until = until > c->until ? until : c->until;
    pthread_mutex_unlock(&s->mutex);
}

int64_t session_cooldown(struct session *s, const char *key)
{
    pthread_mutex_lock(&s->mutex);
    const struct cooldown *c = find(s, key);
    int64_t until = c ? c->until : 0;
    pthread_mutex_unlock(&s->mutex);
    return until;
}
