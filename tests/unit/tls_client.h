/*
 * A client for the tests of TLS: OpenSSL's own, with memory BIOs, and a session of ours; octets
 * move between them only when a test says so. Also the octets that moved, for those that look at
 * the wire.
 */
#ifndef TESTS_TLS_CLIENT_H
#define TESTS_TLS_CLIENT_H

#include "cmocka_main.h"

#include <stdlib.h>

#include <event2/buffer.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "certs.h"
#include "tls.h"

/* Where a test is true of both. */
static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

#define EACH_VERSION for (const int *version = versions; version < versions + 2; version++)

static const struct tls_settings defaults = { .tickets = -1 };

struct actor {
    struct certs *certs;
    struct tls_settings settings;
    struct tls_context *context;
};

struct client {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *in, *out;
    SSL_SESSION *ticket; /* the last one got */
    unsigned tickets;
};

struct pair {
    struct client *client;
    struct tls_session *server;
    struct evbuffer *up, *down; /* the server's in and out */
    enum tls_result result;     /* the server's last handshake call */
    bool client_done;
};

static inline void actor_open(struct actor *a, struct tls_settings settings)
{
    a->certs = certs_new();
    a->settings = settings;
    a->context = tls_context_new(a->certs, &a->settings, "127.0.0.1");
    assert_non_null(a->context);
}

static inline void actor_close(struct actor *a)
{
    tls_context_free(a->context);
    certs_free(a->certs);
}

static inline int client_keep_ticket(SSL *ssl, SSL_SESSION *session)
{
    struct client *c = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    SSL_SESSION_free(c->ticket);
    c->ticket = session;
    c->tickets++;
    return 1;
}

/* A client that trusts the actor's CA. version: the only one it speaks, 0 for any. */
static inline void client_open(struct client *c, struct certs *certs, int version)
{
    *c = (struct client){ .ctx = SSL_CTX_new(TLS_client_method()) };
    assert_non_null(c->ctx);
    SSL_CTX_set_app_data(c->ctx, c);
    SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(c->ctx, client_keep_ticket);
    if (version != 0 && version < TLS1_2_VERSION)
        SSL_CTX_set_security_level(c->ctx, 0);
    if (version != 0) {
        assert_int_equal(SSL_CTX_set_min_proto_version(c->ctx, version), 1);
        assert_int_equal(SSL_CTX_set_max_proto_version(c->ctx, version), 1);
    }
    SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
    if (certs != NULL)
        X509_STORE_add_cert(SSL_CTX_get_cert_store(c->ctx), certs_ca(certs));
}

static inline void client_takes_its_own(struct client *c, struct certs *certs)
{
    X509 *cert;
    EVP_PKEY *key;
    /* Not one that a server would trust, and not for clients: it is taken all the same. */
    assert_int_equal(certs_leaf(certs, CERT_SELF_SIGNED, "someone", &cert, &key), 0);
    assert_int_equal(SSL_CTX_use_certificate(c->ctx, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(c->ctx, key), 1);
}

static inline void client_close(struct client *c)
{
    SSL_SESSION_free(c->ticket);
    SSL_CTX_free(c->ctx);
}

/* A connection to `host`: a name goes into SNI, an address does not (RFC 6066, 3). */
static inline void pair_open(struct pair *p, struct client *c, struct actor *a, const char *host)
{
    *p = (struct pair){ .client = c, .up = evbuffer_new(), .down = evbuffer_new() };
    p->server = tls_new(a->context, p->up, p->down);
    assert_non_null(p->server);
    c->ssl = SSL_new(c->ctx);
    c->in = BIO_new(BIO_s_mem());
    c->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(c->in, -1);
    SSL_set_bio(c->ssl, c->in, c->out);
    SSL_set_connect_state(c->ssl);
    X509_VERIFY_PARAM *param = SSL_get0_param(c->ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, host) != 1) {
        ERR_clear_error();
        assert_int_equal(SSL_set1_host(c->ssl, host), 1);
        char name[256]; /* not const: OpenSSL's macro casts it */
        snprintf(name, sizeof(name), "%s", host);
        assert_int_equal(SSL_set_tlsext_host_name(c->ssl, name), 1);
    }
}

static inline void pair_close(struct pair *p)
{
    tls_free(p->server);
    /* Else OpenSSL forgets the tickets of a connection that was not closed in good order. */
    SSL_set_shutdown(p->client->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(p->client->ssl);
    p->client->ssl = NULL;
    evbuffer_free(p->up);
    evbuffer_free(p->down);
}

/* Moves what the client has written to the server's queue; returns how much. */
static inline size_t pair_up(struct pair *p)
{
    char *data;
    long len = BIO_get_mem_data(p->client->out, &data);
    evbuffer_add(p->up, data, (size_t)len);
    (void)BIO_reset(p->client->out);
    return (size_t)len;
}

static inline size_t pair_down(struct pair *p)
{
    size_t len = evbuffer_get_length(p->down);
    if (len > 0) {
        BIO_write(p->client->in, evbuffer_pullup(p->down, -1), (int)len);
        evbuffer_drain(p->down, len);
    }
    return len;
}

/* One step of each side; false once neither has anything more to say. */
static inline bool pair_step(struct pair *p)
{
    if (!p->client_done) {
        p->client_done = SSL_do_handshake(p->client->ssl) == 1;
        ERR_clear_error();
    }
    size_t moved = pair_up(p);
    p->result = tls_handshake(p->server);
    return moved + pair_down(p) > 0;
}

/* Runs the handshake as far as it goes. */
static inline void pair_handshake(struct pair *p)
{
    while (pair_step(p))
        ;
}

/* What the client can read now, "" if nothing; also takes its tickets. */
static inline const char *pair_client_reads(struct pair *p, char *buf, size_t size)
{
    pair_down(p);
    int n = SSL_read(p->client->ssl, buf, (int)size - 1);
    buf[n > 0 ? n : 0] = '\0';
    ERR_clear_error();
    return buf;
}

static inline void pair_client_writes(struct pair *p, const char *text)
{
    assert_int_equal(SSL_write(p->client->ssl, text, (int)strlen(text)), (int)strlen(text));
    pair_up(p);
}

/* A connection whose handshake must work. */
static inline void pair_secure(struct pair *p, struct client *c, struct actor *a, const char *host)
{
    pair_open(p, c, a, host);
    pair_handshake(p);
    if (p->result != TLS_OK || !p->client_done)
        fail_msg("handshake for %s: %d, %s", host, p->result, tls_error(p->server));
}

/* Reads one piece of plaintext and compares it. */
#define expect_read(p, text)                                                                       \
    do {                                                                                           \
        char got_[256];                                                                            \
        size_t n_;                                                                                 \
        assert_int_equal(tls_read((p)->server, got_, sizeof(got_) - 1, &n_), TLS_OK);              \
        got_[n_] = '\0';                                                                           \
        assert_string_equal(got_, text);                                                           \
    } while (0)

#define expect_end(p, wanted)                                                                      \
    do {                                                                                           \
        char got_[256];                                                                            \
        size_t n_;                                                                                 \
        assert_int_equal(tls_read((p)->server, got_, sizeof(got_), &n_), wanted);                  \
        assert_int_equal(n_, 0);                                                                   \
    } while (0)

#define expect_write(p, text)                                                                      \
    do {                                                                                           \
        size_t n_;                                                                                 \
        assert_int_equal(tls_write((p)->server, text, strlen(text), &n_), TLS_OK);                 \
        assert_int_equal(n_, strlen(text));                                                        \
    } while (0)

#endif
