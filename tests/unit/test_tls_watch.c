/*
 * Landmarks in real handshakes. OpenSSL plays both sides and tells, by its message callback, at
 * which octet each message had arrived; the watcher, which sees ciphertext only, must name the same
 * octet, wherever the stream is split.
 */
#include "cmocka_main.h"

#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "certs.h"
#include "tls_record.h"
#include "tls_watch.h"

enum { DOWN, UP };

struct transcript {
    struct {
        bool up;
        size_t at, len;
    } chunks[64];
    unsigned n_chunks;
    char octets[2][32768];
    size_t len[2];
    struct place {
        bool up;
        size_t at; /* octets in that direction, its last one included; 0: never */
    } truth[LANDMARK_CLOSE_NOTIFY + 1];
};

struct handshake {
    const char *name;
    int version;
    const char *suites; /* of TLS 1.3; NULL: all */
    bool retry;         /* HelloRetryRequest */
    bool asks, has;     /* a client certificate */
    bool resumes, early;
    bool untrusted; /* the client refuses the server's certificate */
};

struct side {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *in, *out;
    bool up; /* it reads what goes up */
    struct transcript *t;
};

static SSL_SESSION *ticket;

static int keep_ticket(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(ticket);
    ticket = session;
    return 1;
}

/* A message has arrived: notes the octet. */
static void saw_message(int written, int version, int type, const void *buf, size_t len, SSL *ssl,
                        void *arg)
{
    struct side *s = arg;
    const unsigned char *m = buf;
    (void)version, (void)ssl;
    if (written || len < 2 || s->t == NULL)
        return;
    struct place here = { s->up, s->t->len[s->up] - (size_t)BIO_pending(s->in) };
    struct place *truth = s->t->truth;
    if (type == SSL3_RT_HANDSHAKE && m[0] == SSL3_MT_CLIENT_HELLO && s->up) {
        if (truth[LANDMARK_CLIENT_HELLO].at == 0)
            truth[LANDMARK_CLIENT_HELLO] = here; /* the second answers a HelloRetryRequest */
    } else if (type == SSL3_RT_HANDSHAKE && m[0] == SSL3_MT_SERVER_HELLO) {
        truth[LANDMARK_SERVER_HELLO] = here; /* the last one is not a HelloRetryRequest */
    } else if (type == SSL3_RT_HANDSHAKE && m[0] == SSL3_MT_FINISHED) {
        truth[LANDMARK_HANDSHAKE] = here; /* the later of the two */
    } else if (type == SSL3_RT_ALERT && m[1] == SSL_AD_CLOSE_NOTIFY &&
               truth[LANDMARK_CLOSE_NOTIFY].at == 0) {
        truth[LANDMARK_CLOSE_NOTIFY] = here;
    }
}

static int take_any(X509_STORE_CTX *store, void *arg)
{
    (void)arg;
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}

