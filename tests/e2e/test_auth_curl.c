/*
 * The gate against curl's own Basic, Digest, NTLM and Bearer: what curl says it can do must be let
 * in, and for what it is known to do wrong the journal has the words.
 */
#include "e2e.h"

#include <stdlib.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Runs curl on the proxy; what it wrote, without bodies, is one line a request: status, and the
 * status of a CONNECT. */
static const char *curl(struct play *p, const char *options, const char *urls)
{
    static char out[1024];
    char command[1024];
    snprintf(command, sizeof(command),
             "env -u NO_PROXY -u no_proxy curl -q -s -k -m 20 -x http://127.0.0.1:%d "
             "-w '%%{http_code}/%%{http_connect} ' -o /dev/null -o /dev/null %s %s",
             p->proxy, options, urls);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    size_t n = fread(out, 1, sizeof(out) - 1, f);
    out[n] = '\0';
    pclose(f);
    return out;
}

#define PLAIN  "'http://a.test/x?b=c'"
#define TUNNEL "https://a.test/x"

static struct play *start_gate(const char *gate)
{
    char scenario[1024];
    snprintf(scenario, sizeof(scenario), "{'proxy':{'auth':%s}}", gate);
    return start(scenario);
}

/* ---- Digest ---------------------------------------------------------------------------------- */

struct kind {
    const char *algorithm, *qop;
};

static struct play *start_digest(struct kind k)
{
    char gate[512];
    snprintf(gate, sizeof(gate),
             "{'scheme':'digest','realm':'r@p, \\'x\\'','users':{'u1':'p:1%%@'},'opaque':'o/+=',"
             "'unique_nc':true,%s%s%s'qop':'%s'}",
             k.algorithm ? "'algorithm':'" : "", k.algorithm ? k.algorithm : "",
             k.algorithm ? "'," : "", k.qop);
    /* start() makes a quote of every apostrophe: the realm has quotes in it */
    return start_gate(gate);
}

static void expect_let_in(struct kind k)
{
    struct play *p = start_digest(k);
    assert_string_equal(curl(p, "--proxy-digest -U 'u1:p:1%@'", PLAIN " " PLAIN),
                        "200/000 200/000 ");
    assert_string_equal(curl(p, "--proxy-digest -U 'u1:p:1%@'", TUNNEL), "200/200 ");
    assert_string_equal(curl(p, "--proxy-digest -U u1:p2", PLAIN), "407/000 ");
    find_event(p, "request", "at", "proxy", "auth", "ok", "method", "GET", "nc", "*", "qop",
               k.qop[0] ? "auth*" : "*", NULL);
    find_event(p, "request", "at", "proxy", "auth", "ok", "method", "CONNECT", "uri_matches",
               "true", NULL);
    find_event(p, "request", "at", "proxy", "auth", "wrong", "user", "u1", NULL);
    expect_number(count_events(p, "request", "auth", "ok", NULL), 3);
    expect_number(count_events(p, "request", "auth", "wrong", NULL), 1);
    expect_number(count_events(p, "request", "auth", "malformed", NULL), 0);
    expect_number(count_events(p, "request", "auth", "replayed", NULL), 0);
    expect_number(count_events(p, "request", "auth", "ok", "why", "*", NULL), 0);
    stop(p);
}

static void digest_of_every_algorithm(void **state)
{
    (void)state;
    static const char *const algorithms[] = { NULL, "MD5", "MD5-sess", "SHA-256", "SHA-256-sess" };
    for (size_t i = 0; i < COUNT(algorithms); i++)
        expect_let_in((struct kind){ algorithms[i], "auth" });
}

static void digest_of_every_qop(void **state)
{
    (void)state;
    static const char *const qops[] = { "auth-int", "auth,auth-int", "foo,auth" };
    for (size_t i = 0; i < COUNT(qops); i++)
        expect_let_in((struct kind){ "SHA-256", qops[i] });
}

/* RFC 2069: no qop, so no nc either. */
static void digest_without_qop(void **state)
{
    (void)state;
    struct play *p = start_digest((struct kind){ "MD5", "" });
    assert_string_equal(curl(p, "--proxy-digest -U 'u1:p:1%@'", PLAIN), "200/000 ");
    const cJSON *e = find_event(p, "request", "at", "proxy", "auth", "ok", NULL);
    assert_null(cJSON_GetObjectItem(e, "nc"));
    assert_null(cJSON_GetObjectItem(e, "qop"));
    stop(p);
}

/* Older curls compute SHA-256 under that name: told in words. Newer ones are right. */
static void digest_sha_512_256(void **state)
{
    (void)state;
    struct play *p = start_digest((struct kind){ "SHA-512-256", "auth" });
    const char *said = curl(p, "--proxy-digest -U 'u1:p:1%@'", PLAIN);
    if (strcmp(said, "200/000 ") == 0) {
        find_event(p, "request", "auth", "ok", "algorithm", "SHA-512-256", NULL);
    } else {
        assert_string_equal(said, "407/000 ");
        find_event(p, "request", "auth", "wrong", "why", "the response was computed with SHA-256",
                   NULL);
    }
    stop(p);
}

static void digest_upload(void **state)
{
    (void)state;
    struct play *p = start_digest((struct kind){ "SHA-256", "auth" });
    assert_string_equal(curl(p,
                             "--proxy-digest -U 'u1:p:1%@' --data-binary "
                             "'0123456789012345678901234567890123456789'",
                             PLAIN),
                        "200/000 ");
    find_event(p, "body", "at", "origin", "bytes", "40", "whole", "true", NULL);
    stop(p);
}

