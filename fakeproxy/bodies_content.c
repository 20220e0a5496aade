/*
 * The content of an answer that the journal tells of, worked out anew:
 *
 *   a rule's answer          from the action that wrote it: the next in the list that can have had
 *                            that status
 *   a gate's, a redirect's   the mark, "<actor> <status> <case>"
 *   an origin's own          from the request's path and the answer's Content-Range (origin.c)
 *   what a proxy forwards    the origin's answer in the exchange that the forward made
 *   an error of our own      begins with "fakeproxy: "; its words are not told
 *
 * Where an answer's own length says something else than what was worked out, it is not known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bodies_private.h"
#include "clock.h"
#include "http_body.h"

static const struct content nothing = { .count = 0 };

/* ---- the journal ----------------------------------------------------------------------------- */

static bool same_exchange(const struct fp_event *a, const struct fp_event *b)
{
    return strcmp(a->at, b->at) == 0 && grading_same(a, b, FIELD_connection) &&
           grading_same(a, b, FIELD_exchange);
}

const struct fp_event *bodies_next(const struct grading *g, const struct fp_event *e,
                                   enum event_kind kind)
{
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *next = g->c->events[i];
        if (next->seq > e->seq && next->kind == kind && same_exchange(next, e))
            return next;
    }
    return NULL;
}

/* The event that says how the answer ended; NULL: it was not. */
static const struct fp_event *end_of(const struct grading *g, const struct fp_event *response)
{
    const struct fp_event *sent = bodies_next(g, response, EVENT_sent);
    const struct fp_event *next = bodies_next(g, response, EVENT_response);
    return sent && (!next || sent->seq < next->seq) ? sent : NULL;
}

static int status_of(const struct fp_event *e)
{
    return (int)grading_number(e, FIELD_status);
}

static const struct rule *rule_of(const struct grading *g, const struct fp_event *e)
{
    const struct actor *a = grading_actor(g, e);
    for (size_t i = 0; a && i < a->rule_count; i++)
        if (grading_is(e, FIELD_rule, a->rules[i].name))
            return &a->rules[i];
    return NULL;
}

static struct http_head head_of(const struct fp_event *e)
{
    const struct event_value *v = event_get(e, FIELD_header);
    return (struct http_head){ .fields = { v ? v->text : "", v ? v->len : 0 } };
}

static struct http_slice method_of(const struct fp_event *request)
{
    const struct event_value *v = event_get(request, FIELD_method);
    return (struct http_slice){ v ? v->text : "", v ? v->len : 0 };
}

static struct http_slice path_of(const struct fp_event *request)
{
    const struct event_value *v = event_get(request, FIELD_path);
    return (struct http_slice){ v ? v->text : "", v ? v->len : 0 };
}

/* ---- placeholders ---------------------------------------------------------------------------- */

/* The fields of the request go before the case's names: no actor has a field's name. */
struct values {
    const struct text_scope *scope;
    const struct fp_event *request;
    struct buf text;
};

static const char *value(void *arg, const char *name, size_t len, size_t *value_len)
{
    struct values *v = arg;
    for (size_t i = 0; i < v->request->count; i++) {
        const struct event_value *field = &v->request->values[i];
        const char *known = field_name((enum field_id)field->field);
        enum field_type type = field_type((enum field_id)field->field);
        if (strlen(known) != len || memcmp(known, name, len) != 0)
            continue;
        v->text.len = 0;
        if (field->text)
            buf_add(&v->text, field->text, field->len);
        else if (type == FIELD_TYPE_FLAG)
            buf_string(&v->text, field->number ? "true" : "false");
        else if (type == FIELD_TYPE_SECONDS)
            buf_printf(&v->text, "%.3f", (double)field->number / (double)CLOCK_S);
        else
            buf_number(&v->text, field->number);
        *value_len = v->text.len;
        return v->text.at ? v->text.at : "";
    }
    return v->scope->value(v->scope->arg, name, len, value_len);
}

