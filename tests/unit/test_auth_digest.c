/* Gates of the scheme Digest: answers of all forms, and how long a nonce is good for. */
#include "desk.h"

/* ---- answers --------------------------------------------------------------------------------- */

static void test_digest_forms(void **state)
{
    (void)state;
    static const struct {
        struct answer answer;
        enum auth_finding finding;
        const char *why;
    } rows[] = {
        { { 0 }, AUTH_OK, NULL },
        { { .uri = "/elsewhere" }, AUTH_OK, NULL }, /* lenient */
        { { .algorithm = "MD5" }, AUTH_OK, NULL },
        { { .algorithm = "md5" }, AUTH_OK, NULL },
        { { .user = "u2" }, AUTH_WRONG, "no such user" },
        { { .password = "p2" }, AUTH_WRONG, "password" },
        { { .realm = "other" }, AUTH_WRONG, "realm" },
        { { .algorithm = "SHA-256" }, AUTH_WRONG, "algorithm is not" },
        { { .algorithm = "FOO-9" }, AUTH_WRONG, "nobody knows" },
        { { .method = "CONNECT" }, AUTH_WRONG, "miscalculated" },
        { { .nonce = "n3" }, AUTH_STALE, "nonce" },
        { { .nonce = "n3", .password = "p2" }, AUTH_WRONG, "password" },
        { { .nonce = "n2" }, AUTH_OK, NULL }, /* each is valid from the start */
        { { .qop = "auth-int" }, AUTH_MALFORMED, "qop is none" },
        { { .qop = "" }, AUTH_MALFORMED, "qop is missing" },
        { { .nc = "1" }, AUTH_MALFORMED, "nc" },
        { { .nc = "0000000g" }, AUTH_MALFORMED, "nc" },
        { { .without = "username" }, AUTH_MALFORMED, "username" },
        { { .without = "realm" }, AUTH_MALFORMED, "realm" },
        { { .without = "nonce" }, AUTH_MALFORMED, "nonce" },
        { { .without = "uri" }, AUTH_MALFORMED, "uri" },
        { { .without = "response" }, AUTH_MALFORMED, "response" },
        { { .without = "qop" }, AUTH_MALFORMED, "qop" },
        { { .without = "nc" }, AUTH_MALFORMED, "nc" },
        { { .without = "cnonce" }, AUTH_MALFORMED, "cnonce" },
        { { .extra = ", nc=00000001" }, AUTH_MALFORMED, "twice" },
        { { .extra = ", opaque=\"x\", foo=bar" }, AUTH_OK, NULL },
        { { .user = "J\303\244s", .password = "123\302\243" }, AUTH_OK, NULL },
        { { .without = "username",
            .user = "J\303\244s",
            .password = "123\302\243",
            .extra = ", username*=UTF-8''J%C3%A4s" },
          AUTH_OK,
          NULL },
    };
    struct gate gate = digest_gate();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct desk d = desk();
        struct auth_question q = ask(&gate, 1, answer_of(&rows[i].answer));
        expect(&d, &q, rows[i].finding, rows[i].why);
        nonces_free(d.nonces);
    }
}

static void test_digest_fields(void **state)
{
    (void)state;
    struct desk d = desk();
    struct gate gate = digest_gate();
    struct auth a = { 0 };
    struct answer w = { .uri = "/x", .algorithm = "MD5", .nc = "0000000a" };
    struct auth_question q = ask(&gate, 1, answer_of(&w));
    auth_judge(d.nonces, &d.session, &q, &a);
    assert_true(http_slice_is(a.scheme, "digest"));
    assert_true(http_slice_is(a.user, "u1"));
    assert_true(http_slice_is(a.nonce, "n1"));
    assert_true(http_slice_is(a.nc, "0000000a"));
    assert_true(http_slice_is(a.qop, "auth"));
    assert_true(http_slice_is(a.algorithm, "MD5"));
    assert_true(http_slice_is(a.uri, "/x"));
    assert_true(a.has_uri);
    assert_false(a.uri_matches);
    auth_free(&a);
    q = ask(&gate, 1, answer_of(&(struct answer){ 0 }));
    auth_judge(d.nonces, &d.session, &q, &a);
    assert_true(a.uri_matches);
    auth_free(&a);
    nonces_free(d.nonces);
}

