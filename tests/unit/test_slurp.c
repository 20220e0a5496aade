/*
 * Whole files.
 */
#include "slurp.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmocka_main.h"

/* A file of that many octets; the caller unlinks it. */
static void make(char path[32], size_t len)
{
    snprintf(path, 32, "/tmp/test_slurp.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "wb");
    for (size_t i = 0; i < len; i++)
        fputc((int)(i % 251), f);
    assert_int_equal(fclose(f), 0);
}

static void all_octets_come_behind_what_is_there(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 200000 };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char path[32];
        struct buf b = { 0 };
        make(path, sizes[i]);
        buf_char(&b, 'x');
        assert_int_equal(slurp(path, sizes[i], &b), 0);
        assert_int_equal(b.len, 1 + sizes[i]);
        for (size_t k = 0; k < sizes[i]; k++)
            if ((unsigned char)b.at[k + 1] != k % 251)
                fail_msg("octet %zu of %zu is %d", k, sizes[i], b.at[k + 1]);
        buf_free(&b);
        unlink(path);
    }
}

static void an_empty_file_is_a_text_of_no_length(void **state)
{
    (void)state;
    struct buf b = { 0 };
    assert_int_equal(slurp("/dev/null", 0, &b), 0);
    assert_non_null(b.at);
    assert_int_equal(b.len, 0);
    buf_free(&b);
}

static void errno_says_what_was_wrong(void **state)
{
    (void)state;
    char path[32];
    struct buf b = { 0 };
    make(path, 100000);
    assert_int_equal(slurp(path, 99999, &b), -1);
    assert_int_equal(errno, EFBIG);
    unlink(path);
    b.len = 0;
    assert_int_equal(slurp(path, 1, &b), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(slurp("/", 1, &b), -1); /* it can be opened, but not read */
    assert_int_equal(errno, EISDIR);
    buf_free(&b);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(all_octets_come_behind_what_is_there),
    cmocka_unit_test(an_empty_file_is_a_text_of_no_length),
    cmocka_unit_test(errno_says_what_was_wrong),
};

TEST_MAIN(tests)
