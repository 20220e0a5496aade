/*
 * Body framing: the decision list of 9112 6.3 as tables, then streams of octets. Every stream is
 * fed whole, octet by octet and cut in two at every place, and must give the same result each time.
 */
#include "http_body.h"

#include "http_cases.h"

/* ---- which framing ---- */

enum { REFUSED = -1 };

struct framing {
    const char *method, *start, *fields; /* start: version; of a response with the status */
    int kind, status;                    /* REFUSED: and the status to answer with */
    uint64_t length;
};

/* What was made of a row: the result, and what the framing and the sentence say. */
static void expect_framing(const struct framing *row, int result, const struct http_body *b,
                           const char *error)
{
    bool is_refused = row->kind == REFUSED;
    if (result != (is_refused ? -1 : 0))
        fail_msg("%s %s %s: %d %s", row->method, row->start, row->fields, result,
                 error ? error : "");
    assert_int_equal(b->status, row->status);
    assert_int_equal(b->bad, is_refused);
    if (is_refused) {
        assert_non_null(error);
        assert_ptr_equal(b->error, error);
        assert_false(b->whole);
        return;
    }
    if ((int)b->kind != row->kind)
        fail_msg("%s %s %s: kind %d", row->method, row->start, row->fields, (int)b->kind);
    assert_int_equal(b->remaining, row->length);
    assert_int_equal(b->whole,
                     b->kind == BODY_NONE || (b->kind == BODY_LENGTH && row->length == 0));
}

static const struct framing requests[] = {
    { "GET", "1.1", "", BODY_NONE, 0, 0 },
    { "POST", "1.1", "", BODY_NONE, 0, 0 },
    { "POST", "1.1", "Content-Length: 5\r\n", BODY_LENGTH, 0, 5 },
    { "POST", "1.1", "content-length:5\r\n", BODY_LENGTH, 0, 5 },
    { "POST", "1.1", "Content-Length: 0\r\n", BODY_LENGTH, 0, 0 },
    { "POST", "1.1", "Content-Length: 0005\r\n", BODY_LENGTH, 0, 5 },
    { "POST", "1.0", "Content-Length: 5\r\n", BODY_LENGTH, 0, 5 },
    { "GET", "1.1", "Content-Length: 5\r\n", BODY_LENGTH, 0, 5 },
    { "POST", "1.1", "Content-Length: 5\r\nContent-Length: 5\r\n", BODY_LENGTH, 0, 5 },
    { "POST", "1.1", "Content-Length: 5, 5\r\n", BODY_LENGTH, 0, 5 },
    { "POST", "1.1", "Content-Length: 18446744073709551615\r\n", BODY_LENGTH, 0, UINT64_MAX },
    { "POST", "1.1", "Content-Length: 9007199254740993\r\n", BODY_LENGTH, 0, 9007199254740993 },
    { "POST", "1.1", "Content-Length: 18446744073709551616\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Content-Length: 18446744073709551621\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Content-Length: 99999999999999999999999\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Content-Length: 5, 6\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Content-Length: 5\r\nContent-Length: 7\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Content-Length: 5\r\nContent-Length:\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Content-Length:\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Content-Length: ,\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Content-Length: -1\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Content-Length: +5\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Content-Length: 5 5\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Content-Length: 5\r\n 5\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Content-Length: 0x5\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Content-Length: 5.0\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Content-Length: \"5\"\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Transfer-Encoding: chunked\r\n", BODY_CHUNKED, 0, 0 },
    { "POST", "1.1", "transfer-encoding:\t CHUNKED \r\n", BODY_CHUNKED, 0, 0 },
    { "POST", "1.1", "Transfer-Encoding: , chunked ,\r\n", BODY_CHUNKED, 0, 0 },
    { "POST", "1.1", "Transfer-Encoding:\r\n chunked\r\n", BODY_CHUNKED, 0, 0 },
    { "POST", "1.0", "Transfer-Encoding: chunked\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Content-Length: x\r\nTransfer-Encoding: chunked\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Transfer-Encoding: chunked, gzip\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Transfer-Encoding: gzip\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Transfer-Encoding: identity\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Transfer-Encoding:\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Transfer-Encoding: chunked, chunked\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", REFUSED, 400,
      0 },
    { "POST", "1.1", "Transfer-Encoding: chunked;q=1\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Transfer-Encoding: xchunked\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Transfer-Encoding: chunke\r\n d\r\n", REFUSED, 400, 0 },
    { "POST", "1.1", "Transfer-Encoding: gzip, chunked\r\n", REFUSED, 501, 0 },
    { "POST", "1.1", "Transfer-Encoding: foo\r\nTransfer-Encoding: chunked\r\n", REFUSED, 501, 0 },
    { "POST", "1.1", "Transfer-Encoding: x;a=\"b, chunked\", chunked\r\n", REFUSED, 501, 0 },
    { "POST", "1.1", "X-Transfer-Encoding: chunked\r\nX-Content-Length: 5\r\n", BODY_NONE, 0, 0 },
    /* 9110 9.3.6: what follows belongs to the tunnel */
    { "CONNECT", "1.1", "Content-Length: 5\r\n", BODY_NONE, 0, 0 },
    { "CONNECT", "1.1", "Transfer-Encoding: chunked\r\n", BODY_NONE, 0, 0 },
};

