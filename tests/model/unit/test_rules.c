/* The model's rules without a network: Retry-After, back-off, cookies, exclusions. */
#include "cmocka_main.h"

#include "call.h"
#include "clock.h"
#include "cookies.h"
#include "policy.h"

static const int64_t NOW = 784111777; /* Sun, 06 Nov 1994 08:49:37 GMT */

static void retry_after(void **state)
{
    static const struct {
        const char *value;
        double s; /* from half a second behind NOW; -1: nothing that can be read */
    } rows[] = {
        { "1", 1 },
        { "0", 0 },
        { "007", 7 },
        { "Sun, 06 Nov 1994 08:49:39 GMT", 1.5 },
        { "Sunday, 06-Nov-94 08:49:39 GMT", 1.5 },
        { "Sun Nov  6 08:49:39 1994", 1.5 },
        { "Sun, 06 Nov 1994 08:49:37 GMT", -1 },
        { "soon", -1 },
        { "-5", -1 },
        { "+1", -1 },
        { "0x2", -1 },
        { "1e1", -1 },
        { "1.5", -1 },
        { "", -1 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct arena *a = arena_new();
        struct fields f = { .arena = a };
        fields_add(&f, "Retry-After", rows[i].value);
        int64_t wait = policy_retry_after(&f, NOW * CLOCK_S + CLOCK_S / 2);
        int64_t wanted = rows[i].s < 0 ? -1 : (int64_t)(rows[i].s * (double)CLOCK_S);
        assert_int_equal(wait, wanted);
        arena_free(a);
    }
}

static void retry_after_far(void **state)
{
    static const char *const far[] = { "2147483648",
                                       "4294967297",
                                       "9223372036854775808",
                                       "9223372036854776",
                                       "18446744073709551617",
                                       "9999999999999999999999999999999999999999",
                                       "Fri, 31 Dec 9999 23:59:59 GMT" };
    (void)state;
    for (size_t i = 0; i < sizeof(far) / sizeof(*far); i++) {
        struct arena *a = arena_new();
        struct fields f = { .arena = a };
        fields_add(&f, "Retry-After", far[i]);
        assert_true(policy_retry_after(&f, NOW * CLOCK_S) > 1000000 * CLOCK_S);
        arena_free(a);
    }
}

/* The longest of several lines that can be read. */
static void retry_after_lines(void **state)
{
    struct arena *a = arena_new();
    struct fields f = { .arena = a };
    (void)state;
    assert_int_equal(policy_retry_after(&f, 0), -1);
    fields_add(&f, "Retry-After", "1");
    fields_add(&f, "Retry-After", "2");
    fields_add(&f, "Retry-After", "soon");
    assert_int_equal(policy_retry_after(&f, 0), 2 * CLOCK_S);
    arena_free(a);
}

static void backoff(void **state)
{
    const int64_t base = 100 * CLOCK_MS;
    (void)state;
    for (unsigned n = 1; n < 9; n++) {
        assert_int_equal(policy_backoff(n, base, 0, 0), base << (n - 1));
        assert_true(policy_backoff(n, base, 0, 1) <= policy_backoff(n + 1, base, 0, 0));
    }
    assert_int_equal(policy_backoff(9, base, CLOCK_S, 0), CLOCK_S);
    assert_true(policy_backoff(4000000000U, base, 0, 1) > 0);
}

static const char *cookies_of(const char *line, const char *from, const char *to)
{
    static struct arena *a;
    struct cookie *jar = NULL;
    const char *why;
    arena_free(a);
    a = arena_new();
    struct fields f = { .arena = a };
    fields_add(&f, "Set-Cookie", line);
    cookies_store(a, &jar, &f, uri_parse(a, from, &why));
    const char *value = cookies_for(a, jar, uri_parse(a, to, &why));
    return value ? value : "";
}

static void cookies(void **state)
{
    static const struct {
        const char *line, *from, *to, *sent;
    } rows[] = {
        { "a=1", "http://o.test/", "http://o.test/x", "a=1" },
        { "a=1; Path=/x", "http://o.test/", "http://o.test/xy", "" },
        { "a=1; Path=/x", "http://o.test/", "http://o.test/x/y", "a=1" },
        { "a=1", "http://o.test/p/q", "http://o.test/", "" },
        { "a=1", "http://o.test/", "http://h.o.test/", "" },
        { "a=1; Domain=o.test", "http://h.o.test/", "http://o.test/", "a=1" },
        { "a=1; Domain=test", "http://o.test/", "http://o.test/", "" },
        { "a=1; Domain=other.test", "http://o.test/", "http://other.test/", "" },
        { "a=1; Secure", "https://o.test/", "http://o.test/", "" },
        { "a=1; Max-Age=0", "http://o.test/", "http://o.test/", "" },
        { "a=1; Expires=Sun, 06 Nov 1994 08:49:37 GMT", "http://o.test/", "http://o.test/", "" },
        { "=1", "http://o.test/", "http://o.test/", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_string_equal(cookies_of(rows[i].line, rows[i].from, rows[i].to), rows[i].sent);
    cookies_of("", "http://o.test/", "http://o.test/");
}

static void exclusions(void **state)
{
    static const struct {
        const char *list, *url;
        bool uses_proxy;
    } rows[] = {
        { "o.test", "http://o.test/", false },
        { "o.test", "http://h.o.test/", false },
        { ".o.test", "http://h.o.test/", false },
        { "o.test", "http://no.test/", true },
        { "*", "http://o.test/", false },
        { "x, 127.0.0.1", "http://127.0.0.1:8080/", false },
        { "127.0.0.1:8081", "http://127.0.0.1:8080/", true },
        { "127.0.0.1:8080", "http://127.0.0.1:8080/", false },
        { "10.0.0.0/8", "http://10.1.2.3/", false },
        { "10.0.0.0/8", "http://11.1.2.3/", true },
        { "::1", "http://[::1]/", false },
        { "", "http://o.test/", true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct arena *a = arena_new();
        const char *why, *list[] = { rows[i].list, NULL };
        struct settings s = { .has_exclusions = true, .exclusions = list };
        assert_int_equal(route_uses_proxy(&s, uri_parse(a, rows[i].url, &why)), rows[i].uses_proxy);
        arena_free(a);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(retry_after),       cmocka_unit_test(retry_after_far),
    cmocka_unit_test(retry_after_lines), cmocka_unit_test(backoff),
    cmocka_unit_test(cookies),           cmocka_unit_test(exclusions),
};

TEST_MAIN(tests)
