/*
 * Clients that vanish, by FIN, RST and half-close, at every point of every action: nothing of them
 * is left, and the next one is served.
 */
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "e2e.h"

/* Every action, each with what a client may send to it. */
static const struct {
    const char *list;
    bool is_connect;
} actions[] = {
    { "['forward']", false },
    { "[{'forward':{'pace':{'bytes':100,'every':'1ms'}}}]", false },
    { "[{'forward':{'cut':{'after_body_bytes':5000,'with':'reset'}}}]", false },
    { "[{'forward':{'cut':{'after_body_bytes':5000,'with':'stall'}}}]", false },
    { "[{'respond':{'body':{'size':30000}}}]", false },
    { "[{'respond':{'framing':'chunked','body':{'size':300000},'pace':{'bytes':9000,'every':'1ms'}}"
      "}]",
      false },
    { "[{'read':0},{'respond':{'body':{'size':3000000}}},'close']", false },
    { "[{'respond':{'framing':'close','body':{'size':30000}}}]", false },
    { "[{'send':'HTTP/1.1 200 OK\\r\\n'},{'send':{'octets':'X-A: b\\r\\n','times':'forever'}}]",
      false },
    { "[{'read':100},'respond',{'read':'all'}]", false },
    { "[{'read':{'bytes':'all','for':'20ms'}},'respond']", false },
    { "[{'wait':'20ms'},'respond']", false },
    { "[{'wait':{'event':'request','path':'/never','limit':'30ms'}},'respond']", false },
    { "['respond',{'wait':'bytes'},'reset']", false },
    { "['respond',{'wait':'acked'},{'wait':{'idle':'10ms'}},'close']", false },
    { "['respond',{'wait':{'idle':'10ms'}},'reset']", false },
    { "['stall']", false },
    { "[{'stall':{'reading':false}}]", false },
    { "['close']", false },
    { "['half_close',{'read':'all'}]", false },
    { "['respond','half_close',{'wait':'bytes'},'close']", false },
    { "['reset']", false },
    { "['abort']", false },
    { "[{'set':'two'},'forward']", false },
    { "['tunnel']", true },
    { "[{'tunnel':{'cut':{'after_bytes':100,'direction':'up','with':'reset'}}}]", true },
    { "[{'tunnel':{'cut':{'after_bytes':100,'direction':'down','with':'close'}}}]", true },
    { "[{'tunnel':{'cut':{'at':'server-hello','with':'stall'}}}]", true },
    { "[{'tunnel':{'pace':{'bytes':50,'every':'1ms','direction':'down'}}}]", true },
    { "[{'tunnel':{'until':{'event':'bytes','inside':true}}},{'wait':'bytes'},'reset']", true },
    { "[{'send':'HTTP/1.1 200 OK\\r\\n\\r\\n'},'tunnel']", true },
};
enum { ACTIONS = sizeof(actions) / sizeof(actions[0]) };

/* Points of a dialogue at which a client can leave: so many octets sent, so many read. */
static const struct {
    size_t sent;
    size_t read;
} points[] = { { 0, 0 },      { 1, 0 },      { 30, 0 },       { 150, 0 },       { 2000, 0 },
               { 100000, 0 }, { 100000, 1 }, { 100000, 500 }, { 100000, 20000 } };
enum { POINTS = sizeof(points) / sizeof(points[0]) }; /* 9, in 3 ways, and one that is served */

enum leaving { BY_FIN, BY_RST, BY_HALF_CLOSE, LEAVINGS };

static size_t write_dialogue(char *text, bool is_connect)
{
    if (!is_connect) {
        int n = sprintf(text,
                        "POST http://a.test/bytes/1000000 HTTP/1.1\r\nHost: a.test\r\n"
                        "X-Pad: %060d\r\nContent-Length: 5000\r\n\r\n",
                        0);
        peer_pattern(0, text + n, 5000);
        return (size_t)n + 5000;
    }
    int n = sprintf(text,
                    "CONNECT a.test:80 HTTP/1.1\r\nHost: a.test\r\n\r\n"
                    "GET /bytes/1000000 HTTP/1.1\r\nHost: a.test\r\nX-Pad: %0300d\r\n\r\n"
                    "POST /bytes/100 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5000\r\n\r\n",
                    0);
    peer_pattern(0, text + n, 5000);
    return (size_t)n + 5000;
}