static void test_framing_of_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(requests); i++) {
        char text[256];
        snprintf(text, sizeof(text), "%s h:1 HTTP/%s\r\nHost: h\r\n%s\r\n", requests[i].method,
                 requests[i].start, requests[i].fields);
        struct http_head h = request_of(text);
        struct http_body b;
        const char *error = NULL;
        int result = http_body_of_request(&h, &b, &error);
        expect_framing(&requests[i], result, &b, error);
    }
}

static const char both[] = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n";
static const struct framing responses[] = {
    { "GET", "1.1 200", "", BODY_UNTIL_CLOSE, 0, 0 },
    { "", "1.1 200", "", BODY_UNTIL_CLOSE, 0, 0 },
    { "GET", "1.0 200", "", BODY_UNTIL_CLOSE, 0, 0 },
    { "GET", "1.1 200", "Content-Length: 5\r\n", BODY_LENGTH, 0, 5 },
    { "GET", "1.0 407", "Content-Length: 10\r\n", BODY_LENGTH, 0, 10 },
    { "GET", "1.1 200", "Content-Length: 5, 5\r\n", BODY_LENGTH, 0, 5 },
    { "GET", "1.1 200", "Content-Length : 5\r\n", BODY_LENGTH, 0, 5 },
    { "GET", "1.1 200", "Content-Length: 5\r\nContent-Length: 7\r\n", REFUSED, 502, 0 },
    { "GET", "1.1 200", "Content-Length: -1\r\n", REFUSED, 502, 0 },
    { "GET", "1.1 200", "Transfer-Encoding: chunked\r\n", BODY_CHUNKED, 0, 0 },
    { "GET", "1.1 200", both, BODY_CHUNKED, 0, 0 },
    { "GET", "1.1 200", "Transfer-Encoding: foo, chunked\r\n", BODY_CHUNKED, 0, 0 },
    { "GET", "1.1 200", "Transfer-Encoding: chunked, gzip\r\n", BODY_UNTIL_CLOSE, 0, 0 },
    { "GET", "1.1 200", "Transfer-Encoding: gzip\r\n", BODY_UNTIL_CLOSE, 0, 0 },
    { "GET", "1.1 200", "Transfer-Encoding: chunked, chunked\r\n", REFUSED, 502, 0 },
    { "GET", "1.1 200", "Transfer-Encoding: chunked;q=1\r\n", REFUSED, 502, 0 },
    { "GET", "1.0 200", "Transfer-Encoding: chunked\r\n", REFUSED, 502, 0 },
    { "HEAD", "1.1 200", both, BODY_NONE, 0, 0 },
    { "HEAD", "1.1 407", "Content-Length: 1234\r\n", BODY_NONE, 0, 0 },
    { "head", "1.1 200", "Content-Length: 5\r\n", BODY_LENGTH, 0, 5 },
    { "GET", "1.1 100", "", BODY_NONE, 0, 0 },
    { "GET", "1.1 103", "Content-Length: 5\r\n", BODY_NONE, 0, 0 },
    { "GET", "1.1 101", both, BODY_NONE, 0, 0 },
    { "GET", "1.1 204", "Content-Length: 5\r\n", BODY_NONE, 0, 0 },
    { "GET", "1.1 304", "Content-Length: 100\r\n", BODY_NONE, 0, 0 },
    { "GET", "1.1 205", "", BODY_UNTIL_CLOSE, 0, 0 },
    { "CONNECT", "1.1 200", both, BODY_NONE, 0, 0 },
    { "CONNECT", "1.1 299", "", BODY_NONE, 0, 0 },
    { "CONNECT", "1.1 407", "Content-Length: 33\r\n", BODY_LENGTH, 0, 33 },
    { "CONNECT", "1.1 300", "", BODY_UNTIL_CLOSE, 0, 0 },
};

