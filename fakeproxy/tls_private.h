/*
 * What tls.c and tls_context.c share; nobody else includes it.
 */
#ifndef FAKEPROXY_TLS_PRIVATE_H
#define FAKEPROXY_TLS_PRIVATE_H

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "tls.h"

struct tls_context {
    struct certs *certs;
    const struct tls_settings *settings;
    char *default_name;
    BIO_METHOD *method;
    SSL_CTX *ctx;  /* NULL until the first session */
    unsigned refs; /* the owner and each session */
    char error[160];
};

struct tls_session {
    struct tls_context *context;
    SSL *ssl;
    struct evbuffer *in, *out;
    char *default_name; /* NULL: the context's */
    enum tls_hello_state hello_state;
    struct tls_hello *hello; /* NULL until whole */
    bool wire_eof;
    bool failed;
    bool early_done; /* no more 0-RTT data can come */
    char *early;     /* 0-RTT data not yet given out: early_at up to early_len */
    size_t early_at, early_len;
    struct tls_info info;
    char error[96];
};

/* The BIO of a session, whose data is the session. NULL: out of memory. */
BIO_METHOD *tls_private_bio_method(void);

/* Makes ctx and method, if they are not there. -1: see error. */
int tls_private_context_make(struct tls_context *);

/* The reason of the oldest error in OpenSSL's queue, which is the cause of the others. */
const char *tls_private_reason(void);

#endif
