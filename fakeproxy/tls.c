/*
 * OpenSSL over byte queues.
 *
 * The BIO below is all that connects a session to the world: it reads one evbuffer, appends to
 * another, and is never told of an end of file. "Nothing there" is therefore always WANT_READ, and
 * what it means is decided here, where the peer's FIN is known: no data yet, or a truncated stream.
 * (OpenSSL itself answers an end of file with a decode_error alert and a dead session; our fakes go
 * on writing to a client that has only half closed.)
 *
 * An idle session keeps no buffers: SSL_MODE_RELEASE_BUFFERS, no read-ahead, no BIO_s_mem.
 *
 * 0-RTT data is collected during the handshake and given by tls_read after it, so the rest of the
 * program knows one order of events only.
 *
 * OpenSSL sees no octet before the ClientHello is whole, so what a scenario is told about it is
 * there before anything can be answered. The error queue of the thread is empty before and after
 * every call.
 */
#include "tls_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <openssl/err.h>

enum { EARLY_CHUNK = 4096 };

/* ---- the BIO ---- */

static int queue_read(BIO *bio, char *buf, size_t len, size_t *n)
{
    struct tls_session *s = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    int got = s->in != NULL ? evbuffer_remove(s->in, buf, len) : 0;
    if (got <= 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    *n = (size_t)got;
    s->info.wire_in += *n;
    return 1;
}

static int queue_write(BIO *bio, const char *buf, size_t len, size_t *n)
{
    struct tls_session *s = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    assert(s->out != NULL);
    if (evbuffer_add(s->out, buf, len) != 0)
        return 0;
    *n = len;
    s->info.wire_out += len;
    return 1;
}

static long queue_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH; /* what was written is in the queue; nothing else is known */
}

BIO_METHOD *tls_private_bio_method(void)
{
    /* The type need not be unique, and BIO_get_new_index() would run out after 127. */
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "byte queues");
    if (m != NULL && BIO_meth_set_read_ex(m, queue_read) && BIO_meth_set_write_ex(m, queue_write) &&
        BIO_meth_set_ctrl(m, queue_ctrl))
        return m;
    BIO_meth_free(m);
    return NULL;
}

/* ---- sessions ---- */

static int session_connect(struct tls_session *s)
{
    BIO *bio = BIO_new(s->context->method);
    s->ssl = SSL_new(s->context->ctx);
    if (bio == NULL || s->ssl == NULL) {
        BIO_free(bio);
        return -1;
    }
    BIO_set_data(bio, s);
    BIO_set_init(bio, 1);
    SSL_set_bio(s->ssl, bio, bio);
    SSL_set_app_data(s->ssl, s);
    SSL_set_accept_state(s->ssl);
    return 0;
}

struct tls_session *tls_new(struct tls_context *context, struct evbuffer *wire_in,
                            struct evbuffer *wire_out)
{
    context->error[0] = '\0';
    if (tls_private_context_make(context) != 0)
        return NULL;
    struct tls_session *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    s->context = context;
    context->refs++;
    s->in = wire_in;
    s->out = wire_out;
    s->info.alert.description = -1;
    s->early_done = context->settings->early_data == 0;
    if (session_connect(s) == 0)
        return s;
    snprintf(context->error, sizeof(context->error), "cannot begin TLS: %s", tls_private_reason());
    ERR_clear_error();
    tls_free(s);
    return NULL;
}

void tls_free(struct tls_session *s)
{
    if (s == NULL)
        return;
    SSL_free(s->ssl);
    tls_context_free(s->context);
    free(s->default_name);
    free(s->hello);
    free(s->early);
    free(s);
}

void tls_set_queues(struct tls_session *s, struct evbuffer *wire_in, struct evbuffer *wire_out)
{
    s->in = wire_in;
    s->out = wire_out;
}

int tls_set_default_name(struct tls_session *s, const char *name)
{
    char *copy = strdup(name);
    if (copy == NULL)
        return -1;
    free(s->default_name);
    s->default_name = copy;
    return 0;
}

static enum tls_hello_state peek(struct tls_session *s)
{
    size_t len = s->in != NULL ? evbuffer_get_length(s->in) : 0;
    if (len > TLS_HELLO_MAX)
        len = TLS_HELLO_MAX;
    if (len == 0)
        return TLS_HELLO_PARTIAL;
    struct tls_hello hello;
    const unsigned char *octets = evbuffer_pullup(s->in, (ev_ssize_t)len);
    if (octets == NULL)
        return TLS_HELLO_BAD;
    enum tls_hello_state state = tls_hello_parse(octets, len, &hello);
    if (state != TLS_HELLO_WHOLE)
        return state;
    s->hello = malloc(sizeof(*s->hello));
    if (s->hello == NULL)
        return TLS_HELLO_BAD;
    *s->hello = hello;
    return TLS_HELLO_WHOLE;
}

enum tls_hello_state tls_peek_hello(struct tls_session *s)
{
    if (s->hello_state == TLS_HELLO_PARTIAL)
        s->hello_state = peek(s);
    return s->hello_state;
}

const struct tls_hello *tls_hello(const struct tls_session *s)
{
    return s->hello;
}

