/*
 * The driver contract, version 1, as lines: what the suite writes, and what it reads. Pure.
 * docs/drivers.md is its specification.
 */
#ifndef CS_PROTOCOL_H
#define CS_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#include "setup.h"

/* ---- what is written: each appends one line, newline included ---------------------------------
 */

void protocol_hello(struct buf *, const char *variant);
void protocol_verb(struct buf *, const char *verb); /* one that no driver knows */
void protocol_open(struct buf *, uint64_t session, const struct setup *);
void protocol_request(struct buf *, uint64_t session, uint64_t id, const struct request_setup *);
void protocol_cancel(struct buf *, uint64_t session, uint64_t id);
/* A change made by setup_change(). A proxy is told whole; credentials alone stand beside the
 * session, and where there are none any more the proxy is told without. */
void protocol_change(struct buf *, uint64_t session, const struct setup *);
void protocol_close(struct buf *, uint64_t session);

/* ---- what is read ---------------------------------------------------------------------------- */

enum reply_kind {
    REPLY_HELLO,
    REPLY_UNSUPPORTED,
    REPLY_SESSION, /* opened or changed; or an error of the client's, in `result` */
    REPLY_CANCELLED,
    REPLY_CLOSED,
    REPLY_RESULT
};

struct result { /* of a request; texts NULL where they are not told */
    bool is_error;
    int status; /* 0: none told */
    const char *error, *kind, *hop, *log;
    const char *headers, *trailers; /* field lines, each with CR LF */
    size_t headers_len, trailers_len;
    bool has_body;
    uint64_t bytes;
    const char *sha256;
    const char *head; /* the body's first octets */
    size_t head_len;
    int64_t asked; /* calls of the credential callback; -1: not told */
};

struct reply {
    enum reply_kind kind;
    bool has_id;
    uint64_t id; /* of the request; or the session */
    const char *unsupported;
    const char *client, *version, *runtime;
    const char *const *capabilities; /* HELLO; NULL-terminated; NULL: not told */
    const char *kinds;               /* HELLO: how native errors become kinds, as JSON; or NULL */
    struct result result;
};

enum { PROTOCOL_LONGEST = 1 << 20 }; /* octets of a line that a driver may write */

/* Reads one line, without its newline, into the arena. NULL: *why says what is wrong with it (in
 * the arena). */
struct reply *protocol_read(struct arena *, const char *line, size_t len, const char **why);

#endif
