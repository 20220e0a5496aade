/*
 * The bodies that were sent for a step, and which of them a received one is.
 *
 * One walk over the journal: each request to one of the step's targets brings its answers in, each
 * redirect among them another target. A 206 that goes on where an answer before it may have been
 * cut brings in both together. What a client received is then held against each by length and hash:
 * also a prefix is exact, because any stretch of any content can be had.
 */
#include "bodies.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bodies_private.h"
#include "uri.h"

enum { MOST_TARGETS = 32, FAKE_LEN = 11 };

static const char fake[] = "fakeproxy: "; /* so begin errors of our own */

struct bodies {
    struct arena *arena;
    struct sent_body *list;
    size_t count, room;
};

struct collecting {
    struct bodies *bodies;
    struct grading g;
    const struct body_step *step;
    struct uri targets[MOST_TARGETS]; /* the step's, then those of redirects */
    size_t target_count;
};

/* ---- targets --------------------------------------------------------------------------------- */

static void add_target(struct collecting *c, const char *text, size_t len)
{
    struct uri uri;
    if (c->target_count == MOST_TARGETS || !uri_split(text, len, &uri))
        return;
    c->targets[c->target_count++] = uri;
}

static struct http_slice slice(const struct fp_event *e, enum field_id field)
{
    const struct event_value *v = event_get(e, field);
    return (struct http_slice){ v && v->text ? v->text : "", v ? v->len : 0 };
}

/* Of a request at a proxy: in absolute-form as it says, else http. */
static bool asks_https(const struct fp_event *request)
{
    struct http_slice target = slice(request, FIELD_target);
    struct uri uri;
    return uri_split(target.at, target.len, &uri) && uri_is_https(&uri);
}

/* May this hop speak for the target, and was it asked to? */
static bool is_for(const struct collecting *c, size_t target, const struct fp_event *request)
{
    const struct uri *uri = &c->targets[target];
    int actor = scenario_actor(c->g.s, request->at);
    struct http_slice host = slice(request, FIELD_host);
    if (actor < 0 || grading_is(request, FIELD_method, "CONNECT"))
        return false;
    if (c->g.s->actors[actor].is_proxy ? asks_https(request) || uri_is_https(uri)
                                       : grading_is(request, FIELD_via, "forward"))
        return false;
    /* After a redirect the method may be another, and a Location may be a path alone. */
    if (target == 0 && !grading_is(request, FIELD_method, c->step->method))
        return false;
    return (host.len == 0 || uri->host.len == 0 || uri_same_host(host, uri->host)) &&
           uri_same_path(slice(request, FIELD_path), uri->path);
}

static bool is_for_step(const struct collecting *c, const struct fp_event *request)
{
    for (size_t i = 0; i < c->target_count; i++)
        if (is_for(c, i, request))
            return true;
    return false;
}

/* The host of an authority-form target, as in struct uri. */
static struct http_slice host_of_authority(struct http_slice target)
{
    const char *colon = target.len ? memrchr(target.at, ':', target.len) : NULL;
    struct http_slice host = { target.at, colon ? (size_t)(colon - target.at) : target.len };
    if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
        host = (struct http_slice){ host.at + 1, host.len - 2 };
    return host;
}

/* Was a tunnel asked for, to a host that the step needs? */
static bool is_connect_for_step(const struct collecting *c, const struct fp_event *request)
{
    struct http_slice host = host_of_authority(slice(request, FIELD_target));
    if (!grading_is(request, FIELD_method, "CONNECT"))
        return false;
    for (size_t i = 0; i < c->target_count; i++)
        if (uri_same_host(host, c->targets[i].host))
            return true;
    return false;
}

static void follow_redirect(struct collecting *c, const struct fp_event *response)
{
    int64_t status = grading_number(response, FIELD_status);
    struct http_slice fields = slice(response, FIELD_header), location;
    struct http_head head = { .fields = fields };
    if (status / 100 == 3 && status != 304 && http_find(&head, "Location", &location))
        add_target(c, location.at, location.len);
}

/* ---- collecting ------------------------------------------------------------------------------ */

static void add_body(struct bodies *b, const struct sent_body *sent)
{
    if (b->count == b->room) {
        b->room = b->room ? 2 * b->room : 8;
        struct sent_body *more = arena_take(b->arena, b->room * sizeof(*more));
        if (b->count)
            memcpy(more, b->list, b->count * sizeof(*more));
        b->list = more;
    }
    b->list[b->count++] = *sent;
}

