/*
 * Ends: RST, FIN, half-close, abort, stall; at accept, in the middle, between requests.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "clock.h"
#include "e2e.h"

static double since_ms(int64_t start)
{
    return (double)(clock_now() - start) / 1e6;
}

/* ---- at accept ------------------------------------------------------------------------------- */

static void ends_at_accept(void **state)
{
    static const struct {
        const char *action, *how;
        enum peer_end end;
    } rows[] = { { "'reset'", "reset", PEER_RESET },
                 { "'abort'", "abort", PEER_RESET },
                 { "'close'", "fin", PEER_EOF } };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), "{'proxy':{'rules':[{'name':'a','on':'accept','do':[%s]}]}}",
                 rows[i].action);
        struct play *p = start(text);
        struct peer *c = dial(p->proxy);
        expect_end_at(c, rows[i].end, __FILE__, __LINE__);
        find_event(p, "rule", "rule", "a", "completed", "true", NULL);
        find_event(p, "close", "by", "us", "how", rows[i].how, "bytes", "0", NULL);
        hang_up(c);
        stop(p);
    }
}

static void ends_at_some_accepts_only(void **state)
{
    (void)state;
    struct play *p =
        start("{'proxy':{'rules':[{'on':'accept','skip':1,'times':1,'do':['reset']}]}}");
    struct peer *first = dial(p->proxy), *c;
    get(first, "/");
    expect_answer(first, 200);
    c = dial(p->proxy);
    expect_reset(c);
    hang_up(c);
    c = dial(p->proxy);
    get(c, "/");
    expect_answer(c, 200);
    hang_up(c);
    hang_up(first);
    stop(p);
}

/* An accept rule that only waits lets the connection be served after it. */
static void accept_then_service(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{'rules':[{'on':'accept','do':[{'wait':'150ms'}]}]}}");
    int64_t began = clock_now();
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_answer(c, 200);
    expect_between(150, since_ms(began), 10000);
    hang_up(c);
    stop(p);
}

/* ---- on the first octet of the next request -------------------------------------------------- */

static void ends_on_first_octet_of_third_request(void **state)
{
    static const char *const ends[] = { "reset", "abort", "close" };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char text[256];
        snprintf(text, sizeof(text),
                 "{'proxy':{'rules':[{'on':'request','skip':1,'do':['forward',{'wait':'bytes'},'%s'"
                 "]}]}}",
                 ends[i]);
        struct play *p = start(text);
        struct peer *c = dial(p->proxy);
        get(c, "/1");
        expect_answer(c, 200);
        get(c, "/2");
        expect_answer(c, 200);
        expect_silence(c, 100);
        send_str(c, "G");
        expect_end_at(c, strcmp(ends[i], "close") == 0 ? PEER_EOF : PEER_RESET, __FILE__, __LINE__);
        find_event(p, "bytes", "connection", "1", "exchange", "2", NULL);
        expect_number(2, count_events(p, "request", "at", "proxy", NULL));
        hang_up(c);
        stop(p);
    }
}

/* ---- while idle ------------------------------------------------------------------------------ */

static void ends_while_idle(void **state)
{
    static const char *const ends[] = { "reset", "close" };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char text[256];
        snprintf(text, sizeof(text), "['forward',{'wait':{'idle':'200ms'}},'%s']", ends[i]);
        struct play *p = start_list(text);
        struct peer *c = dial(p->proxy);
        get(c, "/");
        expect_answer(c, 200);
        expect_end_at(c, i == 0 ? PEER_RESET : PEER_EOF, __FILE__, __LINE__);
        const cJSON *event = find_event(p, "close", "by", "us", "exact", "true", NULL);
        double end = cJSON_GetNumberValue(cJSON_GetObjectItem(event, "t"));
        event = find_event(p, "sent", "at", "proxy", NULL);
        expect_between(0.2, end - cJSON_GetNumberValue(cJSON_GetObjectItem(event, "t")), 10);
        hang_up(c);
        stop(p);
    }
}

