/*
 * The TLS filter against OpenSSL's client, in memory: what each side learns of the other, how a
 * stream ends, and how plaintext becomes records.
 */
#include "tls_client.h"

static const struct tls_settings defaults = { .tickets = -1 };
static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

#define EACH_VERSION for (const int *version = versions; version < versions + 2; version++)

/* ---- handshake ---- */

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

static void client_takes_its_own(struct client *c, struct certs *certs)
{
    X509 *cert;
    EVP_PKEY *key;
    /* Not one that a server would trust, and not for clients: it is taken all the same. */
    assert_int_equal(certs_leaf(certs, CERT_SELF_SIGNED, "someone", &cert, &key), 0);
    assert_int_equal(SSL_CTX_use_certificate(c->ctx, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(c->ctx, key), 1);
}

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

/* ---- resumption ---- */

static void tickets_are_as_many_as_asked_for(void **state)
{
    static const struct {
        int version, asked;
        unsigned got;
    } rows[] = {
        { TLS1_3_VERSION, -1, 1 }, { TLS1_3_VERSION, 0, 0 }, { TLS1_3_VERSION, 3, 3 },
        { TLS1_2_VERSION, -1, 1 }, { TLS1_2_VERSION, 0, 0 }, { TLS1_2_VERSION, 3, 1 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct actor a;
        struct client c;
        struct pair p;
        char buf[16];
        actor_open(&a, (struct tls_settings){ .tickets = rows[i].asked });
        client_open(&c, a.certs, rows[i].version);
        pair_secure(&p, &c, &a, "o.test");
        pair_client_reads(&p, buf, sizeof(buf));
        bool resumable = c.ticket != NULL && SSL_SESSION_is_resumable(c.ticket);
        assert_int_equal(c.tickets > 0 && resumable ? c.tickets : 0, rows[i].got);
        assert_false(tls_info(p.server)->resumed);
        pair_close(&p);
        client_close(&c);
        actor_close(&a);
    }
}

static void sessions_resume_within_a_context_only(void **state)
{
    (void)state;
    EACH_VERSION
    {
        struct actor a, b;
        struct client c;
        struct pair p;
        char buf[16];
        actor_open(&a, (struct tls_settings){ .tickets = -1, .ask_client = true });
        actor_open(&b, defaults);
        client_open(&c, a.certs, *version);
        X509_STORE_add_cert(SSL_CTX_get_cert_store(c.ctx), certs_ca(b.certs));
        client_takes_its_own(&c, a.certs);
        pair_secure(&p, &c, &a, "o.test");
        pair_client_reads(&p, buf, sizeof(buf));
        pair_close(&p);

        for (int i = 0; i < 2; i++) { /* the second offers what the first resumption got */
            pair_open(&p, &c, &a, "o.test");
            SSL_set_session(c.ssl, c.ticket);
            pair_handshake(&p);
            assert_int_equal(p.result, TLS_OK);
            assert_true(tls_info(p.server)->resumed);
            assert_true(SSL_session_reused(c.ssl));
            assert_true(tls_info(p.server)->client_certificate);
            assert_int_equal(tls_hello(p.server)->psk, *version == TLS1_3_VERSION);
            assert_int_equal(tls_hello(p.server)->ticket, *version == TLS1_2_VERSION);
            pair_client_reads(&p, buf, sizeof(buf));
            pair_close(&p);
        }

        pair_open(&p, &c, &b, "o.test");
        SSL_set_session(c.ssl, c.ticket);
        pair_handshake(&p);
        assert_int_equal(p.result, TLS_OK);
        assert_false(tls_info(p.server)->resumed);
        pair_close(&p);
        client_close(&c);
        actor_close(&a);
        actor_close(&b);
    }
}

/* ---- 0-RTT data ---- */

/* A connection for the ticket. */
static void get_ticket(struct client *c, struct actor *a)
{
    struct pair p;
    char buf[16];
    pair_secure(&p, c, a, "o.test");
    pair_client_reads(&p, buf, sizeof(buf));
    assert_non_null(c->ticket);
    pair_close(&p);
}

/* A connection that sends `early` before it hears anything. */
static void early_pair(struct pair *p, struct client *c, struct actor *a, const char *early)
{
    size_t n;
    pair_open(p, c, a, "o.test");
    SSL_set_session(c->ssl, c->ticket);
    assert_int_equal(SSL_write_early_data(c->ssl, early, strlen(early), &n), 1);
    pair_up(p);
}

static void early_data_is_given_after_the_handshake(void **state)
{
    (void)state;
    struct actor a;
    struct client c;
    struct pair p;
    actor_open(&a, (struct tls_settings){ .tickets = -1, .early_data = 1024 });
    client_open(&c, a.certs, TLS1_3_VERSION);
    get_ticket(&c, &a);
    early_pair(&p, &c, &a, "GET / early");
    assert_int_equal(tls_peek_hello(p.server), TLS_HELLO_WHOLE);
    assert_true(tls_hello(p.server)->early_data);
    pair_handshake(&p);
    assert_int_equal(p.result, TLS_OK);
    assert_int_equal(SSL_get_early_data_status(c.ssl), SSL_EARLY_DATA_ACCEPTED);
    const struct tls_info *info = tls_info(p.server);
    assert_true(info->resumed);
    assert_int_equal(info->early, TLS_EARLY_ACCEPTED);
    assert_int_equal(info->early_bytes, 11);
    pair_client_writes(&p, "late");
    assert_int_equal(tls_pending(p.server), 11);
    char buf[4];
    size_t n;
    assert_int_equal(tls_read(p.server, buf, sizeof(buf), &n), TLS_OK);
    assert_int_equal(n, 4);
    assert_memory_equal(buf, "GET ", 4);
    assert_int_equal(tls_pending(p.server), 7);
    expect_read(&p, "/ early");
    expect_read(&p, "late");
    expect_end(&p, TLS_AGAIN);
    assert_int_equal(info->early_bytes, 11);
    pair_close(&p);
    client_close(&c);
    actor_close(&a);
}

static void early_data_can_be_rejected(void **state)
{
    (void)state;
    struct actor a;
    struct client c;
    struct pair p;
    actor_open(&a, (struct tls_settings){ .tickets = -1, .early_data = 1024 });
    client_open(&c, a.certs, TLS1_3_VERSION);
    get_ticket(&c, &a);
    tls_context_free(a.context); /* with it go the keys of its tickets */
    a.context = tls_context_new(a.certs, &a.settings, "127.0.0.1");
    early_pair(&p, &c, &a, "GET / early");
    pair_handshake(&p);
    assert_int_equal(p.result, TLS_OK);
    assert_int_equal(tls_info(p.server)->early, TLS_EARLY_REJECTED);
    assert_int_equal(tls_info(p.server)->early_bytes, 0);
    pair_client_writes(&p, "again");
    expect_read(&p, "again");
    pair_close(&p);
    client_close(&c);
    actor_close(&a);
}

static void early_data_is_not_offered_by_default(void **state)
{
    (void)state;
    struct actor a;
    struct client c;
    struct pair p;
    char buf[16];
    actor_open(&a, defaults);
    client_open(&c, a.certs, TLS1_3_VERSION);
    pair_secure(&p, &c, &a, "o.test");
    pair_client_reads(&p, buf, sizeof(buf));
    assert_non_null(c.ticket);
    assert_int_equal(SSL_SESSION_get_max_early_data(c.ticket), 0);
    assert_int_equal(tls_info(p.server)->early, TLS_EARLY_NONE);
    pair_close(&p);
    client_close(&c);
    actor_close(&a);
}

/* ---- the end of a stream ---- */

static void ends_are_told_apart(void **state)
{
    (void)state;
    EACH_VERSION
    {
        for (int notify = 0; notify < 2; notify++) {
            struct actor a;
            struct client c;
            struct pair p;
            char buf[16];
            actor_open(&a, defaults);
            client_open(&c, a.certs, *version);
            pair_secure(&p, &c, &a, "o.test");
            expect_end(&p, TLS_AGAIN);
            pair_client_writes(&p, "last words");
            if (notify)
                SSL_shutdown(c.ssl);
            pair_up(&p);
            tls_wire_eof(p.server);
            expect_read(&p, "last words");
            expect_end(&p, notify ? TLS_CLOSE_NOTIFY : TLS_TRUNCATED);
            expect_end(&p, notify ? TLS_CLOSE_NOTIFY : TLS_TRUNCATED);
            assert_int_equal(tls_info(p.server)->close_notify_received, notify);
            assert_int_equal(tls_info(p.server)->alerts, notify);

            /* The client may have closed one direction only. */
            expect_write(&p, "answer");
            assert_string_equal(pair_client_reads(&p, buf, sizeof(buf)), "answer");
            tls_close_notify(p.server);
            tls_close_notify(p.server);
            assert_true(tls_info(p.server)->close_notify_sent);
            assert_int_equal(tls_info(p.server)->alerts, notify + 1);
            pair_client_reads(&p, buf, sizeof(buf));
            assert_true(SSL_get_shutdown(c.ssl) & SSL_RECEIVED_SHUTDOWN);
            pair_close(&p);
            client_close(&c);
            actor_close(&a);
        }
    }
}

/* After our close_notify the client may go on: nothing of it is lost by saying it twice. */
static void reading_goes_on_after_close_notify(void **state)
{
    (void)state;
    EACH_VERSION
    {
        struct actor a;
        struct client c;
        struct pair p;
        size_t n;
        actor_open(&a, defaults);
        client_open(&c, a.certs, *version);
        pair_secure(&p, &c, &a, "o.test");
        tls_close_notify(p.server);
        pair_client_writes(&p, "still here");
        tls_close_notify(p.server);
        expect_read(&p, "still here");
        assert_int_equal(tls_write(p.server, "x", 1, &n), TLS_FAILED);
        pair_close(&p);
        client_close(&c);
        actor_close(&a);
    }
}

/* TLS 1.2 knows a second handshake; a server of today refuses it and goes on. */
static void renegotiation_is_refused(void **state)
{
    (void)state;
    struct actor a;
    struct client c;
    struct pair p;
    actor_open(&a, defaults);
    client_open(&c, a.certs, TLS1_2_VERSION);
    pair_secure(&p, &c, &a, "o.test");
    assert_int_equal(SSL_renegotiate(c.ssl), 1);
    SSL_do_handshake(c.ssl);
    assert_true(pair_up(&p) > 0);
    expect_end(&p, TLS_AGAIN);
    const struct tls_info *info = tls_info(p.server);
    assert_string_equal(tls_alert_name(info->alert.description), "no_renegotiation");
    assert_false(info->alert.fatal || info->alert.by_peer);
    expect_write(&p, "still here");
    pair_close(&p);
    client_close(&c);
    actor_close(&a);
}

static void a_cut_record_is_a_truncation(void **state)
{
    (void)state;
    EACH_VERSION
    {
        struct actor a;
        struct client c;
        struct pair p;
        actor_open(&a, defaults);
        client_open(&c, a.certs, *version);
        pair_secure(&p, &c, &a, "o.test");
        SSL_write(c.ssl, "whole", 5);
        SSL_write(c.ssl, "cut", 3);
        char *data;
        long len = BIO_get_mem_data(c.out, &data);
        evbuffer_add(p.up, data, (size_t)len - 1);
        expect_read(&p, "whole");
        expect_end(&p, TLS_AGAIN);
        tls_wire_eof(p.server);
        expect_end(&p, TLS_TRUNCATED);
        assert_int_equal(tls_info(p.server)->alerts, 0);
        expect_write(&p, "answer");
        pair_close(&p);
        client_close(&c);
        actor_close(&a);
    }
}

/* Runs the handshake until `left` octets of the client's have gone up, and no further. */
static void handshake_until(struct pair *p, size_t left)
{
    char buf[256];
    int moved = 1;
    while (left > 0 && moved > 0) {
        SSL_do_handshake(p->client->ssl);
        ERR_clear_error();
        moved = BIO_read(p->client->out, buf, (int)(left < sizeof(buf) ? left : sizeof(buf)));
        if (moved > 0) {
            evbuffer_add(p->up, buf, (size_t)moved);
            left -= (size_t)moved;
        }
        tls_handshake(p->server);
        pair_down(p);
    }
    assert_int_equal(left, 0);
}

static void a_handshake_can_be_truncated_anywhere(void **state)
{
    (void)state;
    EACH_VERSION
    {
        struct actor a;
        struct client c;
        struct pair p;
        actor_open(&a, defaults);
        client_open(&c, a.certs, *version);
        pair_secure(&p, &c, &a, "o.test");
        size_t whole = tls_info(p.server)->secure_wire_in;
        pair_close(&p);
        for (size_t cut = 0; cut < whole; cut++) {
            pair_open(&p, &c, &a, "o.test");
            handshake_until(&p, cut);
            assert_int_equal(tls_handshake(p.server), TLS_AGAIN);
            tls_wire_eof(p.server);
            assert_int_equal(tls_handshake(p.server), TLS_TRUNCATED);
            assert_int_equal(tls_info(p.server)->alerts, 0);
            tls_close_notify(p.server);
            assert_false(tls_info(p.server)->close_notify_sent);
            pair_close(&p);
        }
        client_close(&c);
        actor_close(&a);
    }
}

static void a_broken_record_fails_for_good(void **state)
{
    (void)state;
    EACH_VERSION
    {
        struct actor a;
        struct client c;
        struct pair p;
        char buf[16];
        size_t n;
        actor_open(&a, defaults);
        client_open(&c, a.certs, *version);
        pair_secure(&p, &c, &a, "o.test");
        SSL_write(c.ssl, "whole", 5);
        char *data;
        long len = BIO_get_mem_data(c.out, &data);
        data[len - 1] ^= 1;
        evbuffer_add(p.up, data, (size_t)len);
        expect_end(&p, TLS_FAILED);
        assert_string_equal(tls_alert_name(tls_info(p.server)->alert.description),
                            "bad_record_mac");
        assert_string_not_equal(tls_error(p.server), "");
        assert_true(evbuffer_get_length(p.down) > 0);
        size_t queued = evbuffer_get_length(p.down);
        assert_int_equal(tls_write(p.server, "x", 1, &n), TLS_FAILED);
        assert_int_equal(tls_read(p.server, buf, sizeof(buf), &n), TLS_FAILED);
        tls_close_notify(p.server);
        assert_int_equal(evbuffer_get_length(p.down), queued);
        pair_close(&p);
        client_close(&c);
        actor_close(&a);
    }
}

/* ---- records ---- */

static unsigned count_records(struct evbuffer *b)
{
    size_t len = evbuffer_get_length(b);
    const unsigned char *wire = evbuffer_pullup(b, -1);
    unsigned n = 0;
    for (size_t at = 0; at < len; n++) {
        assert_true(len - at >= TLS_RECORD_HEADER);
        at += TLS_RECORD_HEADER + ((size_t)wire[at + 3] << 8 | wire[at + 4]);
        assert_true(at <= len);
    }
    return n;
}

static void one_write_is_one_record(void **state)
{
    static const struct {
        size_t len;
        unsigned records;
    } rows[] = { { 0, 0 },     { 1, 1 },     { 2, 1 },    { 16383, 1 },
                 { 16384, 1 }, { 16385, 2 }, { 40000, 3 } };
    static const int all[] = { TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION };
    static char data[40000], got[40000];
    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)(i % 251);
    for (size_t v = 0; v < sizeof(all) / sizeof(all[0]); v++) {
        struct actor a;
        struct client c;
        struct pair p;
        actor_open(&a, (struct tls_settings){ .min_version = TLS1_VERSION, .tickets = -1 });
        client_open(&c, a.certs, all[v]);
        pair_secure(&p, &c, &a, "o.test");
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            size_t n;
            assert_int_equal(tls_write(p.server, data, rows[i].len, &n), TLS_OK);
            assert_int_equal(n, rows[i].len);
            assert_int_equal(count_records(p.down), rows[i].records);
            pair_down(&p);
            size_t at = 0;
            while (at < rows[i].len) {
                int r = SSL_read(c.ssl, got + at, (int)(sizeof(got) - at));
                assert_true(r > 0);
                at += (size_t)r;
            }
            assert_memory_equal(got, data, rows[i].len);
        }
        pair_close(&p);
        client_close(&c);
        actor_close(&a);
    }
}

