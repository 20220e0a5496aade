/* Public library: what is started, and what is said when it cannot be. */
#include "api.h"

#include <stdlib.h>

/* It is refused, with exactly this text; and as well without anybody to tell. */
static void expect_refused(struct fakeproxy_instance *in, char *error, const char *text)
{
    assert_null(in);
    assert_non_null(error);
    assert_string_equal(error, text);
    free(error);
}

static void test_no_such_id(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    char *error = NULL;
    (void)state;
    struct fakeproxy_instance *in = fakeproxy_start(fp, "transport/idle-rest", &error);
    expect_refused(in, error,
                   "transport/idle-rest: no such scenario, expected a file, an id such as "
                   "\"transport/idle-reset\", or the last part of one; did you mean "
                   "\"transport/idle-reset\"?\n");
    assert_null(fakeproxy_start(fp, "transport/idle-rest", NULL));
    fakeproxy_free(fp);
}

static void test_no_such_file(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    char *error = NULL;
    (void)state;
    struct fakeproxy_instance *in = fakeproxy_start(fp, "./no-such.json", &error);
    expect_refused(in, error, "./no-such.json: No such file or directory\n");
    fakeproxy_free(fp);
}

static void test_wrong_text(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_POLL);
    char *error = NULL;
    (void)state;
    struct fakeproxy_instance *in = fakeproxy_start_text(
        fp, "my.json", "{ \"fakeproxy\": 1, \"id\": \"a/b\",\n  \"proxi\": {} }", &error);
    assert_null(in);
    assert_non_null(error);
    assert_memory_equal(error, "my.json:2:3: /proxi: unknown key \"proxi\", ", 42);
    assert_non_null(strstr(error, "\n      \"proxi\": {} }\n      ^ did you mean \"proxy\"?\n"));
    free(error);
    assert_null(fakeproxy_start_text(fp, "my.json", "", NULL));
    fakeproxy_free(fp);
}

static const char variants[] = "{ \"fakeproxy\": 1, \"id\": \"a/b\", \"variants\": { \"one\": { "
                               "\"s\": 501 }, \"two\": { \"s\": 502 } },"
                               "  \"proxy\": { \"rules\": [ { \"on\": \"request\", \"do\": [ { "
                               "\"respond\": { \"status\": \"{s}\" } } ] } ] } }";

static void test_variant_not_chosen(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    char *error = NULL;
    (void)state;
    struct fakeproxy_instance *in = fakeproxy_start_text(fp, "my.json", variants, &error);
    expect_refused(in, error,
                   "my.json: the scenario has variants, expected one of \"my.json@one\", "
                   "\"my.json@two\"\n");
    in = fakeproxy_start_text(fp, "my.json@tow", variants, &error);
    expect_refused(in, error,
                   "my.json@tow: there is no variant \"tow\", expected one of \"one\", \"two\"; "
                   "did you mean \"two\"?\n");
    fakeproxy_free(fp);
}

static void test_variant(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    char *error = NULL;
    (void)state;
    struct fakeproxy_instance *in = fakeproxy_start_text(fp, "my.json@two", variants, &error);
    assert_non_null(in);
    assert_null(error);
    assert_int_equal(api_get(in, "/"), 502);
    fakeproxy_free(fp);
}

static void test_file(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    (void)state;
    struct fakeproxy_instance *in =
        api_start(fp, FP_SOURCE_DIR "/scenarios/retry-after/delta-1.json");
    assert_int_equal(api_get(in, "/"), 429);
    fakeproxy_free(fp);
}

/* How the installed folder is found is the business of the install tests. */
static void test_id_in_a_folder_of_the_environment(void **state)
{
    (void)state;
    assert_int_equal(setenv("FAKEPROXY_SCENARIOS", FP_SOURCE_DIR "/scenarios", 1), 0);
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    struct fakeproxy_instance *in = api_start(fp, "delta-1");
    assert_int_equal(api_get(in, "/"), 429);
    fakeproxy_free(fp);
}

static void test_texts_of_actors(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    (void)state;
    struct fakeproxy_instance *in =
        api_start_text(fp, "{ \"fakeproxy\": 1, \"id\": \"a/b\", \"proxy\": { \"tls\": {} }, "
                           "\"proxies\": { \"b\": {} },"
                           "  \"client\": { \"credentials\": [\"u1\", \"p1\"], \"steps\": [] } }");
    const char *user, *password;
    assert_memory_equal(fakeproxy_url(in, "proxy"), "https://127.0.0.1:", 18);
    assert_string_equal(fakeproxy_url(in, "proxy") + 8, fakeproxy_address(in, "proxy"));
    assert_memory_equal(fakeproxy_url(in, "b"), "http://127.0.0.1:", 17);
    assert_memory_equal(fakeproxy_url(in, "origin"), "http://origin-", 14);
    assert_memory_equal(fakeproxy_tls_url(in, "origin"), "https://origin-", 15);
    assert_memory_equal(fakeproxy_address(in, "origin"), "127.0.0.1:", 10);
    assert_null(fakeproxy_tls_url(in, "proxy"));
    assert_null(fakeproxy_url(in, "c"));
    assert_null(fakeproxy_address(in, ""));
    assert_int_equal(fakeproxy_credentials(in, "b", &user, &password), 0);
    assert_string_equal(user, "u1");
    assert_string_equal(password, "p1");
    assert_int_equal(fakeproxy_credentials(in, "origin", &user, &password), -1);
    assert_null(user);
    assert_int_equal(fakeproxy_credentials(in, "nobody", &user, &password), -1);
    assert_null(password);
    fakeproxy_free(fp);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_no_such_id),
    cmocka_unit_test(test_no_such_file),
    cmocka_unit_test(test_wrong_text),
    cmocka_unit_test(test_variant_not_chosen),
    cmocka_unit_test(test_variant),
    cmocka_unit_test(test_file),
    cmocka_unit_test(test_id_in_a_folder_of_the_environment),
    cmocka_unit_test(test_texts_of_actors),
};

TEST_MAIN(tests)
