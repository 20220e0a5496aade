/*
 * Any octets as an HTTP-date and as a Retry-After value, under several clocks. What is taken for a
 * date must be written back as the same second in every form.
 */
#include <assert.h>

#include "fuzz.h"
#include "httpdate.h"

static void check_date(const char *s, size_t len, int64_t now)
{
    int64_t at = 0, back = 0;
    char out[40];
    if (httpdate_parse(s, len, now, &at) < 0)
        return;
    for (int form = HTTPDATE_IMF; form <= HTTPDATE_ASCTIME; form++) {
        size_t n = httpdate_write((enum httpdate_form)form, at, out);
        if (at < INT64_C(-62167219200) || at > INT64_C(253402300799)) {
            assert(n == 0); /* two digits read in the year 9999, or a leap second at its end */
            continue;
        }
        assert(n > 0 && n < sizeof(out) && out[n] == '\0');
        /* Two digits only mean this date to somebody who lives near it. */
        assert(httpdate_parse(out, n, form == HTTPDATE_RFC850 ? at : now, &back) == 0);
        assert(back == at);
    }
}

static void check_retry_after(const char *s, size_t len, int64_t now)
{
    double wait = 0;
    int64_t at = 0, date = 0;
    if (retry_after_parse(s, len, now, &wait, &at) < 0) {
        assert(httpdate_parse(s, len, now, &date) < 0);
        return;
    }
    assert(len > 0 && at >= -1);
    if (at == -1)
        assert(wait >= 0 && wait <= (double)INT64_MAX);
    else
        assert(httpdate_parse(s, len, now, &date) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t clocks[] = { 0, 784111777, 1767225600, 4102444799, INT64_MIN, INT64_MAX };
    const char *s = (const char *)data;
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
        check_date(s, size, clocks[i]);
        check_retry_after(s, size, clocks[i]);
    }
    return 0;
}
