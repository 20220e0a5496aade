/*
 * `forward`: the request goes to the origin, its answer comes back, octet for octet but for the
 * hop-by-hop fields. Request and answer flow at the same time, so an early answer gets through.
 * At an origin it is the built-in answer, for a CONNECT it is `tunnel`.
 */
#include <string.h>
#include <strings.h>

#include "actions.h"
#include "clock.h"

enum { HELD_MAX = 1 << 20 };

enum phase { START, DIALING, HEAD, INTERIM, BODY, FINISH, CLOSING, RESETTING };

/* ---- failures -------------------------------------------------------------------------------- */

static enum progress fail(struct conn *c, int status, const char *error, const char *text)
{
    upstream_drop(c, false);
    answering_own(c, status, error, text, request_body_open(c->exchange));
    return PROGRESS_DONE;
}

static void release_held(struct conn *);

/* The origin broke off. Before its answer began that is a 502; after, the client gets the same. */
static enum progress origin_broke(struct conn *c, bool reset)
{
    struct exchange *x = c->exchange;
    if (x->phase < BODY)
        return fail(c, 502, "fakeproxy; error=connection_terminated",
                    "the origin ended the connection before its answer was complete");
    if (x->response_body.kind == BODY_UNTIL_CLOSE && !reset)
        x->response_body.whole = true;
    if (x->hold && !x->response_body.whole)
        release_held(c);
    x->since = clock_now();
    x->phase = x->response_body.whole ? FINISH : reset ? RESETTING : CLOSING;
    return x->phase == FINISH ? PROGRESS_DONE : PROGRESS_AGAIN;
}

/* ---- the request goes up --------------------------------------------------------------------- */

static enum progress dial(struct conn *c, const struct forward *f)
{
    struct exchange *x = c->exchange;
    enum dial d = x->phase == START
                      ? upstream_open(c, x->target.host, x->target.port, f->to, UPSTREAM_FORWARD)
                      : upstream_state(c);
    x->phase = DIALING;
    if (d == DIAL_PENDING)
        return PROGRESS_AGAIN;
    if (d == DIAL_FAILED) {
        struct dial_failure why = upstream_failure(upstream_error(c));
        return fail(c, why.status, why.proxy_status, why.text);
    }
    struct buf head = { 0 };
    forward_write_request(c, &head);
    int sent = stream_put_octets(&c->upstream->stream, head.at, head.len);
    buf_free(&head);
    c->upstream->exchanges++;
    if (sent < 0 && c->upstream->is_reused) { /* it went while it was idle: nothing was sent */
        upstream_drop(c, false);
        x->phase = START;
        return dial(c, f);
    }
    x->phase = HEAD;
    return sent < 0 ? origin_broke(c, true) : PROGRESS_DONE;
}

/* Moves request body octets. False: the client is gone. */
static bool pump_up(struct conn *c)
{
    struct exchange *x = c->exchange;
    struct stream *to = &c->upstream->stream;
    char *data = c->instance->loop->scratch;
    for (int turn = 0; request_body_open(x); turn++) {
        if (stream_flush(to) < 0 || stream_queued(to) > 0)
            return true; /* a broken origin is noticed where its answer is read */
        if (turn == POLL_TURNS) {
            conn_wake_at(c, 0);
            return true;
        }
        ssize_t n = stream_read(&c->stream, data, STREAM_PIECE);
        if (n == STREAM_AGAIN)
            return true;
        if (n < 0) {
            http_body_eof(&x->body);
            request_tell_body_left(c);
            wire_shut(&to->wire);
            return n == STREAM_EOF || n == STREAM_TRUNCATED;
        }
        size_t used = request_body_take(c, data, (size_t)n);
        stream_unread(&c->stream, data + used, (size_t)n - used);
        if (stream_put_octets(to, data, used) < 0)
            return true;
    }
    stream_flush(to);
    return true;
}

/* ---- the answer comes down ------------------------------------------------------------------- */

/* Reads the origin's next header block into x->passed as the client is to see it. */
static enum progress read_head(struct conn *c, const struct forward *f)
{
    struct exchange *x = c->exchange;
    struct stream *from = &c->upstream->stream;
    char *data = c->instance->loop->scratch;
    size_t len = 0, end = 0;
    ssize_t n = STREAM_AGAIN;
    const char *error = "";
    while (end == 0 && len < LOOP_SCRATCH &&
           (n = stream_read(from, data + len, LOOP_SCRATCH - len)) > 0) {
        len += (size_t)n;
        end = http_head_end(data, len, 0);
    }
    if (end == 0 && n == STREAM_AGAIN) {
        stream_unread(from, data, len);
        return PROGRESS_AGAIN;
    }
    if (end == 0 && len == 0)
        return origin_broke(c, n == STREAM_BROKEN);
    if (end == 0 || http_parse_response(data, end, &x->response, &error) < 0 ||
        http_body_of_response(&x->response, x->request.method, &x->response_body, &error) < 0)
        return fail(c, 502, "fakeproxy; error=http_protocol_error",
                    "the origin's answer is not HTTP");
    stream_unread(from, data + end, len - end);
    x->keeps_upstream = http_keep_alive(&x->response);
    /* The slices of x->response point into scratch: write the client's head before it is reused. */
    forward_write_response(c, f, &x->passed);
    return PROGRESS_DONE;
}

