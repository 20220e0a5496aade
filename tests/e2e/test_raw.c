/*
 * Octets as they are: what HTTP forbids, written to the letter, and answers nobody asked for.
 */
#include <poll.h>
#include <stdlib.h>

#include "e2e.h"

/* Each is sent in answer to a request, and exactly that arrives. */
static void malformed_answers_arrive_to_the_octet(void **state)
{
    static const struct {
        const char *json, *octets;
        size_t len;
    } rows[] = {
#define ROW(json, octets) { json, octets, sizeof(octets) - 1 }
        ROW("HTTP/1.1 abc OK\\r\\n\\r\\n", "HTTP/1.1 abc OK\r\n\r\n"),
        ROW("HTTP/1.1  200 OK\\r\\n\\r\\n", "HTTP/1.1  200 OK\r\n\r\n"),
        ROW("ICY 200 OK\\r\\n\\r\\n", "ICY 200 OK\r\n\r\n"),
        ROW("HTTP/1.1 200\\n\\n", "HTTP/1.1 200\n\n"),
        ROW("HTTP/2 200 \\r\\n\\r\\n", "HTTP/2 200 \r\n\r\n"),
        ROW("HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\nContent-Length: 2\\r\\n\\r\\nab",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        ROW("HTTP/1.1 200 OK\\r\\nContent-Length: 99\\r\\n\\r\\nshort",
            "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort"),
        ROW("HTTP/1.1 200 OK\\r\\nContent-Length: -1\\r\\n\\r\\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        ROW("HTTP/1.1 200 OK\\r\\nX-A: b\\r\\n c\\r\\n\\r\\n",
            "HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\n\r\n"), /* obs-fold */
        ROW("HTTP/1.1 200 OK\\r\\nX A: b\\r\\n\\r\\n", "HTTP/1.1 200 OK\r\nX A: b\r\n\r\n"),
        ROW("HTTP/1.1 200 OK\\r\\n: b\\r\\n\\r\\n", "HTTP/1.1 200 OK\r\n: b\r\n\r\n"),
        ROW("HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nxyz\\r\\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
        ROW("HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\nContent-Length: "
            "3\\r\\n\\r\\n3\\r\\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc"),
        ROW("\\u0000\\u0001\\u007f\\u0080\\u00ff\\r\\n", "\0\1\x7f\x80\xff\r\n"),
        ROW("<html>no HTTP at all</html>", "<html>no HTTP at all</html>"),
#undef ROW
    };
    enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
    char text[8192], *at = text;
    (void)state;
    at += sprintf(at, "{'proxy':{'rules':[");
    for (size_t i = 0; i < ROWS; i++)
        at += sprintf(at, "%s{'on':'request','when':{'path':'/%zu'},'do':[{'send':'%s'},'close']}",
                      i ? "," : "", i, rows[i].json);
    sprintf(at, "]}}");
    struct play *p = start(text);
    for (size_t i = 0; i < ROWS; i++) {
        struct peer *c = dial(p->proxy);
        send_format(c, "GET http://a.test/%zu HTTP/1.1\r\nHost: a.test\r\n\r\n", i);
        expect_octets_at(c, rows[i].octets, rows[i].len, __FILE__, __LINE__);
        expect_eof(c);
        hang_up(c);
    }
    stop(p);
}

/* `respond` says what it is told and nothing else: our fields can be replaced, doubled, removed. */
static void respond_is_written_as_told(void **state)
{
    (void)state;
    struct play *p = start_list(
        "[{'respond':{'status':299,'reason':'Quite','version':'1.0','headers':[['Date',null],"
        "['X-A','1'],['x-a','2'],['Content-Length','3']],'body':'abcdef','framing':'none'}},'close'"
        "]");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_str(c, "HTTP/1.0 299 Quite\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 3\r\n\r\nabcdef");
    expect_eof(c);
    hang_up(c);
    stop(p);
}

static void respond_in_given_chunks_with_trailers(void **state)
{
    (void)state;
    struct play *p =
        start_list("[{'respond':{'headers':[['Date',null]],'body':{'chunks':['ab','cde'],"
                   "'trailers':[['X-T','v']]}}}]");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_str(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "2\r\nab\r\n3\r\ncde\r\n0\r\nX-T: v\r\n\r\n");
    expect_silence(c, 50); /* keep-alive */
    hang_up(c);
    stop(p);
}

static void respond_until_close(void **state)
{
    (void)state;
    struct play *p = start_list("[{'respond':{'framing':'close','body':{'size':70000}}}]");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    const char *head = expect_head(c, "HTTP/1.1 200 OK");
    expect_no_field(head, "Content-Length");
    expect_no_field(head, "Transfer-Encoding");
    expect_bytes(c, 70000);
    expect_eof(c);
    hang_up(c);
    stop(p);
}

/* The default body is left out where there can be none, and so is a framing field that is wrong. */
static void answers_without_a_body(void **state)
{
    static const struct {
        const char *method;
        int status;
        bool has_length;
    } rows[] = { { "GET", 204, false }, { "GET", 304, true }, { "HEAD", 200, true } };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char list[256], begins[32];
        snprintf(list, sizeof(list), "[{'respond':{'status':%d}}]", rows[i].status);
        snprintf(begins, sizeof(begins), "HTTP/1.1 %d ", rows[i].status);
        struct play *p = start_list(list);
        struct peer *c = dial(p->proxy);
        for (int twice = 0; twice < 2; twice++) {
            send_format(c, "%s http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", rows[i].method);
            const char *head = expect_head(c, begins);
            expect_no_field(head, "Transfer-Encoding");
            if (rows[i].has_length)
                expect_between(1, atoi(field_of(head, "Content-Length")), 100);
            else
                expect_no_field(head, "Content-Length");
        }
        expect_silence(c, 50);
        hang_up(c);
        stop(p);
    }
}

/* ---- 1xx ------------------------------------------------------------------------------------- */

static void many_interim_answers(void **state)
{
    enum { MANY = 1000 };
    (void)state;
    struct play *p =
        start_list("[{'send':{'octets':'HTTP/1.1 102 Processing\\r\\n\\r\\n','times':1000}},"
                   "{'respond':{'status':103,'headers':[['Link','</a>']]}},{'respond':{}}]");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    for (int i = 0; i < MANY; i++)
        expect_str(c, "HTTP/1.1 102 Processing\r\n\r\n");
    const char *head = expect_head(c, "HTTP/1.1 103 ");
    assert_string_equal(field_of(head, "Link"), "</a>");
    expect_no_field(head, "Content-Length");
    expect_answer(c, 200);
    hang_up(c);
    stop(p);
}

/* ---- without end ----------------------------------------------------------------------------- */

static void endless_header_block(void **state)
{
    (void)state;
    struct play *p = start_with("{'proxy':{'rules':[{'name':'r','on':'request','do':["
                                "{'send':'HTTP/1.1 200 OK\\r\\n'},"
                                "{'send':{'octets':'X-A: b\\r\\n','times':'forever'}}]}]}}",
                                (struct program_options){ .measured = true });
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_str(c, "HTTP/1.1 200 OK\r\n");
    long before = memory_of(p, "VmRSS");
    for (int i = 0; i < 200000; i++)
        expect_str(c, "X-A: b\r\n");
    expect_between(0, memory_of(p, "VmRSS") - before, 4096);
    /* Whoever plays forever must still see the client go. */
    hang_up(c);
    find_event(p, "rule", "rule", "r", "completed", "false", "action", "send", NULL);
    c = dial(p->proxy);
    hang_up(c);
    stop(p);
}

static void endless_header_block_is_paced(void **state)
{
    (void)state;
    struct play *p =
        start_list("[{'send':'HTTP/1.1 200 OK\\r\\n'},{'send':{'octets':'X-A: b\\r\\n',"
                   "'times':'forever','pace':{'bytes':8,'every':'10ms'}}}]");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    expect_str(c, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 20; i++)
        expect_str(c, "X-A: b\r\n");
    long cpu = cpu_ms_of(p);
    for (int i = 0; i < 20; i++)
        expect_str(c, "X-A: b\r\n");
    expect_between(0, cpu_ms_of(p) - cpu, 100);
    peer_abort(c);
    find_event(p, "close", "by", "client", "how", "reset", NULL);
    hang_up(c);
    stop(p);
}

/* ---- nobody asked ---------------------------------------------------------------------------- */

static void answer_before_any_request(void **state)
{
    (void)state;
    struct play *p =
        start("{'proxy':{'rules':[{'on':'accept','do':[{'send':'HTTP/1.1 408 Request Timeout\\r\\n"
              "Connection: close\\r\\n\\r\\n'},'close']}]}}");
    struct peer *c = dial(p->proxy);
    expect_str(c, "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n");
    expect_eof(c);
    find_event(p, "response", "status", "408", NULL);
    hang_up(c);
    stop(p);
}

/* On an idle connection, and the one after it is not disturbed. */
static void extra_answer_on_an_idle_connection(void **state)
{
    (void)state;
    struct play *p =
        start("{'proxy':{'rules':[{'on':'request','times':1,'do':['forward',{'wait':'50ms'},"
              "{'send':'HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nextra'}]}]}}");
    struct peer *c = dial(p->proxy);
    get(c, "/bytes/3");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 3);
    expect_answer(c, 200); /* the extra one */
    get(c, "/bytes/4");
    expect_head(c, "HTTP/1.1 200");
    expect_bytes(c, 4);
    hang_up(c);
    stop(p);
}

