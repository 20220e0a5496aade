/* HTTP-date and Retry-After against the RFC's examples, the C library's calendar, and misspellings.
 */
#include "cmocka_main.h"

#include <stdlib.h>
#include <time.h>

#include "httpdate.h"

#define RFC_DATE INT64_C(784111777)  /* Sun, 06 Nov 1994 08:49:37 GMT */
#define NOW      INT64_C(1767225600) /* Thu, 01 Jan 2026 00:00:00 GMT */

/* Exactly the octets, so that the sanitizer sees a read beyond them. The caller frees. */
static char *exact(const char *text, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    return copy;
}

static int parse_at(const char *text, int64_t now, int64_t *out)
{
    char *copy = exact(text, strlen(text));
    int result = httpdate_parse(copy, strlen(text), now, out);
    free(copy);
    return result;
}

static void test_rfc_example_in_three_forms(void **state)
{
    (void)state;
    static const struct {
        enum httpdate_form form;
        const char *text;
    } rows[] = {
        { HTTPDATE_IMF, "Sun, 06 Nov 1994 08:49:37 GMT" },
        { HTTPDATE_RFC850, "Sunday, 06-Nov-94 08:49:37 GMT" },
        { HTTPDATE_ASCTIME, "Sun Nov  6 08:49:37 1994" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t s = 0;
        char out[40];
        assert_int_equal(parse_at(rows[i].text, NOW, &s), 0);
        assert_int_equal(s, RFC_DATE);
        assert_int_equal(httpdate_write(rows[i].form, RFC_DATE, out), strlen(rows[i].text));
        assert_string_equal(out, rows[i].text);
    }
}

static void test_known_dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t s;
    } rows[] = {
        { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
        { "Wed, 31 Dec 1969 23:59:59 GMT", -1 },
        { "Wed, 21 Oct 2015 07:28:00 GMT", 1445412480 },
        { "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 },
        { "Sat, 01 Jan 0000 00:00:00 GMT", -62167219200 },
        { "Tue, 29 Feb 2000 12:00:00 GMT", 951825600 },
        { "Thu, 29 Feb 2024 00:00:00 GMT", 1709164800 },
        { "Tue, 19 Jan 2038 03:14:08 GMT", 2147483648 },
        { "Sun Nov 16 08:49:37 1994", -2 }, /* a Wednesday */
        { "Wed Nov 16 08:49:37 1994", 784975777 },
        { "Sun Nov 06 08:49:37 1994", RFC_DATE },        /* date3 = 2DIGIT is in the grammar */
        { "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 }, /* a leap second that was */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t s = -2;
        int result = parse_at(rows[i].text, NOW, &s);
        assert_int_equal(s, rows[i].s);
        assert_int_equal(result, rows[i].s == -2 ? -1 : 0);
    }
}

static void test_what_is_not_a_date(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "Sun",
        "Sunday",
        "Sun, 06 Nov 1994 08:49:37",        /* no zone */
        "Sun, 06 Nov 1994 08:49:37 GM",     /* cut */
        "Sun, 06 Nov 1994 08:49:37 GMT ",   /* more behind it */
        " Sun, 06 Nov 1994 08:49:37 GMT",   /* and before */
        "Sun, 06 Nov 1994 08:49:37 UTC",    /* zones other than GMT */
        "Sun, 06 Nov 1994 08:49:37 +0000",  /* */
        "Sun, 06 Nov 1994 10:49:37 +0200",  /* */
        "Mon, 06 Nov 1994 08:49:37 GMT",    /* wrong weekday */
        "Monday, 06-Nov-94 08:49:37 GMT",   /* */
        "Mon Nov  6 08:49:37 1994",         /* */
        "sun, 06 nov 1994 08:49:37 gmt",    /* case */
        "SUN, 06 NOV 1994 08:49:37 GMT",    /* */
        "Sun, 6 Nov 1994 08:49:37 GMT",     /* one digit */
        "Sun,  6 Nov 1994 08:49:37 GMT",    /* */
        "Sun, 06 Nov 94 08:49:37 GMT",      /* two-digit year in IMF-fixdate */
        "Sunday, 06-Nov-1994 08:49:37 GMT", /* four in rfc850 */
        "Sun, 06-Nov-94 08:49:37 GMT",      /* short name in rfc850 */
        "Sunday, 06 Nov 1994 08:49:37 GMT", /* long one in IMF-fixdate */
        "Sun Nov 6 08:49:37 1994",          /* asctime needs two columns */
        "Sun Nov    08:49:37 1994",         /* */
        "Sun Nov  6 08:49:37 1994 GMT",     /* and no zone */
        "Thu, 31 Nov 1994 08:49:37 GMT",    /* no such day */
        "Tue, 29 Feb 2023 00:00:00 GMT",    /* */
        "Thu, 29 Feb 1900 00:00:00 GMT",    /* 1900 was no leap year */
        "Sun, 00 Nov 1994 08:49:37 GMT",    /* */
        "Sun, 06 Foo 1994 08:49:37 GMT",    /* */
        "Sun, 06 Nov 1994 24:00:00 GMT",    /* no such time */
        "Sun, 06 Nov 1994 08:60:37 GMT",    /* */
        "Sun, 06 Nov 1994 08:49:60 GMT",    /* no leap second in the morning */
        "Sun, 06 Nov 1994 23:59:61 GMT",    /* */
        "1994-11-06T08:49:37Z",             /* ISO 8601 */
        "784111777",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t s = 7;
        if (parse_at(rows[i], NOW, &s) != -1)
            fail_msg("taken for a date: '%s'", rows[i]);
        assert_int_equal(s, 7);
    }
}

/* A reader that only looks at the weekday last would take one in seven of these. */
static void test_no_weekday_makes_it_a_date(void **state)
{
    (void)state;
    static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
    static const char *const rests[] = {
        ", 06 Foo 1994 08:49:37 GMT", ", 06 Nov 1994 08:49:37 UTC", ", 06 Nov 199x 08:49:37 GMT",
        ", 32 Nov 1994 08:49:37 GMT", " Nov  0 08:49:37 1994",      " Nov 31 08:49:37 1994",
    };
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        for (size_t k = 0; k < sizeof(rests) / sizeof(rests[0]); k++) {
            char text[64];
            int64_t s = 7;
            snprintf(text, sizeof(text), "%s%s", days[i], rests[k]);
            if (parse_at(text, NOW, &s) != -1)
                fail_msg("taken for a date: '%s'", text);
        }
    }
}

