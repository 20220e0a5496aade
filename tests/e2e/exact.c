/*
 * Cases, their scenario, and the dialogue that judges one.
 *
 * The rule of a case is found by the path of its request, /KIND/END/FRAMING/N; inside a tunnel the
 * origin has the same rules as the proxy. A tunnel's cut is found by the header X-Cut, because the
 * host of the CONNECT names the lane: each lane has listeners of its own that count what comes up.
 */
#include "exact.h"

#include <cJSON.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "peer.h"
#include "program.h"

enum { EXTRA = 100000, LATE_MS = 300, STALL_MS = 80, SLOW_BUFFER = 65536, CHUNK = 16384 };

const uint64_t exact_sizes[EXACT_SIZES] = {
    0, 1, 100, 16383, 16384, 16385, 65537, 1000000, 10000000
};

static const char *const route_names[] = { "plain", "forward", "tls", "tunnel" };
static const char *const direction_names[] = { "down", "up" };
static const char *const framing_names[] = { "length", "chunked" };
static const char *const reader_names[] = { "fast", "slow", "late" };
static const char *const end_names[] = { "reset", "close", "stall" };

void exact_describe(const struct exact_case *k, char *text, size_t room)
{
    snprintf(text, room, "%s after %llu octets %s, %s, %s, %s reader, %s connection%s",
             end_names[k->end], (unsigned long long)exact_sizes[k->size],
             direction_names[k->direction], route_names[k->route], framing_names[k->framing],
             reader_names[k->reader], k->warmed ? "warmed" : "fresh",
             k->upload ? ", upload unread" : "");
}

/* ---- the product ----------------------------------------------------------------------------- */

enum { DIMENSIONS = 8 };
static const int extents[DIMENSIONS] = {
    EXACT_SIZES, EXACT_ROUTES, EXACT_DIRECTIONS, EXACT_FRAMINGS, EXACT_READERS, EXACT_ENDS, 2, 2
};
enum { ALL_COMBINATIONS = EXACT_SIZES * EXACT_ROUTES * 2 * 2 * EXACT_READERS * EXACT_ENDS * 4 };

static void split(int index, int value[DIMENSIONS])
{
    for (int i = DIMENSIONS - 1; i >= 0; i--) {
        value[i] = index % extents[i];
        index /= extents[i];
    }
}

static struct exact_case case_of(const int value[DIMENSIONS])
{
    return (struct exact_case){ .size = value[0],
                                .route = (enum exact_route)value[1],
                                .direction = (enum exact_direction)value[2],
                                .framing = (enum exact_framing)value[3],
                                .reader = (enum exact_reader)value[4],
                                .end = (enum exact_end)value[5],
                                .warmed = value[6] != 0,
                                .upload = value[7] != 0 };
}

static bool makes_sense(const struct exact_case *k)
{
    bool is_http = k->route == EXACT_PLAIN || k->route == EXACT_TLS;
    if (k->route == EXACT_TUNNEL && k->framing == EXACT_CHUNKED)
        return false; /* it copies blindly */
    if (k->direction == EXACT_UP && k->route == EXACT_FORWARD)
        return false; /* its cut acts on the answer */
    if (k->direction == EXACT_UP && is_http && k->reader != EXACT_FAST)
        return false; /* the reader is the program itself */
    return !k->upload || (k->direction == EXACT_DOWN && is_http && k->end == EXACT_CLOSE);
}

struct exact_case *exact_product(size_t *count)
{
    struct exact_case *cases = calloc(ALL_COMBINATIONS, sizeof(*cases));
    if (!cases)
        abort();
    *count = 0;
    for (int i = 0; i < ALL_COMBINATIONS; i++) {
        int value[DIMENSIONS];
        split(i, value);
        struct exact_case k = case_of(value);
        if (makes_sense(&k))
            cases[(*count)++] = k;
    }
    return cases;
}

enum { MAX_EXTENT = EXACT_SIZES };

