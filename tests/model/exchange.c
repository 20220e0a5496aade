/*
 * One request and its response on a connection. The header block may have gone before, in early
 * data. While content is sent, answers are looked for: a
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
    if (upload_is_chunked(&c->upload)) {
        int n = snprintf(size, sizeof(size), "%zx\r\n", len);
        channel_put(conn->reader.channel, size, (size_t)n);
    }
    channel_put(conn->reader.channel, octets, len);
    if (upload_is_chunked(&c->upload))
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
        bool is_whole = at + n == c->upload.size && !upload_is_chunked(&c->upload);
        if (flushed == 1 && is_whole && channel_is_flushed(conn->reader.channel))
            return 0; /* the answer is not early, only quick */
        if (flushed != 0)
            return flushed;
    }
    if (upload_is_chunked(&c->upload))
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

/* What went as early data is not sent again, unless it was refused: then as it was. */
static void put_head(struct call *c, struct connection *conn)
{
    struct buf b = conn->head;
    conn->head = (struct buf){ 0 };
    if (!b.len) {
        c->early_data = EARLY_DATA_NONE;
        call_write_head(c, conn, &b);
    }
    if (c->early_data != EARLY_DATA_TAKEN)
        channel_put(conn->reader.channel, b.at, b.len);
    buf_free(&b);
}

/* Sends; returns whether all went out (0), an answer came first (1), or it failed (-1). */
static int send_all(struct call *c, struct connection *conn)
{
    put_head(c, conn);
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
    early_data_keep_ticket(c, conn);
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