static void side_ctx(struct side *s, bool server, const struct handshake *h, struct certs *certs)
{
    X509 *cert;
    EVP_PKEY *key;
    s->ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    SSL_CTX_set_min_proto_version(s->ctx, h->version);
    SSL_CTX_set_max_proto_version(s->ctx, h->version);
    SSL_CTX_set_security_level(s->ctx, 0);
    SSL_CTX_set_options(s->ctx, SSL_OP_NO_ANTI_REPLAY);
    if (h->suites != NULL)
        assert_int_equal(SSL_CTX_set_ciphersuites(s->ctx, h->suites), 1);
    static char only_one[] = "P-384", both[] = "X25519:P-384"; /* OpenSSL's macro drops const */
    if (h->retry)
        SSL_CTX_set1_groups_list(s->ctx, server ? only_one : both);
    if (server || h->has) {
        certs_leaf(certs, CERT_GOOD, "o.test", &cert, &key);
        SSL_CTX_use_certificate(s->ctx, cert);
        SSL_CTX_use_PrivateKey(s->ctx, key);
    }
    if (server && h->early)
        SSL_CTX_set_max_early_data(s->ctx, 1024);
    if ((server && h->asks) || (!server && h->untrusted))
        SSL_CTX_set_verify(s->ctx, SSL_VERIFY_PEER, NULL);
    if (server)
        SSL_CTX_set_cert_verify_callback(s->ctx, take_any, NULL);
    SSL_CTX_set_session_id_context(s->ctx, (const unsigned char *)"test", 4);
    SSL_CTX_set_session_cache_mode(
        s->ctx, server ? SSL_SESS_CACHE_OFF : SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    if (!server)
        SSL_CTX_sess_set_new_cb(s->ctx, keep_ticket);
}

static void side_open(struct side *s, bool server, struct transcript *t)
{
    s->t = t;
    s->up = server;
    s->ssl = SSL_new(s->ctx);
    s->in = BIO_new(BIO_s_mem());
    s->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(s->in, -1);
    SSL_set_bio(s->ssl, s->in, s->out);
    SSL_set_msg_callback(s->ssl, saw_message);
    SSL_set_msg_callback_arg(s->ssl, s);
    if (server)
        SSL_set_accept_state(s->ssl);
    else
        SSL_set_connect_state(s->ssl);
}

/* Moves what `from` has written to the other side, and into the transcript. */
static bool move(struct transcript *t, struct side *from, struct side *to)
{
    char *data;
    size_t len = (size_t)BIO_get_mem_data(from->out, &data);
    if (len == 0)
        return false;
    assert_true(t->n_chunks < 64 && t->len[to->up] + len <= sizeof(t->octets[0]));
    t->chunks[t->n_chunks].up = to->up;
    t->chunks[t->n_chunks].at = t->len[to->up];
    t->chunks[t->n_chunks++].len = len;
    memcpy(t->octets[to->up] + t->len[to->up], data, len);
    t->len[to->up] += len;
    BIO_write(to->in, data, (int)len);
    (void)BIO_reset(from->out);
    return true;
}

static void read_all(struct side *s)
{
    char buf[4096];
    while (SSL_read(s->ssl, buf, sizeof(buf)) > 0)
        ;
    ERR_clear_error();
}

static void step(struct side *s, bool early)
{
    char buf[1024];
    size_t n;
    if (early && s->up && SSL_in_init(s->ssl)) {
        while (SSL_read_early_data(s->ssl, buf, sizeof(buf), &n) == SSL_READ_EARLY_DATA_SUCCESS)
            ;
    }
    SSL_do_handshake(s->ssl);
    ERR_clear_error();
}

/* One connection from the first octet to both close_notify. */
static void connection(struct transcript *t, struct side *c, struct side *s, bool resumes,
                       bool early)
{
    size_t n;
    memset(t, 0, sizeof(*t));
    side_open(c, false, t);
    side_open(s, true, t);
    if (resumes)
        SSL_set_session(c->ssl, ticket);
    if (early)
        assert_int_equal(SSL_write_early_data(c->ssl, "GET /early HTTP/1.1\r\n\r\n", 23, &n), 1);
    bool moved = true;
    while (moved) {
        step(c, false);
        moved = move(t, c, s);
        step(s, early);
        moved |= move(t, s, c);
    }
    SSL_write(c->ssl, "GET / HTTP/1.1\r\n\r\n", 18);
    move(t, c, s);
    read_all(s);
    SSL_write(s->ssl, "HTTP/1.1 204 No Content\r\n\r\n", 27);
    move(t, s, c);
    read_all(c);
    SSL_shutdown(s->ssl);
    move(t, s, c);
    read_all(c);
    SSL_shutdown(c->ssl);
    move(t, c, s);
    read_all(s);
    ERR_clear_error();
    SSL_free(c->ssl);
    SSL_free(s->ssl);
}

static void record(struct transcript *t, const struct handshake *h)
{
    struct certs *certs = certs_new();
    struct side c = { .up = false }, s = { .up = true };
    side_ctx(&c, false, h, certs);
    side_ctx(&s, true, h, certs);
    connection(t, &c, &s, false, false);
    if (h->resumes)
        connection(t, &c, &s, true, h->early);
    SSL_SESSION_free(ticket);
    ticket = NULL;
    SSL_CTX_free(c.ctx);
    SSL_CTX_free(s.ctx);
    certs_free(certs);
}

static const struct handshake handshakes[] = {
    { .name = "1.3", .version = TLS1_3_VERSION },
    { .name = "1.3 SHA-256", .version = TLS1_3_VERSION, .suites = "TLS_AES_128_GCM_SHA256" },
    { .name = "1.3 CCM_8", .version = TLS1_3_VERSION, .suites = "TLS_AES_128_CCM_8_SHA256" },
    { .name = "1.3 retry", .version = TLS1_3_VERSION, .retry = true },
    { .name = "1.3 asked", .version = TLS1_3_VERSION, .asks = true },
    { .name = "1.3 certificate", .version = TLS1_3_VERSION, .asks = true, .has = true },
    { .name = "1.3 resumed", .version = TLS1_3_VERSION, .resumes = true },
    { .name = "1.3 early", .version = TLS1_3_VERSION, .resumes = true, .early = true },
    { .name = "1.2", .version = TLS1_2_VERSION },
    { .name = "1.2 certificate", .version = TLS1_2_VERSION, .asks = true, .has = true },
    { .name = "1.2 resumed", .version = TLS1_2_VERSION, .resumes = true },
    { .name = "1.0", .version = TLS1_VERSION },
    { .name = "1.0 resumed", .version = TLS1_VERSION, .resumes = true },
};

enum { N_HANDSHAKES = sizeof(handshakes) / sizeof(handshakes[0]) };

/* Plays the transcript in pieces that end at every multiple of `size`, and at `split` octets of
   each direction. Where was the landmark hit? */
static struct place play(const struct transcript *t, enum tls_landmark landmark, size_t size,
                         size_t split)
{
    struct tls_watch *w = tls_watch_new();
    struct place found = { 0 };
    for (unsigned i = 0; i < t->n_chunks && found.at == 0; i++) {
        bool up = t->chunks[i].up, hit = false;
        size_t at = t->chunks[i].at, end = at + t->chunks[i].len;
        while (at < end && !hit) {
            size_t stop = at < split && split < end ? split : end;
            size_t n = stop - at < size ? stop - at : size;
            size_t fed = tls_watch_feed(w, up, t->octets[up] + at, n, landmark, &hit);
            assert_true(fed == n || (hit && fed < n));
            at += fed;
        }
        if (hit)
            found = (struct place){ up, at };
        assert_int_equal(hit, tls_watch_passed(w, landmark));
    }
    assert_false(tls_watch_lost(w));
    tls_watch_free(w);
    return found;
}

static void expect_place(const struct handshake *h, enum tls_landmark landmark, struct place found,
                         struct place wanted)
{
    if (found.at != wanted.at || found.up != wanted.up)
        fail_msg("%s: %s hit at octet %zu %s, expected %zu %s", h->name,
                 tls_landmark_names[landmark], found.at, found.up ? "up" : "down", wanted.at,
                 wanted.up ? "up" : "down");
}

static struct transcript transcript;

static void landmarks_are_where_openssl_saw_the_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_HANDSHAKES; i++) {
        record(&transcript, &handshakes[i]);
        for (enum tls_landmark l = LANDMARK_CLIENT_HELLO; l <= LANDMARK_CLOSE_NOTIFY; l++) {
            assert_int_not_equal(transcript.truth[l].at, 0);
            for (size_t size = 1; size < 100; size++)
                expect_place(&handshakes[i], l, play(&transcript, l, size, 0), transcript.truth[l]);
        }
    }
}

