/*
 * When octets leave: pace, delays, coalesced writes; and every condition of `wait`. Only lower
 * bounds are tested: a busy host makes things later, never earlier.
 */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "e2e.h"

static double since_ms(int64_t start)
{
    return (double)(clock_now() - start) / 1e6;
}

/* Segments with data that came in, as the kernel counts them. */
static unsigned segments_of(const struct peer *c)
{
    struct tcp_info info = { 0 };
    socklen_t len = sizeof(info);
    getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &len);
    return info.tcpi_data_segs_in;
}

/* ---- pace ------------------------------------------------------------------------------------ */

/* Reads so many octets and counts their segments, and how long it took since the request. */
static void expect_paced(struct peer *c, int64_t began, size_t octets, size_t slice, double gap_ms)
{
    char data[4096];
    size_t got = 0;
    while (got < octets) {
        ssize_t n = peer_read(c, data, sizeof(data), PEER_PATIENCE);
        if (n < 0)
            fail_here("expected %zu octets, got %zu", octets, got);
        got += (size_t)n;
    }
    size_t slices = (octets + slice - 1) / slice;
    expect_between((double)(slices - 1) * gap_ms, since_ms(began) + gap_ms, 1e6);
    expect_number(octets, got);
    /* Each slice has a segment of its own; the kernel may send one again when its ACK is late. */
    expect_between((double)slices, segments_of(c), (double)slices * 1.25 + 1);
}

static void pace_of_an_answer(void **state)
{
    (void)state;
    struct play *p = start_list("[{'respond':{'headers':[['Date',null]],'body':{'size':60},"
                                "'pace':{'bytes':1,'every':'3ms'}}}]");
    struct peer *c = dial(p->proxy);
    int64_t began = clock_now();
    get(c, "/");
    expect_paced(c, began, strlen("HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n") + 60, 1, 3);
    hang_up(c);
    stop(p);
}

/* One slice is one write, one segment: the last one holds the rest. */
static void pace_of_sent_octets(void **state)
{
    (void)state;
    struct play *p = start_list("[{'send':{'octets':'0123456789012345678901234567890123456789012',"
                                "'pace':{'bytes':10,'every':'20ms'}}},'close']");
    struct peer *c = dial(p->proxy);
    int64_t began = clock_now();
    get(c, "/");
    expect_paced(c, began, 43, 10, 20);
    expect_eof(c);
    hang_up(c);
    stop(p);
}

static void pace_action_holds_for_all_later_writes(void **state)
{
    (void)state;
    struct play *p = start_list("[{'pace':{'bytes':7,'every':'5ms'}},{'send':'0123456789012'},"
                                "{'send':'01234567890123'},'close']");
    struct peer *c = dial(p->proxy);
    int64_t began = clock_now();
    get(c, "/");
    expect_paced(c, began, 27, 7, 5); /* 7 + 6, 7 + 7 */
    hang_up(c);
    stop(p);
}

static void pace_of_a_forwarded_answer(void **state)
{
    (void)state;
    struct play *p = start_list("[{'forward':{'pace':{'bytes':100,'every':'10ms'}}}]");
    struct peer *c = dial(p->proxy);
    int64_t began = clock_now(); /* before: who knows when we run again */
    get(c, "/bytes/1000");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 1000);
    expect_between(90, since_ms(began) + 10, 1e6);
    expect_between(11, segments_of(c), 16);
    hang_up(c);
    stop(p);
}

static void pace_of_a_tunnel(void **state)
{
    static const char *const directions[] = { "down", "up" };
    (void)state;
    for (int i = 0; i < 2; i++) {
        char list[256], upstream[64];
        int port, listener = peer_listen(&port, false);
        snprintf(list, sizeof(list),
                 "{'proxy':{'rules':[{'on':'request','do':[{'tunnel':{'pace':{'bytes':10,'every':"
                 "'10ms','direction':'%s'}}}]}]}}",
                 directions[i]);
        snprintf(upstream, sizeof(upstream), "raw.test:7=127.0.0.1:%d", port);
        const char *arguments[] = { "--upstream", upstream, NULL };
        struct play *p = start_with(list, (struct program_options){ .arguments = arguments });
        struct peer *c = dial(p->proxy);
        connect_to(c, "raw.test:7");
        struct peer *far = accept_one(listener);
        struct peer *from = i == 0 ? far : c, *to = i == 0 ? c : far;
        unsigned before = segments_of(to);
        int64_t began = clock_now();
        send_body(from, 100);
        expect_bytes(to, 100);
        expect_between(90, since_ms(began), 1e6);
        expect_between(10, segments_of(to) - before, 13); /* one may be sent again */
        send_body(to, 100);                               /* the other direction is not paced */
        expect_bytes(from, 100);
        hang_up(c);
        expect_eof(far);
        hang_up(far);
        stop(p);
        close(listener);
    }
}

