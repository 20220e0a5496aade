/*
 * Never an open proxy: nothing that --upstream does not name is ever dialed, however it is written.
 */
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "e2e.h"

struct decoy { /* a live server that nobody may reach */
    int v4, v6, port, port6;
};

static struct decoy set_up(void)
{
    struct decoy d;
    d.v4 = peer_listen(&d.port, false);
    d.v6 = peer_listen(&d.port6, true); /* -1 where the host has no IPv6 */
    assert_true(d.v4 >= 0);
    return d;
}

static void expect_untouched(const struct decoy *d)
{
    struct pollfd p[2] = { { .fd = d->v4, .events = POLLIN }, { .fd = d->v6, .events = POLLIN } };
    expect_number(0, poll(p, 2, 100));
}

static void take_down(const struct decoy *d)
{
    close(d->v4);
    if (d->v6 >= 0)
        close(d->v6);
}

/* Ways to write the decoy's address; %d is a port of it. */
static const char *const spellings[] = {
    "127.0.0.1:%d",
    "127.1:%d",
    "127.0.0.2:%d",
    "2130706433:%d",
    "0x7f.1:%d",
    "0.0.0.0:%d",
    "localhost:%d",
    "LOCALHOST.:%d",
    "[::1]:%d",
    "[::]:%d",
    "[::ffff:127.0.0.1]:%d",
    "[0:0:0:0:0:0:0:1]:%d",
    "ip6-localhost:%d",
    "localhost.localdomain:%d",
};
enum { SPELLINGS = sizeof(spellings) / sizeof(spellings[0]) };

static void write_authority(char text[128], size_t spelling, int port)
{
    const char *mark = strchr(spellings[spelling], '%');
    snprintf(text, 128, "%.*s%d", (int)(mark - spellings[spelling]), spellings[spelling], port);
}

static void absolute_form_reaches_the_origin_only(void **state)
{
    (void)state;
    struct decoy d = set_up();
    struct play *p = start("{}");
    for (size_t i = 0; i < (size_t)2 * SPELLINGS; i++) {
        char authority[128];
        write_authority(authority, i / 2, i % 2 ? d.port6 : d.port);
        struct peer *c = dial(p->proxy);
        send_format(c, "GET http://%s/ HTTP/1.1\r\nHost: %s\r\n\r\n", authority, authority);
        expect_in(expect_answer(c, 200), "origin 200");
        hang_up(c);
    }
    expect_untouched(&d);
    take_down(&d);
    stop(p);
}

static void host_field_reaches_the_origin_only(void **state)
{
    (void)state;
    struct decoy d = set_up();
    struct play *p = start("{}");
    struct peer *c = dial(p->proxy);
    send_format(c, "GET http://a.test/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", d.port);
    expect_in(expect_answer(c, 200), "origin 200");
    hang_up(c);
    c = dial(p->proxy);
    send_format(c, "GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", d.port);
    expect_answer(c, 400);
    hang_up(c);
    expect_untouched(&d);
    take_down(&d);
    stop(p);
}

