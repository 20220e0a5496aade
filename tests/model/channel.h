/*
 * A channel is a connection as octets: a TCP socket, or TLS over another channel (which may be TLS
 * itself: an https origin through an https proxy). Non-blocking below, with calls that wait within
 * the limits of a call.
 *
 * The end of a channel is clean where nobody in between can have made it up: a FIN for TCP, for TLS
 * only close_notify (RFC 9112, 9.8).
 */
#ifndef MODEL_CHANNEL_H
#define MODEL_CHANNEL_H

#include <netdb.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "buf.h"
#include "deadlines.h"

struct channel;

enum {
    CHANNEL_END = 0,   /* a clean one */
    CHANNEL_WAIT = -1, /* nothing there yet */
    CHANNEL_CUT = -2,  /* TLS that ended without close_notify */
    CHANNEL_RESET = -3,
    CHANNEL_BROKEN = -4 /* TLS: what came is no TLS, or was tampered with */
};

/* To one address. NULL with a failure of kind proxy-unreachable or other, or a deadline. */
struct channel *channel_dial(const struct addrinfo *, bool is_proxy, const struct deadlines *,
                             struct failure *);

/* To be called once for each context: its channels keep the tickets that they are given. */
void channel_collects_tickets(SSL_CTX *);

struct channel_tls {
    SSL_CTX *context;
    const char *host; /* whose certificate is expected, and SNI unless it is an address */
    bool verify;
    enum kind kind;          /* of failures: KIND_TLS_PROXY, KIND_TLS_ORIGIN */
    SSL_SESSION *ticket;     /* to be shown; NULL: none */
    const struct buf *early; /* with it, octets that are sent before the handshake is done */
};

/* Makes TLS over `below`, which belongs to it from now on, also on failure. NULL with a failure. */
struct channel *channel_secure(struct channel *below, const struct channel_tls *,
                               const struct deadlines *, struct failure *);

/* Did the other side take the octets that were early? If not, it has not seen them. */
bool channel_took_early(const struct channel *);
/* The newest ticket for early data that has come; the caller's. NULL: none has since the last. */
SSL_SESSION *channel_take_ticket(struct channel *);

void channel_free(struct channel *); /* NULL is fine; TLS says close_notify */

/* More than 0: so many octets; else one of the words above. Never waits. */
ssize_t channel_try_read(struct channel *, char *at, size_t room);

/* Queues octets. */
void channel_put(struct channel *, const char *octets, size_t len);

/* Has the kernel got all that was put? */
bool channel_is_flushed(struct channel *);
/* Writes what is queued. 1 as soon as something can be read, where `until_input`; 0 when all is
 * written; -1 with a failure (reset, deadline). */
int channel_flush(struct channel *, bool until_input, const struct deadlines *, struct failure *);

/* As channel_try_read(), but waits; CHANNEL_WAIT: a failure is set (deadline, cancelled). */
ssize_t channel_read(struct channel *, char *at, size_t room, const struct deadlines *,
                     struct failure *);

/* Waits `patience` for input. 1: there may be some, 0: there is none, -1 with a failure. */
int channel_wait_input(struct channel *, int64_t patience, const struct deadlines *,
                       struct failure *);

/* Is it idle and unharmed: no octets, no end, no error has come? (RFC 9112, 9.5) */
bool channel_is_quiet(struct channel *);

#endif
