/*
 * One actor's TLS: the SSL_CTX and all that OpenSSL calls back for. The SSL_CTX is made with the
 * first session, because it costs about as much as everything else at start taken together.
 *
 * Tickets are stateless and the session cache is off, so a context does not grow with its clients.
 * Everything that can be set is set, so that an openssl.cnf of the host changes as little as
 * possible.
 */
#include "tls_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

static void saw_alert(const SSL *ssl, int where, int value)
{
    if ((where & SSL_CB_ALERT) == 0)
        return;
    struct tls_session *s = SSL_get_app_data(ssl);
    struct tls_info *info = &s->info;
    info->alerts++;
    info->alert.description = value & 0xff;
    info->alert.fatal = value >> 8 == SSL3_AL_FATAL;
    info->alert.by_peer = (where & SSL_CB_READ) != 0;
    if (info->alert.description == SSL_AD_CLOSE_NOTIFY && info->alert.by_peer)
        info->close_notify_received = true;
    else if (info->alert.description == SSL_AD_CLOSE_NOTIFY)
        info->close_notify_sent = true;
}

/* Acknowledges every name, as a server does that has a certificate for it. */
static int take_any_name(SSL *ssl, int *alert, void *arg)
{
    (void)ssl, (void)alert, (void)arg;
    return SSL_TLSEXT_ERR_OK;
}

/* The leaf for the name the client asks for, or, if no such can be made, for our own. */
static int find_leaf(const struct tls_session *s, const char *sni, X509 **cert, EVP_PKEY **key)
{
    const struct tls_context *c = s->context;
    enum cert_kind kind = c->settings->certificate;
    const char *own = s->default_name != NULL ? s->default_name : c->default_name;
    if (c->settings->names != NULL)
        return certs_leaf_for(c->certs, kind, c->settings->names, cert, key);
    if (sni != NULL && certs_leaf(c->certs, kind, sni, cert, key) == 0)
        return 0;
    return certs_leaf(c->certs, kind, own, cert, key);
}

static int choose_certificate(SSL *ssl, void *arg)
{
    struct tls_session *s = SSL_get_app_data(ssl);
    X509 *cert;
    EVP_PKEY *key;
    (void)arg;
    if (find_leaf(s, SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name), &cert, &key) == 0)
        return SSL_use_certificate(ssl, cert) && SSL_use_PrivateKey(ssl, key);
    snprintf(s->error, sizeof(s->error), "%s", certs_error(s->context->certs));
    return 0;
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *offered, unsigned len, void *arg)
{
    static const char *const http_1_1[] = { "http/1.1", NULL };
    const struct tls_context *context = arg;
    const char *const *ours = context->settings->alpn;
    if (ours == NULL)
        ours = http_1_1;
    (void)ssl;
    for (; *ours != NULL; ours++) {
        size_t n = strlen(*ours);
        /* OpenSSL has checked the list: lengths fit and none is 0. */
        for (unsigned i = 0; i < len; i += 1U + offered[i]) {
            if (offered[i] == n && memcmp(offered + i + 1, *ours, n) == 0) {
                *out = offered + i + 1;
                *out_len = offered[i];
                return SSL_TLSEXT_ERR_OK;
            }
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int take_any_client(X509_STORE_CTX *store, void *arg)
{
    (void)store, (void)arg;
    return 1;
}

struct tls_context *tls_context_new(struct certs *certs, const struct tls_settings *settings,
                                    const char *default_name)
{
    struct tls_context *c = calloc(1, sizeof(*c));
    char *name = strdup(default_name);
    if (c == NULL || name == NULL) {
        free(c);
        free(name);
        return NULL;
    }
    c->certs = certs;
    c->settings = settings;
    c->default_name = name;
    c->refs = 1;
    return c;
}

void tls_context_free(struct tls_context *c)
{
    if (c == NULL || --c->refs > 0)
        return;
    SSL_CTX_free(c->ctx);
    BIO_meth_free(c->method);
    free(c->default_name);
    free(c);
}

const char *tls_context_error(const struct tls_context *c)
{
    return c->error;
}

static void set_options(SSL_CTX *ctx, const struct tls_settings *settings)
{
    /* One write is one record, also in TLS 1.0, where OpenSSL would put an empty one first. */
    uint64_t options =
        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS;
    if (settings->tickets == 0)
        options |= SSL_OP_NO_TICKET;
    /* OpenSSL's guard against replays needs the session cache; a fake has nothing to guard. */
    if (settings->early_data > 0)
        options |= SSL_OP_NO_ANTI_REPLAY;
    SSL_CTX_set_options(ctx, options);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_clear_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_read_ahead(ctx, 0);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
}

static void set_callbacks(SSL_CTX *ctx, struct tls_context *c)
{
    SSL_CTX_set_info_callback(ctx, saw_alert);
    SSL_CTX_set_tlsext_servername_callback(ctx, take_any_name);
    SSL_CTX_set_cert_cb(ctx, choose_certificate, NULL);
    if (c->settings->alpn == NULL || c->settings->alpn[0] != NULL)
        SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, c);
    if (c->settings->ask_client) {
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_cert_verify_callback(ctx, take_any_client, NULL);
    }
}

static int set_protocol(SSL_CTX *ctx, const struct tls_settings *settings)
{
    static const unsigned char id[] = "fakeproxy";
    int min = settings->min_version, max = settings->max_version;
    if (min == 0)
        min = max != 0 && max < TLS1_2_VERSION ? max : TLS1_2_VERSION;
    if (max == 0)
        max = TLS1_3_VERSION;
    size_t tickets = settings->tickets < 0 ? 1 : (size_t)settings->tickets;
    /* Below TLS 1.2 all signatures are SHA-1, which OpenSSL forbids above level 0. */
    SSL_CTX_set_security_level(ctx, min < TLS1_2_VERSION ? 0 : 1);
    return SSL_CTX_set_min_proto_version(ctx, min) && SSL_CTX_set_max_proto_version(ctx, max) &&
           SSL_CTX_set_cipher_list(ctx, "DEFAULT") &&
           SSL_CTX_set_ciphersuites(ctx, TLS_DEFAULT_CIPHERSUITES) &&
           SSL_CTX_set_num_tickets(ctx, tickets) &&
           SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1) &&
           SSL_CTX_set_max_early_data(ctx, settings->early_data) &&
           (settings->early_data == 0 ||
            SSL_CTX_set_recv_max_early_data(ctx, settings->early_data));
}

const char *tls_private_reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_error());
    return text != NULL ? text : "out of memory";
}

int tls_private_context_make(struct tls_context *c)
{
    if (c->ctx != NULL)
        return 0;
    ERR_clear_error();
    if (c->method == NULL)
        c->method = tls_private_bio_method();
    SSL_CTX *ctx = c->method != NULL ? SSL_CTX_new(TLS_server_method()) : NULL;
    if (ctx == NULL || !set_protocol(ctx, c->settings)) {
        snprintf(c->error, sizeof(c->error), "cannot set up TLS: %s", tls_private_reason());
        ERR_clear_error();
        SSL_CTX_free(ctx);
        return -1;
    }
    set_options(ctx, c->settings);
    set_callbacks(ctx, c);
    c->ctx = ctx;
    return 0;
}
