/*
 * URIs of http and https, compared as those a client was given and those it asked for: scheme and
 * host in any case, percent-encoding decoded, the fragment left out. And percent-encoding itself.
 */
#ifndef FP_URI_H
#define FP_URI_H

#include "buf.h"
#include "http.h"

struct uri {                        /* slices of the text */
    struct http_slice scheme, host; /* host: without port and brackets; empty: a path alone */
    struct http_slice path;         /* with the query; may be empty, or begin with `?` */
};

/* False: neither an absolute URI with an authority nor an absolute path. */
bool uri_split(const char *text, size_t len, struct uri *);
bool uri_is_https(const struct uri *);
/* Is it the same path and query? Empty is "/". */
bool uri_same_path(struct http_slice, struct http_slice);
bool uri_same_host(struct http_slice, struct http_slice);

/* ---- percent-encoding, RFC 3986 2.1 ---- */

/* The octet that the escape at the start stands for; -1: no whole escape is there. */
int uri_escape(const char *at, size_t len);
/* Adds the text decoded; what looks like an escape and is none stays as it is. */
void uri_decode(struct buf *out, const char *octets, size_t len);
/* Adds the text; all that is not unreserved (3986 2.3) is encoded, whether it must be or not. */
void uri_encode(struct buf *out, const char *z);

#endif
