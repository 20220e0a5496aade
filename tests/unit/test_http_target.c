/* Whom a request is for: targets, authorities and the Host field. */
#include "http_cases.h"

static const struct {
    const char *version, *fields;
    int result;
} host_fields[] = {
    { "1.1", "Host: o.test\r\n", 0 },
    { "1.1", "hOST: o.test:8081\r\n", 0 },
    { "1.1", "Host: [::1]:80\r\n", 0 },
    { "1.1", "Host: o.test:\r\n", 0 },
    { "1.1", "Host:\r\n", 0 },
    { "1.1", "", -1 },
    { "1.0", "", 0 },
    { "1.1", "Host: a\r\nHost: a\r\n", -1 },
    { "1.0", "Host: a\r\nHost: b\r\n", -1 },
    { "1.1", "Host: a, b\r\n", -1 },
    { "1.1", "Host: a b\r\n", -1 },
    { "1.1", "Host: a/b\r\n", -1 },
    { "1.1", "Host: http://a\r\n", -1 },
    { "1.1", "Host: u:p@a\r\n", -1 },
    { "1.1", "Host: @a\r\n", -1 },
    { "1.1", "Host: a:99999\r\n", -1 },
    { "1.1", "Host: a:x\r\n", -1 },
    { "1.1", "Host: ::1\r\n", -1 },
    { "1.0", "Host: a/b\r\n", -1 },
};

static void test_host_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(host_fields); i++) {
        char text[128];
        const char *error = NULL;
        snprintf(text, sizeof(text), "GET / HTTP/%s\r\n%s\r\n", host_fields[i].version,
                 host_fields[i].fields);
        struct http_head h = request_of(text);
        if (http_check_host(&h, &error) != host_fields[i].result)
            fail_msg("%s %s", host_fields[i].version, host_fields[i].fields);
        assert_int_equal(error != NULL, host_fields[i].result != 0);
    }
}

/* ---- targets ---- */

#define REFUSED -1, NULL, NULL, NULL, 0, NULL /* from `form` on */

