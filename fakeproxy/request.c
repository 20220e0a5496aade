/*
 * Reading requests: the header block as a whole, then the body as far as somebody wants it. What
 * belongs to the next message stays unread.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "engine.h"
#include "intact.h"
#include "search.h"

enum { HEAD_MAX = 65536 }; /* octets of a request's header block; past it: 431 */

/* ---- the request event ----------------------------------------------------------------------- */

void request_promise_key(const struct conn *c, struct buf *key)
{
    const struct exchange *x = c->exchange;
    enum promise_scope scope = conn_actor(c)->promises;
    if (scope != PROMISE_SCENARIO) /* another proxy has promised nothing */
        buf_string(key, conn_actor(c)->name);
    buf_char(key, ' ');
    switch (scope) {
    case PROMISE_TARGET:
        buf_add(key, x->request.method.at, x->request.method.len);
        buf_char(key, ' ');
        buf_add(key, x->request.target.at, x->request.target.len);
        break;
    case PROMISE_HOST:
        buf_add(key, x->target.host.at, x->target.host.len);
        break;
    case PROMISE_EXIT:
        buf_string(key, exits_of(c) ? exits_of(c) : "");
        break;
    case PROMISE_ACTOR:
    case PROMISE_SCENARIO:
        break;
    }
}

void request_add(struct event_draft *d, enum field_id field, struct http_slice s)
{
    if (s.len)
        event_text(d, field, s.at, s.len);
}

static void add_request_fields(struct conn *c, struct event_draft *d, char version[8])
{
    static const char *const forms[] = { [HTTP_ORIGIN_FORM] = "origin",
                                         [HTTP_ABSOLUTE_FORM] = "absolute",
                                         [HTTP_AUTHORITY_FORM] = "authority",
                                         [HTTP_ASTERISK_FORM] = "asterisk" };
    struct exchange *x = c->exchange;
    d->event.began = c->message_began;
    snprintf(version, 8, "%d.%d", x->request.major % 10, x->request.minor % 10);
    request_add(d, FIELD_method, x->request.method);
    request_add(d, FIELD_target, x->request.target);
    event_string(d, FIELD_form, forms[x->target.form]);
    request_add(d, FIELD_host, x->target.host);
    request_add(d, FIELD_path, x->target.path);
    event_string(d, FIELD_version, version);
    event_text(d, FIELD_header, x->request.fields.at, x->request.fields.len);
    gate_add_fields(c, d);
}

static void add_early(struct conn *c, struct event_draft *d)
{
    struct buf key = { 0 };
    request_promise_key(c, &key);
    /* Judged by when the request began, on both clocks. */
    int64_t late = d->event.t - c->message_began;
    int64_t early = promises_early(c->instance->promises, key.at ? key.at : "", key.len,
                                   d->event.t - late, d->event.wall - late);
    buf_free(&key);
    if (early > 0)
        event_number(d, FIELD_early, early);
}

/* ---- the header block ------------------------------------------------------------------------ */

static const char *const BAD_TARGET =
    "This is a forward proxy: it takes absolute-form requests and CONNECT. Set it as the HTTP "
    "proxy of your client.";

/* Finds what forbids a faultless answer: 0, or the status to answer, with the sentence. */
static int refuse(struct conn *c, const char **why)
{
    struct exchange *x = c->exchange;
    const char *framing_error;
    int framing = http_body_of_request(&x->request, &x->body, &framing_error);
    if (x->request.major != 1) {
        *why = "This HTTP version is not supported; HTTP/1.1 is.";
        return 505;
    }
    const char *host_error;
    int target = http_parse_target(&x->request, &x->target, why); /* told, whatever Host says */
    if (http_check_host(&x->request, &host_error) < 0) {
        *why = host_error;
        return 400;
    }
    if (target < 0)
        return 400;
    if (conn_actor(c)->is_proxy && x->target.form == HTTP_ORIGIN_FORM) {
        *why = BAD_TARGET;
        return 400;
    }
    if (!conn_actor(c)->is_proxy && x->target.form == HTTP_AUTHORITY_FORM) {
        *why = "This is an origin server: CONNECT is for proxies.";
        return 501;
    }
    *why = framing_error;
    return framing < 0 ? x->body.status : 0;
}

/* Notes the request, finds its rule. */
static void decide(struct conn *c)
{
    struct exchange *x = c->exchange;
    struct event_draft d;
    char version[8];
    gate_judge(c);
    exits_request(c);
    conn_event(c, &d, EVENT_request);
    add_request_fields(c, &d, version);
    add_early(c, &d);
    const struct rule *rule = rule_take(c, &d.event);
    if (rule == NULL && !x->refused)
        rule = gate_rule(c);
    if (rule)
        event_string(&d, FIELD_rule, rule->name);
    conn_note_event(c, &d);
    script_begin(c, rule, CONN_REQUEST);
    script_keep_event(c, &d.event);
    if (rule)
        return;
    conn_event(c, &d, EVENT_unscripted);
    conn_note_event(c, &d);
    if (x->refused)
        answering_own(c, x->refused, NULL, x->refused_why, true);
}

