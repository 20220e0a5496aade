/*
 * One request and its response on a connection. While content is sent, answers are looked for: a
 * final one that comes early ends the sending (RFC 9112, 9.5), and is read also where the
 * connection broke meanwhile.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "buf.h"
#include "call.h"
#include "clock.h"
#include "mutants.h"

enum { SLICE = 16384, INTERIM_MOST = 100, UNREAD_MOST = 1 << 18 };

static const int64_t CONTINUE_PATIENCE = CLOCK_S; /* RFC 9110, 10.1.1: not for ever */

/* ---- the header block ------------------------------------------------------------------------ */

static void add_line(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "%s: %s\r\n", name, value);
}

static bool goes_to_proxy(const struct connection *conn)
{
    return conn->proxy && !conn->is_tunnel;
}

static const char *request_target(struct call *c, const struct connection *conn)
{
    bool absolute = goes_to_proxy(conn);
    if (mutant(MUTANT_ORIGIN_FORM_TO_PROXY) && strchr(c->uri->target, '?'))
        absolute = false;
    if (mutant(MUTANT_ABSOLUTE_FORM_IN_TUNNEL) && conn->is_tunnel)
        absolute = true;
    return absolute ? uri_absolute(c->arena, c->uri) : c->uri->target;
}

/* Lines that are ours to write, or are for one hop only. */
static bool is_own(const char *name)
{
    static const char *const own[] = { "Host",   "Proxy-Authorization", "Content-Length",
                                       "Cookie", "Transfer-Encoding",   "Expect",
                                       NULL };
    for (size_t i = 0; own[i]; i++)
        if (strcasecmp(own[i], name) == 0)
            return true;
    return false;
}

static void add_users_lines(struct buf *b, const struct call *c)
{
    for (size_t i = 0; i < c->headers.count; i++) {
        const struct field *f = &c->headers.list[i];
        bool renames = mutant(MUTANT_AUTHORIZATION_AS_PA) &&
                       strcasecmp(f->name, "Authorization") == 0 && !c->uri->is_https;
        if (!is_own(f->name))
            add_line(b, renames ? "Proxy-Authorization" : f->name, f->value);
    }
    if (!fields_has(&c->headers, "User-Agent"))
        add_line(b, "User-Agent", "model/1");
    if (!fields_has(&c->headers, "Accept"))
        add_line(b, "Accept", "*/*");
}

static void add_cookies(struct buf *b, struct call *c)
{
    const char *own = fields_nth(&c->headers, "Cookie", 0), *kept = NULL;
    struct arena *ignored;
    if (c->settings->cookies) {
        pthread_mutex_lock(&c->session->mutex);
        kept = cookies_for(c->arena, *session_jar(c->session, &ignored), c->uri);
        pthread_mutex_unlock(&c->session->mutex);
    }
    if (own || kept)
        buf_printf(b, "Cookie: %s%s%s\r\n", own ? own : "", own && kept ? "; " : "",
                   kept ? kept : "");
}

static void add_credentials(struct buf *b, struct call *c, struct connection *conn)
{
    struct keyring *k = &c->session->keyring;
    struct keyring_request q = { c->method, c->target, &c->upload };
    bool for_proxy = goes_to_proxy(conn);
    if (mutant(MUTANT_SENDS_PA_IN_TUNNEL) && conn->is_tunnel)
        for_proxy = true;
    if (mutant(MUTANT_ANSWERS_407_IN_TUNNEL) && conn->is_tunnel && conn->is_reused)
        for_proxy = true;
    if (mutant(MUTANT_SENDS_PA_TO_ORIGIN) && !conn->proxy)
        for_proxy = true;
    const char *given = fields_nth(&c->headers, "Proxy-Authorization", 0);
    if (mutant(MUTANT_DROPS_USERS_PA))
        given = NULL;
    const char *value = given;
    if (for_proxy && !given)
        value = keyring_value(k, &c->proxy_gate, &conn->to_proxy, &q, c->arena);
    if ((for_proxy || mutant(MUTANT_FORWARDS_PA_HEADER)) && value)
        add_line(b, mutant(MUTANT_AUTHORIZATION_TO_PROXY) ? "Authorization" : "Proxy-Authorization",
                 value);
    if (mutant(MUTANT_PASSWORD_IN_THE_CLEAR) && for_proxy && c->proxy_gate.account_count)
        add_line(b, "X-Proxy-Password", c->proxy_gate.accounts[0].password);
    if (mutant(MUTANT_TWO_PA_LINES) && given && for_proxy)
        add_line(b, "Proxy-Authorization", "Basic dTE6cDE=");
    if (fields_has(&c->headers, "Authorization"))
        return;
    value = keyring_value(k, &c->origin_gate, &conn->to_origin, &q, c->arena);
    if (value)
        add_line(b, "Authorization", value);
}

