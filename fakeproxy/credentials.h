/*
 * The value of Authorization, Proxy-Authorization or one challenge (RFC 9110, 11.2 to 11.4): a
 * scheme, then a token68 or parameters. Pure.
 *
 * It reads on where a recipient can still see what is meant, and says in words what the sender did
 * wrong: a gate calls that malformed, the journal shows what could be read.
 */
#ifndef FP_CREDENTIALS_H
#define FP_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "http.h"

enum { CREDENTIALS_PARAMS = 24 };

struct credentials_param { /* value: without its quotes and escapes */
    struct http_slice name, value;
};

struct credentials {
    const char *wrong; /* a static sentence; NULL: well-formed */
    struct http_slice scheme, token68;
    struct credentials_param params[CREDENTIALS_PARAMS];
    size_t count;
    char *octets; /* what all slices point into */
};

/* Reads a field value (folds allowed). Free what it made with credentials_free(). */
void credentials_parse(struct http_slice value, struct credentials *);
void credentials_free(struct credentials *);
/* The parameter of that name, in any case. False, and *value empty, if there is none. */
bool credentials_param(const struct credentials *, const char *name, struct http_slice *value);

/* Appends what a base64 text stands for. False: it is none, or its padding is not right (then
 * what could be read is there). */
bool credentials_base64(struct http_slice text, struct buf *out);

/* Does a challenge field value, a list, hold stale=true (RFC 7616, 3.3: in any case)? */
bool credentials_says_stale(struct http_slice challenges);

#endif
