/*
 * What a review or a user once found wrong. Each test says in its name what must hold.
 */
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e.h"

/* ---- ends of TLS ----------------------------------------------------------------------------- */

/* The first flight of a TLS client, which is not even answered. */
static size_t client_hello(char *octets, size_t room)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *tls = SSL_new(context);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    SSL_set_bio(tls, in, out);
    SSL_set_tlsext_host_name(tls, "a.test");
    SSL_connect(tls);
    int n = BIO_read(out, octets, (int)room);
    SSL_free(tls);
    SSL_CTX_free(context);
    return n > 0 ? (size_t)n : 0;
}

static void fin_in_mid_handshake_is_survived(void **state)
{
    (void)state;
    char hello[4096];
    size_t len = client_hello(hello, sizeof(hello));
    struct play *p = start("{}");
    struct peer *c = dial(p->origin);
    send_octets(c, hello, len);
    shutdown(c->fd, SHUT_WR);
    assert_true(peer_wait_end(c));
    assert_int_equal(c->end, PEER_EOF);
    hang_up(c);
    c = dial(p->proxy);
    get(c, "/");
    expect_answer(c, 200);
    hang_up(c);
    stop(p);
}

static void close_at_tls_is_over_with_the_clients_fin(void **state)
{
    (void)state;
    struct play *p = start("{'origin':{'rules':[{'on':'request','do':['close']}]}}");
    struct peer *c = dial(p->origin);
    start_tls(c, p, "a.test");
    send_str(c, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    expect_eof(c);
    SSL_shutdown(c->tls);
    shutdown(c->fd, SHUT_WR);
    find_event(p, "close", "at", "origin", "by", "client", "how", "fin", NULL);
    hang_up(c);
    stop(p);
}

/* ---- forward --------------------------------------------------------------------------------- */

/* RSTs that come while an answer is being copied: sometimes it is a write that meets them. */
static void reset_while_an_answer_is_copied(void **state)
{
    (void)state;
    struct play *p = start("{}");
    for (int i = 0; i < 24; i++) {
        char octets[65536];
        struct peer *c = dial(p->proxy);
        get(c, "/bytes/100000000");
        for (int n = 0; n < i * 200000 + 1;) {
            ssize_t got = peer_read(c, octets, sizeof(octets), PEER_PATIENCE);
            assert_true(got > 0);
            n += (int)got;
        }
        peer_abort(c);
        hang_up(c);
    }
    stop(p);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void slices_larger_than_a_piece(void **state)
{
    (void)state;
    struct play *p = start_list("[{'respond':{'body':{'size':1000000},"
                                "'pace':{'bytes':524288,'every':'1ms'}}}]");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 1000000);
    hang_up(c);
    stop(p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(fin_in_mid_handshake_is_survived),
    cmocka_unit_test(close_at_tls_is_over_with_the_clients_fin),
    cmocka_unit_test(reset_while_an_answer_is_copied),
    cmocka_unit_test(slices_larger_than_a_piece),
};

TEST_MAIN(tests)
