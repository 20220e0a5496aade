/* Header blocks: where they end, start lines, what is refused, reason phrases. */
#include "http_cases.h"

static void test_slices(void **state)
{
    (void)state;
    struct http_slice none = { NULL, 0 };
    assert_true(http_slice_is(http_slice_of("GET"), "GET"));
    assert_false(http_slice_is(http_slice_of("get"), "GET"));
    assert_false(http_slice_is(http_slice_of("GET"), "GE"));
    assert_false(http_slice_is(http_slice_of("GE"), "GET"));
    assert_true(http_slice_is(none, ""));
    assert_false(http_slice_is(none, "x"));
    assert_true(http_slice_is_nocase(none, ""));
    assert_true(http_slice_is_nocase(http_slice_of("cHUNKED"), "Chunked"));
    assert_false(http_slice_is_nocase(http_slice_of("chunked"), "chunke"));
    /* Octets that differ by 0x20 but are no letters. */
    assert_false(http_slice_is_nocase(http_slice_of("@[\\]^"), "`{|}~"));
    assert_false(http_slice_is_nocase(http_slice_of("\xc4"), "\xe4"));
    struct http_slice with_nul = { "a\0b", 3 };
    assert_false(http_slice_is(with_nul, "a"));
}

/* ---- where a header block ends ---- */

static void test_head_end(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        size_t end;
    } rows[] = {
        { "GET / HTTP/1.1\r\nA: b\r\n\r\n", 24 },
        { "GET / HTTP/1.1\r\nA: b\r\n\r\nbody\r\n\r\n", 24 },
        { "GET / HTTP/1.1\r\n\r\n", 18 },
        { "GET / HTTP/1.1\n\n", 16 },
        { "GET / HTTP/1.1\nA: b\n\r\nX", 22 },
        { "GET / HTTP/1.1\r\nA: b\n\nX", 22 },
        { "GET / HTTP/1.1\r\n\nX", 17 },
        { "\r\nGET / HTTP/1.1\r\n\r\n", 2 },
        { "\nGET", 1 },
        { "GET / HTTP/1.1\r\nA: b\r\n \r\nB: c\r\n\r\n", 33 },
        { "GET / HTTP/1.1\r\nA: b\r\n\r\r\n", 0 },
        { "GET / HTTP/1.1\r\n\rA", 0 },
        { "", 0 },
    };
    for (size_t i = 0; i < N(rows); i++) {
        size_t len = strlen(rows[i].data);
        for (size_t known = 0; known <= len; known++) {
            char *data = exact(rows[i].data, known);
            size_t want = known < rows[i].end ? 0 : rows[i].end;
            if (http_head_end(data, known, 0) != want)
                fail_msg("row %zu, %zu octets", i, known);
            /* Told of any number of octets that hold no end, it finds the same. */
            for (size_t seen = 0; seen <= known && (want == 0 || seen < want); seen++)
                if (http_head_end(data, known, seen) != want)
                    fail_msg("row %zu, %zu octets, %zu seen", i, known, seen);
            free(data);
        }
    }
}

static void test_leading_crlf(void **state)
{
    (void)state;
    assert_int_equal(http_leading_crlf("", 0), 0);
    assert_int_equal(http_leading_crlf("GET", 3), 0);
    assert_int_equal(http_leading_crlf("\r\nGET", 5), 2);
    assert_int_equal(http_leading_crlf("\r\n\n\r\nGET", 8), 5);
    assert_int_equal(http_leading_crlf("\r\n", 2), 2);
    assert_int_equal(http_leading_crlf("\r\n\r", 3), 2);
    assert_int_equal(http_leading_crlf("\r", 1), 0);
    assert_int_equal(http_leading_crlf("\rG", 2), 0);
    assert_int_equal(http_leading_crlf(" \r\n", 3), 0);
}

/* ---- messages ---- */

