/*
 * What diagnosis remembers: the newest requests with their answers, and the newest connections.
 * Of a proxy's own requests to an origin nothing is kept: the client did not send them.
 */
#include "diagnosing.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "say.h"

/* On another connection an answer may have crossed the request; later than this it has not. */
static const int64_t READ_BY_THEN = 300 * CLOCK_MS;

/* ---- fields ---------------------------------------------------------------------------------- */

bool seen_text(const struct fp_event *e, enum field_id field, struct http_slice *value)
{
    const struct event_value *v = event_get(e, field);
    *value = (struct http_slice){ v && v->text ? v->text : "", v ? v->len : 0 };
    return v != NULL;
}

bool seen_header(const struct fp_event *e, const char *name, struct http_slice *value)
{
    struct http_head head = { .status = 0 };
    seen_text(e, FIELD_header, &head.fields);
    return http_find(&head, name, value);
}

void seen_say(struct buf *b, const struct fp_event *e)
{
    struct http_slice method, target;
    seen_text(e, FIELD_method, &method);
    seen_text(e, FIELD_target, &target);
    say_text(b, method.at, method.len);
    buf_char(b, ' ');
    say_text(b, target.at, target.len);
    buf_printf(b, " (%s ", e->at);
    say_number(b, e);
    buf_char(b, ')');
}

/* ---- requests -------------------------------------------------------------------------------- */

static void forget_request(struct diagnosis *d, struct seen *r)
{
    for (size_t i = 0; i < WIRES_MAX; i++)
        if (d->wires[i].last == r)
            d->wires[i].last = NULL;
    free(r->request);
    free(r->response);
    *r = (struct seen){ 0 };
}

void seen_free(struct diagnosis *d)
{
    for (size_t i = 0; i < SEEN_MAX; i++)
        forget_request(d, &d->seen[i]);
}

struct seen *seen_back(struct diagnosis *d, uint64_t i)
{
    if (i >= d->seen_count || i >= SEEN_MAX)
        return NULL;
    struct seen *r = &d->seen[(d->seen_count - 1 - i) % SEEN_MAX];
    return r->request ? r : NULL;
}

struct seen *seen_of(struct diagnosis *d, const struct fp_event *e)
{
    struct wire *w = wire_of(d, e);
    struct seen *r = w ? w->last : NULL;
    return r && say_field(r->request, FIELD_exchange) == say_field(e, FIELD_exchange) ? r : NULL;
}

int64_t seen_status(const struct seen *r)
{
    return r->response ? say_field(r->response, FIELD_status) : 0;
}

int64_t seen_began(const struct fp_event *e)
{
    return e->began ? e->began : e->t;
}

bool seen_knew(struct diagnosis *d, const struct seen *q, const struct seen *r)
{
    int64_t began = seen_began(r->request);
    if (!q->answered)
        return false;
    bool same_wire = q->actor == r->actor && say_field(q->request, FIELD_connection) ==
                                                 say_field(r->request, FIELD_connection);
    const struct wire *w = wire_of(d, q->request);
    bool has_gone = w && w->client_end && w->client_end < began;
    return same_wire || has_gone || began >= q->answered + READ_BY_THEN;
}

bool seen_by_proxy(const struct diagnosis *d, const struct seen *r)
{
    return d->s->actors[r->actor].is_proxy;
}

bool seen_same(const struct seen *a, const struct seen *b, enum field_id field)
{
    struct http_slice x, y;
    bool has_x = seen_text(a->request, field, &x), has_y = seen_text(b->request, field, &y);
    return has_x == has_y && http_slice_same(x, y);
}

bool seen_is_scheme(const struct seen *r, const char *name)
{
    struct http_slice scheme;
    return seen_text(r->request, FIELD_scheme, &scheme) && http_slice_is_nocase(scheme, name);
}

bool seen_is_connect(const struct seen *r)
{
    return say_is(r->request, FIELD_method, "CONNECT");
}

bool seen_has_credentials(const struct seen *r)
{
    struct http_slice value;
    return seen_header(r->request, "Proxy-Authorization", &value);
}

