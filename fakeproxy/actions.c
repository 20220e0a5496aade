/*
 * The actions that answer, wait and end. Each is polled: it looks how far things are, does what
 * can be done now, and says AGAIN, DONE or ENDED. x->phase is 0 at its first poll. What copies to
 * and from an origin is in forward.c and tunnel.c.
 */
#include "actions.h"

#include <string.h>

#include "clock.h"

static const struct action_entry table[ACTION_KINDS] = {
    [ACTION_RESPOND] = { "respond", action_respond },
    [ACTION_SEND] = { "send", action_send },
    [ACTION_FORWARD] = { "forward", action_forward },
    [ACTION_TUNNEL] = { "tunnel", action_tunnel },
    [ACTION_READ] = { "read", action_read },
    [ACTION_WAIT] = { "wait", action_wait },
    [ACTION_PACE] = { "pace", action_pace },
    [ACTION_STALL] = { "stall", action_stall },
    [ACTION_CLOSE] = { "close", action_close },
    [ACTION_HALF_CLOSE] = { "half_close", action_half_close },
    [ACTION_RESET] = { "reset", action_reset },
    [ACTION_ABORT] = { "abort", action_abort },
    [ACTION_ALERT] = { "alert", action_alert },
    [ACTION_SET] = { "set", action_set },
    [ACTION_ROTATE] = { "rotate", action_rotate },
};

const struct action_entry *action_table(enum action_kind kind)
{
    return &table[kind];
}

const char *action_name(enum action_kind kind)
{
    return table[kind].name;
}

/* Is everything that was put on its way? Else flushes. PROGRESS_ENDED: the client is gone. */
static enum progress flush_poll(struct conn *c)
{
    if (stream_queued(&c->stream) == 0)
        return PROGRESS_DONE;
    if (stream_flush(&c->stream) < 0)
        return conn_client_reset(c);
    return stream_queued(&c->stream) == 0 ? PROGRESS_DONE : PROGRESS_AGAIN;
}

/* ---- answers --------------------------------------------------------------------------------- */

/* What a cut does to all later pieces: where it falls, and how the answer is paced. */
static void prepare_answer(struct exchange *x, const struct cut *cut, const struct pace *pace)
{
    x->answer.limit = answer_cut(&x->answer, cut);
    if (pace->octets)
        x->pace = *pace;
}

static void write_respond(struct conn *c, const struct respond *r)
{
    struct exchange *x = c->exchange;
    struct buf mark = { 0 };
    conn_mark(c, r->status, &mark);
    buf_char(&mark, '\0');
    struct answer_context context = { .scope = &c->instance->scope,
                                      .request_method = x->request.method,
                                      .mark = mark.at,
                                      .wall = clock_wall(),
                                      .exit = exits_header(c),
                                      .challenge = gate_challenge,
                                      .challenge_arg = c };
    answer_write(&x->answer, r, &context);
    buf_free(&mark);
    prepare_answer(x, &r->cut, &r->pace);
}

/* A final answer may be the last of its connection. */
static void note_answered(struct exchange *x, const struct respond *r)
{
    struct http_head head;
    const char *error;
    if (r->status < 200)
        return;
    x->answered = true;
    if (r->framing == FRAMING_CLOSE)
        x->close_after = true;
    if (http_parse_response(x->answer.head.at, x->answer.head_len, &head, &error) == 0 &&
        !answering_keeps_open(x, &head))
        x->close_after = true;
}

enum progress action_respond(struct conn *c, const struct action *a)
{
    struct exchange *x = c->exchange;
    if (x->phase == 0) {
        if (!x->body_read && a->respond.status >= 200) {
            if (request_body_open(x))
                request_send_continue(c);
            x->counted = 0;
            enum progress p = request_body_poll(c, UINT64_MAX);
            if (p == PROGRESS_AGAIN)
                return p;
            if (p == PROGRESS_ENDED && c->stream.wire.broken)
                return conn_client_reset(c);
        }
        write_respond(c, &a->respond);
        note_answered(x, &a->respond);
        x->phase = 1;
    }
    return answering_poll(c);
}

enum { SAID_MAX = 65536 }; /* octets of a header block in several sends */

/* A final answer may say close like any other, or end with the connection only. */
static bool note_head(struct exchange *x, const char *octets, size_t len, struct http_head *head)
{
    struct http_body body;
    const char *error;
    if (http_parse_response(octets, len, head, &error) < 0 || head->status < 200 ||
        http_body_of_response(head, x->request.method, &body, &error) < 0)
        return false;
    if (body.kind == BODY_UNTIL_CLOSE || !answering_keeps_open(x, head))
        x->close_after = true;
    return true;
}