/* Where the content of a 206 begins in its representation; 0: it is none, or its beginning. */
static uint64_t begins_at(const struct sent_body *b, bool *to_end)
{
    struct http_head head = { .fields = slice(b->response, FIELD_header) };
    struct http_slice v;
    char text[96];
    unsigned long long first, last, size;
    if (b->status != 206 || !http_find(&head, "Content-Range", &v) || v.len >= sizeof(text))
        return 0;
    memcpy(text, v.at, v.len);
    text[v.len] = '\0';
    if (sscanf(text, "bytes %18llu-%18llu/%18llu", &first, &last, &size) != 3)
        return 0;
    *to_end = last + 1 == size;
    return first;
}

/* RFC 9110, 15.3.7.3: parts may be combined if they have the same strong validator. */
static bool is_of_the_same(const struct sent_body *before, const struct sent_body *rest)
{
    struct http_head a = { .fields = slice(before->response, FIELD_header) };
    struct http_head b = { .fields = slice(rest->response, FIELD_header) };
    struct http_slice tag, other;
    return http_find(&a, "ETag", &tag) && http_find(&b, "ETag", &other) && tag.len == other.len &&
           memcmp(tag.at, other.at, tag.len) == 0 && tag.len > 0 && tag.at[0] == '"';
}

static void add_resumed(struct collecting *c, const struct sent_body *rest)
{
    bool to_end = false;
    uint64_t first = begins_at(rest, &to_end);
    size_t count = c->bodies->count;
    for (size_t i = 0; first > 0 && rest->is_known && i < count; i++) {
        const struct sent_body *before = &c->bodies->list[i];
        bool is_unused = false;
        if (!before->is_known || before->content.len < first || begins_at(before, &is_unused) ||
            (before->status != 200 && before->status != 206) || !is_of_the_same(before, rest))
            continue;
        struct sent_body both = *rest;
        both.other_status = 200;
        both.whole = rest->whole && to_end;
        both.content = content_join(&before->content, first, &rest->content, c->bodies->arena);
        add_body(c->bodies, &both);
    }
}

static void add_answer(struct collecting *c, const struct fp_event *request,
                       const struct fp_event *response)
{
    struct sent_body sent = sent_body_of(&c->g, request, response), decoded;
    if (sent.status / 100 == 1)
        return;
    add_resumed(c, &sent);
    add_body(c->bodies, &sent);
    if (sent_body_decode(&c->g, &sent, &decoded))
        add_body(c->bodies, &decoded);
    follow_redirect(c, response);
}

/* What a proxy said instead of opening a tunnel. It speaks for nobody (RFC 9110, 9.3.6): it is kept
 * so that it is known again where a client shows it as the site's. */
static void add_refusal(struct collecting *c, const struct fp_event *request,
                        const struct fp_event *response)
{
    struct sent_body sent = sent_body_of(&c->g, request, response);
    sent.is_refusal = true;
    if (sent.status >= 300)
        add_body(c->bodies, &sent);
}

static void collect(struct collecting *c)
{
    uint64_t to = c->step->to ? c->step->to : UINT64_MAX;
    for (size_t i = 0; i < c->g.c->count; i++) {
        const struct fp_event *e = c->g.c->events[i];
        if (e->seq <= c->step->from || e->seq >= to || e->kind != EVENT_request ||
            grading_flag(e, FIELD_ignored, false))
            continue;
        bool is_connect = is_connect_for_step(c, e);
        if (!is_connect && !is_for_step(c, e))
            continue;
        for (const struct fp_event *r = bodies_next(&c->g, e, EVENT_response); r && r->seq < to;
             r = bodies_next(&c->g, r, EVENT_response)) {
            if (is_connect)
                add_refusal(c, e, r);
            else
                add_answer(c, e, r);
        }
    }
}

struct bodies *bodies_sent(const struct grade_case *of, const struct body_step *step)
{
    struct bodies *b = calloc(1, sizeof(*b));
    struct collecting c = { .bodies = b, .step = step };
    if (!b)
        abort();
    b->arena = arena_new();
    grading_begin(&c.g, of, b->arena);
    add_target(&c, step->url, strlen(step->url));
    collect(&c);
    return b;
}

