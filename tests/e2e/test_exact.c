/*
 * Exactness of every cut: so many octets, then exactly the end asked for. Each test plays a choice
 * of cases in which every pair of sizes, routes, framings, readers … occurs; `./dev bench exact`
 * plays them all. TLS is in test_exact_tls.c.
 */
#include "exact_cases.h"

static bool plain_reset(const struct exact_case *k)
{
    return k->route != EXACT_TLS && k->end == EXACT_RESET;
}

static bool plain_close(const struct exact_case *k)
{
    return k->route != EXACT_TLS && k->end == EXACT_CLOSE && !k->upload;
}

static bool plain_close_unread(const struct exact_case *k)
{
    return k->route != EXACT_TLS && k->end == EXACT_CLOSE && k->upload;
}

static bool plain_stall(const struct exact_case *k)
{
    return k->route != EXACT_TLS && k->end == EXACT_STALL;
}

static void reset(void **state)
{
    (void)state;
    play_pairs(plain_reset);
}

static void close_with_fin(void **state)
{
    (void)state;
    play_pairs(plain_close);
}

static void close_while_upload_lies_unread(void **state)
{
    (void)state;
    play_pairs(plain_close_unread);
}

static void stall(void **state)
{
    (void)state;
    play_pairs(plain_stall);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reset),
    cmocka_unit_test(close_with_fin),
    cmocka_unit_test(close_while_upload_lies_unread),
    cmocka_unit_test(stall),
};

TEST_MAIN(tests)
