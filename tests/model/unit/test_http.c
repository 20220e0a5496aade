/* The model's parsers: header blocks, framing, chunk sizes, URLs, challenges. */
#include "cmocka_main.h"

#include "arena.h"
#include "challenge.h"
#include "response.h"
#include "uri.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* ---- header blocks --------------------------------------------------------------------------- */

struct head_row {
    const char *octets;
    int status; /* 0: refused */
    const char *name, *value;
};

static void heads(void **state)
{
    static const struct head_row rows[] = {
        { "HTTP/1.1 200 OK\r\nA: b\r\n\r\n", 200, "a", "b" },
        { "HTTP/1.0 200\r\nA:b\r\n\r\n", 200, "A", "b" },
        { "HTTP/1.1 200 \nA: \t b \t\n\n", 200, "A", "b" },
        { "HTTP/1.1 599 X\r\nA: b\r\n\t c\r\n  d\r\n\r\n", 599, "A", "b c d" },
        { "HTTP/1.1 200 OK\r\nA:\r\n\r\n", 200, "A", "" },
        { "HTTP/1.1 20\r\n\r\n", 0, NULL, NULL },
        { "HTTP/1.1 2OO OK\r\n\r\n", 0, NULL, NULL },
        { "HTTP/1.1 2000 OK\r\n\r\n", 0, NULL, NULL },
        { "HTTP/1.1 099 OK\r\n\r\n", 0, NULL, NULL },
        { "HTTP/2.0 200 OK\r\n\r\n", 0, NULL, NULL },
        { "HTTP/x.y 200 OK\r\n\r\n", 0, NULL, NULL },
        { "ICY 200 OK\r\n\r\n", 0, NULL, NULL },
        { "HTTP/1.1 200 OK\r\n A: b\r\n\r\n", 0, NULL, NULL },
        { "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", 0, NULL, NULL },
        { "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", 0, NULL, NULL },
        { "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", 0, NULL, NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct response r;
        const char *wrong = response_parse_head(arena, rows[i].octets, strlen(rows[i].octets), &r);
        assert_int_equal(wrong == NULL, rows[i].status != 0);
        if (wrong)
            continue;
        assert_int_equal(r.status, rows[i].status);
        assert_string_equal(fields_nth(&r.fields, rows[i].name, 0), rows[i].value);
    }
}

/* ---- framing --------------------------------------------------------------------------------- */

struct framing_row {
    const char *octets; /* behind "HTTP/1." */
    bool is_head, is_connect;
    int framing; /* -1: refused */
    uint64_t length;
    bool is_persistent;
};

static void framings(void **state)
{
    static const struct framing_row rows[] = {
        { "1 200 OK\r\nContent-Length: 5\r\n\r\n", false, false, FRAMING_LENGTH, 5, true },
        { "0 200 OK\r\nContent-Length: 5\r\n\r\n", false, false, FRAMING_LENGTH, 5, false },
        { "0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 5\r\n\r\n", false, false,
          FRAMING_LENGTH, 5, true },
        { "1 200 OK\r\nConnection: x, close\r\nContent-Length: 0\r\n\r\n", false, false,
          FRAMING_LENGTH, 0, false },
        { "1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", false, false, FRAMING_LENGTH, 5, true },
        { "1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n", false, false, -1, 0,
          false },
        { "1 200 OK\r\nContent-Length: 5, 7\r\n\r\n", false, false, -1, 0, false },
        { "1 200 OK\r\nContent-Length: +5\r\n\r\n", false, false, -1, 0, false },
        { "1 200 OK\r\nContent-Length:\r\n\r\n", false, false, -1, 0, false },
        { "1 200 OK\r\nContent-Length: 18446744073709551621\r\n\r\n", false, false, -1, 0, false },
        { "1 200 OK\r\n\r\n", false, false, FRAMING_CLOSE, 0, false },
        { "1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", false, false, FRAMING_CHUNKED, 0,
          true },
        { "1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", false, false,
          FRAMING_CHUNKED, 0, false },
        { "0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n", false, false,
          FRAMING_CHUNKED, 0, false },
        { "1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", false, false, -1, 0, false },
        { "1 200 OK\r\nContent-Length: 5\r\n\r\n", true, false, FRAMING_NONE, 0, true },
        { "1 204 No\r\n\r\n", false, false, FRAMING_NONE, 0, true },
        { "1 204 No\r\nContent-Length: 5\r\n\r\n", false, false, FRAMING_NONE, 0, false },
        { "1 304 No\r\nContent-Length: 5\r\n\r\n", false, false, FRAMING_NONE, 0, true },
        { "1 200 OK\r\nContent-Length: 5\r\n\r\n", false, true, FRAMING_NONE, 0, true },
        { "1 299 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, true, FRAMING_NONE, 0, true },
        { "1 403 No\r\nContent-Length: 5\r\n\r\n", false, true, FRAMING_LENGTH, 5, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char octets[256];
        struct response r;
        struct response_request q = { rows[i].is_head, rows[i].is_connect };
        int len = snprintf(octets, sizeof(octets), "HTTP/1.%s", rows[i].octets);
        assert_null(response_parse_head(arena, octets, (size_t)len, &r));
        const char *wrong = response_derive_framing(&q, &r);
        assert_int_equal(wrong == NULL, rows[i].framing >= 0);
        if (wrong)
            continue;
        assert_int_equal((int)r.framing, rows[i].framing);
        if (r.framing == FRAMING_LENGTH)
            assert_int_equal(r.length, rows[i].length);
        assert_int_equal(r.is_persistent, rows[i].is_persistent);
    }
}

static void chunk_sizes(void **state)
{
    static const struct {
        const char *line;
        bool fits;
        uint64_t size;
    } rows[] = {
        { "5", true, 5 },
        { "0", true, 0 },
        { "1aF", true, 0x1af },
        { "5;a=b;c=\"d e\"", true, 5 },
        { "5 ; a", true, 5 },
        { "0000000000000000000005", true, 5 },
        { "ffffffffffffffff", true, UINT64_MAX },
        { "10000000000000005", false, 0 },
        { "", false, 0 },
        { " 5", false, 0 },
        { "-5", false, 0 },
        { "0x5", false, 0 },
        { "5 5", false, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        uint64_t size = 0;
        assert_int_equal(response_chunk_size(rows[i].line, strlen(rows[i].line), &size),
                         rows[i].fits);
        if (rows[i].fits)
            assert_int_equal(size, rows[i].size);
    }
}

/* ---- URLs ------------------------------------------------------------------------------------ */

static void uris(void **state)
{
    static const struct {
        const char *text, *absolute, *host_port; /* NULL: refused */
    } rows[] = {
        { "http://O.test/a?b=c#f", "http://o.test/a?b=c", "o.test:80" },
        { "https://o.test", "https://o.test/", "o.test:443" },
        { "http://o.test:80?x", "http://o.test/?x", "o.test:80" },
        { "https://[::1]:8443/", "https://[::1]:8443/", "[::1]:8443" },
        { "http://u:p@o.test/", "http://o.test/", "o.test:80" },
        { "http://u:p@ss@o.test/", NULL, NULL },
        { "http://u:a/b@o.test/", NULL, NULL },
        { "http://o.test:99999/", NULL, NULL },
        { "http://o.test:x/", NULL, NULL },
        { "http:///", NULL, NULL },
        { "http://o test/", NULL, NULL },
        { "ftp://o.test/", NULL, NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const char *why;
        const struct uri *u = uri_parse(arena, rows[i].text, &why);
        assert_int_equal(u != NULL, rows[i].absolute != NULL);
        if (!u)
            continue;
        assert_string_equal(uri_absolute(arena, u), rows[i].absolute);
        assert_string_equal(uri_host_port(arena, u), rows[i].host_port);
    }
}

static void references(void **state)
{
    static const struct {
        const char *reference, *absolute;
    } rows[] = {
        { "/x", "http://o.test/x" },
        { "x", "http://o.test/a/x" },
        { "../x/./y", "http://o.test/x/y" },
        { "../../..", "http://o.test/" },
        { "?q", "http://o.test/a/b?q" },
        { "", "http://o.test/a/b?c" },
        { "#f", "http://o.test/a/b?c" },
        { "//h.test/x", "http://h.test/x" },
        { "https://h.test", "https://h.test/" },
        { "x:y", NULL },
    };
    const char *why;
    const struct uri *base = uri_parse(arena, "http://o.test/a/b?c", &why);
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct uri *u = uri_resolve(arena, base, rows[i].reference, &why);
        assert_int_equal(u != NULL, rows[i].absolute != NULL);
        if (u)
            assert_string_equal(uri_absolute(arena, u), rows[i].absolute);
    }
}

static void userinfo(void **state)
{
    const char *user, *password;
    (void)state;
    assert_int_equal(uri_userinfo(arena, "u1:p%40s%3as:/+", &user, &password), 0);
    assert_string_equal(user, "u1");
    assert_string_equal(password, "p@s:s:/+");
    assert_int_equal(uri_userinfo(arena, "u%31", &user, &password), 0);
    assert_string_equal(user, "u1");
    assert_null(password);
    assert_int_equal(uri_userinfo(arena, "u1:a%6qb", &user, &password), -1);
    assert_int_equal(uri_userinfo(arena, "u1:a%4", &user, &password), -1);
    assert_int_equal(uri_userinfo(arena, "u1:a%00", &user, &password), -1);
}

/* ---- challenges ------------------------------------------------------------------------------ */

static void challenges(void **state)
{
    struct fields f = { .arena = arena };
    (void)state;
    fields_add(&f, "proxy-authenticate",
               "Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", , Basic realm = "
               "\"a, Digest nonce=1\"");
    fields_add(&f, "Proxy-Authenticate", "Negotiate TlRM/+==,NTLM,  Digest nonce=n1,qop=\"auth\"");
    struct challenges c = challenge_parse(arena, &f, "Proxy-Authenticate");
    assert_int_equal(c.count, 5);
    assert_string_equal(c.list[0].scheme, "Newauth");
    assert_string_equal(challenge_param(&c.list[0], "TITLE"), "Login to \"apps\"");
    assert_string_equal(c.list[1].scheme, "Basic");
    assert_string_equal(challenge_param(&c.list[1], "realm"), "a, Digest nonce=1");
    assert_string_equal(c.list[2].token68, "TlRM/+==");
    assert_string_equal(c.list[3].scheme, "NTLM");
    assert_null(c.list[3].token68);
    assert_string_equal(challenge_param(&c.list[4], "nonce"), "n1");
    assert_string_equal(challenge_param(&c.list[4], "qop"), "auth");
}

static void challenges_empty(void **state)
{
    struct fields f = { .arena = arena };
    (void)state;
    fields_add(&f, "A", "");
    fields_add(&f, "A", " ,  , ");
    fields_add(&f, "A", "=, \"x\"");
    assert_int_equal(challenge_parse(arena, &f, "A").count, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(heads, set_up, tear_down),
    cmocka_unit_test_setup_teardown(framings, set_up, tear_down),
    cmocka_unit_test_setup_teardown(chunk_sizes, set_up, tear_down),
    cmocka_unit_test_setup_teardown(uris, set_up, tear_down),
    cmocka_unit_test_setup_teardown(references, set_up, tear_down),
    cmocka_unit_test_setup_teardown(userinfo, set_up, tear_down),
    cmocka_unit_test_setup_teardown(challenges, set_up, tear_down),
    cmocka_unit_test_setup_teardown(challenges_empty, set_up, tear_down),
};

TEST_MAIN(tests)
