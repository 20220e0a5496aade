/*
 * The stream inside a TLS session: how it ends, how plaintext becomes records, and what is counted.
 */
#include "tls_client.h"

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
