/*
 * Any octets as a request and as a response, each followed by its body, and as a bare chunked
 * body. Besides memory errors it looks for results that contradict each other: slices outside the
 * block, fields that do not add up to it, a body that depends on how its octets were split.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "http_body.h"

static void inside(struct http_slice s, struct http_slice whole)
{
    assert(s.len == 0 || (s.at >= whole.at && s.at + s.len <= whole.at + whole.len));
}

static void check_value(struct http_slice value)
{
    struct http_slice element;
    char *plain = malloc(value.len + 1);
    assert(plain != NULL);
    http_unfold(value, plain);
    assert(memchr(plain, '\r', value.len) == NULL && memchr(plain, '\n', value.len) == NULL);
    free(plain);
    for (size_t at = 0, last = 0; http_next_element(value, &at, &element); last = at) {
        assert(at > last && element.len > 0);
        inside(element, value);
    }
}

static void check_fields(const struct http_head *h)
{
    struct http_field f;
    size_t cursor = 0, framing = 0, octets = 0;
    inside(h->fields, h->all);
    while (http_next_field(h, &cursor, &f)) {
        assert(f.name.len > 0 && f.line.at == h->fields.at + octets);
        assert(f.line.at[f.line.len - 1] == '\n');
        inside(f.name, f.line);
        inside(f.value, f.line);
        check_value(f.value);
        octets += f.line.len;
        framing += http_slice_is_nocase(f.name, "content-length") ||
                   http_slice_is_nocase(f.name, "transfer-encoding");
    }
    assert(octets == h->fields.len && cursor == octets);
    assert(http_has_framing(h) == (framing > 0));
    assert(http_count(h, "Content-Length") + http_count(h, "Transfer-Encoding") == framing);
    if (http_list_has(h, "Connection", "close"))
        assert(!http_keep_alive(h));
}

struct sum {
    uint64_t octets, hash;
};

static void add(const char *data, size_t len, void *arg)
{
    struct sum *s = arg;
    assert(len > 0);
    s->octets += len;
    for (size_t i = 0; i < len; i++)
        s->hash = (s->hash ^ (unsigned char)data[i]) * UINT64_C(1099511628211);
}

/* Feeds the octets in pieces of `step` and returns how many were taken. */
static size_t feed(struct http_body *b, const char *data, size_t len, size_t step, struct sum *sum)
{
    size_t at = 0;
    while (at < len) {
        size_t piece = len - at < step ? len - at : step;
        size_t n = http_body_scan(b, data + at, piece, add, sum);
        assert(n <= piece);
        at += n;
        if (n < piece)
            break;
    }
    assert(b->payload == sum->octets && !(b->whole && b->bad));
    assert(at == len || b->whole || b->bad);
    return at;
}

static void check_body(const struct http_body *start, const char *data, size_t len)
{
    static const size_t steps[] = { SIZE_MAX, 1, 2, 7 };
    struct http_body first = *start;
    struct sum first_sum = { 0, 0 };
    size_t first_taken = feed(&first, data, len, steps[0], &first_sum);
    for (size_t i = 1; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct http_body b = *start;
        struct sum sum = { 0, 0 };
        assert(feed(&b, data, len, steps[i], &sum) == first_taken);
        assert(sum.octets == first_sum.octets && sum.hash == first_sum.hash);
        assert(b.whole == first.whole && b.bad == first.bad && b.error == first.error);
        assert(b.remaining == first.remaining);
    }
    http_body_eof(&first);
    assert(first.whole != first.bad && first.bad == (first.error != NULL));
}

static void check_framing(int result, const struct http_body *b, const char *error,
                          const char *rest, size_t len)
{
    if (result == 0) {
        assert(!b->bad && b->status == 0);
        check_body(b, rest, len);
    } else {
        assert(b->bad && !b->whole && b->error == error && error != NULL);
        assert(b->status == 400 || b->status == 501 || b->status == 502);
        struct http_body copy = *b;
        assert(len == 0 || http_body_scan(&copy, rest, len, NULL, NULL) == 0);
    }
}

static void check_target(const struct http_head *h)
{
    struct http_target t;
    const char *error = NULL;
    if (http_parse_target(h, &t, &error) < 0) {
        assert(error != NULL);
        return;
    }
    assert(t.port >= 0 && t.port <= 65535);
    inside(t.scheme, h->target);
    inside(t.userinfo, h->target);
    inside(t.host, h->all);
    assert((t.path.len == 0) == (t.form == HTTP_AUTHORITY_FORM));
    assert((t.scheme.len > 0) == (t.form == HTTP_ABSOLUTE_FORM));
    if (t.form == HTTP_ABSOLUTE_FORM || t.form == HTTP_AUTHORITY_FORM)
        assert(t.host.len > 0);
}

static void check_request(const char *data, size_t n, const char *rest, size_t len)
{
    struct http_head h;
    struct http_body b;
    const char *error = NULL;
    if (http_parse_request(data, n, &h, &error) < 0) {
        assert(error != NULL);
        return;
    }
    assert(h.all.at == data && h.all.len == n && h.method.len > 0 && h.target.len > 0);
    check_fields(&h);
    check_target(&h);
    (void)http_check_host(&h, &error);
    error = NULL;
    int result = http_body_of_request(&h, &b, &error);
    check_framing(result, &b, error, rest, len);
}

static void check_response(const char *data, size_t n, const char *rest, size_t len)
{
    static const char *const methods[] = { "GET", "HEAD", "CONNECT" };
    struct http_head h;
    struct http_body b;
    const char *error = NULL;
    if (http_parse_response(data, n, &h, &error) < 0) {
        assert(error != NULL);
        return;
    }
    assert(h.all.at == data && h.all.len == n && h.status >= 100 && h.status <= 999);
    assert(http_peek_status(data, n) == h.status);
    check_fields(&h);
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        struct http_slice method = { methods[i], strlen(methods[i]) };
        error = NULL;
        int result = http_body_of_response(&h, method, &b, &error);
        check_framing(result, &b, error, rest, len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
    const char *data = (const char *)octets;
    struct http_head h;
    struct http_body chunked = { .kind = BODY_CHUNKED };
    const char *error;

    check_body(&chunked, data, size);
    /* What is no whole block is refused, not read beyond. */
    (void)http_parse_request(data, size, &h, &error);
    (void)http_parse_response(data, size, &h, &error);
    (void)http_peek_status(data, size);

    size_t skip = http_leading_crlf(data, size);
    assert(skip <= size);
    data += skip;
    size -= skip;
    size_t n = http_head_end(data, size, 0);
    assert(n <= size);
    if (n == 0)
        return 0;
    assert(data[n - 1] == '\n' && http_head_end(data, n - 1, 0) == 0);
    assert(http_head_end(data, size, n - 1) == n);
    check_request(data, n, data + n, size - n);
    check_response(data, n, data + n, size - n);
    return 0;
}