static const char *mark_of(struct grading *g, const char *actor, int status)
{
    static const struct text name = { .octets = "{case}", .len = 6, .has_placeholder = true };
    struct buf b = { 0 };
    buf_printf(&b, "%s %d ", actor, status);
    text_expand(&name, g->env.scope, &b);
    return grading_keep(g, &b);
}

static struct content spelled_out(struct grading *g, const struct body *body,
                                  const struct fp_event *request, const char *mark)
{
    struct values values = { .scope = g->env.scope, .request = request };
    struct text_scope scope = { .value = value, .arg = &values };
    struct content c = content_of(body, &scope, mark, g->arena);
    buf_free(&values.text);
    return c;
}

/* ---- rules ----------------------------------------------------------------------------------- */

/* Can the action have written an answer with that status? */
static bool may_write(const struct action *a, int status)
{
    switch (a->kind) {
    case ACTION_RESPOND:
        return a->respond.status == status;
    case ACTION_SEND:
        return http_peek_status(a->send.octets.octets, a->send.octets.len) == status;
    case ACTION_FORWARD:
    case ACTION_TUNNEL:
        return true;
    case ACTION_READ:
    case ACTION_WAIT:
    case ACTION_PACE:
    case ACTION_STALL:
    case ACTION_CLOSE:
    case ACTION_HALF_CLOSE:
    case ACTION_RESET:
    case ACTION_ABORT:
    case ACTION_ALERT:
    case ACTION_SET:
    case ACTION_ROTATE:
    case ACTION_KINDS:
        break;
    }
    return false;
}

static bool may_write_again(const struct action *a, int status)
{
    return (a->kind == ACTION_FORWARD && status / 100 == 1) ||
           (a->kind == ACTION_SEND && a->send.times != 1);
}

/* The action that wrote the answer, found by going through the exchange's answers in turn. NULL:
 * none did, so it is the `forward` that completes a list, or an error of our own. */
static const struct action *action_of(const struct grading *g, const struct rule *r,
                                      const struct fp_event *request,
                                      const struct fp_event *response)
{
    size_t at = 0;
    for (const struct fp_event *e = bodies_next(g, request, EVENT_response); e;
         e = bodies_next(g, e, EVENT_response)) {
        size_t next = at;
        while (next < r->action_count && !may_write(&r->actions[next], status_of(e)))
            next++;
        const struct action *a = next < r->action_count ? &r->actions[next] : NULL;
        if (e == response)
            return a;
        if (a)
            at = next + !may_write_again(a, status_of(e));
    }
    return NULL;
}

/* ---- an origin's own answers ----------------------------------------------------------------- */

/* "bytes 5-9/10" */
static bool content_range(const struct fp_event *response, uint64_t *first, uint64_t *last,
                          uint64_t *size)
{
    struct http_head head = head_of(response);
    struct http_slice v;
    char text[96];
    unsigned long long a, b, c;
    if (!http_find(&head, "Content-Range", &v) || v.len >= sizeof(text))
        return false;
    memcpy(text, v.at, v.len);
    text[v.len] = '\0';
    if (sscanf(text, "bytes %18llu-%18llu/%18llu", &a, &b, &c) != 3 || a > b || b >= c)
        return false;
    *first = a;
    *last = b;
    *size = c;
    return true;
}

static struct content echo(struct grading *g, const struct fp_event *request)
{
    static const enum field_id parts[] = { FIELD_method, FIELD_target, FIELD_version };
    static const char *const behind[] = { " ", " HTTP/", "\r\n" };
    struct buf b = { 0 };
    struct http_head head = head_of(request);
    for (size_t i = 0; i < 3; i++) {
        const struct event_value *v = event_get(request, parts[i]);
        if (v)
            buf_add(&b, v->text, v->len);
        buf_string(&b, behind[i]);
    }
    buf_add(&b, head.fields.at, head.fields.len);
    buf_string(&b, "\r\n");
    size_t len = b.len;
    return content_octets(grading_keep(g, &b), len, g->arena);
}

static struct content of_text(struct grading *g, const char *z)
{
    return content_octets(z, strlen(z), g->arena);
}

