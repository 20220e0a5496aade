/*
 * What a client knows about the locks on its way: the gate of each proxy (407) and of each origin
 * (401), with which credentials it may answer, and what it has learnt: scheme, nonce, whether they
 * were let in before (RFC 9110, 11; 7617; 7616).
 *
 * The rules: credentials are sent in answer to a challenge, and from then on with each request to
 * the same lock. Refused ones are not sent again, but for a nonce that was stale, and once where
 * they had been let in before (a session that the proxy forgot). A password goes to the lock it was
 * given for and to no other.
 */
#ifndef MODEL_KEYRING_H
#define MODEL_KEYRING_H

#include <pthread.h>
#include <stdint.h>

#include "fields.h"
#include "response.h"
#include "upload.h"

enum { SCHEME_BASIC = 1, SCHEME_BEARER = 2, SCHEME_NTLM = 4, SCHEME_DIGEST = 8, SCHEME_ALL = 15 };

struct account { /* UTF-8; user NULL: the password is a bearer token */
    const char *user, *password;
};

struct lock;

struct keyring { /* of a session */
    pthread_mutex_t mutex;
    struct arena *arena;
    struct lock *locks;
};

/* What one connection has gone through (NTLM belongs to connections). */
struct bond {
    bool is_made;
    const char *nonce_of; /* the second leg's token, to be answered; or NULL */
};

/* One lock as one call meets it. */
struct gatekeeper {
    bool is_proxy;
    const char *id; /* which lock: the proxy with its user, or the origin */
    const struct account *accounts;
    size_t account_count;    /* 0: there are none */
    bool asks;               /* each challenge asks a callback for the next pair */
    bool is_ready;           /* credentials are sent without having been asked for (Basic) */
    unsigned schemes;        /* that may be used */
    size_t next;             /* of the accounts, where a callback is asked */
    unsigned asked;          /* calls of that callback */
    bool was_sent;           /* credentials, with the last request */
    unsigned stale, renewed; /* how often a nonce was stale; credentials were renewed */
    bool is_invited;         /* for a mutant: nothing is sent before a challenge */
    const char *refused_why; /* in words, for the failure; static */
};

struct keyring_request {
    const char *method, *target;
    struct upload *upload; /* its content is hashed for auth-int */
};

/* The value of (Proxy-)Authorization for the next request, or NULL: nothing is known. */
const char *keyring_value(struct keyring *, struct gatekeeper *, struct bond *,
                          const struct keyring_request *, struct arena *);

/* A 401 or 407 has come. True: the request is to be repeated, with credentials. */
bool keyring_challenged(struct keyring *, struct gatekeeper *, struct bond *,
                        const struct response *, bool can_hash, struct arena *);

/* Another status has come: the credentials were right; nextnonce is taken. */
void keyring_let_in(struct keyring *, struct gatekeeper *, struct bond *, const struct response *,
                    struct arena *);

#endif
