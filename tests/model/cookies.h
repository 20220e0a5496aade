/* Cookies (RFC 6265): what a session keeps from Set-Cookie, and sends. */
#ifndef MODEL_COOKIES_H
#define MODEL_COOKIES_H

#include "fields.h"
#include "uri.h"

struct cookie;

/* Takes the Set-Cookie lines of a response of that URI into the jar. */
void cookies_store(struct arena *, struct cookie **jar, const struct fields *, const struct uri *);
/* The value of Cookie for a request to that URI, or NULL. */
const char *cookies_for(struct arena *, const struct cookie *jar, const struct uri *);

#endif
