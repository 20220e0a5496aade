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
    SSL_set_tlsext_host_name(tls, (char *)(uintptr_t) "a.test"); /* the macro casts const away */
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
    assert_int_equal(write(c->fd, "no TLS at all", 13), 13);
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

/* ---- requests that are wrong ----------------------------------------------------------------- */

static void form_of_a_target_is_told_without_host(void **state)
{
    (void)state;
    struct play *p = start("{}");
    struct peer *c = dial(p->proxy);
    send_str(c, "CONNECT a.test:443 HTTP/1.1\r\n\r\n");
    expect_answer(c, 400);
    find_event(p, "request", "method", "CONNECT", "form", "authority", "host", "a.test", NULL);
    hang_up(c);
    stop(p);
}

static void refused_origin_is_a_502_and_says_so(void **state)
{
    (void)state;
    struct play *p = start("{'origin':{'listen':'refused'}}");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    const char *head = expect_head(c, "HTTP/1.1 502 ");
    assert_string_equal(field_of(head, "Proxy-Status"), "fakeproxy; error=connection_refused");
    hang_up(c);
    stop(p);
}

static void malformed_request_taken_by_a_rule(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "GET http://a.test/ HTTP/1.1\r\n\r\n",
        "CONNECT a.test HTTP/1.1\r\nHost: a.test\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
        "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: x\r\n\r\n",
    };
    struct play *p = start_list("[{'wait':'1ms'}]");
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        struct peer *c = dial(p->proxy);
        send_str(c, requests[i]);
        expect_answer(c, 400);
        expect_eof(c);
        hang_up(c);
    }
    stop(p);
}

#define POST_CHUNKED(target)                                                                       \
    "POST " target " HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"               \
    "5\r\nhello\r\n"

static void broken_chunk_is_answered_400(void **state)
{
    (void)state;
    struct play *p = start("{}");
    struct peer *c = dial(p->proxy);
    send_str(c, POST_CHUNKED("http://a.test/") "no chunk\r\n");
    expect_answer(c, 400);
    expect_eof(c);
    hang_up(c);
    stop(p);
}

