/*
 * A session: one client object. Everything that calls share is here, behind one mutex: idle
 * connections, what is known of gates, cookies, who asked to be left alone until when, and which
 * proxy of a pool has its turn.
 */
#ifndef MODEL_SESSION_H
#define MODEL_SESSION_H

#include <openssl/ssl.h>
#include <pthread.h>

#include "cache.h"
#include "connection.h"
#include "cookies.h"
#include "keyring.h"
#include "settings.h"
#include "tickets.h"

struct cooldown { /* nobody asks `key` before `until` (monotonic, ns) */
    struct cooldown *next;
    const char *key;
    int64_t until;
};

struct session {
    pthread_mutex_t mutex;
    struct arena *arena;
    const struct settings *settings; /* the newest; those before stay valid */
    SSL_CTX *tls;
    struct keyring keyring;
    struct connection *idle;
    struct connection *leaked; /* of a mutant */
    struct cookie *cookies;
    struct cooldown *cooldowns;
    struct cached *cache;
    struct ticket *tickets;
    bool has_tunnelled; /* for mutants, as the next two */
    unsigned running;   /* calls */
    const char *exit;   /* of the first tunnel */
    size_t turn;        /* ROTATE_EACH: of the next request */
    size_t current;     /* else: the proxy in use */
};

/* Reads `open`. NULL: *unsupported. */
struct session *session_open(const struct json *operation, const char **unsupported,
                             struct arena *scratch);
/* False: *unsupported. */
bool session_change(struct session *, const struct json *operation, const char **unsupported,
                    struct arena *scratch);
void session_free(struct session *);

/* An idle connection of that key that is still alive, or NULL; it belongs to the caller. */
struct connection *session_take(struct session *, const char *key);
/* For a mutant: gives it up without closing it. */
void session_leak(struct session *, struct connection *);
/* Keeps it for later. */
void session_keep(struct session *, struct connection *);

/* The cookie jar, and where what is in it lives; the session's mutex is to be held. */
struct cookie **session_jar(struct session *, struct arena **);

void session_cool(struct session *, const char *key, int64_t until);
int64_t session_cooldown(struct session *, const char *key); /* 0: none */

#endif
