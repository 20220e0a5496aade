/*
 * The driver contract's lines: what is written for keys and steps, what is read, what is refused.
 */
#include "cmocka_main.h"

#include <stdlib.h>

#include "clock.h"
#include "json.h"
#include "protocol.h"

/* ---- writing --------------------------------------------------------------------------------- */

static const char *const nothing[] = { NULL };

static void expect_line(struct buf *b, const char *expected)
{
    buf_char(b, '\0');
    assert_string_equal(b->at, expected);
    buf_free(b);
}

static struct client_keys keys(void)
{
    return (struct client_keys){ .retry = RETRY_OFF, .total = 10 * CLOCK_S, .verify = true };
}

static void writes_open(void **state)
{
    static const struct user one[] = { { "u1", "p\"1" } };
    struct client_keys k = keys();
    struct setup s = { .keys = &k, .ca_file = "/ca", .without_proxy = nothing };
    struct buf b = { 0 };
    (void)state;
    protocol_open(&b, 3, &s);
    expect_line(&b, "{\"do\":\"open\",\"session\":3,\"proxy\":null,\"ca_file\":\"/ca\","
                    "\"retry\":\"off\",\"redirects\":false,\"deadlines\":{\"total_ms\":10000}}\n");
    k.credentials = one;
    k.credential_count = 1;
    k.retry = RETRY_POLICY;
    k.attempts = 3;
    k.base = 1500000; /* half a millisecond is rounded up */
    k.verify = false;
    k.given = 1ULL << CLIENT_VERIFY;
    s.proxy.url = "http://127.0.0.1:1";
    protocol_open(&b, 1, &s);
    expect_line(&b, "{\"do\":\"open\",\"session\":1,\"proxy\":{\"url\":\"http://127.0.0.1:1\","
                    "\"username\":\"u1\",\"password\":\"p\\\"1\",\"by\":\"documented\"},"
                    "\"ca_file\":\"/ca\",\"retry\":{\"attempts\":3,\"base_ms\":2},"
                    "\"redirects\":false,\"deadlines\":{\"total_ms\":10000},\"verify\":false}\n");
}

/* A session of the case that says nothing of cookies has them where the client has them. */
static void a_session_is_told_what_it_inherits(void **state)
{
    struct client_keys k = keys();
    struct setup s = { .keys = &k, .ca_file = "/ca", .without_proxy = nothing };
    struct buf b = { 0 };
    (void)state;
    k.cookies = k.cache = true;
    k.verify = false;
    k.rotate = "sticky";
    k.given = 1ULL << CLIENT_CREDENTIALS;
    protocol_open(&b, 2, &s);
    expect_line(&b, "{\"do\":\"open\",\"session\":2,\"proxy\":null,\"ca_file\":\"/ca\","
                    "\"retry\":\"off\",\"redirects\":false,\"deadlines\":{\"total_ms\":10000},"
                    "\"cookies\":true,\"cache\":true,\"verify\":false,\"rotate\":\"sticky\"}\n");
}

static void a_change_has_only_what_changes(void **state)
{
    struct client_keys k = keys();
    struct setup s = { .keys = &k, .ca_file = "/ca", .without_proxy = nothing };
    struct buf b = { 0 };
    (void)state;
    k.given = 1ULL << CLIENT_PROXY;
    s.proxy = (struct proxy_setup){ .url = "http://x@y", .is_literal = true };
    protocol_change(&b, 2, &s);
    expect_line(&b, "{\"do\":\"change\",\"session\":2,"
                    "\"proxy\":{\"url\":\"http://x@y\",\"literal\":true}}\n");
}

/* docs/drivers.md: credentials alone stand beside the session; else they are a part of the proxy.
 */
