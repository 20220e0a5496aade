/* Fields, folds, lists and the persistence that follows from them. */
#include "http_cases.h"

static struct http_head fields_of(const char *fields)
{
    static char text[1024];
    snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n%s\r\n", fields);
    return request_of(text);
}

static void test_fields_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *line;
    } rows[] = {
        { "Host", "o.test", "Host: o.test\r\n" },
        { "Empty", "", "Empty:\r\n" },
        { "Blank", "", "Blank: \t \r\n" },
        { "X-A", "b  c", "X-A:\t b  c \t\r\n" },
        { "colons", ":a:b:", "colons::a:b:\r\n" },
        { "lf", "only", "lf: only\n" },
        { "Fold", "b\r\n\tc", "Fold: b\r\n\tc\r\n" },
        { "Fold-First", "b", "Fold-First:\r\n b\r\n" },
        { "Fold-Last", "b", "Fold-Last: b\r\n \r\n" },
        { "Fold-Colon", "b\n x: y\r\n\t\tz", "Fold-Colon: b\n x: y\r\n\t\tz\r\n" },
        { "x-a", "\xe4\xff\x01", "x-a: \xe4\xff\x01\r\n" },
    };
    char text[512] = "";
    for (size_t i = 0, at = 0; i < N(rows); i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", rows[i].line);
    struct http_head h = fields_of(text);
    struct http_field f;
    size_t cursor = 0;
    for (size_t i = 0; i < N(rows); i++) {
        assert_true(http_next_field(&h, &cursor, &f));
        assert_slice(f.name, rows[i].name);
        assert_slice(f.value, rows[i].value);
        assert_slice(f.line, rows[i].line);
    }
    assert_false(http_next_field(&h, &cursor, &f));
    assert_int_equal(cursor, h.fields.len);

    struct http_slice value;
    assert_true(http_find(&h, "x-A", &value));
    assert_slice(value, "b  c");
    assert_int_equal(http_count(&h, "X-A"), 2);
    assert_false(http_find(&h, "x: y", &value)); /* in a folded line */
    assert_int_equal(value.len, 0);
    assert_int_equal(http_count(&h, "X"), 0);
    assert_int_equal(http_count(&h, ""), 0);

    h = request_of("GET / HTTP/1.1\r\n\r\n");
    cursor = 0;
    assert_false(http_next_field(&h, &cursor, &f));
    assert_false(http_find(&h, "Host", &value));
}

static void test_space_before_colon_in_a_response(void **state)
{
    (void)state;
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length \t: 5\r\n\r\n";
    struct http_head h;
    const char *error = NULL;
    struct http_slice value;
    assert_int_equal(http_parse_response(text, sizeof(text) - 1, &h, &error), 0);
    assert_true(http_find(&h, "Content-Length", &value));
    assert_slice(value, "5");
    assert_true(http_has_framing(&h));
}

static void test_unfold(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "b", "b" },
        { "", "" },
        { "b\tc", "b\tc" },
        { "b\r\n\tc", "b   c" },
        { "b\t\r\n\t\tc\td", "b     c\td" },
        { "b\n c\r\n d", "b  c   d" },
    };
    for (size_t i = 0; i < N(rows); i++) {
        char *out = exact(rows[i][0], strlen(rows[i][0]));
        http_unfold(http_slice_of(rows[i][0]), out);
        assert_slice((struct http_slice){ out, strlen(rows[i][0]) }, rows[i][1]);
        free(out);
    }
}

static void test_list_elements(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        const char *elements[4];
    } rows[] = {
        { "", { NULL } },
        { " , ,\t,", { NULL } },
        { "a", { "a", NULL } },
        { "a,b", { "a", "b", NULL } },
        { ", a ,, b c\t, ", { "a", "b c", NULL } },
        { "a,\r\n b", { "a", "b", NULL } },
        { "x=\"b, c\", d", { "x=\"b, c\"", "d", NULL } },
        { "\"a\\\", b\", c", { "\"a\\\", b\"", "c", NULL } },
        { "\"a\\\\\", c", { "\"a\\\\\"", "c", NULL } },
        { "a\\,b", { "a\\", "b", NULL } },
        { "\"open, a", { "\"open, a", NULL } },
        { "\"open\\", { "\"open\\", NULL } },
    };
    for (size_t i = 0; i < N(rows); i++) {
        char *text = exact(rows[i].value, strlen(rows[i].value));
        struct http_slice value = { text, strlen(rows[i].value) }, element;
        size_t cursor = 0, n = 0;
        while (http_next_element(value, &cursor, &element)) {
            assert_non_null(rows[i].elements[n]);
            assert_slice(element, rows[i].elements[n++]);
        }
        assert_null(rows[i].elements[n]);
        free(text);
    }
}

