/*
 * Handshakes of the TLS filter with OpenSSL's client, in memory: what each side learns of the
 * other, and how they fail.
 */
#include "tls_client.h"

static const struct {
    enum cert_kind kind;
    const char *host;
    long verdict;      /* of the client */
    const char *alert; /* that it sends; NULL: none */
} kinds[] = {
    { CERT_GOOD, "o.test", X509_V_OK, NULL },
    { CERT_GOOD, "127.0.0.1", X509_V_OK, NULL },
    { CERT_SELF_SIGNED, "o.test", X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "unknown_ca" },
    { CERT_UNTRUSTED, "o.test", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "unknown_ca" },
    { CERT_WRONG_NAME, "o.test", X509_V_ERR_HOSTNAME_MISMATCH, "bad_certificate" },
    { CERT_EXPIRED, "o.test", X509_V_ERR_CERT_HAS_EXPIRED, "certificate_expired" },
    { CERT_NO_IP_NAME, "127.0.0.1", X509_V_ERR_IP_ADDRESS_MISMATCH, "bad_certificate" },
    { CERT_NO_IP_NAME, "o.test", X509_V_OK, NULL },
};

/* TLS 1.3: the server may be secure before it hears that the client isn't. */
static void hear_the_client(struct pair *p)
{
    char buf[16];
    size_t n;
    if (p->result == TLS_OK)
        p->result = tls_read(p->server, buf, sizeof(buf), &n);
}

static void clients_judge_the_certificate(void **state)
{
    (void)state;
    EACH_VERSION
    {
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
            struct actor a;
            struct client c;
            struct pair p;
            actor_open(&a, (struct tls_settings){ .certificate = kinds[i].kind, .tickets = -1 });
            client_open(&c, a.certs, *version);
            pair_open(&p, &c, &a, kinds[i].host);
            pair_handshake(&p);
            hear_the_client(&p);
            assert_int_equal(SSL_get_verify_result(c.ssl), kinds[i].verdict);
            const struct tls_info *info = tls_info(p.server);
            if (kinds[i].alert == NULL) {
                assert_int_equal(p.result, TLS_AGAIN);
                assert_int_equal(info->alerts, 0);
                /* The name was acknowledged (RFC 6066, 3). */
                const char *acknowledged = SSL_SESSION_get0_hostname(SSL_get_session(c.ssl));
                if (SSL_get_servername(c.ssl, TLSEXT_NAMETYPE_host_name) != NULL)
                    assert_string_equal(acknowledged, kinds[i].host);
                assert_int_equal(info->version, *version);
            } else {
                assert_int_equal(p.result, TLS_FAILED);
                assert_true(info->alert.by_peer && info->alert.fatal);
                assert_string_equal(tls_alert_name(info->alert.description), kinds[i].alert);
                assert_non_null(strstr(tls_error(p.server), kinds[i].alert));
            }
            pair_close(&p);
            client_close(&c);
            actor_close(&a);
        }
    }
}

static void names_come_from_sni_or_the_address(void **state)
{
    (void)state;
    struct actor a;
    struct client c;
    struct pair p;
    actor_open(&a, defaults);
    client_open(&c, a.certs, 0);
    pair_secure(&p, &c, &a, "127.0.0.1"); /* no SNI: the context's name */
    pair_close(&p);
    pair_open(&p, &c, &a, "192.0.2.7"); /* no SNI: the host that CONNECT named */
    assert_int_equal(tls_set_default_name(p.server, "192.0.2.7"), 0);
    pair_handshake(&p);
    assert_true(p.client_done);
    pair_close(&p);
    pair_open(&p, &c, &a, "o.test"); /* SNI goes before it */
    assert_int_equal(tls_set_default_name(p.server, "192.0.2.7"), 0);
    pair_handshake(&p);
    assert_true(p.client_done);
    pair_close(&p);
    client_close(&c);
    actor_close(&a);
}

static void names_can_be_fixed(void **state)
{
    static const char *const names[] = { "proxy.test", NULL };
    (void)state;
    struct actor a;
    struct client c;
    struct pair p;
    actor_open(&a, (struct tls_settings){ .names = names, .tickets = -1 });
    client_open(&c, a.certs, 0);
    pair_open(&p, &c, &a, "o.test");
    pair_handshake(&p);
    assert_int_equal(SSL_get_verify_result(c.ssl), X509_V_ERR_HOSTNAME_MISMATCH);
    pair_close(&p);
    client_close(&c);
    actor_close(&a);
}