/* Any change of one octet, any cut and any NUL makes the example something else, or invalid. */
static void test_every_octet_matters(void **state)
{
    (void)state;
    const char text[] = "Sunday, 06-Nov-94 08:49:37 GMT";
    size_t len = sizeof(text) - 1;
    for (size_t i = 0; i < len; i++) {
        for (int c = 0; c < 256; c++) {
            char changed[sizeof(text)];
            int64_t s = RFC_DATE;
            memcpy(changed, text, sizeof(text));
            changed[i] = (char)c;
            if (changed[i] != text[i] && httpdate_parse(changed, len, NOW, &s) == 0)
                assert_true(s != RFC_DATE);
        }
        int64_t s = 0;
        assert_int_equal(httpdate_parse(text, i, NOW, &s), -1);
    }
}

static void test_calendar_agrees_with_the_c_library(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 20000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        int64_t s = (int64_t)(seed >> 20) % 253402300800;
        time_t t = (time_t)s;
        struct tm tm;
        char want[40], got[40];
        assert_non_null(gmtime_r(&t, &tm));
        assert_int_equal(strftime(want, sizeof(want), "%a, %d %b %Y %H:%M:%S GMT", &tm), 29);
        assert_int_equal(httpdate_write(HTTPDATE_IMF, s, got), 29);
        assert_string_equal(got, want);
    }
}

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    for (int64_t day = -719528; day < 2932897; day += 97) {
        for (int form = HTTPDATE_IMF; form <= HTTPDATE_ASCTIME; form++) {
            char out[40];
            int64_t s = day * 86400 + 86399, back = 0;
            size_t n = httpdate_write((enum httpdate_form)form, s, out);
            assert_true(n >= 24);
            assert_int_equal(httpdate_parse(out, n, s, &back), 0);
            assert_int_equal(back, s);
        }
    }
}