static void leave_at(struct play *p, const char *dialogue, size_t len, size_t point,
                     enum leaving how)
{
    char octets[20000];
    struct peer *c = dial(p->proxy);
    peer_send_some(c, dialogue, points[point].sent < len ? points[point].sent : len, 0);
    for (size_t got = 0; got < points[point].read;) {
        ssize_t n = peer_read(c, octets, points[point].read - got, 30);
        if (n < 0)
            break;
        got += (size_t)n;
    }
    if (how == BY_RST && c->end == PEER_OPEN) {
        peer_abort(c);
    } else if (how == BY_HALF_CLOSE) {
        shutdown(c->fd, SHUT_WR);
        for (int i = 0; i < 10 && peer_read(c, octets, sizeof(octets), 10) > 0; i++)
            continue;
    }
    hang_up(c);
}

/* Plays every point of some of the actions; in the end nothing may be left of any client. */
static void leave_everywhere(size_t first, size_t last)
{
    for (size_t i = first; i < last; i++) {
        char scenario[1024], dialogue[8192];
        size_t len = write_dialogue(dialogue, actions[i].is_connect);
        snprintf(scenario, sizeof(scenario),
                 "{'proxy':{'rules':[{'on':'request','when':{'path':{'not':'/alive'}},'do':%s}]}}",
                 actions[i].list);
        if (actions[i].is_connect) /* which has no path */
            snprintf(scenario, sizeof(scenario),
                     "{'proxy':{'rules':[{'on':'request','when':{'method':'CONNECT'},'do':%s}]}}",
                     actions[i].list);
        struct play *p = start(scenario);
        int before = descriptors_of(p);
        for (size_t point = 0; point < POINTS; point++)
            for (int how = 0; how < LEAVINGS; how++)
                leave_at(p, dialogue, len, point, (enum leaving)how);
        expect_alive(p);
        expect_descriptors(p, before);
        find_event(p, "accept", "at", "proxy", "connection", "28", NULL);
        stop(p);
    }
}

static void gone_during_answers(void **state)
{
    (void)state;
    leave_everywhere(0, 9);
}

static void gone_during_reads_and_waits(void **state)
{
    (void)state;
    leave_everywhere(9, 16);
}

static void gone_during_ends(void **state)
{
    (void)state;
    leave_everywhere(16, 24);
}

static void gone_during_tunnels(void **state)
{
    (void)state;
    leave_everywhere(24, ACTIONS);
}

/* The same inside TLS, at every octet of the handshake's first flight and some behind it. */
static void gone_during_tls(void **state)
{
    (void)state;
    struct play *p = start("{}");
    int before = descriptors_of(p);
    static char hello[4096];
    struct peer *c = dial(p->origin);
    start_tls(c, p, "a.test"); /* a session like those below; its ClientHello is made anew */
    hang_up(c);
    SSL *ssl = SSL_new(p->tls);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, in, out);
    SSL_connect(ssl);
    int len = BIO_read(out, hello, sizeof(hello));
    SSL_free(ssl);
    for (int n = 0; n <= len; n += n < 16 ? 1 : 37)
        for (int how = 0; how < LEAVINGS; how++) {
            c = dial(p->origin);
            send_octets(c, hello, (size_t)n);
            if (how == BY_RST)
                peer_abort(c);
            if (how == BY_HALF_CLOSE) {
                shutdown(c->fd, SHUT_WR);
                assert_true(peer_wait_end(c));
            }
            hang_up(c);
        }
    expect_descriptors(p, before);
    expect_alive(p);
    stop(p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gone_during_answers), cmocka_unit_test(gone_during_reads_and_waits),
    cmocka_unit_test(gone_during_ends),    cmocka_unit_test(gone_during_tunnels),
    cmocka_unit_test(gone_during_tls),
};

TEST_MAIN(tests)
