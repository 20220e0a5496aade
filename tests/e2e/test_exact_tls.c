/*
 * Exactness inside a CONNECT tunnel with TLS: exactly N octets can be decrypted, then the wire ends
 * as asked for. See test_exact.c.
 */
#include "exact_cases.h"

static bool tls_reset(const struct exact_case *k)
{
    return k->route == EXACT_TLS && k->end == EXACT_RESET;
}

static bool tls_close(const struct exact_case *k)
{
    return k->route == EXACT_TLS && k->end == EXACT_CLOSE && !k->upload;
}

static bool tls_close_unread(const struct exact_case *k)
{
    return k->route == EXACT_TLS && k->end == EXACT_CLOSE && k->upload;
}

static bool tls_stall(const struct exact_case *k)
{
    return k->route == EXACT_TLS && k->end == EXACT_STALL;
}

static void reset(void **state)
{
    (void)state;
    play_pairs(tls_reset);
}

static void close_with_fin(void **state)
{
    (void)state;
    play_pairs(tls_close);
}

static void close_while_upload_lies_unread(void **state)
{
    (void)state;
    play_pairs(tls_close_unread);
}

static void stall(void **state)
{
    (void)state;
    play_pairs(tls_stall);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reset),
    cmocka_unit_test(close_with_fin),
    cmocka_unit_test(close_while_upload_lies_unread),
    cmocka_unit_test(stall),
};

TEST_MAIN(tests)