static void test_years_without_four_digits_are_not_written(void **state)
{
    (void)state;
    static const int64_t rows[] = { INT64_MIN, -62167219201, 253402300800, INT64_MAX };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[40] = "untouched";
        assert_int_equal(httpdate_write(HTTPDATE_IMF, rows[i], out), 0);
        assert_string_equal(out, "");
    }
    char out[40];
    assert_int_equal(httpdate_write(HTTPDATE_IMF, -62167219200, out), 29);
    assert_string_equal(out, "Sat, 01 Jan 0000 00:00:00 GMT");
    assert_int_equal(httpdate_write(HTTPDATE_ASCTIME, 253402300799, out), 24);
    assert_string_equal(out, "Fri Dec 31 23:59:59 9999");
}

/* 9110 5.6.7: what appears to be more than 50 years in the future is in the past. */
static void test_two_digit_years(void **state)
{
    (void)state;
    static const struct {
        const char *now;  /* IMF-fixdate */
        const char *text; /* rfc850 */
        const char *want; /* IMF-fixdate, or NULL: not a date */
    } rows[] = {
        { "Thu, 01 Jan 2026 00:00:00 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
          "Sun, 06 Nov 1994 08:49:37 GMT" },
        { "Thu, 01 Jan 2026 00:00:00 GMT", "Thursday, 01-Jan-26 00:00:02 GMT",
          "Thu, 01 Jan 2026 00:00:02 GMT" },
        /* 50 years to the second are not more than 50 years */
        { "Thu, 01 Jan 2026 00:00:00 GMT", "Wednesday, 01-Jan-76 00:00:00 GMT",
          "Wed, 01 Jan 2076 00:00:00 GMT" },
        { "Thu, 01 Jan 2026 00:00:00 GMT", "Thursday, 01-Jan-76 00:00:01 GMT",
          "Thu, 01 Jan 1976 00:00:01 GMT" },
        /* the same two digits, weekday of the other century */
        { "Thu, 01 Jan 2026 00:00:00 GMT", "Wednesday, 01-Jan-76 00:00:01 GMT", NULL },
        { "Thu, 01 Jan 2026 00:00:00 GMT", "Thursday, 01-Jan-76 00:00:00 GMT", NULL },
        /* now + 60 years, written with its true weekday, cannot be that date */
        { "Thu, 01 Jan 2026 00:00:00 GMT", "Tuesday, 01-Jan-86 00:00:00 GMT", NULL },
        { "Thu, 01 Jan 2026 00:00:00 GMT", "Wednesday, 01-Jan-86 00:00:00 GMT",
          "Wed, 01 Jan 1986 00:00:00 GMT" },
        /* over the turn of a century */
        { "Thu, 31 Dec 2099 23:59:59 GMT", "Friday, 01-Jan-00 00:00:00 GMT",
          "Fri, 01 Jan 2100 00:00:00 GMT" },
        { "Fri, 01 Jan 2100 00:00:00 GMT", "Thursday, 31-Dec-99 23:59:59 GMT",
          "Thu, 31 Dec 2099 23:59:59 GMT" },
        /* a leap day 50 years before a year that has none */
        { "Thu, 29 Feb 2024 00:00:00 GMT", "Friday, 01-Mar-74 00:00:00 GMT", NULL },
        { "Thu, 29 Feb 2024 00:00:00 GMT", "Thursday, 01-Mar-74 00:00:00 GMT",
          "Thu, 01 Mar 2074 00:00:00 GMT" },
        { "Thu, 01 Jan 2026 00:00:00 GMT", "Tuesday, 29-Feb-00 00:00:00 GMT",
          "Tue, 29 Feb 2000 00:00:00 GMT" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t now = 0, s = 0, want = 0;
        assert_int_equal(parse_at(rows[i].now, 0, &now), 0);
        if (rows[i].want == NULL) {
            if (parse_at(rows[i].text, now, &s) != -1)
                fail_msg("row %zu: taken for a date", i);
            continue;
        }
        assert_int_equal(parse_at(rows[i].want, 0, &want), 0);
        if (parse_at(rows[i].text, now, &s) != 0)
            fail_msg("row %zu: not taken for a date", i);
        assert_int_equal(s, want);
    }
}

static void test_any_clock_is_survived(void **state)
{
    (void)state;
    static const int64_t clocks[] = { INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX - 1, INT64_MAX };
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
        int64_t s = 0;
        double wait = 0;
        (void)parse_at("Sunday, 06-Nov-94 08:49:37 GMT", clocks[i], &s);
        assert_int_equal(
            retry_after_parse("Sun, 06 Nov 1994 08:49:37 GMT", 29, clocks[i], &wait, &s), 0);
        assert_int_equal(s, RFC_DATE);
        assert_true(clocks[i] > RFC_DATE ? wait < 0 : wait > 0);
    }
}