/* What the octets of a `send` mean, if they begin an answer: perhaps several are its head. */
static void note_sent(struct conn *c)
{
    static const char begin[] = "HTTP/";
    struct exchange *x = c->exchange;
    const struct buf *sent = &x->answer.head;
    struct http_head head;
    size_t known = x->said.len, most = sent->len < 5 ? sent->len : 5;
    if (known == 0 && x->answer.head_len > 0) {
        note_head(x, sent->at, x->answer.head_len, &head);
        return;
    }
    if (most == 0 || (known == 0 && memcmp(sent->at, begin, most) != 0))
        return;
    buf_add(&x->said, sent->at, sent->len);
    size_t end = http_head_end(x->said.at, x->said.len, known);
    if (end > 0 && note_head(x, x->said.at, end, &head))
        answering_promise(c, &head);
    if (end > 0 || x->said.len > SAID_MAX)
        buf_free(&x->said);
}

enum progress action_send(struct conn *c, const struct action *a)
{
    struct exchange *x = c->exchange;
    const struct send *send = &a->send;
    x->answered = true;
    for (int turn = 0;; turn++) {
        if (x->phase == 0) {
            if (send->times && x->counted == send->times)
                return PROGRESS_DONE;
            if (turn == POLL_TURNS) {
                conn_wake_at(c, 0);
                return PROGRESS_AGAIN;
            }
            answer_free(&x->answer);
            answer_write_octets(&x->answer, &send->octets, &c->instance->scope);
            prepare_answer(x, &send->cut, &send->pace);
            x->phase = 1;
        }
        enum progress p = answering_poll(c);
        if (p != PROGRESS_DONE)
            return p;
        note_sent(c);
        x->counted++;
        x->phase = 0;
    }
}

enum progress action_pace(struct conn *c, const struct action *a)
{
    c->exchange->pace = c->exchange->list_pace = a->pace;
    return PROGRESS_DONE;
}

/* ---- reading --------------------------------------------------------------------------------- */

enum progress action_read(struct conn *c, const struct action *a)
{
    struct exchange *x = c->exchange;
    if (x->phase == 0) {
        x->phase = 1;
        x->body_read = true;
        x->since = clock_now();
        if (a->read.send_continue && a->read.octets > 0 && request_body_open(x))
            request_send_continue(c);
    }
    enum progress p = request_body_poll(c, a->read.octets);
    if (p == PROGRESS_ENDED && c->stream.wire.broken)
        return conn_client_reset(c);
    if (p == PROGRESS_AGAIN && a->read.time) {
        if (clock_now() >= x->since + a->read.time)
            return PROGRESS_DONE;
        conn_wake_at(c, x->since + a->read.time);
    }
    return p == PROGRESS_ENDED ? PROGRESS_DONE : p;
}

/* ---- waiting --------------------------------------------------------------------------------- */

static enum progress until(struct conn *c, int64_t when)
{
    if (clock_now() >= when)
        return PROGRESS_DONE;
    conn_wake_at(c, when);
    return PROGRESS_AGAIN;
}

static enum progress wait_for_event(struct conn *c, const struct condition *k)
{
    struct exchange *x = c->exchange;
    int64_t met = watch_met(c->instance->watches, k->match);
    c->waits_for_journal = !met;
    if (met && until(c, met + k->plus) == PROGRESS_DONE)
        return PROGRESS_DONE;
    if (k->limit >= 0 && until(c, x->since + k->limit) == PROGRESS_DONE) {
        script_note_left(x);
        return PROGRESS_DONE;
    }
    return PROGRESS_AGAIN;
}

static enum progress wait_for_acks(struct conn *c)
{
    struct wire *w = &c->stream.wire;
    enum progress p = flush_poll(c);
    if (p != PROGRESS_DONE)
        return p;
    if (wire_unacked(w) == 0)
        return PROGRESS_DONE;
    /* What was written before the kernel was asked to tell is polled for. */
    conn_wake_at(c, clock_now() + (w->tells_acks ? 20 : 1) * CLOCK_MS);
    return PROGRESS_AGAIN;
}

enum progress condition_poll(struct conn *c, const struct condition *k)
{
    struct exchange *x = c->exchange;
    const struct wire *w = &c->stream.wire;
    switch (k->kind) {
    case CONDITION_NONE:
        return PROGRESS_DONE;
    case CONDITION_TIME:
        return until(c, x->since + k->time);
    case CONDITION_IDLE:
        return until(c, (w->active > w->arrived ? w->active : w->arrived) + k->time);
    case CONDITION_BYTES:
        return conn_has_input(c) ? PROGRESS_DONE : PROGRESS_AGAIN;
    case CONDITION_ACKED:
        return wait_for_acks(c);
    case CONDITION_EVENT:
        return wait_for_event(c, k);
    }
    return PROGRESS_DONE;
}