static void test_digest_every_algorithm_and_qop(void **state)
{
    (void)state;
    static const char *const algorithms[] = { "MD5",          "MD5-sess",    "SHA-256",
                                              "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess" };
    static const char *const qops[] = { "auth", "auth-int" };
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 2; j++) {
            struct gate gate = digest_gate();
            struct desk d = desk();
            gate.algorithm = algorithms[i];
            gate.qop = "auth,auth-int";
            struct answer w = { .algorithm = algorithms[i], .qop = qops[j], .content = "hello" };
            struct auth_question q = ask(&gate, 1, answer_of(&w));
            q.content = slice("hello");
            assert_int_equal(auth_needs_content(q.value), j == 1);
            expect(&d, &q, AUTH_OK, NULL);
            q.content = slice("hullo");
            expect(&d, &q, j == 1 ? AUTH_WRONG : AUTH_OK, j == 1 ? "miscalculated" : NULL);
            q.has_content = false;
            expect(&d, &q, j == 1 ? AUTH_MALFORMED : AUTH_OK, j == 1 ? "content" : NULL);
            nonces_free(d.nonces);
        }
}

static void test_digest_usual_miscalculations(void **state)
{
    (void)state;
    struct desk d = desk();
    struct gate gate = digest_gate();
    struct answer w = { .algorithm = "SHA-256" };
    char value[1024];
    gate.algorithm = "SHA-512-256";
    snprintf(value, sizeof(value), "%s", answer_of(&w));
    char *name = strstr(value, "\"SHA-256\"");
    assert_non_null(name);
    memcpy(name, "\"SHA-512-256\"", sizeof("\"SHA-512-256\""));
    struct auth_question q = ask(&gate, 1, value);
    expect(&d, &q, AUTH_WRONG, "computed with SHA-256");

    gate.algorithm = NULL;
    w = (struct answer){ .uri = "a.test:443" };
    q = ask(&gate, 1, answer_of(&w));
    q.method = slice("CONNECT");
    q.target = slice("a.test:443");
    expect(&d, &q, AUTH_WRONG, "for the method GET");
    nonces_free(d.nonces);
}

static void test_digest_without_qop(void **state)
{
    (void)state;
    struct desk d = desk();
    struct gate gate = digest_gate();
    gate.qop = "";
    struct answer w = { .qop = "" };
    struct auth_question q = ask(&gate, 1, answer_of(&w));
    expect(&d, &q, AUTH_OK, NULL);
    q = ask(&gate, 1, answer_of(&(struct answer){ 0 }));
    expect(&d, &q, AUTH_MALFORMED, "qop is none");
    nonces_free(d.nonces);
}

static void test_digest_strict_uri(void **state)
{
    (void)state;
    struct desk d = desk();
    struct gate gate = digest_gate();
    gate.strict_uri = true;
    struct auth_question q = ask(&gate, 1, answer_of(&(struct answer){ .uri = "/x" }));
    expect(&d, &q, AUTH_WRONG, "request-target");
    q = ask(&gate, 1, answer_of(&(struct answer){ 0 }));
    expect(&d, &q, AUTH_OK, NULL);
    nonces_free(d.nonces);
}

static void test_digest_opaque(void **state)
{
    (void)state;
    struct desk d = desk();
    struct gate gate = digest_gate();
    gate.opaque = "o/+=";
    struct auth_question q =
        ask(&gate, 1, answer_of(&(struct answer){ .extra = ", opaque=\"o/+=\"" }));
    expect(&d, &q, AUTH_OK, NULL);
    q = ask(&gate, 1, answer_of(&(struct answer){ .extra = ", opaque=\"x\"" }));
    expect(&d, &q, AUTH_OK, "opaque");
    q = ask(&gate, 1, answer_of(&(struct answer){ 0 }));
    expect(&d, &q, AUTH_OK, "opaque");
    nonces_free(d.nonces);
}