static void test_framing_of_responses(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(responses); i++) {
        char text[256];
        snprintf(text, sizeof(text), "HTTP/%s \r\n%s\r\n", responses[i].start, responses[i].fields);
        struct http_head h = response_of(text);
        struct http_body b;
        const char *error = NULL;
        int result = http_body_of_response(&h, http_slice_of(responses[i].method), &b, &error);
        expect_framing(&responses[i], result, &b, error);
    }
}

/* ---- streams ---- */

struct sink {
    char *data;
    size_t len, room;
};

static void collect(const char *data, size_t len, void *arg)
{
    struct sink *s = arg;
    assert_true(len > 0 && len <= s->room - s->len);
    memcpy(s->data + s->len, data, len);
    s->len += len;
}

struct outcome {
    struct http_body body;
    size_t consumed;
    struct sink sink;
};

/* Feeds data in pieces that end at the cuts; each piece is a copy of its own, for the sanitizer. */
static struct outcome feed(struct http_body b, const char *data, size_t len, size_t cut,
                           size_t step)
{
    struct outcome o = { b, 0, { malloc(len + 1), 0, len + 1 } };
    assert_non_null(o.sink.data);
    for (size_t at = 0; at < len;) {
        size_t to = step > 0 ? at + step : at < cut ? cut : len;
        if (to > len)
            to = len;
        char *piece = malloc(to - at);
        assert_non_null(piece);
        memcpy(piece, data + at, to - at);
        size_t n = http_body_scan(&o.body, piece, to - at, collect, &o.sink);
        free(piece);
        assert_true(n <= to - at);
        o.consumed += n;
        if (n < to - at)
            break;
        at = to;
    }
    assert_false(o.body.whole && o.body.bad);
    assert_int_equal(o.body.payload, o.sink.len);
    assert_int_equal(http_body_scan(&o.body, "x", o.body.whole || o.body.bad, NULL, NULL), 0);
    return o;
}

static void same_outcome(const struct outcome *a, const struct outcome *b)
{
    assert_int_equal(a->consumed, b->consumed);
    assert_int_equal(a->body.whole, b->body.whole);
    assert_int_equal(a->body.bad, b->body.bad);
    assert_int_equal(a->body.remaining, b->body.remaining);
    assert_ptr_equal(a->body.error, b->body.error);
    assert_int_equal(a->sink.len, b->sink.len);
    assert_memory_equal(a->sink.data, b->sink.data, a->sink.len);
}

/* The outcome of feeding it whole, after all other ways were compared with it. The caller frees
 * sink.data. */
static struct outcome feed_all_ways(struct http_body b, const char *data, size_t len)
{
    struct outcome whole = feed(b, data, len, len, 0);
    for (size_t step = 1; step < 4; step++) {
        struct outcome o = feed(b, data, len, 0, step);
        same_outcome(&whole, &o);
        free(o.sink.data);
    }
    for (size_t cut = 1; cut < len; cut++) {
        struct outcome o = feed(b, data, len, cut, 0);
        same_outcome(&whole, &o);
        free(o.sink.data);
    }
    return whole;
}

static const struct http_body chunked = { .kind = BODY_CHUNKED };

static void test_chunked_bodies(void **state)
{
    (void)state;
    static const char next[] = "HTTP/1.1 200 OK\r\n";
    static const struct {
        const char *octets, *payload;
    } rows[] = {
        { "5\r\nhello\r\n0\r\n\r\n", "hello" },
        { "0\r\n\r\n", "" },
        { "000\r\n\r\n", "" },
        { "00A\r\n0123456789\r\na\r\nabcdefghij\r\n000\r\n\r\n", "0123456789abcdefghij" },
        { "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n", "abc" },
        { "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n" },
        { "5;a=b;c=\"d e\"\r\nhello\r\n0;last\r\n\r\n", "hello" },
        { "5 ; a = b\r\nhello\r\n0\t;x\r\n\r\n", "hello" },
        { "5;a=\"0\r\nhello\r\n0\r\n\r\n", "hello" },
        { "00000000000000000000000000000005\r\nhello\r\n0\r\n\r\n", "hello" },
        { "5\r\nhello\r\n0\r\nX-T: 1\r\nSet-Cookie: t=1\r\n\r\n", "hello" },
        { "5\r\nhello\r\n0\r\nX-T: 1\n\n", "hello" },
        { "5\r\nhello\r\n0\r\nX-T: 1\r\n folded\r\n\r\n", "hello" },
    };
    for (size_t i = 0; i < N(rows); i++) {
        char stream[256];
        size_t own = strlen(rows[i].octets);
        int len = snprintf(stream, sizeof(stream), "%s%s", rows[i].octets, next);
        struct outcome o = feed_all_ways(chunked, stream, (size_t)len);
        if (!o.body.whole)
            fail_msg("row %zu: not whole: %s", i, o.body.error ? o.body.error : "");
        assert_int_equal(o.consumed, own);
        assert_int_equal(o.sink.len, strlen(rows[i].payload));
        assert_memory_equal(o.sink.data, rows[i].payload, o.sink.len);
        free(o.sink.data);
        /* Any shorter stream is neither whole nor bad, and bad after a FIN. */
        for (size_t cut = 0; cut < own; cut++) {
            struct outcome part = feed(chunked, rows[i].octets, cut, cut, 0);
            assert_false(part.body.whole || part.body.bad);
            assert_int_equal(part.consumed, cut);
            http_body_eof(&part.body);
            assert_true(part.body.bad && !part.body.whole && part.body.error != NULL);
            free(part.sink.data);
        }
    }
}