static bool has_content_meaning(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
           strcmp(method, "PATCH") == 0;
}

static bool sends_chunked(const struct call *c)
{
    return c->upload.is_there && c->upload.is_one_shot;
}

static void add_framing(struct buf *b, const struct call *c)
{
    if (sends_chunked(c))
        add_line(b, "Transfer-Encoding", "chunked");
    else if (c->upload.is_there || has_content_meaning(c->method))
        buf_printf(b, "Content-Length: %llu\r\n", (unsigned long long)c->upload.size);
    if (c->expects_continue && c->upload.is_there)
        add_line(b, "Expect", "100-continue");
}

static void write_head(struct call *c, struct connection *conn)
{
    struct buf b = { 0 };
    const char *host = fields_nth(&c->headers, "Host", 0);
    c->target = request_target(c, conn);
    if (mutant(MUTANT_EMPTIES_REPEATED_BODY) && c->upload.was_read)
        c->upload.size = 0;
    if (mutant(MUTANT_EMPTIES_ONE_SHOT) && c->upload.is_one_shot && c->upload.was_read) {
        c->upload.size = 0;
        c->upload.is_one_shot = false; /* of which nobody knows the size */
    }
    buf_printf(&b, "%s %s HTTP/1.1\r\n", c->method, c->target);
    add_line(&b, "Host", host ? host : uri_authority(c->arena, c->uri));
    if (mutant(MUTANT_TWO_HOSTS) && strchr(c->uri->target, '?'))
        add_line(&b, "Host", uri_authority(c->arena, c->uri));
    if (!mutant(MUTANT_DROPS_FIELDS_IN_TUNNEL) || !conn->is_tunnel)
        add_users_lines(&b, c);
    if (mutant(MUTANT_SENDS_PROXY_CONNECTION) && conn->proxy)
        add_line(&b, "Proxy-Connection", "keep-alive");
    resume_add_fields(c, &b);
    add_cookies(&b, c);
    add_credentials(&b, c, conn);
    add_framing(&b, c);
    buf_string(&b, "\r\n");
    channel_put(conn->reader.channel, b.at, b.len);
    buf_free(&b);
}

/* ---- answers that come meanwhile ------------------------------------------------------------- */

enum { ANSWER_NONE, ANSWER_FINAL, ANSWER_NEVER };

/* Is there a final answer that makes the rest of the content pointless, at least its status line?
 * NEVER: the connection ended without one. */
static int look_for_answer(struct connection *conn)
{
    ssize_t n;
    if (mutant(MUTANT_IGNORES_EARLY_ANSWER))
        return ANSWER_NEVER;
    while ((n = reader_try_fill(&conn->reader)) > 0)
        if (reader_left(&conn->reader) > UNREAD_MOST)
            return ANSWER_NEVER;
    if (response_pending_status(&conn->reader) >= 300)
        return ANSWER_FINAL;
    return n == CHANNEL_WAIT ? ANSWER_NONE : ANSWER_NEVER;
}

/* ---- content --------------------------------------------------------------------------------- */

static void put_slice(struct call *c, struct connection *conn, const char *octets, size_t len)
{
    char size[24];
    if (sends_chunked(c)) {
        int n = snprintf(size, sizeof(size), "%zx\r\n", len);
        channel_put(conn->reader.channel, size, (size_t)n);
    }
    channel_put(conn->reader.channel, octets, len);
    if (sends_chunked(c))
        channel_put(conn->reader.channel, "\r\n", 2);
}

/* 0: it is sent; 1: an answer came first; -1 with a failure. */
static int flush_slice(struct call *c, struct connection *conn)
{
    struct channel *channel = conn->reader.channel;
    int flushed;
    while ((flushed = channel_flush(channel, true, &c->limits, &c->failure)) == 1) {
        int answer = look_for_answer(conn);
        if (answer == ANSWER_FINAL)
            return 1;
        if (answer == ANSWER_NEVER) /* writing, or reading, will tell */
            return channel_flush(channel, false, &c->limits, &c->failure);
    }
    return flushed;
}