static void a_name_that_cannot_be_certified_fails_with_a_reason(void **state)
{
    (void)state;
    struct actor a;
    struct client c;
    struct pair p;
    actor_open(&a, defaults);
    client_open(&c, a.certs, 0);
    pair_open(&p, &c, &a, "192.0.2.7");
    assert_int_equal(tls_set_default_name(p.server, "a b"), 0);
    pair_handshake(&p);
    assert_int_equal(p.result, TLS_FAILED);
    assert_string_equal(tls_error(p.server), "no certificate can be made for the name 'a b'");
    pair_close(&p);
    client_close(&c);
    actor_close(&a);
}

/* The hello is told before a single octet is answered, and only when it is whole. */
static void hello_is_seen_before_anything_is_answered(void **state)
{
    (void)state;
    struct actor a;
    struct client c;
    struct pair p;
    actor_open(&a, defaults);
    client_open(&c, a.certs, 0);
    SSL_CTX_set_alpn_protos(c.ctx, (const unsigned char *)"\2h2\10http/1.1", 12);
    pair_open(&p, &c, &a, "o.test");
    SSL_do_handshake(c.ssl);
    char *data;
    long len = BIO_get_mem_data(c.out, &data);
    for (long i = 0; i < len; i++) {
        assert_int_equal(tls_peek_hello(p.server), TLS_HELLO_PARTIAL);
        assert_int_equal(tls_handshake(p.server), TLS_AGAIN);
        assert_null(tls_hello(p.server));
        evbuffer_add(p.up, data + i, 1);
    }
    assert_int_equal(tls_peek_hello(p.server), TLS_HELLO_WHOLE);
    assert_int_equal(evbuffer_get_length(p.up), len);
    assert_int_equal(evbuffer_get_length(p.down), 0);
    const struct tls_hello *hello = tls_hello(p.server);
    assert_string_equal(hello->sni, "o.test");
    assert_int_equal(hello->n_alpn, 2);
    assert_string_equal(hello->alpn[0], "h2");
    assert_string_equal(hello->alpn[1], "http/1.1");
    assert_int_equal(hello->versions[0], TLS1_3_VERSION);
    assert_false(hello->psk || hello->ticket || hello->early_data);

    (void)BIO_reset(c.out);
    pair_handshake(&p);
    assert_int_equal(p.result, TLS_OK);
    assert_true(p.client_done);
    assert_ptr_equal(tls_hello(p.server), hello);
    pair_close(&p);
    client_close(&c);
    actor_close(&a);
}

static const char *const h2_and_http[] = { "h2", "http/1.1", NULL };
static const char *const only_h2[] = { "h2", NULL };
static const char *const nothing[] = { NULL };

static const struct {
    const char *const *ours;
    const char *offered; /* in wire form */
    const char *chosen;  /* NULL: no_application_protocol */
} alpns[] = {
    { NULL, "\2h2\10http/1.1", "http/1.1" },
    { NULL, "\10http/1.1", "http/1.1" },
    { NULL, "", "" },
    { NULL, "\2h2", NULL },
    { NULL, "\7http/1.", NULL },
    { h2_and_http, "\10http/1.1\2h2", "h2" },
    { h2_and_http, "\10http/1.1", "http/1.1" },
    { only_h2, "\10http/1.1", NULL },
    { nothing, "\2h2", "" },
};

static void alpn_is_chosen_by_our_preference(void **state)
{
    (void)state;
    EACH_VERSION
    {
        for (size_t i = 0; i < sizeof(alpns) / sizeof(alpns[0]); i++) {
            struct actor a;
            struct client c;
            struct pair p;
            const char *offered = alpns[i].offered;
            actor_open(&a, (struct tls_settings){ .alpn = alpns[i].ours, .tickets = -1 });
            client_open(&c, a.certs, *version);
            SSL_CTX_set_alpn_protos(c.ctx, (const unsigned char *)offered,
                                    (unsigned)strlen(offered));
            pair_open(&p, &c, &a, "o.test");
            pair_handshake(&p);
            const struct tls_info *info = tls_info(p.server);
            if (alpns[i].chosen == NULL) {
                assert_int_equal(p.result, TLS_FAILED);
                assert_false(info->alert.by_peer);
                assert_string_equal(tls_alert_name(info->alert.description),
                                    "no_application_protocol");
            } else {
                assert_int_equal(p.result, TLS_OK);
                assert_string_equal(info->alpn, alpns[i].chosen);
            }
            pair_close(&p);
            client_close(&c);
            actor_close(&a);
        }
    }
}