static void connect_reaches_the_origin_only(void **state)
{
    (void)state;
    struct decoy d = set_up();
    struct play *p = start("{}");
    for (size_t i = 0; i < (size_t)2 * SPELLINGS; i++) {
        char authority[128];
        write_authority(authority, i / 2, i % 2 ? d.port6 : d.port);
        struct peer *c = dial(p->proxy);
        connect_to(c, authority);
        send_str(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        expect_in(expect_answer(c, 200), "origin 200");
        hang_up(c);
    }
    expect_untouched(&d);
    take_down(&d);
    stop(p);
}

/* No action of a scenario leaves the machine either: `to` names actors, not addresses. */
static void scenarios_cannot_name_addresses(void **state)
{
    static const char *const text =
        "{\"fakeproxy\":1,\"id\":\"e2e/test\",\"proxy\":{\"rules\":[{\"on\":\"request\",\"do\":["
        "{\"forward\":{\"to\":\"127.0.0.1:80\"}}]}]}}";
    (void)state;
    char name[] = "/tmp/fakeproxy-e2e-XXXXXX", *output;
    int fd = mkstemp(name);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    const char *arguments[] = { "--scenario", name, "--listen", "127.0.0.1:0", NULL };
    expect_number(2, program_run(FP_PROGRAM, arguments, 20000, &output));
    expect_in(output, "/proxy/rules/0/do/0/forward/to");
    free(output);
    unlink(name);
}

static void named_upstream_is_hit(void **state)
{
    (void)state;
    struct decoy d = set_up();
    for (int v6 = 0; v6 < (d.v6 >= 0 ? 2 : 1); v6++) {
        char option[2][96];
        int port = v6 ? d.port6 : d.port, listener = v6 ? d.v6 : d.v4;
        const char *address = v6 ? "[::1]" : "127.0.0.1";
        snprintf(option[0], sizeof(option[0]), "real.test:80=%s:%d", address, port);
        snprintf(option[1], sizeof(option[1]), "%s:%d=%s:%d", address, port, address, port);
        const char *arguments[] = { "--upstream", option[0], "--upstream", option[1], NULL };
        struct play *p = start_with("{}", (struct program_options){ .arguments = arguments });
        for (int i = 0; i < 4; i++) {
            char authority[96] = "real.test:80";
            if (i >= 2)
                snprintf(authority, sizeof(authority), "%s:%d", address, port);
            struct peer *c = dial(p->proxy);
            if (i % 2)
                connect_to(c, authority);
            else
                send_format(c, "GET http://%s/ HTTP/1.1\r\nHost: x\r\n\r\n", authority);
            struct peer *far = accept_one(listener);
            hang_up(far);
            hang_up(c);
        }
        /* A name is let through at its port alone, and no other name with it. */
        static const char *const others[] = { "real.test:81", "other.test:80", "real.test.:80",
                                              "xreal.test:80" };
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
            struct peer *c = dial(p->proxy);
            send_format(c, "GET http://%s/ HTTP/1.1\r\nHost: x\r\n\r\n", others[i]);
            expect_in(expect_answer(c, 200), "origin 200");
            hang_up(c);
        }
        expect_untouched(&d);
        stop(p);
    }
    take_down(&d);
}

static void listening_beyond_loopback_is_refused(void **state)
{
    static const char *const addresses[] = { "0.0.0.0:0", "[::]:0", "192.0.2.1:0", ":0" };
    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        char name[] = "/tmp/fakeproxy-e2e-XXXXXX", *output;
        int fd = mkstemp(name);
        static const char text[] = "{\"fakeproxy\":1,\"id\":\"e2e/test\"}";
        assert_true(fd >= 0 && write(fd, text, sizeof(text) - 1) == sizeof(text) - 1);
        close(fd);
        const char *arguments[] = { "--scenario", name, "--listen", addresses[i], NULL };
        int code = program_run(FP_PROGRAM, arguments, 3000, &output);
        if (code != 2)
            fail_here("--listen %s: expected exit code 2, got %d: %s", addresses[i], code, output);
        if (addresses[i][0] != ':')
            expect_in(output, "--allow-remote");
        free(output);
        unlink(name);
    }
}

static void listening_beyond_loopback_is_allowed_when_asked(void **state)
{
    (void)state;
    const char *arguments[] = { "--listen", "0.0.0.0:0", "--allow-remote", NULL };
    struct play *p = start_with("{}", (struct program_options){ .arguments = arguments });
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_answer(c, 200);
    hang_up(c);
    stop(p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(absolute_form_reaches_the_origin_only),
    cmocka_unit_test(host_field_reaches_the_origin_only),
    cmocka_unit_test(connect_reaches_the_origin_only),
    cmocka_unit_test(scenarios_cannot_name_addresses),
    cmocka_unit_test(named_upstream_is_hit),
    cmocka_unit_test(listening_beyond_loopback_is_refused),
    cmocka_unit_test(listening_beyond_loopback_is_allowed_when_asked),
};

TEST_MAIN(tests)