/* ---- the ends themselves --------------------------------------------------------------------- */

/* Our direction is over, the client's goes on. */
static void half_close_reads_on(void **state)
{
    (void)state;
    struct play *p =
        start_list("[{'read':0},{'respond':{'status':200}},'half_close',{'read':'all'}]");
    struct peer *c = dial(p->proxy);
    send_str(c, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 50000\r\n\r\n");
    expect_answer(c, 200);
    expect_eof(c);
    send_body(c, 50000);
    find_event(p, "body", "bytes", "50000", "whole", "true", NULL);
    hang_up(c);
    find_event(p, "close", "by", "client", "how", "fin", NULL);
    stop(p);
}

static void half_close_in_the_middle_of_an_answer(void **state)
{
    (void)state;
    struct play *p = start_list("[{'respond':{'body':{'size':5000},'cut':{'after_body_bytes':1234,"
                                "'with':'half_close'}}}]");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 1234);
    expect_eof(c);
    hang_up(c);
    stop(p);
}

/* What is queued is lost; `reset` would have waited for it. */
static void abort_loses_what_is_queued(void **state)
{
    (void)state;
    struct play *p = start_list("[{'respond':{'body':{'size':1000000}}},{'wait':'100ms'},'abort']");
    struct peer *c = dial_slow(p->proxy);
    get(c, "/");
    find_event(p, "close", "by", "us", "how", "abort", "acked", "false", NULL);
    expect_head(c, "HTTP/1.1 200");
    char octets[65536];
    long long got = 0, n;
    while ((n = peer_read(c, octets, sizeof(octets), PEER_PATIENCE)) > 0)
        got += n;
    expect_number(PEER_RESET, c->end);
    expect_between(1, got, 999999);
    hang_up(c);
    stop(p);
}

static void reset_waits_for_a_slow_reader(void **state)
{
    (void)state;
    struct play *p = start_list("[{'respond':{'body':{'size':1000000}}},'reset']");
    struct peer *c = dial_slow(p->proxy);
    get(c, "/");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 1000000);
    expect_reset(c);
    find_event(p, "close", "how", "reset", "acked", "true", "exact", "true", NULL);
    hang_up(c);
    stop(p);
}

/* Nobody reads: the wait for acknowledgements has its limit, and the journal says it was not exact.
 */
static void reset_within_a_limit(void **state)
{
    (void)state;
    struct play *p =
        start_list("[{'respond':{'body':{'size':1000000}}},{'reset':{'within':'200ms'}}]");
    struct peer *c = dial_slow(p->proxy);
    get(c, "/");
    const cJSON *event = find_event(p, "close", "by", "us", "how", "reset", "exact", "false",
                                    "acked", "false", NULL);
    expect_between(200, number_in(event, "settle_ms"), 10000);
    peer_wait_end(c);
    expect_number(PEER_RESET, c->end);
    hang_up(c);
    stop(p);
}

