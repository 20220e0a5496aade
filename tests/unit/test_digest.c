/* Digest responses against RFC 7616's worked examples, and what else the RFC defines. */
#include "cmocka_main.h"

#include "digest.h"

static struct http_slice slice(const char *z)
{
    return (struct http_slice){ z, strlen(z) };
}

static void expect_response(const char *algorithm, const struct digest_input *in, const char *hex)
{
    struct digest_algorithm a;
    char out[DIGEST_HEX];
    assert_true(digest_algorithm(slice(algorithm), &a));
    digest_response(a, in, out);
    assert_string_equal(out, hex);
}

/* RFC 7616, 3.9.1 */
static void test_rfc7616_md5_and_sha_256(void **state)
{
    (void)state;
    struct digest_input in = {
        .user = slice("Mufasa"),
        .password = slice("Circle of Life"),
        .realm = slice("http-auth@example.org"),
        .nonce = slice("7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"),
        .nc = slice("00000001"),
        .cnonce = slice("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"),
        .qop = slice("auth"),
        .method = slice("GET"),
        .uri = slice("/dir/index.html"),
    };
    expect_response("MD5", &in, "8ca523f5e9506fed4657c9700eebdbec");
    expect_response("", &in, "8ca523f5e9506fed4657c9700eebdbec");
    expect_response("sha-256", &in,
                    "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}

/* RFC 7616, 3.9.2, as corrected by erratum 4897: the RFC's figures are those of another hash. */
static void test_rfc7616_sha_512_256(void **state)
{
    (void)state;
    struct digest_algorithm a;
    char hex[DIGEST_HEX];
    struct digest_input in = {
        .user = slice("J\303\244s\303\270n Doe"),
        .password = slice("Secret, or not?"),
        .realm = slice("api@example.org"),
        .nonce = slice("5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK"),
        .nc = slice("00000001"),
        .cnonce = slice("NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"),
        .qop = slice("auth"),
        .method = slice("GET"),
        .uri = slice("/doe.json"),
    };
    expect_response("SHA-512-256", &in,
                    "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
    assert_true(digest_algorithm(slice("SHA-512-256"), &a));
    digest_user(a, in.user, in.realm, hex);
    assert_string_equal(hex, "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b");
}

/* RFC 2617, 3.5, and the same without qop, which is how RFC 2069 computes it. */
static void test_rfc2617_and_rfc2069(void **state)
{
    (void)state;
    struct digest_input in = {
        .user = slice("Mufasa"),
        .password = slice("Circle Of Life"),
        .realm = slice("testrealm@host.com"),
        .nonce = slice("dcd98b7102dd2f0e8b11d0f600bfb0c093"),
        .nc = slice("00000001"),
        .cnonce = slice("0a4f113b"),
        .qop = slice("auth"),
        .method = slice("GET"),
        .uri = slice("/dir/index.html"),
    };
    expect_response("MD5", &in, "6629fae49393a05397450978507c4ef1");
    in.qop = in.nc = in.cnonce = slice("");
    expect_response("MD5", &in, "670fd8c2df070c60b045671b8b24ff02");
}

/* Figures made with Python's hashlib from the formulas of RFC 7616, 3.4.2 and 3.4.3. */
static void test_session_and_content(void **state)
{
    (void)state;
    struct digest_input in = {
        .user = slice("u1"),
        .password = slice("p1"),
        .realm = slice("p"),
        .nonce = slice("n1"),
        .nc = slice("00000001"),
        .cnonce = slice("c1"),
        .qop = slice("auth"),
        .method = slice("POST"),
        .uri = slice("/x"),
        .content = slice("hello"),
    };
    expect_response("MD5-sess", &in, "b9cdac64b6f17debd3defba957a6cbbb");
    expect_response("SHA-256-sess", &in,
                    "f73d1b803cb26a96e9e62caaac3ff41bb942ed454cfbf2c35cf557aa470cb8cf");
    expect_response("SHA-512-256-sess", &in,
                    "20048f3027883fe1bc9990ecb1db26b35735727b36a122481eebaa404c93c672");
    in.qop = slice("auth-int");
    expect_response("MD5", &in, "d18ae689aee1129e5cc1bce1ec9c668a");
    expect_response("SHA-256", &in,
                    "84207b5a24b569469d7e2a23271d937118db8ec3dacbeae54b573fc569a2e4b1");
    expect_response("SHA-512-256-sess", &in,
                    "08a98c0a36b8322b9188e24682b8de66dcc13ff2c3dfc9a9aa4ecbadee5d7af3");
    in.content = slice("");
    expect_response("MD5", &in, "5d1f221595bc3c77b8ae6c870a94634a");
}

static void test_algorithms(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool known, is_session;
        enum digest_hash hash;
    } rows[] = {
        { "", true, false, DIGEST_MD5 },
        { "md5", true, false, DIGEST_MD5 },
        { "MD5-SESS", true, true, DIGEST_MD5 },
        { "SHA-256", true, false, DIGEST_SHA_256 },
        { "SHA-256-sess", true, true, DIGEST_SHA_256 },
        { "SHA-512-256", true, false, DIGEST_SHA_512_256 },
        { "SHA-512-256-sess", true, true, DIGEST_SHA_512_256 },
        { "SHA-512", false, false, DIGEST_MD5 },
        { "FOO-9", false, false, DIGEST_MD5 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct digest_algorithm a = { DIGEST_MD5, false };
        assert_int_equal(digest_algorithm(slice(rows[i].name), &a), rows[i].known);
        assert_int_equal(a.hash, rows[i].hash);
        assert_int_equal(a.is_session, rows[i].is_session);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_rfc7616_md5_and_sha_256),
    cmocka_unit_test(test_rfc7616_sha_512_256),
    cmocka_unit_test(test_rfc2617_and_rfc2069),
    cmocka_unit_test(test_session_and_content),
    cmocka_unit_test(test_algorithms),
};

TEST_MAIN(tests)