static void pending_tells_of_the_rest_of_a_record(void **state)
{
    (void)state;
    struct actor a;
    struct client c;
    struct pair p;
    char buf[3];
    size_t n;
    actor_open(&a, defaults);
    client_open(&c, a.certs, 0);
    pair_secure(&p, &c, &a, "o.test");
    assert_int_equal(tls_pending(p.server), 0);
    pair_client_writes(&p, "abcdef");
    assert_int_equal(tls_read(p.server, buf, sizeof(buf), &n), TLS_OK);
    assert_int_equal(n, 3);
    assert_int_equal(tls_pending(p.server), 3);
    expect_read(&p, "def");
    assert_int_equal(tls_pending(p.server), 0);
    pair_close(&p);
    client_close(&c);
    actor_close(&a);
}

static void wire_octets_are_counted(void **state)
{
    (void)state;
    EACH_VERSION
    {
        struct actor a;
        struct client c;
        struct pair p;
        char buf[64];
        actor_open(&a, defaults);
        client_open(&c, a.certs, *version);
        pair_secure(&p, &c, &a, "o.test");
        const struct tls_info *info = tls_info(p.server);
        assert_int_equal(info->secure_wire_in, info->wire_in);
        assert_int_equal(info->secure_wire_out, info->wire_out);
        assert_int_equal(info->wire_in, BIO_number_written(c.out));
        pair_client_reads(&p, buf, sizeof(buf)); /* tickets: nothing more of ours came */
        assert_int_equal(info->wire_out, BIO_number_read(c.in));
        expect_write(&p, "four");
        size_t overhead = *version == TLS1_3_VERSION ? 5 + 1 + 16 : 5 + 8 + 16;
        assert_int_equal(info->wire_out - info->secure_wire_out, 4 + overhead);
        assert_int_equal(evbuffer_get_length(p.down), 4 + overhead);
        pair_close(&p);
        client_close(&c);
        actor_close(&a);
    }
}

