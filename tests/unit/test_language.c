/*
 * Values of the scenario language that are written as text, and the expansion of texts.
 */
#include "cmocka_main.h"

#include "buf.h"
#include "language.h"
#include "text.h"

/* ---- values ---------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    int64_t ns; /* -1: no duration */
} durations[] = {
    { "250ms", 250000000 },
    { "2s", 2000000000 },
    { "1m", 60000000000 },
    { "1h", 3600000000000 },
    { "1.5s", 1500000000 },
    { "0s", 0 },
    { "0.000001ms", 1 },
    { "0.000000001s", 1 },
    { "3us", 3000 },
    { "1.25m", 75000000000 },
    { "", -1 },
    { "5", -1 },
    { "ms", -1 },
    { "1.s", -1 },
    { ".5s", -1 },
    { "-1s", -1 },
    { "+1s", -1 },
    { "1 s", -1 },
    { "1S", -1 },
    { "1d", -1 },
    { "0.0000000001s", -1 },
    { "99999999999999999h", -1 },
    { "1e3s", -1 },
};

static void durations_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
        int64_t ns = -1;
        if (!language_duration(durations[i].text, strlen(durations[i].text), &ns))
            ns = -1;
        if (ns != durations[i].ns)
            fail_msg("%s: %lld", durations[i].text, (long long)ns);
    }
}

static const struct {
    const char *text;
    int64_t octets; /* -1: no size */
} sizes[] = {
    { "0", 0 },          { "4096", 4096 }, { "64KiB", 65536 }, { "8MiB", 8388608 },
    { "1GiB", 1 << 30 }, { "1.5KiB", -1 }, { "1KB", -1 },      { "1kib", -1 },
    { "", -1 },          { "-1", -1 },     { "KiB", -1 },
};

static void sizes_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint64_t octets = 0;
        bool is_size = language_size(sizes[i].text, strlen(sizes[i].text), &octets);
        if ((is_size ? (int64_t)octets : -1) != sizes[i].octets)
            fail_msg("%s: %lld", sizes[i].text, (long long)octets);
    }
}

static void offsets_are_read(void **state)
{
    (void)state;
    int64_t ns;
    assert_true(language_offset("+1y", 3, &ns));
    assert_int_equal(ns, 365 * 86400000000000);
    assert_true(language_offset("-1.5d", 5, &ns));
    assert_int_equal(ns, -129600000000000);
    assert_false(language_offset("2s", 2, &ns));
    assert_false(language_offset("+", 1, &ns));
}

/* ---- texts ----------------------------------------------------------------------------------- */

static const char *value(void *arg, const char *name, size_t len, size_t *value_len)
{
    (void)arg;
    (void)name;
    *value_len = len;
    return "abcdef";
}

static const struct {
    const char *text, *expanded;
} texts[] = {
    { "{x}", "a" },    { "-{xyz}-", "-abc-" }, { "{{x}", "{x}" },     { "{x}{xy}", "aab" },
    { "{{{x}", "{a" }, { "{x}}", "a}" },       { "{{}}{x}", "{}}a" }, { "{x}{{", "a{" },
};

static void texts_are_expanded(void **state)
{
    (void)state;
    struct text_scope scope = { .value = value };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct text t = { texts[i].text, strlen(texts[i].text), true };
        struct buf b = { 0 };
        text_expand(&t, &scope, &b);
        if (b.len != strlen(texts[i].expanded) || memcmp(b.at, texts[i].expanded, b.len) != 0)
            fail_msg("%s: %.*s", texts[i].text, (int)b.len, b.at);
        buf_free(&b);
    }
}

/* clang-format off: CMake reads one test a line */
static const struct CMUnitTest tests[] = {
    cmocka_unit_test(durations_are_read),
    cmocka_unit_test(sizes_are_read),
    cmocka_unit_test(offsets_are_read),
    cmocka_unit_test(texts_are_expanded),
};
/* clang-format on */

TEST_MAIN(tests)
