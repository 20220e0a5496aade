/*
 * Hostile clients: too much, too slow, too many, gone. The program stays up, keeps its memory,
 * frees what they leave, and serves the next one.
 */
#include <dirent.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "e2e.h"

/* ---- looking from outside -------------------------------------------------------------------- */

static int descriptors_of(const struct play *p)
{
    char path[64];
    int n = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)p->program->pid);
    DIR *d = opendir(path);
    if (!d)
        fail_here("%s: %s; did the program end?", path, strerror(errno));
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* Waits until it has no more open files than so many: nothing of the clients is left. */
static void expect_descriptors(const struct play *p, int most)
{
    int64_t deadline = clock_now() + PEER_PATIENCE * CLOCK_MS;
    int n;
    while ((n = descriptors_of(p)) > most) {
        if (clock_now() > deadline)
            fail_here("expected at most %d open descriptors, got %d", most, n);
        poll(NULL, 0, 10);
    }
}

/* Waits until it has done what it had to do: no CPU time (in ticks of 10 ms) for a while. */
static void settle(const struct play *p)
{
    int64_t deadline = clock_now() + PEER_PATIENCE * CLOCK_MS;
    long before;
    do {
        if (clock_now() > deadline)
            fail_here("the program never comes to rest");
        before = cpu_ms_of(p);
        poll(NULL, 0, 300);
    } while (cpu_ms_of(p) > before + 10);
}

static void expect_alive(const struct play *p)
{
    struct peer *c = dial(p->proxy);
    get(c, "/alive");
    expect_answer(c, 200);
    hang_up(c);
}

/* ---- too much -------------------------------------------------------------------------------- */

static void expect_431(const char *unit, const char *first)
{
    struct play *p = start_with("{}", (struct program_options){ .measured = true });
    expect_alive(p);
    long before = memory_of(p, "VmHWM");
    struct peer *c = dial(p->proxy);
    send_str(c, first);
    for (int i = 0; i < 100000 && c->end == PEER_OPEN; i++)
        if (peer_send(c, unit, strlen(unit)) < 0)
            break; /* it has closed: what we sent too much is met by RST */
    if (c->end == PEER_OPEN) {
        const char *head = expect_head(c, "HTTP/1.1 431 ");
        assert_string_equal(field_of(head, "Connection"), "close");
    }
    hang_up(c);
    find_event(p, "response", "status", "431", NULL);
    expect_between(0, memory_of(p, "VmHWM") - before, 8192);
    expect_alive(p);
    stop(p);
}

static void endless_header_block(void **state)
{
    (void)state;
    expect_431("X-A: bcdefghijklmnopqrstuvwxyz\r\n", "GET http://a.test/ HTTP/1.1\r\n");
}