/* Two requests, and nonces that are good for one each. */
static void digest_nonces_of_one_use(void **state)
{
    (void)state;
    struct play *p = start_gate("{'scheme':'digest','users':{'u1':'p1'},'nonces':['n1','n2'],"
                                "'uses':1}");
    assert_string_equal(curl(p, "--proxy-digest -U u1:p1", PLAIN " " PLAIN), "200/000 200/000 ");
    find_event(p, "request", "auth", "ok", "nonce", "n1", "nc", "00000001", NULL);
    find_event(p, "request", "auth", "ok", "nonce", "n2", "nc", "00000001", NULL);
    stop(p);
}

/* With a strict gate a uri that is not the request-target is told apart from a wrong password. */
static void digest_strict_uri(void **state)
{
    (void)state;
    struct play *p = start_gate("{'scheme':'digest','users':{'u1':'p1'},'strict_uri':true}");
    const char *said = curl(p, "--proxy-digest -U u1:p1", PLAIN);
    if (strcmp(said, "200/000 ") == 0) {
        find_event(p, "request", "auth", "ok", "uri_matches", "true", NULL);
    } else {
        assert_string_equal(said, "407/000 ");
        find_event(p, "request", "auth", "wrong", "uri", "/x?b=c", "uri_matches", "false", "why",
                   "uri is*", NULL);
    }
    assert_string_equal(curl(p, "--proxy-digest -U u1:p1", TUNNEL), "200/200 ");
    stop(p);
}

/* ---- the others ------------------------------------------------------------------------------ */

/* curl decodes percent signs in -U, so they are encoded for it. */
static void basic(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        { "'u1':'p1'", "-U u1:p1", "200/000 " },
        { "'u1':'p1'", "-U u1:p2", "407/000 " },
        { "'u1':'a:b:c'", "-U u1:a:b:c", "200/000 " },
        { "'u1':'p%41@:/'", "-U 'u1:p%2541@:/'", "200/000 " },
        { "'u1':'p@ss:/#?%'", "-U 'u1:p@ss:/#?%25'", "200/000 " },
        { "'u1':''", "-U u1:", "200/000 " },
        { "'J\303\244s':'123\302\243'", "-U 'J\303\244s:123\302\243'", "200/000 " },
        { "'u1':'p1'", "", "407/000 " },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char gate[256];
        snprintf(gate, sizeof(gate), "{'scheme':'basic','users':{%s}}", rows[i][0]);
        struct play *p = start_gate(gate);
        assert_string_equal(curl(p, rows[i][1], PLAIN), rows[i][2]);
        assert_string_equal(curl(p, rows[i][1], TUNNEL),
                            strcmp(rows[i][2], "200/000 ") == 0 ? "200/200 " : "000/407 ");
        stop(p);
    }
}

static void ntlm(void **state)
{
    (void)state;
    struct play *p = start_gate("{'scheme':'ntlm','users':{'u1':'p1'}}");
    assert_string_equal(curl(p, "--proxy-ntlm -U u1:p1", PLAIN " " PLAIN), "200/000 200/000 ");
    assert_string_equal(curl(p, "--proxy-ntlm -U u1:p1", TUNNEL), "200/200 ");
    assert_string_equal(curl(p, "--proxy-anyauth -U u1:p1", PLAIN), "200/000 ");
    assert_string_equal(curl(p, "--proxy-ntlm -U u2:p1", PLAIN), "407/000 ");
    find_event(p, "request", "connection", "1", "exchange", "3", "auth", "ok", "user", "u1", NULL);
    find_event(p, "request", "auth", "wrong", "scheme", "ntlm", "user", "u2", NULL);
    expect_number(count_events(p, "request", "auth", "stale", NULL), 0);
    stop(p);
}

static void the_strongest_of_several(void **state)
{
    (void)state;
    struct play *p = start_gate("[{'scheme':'basic','users':{'u1':'p1'}},"
                                "{'scheme':'digest','users':{'u1':'p1'},'algorithm':'SHA-256'}]");
    assert_string_equal(curl(p, "--proxy-anyauth -U u1:p1", PLAIN), "200/000 ");
    find_event(p, "request", "auth", "ok", "scheme", "digest", NULL);
    stop(p);
}

static void two_hops(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{'auth':{'scheme':'digest','users':{'u1':'p1'}}},"
                           "'origin':{'auth':{'scheme':'digest','users':{'u9':'p9'}}}}");
    assert_string_equal(curl(p, "--proxy-digest -U u1:p1 --digest -u u9:p9", PLAIN), "200/000 ");
    assert_string_equal(curl(p, "--proxy-digest -U u1:p1 --digest -u u9:p9", TUNNEL), "200/200 ");
    find_event(p, "request", "at", "origin", "via", "forward", "auth", "ok", "user", "u9",
               "uri_matches", "true", NULL);
    find_event(p, "request", "at", "origin", "via", "tunnel", "auth", "ok", "user", "u9", NULL);
    stop(p);
}

/* CMake reads one test a line. */
/* clang-format off */
static const struct CMUnitTest tests[] = {
    cmocka_unit_test(digest_of_every_algorithm),
    cmocka_unit_test(digest_of_every_qop),
    cmocka_unit_test(digest_without_qop),
    cmocka_unit_test(digest_sha_512_256),
    cmocka_unit_test(digest_upload),
    cmocka_unit_test(digest_nonces_of_one_use),
    cmocka_unit_test(digest_strict_uri),
    cmocka_unit_test(basic),
    cmocka_unit_test(ntlm),
    cmocka_unit_test(the_strongest_of_several),
    cmocka_unit_test(two_hops),
};
/* clang-format on */

TEST_MAIN(tests)
