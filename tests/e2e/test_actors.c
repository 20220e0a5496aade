/*
 * Actors: how they listen, further proxies and origins, the direct path, and what an origin answers
 * by itself.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "e2e.h"

/* ---- listening ------------------------------------------------------------------------------- */

static void refused(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{'listen':'refused'}}");
    for (int i = 0; i < 3; i++) {
        struct peer *c = peer_dial(p->proxy, 0);
        assert_null(c);
        expect_number(ECONNREFUSED, errno);
    }
    stop(p);
}

static void opened_later(void **state)
{
    (void)state;
    int64_t began = clock_now();
    struct play *p = start("{'proxy':{'listen':{'open_after':'400ms'}}}");
    struct peer *c = NULL;
    int refusals = 0;
    while (!c && clock_now() - began < 20 * CLOCK_S) {
        c = peer_dial(p->proxy, 0);
        refusals += c == NULL;
        poll(NULL, 0, 5);
    }
    expect_between(0.4, (double)(clock_now() - began) / 1e9, 20);
    assert_non_null(c);
    assert_true(refusals > 0);
    get(c, "/");
    expect_answer(c, 200);
    hang_up(c);
    stop(p);
}

/* SYNs are dropped: a connect neither succeeds nor fails. */
static void black_hole(void **state)
{
    enum { N = 5 };
    (void)state;
    struct play *p = start("{'proxy':{'listen':'blackhole'}}");
    struct pollfd pending[N];
    for (int i = 0; i < N; i++) {
        struct sockaddr_in a = { .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)p->proxy),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        pending[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        pending[i].events = POLLOUT | POLLIN;
        expect_number(-1, connect(pending[i].fd, (struct sockaddr *)&a, sizeof(a)));
        expect_number(EINPROGRESS, errno);
    }
    expect_number(0, poll(pending, N, 700));
    for (int i = 0; i < N; i++)
        close(pending[i].fd);
    stop(p);
}

/* The origin's listener has the same states, seen through the proxy. */
static void origin_opened_later(void **state)
{
    (void)state;
    struct play *p = start("{'origin':{'listen':{'open_after':'300ms'}}}");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    const char *head = expect_head(c, "HTTP/1.1 502");
    hang_up(c);
    (void)head;
    int64_t began = clock_now();
    for (bool open = false; !open && clock_now() - began < 20 * CLOCK_S;) {
        c = dial(p->proxy);
        get(c, "/");
        open = strstr(expect_head(c, "HTTP/1.1 "), " 200 ") != NULL;
        hang_up(c);
    }
    c = dial(p->proxy);
    get(c, "/");
    expect_answer(c, 200);
    hang_up(c);
    stop(p);
}

/* ---- further actors -------------------------------------------------------------------------- */

static void further_proxies_and_origins(void **state)
{
    (void)state;
    struct play *p = start(
        "{'proxies':{'b':{'rules':[{'on':'request','do':[{'respond':{'status':503}}]}]}},"
        "'origins':{'o2':{'rules':[{'on':'request','do':[{'respond':{'body':'the second'}}]}]}},"
        "'proxy':{'rules':[{'on':'request','when':{'path':'/two'},'do':[{'forward':{'to':'o2'}}]},"
        "{'on':'request','when':{'path':'/where'},'do':[{'respond':{'body':'{o2} "
        "{o2.addr}'}}]}]}}");
    struct peer *b = dial(port_of(p, "b"));
    get(b, "/");
    expect_answer(b, 503);
    hang_up(b);

    struct peer *c = dial(p->proxy);
    get(c, "/two");
    assert_string_equal(expect_answer(c, 200), "the second");
    /* by its name and by its address, through the proxy; then directly */
    char name[128], address[64];
    get(c, "/where");
    expect_number(2, sscanf(expect_answer(c, 200), "%127s %63s", name, address));
    for (int i = 0; i < 2; i++) {
        const char *host = i == 0 ? name : address;
        send_format(c, "GET http://%s/ HTTP/1.1\r\nHost: %s\r\n\r\n", host, host);
        assert_string_equal(expect_answer(c, 200), "the second");
    }
    hang_up(c);
    c = dial(port_of(p, "o2"));
    send_str(c, "GET / HTTP/1.1\r\nHost: o2\r\n\r\n");
    assert_string_equal(expect_answer(c, 200), "the second");
    hang_up(c);
    find_event(p, "request", "at", "o2", "via", "direct", NULL);
    expect_number(3, count_events(p, "request", "at", "o2", "via", "forward", NULL));
    stop(p);
}

