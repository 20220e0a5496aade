/*
 * One accepted connection: its state, who is told what, and how it ends.
 *
 * Everything is polled: whatever happens (an edge on a socket, a timer, an event in the journal, a
 * neighbour's progress) leads to conn_poll(), which goes on as far as it can and collects when it
 * must look again. Every kind of progress is a function that can be called any number of times.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "engine.h"

/* How long a clean close reads away what the peer still sends (RFC 9112, 9.6). */
static const int64_t DRAIN_LIMIT = 2 * CLOCK_S;

const struct actor *conn_actor(const struct conn *c)
{
    return c->listener->actor;
}

void conn_mark(const struct conn *c, int status, struct buf *out)
{
    buf_string(out, conn_actor(c)->name);
    buf_char(out, ' ');
    buf_number(out, status);
    buf_char(out, ' ');
    buf_string(out, c->instance->case_id);
}

/* ---- events ---------------------------------------------------------------------------------- */

void conn_event(struct conn *c, struct event_draft *d, enum event_kind kind)
{
    event_begin(d, kind, conn_actor(c)->name);
    instance_stamp(c->instance, &d->event);
    event_number(d, FIELD_connection, (int64_t)c->number);
    if (c->exchange && c->exchange->number)
        event_number(d, FIELD_exchange, (int64_t)c->exchange->number);
    event_string(d, FIELD_via, c->via);
    if (c->carrier)
        event_number(d, FIELD_carrier, (int64_t)c->carrier);
    event_string(d, FIELD_exit, exits_of(c));
    if (c->exchange && c->exchange->rule)
        event_string(d, FIELD_rule, c->exchange->rule->name);
}

void conn_note_event(struct conn *c, struct event_draft *d)
{
    journal_add(c->instance->journal, d);
}

void conn_tell_client_fin(struct conn *c)
{
    if (c->client_fin_told)
        return;
    c->client_fin_told = true;
    struct event_draft d;
    conn_event(c, &d, EVENT_close);
    event_string(&d, FIELD_by, "client");
    event_string(&d, FIELD_how, "fin");
    event_string(&d, FIELD_why, "the client ended its direction");
    event_number(&d, FIELD_bytes, (int64_t)c->stream.wire.received);
    if (c->stream.tls)
        event_flag(&d, FIELD_notify, tls_info(c->stream.tls)->close_notify_received);
    conn_note_event(c, &d);
}

void conn_tell_bytes(struct conn *c, const char *octets, size_t len)
{
    if (c->bytes_told || len == 0)
        return;
    c->bytes_told = true;
    c->message_began = c->stream.wire.arrived;
    struct event_draft d;
    conn_event(c, &d, EVENT_bytes);
    d.event.began = c->message_began;
    unsigned char first = (unsigned char)octets[0];
    bool letter = (first >= 'A' && first <= 'Z') || first == '\r' || first == '\n';
    event_string(&d, FIELD_looks, letter ? "http" : first == TLS_FIRST_OCTET ? "tls" : "other");
    conn_note_event(c, &d);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_wire(void *arg)
{
    conn_poll(arg);
}

/* A turn of the loop that took so long is worth a note: what was due meanwhile is late. */
static const int64_t LAG = 20 * CLOCK_MS;

static void on_timer(void *arg)
{
    struct conn *c = arg;
    int64_t late = c->timer.due > 0 ? clock_now() - c->timer.due : 0;
    if (late > LAG) {
        char text[96];
        snprintf(text, sizeof(text), "we are %lld ms late: the host is busy",
                 (long long)(late / CLOCK_MS));
        instance_note(c->instance, text, FIELD_lag, late);
    }
    conn_poll(c);
}

static void link_conn(struct conn *c)
{
    struct conn_list *list = &c->instance->conns;
    c->next = list->first;
    if (c->next)
        c->next->previous = c;
    list->first = c;
}

static void unlink_conn(struct conn *c)
{
    if (c->previous)
        c->previous->next = c->next;
    else
        c->instance->conns.first = c->next;
    if (c->next)
        c->next->previous = c->previous;
}

static enum conn_state first_state(const struct conn *c)
{
    const struct actor *a = conn_actor(c);
    if (!a->is_proxy)
        return CONN_SNIFF;
    return a->tls.on ? CONN_HELLO : CONN_REQUEST;
}

static void tell_accept(struct conn *c, const struct sockaddr *peer)
{
    char host[INET6_ADDRSTRLEN] = "", from[INET6_ADDRSTRLEN + 8];
    int port;
    if (peer->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)peer;
        evutil_inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
        port = ntohs(in6->sin6_port);
        snprintf(from, sizeof(from), "[%s]:%d", host, port);
    } else {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)peer;
        evutil_inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
        port = ntohs(in->sin_port);
        snprintf(from, sizeof(from), "%s:%d", host, port);
    }
    struct dialer by = instance_who_dialed(c->instance, port, c->listener->port);
    c->carrier = by.carrier;
    c->dialed_host = by.host;
    c->exit = by.exit;
    exits_accept(c);
    if (!conn_actor(c)->is_proxy)
        c->via = by.via ? by.via : "direct";
    struct event_draft d;
    conn_event(c, &d, EVENT_accept);
    event_string(&d, FIELD_from, from);
    event_string(&d, FIELD_through, by.through);
    const struct rule *rule = rule_take(c, &d.event);
    if (rule) {
        script_begin(c, rule, first_state(c));
        event_string(&d, FIELD_rule, rule->name);
        script_keep_event(c, &d.event);
    }
    conn_note_event(c, &d);
}

