/* What a proxy answers when it cannot reach the origin. */
#include "engine.h"

#include <errno.h>

#include "cmocka_main.h"

static void failed_dials(void **state)
{
    static const struct {
        int error, status;
        const char *proxy_status;
    } rows[] = {
        { ECONNREFUSED, 502, "fakeproxy; error=connection_refused" },
        { ETIMEDOUT, 504, "fakeproxy; error=connection_timeout" },
        { EHOSTUNREACH, 502, "fakeproxy; error=destination_ip_unroutable" },
        { ENETUNREACH, 502, "fakeproxy; error=destination_ip_unroutable" },
        { ECONNRESET, 502, "fakeproxy; error=connection_terminated" },
        { 0, 502, "fakeproxy; error=connection_terminated" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dial_failure f = upstream_failure(rows[i].error);
        assert_int_equal(f.status, rows[i].status);
        assert_string_equal(f.proxy_status, rows[i].proxy_status);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(failed_dials),
};

TEST_MAIN(tests)
