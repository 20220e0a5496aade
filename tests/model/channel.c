/*
 * TCP sockets and TLS. TLS runs over memory BIOs: what comes from the channel below is put into
 * one, what stands in the other is queued below, after every call of libssl (reading may write: key
 * updates, alerts). So the same code nests, and only the TCP socket ever waits.
 */
#include "channel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"
#include "mutants.h"

/* What was written and is not sent cannot be taken back when an answer comes early; a kernel would
 * queue megabytes. */
enum { UNSENT_MOST = 128 * 1024 };

struct channel {
    int fd;
    struct channel *below; /* of TLS; NULL: this is the socket */
    SSL *ssl;
    SSL_SESSION *ticket; /* the newest that has come */
    bool below_ended;
    int early;      /* octets of its first record that were sent before; for a mutant */
    struct buf out; /* of the socket: queued octets, from `written` on */
    size_t written;
};

static struct channel *bottom(struct channel *c)
{
    while (c->below)
        c = c->below;
    return c;
}

void channel_put(struct channel *c, const char *octets, size_t len)
{
    if (!c->below) {
        buf_add(&c->out, octets, len);
        return;
    }
    if (len)
        SSL_write(c->ssl, octets, (int)len); /* a memory BIO takes everything */
    BIO *out = SSL_get_wbio(c->ssl);
    char chunk[16384];
    for (int n; (n = BIO_read(out, chunk, sizeof(chunk))) > 0; c->early = 0)
        channel_put(c->below, chunk + c->early, (size_t)(n - c->early));
}