/* 0: all of it is sent; 1: an answer came first; -1 with a failure. */
static int send_content(struct call *c, struct connection *conn)
{
    char slice[SLICE];
    size_t n;
    for (uint64_t at = 0; at < c->upload.size; at += n) {
        n = upload_read(&c->upload, at, slice, sizeof(slice));
        if (!n)
            break;
        put_slice(c, conn, slice, n);
        int flushed = flush_slice(c, conn);
        bool is_whole = at + n == c->upload.size && !sends_chunked(c);
        if (flushed == 1 && is_whole && channel_is_flushed(conn->reader.channel))
            return 0; /* the answer is not early, only quick */
        if (flushed != 0)
            return flushed;
    }
    if (sends_chunked(c))
        channel_put(conn->reader.channel, "0\r\n\r\n", 5);
    return channel_flush(conn->reader.channel, false, &c->limits, &c->failure);
}

/* ---- answers --------------------------------------------------------------------------------- */

static int read_one(struct call *c, struct connection *conn)
{
    struct response_request q = { .is_head = strcmp(c->method, "HEAD") == 0 };
    return response_read_head(&conn->reader, &q, &c->limits, c->arena, &c->response, &c->heard,
                              &c->failure);
}

/* Up to the final one. */
static int read_answer(struct call *c, struct connection *conn)
{
    for (int i = 0; i < INTERIM_MOST; i++) {
        if (read_one(c, conn) < 0)
            break;
        if (c->response.status >= 200 || mutant(MUTANT_1XX_IS_FINAL))
            return 0;
        if (c->response.status == 101) {
            failure_set(&c->failure, KIND_PROTOCOL, "101 though no upgrade was asked for");
            break;
        }
        failure_set(&c->failure, KIND_PROTOCOL, "interim responses without an end");
    }
    c->response.status = 0;
    return -1;
}

/* Expect: 100-continue. 1: a final answer came; 0: content may go; -1 with a failure. */
static int await_continue(struct call *c, struct connection *conn)
{
    int64_t patience = mutant(MUTANT_WAITS_FOR_100_FOREVER) ? 3600 * CLOCK_S : CONTINUE_PATIENCE;
    int64_t until = clock_now() + patience;
    for (;;) {
        int64_t left = until - clock_now();
        int status = response_pending_status(&conn->reader);
        if (status >= 200)
            return 1;
        if (reader_left(&conn->reader) > 0) {
            if (read_one(c, conn) < 0)
                return -1;
            if (c->response.status == 100)
                return 0;
            continue;
        }
        if (left <= 0)
            return 0;
        int got = channel_wait_input(conn->reader.channel, left, &c->limits, &c->failure);
        if (got < 0)
            return -1;
        ssize_t n = got ? reader_try_fill(&conn->reader) : CHANNEL_WAIT;
        if (n <= 0 && n != CHANNEL_WAIT)
            return 0; /* it ended: reading will tell */
    }
}

/* Sends; returns whether all went out (0), an answer came first (1), or it failed (-1). */
static int send_all(struct call *c, struct connection *conn)
{
    write_head(c, conn);
    c->was_sent = true;
    if (!c->upload.is_there)
        return channel_flush(conn->reader.channel, false, &c->limits, &c->failure);
    if (c->expects_continue && !mutant(MUTANT_SENDS_BODY_WITHOUT_100)) {
        if (channel_flush(conn->reader.channel, false, &c->limits, &c->failure) < 0)
            return -1;
        int answered = await_continue(c, conn);
        if (answered)
            return answered;
    }
    return send_content(c, conn);
}

static bool is_deadline(const struct failure *f)
{
    return f->kind == KIND_CANCELLED || f->kind == KIND_TIMEOUT_TOTAL ||
           f->kind == KIND_TIMEOUT_READ;
}