static enum tls_result fail(struct tls_session *s)
{
    const struct tls_alert *alert = &s->info.alert;
    s->failed = true;
    if (alert->fatal && alert->by_peer)
        snprintf(s->error, sizeof(s->error), "the peer sent alert %s",
                 tls_alert_name(alert->description));
    else if (s->error[0] == '\0')
        snprintf(s->error, sizeof(s->error), "%s", tls_private_reason());
    ERR_clear_error();
    return TLS_FAILED;
}

/* What a call into OpenSSL that did not succeed means. */
static enum tls_result result(struct tls_session *s, int returned)
{
    switch (SSL_get_error(s->ssl, returned)) {
    case SSL_ERROR_WANT_READ:
        ERR_clear_error();
        return s->wire_eof ? TLS_TRUNCATED : TLS_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        ERR_clear_error();
        return TLS_CLOSE_NOTIFY;
    default:
        return fail(s);
    }
}

static int early_append(struct tls_session *s, const char *data, size_t len)
{
    char *more = realloc(s->early, s->early_len + len);
    if (more == NULL)
        return -1;
    memcpy(more + s->early_len, data, len);
    s->early = more;
    s->early_len += len;
    s->info.early_bytes = s->early_len;
    return 0;
}

/* Collects 0-RTT data until the client says that it was all. OpenSSL bounds it by the settings. */
static enum tls_result collect_early(struct tls_session *s)
{
    while (!s->early_done) {
        char chunk[EARLY_CHUNK];
        size_t n = 0;
        switch (SSL_read_early_data(s->ssl, chunk, sizeof(chunk), &n)) {
        case SSL_READ_EARLY_DATA_SUCCESS:
            if (n > 0 && early_append(s, chunk, n) != 0)
                return fail(s);
            break;
        case SSL_READ_EARLY_DATA_FINISH:
            s->early_done = true;
            break;
        default:
            return result(s, 0);
        }
    }
    return TLS_OK;
}

static void became_secure(struct tls_session *s)
{
    struct tls_info *info = &s->info;
    const unsigned char *alpn;
    unsigned len;
    SSL_get0_alpn_selected(s->ssl, &alpn, &len);
    info->secure = true;
    info->resumed = SSL_session_reused(s->ssl);
    info->version = SSL_version(s->ssl);
    snprintf(info->alpn, sizeof(info->alpn), "%.*s", (int)len, (const char *)alpn);
    info->client_certificate = SSL_get0_peer_certificate(s->ssl) != NULL;
    int early = SSL_get_early_data_status(s->ssl);
    if (early != SSL_EARLY_DATA_NOT_SENT)
        info->early = early == SSL_EARLY_DATA_ACCEPTED ? TLS_EARLY_ACCEPTED : TLS_EARLY_REJECTED;
    info->secure_wire_in = info->wire_in;
    info->secure_wire_out = info->wire_out;
}

enum tls_result tls_handshake(struct tls_session *s)
{
    if (s->failed)
        return TLS_FAILED;
    if (s->info.secure)
        return TLS_OK;
    if (tls_peek_hello(s) == TLS_HELLO_PARTIAL)
        return s->wire_eof ? TLS_TRUNCATED : TLS_AGAIN;
    ERR_clear_error();
    enum tls_result early = collect_early(s);
    if (early != TLS_OK)
        return early;
    int returned = SSL_do_handshake(s->ssl);
    if (returned != 1)
        return result(s, returned);
    became_secure(s);
    return TLS_OK;
}

static size_t take_early(struct tls_session *s, char *buf, size_t len)
{
    size_t n = s->early_len - s->early_at;
    if (n > len)
        n = len;
    memcpy(buf, s->early + s->early_at, n);
    s->early_at += n;
    if (s->early_at == s->early_len) {
        free(s->early);
        s->early = NULL;
        s->early_at = s->early_len = 0;
    }
    return n;
}

enum tls_result tls_read(struct tls_session *s, char *buf, size_t len, size_t *n)
{
    assert(s->failed || s->info.secure);
    assert(len > 0);
    *n = 0;
    if (s->failed)
        return TLS_FAILED;
    if (s->early != NULL) {
        *n = take_early(s, buf, len);
        return TLS_OK;
    }
    ERR_clear_error();
    int returned = SSL_read_ex(s->ssl, buf, len, n);
    return returned == 1 ? TLS_OK : result(s, returned);
}

size_t tls_pending(const struct tls_session *s)
{
    return s->early_len - s->early_at + (size_t)SSL_pending(s->ssl);
}

enum tls_result tls_write(struct tls_session *s, const char *buf, size_t len, size_t *n)
{
    assert(s->failed || s->info.secure);
    *n = 0;
    if (s->failed)
        return TLS_FAILED;
    if (len == 0)
        return TLS_OK;
    ERR_clear_error();
    int returned = SSL_write_ex(s->ssl, buf, len, n);
    return returned == 1 ? TLS_OK : result(s, returned);
}

void tls_wire_eof(struct tls_session *s)
{
    s->wire_eof = true;
}

void tls_close_notify(struct tls_session *s)
{
    if (!s->info.secure || s->failed || s->info.close_notify_sent)
        return;
    ERR_clear_error();
    SSL_shutdown(s->ssl); /* 0 or 1, as the peer's has come or not: both are well */
    ERR_clear_error();
}

const struct tls_info *tls_info(const struct tls_session *s)
{
    return &s->info;
}

const char *tls_error(const struct tls_session *s)
{
    return s->error;
}