void bodies_free(struct bodies *b)
{
    if (!b)
        return;
    arena_free(b->arena);
    free(b);
}

size_t bodies_count(const struct bodies *b)
{
    return b->count;
}

/* ---- classifying ----------------------------------------------------------------------------- */

static bool has_status(const struct sent_body *b, int status)
{
    return status == 0 || status == b->status || (b->other_status && status == b->other_status);
}

/* Are the octets received the first so many of that content? It has that many. */
static bool is_prefix(const struct sent_body *b, const struct body_received *r)
{
    char hex[CONTENT_HEX], piece[4096];
    const char *head = r->head;
    if (r->sha256) {
        content_sha256(&b->content, r->bytes, hex);
        return strcasecmp(hex, r->sha256) == 0;
    }
    for (size_t at = 0; at < r->head_len;) {
        size_t room = r->head_len - at < sizeof(piece) ? r->head_len - at : sizeof(piece);
        size_t n = content_copy(&b->content, at, piece, room);
        if (n == 0 || memcmp(piece, head + at, n) != 0)
            return false;
        at += n;
    }
    return r->head_len > 0 || r->bytes == 0;
}

/* Of an error of our own the beginning and the length are known. */
static bool is_own_error(const struct sent_body *b, const struct body_received *r)
{
    return b->is_own && r->bytes == b->octets && r->head_len >= FAKE_LEN &&
           memcmp(r->head, fake, FAKE_LEN) == 0;
}

static enum body_class compare(const struct sent_body *b, const struct body_received *r)
{
    if (!has_status(b, r->status))
        return BODY_CLASS_FOREIGN;
    if (!b->is_known)
        return b->whole && is_own_error(b, r) ? BODY_CLASS_WHOLE : BODY_CLASS_UNKNOWN;
    if (r->bytes > b->content.len || !is_prefix(b, r))
        return BODY_CLASS_FOREIGN;
    if (r->bytes == b->content.len && b->whole)
        return BODY_CLASS_WHOLE;
    return r->bytes > 0 ? BODY_CLASS_PART : BODY_CLASS_FOREIGN;
}

/* The page of a refused CONNECT, or its beginning, whatever status it is shown with. */
static bool is_page_of(const struct sent_body *refusal, const struct body_received *r)
{
    struct body_received any_status = *r;
    any_status.status = 0;
    enum body_class class = compare(refusal, &any_status);
    return r->bytes > 0 && (class == BODY_CLASS_WHOLE || class == BODY_CLASS_PART);
}

enum body_class bodies_classify(const struct bodies *b, const struct body_received *r,
                                const char **rule)
{
    const struct sent_body *whole = NULL, *part = NULL, *refusal = NULL;
    bool unknown = false;
    for (size_t i = 0; i < b->count; i++) {
        if (b->list[i].is_refusal) {
            refusal = is_page_of(&b->list[i], r) ? &b->list[i] : refusal;
            continue;
        }
        enum body_class class = compare(&b->list[i], r);
        /* The last such answer is the one that was delivered. */
        whole = class == BODY_CLASS_WHOLE ? &b->list[i] : whole;
        part = class == BODY_CLASS_PART ? &b->list[i] : part;
        unknown |= class == BODY_CLASS_UNKNOWN;
    }
    const struct sent_body *found = whole ? whole : part;
    if (rule)
        *rule = found ? found->rule : NULL;
    if (found)
        return whole ? BODY_CLASS_WHOLE : BODY_CLASS_PART;
    if (r->bytes == 0)
        return BODY_CLASS_EMPTY;
    if (rule && refusal)
        *rule = refusal->rule;
    return unknown && !refusal ? BODY_CLASS_UNKNOWN : BODY_CLASS_FOREIGN;
}

enum body_class outcome_classify(const struct grade_case *of, const struct body_step *step,
                                 const struct body_received *received, const char **rule)
{
    struct bodies *b = bodies_sent(of, step);
    enum body_class class = bodies_classify(b, received, rule);
    bodies_free(b);
    return class;
}

const char *body_class_name(enum body_class class)
{
    static const char *const names[] = { [BODY_CLASS_WHOLE] = "whole",
                                         [BODY_CLASS_PART] = "part",
                                         [BODY_CLASS_EMPTY] = "empty",
                                         [BODY_CLASS_FOREIGN] = "foreign",
                                         [BODY_CLASS_UNKNOWN] = "unknown" };
    return names[class];
}
