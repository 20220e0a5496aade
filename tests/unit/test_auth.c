/* Gates: credentials in, finding out; and the challenges they make. Digest: test_auth_digest.c. */
#include "desk.h"

static const char *const tokens[] = { "t0k", "a-b._~+/c==", NULL };

static const struct gate basic = { .scheme = GATE_BASIC, .realm = "p", USERS };
static const struct gate bearer = { .scheme = GATE_BEARER, .realm = "p", .tokens = tokens };
static const struct gate ntlm = { .scheme = GATE_NTLM, .realm = "p", USERS };

/* ---- Basic and Bearer ------------------------------------------------------------------------ */

static void test_basic(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum auth_finding finding;
        const char *user, *why;
    } rows[] = {
        { NULL, AUTH_MISSING, "", NULL },
        { "Basic dTE6cDE=", AUTH_OK, "u1", NULL },
        { "bAsIc dTE6cDE=", AUTH_OK, "u1", NULL },
        { "Basic dTE6d3Jvbmc=", AUTH_WRONG, "u1", "password" },
        { "Basic dTE6cDEx", AUTH_WRONG, "u1", "password" }, /* u1:p11 */
        { "Basic dTE6cA==", AUTH_WRONG, "u1", "password" }, /* u1:p */
        { "Basic dTE6", AUTH_WRONG, "u1", "password" },
        { "Basic dTI6cDE=", AUTH_WRONG, "u2", "no such user" },
        { "Basic Y29sb25zOmE6Yjpj", AUTH_OK, "colons", NULL },
        { "Basic cGVyY2VudDpwJTQxQDov", AUTH_OK, "percent", NULL },
        { "Basic cGVyY2VudDpwQUA6Lw==", AUTH_WRONG, "percent", "password" }, /* decoded once more */
        { "Basic ZW1wdHk6", AUTH_OK, "empty", NULL },
        { "Basic SsOkczoxMjPCow==", AUTH_OK, "J\303\244s", NULL },
        { "Basic SuRzOjEyM6M=", AUTH_WRONG, "J\344s", "no such user" }, /* Latin-1 */
        { "Basic dTE=", AUTH_MALFORMED, "u1", "colon" },
        { "Basic dTE6cDE", AUTH_MALFORMED, "u1", "base64" },
        { "Basic", AUTH_MALFORMED, "", "base64" },
        { "Basic u1:p1", AUTH_MALFORMED, "", "neither" },
        { "Basic realm=\"p\"", AUTH_MALFORMED, "", "base64" },
        { "Basic dTE6cDENCg==", AUTH_MALFORMED, "u1", "control" }, /* CRLF behind it */
        { "Digest dTE6cDE=", AUTH_WRONG, "", "scheme" },
        { "Bearer t0k", AUTH_WRONG, "", "scheme" },
        { "dTE6cDE=", AUTH_MALFORMED, "", "no token" },
        { "", AUTH_MALFORMED, "", "no authentication scheme" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct desk d = desk();
        struct auth a = { 0 };
        struct auth_question q = ask(&basic, 1, rows[i].value);
        auth_judge(d.nonces, &d.session, &q, &a);
        assert_int_equal(a.finding, rows[i].finding);
        assert_true(http_slice_is(a.user, rows[i].user));
        expect_why(&a, rows[i].why);
        auth_free(&a);
        nonces_free(d.nonces);
    }
}

static void test_bearer(void **state)
{
    (void)state;
    struct desk d = desk();
    static const struct {
        const char *value;
        enum auth_finding finding;
    } rows[] = {
        { "Bearer t0k", AUTH_OK },    { "bearer a-b._~+/c==", AUTH_OK },
        { "Bearer T0K", AUTH_WRONG }, { "Bearer t0k2", AUTH_WRONG },
        { "Bearer", AUTH_MALFORMED }, { "Bearer a=b", AUTH_MALFORMED },
        { NULL, AUTH_MISSING },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct auth a = { 0 };
        struct auth_question q = ask(&bearer, 1, rows[i].value);
        auth_judge(d.nonces, &d.session, &q, &a);
        assert_int_equal(a.finding, rows[i].finding);
        auth_free(&a);
    }
    nonces_free(d.nonces);
}

static void test_fields_without_a_gate(void **state)
{
    (void)state;
    struct desk d = desk();
    struct auth a = { 0 };
    struct auth_question q = ask(NULL, 0, "Basic dTEtc2Vzc2lvbi1hYmM6cDE=");
    auth_judge(d.nonces, &d.session, &q, &a);
    assert_int_equal(a.finding, AUTH_UNGATED);
    assert_null(auth_finding_name(a.finding));
    assert_true(http_slice_is(a.scheme, "basic"));
    assert_true(http_slice_is(a.user, "u1-session-abc"));
    auth_free(&a);
    nonces_free(d.nonces);
}

