/*
 * What an actor received, told by the journal beyond header blocks: bodies that arrived intact, and
 * texts that a `leak` check looks for.
 */
#include "e2e.h"

#include <stdlib.h>

#define LEAK(in)                                                                                   \
    "'title':'t','layer':'client','expect':{'c':{'level':'should','leak':{'text':'s3cr3t-{case}'," \
    "'in':[" in "]}},"                                                                             \
    "'d':{'level':'should','any_of':{'x':{'leak':{'text':'another','in':[" in "]}}}}}"

/* "s3cr3t-" and the case's id, which the mark of an answer ends with. */
static char *secret_of(struct play *p)
{
    struct peer *c = dial(p->proxy);
    get(c, "/");
    char *secret = NULL;
    const char *mark = strrchr(expect_answer(c, 200), ' ');
    assert_non_null(mark);
    assert_true(asprintf(&secret, "s3cr3t-%s", mark + 1) > 0);
    hang_up(c);
    return secret;
}

static void in_a_body(void **state)
{
    (void)state;
    struct play *p = start("{" LEAK("'proxy'") "}");
    char *secret = secret_of(p);
    struct peer *c = dial(p->proxy);
    send_format(c,
                "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: %zu\r\n\r\n(%s)",
                strlen(secret) + 2, secret);
    expect_answer(c, 200);
    find_event(p, "found", "at", "proxy", "connection", "2", "text", secret, NULL);
    expect_number(count_events(p, "found", NULL), 1); /* the origin has it, too; nobody asks */
    hang_up(c);
    free(secret);
    stop(p);
}

static void split_over_chunks_and_reads(void **state)
{
    (void)state;
    struct play *p = start("{" LEAK("'origin'") "}");
    char *secret = secret_of(p);
    struct peer *c = dial(p->origin);
    send_format(
        c, "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n%.3s\r\n",
        secret);
    settle(p);
    send_format(c, "%zx\r\n%s\r\n0\r\n\r\n", strlen(secret) - 3, secret + 3);
    expect_answer(c, 200);
    find_event(p, "found", "at", "origin", "text", secret, NULL);
    hang_up(c);
    free(secret);
    stop(p);
}

static void in_a_tunnel_that_is_no_http(void **state)
{
    (void)state;
    struct play *p = start("{" LEAK("'proxy','origin'") "}");
    char *secret = secret_of(p);
    struct peer *c = dial(p->proxy);
    connect_to(c, "a.test:80");
    send_format(c, "no http at all: %.4s", secret);
    settle(p);
    send_format(c, "%s\r\n\r\n", secret + 4);
    find_event(p, "found", "at", "proxy", "text", secret, NULL);
    find_event(p, "found", "at", "origin", "text", secret, NULL);
    hang_up(c);
    free(secret);
    stop(p);
}

static void in_octets_that_are_refused(void **state)
{
    (void)state;
    struct play *p = start("{" LEAK("'proxy'") "}");
    struct peer *c = dial(p->proxy);
    send_str(c, "\001 this is another thing\r\n\r\n");
    expect_head(c, "HTTP/1.1 400");
    find_event(p, "found", "text", "another", NULL);
    hang_up(c);
    stop(p);
}

static void inside_tls(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{'tls':{}}," LEAK("'proxy'") "}");
    struct peer *c = dial(p->proxy);
    start_tls(c, p, "127.0.0.1");
    send_str(c, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nX: YW5vdGhlcg==\r\n\r\n");
    expect_answer(c, 200);
    find_event(p, "found", "text", "another", NULL);
    hang_up(c);
    stop(p);
}

/* Behind a list that reads nothing, until the connection ends. */
static void before_the_end_of_the_connection(void **state)
{
    (void)state;
    struct play *p = start(
        "{'proxy':{'rules':[{'on':'request','do':[{'read':'all'},'reset']}]}," LEAK("'proxy'") "}");
    struct peer *c = dial(p->proxy);
    send_str(c, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 7\r\n\r\nanother");
    expect_reset(c);
    find_event(p, "close", "how", "reset", NULL);
    expect_number(count_events(p, "found", "text", "another", "rule", "rule-1", NULL), 1);
    hang_up(c);
    stop(p);
}

static void nobody_looks_without_a_check(void **state)
{
    (void)state;
    struct play *p = start("{" LEAK("'error'") "}");
    struct peer *c = dial(p->proxy);
    get(c, "/another");
    expect_answer(c, 200);
    expect_number(count_events(p, "found", NULL), 0);
    hang_up(c);
    stop(p);
}

/* ---- intact ---------------------------------------------------------------------------------- */

static void post(struct play *p, struct peer *c, const char *method, const char *path, size_t len)
{
    send_format(c,
                "%s http://127.0.0.1:%d%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                "Content-Length: %zu\r\n\r\n",
                method, p->origin, path, p->origin, len);
}

static void a_body_arrives_intact_or_not(void **state)
{
    (void)state;
    struct play *p =
        start("{'title':'t','layer':'client','client':{'steps':[{'method':'POST','url':'http://"
              "{origin.addr}/a',"
              "'body':{'size':300000}},{'method':'PUT','url':'http://{origin.addr}/{n}'"
              ",'body':'number {n}','copies':2}]},'expect':{'c':{'level':'should',"
              "'count':{'event':'body','intact':true},'min':3}}}");
    struct peer *c = dial(p->proxy);
    post(p, c, "POST", "/a", 300000);
    send_body(c, 300000);
    expect_answer(c, 200);
    post(p, c, "PUT", "/2", 8);
    send_str(c, "number 2");
    expect_answer(c, 200);
    post(p, c, "PUT", "/1", 8);
    send_str(c, "number 2");
    expect_answer(c, 200);
    post(p, c, "PUT", "/3", 8);
    send_str(c, "number 3");
    expect_answer(c, 200);
    post(p, c, "POST", "/a", 300000);
    send_body(c, 299999);
    hang_up(c);
    find_event(p, "body", "at", "proxy", "whole", "false", NULL);
    static const char *const found[] = { "true", "true", "false", NULL, "false" };
    for (int i = 0; i < 5; i++) {
        char exchange[16];
        snprintf(exchange, sizeof(exchange), "%d", i + 1);
        const cJSON *e = find_event(p, "body", "at", "proxy", "exchange", exchange, NULL);
        const cJSON *intact = cJSON_GetObjectItem(e, "intact");
        if (!intact != !found[i] || (intact && cJSON_IsTrue(intact) != (found[i][0] == 't')))
            fail_here("the body of exchange %d is not as expected", i + 1);
    }
    expect_number(count_events(p, "body", "at", "origin", "intact", "true", NULL), 2);
    stop(p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(in_a_body),
    cmocka_unit_test(split_over_chunks_and_reads),
    cmocka_unit_test(in_a_tunnel_that_is_no_http),
    cmocka_unit_test(in_octets_that_are_refused),
    cmocka_unit_test(inside_tls),
    cmocka_unit_test(before_the_end_of_the_connection),
    cmocka_unit_test(nobody_looks_without_a_check),
    cmocka_unit_test(a_body_arrives_intact_or_not),
};

TEST_MAIN(tests)
