/*
 * A proxy's connection to an origin. Each client connection has at most one, opened when it is
 * needed and kept while both sides allow, so that what happens to it has one possible cause.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "engine.h"

static void on_wire(void *arg)
{
    struct upstream *u = arg;
    conn_poll(u->owner);
}

static int local_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } a = { .in6 = { 0 } };
    socklen_t len = sizeof(a);
    if (getsockname(fd, &a.any, &len) < 0)
        return 0;
    return ntohs(a.any.sa_family == AF_INET6 ? a.in6.sin6_port : a.in.sin_port);
}

/* Is the kept connection still good? Whatever an idle origin sends makes it useless. What no edge
 * has told yet shows when the request is written. */
static bool is_usable(struct upstream *u)
{
    char octet;
    if (stream_has_ahead(&u->stream) || u->stream.wire.hup)
        return false;
    if (u->stream.wire.readable != WIRE_READABLE)
        return !u->stream.wire.broken;
    ssize_t n = stream_read(&u->stream, &octet, 1);
    return n == STREAM_AGAIN && !u->stream.wire.broken;
}

static bool stands_for(const struct upstream *u, struct http_slice host, int port, int to,
                       const char *via, const char *exit)
{
    return u && u->port == port && u->to == to && u->via == via && u->exit == exit &&
           u->host.len == host.len && memcmp(u->host.at, host.at, host.len) == 0;
}

enum dial upstream_state(struct conn *c)
{
    struct upstream *u = c->upstream;
    if (!u || u->stream.wire.fd < 0)
        return DIAL_FAILED;
    if (u->stream.wire.connecting)
        return DIAL_PENDING;
    if (u->stream.wire.broken)
        return DIAL_FAILED;
    return DIAL_OPEN;
}

int upstream_error(const struct conn *c)
{
    return c->upstream ? c->upstream->stream.wire.error : 0;
}

struct dial_failure upstream_failure(int error)
{
    switch (error) {
    case ETIMEDOUT:
        return (struct dial_failure){ 504, "fakeproxy; error=connection_timeout",
                                      "the origin did not answer the connection in time" };
    case EHOSTUNREACH:
    case ENETUNREACH:
        return (struct dial_failure){ 502, "fakeproxy; error=destination_ip_unroutable",
                                      "there is no way to the origin" };
    case ECONNREFUSED:
        return (struct dial_failure){ 502, "fakeproxy; error=connection_refused",
                                      "the origin refused the connection" };
    default:
        return (struct dial_failure){ 502, "fakeproxy; error=connection_terminated",
                                      "the connection to the origin failed" };
    }
}

enum dial upstream_open(struct conn *c, struct http_slice host, int port, int to,
                        enum upstream_use use)
{
    static const char *const names[] = {
        [UPSTREAM_FORWARD] = "forward", [UPSTREAM_TUNNEL] = "tunnel"
    };
    const char *via = names[use], *exit = exits_of(c);
    c->exchange->uses_upstream = true;
    /* A tunnel that goes on after `until` has its connection already, octets in it or not. */
    if (stands_for(c->upstream, host, port, to, via, exit) &&
        (use == UPSTREAM_TUNNEL || is_usable(c->upstream))) {
        c->upstream->is_reused = true;
        return upstream_state(c);
    }
    upstream_drop(c, false);
    struct upstream *u = calloc(1, sizeof(*u));
    if (!u)
        abort();
    struct route route;
    instance_route(c->instance, host, port, to, &route);
    u->owner = c;
    u->port = port;
    u->to = to;
    u->via = via;
    u->exit = exit;
    buf_add(&u->host, host.at, host.len);
    if (wire_connect(&u->stream.wire, c->instance->loop->base, (struct sockaddr *)&route.address,
                     route.address_len, on_wire, u) < 0) {
        buf_free(&u->host);
        free(u);
        return DIAL_FAILED;
    }
    c->upstream = u;
    struct dialer by = {
        .via = via, .through = conn_actor(c)->name, .carrier = c->number, .exit = exit
    };
    u->local_port = local_port(u->stream.wire.fd);
    u->own_port = route.own_port;
    if (u->own_port)
        instance_dialed(c->instance, u->local_port, u->own_port, by, host);
    return DIAL_PENDING;
}

/* Was the connect refused, or not answered? Else an actor accepts it, perhaps only later. */
static bool never_connected(const struct upstream *u)
{
    struct tcp_info info;
    socklen_t len = sizeof(info);
    return getsockopt(u->stream.wire.fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ||
           info.tcpi_state == TCP_SYN_SENT || info.tcpi_state == TCP_CLOSE;
}

void upstream_drop(struct conn *c, bool reset)
{
    struct upstream *u = c->upstream;
    if (!u)
        return;
    c->upstream = NULL;
    if (u->own_port && never_connected(u)) /* refused, or a black hole: nobody will accept it */
        free(instance_who_dialed(c->instance, u->local_port, u->own_port).host);
    if (reset)
        wire_reset(&u->stream.wire);
    else
        wire_close(&u->stream.wire);
    stream_free(&u->stream);
    buf_free(&u->host);
    free(u);
}