/* A whole header block stands in the exchange. What has to be judged with its content stays in
 * CONN_REQUEST until that was read. */
static void take_request(struct conn *c)
{
    struct exchange *x = c->exchange;
    const char *why = "";
    x->number = ++c->exchanges;
    exits_forget(c);
    if (http_parse_request(x->head.at, x->head.len, &x->request, &why) < 0) {
        x->body.whole = true;
        c->state = CONN_PLAYING;
        c->after_list = CONN_REQUEST;
        answering_own(c, 400, NULL, why, true);
        return;
    }
    x->refused = refuse(c, &why);
    x->refused_why = why;
    x->wants_continue =
        x->request.minor >= 1 && http_list_has(&x->request, "Expect", "100-continue");
    c->bytes_told = false;
    if (x->refused || !gate_wants_content(c))
        decide(c);
}

/* Octets that no HTTP request begins with: a TLS ClientHello on a plain port, or noise. */
static bool is_not_http(const char *data, size_t len)
{
    unsigned char first = len ? (unsigned char)data[0] : 'G';
    return first < 0x20 ? first != '\r' && first != '\n' : first >= 0x7F;
}

static void refuse_head(struct conn *c, int status, const char *why)
{
    c->exchange = exchange_new();
    c->exchange->number = ++c->exchanges;
    exits_forget(c);
    c->exchange->body.whole = true;
    c->state = CONN_PLAYING;
    c->after_list = CONN_REQUEST;
    answering_own(c, status, NULL, why, true);
}

/* Looks for a whole header block in what was read; what is behind it is given back. */
static bool find_head(struct conn *c, char *data, size_t len)
{
    size_t skip = http_leading_crlf(data, len);
    size_t end = http_head_end(data + skip, len - skip, c->seen > skip ? c->seen - skip : 0);
    if (end == 0)
        return false;
    c->seen = 0;
    stream_unread(&c->stream, data + skip + end, len - skip - end);
    c->exchange = exchange_new();
    buf_add(&c->exchange->head, data + skip, end);
    take_request(c);
    return true;
}

/* Reads what the gate has to know of a request before it can judge it. */
static enum progress content_poll(struct conn *c)
{
    enum progress p = gate_read_content(c);
    if (p == PROGRESS_DONE)
        decide(c);
    return p;
}

enum progress request_poll(struct conn *c)
{
    if (c->exchange)
        return content_poll(c);
    char *data = c->instance->loop->scratch;
    size_t len = 0;
    ssize_t n;
    while ((n = stream_read(&c->stream, data + len, HEAD_MAX + 1 - len)) > 0) {
        len += (size_t)n;
        conn_tell_bytes(c, data, len);
        if (find_head(c, data, len))
            return c->state == CONN_REQUEST ? content_poll(c) : PROGRESS_DONE;
        if (is_not_http(data, len)) {
            refuse_head(c, 400, "These octets are not HTTP.");
            return PROGRESS_DONE;
        }
        if (len > HEAD_MAX) {
            refuse_head(c, 431, "The header block is longer than 64 KiB.");
            return PROGRESS_DONE;
        }
    }
    c->seen = len;
    stream_unread(&c->stream, data, len);
    stream_rest(&c->stream);
    return n == STREAM_AGAIN ? PROGRESS_AGAIN : PROGRESS_ENDED;
}

/* ---- the body -------------------------------------------------------------------------------- */

bool request_body_open(const struct exchange *x)
{
    return x->number > 0 && !x->body.whole && !x->body.bad;
}

void request_send_continue(struct conn *c)
{
    static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (!c->exchange->wants_continue || c->exchange->answered) /* an interim answer comes first */
        return;
    c->exchange->wants_continue = false;
    c->exchange->continued = true;
    answering_tell(c, line, sizeof(line) - 1);
    stream_put_octets(&c->stream, line, sizeof(line) - 1);
}

static void take_payload(const char *data, size_t len, void *arg)
{
    struct conn *c = arg;
    EVP_DigestUpdate(c->exchange->digest, data, len);
    /* Without chunks it is what was read already. */
    if (c->stream.search && c->exchange->body.kind == BODY_CHUNKED)
        search_feed(c->stream.search, SEARCH_CONTENT, data, len);
}

static void add_intact(const struct conn *c, struct event_draft *d, const char *hex)
{
    const struct exchange *x = c->exchange;
    const struct intact_body b = { .method = x->request.method,
                                   .host = x->target.host,
                                   .path = x->target.path,
                                   .whole = x->body.whole,
                                   .bytes = x->body.payload,
                                   .sha256 = hex };
    enum intact found = intact_judge(c->instance->scenario, &c->instance->scope, &b);
    if (found != INTACT_UNKNOWN)
        event_flag(d, FIELD_intact, found == INTACT_YES);
}