static bool is_interim(const struct exchange *x)
{
    return x->response.status < 200 && x->response.status != 101;
}

/* Where the cut falls. From the end of a body whose length nobody knows yet: its last octets are
 * held back until the end is there. */
static void choose_cut(struct exchange *x, const struct cut *cut)
{
    struct answer *a = &x->answer;
    if (cut->kind != CUT_AFTER_BYTES && cut->kind != CUT_AFTER_BODY_BYTES)
        return;
    uint64_t start = cut->kind == CUT_AFTER_BODY_BYTES ? a->head_len : 0;
    if (cut->octets >= 0) {
        a->limit = start + (uint64_t)cut->octets;
        return;
    }
    uint64_t back = -(uint64_t)cut->octets, end = a->head_len + x->response_body.remaining;
    bool known = x->response_body.kind == BODY_LENGTH || x->response_body.kind == BODY_NONE;
    if (known && back <= end - start)
        a->limit = end - back;
    else if (!known && back <= HELD_MAX)
        x->hold = (size_t)back;
}

static void begin_answer(struct conn *c, const struct forward *f)
{
    struct exchange *x = c->exchange;
    struct http_head head;
    const char *error;
    struct answer *a = &x->answer;
    a->status = x->response.status;
    a->head_len = x->passed.len;
    a->limit = UINT64_MAX;
    if (f->pace.octets)
        x->pace = f->pace;
    if (is_interim(x))
        return;
    choose_cut(x, &f->cut);
    x->answered = true;
    if (http_parse_response(x->passed.at, x->passed.len, &head, &error) == 0 &&
        !answering_keeps_open(x, &head))
        x->close_after = true;
    if (x->response_body.kind == BODY_UNTIL_CLOSE)
        x->close_after = true;
}

/* Puts octets of the answer up to the cut. Says how many were taken; CUT when that is reached. */
static int put(struct conn *c, const char *data, size_t len)
{
    struct answer *a = &c->exchange->answer;
    uint64_t room = a->limit - a->written;
    if (len > room)
        len = (size_t)room;
    if (!a->told && len > 0) {
        a->told = true;
        answering_tell(c, c->exchange->passed.at, c->exchange->passed.len);
    }
    a->written += len;
    return len ? stream_put_octets(&c->stream, data, len) : 0;
}

/* The same for octets of the body, of which the last x->hold wait for what comes behind them. */
static int put_body(struct conn *c, const char *data, size_t len)
{
    struct exchange *x = c->exchange;
    if (x->hold == 0)
        return put(c, data, len);
    buf_add(&x->held, data, len);
    if (x->held.len <= x->hold)
        return 0;
    size_t out = x->held.len - x->hold;
    int result = put(c, x->held.at, out);
    memmove(x->held.at, x->held.at + out, x->hold);
    x->held.len = x->hold;
    return result;
}

/* The body is over: what is held back is cut off, unless the body was shorter than that. */
static void release_held(struct conn *c)
{
    struct exchange *x = c->exchange;
    bool is_cut = x->response_body.whole && x->held.len == x->hold;
    x->hold = 0;
    if (is_cut)
        x->answer.limit = x->answer.written;
    else if (x->held.len > 0)
        put(c, x->held.at, x->held.len); /* if that fails the next flush does */
}

struct dechunk {
    struct conn *c;
    bool broken;
};

static void put_payload(const char *data, size_t len, void *arg)
{
    struct dechunk *d = arg;
    d->broken = d->broken || put_body(d->c, data, len) < 0;
}

/* Octets the next piece may have, or 0: not yet. */
static size_t piece_room(struct conn *c)
{
    struct exchange *x = c->exchange;
    if (!x->pace.octets)
        return STREAM_PIECE;
    int64_t now = clock_now();
    if (now < x->next_slice) {
        conn_wake_at(c, x->next_slice);
        return 0;
    }
    x->next_slice = now + x->pace.every;
    return x->pace.octets < STREAM_PIECE ? (size_t)x->pace.octets : STREAM_PIECE;
}

