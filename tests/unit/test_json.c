/*
 * Strict JSON: what is refused and where, what survives, and pointers.
 */
#include "cmocka_main.h"

#include "arena.h"
#include "buf.h"
#include "json.h"

static const struct {
    const char *text;
    size_t at;
    const char *pointer, *what; /* what: a part of the message */
} refused[] = {
    { "", 0, "/", "the text ends here" },
    { "  ", 2, "/", "the text ends here" },
    { "\xEF\xBB\xBF{}", 0, "/", "byte order mark" },
    { "{} x", 3, "/", "expected the end of the text" },
    { "01", 0, "/", "leading zero" },
    { "[-01]", 1, "/0", "leading zero" },
    { "1.", 2, "/", "a digit" },
    { "1.e1", 2, "/", "a digit" },
    { ".5", 0, "/", "a value" },
    { "+1", 0, "/", "a value" },
    { "-", 1, "/", "a digit" },
    { "1e", 2, "/", "a digit" },
    { "1e999", 0, "/", "cannot be represented" },
    { "-1e999", 0, "/", "cannot be represented" },
    { "1e-999", 0, "/", "cannot be represented" },
    { "4e-320", 0, "/", "cannot be represented" },
    { "9007199254740993", 0, "/", "too large" },
    { "-4.7e+208", 0, "/", "too large" },
    { "1.00000000000000000000000000000000000000000000000000000000000000001", 0, "/", "characters" },
    { "NaN", 0, "/", "a value" },
    { "Infinity", 0, "/", "a value" },
    { "nul", 0, "/", "a value" },
    { "True", 0, "/", "a value" },
    { "[1,]", 3, "/1", "a value" },
    { "[1 2]", 3, "/", "\",\" or \"]\"" },
    { "[1", 2, "/", "\",\" or \"]\"" },
    { "{\"a\":1,}", 7, "/", "a name in double quotes" },
    { "{\"a\" 1}", 5, "/a", "\":\"" },
    { "{a:1}", 1, "/", "a name in double quotes" },
    { "{'a':1}", 1, "/", "a name in double quotes" },
    { "// x\n{}", 0, "/", "a value" },
    { "[\"abc]", 1, "/0", "not ended" },
    { "[\"a\tb\"]", 3, "/0", "control character" },
    { "[\"a\\x\"]", 3, "/0", "unknown escape" },
    { "[\"a\\", 3, "/0", "unknown escape" },
    { "[\"\\u12\"]", 2, "/0", "hexadecimal" },
    { "[\"\\ud800\"]", 2, "/0", "half a surrogate pair" },
    { "[\"\\ud800\\u0041\"]", 2, "/0", "half a surrogate pair" },
    { "[\"\\udc00\"]", 2, "/0", "second half" },
    { "[\"\\ud8", 2, "/0", "hexadecimal" },
    { "[\"\\ud800\\", 2, "/0", "half a surrogate pair" },
    { "[\"\xC0\x80\"]", 2, "/0", "C0 is no UTF-8" },
    { "[\"\xED\xA0\x80\"]", 2, "/0", "ED is no UTF-8" },
    { "[\"\xF5\x80\x80\x80\"]", 2, "/0", "F5 is no UTF-8" },
    { "[\"\xE2\x82\"]", 2, "/0", "E2 is no UTF-8" },
    { "[\xFF]", 1, "/0", "FF is no UTF-8" },
    { "{\"x\":{\"a\":1,\"b\":2,\"a\":3}}", 18, "/x/a", "stands twice" },
    { "{\"a\":1,\"\\u0061\":2}", 7, "/a", "stands twice" },
    { "{\"x\":[true,{\"y\":[nope]}]}", 17, "/x/1/y/0", "a value" },
};

static void refuses_what_is_no_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct arena *arena = arena_new();
        struct json_error error = { 0 };
        struct json *v = json_parse(arena, refused[i].text, strlen(refused[i].text), &error);
        if (v || error.at != refused[i].at || strcmp(error.pointer, refused[i].pointer) != 0 ||
            !strstr(error.what, refused[i].what))
            fail_msg("%s: %s, at %zu, %s: %s", refused[i].text, v ? "taken" : "refused", error.at,
                     error.pointer, error.what);
        arena_free(arena);
    }
}

static struct json *must_parse(struct arena *arena, const char *text, size_t len)
{
    struct json_error error = { 0 };
    struct json *v = json_parse(arena, text, len, &error);
    if (!v)
        fail_msg("%s: %s", text, error.what);
    return v;
}

