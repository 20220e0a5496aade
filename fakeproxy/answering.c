/*
 * Writing an answer: piece by piece as the peer takes it, in slices where it is paced, up to its
 * cut; and what the journal says of it.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "engine.h"

/* ---- what the journal says ------------------------------------------------------------------- */

static void keep_promise(struct conn *c, const struct promise *p, int64_t now, int64_t wall)
{
    if (!p->made || !c->exchange || !c->exchange->request.all.len)
        return;
    struct buf key = { 0 };
    request_promise_key(c, &key);
    promises_add(c->instance->promises, key.at ? key.at : "", key.len, p, now, wall);
    buf_free(&key);
}

void answering_promise(struct conn *c, const struct http_head *answer)
{
    int64_t wall = clock_wall();
    struct promise p = promise_in(answer, wall);
    keep_promise(c, &p, clock_now(), wall);
}

static void tell_promise(struct conn *c, struct event_draft *d, const struct http_head *answer)
{
    struct promise p = promise_in(answer, d->event.wall);
    if (!p.made)
        return;
    event_number(d, FIELD_promise, p.wait);
    event_number(d, FIELD_promise_until, p.until);
    keep_promise(c, &p, d->event.t, d->event.wall);
}

static bool says_stale(const struct http_head *answer)
{
    struct http_field f;
    for (size_t cursor = 0; http_next_field(answer, &cursor, &f);)
        if ((http_slice_is_nocase(f.name, "Proxy-Authenticate") ||
             http_slice_is_nocase(f.name, "WWW-Authenticate")) &&
            credentials_says_stale(f.value))
            return true;
    return false;
}

void answering_tell(struct conn *c, const char *octets, size_t len)
{
    struct event_draft d;
    struct http_head head;
    const char *error;
    conn_event(c, &d, EVENT_response);
    int status = http_peek_status(octets, len);
    if (status)
        event_number(&d, FIELD_status, status);
    size_t end = http_head_end(octets, len, 0);
    if (end && http_parse_response(octets, end, &head, &error) == 0) {
        event_text(&d, FIELD_header, head.fields.at, head.fields.len);
        if ((status == 401 || status == 407) && says_stale(&head))
            event_flag(&d, FIELD_stale, true);
        if (end <= c->exchange->answer.limit) /* what is cut off promises nothing */
            tell_promise(c, &d, &head);
    }
    conn_note_event(c, &d);
}

void answering_tell_sent(struct conn *c, int status, uint64_t octets, uint64_t body, bool whole)
{
    struct event_draft d;
    conn_event(c, &d, EVENT_sent);
    if (status)
        event_number(&d, FIELD_status, status);
    event_number(&d, FIELD_bytes, (int64_t)octets);
    event_number(&d, FIELD_body_bytes, (int64_t)body);
    event_flag(&d, FIELD_whole, whole);
    if (c->exchange->answer.limit == octets)
        event_string(&d, FIELD_cut, script_cut_with(c->exchange));
    conn_note_event(c, &d);
}