struct pairs {
    bool covered[DIMENSIONS][DIMENSIONS][MAX_EXTENT][MAX_EXTENT];
};

static int gain(const struct pairs *p, const int v[DIMENSIONS])
{
    int n = 0;
    for (int a = 0; a < DIMENSIONS; a++)
        for (int b = a + 1; b < DIMENSIONS; b++)
            n += !p->covered[a][b][v[a]][v[b]];
    return n;
}

static void cover(struct pairs *p, const int v[DIMENSIONS])
{
    for (int a = 0; a < DIMENSIONS; a++)
        for (int b = a + 1; b < DIMENSIONS; b++)
            p->covered[a][b][v[a]][v[b]] = true;
}

struct exact_case *exact_pairs(bool (*wanted)(const struct exact_case *), size_t *count)
{
    struct exact_case *cases = calloc(ALL_COMBINATIONS, sizeof(*cases));
    struct pairs *p = calloc(1, sizeof(*p));
    int best[DIMENSIONS], best_gain;
    if (!cases || !p)
        abort();
    *count = 0;
    do { /* greedily the one that covers most; few hundred candidates, so that is quick enough */
        best_gain = 0;
        for (int i = 0; i < ALL_COMBINATIONS; i++) {
            int v[DIMENSIONS], n;
            split(i, v);
            struct exact_case k = case_of(v);
            if (makes_sense(&k) && wanted(&k) && (n = gain(p, v)) > best_gain) {
                best_gain = n;
                memcpy(best, v, sizeof(v));
            }
        }
        if (best_gain > 0) {
            cases[(*count)++] = case_of(best);
            cover(p, best);
        }
    } while (best_gain > 0);
    free(p);
    return cases;
}

/* ---- the scenario ---------------------------------------------------------------------------- */

static void add_down_rules(struct buf *b, const char *kind, const char *before, const char *action)
{
    for (int end = 0; end < EXACT_ENDS; end++)
        for (int framing = 0; framing < EXACT_FRAMINGS; framing++)
            for (int size = 0; size < EXACT_SIZES; size++) {
                unsigned long long n = exact_sizes[size];
                buf_printf(b, "{'on':'request','when':{'path':'/%s/%s/%s/%llu'},'do':[%s{'%s':{",
                           kind, end_names[end], framing_names[framing], n, before, action);
                if (strcmp(action, "respond") == 0)
                    buf_printf(b, "'framing':'%s','body':{'size':%llu},", framing_names[framing],
                               n + EXTRA);
                buf_printf(b, "'cut':{'after_body_bytes':%llu,'with':'%s'}}}]},\n", n,
                           end_names[end]);
            }
}

static void add_up_rules(struct buf *b)
{
    /* The 102 tells the client of a stall that its octets were read. */
    static const char *const ends[] = { "'reset'", "'close'",
                                        "{'respond':{'status':102}},{'stall':{'reading':false}}" };
    for (int end = 0; end < EXACT_ENDS; end++)
        for (int size = 0; size < EXACT_SIZES; size++)
            buf_printf(
                b, "{'on':'request','when':{'path':'/up/%s/*/%llu'},'do':[{'read':%llu},%s]},\n",
                end_names[end], (unsigned long long)exact_sizes[size],
                (unsigned long long)exact_sizes[size], ends[end]);
}

static void add_tunnel_rules(struct buf *b)
{
    for (int d = 0; d < EXACT_DIRECTIONS; d++)
        for (int end = 0; end < EXACT_ENDS; end++)
            for (int size = 0; size < EXACT_SIZES; size++) {
                unsigned long long n = exact_sizes[size];
                buf_printf(
                    b,
                    "{'on':'request','when':{'header':{'X-Cut':'%s-%s-%llu'}},'do':[{'tunnel':"
                    "{'cut':{'after_bytes':%llu,'direction':'%s','with':'%s'}}}]},\n",
                    direction_names[d], end_names[end], n, n, direction_names[d], end_names[end]);
            }
}

