/*
 * A call: one request as the user sees it, with everything that belongs to carrying it out. It runs
 * in a thread of its own and knows its session.
 *
 *   call_run      redirects                                            call.c
 *     try_again   retries, Retry-After, which proxy of a pool          retry.c, policy.c
 *       attempt   credentials for 401 and 407; the one repeat that     attempt.c
 *                 a reused connection which turned out dead allows
 *         reach   a connection: from the pool, or dial, CONNECT, TLS   reach.c
 *         exchange  one request and its response on it                 exchange.c
 *                   (the header block: request_head.c, which is sent
 *                   with the ClientHello where it may: early_data.c)
 */
#ifndef MODEL_CALL_H
#define MODEL_CALL_H

#include "session.h"
#include "upload.h"

enum hop { HOP_UNKNOWN, HOP_PROXY, HOP_ORIGIN };

enum early_data {
    EARLY_DATA_NONE,
    EARLY_DATA_OFFERED, /* the request went with the ClientHello */
    EARLY_DATA_TAKEN    /* and the origin took it */
};

struct call {
    struct session *session;
    const struct settings *settings; /* as they were when it began */
    struct arena *arena;
    struct deadlines limits;

    const char *method;
    const struct uri *uri;
    struct fields headers; /* the user's */
    struct upload upload;
    bool expects_continue, reads_stream;
    const char *raw; /* host:port of a raw tunnel; else NULL */

    struct gatekeeper proxy_gate, origin_gate;
    const struct proxy *proxy; /* of the attempt; NULL: direct */
    const char *target;        /* request-target of the last exchange */
    bool heard;                /* something of an answer has come, on this connection */
    bool was_sent;             /* some of the request went to the origin, or its proxy */
    const char *resume_etag;   /* what a streaming reader has is of this; the rest is asked for */
    struct response first;     /* its response, of which the rest is a part */
    bool wants_fresh;          /* the last attempt met a dead connection: so may its siblings be */
    bool was_redirected;
    enum early_data early_data; /* on this connection */
    bool was_too_early;         /* no early data for this call any more */

    struct response response; /* status 0: none */
    enum hop hop;
    struct sink sink;
    struct failure failure; /* kind KIND_NONE: there is none */
};

/* Carries it out; the outcome is in response, sink and failure. */
void call_run(struct call *);

/* ---- the parts ------------------------------------------------------------------------------- */

/* retry.c: with retries and rotation, without redirects. -1: failure is set. */
int call_with_retries(struct call *);
/* attempt.c: one attempt by `call->proxy`. */
int call_attempt(struct call *);
/* reach.c: a connection to send the request on. NULL: failure is set, and response, where a CONNECT
 * was refused. */
struct connection *call_reach(struct call *, bool must_be_fresh);
/* request_head.c: adds the header block of the request, and sets `target`. */
void call_write_head(struct call *, struct connection *, struct buf *);
/* exchange.c: sends the request, reads up to the final header block. */
int call_exchange(struct call *, struct connection *);
/* exchange.c: the rest of a response; the connection is kept, if it can be, or freed. */
int call_finish(struct call *, struct connection *);
/* resume.c: after a failure in the middle of a body that a streaming reader has got already: can
 * the rest be asked for? */
bool resume_prepare(struct call *);
/* The fields of that request. */
void resume_add_fields(const struct call *, struct buf *);
/* Is the response the rest of it? -1: failure is set. */
int resume_check(struct call *);
/* early_data.c: the handshake with the origin, on a connection that is its own; the request goes in
 * early data, if it may. Takes `below` over. NULL: failure is set. */
struct channel *early_data_secure(struct call *, struct connection *, struct channel *below,
                                  struct channel_tls *);
/* After an answer: what the origin handed out is kept for another connection of that kind. */
void early_data_keep_ticket(struct call *, struct connection *);
/* After an answer, after a connection that could not be made: is the request to be sent once more,
 * not in early data? */
bool early_data_was_too_early(struct call *);
bool early_data_broke_handshake(struct call *);
/* route.c: the way of a URI: false: direct. */
bool route_uses_proxy(const struct settings *, const struct uri *);
/* route.c: the proxies of a call: those of the settings, or of the environment. */
size_t route_proxies(struct arena *, const struct settings *, const struct uri *,
                     const struct proxy **list, const char **wrong);

/* attempt.c: where the page of a 401 or 407 goes: to nobody, but for mutants. */
struct sink *call_page_sink(struct call *);
bool call_is_idempotent(const char *method); /* RFC 9110, 9.2.2 */

#endif
