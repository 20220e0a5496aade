/*
 * Simulated exits: who gets which, who is told.
 */
#include "e2e.h"

#include <stdlib.h>

#define EXITS(by) "'exits':{'names':['x1','x2','x3'],'by':'" by "'}"
#define U1        "Proxy-Authorization: Basic dTE6cDE=\r\n"
#define U2        "Proxy-Authorization: Basic dTI6cDI=\r\n"
#define BAD       "Proxy-Authorization: Basic dTM6cDM=\r\n"

/* Asks the origin through the proxy for the exit; answer and header field must say it. */
static void expect_exit_name(struct peer *c, const char *fields, const char *exit)
{
    char body[16] = "";
    send_format(c, "GET http://a.test/exit HTTP/1.1\r\nHost: a.test\r\n%s\r\n", fields);
    const char *head = expect_head(c, "HTTP/1.1 200 ");
    if (exit)
        assert_string_equal(field_of(head, "X-Exit"), exit);
    else
        expect_no_field(head, "X-Exit");
    size_t len = strlen(exit ? exit : "none");
    expect_number(peer_read(c, body, len, PEER_PATIENCE), len);
    assert_string_equal(body, exit ? exit : "none");
}

static void by_connection(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{" EXITS("connection") "}}");
    static const char *const names[] = { "x1", "x2", "x3", "x1" };
    for (size_t i = 0; i < 4; i++) {
        struct peer *c = dial(p->proxy);
        expect_exit_name(c, "", names[i]);
        expect_exit_name(c, "", names[i]);
        hang_up(c);
    }
    find_event(p, "accept", "at", "proxy", "connection", "2", "exit", "x2", NULL);
    find_event(p, "accept", "at", "origin", "carrier", "2", "exit", "x2", NULL);
    find_event(p, "request", "at", "origin", "carrier", "3", "exit", "x3", NULL);
    find_event(p, "close", "at", "proxy", "connection", "3", "exit", "x3", NULL);
    stop(p);
}

/* Another exit is another connection to the origin. */
static void by_request(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{" EXITS("request") "}}");
    struct peer *c = dial(p->proxy);
    expect_exit_name(c, "", "x1");
    expect_exit_name(c, "", "x2");
    expect_exit_name(c, "", "x3");
    expect_exit_name(c, "", "x1");
    hang_up(c);
    find_event(p, "close", "at", "proxy", "connection", "1", "by", "client", NULL);
    expect_number(count_events(p, "accept", "at", "origin", NULL), 4);
    find_event(p, "request", "at", "origin", "connection", "2", "exit", "x2", NULL);
    stop(p);
}

/* A session token in the user name; who names nobody has no exit. */
static void by_user(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{" EXITS("user") "}}");
    struct peer *a = dial(p->proxy), *b = dial(p->proxy);
    expect_exit_name(a, "", NULL);
    expect_exit_name(a, U2, "x1");
    expect_exit_name(b, U1, "x2");
    expect_exit_name(a, U1, "x2");
    expect_exit_name(b, U2, "x1");
    hang_up(a);
    hang_up(b);
    find_event(p, "request", "at", "proxy", "user", "u2", "exit", "x1", NULL);
    stop(p);
}

