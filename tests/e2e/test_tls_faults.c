/*
 * TLS at the origin, at the proxy, and one inside the other: alerts, plaintext, certificates, how
 * it closes, and cuts at the landmarks of the conversation in a tunnel.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>

#include "e2e.h"

/* A tunnel to the origin, or no tunnel at all. */
static struct peer *reach_origin(struct play *p, bool through_tunnel)
{
    struct peer *c = dial(through_tunnel ? p->proxy : p->origin);
    if (through_tunnel)
        connect_to(c, "a.test:443");
    return c;
}

/* ---- in answer to a ClientHello -------------------------------------------------------------- */

static void alert_in_answer_to_the_hello(void **state)
{
    static const struct {
        const char *name;
        char code;
    } rows[] = { { "handshake_failure", 40 },
                 { "unrecognized_name", 112 },
                 { "internal_error", 80 } };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int tunnel = 0; tunnel < 2; tunnel++) {
            char text[256];
            snprintf(text, sizeof(text),
                     "{'origin':{'rules':[{'on':'hello','do':[{'alert':'%s'}]}]}}", rows[i].name);
            struct play *p = start(text);
            struct peer *c = reach_origin(p, tunnel);
            uint64_t before = c->arrived;
            assert_int_equal(peer_start_tls(c, p->tls, "a.test"), -1);
            assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()),
                             SSL_AD_REASON_OFFSET + rows[i].code);
            peer_wait_end(c);
            expect_number(7, c->arrived - before); /* one record with one alert, no more */
            expect_number(PEER_EOF, c->end);
            find_event(p, "hello", "at", "origin", "sni", "a.test", NULL);
            find_event(p, "alert", "by", "us", "description", rows[i].name, NULL);
            hang_up(c);
            stop(p);
        }
}

static void plaintext_where_tls_is_expected(void **state)
{
    (void)state;
    struct play *p = start("{'origin':{'rules':[{'on':'hello','do':["
                           "{'send':'HTTP/1.1 400 Bad Request\\r\\n\\r\\n'},'close']}]}}");
    struct peer *c = reach_origin(p, true);
    assert_int_equal(peer_start_tls(c, p->tls, "a.test"), -1);
    assert_true(c->tls_failed);
    peer_wait_end(c);
    expect_number(PEER_EOF, c->end);
    hang_up(c);
    stop(p);
}

static void ends_in_answer_to_the_hello(void **state)
{
    static const struct {
        const char *action;
        enum peer_end end;
    } rows[] = { { "reset", PEER_RESET }, { "close", PEER_EOF } };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char text[256];
        snprintf(text, sizeof(text), "{'origin':{'rules':[{'on':'hello','do':['%s']}]}}",
                 rows[i].action);
        struct play *p = start(text);
        struct peer *c = reach_origin(p, true);
        assert_int_equal(peer_start_tls(c, p->tls, "a.test"), -1);
        expect_number(rows[i].end, c->end);
        hang_up(c);
        stop(p);
    }
}

static void hello_stalls(void **state)
{
    (void)state;
    struct play *p = start("{'origin':{'rules':[{'on':'hello','when':{'sni':'slow.test'},'do':["
                           "{'wait':'200ms'}]}]}}");
    struct peer *c = reach_origin(p, true);
    start_tls(c, p, "slow.test"); /* later, but well */
    get(c, "/bytes/5");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 5);
    find_event(p, "secure", "at", "origin", NULL);
    hang_up(c);
    stop(p);
}

/* ---- certificates ---------------------------------------------------------------------------- */

static void certificates_are_wrong_as_named(void **state)
{
    static const struct {
        const char *certificate;
        long verdict;
    } rows[] = {
        { "good", X509_V_OK },
        { "self-signed", X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT },
        { "untrusted", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY },
        { "wrong-name", X509_V_ERR_HOSTNAME_MISMATCH },
        { "expired", X509_V_ERR_CERT_HAS_EXPIRED },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[128];
        snprintf(text, sizeof(text), "{'origin':{'tls':{'certificate':'%s'}}}",
                 rows[i].certificate);
        struct play *p = start(text);
        struct peer *c = reach_origin(p, true);
        int result = peer_start_tls(c, p->tls, "a.test");
        expect_number(rows[i].verdict, SSL_get_verify_result(c->tls));
        expect_number(rows[i].verdict == X509_V_OK ? 0 : -1, result);
        if (result < 0) /* our client tells it why, and the journal knows */
            find_event(p, "alert", "at", "origin", "by", "client", NULL);
        hang_up(c);
        stop(p);
    }
}