static void test_request(void **state)
{
    (void)state;
    static const char text[] = "GET http://www.example.org/pub/WWW/ HTTP/1.1\r\n"
                               "Host: www.example.org\r\n"
                               "X-A:b \r\n"
                               "\r\n";
    struct http_head h = request_of(text);
    assert_slice(h.all, text);
    assert_slice(h.fields, "Host: www.example.org\r\nX-A:b \r\n");
    assert_slice(h.method, "GET");
    assert_slice(h.target, "http://www.example.org/pub/WWW/");
    assert_int_equal(h.major, 1);
    assert_int_equal(h.minor, 1);
    assert_int_equal(h.status, 0);

    h = request_of("M!#$%&'*+-.^_`|~9 * HTTP/9.8\n\n");
    assert_slice(h.method, "M!#$%&'*+-.^_`|~9");
    assert_int_equal(h.major, 9);
    assert_int_equal(h.minor, 8);
    assert_int_equal(h.fields.len, 0);
    h = request_of("PRI * HTTP/2.0\r\n\r\n");
    assert_int_equal(h.major, 2);
    h = request_of("GET /\xc3\xa9?#\"<> HTTP/1.0\r\nA:\r\nB: \x01\xff\r\n\r\n");
    assert_slice(h.target, "/\xc3\xa9?#\"<>");
}

static void test_refused_requests(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } rows[] = {
        { "", "not complete" },
        { "GET / HTTP/1.1", "not complete" },
        { "GET / HTTP/1.1\r\n", "not complete" },
        { "GET / HTTP/1.1\r\nA: b\r\n", "not complete" },
        { "\r\n", "start line is empty" },
        { "\r\n\r\n", "start line is empty" },
        { "GET\r\n\r\n", "the request line is not" },
        { "GET /\r\n\r\n", "the request line is not" },
        { "hello world\r\n\r\n", "the request line is not" },
        { "GET / HTTP/1.1 \r\n\r\n", "HTTP-version" },
        { "GET / http/1.1\r\n\r\n", "HTTP-version" },
        { "GET / HTTP/1\r\n\r\n", "HTTP-version" },
        { "GET / HTTP/1.10\r\n\r\n", "HTTP-version" },
        { "GET / HTTP/11.1\r\n\r\n", "HTTP-version" },
        { "GET / HTTP/x.y\r\n\r\n", "HTTP-version" },
        { "GET / HTTP/1,1\r\n\r\n", "HTTP-version" },
        { "GET / XTTP/1.1\r\n\r\n", "HTTP-version" },
        { "GET  / HTTP/1.1\r\n\r\n", "white space" },
        { "GET /a b HTTP/1.1\r\n\r\n", "white space" },
        { "GET /a\tb HTTP/1.1\r\n\r\n", "white space" },
        { "GET /a\x7f HTTP/1.1\r\n\r\n", "control" },
        { "GET /a\x01 HTTP/1.1\r\n\r\n", "control" },
        { "GET  HTTP/1.1\r\n\r\n", "target is empty" },
        { " / HTTP/1.1\r\n\r\n", "method" },
        { " GET / HTTP/1.1\r\n\r\n", "method" },
        { "G(T / HTTP/1.1\r\n\r\n", "method" },
        { "G\xc3T / HTTP/1.1\r\n\r\n", "method" },
        { "GET / HTTP/1.1\r\r\n\r\n", "bare CR in the start" },
        { "GET /\r/ HTTP/1.1\r\n\r\n", "bare CR in the start" },
        { "GET / HTTP/1.1\r\nA: b\rB: c\r\n\r\n", "bare CR in a field" },
        { "GET / HTTP/1.1\r\nA: b\r\r\n\r\n", "bare CR in a field" },
        { "GET / HTTP/1.1\r\nA: b\r\n c\rd\r\n\r\n", "bare CR in a field" },
        { "GET / HTTP/1.1\r\nA b\r\n\r\n", "no colon" },
        { "GET / HTTP/1.1\r\nA\r\n\r\n", "no colon" },
        { "GET / HTTP/1.1\r\nA\r\n : b\r\n\r\n", "no colon" },
        { "GET / HTTP/1.1\r\n: b\r\n\r\n", "field name" },
        { "GET / HTTP/1.1\r\nA(: b\r\n\r\n", "field name" },
        { "GET / HTTP/1.1\r\n\xc3\xa9: b\r\n\r\n", "field name" },
        { "GET / HTTP/1.1\r\nA : b\r\n\r\n", "between a field name and its colon" },
        { "GET / HTTP/1.1\r\nContent-Length\t: 5\r\n\r\n", "between a field name" },
        { "GET / HTTP/1.1\r\n A: b\r\n\r\n", "before the first field" },
        { "GET / HTTP/1.1\r\n\tA: b\r\nB: c\r\n\r\n", "before the first field" },
        { "GET / HTTP/1.1\r\n \r\n\r\n", "before the first field" },
    };
    for (size_t i = 0; i < N(rows); i++) {
        struct http_head h;
        const char *error = NULL;
        char *text = exact(rows[i].text, strlen(rows[i].text));
        if (http_parse_request(text, strlen(rows[i].text), &h, &error) != -1)
            fail_msg("row %zu is accepted", i);
        assert_non_null(error);
        if (strstr(error, rows[i].error) == NULL)
            fail_msg("row %zu: %s", i, error);
        free(text);
    }
}