static void no_split_moves_a_landmark(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_HANDSHAKES; i++) {
        record(&transcript, &handshakes[i]);
        size_t longest =
            transcript.len[UP] > transcript.len[DOWN] ? transcript.len[UP] : transcript.len[DOWN];
        for (size_t split = 0; split <= longest; split++) {
            enum tls_landmark l = (enum tls_landmark)(LANDMARK_CLIENT_HELLO + split % 4);
            expect_place(&handshakes[i], l, play(&transcript, l, SIZE_MAX, split),
                         transcript.truth[l]);
        }
    }
}

/* A client that refuses the certificate sends an alert that looks like close_notify from outside,
   but before its Finished. */
static void a_refused_handshake_has_no_later_landmark(void **state)
{
    static const struct handshake refused[] = {
        { .name = "1.3 refused", .version = TLS1_3_VERSION, .untrusted = true },
        { .name = "1.2 refused", .version = TLS1_2_VERSION, .untrusted = true },
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        record(&transcript, &refused[i]);
        expect_place(&refused[i], LANDMARK_SERVER_HELLO,
                     play(&transcript, LANDMARK_SERVER_HELLO, SIZE_MAX, 0),
                     transcript.truth[LANDMARK_SERVER_HELLO]);
        assert_int_equal(play(&transcript, LANDMARK_HANDSHAKE, SIZE_MAX, 0).at, 0);
        assert_int_equal(play(&transcript, LANDMARK_CLOSE_NOTIFY, SIZE_MAX, 0).at, 0);
    }
}