bool seen_offers(const struct fp_event *response, struct http_slice scheme)
{
    struct http_head head = { .status = 0 };
    struct http_field field;
    struct http_slice element;
    seen_text(response, FIELD_header, &head.fields);
    for (size_t cursor = 0; http_next_field(&head, &cursor, &field);)
        for (size_t at = 0; http_slice_is_nocase(field.name, "Proxy-Authenticate") &&
                            http_next_element(field.value, &at, &element);)
            if (element.len >= scheme.len && strncasecmp(element.at, scheme.at, scheme.len) == 0 &&
                (element.len == scheme.len || element.at[scheme.len] == ' '))
                return true;
    return false;
}

struct seen *seen_earlier(struct diagnosis *d, const struct seen *r,
                          bool (*fits)(struct diagnosis *, const struct seen *,
                                       const struct seen *))
{
    struct seen *q;
    for (uint64_t i = 0; (q = seen_back(d, i)); i++)
        if (q != r && q->actor == r->actor && seen_has_credentials(q) && fits(d, q, r))
            return q;
    return NULL;
}

static void add_request(struct diagnosis *d, struct wire *w, const struct fp_event *e)
{
    struct seen *r = &d->seen[d->seen_count % SEEN_MAX];
    if (r->request)
        forget_request(d, r);
    r->request = journal_copy(e);
    if (!r->request)
        return;
    d->seen_count++;
    r->actor = w->actor;
    w->last = r;
    w->requests++;
}

/* ---- connections ----------------------------------------------------------------------------- */

struct wire *wire_of(struct diagnosis *d, const struct fp_event *e)
{
    int64_t connection = say_field(e, FIELD_connection);
    for (uint64_t i = 0; i < d->wire_count && i < WIRES_MAX; i++) {
        struct wire *w = &d->wires[(d->wire_count - 1 - i) % WIRES_MAX];
        if (w->connection == connection && strcmp(d->s->actors[w->actor].name, e->at) == 0)
            return w;
    }
    return NULL;
}

static void add_wire(struct diagnosis *d, const struct fp_event *e, int actor)
{
    d->wires[d->wire_count++ % WIRES_MAX] =
        (struct wire){ .actor = actor,
                       .connection = say_field(e, FIELD_connection),
                       .accepted = e->seq,
                       .direct = say_is(e, FIELD_via, "direct") };
}

/* Journals may be read from where a connection is there already. */
static struct wire *wire_for(struct diagnosis *d, const struct fp_event *e)
{
    int actor = scenario_actor(d->s, e->at);
    if (actor < 0 || !event_get(e, FIELD_connection) || say_is(e, FIELD_via, "forward"))
        return NULL;
    struct wire *w = e->kind == EVENT_accept ? NULL : wire_of(d, e);
    if (!w) {
        add_wire(d, e, actor);
        w = wire_of(d, e);
    }
    return w;
}

static void add_end(struct wire *w, const struct fp_event *e)
{
    bool is_clients = say_is(e, FIELD_by, "client");
    bool is_ours = say_is(e, FIELD_by, "us"), is_waiting = w->last && !w->last->response;
    if (is_ours && !w->ended)
        w->ended = e->t;
    if (is_ours && is_waiting)
        w->last->died = !w->left;
    if (is_clients && !w->client_end)
        w->client_end = e->t;
    if (is_clients && is_waiting && !w->ended && !w->left) {
        w->left = e->t;
        w->left_seq = e->seq;
    }
}

static void add_response(struct wire *w, const struct fp_event *e)
{
    if (!w->last || say_field(e, FIELD_status) < 200)
        return; /* 1xx, or octets that are no HTTP */
    free(w->last->response);
    w->last->response = journal_copy(e);
    w->answers++;
}

void seen_event(struct diagnosis *d, const struct fp_event *e)
{
    struct wire *w = wire_for(d, e);
    if (!w)
        return;
    d->came |= d->s->actors[w->actor].is_proxy;
    if (w->direct && !d->came_direct) {
        d->came_direct = true;
        d->direct_seq = e->seq;
    }
    if (e->kind == EVENT_request && !say_field(e, FIELD_ignored))
        add_request(d, w, e);
    else if (e->kind == EVENT_response)
        add_response(w, e);
    else if (e->kind == EVENT_sent && w->last && w->last->response && say_field(e, FIELD_whole))
        w->last->answered = e->t;
    else if (e->kind == EVENT_close)
        add_end(w, e);
    else if (e->kind == EVENT_ahead)
        w->ahead = e->seq;
    else if (e->kind == EVENT_hello || e->kind == EVENT_secure)
        w->in_tls = true;
}
