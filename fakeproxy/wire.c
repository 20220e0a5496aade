/*
 * The socket.
 */
#include "wire.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"

/* An entry of the error queue keeps EPOLLERR set until it is taken. */
static void drain_error_queue(struct wire *w)
{
    char control[256];
    for (;;) {
        struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };
        if (recvmsg(w->fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return;
    }
}

/* libevent reports EPOLLERR without EPOLLRDHUP, and the edge does not come again: a FIN that
 * acknowledges our last octets would be lost. After an RST poll() says POLLERR as well. */
static bool has_fin(const struct wire *w)
{
    struct pollfd p = { .fd = w->fd, .events = POLLRDHUP };
    return poll(&p, 1, 0) == 1 && (p.revents & POLLRDHUP) && !(p.revents & POLLERR);
}

static void on_edge(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    struct wire *w = arg;
    if (w->tells_acks)
        drain_error_queue(w);
    if (what & EV_READ) {
        w->readable = WIRE_READABLE;
        if (!w->tells_acks || wire_unread(w) > 0) /* not an acknowledgement alone */
            w->arrived = clock_now();
    }
    if ((what & EV_CLOSED) || (w->tells_acks && !w->hup && has_fin(w))) {
        w->readable = WIRE_READABLE;
        w->hup = true;
    }
    if (what & EV_WRITE) {
        w->writable = true;
        if (w->connecting) {
            int error = 0;
            socklen_t len = sizeof(error);
            getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &len);
            w->connecting = false;
            w->broken = error != 0;
            w->error = error;
        }
    }
    w->notify(w->arg);
}

int wire_init(struct wire *w, struct event_base *base, int fd, void (*notify)(void *arg), void *arg)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    /* A host's default may be BBR, which paces: octets would leave later than they were written. */
    setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
    *w = (struct wire){
        .fd = fd, .notify = notify, .arg = arg, .readable = WIRE_READABLE, .writable = true
    };
    w->active = w->arrived = clock_now();
    short events = (short)(EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST);
    event_assign(&w->event, base, fd, events, on_edge, w);
    if (event_add(&w->event, NULL) == 0)
        return 0;
    close(fd);
    w->fd = -1;
    return -1;
}

int wire_connect(struct wire *w, struct event_base *base, const struct sockaddr *addr,
                 socklen_t len, void (*notify)(void *arg), void *arg)
{
    w->fd = -1;
    int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, addr, len) < 0 && errno != EINPROGRESS) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    if (wire_init(w, base, fd, notify, arg) < 0)
        return -1;
    w->connecting = true;
    w->writable = false;
    w->readable = WIRE_NOTHING;
    return 0;
}

/* The write took the error, but what came before the peer's RST is still there. */
static ssize_t read_rest(struct wire *w, char *buf, size_t room)
{
    ssize_t n = recv(w->fd, buf, room, MSG_DONTWAIT);
    if (n > 0) {
        w->received += (uint64_t)n;
        return n;
    }
    w->write_failed = false;
    return WIRE_BROKEN;
}

ssize_t wire_read(struct wire *w, char *buf, size_t room)
{
    if (w->eof)
        return WIRE_EOF;
    if (w->write_failed)
        return read_rest(w, buf, room);
    if (w->broken || w->fd < 0)
        return WIRE_BROKEN;
    if (w->readable == WIRE_NOTHING || w->connecting)
        return WIRE_AGAIN;
    ssize_t n = recv(w->fd, buf, room, MSG_DONTWAIT);
    if (n > 0) {
        w->received += (uint64_t)n;
        w->active = clock_now();
        if ((size_t)n < room && !w->hup)
            w->readable = WIRE_MAYBE;
        return n;
    }
    if (n == 0) {
        w->eof = true;
        w->readable = WIRE_NOTHING;
        return WIRE_EOF;
    }
    if (errno == EAGAIN || errno == EINTR) {
        w->readable = errno == EINTR ? WIRE_READABLE : WIRE_NOTHING;
        return WIRE_AGAIN;
    }
    w->broken = true;
    return WIRE_BROKEN;
}

ssize_t wire_write(struct wire *w, const struct iovec *iov, int count)
{
    if (w->broken || w->fd < 0 || w->shut)
        return WIRE_BROKEN;
    if (!w->writable)
        return 0;
    struct msghdr msg = { .msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)count };
    size_t total = 0;
    for (int i = 0; i < count; i++)
        total += iov[i].iov_len;
    ssize_t n = sendmsg(w->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS) {
        w->broken = w->write_failed = true;
        return WIRE_BROKEN;
    }
    if (n < (ssize_t)total)
        w->writable = false;
    if (n <= 0)
        return 0;
    w->sent += (uint64_t)n;
    w->active = clock_now();
    if (w->readable == WIRE_MAYBE) /* an RST before now would have failed the write */
        w->readable = WIRE_NOTHING;
    return n;
}

static int ask(const struct wire *w, unsigned long request)
{
    int n = 0;
    return w->fd >= 0 && ioctl(w->fd, request, &n) == 0 ? n : 0;
}

int wire_unacked(const struct wire *w)
{
    return ask(w, SIOCOUTQ);
}

int wire_unsent(const struct wire *w)
{
    return ask(w, SIOCOUTQNSD);
}

int wire_unread(const struct wire *w)
{
    return ask(w, SIOCINQ);
}

void wire_tell_acks(struct wire *w)
{
    if (w->tells_acks || w->fd < 0)
        return;
    int flags = SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;
    w->tells_acks = setsockopt(w->fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)) == 0;
}

bool wire_was_reset(struct wire *w)
{
    if (w->broken || w->fd < 0)
        return true;
    struct tcp_info info;
    socklen_t len = sizeof(info);
    if (getsockopt(w->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
        return false;
    /* With both FINs exchanged the state is CLOSE as well; then nothing is lost. */
    if (info.tcpi_state == TCP_CLOSE && !(w->shut && w->hup))
        w->broken = wire_unread(w) == 0;
    return info.tcpi_state == TCP_CLOSE && !(w->shut && w->hup);
}

static void let_go(struct wire *w)
{
    w->write_failed = false;
    event_del(&w->event);
    close(w->fd);
    w->fd = -1;
}

void wire_shut(struct wire *w)
{
    if (w->fd < 0 || w->shut)
        return;
    w->shut = true;
    shutdown(w->fd, SHUT_WR);
}

void wire_close(struct wire *w)
{
    if (w->fd >= 0)
        let_go(w);
}

void wire_reset(struct wire *w)
{
    if (w->fd < 0)
        return;
    struct linger now = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(w->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    let_go(w);
}