static void test_retry_after(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int result;
        double wait;
        int64_t at;
    } rows[] = {
        { "120", 0, 120, -1 }, /* 9110 10.2.3 */
        { "0", 0, 0, -1 },
        { "1", 0, 1, -1 },
        { "0000000000000000000000000000007", 0, 7, -1 },
        { "9223372036854775807", 0, 9223372036854775807.0, -1 },
        { "9223372036854775808", 0, 9223372036854775807.0, -1 },
        { "18446744073709551617", 0, 9223372036854775807.0, -1 }, /* 2^64 + 1 */
        { "99999999999999999999999999999999999999", 0, 9223372036854775807.0, -1 },
        { "Thu, 01 Jan 2026 00:00:02 GMT", 0, 2, NOW + 2 },
        { "Thursday, 01-Jan-26 00:00:02 GMT", 0, 2, NOW + 2 },
        { "Thu Jan  1 00:00:02 2026", 0, 2, NOW + 2 },
        { "Wed, 21 Oct 2015 07:28:00 GMT", 0, 1445412480.0 - 1767225600.0, 1445412480 },
        { "Thu, 01 Jan 1970 00:00:00 GMT", 0, -1767225600.0, 0 },
        { "Wed, 31 Dec 1969 23:59:59 GMT", 0, -1767225601.0, 0 },
        { "Fri, 31 Dec 9999 23:59:59 GMT", 0, 253402300799.0 - 1767225600.0, 253402300799 },
        { "", -1, 0, 0 },
        { "soon", -1, 0, 0 },
        { "1m0s", -1, 0, 0 },
        { "2 seconds", -1, 0, 0 },
        { "-5", -1, 0, 0 },
        { "+1", -1, 0, 0 },
        { "1.5", -1, 0, 0 },
        { "1e1", -1, 0, 0 },
        { "0x2", -1, 0, 0 },
        { "\xb2", -1, 0, 0 },
        { "1 ", -1, 0, 0 },
        { "1, 2", -1, 0, 0 },
        { "1;2", -1, 0, 0 },
        { "\"1\"", -1, 0, 0 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        double wait = 0;
        int64_t at = 0;
        char *text = exact(rows[i].text, strlen(rows[i].text));
        int result = retry_after_parse(text, strlen(rows[i].text), NOW, &wait, &at);
        free(text);
        if (result != rows[i].result || wait != rows[i].wait || at != rows[i].at)
            fail_msg("'%s': %d, wait %g, at %lld", rows[i].text, result, wait, (long long)at);
    }
    double wait = 0;
    int64_t at = 0;
    assert_int_equal(retry_after_parse("1\0", 2, NOW, &wait, &at), -1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_rfc_example_in_three_forms),
    cmocka_unit_test(test_known_dates),
    cmocka_unit_test(test_what_is_not_a_date),
    cmocka_unit_test(test_no_weekday_makes_it_a_date),
    cmocka_unit_test(test_every_octet_matters),
    cmocka_unit_test(test_calendar_agrees_with_the_c_library),
    cmocka_unit_test(test_what_is_written_is_read),
    cmocka_unit_test(test_years_without_four_digits_are_not_written),
    cmocka_unit_test(test_two_digit_years),
    cmocka_unit_test(test_any_clock_is_survived),
    cmocka_unit_test(test_retry_after),
};

TEST_MAIN(tests)
