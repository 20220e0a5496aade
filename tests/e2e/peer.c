/*
 * Raw sockets, read with poll() and recv(). TLS runs over memory BIOs: OpenSSL never sees the
 * socket, so the end of the wire is ours to read, and an RST is not swallowed by SSL_read().
 */
#include "peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

/* ---- the pattern ----------------------------------------------------------------------------- */

enum { PERIOD = 251 };

void peer_pattern(uint64_t offset, char *octets, size_t len)
{
    size_t first = len < PERIOD ? len : PERIOD;
    for (size_t i = 0; i < first; i++)
        octets[i] = (char)((offset + i) % PERIOD);
    for (size_t done = first; done < len;) {
        size_t n = done < len - done ? done : len - done;
        n -= n == len - done ? 0 : n % PERIOD;
        memcpy(octets + done, octets, n);
        done += n;
    }
}

ssize_t peer_pattern_differs(uint64_t offset, const char *octets, size_t len)
{
    size_t first = len < PERIOD ? len : PERIOD;
    for (size_t i = 0; i < first; i++)
        if (octets[i] != (char)((offset + i) % PERIOD))
            return (ssize_t)i;
    if (len <= PERIOD || memcmp(octets, octets + PERIOD, len - PERIOD) == 0)
        return -1;
    for (size_t i = PERIOD; i < len; i++)
        if (octets[i] != octets[i - PERIOD])
            return (ssize_t)i;
    return -1;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct peer *peer_of(int fd)
{
    struct peer *p = malloc(sizeof(*p));
    if (!p)
        abort();
    p->fd = fd;
    p->end = PEER_OPEN;
    p->notified = p->tls_failed = false;
    p->arrived = 0;
    p->under = NULL;
    p->tls = NULL;
    p->in = p->out = NULL;
    p->at = p->len = 0;
    return p;
}

struct peer *peer_over(struct peer *under)
{
    struct peer *p = peer_of(-1);
    p->under = under;
    return p;
}

struct peer *peer_dial(int port, int receive_buffer)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0)
        return NULL;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (receive_buffer) /* before the handshake: it fixes the window */
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
        int error = errno;
        close(fd);
        errno = error;
        return NULL;
    }
    return peer_of(fd);
}

void peer_free(struct peer *p)
{
    if (!p)
        return;
    SSL_free(p->tls);
    peer_free(p->under);
    if (p->fd >= 0)
        close(p->fd);
    free(p);
}

void peer_abort(struct peer *p)
{
    struct linger now = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(p->fd);
    p->fd = -1;
}

int peer_listen(int *port, bool v6)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
    struct sockaddr *a = v6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in;
    socklen_t len = v6 ? sizeof(in6) : sizeof(in);
    int fd = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, a, len) < 0 || listen(fd, 512) < 0 || getsockname(fd, a, &len) < 0) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        errno = error;
        return -1;
    }
    *port = ntohs(v6 ? in6.sin6_port : in.sin_port);
    return fd;
}

struct peer *peer_accept(int listener, int timeout_ms)
{
    struct pollfd p = { .fd = listener, .events = POLLIN };
    if (poll(&p, 1, timeout_ms) != 1)
        return NULL;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    return fd < 0 ? NULL : peer_of(fd);
}

/* ---- the wire -------------------------------------------------------------------------------- */

static int left(int64_t deadline)
{
    int64_t ns = deadline - clock_now();
    return ns <= 0 ? 0 : (int)((ns + CLOCK_MS - 1) / CLOCK_MS);
}

/* The wire of TLS in TLS: where the one below ends with close_notify alone, that is its EOF. */
static ssize_t read_under(struct peer *p, char *octets, size_t room, int64_t deadline)
{
    ssize_t n = peer_read(p->under, octets, room, left(deadline));
    if (n > 0)
        p->arrived += (uint64_t)n;
    else if (n == PEER_ENDED)
        p->end = p->under->end == PEER_RESET ? PEER_RESET : PEER_EOF;
    return n;
}

static ssize_t read_wire(struct peer *p, char *octets, size_t room, int64_t deadline)
{
    if (p->under && p->end == PEER_OPEN)
        return read_under(p, octets, room, deadline);
    for (;;) {
        if (p->end != PEER_OPEN)
            return PEER_ENDED;
        ssize_t n = recv(p->fd, octets, room, MSG_DONTWAIT);
        if (n > 0) {
            p->arrived += (uint64_t)n;
            return n;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            p->end = n == 0 ? PEER_EOF : PEER_RESET;
            return PEER_ENDED;
        }
        struct pollfd ready = { .fd = p->fd, .events = POLLIN };
        if (poll(&ready, 1, left(deadline)) == 0)
            return PEER_LATE;
    }
}

ssize_t peer_send_some(struct peer *p, const void *octets, size_t len, int timeout_ms)
{
    int64_t deadline = clock_now() + timeout_ms * CLOCK_MS;
    size_t done = 0;
    while (done < len) {
        ssize_t n =
            send(p->fd, (const char *)octets + done, len - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            done += (size_t)n;
            continue;
        }
        if (errno != EAGAIN && errno != EINTR) {
            p->end = PEER_RESET; /* the first call to meet an RST eats it */
            return -1;
        }
        struct pollfd ready = { .fd = p->fd, .events = POLLOUT };
        if (poll(&ready, 1, left(deadline)) == 0)
            break;
    }
    return (ssize_t)done;
}

static int send_wire(struct peer *p, const char *octets, size_t len)
{
    if (p->under)
        return peer_send(p->under, octets, len);
    return peer_send_some(p, octets, len, PEER_PATIENCE) == (ssize_t)len ? 0 : -1;
}