/* The rest of the passed header block: it is written first, in slices if there is a pace. */
static enum progress put_head(struct conn *c)
{
    struct exchange *x = c->exchange;
    struct answer *a = &x->answer;
    while (a->written < x->passed.len && a->written < a->limit) {
        if (stream_flush(&c->stream) < 0)
            return conn_client_reset(c);
        size_t room = stream_queued(&c->stream) > 0 ? 0 : piece_room(c);
        if (room == 0)
            return PROGRESS_AGAIN;
        size_t left = x->passed.len - (size_t)a->written;
        if (put(c, x->passed.at + a->written, left < room ? left : room) < 0)
            return conn_client_reset(c);
    }
    return PROGRESS_DONE;
}

/* One piece of the origin's body, read, followed through its framing, and passed on. */
static enum progress pump_piece(struct conn *c)
{
    struct exchange *x = c->exchange;
    struct answer *a = &x->answer;
    bool decodes = forward_dechunks(x);
    size_t room = piece_room(c);
    if (room == 0)
        return PROGRESS_AGAIN;
    if (room > a->limit - a->written && !decodes)
        room = (size_t)(a->limit - a->written);
    char *data = c->instance->loop->scratch;
    ssize_t n = stream_read(&c->upstream->stream, data, room);
    if (n == STREAM_AGAIN) {
        x->next_slice = 0;
        return PROGRESS_AGAIN;
    }
    if (n < 0)
        return origin_broke(c, n == STREAM_BROKEN);
    struct dechunk d = { .c = c };
    size_t used =
        http_body_scan(&x->response_body, data, (size_t)n, decodes ? put_payload : NULL, &d);
    stream_unread(&c->upstream->stream, data + used, (size_t)n - used);
    if (d.broken || (!decodes && put_body(c, data, used) < 0))
        return conn_client_reset(c);
    if (x->response_body.bad)
        return origin_broke(c, false);
    return PROGRESS_DONE;
}

/* The header block and what is there of the body leave in one call: two would be two segments, and
 * wake the client twice. */
static enum progress put_head_and_body(struct conn *c)
{
    struct exchange *x = c->exchange;
    struct answer *a = &x->answer;
    if (a->written > 0 || x->pace.octets || x->hold || forward_dechunks(x) ||
        x->response_body.whole || a->limit < x->passed.len + STREAM_PIECE ||
        stream_queued(&c->stream) > 0)
        return put_head(c);
    char *data = c->instance->loop->scratch;
    ssize_t n = stream_read(&c->upstream->stream, data, STREAM_PIECE);
    if (n <= 0)
        return put_head(c); /* what n means is met again behind it */
    size_t used = http_body_scan(&x->response_body, data, (size_t)n, NULL, NULL);
    stream_unread(&c->upstream->stream, data + used, (size_t)n - used);
    struct iovec iov[2] = { { .iov_base = x->passed.at, .iov_len = x->passed.len },
                            { .iov_base = data, .iov_len = used } };
    a->told = true;
    answering_tell(c, x->passed.at, x->passed.len);
    a->written = x->passed.len + used;
    if (stream_put(&c->stream, iov, used ? 2 : 1) < 0)
        return conn_client_reset(c);
    return x->response_body.bad ? origin_broke(c, false) : PROGRESS_DONE;
}

static enum progress pump_down(struct conn *c)
{
    struct exchange *x = c->exchange;
    struct answer *a = &x->answer;
    enum progress p = put_head_and_body(c);
    for (int turn = 0; p == PROGRESS_DONE; turn++) {
        if (stream_flush(&c->stream) < 0)
            return conn_client_reset(c);
        if (stream_queued(&c->stream) > 0)
            return PROGRESS_AGAIN;
        if (x->response_body.whole && x->hold)
            release_held(c);
        if (a->written == a->limit)
            return PROGRESS_CUT;
        if (x->response_body.whole)
            return PROGRESS_DONE;
        if (turn == POLL_TURNS) {
            conn_wake_at(c, 0);
            return PROGRESS_AGAIN;
        }
        p = pump_piece(c);
    }
    return p;
}

/* ---- the action ------------------------------------------------------------------------------ */

static enum progress finish(struct conn *c, bool whole)
{
    struct exchange *x = c->exchange;
    struct answer *a = &x->answer;
    uint64_t body = a->written > a->head_len ? a->written - a->head_len : 0;
    if (a->told)
        answering_tell_sent(c, a->status, a->written, body, whole);
    return PROGRESS_DONE;
}

