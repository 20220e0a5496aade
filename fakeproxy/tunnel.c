/*
 * `tunnel`: dials, answers 2xx, then copies octets blindly. The two directions are objects of their
 * own: each counts, is paced and cut by itself, and ends by itself. An end is passed on as it came:
 * FIN as the FIN of that direction, RST as RST once all before it is acknowledged.
 */
#include <stdlib.h>
#include <string.h>

#include "actions.h"
#include "clock.h"

enum phase { START, DIALING, ANSWER, COPY, ENDING };

/* Octets after this much quiet are a new `bytes` event. */
static const int64_t QUIET = 50 * CLOCK_MS;

struct pipe { /* one direction */
    uint64_t copied;
    uint64_t limit; /* a cut by octets; UINT64_MAX: none */
    struct pace pace;
    int64_t next_slice;
    bool eof;  /* the source ended its direction */
    bool shut; /* and that was passed on */
    int64_t last;
};

struct tunnel_state {
    struct pipe up, down;
    struct tls_watch *watch;
    bool opened;
    bool cut_hit;
    enum { GOES_ON, CLIENT_RESET, ORIGIN_RESET } broken;
};

void tunnel_free(struct tunnel_state *t)
{
    if (!t)
        return;
    tls_watch_free(t->watch);
    free(t);
}

