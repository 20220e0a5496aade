/* What `fakeproxy calibrate` makes of its figures; and that it finds nothing wrong here. */
#include "cmocka_main.h"

#include "calibrate.h"
#include "options.h"

static struct calibration good(void)
{
    struct calibration c = {
        .spread = { .waits = 10000, .half = 13000, .most = 29000, .latest = 2223000 },
        .bursts = { .waits = 10000, .half = 108000, .most = 146000, .latest = 149000 },
        .cuts = { { "reset, fresh connection", 100, 100, true, 0, 2 },
                  { "reset, warmed connection", 100, 100, true, 44, 84 },
                  { "close", 100, 100, false, 0, 0 } },
        .tells_acks = true,
        .has_ipv6 = true,
        .descriptors = 20000,
    };
    return c;
}

static void check_verdict(const struct calibration *c, int code, const char *verdict)
{
    struct buf text = { 0 };
    assert_int_equal(calibrate_verdict(c, &text), code);
    buf_char(&text, '\0');
    assert_string_equal(text.at, verdict);
    buf_free(&text);
}

#define EXACT "EXACT: no wait ended early, every cut fell where it was asked for.\n"
#define NOT_EXACT                                                                                  \
    "NOT EXACT: what fakeproxy does on this host is not always what a scenario says.\n"

static void passes_what_is_exact(void **state)
{
    (void)state;
    struct calibration c = good();
    check_verdict(&c, EXIT_OK, EXACT);
}

static void fails_for_one_early_wait(void **state)
{
    (void)state;
    struct calibration c = good();
    c.bursts.early = 1;
    check_verdict(&c, EXIT_HARNESS, "1 of 20000 waits ended early.\n" NOT_EXACT);
}

static void fails_for_one_wrong_cut_of_any_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < CALIBRATE_CUTS; i++) {
        char verdict[256];
        struct calibration c = good();
        c.cuts[i].exact = 99;
        snprintf(verdict, sizeof(verdict), "1 of 100 cuts (%s) were not exact.\n" NOT_EXACT,
                 c.cuts[i].name);
        check_verdict(&c, EXIT_HARNESS, verdict);
    }
}

static void fails_for_what_was_not_measured(void **state)
{
    (void)state;
    struct calibration c = good();
    c.spread.waits = c.bursts.waits = 0;
    check_verdict(&c, EXIT_HARNESS, "0 of 0 waits ended early.\n" NOT_EXACT);
    c = good();
    c.cuts[2].tried = c.cuts[2].exact = 0;
    check_verdict(&c, EXIT_HARNESS, "0 of 0 cuts (close) were not exact.\n" NOT_EXACT);
}

/* Late is the host's fault, and no failure of ours. */
static void tells_a_busy_host(void **state)
{
    (void)state;
    struct calibration c = good();
    c.spread.most = 7400000;
    check_verdict(&c, EXIT_OK,
                  "One wait in a hundred is more than 7 ms late: this host is busy or slow, and "
                  "upper bounds measured on it mean little.\n" EXACT);
}

static void tells_what_the_host_lacks(void **state)
{
    (void)state;
    struct calibration c = good();
    struct buf text = { 0 };
    c.has_ipv6 = c.tells_acks = false;
    c.descriptors = 256;
    calibrate_figures(&c, &text);
    buf_char(&text, '\0');
    assert_non_null(strstr(text.at, "no: [::1] cannot be listened on"));
    assert_non_null(strstr(text.at, "no TX_ACK"));
    assert_non_null(strstr(text.at, "256: few"));
    buf_free(&text);
}

static void finds_the_share_of_values(void **state)
{
    (void)state;
    int64_t values[] = { 5, 1, 4, 2, 3 };
    assert_int_equal(calibrate_share(values, 5, 0.5), 3);
    assert_int_equal(calibrate_share(values, 5, 0.99), 5);
    assert_int_equal(calibrate_share(values, 5, 1), 5);
    assert_int_equal(calibrate_share(values, 0, 0.5), 0);
}

static void this_host_is_exact(void **state)
{
    (void)state;
    assert_int_equal(calibrate(), EXIT_OK);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(passes_what_is_exact),
    cmocka_unit_test(fails_for_one_early_wait),
    cmocka_unit_test(fails_for_one_wrong_cut_of_any_kind),
    cmocka_unit_test(fails_for_what_was_not_measured),
    cmocka_unit_test(tells_a_busy_host),
    cmocka_unit_test(tells_what_the_host_lacks),
    cmocka_unit_test(finds_the_share_of_values),
    cmocka_unit_test(this_host_is_exact),
};

TEST_MAIN(tests)