/* How many octets of each direction there were when the handshake was complete. */
static void find_handshake(const struct transcript *t, size_t before[2])
{
    struct tls_watch *w = tls_watch_new();
    bool hit = false;
    before[UP] = before[DOWN] = 0;
    for (unsigned i = 0; i < t->n_chunks && !hit; i++) {
        bool up = t->chunks[i].up;
        before[up] += tls_watch_feed(w, up, t->octets[up] + t->chunks[i].at, t->chunks[i].len,
                                     LANDMARK_HANDSHAKE, &hit);
    }
    assert_true(hit);
    assert_int_equal(tls_watch_after_handshake(w, true), 0);
    assert_int_equal(tls_watch_after_handshake(w, false), 0);
    tls_watch_free(w);
}

/* Cuts n octets behind the handshake; returns how many passed in that direction in all. */
static size_t cut_records(const struct transcript *t, bool up, size_t n, bool *cut)
{
    struct tls_watch *w = tls_watch_new();
    size_t passed = 0;
    *cut = false;
    for (unsigned i = 0; i < t->n_chunks && !*cut; i++) {
        bool way = t->chunks[i].up, hit;
        const char *data = t->octets[way] + t->chunks[i].at;
        if (way == up) {
            passed += tls_watch_feed_records(w, way, data, t->chunks[i].len, n, cut);
        } else {
            tls_watch_feed(w, way, data, t->chunks[i].len, LANDMARK_NONE, &hit);
            assert_false(hit);
        }
    }
    if (*cut)
        assert_int_equal(tls_watch_after_handshake(w, up), n);
    tls_watch_free(w);
    return passed;
}

static void octets_after_the_handshake_are_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_HANDSHAKES; i++) {
        size_t before[2];
        record(&transcript, &handshakes[i]);
        find_handshake(&transcript, before);
        struct place done = transcript.truth[LANDMARK_HANDSHAKE];
        assert_int_equal(before[done.up], done.at);
        for (int up = 0; up < 2; up++) {
            size_t after = transcript.len[up] - before[up];
            for (size_t n = 1; n <= after + 1; n += n < 70 ? 1 : 61) {
                bool cut;
                size_t passed = cut_records(&transcript, up, n, &cut);
                assert_int_equal(cut, n <= after);
                assert_int_equal(passed, before[up] + (cut ? n : after));
            }
        }
        bool cut; /* 0: as soon as the handshake is over */
        assert_int_equal(cut_records(&transcript, done.up, 0, &cut), done.at);
        assert_true(cut);
    }
}

static void a_landmark_is_hit_once(void **state)
{
    (void)state;
    struct tls_watch *w = tls_watch_new();
    record(&transcript, &handshakes[0]);
    unsigned hits = 0;
    for (unsigned i = 0; i < transcript.n_chunks; i++) {
        bool up = transcript.chunks[i].up, hit;
        size_t at = transcript.chunks[i].at, end = at + transcript.chunks[i].len;
        while (at < end) {
            at += tls_watch_feed(w, up, transcript.octets[up] + at, end - at, LANDMARK_CLOSE_NOTIFY,
                                 &hit);
            hits += hit;
        }
    }
    assert_int_equal(hits, 1); /* and not for the second close_notify, of the other side */
    tls_watch_free(w);
}

/* ---- made by hand ---- */

static bool feed_record(struct tls_watch *w, bool up, unsigned char type, const char *payload,
                        size_t len, enum tls_landmark landmark)
{
    char octets[4096] = { (char)type, 3, 3, (char)(len >> 8), (char)(len & 0xff) };
    bool hit;
    if (payload != NULL)
        memcpy(octets + 5, payload, len);
    tls_watch_feed(w, up, octets, len + 5, landmark, &hit);
    return hit;
}