struct conn *conn_new(struct listener *l, int fd, const struct sockaddr *peer)
{
    struct conn *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    c->instance = l->instance;
    c->listener = l;
    c->number = ++l->accepted;
    struct event_base *base = l->instance->loop->base;
    timer_init(&c->timer, base, on_timer, c);
    if (wire_init(&c->stream.wire, base, fd, on_wire, c) < 0) {
        free(c);
        return NULL;
    }
    c->wake_at = CLOCK_NEVER;
    c->state = first_state(c);
    link_conn(c);
    leaks_begin(c);
    tell_accept(c, peer);
    return c;
}

void conn_free(struct conn *c)
{
    assert(c->state == CONN_DEAD);
    timer_set(&c->timer, CLOCK_NEVER);
    stream_free(&c->stream);
    free(c->dialed_host);
    free(c);
}

/* The end of a connection: told, the socket given up, the memory left to the reaper. */
void conn_end(struct conn *c, const char *by, const char *how, const char *why, bool acked,
              bool exact, int64_t settle_ns)
{
    if (c->state == CONN_DEAD)
        return;
    /* While it drains, our end stands in the journal already: only a reset is news. */
    bool is_told = c->state == CONN_CLOSING && strcmp(by, "us") == 0;
    /* An idle connection to the origin just ends; one in use breaks off like the client's. */
    const struct exchange *x = c->exchange;
    bool mid_exchange = strcmp(how, "fin") != 0 && x && x->uses_upstream && !x->response_body.whole;
    leaks_tell(c);
    request_tell_body_left(c);
    tunnel_tell_end(c);
    script_tell_left(c, false);
    struct wire *w = &c->stream.wire;
    struct event_draft d;
    conn_event(c, &d, EVENT_close);
    event_string(&d, FIELD_by, by);
    event_string(&d, FIELD_how, how);
    event_string(&d, FIELD_why, why);
    event_number(&d, FIELD_bytes, (int64_t)w->received);
    event_number(&d, FIELD_unread, wire_unread(w));
    if (strcmp(by, "us") == 0) {
        event_flag(&d, FIELD_acked, acked);
        event_flag(&d, FIELD_exact, exact);
        if (settle_ns >= 0)
            event_number(&d, FIELD_settle_ms, settle_ns / CLOCK_MS);
        if (c->stream.tls)
            event_flag(&d, FIELD_notify, tls_info(c->stream.tls)->close_notify_sent);
    }
    if (strcmp(how, "fin") == 0)
        wire_close(w);
    else
        wire_reset(w);
    c->state = CONN_DEAD;
    if (!is_told)
        conn_note_event(c, &d);
    upstream_drop(c, mid_exchange);
    exchange_free(c->exchange);
    c->exchange = NULL;
    timer_set(&c->timer, CLOCK_NEVER);
    unlink_conn(c);
    c->next = c->instance->dead;
    c->instance->dead = c;
    timer_set(&c->instance->reaper, 0);
}

enum progress conn_client_reset(struct conn *c)
{
    conn_end(c, "client", "reset", "the client reset the connection", false, true, -1);
    return PROGRESS_ENDED;
}