bool answering_keeps_open(const struct exchange *x, const struct http_head *answer)
{
    /* RFC 9112, 9.3: a proxy keeps no connection to a 1.0 client, which reads to its end. */
    bool old_client = x->request.all.len && x->request.major == 1 && x->request.minor == 0;
    return http_keep_alive(answer) && !old_client;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* One put: what stands in memory, and generated octets behind it; or one slice of a pace. */
static int put_piece(struct conn *c, struct answer *a, uint64_t room)
{
    struct iovec iov[2];
    int count = 0;
    size_t taken = 0;
    const char *at;
    /* A slice of a pace is one run of octets, so that it is one record where it is TLS. */
    size_t len = c->exchange->pace.octets ? 0 : answer_stretch(a, a->written, &at);
    if (len > room)
        len = (size_t)room;
    if (len > 0) {
        iov[count++] = (struct iovec){ .iov_base = (void *)(uintptr_t)at, .iov_len = len };
        taken = len;
    }
    if (taken < room) {
        char *scratch = c->instance->loop->scratch;
        len = answer_octets(a, a->written + taken, scratch, (size_t)room - taken);
        iov[count++] = (struct iovec){ .iov_base = scratch, .iov_len = len };
        taken += len;
    }
    a->written += taken;
    return stream_put(&c->stream, iov, count);
}

/* Is it time for the next slice? */
static bool pace_allows(struct conn *c, const struct pace *pace)
{
    struct exchange *x = c->exchange;
    if (!pace->octets)
        return true;
    int64_t now = clock_now();
    if (now < x->next_slice) {
        conn_wake_at(c, x->next_slice);
        return false;
    }
    x->next_slice = now + pace->every;
    return true;
}

static void tell_answer_sent(struct conn *c, const struct answer *a)
{
    /* In octets of a `send` the header block ends where it says so, if at all. */
    size_t head = a->head_len ? a->head_len : http_head_end(a->head.at, a->head.len, 0);
    uint64_t body = head > 0 && a->written > head ? a->written - head : 0;
    answering_tell_sent(c, a->status, a->written, body, a->written == a->total);
}

enum progress answering_poll(struct conn *c)
{
    struct exchange *x = c->exchange;
    struct answer *a = &x->answer;
    uint64_t end = a->limit < a->total ? a->limit : a->total;
    if (!a->told && end > 0) {
        a->told = true;
        if (a->status) /* octets that begin no status line are no answer */
            answering_tell(c, a->head.at, a->head_len ? a->head_len : a->head.len);
    }
    for (int turn = 0; a->written < end || stream_queued(&c->stream) > 0; turn++) {
        if (stream_flush(&c->stream) < 0)
            return conn_client_reset(c);
        if (stream_queued(&c->stream) > 0)
            return PROGRESS_AGAIN;
        if (a->written == end)
            break;
        if (turn == POLL_TURNS) {
            conn_wake_at(c, 0);
            return PROGRESS_AGAIN;
        }
        if (!pace_allows(c, &x->pace))
            return PROGRESS_AGAIN;
        uint64_t room = end - a->written;
        uint64_t most =
            x->pace.octets && x->pace.octets < STREAM_PIECE ? x->pace.octets : STREAM_PIECE;
        if (put_piece(c, a, room < most ? room : most) < 0)
            return conn_client_reset(c);
    }
    /* Octets of a `send` that repeats itself are told once: it may do so forever. */
    if (a->told && (a->status || x->counted == 0))
        tell_answer_sent(c, a);
    return a->limit == end ? PROGRESS_CUT : PROGRESS_DONE;
}

/* ---- answers of our own ---------------------------------------------------------------------- */

static struct field_line literal(const char *name, const char *value)
{
    return (struct field_line){ .name = { name, strlen(name), false },
                                .text = { value, strlen(value), false } };
}

void answering_own(struct conn *c, int status, const char *proxy_status, const char *text,
                   bool close_after)
{
    struct exchange *x = c->exchange;
    struct field_line headers[3];
    size_t count = 0;
    headers[count++] = literal("Content-Type", "text/plain; charset=utf-8");
    if (proxy_status)
        headers[count++] = literal("Proxy-Status", proxy_status);
    if (close_after)
        headers[count++] = literal("Connection", "close");
    struct buf body = { 0 };
    buf_printf(&body, "fakeproxy: %s\n", text);
    struct respond r = { .status = status,
                         .version = "1.1",
                         .headers = headers,
                         .header_count = count,
                         .body = { .source = BODY_TEXT, .text = { body.at, body.len, false } } };
    struct answer_context context = { .scope = &c->instance->scope,
                                      .request_method = x->request.method,
                                      .mark = "",
                                      .wall = clock_wall(),
                                      .exit = exits_header(c),
                                      .forbid_body = http_slice_is(x->request.method, "HEAD") };
    answer_free(&x->answer);
    answer_write(&x->answer, &r, &context);
    buf_free(&body);
    x->own_answer = true;
    x->answered = true;
    x->close_after = x->close_after || close_after;
}