static void endless_request_line(void **state)
{
    (void)state;
    expect_431("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "GET http://a.test/");
}

static void endless_empty_lines(void **state)
{
    (void)state;
    struct play *p = start("{}");
    struct peer *c = dial(p->proxy);
    for (int i = 0; i < 50000; i++)
        if (peer_send(c, "\r\n\r\n", 4) < 0)
            break;
    hang_up(c);
    expect_alive(p);
    stop(p);
}

/* Chunks without end, one octet each: many small ones, and one that is huge. */
static void endless_upload(void **state)
{
    enum { ROUNDS = 3000 };
    static char chunks[6 * 10000];
    (void)state;
    struct play *p = start_with("{'proxy':{'rules':[{'on':'request','when':{'method':'POST'},"
                                "'do':[{'read':'all'},'respond']}]}}",
                                (struct program_options){ .measured = true });
    for (size_t i = 0; i < sizeof(chunks); i += 6)
        memcpy(chunks + i, "1\r\nx\r\n", 6);
    struct peer *c = dial(p->proxy);
    send_str(c,
             "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
    send_octets(c, chunks, sizeof(chunks));
    expect_alive(p);
    long before = memory_of(p, "VmHWM");
    for (int i = 0; i < 100; i++)
        send_octets(c, chunks, sizeof(chunks));
    send_format(c, "%x\r\n", ROUNDS * 60000);
    for (int i = 0; i < ROUNDS; i++)
        send_octets(c, chunks, sizeof(chunks));
    send_str(c, "\r\n0\r\n\r\n");
    expect_answer(c, 200);
    expect_between(0, memory_of(p, "VmHWM") - before, 2048);
    hang_up(c);
    stop(p);
}

/* ---- too slow -------------------------------------------------------------------------------- */

/* Hundreds send one octet at a time; another one is served meanwhile, and they are in the end. */
static void slow_senders(void **state)
{
    enum { N = 200 };
    static const char request[] = "GET http://a.test/bytes/10 HTTP/1.1\r\nHost: a.test\r\n\r\n";
    static struct peer *c[N];
    (void)state;
    struct play *p = start("{}");
    for (int i = 0; i < N; i++)
        c[i] = dial(p->proxy);
    for (size_t at = 0; request[at]; at++) {
        for (int i = 0; i < N; i++)
            send_octets(c[i], request + at, 1);
        if (at % 20 == 0)
            expect_alive(p);
    }
    for (int i = 0; i < N; i++) {
        expect_head(c[i], "HTTP/1.1 200");
        expect_bytes(c[i], 10);
        hang_up(c[i]);
    }
    stop(p);
}

/* Clients that ask for a gigabyte and never read it cost one piece of memory each, and no CPU. */
static void peers_that_never_read(void **state)
{
    enum { N = 50 };
    struct peer *c[N];
    (void)state;
    struct play *p = start_with("{}", (struct program_options){ .measured = true });
    expect_alive(p);
    for (int i = 0; i < N; i++) {
        c[i] = dial_slow(p->proxy);
        get(c[i], "/bytes/1000000000");
    }
    find_event(p, "response", "at", "proxy", "connection", "51", NULL);
    settle(p); /* the kernel's buffers take some megabytes each first */
    long memory = memory_of(p, "VmRSS"), cpu = cpu_ms_of(p);
    poll(NULL, 0, 1000);
    expect_between(0, cpu_ms_of(p) - cpu, 20);
    expect_between(0, memory_of(p, "VmRSS") - memory, 1024);
    expect_alive(p);
    for (int i = 0; i < N; i++)
        hang_up(c[i]);
    stop(p);
}

/* ---- too many -------------------------------------------------------------------------------- */

static void more_connections_than_descriptors(void **state)
{
    enum { N = 400, LIMIT = 100 };
    static struct peer *c[N];
    (void)state;
    struct play *p = start_with("{}", (struct program_options){ .descriptors = LIMIT });
    int before = descriptors_of(p);
    for (int i = 0; i < N; i++)
        c[i] = dial(p->proxy); /* the backlog takes what accept() cannot */
    settle(p);
    long cpu = cpu_ms_of(p);
    poll(NULL, 0, 1000);
    expect_between(0, cpu_ms_of(p) - cpu, 100);
    get(c[0], "/"); /* the first has its place; whether an origin can be dialed is luck */
    expect_head(c[0], "HTTP/1.1 ");
    for (int i = 0; i < N; i++)
        hang_up(c[i]);
    expect_descriptors(p, before);
    expect_alive(p);
    stop(p);
}

static void thousands_of_reconnects_a_second(void **state)
{
    enum { N = 3500 };
    (void)state;
    struct play *p =
        start_with("{'house':{'storm':false}}", (struct program_options){ .measured = true });
    int before = descriptors_of(p);
    for (int i = 0; i < N; i++) {
        struct peer *c = dial(p->proxy);
        if (i % 7 == 0) {
            get(c, "/bytes/100");
            expect_head(c, "HTTP/1.1 200");
        }
        if (i % 3)
            peer_abort(c);
        hang_up(c);
    }
    expect_descriptors(p, before);
    expect_alive(p);
    find_event(p, "accept", "at", "proxy", "connection", "3501", NULL);
    stop(p);
}

/* ---- gone ------------------------------------------------------------------------------------ */

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

/* ---- nothing to do, nothing done ------------------------------------------------------------- */

static const char states[] =
    "{'proxy':{'rules':["
    "{'on':'request','when':{'path':'/wait'},'do':[{'wait':'1m'}]},"
    "{'on':'request','when':{'path':'/event'},'do':[{'wait':{'event':'request','path':'/never'}}]},"
    "{'on':'request','when':{'path':'/idle'},'do':['respond',{'wait':{'idle':'1m'}},'close']},"
    "{'on':'request','when':{'path':'/stall'},'do':['stall']},"
    "{'on':'request','when':{'path':'/blind'},'do':[{'stall':{'reading':false}}]},"
    "{'on':'request','when':{'path':'/half'},'do':['respond','half_close',{'wait':'1m'}]},"
    "{'on':'request','when':{'path':'/slow'},'do':[{'respond':{'pace':{'bytes':1,'every':'1s'}}}]},"
    "{'on':'request','when':{'path':'/big'},'do':[{'respond':{'body':{'size':1000000000}}}]},"
    "{'on':'request','when':{'path':'/unacked'},'do':[{'respond':{'body':{'size':500000}}},"
    "{'reset':{'within':'1m'}}]},"
    "{'on':'request','when':{'path':'/upload'},'do':[{'read':10},{'wait':'1m'},'respond']},"
    "{'on':'request','when':{'method':'CONNECT','host':'cut'},'do':[{'tunnel':{'cut':{'after_bytes'"
    ":0,"
    "'with':'stall'}}}]}]},"
    "'origin':{'rules':[{'on':'request','when':{'path':'/later'},'do':[{'wait':'1m'}]}]}}";

/* What brings a connection of the proxy into each state; "" for none sent at all. */
static const char *const entries[] = {
    "",
    "GET http://a.te",
    "GET http://a.test/wait HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://a.test/event HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://a.test/idle HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://a.test/stall HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://a.test/blind HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://a.test/half HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://a.test/slow HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://a.test/big HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://a.test/unacked HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://a.test/later HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST http://a.test/upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n",
    "POST http://a.test/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n",
    "POST http://a.test/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nf",
    "CONNECT a.test:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    "CONNECT cut:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    "CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\n\r\n\x16\x03\x01",
    "CONNECT a.test:80 HTTP/1.1\r\nHost: a\r\n\r\nGET /bytes/1000000000 HTTP/1.0\r\n\r\n",
};
enum { ENTRIES = sizeof(entries) / sizeof(entries[0]) };

enum peer_kind { SILENT, DEAD, HALF_CLOSED, CHATTY };

/* CPU per cent of the program in a second in which all states have such a peer. */
static double cpu_with(enum peer_kind kind)
{
    struct peer *c[ENTRIES];
    struct play *p = start(states);
    for (size_t i = 0; i < ENTRIES; i++) {
        c[i] = dial_slow(p->proxy);
        send_str(c[i], entries[i]);
    }
    find_event(p, "request", "at", "origin", NULL);
    settle(p);
    for (size_t i = 0; i < ENTRIES; i++) {
        if (kind == DEAD)
            peer_abort(c[i]);
        else if (kind == HALF_CLOSED)
            shutdown(c[i]->fd, SHUT_WR);
    }
    settle(p);
    long cpu = cpu_ms_of(p);
    for (int turn = 0; turn < 20; turn++) {
        for (size_t i = 0; i < ENTRIES && kind == CHATTY; i++)
            peer_send_some(c[i], "x", 1, 0);
        poll(NULL, 0, 100);
    }
    double percent = (double)(cpu_ms_of(p) - cpu) / 20;
    for (size_t i = 0; i < ENTRIES; i++)
        hang_up(c[i]);
    stop(p);
    return percent;
}

/* One spinning state costs a whole core, so that a few per cent for all of them tell it apart even
 * with sanitizers; `./dev bench states` has the exact figures for each. */
static void idle_states_cost_nothing_with_silent_peers(void **state)
{
    (void)state;
    expect_between(0, cpu_with(SILENT), 3);
}

static void idle_states_cost_nothing_with_dead_peers(void **state)
{
    (void)state;
    expect_between(0, cpu_with(DEAD), 3);
}

static void idle_states_cost_nothing_with_half_closed_peers(void **state)
{
    (void)state;
    expect_between(0, cpu_with(HALF_CLOSED), 3);
}

static void idle_states_cost_little_with_chatty_peers(void **state)
{
    (void)state;
    expect_between(0, cpu_with(CHATTY), ENTRIES);
}

/* ---- a full disk ----------------------------------------------------------------------------- */

static void full_disk(void **state)
{
    (void)state;
    struct play *p = start_with("{}", (struct program_options){ .journal = "/dev/full" });
    struct peer *c = dial(p->proxy);
    get(c, "/");
    int64_t deadline = clock_now() + PEER_PATIENCE * CLOCK_MS;
    char *output = NULL;
    do {
        free(output);
        output = program_read(p->program, "output");
        poll(NULL, 0, 10);
    } while (!strstr(output, "/dev/full") && clock_now() < deadline);
    expect_in(output, "/dev/full cannot be written: No space left on device");
    free(output);
    expect_exit(p, 3);
    hang_up(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(endless_header_block),
    cmocka_unit_test(endless_request_line),
    cmocka_unit_test(endless_empty_lines),
    cmocka_unit_test(endless_upload),
    cmocka_unit_test(slow_senders),
    cmocka_unit_test(peers_that_never_read),
    cmocka_unit_test(more_connections_than_descriptors),
    cmocka_unit_test(thousands_of_reconnects_a_second),
    cmocka_unit_test(gone_during_answers),
    cmocka_unit_test(gone_during_reads_and_waits),
    cmocka_unit_test(gone_during_ends),
    cmocka_unit_test(gone_during_tunnels),
    cmocka_unit_test(gone_during_tls),
    cmocka_unit_test(idle_states_cost_nothing_with_silent_peers),
    cmocka_unit_test(idle_states_cost_nothing_with_dead_peers),
    cmocka_unit_test(idle_states_cost_nothing_with_half_closed_peers),
    cmocka_unit_test(idle_states_cost_little_with_chatty_peers),
    cmocka_unit_test(full_disk),
};

TEST_MAIN(tests)