void conn_begin_close(struct conn *c, bool notify, const char *why)
{
    tunnel_tell_end(c);
    script_tell_left(c, false);
    if (c->stream.tls && notify) {
        tls_close_notify(c->stream.tls);
        stream_flush(&c->stream);
    }
    c->state = CONN_CLOSING;
    c->ending_since = clock_now();
    struct event_draft d;
    conn_event(c, &d, EVENT_close);
    event_string(&d, FIELD_by, "us");
    event_string(&d, FIELD_how, "fin");
    event_string(&d, FIELD_why, why);
    event_number(&d, FIELD_bytes, (int64_t)c->stream.wire.received);
    event_number(&d, FIELD_unread, wire_unread(&c->stream.wire));
    event_flag(&d, FIELD_exact, true);
    if (c->stream.tls)
        event_flag(&d, FIELD_notify, tls_info(c->stream.tls)->close_notify_sent);
    if (stream_queued(&c->stream) == 0)
        wire_shut(&c->stream.wire);
    conn_note_event(c, &d);
    upstream_drop(c, false);
}

/* ---- looking --------------------------------------------------------------------------------- */

bool conn_peer_is_gone(const struct conn *c)
{
    return c->stream.wire.hup || c->stream.wire.eof;
}

/* The first octets that wait to be read, without taking them off a plain wire. */
static size_t peek(struct conn *c, char *octets, size_t room)
{
    struct stream *s = &c->stream;
    if (!s->tls && !stream_has_ahead(s)) {
        ssize_t n = s->wire.fd < 0 ? 0 : recv(s->wire.fd, octets, room, MSG_PEEK | MSG_DONTWAIT);
        return n > 0 ? (size_t)n : 0;
    }
    ssize_t n = stream_read(s, octets, room);
    if (n <= 0)
        return 0;
    stream_unread(s, octets, (size_t)n);
    return (size_t)n;
}

bool conn_has_input(struct conn *c)
{
    char octets[16];
    size_t n = peek(c, octets, sizeof(octets));
    if (!c->exchange || !request_body_open(c->exchange)) /* no message begins in a body */
        conn_tell_bytes(c, octets, n);
    return n > 0;
}

bool conn_look(struct conn *c)
{
    struct wire *w = &c->stream.wire;
    bool is_ahead = stream_has_ahead(&c->stream) && !c->bytes_told;
    if (w->readable != WIRE_READABLE && !w->broken && !is_ahead)
        return false;
    bool copying = c->exchange && tunnel_is_copying(c->exchange);
    bool deliverable = copying && c->upstream && stream_queued(&c->upstream->stream) == 0;
    if (wire_was_reset(w) && (!deliverable || wire_unread(w) == 0)) {
        conn_client_reset(c);
        return true;
    }
    if (w->hup)
        conn_tell_client_fin(c);
    if (c->exchange && !copying && !c->bytes_told && !request_body_open(c->exchange))
        conn_has_input(c);
    conn_tell_alerts(c);
    return false;
}

/* ---- states ---------------------------------------------------------------------------------- */

static void sniff(struct conn *c)
{
    char octet;
    if (peek(c, &octet, 1) == 1)
        c->state = (unsigned char)octet == TLS_FIRST_OCTET ? CONN_HELLO : CONN_REQUEST;
}

/* Waiting for a request. */
static void request_state_poll(struct conn *c)
{
    switch (request_poll(c)) {
    case PROGRESS_DONE:
    case PROGRESS_CUT:
    case PROGRESS_AGAIN:
        return;
    case PROGRESS_ENDED:
        break;
    }
    if (c->state == CONN_DEAD)
        return;
    if (c->stream.wire.broken && !c->stream.wire.eof) {
        conn_client_reset(c);
        return;
    }
    const struct stream *s = &c->stream;
    if (s->tls && !s->wire.eof && !tls_info(s->tls)->close_notify_received) {
        char why[160];
        snprintf(why, sizeof(why), "TLS failed: %s", tls_error(s->tls));
        conn_tell_alerts(c);
        conn_begin_close(c, false, why);
        return;
    }
    conn_tell_client_fin(c);
    conn_begin_close(c, true, "the client ended the connection");
}

