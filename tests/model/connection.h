/* A connection that requests are sent on: to a proxy, to an origin, or through a tunnel. */
#ifndef MODEL_CONNECTION_H
#define MODEL_CONNECTION_H

#include "keyring.h"
#include "reader.h"
#include "settings.h"

struct connection {
    struct connection *next; /* among the idle ones */
    struct reader reader;
    char *key;                 /* what it may be used for */
    const struct proxy *proxy; /* NULL: direct */
    bool is_tunnel;            /* requests on it go to the origin alone */
    bool is_reused;
    int64_t expires; /* idle; monotonic, ns (Keep-Alive: timeout) */
    struct bond to_proxy, to_origin;
    struct buf head; /* of the first request, where it was written before the TLS handshake */
};

/* The channel belongs to it. */
struct connection *connection_new(struct channel *, const char *key, const struct proxy *);
void connection_free(struct connection *); /* NULL is fine */

#endif