enum progress action_wait(struct conn *c, const struct action *a)
{
    struct exchange *x = c->exchange;
    if (x->phase == 0) {
        x->phase = 1;
        x->since = clock_now();
    }
    enum progress p = condition_poll(c, &a->wait);
    if (p == PROGRESS_AGAIN && conn_peer_is_gone(c)) {
        script_note_left(x);
        p = PROGRESS_DONE;
    }
    if (p != PROGRESS_AGAIN)
        c->waits_for_journal = false;
    return p;
}

/* ---- ends ------------------------------------------------------------------------------------ */

enum progress action_stall(struct conn *c, const struct action *a)
{
    struct exchange *x = c->exchange;
    x->answered = true;
    if (x->phase == 0) {
        x->phase = 1;
        x->stalled = true;
        struct event_draft d;
        conn_event(c, &d, EVENT_stall);
        conn_note_event(c, &d);
    }
    if (a->ending.reading)
        request_overhear(c);
    if (c->stream.wire.broken)
        return conn_client_reset(c);
    if (!conn_peer_is_gone(c))
        return PROGRESS_AGAIN;
    script_note_left(x);
    return PROGRESS_DONE;
}

enum progress action_close(struct conn *c, const struct action *a)
{
    enum progress p = flush_poll(c);
    if (p != PROGRESS_DONE)
        return p;
    script_tell_left(c, true);
    conn_begin_close(c, a->ending.notify, "the scenario says close");
    return PROGRESS_ENDED;
}

enum progress action_half_close(struct conn *c, const struct action *a)
{
    enum progress p = flush_poll(c);
    if (p != PROGRESS_DONE)
        return p;
    if (c->exchange->phase == 0) {
        c->exchange->phase = 1;
        if (c->stream.tls && a->ending.notify)
            tls_close_notify(c->stream.tls);
        p = flush_poll(c);
        if (p != PROGRESS_DONE)
            return p;
    }
    c->exchange->answered = true;
    wire_shut(&c->stream.wire);
    struct event_draft d;
    conn_event(c, &d, EVENT_close);
    event_string(&d, FIELD_by, "us");
    event_string(&d, FIELD_how, "fin");
    event_string(&d, FIELD_why, "the scenario says half_close");
    event_flag(&d, FIELD_exact, true);
    conn_note_event(c, &d);
    return PROGRESS_DONE;
}

enum progress settle_poll(struct conn *c, const struct ending *e)
{
    enum progress p = flush_poll(c);
    if (p != PROGRESS_DONE)
        return p;
    if (!e->when_sent)
        return wait_for_acks(c);
    if (wire_unsent(&c->stream.wire) == 0)
        return PROGRESS_DONE;
    conn_wake_at(c, clock_now() + CLOCK_MS);
    return PROGRESS_AGAIN;
}

enum progress action_reset(struct conn *c, const struct action *a)
{
    struct exchange *x = c->exchange;
    if (x->phase == 0) {
        x->phase = 1;
        x->since = clock_now();
    }
    enum progress p = settle_poll(c, &a->ending);
    if (p == PROGRESS_ENDED)
        return p;
    int64_t settle = clock_now() - x->since;
    if (p == PROGRESS_AGAIN && settle < a->ending.within) {
        conn_wake_at(c, x->since + a->ending.within);
        return p;
    }
    bool exact = p == PROGRESS_DONE;
    script_tell_left(c, true);
    conn_end(c, "us", "reset",
             exact ? "the scenario says reset"
                   : "the scenario says reset; not all was acknowledged in time",
             wire_unacked(&c->stream.wire) == 0, exact, settle);
    return PROGRESS_ENDED;
}

enum progress action_abort(struct conn *c, const struct action *a)
{
    (void)a;
    script_tell_left(c, true);
    conn_end(c, "us", "abort", "the scenario says abort", wire_unacked(&c->stream.wire) == 0, true,
             -1);
    return PROGRESS_ENDED;
}

/* In answer to a ClientHello; later close_notify only: libssl has no call that sends an alert. */
enum progress action_alert(struct conn *c, const struct action *a)
{
    if (c->exchange->phase == 0) {
        c->exchange->phase = 1;
        unsigned char record[7];
        size_t len = tls_alert_record(a->alert, record);
        struct event_draft d;
        conn_event(c, &d, EVENT_alert);
        event_string(&d, FIELD_by, "us");
        event_string(&d, FIELD_description, a->alert);
        conn_note_event(c, &d);
        if (!c->stream.tls)
            stream_put_octets(&c->stream, record, len);
    }
    enum progress p = flush_poll(c);
    if (p != PROGRESS_DONE)
        return p;
    script_tell_left(c, true);
    conn_begin_close(c, c->stream.tls != NULL, "the scenario says alert");
    return PROGRESS_ENDED;
}

/* ---- state ----------------------------------------------------------------------------------- */

enum progress action_set(struct conn *c, const struct action *a)
{
    struct instance *in = c->instance;
    in->state.len = 0;
    text_expand(&a->state, &in->scope, &in->state);
    return PROGRESS_DONE;
}