/* What it has under that path, ranges left aside. */
static struct content representation(struct grading *g, const struct fp_event *request)
{
    struct http_slice path = path_of(request);
    const struct event_value *exit = event_get(request, FIELD_exit);
    if (http_slice_starts(path, "/bytes/") && path.len > 7 && path.at[7] >= '0' &&
        path.at[7] <= '9') {
        struct body generated = { .source = BODY_PATTERN, .size = strtoull(path.at + 7, NULL, 10) };
        return content_of(&generated, g->env.scope, "", g->arena);
    }
    if (http_slice_starts(path, "/echo"))
        return echo(g, request);
    if (http_slice_is(path, "/exit"))
        return exit ? content_octets(exit->text, exit->len, g->arena) : of_text(g, "none");
    return of_text(g, mark_of(g, request->at, 200));
}

/* A run of `c`, for a range of it: octets that stand somewhere, or generated ones. */
static struct content range_of(struct grading *g, const struct content *c, uint64_t first,
                               uint64_t len)
{
    struct content_piece piece = c->count ? c->pieces[0] : (struct content_piece){ .octets = "" };
    struct content_piece *p = arena_take(g->arena, sizeof(*p));
    *p = piece;
    p->len = len;
    if (p->octets)
        p->octets += first;
    else
        p->offset += first;
    return (struct content){ .pieces = p, .count = 1, .len = len };
}

static bool own_of_origin(struct grading *g, const struct fp_event *request,
                          const struct fp_event *response, struct content *content)
{
    int status = status_of(response);
    uint64_t first, last, size;
    struct content all = representation(g, request);
    *content = nothing;
    if (status / 100 == 3 && http_slice_starts(path_of(request), "/redirect?"))
        *content = of_text(g, mark_of(g, request->at, status));
    else if (status == 206 && content_range(response, &first, &last, &size) && last < all.len)
        *content = range_of(g, &all, first, last - first + 1);
    else if (status == 200)
        *content = all;
    else
        return status == 416;
    return true;
}

/* ---- framing ----------------------------------------------------------------------------------
 */

static struct http_body framing_of(const struct fp_event *request, const struct sent_body *b)
{
    struct buf head = { 0 };
    struct http_head fields = head_of(b->response), parsed;
    struct http_body framing = { .kind = BODY_NONE };
    const char *error;
    buf_printf(&head, "HTTP/1.1 %d x\r\n", b->status);
    buf_add(&head, fields.fields.at, fields.fields.len);
    buf_string(&head, "\r\n");
    if (http_parse_response(head.at, head.len, &parsed, &error) < 0 ||
        http_body_of_response(&parsed, method_of(request), &framing, &error) < 0)
        framing.kind = BODY_NONE;
    buf_free(&head);
    return framing;
}

/* How we ended the connection behind the answer; NULL: we did not. */
static const struct fp_event *our_close(const struct grading *g, const struct fp_event *response)
{
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        if (e->kind == EVENT_close && e->seq > response->seq && strcmp(e->at, response->at) == 0 &&
            grading_same(e, response, FIELD_connection) && grading_is(e, FIELD_by, "us"))
            return e;
    }
    return NULL;
}

/* RFC 9112, 8: without a length a clean end makes it whole, however much of it there is; an RST, or
 * TLS without close_notify, shows that it is not. */
static void heed_close(struct grading *g, struct sent_body *b)
{
    const struct fp_event *close = our_close(g, b->response);
    if (!close)
        return;
    b->whole = grading_is(close, FIELD_how, "fin") && grading_flag(close, FIELD_notify, true);
    if (b->octets < b->content.len)
        b->content = content_join(&b->content, b->octets, &nothing, g->arena);
}

/* A reader takes as many octets as Content-Length says, and misses what never comes. */
static void heed_framing(struct grading *g, const struct fp_event *request, struct sent_body *b)
{
    struct http_body framing = framing_of(request, b);
    if (framing.kind == BODY_UNTIL_CLOSE)
        heed_close(g, b);
    else if (framing.kind == BODY_LENGTH && framing.remaining < b->content.len)
        b->content = content_join(&b->content, framing.remaining, &nothing, g->arena);
    else if (framing.kind == BODY_LENGTH && framing.remaining > b->content.len)
        b->whole = false;
}