static void test_broken_chunks(void **state)
{
    (void)state;
    static const struct {
        const char *octets;
        size_t consumed; /* up to the octet at fault */
        const char *payload;
    } rows[] = {
        { "zz\r\n", 0, "" },
        { "-5\r\nhello", 0, "" },
        { " \r\n", 0, "" },
        { " 5\r\nhello", 0, "" },
        { "\r\n", 0, "" },
        { "\n", 0, "" },
        { ";a\r\n", 0, "" },
        { "+5\r\nhello", 0, "" },
        { "0x5\r\nhello", 1, "" },
        { "5\nhello\n0\n\n", 1, "" },
        { "5 \r\nhello\r\n", 2, "" },
        { "5 5\r\nhello\r\n", 2, "" },
        { "5;a\nhello\r\n", 3, "" },
        { "5;a\rhello\r\n", 4, "" },
        { "5\rhello\r\n", 2, "" },
        { "5g\r\nhello\r\n", 1, "" },
        { "10000000000000005\r\nhello\r\n", 16, "" },
        { "ffffffffffffffffffff\r\nhello\r\n", 16, "" },
        { "5\r\nhelloX\r\n0\r\n\r\n", 8, "hello" },
        { "5\r\nhello\n0\r\n\r\n", 8, "hello" },
        { "5\r\nhello\rX", 9, "hello" },
        { "5\r\nhello0\r\n\r\n", 8, "hello" },
        { "5\r\nhello\r\n\r\n", 10, "hello" },
        { "0\r\n\rX", 4, "" },
        { "0\r\nA: b\r\n\r\r\n", 10, "" },
    };
    for (size_t i = 0; i < N(rows); i++) {
        struct outcome o = feed_all_ways(chunked, rows[i].octets, strlen(rows[i].octets));
        if (!o.body.bad)
            fail_msg("row %zu is not bad", i);
        assert_non_null(o.body.error);
        if (o.consumed != rows[i].consumed)
            fail_msg("row %zu: %zu consumed", i, o.consumed);
        assert_int_equal(o.sink.len, strlen(rows[i].payload));
        assert_memory_equal(o.sink.data, rows[i].payload, o.sink.len);
        free(o.sink.data);
    }
}

static void test_largest_chunk_does_not_wrap(void **state)
{
    (void)state;
    struct http_body b = chunked;
    const char data[] = "ffffffffffffffff\r\nhello";
    assert_int_equal(http_body_scan(&b, data, sizeof(data) - 1, NULL, NULL), sizeof(data) - 1);
    assert_false(b.bad || b.whole);
    assert_int_equal(b.payload, 5);
    assert_int_equal(b.remaining, UINT64_MAX - 5);
}

static void test_nul_in_content_is_content(void **state)
{
    (void)state;
    static const char stream[] = "3\r\na\0b\r\n0\r\n\r\n";
    struct outcome o = feed_all_ways(chunked, stream, sizeof(stream) - 1);
    assert_true(o.body.whole);
    assert_int_equal(o.sink.len, 3);
    assert_memory_equal(o.sink.data, "a\0b", 3);
    free(o.sink.data);
}

static void test_length(void **state)
{
    (void)state;
    struct http_body b = { .kind = BODY_LENGTH, .remaining = 5 };
    struct outcome o = feed_all_ways(b, "helloGET / HTTP", 15);
    assert_true(o.body.whole);
    assert_int_equal(o.consumed, 5);
    assert_memory_equal(o.sink.data, "hello", 5);
    free(o.sink.data);

    o = feed_all_ways(b, "hell", 4);
    assert_false(o.body.whole || o.body.bad);
    assert_int_equal(o.body.remaining, 1);
    http_body_eof(&o.body);
    assert_true(o.body.bad);
    assert_int_equal(http_body_scan(&o.body, "o", 1, NULL, NULL), 0);
    free(o.sink.data);
}