/* 1: all is written; 0: the socket is full; -1: it is gone. */
static int write_out(struct channel *c)
{
    while (c->written < c->out.len) {
        ssize_t n = send(c->fd, c->out.at + c->written, c->out.len - c->written, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? 0 : -1;
        c->written += (size_t)n;
    }
    c->out.len = c->written = 0;
    return 1;
}

bool channel_is_flushed(struct channel *c)
{
    return bottom(c)->out.len == 0;
}

int channel_flush(struct channel *c, bool until_input, const struct deadlines *l, struct failure *f)
{
    c = bottom(c);
    for (;;) {
        int done = write_out(c);
        if (done < 0)
            return failure_set(f, KIND_RESET, "%s while sending",
                               errno == EPIPE ? "broken pipe (EPIPE)"
                                              : "connection reset by peer (ECONNRESET)");
        struct pollfd now = { .fd = c->fd, .events = POLLIN };
        if (until_input && poll(&now, 1, 0) > 0)
            return 1;
        if (done)
            return 0;
        short events = (short)(POLLOUT | (until_input ? POLLIN : 0));
        int got = deadlines_wait(l, c->fd, events, 0, f);
        if (got < 0)
            return -1;
        if (until_input && got & POLLIN)
            return 1;
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

static ssize_t read_socket(struct channel *c, char *at, size_t room)
{
    for (;;) {
        ssize_t n = recv(c->fd, at, room, 0);
        if (n >= 0)
            return n;
        if (errno == EAGAIN)
            return CHANNEL_WAIT;
        if (errno != EINTR)
            return CHANNEL_RESET;
    }
}

/* Feeds libssl once. 1: it has new octets. */
static ssize_t feed(struct channel *c)
{
    char chunk[16384];
    ssize_t n = c->below_ended ? CHANNEL_END : channel_try_read(c->below, chunk, sizeof(chunk));
    if (n > 0)
        BIO_write(SSL_get_rbio(c->ssl), chunk, (int)n);
    if (n == CHANNEL_END)
        c->below_ended = true;
    return n > 0 ? 1 : n;
}

static ssize_t read_tls(struct channel *c, char *at, size_t room)
{
    for (;;) {
        ERR_clear_error();
        int n = SSL_read(c->ssl, at, room > 1 << 20 ? 1 << 20 : (int)room);
        int error = SSL_get_error(c->ssl, n);
        channel_put(c, NULL, 0);
        if (n > 0)
            return n;
        if (error == SSL_ERROR_ZERO_RETURN)
            return CHANNEL_END;
        if (error != SSL_ERROR_WANT_READ)
            return CHANNEL_BROKEN;
        ssize_t fed = feed(c);
        if (fed == CHANNEL_END)
            return mutant(MUTANT_IGNORES_MISSING_CLOSE_NOTIFY) ? CHANNEL_END : CHANNEL_CUT;
        if (fed < 0)
            return fed;
    }
}

ssize_t channel_try_read(struct channel *c, char *at, size_t room)
{
    return c->below ? read_tls(c, at, room) : read_socket(c, at, room);
}

ssize_t channel_read(struct channel *c, char *at, size_t room, const struct deadlines *l,
                     struct failure *f)
{
    for (;;) {
        ssize_t n = channel_try_read(c, at, room);
        if (n != CHANNEL_WAIT)
            return n;
        /* What TLS wants to say in between; a failure shows at the next read. */
        int flushed = write_out(bottom(c));
        short events = (short)(POLLIN | (flushed == 0 ? POLLOUT : 0));
        if (deadlines_wait(l, bottom(c)->fd, events, 0, f) < 0)
            return CHANNEL_WAIT;
    }
}

int channel_wait_input(struct channel *c, int64_t patience, const struct deadlines *l,
                       struct failure *f)
{
    int got = deadlines_wait(l, bottom(c)->fd, POLLIN, patience, f);
    return got > 0 ? 1 : got;
}

bool channel_is_quiet(struct channel *c)
{
    char octet;
    return channel_try_read(c, &octet, 1) == CHANNEL_WAIT;
}

/* ---- making and ending ----------------------------------------------------------------------- */

static struct channel *channel_new(int fd, struct channel *below)
{
    struct channel *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    c->fd = fd;
    c->below = below;
    return c;
}

void channel_free(struct channel *c)
{
    if (!c)
        return;
    if (c->below) {
        if (SSL_is_init_finished(c->ssl) && !mutant(MUTANT_NO_CLOSE_NOTIFY))
            SSL_shutdown(c->ssl);
        channel_put(c, NULL, 0);
        channel_free(c->below);
        SSL_free(c->ssl);
        SSL_SESSION_free(c->ticket);
    } else {
        write_out(c);
        close(c->fd);
        buf_free(&c->out);
    }
    free(c);
}

static int connect_failed(bool is_proxy, int error, struct failure *f)
{
    return failure_set(f, is_proxy ? KIND_PROXY_UNREACHABLE : KIND_OTHER,
                       "cannot connect to the %s: %s", is_proxy ? "proxy" : "server",
                       strerror(error));
}

static int finish_connect(int fd, bool is_proxy, const struct deadlines *l, struct failure *f)
{
    int error = 0;
    socklen_t len = sizeof(error);
    if (deadlines_wait(l, fd, POLLOUT, 0, f) < 0)
        return -1;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        error = errno;
    return error ? connect_failed(is_proxy, error, f) : 0;
}

struct channel *channel_dial(const struct addrinfo *a, bool is_proxy, const struct deadlines *l,
                             struct failure *f)
{
    const int on = 1, unsent_most = UNSENT_MOST;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        connect_failed(is_proxy, errno, f);
        return NULL;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &unsent_most, sizeof(unsent_most));
    int result = connect(fd, a->ai_addr, a->ai_addrlen);
    if (result < 0 && errno != EINPROGRESS)
        connect_failed(is_proxy, errno, f);
    else
        result = finish_connect(fd, is_proxy, l, f);
    if (result == 0)
        return channel_new(fd, NULL);
    close(fd);
    return NULL;
}

/* ---- tickets and early data ------------------------------------------------------------------ */

/* For 1, libssl leaves the ticket to us. */
static int note_ticket(SSL *ssl, SSL_SESSION *ticket)
{
    struct channel *c = SSL_get_app_data(ssl);
    if (SSL_SESSION_get_max_early_data(ticket) == 0)
        return 0;
    SSL_SESSION_free(c->ticket);
    c->ticket = ticket;
    return 1;
}

void channel_collects_tickets(SSL_CTX *context)
{
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, note_ticket);
}

SSL_SESSION *channel_take_ticket(struct channel *c)
{
    SSL_SESSION *ticket = c->ticket;
    c->ticket = NULL;
    return ticket;
}

bool channel_took_early(const struct channel *c)
{
    return SSL_get_early_data_status(c->ssl) == SSL_EARLY_DATA_ACCEPTED;
}

/* What libssl refuses to send early is sent later, as what the other side refuses. */
static void begin_early(struct channel *c, const struct channel_tls *t)
{
    size_t written;
    if (t->ticket && SSL_set_session(c->ssl, t->ticket) == 1)
        SSL_write_early_data(c->ssl, t->early->at, t->early->len, &written);
}

/* ---- the TLS handshake ----------------------------------------------------------------------- */

static bool is_address(const char *host)
{
    unsigned char octets[16];
    return inet_pton(AF_INET, host, octets) == 1 || inet_pton(AF_INET6, host, octets) == 1;
}

/* RFC 9110, 4.3.4: the certificate is checked against the host that was asked for. */
static void expect_identity(SSL *ssl, const struct channel_tls *t)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    if (!is_address(t->host))
        SSL_set_tlsext_host_name(ssl, (char *)(uintptr_t)t->host); /* the macro casts const away */
    if (!t->verify || mutant(MUTANT_NO_VERIFICATION) ||
        (mutant(MUTANT_NO_PROXY_VERIFICATION) && t->kind == KIND_TLS_PROXY)) {
        SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
        return;
    }
    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    if (mutant(MUTANT_NAME_NOT_CHECKED))
        return;
    if (is_address(t->host))
        X509_VERIFY_PARAM_set1_ip_asc(param, t->host);
    else
        X509_VERIFY_PARAM_set1_host(param, t->host, 0);
}