static void test_two_field_lines(void **state)
{
    (void)state;
    struct desk d = desk();
    struct auth_question q = ask(&basic, 1, "Basic dTE6cDE=");
    q.lines = 2;
    expect(&d, &q, AUTH_MALFORMED, "more than one");
    nonces_free(d.nonces);
}

/* ---- NTLM ------------------------------------------------------------------------------------ */

static const char leg1[] = "NTLM TlRMTVNTUAABAAAABoIIAAAAAAAAAAAAAAAAAAAAAAA="; /* curl's */
static const char leg3_u1[] = /* user u1 in OEM characters, domain empty */
    "NTLM TlRMTVNTUAADAAAAGAAYAEAAAAAYABgAWAAAAAAAAABwAAAAAgACAHAAAAALAAsAcgAAAAAAAAB9AAAABoKCAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAHUxV09SS1NUQVRJT04=";
static const char leg3_u2_wide[] = /* curl's, user u2 in UTF-16 */
    "NTLM TlRMTVNTUAADAAAAGAAYAEAAAAAYABgAWAAAAAAAAABwAAAABAAEAHAAAAAWABYAdAAAAAAAAAAAAAAABQKC"
    "ACfgh9oHzQmeaVHqQGbX5U8zvLEzNbw+oDgx5IJqMred++dmP9Xv6R4afRs/sQI0JXUAMgBXAE8AUgBLAFMAVABB"
    "AFQASQBPAE4A";

static void test_ntlm_three_legs(void **state)
{
    (void)state;
    struct desk d = desk();
    char text[512];
    struct auth_question none = ask(&ntlm, 1, NULL), one = ask(&ntlm, 1, leg1),
                         three = ask(&ntlm, 1, leg3_u1), other = ask(&ntlm, 1, leg3_u2_wide);
    expect(&d, &none, AUTH_MISSING, NULL);
    challenge_in(&d, &ntlm, NULL, text);
    assert_string_equal(text, "NTLM");
    expect(&d, &three, AUTH_STALE, "another connection"); /* answers no challenge of ours */
    expect(&d, &one, AUTH_MISSING, "first leg");
    challenge_in(&d, &ntlm, NULL, text);
    assert_int_equal(strncmp(text, "NTLM TlRMTVNTUAACAAAA", 21), 0);
    expect(&d, &three, AUTH_OK, NULL);
    expect(&d, &none, AUTH_OK, NULL); /* the connection is the user's from now on */
    expect(&d, &three, AUTH_OK, NULL);
    expect(&d, &one, AUTH_MISSING, "first leg"); /* which gives that up */
    expect(&d, &none, AUTH_MISSING, NULL);
    expect(&d, &three, AUTH_STALE, "another connection");
    expect(&d, &one, AUTH_MISSING, "first leg");
    expect(&d, &other, AUTH_WRONG, "no such user");
    nonces_free(d.nonces);
}

static void test_ntlm_messages(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum auth_finding finding;
    } rows[] = {
        { "NTLM", AUTH_MALFORMED },
        { "NTLM AAAA", AUTH_MALFORMED },
        { "NTLM TlRMTVNTUAACAAAAAAAAAA==", AUTH_MALFORMED },     /* a challenge */
        { "NTLM TlRMTVNTUAADAAAAGAAYAEAAAAA=", AUTH_MALFORMED }, /* cut off before the user */
        { "Negotiate TlRMTVNTUAABAAAABoIIAA==", AUTH_WRONG },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct desk d = desk();
        struct auth_question q = ask(&ntlm, 1, rows[i].value);
        struct auth a = { 0 };
        auth_judge(d.nonces, &d.session, &q, &a);
        assert_int_equal(a.finding, rows[i].finding);
        auth_free(&a);
        nonces_free(d.nonces);
    }
}

static void test_ntlm_user_names(void **state)
{
    (void)state;
    struct buf m = { 0 }, user = { 0 };
    static const char name[] = "J\0\344\0s\0\075\330\000\336\000\334"; /* Jäs😀, half a pair */
    buf_add(&m, "NTLMSSP\0\3\0\0\0", 12);
    memset(buf_extend(&m, 52), 0, 52);
    m.at[36] = m.at[38] = sizeof(name) - 1;
    m.at[40] = 64;
    m.at[60] = 1; /* in UTF-16 */
    buf_add(&m, name, sizeof(name) - 1);
    assert_int_equal(ntlm_message(m.at, m.len), NTLM_AUTHENTICATE);
    assert_true(ntlm_user(m.at, m.len, &user));
    buf_char(&user, '\0');
    assert_string_equal(user.at, "J\303\244s\360\237\230\200\357\277\275");
    user.len = 0;
    m.at[36] = m.at[38] = sizeof(name); /* one octet beyond the message */
    assert_false(ntlm_user(m.at, m.len, &user));
    buf_free(&m);
    buf_free(&user);
}