static void prepare(struct exchange *x, const struct tunnel *a)
{
    struct tunnel_state *t = calloc(1, sizeof(*t));
    if (!t)
        abort();
    tunnel_free(x->tunnel); /* of an earlier `until` */
    x->tunnel = t;
    t->up.limit = t->down.limit = UINT64_MAX;
    struct pipe *paced = a->pace_direction == DIRECTION_UP ? &t->up : &t->down;
    paced->pace = a->pace;
    if (a->cut.kind == CUT_AT_LANDMARK || a->cut.record_layer)
        t->watch = tls_watch_new();
    else if (a->cut.kind != CUT_NONE)
        (a->cut_direction == DIRECTION_UP ? &t->up : &t->down)->limit = (uint64_t)a->cut.octets;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void tell_ahead(struct conn *c)
{
    int64_t octets = (int64_t)(c->stream.ahead.len - c->stream.ahead_at);
    octets += c->stream.tls ? 0 : wire_unread(&c->stream.wire);
    if (octets == 0)
        return;
    struct event_draft d;
    conn_event(c, &d, EVENT_ahead);
    event_number(&d, FIELD_bytes, octets);
    conn_note_event(c, &d);
}

static void tell_open(struct conn *c)
{
    struct exchange *x = c->exchange;
    struct event_draft d;
    x->tunnel->opened = true;
    conn_event(c, &d, EVENT_tunnel);
    event_text(&d, FIELD_host, x->target.host.at, x->target.host.len);
    conn_note_event(c, &d);
}

static enum progress dial(struct conn *c, const struct tunnel *a)
{
    struct exchange *x = c->exchange;
    enum dial d = x->phase == START
                      ? upstream_open(c, x->target.host, x->target.port, a->to, UPSTREAM_TUNNEL)
                      : upstream_state(c);
    x->phase = DIALING;
    if (d == DIAL_PENDING)
        return PROGRESS_AGAIN;
    if (d == DIAL_FAILED) {
        struct dial_failure why = upstream_failure(upstream_error(c));
        upstream_drop(c, false);
        answering_own(c, why.status, why.proxy_status, why.text, false);
        return PROGRESS_DONE;
    }
    x->phase = ANSWER;
    if (x->answered) /* the list has sent an answer already: what is here may well follow it */
        return PROGRESS_DONE;
    tell_ahead(c);
    struct answer_context context = { .scope = &c->instance->scope,
                                      .request_method = x->request.method,
                                      .mark = "",
                                      .wall = clock_wall(),
                                      .exit = exits_header(c) };
    struct respond established = a->respond;
    static const struct field_line no_date = { .name = { "Date", 4, false },
                                               .kind = VALUE_REMOVED };
    if (established.header_count == 0) {
        established.headers = &no_date;
        established.header_count = 1;
    }
    answer_write(&x->answer, &established, &context);
    return PROGRESS_DONE;
}

/* ---- copying --------------------------------------------------------------------------------- */

/* Tells, once a burst, that octets travel. */
static void tell_inside(struct conn *c, struct pipe *p)
{
    int64_t now = clock_now(), quiet = now - p->last;
    p->last = now;
    if (p != &c->exchange->tunnel->up || quiet < QUIET)
        return;
    struct event_draft d;
    conn_event(c, &d, EVENT_bytes);
    event_flag(&d, FIELD_inside, true);
    conn_note_event(c, &d);
}

/* How many of the octets just read may pass before the cut. */
static size_t cut_octets(struct tunnel_state *t, const struct tunnel *a, bool up, const char *data,
                         size_t len)
{
    if (!t->watch)
        return len;
    enum tls_landmark at = a->cut.kind == CUT_AT_LANDMARK ? a->cut.landmark : LANDMARK_NONE;
    bool counted = a->cut.record_layer && up == (a->cut_direction == DIRECTION_UP);
    if (counted)
        return tls_watch_feed_records(t->watch, up, data, len, (uint64_t)a->cut.octets,
                                      &t->cut_hit);
    return tls_watch_feed(t->watch, up, data, len, at, &t->cut_hit);
}

static size_t slice_room(struct conn *c, struct pipe *p)
{
    size_t room = STREAM_PIECE;
    if (p->limit - p->copied < room)
        room = (size_t)(p->limit - p->copied);
    if (!p->pace.octets)
        return room;
    if (clock_now() < p->next_slice) {
        conn_wake_at(c, p->next_slice);
        return 0;
    }
    return p->pace.octets < room ? (size_t)p->pace.octets : room;
}

static void tell_origin_fin(struct conn *c)
{
    struct event_draft d;
    conn_event(c, &d, EVENT_close);
    event_string(&d, FIELD_by, "origin");
    event_string(&d, FIELD_how, "fin");
    event_string(&d, FIELD_why, "the origin ended its direction of the tunnel");
    conn_note_event(c, &d);
}

static void note_end(struct conn *c, bool up, ssize_t n)
{
    struct tunnel_state *t = c->exchange->tunnel;
    struct pipe *p = up ? &t->up : &t->down;
    if (n == STREAM_BROKEN)
        t->broken = up ? CLIENT_RESET : ORIGIN_RESET;
    else
        p->eof = true;
    if (p->eof && !up)
        tell_origin_fin(c);
}

/* Copies what can be copied now in one direction. */
static void pump(struct conn *c, const struct tunnel *a, bool up)
{
    struct tunnel_state *t = c->exchange->tunnel;
    struct pipe *p = up ? &t->up : &t->down;
    struct stream *from = up ? &c->stream : &c->upstream->stream;
    struct stream *to = up ? &c->upstream->stream : &c->stream;
    char *data = c->instance->loop->scratch;
    for (int turn = 0; !t->broken && !t->cut_hit; turn++) {
        if (stream_flush(to) < 0) {
            t->broken = up ? ORIGIN_RESET : CLIENT_RESET;
            return;
        }
        if (stream_queued(to) > 0 || p->eof)
            break;
        if (p->copied == p->limit) {
            t->cut_hit = true;
            return;
        }
        if (turn == POLL_TURNS) {
            conn_wake_at(c, 0);
            return;
        }
        size_t room = slice_room(c, p);
        if (room == 0)
            return;
        ssize_t n = stream_read(from, data, room);
        if (n == STREAM_AGAIN)
            return;
        if (n < 0) {
            note_end(c, up, n);
            continue;
        }
        p->next_slice = clock_now() + p->pace.every;
        tell_inside(c, p);
        size_t pass = cut_octets(t, a, up, data, (size_t)n);
        p->copied += pass;
        stream_unread(from, data + pass, (size_t)n - pass);
        if (pass > 0 && stream_put_octets(to, data, pass) < 0)
            t->broken = up ? ORIGIN_RESET : CLIENT_RESET;
    }
    if (p->eof && !p->shut && stream_queued(to) == 0) {
        p->shut = true;
        if (to->tls)
            tls_close_notify(to->tls), stream_flush(to);
        wire_shut(&to->wire);
    }
}

static void tell_end(struct conn *c)
{
    struct tunnel_state *t = c->exchange->tunnel;
    if (!t || !t->opened)
        return;
    t->opened = false;
    struct event_draft d;
    conn_event(c, &d, EVENT_tunnel_end);
    event_number(&d, FIELD_up_bytes, (int64_t)t->up.copied);
    event_number(&d, FIELD_down_bytes, (int64_t)t->down.copied);
    if (t->cut_hit)
        event_string(&d, FIELD_cut, script_cut_with(c->exchange));
    conn_note_event(c, &d);
}

void tunnel_tell_end(struct conn *c)
{
    if (c->exchange)
        tell_end(c);
}

bool tunnel_is_copying(const struct exchange *x)
{
    return x->tunnel && x->tunnel->opened;
}

/* ---- ends ------------------------------------------------------------------------------------ */

static const struct ending settle = { .within = 5 * CLOCK_S };

/* The origin reset: so do we, when the client has everything that came before. */
static enum progress pass_reset_on(struct conn *c)
{
    struct exchange *x = c->exchange;
    enum progress p = settle_poll(c, &settle);
    if (p == PROGRESS_ENDED)
        return p;
    if (p == PROGRESS_AGAIN && clock_now() < x->since + settle.within)
        return p;
    bool exact = p == PROGRESS_DONE;
    tell_end(c);
    script_tell_left(c, true);
    conn_end(c, "us", "reset", "the origin reset the tunnel", exact, exact, clock_now() - x->since);
    return PROGRESS_ENDED;
}

/* The origin's side of a cut gets the same end as the client's, and gets it first. */
static enum progress cut_upstream(struct conn *c, const struct action *with)
{
    struct exchange *x = c->exchange;
    struct stream *s = &c->upstream->stream;
    if (stream_flush(s) < 0)
        return PROGRESS_DONE;
    bool settled =
        stream_queued(s) == 0 && (with->kind != ACTION_RESET || wire_unacked(&s->wire) == 0);
    if (!settled && with->kind != ACTION_ABORT && clock_now() < x->since + settle.within) {
        conn_wake_at(c, clock_now() + CLOCK_MS);
        return PROGRESS_AGAIN;
    }
    if (with->kind == ACTION_RESET || with->kind == ACTION_ABORT)
        upstream_drop(c, true);
    else if (with->kind != ACTION_STALL) /* which leaves it open and silent */
        wire_shut(&s->wire);
    return PROGRESS_DONE;
}

static enum progress ending_poll(struct conn *c, const struct tunnel *a)
{
    struct tunnel_state *t = c->exchange->tunnel;
    if (t->broken == CLIENT_RESET) {
        tell_end(c);
        return conn_client_reset(c);
    }
    if (t->broken == ORIGIN_RESET)
        return pass_reset_on(c);
    if (t->cut_hit) {
        if (c->upstream && cut_upstream(c, a->cut.with) == PROGRESS_AGAIN)
            return PROGRESS_AGAIN;
        tell_end(c);
        return PROGRESS_CUT;
    }
    tell_end(c);
    script_tell_left(c, true);
    conn_begin_close(c, false, "both directions of the tunnel are done");
    return PROGRESS_ENDED;
}

static enum progress copy(struct conn *c, const struct tunnel *a)
{
    struct exchange *x = c->exchange;
    struct tunnel_state *t = x->tunnel;
    /* The upstream's octets first: a server that speaks first is heard before we look elsewhere. */
    pump(c, a, false);
    if (!t->broken && !t->cut_hit)
        pump(c, a, true);
    bool done = t->up.shut && t->down.shut;
    if (t->broken || t->cut_hit || done) {
        x->since = clock_now();
        x->phase = ENDING;
        return ending_poll(c, a);
    }
    if (a->until.kind != CONDITION_NONE && condition_poll(c, &a->until) == PROGRESS_DONE) {
        tell_end(c);
        c->waits_for_journal = false;
        return PROGRESS_DONE; /* copying stops, octets stay unread, the list goes on */
    }
    return PROGRESS_AGAIN;
}

enum progress action_tunnel(struct conn *c, const struct action *action)
{
    struct exchange *x = c->exchange;
    const struct tunnel *a = &action->tunnel;
    enum progress p;
    if (x->refused) {
        answering_own(c, x->refused, NULL, x->refused_why, true);
        return PROGRESS_DONE;
    }
    if (x->phase == START)
        prepare(x, a);
    if (x->phase <= DIALING && ((p = dial(c, a)) != PROGRESS_DONE || x->own_answer))
        return p;
    if (x->phase == ANSWER) {
        if (!x->answered && (p = answering_poll(c)) != PROGRESS_DONE)
            return p;
        x->answered = true;
        x->phase = COPY;
        x->since = clock_now();
        tell_open(c);
    }
    return x->phase == COPY ? copy(c, a) : ending_poll(c, a);
}
