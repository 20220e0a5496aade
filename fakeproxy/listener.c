/*
 * Listeners, and the only place that calls accept().
 */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

enum { ACCEPTS_PER_TURN = 64 };

static const int64_t PAUSE = 20 * CLOCK_MS; /* of accept(), when descriptors ran out */

/* No descriptor is left: give up the spare one to refuse one connection at least, so that the
 * client learns of it, then pause. */
static void refuse_one(struct listener *l)
{
    struct loop *loop = l->instance->loop;
    close(loop->spare_fd);
    int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    loop->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    event_del(l->accept);
    timer_set(&l->open, clock_now() + PAUSE);
}

static void on_accept(evutil_socket_t listen_fd, short what, void *arg)
{
    (void)what;
    struct listener *l = arg;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage peer;
        socklen_t len = sizeof(peer);
        int fd = accept4(listen_fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
                refuse_one(l);
            else if (errno == ECONNABORTED || errno == EINTR)
                continue;
            return;
        }
        struct conn *c = conn_new(l, fd, (struct sockaddr *)&peer);
        if (c)
            conn_poll(c);
    }
}

enum { FILLERS = 4 };

/* Fills a backlog of 0 ourselves: the kernel then drops every further SYN, and the client's connect
 * hangs as it does behind a dead route. */
static int fill_backlog(struct listener *l)
{
    struct sockaddr_storage a = { 0 };
    socklen_t len = sizeof(a);
    getsockname(l->fd, (struct sockaddr *)&a, &len);
    l->fillers = calloc(FILLERS, sizeof(*l->fillers));
    if (!l->fillers)
        abort();
    for (; l->filler_count < FILLERS; l->filler_count++) {
        int fd = socket(a.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0)
            return -1;
        l->fillers[l->filler_count] = fd;
        if (connect(fd, (struct sockaddr *)&a, len) < 0 && errno != EINPROGRESS)
            return -1;
    }
    return 0;
}

static void start_listening(void *arg)
{
    struct listener *l = arg;
    if (l->accept) { /* the pause is over */
        event_add(l->accept, NULL);
        return;
    }
    listen(l->fd, 4096);
    l->accept = event_new(l->instance->loop->base, l->fd, EV_READ | EV_PERSIST, on_accept, l);
    if (!l->accept || event_add(l->accept, NULL) < 0)
        abort();
}

static int bind_to(struct listener *l, const char *host, int port)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
    struct sockaddr_storage a = { 0 };
    socklen_t len;
    bool v6 = strchr(host, ':') != NULL;
    if (evutil_inet_pton(v6 ? AF_INET6 : AF_INET, host,
                         v6 ? (void *)&in6.sin6_addr : (void *)&in.sin_addr) != 1) {
        errno = EINVAL;
        return -1;
    }
    len = v6 ? sizeof(in6) : sizeof(in);
    memcpy(&a, v6 ? (void *)&in6 : (void *)&in, len);
    l->fd = socket(a.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    if (l->fd < 0 || setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        bind(l->fd, (struct sockaddr *)&a, len) < 0)
        return -1;
    len = sizeof(a);
    if (getsockname(l->fd, (struct sockaddr *)&a, &len) < 0)
        return -1;
    port = ntohs(v6 ? ((struct sockaddr_in6 *)(void *)&a)->sin6_port
                    : ((struct sockaddr_in *)(void *)&a)->sin_port);
    snprintf(l->address, sizeof(l->address), v6 ? "[%s]:%d" : "%s:%d", host, port);
    l->port = port;
    return 0;
}

int listener_open(struct listener *l, struct instance *in, const struct actor *a, const char *host,
                  int port)
{
    l->instance = in;
    l->actor = a;
    l->fd = -1;
    timer_init(&l->open, in->loop->base, start_listening, l);
    if (bind_to(l, host ? host : "127.0.0.1", port) < 0)
        return -1;
    switch (a->listen) {
    case LISTEN_OPEN:
        start_listening(l);
        break;
    case LISTEN_REFUSED: /* bound, not listening: a connect is answered with RST */
        break;
    case LISTEN_LATE:
        timer_set(&l->open, clock_now() + a->open_after);
        break;
    case LISTEN_BLACKHOLE:
        listen(l->fd, 0);
        return fill_backlog(l);
    }
    return 0;
}

void listener_close(struct listener *l)
{
    if (!l->instance)
        return;
    timer_set(&l->open, CLOCK_NEVER);
    if (l->accept)
        event_free(l->accept);
    for (size_t i = 0; i < l->filler_count; i++)
        close(l->fillers[i]);
    free(l->fillers);
    if (l->fd >= 0)
        close(l->fd);
    tls_context_free(l->tls);
}