static void test_nul_is_refused_anywhere(void **state)
{
    (void)state;
    static const char request[] = "GET /x HTTP/1.1\r\nHost: o\r\nA: b\r\n c\r\n\r\n";
    static const char response[] = "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n";
    struct http_head h;
    const char *error = NULL;
    for (size_t i = 0; i < sizeof(request) - 1; i++) {
        char *text = exact(request, sizeof(request) - 1);
        text[i] = '\0';
        assert_int_equal(http_parse_request(text, sizeof(request) - 1, &h, &error), -1);
        free(text);
    }
    for (size_t i = 0; i < sizeof(response) - 1; i++) {
        char *text = exact(response, sizeof(response) - 1);
        text[i] = '\0';
        assert_int_equal(http_parse_response(text, sizeof(response) - 1, &h, &error), -1);
        free(text);
    }
}

static void test_response(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status, major, minor;
        const char *reason;
    } rows[] = {
        { "HTTP/1.1 200 OK\r\n\r\n", 200, 1, 1, "OK" },
        { "HTTP/1.1 407 Proxy Authentication Required\r\nA: b\r\n\r\n", 407, 1, 1,
          "Proxy Authentication Required" },
        { "HTTP/1.0 200 \r\n\r\n", 200, 1, 0, "" },
        { "HTTP/1.1 200\r\n\r\n", 200, 1, 1, "" },
        { "HTTP/1.9 200 OK\n\n", 200, 1, 9, "OK" },
        { "HTTP/2.0 999 x\r\n\r\n", 999, 2, 0, "x" },
        { "HTTP/1.1 100 \xc3\xa4  b\r\n\r\n", 100, 1, 1, "\xc3\xa4  b" },
        { "HTTP/1.1 200 OK\r\nX-A : b\r\n\r\n", 200, 1, 1, "OK" },
        { "HTTP/1.1 2OO OK\r\n\r\n", -1, 0, 0, NULL },
        { "HTTP/1.1 2O0 OK\r\n\r\n", -1, 0, 0, NULL },
        { "HTTP/1.1 20O OK\r\n\r\n", -1, 0, 0, NULL },
        { "HTTP/1.1 O00 OK\r\n\r\n", -1, 0, 0, NULL },
        { "HTTP/1.1 20\r\n\r\n", -1, 0, 0, NULL },
        { "HTTP/1.1 20 OK\r\n\r\n", -1, 0, 0, NULL },
        { "HTTP/1.1 099 OK\r\n\r\n", -1, 0, 0, NULL },
        { "HTTP/1.1 2000 OK\r\n\r\n", -1, 0, 0, NULL },
        { "HTTP/1.1 200\tOK\r\n\r\n", -1, 0, 0, NULL },
        { "HTTP/1.1  200 OK\r\n\r\n", -1, 0, 0, NULL },
        { "HTTP/x.y 200 OK\r\n\r\n", -1, 0, 0, NULL },
        { "HTTP/3 200\r\n\r\n", -1, 0, 0, NULL },
        { "ICY 200 OK\r\n\r\n", -1, 0, 0, NULL },
        { "<html>\r\n<h1>400 Bad request</h1>\r\n\r\n", -1, 0, 0, NULL },
        { "\r\nHTTP/1.1 200 OK\r\n\r\n", -1, 0, 0, NULL },
        { "HTTP/1.1 200 OK\r\n A: b\r\n\r\n", -1, 0, 0, NULL },
        { "HTTP/1.1 200 OK\r\nA: b\rB: c\r\n\r\n", -1, 0, 0, NULL },
        { "HTTP/1.1 200 OK\r\nA b\r\n\r\n", -1, 0, 0, NULL },
        { "HTTP/1.1 200 OK\r\n : b\r\n\r\n", -1, 0, 0, NULL },
        { "HTTP/1.1 200 OK\r\n", -1, 0, 0, NULL },
    };
    for (size_t i = 0; i < N(rows); i++) {
        struct http_head h;
        const char *error = NULL;
        int result = http_parse_response(rows[i].text, strlen(rows[i].text), &h, &error);
        if (result != (rows[i].status < 0 ? -1 : 0))
            fail_msg("row %zu: %s", i, error ? error : "accepted");
        if (result != 0) {
            assert_non_null(error);
            continue;
        }
        assert_int_equal(h.status, rows[i].status);
        assert_int_equal(h.major, rows[i].major);
        assert_int_equal(h.minor, rows[i].minor);
        assert_slice(h.reason, rows[i].reason);
        assert_slice(h.all, rows[i].text);
        assert_int_equal(h.method.len, 0);
    }
}

