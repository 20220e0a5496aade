/* Gates: credentials in, finding out; and the challenges they make. */
#include "cmocka_main.h"

#include "auth.h"
#include "digest.h"

static const struct user users[] = {
    { "u1", "p1" },  { "colons", "a:b:c" },           { "percent", "p%41@:/" },
    { "empty", "" }, { "J\303\244s", "123\302\243" },
};
static const char *const tokens[] = { "t0k", "a-b._~+/c==", NULL };

#define USERS .users = users, .user_count = sizeof(users) / sizeof(users[0])
static const struct gate basic = { .scheme = GATE_BASIC, .realm = "p", USERS };
static const struct gate bearer = { .scheme = GATE_BEARER, .realm = "p", .tokens = tokens };
static const struct gate ntlm = { .scheme = GATE_NTLM, .realm = "p", USERS };

static struct http_slice slice(const char *z)
{
    return (struct http_slice){ z, strlen(z) };
}

/* ---- one question ---------------------------------------------------------------------------- */

struct desk { /* where questions are asked */
    struct nonces *nonces;
    struct auth_session session;
};

static struct desk desk(void)
{
    return (struct desk){ .nonces = nonces_new("secret") };
}

static struct auth_question ask(const struct gate *gates, size_t count, const char *value)
{
    return (struct auth_question){ .gates = gates,
                                   .gate_count = count,
                                   .method = slice("GET"),
                                   .target = slice("http://a.test/x"),
                                   .value = slice(value ? value : ""),
                                   .lines = value ? 1 : 0,
                                   .has_content = true,
                                   .content = slice("") };
}

static void expect_why(const struct auth *a, const char *why)
{
    if (!why)
        assert_null(a->why);
    else
        assert_true(a->why && strstr(a->why, why));
}

static void expect(struct desk *d, const struct auth_question *q, enum auth_finding finding,
                   const char *why)
{
    struct auth a = { 0 };
    auth_judge(d->nonces, &d->session, q, &a);
    if (a.finding != finding)
        print_error("%.*s: %s\n", (int)q->value.len, q->value.at, a.why ? a.why : "(nothing)");
    assert_int_equal(a.finding, finding);
    expect_why(&a, why);
    auth_free(&a);
}

static void challenge_in(struct desk *d, const struct gate *gate, const struct auth *a, char *out)
{
    struct buf b = { 0 };
    auth_challenge(d->nonces, &d->session, gate, a, &b);
    assert_true(b.len < 512);
    memcpy(out, b.at, b.len);
    out[b.len] = '\0';
    buf_free(&b);
}

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

/* ---- Digest ---------------------------------------------------------------------------------- */

struct answer { /* of a client to a Digest challenge; NULL: as in good_answer() */
    const char *user, *password, *realm, *nonce, *nc, *cnonce, *qop, *algorithm, *method, *uri,
        *content, *extra;
    const char *without; /* this parameter is left out of the value */
};

static const char *or_else(const char *given, const char *otherwise)
{
    return given ? given : otherwise;
}

static void add(struct buf *b, const struct answer *w, const char *name, const char *value)
{
    if (!w->without || strcmp(w->without, name) != 0)
        buf_printf(b, "%s%s=\"%s\"", b->len > 7 ? ", " : "", name, value);
}

/* What a client that follows the RFC, apart from what the row says, sends. */
static const char *answer_of(const struct answer *w)
{
    static char text[1024];
    struct digest_algorithm algorithm = { DIGEST_MD5, false };
    char response[DIGEST_HEX];
    struct digest_input in = { .user = slice(or_else(w->user, "u1")),
                               .password = slice(or_else(w->password, "p1")),
                               .realm = slice(or_else(w->realm, "r@p")),
                               .nonce = slice(or_else(w->nonce, "n1")),
                               .nc = slice(or_else(w->nc, "00000001")),
                               .cnonce = slice(or_else(w->cnonce, "c1")),
                               .qop = slice(or_else(w->qop, "auth")),
                               .method = slice(or_else(w->method, "GET")),
                               .uri = slice(or_else(w->uri, "http://a.test/x")),
                               .content = slice(or_else(w->content, "")) };
    digest_algorithm(slice(or_else(w->algorithm, "")), &algorithm);
    digest_response(algorithm, &in, response);
    struct buf b = { 0 };
    buf_string(&b, "Digest ");
    add(&b, w, "username", in.user.at);
    add(&b, w, "realm", in.realm.at);
    add(&b, w, "nonce", in.nonce.at);
    add(&b, w, "uri", in.uri.at);
    add(&b, w, "response", response);
    if (in.qop.len) {
        add(&b, w, "qop", in.qop.at);
        add(&b, w, "nc", in.nc.at);
        add(&b, w, "cnonce", in.cnonce.at);
    }
    if (w->algorithm)
        add(&b, w, "algorithm", w->algorithm);
    buf_string(&b, or_else(w->extra, ""));
    snprintf(text, sizeof(text), "%.*s", (int)b.len, b.at);
    buf_free(&b);
    return text;
}

static const char *const n1_n2[] = { "n1", "n2", NULL };

static struct gate digest_gate(void)
{
    return (struct gate){ .scheme = GATE_DIGEST,
                          .realm = "r@p",
                          .nonces = n1_n2,
                          .uses = UINT64_MAX,
                          .qop = "auth",
                          USERS };
}

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
    cmocka_unit_test(test_ntlm_three_legs),
    cmocka_unit_test(test_ntlm_messages),
    cmocka_unit_test(test_ntlm_user_names),
    cmocka_unit_test(test_several_gates),
    cmocka_unit_test(test_challenges),
};

TEST_MAIN(tests)
