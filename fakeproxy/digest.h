/*
 * What RFC 7616 (and RFC 2069, without qop) computes. Pure.
 */
#ifndef FP_DIGEST_H
#define FP_DIGEST_H

#include <stdbool.h>

#include "http.h"

enum { DIGEST_HEX = 65 }; /* the longest, SHA-256, with its NUL */

enum digest_hash { DIGEST_MD5, DIGEST_SHA_256, DIGEST_SHA_512_256 };

struct digest_algorithm {
    enum digest_hash hash;
    bool is_session; /* -sess */
};

/* By its name, in any case; "" is MD5 (7616, 3.3). False: nobody knows it. */
bool digest_algorithm(struct http_slice name, struct digest_algorithm *);

struct digest_input { /* qop empty: RFC 2069, then nc is not looked at */
    struct http_slice user, password, realm, nonce, nc, cnonce, qop, method, uri;
    struct http_slice content; /* auth-int: the content, no transfer coding on it */
};

/* The `response` of 7616, 3.4.1, in lower-case hex. */
void digest_response(struct digest_algorithm, const struct digest_input *, char hex[DIGEST_HEX]);
/* What stands for the user name with userhash=true (7616, 3.4.4). */
void digest_user(struct digest_algorithm, struct http_slice user, struct http_slice realm,
                 char hex[DIGEST_HEX]);

/* `len` octets, 32 at most, that only who knows the secret can tell: SHA-256 of secret and n. */
void digest_secret(const char *secret, unsigned long long n, unsigned char *out, unsigned len);

#endif