#define RANDOM "0123456789abcdef0123456789abcdef"
#define SERVER_HELLO                                                                               \
    "\x02\x00\x00\x2e\x03\x03" RANDOM "\x00"                                                       \
    "\x13\x01"                                                                                     \
    "\x00"                                                                                         \
    "\x00\x06\x00\x2b\x00\x02\x03\x04"
static const char client_hello[] = "\x01\x00\x00\x29\x03\x03" RANDOM "\x00"
                                   "\x00\x02\x13\x01"
                                   "\x01\x00";
static const char server_hello[] = SERVER_HELLO;
static const char server_hello_and_more[] = SERVER_HELLO "\x0b\x00\x01\x00more";

static struct tls_watch *watch_hellos(void)
{
    struct tls_watch *w = tls_watch_new();
    assert_true(feed_record(w, true, 22, client_hello, 45, LANDMARK_CLIENT_HELLO));
    assert_true(feed_record(w, false, 22, server_hello, 50, LANDMARK_SERVER_HELLO));
    return w;
}

static void a_packed_client_flight_is_found_by_the_third_record(void **state)
{
    (void)state;
    struct tls_watch *w = watch_hellos();
    assert_false(feed_record(w, false, 23, NULL, 53, LANDMARK_HANDSHAKE)); /* not the client's */
    assert_false(feed_record(w, true, 23, NULL, 800, LANDMARK_HANDSHAKE));
    assert_false(feed_record(w, true, 23, NULL, 100, LANDMARK_HANDSHAKE));
    assert_true(feed_record(w, true, 23, NULL, 100, LANDMARK_HANDSHAKE));
    tls_watch_free(w);
    w = watch_hellos(); /* an empty Certificate and Finished in one */
    assert_true(feed_record(w, true, 23, NULL, 61, LANDMARK_HANDSHAKE));
    tls_watch_free(w);
}

static void alerts_in_the_clear_are_read(void **state)
{
    (void)state;
    struct tls_watch *w = watch_hellos();
    assert_false(feed_record(w, false, 21, "\x02\x28", 2, LANDMARK_CLOSE_NOTIFY));
    assert_true(feed_record(w, true, 21, "\x01\x00", 2, LANDMARK_CLOSE_NOTIFY));
    tls_watch_free(w);
}

/* 0-RTT data that is still under way when ServerHello has passed is not the end of a handshake. */
static void late_early_data_is_not_counted_as_handshake(void **state)
{
    static const char early_hello[] = "\x01\x00\x00\x2f\x03\x03" RANDOM "\x00"
                                      "\x00\x02\x13\x01"
                                      "\x01\x00"
                                      "\x00\x04\x00\x2a\x00\x00";
    (void)state;
    struct tls_watch *w = tls_watch_new();
    assert_true(feed_record(w, true, 22, early_hello, 51, LANDMARK_CLIENT_HELLO));
    assert_true(feed_record(w, false, 22, server_hello, 50, LANDMARK_SERVER_HELLO));
    for (int i = 0; i < 5; i++)
        assert_false(feed_record(w, true, 23, NULL, 200, LANDMARK_HANDSHAKE));
    assert_false(feed_record(w, true, 23, NULL, 21, LANDMARK_HANDSHAKE)); /* EndOfEarlyData */
    assert_true(feed_record(w, true, 23, NULL, 53, LANDMARK_HANDSHAKE));
    tls_watch_free(w);
}

/* TLS 1.2: data that runs ahead of the server's Finished (False Start), of any length, and an alert
   instead of it. */