static const struct {
    const char *method, *target, *host_field;
    int form; /* -1: refused */
    const char *scheme, *userinfo, *host;
    int port;
    const char *path;
} targets[] = {
    /* 9112 3.2.1 to 3.2.4 */
    { "GET", "/where?q=now", "www.example.org", HTTP_ORIGIN_FORM, "", "", "www.example.org", 0,
      "/where?q=now" },
    { "GET", "http://www.example.org/pub/WWW/TheProject.html", "x", HTTP_ABSOLUTE_FORM, "http", "",
      "www.example.org", 80, "/pub/WWW/TheProject.html" },
    { "CONNECT", "www.example.com:80", "x", HTTP_AUTHORITY_FORM, "", "", "www.example.com", 80,
      "" },
    { "OPTIONS", "*", "www.example.org:8001", HTTP_ASTERISK_FORM, "", "", "www.example.org", 8001,
      "*" },
    { "OPTIONS", "http://www.example.org:8001", "x", HTTP_ABSOLUTE_FORM, "http", "",
      "www.example.org", 8001, "*" },
    { "OPTIONS", "http://www.example.org:8001/", "x", HTTP_ABSOLUTE_FORM, "http", "",
      "www.example.org", 8001, "/" },
    /* origin-form */
    { "GET", "/", "[::1]:99", HTTP_ORIGIN_FORM, "", "", "::1", 99, "/" },
    { "GET", "//a//b", "o", HTTP_ORIGIN_FORM, "", "", "o", 0, "//a//b" },
    { "GET", "/http://x/", "o", HTTP_ORIGIN_FORM, "", "", "o", 0, "/http://x/" },
    { "GET", "/", "u:p@o", HTTP_ORIGIN_FORM, "", "", "", 0, "/" },
    { "GET", "/", "", HTTP_ORIGIN_FORM, "", "", "", 0, "/" },
    { "GET", "/", "a b", HTTP_ORIGIN_FORM, "", "", "", 0, "/" },
    { "GET", "/", NULL, HTTP_ORIGIN_FORM, "", "", "", 0, "/" },
    { "OPTIONS", "/a", "o", HTTP_ORIGIN_FORM, "", "", "o", 0, "/a" },
    /* absolute-form */
    { "GET", "http://o.test", "x", HTTP_ABSOLUTE_FORM, "http", "", "o.test", 80, "/" },
    { "GET", "HTTPS://O.test", "x", HTTP_ABSOLUTE_FORM, "HTTPS", "", "O.test", 443, "/" },
    { "GET", "ftp://o.test/f", "x", HTTP_ABSOLUTE_FORM, "ftp", "", "o.test", 0, "/f" },
    { "GET", "http://o.test?b=c", "x", HTTP_ABSOLUTE_FORM, "http", "", "o.test", 80, "?b=c" },
    { "GET", "http://o.test#f", "x", HTTP_ABSOLUTE_FORM, "http", "", "o.test", 80, "#f" },
    { "GET", "http://o.test/a?b=c#frag", "x", HTTP_ABSOLUTE_FORM, "http", "", "o.test", 80,
      "/a?b=c#frag" },
    { "OPTIONS", "http://o.test?x", "x", HTTP_ABSOLUTE_FORM, "http", "", "o.test", 80, "?x" },
    { "GET", "http://u1:p1@o.test/x", "x", HTTP_ABSOLUTE_FORM, "http", "u1:p1", "o.test", 80,
      "/x" },
    { "GET", "http://u1:p@ss@o.test/x", "x", HTTP_ABSOLUTE_FORM, "http", "u1:p@ss", "o.test", 80,
      "/x" },
    { "GET", "http://o.test/a@b:c", "x", HTTP_ABSOLUTE_FORM, "http", "", "o.test", 80, "/a@b:c" },
    { "GET", "http://o.test:/x", "x", HTTP_ABSOLUTE_FORM, "http", "", "o.test", 80, "/x" },
    { "GET", "http://[2001:db8::1]:8080/x", "x", HTTP_ABSOLUTE_FORM, "http", "", "2001:db8::1",
      8080, "/x" },
    { "GET", "http://127.0.0.1:65535/", "x", HTTP_ABSOLUTE_FORM, "http", "", "127.0.0.1", 65535,
      "/" },
    { "GET", "http://a%20b.test/", "x", HTTP_ABSOLUTE_FORM, "http", "", "a%20b.test", 80, "/" },
    { "GET", "http:///x", "x", REFUSED },
    { "GET", "http://", "x", REFUSED },
    { "GET", "http://:80/x", "x", REFUSED },
    { "GET", "http://u@/x", "x", REFUSED },
    { "GET", "http://u@:80/x", "x", REFUSED },
    { "GET", "http://o:0/", "x", REFUSED },
    { "GET", "http://o:65536/", "x", REFUSED },
    { "GET", "http://o:4294967376/", "x", REFUSED },
    { "GET", "http://o:80x/", "x", REFUSED },
    { "GET", "http://o:-1/", "x", REFUSED },
    { "GET", "http://o\\x/", "x", REFUSED },
    { "GET", "http://\xc3\xa9.test/", "x", REFUSED },
    { "GET", "://o/", "x", REFUSED },
    { "GET", "1http://o/", "x", REFUSED },
    { "GET", "h_t://o/", "x", REFUSED },
    { "GET", "http:/o/", "x", REFUSED },
    { "GET", "o.test", "x", REFUSED },
    { "GET", "o.test:80", "x", REFUSED },
    { "GET", "?a=http://o/", "x", REFUSED },
    { "GET", "*", "x", REFUSED },
    { "OPTIONS", "**", "x", REFUSED },
    /* authority-form */
    { "CONNECT", "[::1]:443", "x", HTTP_AUTHORITY_FORM, "", "", "::1", 443, "" },
    { "CONNECT", "u1:p1@o.test:443", "x", HTTP_AUTHORITY_FORM, "", "u1:p1", "o.test", 443, "" },
    { "CONNECT", "o.test", "x", REFUSED },
    { "CONNECT", "o.test:", "x", REFUSED },
    { "CONNECT", "o.test:0", "x", REFUSED },
    { "CONNECT", "o.test:70000", "x", REFUSED },
    { "CONNECT", ":443", "x", REFUSED },
    { "CONNECT", "[::1]", "x", REFUSED },
    { "CONNECT", "https://o.test:443/", "x", REFUSED },
    { "CONNECT", "o.test:443/", "x", REFUSED },
    { "CONNECT", "/", "x", REFUSED },
    { "CONNECT", "*", "x", REFUSED },
    { "connect", "o.test:443", "x", REFUSED },
};