/* What stands behind broken framing must not pass for a request. */
static void nothing_is_read_behind_broken_framing(void **state)
{
    (void)state;
    struct play *p = start_list("['respond']");
    struct peer *c = dial(p->proxy);
    send_str(c, POST_CHUNKED("http://a.test/") "GET http://a.test/ HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_answer(c, 200);
    expect_eof(c);
    hang_up(c);
    c = dial(p->proxy);
    send_str(c, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n"
                "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    expect_answer(c, 200);
    expect_eof(c);
    hang_up(c);
    stop(p);
}

/* ---- ends that the client makes -------------------------------------------------------------- */

/* The FIN that acknowledges our last octets: both come in one edge. */
static void fin_is_seen_where_acknowledgements_are(void **state)
{
    (void)state;
    struct play *p = start_list("['respond',{'wait':'30s'},'reset']");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_answer(c, 200);
    shutdown(c->fd, SHUT_WR);
    expect_reset(c);
    hang_up(c);
    stop(p);
}

/* ---- what is remembered ---------------------------------------------------------------------- */

/* A client that comes from a port we once dialed from is not taken for us. */
static void dials_to_a_real_server_are_not_remembered(void **state)
{
    (void)state;
    int port, listener = peer_listen(&port, false);
    char upstream[64];
    snprintf(upstream, sizeof(upstream), "a.test:80=127.0.0.1:%d", port);
    const char *const arguments[] = { "--upstream", upstream, NULL };
    struct play *p = start_with("{}", (struct program_options){ .arguments = arguments });
    for (int i = 0; i < 2000; i++) {
        struct peer *c = dial(p->proxy);
        get(c, "/");
        struct peer *server = accept_one(listener);
        send_str(server, "HTTP/1.1 204 No Content\r\n\r\n");
        expect_answer(c, 204);
        hang_up(c);
        hang_up(server);
    }
    close(listener);
    find_event(p, "accept", "connection", "2000", NULL);
    assert_int_equal(count_events(p, "accept", "carrier", "*", NULL), 0);
    stop(p);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void own_answer_to_head_has_no_body(void **state)
{
    (void)state;
    struct play *p = start("{'origin':{'listen':'refused'}}");
    struct peer *c = dial(p->proxy);
    for (int i = 0; i < 2; i++) {
        send_str(c, "HEAD http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
        expect_head(c, "HTTP/1.1 502");
    }
    expect_silence(c, 50);
    hang_up(c);
    stop(p);
}

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

/* ---- half-closed, stalled, closed ------------------------------------------------------------ */

static void request_behind_a_half_close_is_no_reset(void **state)
{
    (void)state;
    struct play *p = start_list("['respond','half_close']");
    struct peer *c = dial(p->proxy);
    get(c, "/1");
    expect_answer(c, 200);
    expect_eof(c);
    get(c, "/2");
    find_event(p, "request", "path", "/2", "ignored", "true", NULL);
    shutdown(c->fd, SHUT_WR);
    find_event(p, "close", "by", "client", "how", "fin", NULL);
    assert_int_equal(count_events(p, "close", "by", "client", NULL), 1);
    hang_up(c);
    stop(p);
}

static void nothing_is_written_behind_a_stall(void **state)
{
    (void)state;
    struct play *p = start_list("[{'respond':{'body':{'size':100},'cut':{'after_body_bytes':10,"
                                "'with':{'stall':{'reading':false}}}}}]");
    struct peer *c = dial(p->proxy);
    get(c, "/1");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 10);
    get(c, "/2");
    shutdown(c->fd, SHUT_WR);
    expect_eof(c);
    hang_up(c);
    stop(p);
}

static void close_that_was_said_is_done(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "{'on':'accept','do':[{'respond':{'status':503,'headers':[['Connection','close']]}}]}",
        ("{'on':'request','do':[{'send':'HTTP/1.1 503 x\\r\\nConnection: close\\r\\n"
         "Content-Length: 0\\r\\n\\r\\n'}]}"),
        "{'on':'request','do':[{'send':'HTTP/1.1 503 x\\r\\n\\r\\n'}]}",
    };
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        char scenario[512];
        snprintf(scenario, sizeof(scenario), "{'proxy':{'rules':[%s]}}", rules[i]);
        struct play *p = start(scenario);
        struct peer *c = dial(p->proxy);
        if (i > 0)
            get(c, "/");
        expect_head(c, "HTTP/1.1 503");
        assert_true(peer_wait_end(c));
        assert_int_equal(c->end, PEER_EOF);
        hang_up(c);
        stop(p);
    }
}

/* ---- forward: interim answers, cuts from the end --------------------------------------------- */

#define POST_EXPECT                                                                                \
    "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\n"                     \
    "Content-Length: 3\r\n\r\n"

static void interim_answer_is_whole_whatever_the_cut(void **state)
{
    (void)state;
    struct play *p = start_list("[{'forward':{'cut':{'after_bytes':10,'with':'close'}}}]");
    struct peer *c = dial(p->proxy);
    send_str(c, POST_EXPECT);
    expect_head(c, "HTTP/1.1 100");
    send_str(c, "abc");
    expect_str(c, "HTTP/1.1 2");
    expect_eof(c);
    hang_up(c);
    stop(p);
}

static void interim_answer_in_slices_is_told_by_itself(void **state)
{
    (void)state;
    struct play *p = start_list("[{'forward':{'pace':{'bytes':4,'every':'1ms'}}}]");
    struct peer *c = dial(p->proxy);
    send_str(c, POST_EXPECT);
    expect_head(c, "HTTP/1.1 100");
    send_str(c, "abc");
    expect_answer(c, 200);
    find_event(p, "response", "at", "proxy", "status", "100", NULL);
    find_event(p, "response", "at", "proxy", "status", "200", NULL);
    hang_up(c);
    stop(p);
}

/* 1,000 octets in one chunk are 1,012 with their framing. */
static void cut_from_the_end_of_a_chunked_answer(void **state)
{
    (void)state;
    struct play *p = start("{'origin':{'rules':[{'on':'request','do':[{'respond':"
                           "{'body':{'size':1000},'framing':'chunked'}}]}]},"
                           "'proxy':{'rules':[{'on':'request','do':[{'forward':"
                           "{'cut':{'after_body_bytes':-7,'with':'close'}}}]}]}}");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_head(c, "HTTP/1.1 200");
    expect_str(c, "3e8\r\n");
    expect_bytes(c, 1000);
    expect_eof(c);
    const cJSON *sent = find_event(p, "sent", "at", "proxy", "cut", "close", NULL);
    assert_int_equal(number_in(sent, "body_bytes"), 1005);
    hang_up(c);
    stop(p);
}

static void early_answer_before_a_reset_gets_through(void **state)
{
    (void)state;
    struct play *p = start("{'origin':{'rules':[{'on':'request','do':[{'read':0},"
                           "{'respond':{'status':413}},{'reset':{'when':'sent'}}]}]}}");
    for (int i = 0; i < 10; i++) {
        struct peer *c = dial(p->proxy);
        char octets[16384] = "";
        send_str(c, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\n"
                    "Content-Length: 100000000\r\n\r\n");
        for (int k = 0; k < 200; k++) /* until nobody takes it any more, or for long enough */
            if (peer_send_some(c, octets, sizeof(octets), 20) < (ssize_t)sizeof(octets))
                break;
        expect_head(c, "HTTP/1.1 413");
        hang_up(c);
    }
    stop(p);
}

/* ---- what the origin answers ----------------------------------------------------------------- */

static void fields_of_forward_at_an_origin_replace_its_own(void **state)
{
    (void)state;
    struct play *p = start("{'origin':{'rules':[{'on':'request','do':[{'forward':{'headers':"
                           "[['A','1'],['B','2'],['C','3'],['D','4'],['content-type','x/y'],"
                           "['ETag',null]]}}]}]}}");
    struct peer *c = dial(p->origin);
    send_str(c, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    const char *head = expect_head(c, "HTTP/1.1 200");
    assert_string_equal(field_of(head, "D"), "4");
    assert_string_equal(field_of(head, "Content-Type"), "x/y");
    assert_null(strstr(head, "text/plain"));
    expect_no_field(head, "ETag");
    hang_up(c);
    stop(p);
}

static void range_is_for_get_and_connect_for_proxies(void **state)
{
    (void)state;
    struct play *p = start("{}");
    struct peer *c = dial(p->origin);
    send_str(c, "POST /bytes/100 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n"
                "Range: bytes=1-5\r\n\r\n");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 100);
    send_str(c, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
    expect_answer(c, 501);
    hang_up(c);
    stop(p);
}

/* ---- what the journal says ------------------------------------------------------------------- */

static void octets_of_a_body_begin_no_message(void **state)
{
    (void)state;
    struct play *p = start_list("[{'wait':'bytes'},{'read':'all'},'respond']");
    struct peer *c = dial(p->proxy);
    send_str(c, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\n");
    find_event(p, "request", NULL);
    send_str(c, "abc");
    expect_answer(c, 200);
    find_event(p, "sent", "status", "200", NULL);
    assert_int_equal(count_events(p, "bytes", NULL), 1);
    hang_up(c);
    stop(p);
}

static void retry_after_that_is_cut_off_promises_nothing(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{'rules':[{'on':'request','times':1,'do':[{'respond':"
                           "{'status':429,'retry_after':60,"
                           "'cut':{'after_bytes':12,'with':'close'}}}]}]}}");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_str(c, "HTTP/1.1 429");
    expect_eof(c);
    hang_up(c);
    c = dial(p->proxy);
    get(c, "/");
    expect_answer(c, 200);
    find_event(p, "request", "at", "proxy", "connection", "2", NULL);
    assert_int_equal(count_events(p, "request", "early", "*", NULL), 0);
    hang_up(c);
    stop(p);
}

static void header_block_in_several_sends_promises_and_closes(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{'rules':[{'on':'request','times':1,'do':["
                           "{'send':'HTTP/1.1 429 Too Many Requests\\r\\nRetry-'},"
                           "{'send':'After: 60\\r\\nContent-Length: 0\\r\\n'},"
                           "{'send':{'octets':'X-A: b\\r\\n','times':3}},"
                           "{'send':'Connection: close\\r\\n\\r\\n'}]}]}}");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_answer(c, 429);
    expect_eof(c);
    hang_up(c);
    c = dial(p->proxy);
    get(c, "/");
    expect_answer(c, 200);
    find_event(p, "request", "at", "proxy", "connection", "2", "early", "*", NULL);
    hang_up(c);
    stop(p);
}

static void no_100_behind_a_final_answer(void **state)
{
    (void)state;
    struct play *p = start_list("[{'read':0},{'respond':{'status':403,'body':''}},"
                                "{'read':{'bytes':'all','for':'100ms'}},'close']");
    struct peer *c = dial(p->proxy);
    send_str(c, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n"
                "Expect: 100-continue\r\n\r\n");
    expect_answer(c, 403);
    expect_eof(c); /* and no octet */
    hang_up(c);
    stop(p);
}

static void pipelined_request_is_told_when_it_comes(void **state)
{
    (void)state;
    struct play *p = start_list("[{'wait':{'event':'bytes','at':'proxy','nth':2}},'respond']");
    struct peer *c = dial(p->proxy);
    send_str(c, "GET http://a.test/1 HTTP/1.1\r\nHost: a.test\r\n\r\n"
                "GET http://a.test/2 HTTP/1.1\r\nHost: a.test\r\n\r\n");
    expect_answer(c, 200);
    expect_answer(c, 200);
    hang_up(c);
    stop(p);
}

static void octets_that_are_no_tls_are_not_the_clients_fin(void **state)
{
    (void)state;
    struct play *p = start("{}");
    struct peer *c = dial(p->origin);
    start_tls(c, p, "a.test");
    assert_int_equal(write(c->fd, "garbage instead of a record", 27), 27);
    find_event(p, "close", "by", "us", "why", "TLS failed*", NULL);
    assert_int_equal(count_events(p, "close", "by", "client", NULL), 0);
    hang_up(c);
    stop(p);
}

static void long_noise_for_a_client_hello_is_not_the_clients_fin(void **state)
{
    (void)state;
    static char noise[300000] = "\x16\x03\x01\x40";
    struct play *p = start("{}");
    struct peer *c = dial(p->origin);
    peer_send_some(c, noise, sizeof(noise), 1000);
    find_event(p, "close", "by", "us", NULL);
    assert_int_equal(count_events(p, "close", "by", "client", NULL), 0);
    hang_up(c);
    stop(p);
}

static void close_notify_as_an_alert_is_one(void **state)
{
    (void)state;
    struct play *p =
        start("{'origin':{'rules':[{'on':'request','do':[{'alert':'close_notify'}]}]}}");
    struct peer *c = dial(p->origin);
    start_tls(c, p, "a.test");
    send_str(c, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    expect_eof(c); /* and no octet of content */
    assert_true(c->notified);
    hang_up(c);
    stop(p);
}

static void reset_leaves_an_idle_origin_a_fin(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{'rules':[{'on':'request','skip':1,'do':['reset']}]}}");
    struct peer *c = dial(p->proxy);
    get(c, "/1");
    expect_answer(c, 200);
    get(c, "/2");
    expect_reset(c);
    find_event(p, "close", "at", "origin", "by", "client", "how", "fin", NULL);
    hang_up(c);
    stop(p);
}

static void fin_of_the_origin_in_a_tunnel_is_told(void **state)
{
    (void)state;
    struct play *p = start("{'origin':{'rules':[{'on':'request','do':['respond','half_close']}]}}");
    struct peer *c = dial(p->proxy);
    connect_to(c, "a.test:80");
    send_str(c, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    expect_answer(c, 200);
    expect_eof(c);
    find_event(p, "close", "at", "proxy", "by", "origin", "how", "fin", NULL);
    hang_up(c);
    stop(p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(fin_in_mid_handshake_is_survived),
    cmocka_unit_test(close_at_tls_is_over_with_the_clients_fin),
    cmocka_unit_test(reset_while_an_answer_is_copied),
    cmocka_unit_test(form_of_a_target_is_told_without_host),
    cmocka_unit_test(refused_origin_is_a_502_and_says_so),
    cmocka_unit_test(malformed_request_taken_by_a_rule),
    cmocka_unit_test(broken_chunk_is_answered_400),
    cmocka_unit_test(nothing_is_read_behind_broken_framing),
    cmocka_unit_test(fin_is_seen_where_acknowledgements_are),
    cmocka_unit_test(dials_to_a_real_server_are_not_remembered),
    cmocka_unit_test(own_answer_to_head_has_no_body),
    cmocka_unit_test(slices_larger_than_a_piece),
    cmocka_unit_test(request_behind_a_half_close_is_no_reset),
    cmocka_unit_test(nothing_is_written_behind_a_stall),
    cmocka_unit_test(close_that_was_said_is_done),
    cmocka_unit_test(interim_answer_is_whole_whatever_the_cut),
    cmocka_unit_test(interim_answer_in_slices_is_told_by_itself),
    cmocka_unit_test(cut_from_the_end_of_a_chunked_answer),
    cmocka_unit_test(early_answer_before_a_reset_gets_through),
    cmocka_unit_test(fields_of_forward_at_an_origin_replace_its_own),
    cmocka_unit_test(range_is_for_get_and_connect_for_proxies),
    cmocka_unit_test(octets_of_a_body_begin_no_message),
    cmocka_unit_test(retry_after_that_is_cut_off_promises_nothing),
    cmocka_unit_test(header_block_in_several_sends_promises_and_closes),
    cmocka_unit_test(no_100_behind_a_final_answer),
    cmocka_unit_test(pipelined_request_is_told_when_it_comes),
    cmocka_unit_test(octets_that_are_no_tls_are_not_the_clients_fin),
    cmocka_unit_test(long_noise_for_a_client_hello_is_not_the_clients_fin),
    cmocka_unit_test(close_notify_as_an_alert_is_one),
    cmocka_unit_test(reset_leaves_an_idle_origin_a_fin),
    cmocka_unit_test(fin_of_the_origin_in_a_tunnel_is_told),
};

TEST_MAIN(tests)
