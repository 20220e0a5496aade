/*
 * http and https URLs (RFC 3986; RFC 9110, 4.2), absolute ones and references. Strict: what a proxy
 * or a server might read differently is refused. Pure.
 */
#ifndef MODEL_URI_H
#define MODEL_URI_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

struct uri {
    bool is_https;
    const char *host; /* lower case; an IPv6 address without its brackets */
    const char *port; /* decimal; the scheme's where none was given */
    bool is_default_port;
    const char *userinfo; /* as written; NULL: none */
    const char *target;   /* path and query, never empty: origin-form */
};

/* NULL, and *why says what is wrong, without repeating any of the text. */
const struct uri *uri_parse(struct arena *, const char *text, const char **why);

/* What a Location says, seen from `base` (RFC 3986, 5.2; a fragment is dropped). */
const struct uri *uri_resolve(struct arena *, const struct uri *base, const char *reference,
                              const char **why);

/* "host" or "host:port", in brackets where it must be: Host, and absolute-form. */
const char *uri_authority(struct arena *, const struct uri *);
/* Always with its port: the target of CONNECT, and the key of an origin. */
const char *uri_host_port(struct arena *, const struct uri *);
const char *uri_absolute(struct arena *, const struct uri *); /* absolute-form */

bool uri_same_origin(const struct uri *, const struct uri *);

/* Percent-encoding undone (in the arena); NULL: it is none, or stands for NUL. */
const char *uri_decode(struct arena *, const char *text, size_t len);

/* Splits and decodes userinfo. -1: percent-encoding that is none. password NULL: there is none. */
int uri_userinfo(struct arena *, const char *userinfo, const char **user, const char **password);

#endif