int call_exchange(struct call *c, struct connection *conn)
{
    struct deadlines limits = c->limits;
    int64_t began = clock_now();
    c->heard = false;
    c->response.status = 0;
    int sent = send_all(c, conn);
    if (sent < 0 && (is_deadline(&c->failure) || mutant(MUTANT_IGNORES_EARLY_ANSWER)))
        return -1;
    if (sent && mutant(MUTANT_EARLY_ANSWER_IS_ERROR))
        return failure_set(&c->failure, KIND_RESET, "broken pipe (EPIPE) while sending");
    struct failure broken = c->failure; /* of sending; an answer may have come all the same */
    int result = read_answer(c, conn);
    c->limits = limits;
    if (result < 0 && sent < 0)
        c->failure = broken;
    if (result < 0)
        return -1;
    if (mutant(MUTANT_COUNTS_WAIT_FROM_REQUEST))
        c->response.received = began;
    bool is_cut = sent && !(mutant(MUTANT_REUSES_WITHOUT_BODY) && c->expects_continue);
    if (is_cut || fields_has_token(&c->headers, "Connection", "close"))
        c->response.is_persistent = false; /* the message is not whole; we said so */
    c->hop = conn->is_tunnel || !conn->proxy ? HOP_ORIGIN
             : c->response.status == 407     ? HOP_PROXY
                                             : HOP_UNKNOWN;
    if (conn->proxy && !conn->is_tunnel && c->response.status != 407)
        keyring_let_in(&c->session->keyring, &c->proxy_gate, &conn->to_proxy, &c->response,
                       c->arena);
    if (c->response.status != 401 && c->response.status != 407)
        keyring_let_in(&c->session->keyring, &c->origin_gate, &conn->to_origin, &c->response,
                       c->arena);
    return 0;
}

/* ---- the rest of it -------------------------------------------------------------------------- */

static void honour_timeout(struct connection *conn, const struct response *r)
{
    const char *line, *member;
    size_t len;
    for (size_t i = 0; (line = fields_nth(&r->fields, "Keep-Alive", i)); i++)
        while (fields_member(&line, &member, &len))
            if (strncasecmp(member, "timeout=", 8) == 0) {
                double s = strtod(member + 8, NULL);
                conn->expires = clock_now() + (int64_t)(s * 0.9 * (double)CLOCK_S);
            }
}

static int await_close_notify(struct call *c, struct connection *conn)
{
    if (channel_wait_input(conn->reader.channel, CLOCK_S / 5, &c->limits, &c->failure) == 1 &&
        reader_try_fill(&conn->reader) == CHANNEL_CUT)
        return failure_set(&c->failure, KIND_INCOMPLETE, "TLS ended without close_notify");
    return 0;
}

/* A mutant's: gzip as far as it goes, of a body that fits into the sink. */
static void decode(struct sink *s, const struct response *r)
{
    unsigned char text[4096];
    z_stream z = { .next_out = text, .avail_out = sizeof(text) };
    const char *coding = fields_nth(&r->fields, "Content-Encoding", 0);
    if (!coding || strcmp(coding, "gzip") != 0 || inflateInit2(&z, 31) != Z_OK)
        return;
    z.next_in = (unsigned char *)s->head.at;
    z.avail_in = (unsigned)s->head.len;
    inflate(&z, Z_SYNC_FLUSH);
    inflateEnd(&z);
    sink_reset(s);
    sink_add(s, (char *)text, sizeof(text) - z.avail_out);
}

int call_finish(struct call *c, struct connection *conn)
{
    int result = response_read_body(&conn->reader, &c->response, &c->limits, &c->sink, &c->failure);
    if (mutant(MUTANT_DECODES_WHAT_IS_THERE))
        decode(&c->sink, &c->response);
    if (mutant(MUTANT_NEEDS_CLOSE_NOTIFY) && result == 0 && c->uri->is_https)
        result = await_close_notify(c, conn);
    bool is_clean = mutant(MUTANT_KEEPS_UNREAD_OCTETS) || mutant(MUTANT_GUESSES) ||
                    reader_left(&conn->reader) == 0;
    bool is_stuck = result < 0 && c->failure.kind == KIND_TIMEOUT_READ;
    if (result == 0 && c->response.is_persistent && is_clean) {
        honour_timeout(conn, &c->response);
        session_keep(c->session, conn);
    } else if (is_stuck && mutant(MUTANT_KEEPS_CONNECTION_AFTER_TIMEOUT)) {
        session_keep(c->session, conn);
    } else {
        connection_free(conn);
    }
    return result;
}
