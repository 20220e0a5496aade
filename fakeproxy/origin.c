/*
 * What an origin answers when no rule says otherwise: 200 and a deterministic body for any path,
 * with ETag and Range so that a client can resume; /bytes/N, /echo, /redirect?to=URL&status=302,
 * /exit (the simulated exit it was reached by).
 * The answer is made as a `respond` and played like one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "actions.h"
#include "uri.h"

enum { MAX_FIELDS = 8 };

struct origin_answer {
    struct action action;
    struct field_line fields[MAX_FIELDS];
    size_t count;
    struct field_line *merged; /* with those of the scenario */
    struct buf text;           /* what fields and body point into: never grows after they do */
    char length[64], range[96], location[2048];
};

static struct text literal(const char *z)
{
    return (struct text){ .octets = z, .len = strlen(z) };
}

static void add_field(struct origin_answer *o, const char *name, const char *value)
{
    o->fields[o->count++] = (struct field_line){ .name = literal(name), .text = literal(value) };
}

/* ---- pieces of the request ------------------------------------------------------------------- */

/* Decimal octets of s from `at` on; false if there are none or too many. */
static bool number(struct http_slice s, size_t *at, uint64_t *n)
{
    size_t start = *at;
    *n = 0;
    while (*at < s.len && s.at[*at] >= '0' && s.at[*at] <= '9' && *at - start < 18)
        *n = *n * 10 + (uint64_t)(s.at[(*at)++] - '0');
    return *at > start;
}

/* The percent-decoded value of a query parameter; false if it is missing or too long. Octets that
 * cannot stand in a field value are left out. */
static bool query(struct http_slice path, const char *name, char *out, size_t room)
{
    const char *mark = memchr(path.at, '?', path.len);
    size_t name_len = strlen(name), n = 0;
    for (size_t i = mark ? (size_t)(mark - path.at) + 1 : path.len; i < path.len;) {
        const char *end = memchr(path.at + i, '&', path.len - i);
        size_t stop = end ? (size_t)(end - path.at) : path.len;
        if (stop - i <= name_len || memcmp(path.at + i, name, name_len) != 0 ||
            path.at[i + name_len] != '=') {
            i = stop + 1;
            continue;
        }
        for (i += name_len + 1; i < stop && n + 1 < room; i++) {
            int octet = uri_escape(path.at + i, stop - i);
            char c = octet >= 0 ? (char)octet : path.at[i];
            i += octet >= 0 ? 2 : 0;
            if ((unsigned char)c >= 0x20 && c != 0x7F)
                out[n++] = c;
        }
        out[n] = '\0';
        return i == stop;
    }
    return false;
}

enum range { RANGE_NONE, RANGE_INSIDE, RANGE_OUTSIDE };

/* One byte range of RFC 9110, 14.1.2, held against `size`. What is no byte range asks for all. */
static enum range byte_range(const struct http_head *h, uint64_t size, uint64_t *first,
                             uint64_t *last)
{
    struct http_slice v;
    uint64_t from, to;
    if (!http_slice_is(h->method, "GET")) /* 9110 14.2: defined for GET only */
        return RANGE_NONE;
    if (!http_find(h, "Range", &v) || !http_slice_starts(v, "bytes="))
        return RANGE_NONE;
    size_t at = 6;
    bool has_from = number(v, &at, &from);
    if (at >= v.len || v.at[at++] != '-')
        return RANGE_NONE;
    bool has_to = number(v, &at, &to);
    if (at != v.len || (!has_from && !has_to) || (has_from && has_to && to < from))
        return RANGE_NONE;
    if (size == 0 || (has_from ? from >= size : to == 0))
        return RANGE_OUTSIDE;
    *first = has_from ? from : to < size ? size - to : 0; /* "-N": the last N octets */
    *last = has_from && has_to && to < size ? to : size - 1;
    return RANGE_INSIDE;
}