static void queues_can_be_swapped_while_idle(void **state)
{
    (void)state;
    struct actor a;
    struct client c;
    struct pair p;
    char buf[16];
    actor_open(&a, defaults);
    client_open(&c, a.certs, 0);
    pair_secure(&p, &c, &a, "o.test");
    tls_set_queues(p.server, NULL, NULL);
    pair_down(&p);
    evbuffer_free(p.up);
    evbuffer_free(p.down);
    expect_end(&p, TLS_AGAIN);
    p.up = evbuffer_new();
    p.down = evbuffer_new();
    tls_set_queues(p.server, p.up, p.down);
    pair_client_writes(&p, "ping");
    expect_read(&p, "ping");
    expect_write(&p, "pong");
    assert_string_equal(pair_client_reads(&p, buf, sizeof(buf)), "pong");
    pair_close(&p);
    client_close(&c);
    actor_close(&a);
}

/* An old error of another session in the queue of the thread must not be taken for ours. */
static void foreign_errors_do_not_matter(void **state)
{
    (void)state;
    struct actor a;
    struct client c;
    struct pair p;
    actor_open(&a, defaults);
    client_open(&c, a.certs, 0);
    pair_secure(&p, &c, &a, "o.test");
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
    expect_end(&p, TLS_AGAIN);
    assert_int_equal(ERR_peek_error(), 0);
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
    expect_write(&p, "fine");
    pair_close(&p);
    client_close(&c);
    actor_close(&a);
}

