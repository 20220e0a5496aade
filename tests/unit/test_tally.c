/*
 * Counters by key.
 */
#include "tally.h"

#include <stdio.h>

#include "cmocka_main.h"

static const int owner, other;

static void counts_go_by_owner_and_key(void **state)
{
    (void)state;
    struct tally *t = tally_new();
    assert_int_equal(++*tally_count(t, &owner, "a", 1), 1);
    assert_int_equal(++*tally_count(t, &owner, "b", 1), 1);
    assert_int_equal(++*tally_count(t, &other, "a", 1), 1);
    assert_int_equal(++*tally_count(t, &owner, "a", 1), 2);
    tally_free(t);
}

static void what_is_used_is_not_forgotten(void **state)
{
    (void)state;
    struct tally *t = tally_new();
    for (int i = 0; i < 2 * TALLY_MAX; i++) {
        char key[16];
        size_t len = (size_t)snprintf(key, sizeof(key), "%d", i);
        assert_int_equal(++*tally_count(t, &other, key, len), 1);
        assert_int_equal(++*tally_count(t, &owner, "", 0), i + 1);
    }
    assert_int_equal(*tally_count(t, &other, "0", 1), 0); /* nobody asked for it: forgotten */
    tally_free(t);
}

static void rates_count_arrivals_within_the_time(void **state)
{
    (void)state;
    struct tally *t = tally_new();
    static const struct {
        int64_t at;
        bool over;
    } arrivals[] = { { 0, false }, { 10, false }, { 20, true }, { 105, true }, { 300, false } };
    for (size_t i = 0; i < sizeof(arrivals) / sizeof(arrivals[0]); i++)
        assert_int_equal(tally_over(t, &owner, "", 0, 2, 100, arrivals[i].at), arrivals[i].over);
    tally_free(t);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(counts_go_by_owner_and_key),
    cmocka_unit_test(what_is_used_is_not_forgotten),
    cmocka_unit_test(rates_count_arrivals_within_the_time),
};

TEST_MAIN(tests)