static void versions_are_limited_as_named(void **state)
{
    static const struct {
        const char *versions;
        int version;
    } rows[] = { { "'1.2'", TLS1_2_VERSION }, { "'1.3'", TLS1_3_VERSION } };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char text[128];
        snprintf(text, sizeof(text), "{'origin':{'tls':{'versions':[%s]}}}", rows[i].versions);
        struct play *p = start(text);
        struct peer *c = reach_origin(p, true);
        start_tls(c, p, "a.test");
        expect_number(rows[i].version, SSL_version(c->tls));
        hang_up(c);
        stop(p);
    }
}

/* ---- closing --------------------------------------------------------------------------------- */

static void closes_with_and_without_notify(void **state)
{
    static const struct {
        const char *end;
        bool notified;
    } rows[] = { { "'close'", true },
                 { "{'close':{'notify':false}}", false },
                 { "'half_close'", true },
                 { "{'half_close':{'notify':false}}", false } };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int tunnel = 0; tunnel < 2; tunnel++) {
            char text[256];
            snprintf(text, sizeof(text),
                     "{'origin':{'rules':[{'on':'request','do':[{'respond':{'framing':'close',"
                     "'body':{'size':20000},'cut':{'after_body_bytes':19999,'with':%s}}}]}]}}",
                     rows[i].end);
            struct play *p = start(text);
            struct peer *c = reach_origin(p, tunnel);
            start_tls(c, p, "a.test");
            get(c, "/");
            expect_head(c, "HTTP/1.1 200");
            expect_bytes(c, 19999);
            expect_eof(c);
            expect_number(rows[i].notified, c->notified);
            find_event(p, "close", "at", "origin", "by", "us", "how", "fin", NULL);
            hang_up(c);
            stop(p);
        }
}

static void client_without_notify_is_noted(void **state)
{
    (void)state;
    struct play *p = start("{}");
    struct peer *c = dial(p->origin);
    start_tls(c, p, "a.test");
    get(c, "/bytes/5");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 5);
    hang_up(c); /* FIN without close_notify */
    find_event(p, "close", "at", "origin", "by", "client", "how", "fin", "notify", "false", NULL);
    stop(p);
}

/* ---- landmarks ------------------------------------------------------------------------------- */

static void cuts_at_landmarks(void **state)
{
    static const struct {
        const char *at;
        bool handshake_done; /* for the client */
        bool hello_arrives;  /* at the origin */
    } rows[] = { { "client-hello", false, true },
                 { "server-hello", false, true },
                 { "handshake", true, true } };
    static const struct {
        const char *with;
        enum peer_end end;
    } ends[] = { { "reset", PEER_RESET }, { "close", PEER_EOF }, { "abort", PEER_RESET } };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (size_t e = 0; e < sizeof(ends) / sizeof(ends[0]); e++) {
            char text[256];
            snprintf(text, sizeof(text),
                     "{'proxy':{'rules':[{'name':'r','on':'request','do':[{'tunnel':{'cut':{"
                     "'at':'%s','with':'%s'}}}]}]}}",
                     rows[i].at, ends[e].with);
            struct play *p = start(text);
            struct peer *c = reach_origin(p, true);
            uint64_t before = c->arrived;
            int result = peer_start_tls(c, p->tls, "a.test");
            if (strcmp(ends[e].with, "abort") != 0 || !rows[i].handshake_done)
                expect_number(rows[i].handshake_done ? 0 : -1, result);
            peer_wait_end(c);
            expect_number(ends[e].end, c->end);
            if (i == 0)
                expect_number(0, c->arrived - before); /* not an octet of the answer */
            else if (e != 2)
                expect_between(80, c->arrived - before, 4000);
            if (rows[i].hello_arrives && e != 2)
                find_event(p, "hello", "at", "origin", NULL);
            find_event(p, "rule", "rule", "r", "completed", "true", NULL);
            hang_up(c);
            stop(p);
        }
}

