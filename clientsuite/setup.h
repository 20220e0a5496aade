/*
 * What a client is asked, with every placeholder of the scenario replaced: how a session is set up,
 * and one request. Made for one play of a case, from the scenario and its running instance; lives
 * in an arena. Both kinds of agents (driver processes, commands) work from this.
 */
#ifndef CS_SETUP_H
#define CS_SETUP_H

#include "arena.h"
#include "instance.h"

struct named { /* both NUL-terminated; value_len for octets */
    const char *name, *value;
    size_t value_len;
};

struct proxy_setup {
    const char *url; /* NULL: none */
    bool is_literal; /* the client is given this text, whatever it is */
};

struct setup {                      /* of a session */
    const struct client_keys *keys; /* for what has no placeholders; `given` says what is there */
    const char *ca_file;
    struct proxy_setup proxy;
    const struct proxy_setup *pool;
    size_t pool_count;
    const struct named *environment, *hosts;
    size_t environment_count, host_count;
    const char *const *without_proxy; /* NULL-terminated */
};

struct request_setup {
    const struct step *step;
    const char *url;     /* NULL: a raw tunnel */
    const char *connect; /* its authority, or NULL */
    const struct named *headers;
    size_t header_count;
    const char *body; /* octets, where the source is a text; else NULL */
    size_t body_len;
    int64_t connect_limit, read_limit, total; /* ns; 0: none */
};

/* The keys of a session, or of a step's `change`. */
struct setup *setup_session(struct arena *, const struct instance *, const struct client_keys *,
                            const char *ca_file);
/* The session as it is after the change: what `change` gives in place of what it had. */
struct setup *setup_merge(struct arena *, const struct setup *session, const struct setup *change);
/* The change as it is told: a proxy has its credentials with it, so that those of the session that
 * do not change (session: as it is after the change) stand in it. */
const struct setup *setup_change(struct arena *, const struct setup *session,
                                 const struct setup *change);
/* The session without the total limit that each case has which says nothing of deadlines. */
const struct setup *setup_patient(struct arena *, const struct setup *);
/* The proxy's URL with the credentials in it, percent-encoded; NULL where there is no proxy. */
const char *setup_proxy_url(struct arena *, const struct setup *);
/* copy: from 1; the value of {n}. session: the keys it runs under. */
struct request_setup *setup_request(struct arena *, const struct instance *, const struct step *,
                                    const struct client_keys *session, uint64_t copy);

#endif