static void tell_body(struct conn *c)
{
    struct exchange *x = c->exchange;
    if (x->body_told || x->body.kind == BODY_NONE)
        return;
    x->body_told = true;
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
    unsigned len = 0;
    if (x->digest)
        EVP_DigestFinal_ex(x->digest, digest, &len);
    for (unsigned i = 0; i < len; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
    struct event_draft d;
    conn_event(c, &d, EVENT_body);
    d.event.began = x->body_began;
    event_number(&d, FIELD_bytes, (int64_t)x->body.payload);
    event_flag(&d, FIELD_whole, x->body.whole);
    if (len)
        event_string(&d, FIELD_sha256, hex);
    if (c->instance->scenario->asks_intact)
        add_intact(c, &d, hex);
    conn_note_event(c, &d);
}

void request_tell_body_left(struct conn *c)
{
    if (c->exchange && c->exchange->number)
        tell_body(c);
}

/* Consumes body octets, wherever they go. Returns how many belong to the body. */
size_t request_body_take(struct conn *c, const char *data, size_t len)
{
    struct exchange *x = c->exchange;
    if (!x->digest) {
        x->digest = EVP_MD_CTX_new();
        if (!x->digest || !EVP_DigestInit_ex(x->digest, EVP_sha256(), NULL))
            abort();
        x->body_began = c->stream.wire.arrived;
    }
    size_t used = http_body_scan(&x->body, data, len, take_payload, c);
    x->wants_continue = false; /* it did not wait for us (RFC 9110, 10.1.1) */
    if (x->body.whole || x->body.bad)
        tell_body(c);
    return used;
}

enum progress request_body_poll(struct conn *c, uint64_t limit)
{
    struct exchange *x = c->exchange;
    char *data = c->instance->loop->scratch;
    for (int turn = 0; request_body_open(x) && x->counted < limit; turn++) {
        if (turn == POLL_TURNS) {
            conn_wake_at(c, 0);
            return PROGRESS_AGAIN;
        }
        uint64_t left = limit - x->counted;
        size_t room = left < STREAM_PIECE ? (size_t)left : STREAM_PIECE;
        ssize_t n = stream_read(&c->stream, data, room);
        if (n == STREAM_AGAIN)
            return PROGRESS_AGAIN;
        if (n < 0) {
            http_body_eof(&x->body);
            tell_body(c);
            return n == STREAM_EOF ? PROGRESS_DONE : PROGRESS_ENDED;
        }
        uint64_t payload = x->body.payload;
        size_t used = request_body_take(c, data, (size_t)n);
        x->counted += x->body.payload - payload;
        stream_unread(&c->stream, data + used, (size_t)n - used);
    }
    return PROGRESS_DONE;
}

/* ---- overhearing ----------------------------------------------------------------------------- */

/* Notes a request that came behind a message that got its end. */
static void tell_ignored(struct conn *c, const char *data, size_t len)
{
    struct http_head head;
    struct http_target target;
    const char *why;
    if (http_parse_request(data, len, &head, &why) < 0)
        return;
    struct event_draft d;
    conn_event(c, &d, EVENT_request);
    d.event.began = c->message_began;
    request_add(&d, FIELD_method, head.method);
    request_add(&d, FIELD_target, head.target);
    if (http_parse_target(&head, &target, &why) == 0) {
        request_add(&d, FIELD_host, target.host);
        request_add(&d, FIELD_path, target.path);
    }
    event_text(&d, FIELD_header, head.fields.at, head.fields.len);
    event_flag(&d, FIELD_ignored, true);
    conn_note_event(c, &d);
    c->bytes_told = false;
}

ssize_t request_overhear(struct conn *c)
{
    struct exchange *x = c->exchange;
    char *data = c->instance->loop->scratch;
    if (x && x->number && !x->body.whole && !x->body.bad) {
        x->counted = 0;
        if (request_body_poll(c, UINT64_MAX) == PROGRESS_AGAIN)
            return STREAM_AGAIN;
    }
    size_t len = 0;
    ssize_t n;
    int turn = 0;
    while ((n = stream_read(&c->stream, data + len, HEAD_MAX - len)) > 0) {
        len += (size_t)n;
        conn_tell_bytes(c, data, len);
        size_t end;
        while ((end = http_head_end(data, len, 0)) > 0) {
            tell_ignored(c, data, end);
            memmove(data, data + end, len - end);
            len -= end;
        }
        if (len > HEAD_MAX / 2)
            len = 0; /* no header block, and nobody will read it */
        if (++turn == POLL_TURNS) {
            conn_wake_at(c, 0);
            n = STREAM_AGAIN;
            break;
        }
    }
    stream_unread(&c->stream, data, len);
    return n;
}