static bool is_named(const struct forward *f, const char *name)
{
    for (size_t i = 0; i < f->header_count; i++)
        if (strcasecmp(f->headers[i].name.octets, name) == 0)
            return true;
    return false;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void set_length(struct origin_answer *o, uint64_t length)
{
    snprintf(o->length, sizeof(o->length), "%llu", (unsigned long long)length);
    add_field(o, "Content-Length", o->length);
}

/* The whole representation, or the range of it that was asked for. */
static void represent(struct origin_answer *o, const struct http_head *request, bool is_bytes,
                      uint64_t size)
{
    struct respond *r = &o->action.respond;
    struct http_slice if_range;
    uint64_t first = 0, last = 0;
    add_field(o, "Content-Type", is_bytes ? "application/octet-stream" : "text/plain");
    add_field(o, "ETag", "\"fakeproxy\"");
    add_field(o, "Accept-Ranges", "bytes");
    bool same =
        !http_find(request, "If-Range", &if_range) || http_slice_is(if_range, "\"fakeproxy\"");
    enum range range = RANGE_NONE;
    if (same && http_slice_is(request->method, "GET")) /* RFC 9110, 14.2 */
        range = byte_range(request, size, &first, &last);
    uint64_t length = size;
    if (range == RANGE_INSIDE) {
        r->status = 206;
        length = last - first + 1;
        snprintf(o->range, sizeof(o->range), "bytes %llu-%llu/%llu", (unsigned long long)first,
                 (unsigned long long)last, (unsigned long long)size);
    } else if (range == RANGE_OUTSIDE) {
        r->status = 416;
        length = 0;
        snprintf(o->range, sizeof(o->range), "bytes */%llu", (unsigned long long)size);
    }
    if (range != RANGE_NONE)
        add_field(o, "Content-Range", o->range);
    set_length(o, length);
    if (is_bytes) {
        r->body = (struct body){ .source = BODY_PATTERN, .size = length, .offset = first };
    } else {
        r->body.source = BODY_TEXT;
        r->body.text = (struct text){ .octets = o->text.at + first, .len = (size_t)length };
    }
    if (http_slice_is(request->method, "HEAD"))
        r->body = (struct body){ .source = BODY_MARK }; /* which a HEAD does not get */
}

static void echo(struct origin_answer *o, const struct exchange *x)
{
    buf_add(&o->text, x->head.at, x->head.len);
    represent(o, &x->request, false, o->text.len);
}

static void redirect(struct origin_answer *o, struct http_slice path)
{
    char status[8] = "302";
    query(path, "status", status, sizeof(status));
    int code = atoi(status);
    o->action.respond.status = code >= 300 && code <= 399 ? code : 302;
    add_field(o, "Location", o->location);
}

/* Ours, but those that the scenario speaks of, and the scenario's. */
static void merge_fields(struct origin_answer *o, const struct forward *f)
{
    size_t n = 0;
    o->merged = calloc(o->count + f->header_count + 1, sizeof(*o->merged));
    if (!o->merged)
        abort();
    for (size_t i = 0; i < o->count; i++)
        if (!is_named(f, o->fields[i].name.octets))
            o->merged[n++] = o->fields[i];
    for (size_t i = 0; i < f->header_count; i++)
        o->merged[n++] = f->headers[i];
    o->action.respond.header_count = n;
}

struct origin_answer *origin_answer_new(struct conn *c, const struct forward *f)
{
    struct exchange *x = c->exchange;
    struct origin_answer *o = calloc(1, sizeof(*o));
    if (!o)
        abort();
    struct http_slice path = x->target.path;
    o->action = (struct action){
        .kind = ACTION_RESPOND,
        .respond = { .status = 200, .version = "1.1", .cut = f->cut, .pace = f->pace }
    };
    size_t at = sizeof("/bytes/") - 1;
    uint64_t size;
    if (http_slice_starts(path, "/bytes/") && number(path, &at, &size) &&
        (at == path.len || path.at[at] == '?')) {
        represent(o, &x->request, true, size);
    } else if (http_slice_starts(path, "/echo")) {
        echo(o, x);
    } else if (http_slice_is(path, "/exit")) {
        buf_string(&o->text, exits_of(c) ? exits_of(c) : "none");
        represent(o, &x->request, false, o->text.len);
    } else if (http_slice_starts(path, "/redirect?") &&
               query(path, "to", o->location, sizeof(o->location))) {
        redirect(o, path);
    } else {
        conn_mark(c, 200, &o->text);
        represent(o, &x->request, false, o->text.len);
    }
    merge_fields(o, f);
    o->action.respond.headers = o->merged;
    return o;
}

const struct action *origin_answer_action(const struct origin_answer *o)
{
    return &o->action;
}

void origin_answer_free(struct origin_answer *o)
{
    if (!o)
        return;
    buf_free(&o->text);
    free(o->merged);
    free(o);
}