/* Whom the gate refuses gets no exit, and uses none up. */
static void by_user_behind_a_gate(void **state)
{
    (void)state;
    struct play *p = start(
        "{'proxy':{'auth':{'scheme':'basic','users':{'u1':'p1','u2':'p2'}}," EXITS("user") "}}");
    struct peer *c = dial(p->proxy);
    send_str(c, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n" BAD "\r\n");
    expect_no_field(expect_head(c, "HTTP/1.1 407 "), "X-Exit");
    char mark[32];
    expect_number(peer_read(c, mark, 18, PEER_PATIENCE), 18);
    expect_exit_name(c, U1, "x1");
    expect_exit_name(c, U2, "x2");
    hang_up(c);
    stop(p);
}

#define ROTATE(by)                                                                                 \
    "{'proxy':{" EXITS(by) ",'rules':[{'on':'request','when':{'path':'/rotate'},'do':['rotate',"   \
                           "{'respond':{'body':'{exit}'}}]}]}}"
#define ROTATED "GET http://a.test/rotate HTTP/1.1\r\nHost: a.test\r\n%s\r\n"

/* The user, or the connection, of the event at hand moves on, nobody else. */
static void rotate_a_user(void **state)
{
    (void)state;
    struct play *p = start(ROTATE("user"));
    struct peer *c = dial(p->proxy);
    expect_exit_name(c, U1, "x1");
    expect_exit_name(c, U2, "x2");
    send_format(c, ROTATED, U1);
    const char *head = expect_head(c, "HTTP/1.1 200 ");
    assert_string_equal(field_of(head, "X-Exit"), "x2");
    expect_str(c, "x1"); /* the exit the request came with */
    expect_exit_name(c, U1, "x2");
    expect_exit_name(c, U2, "x2");
    hang_up(c);
    stop(p);
}

static void rotate_a_connection(void **state)
{
    (void)state;
    struct play *p = start(ROTATE("connection"));
    struct peer *a = dial(p->proxy);
    expect_exit_name(a, "", "x1");
    struct peer *b = dial(p->proxy);
    expect_exit_name(b, "", "x2");
    send_format(a, ROTATED, "");
    expect_answer(a, 200);
    expect_exit_name(a, "", "x2");
    expect_exit_name(b, "", "x2");
    hang_up(a);
    hang_up(b);
    find_event(p, "close", "at", "proxy", "connection", "1", "by", "client", NULL);
    expect_number(count_events(p, "accept", "at", "origin", "exit", "x1", NULL), 1);
    stop(p);
}

/* One for all, until it is rotated. */
static void rotate_all(void **state)
{
    (void)state;
    struct play *p = start(ROTATE("rotate"));
    struct peer *a = dial(p->proxy), *b = dial(p->proxy);
    expect_exit_name(a, "", "x1");
    expect_exit_name(b, "", "x1");
    send_format(a, ROTATED, "");
    expect_answer(a, 200);
    expect_exit_name(b, "", "x2");
    expect_exit_name(a, "", "x2");
    hang_up(a);
    hang_up(b);
    stop(p);
}

static void told_on_every_answer(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{" EXITS(
        "connection") ",'rules':["
                      "{'on':'request','when':{'path':'/own'},'do':[{'respond':{}}]},"
                      "{'on':'request','when':{'path':'/none'},'do':[{'respond':{'headers':"
                      "[['X-Exit',null]]}}]},"
                      "{'on':'request','when':{'path':'/mine'},'do':[{'forward':{'headers':"
                      "[['X-Exit','y']]}}]}]},"
                      "'origin':{'rules':[{'on':'request','when':{'path':'/theirs'},'do':["
                      "{'respond':{'headers':[['X-Exit','z']]}}]}]}}");
    static const char *const rows[][2] = {
        { "/own", "x1" }, { "/none", NULL }, { "/mine", "y" }, { "/theirs", "x1" }
    };
    struct peer *c = dial(p->proxy);
    for (size_t i = 0; i < 4; i++) {
        get(c, rows[i][0]);
        const char *head = expect_head(c, "HTTP/1.1 200 ");
        int len = atoi(field_of(head, "Content-Length"));
        if (rows[i][1])
            expect_in(head, rows[i][1]);
        const char *first = strstr(head, "X-Exit");
        assert_int_equal(first != NULL, rows[i][1] != NULL);
        assert_null(first ? strstr(first + 1, "X-Exit") : NULL);
        if (rows[i][1])
            assert_string_equal(field_of(head, "X-Exit"), rows[i][1]);
        char body[64];
        expect_number(peer_read(c, body, (size_t)len, PEER_PATIENCE), len);
    }
    send_str(c, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
    assert_string_equal(field_of(expect_head(c, "HTTP/1.1 200"), "X-Exit"), "x1");
    start_tls(c, p, "a.test");
    send_str(c, "GET /exit HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_string_equal(expect_answer(c, 200), "x1");
    hang_up(c);
    stop(p);
}

/* Rules count by exit, at the proxy and at the origin. */
static void limits_by_exit(void **state)
{
    (void)state;
    struct play *p = start(
        "{'proxy':{" EXITS("user") ",'rules':[{'on':'request','when':{'exit':'x2'},'times':1,"
                                   "'do':[{'respond':{'status':403}}]}]},"
                                   "'origin':{'rules':[{'on':'request','per':'exit','times':1,"
                                   "'do':[{'respond':{'status':429}}]}]}}");
    struct peer *c = dial(p->proxy);
    static const struct {
        const char *fields;
        int status;
    } rows[] = { { U1, 429 }, { U1, 200 }, { U2, 403 }, { U2, 429 }, { U2, 200 }, { U1, 200 } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        send_format(c, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n%s\r\n", rows[i].fields);
        expect_answer(c, rows[i].status);
    }
    hang_up(c);
    stop(p);
}

/* A Retry-After binds the exit it was said to, or the host it was said about. */
static void promises_bind(void **state)
{
    (void)state;
    static const struct {
        const char *promises, *first, *second, *third;
        bool second_early, third_early;
    } rows[] = {
        { "exit", "http://a.test/1", "http://b.test/2", NULL, true, false },
        { "host", "http://a.test/1", "http://a.test/2", "http://b.test/1", true, false },
        { "target", "http://a.test/1", "http://a.test/2", "http://a.test/1", false, true },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char scenario[512];
        snprintf(scenario, sizeof(scenario),
                 "{'proxy':{'promises':'%s'," EXITS(
                     "user") ",'rules':[{'on':'request','times':1,'do':[{'respond':{'status':429,"
                             "'retry_after':60}}]}]}}",
                 rows[i].promises);
        struct play *p = start(scenario);
        struct peer *c = dial(p->proxy);
        const char *targets[] = { rows[i].first, rows[i].second, rows[i].third };
        for (int k = 0; k < 3; k++) {
            /* the third by another exit, where exits count */
            const char *target = targets[k] ? targets[k] : rows[i].first;
            send_format(c, "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", target, targets[k] ? U1 : U2);
            expect_answer(c, k == 0 ? 429 : 200);
        }
        hang_up(c);
        find_event(p, "close", "at", "proxy", "by", "client", NULL);
        expect_number(count_events(p, "request", "exchange", "2", "early", "*", NULL) > 0,
                      rows[i].second_early);
        expect_number(count_events(p, "request", "exchange", "3", "early", "*", NULL) > 0,
                      rows[i].third_early);
        stop(p);
    }
}

/* Fields of the event at hand have values in texts, in `do` and in `when`. */
static void fields_in_texts(void **state)
{
    (void)state;
    struct play *p = start(
        "{'proxy':{" EXITS("connection") ",'rules':["
                                         "{'on':'accept','times':1,'do':["
                                         "{'send':'{connection} {exit} {rule} {{x}|'}]},"
                                         "{'on':'request','when':{'path':'/{connection}'},"
                                         "'do':[{'respond':{'headers':[['X-A','{method} "
                                         "{exchange}']],'body':'{path}-{exit}-{user}-'}}]}]}}");
    struct peer *a = dial(p->proxy), *b = dial(p->proxy);
    expect_str(a, "1 x1 rule-1 {x}|");
    get(b, "/2");
    const char *head = expect_head(b, "HTTP/1.1 200 ");
    assert_string_equal(field_of(head, "X-A"), "GET 1");
    expect_str(b, "/2-x2--");
    get(b, "/1");
    expect_in(expect_answer(b, 200), "origin 200");
    hang_up(a);
    hang_up(b);
    stop(p);
}

/* CMake reads one test a line. */
/* clang-format off */
static const struct CMUnitTest tests[] = {
    cmocka_unit_test(by_connection),
    cmocka_unit_test(by_request),
    cmocka_unit_test(by_user),
    cmocka_unit_test(by_user_behind_a_gate),
    cmocka_unit_test(rotate_a_user),
    cmocka_unit_test(rotate_a_connection),
    cmocka_unit_test(rotate_all),
    cmocka_unit_test(told_on_every_answer),
    cmocka_unit_test(limits_by_exit),
    cmocka_unit_test(promises_bind),
    cmocka_unit_test(fields_in_texts),
};
/* clang-format on */

TEST_MAIN(tests)