static const struct {
    int min, max; /* of ours */
    int client;   /* the only one of the client's, 0: what it takes by default */
    int agreed;   /* 0: none */
} version_pairs[] = {
    { 0, 0, 0, TLS1_3_VERSION },
    { 0, 0, TLS1_2_VERSION, TLS1_2_VERSION },
    { 0, 0, TLS1_1_VERSION, 0 },
    { 0, TLS1_2_VERSION, 0, TLS1_2_VERSION },
    { TLS1_3_VERSION, 0, TLS1_2_VERSION, 0 },
    { TLS1_VERSION, TLS1_VERSION, TLS1_2_VERSION, 0 },
    { 0, TLS1_VERSION, TLS1_VERSION, TLS1_VERSION },
    { TLS1_VERSION, TLS1_1_VERSION, TLS1_1_VERSION, TLS1_1_VERSION },
    { TLS1_VERSION, 0, 0, TLS1_3_VERSION },
};

static void versions_are_bounded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(version_pairs) / sizeof(version_pairs[0]); i++) {
        struct actor a;
        struct client c;
        struct pair p;
        actor_open(&a, (struct tls_settings){ .min_version = version_pairs[i].min,
                                              .max_version = version_pairs[i].max,
                                              .tickets = -1 });
        client_open(&c, a.certs, version_pairs[i].client);
        pair_open(&p, &c, &a, "o.test");
        pair_handshake(&p);
        assert_int_equal(tls_info(p.server)->version, version_pairs[i].agreed);
        assert_int_equal(p.result, version_pairs[i].agreed != 0 ? TLS_OK : TLS_FAILED);
        assert_int_equal(p.client_done, version_pairs[i].agreed != 0);
        pair_close(&p);
        client_close(&c);
        actor_close(&a);
    }
}

static void a_client_that_is_too_old_is_told_so(void **state)
{
    (void)state;
    struct actor a;
    struct client c;
    struct pair p;
    actor_open(&a, defaults);
    client_open(&c, a.certs, TLS1_1_VERSION);
    pair_open(&p, &c, &a, "o.test");
    pair_handshake(&p);
    const struct tls_info *info = tls_info(p.server);
    assert_string_equal(tls_alert_name(info->alert.description), "protocol_version");
    assert_true(info->alert.fatal && !info->alert.by_peer);
    assert_string_equal(tls_error(p.server), "unsupported protocol");
    pair_close(&p);
    client_close(&c);
    actor_close(&a);
}

static void plain_http_fails_in_words(void **state)
{
    (void)state;
    static const char request[] = "GET http://o.test/ HTTP/1.1\r\nHost: o.test\r\n\r\n";
    struct actor a;
    struct evbuffer *in = evbuffer_new(), *out = evbuffer_new();
    actor_open(&a, defaults);
    struct tls_session *s = tls_new(a.context, in, out);
    evbuffer_add(in, request, strlen(request));
    assert_int_equal(tls_peek_hello(s), TLS_HELLO_BAD);
    assert_int_equal(tls_handshake(s), TLS_FAILED);
    assert_string_equal(tls_error(s), "http request");
    assert_int_equal(tls_handshake(s), TLS_FAILED);
    assert_null(tls_hello(s));
    assert_int_equal(ERR_peek_error(), 0);
    tls_free(s);
    evbuffer_free(in);
    evbuffer_free(out);
    actor_close(&a);
}

/* ---- client certificates ---- */

static void client_certificates_are_asked_for_and_taken(void **state)
{
    (void)state;
    EACH_VERSION
    {
        for (unsigned i = 0; i < 4; i++) {
            bool asked = i & 1, has = i & 2;
            struct actor a;
            struct client c;
            struct pair p;
            actor_open(&a, (struct tls_settings){ .ask_client = asked, .tickets = -1 });
            client_open(&c, a.certs, *version);
            if (has)
                client_takes_its_own(&c, a.certs);
            pair_secure(&p, &c, &a, "o.test");
            assert_int_equal(tls_info(p.server)->client_certificate, asked && has);
            pair_close(&p);
            client_close(&c);
            actor_close(&a);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(clients_judge_the_certificate),
    cmocka_unit_test(names_come_from_sni_or_the_address),
    cmocka_unit_test(names_can_be_fixed),
    cmocka_unit_test(a_name_that_cannot_be_certified_fails_with_a_reason),
    cmocka_unit_test(hello_is_seen_before_anything_is_answered),
    cmocka_unit_test(alpn_is_chosen_by_our_preference),
    cmocka_unit_test(versions_are_bounded),
    cmocka_unit_test(a_client_that_is_too_old_is_told_so),
    cmocka_unit_test(plain_http_fails_in_words),
    cmocka_unit_test(client_certificates_are_asked_for_and_taken),
};

TEST_MAIN(tests)
