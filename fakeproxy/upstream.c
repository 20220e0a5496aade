/*
 * A proxy's connection to an origin. Each client connection has at most one, opened when it is
 * needed and kept while both sides allow, so that what happens to it has one possible cause.
 */
#include <stdio.h>
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
    struct sockaddr_storage a = { 0 };
    socklen_t len = sizeof(a);
    if (getsockname(fd, (struct sockaddr *)&a, &len) < 0)
        return 0;
    return a.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)(void *)&a)->sin6_port)
                                   : ntohs(((struct sockaddr_in *)(void *)&a)->sin_port);
}

/* Is the kept connection still good? Whatever an idle origin sends makes it useless. */
static bool is_usable(struct upstream *u)
{
    char octet;
    ssize_t n = stream_read(&u->stream, &octet, 1);
    return n == STREAM_AGAIN && !u->stream.wire.broken;
}

enum dial upstream_state(struct conn *c)
{
    struct upstream *u = c->upstream;
    if (!u || u->stream.wire.fd < 0)
        return DIAL_FAILED;
    if (u->stream.wire.connecting)
        return DIAL_PENDING;
    return u->stream.wire.broken ? DIAL_FAILED : DIAL_OPEN;
}

enum dial upstream_open(struct conn *c, struct http_slice host, int port, int to, const char *via)
{
    char key[sizeof(c->upstream->key)];
    snprintf(key, sizeof(key), "%s %d %d %.*s", via, to, port, (int)host.len, host.at);
    /* A tunnel that goes on after `until` has its connection already, octets in it or not. */
    bool same = c->upstream && strcmp(c->upstream->key, key) == 0;
    if (same && (strcmp(via, "tunnel") == 0 || is_usable(c->upstream))) {
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
    memcpy(u->key, key, sizeof(key));
    if (wire_connect(&u->stream.wire, c->instance->loop->base, (struct sockaddr *)&route.address,
                     route.address_len, on_wire, u) < 0) {
        free(u);
        return DIAL_FAILED;
    }
    c->upstream = u;
    instance_dialed(c->instance, local_port(u->stream.wire.fd), via, c->number, host);
    return DIAL_PENDING;
}

void upstream_drop(struct conn *c, bool reset)
{
    struct upstream *u = c->upstream;
    if (!u)
        return;
    c->upstream = NULL;
    if (reset)
        wire_reset(&u->stream.wire);
    else
        wire_close(&u->stream.wire);
    stream_free(&u->stream);
    free(u);
}