static void test_until_close_and_none(void **state)
{
    (void)state;
    struct http_body b = { .kind = BODY_UNTIL_CLOSE };
    struct outcome o = feed_all_ways(b, "0\r\n\r\nx", 6);
    assert_false(o.body.whole || o.body.bad);
    assert_int_equal(o.sink.len, 6);
    http_body_eof(&o.body);
    assert_true(o.body.whole && !o.body.bad);
    assert_int_equal(http_body_scan(&o.body, "y", 1, NULL, NULL), 0);
    free(o.sink.data);

    b = (struct http_body){ .kind = BODY_NONE, .whole = true };
    assert_int_equal(http_body_scan(&b, "GET", 3, NULL, NULL), 0);
    http_body_eof(&b);
    assert_true(b.whole && !b.bad);
}

/* `fill` up to `total` octets, between `before` and `after`; how it ends. */
static struct http_body endless(const char *before, char fill, size_t total, const char *after,
                                size_t step, size_t *consumed)
{
    size_t a = strlen(before), z = strlen(after), len = a + total + z;
    char *stream = malloc(len);
    assert_non_null(stream);
    memcpy(stream, before, a);
    memset(stream + a, fill, total);
    memcpy(stream + a + total, after, z);
    struct outcome o = feed(chunked, stream, len, len, step);
    *consumed = o.consumed;
    free(o.sink.data);
    free(stream);
    return o.body;
}

/* A line or trailer section of HTTP_BODY_LINE_MAX octets passes, one octet more does not; and it
 * does not matter how it arrives. */
static void test_endless_lines_are_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        char fill;
        const char *after;
        size_t outside; /* octets of `before` and `after` that do not count */
    } rows[] = {
        { "1;", 'x', "\r\nA\r\n0\r\n\r\n", 9 },        { "1", ' ', ";\r\nA\r\n0\r\n\r\n", 9 },
        { "", '0', "1\r\nA\r\n0\r\n\r\n", 9 },         { "0\r\nA: ", 'x', "\r\n\r\n", 3 },
        { "0\r\nA: b\r\nB: ", '\xff', "\r\n\r\n", 3 },
    };
    static const size_t steps[] = { 0, 1, 1000 };
    for (size_t i = 0; i < N(rows); i++) {
        size_t fixed = strlen(rows[i].before) + strlen(rows[i].after) - rows[i].outside;
        size_t most = HTTP_BODY_LINE_MAX - fixed;
        for (size_t k = 0; k < N(steps); k++) {
            size_t n = 0;
            struct http_body b =
                endless(rows[i].before, rows[i].fill, most, rows[i].after, steps[k], &n);
            if (!b.whole)
                fail_msg("row %zu: %s", i, b.error ? b.error : "not whole");
            b = endless(rows[i].before, rows[i].fill, most + 1, rows[i].after, steps[k], &n);
            if (!b.bad)
                fail_msg("row %zu is not bad", i);
            b = endless(rows[i].before, rows[i].fill, (size_t)1 << 20, "", steps[k], &n);
            assert_true(b.bad);
            assert_true(n <= HTTP_BODY_LINE_MAX + 3);
        }
    }
}

/* Many short trailer lines are as endless as a long one; many chunk lines are not. */
static void test_bounds_count_sections_not_bodies(void **state)
{
    (void)state;
    struct http_body b = chunked;
    for (int i = 0; i < 100000 && !b.bad; i++)
        assert_int_equal(http_body_scan(&b, "1;x=y\r\na\r\n", 10, NULL, NULL), 10);
    assert_false(b.bad);
    assert_int_equal(b.payload, 100000);
    http_body_scan(&b, "0\r\n", 3, NULL, NULL);
    int lines = 0;
    while (!b.bad && lines++ < 100000)
        http_body_scan(&b, "A: b\r\n", 6, NULL, NULL);
    assert_true(b.bad);
    assert_int_equal(lines, HTTP_BODY_LINE_MAX / 6 + 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_framing_of_requests),
    cmocka_unit_test(test_framing_of_responses),
    cmocka_unit_test(test_chunked_bodies),
    cmocka_unit_test(test_broken_chunks),
    cmocka_unit_test(test_largest_chunk_does_not_wrap),
    cmocka_unit_test(test_nul_in_content_is_content),
    cmocka_unit_test(test_length),
    cmocka_unit_test(test_until_close_and_none),
    cmocka_unit_test(test_endless_lines_are_bounded),
    cmocka_unit_test(test_bounds_count_sections_not_bodies),
};

TEST_MAIN(tests)