/* RFC 7616, 3.9.2, erratum 4897: what a client sends, and that the gate finds the user. */
static void test_digest_userhash(void **state)
{
    (void)state;
    static const struct user jason = { "J\303\244s\303\270n Doe", "Secret, or not?" };
    static const char *const nonces[] = { "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", NULL };
    struct gate gate = { .scheme = GATE_DIGEST,
                         .realm = "api@example.org",
                         .users = &jason,
                         .user_count = 1,
                         .nonces = nonces,
                         .uses = UINT64_MAX,
                         .qop = "auth",
                         .algorithm = "SHA-512-256",
                         .opaque = "HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS" };
    struct desk d = desk();
    struct auth a = { 0 };
    struct auth_question q =
        ask(&gate, 1,
            "Digest username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\", "
            "realm=\"api@example.org\", uri=\"/doe.json\", algorithm=SHA-512-256, "
            "nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", nc=00000001, "
            "cnonce=\"NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v\", qop=auth, "
            "response=\"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5\", "
            "opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", userhash=true");
    q.target = slice("/doe.json");
    auth_judge(d.nonces, &d.session, &q, &a);
    assert_int_equal(a.finding, AUTH_OK);
    assert_null(a.why);
    assert_true(a.uri_matches);
    assert_true(http_slice_is(a.user, jason.name));
    auth_free(&a);
    nonces_free(d.nonces);
}

/* ---- nonces ---------------------------------------------------------------------------------- */

static void test_uses(void **state)
{
    (void)state;
    struct desk d = desk();
    struct gate gate = digest_gate();
    char text[512];
    struct auth a = { 0 };
    gate.uses = 1;
    challenge_in(&d, &gate, NULL, text);
    assert_string_equal(text, "Digest realm=\"r@p\", nonce=\"n1\", qop=\"auth\", charset=UTF-8");
    struct auth_question q = ask(&gate, 1, answer_of(&(struct answer){ .password = "p2" }));
    expect(&d, &q, AUTH_WRONG, "password"); /* which uses nothing up */
    q = ask(&gate, 1, answer_of(&(struct answer){ 0 }));
    expect(&d, &q, AUTH_OK, NULL);
    q = ask(&gate, 1, answer_of(&(struct answer){ .nc = "00000002" }));
    auth_judge(d.nonces, &d.session, &q, &a);
    assert_int_equal(a.finding, AUTH_STALE);
    challenge_in(&d, &gate, &a, text);
    assert_string_equal(text, "Digest realm=\"r@p\", nonce=\"n2\", qop=\"auth\", stale=true, "
                              "charset=UTF-8");
    auth_free(&a);
    q = ask(&gate, 1, answer_of(&(struct answer){ .nonce = "n2" }));
    expect(&d, &q, AUTH_OK, NULL);
    nonces_free(d.nonces);
}

static void test_no_use_at_all(void **state)
{
    (void)state;
    struct desk d = desk();
    struct gate gate = digest_gate();
    char text[512];
    gate.uses = 0;
    for (int i = 1; i <= 2; i++) {
        challenge_in(&d, &gate, NULL, text);
        assert_non_null(strstr(text, i == 1 ? "nonce=\"n1\"" : "nonce=\"n2\""));
        struct answer w = { .nonce = i == 1 ? "n1" : "n2" };
        struct auth_question q = ask(&gate, 1, answer_of(&w));
        expect(&d, &q, AUTH_STALE, "nonce");
    }
    challenge_in(&d, &gate, NULL, text); /* the last goes on */
    assert_non_null(strstr(text, "nonce=\"n2\""));
    nonces_free(d.nonces);
}

static void test_fresh_nonces(void **state)
{
    (void)state;
    struct desk d = desk();
    struct gate gate = digest_gate();
    char text[2][512], nonce[2][33];
    gate.nonces = NULL;
    gate.uses = 2;
    for (int i = 0; i < 2; i++) {
        challenge_in(&d, &gate, NULL, text[i]);
        assert_int_equal(sscanf(text[i], "Digest realm=\"r@p\", nonce=\"%32[0-9a-f]\"", nonce[i]),
                         1);
    }
    assert_string_not_equal(nonce[0], nonce[1]);
    struct answer w = { .nonce = nonce[0] };
    struct auth_question q = ask(&gate, 1, answer_of(&w));
    expect(&d, &q, AUTH_OK, NULL);
    expect(&d, &q, AUTH_OK, NULL); /* the same count: nobody asked for unique ones */
    expect(&d, &q, AUTH_STALE, "nonce");
    w.nonce = nonce[1];
    q = ask(&gate, 1, answer_of(&w));
    expect(&d, &q, AUTH_OK, NULL);
    w.nonce = "00112233445566778899aabbccddeeff";
    q = ask(&gate, 1, answer_of(&w));
    expect(&d, &q, AUTH_STALE, "nonce");
    nonces_free(d.nonces);
}

static void test_replay(void **state)
{
    (void)state;
    struct desk d = desk();
    struct gate gate = digest_gate();
    gate.unique_nc = true;
    struct answer w = { .nc = "00000002" };
    struct auth_question q = ask(&gate, 1, answer_of(&w));
    expect(&d, &q, AUTH_OK, NULL);
    expect(&d, &q, AUTH_REPLAYED, "count");
    w.nc = "00000001"; /* later than 2, as with parallel requests: not used before */
    q = ask(&gate, 1, answer_of(&w));
    expect(&d, &q, AUTH_OK, NULL);
    w.nonce = "n2";
    q = ask(&gate, 1, answer_of(&w));
    expect(&d, &q, AUTH_OK, NULL);
    nonces_free(d.nonces);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_digest_forms),
    cmocka_unit_test(test_digest_fields),
    cmocka_unit_test(test_digest_every_algorithm_and_qop),
    cmocka_unit_test(test_digest_usual_miscalculations),
    cmocka_unit_test(test_digest_without_qop),
    cmocka_unit_test(test_digest_strict_uri),
    cmocka_unit_test(test_digest_opaque),
    cmocka_unit_test(test_digest_userhash),
    cmocka_unit_test(test_uses),
    cmocka_unit_test(test_no_use_at_all),
    cmocka_unit_test(test_fresh_nonces),
    cmocka_unit_test(test_replay),
};

TEST_MAIN(tests)