static void a_change_tells_credentials_where_they_stand(void **state)
{
    static const struct user one[] = { { "u1", "p1" } }, two[] = { { "u2", "p2" } };
    static const struct {
        uint64_t given;
        const struct user *credentials;
        const char *line;
    } rows[] = {
        { 1ULL << CLIENT_CREDENTIALS, two,
          "\"username\":\"u2\",\"password\":\"p2\",\"by\":\"url\"" },
        { 1ULL << CLIENT_CREDENTIALS, NULL, "\"proxy\":{\"url\":\"http://a\"}" },
        { 1ULL << CLIENT_PROXY, NULL,
          "\"proxy\":{\"url\":\"http://b\",\"username\":\"u1\",\"password\":\"p1\",\"by\":"
          "\"url\"}" },
        { 1ULL << CLIENT_PROXY | 1ULL << CLIENT_CREDENTIALS, two,
          "\"proxy\":{\"url\":\"http://b\",\"username\":\"u2\",\"password\":\"p2\",\"by\":"
          "\"url\"}" },
        { 1ULL << CLIENT_PROXY | 1ULL << CLIENT_CREDENTIALS, NULL,
          "\"proxy\":{\"url\":\"http://b\"}" },
    };
    struct arena *arena = arena_new();
    struct client_keys mine = keys();
    struct setup session = { .keys = &mine, .without_proxy = nothing, .proxy.url = "http://a" };
    (void)state;
    mine.credentials = one;
    mine.credential_count = 1;
    mine.credentials_by = "url";
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char line[256];
        struct buf b = { 0 };
        struct client_keys k = keys();
        struct setup change = { .keys = &k, .without_proxy = nothing };
        k.given = rows[i].given;
        k.credentials = rows[i].credentials;
        k.credential_count = k.credentials != NULL;
        if (k.given & 1ULL << CLIENT_PROXY)
            change.proxy.url = "http://b";
        const struct setup *after = setup_merge(arena, &session, &change);
        protocol_change(&b, 1, setup_change(arena, after, &change));
        snprintf(line, sizeof(line), "{\"do\":\"change\",\"session\":1,%s}\n", rows[i].line);
        expect_line(&b, line);
    }
    arena_free(arena);
}

static void writes_requests(void **state)
{
    static const struct named headers[] = { { "X-A", "\xe9", 1 } };
    struct step step = { .method = "POST", .has_body = true, .body = { .source = BODY_PATTERN } };
    struct request_setup r = { .step = &step, .url = "http://o/", .headers = headers };
    struct buf b = { 0 };
    (void)state;
    step.body.size = 5;
    r.header_count = 1;
    step.parallel = true;
    protocol_request(&b, 1, 7, &r);
    expect_line(&b, "{\"do\":\"request\",\"session\":1,\"id\":7,\"method\":\"POST\",\"url\":"
                    "\"http://o/\",\"headers\":[[\"X-A\",\"\\u00e9\"]],\"body\":{\"size\":5},"
                    "\"parallel\":true}\n");
    step = (struct step){ .method = "PUT", .has_body = true, .body = { .source = BODY_TEXT } };
    r = (struct request_setup){ .step = &step, .url = "http://o/", .body = "a\0b", .body_len = 3 };
    protocol_request(&b, 1, 8, &r);
    expect_line(&b, "{\"do\":\"request\",\"session\":1,\"id\":8,\"method\":\"PUT\",\"url\":"
                    "\"http://o/\",\"headers\":[],\"body\":{\"base64\":\"YQBi\"}}\n");
    step = (struct step){ .total = CLOCK_S };
    r = (struct request_setup){ .step = &step, .connect = "o:22", .total = CLOCK_S };
    protocol_request(&b, 1, 9, &r);
    expect_line(&b, "{\"do\":\"request\",\"session\":1,\"id\":9,\"raw\":{\"connect\":\"o:22\"},"
                    "\"deadlines\":{\"total_ms\":1000}}\n");
}

/* ---- reading --------------------------------------------------------------------------------- */

static const struct reply *read_line(struct arena *arena, const char *line)
{
    const char *why = NULL;
    const struct reply *r = protocol_read(arena, line, strlen(line), &why);
    if (!r)
        fprintf(stderr, "%s: %s\n", line, why);
    assert_non_null(r);
    return r;
}