/* The rules that proxy and origin have in common. */
static void add_rules(struct buf *b)
{
    buf_string(
        b, "{'on':'request','when':{'path':'/warm'},'do':[{'respond':{'body':{'size':1000}}}]},\n");
    add_down_rules(b, "down", "", "respond");
    add_down_rules(b, "unread", "{'read':0},", "respond");
    add_up_rules(b);
}

static char *scenario(void)
{
    struct buf b = { 0 };
    buf_string(&b, "{'house':{'storm':false},'origin':{'rules':[");
    add_rules(&b);
    for (int framing = 0; framing < EXACT_FRAMINGS; framing++)
        for (int size = 0; size < EXACT_SIZES; size++)
            buf_printf(&b,
                       "{'on':'request','when':{'path':'/forward/*/%s/%llu'},'do':[{'respond':{"
                       "'framing':'%s','body':{'size':%llu}}}]},\n",
                       framing_names[framing], (unsigned long long)exact_sizes[size],
                       framing_names[framing], (unsigned long long)exact_sizes[size] + EXTRA);
    buf_string(&b, "{'on':'request','do':['forward']}]},\n'proxy':{'rules':[");
    add_rules(&b);
    add_down_rules(&b, "forward", "", "forward");
    add_tunnel_rules(&b);
    buf_string(&b, "{'on':'request','do':['forward']}]}}");
    buf_char(&b, '\0');
    return b.at;
}

/* ---- the site -------------------------------------------------------------------------------- */

struct lane {
    int listener[2]; /* for what comes up a tunnel: with the kernel's buffer, and a small one */
};

struct exact_site {
    struct program *program;
    SSL_CTX *tls;
    struct lane *lanes;
    int lane_count;
    int status; /* how it ended, once it did */
};

static int open_lanes(struct exact_site *s, char **arguments)
{
    size_t n = 0;
    for (int i = 0; i < s->lane_count; i++)
        for (int slow = 0; slow < 2; slow++) {
            int port, small = SLOW_BUFFER;
            int fd = peer_listen(&port, false);
            if (fd < 0)
                return -1;
            s->lanes[i].listener[slow] = fd;
            if (slow) /* what it accepts inherits it; nobody connects before the program starts */
                setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
            arguments[n++] = strdup("--upstream");
            if (asprintf(&arguments[n++], "lane%d.test:%d=127.0.0.1:%d", i, 80 + slow, port) < 0)
                abort();
        }
    return 0;
}

struct exact_site *exact_site_start(const char *program, int lanes, bool journal)
{
    struct exact_site *s = calloc(1, sizeof(*s));
    char **arguments = calloc((size_t)lanes * 4 + 1, sizeof(*arguments));
    if (!s || !arguments || !(s->lanes = calloc((size_t)lanes, sizeof(*s->lanes))))
        abort();
    s->lane_count = lanes;
    if (open_lanes(s, arguments) == 0) {
        struct program_options options = { .arguments = (const char *const *)arguments,
                                           .journal = journal ? NULL : "" };
        char *text = scenario();
        s->program = program_start(program, text, &options);
        free(text);
    }
    for (char **a = arguments; *a; a++)
        free(*a);
    free(arguments);
    if (!s->program) {
        exact_site_end(s, false);
        return NULL;
    }
    char ca[128];
    snprintf(ca, sizeof(ca), "%s/ca.pem", s->program->folder);
    s->tls = peer_tls_context(ca);
    return s;
}

static void end_program(struct exact_site *s)
{
    if (s->program && s->program->pid > 0)
        s->status = program_end(s->program);
}