static void closing_poll(struct conn *c)
{
    struct wire *w = &c->stream.wire;
    if (stream_flush(&c->stream) < 0) {
        conn_client_reset(c);
        return;
    }
    if (stream_queued(&c->stream) == 0)
        wire_shut(w);
    bool tls_is_over = request_overhear(c) < 0 && !w->eof && !w->broken;
    if (tls_is_over && stream_discard(&c->stream))
        conn_wake_at(c, 0);
    int64_t limit = c->ending_since + DRAIN_LIMIT;
    if (w->broken || w->eof) {
        if (w->eof)
            conn_tell_client_fin(c);
        wire_close(w);
    } else if (clock_now() >= limit) {
        wire_close(w);
    } else {
        conn_wake_at(c, limit);
        return;
    }
    /* Its `close` event was written when our FIN went out: this is only the memory. */
    request_tell_body_left(c);
    c->state = CONN_DEAD;
    upstream_drop(c, false);
    exchange_free(c->exchange);
    c->exchange = NULL;
    unlink_conn(c);
    c->next = c->instance->dead;
    c->instance->dead = c;
    timer_set(&c->instance->reaper, 0);
}

/* Our direction is done, and the journal knows: what still comes is read until the client ends. */
static void listen_on(struct conn *c)
{
    c->state = CONN_CLOSING;
    c->ending_since = CLOCK_NEVER - DRAIN_LIMIT;
    upstream_drop(c, false);
}

/* A list came to its end, the connection did not. */
static void after_list(struct conn *c)
{
    struct exchange *x = c->exchange;
    if (c->stream.wire.shut) { /* by half_close */
        listen_on(c);
    } else if (x->close_after) {
        conn_begin_close(c, true, "the answer said that the connection closes");
    } else if (x->stalled) { /* perhaps in the middle of an answer: no other may follow */
        conn_begin_close(c, false, "the client ended the connection");
    } else if (c->after_list == CONN_REQUEST && x->number > 0) {
        c->state = CONN_REST;
    } else {
        c->state = c->after_list;
        exchange_free(x);
        c->exchange = NULL;
    }
}

static void rest_poll(struct conn *c)
{
    const struct wire *w = &c->stream.wire;
    enum progress p = request_body_poll(c, UINT64_MAX);
    if (p == PROGRESS_AGAIN)
        return;
    if (p == PROGRESS_ENDED && w->broken && !w->eof) {
        conn_client_reset(c);
        return;
    }
    if (c->exchange->body.bad) { /* where the next request begins is not known */
        conn_begin_close(c, true, c->exchange->body.error);
        return;
    }
    exchange_free(c->exchange);
    c->exchange = NULL;
    c->state = CONN_REQUEST;
}

/* One step in the state at hand. */
static void step(struct conn *c)
{
    switch (c->state) {
    case CONN_SNIFF:
        sniff(c);
        if (c->state == CONN_SNIFF && c->stream.wire.hup) {
            conn_tell_client_fin(c);
            conn_begin_close(c, false, "the client ended the connection");
        } else if (c->state == CONN_SNIFF && wire_was_reset(&c->stream.wire)) {
            conn_client_reset(c);
        }
        break;
    case CONN_HELLO:
        conn_hello_poll(c);
        break;
    case CONN_HANDSHAKE:
        conn_handshake_poll(c);
        break;
    case CONN_REQUEST:
        request_state_poll(c);
        break;
    case CONN_PLAYING:
        if (!conn_look(c) && script_poll(c) == PROGRESS_DONE)
            after_list(c);
        break;
    case CONN_REST:
        rest_poll(c);
        break;
    case CONN_CLOSING:
        closing_poll(c);
        break;
    case CONN_DEAD:
        break;
    }
}

void conn_wake_at(struct conn *c, int64_t when)
{
    if (when < c->wake_at)
        c->wake_at = when;
}

void conn_poll(struct conn *c)
{
    if (c->state == CONN_DEAD)
        return;
    c->poll_again = true;
    if (c->polling)
        return;
    c->polling = true;
    c->instance->at_hand = c;
    while (c->poll_again && c->state != CONN_DEAD) {
        c->poll_again = false;
        c->wake_at = CLOCK_NEVER;
        if (stream_queued(&c->stream) > 0)
            stream_flush(&c->stream);
        enum conn_state before;
        int steps = 0;
        do {
            before = c->state;
            step(c);
            if (c->stream.search)
                leaks_tell(c);
        } while (c->state != before && ++steps < POLL_STEPS);
        if (c->state != before) /* requests come as fast as we answer: others have their turn */
            conn_wake_at(c, 0);
    }
    c->polling = false;
    c->instance->at_hand = NULL;
    if (c->state != CONN_DEAD)
        timer_set(&c->timer, c->wake_at);
}