/* Every other name is the embedded origin's, IPv6 literals included. */
static void any_host_is_the_origin(void **state)
{
    static const char *const hosts[] = {
        "a.test",      "192.0.2.1",   "[2001:db8::1]",        "[::1]:8080",
        "localhost:9", "127.0.0.1:1", "xn--bcher-kva.example"
    };
    (void)state;
    struct play *p = start("{}");
    struct peer *c = dial(p->proxy);
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        send_format(c, "GET http://%s/echo HTTP/1.1\r\nHost: %s\r\n\r\n", hosts[i], hosts[i]);
        char line[128];
        snprintf(line, sizeof(line), "\r\nHost: %s\r\n", hosts[i]);
        expect_in(expect_answer(c, 200), line);
    }
    hang_up(c);
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        char authority[64];
        snprintf(authority, sizeof(authority), "%s%s", hosts[i],
                 strchr(hosts[i], ':') && hosts[i][strlen(hosts[i]) - 1] != ']' ? "" : ":443");
        c = dial(p->proxy);
        connect_to(c, authority);
        send_str(c, "GET /bytes/3 HTTP/1.1\r\nHost: x\r\n\r\n");
        expect_head(c, "HTTP/1.1 200");
        expect_bytes(c, 3);
        hang_up(c);
    }
    stop(p);
}

static void via_tells_the_path(void **state)
{
    (void)state;
    struct play *p = start("{}");
    struct peer *c = dial(p->proxy);
    get(c, "/f");
    expect_answer(c, 200);
    hang_up(c);
    c = dial(p->proxy);
    connect_to(c, "a.test:80");
    send_str(c, "GET /t HTTP/1.1\r\nHost: a.test\r\n\r\n");
    expect_answer(c, 200);
    hang_up(c);
    c = dial(p->origin);
    send_str(c, "GET /d HTTP/1.1\r\nHost: a.test\r\n\r\n");
    expect_answer(c, 200);
    hang_up(c);
    find_event(p, "request", "at", "origin", "path", "/f", "via", "forward", "carrier", "1", NULL);
    find_event(p, "request", "at", "origin", "path", "/t", "via", "tunnel", "carrier", "2", NULL);
    find_event(p, "request", "at", "origin", "path", "/d", "via", "direct", NULL);
    stop(p);
}