int exact_site_end(struct exact_site *s, bool keep)
{
    int result = 0;
    if (s->program) {
        end_program(s);
        bool good = WIFEXITED(s->status) && WEXITSTATUS(s->status) == 0;
        result = good && !program_complained(s->program) ? 0 : -1;
        if (result < 0)
            program_show_output(s->program);
        program_free(s->program, keep);
    }
    for (int i = 0; i < s->lane_count; i++)
        for (int k = 0; k < 2; k++)
            close(s->lanes[i].listener[k]);
    SSL_CTX_free(s->tls);
    free(s->lanes);
    free(s);
    return result;
}

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
        snprintf(cut, sizeof(cut), "X-Cut: %s-%s-%llu\r\n", direction_names[k->direction],
                 end_names[k->end], (unsigned long long)p->n);
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
    p->c = peer_dial(p->site->program->proxy, k->reader == EXACT_SLOW ? SLOW_BUFFER : 0);
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
        snprintf(length, sizeof(length), "Content-Length: %d\r\n", EXTRA);
    if (say(p, "%s http://a.test/%s/%s/%s/%llu HTTP/1.1\r\nHost: a.test\r\n%s\r\n",
            k->upload ? "POST" : "GET", kind, end_names[k->end], framing_names[k->framing],
            (unsigned long long)p->n, length) < 0)
        return -1;
    if (k->upload)
        send_pattern(p->c, EXTRA);
    wait_if_late(p);
    return read_status(p, "HTTP/1.1 200") < 0 ? -1
                                              : expect_exactly(p, p->c, k->framing, false, false);
}

/* The origin's answer, header block and all, is what the tunnel cuts. */
static int play_tunnel_down(struct play *p)
{
    /* A cut after 0 octets may come before this is sent; what came is judged where it is read. */
    if (say(p, "GET /bytes/%llu HTTP/1.1\r\nHost: a.test\r\n\r\n",
            (unsigned long long)p->n + EXTRA) < 0 &&
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
    for (uint64_t sent = 0; sent < n + EXTRA;) {
        uint64_t rest = n + EXTRA - sent;
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
                 (unsigned long long)p->n + EXTRA);
    if (say(p, "POST http://a.test/up/%s/%s/%llu HTTP/1.1\r\nHost: a.test\r\n%s\r\n",
            end_names[k->end], framing_names[k->framing], (unsigned long long)p->n, framing) < 0)
        return -1;
    if (k->framing == EXACT_LENGTH)
        send_pattern(p->c, p->n + EXTRA);
    else
        send_chunks(p->c, p->n + EXTRA);
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

/* ---- the journal ----------------------------------------------------------------------------- */

/* Uploads whose `body` event has not come yet, by actor and connection. */
struct upload {
    struct upload *next;
    int connection;
    bool at_origin;
    unsigned long long want;
};

enum { BUCKETS = 4096 };

struct uploads {
    struct upload *bucket[BUCKETS];
    size_t seen, wrong;
    char *why;
    size_t room;
};

static struct upload **find_upload(struct uploads *u, int connection, bool at_origin)
{
    struct upload **link = &u->bucket[connection % BUCKETS];
    while (*link && ((*link)->connection != connection || (*link)->at_origin != at_origin))
        link = &(*link)->next;
    return link;
}

static void begin_upload(struct uploads *u, int connection, bool at_origin, const char *path)
{
    struct upload **link = &u->bucket[connection % BUCKETS];
    struct upload *up = malloc(sizeof(*up));
    if (!up)
        abort();
    *up =
        (struct upload){ *link, connection, at_origin, strtoull(strrchr(path, '/') + 1, NULL, 10) };
    if (strncmp(path, "/up/close/", 10) == 0)
        up->want += EXTRA; /* a clean close drains: the rest is read as well */
    *link = up;
}

static void end_upload(struct uploads *u, struct upload **link, double bytes)
{
    struct upload *up = *link;
    u->seen++;
    if (bytes != (double)up->want && u->wrong++ == 0)
        snprintf(u->why, u->room,
                 "%s's connection %d: %.0f octets of an upload were read, not %llu",
                 up->at_origin ? "the origin" : "the proxy", up->connection, bytes, up->want);
    *link = up->next;
    free(up);
}

static void take_line(struct uploads *u, const char *line)
{
    bool begins = strstr(line, "\"path\":\"/up/") != NULL;
    if (!begins && !strstr(line, "\"event\":\"body\"") && !strstr(line, "\"event\":\"close\""))
        return;
    cJSON *e = cJSON_Parse(line);
    const cJSON *connection = cJSON_GetObjectItemCaseSensitive(e, "connection");
    const char *at = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(e, "at"));
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(e, "event"));
    const char *path = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(e, "path"));
    if (e && at && name && cJSON_IsNumber(connection)) {
        bool at_origin = strcmp(at, "origin") == 0;
        struct upload **link = find_upload(u, connection->valueint, at_origin);
        const cJSON *bytes = cJSON_GetObjectItemCaseSensitive(e, "bytes");
        if (begins && path)
            begin_upload(u, connection->valueint, at_origin, path);
        else if (*link && strcmp(name, "body") == 0)
            end_upload(u, link, cJSON_GetNumberValue(bytes));
    }
    cJSON_Delete(e);
}