/* ---- several gates, challenges --------------------------------------------------------------- */

static void test_several_gates(void **state)
{
    (void)state;
    struct desk d = desk();
    struct gate sha = digest_gate(), md5 = digest_gate();
    sha.algorithm = "SHA-256";
    const struct gate gates[] = { sha, md5, basic, bearer };
    struct auth a = { 0 };
    struct auth_question q = ask(gates, 4, "Basic dTE6cDE=");
    expect(&d, &q, AUTH_OK, NULL);
    q = ask(gates, 4, "Bearer t0k");
    expect(&d, &q, AUTH_OK, NULL);
    q = ask(gates, 4, answer_of(&(struct answer){ 0 }));
    auth_judge(d.nonces, &d.session, &q, &a);
    assert_int_equal(a.finding, AUTH_OK);
    assert_ptr_equal(a.gate, &gates[1]);
    auth_free(&a);
    q = ask(gates, 4, answer_of(&(struct answer){ .algorithm = "SHA-256" }));
    auth_judge(d.nonces, &d.session, &q, &a);
    assert_int_equal(a.finding, AUTH_OK);
    assert_ptr_equal(a.gate, &gates[0]);
    auth_free(&a);
    q = ask(gates, 4, answer_of(&(struct answer){ .nonce = "n9" }));
    expect(&d, &q, AUTH_STALE, "nonce"); /* not wrong, as the other gate thinks */
    q = ask(gates, 4, "Hawk id=\"x\"");
    expect(&d, &q, AUTH_WRONG, "scheme");
    nonces_free(d.nonces);
}

static void test_challenges(void **state)
{
    (void)state;
    static const struct user plain = { "u1", "p1" };
    const struct gate gates[] = {
        { .scheme = GATE_BASIC, .realm = "p", .users = &plain, .user_count = 1 },
        { .scheme = GATE_BASIC, .realm = "a, \"b\" \\c", .users = &plain, .user_count = 1 },
        { .scheme = GATE_BASIC, .realm = "p", USERS },
        { .scheme = GATE_BEARER, .realm = "p" },
        { .scheme = GATE_NTLM, .realm = "p" },
        { .scheme = GATE_DIGEST, .realm = "p", .nonces = n1_n2, .qop = "" },
        { .scheme = GATE_DIGEST,
          .realm = "r@p",
          .nonces = n1_n2,
          .qop = "auth,auth-int",
          .opaque = "o/+=",
          .algorithm = "SHA-256",
          USERS },
    };
    static const char *const texts[] = {
        "Basic realm=\"p\"",
        "Basic realm=\"a, \\\"b\\\" \\\\c\"",
        "Basic realm=\"p\", charset=\"UTF-8\"",
        "Bearer realm=\"p\"",
        "NTLM",
        "Digest realm=\"p\", nonce=\"n1\"",
        ("Digest realm=\"r@p\", nonce=\"n1\", qop=\"auth,auth-int\", opaque=\"o/+=\", "
         "algorithm=SHA-256, charset=UTF-8"),
    };
    struct desk d = desk();
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char text[512];
        challenge_in(&d, &gates[i], NULL, text);
        assert_string_equal(text, texts[i]);
    }
    struct auth a = { 0 };
    char text[512];
    struct auth_question q = ask(&bearer, 1, "Bearer nope");
    auth_judge(d.nonces, &d.session, &q, &a);
    challenge_in(&d, &bearer, &a, text);
    assert_string_equal(text, "Bearer realm=\"p\", error=\"invalid_token\"");
    auth_free(&a);
    nonces_free(d.nonces);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_basic),
    cmocka_unit_test(test_bearer),
    cmocka_unit_test(test_fields_without_a_gate),
    cmocka_unit_test(test_two_field_lines),
    cmocka_unit_test(test_ntlm_three_legs),
    cmocka_unit_test(test_ntlm_messages),
    cmocka_unit_test(test_ntlm_user_names),
    cmocka_unit_test(test_several_gates),
    cmocka_unit_test(test_challenges),
};

TEST_MAIN(tests)