static void reads_results(void **state)
{
    struct arena *arena = arena_new();
    (void)state;
    const struct reply *r = read_line(
        arena, "{\"id\":7,\"error\":\"gone\",\"kind\":\"closed_early\",\"status\":407,\"asked\":2,"
               "\"headers\":[[\"X\",\"\xc3\xa9\"],[\"Y\",\"\"]],\"trailers\":[],\"hop\":\"proxy\","
               "\"body\":{\"bytes\":3,\"head\":\"YWJj\",\"sha256\":"
               "\"AA00000000000000000000000000000000000000000000000000000000000000\"}}");
    assert_int_equal(r->kind, REPLY_RESULT);
    assert_int_equal(r->id, 7);
    assert_true(r->result.is_error);
    assert_string_equal(r->result.kind, "closed-early");
    assert_int_equal(r->result.status, 407);
    assert_int_equal(r->result.asked, 2);
    assert_string_equal(r->result.headers, "X: \xe9\r\nY: \r\n");
    assert_int_equal(r->result.trailers_len, 0);
    assert_int_equal(r->result.bytes, 3);
    assert_int_equal(r->result.head_len, 3);
    assert_memory_equal(r->result.head, "abc", 3);
    assert_true(r->result.sha256[0] == 'a');
    r = read_line(arena, "{\"id\":1,\"status\":200,\"error\":null}");
    assert_false(r->result.is_error || r->result.has_body);
    assert_int_equal(r->result.asked, -1);
    arena_free(arena);
}

static void reads_the_others(void **state)
{
    struct arena *arena = arena_new();
    (void)state;
    const struct reply *r =
        read_line(arena, "{\"client\":\"c\",\"version\":\"1\",\"capabilities\":[\"https\"],"
                         "\"kinds\":{\"E\\\"1\":\"reset\"},\"more\":1}");
    assert_int_equal(r->kind, REPLY_HELLO);
    assert_string_equal(r->kinds, "{\"E\\\"1\":\"reset\"}");
    assert_string_equal(r->capabilities[0], "https");
    r = read_line(arena, "{\"unsupported\":\"digest\",\"id\":4}");
    assert_int_equal(r->kind, REPLY_UNSUPPORTED);
    assert_true(r->has_id);
    r = read_line(arena, "{\"session\":2,\"error\":\"bad\",\"kind\":\"config\"}");
    assert_int_equal(r->kind, REPLY_SESSION);
    assert_true(r->result.is_error);
    assert_int_equal(read_line(arena, "{\"closed\":2}")->kind, REPLY_CLOSED);
    assert_int_equal(read_line(arena, "{\"cancelled\":2}")->kind, REPLY_CANCELLED);
    arena_free(arena);
}

static void refuses_rubbish(void **state)
{
    static const char *const lines[] = {
        "",
        "Hello",
        "[]",
        "{}",
        "{\"id\":1}",
        "{\"id\":-1,\"status\":200}",
        "{\"id\":1.5,\"status\":200}",
        "{\"id\":1,\"status\":1000}",
        "{\"id\":1,\"status\":\"200\"}",
        "{\"id\":1,\"status\":200,\"kind\":\"what\"}",
        "{\"id\":1,\"status\":200,\"hop\":\"site\"}",
        "{\"id\":1,\"status\":200,\"headers\":[[\"a\"]]}",
        "{\"id\":1,\"status\":200,\"headers\":{\"a\":\"b\"}}",
        "{\"id\":1,\"status\":200,\"body\":{\"bytes\":1,\"sha256\":\"00\"}}",
        "{\"id\":1,\"status\":200,\"body\":{\"bytes\":1,\"head\":\"!\"}}",
        "{\"id\":1,\"status\":200,\"body\":{\"bytes\":1,\"head\":\"YWJj\"}}",
        "{\"unsupported\":1}",
        "{\"id\":1,\"status\":200} x",
        "{\"client\":\"c\",\"capabilities\":[1]}",
    };
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        const char *why = NULL;
        if (protocol_read(arena, lines[i], strlen(lines[i]), &why))
            fail_msg("not refused: %s", lines[i]);
        assert_non_null(why);
    }
    arena_free(arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(writes_open),
    cmocka_unit_test(a_session_is_told_what_it_inherits),
    cmocka_unit_test(a_change_has_only_what_changes),
    cmocka_unit_test(a_change_tells_credentials_where_they_stand),
    cmocka_unit_test(writes_requests),
    cmocka_unit_test(reads_results),
    cmocka_unit_test(reads_the_others),
    cmocka_unit_test(refuses_rubbish),
};

TEST_MAIN(tests)