size_t exact_uploads_wrong(struct exact_site *s, size_t *seen, char *why, size_t room)
{
    struct uploads *u = calloc(1, sizeof(*u));
    char path[128], *line = NULL;
    size_t line_room = 0;
    if (!u)
        abort();
    u->why = why;
    u->room = room;
    end_program(s); /* so that the journal is whole */
    snprintf(path, sizeof(path), "%s/journal", s->program->folder);
    FILE *f = fopen(path, "re");
    while (f && getline(&line, &line_room, f) > 0)
        take_line(u, line);
    if (f)
        fclose(f);
    free(line);
    for (int i = 0; i < BUCKETS; i++)
        while (u->bucket[i]) /* no `body` event came */
            end_upload(u, &u->bucket[i], -1);
    *seen = u->seen;
    size_t result = u->wrong;
    free(u);
    return result;
}

/* ---- many ------------------------------------------------------------------------------------ */

struct queue {
    const struct exact_run *run;
    pthread_mutex_t lock;
    size_t at;      /* the next case */
    unsigned round; /* and which time */
    unsigned rounds;
    size_t wrong;
};

struct worker {
    struct queue *queue;
    int lane;
    pthread_t thread;
};

static unsigned repeats_of(const struct exact_run *r, size_t i)
{
    return r->repeats ? r->repeats(&r->cases[i], r->arg) : 1;
}

/* Round after round through all cases, so that neighbours differ. */
static const struct exact_case *next(struct queue *q)
{
    const struct exact_case *k = NULL;
    pthread_mutex_lock(&q->lock);
    while (!k && q->round < q->rounds) {
        if (repeats_of(q->run, q->at) > q->round)
            k = &q->run->cases[q->at];
        if (++q->at == q->run->count) {
            q->at = 0;
            q->round++;
        }
    }
    pthread_mutex_unlock(&q->lock);
    return k;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct queue *q = w->queue;
    const struct exact_case *k;
    while ((k = next(q))) {
        char why[256] = "";
        bool exact = exact_play(q->run->site, w->lane, k, why, sizeof(why)) == 0;
        pthread_mutex_lock(&q->lock);
        q->wrong += !exact;
        q->run->told(k, exact, why, q->run->arg);
        pthread_mutex_unlock(&q->lock);
    }
    return NULL;
}

size_t exact_run(const struct exact_run *r, int lanes)
{
    struct queue q = { .run = r, .lock = PTHREAD_MUTEX_INITIALIZER };
    struct worker *workers = calloc((size_t)lanes, sizeof(*workers));
    if (!workers)
        abort();
    for (size_t i = 0; i < r->count; i++)
        if (repeats_of(r, i) > q.rounds)
            q.rounds = repeats_of(r, i);
    for (int i = 0; i < lanes; i++) {
        workers[i] = (struct worker){ .queue = &q, .lane = i };
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            abort();
    }
    for (int i = 0; i < lanes; i++)
        pthread_join(workers[i].thread, NULL);
    free(workers);
    return q.wrong;
}