/* In TLS one slice is one record: OpenSSL's client reads one record at a time. */
static void pace_in_tls_is_records(void **state)
{
    (void)state;
    struct play *p =
        start("{'origin':{'rules':[{'on':'request','do':[{'respond':{'headers':[['Date',"
              "null]],'body':{'size':40},'pace':{'bytes':4,'every':'5ms'}}}]}]}}");
    struct peer *c = dial(p->proxy);
    connect_to(c, "a.test:443");
    start_tls(c, p, "a.test");
    get(c, "/");
    size_t total = strlen("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n") + 40, got = 0,
           records = 0;
    char octets[1000];
    while (got < total) {
        ssize_t n = peer_read(c, octets, sizeof(octets), PEER_PATIENCE);
        assert_true(n > 0 && n <= 4);
        got += (size_t)n;
        records++;
    }
    expect_number((total + 3) / 4, records);
    hang_up(c);
    stop(p);
}

/* ---- coalesced ------------------------------------------------------------------------------- */

/* The CONNECT answer and the first octets of the tunnel in one segment. */
static void connect_answer_with_first_tunnel_octets(void **state)
{
    (void)state;
    struct play *p = start_list("[{'send':'HTTP/1.1 200 OK\\r\\n\\r\\n220 hello\\r\\n'},'tunnel']");
    struct peer *c = dial(p->proxy);
    send_str(c, "CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n");
    expect_str(c, "HTTP/1.1 200 OK\r\n\r\n220 hello\r\n");
    expect_number(1, segments_of(c));
    send_str(c, "GET /bytes/10 HTTP/1.1\r\nHost: a.test\r\n\r\n"); /* and the tunnel is one */
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 10);
    hang_up(c);
    stop(p);
}

static void head_and_body_in_one_segment(void **state)
{
    (void)state;
    struct play *p = start_list("[{'respond':{'body':{'size':1000}}}]");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 1000);
    expect_number(1, segments_of(c));
    hang_up(c);
    stop(p);
}

/* ---- delays ---------------------------------------------------------------------------------- */

static void delays_before_in_and_after_the_head(void **state)
{
    (void)state;
    struct play *p = start_list(
        "[{'wait':'100ms'},{'send':'HTTP/1.1 200 OK\\r\\nX-A: '},{'wait':'150ms'},"
        "{'send':'b\\r\\nContent-Length: 2\\r\\n\\r\\n'},{'wait':'120ms'},{'send':'ok'}]");
    struct peer *c = dial(p->proxy);
    int64_t began = clock_now();
    get(c, "/");
    expect_str(c, "HTTP/1.1 200 OK\r\nX-A: ");
    expect_between(100, since_ms(began), 1e6);
    expect_str(c, "b\r\nContent-Length: 2\r\n\r\n");
    expect_between(250, since_ms(began), 1e6);
    expect_str(c, "ok");
    expect_between(370, since_ms(began), 1e6);
    expect_number(3, segments_of(c));
    hang_up(c);
    stop(p);
}

static void delay_before_forwarding(void **state)
{
    (void)state;
    struct play *p = start_list("[{'wait':'150ms'}]"); /* completed with `forward` */
    struct peer *c = dial(p->proxy);
    int64_t began = clock_now();
    get(c, "/bytes/3");
    expect_head(c, "HTTP/1.1 200");
    expect_between(150, since_ms(began), 1e6);
    expect_bytes(c, 3);
    hang_up(c);
    stop(p);
}

/* ---- conditions ------------------------------------------------------------------------------ */

static void wait_for_bytes(void **state)
{
    (void)state;
    struct play *p = start_list("[{'respond':{}},{'wait':'bytes'},{'send':'heard'},'close']");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_answer(c, 200);
    expect_silence(c, 150);
    send_str(c, "x");
    expect_str(c, "heard");
    expect_eof(c);
    hang_up(c);
    stop(p);
}

static void wait_until_acknowledged(void **state)
{
    (void)state;
    struct play *p =
        start_list("[{'respond':{'body':{'size':500000}}},{'wait':'acked'},{'send':'acked'}]");
    struct peer *c = dial_slow(p->proxy);
    get(c, "/");
    find_event(p, "sent", "status", "200", NULL);
    assert_int_equal(count_events(p, "rule", NULL), 0); /* it waits: the window is closed */
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 500000);
    expect_str(c, "acked");
    hang_up(c);
    stop(p);
}

/* Idle counts from the last octet in either direction. */
static void wait_until_idle(void **state)
{
    (void)state;
    struct play *p = start_list("[{'respond':{}},{'wait':{'idle':'1s'}},{'send':'idle'},'close']");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_answer(c, 200);
    int64_t last = 0;
    for (int i = 0; i < 3; i++) {
        expect_silence(c, 400);
        last = clock_now();
        send_str(c, "x");
    }
    expect_str(c, "idle");
    expect_between(1000, since_ms(last), 1e6);
    hang_up(c);
    stop(p);
}

static void wait_for_an_event_elsewhere(void **state)
{
    (void)state;
    struct play *p =
        start("{'proxy':{'rules':[{'on':'request','when':{'path':'/held'},'do':["
              "{'wait':{'event':'request','path':'/go','plus':'100ms'}},{'respond':{}}]}]}}");
    struct peer *held = dial(p->proxy), *go = dial(p->proxy);
    get(held, "/held");
    expect_silence(held, 150);
    int64_t sent = clock_now();
    get(go, "/go");
    expect_answer(go, 200);
    expect_answer(held, 200);
    expect_between(100, since_ms(sent), 1e6);
    hang_up(held);
    hang_up(go);
    stop(p);
}

