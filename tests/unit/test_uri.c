/*
 * URIs as they are compared, and percent-encoding.
 */
#include "uri.h"

#include <string.h>

#include "cmocka_main.h"

static struct http_slice path_of(const char *text)
{
    struct uri u;
    assert_true(uri_split(text, strlen(text), &u));
    return u.path;
}

static void paths_are_compared_as_they_are_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        { "http://a.test", "http://a.test/", true },
        { "http://a.test/x#one", "http://b.test/x", true },
        { "/%41%7e", "http://a.test/A~", true },
        { "/%4", "/%4", true },
        { "/%4g", "/%4G", false },
        { "/%3", "/3", false },
        { "/a?b", "/a?c", false },
        { "?b", "/?b", true },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct http_slice a = rows[i].a[0] == '?' ? http_slice_of(rows[i].a) : path_of(rows[i].a);
        if (uri_same_path(a, path_of(rows[i].b)) != rows[i].same)
            fail_msg("%s and %s", rows[i].a, rows[i].b);
    }
}

static void escapes_are_decoded_and_what_is_none_stays(void **state)
{
    (void)state;
    static const struct {
        const char *text, *decoded;
    } rows[] = {
        { "", "" },       { "a", "a" },       { "%41", "A" },   { "%2f%2F", "//" },
        { "%", "%" },     { "%4", "%4" },     { "%4g", "%4g" }, { "%g4", "%g4" },
        { "%%41", "%A" }, { "%2541", "%41" }, { "a+b", "a+b" }, { "%41%4", "A%4" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf out = { 0 };
        uri_decode(&out, rows[i].text, strlen(rows[i].text));
        buf_char(&out, '\0');
        assert_string_equal(out.at, rows[i].decoded);
        buf_free(&out);
    }
    assert_int_equal(uri_escape("%ff", 3), 0xFF);
    assert_int_equal(uri_escape("%ff", 2), -1);
    assert_int_equal(uri_escape("x%41", 4), -1);
}

/* RFC 3986, 2.3: letters, digits and four marks are unreserved. */
static void all_but_the_unreserved_is_encoded(void **state)
{
    (void)state;
    struct buf out = { 0 }, back = { 0 };
    for (int c = 1; c < 256; c++) {
        const char z[] = { (char)c, '\0' };
        bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || strchr("-._~", c);
        out.len = back.len = 0;
        uri_encode(&out, z);
        assert_int_equal(out.len, unreserved ? 1 : 3);
        uri_decode(&back, out.at, out.len);
        assert_int_equal(back.len, 1);
        assert_int_equal((unsigned char)back.at[0], c);
    }
    out.len = 0;
    uri_encode(&out, "p@ss/\xE9");
    buf_char(&out, '\0');
    assert_string_equal(out.at, "p%40ss%2F%E9");
    buf_free(&out);
    buf_free(&back);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(paths_are_compared_as_they_are_decoded),
    cmocka_unit_test(escapes_are_decoded_and_what_is_none_stays),
    cmocka_unit_test(all_but_the_unreserved_is_encoded),
};

TEST_MAIN(tests)