static void only_both_finished_end_an_old_handshake(void **state)
{
    static const char old_hello[] = "\x02\x00\x00\x26\x03\x03" RANDOM "\x00"
                                    "\xc0\x2b"
                                    "\x00";
    (void)state;
    struct tls_watch *w = tls_watch_new();
    assert_true(feed_record(w, true, 22, client_hello, 45, LANDMARK_CLIENT_HELLO));
    assert_true(feed_record(w, false, 22, old_hello, 42, LANDMARK_SERVER_HELLO));
    assert_false(feed_record(w, false, 22, NULL, 800, LANDMARK_HANDSHAKE));
    assert_false(feed_record(w, true, 22, NULL, 70, LANDMARK_HANDSHAKE)); /* ClientKeyExchange */
    assert_false(feed_record(w, true, 20, "\x01", 1, LANDMARK_HANDSHAKE));
    assert_false(feed_record(w, true, 22, NULL, 40, LANDMARK_HANDSHAKE));
    for (int i = 0; i < 5; i++)
        assert_false(feed_record(w, true, 23, NULL, 53, LANDMARK_HANDSHAKE));
    assert_false(feed_record(w, true, 21, NULL, 26, LANDMARK_CLOSE_NOTIFY));
    assert_false(tls_watch_passed(w, LANDMARK_CLOSE_NOTIFY));
    assert_false(feed_record(w, false, 20, "\x01", 1, LANDMARK_HANDSHAKE));
    assert_true(feed_record(w, false, 22, NULL, 40, LANDMARK_HANDSHAKE));
    assert_true(feed_record(w, true, 21, NULL, 26, LANDMARK_CLOSE_NOTIFY));
    tls_watch_free(w);
}

/* In TLS 1.2, Certificate may stand in the record of ServerHello, and the hello over many. */
static void hellos_share_and_split_records(void **state)
{
    (void)state;
    struct tls_watch *w = tls_watch_new();
    for (size_t i = 0; i < 44; i++)
        assert_false(feed_record(w, true, 22, client_hello + i, 1, LANDMARK_CLIENT_HELLO));
    assert_true(feed_record(w, true, 22, client_hello + 44, 1, LANDMARK_CLIENT_HELLO));
    assert_true(feed_record(w, false, 22, server_hello_and_more, 58, LANDMARK_SERVER_HELLO));
    assert_false(tls_watch_lost(w));
    tls_watch_free(w);
}

static void what_is_no_tls_is_given_up(void **state)
{
    static const char plain[] = "HTTP/1.1 502 Bad Gateway\r\n\r\nmarker";
    (void)state;
    bool hit;
    struct tls_watch *w = tls_watch_new();
    assert_true(feed_record(w, true, 22, client_hello, 45, LANDMARK_CLIENT_HELLO));
    assert_int_equal(tls_watch_feed(w, false, plain, strlen(plain), LANDMARK_SERVER_HELLO, &hit),
                     strlen(plain));
    assert_false(hit);
    assert_true(tls_watch_lost(w));
    assert_false(feed_record(w, false, 22, server_hello, 50, LANDMARK_SERVER_HELLO));
    tls_watch_free(w);

    w = tls_watch_new(); /* handshake messages that are no ClientHello */
    assert_false(feed_record(w, true, 22, server_hello, 50, LANDMARK_CLIENT_HELLO));
    assert_true(tls_watch_lost(w));
    tls_watch_free(w);

    w = tls_watch_new(); /* a hello that never ends */
    assert_false(feed_record(w, true, 22, "\x01\xff\xff\xff", 4, LANDMARK_CLIENT_HELLO));
    assert_true(tls_watch_lost(w));
    tls_watch_free(w);

    static const char huge[] = "\x17\x03\x03\x48\x01"; /* 16384 + 2048 + 1 octets */
    w = tls_watch_new();
    tls_watch_feed(w, true, huge, 5, LANDMARK_CLIENT_HELLO, &hit);
    assert_true(tls_watch_lost(w));
    tls_watch_free(w);
    tls_watch_free(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(landmarks_are_where_openssl_saw_the_message),
    cmocka_unit_test(no_split_moves_a_landmark),
    cmocka_unit_test(a_refused_handshake_has_no_later_landmark),
    cmocka_unit_test(octets_after_the_handshake_are_counted),
    cmocka_unit_test(a_landmark_is_hit_once),
    cmocka_unit_test(a_packed_client_flight_is_found_by_the_third_record),
    cmocka_unit_test(late_early_data_is_not_counted_as_handshake),
    cmocka_unit_test(only_both_finished_end_an_old_handshake),
    cmocka_unit_test(alerts_in_the_clear_are_read),
    cmocka_unit_test(hellos_share_and_split_records),
    cmocka_unit_test(what_is_no_tls_is_given_up),
};

TEST_MAIN(tests)