static void test_list_has(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        bool has;
    } rows[] = {
        { "Connection: close\r\n", true },
        { "connection:CLOSE\r\n", true },
        { "Connection: keep-alive, Close\r\n", true },
        { "Connection: x\r\nA: b\r\nConnection: ,y,close,\r\n", true },
        { "Connection: x,\r\n close\r\n", true },
        { "Connection: closed\r\n", false },
        { "Connection: clos\r\n", false },
        { "Connection: not close\r\n", false },
        { "Connection: \"close\"\r\n", false },
        { "Connection: \"a, close, b\"\r\n", false },
        { "Connection:\r\n", false },
        { "X-Connection: close\r\n", false },
        { "", false },
    };
    for (size_t i = 0; i < N(rows); i++) {
        struct http_head h = fields_of(rows[i].fields);
        if (http_list_has(&h, "Connection", "close") != rows[i].has)
            fail_msg("%s", rows[i].fields);
    }
}

static void test_keep_alive(void **state)
{
    (void)state;
    static const struct {
        const char *version, *fields;
        bool persists;
    } rows[] = {
        { "1.1", "", true },
        { "1.1", "Connection: close\r\n", false },
        { "1.1", "Connection: keep-alive\r\n", true },
        { "1.1", "Connection: keep-alive, close\r\n", false },
        { "1.1", "Connection: Upgrade\r\n", true },
        { "1.1", "Proxy-Connection: close\r\n", true },
        { "1.9", "", true },
        { "2.0", "", true },
        { "1.0", "", false },
        { "1.0", "Connection: keep-alive\r\n", true },
        { "1.0", "CONNECTION: Keep-Alive\r\n", true },
        { "1.0", "Connection: keep-alive\r\nConnection: close\r\n", false },
        { "1.0", "Proxy-Connection: keep-alive\r\n", false },
        { "1.0", "Keep-Alive: timeout=5\r\n", false },
        { "0.9", "Connection: keep-alive\r\n", false },
    };
    for (size_t i = 0; i < N(rows); i++) {
        char text[256];
        snprintf(text, sizeof(text), "GET / HTTP/%s\r\n%s\r\n", rows[i].version, rows[i].fields);
        struct http_head h = request_of(text);
        if (http_keep_alive(&h) != rows[i].persists)
            fail_msg("request, %s %s", rows[i].version, rows[i].fields);
        snprintf(text, sizeof(text), "HTTP/%s 200 OK\r\n%s\r\n", rows[i].version, rows[i].fields);
        h = response_of(text);
        if (http_keep_alive(&h) != rows[i].persists)
            fail_msg("response, %s %s", rows[i].version, rows[i].fields);
    }
}

static void test_has_framing(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        bool has;
    } rows[] = {
        { "", false },
        { "Content-Length: 0\r\n", true },
        { "A: b\r\ncONTENT-lENGTH: x\r\n", true },
        { "Transfer-Encoding: y\r\n", true },
        { "Content-Lengthy: 0\r\n", false },
        { "Content_Length: 0\r\n", false },
        { "A: b\r\n Content-Length: 0\r\n", false },
        { "Connection: Content-Length\r\n", false },
    };
    for (size_t i = 0; i < N(rows); i++) {
        struct http_head h = fields_of(rows[i].fields);
        if (http_has_framing(&h) != rows[i].has)
            fail_msg("%s", rows[i].fields);
    }
}

static void test_huge_blocks(void **state)
{
    (void)state;
    enum { FIELDS = 200000, LINE = 10 };
    static const char start[] = "GET / HTTP/1.1\r\n";
    size_t head = sizeof(start) - 1, len = head + (size_t)FIELDS * LINE + 2;
    char *text = malloc(len + 1);
    assert_non_null(text);
    memcpy(text, start, head);
    for (int i = 0; i < FIELDS; i++)
        snprintf(text + head + (size_t)i * LINE, LINE + 1, "%05x: b\r\n", (unsigned)i);
    memcpy(text + len - 2, "\r\n", 3);
    struct http_head h;
    const char *error = NULL;
    struct http_slice value;
    assert_int_equal(http_head_end(text, len - 1, 0), 0);
    assert_int_equal(http_head_end(text, len, len - 1), len);
    assert_int_equal(http_parse_request(text, len, &h, &error), 0);
    assert_true(http_find(&h, "30d3f", &value));
    assert_int_equal(http_count(&h, "00000"), 1);

    /* One field of two megabytes. */
    memset(text + head + 2, ' ', len - head - 4);
    memcpy(text + head, "A:", 2);
    text[len / 2] = 'x';
    text[len - 4] = '\r';
    text[len - 3] = '\n';
    assert_int_equal(http_head_end(text, len, 0), len);
    assert_int_equal(http_parse_request(text, len, &h, &error), 0);
    assert_true(http_find(&h, "A", &value));
    assert_slice(value, "x");
    free(text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_fields_in_order), cmocka_unit_test(test_space_before_colon_in_a_response),
    cmocka_unit_test(test_unfold),          cmocka_unit_test(test_list_elements),
    cmocka_unit_test(test_list_has),        cmocka_unit_test(test_keep_alive),
    cmocka_unit_test(test_has_framing),     cmocka_unit_test(test_huge_blocks),
};

TEST_MAIN(tests)