/* A 1xx is passed on, whole whatever the cut, and the next header block awaited. */
static enum progress pass_interim(struct conn *c)
{
    struct exchange *x = c->exchange;
    bool told = x->response.status == 100 && x->continued;
    if (x->request.minor >= 1 && !told) { /* RFC 9110, 15.2: not to a 1.0 client */
        enum progress p = put_head(c);
        if (p != PROGRESS_DONE)
            return p;
        if (x->response.status == 100)
            x->wants_continue = false;
    }
    x->answer = (struct answer){ 0 };
    x->passed.len = 0;
    x->phase = HEAD;
    return PROGRESS_DONE;
}

static enum progress answer_poll(struct conn *c, const struct forward *f)
{
    struct exchange *x = c->exchange;
    while (x->phase <= INTERIM) {
        enum progress p = x->phase == HEAD ? read_head(c, f) : PROGRESS_DONE;
        if (p != PROGRESS_DONE || x->own_answer)
            return p;
        if (x->phase == HEAD) {
            x->phase = is_interim(x) ? INTERIM : BODY;
            begin_answer(c, f);
        }
        if (x->phase == INTERIM && (p = pass_interim(c)) != PROGRESS_DONE)
            return p;
    }
    return pump_down(c);
}

/* The origin's connection is kept if its answer is over and it said so; else it goes. */
static void keep_or_drop(struct conn *c)
{
    struct exchange *x = c->exchange;
    if (!c->upstream)
        return;
    if (!x->response_body.whole || x->response_body.kind == BODY_UNTIL_CLOSE || x->body.bad ||
        request_body_open(x) || !x->keeps_upstream)
        upstream_drop(c, false);
}

static enum progress end_like_origin(struct conn *c, bool reset)
{
    struct exchange *x = c->exchange;
    static const struct ending settle = { .within = 5 * CLOCK_S };
    enum progress p = settle_poll(c, &settle);
    if (p == PROGRESS_ENDED ||
        (reset && p == PROGRESS_AGAIN && clock_now() < x->since + settle.within))
        return p;
    if (!reset && stream_queued(&c->stream) > 0)
        return PROGRESS_AGAIN;
    finish(c, false);
    script_tell_left(c, true);
    if (reset)
        conn_end(c, "us", "reset", "the origin reset its connection", p == PROGRESS_DONE,
                 p == PROGRESS_DONE, clock_now() - x->since);
    else
        conn_begin_close(c, false, "the origin ended its answer early");
    return PROGRESS_ENDED;
}

static enum progress at_origin(struct conn *c, const struct action *a)
{
    struct exchange *x = c->exchange;
    if (!x->built_in)
        x->built_in = origin_answer_new(c, &a->forward);
    return action_respond(c, origin_answer_action(x->built_in));
}

/* A CONNECT is not forwarded but tunnelled, with all that this `forward` says. */
static enum progress as_tunnel(struct conn *c, const struct forward *f)
{
    struct action tunnel = { .kind = ACTION_TUNNEL,
                             .tunnel = { .to = f->to,
                                         .respond = { .status = 200,
                                                      .version = "1.1",
                                                      .headers = f->headers,
                                                      .header_count = f->header_count },
                                         .cut = f->cut,
                                         .pace = f->pace } };
    return action_tunnel(c, &tunnel);
}

enum progress action_forward(struct conn *c, const struct action *a)
{
    struct exchange *x = c->exchange;
    const struct forward *f = &a->forward;
    if (x->refused) {
        answering_own(c, x->refused, NULL, x->refused_why, true);
        return PROGRESS_DONE;
    }
    if (!conn_actor(c)->is_proxy)
        return at_origin(c, a);
    if (http_slice_is(x->request.method, "CONNECT"))
        return as_tunnel(c, f);
    if (x->phase <= DIALING) {
        enum progress p = dial(c, f);
        if (p != PROGRESS_DONE || x->own_answer)
            return p;
    }
    if (x->phase == RESETTING || x->phase == CLOSING)
        return end_like_origin(c, x->phase == RESETTING);
    if (!pump_up(c))
        return conn_client_reset(c);
    if (x->body.bad && x->phase == HEAD && !conn_peer_is_gone(c)) {
        upstream_drop(c, true);
        answering_own(c, 400, NULL, x->body.error, true);
        return PROGRESS_DONE;
    }
    enum progress p = x->phase == FINISH ? pump_down(c) : answer_poll(c, f);
    if (p == PROGRESS_ENDED || x->own_answer) /* ended: the exchange is gone */
        return p;
    if (x->phase == RESETTING || x->phase == CLOSING)
        return action_forward(c, a);
    if (p == PROGRESS_AGAIN)
        return p;
    finish(c, x->response_body.whole && p == PROGRESS_DONE);
    keep_or_drop(c);
    return p;
}