/* A whole answer, then the origin's close_notify passes, and nothing behind it. */
static void cut_at_close_notify(void **state)
{
    (void)state;
    struct play *p =
        start("{'origin':{'rules':[{'on':'request','do':[{'respond':{'framing':'close',"
              "'body':{'size':30000}}},'close']}]},'proxy':{'rules':[{'on':'request','do':[{"
              "'tunnel':{'cut':{'at':'close-notify','with':'reset'}}}]}]}}");
    struct peer *c = reach_origin(p, true);
    start_tls(c, p, "a.test");
    get(c, "/");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 30000);
    expect_reset(c);
    hang_up(c);
    stop(p);
}

static void cut_in_ciphertext(void **state)
{
    (void)state;
    struct play *p =
        start("{'proxy':{'rules':[{'on':'request','do':[{'tunnel':{'cut':{'after_bytes':"
              "5000,'layer':'record','with':'reset'}}}]}]}}");
    struct peer *c = reach_origin(p, true);
    start_tls(c, p, "a.test");
    get(c, "/bytes/100000");
    char octet;
    while (peer_read(c, &octet, 1, PEER_PATIENCE) > 0)
        continue;
    expect_number(PEER_RESET, c->end);
    hang_up(c);
    stop(p);
}

/* ---- an https proxy -------------------------------------------------------------------------- */

static void https_proxy(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{'tls':{}}}");
    struct peer *c = dial(p->proxy);
    start_tls(c, p, "localhost");
    get(c, "/bytes/70000");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 70000);
    find_event(p, "secure", "at", "proxy", NULL);
    hang_up(c);
    stop(p);
}

static void tls_in_tls(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{'tls':{}}}");
    struct peer *outer = dial(p->proxy);
    start_tls(outer, p, "localhost");
    connect_to(outer, "a.test:443");
    struct peer *c = peer_over(outer);
    start_tls(c, p, "a.test");
    for (int i = 0; i < 3; i++) {
        get(c, "/bytes/1000000");
        expect_head(c, "HTTP/1.1 200");
        expect_bytes(c, 1000000);
    }
    hang_up(c);
    stop(p);
}

/* Cuts count HTTP octets, below both layers of TLS. */
static void cut_in_tls_in_tls(void **state)
{
    static const struct {
        const char *end;
        enum peer_end seen;
    } rows[] = { { "reset", PEER_RESET }, { "close", PEER_EOF } };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char text[256];
        snprintf(text, sizeof(text),
                 "{'proxy':{'tls':{}},'origin':{'rules':[{'on':'request','do':[{'respond':{'body':{"
                 "'size':200000},'cut':{'after_body_bytes':100001,'with':'%s'}}}]}]}}",
                 rows[i].end);
        struct play *p = start(text);
        struct peer *outer = dial(p->proxy);
        start_tls(outer, p, "localhost");
        connect_to(outer, "a.test:443");
        struct peer *c = peer_over(outer);
        start_tls(c, p, "a.test");
        get(c, "/");
        expect_head(c, "HTTP/1.1 200");
        expect_bytes(c, 100001);
        expect_end_at(c, rows[i].seen, __FILE__, __LINE__);
        hang_up(c);
        stop(p);
    }
}

static void plain_request_to_an_https_proxy(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{'tls':{}}}");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    peer_wait_end(c); /* an alert or nothing: no HTTP in clear, and no hang */
    expect_number(PEER_EOF, c->end);
    hang_up(c);
    stop(p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(alert_in_answer_to_the_hello),
    cmocka_unit_test(plaintext_where_tls_is_expected),
    cmocka_unit_test(ends_in_answer_to_the_hello),
    cmocka_unit_test(hello_stalls),
    cmocka_unit_test(certificates_are_wrong_as_named),
    cmocka_unit_test(versions_are_limited_as_named),
    cmocka_unit_test(closes_with_and_without_notify),
    cmocka_unit_test(client_without_notify_is_noted),
    cmocka_unit_test(cuts_at_landmarks),
    cmocka_unit_test(cut_at_close_notify),
    cmocka_unit_test(cut_in_ciphertext),
    cmocka_unit_test(https_proxy),
    cmocka_unit_test(tls_in_tls),
    cmocka_unit_test(cut_in_tls_in_tls),
    cmocka_unit_test(plain_request_to_an_https_proxy),
};

TEST_MAIN(tests)