static int handshake_failed(const struct channel *c, const struct channel_tls *t, struct failure *f)
{
    const char *who = t->kind == KIND_TLS_PROXY ? "proxy" : "origin";
    long verified = SSL_get_verify_result(c->ssl);
    if (verified != X509_V_OK && t->verify) {
        failure_set(f, t->kind, "TLS to the %s: certificate refused: %s", who,
                    X509_verify_cert_error_string(verified));
        f->is_certificate = true;
        return -1;
    }
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    return failure_set(f, t->kind, "TLS to the %s: handshake failed: %s", who,
                       reason ? reason : "unknown reason");
}

static int handshake_ended(ssize_t how, const struct channel_tls *t, struct failure *f)
{
    const char *who = t->kind == KIND_TLS_PROXY ? "proxy" : "origin";
    if (how == CHANNEL_RESET)
        return failure_set(f, KIND_RESET,
                           "connection reset by peer (ECONNRESET) in the TLS handshake with the %s",
                           who);
    if (how == CHANNEL_END || how == CHANNEL_CUT)
        return failure_set(f, KIND_CLOSED_EARLY,
                           "connection closed in the TLS handshake with the %s", who);
    return failure_set(f, t->kind, "TLS to the %s: the connection broke", who);
}

/* Octets from below, as soon as there are some. */
static int await_input(struct channel *c, const struct channel_tls *t, const struct deadlines *l,
                       struct failure *f)
{
    for (;;) {
        ssize_t fed = feed(c);
        if (fed > 0)
            return 0;
        if (fed != CHANNEL_WAIT)
            return handshake_ended(fed, t, f);
        if (deadlines_wait(l, bottom(c)->fd, POLLIN, 0, f) < 0)
            return -1;
    }
}

static int handshake(struct channel *c, const struct channel_tls *t, const struct deadlines *l,
                     struct failure *f)
{
    for (;;) {
        ERR_clear_error();
        int n = SSL_do_handshake(c->ssl);
        int error = SSL_get_error(c->ssl, n);
        if (n != 1 && error != SSL_ERROR_WANT_READ)
            handshake_failed(c, t, f);
        struct failure unsent; /* an alert that cannot be sent changes nothing */
        channel_put(c, NULL, 0);
        int flushed =
            channel_flush(c, false, l, n == 1 || error == SSL_ERROR_WANT_READ ? f : &unsent);
        if (n == 1)
            return flushed;
        if (error != SSL_ERROR_WANT_READ)
            return -1;
        if ((flushed < 0 && f->kind != KIND_RESET) || await_input(c, t, l, f) < 0)
            return -1;
    }
}

struct channel *channel_secure(struct channel *below, const struct channel_tls *t,
                               const struct deadlines *l, struct failure *f)
{
    struct channel *c = channel_new(-1, below);
    c->ssl = SSL_new(t->context);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (!c->ssl || !in || !out)
        abort();
    BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(c->ssl, in, out);
    SSL_set_app_data(c->ssl, c);
    SSL_set_connect_state(c->ssl);
    if (mutant(MUTANT_EARLY_TLS) && t->kind == KIND_TLS_ORIGIN)
        c->early = 3;
    expect_identity(c->ssl, t);
    begin_early(c, t);
    if (handshake(c, t, l, f) == 0)
        return c;
    channel_free(c);
    return NULL;
}