/* `when: sent` does not wait for the delayed acknowledgement of a used connection. */
static void reset_when_sent(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{'rules':[{'on':'request','when':{'path':'/last'},'do':["
                           "{'respond':{'body':{'size':70000}}},{'reset':{'when':'sent'}}]}]}}");
    for (int i = 0; i < 10; i++) {
        struct peer *c = dial(p->proxy);
        for (int k = 0; k < 3; k++) {
            get(c, "/");
            expect_answer(c, 200);
        }
        get(c, "/last");
        expect_head(c, "HTTP/1.1 200");
        expect_bytes(c, 70000);
        expect_reset(c);
        hang_up(c);
    }
    find_event(p, "close", "connection", "10", NULL);
    expect_number(10, count_events(p, "close", "by", "us", "how", "reset", "exact", "true", NULL));
    stop(p);
}

static void close_drains_what_the_client_still_sends(void **state)
{
    (void)state;
    struct play *p = start_list("[{'read':1000},{'respond':{'status':403}},'close']");
    struct peer *c = dial(p->proxy);
    send_str(c, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3000000\r\n\r\n");
    send_body(c, 1000);
    expect_answer(c, 403);
    expect_eof(c);
    /* Two seconds to drain: without it, this would be met by an RST. */
    send_body(c, 2999000);
    expect_number(PEER_EOF, c->end);
    hang_up(c);
    stop(p);
}

/* ---- stall ----------------------------------------------------------------------------------- */

static void stall_reads_on(void **state)
{
    (void)state;
    struct play *p = start_list("['stall']");
    struct peer *c = dial(p->proxy);
    send_str(c, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 20000000\r\n\r\n");
    send_body(c, 20000000);
    find_event(p, "body", "bytes", "20000000", "whole", "true", NULL);
    expect_silence(c, 200);
    hang_up(c);
    stop(p);
}

static void stall_with_a_closed_window(void **state)
{
    static char octets[20000000];
    (void)state;
    struct play *p = start_list("[{'stall':{'reading':false}}]");
    struct peer *c = dial(p->proxy);
    send_str(c, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 20000000\r\n\r\n");
    ssize_t sent = peer_send_some(c, octets, sizeof(octets), 500);
    expect_between(0, sent, sizeof(octets) - 1);
    expect_silence(c, 100);
    peer_abort(c);
    find_event(p, "close", "by", "client", "how", "reset", NULL);
    hang_up(c);
    stop(p);
}

/* A request behind a stall is heard, noted, and not answered. */
static void stall_notes_what_it_hears(void **state)
{
    (void)state;
    struct play *p = start_list("['stall']");
    struct peer *c = dial(p->proxy);
    get(c, "/1");
    get(c, "/2");
    find_event(p, "request", "path", "/2", "ignored", "true", NULL);
    expect_silence(c, 100);
    hang_up(c);
    stop(p);
}

static void stall_ends_with_the_client(void **state)
{
    (void)state;
    struct play *p = start_list("['stall']");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    find_event(p, "request", "path", "/", NULL);
    hang_up(c);
    find_event(p, "close", "by", "client", "how", "fin", NULL);
    find_event(p, "rule", "rule", "r", NULL);
    stop(p);
}

/* On a used connection the last acknowledgement waits for company, and comes with the FIN: the FIN
 * is told all the same. */
static void fin_with_the_last_acknowledgement(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{'rules':[{'on':'request','when':{'path':'/last'},'do':["
                           "'respond',{'wait':'bytes'},'reset']}]}}");
    for (int i = 0; i < 10; i++) {
        struct peer *c = dial(p->proxy);
        for (int k = 0; k < 3; k++) {
            get(c, "/");
            expect_answer(c, 200);
        }
        get(c, "/last");
        expect_answer(c, 200);
        shutdown(c->fd, SHUT_WR);
        expect_reset(c); /* the FIN ended the wait */
        hang_up(c);
    }
    stop(p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(ends_at_accept),
    cmocka_unit_test(ends_at_some_accepts_only),
    cmocka_unit_test(accept_then_service),
    cmocka_unit_test(ends_on_first_octet_of_third_request),
    cmocka_unit_test(ends_while_idle),
    cmocka_unit_test(half_close_reads_on),
    cmocka_unit_test(half_close_in_the_middle_of_an_answer),
    cmocka_unit_test(abort_loses_what_is_queued),
    cmocka_unit_test(reset_waits_for_a_slow_reader),
    cmocka_unit_test(reset_within_a_limit),
    cmocka_unit_test(reset_when_sent),
    cmocka_unit_test(close_drains_what_the_client_still_sends),
    cmocka_unit_test(stall_reads_on),
    cmocka_unit_test(stall_with_a_closed_window),
    cmocka_unit_test(stall_notes_what_it_hears),
    cmocka_unit_test(stall_ends_with_the_client),
    cmocka_unit_test(fin_with_the_last_acknowledgement),
};

TEST_MAIN(tests)