/* ---- what a proxy passes on ------------------------------------------------------------------ */

static bool came_through(const struct grading *g, const struct fp_event *at_origin,
                         const struct fp_event *at_proxy)
{
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        if (e->kind == EVENT_accept && strcmp(e->at, at_origin->at) == 0 &&
            grading_same(e, at_origin, FIELD_connection))
            return !event_get(e, FIELD_through) || grading_is(e, FIELD_through, at_proxy->at);
    }
    return true;
}

/* The request that a proxy's `forward` made at an origin; the last before its answer went out. */
static const struct fp_event *forwarded(const struct grading *g, const struct fp_event *request,
                                        const struct fp_event *response)
{
    const struct fp_event *found = NULL;
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        if (e->kind == EVENT_request && e->seq > request->seq && e->seq < response->seq &&
            grading_is(e, FIELD_via, "forward") &&
            grading_number(e, FIELD_carrier) == grading_number(request, FIELD_connection) &&
            came_through(g, e, request))
            found = e;
    }
    return found;
}

static void pass_on(struct grading *g, const struct fp_event *request,
                    const struct fp_event *response, struct sent_body *b)
{
    const struct fp_event *there = forwarded(g, request, response);
    const struct fp_event *answer = there ? bodies_next(g, there, EVENT_response) : NULL;
    while (answer && status_of(answer) / 100 == 1)
        answer = bodies_next(g, answer, EVENT_response);
    if (!answer || status_of(answer) != b->status) {
        b->is_own = b->status >= 400;
        return;
    }
    struct sent_body other = sent_body_of(g, there, answer);
    b->is_known = other.is_known;
    b->is_own = other.is_own;
    b->content = other.content;
    if (other.rule[0]) /* it wrote the content, our own rule has passed it on */
        b->rule = other.rule;
    /* Cut by the proxy, a body without a length ends as the proxy ends it. */
    if (b->is_known && framing_of(request, b).kind == BODY_UNTIL_CLOSE)
        heed_close(g, b);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void by_action(struct grading *g, const struct action *a, const struct fp_event *request,
                      struct sent_body *b)
{
    const struct body *content = a->kind == ACTION_SEND ? a->send.content : a->respond.content;
    const char *mark = mark_of(g, request->at, b->status);
    b->is_known = a->kind == ACTION_RESPOND || content;
    if (content)
        b->content = spelled_out(g, content, request, mark);
    else if (a->kind == ACTION_RESPOND && !http_has_no_content(b->status, method_of(request)))
        b->content = spelled_out(g, &a->respond.body, request, mark);
    if (b->is_known && !content)
        heed_framing(g, request, b);
}

struct sent_body sent_body_of(struct grading *g, const struct fp_event *request,
                              const struct fp_event *response)
{
    const struct rule *r = rule_of(g, response);
    const struct action *a = r ? action_of(g, r, request, response) : NULL;
    const struct actor *actor = grading_actor(g, response);
    const struct fp_event *end = end_of(g, response);
    struct sent_body b = { .response = response,
                           .status = status_of(response),
                           .rule = r ? r->name : "",
                           .whole = end && grading_flag(end, FIELD_whole, false),
                           .octets = (uint64_t)(end ? grading_number(end, FIELD_body_bytes) : 0) };
    bool is_gate = !r && grading_is(response, FIELD_rule, "gate");
    if (a && (a->kind == ACTION_RESPOND || a->kind == ACTION_SEND)) {
        by_action(g, a, request, &b);
    } else if (http_has_no_content(b.status, method_of(request))) {
        b.is_known = true;
    } else if (is_gate) {
        b.rule = "gate";
        b.is_known = true;
        b.content = of_text(g, mark_of(g, request->at, b.status));
    } else if (actor && actor->is_proxy) {
        pass_on(g, request, response, &b);
    } else {
        b.is_known = own_of_origin(g, request, response, &b.content);
        b.is_own = !b.is_known;
    }
    return b;
}
