/*
 * Where a message body ends (9112 6.3), found while it streams by. Counts octets, stores none, so
 * that a body of any size can be forwarded, cut and hashed with a fixed amount of memory.
 */
#ifndef FAKEPROXY_HTTP_BODY_H
#define FAKEPROXY_HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http.h"

enum http_body_kind {
    BODY_NONE,        /* no octets belong to it; whole from the start */
    BODY_LENGTH,      /* Content-Length */
    BODY_CHUNKED,     /* the chunked coding is the last one applied */
    BODY_UNTIL_CLOSE, /* a response without either: ends with the connection */
};

enum {
    /* Longest chunk-size line with its extensions, and longest trailer section, in octets. */
    HTTP_BODY_LINE_MAX = 65536,
};

/* Plain data: copy it, drop it; nothing to free. `state` and `line` are private to http_body.c. */
struct http_body {
    enum http_body_kind kind;
    bool whole;         /* the last octet was consumed; never together with bad */
    bool bad;           /* the framing is broken; nothing more is consumed */
    const char *error;  /* static sentence, set with bad */
    int status;         /* set by -1 below: what to answer, 400, 501 or (response) 502 */
    uint64_t remaining; /* BODY_LENGTH: octets to come; BODY_CHUNKED: of this chunk */
    uint64_t payload;   /* octets of content so far, chunk framing and trailers not counted */
    unsigned state;
    uint32_t line;
};

/*
 * 0, or -1 with a static sentence in *error (and bad, error, status in the body): the framing is
 * unacceptable, answer body->status and close.
 *   400  Transfer-Encoding with Content-Length, or in HTTP/1.0 (9112 6.1); chunked not last, twice
 *        or with parameters (6.3, 7); Content-Length not a number, too large, or contradictory
 *   501  a transfer coding other than chunked
 * Several equal Content-Length values count as one (6.3). A CONNECT request has no content: what
 * follows its header block belongs to the tunnel (9110 9.3.6).
 */
int http_body_of_request(const struct http_head *, struct http_body *, const char **error);

/*
 * The same for a response to a request of that method (empty: GET). No body for HEAD, 1xx, 204,
 * 304, nor a 2xx to CONNECT, whatever the fields say. Transfer-Encoding overrides Content-Length.
 * Codings before a final chunked are left on the payload. -1 (status 502): Transfer-Encoding in
 * HTTP/1.0, chunked twice or with parameters, bad Content-Length.
 */
int http_body_of_response(const struct http_head *, struct http_slice request_method,
                          struct http_body *, const char **error);

/* An answer that has no content, whatever its fields say (9110 6.4.1): 1xx, 204, 304, any to HEAD,
 * a 2xx to CONNECT. */
bool http_has_no_content(int status, struct http_slice request_method);

/* A span of content; valid during the call only. */
typedef void http_payload_fn(const char *data, size_t len, void *arg);

/*
 * Consumes the octets of `data` that belong to this body and returns their number (<= len; 0 once
 * it is whole or bad). Calls `fn`, if not NULL, for each span of content. Chunk framing needs CRLF
 * (9112 7.1 knows no bare LF); extensions and trailers are skipped. Any split gives the same
 * result.
 */
size_t http_body_scan(struct http_body *, const char *data, size_t len, http_payload_fn *fn,
                      void *arg);

/* The peer's FIN: completes BODY_UNTIL_CLOSE; any other body that is not whole is bad (9112 8). */
void http_body_eof(struct http_body *);

#endif
