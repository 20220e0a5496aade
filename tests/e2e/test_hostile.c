/*
 * Hostile clients: too much, too slow, too many, gone. The program stays up, keeps its memory,
 * frees what they leave, and serves the next one.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "e2e.h"

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
    settle(p);
    expect_rest(
        p, 20); /* by now the kernel's buffers, some megabytes each, have taken what they can */
    long memory = memory_of(p, "VmRSS");
    poll(NULL, 0, 1000);
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
    expect_rest(p, 100);
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

enum { MOST_PERCENT = 3 };

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
    double percent = 100;
    /* The best of three times two seconds: a busy host adds to some, what spins is in each. */
    for (int window = 0; window < 3 && percent > MOST_PERCENT; window++) {
        long cpu = cpu_ms_of(p);
        for (int turn = 0; turn < 20; turn++) {
            for (size_t i = 0; i < ENTRIES && kind == CHATTY; i++)
                peer_send_some(c[i], "x", 1, 0);
            poll(NULL, 0, 100);
        }
        percent = (double)(cpu_ms_of(p) - cpu) / 20;
    }
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
    expect_between(0, cpu_with(SILENT), MOST_PERCENT);
}

static void idle_states_cost_nothing_with_dead_peers(void **state)
{
    (void)state;
    expect_between(0, cpu_with(DEAD), MOST_PERCENT);
}

static void idle_states_cost_nothing_with_half_closed_peers(void **state)
{
    (void)state;
    expect_between(0, cpu_with(HALF_CLOSED), MOST_PERCENT);
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
    cmocka_unit_test(idle_states_cost_nothing_with_silent_peers),
    cmocka_unit_test(idle_states_cost_nothing_with_dead_peers),
    cmocka_unit_test(idle_states_cost_nothing_with_half_closed_peers),
    cmocka_unit_test(idle_states_cost_little_with_chatty_peers),
    cmocka_unit_test(full_disk),
};

TEST_MAIN(tests)
