/*
 * Faultless forwarding: what an origin gets to see, what the client gets back, and that neither
 * costs memory. The origin is a raw socket of the test, reached by --upstream, or the embedded one.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e.h"

/* A play whose proxy reaches a listener of ours as real.test. */
struct real {
    struct play *p;
    int listener;
    struct peer *client, *origin;
};

static struct real begin_with(const char *scenario)
{
    struct real r = { 0 };
    char upstream[64];
    int port;
    r.listener = peer_listen(&port, false);
    snprintf(upstream, sizeof(upstream), "real.test:80=127.0.0.1:%d", port);
    const char *arguments[] = { "--upstream", upstream, NULL };
    r.p =
        start_with(scenario, (struct program_options){ .arguments = arguments, .measured = true });
    r.client = dial(r.p->proxy);
    return r;
}

static struct real begin(void)
{
    return begin_with("{}");
}

static void end(struct real *r)
{
    hang_up(r->client);
    hang_up(r->origin);
    close(r->listener);
    stop(r->p);
}

/* The client sends, the origin gets; it dials anew if it has no connection. */
static void expect_upstream(struct real *r, const char *request, const char *seen)
{
    send_str(r->client, request);
    if (!r->origin)
        r->origin = accept_one(r->listener);
    expect_str(r->origin, seen);
}

/* ---- the request ----------------------------------------------------------------------------- */

static void requests_as_the_origin_sees_them(void **state)
{
    static const struct {
        const char *request, *seen;
    } rows[] = {
        { "GET http://real.test/a?b=c HTTP/1.1\r\nHost: real.test\r\nX-A: b\r\nx-a:  c \r\n\r\n",
          "GET /a?b=c HTTP/1.1\r\nHost: real.test\r\nX-A: b\r\nx-a:  c \r\n\r\n" },
        { "GET http://real.test HTTP/1.1\r\nHost: real.test\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: real.test\r\n\r\n" },
        { "GET http://real.test?x HTTP/1.1\r\nHost: real.test\r\n\r\n",
          "GET /?x HTTP/1.1\r\nHost: real.test\r\n\r\n" },
        /* RFC 9112, 3.2.2: the target wins over Host */
        { "GET http://real.test/ HTTP/1.1\r\nHost: other.test\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: real.test\r\n\r\n" },
        { "GET HTTP://real.test:80/ HTTP/1.1\r\nHost: real.test\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: real.test\r\n\r\n" },
        /* hop-by-hop fields, and those that Connection names, stay here */
        { "GET http://real.test/ HTTP/1.1\r\nHost: real.test\r\nConnection: keep-alive, X-Hop\r\n"
          "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic "
          "YTpi\r\n"
          "X-Hop: 1\r\nTE: trailers\r\nUpgrade: websocket\r\nAuthorization: Bearer t\r\nX-End: "
          "2\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: real.test\r\nAuthorization: Bearer t\r\nX-End: 2\r\n\r\n" },
        /* what frames and routes is never an option of the connection */
        { "GET http://real.test/ HTTP/1.1\r\nHost: real.test\r\nConnection: Host\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: real.test\r\n\r\n" },
        { "OPTIONS http://real.test HTTP/1.1\r\nHost: real.test\r\n\r\n",
          "OPTIONS * HTTP/1.1\r\nHost: real.test\r\n\r\n" }, /* RFC 9112, 3.2.4 */
        { "OPTIONS http://real.test/ HTTP/1.1\r\nHost: real.test\r\n\r\n",
          "OPTIONS / HTTP/1.1\r\nHost: real.test\r\n\r\n" },
        { "BREW http://real.test/pot HTTP/1.1\r\nHost: real.test\r\n\r\n",
          "BREW /pot HTTP/1.1\r\nHost: real.test\r\n\r\n" },
        { "\r\nGET http://real.test/ HTTP/1.1\r\nHost: real.test\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: real.test\r\n\r\n" }, /* RFC 9112, 2.2 */
    };
    (void)state;
    struct real r = begin();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_upstream(&r, rows[i].request, rows[i].seen);
        send_str(r.origin, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        assert_string_equal(expect_answer(r.client, 200), "ok");
    }
    end(&r); /* and all of them went over one connection */
}