static void keeps_every_value(void **state)
{
    (void)state;
    static const char text[] = "\r\n\t {\"a\": [1, -0.5e+1, true, false, null, \"x\"], \"\": {} } ";
    struct arena *arena = arena_new();
    struct json *v = must_parse(arena, text, strlen(text));
    assert_int_equal(v->type, JSON_OBJECT);
    assert_int_equal(v->count, 2);
    struct json *list = json_get(v, "a");
    assert_non_null(list);
    assert_int_equal(list->count, 6);
    static const enum json_type types[] = { JSON_NUMBER, JSON_NUMBER, JSON_BOOL,
                                            JSON_BOOL,   JSON_NULL,   JSON_TEXT };
    size_t i = 0;
    for (struct json *m = list->first; m; m = m->next)
        assert_int_equal(m->type, types[i++]);
    assert_true(list->first->number == 1);
    assert_true(list->first->next->number == -5);
    assert_true(list->first->next->next->flag);
    assert_int_equal(json_get(v, "")->type, JSON_OBJECT);
    assert_null(json_get(v, "A")); /* cJSON would find it */
    assert_null(json_get(list, "a"));
    arena_free(arena);
}

static void keeps_u0000(void **state)
{
    (void)state;
    static const char text[] = "{\"a\\u0000b\": \"\\\\u0000|\\u0000|\\u0000\", \"c\": \"\\u0000\"}";
    struct arena *arena = arena_new();
    struct json *v = must_parse(arena, text, strlen(text));
    assert_int_equal(v->first->key_len, 3);
    assert_memory_equal(v->first->key, "a\0b", 3);
    assert_int_equal(v->first->len, 10);
    assert_memory_equal(v->first->text, "\\u0000|\0|\0", 10);
    assert_int_equal(json_get(v, "c")->len, 1);
    arena_free(arena);
}

static void decodes_escapes(void **state)
{
    (void)state;
    static const char text[] = "\"\\ud83d\\ude00 \\u00e9 \xC3\xA9 \\\"\\\\\\/\\b\\f\\n\\r\\t\"";
    static const char expected[] = "\xF0\x9F\x98\x80 \xC3\xA9 \xC3\xA9 \"\\/\b\f\n\r\t";
    struct arena *arena = arena_new();
    struct json *v = must_parse(arena, text, strlen(text));
    assert_int_equal(v->len, strlen(expected));
    assert_string_equal(v->text, expected);
    arena_free(arena);
}

static void nested(char *text, int levels)
{
    memset(text, '[', (size_t)levels);
    memset(text + levels, ']', (size_t)levels);
}

static void limits_the_depth(void **state)
{
    (void)state;
    char text[2 * (JSON_DEPTH + 1)];
    struct arena *arena = arena_new();
    struct json_error error = { 0 };
    nested(text, JSON_DEPTH);
    assert_non_null(json_parse(arena, text, (size_t)2 * JSON_DEPTH, &error));
    nested(text, JSON_DEPTH + 1);
    assert_null(json_parse(arena, text, sizeof(text), &error));
    assert_int_equal(error.at, JSON_DEPTH);
    assert_non_null(strstr(error.what, "64 levels"));
    arena_free(arena);
}

static void knows_where_values_stand(void **state)
{
    (void)state;
    static const char text[] = "{ \"a/b\": [ 7, {\"~\" : \"x\"} ] }";
    struct arena *arena = arena_new();
    struct json *v = must_parse(arena, text, strlen(text));
    const struct json *deep = v->first->first->next->first;
    struct buf pointer = { 0 };
    json_pointer(deep, false, &pointer);
    buf_char(&pointer, '\0');
    assert_string_equal(pointer.at, "/a~1b/1/~0");
    assert_int_equal(deep->key_at, 15);
    assert_int_equal(deep->at, 21);
    pointer.len = 0;
    json_pointer(v, false, &pointer);
    buf_char(&pointer, '\0');
    assert_string_equal(pointer.at, "/");
    buf_free(&pointer);
    arena_free(arena);
}

/* clang-format off: CMake reads one test a line */
static const struct CMUnitTest tests[] = {
    cmocka_unit_test(refuses_what_is_no_json),
    cmocka_unit_test(keeps_every_value),
    cmocka_unit_test(keeps_u0000),
    cmocka_unit_test(decodes_escapes),
    cmocka_unit_test(limits_the_depth),
    cmocka_unit_test(knows_where_values_stand),
};
/* clang-format on */

TEST_MAIN(tests)