/* ---- TLS ------------------------------------------------------------------------------------- */

SSL_CTX *peer_tls_context(const char *ca_file)
{
    SSL_CTX *c = SSL_CTX_new(TLS_client_method());
    if (!c)
        abort();
    if (ca_file) {
        if (SSL_CTX_load_verify_locations(c, ca_file, NULL) != 1)
            abort();
        SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
    }
    return c;
}

static int flush_tls(struct peer *p)
{
    char octets[16384 + 512];
    int n;
    while ((n = BIO_read(p->out, octets, sizeof(octets))) > 0)
        if (send_wire(p, octets, (size_t)n) < 0)
            return -1;
    return 0;
}

/* Hands ciphertext to OpenSSL. False: none came. */
static bool feed_tls(struct peer *p, int64_t deadline, ssize_t *result)
{
    char octets[16384 + 512];
    *result = read_wire(p, octets, sizeof(octets), deadline);
    if (*result > 0)
        BIO_write(p->in, octets, (int)*result);
    return *result > 0;
}

int peer_start_tls(struct peer *p, SSL_CTX *context, const char *name)
{
    int64_t deadline = clock_now() + PEER_PATIENCE * CLOCK_MS;
    p->tls = SSL_new(context);
    p->in = BIO_new(BIO_s_mem());
    p->out = BIO_new(BIO_s_mem());
    if (!p->tls || !p->in || !p->out)
        abort();
    SSL_set_bio(p->tls, p->in, p->out);
    SSL_set_tlsext_host_name(p->tls, (char *)(uintptr_t)name); /* the macro casts const away */
    SSL_set1_host(p->tls, name);
    /* What the peer sent behind a CONNECT answer is TLS already. */
    BIO_write(p->in, p->buffer + p->at, (int)(p->len - p->at));
    p->at = p->len = 0;
    for (;;) {
        ERR_clear_error();
        int r = SSL_connect(p->tls);
        int error = SSL_get_error(p->tls, r);
        if (flush_tls(p) < 0)
            return -1;
        if (r == 1)
            return 0;
        ssize_t n;
        if (error != SSL_ERROR_WANT_READ) {
            p->tls_failed = true;
            return -1;
        }
        if (!feed_tls(p, deadline, &n))
            return -1;
    }
}

static ssize_t read_tls(struct peer *p, char *octets, size_t room, int64_t deadline)
{
    for (;;) {
        ssize_t n;
        size_t got = 0;
        if (p->notified || p->tls_failed)
            return PEER_ENDED;
        ERR_clear_error();
        int r = SSL_read_ex(p->tls, octets, room, &got);
        if (r == 1)
            return (ssize_t)got;
        int error = SSL_get_error(p->tls, r);
        p->notified = error == SSL_ERROR_ZERO_RETURN;
        p->tls_failed = error != SSL_ERROR_ZERO_RETURN && error != SSL_ERROR_WANT_READ;
        if (error == SSL_ERROR_WANT_READ && !feed_tls(p, deadline, &n))
            return n;
    }
}

/* ---- reading and writing --------------------------------------------------------------------- */

static ssize_t read_some(struct peer *p, char *octets, size_t room, int64_t deadline)
{
    return p->tls ? read_tls(p, octets, room, deadline) : read_wire(p, octets, room, deadline);
}

ssize_t peer_read(struct peer *p, void *octets, size_t room, int timeout_ms)
{
    if (p->at < p->len) {
        size_t n = p->len - p->at < room ? p->len - p->at : room;
        memcpy(octets, p->buffer + p->at, n);
        p->at += n;
        return (ssize_t)n;
    }
    return read_some(p, octets, room, clock_now() + timeout_ms * CLOCK_MS);
}

int peer_read_head(struct peer *p, char *head, size_t room)
{
    int64_t deadline = clock_now() + PEER_PATIENCE * CLOCK_MS;
    memmove(p->buffer, p->buffer + p->at, p->len - p->at);
    p->len -= p->at;
    p->at = 0;
    for (;;) {
        const char *end = memmem(p->buffer, p->len, "\r\n\r\n", 4);
        size_t n = end ? (size_t)(end - p->buffer) + 4 : p->len;
        if (end || p->len == sizeof(p->buffer)) {
            n = n < room ? n : room - 1;
            memcpy(head, p->buffer, n);
            head[n] = '\0';
            p->at = n;
            return end ? 0 : -1;
        }
        ssize_t got = read_some(p, p->buffer + p->len, sizeof(p->buffer) - p->len, deadline);
        if (got < 0) {
            n = p->len < room ? p->len : room - 1;
            memcpy(head, p->buffer, n);
            head[n] = '\0';
            return -1;
        }
        p->len += (size_t)got;
    }
}

int peer_send(struct peer *p, const void *octets, size_t len)
{
    if (!p->tls)
        return send_wire(p, octets, len);
    const char *at = octets;
    while (len > 0) {
        size_t n = len < 16384 ? len : 16384, wrote = 0;
        if (SSL_write_ex(p->tls, at, n, &wrote) != 1 || flush_tls(p) < 0)
            return -1;
        at += wrote;
        len -= wrote;
    }
    return 0;
}

bool peer_is_silent(struct peer *p, int ms)
{
    char octet;
    return p->at == p->len && read_wire(p, &octet, 1, clock_now() + ms * CLOCK_MS) == PEER_LATE;
}

bool peer_wait_end(struct peer *p)
{
    char octets[16384];
    int64_t deadline = clock_now() + PEER_PATIENCE * CLOCK_MS;
    while (read_wire(p, octets, sizeof(octets), deadline) > 0)
        continue;
    return p->end != PEER_OPEN;
}
