/*
 * Texts in octets, and in streams that come in pieces.
 */
#include "cmocka_main.h"

#include <stdlib.h>
#include <string.h>

#include "search.h"

static const struct {
    const char *text, *octets;
    bool found;
} rows[] = {
    { "S3cret!x", "S3cret!x", true },
    { "S3cret!x", "a S3cret!x b", true },
    { "S3cret!x", "S3cret!", false },
    { "S3cret!x", "S3cret%21x", true },
    { "S3cret!x", "%53%33%63%72%65%74%21%78", true },
    { "S3cret!x", "S3cret%2!x", false },
    { "S3cret!x", "UzNjcmV0IXg=", true },               /* S3cret!x */
    { "S3cret!x", "Basic dTE6UzNjcmV0IXg=", true },     /* u1:S3cret!x */
    { "S3cret!x", "Basic dXNlcjpTM2NyZXQheA==", true }, /* user:S3cret!x */
    { "S3cret!x", "/UzNjcmV0IXg", true },               /* behind a digit that is none of it */
    { "S3cret!x", "dTpTM2NyZXQheDp5", true },           /* u:S3cret!x:y */
    { "S3cret!x", "UzNjcmV0IXk=", false },              /* S3cret!y */
    { "?>?>?>", "Pz4_Pj8-", true },
    { "?>?>?>", "Pz4/Pj8+", true },
    { "S3cret!x", "dTE6UzNjcmV0IXg%3D", true },
    { "", "anything", false },
    { "x", "", false },
};

static void texts_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (search_finds(rows[i].text, strlen(rows[i].text), rows[i].octets,
                         strlen(rows[i].octets)) != rows[i].found)
            fail_msg("%s in %s", rows[i].text, rows[i].octets);
}

static void short_texts_must_stand_alone(void **state)
{
    (void)state;
    assert_true(search_finds_word("p1", 2, "error: p1", 9));
    assert_false(search_finds_word("p1", 2, "error: http1", 12));
    assert_true(search_finds_word("longer", 6, "muchlongerword", 14));
}

static bool finds_in_pieces(const char *octets, size_t first, size_t second)
{
    struct search *s = search_new();
    size_t len = strlen(octets), told;
    char noise[5000];
    memset(noise, '.', sizeof(noise));
    search_add(s, "S3cret!x", 8);
    search_feed(s, SEARCH_RECEIVED, noise, sizeof(noise));
    search_feed(s, SEARCH_RECEIVED, octets, first);
    search_feed(s, SEARCH_RECEIVED, octets + first, second - first);
    search_feed(s, SEARCH_RECEIVED, octets + second, len - second);
    search_feed(s, SEARCH_RECEIVED, noise, sizeof(noise));
    const char *text = search_next(s, &told);
    bool found = text && told == 8 && memcmp(text, "S3cret!x", 8) == 0;
    search_free(s);
    return found;
}

/* However a text is encoded, and wherever the pieces end. */
static void a_text_may_be_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = strlen(rows[i].octets);
        for (size_t a = 0; a <= len && strcmp(rows[i].text, "S3cret!x") == 0; a++)
            for (size_t b = a; b <= len; b++)
                if (finds_in_pieces(rows[i].octets, a, b) != rows[i].found)
                    fail_msg("%s, split at %zu and %zu", rows[i].octets, a, b);
    }
}

static void octet_by_octet(void **state)
{
    (void)state;
    static const char text[] = "%55%7a%4e%6a%63%6d%56%30%49%58%67%3d"; /* base64, then percent */
    struct search *s = search_new();
    size_t len;
    search_add(s, "S3cret!x", 8);
    for (size_t i = 0; i + 1 < sizeof(text); i++)
        search_feed(s, SEARCH_CONTENT, text + i, 1);
    assert_non_null(search_next(s, &len));
    assert_null(search_next(s, &len)); /* each once */
    search_free(s);
    search_free(NULL);
}

/* What one stream begins another does not go on with. */
static void streams_are_apart(void **state)
{
    (void)state;
    struct search *s = search_new();
    size_t len;
    search_add(s, "S3cret!x", 8);
    search_add(s, "second", 6);
    search_feed(s, SEARCH_RECEIVED, "S3cr", 4);
    search_feed(s, SEARCH_CONTENT, "et!x", 4);
    assert_null(search_next(s, &len));
    search_feed(s, SEARCH_CONTENT, "sec", 3);
    search_feed(s, SEARCH_RECEIVED, "et!x", 4);
    search_feed(s, SEARCH_CONTENT, "ond", 3);
    assert_non_null(search_next(s, &len));
    assert_non_null(search_next(s, &len));
    assert_null(search_next(s, &len));
    search_free(s);
}

/* clang-format off: CMake reads one test a line */
static const struct CMUnitTest tests[] = {
    cmocka_unit_test(texts_are_found),     cmocka_unit_test(short_texts_must_stand_alone),
    cmocka_unit_test(a_text_may_be_split), cmocka_unit_test(octet_by_octet),
    cmocka_unit_test(streams_are_apart),
};
/* clang-format on */

TEST_MAIN(tests)