/* The limit lets the list go on, but it does not count as completed. */
static void wait_has_a_limit(void **state)
{
    (void)state;
    struct play *p = start_list("[{'wait':{'event':'request','path':'/never','limit':'150ms'}},"
                                "{'respond':{'status':504}}]");
    struct peer *c = dial(p->proxy);
    int64_t began = clock_now();
    get(c, "/");
    expect_answer(c, 504);
    expect_between(150, since_ms(began), 1e6);
    find_event(p, "rule", "rule", "r", "completed", "false", NULL);
    hang_up(c);
    stop(p);
}

/* Nobody goes on before the third is there. */
static void wait_as_a_barrier(void **state)
{
    enum { N = 3 };
    (void)state;
    struct play *p = start("{'proxy':{'rules':[{'name':'warm','on':'request','times':3,'do':["
                           "{'wait':{'event':'request','rule':'warm','nth':3}},'forward']}]}}");
    struct peer *c[N];
    for (int i = 0; i < N; i++) {
        if (i > 0)
            expect_silence(c[i - 1], 60);
        c[i] = dial(p->proxy);
        get(c[i], "/");
    }
    for (int i = 0; i < N; i++) {
        expect_answer(c[i], 200);
        hang_up(c[i]);
    }
    stop(p);
}

/* A client that leaves ends the wait; the journal says at which action. */
static void wait_ends_with_the_client(void **state)
{
    (void)state;
    struct play *p = start_list("[{'wait':'1m'},{'respond':{}}]");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    find_event(p, "request", "path", "/", NULL);
    peer_abort(c);
    find_event(p, "rule", "rule", "r", "completed", "false", "action", "wait", NULL);
    find_event(p, "close", "by", "client", "how", "reset", NULL);
    hang_up(c);
    stop(p);
}

/* ---- rules that last ------------------------------------------------------------------------- */

/* Its time runs for all targets together, though its counters do not; it can end with neither. */
static void rule_lasts_from_the_first_it_takes(void **state)
{
    (void)state;
    struct play *p =
        start("{'proxy':{'rules':[{'on':'request','skip':1,'times':1000,'per':'connection',"
              "'lasts':'200ms','do':[{'respond':{'status':503,'body':''}}]},"
              "{'on':'request','do':[{'respond':{'body':''}}]}]}}");
    struct peer *c = dial(p->proxy), *d = dial(p->proxy);
    get(c, "/skipped");
    expect_answer(c, 200);
    get(d, "/skipped");
    expect_answer(d, 200);
    expect_silence(c, 250); /* what it lets pass does not begin its time */
    int64_t began = clock_now();
    get(c, "/first");
    expect_answer(c, 503);
    int64_t taken = clock_now(); /* by now */
    for (bool is_over = false; !is_over;) {
        double asked = since_ms(taken);
        get(d, "/again");
        is_over = !strstr(expect_head(d, "HTTP/1.1 "), " 503 ");
        expect_between(is_over ? 200 : 0, since_ms(began), 1e6);
        expect_between(-1, asked, is_over ? 1e6 : 200);
        expect_silence(d, 20);
    }
    hang_up(c);
    hang_up(d);
    stop(p);
}

static void rule_that_lasts_ends_with_its_times(void **state)
{
    (void)state;
    struct play *p =
        start("{'proxy':{'rules':[{'on':'request','times':2,'lasts':'10m',"
              "'do':[{'respond':{'status':503}}]},{'on':'request','do':['respond']}]}}");
    struct peer *c = dial(p->proxy);
    static const int statuses[] = { 503, 503, 200, 200 };
    for (int i = 0; i < 4; i++) {
        get(c, "/");
        expect_answer(c, statuses[i]);
    }
    hang_up(c);
    stop(p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(pace_of_an_answer),
    cmocka_unit_test(pace_of_sent_octets),
    cmocka_unit_test(pace_action_holds_for_all_later_writes),
    cmocka_unit_test(pace_of_a_forwarded_answer),
    cmocka_unit_test(pace_of_a_tunnel),
    cmocka_unit_test(pace_in_tls_is_records),
    cmocka_unit_test(connect_answer_with_first_tunnel_octets),
    cmocka_unit_test(head_and_body_in_one_segment),
    cmocka_unit_test(delays_before_in_and_after_the_head),
    cmocka_unit_test(delay_before_forwarding),
    cmocka_unit_test(wait_for_bytes),
    cmocka_unit_test(wait_until_acknowledged),
    cmocka_unit_test(wait_until_idle),
    cmocka_unit_test(wait_for_an_event_elsewhere),
    cmocka_unit_test(wait_has_a_limit),
    cmocka_unit_test(wait_as_a_barrier),
    cmocka_unit_test(wait_ends_with_the_client),
    cmocka_unit_test(rule_lasts_from_the_first_it_takes),
    cmocka_unit_test(rule_that_lasts_ends_with_its_times),
};

TEST_MAIN(tests)
