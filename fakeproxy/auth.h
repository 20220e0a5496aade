/*
 * The authentication gate (RFC 9110, 11; 7617; 7616; 6750; MS-NLMP by its looks): judges the
 * credentials of a request and makes challenges. Pure: no clock, no connection; what a gate has to
 * remember is in nonces.h and in a session (the NTLM legs of one connection).
 *
 * NTLM is a look-alike: the third leg lets in whoever names a known user on the connection that
 * was challenged.
 */
#ifndef FP_AUTH_H
#define FP_AUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "credentials.h"
#include "http.h"
#include "nonces.h"
#include "ntlm.h"
#include "scenario.h"

enum auth_finding {
    AUTH_UNGATED, /* there is no gate to ask */
    AUTH_MISSING, /* no credentials, or the first leg of NTLM, which proves nothing */
    AUTH_OK,
    AUTH_WRONG,
    AUTH_STALE,    /* right, but for a nonce that is used up, unknown, or another connection's */
    AUTH_REPLAYED, /* unique_nc: that nonce count was used before */
    AUTH_MALFORMED
};

/* What belongs to one connection. All zero at first. */
struct auth_session {
    bool challenged;                 /* NTLM: the second leg was sent here */
    unsigned char nonce[NTLM_NONCE]; /* of that challenge */
    const struct user *user;         /* NTLM: whom the connection belongs to; NULL: nobody */
};

/* What is judged. */
struct auth_question {
    const struct gate *gates;
    size_t gate_count; /* 0: the fields are read, nothing is judged */
    struct http_slice method, target;
    struct http_slice value;   /* of the first field line of credentials */
    size_t lines;              /* how many there are */
    struct http_slice content; /* auth-int: the request content, without transfer coding */
    bool has_content;          /* it could be read */
};

/* The judgement. Slices live as long as it does; empty: not given. */
struct auth {
    enum auth_finding finding;
    const char *why;         /* what is wrong, or odd, in words; static; NULL: nothing */
    const struct gate *gate; /* the one that judged; NULL: none knows the scheme */
    /* The scheme in lower case: it is the same in any (RFC 9110, 11.1), patterns are not. */
    struct http_slice scheme, user, nonce, nc, qop, algorithm, uri;
    bool has_uri, uri_matches; /* Digest: it equals the request-target octet for octet */
    struct credentials credentials;
    struct buf decoded; /* user-pass, NTLM message */
    struct buf name;    /* a user name that had to be decoded */
    struct buf lower;   /* the scheme */
};

/* Does the value ask for qop=auth-int, so that the content is needed to judge it? */
bool auth_needs_content(struct http_slice value);

/* Judges, and counts the use of a nonce. The auth is all zero before; auth_free() it. */
void auth_judge(struct nonces *, struct auth_session *, const struct auth_question *,
                struct auth *);
void auth_free(struct auth *);

extern const char *const auth_schemes[]; /* by enum gate_scheme */

/* "missing", "ok", …; NULL where nothing was judged. */
const char *auth_finding_name(enum auth_finding);

/* Appends a challenge of that gate, in answer to the judgement (NULL: none was made). */
void auth_challenge(struct nonces *, const struct auth_session *, const struct gate *,
                    const struct auth *, struct buf *value);

#endif