static void request_bodies(void **state)
{
    (void)state;
    struct real r = begin();
    expect_upstream(
        &r, "POST http://real.test/ HTTP/1.1\r\nHost: real.test\r\nContent-Length: 5\r\n\r\nabcde",
        "POST / HTTP/1.1\r\nHost: real.test\r\nContent-Length: 5\r\n\r\nabcde");
    send_str(r.origin, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    expect_answer(r.client, 200);
    /* chunks pass as they came, trailers and extensions included */
    expect_upstream(
        &r,
        "POST http://real.test/ HTTP/1.1\r\nHost: real.test\r\nTransfer-Encoding: chunked\r\n"
        "\r\n3;x=y\r\nabc\r\n0\r\nX-T: v\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: real.test\r\nTransfer-Encoding: chunked\r\n"
        "\r\n3;x=y\r\nabc\r\n0\r\nX-T: v\r\n\r\n");
    send_str(r.origin, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    expect_answer(r.client, 200);
    find_event(r.p, "body", "bytes", "3", "whole", "true", NULL);
    end(&r);
}

/* Without waiting for the body the header block goes up, and 100 comes down. */
static void expect_continue_is_the_origins_business(void **state)
{
    (void)state;
    struct real r = begin();
    expect_upstream(&r,
                    "POST http://real.test/ HTTP/1.1\r\nHost: real.test\r\nContent-Length: 3\r\n"
                    "Expect: 100-continue\r\n\r\n",
                    "POST / HTTP/1.1\r\nHost: real.test\r\nContent-Length: 3\r\n"
                    "Expect: 100-continue\r\n\r\n");
    expect_silence(r.client, 100);
    send_str(r.origin, "HTTP/1.1 100 Continue\r\n\r\n");
    expect_str(r.client, "HTTP/1.1 100 Continue\r\n\r\n");
    send_str(r.client, "abc");
    expect_str(r.origin, "abc");
    send_str(r.origin, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
    expect_answer(r.client, 417);
    end(&r);
}

static void expect_continue_at_the_embedded_origin(void **state)
{
    (void)state;
    struct play *p = start("{}");
    struct peer *c = dial(p->proxy);
    send_str(c, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000\r\n"
                "Expect: 100-continue\r\n\r\n");
    expect_str(c, "HTTP/1.1 100 Continue\r\n\r\n");
    send_body(c, 100000);
    expect_answer(c, 200);
    find_event(p, "body", "at", "origin", "bytes", "100000", "whole", "true", NULL);
    hang_up(c);
    stop(p);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void answers_as_the_client_sees_them(void **state)
{
    static const struct {
        const char *request, *answer, *seen;
    } rows[] = {
        { "GET", "HTTP/1.1 200 Fine\r\nX-A: b\r\nContent-Length: 2\r\n\r\nok",
          "HTTP/1.1 200 Fine\r\nX-A: b\r\nContent-Length: 2\r\n\r\nok" },
        { "GET",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a\r\nok\r\n0\r\nT: 1\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a\r\nok\r\n0\r\nT: 1\r\n\r\n" },
        { "GET", "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n" },
        { "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
          "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n" },
        { "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" },
        { "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" },
        { "GET",
          "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
          "0\r\n\r\n",
          "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
          "0\r\n\r\n" },
        { "GET",
          "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: "
          "a\r\nProxy-Authenticate: Basic\r\n"
          "Upgrade: h2c\r\nContent-Length: 0\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" },
    };
    (void)state;
    struct real r = begin();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char seen[128];
        send_format(r.client, "%s http://real.test/ HTTP/1.1\r\nHost: real.test\r\n\r\n",
                    rows[i].request);
        if (!r.origin)
            r.origin = accept_one(r.listener);
        snprintf(seen, sizeof(seen), "%s / HTTP/1.1\r\nHost: real.test\r\n\r\n", rows[i].request);
        expect_str(r.origin, seen);
        send_str(r.origin, rows[i].answer);
        expect_str(r.client, rows[i].seen);
        expect_silence(r.client, 30);
    }
    end(&r);
}

/* What its origin ended early, the client sees ended early, by the same end. */
static void origin_breaks_off(void **state)
{
    static const struct {
        const char *answer;
        size_t body;
        bool reset;
        enum peer_end seen;
    } rows[] = {
        { "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 100, false, PEER_EOF },
        { "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 100, true, PEER_RESET },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 0, false, PEER_EOF },
        { "HTTP/1.1 200 OK\r\n\r\n", 100, false, PEER_EOF }, /* whole: framed by the end */
        { "HTTP/1.1 200 OK\r\n\r\n", 100, true, PEER_RESET },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct real r = begin();
        expect_upstream(&r, "GET http://real.test/ HTTP/1.1\r\nHost: real.test\r\n\r\n",
                        "GET / HTTP/1.1\r\nHost: real.test\r\n\r\n");
        send_str(r.origin, rows[i].answer);
        send_body(r.origin, rows[i].body);
        expect_head(r.client, "HTTP/1.1 200");
        expect_bytes(r.client, rows[i].body);
        if (rows[i].reset)
            peer_abort(r.origin);
        hang_up(r.origin);
        r.origin = NULL;
        expect_end_at(r.client, rows[i].seen, __FILE__, __LINE__);
        end(&r);
    }
}

static void origin_fails_before_its_answer(void **state)
{
    static const char *const says[] = { "", "garbage\r\n\r\n", "HTTP/1.1 2" };
    (void)state;
    for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
        struct real r = begin();
        expect_upstream(&r, "GET http://real.test/ HTTP/1.1\r\nHost: real.test\r\n\r\n",
                        "GET / HTTP/1.1\r\nHost: real.test\r\n\r\n");
        send_str(r.origin, says[i]);
        hang_up(r.origin);
        r.origin = NULL;
        const char *head = expect_head(r.client, "HTTP/1.1 502 ");
        expect_in(field_of(head, "Proxy-Status"), "error=");
        end(&r);
    }
}

static void origin_refuses(void **state)
{
    (void)state;
    struct play *p = start("{'origins':{'o2':{'listen':'refused'}},"
                           "'proxy':{'rules':[{'on':'request','do':[{'forward':{'to':'o2'}}]}]}}");
    struct peer *c = dial(p->proxy);
    for (int i = 0; i < 3; i++) {
        get(c, "/");
        expect_answer(c, 502); /* and the connection lives on */
    }
    send_str(c, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n");
    expect_answer(c, 502);
    hang_up(c);
    stop(p);
}

/* A CONNECT that is forwarded is a tunnel, with all that the `forward` says. */
static void forwarded_connect(void **state)
{
    (void)state;
    struct play *p = start(
        "{'origins':{'o2':{'rules':[{'on':'request','do':[{'respond':{'body':{'size':50000}}}]}]}},"
        "'proxy':{'rules':[{'on':'request','do':[{'forward':{'to':'o2','headers':[['Via','x']],"
        "'cut':{'after_bytes':40000,'with':'reset'}}}]}]}}");
    struct peer *c = dial(p->proxy);
    send_str(c, "CONNECT a.test:80 HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_string_equal(field_of(expect_head(c, "HTTP/1.1 200"), "Via"), "x");
    uint64_t before = c->arrived - (c->len - c->at);
    send_str(c, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    expect_head(c, "HTTP/1.1 200");
    peer_wait_end(c);
    expect_number(PEER_RESET, c->end);
    expect_number(40000, c->arrived - before);
    find_event(p, "request", "at", "o2", "via", "tunnel", NULL);
    hang_up(c);
    stop(p);
}

/* An idle origin that closed its connection costs nothing: the next request dials again. */
static void origin_closed_while_idle(void **state)
{
    (void)state;
    struct real r = begin();
    for (int i = 0; i < 3; i++) {
        expect_upstream(
            &r, "POST http://real.test/ HTTP/1.1\r\nHost: real.test\r\nContent-Length: 1\r\n\r\nx",
            "POST / HTTP/1.1\r\nHost: real.test\r\nContent-Length: 1\r\n\r\nx");
        send_str(r.origin, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        expect_answer(r.client, 200);
        hang_up(r.origin);
        r.origin = NULL;
        expect_silence(r.client, 50);
    }
    end(&r);
}

/* ---- connections ----------------------------------------------------------------------------- */

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    struct play *p = start("{}");
    struct peer *c = dial(p->proxy);
    char text[8192] = "", *at = text;
    for (int i = 0; i < 50; i++)
        at += sprintf(at, "GET http://a.test/bytes/%d HTTP/1.1\r\nHost: a.test\r\n\r\n", i * 7);
    send_str(c, text);
    for (int i = 0; i < 50; i++) {
        expect_head(c, "HTTP/1.1 200");
        expect_bytes(c, (uint64_t)i * 7);
    }
    expect_silence(c, 50);
    hang_up(c);
    stop(p);
}

static void http_1_0_clients(void **state)
{
    (void)state;
    struct play *p = start("{}");
    struct peer *c = dial(p->proxy);
    send_str(c, "GET http://a.test/bytes/10 HTTP/1.0\r\n\r\n");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 10);
    expect_eof(c);
    hang_up(c);
    c = dial(p->proxy);
    send_str(c, "GET http://a.test/bytes/10 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 10);
    expect_eof(c); /* RFC 9112, 9.3: a proxy keeps no connection to a 1.0 client */
    hang_up(c);
    stop(p);
}

/* RFC 9112, 6.1: no chunks for a client that speaks 1.0. */
static void http_1_0_clients_get_no_chunks(void **state)
{
    (void)state;
    struct real r = begin();
    expect_upstream(&r, "GET http://real.test/ HTTP/1.0\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: real.test\r\n\r\n");
    send_str(r.origin,
             "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
             "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n");
    const char *head = expect_head(r.client, "HTTP/1.1 200");
    expect_no_field(head, "Transfer-Encoding");
    expect_str(r.client, "abcdefg");
    expect_eof(r.client);
    end(&r);
}

static void client_says_close(void **state)
{
    (void)state;
    struct play *p = start("{}");
    struct peer *c = dial(p->proxy);
    send_str(c, "GET http://a.test/bytes/10 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 10);
    /* That the client said close changes nothing by itself: it will close. */
    expect_silence(c, 100);
    hang_up(c);
    find_event(p, "close", "at", "proxy", "by", "client", "how", "fin", NULL);
    stop(p);
}

/* A client may end its direction behind its request (RFC 9112, 9.6 does not forbid it). */
static void client_half_closes_behind_its_request(void **state)
{
    (void)state;
    struct play *p = start("{}");
    struct peer *c = dial(p->proxy);
    get(c, "/bytes/3000000");
    shutdown(c->fd, SHUT_WR);
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 3000000);
    expect_eof(c);
    hang_up(c);
    stop(p);
}

/* ---- large ----------------------------------------------------------------------------------- */

static void large_answer_costs_no_memory(void **state)
{
    enum { MB = 400 };
    (void)state;
    struct play *p = start_with("{}", (struct program_options){ .measured = true });
    struct peer *c = dial(p->proxy);
    get(c, "/bytes/1000000");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 1000000);
    long before = memory_of(p, "VmHWM");
    send_format(c, "GET http://a.test/bytes/%d000000 HTTP/1.1\r\nHost: a.test\r\n\r\n", MB);
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, MB * 1000000ULL);
    expect_between(0, memory_of(p, "VmHWM") - before, 2048);
    hang_up(c);
    stop(p);
}

static void large_upload_costs_no_memory(void **state)
{
    enum { MB = 300 };
    (void)state;
    struct play *p = start_with("{}", (struct program_options){ .measured = true });
    struct peer *c = dial(p->proxy);
    send_str(c, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n");
    send_body(c, 1000000);
    expect_answer(c, 200);
    long before = memory_of(p, "VmHWM");
    send_format(
        c, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: %d000000\r\n\r\n", MB);
    send_body(c, MB * 1000000ULL);
    expect_answer(c, 200);
    find_event(p, "body", "at", "origin", "bytes", "300000000", "whole", "true", NULL);
    expect_between(0, memory_of(p, "VmHWM") - before, 2048);
    hang_up(c);
    stop(p);
}

/* More than 4 GiB is announced, counted and cut; nobody needs to send it. */
static void lengths_beyond_four_gigabytes(void **state)
{
    (void)state;
    struct play *p = start_list("[{'forward':{'cut':{'after_body_bytes':1000,'with':'reset'}}}]");
    struct peer *c = dial(p->proxy);
    get(c, "/bytes/5000000000");
    const char *head = expect_head(c, "HTTP/1.1 200");
    assert_string_equal(field_of(head, "Content-Length"), "5000000000");
    expect_bytes(c, 1000);
    expect_reset(c);
    hang_up(c);
    stop(p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(requests_as_the_origin_sees_them),
    cmocka_unit_test(request_bodies),
    cmocka_unit_test(expect_continue_is_the_origins_business),
    cmocka_unit_test(expect_continue_at_the_embedded_origin),
    cmocka_unit_test(answers_as_the_client_sees_them),
    cmocka_unit_test(origin_breaks_off),
    cmocka_unit_test(origin_fails_before_its_answer),
    cmocka_unit_test(origin_refuses),
    cmocka_unit_test(forwarded_connect),
    cmocka_unit_test(origin_closed_while_idle),
    cmocka_unit_test(pipelined_requests_are_answered_in_order),
    cmocka_unit_test(http_1_0_clients),
    cmocka_unit_test(http_1_0_clients_get_no_chunks),
    cmocka_unit_test(client_says_close),
    cmocka_unit_test(client_half_closes_behind_its_request),
    cmocka_unit_test(large_answer_costs_no_memory),
    cmocka_unit_test(large_upload_costs_no_memory),
    cmocka_unit_test(lengths_beyond_four_gigabytes),
};

TEST_MAIN(tests)