static void a_session_outlives_its_context(void **state)
{
    (void)state;
    struct actor a;
    struct client c;
    struct pair p;
    actor_open(&a, defaults);
    client_open(&c, a.certs, 0);
    pair_open(&p, &c, &a, "o.test");
    tls_context_free(a.context);
    a.context = NULL;
    pair_handshake(&p);
    assert_int_equal(p.result, TLS_OK);
    pair_close(&p);
    tls_free(NULL);
    client_close(&c);
    actor_close(&a);
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
    cmocka_unit_test(tickets_are_as_many_as_asked_for),
    cmocka_unit_test(sessions_resume_within_a_context_only),
    cmocka_unit_test(early_data_is_given_after_the_handshake),
    cmocka_unit_test(early_data_can_be_rejected),
    cmocka_unit_test(early_data_is_not_offered_by_default),
    cmocka_unit_test(ends_are_told_apart),
    cmocka_unit_test(reading_goes_on_after_close_notify),
    cmocka_unit_test(renegotiation_is_refused),
    cmocka_unit_test(a_cut_record_is_a_truncation),
    cmocka_unit_test(a_handshake_can_be_truncated_anywhere),
    cmocka_unit_test(a_broken_record_fails_for_good),
    cmocka_unit_test(one_write_is_one_record),
    cmocka_unit_test(pending_tells_of_the_rest_of_a_record),
    cmocka_unit_test(wire_octets_are_counted),
    cmocka_unit_test(queues_can_be_swapped_while_idle),
    cmocka_unit_test(foreign_errors_do_not_matter),
    cmocka_unit_test(a_session_outlives_its_context),
};

TEST_MAIN(tests)