static void test_targets(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(targets); i++) {
        char text[256];
        const char *error = NULL;
        struct http_target t;
        snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\n%s%s\r\n\r\n", targets[i].method,
                 targets[i].target, targets[i].host_field ? "Host: " : "A: b",
                 targets[i].host_field ? targets[i].host_field : "");
        struct http_head h = request_of(text);
        int result = http_parse_target(&h, &t, &error);
        if (result != (targets[i].form < 0 ? -1 : 0))
            fail_msg("%s %s: %s", targets[i].method, targets[i].target, error ? error : "accepted");
        if (result != 0) {
            assert_non_null(error);
            continue;
        }
        assert_int_equal((int)t.form, targets[i].form);
        assert_slice(t.scheme, targets[i].scheme);
        assert_slice(t.userinfo, targets[i].userinfo);
        assert_slice(t.host, targets[i].host);
        assert_int_equal(t.port, targets[i].port);
        assert_slice(t.path, targets[i].path);
    }
}

static const struct {
    const char *text, *userinfo, *host; /* host NULL: refused */
    int port;
} authorities[] = {
    { "o.test", "", "o.test", -1 },
    { "o.test:", "", "o.test", -1 },
    { "o.test:1", "", "o.test", 1 },
    { "o.test:00080", "", "o.test", 80 },
    { "o_1-2.~t", "", "o_1-2.~t", -1 },
    { "u@o", "u", "o", -1 },
    { ":p@o", ":p", "o", -1 },
    { "@o", "", "o", -1 },
    { "u:p:q@o:9", "u:p:q", "o", 9 },
    { "u@v@o", "u@v", "o", -1 },
    { "u:[@[::1]:5", "u:[", "::1", 5 },
    { "[::1]", "", "::1", -1 },
    { "[::1]:", "", "::1", -1 },
    { "[::ffff:127.0.0.1]:8", "", "::ffff:127.0.0.1", 8 },
    { "[1111:2222:3333:4444:5555:6666:255.255.255.255]", "",
      "1111:2222:3333:4444:5555:6666:255.255.255.255", -1 }, /* the longest there is */
    { "[1111:2222:3333:4444:5555:6666:255.255.255.2555]", "", NULL, 0 },
    { "[fe80::1%25eth0]", "", "fe80::1%25eth0", -1 },
    { "", "", NULL, 0 },
    { ":80", "", NULL, 0 },
    { "@", "", NULL, 0 },
    { "u@", "", NULL, 0 },
    { "[]", "", NULL, 0 },
    { "[", "", NULL, 0 },
    { "[::1", "", NULL, 0 },
    { "[::1]x", "", NULL, 0 },
    { "[::1]80", "", NULL, 0 },
    { "[::zz]", "", NULL, 0 },
    { "[%25eth0]", "", NULL, 0 },
    { "[::1%25e/0]", "", NULL, 0 },
    { "[o.test]", "", NULL, 0 },
    { "[1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20]", "", NULL, 0 },
    { "x[::1]", "", NULL, 0 },
    { "::1", "", NULL, 0 },
    { "o:80:90", "", NULL, 0 },
    { "o: 80", "", NULL, 0 },
    { "o:+80", "", NULL, 0 },
    { "o:99999999999999999999", "", NULL, 0 },
    { "o,p", "", "o,p", -1 }, /* sub-delims are legal in a reg-name */
    { "o p", "", NULL, 0 },
    { "o/", "", NULL, 0 },
    { "o?", "", NULL, 0 },
    { "o#", "", NULL, 0 },
};

static void test_authorities(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(authorities); i++) {
        struct http_slice userinfo, host;
        int port = 0;
        char *text = exact(authorities[i].text, strlen(authorities[i].text));
        int result = http_parse_authority((struct http_slice){ text, strlen(authorities[i].text) },
                                          &userinfo, &host, &port);
        if (result != (authorities[i].host == NULL ? -1 : 0))
            fail_msg("'%s': %d", authorities[i].text, result);
        if (result == 0) {
            assert_slice(userinfo, authorities[i].userinfo);
            assert_slice(host, authorities[i].host);
            assert_int_equal(port, authorities[i].port);
        }
        free(text);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_host_field),
    cmocka_unit_test(test_targets),
    cmocka_unit_test(test_authorities),
};

TEST_MAIN(tests)