static void test_peek_status(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        int status;
    } rows[] = {
        { "HTTP/1.1 200 ", 200 },
        { "HTTP/1.1 503 Service\0", 503 },
        { "HTTP/1.1 200\r\n", 200 },
        { "HTTP/1.1 200\n", 200 },
        { "HTTP/1.1 200", 0 },
        { "HTTP/1.1 200\r", 0 },
        { "HTTP/1.1 200\rX", 0 },
        { "HTTP/1.1 2000 ", 0 },
        { "HTTP/1.1 20", 0 },
        { "HTTP/1.1 2OO OK", 0 },
        { " HTTP/1.1 200 OK", 0 },
        { "ICY 200 OK     ", 0 },
        { "", 0 },
    };
    for (size_t i = 0; i < N(rows); i++) {
        char *data = exact(rows[i].data, strlen(rows[i].data));
        if (http_peek_status(data, strlen(rows[i].data)) != rows[i].status)
            fail_msg("row %zu", i);
        free(data);
    }
}

static void test_reasons(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *phrase;
    } rows[] = {
        { 100, "Continue" },
        { 103, "Early Hints" },
        { 200, "OK" },
        { 204, "No Content" },
        { 206, "Partial Content" },
        { 208, "Already Reported" },
        { 226, "IM Used" },
        { 302, "Found" },
        { 304, "Not Modified" },
        { 305, "Use Proxy" },
        { 306, "" },
        { 307, "Temporary Redirect" },
        { 308, "Permanent Redirect" },
        { 400, "Bad Request" },
        { 403, "Forbidden" },
        { 405, "Method Not Allowed" },
        { 407, "Proxy Authentication Required" },
        { 408, "Request Timeout" },
        { 413, "Content Too Large" },
        { 417, "Expectation Failed" },
        { 418, "" },
        { 421, "Misdirected Request" },
        { 425, "Too Early" },
        { 426, "Upgrade Required" },
        { 428, "Precondition Required" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 451, "Unavailable For Legal Reasons" },
        { 500, "Internal Server Error" },
        { 502, "Bad Gateway" },
        { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" },
        { 505, "HTTP Version Not Supported" },
        { 508, "Loop Detected" },
        { 511, "Network Authentication Required" },
        { 512, "" },
        { 999, "" },
        { 99, "" },
        { 0, "" },
        { -1, "" },
    };
    for (size_t i = 0; i < N(rows); i++)
        assert_string_equal(http_reason(rows[i].status), rows[i].phrase);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_slices),           cmocka_unit_test(test_head_end),
    cmocka_unit_test(test_leading_crlf),     cmocka_unit_test(test_request),
    cmocka_unit_test(test_refused_requests), cmocka_unit_test(test_nul_is_refused_anywhere),
    cmocka_unit_test(test_response),         cmocka_unit_test(test_peek_status),
    cmocka_unit_test(test_reasons),
};

TEST_MAIN(tests)
