/*
 * Byte streams: plain ones hand their octets to the wire, TLS ones through a session whose two
 * queues are `in` and `out`.
 */
#include "stream.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "search.h"

static struct evbuffer *queue(struct evbuffer **q)
{
    if (!*q && !(*q = evbuffer_new()))
        abort();
    return *q;
}

void stream_free(struct stream *s)
{
    tls_free(s->tls);
    s->tls = NULL;
    search_free(s->search);
    s->search = NULL;
    buf_free(&s->ahead);
    if (s->in)
        evbuffer_free(s->in);
    if (s->out)
        evbuffer_free(s->out);
    s->in = s->out = NULL;
}

/* ---- reading --------------------------------------------------------------------------------- */

bool stream_has_ahead(const struct stream *s)
{
    return s->ahead.len > s->ahead_at;
}

void stream_unread(struct stream *s, const char *octets, size_t len)
{
    if (len == 0)
        return;
    if (s->ahead_at >= len && stream_has_ahead(s)) {
        s->ahead_at -= len;
        memcpy(s->ahead.at + s->ahead_at, octets, len);
        return;
    }
    struct buf rest = { 0 };
    buf_add(&rest, octets, len);
    buf_add(&rest, s->ahead.at + s->ahead_at, s->ahead.len - s->ahead_at);
    buf_free(&s->ahead);
    s->ahead = rest;
    s->ahead_at = 0;
}

static ssize_t read_ahead(struct stream *s, char *buf, size_t room)
{
    size_t n = s->ahead.len - s->ahead_at;
    if (n > room)
        n = room;
    memcpy(buf, s->ahead.at + s->ahead_at, n);
    s->ahead_at += n;
    if (!stream_has_ahead(s)) {
        buf_free(&s->ahead);
        s->ahead_at = 0;
    }
    return (ssize_t)n;
}

bool stream_discard(struct stream *s)
{
    char octets[16384];
    for (int i = 0; i < 32; i++)
        if (wire_read(&s->wire, octets, sizeof(octets)) <= 0)
            return false;
    return true;
}

bool stream_feed_tls(struct stream *s)
{
    char octets[16384 + 512];
    ssize_t n = wire_read(&s->wire, octets, sizeof(octets));
    if (n > 0)
        evbuffer_add(queue(&s->in), octets, (size_t)n);
    else if (n == WIRE_EOF)
        tls_wire_eof(s->tls);
    return n != WIRE_BROKEN;
}

static ssize_t read_tls(struct stream *s, char *buf, size_t room)
{
    if (!tls_info(s->tls)->secure) /* a handshake that was given up */
        return STREAM_BROKEN;
    for (;;) {
        size_t n = 0;
        enum tls_result r = tls_read(s->tls, buf, room, &n);
        if (stream_flush(s) < 0 && r == TLS_AGAIN)
            return STREAM_BROKEN;
        switch (r) {
        case TLS_OK:
            return (ssize_t)n;
        case TLS_CLOSE_NOTIFY:
            return STREAM_EOF;
        case TLS_TRUNCATED:
            return STREAM_TRUNCATED;
        case TLS_FAILED:
            return STREAM_BROKEN;
        case TLS_AGAIN:
            break;
        }
        uint64_t before = s->wire.received;
        if (!stream_feed_tls(s))
            return STREAM_BROKEN;
        if (s->wire.received == before && !s->wire.eof)
            return STREAM_AGAIN;
    }
}

static ssize_t read_plain(struct stream *s, char *buf, size_t room)
{
    ssize_t n = wire_read(&s->wire, buf, room);
    if (n > 0)
        return n;
    return n == WIRE_AGAIN ? STREAM_AGAIN : n == WIRE_EOF ? STREAM_EOF : STREAM_BROKEN;
}

ssize_t stream_read(struct stream *s, char *buf, size_t room)
{
    if (stream_has_ahead(s))
        return read_ahead(s, buf, room); /* was looked through when it came */
    ssize_t n = s->tls ? read_tls(s, buf, room) : read_plain(s, buf, room);
    if (s->search && n > 0)
        search_feed(s->search, SEARCH_RECEIVED, buf, (size_t)n);
    return n;
}

/* ---- writing --------------------------------------------------------------------------------- */

size_t stream_queued(const struct stream *s)
{
    return s->out ? evbuffer_get_length(s->out) : 0;
}

int stream_flush(struct stream *s)
{
    while (stream_queued(s) > 0) {
        struct evbuffer_iovec iov[8];
        int count = evbuffer_peek(s->out, -1, NULL, iov, 8);
        if (count > 8)
            count = 8;
        size_t want = 0;
        for (int i = 0; i < count; i++)
            want += iov[i].iov_len;
        ssize_t n = wire_write(&s->wire, iov, count);
        if (n < 0)
            return -1;
        evbuffer_drain(s->out, (size_t)n);
        if ((size_t)n < want)
            return 0;
    }
    return 0;
}

static int put_plain(struct stream *s, const struct iovec *iov, int count)
{
    size_t taken = 0;
    if (stream_queued(s) == 0) {
        ssize_t n = wire_write(&s->wire, iov, count);
        if (n < 0)
            return -1;
        taken = (size_t)n;
    }
    for (int i = 0; i < count; i++) {
        size_t skip = taken < iov[i].iov_len ? taken : iov[i].iov_len;
        taken -= skip;
        if (skip < iov[i].iov_len)
            evbuffer_add(queue(&s->out), (char *)iov[i].iov_base + skip, iov[i].iov_len - skip);
    }
    return 0;
}

static int put_tls(struct stream *s, const char *octets, size_t len)
{
    queue(&s->out);
    while (len > 0) {
        size_t piece = len < TLS_RECORD_MAX ? len : TLS_RECORD_MAX, n = 0;
        if (tls_write(s->tls, octets, piece, &n) != TLS_OK)
            return -1;
        octets += n;
        len -= n;
    }
    return 0;
}

int stream_put(struct stream *s, const struct iovec *iov, int count)
{
    if (!s->tls)
        return put_plain(s, iov, count);
    if (s->wire.broken)
        return -1;
    for (int i = 0; i < count; i++)
        if (put_tls(s, iov[i].iov_base, iov[i].iov_len) < 0)
            return -1;
    return stream_flush(s);
}

int stream_put_octets(struct stream *s, const void *octets, size_t len)
{
    struct iovec iov = { .iov_base = (void *)(uintptr_t)octets, .iov_len = len };
    return stream_put(s, &iov, 1);
}

/* ---- TLS ------------------------------------------------------------------------------------- */

int stream_start_tls(struct stream *s, struct tls_context *context)
{
    queue(&s->out);
    evbuffer_add(queue(&s->in), s->ahead.at + s->ahead_at, s->ahead.len - s->ahead_at);
    buf_free(&s->ahead);
    s->ahead_at = 0;
    s->tls = tls_new(context, s->in, s->out);
    return s->tls ? 0 : -1;
}

void stream_rest(struct stream *s)
{
    if (!stream_has_ahead(s))
        buf_free(&s->ahead), s->ahead_at = 0;
    if (!s->tls && s->out && stream_queued(s) == 0) {
        evbuffer_free(s->out);
        s->out = NULL;
    }
}