static void two_answers_to_one_request(void **state)
{
    (void)state;
    struct play *p = start_list(
        "[{'respond':{'status':200,'body':'one'}},{'respond':{'status':404,'body':'two'}}]");
    struct peer *c = dial(p->proxy);
    get(c, "/");
    assert_string_equal(expect_answer(c, 200), "one");
    assert_string_equal(expect_answer(c, 404), "two");
    get(c, "/");
    assert_string_equal(expect_answer(c, 200), "one");
    hang_up(c);
    stop(p);
}

/* ---- early answers --------------------------------------------------------------------------- */

static void answer_before_the_request_body(void **state)
{
    (void)state;
    struct play *p = start_list("[{'read':0},{'respond':{'status':413}}]");
    struct peer *c = dial(p->proxy);
    send_str(c, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000\r\n\r\n");
    expect_answer(c, 413);
    send_body(c, 100000); /* the connection lives on: the rest is read */
    get(c, "/");
    expect_answer(c, 413);
    find_event(p, "body", "bytes", "100000", "whole", "true", NULL);
    hang_up(c);
    stop(p);
}

static void answer_in_the_middle_of_the_request_body(void **state)
{
    (void)state;
    struct play *p = start_list(
        "[{'read':'16KiB'},{'respond':{'status':407}},{'read':{'for':'300ms'}},'close']");
    struct peer *c = dial(p->proxy);
    send_str(c, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000\r\n\r\n");
    send_body(c, 16383);
    expect_silence(c, 100);
    send_body(c, 1);
    expect_answer(c, 407);
    expect_eof(c); /* 300 ms later, the rest having not come */
    hang_up(c);
    stop(p);
}

static void continue_is_sent_when_asked_for(void **state)
{
    static const struct {
        const char *list;
        bool continues;
    } rows[] = { { "['respond']", true },
                 { "[{'read':'all'},'respond']", true },
                 { "[{'read':0},'respond']", false },
                 { "[{'read':{'bytes':'all','for':'200ms','continue':false}},'respond']", false } };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct play *p = start_list(rows[i].list);
        struct peer *c = dial(p->proxy);
        send_str(c, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n"
                    "Expect: 100-continue\r\n\r\n");
        if (rows[i].continues) {
            expect_str(c, "HTTP/1.1 100 Continue\r\n\r\n");
            send_body(c, 10);
        }
        expect_answer(c, 200);
        hang_up(c);
        stop(p);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(malformed_answers_arrive_to_the_octet),
    cmocka_unit_test(respond_is_written_as_told),
    cmocka_unit_test(respond_in_given_chunks_with_trailers),
    cmocka_unit_test(respond_until_close),
    cmocka_unit_test(answers_without_a_body),
    cmocka_unit_test(many_interim_answers),
    cmocka_unit_test(endless_header_block),
    cmocka_unit_test(endless_header_block_is_paced),
    cmocka_unit_test(answer_before_any_request),
    cmocka_unit_test(extra_answer_on_an_idle_connection),
    cmocka_unit_test(two_answers_to_one_request),
    cmocka_unit_test(answer_before_the_request_body),
    cmocka_unit_test(answer_in_the_middle_of_the_request_body),
    cmocka_unit_test(continue_is_sent_when_asked_for),
};

TEST_MAIN(tests)
