/*
 * Tickets of the TLS filter and what clients do with them: resumption and 0-RTT data.
 */
#include "tls_client.h"

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

/* A connection that offers the last ticket, and gets a new one. */
static bool resumes(struct client *c, struct actor *a)
{
    struct pair p;
    char buf[16];
    int version = SSL_SESSION_get_protocol_version(c->ticket);
    pair_open(&p, c, a, "o.test");
    SSL_set_session(c->ssl, c->ticket);
    pair_handshake(&p);
    assert_int_equal(p.result, TLS_OK);
    assert_int_equal(tls_hello(p.server)->psk, version == TLS1_3_VERSION);
    assert_int_equal(tls_hello(p.server)->ticket, version == TLS1_2_VERSION);
    bool resumed = tls_info(p.server)->resumed;
    assert_int_equal(SSL_session_reused(c->ssl), resumed);
    pair_client_reads(&p, buf, sizeof(buf));
    pair_close(&p);
    return resumed;
}

static void sessions_resume_within_a_context_only(void **state)
{
    (void)state;
    EACH_VERSION
    {
        struct actor a, b;
        struct client c;
        actor_open(&a, (struct tls_settings){ .tickets = -1, .ask_client = true });
        actor_open(&b, defaults);
        client_open(&c, a.certs, *version);
        X509_STORE_add_cert(SSL_CTX_get_cert_store(c.ctx), certs_ca(b.certs));
        get_ticket(&c, &a);
        assert_true(resumes(&c, &a));
        assert_true(resumes(&c, &a)); /* with what the first resumption got */
        assert_false(resumes(&c, &b));
        client_close(&c);
        actor_close(&a);
        actor_close(&b);
    }
}

/* A client stays who it was. */
static void client_certificates_live_on_in_tickets(void **state)
{
    (void)state;
    EACH_VERSION
    {
        struct actor a;
        struct client c;
        struct pair p;
        actor_open(&a, (struct tls_settings){ .tickets = -1, .ask_client = true });
        client_open(&c, a.certs, *version);
        client_takes_its_own(&c, a.certs);
        get_ticket(&c, &a);
        pair_open(&p, &c, &a, "o.test");
        SSL_set_session(c.ssl, c.ticket);
        pair_handshake(&p);
        assert_true(tls_info(p.server)->resumed);
        assert_true(tls_info(p.server)->client_certificate);
        pair_close(&p);
        client_close(&c);
        actor_close(&a);
    }
}

/* ---- 0-RTT data ---- */

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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tickets_are_as_many_as_asked_for),
    cmocka_unit_test(sessions_resume_within_a_context_only),
    cmocka_unit_test(client_certificates_live_on_in_tickets),
    cmocka_unit_test(early_data_is_given_after_the_handshake),
    cmocka_unit_test(early_data_can_be_rejected),
    cmocka_unit_test(early_data_is_not_offered_by_default),
};

TEST_MAIN(tests)
