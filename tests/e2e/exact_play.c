/*
 * The dialogue of one case, and the judgement: exactly so many octets, then exactly that end.
 */
#include "exact_site.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

enum { LATE_MS = 300, STALL_MS = 80, CHUNK = 16384 };

/* ---- a play ---------------------------------------------------------------------------------- */

struct play {
    struct exact_site *site;
    struct lane *lane;
    const struct exact_case *k;
    uint64_t n;
    struct peer *c;
    struct peer *far; /* a tunnel's other end, where it is ours */
    char *why;
    size_t room;
};

static int wrong(struct play *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int wrong(struct play *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(p->why, p->room, format, args);
    va_end(args);
    return -1;
}

static int say(struct play *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int say(struct play *p, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return peer_send(p->c, text, (size_t)len) < 0 ? wrong(p, "the request could not be sent") : 0;
}

static int read_status(struct play *p, const char *begins)
{
    char head[2048];
    if (peer_read_head(p->c, head, sizeof(head)) < 0)
        return wrong(p, "no header block came, but \"%.60s\"", head);
    if (strncmp(head, begins, strlen(begins)) != 0)
        return wrong(p, "a header block came that begins \"%.60s\"", head);
    return 0;
}

static int warm_up(struct play *p)
{
    char body[1000];
    for (int i = 0; i < 3; i++) {
        if (say(p, "GET http://a.test/warm HTTP/1.1\r\nHost: a.test\r\n\r\n") < 0 ||
            read_status(p, "HTTP/1.1 200") < 0)
            return -1;
        for (size_t done = 0; done < sizeof(body);) {
            ssize_t got = peer_read(p->c, body, sizeof(body) - done, PEER_PATIENCE);
            if (got < 0)
                return wrong(p, "an earlier answer on the connection broke");
            done += (size_t)got;
        }
    }
    return 0;
}

static int open_tunnel(struct play *p, const char *authority)
{
    const struct exact_case *k = p->k;
    char cut[64] = "";
    if (k->route == EXACT_TUNNEL)
        snprintf(cut, sizeof(cut), "X-Cut: %s-%s-%llu\r\n", exact_direction_names[k->direction],
                 exact_end_names[k->end], (unsigned long long)p->n);
    if (say(p, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", authority, authority, cut) < 0 ||
        read_status(p, "HTTP/1.1 200") < 0)
        return -1;
    if (k->route == EXACT_TLS && peer_start_tls(p->c, p->site->tls, "a.test") < 0)
        return wrong(p, "the TLS handshake in the tunnel failed");
    return 0;
}

/* Up to the request that the case is about. */
static int prepare(struct play *p)
{
    const struct exact_case *k = p->k;
    char authority[64];
    p->c = peer_dial(p->site->program->proxy, k->reader == EXACT_SLOW ? EXACT_SLOW_BUFFER : 0);
    if (!p->c)
        return wrong(p, "the connect failed");
    if (k->warmed && k->route != EXACT_TLS && warm_up(p) < 0)
        return -1;
    if (k->route == EXACT_TLS)
        return open_tunnel(p, "a.test:443") < 0 || (k->warmed && warm_up(p) < 0) ? -1 : 0;
    if (k->route != EXACT_TUNNEL)
        return 0;
    bool slow = k->reader == EXACT_SLOW;
    if (k->direction == EXACT_DOWN)
        return open_tunnel(p, "a.test:80");
    snprintf(authority, sizeof(authority), "lane%d.test:%d", (int)(p->lane - p->site->lanes),
             80 + slow);
    if (open_tunnel(p, authority) < 0)
        return -1;
    p->far = peer_accept(p->lane->listener[slow], PEER_PATIENCE);
    return p->far ? 0 : wrong(p, "the tunnel was not dialed");
}

/* ---- what arrives ---------------------------------------------------------------------------- */

/* Follows a body's octets; framing and pattern are checked octet for octet. */
struct follow {
    enum exact_framing framing;
    uint64_t raw, content;
    uint64_t chunk; /* octets left of the chunk, and of its CRLF */
    char line[24];  /* of a chunk-size line so far */
    size_t line_len;
};

static bool follow_chunk_line(struct follow *f, char octet)
{
    if (f->line_len + 1 >= sizeof(f->line))
        return false;
    f->line[f->line_len++] = octet;
    if (octet != '\n')
        return true;
    f->line[f->line_len] = '\0';
    char *end;
    f->chunk = strtoull(f->line, &end, 16) + 2;
    f->line_len = 0;
    return strcmp(end, "\r\n") == 0 && f->chunk > 2;
}

static bool follow(struct follow *f, const char *at, size_t len)
{
    f->raw += len;
    for (size_t i = 0; i < len;) {
        if (f->framing == EXACT_CHUNKED && f->chunk == 0) {
            if (!follow_chunk_line(f, at[i++]))
                return false;
            continue;
        }
        if (f->framing == EXACT_CHUNKED && f->chunk <= 2) {
            if (at[i++] != (f->chunk-- == 2 ? '\r' : '\n'))
                return false;
            continue;
        }
        size_t n = len - i;
        if (f->framing == EXACT_CHUNKED && n > f->chunk - 2)
            n = (size_t)(f->chunk - 2);
        if (peer_pattern_differs(f->content, at + i, n) >= 0)
            return false;
        f->content += n;
        f->chunk -= f->framing == EXACT_CHUNKED ? n : 0;
        i += n;
    }
    return true;
}

static const char *const wire_names[] = { "an open socket", "EOF", "ECONNRESET" };

/* The end of the wire is the one asked for; every octet before it is read. */
static int judge_end(struct play *p, struct peer *c, bool is_far)
{
    const struct exact_case *k = p->k;
    static const enum peer_end want[] = { PEER_RESET, PEER_EOF, PEER_OPEN };
    const char *who = is_far ? "the far end" : "the client";
    if (k->end == EXACT_STALL)
        return peer_is_silent(c, STALL_MS)
                   ? 0
                   : wrong(p, "%s saw no silence, but %s", who,
                           c->end == PEER_OPEN ? "more octets" : wire_names[c->end]);
    if (c->tls && !c->notified && k->end == EXACT_CLOSE)
        return wrong(p, "no close_notify came before the end");
    peer_wait_end(c);
    return c->end == want[k->end] ? 0
                                  : wrong(p, "%s saw %s instead of %s", who, wire_names[c->end],
                                          wire_names[want[k->end]]);
}

/* Exactly n octets come, then the end. */
static int expect_exactly(struct play *p, struct peer *c, enum exact_framing framing, bool any,
                          bool is_far)
{
    char octets[65536];
    struct follow f = { .framing = framing };
    bool stalls = p->k->end == EXACT_STALL;
    while (!stalls || f.raw < p->n) {
        ssize_t got = peer_read(c, octets, sizeof(octets), PEER_PATIENCE);
        if (got == PEER_LATE)
            return wrong(p, "%llu octets of %llu came, then nothing", (unsigned long long)f.raw,
                         (unsigned long long)p->n);
        if (got < 0)
            break;
        if (any)
            f.raw += (uint64_t)got;
        else if (!follow(&f, octets, (size_t)got))
            return wrong(p, "a wrong octet before octet %llu", (unsigned long long)f.raw);
    }
    if (f.raw != p->n)
        return wrong(p, "%llu octets came instead of %llu, then %s", (unsigned long long)f.raw,
                     (unsigned long long)p->n, wire_names[c->end]);
    return judge_end(p, c, is_far);
}

/* ---- the four kinds of play ------------------------------------------------------------------ */

static void send_pattern(struct peer *c, uint64_t n)
{
    char octets[CHUNK];
    for (uint64_t done = 0; done < n;) {
        size_t len = n - done < sizeof(octets) ? (size_t)(n - done) : sizeof(octets);
        peer_pattern(done, octets, len);
        if (peer_send(c, octets, len) < 0)
            return; /* the end came while we wrote: it is judged where it is read */
        done += len;
    }
}

static void send_chunks(struct peer *c, uint64_t n)
{
    char octets[CHUNK + 32];
    for (uint64_t done = 0; done < n;) {
        size_t len = n - done < CHUNK ? (size_t)(n - done) : CHUNK;
        int head = snprintf(octets, 16, "%zx\r\n", len);
        peer_pattern(done, octets + head, len);
        memcpy(octets + head + len, "\r\n", 2);
        if (peer_send(c, octets, (size_t)head + len + 2) < 0)
            return;
        done += len;
    }
}

static void wait_if_late(const struct play *p)
{
    if (p->k->reader == EXACT_LATE)
        poll(NULL, 0, LATE_MS);
}

static int play_down(struct play *p)
{
    const struct exact_case *k = p->k;
    const char *kind = k->upload ? "unread" : k->route == EXACT_FORWARD ? "forward" : "down";
    char length[64] = "";
    if (k->upload)
        snprintf(length, sizeof(length), "Content-Length: %d\r\n", EXACT_EXTRA);
    if (say(p, "%s http://a.test/%s/%s/%s/%llu HTTP/1.1\r\nHost: a.test\r\n%s\r\n",
            k->upload ? "POST" : "GET", kind, exact_end_names[k->end],
            exact_framing_names[k->framing], (unsigned long long)p->n, length) < 0)
        return -1;
    if (k->upload)
        send_pattern(p->c, EXACT_EXTRA);
    wait_if_late(p);
    return read_status(p, "HTTP/1.1 200") < 0 ? -1
                                              : expect_exactly(p, p->c, k->framing, false, false);
}

/* The origin's answer, header block and all, is what the tunnel cuts. */
static int play_tunnel_down(struct play *p)
{
    /* A cut after 0 octets may come before this is sent; what came is judged where it is read. */
    if (say(p, "GET /bytes/%llu HTTP/1.1\r\nHost: a.test\r\n\r\n",
            (unsigned long long)p->n + EXACT_EXTRA) < 0 &&
        p->c->end != PEER_RESET)
        return -1;
    wait_if_late(p);
    return expect_exactly(p, p->c, EXACT_LENGTH, true, false);
}

static int play_tunnel_up(struct play *p)
{
    struct peer *c = p->c;
    uint64_t n = p->n;
    char octets[CHUNK];
    /* Both ends are ours and one thread: what lies between them must fit into the kernel. */
    struct follow f = { .framing = EXACT_LENGTH };
    wait_if_late(p);
    for (uint64_t sent = 0; sent < n + EXACT_EXTRA;) {
        uint64_t rest = n + EXACT_EXTRA - sent;
        size_t len = rest < sizeof(octets) ? (size_t)rest : sizeof(octets);
        peer_pattern(sent, octets, len);
        ssize_t done = peer_send_some(c, octets, len, 0);
        if (done < 0)
            break;
        sent += (uint64_t)done;
        if ((size_t)done == len)
            continue;
        ssize_t got = peer_read(p->far, octets, sizeof(octets), f.raw < n ? PEER_PATIENCE : 200);
        if (got > 0 && !follow(&f, octets, (size_t)got))
            return wrong(p, "a wrong octet before octet %llu", (unsigned long long)f.raw);
        if (got < 0)
            break;
    }
    bool stalls = p->k->end == EXACT_STALL;
    while (!stalls || f.raw < n) {
        ssize_t got = peer_read(p->far, octets, sizeof(octets), PEER_PATIENCE);
        if (got < 0)
            break;
        if (!follow(&f, octets, (size_t)got))
            return wrong(p, "a wrong octet before octet %llu", (unsigned long long)f.raw);
    }
    if (f.raw != n)
        return wrong(p, "%llu octets came up instead of %llu, then %s", (unsigned long long)f.raw,
                     (unsigned long long)n, wire_names[p->far->end]);
    return judge_end(p, p->far, true) < 0 ? -1 : judge_end(p, c, false);
}

/* How much was read, the journal says: exact_uploads_wrong(). */
static int play_up(struct play *p)
{
    const struct exact_case *k = p->k;
    char framing[64] = "Transfer-Encoding: chunked\r\n";
    if (k->framing == EXACT_LENGTH)
        snprintf(framing, sizeof(framing), "Content-Length: %llu\r\n",
                 (unsigned long long)p->n + EXACT_EXTRA);
    if (say(p, "POST http://a.test/up/%s/%s/%llu HTTP/1.1\r\nHost: a.test\r\n%s\r\n",
            exact_end_names[k->end], exact_framing_names[k->framing], (unsigned long long)p->n,
            framing) < 0)
        return -1;
    if (k->framing == EXACT_LENGTH)
        send_pattern(p->c, p->n + EXACT_EXTRA);
    else
        send_chunks(p->c, p->n + EXACT_EXTRA);
    char octet;
    if (k->end == EXACT_STALL && read_status(p, "HTTP/1.1 102") < 0)
        return -1;
    if (k->end != EXACT_STALL && peer_read(p->c, &octet, 1, PEER_PATIENCE) >= 0)
        return wrong(p, "an octet came instead of the end");
    return judge_end(p, p->c, false);
}

int exact_play(struct exact_site *s, int lane, const struct exact_case *k, char *why, size_t room)
{
    struct play p = { .site = s, .lane = &s->lanes[lane], .k = k, .why = why, .room = room };
    p.n = exact_sizes[k->size];
    int result = prepare(&p);
    if (result == 0) {
        if (k->route == EXACT_TUNNEL)
            result = k->direction == EXACT_DOWN ? play_tunnel_down(&p) : play_tunnel_up(&p);
        else
            result = k->direction == EXACT_DOWN ? play_down(&p) : play_up(&p);
    }
    /* RST, so that nothing of the play lingers: a FIN would end a stall in a way of its own. */
    if (p.c && p.c->end == PEER_OPEN)
        peer_abort(p.c);
    peer_free(p.c);
    peer_free(p.far);
    return result;
}