/* Connects from a given local port; NULL if somebody has it. */
static struct peer *dial_from(int local_port, int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons((uint16_t)local_port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    bool bound = bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
    a.sin_port = htons((uint16_t)port);
    if (bound && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
        return peer_of(fd);
    close(fd);
    return NULL;
}

/* Lets the proxy dial a real server once. Returns the port it came from, which is free again. */
static int port_of_a_dial(struct play *p, int listener)
{
    struct peer *c = dial(p->proxy);
    connect_to(c, "raw.test:22");
    struct sockaddr_in from = { 0 };
    socklen_t len = sizeof(from);
    struct peer *far = peer_of(accept4(listener, (struct sockaddr *)&from, &len, SOCK_CLOEXEC));
    peer_abort(far); /* RST: nothing lingers */
    expect_reset(c);
    hang_up(c);
    hang_up(far);
    return ntohs(from.sin_port);
}

/* A port from which the proxy once dialed a real server says nothing of who dials from it later. */
static void port_that_is_used_again(void **state)
{
    char upstream[64];
    int port, listener = peer_listen(&port, false);
    struct peer *c = NULL;
    (void)state;
    snprintf(upstream, sizeof(upstream), "raw.test:22=127.0.0.1:%d", port);
    const char *arguments[] = { "--upstream", upstream, NULL };
    struct play *p = start_with("{}", (struct program_options){ .arguments = arguments });
    for (int i = 0; i < 100 && !c; i++) /* another process may take the port in between */
        c = dial_from(port_of_a_dial(p, listener), p->origin);
    assert_non_null(c);
    send_str(c, "GET /d HTTP/1.1\r\nHost: a.test\r\n\r\n");
    expect_answer(c, 200);
    hang_up(c);
    find_event(p, "request", "at", "origin", "path", "/d", "via", "direct", NULL);
    close(listener);
    stop(p);
}

/* What comes up a tunnel and down again is blind: any octets, either side first, each half alone.
 */
static void tunnels_are_blind(void **state)
{
    char upstream[64];
    int port, listener = peer_listen(&port, false);
    (void)state;
    snprintf(upstream, sizeof(upstream), "raw.test:22=127.0.0.1:%d", port);
    const char *arguments[] = { "--upstream", upstream, NULL };
    struct play *p = start_with("{}", (struct program_options){ .arguments = arguments });
    struct peer *c = dial(p->proxy);
    send_str(c, "CONNECT raw.test:22 HTTP/1.1\r\nHost: raw.test:22\r\n\r\nearly");
    expect_head(c, "HTTP/1.1 200");
    struct peer *far = accept_one(listener);
    expect_str(far, "early");
    find_event(p, "ahead", "bytes", "5", NULL);
    send_str(far, "SSH-2.0-server\r\n"); /* the server speaks first */
    expect_str(c, "SSH-2.0-server\r\n");
    send_octets(c, "\0\xff\r\n\r\n", 6);
    expect_octets_at(far, "\0\xff\r\n\r\n", 6, __FILE__, __LINE__);
    shutdown(c->fd, SHUT_WR); /* up is over, down goes on */
    expect_eof(far);
    send_body(far, 500000);
    expect_bytes(c, 500000);
    hang_up(far);
    expect_eof(c);
    const cJSON *e = find_event(p, "tunnel_end", "at", "proxy", NULL);
    expect_number(11, number_in(e, "up_bytes"));
    expect_number(500016, number_in(e, "down_bytes"));
    hang_up(c);
    close(listener);
    stop(p);
}

static void tunnels_pass_a_reset_on(void **state)
{
    char upstream[64];
    int port, listener = peer_listen(&port, false);
    (void)state;
    snprintf(upstream, sizeof(upstream), "raw.test:22=127.0.0.1:%d", port);
    const char *arguments[] = { "--upstream", upstream, NULL };
    struct play *p = start_with("{}", (struct program_options){ .arguments = arguments });
    for (int i = 0; i < 2; i++) {
        struct peer *c = dial(p->proxy);
        connect_to(c, "raw.test:22");
        struct peer *far = accept_one(listener);
        struct peer *from = i == 0 ? far : c, *to = i == 0 ? c : far;
        send_body(from, 1000);
        expect_bytes(to, 1000);
        peer_abort(from);
        expect_reset(to);
        hang_up(c);
        hang_up(far);
    }
    close(listener);
    stop(p);
}

/* ---- what the origin answers by itself ------------------------------------------------------- */

static void bytes_and_ranges(void **state)
{
    static const struct {
        const char *fields;
        int status;
        uint64_t first, length;
        const char *content_range;
    } rows[] = {
        { "", 200, 0, 1000, NULL },
        { "Range: bytes=0-99\r\n", 206, 0, 100, "bytes 0-99/1000" },
        { "Range: bytes=990-\r\n", 206, 990, 10, "bytes 990-999/1000" },
        { "Range: bytes=-7\r\n", 206, 993, 7, "bytes 993-999/1000" },
        { "Range: bytes=300-2000\r\n", 206, 300, 700, "bytes 300-999/1000" },
        { "Range: bytes=-2000\r\n", 206, 0, 1000, "bytes 0-999/1000" },
        { "Range: bytes=500-\r\nIf-Range: \"fakeproxy\"\r\n", 206, 500, 500, "bytes 500-999/1000" },
        { "Range: bytes=500-\r\nIf-Range: \"other\"\r\n", 200, 0, 1000, NULL },
        { "Range: lines=1-2\r\n", 200, 0, 1000, NULL },
        { "Range: bytes=abc\r\n", 200, 0, 1000, NULL },
    };
    (void)state;
    struct play *p = start("{}");
    struct peer *c = dial(p->proxy);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char begins[32];
        snprintf(begins, sizeof(begins), "HTTP/1.1 %d ", rows[i].status);
        send_format(c, "GET http://a.test/bytes/1000 HTTP/1.1\r\nHost: a.test\r\n%s\r\n",
                    rows[i].fields);
        const char *head = expect_head(c, begins);
        expect_number(rows[i].length, atoi(field_of(head, "Content-Length")));
        assert_string_equal(field_of(head, "ETag"), "\"fakeproxy\"");
        if (rows[i].content_range)
            assert_string_equal(field_of(head, "Content-Range"), rows[i].content_range);
        else
            expect_no_field(head, "Content-Range");
        expect_bytes_from(c, rows[i].first, rows[i].length);
    }
    send_str(c,
             "GET http://a.test/bytes/1000 HTTP/1.1\r\nHost: a.test\r\nRange: bytes=1000-\r\n\r\n");
    const char *none = expect_head(c, "HTTP/1.1 416 "); /* RFC 9110, 15.5.17 */
    expect_number(0, atoi(field_of(none, "Content-Length")));
    assert_string_equal(field_of(none, "Content-Range"), "bytes */1000");
    send_str(c, "HEAD http://a.test/bytes/1000 HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_string_equal(field_of(expect_head(c, "HTTP/1.1 200"), "Content-Length"), "1000");
    get(c, "/bytes/0");
    expect_answer(c, 200);
    hang_up(c);
    stop(p);
}

static void echo_and_redirect(void **state)
{
    (void)state;
    struct play *p = start("{}");
    struct peer *c = dial(p->proxy);
    send_str(c, "GET http://a.test/echo?x HTTP/1.1\r\nHost: a.test\r\nX-A: b\r\n\r\n");
    assert_string_equal(expect_answer(c, 200),
                        "GET /echo?x HTTP/1.1\r\nHost: a.test\r\nX-A: b\r\n\r\n");
    get(c, "/redirect?to=http://b.test/y%3Fz=1&status=307");
    const char *head = expect_head(c, "HTTP/1.1 307 ");
    assert_string_equal(field_of(head, "Location"), "http://b.test/y?z=1");
    hang_up(c);
    c = dial(p->proxy);
    get(c, "/redirect?to=/there");
    assert_string_equal(field_of(expect_head(c, "HTTP/1.1 302 "), "Location"), "/there");
    hang_up(c);
    stop(p);
}

static void any_path_has_a_body_of_its_own_actor(void **state)
{
    (void)state;
    struct play *p = start("{}");
    struct peer *c = dial(p->proxy);
    char first[128];
    get(c, "/some/path?q");
    snprintf(first, sizeof(first), "%s", expect_answer(c, 200));
    expect_in(first, "origin 200");
    get(c, "/other");
    assert_string_equal(expect_answer(c, 200), first); /* deterministic in an instance */
    hang_up(c);
    stop(p);
}

/* Plain HTTP and TLS on one port. */
static void origin_takes_both_on_one_port(void **state)
{
    (void)state;
    struct play *p = start("{}");
    expect_number(p->origin, port_of(p, "origin_tls"));
    struct peer *plain = dial(p->origin), *tls = dial(p->origin);
    start_tls(tls, p, "a.test");
    send_str(plain, "GET /bytes/9 HTTP/1.1\r\nHost: a\r\n\r\n");
    send_str(tls, "GET /bytes/9 HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_head(plain, "HTTP/1.1 200");
    expect_bytes(plain, 9);
    expect_head(tls, "HTTP/1.1 200");
    expect_bytes(tls, 9);
    hang_up(plain);
    hang_up(tls);
    stop(p);
}

/* Without a rule that says otherwise, bad requests get the answer that RFC 9112 asks for. */
static void bad_requests(void **state)
{
    static const struct {
        const char *request;
        int status;
    } rows[] = {
        { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400 }, /* origin-form at a proxy */
        { "GET http://a.test/ HTTP/1.1\r\n\r\n", 400 },
        { "GET http://a.test/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400 },
        { "GET http://a.test/ HTTP/2.0\r\nHost: a\r\n\r\n", 505 },
        { "GET http://a.test/ HTTP/1.1\r\nHost : a\r\n\r\n", 400 },
        { "rubbish\r\n\r\n", 400 },
        { "\x16\x03\x01", 400 },
        { "POST http://a.test/ HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400 },
        { "POST http://a.test/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
          501 },
        { "POST http://a.test/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400 },
        { "CONNECT a.test HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    };
    (void)state;
    struct play *p = start("{}");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char begins[32];
        snprintf(begins, sizeof(begins), "HTTP/1.1 %d ", rows[i].status);
        struct peer *c = dial(p->proxy);
        send_str(c, rows[i].request);
        const char *head = expect_head(c, begins);
        assert_string_equal(field_of(head, "Connection"), "close");
        peer_wait_end(c);
        expect_number(PEER_EOF, c->end);
        hang_up(c);
    }
    stop(p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(refused),
    cmocka_unit_test(opened_later),
    cmocka_unit_test(black_hole),
    cmocka_unit_test(origin_opened_later),
    cmocka_unit_test(further_proxies_and_origins),
    cmocka_unit_test(any_host_is_the_origin),
    cmocka_unit_test(via_tells_the_path),
    cmocka_unit_test(port_that_is_used_again),
    cmocka_unit_test(tunnels_are_blind),
    cmocka_unit_test(tunnels_pass_a_reset_on),
    cmocka_unit_test(bytes_and_ranges),
    cmocka_unit_test(echo_and_redirect),
    cmocka_unit_test(any_path_has_a_body_of_its_own_actor),
    cmocka_unit_test(origin_takes_both_on_one_port),
    cmocka_unit_test(bad_requests),
};

TEST_MAIN(tests)
