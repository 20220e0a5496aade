/*
 * The gate as clients meet it: raw dialogues, and what the journal says of them.
 */
#include "e2e.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "digest.h"

#define BASIC "'auth':{'scheme':'basic','realm':'p','users':{'u1':'p1','u2':'p2'}}"
#define PA    "Proxy-Authorization: Basic dTE6cDE=\r\n"
#define PA2   "Proxy-Authorization: Basic dTI6cDI=\r\n"

/* GET of /x through the proxy with those field lines. */
static void ask(struct peer *c, const char *fields)
{
    send_format(c, "GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\n%s\r\n", fields);
}

static void missing_then_ok(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{" BASIC "}}");
    struct peer *c = dial(p->proxy);
    ask(c, "");
    const char *head = expect_head(c, "HTTP/1.1 407 Proxy Authentication Required\r\n");
    assert_string_equal(field_of(head, "Proxy-Authenticate"), "Basic realm=\"p\"");
    expect_no_field(head, "WWW-Authenticate");
    expect_no_field(head, "Connection");
    char *body = strdup(field_of(head, "Content-Length"));
    expect_number(atoi(body), strlen("proxy 407 01234567"));
    free(body);
    char mark[32] = "";
    expect_number(peer_read(c, mark, 18, PEER_PATIENCE), 18);
    expect_in(mark, "proxy 407 ");
    ask(c, PA);
    expect_in(expect_answer(c, 200), "origin 200");
    hang_up(c);
    find_event(p, "request", "exchange", "1", "auth", "missing", "rule", "gate", NULL);
    find_event(p, "rule", "exchange", "1", "rule", "gate", "completed", "true", NULL);
    find_event(p, "request", "at", "proxy", "exchange", "2", "auth", "ok", "scheme", "basic",
               "user", "u1", NULL);
    find_event(p, "unscripted", "at", "proxy", "exchange", "2", NULL);
    expect_number(count_events(p, "unscripted", "at", "proxy", "exchange", "1", NULL), 0);
    const cJSON *at_origin = find_event(p, "request", "at", "origin", NULL);
    char *text = cJSON_PrintUnformatted(at_origin);
    assert_null(strstr(text, "Proxy-Authorization"));
    assert_null(strstr(text, "\"auth\""));
    free(text);
    stop(p);
}

static void connect_then_ok(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{" BASIC "}}");
    struct peer *c = dial(p->proxy);
    send_str(c, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
    expect_in(expect_answer(c, 407), "proxy 407");
    send_str(c, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n" PA "\r\n");
    expect_head(c, "HTTP/1.1 200");
    start_tls(c, p, "a.test");
    send_str(c, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    expect_in(expect_answer(c, 200), "origin 200");
    hang_up(c);
    stop(p);
}

static void at_the_origin(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{" BASIC "},'origin':{'auth':{'scheme':'basic','realm':'o',"
                           "'users':{'u9':'p9'}}}}");
    struct peer *c = dial(p->proxy);
    ask(c, PA);
    const char *head = expect_head(c, "HTTP/1.1 401 Unauthorized\r\n");
    assert_string_equal(field_of(head, "WWW-Authenticate"), "Basic realm=\"o\"");
    expect_no_field(head, "Proxy-Authenticate");
    hang_up(c);
    c = dial(p->proxy);
    ask(c, PA "Authorization: Basic dTk6cDk=\r\n"); /* u9:p9 */
    expect_in(expect_answer(c, 200), "origin 200");
    hang_up(c);
    find_event(p, "request", "at", "origin", "connection", "1", "auth", "missing", "rule", "gate",
               NULL);
    find_event(p, "request", "at", "origin", "auth", "ok", "user", "u9", NULL);
    stop(p);
}

/* Rules come before the gate, and know its finding. */
static void rules_before_the_gate(void **state)
{
    (void)state;
    struct play *p =
        start("{'proxy':{" BASIC ",'rules':["
              "{'name':'mine','on':'request','when':{'auth':'missing'},'times':1,'do':["
              "{'respond':{'status':407,'challenge':true,'headers':[['Connection','close']]}}]},"
              "{'name':'open','on':'request','when':{'auth':'wrong'},'do':["
              "{'respond':{'status':403,'body':'not {user}'}}]}]}}");
    struct peer *c = dial(p->proxy);
    ask(c, "");
    const char *head = expect_head(c, "HTTP/1.1 407 ");
    assert_string_equal(field_of(head, "Proxy-Authenticate"), "Basic realm=\"p\"");
    assert_string_equal(field_of(head, "Connection"), "close");
    hang_up(c);
    c = dial(p->proxy);
    ask(c, "Proxy-Authorization: Basic dTE6bm8=\r\n");
    assert_string_equal(expect_answer(c, 403), "not u1");
    ask(c, "");
    expect_answer(c, 407);
    hang_up(c);
    find_event(p, "request", "rule", "mine", "auth", "missing", NULL);
    find_event(p, "request", "rule", "open", "auth", "wrong", "why", "the password*", NULL);
    find_event(p, "request", "rule", "gate", "auth", "missing", NULL);
    stop(p);
}

static void challenges_in_a_list(void **state)
{
    (void)state;
    struct play *p = start_list(
        "[{'respond':{'status':407,'challenge':['Negotiate',{'scheme':'digest','realm':'r',"
        "'nonces':['n1'],'users':{}},{'scheme':'basic','realm':'p','users':{}}]}}]");
    struct peer *c = dial(p->proxy);
    ask(c, "");
    const char *head = expect_head(c, "HTTP/1.1 407 ");
    expect_in(head, "\r\nProxy-Authenticate: Negotiate\r\n"
                    "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\"\r\n"
                    "Proxy-Authenticate: Basic realm=\"p\"\r\n");
    hang_up(c);
    find_event(p, "close", "at", "proxy", "by", "client", NULL);
    expect_number(count_events(p, "request", "auth", "*", NULL), 0);
    stop(p);
}

static void several_gates(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{'auth':[{'scheme':'digest','realm':'r','nonces':['n1'],"
                           "'algorithm':'SHA-256','users':{'u1':'p1'}},"
                           "{'scheme':'basic','realm':'p','users':{'u1':'p1'}},"
                           "{'scheme':'bearer','tokens':['t0k']}]}}");
    struct peer *c = dial(p->proxy);
    ask(c, "");
    expect_in(expect_head(c, "HTTP/1.1 407 "),
              "\r\nProxy-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\", "
              "algorithm=SHA-256\r\n"
              "Proxy-Authenticate: Basic realm=\"p\"\r\n"
              "Proxy-Authenticate: Bearer realm=\"fakeproxy\"\r\n");
    hang_up(c);
    c = dial(p->proxy);
    ask(c, "Proxy-Authorization: Bearer t0k\r\n");
    expect_answer(c, 200);
    ask(c, PA);
    expect_answer(c, 200);
    ask(c, "Proxy-Authorization: Hawk id=\"x\"\r\n");
    expect_answer(c, 407);
    hang_up(c);
    find_event(p, "request", "scheme", "hawk", "auth", "wrong", NULL);
    stop(p);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static void refused_head(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{" BASIC "}}");
    struct peer *c = dial(p->proxy);
    send_str(c, "HEAD http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_string_equal(field_of(expect_head(c, "HTTP/1.1 407 "), "Content-Length"), "18");
    ask(c, PA);
    expect_answer(c, 200);
    hang_up(c);
    stop(p);
}

static void refused_upload_is_read(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{" BASIC "}}");
    struct peer *c = dial(p->proxy);
    send_str(c, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 70000\r\n\r\n");
    expect_silence(c, 50);
    send_body(c, 70000);
    expect_answer(c, 407);
    ask(c, PA);
    expect_answer(c, 200);
    hang_up(c);
    find_event(p, "body", "rule", "gate", "bytes", "70000", "whole", "true", NULL);
    stop(p);
}

static void expectation_is_refused_at_once(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{" BASIC "}}");
    struct peer *c = dial(p->proxy);
    send_str(c, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1048576\r\n"
                "Expect: 100-continue\r\n\r\n");
    assert_string_equal(field_of(expect_head(c, "HTTP/1.1 407 "), "Connection"), "close");
    char mark[32];
    expect_number(peer_read(c, mark, 18, PEER_PATIENCE), 18);
    expect_eof(c);
    hang_up(c);
    find_event(p, "close", "at", "proxy", "by", "client", NULL);
    expect_number(count_events(p, "response", "status", "100", NULL), 0);
    stop(p);
}

static void a_bad_request_is_no_matter_of_credentials(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{" BASIC "}}");
    struct peer *c = dial(p->proxy);
    send_str(c, "GET /origin-form HTTP/1.1\r\nHost: a.test\r\n\r\n");
    expect_answer(c, 400);
    hang_up(c);
    stop(p);
}

static void two_field_lines(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{" BASIC "}}");
    struct peer *c = dial(p->proxy);
    ask(c, PA PA);
    expect_answer(c, 407);
    hang_up(c);
    find_event(p, "request", "auth", "malformed", "why", "there is more than one*", NULL);
    stop(p);
}

/* ---- users ----------------------------------------------------------------------------------- */

static void counters_by_user(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{" BASIC ",'rules':[{'on':'request','when':{'auth':'ok'},"
                           "'per':'user','times':1,'do':[{'respond':{'status':429}}]}]}}");
    struct peer *c = dial(p->proxy);
    static const struct {
        const char *fields;
        int status;
    } rows[] = { { PA, 429 }, { PA, 200 }, { PA2, 429 }, { PA2, 200 }, { PA, 200 } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask(c, rows[i].fields);
        expect_answer(c, rows[i].status);
    }
    hang_up(c);
    stop(p);
}

static void credentials_are_told_without_a_gate(void **state)
{
    (void)state;
    struct play *p = start("{}");
    struct peer *c = dial(p->proxy);
    ask(c, PA);
    expect_answer(c, 200);
    hang_up(c);
    const cJSON *e = find_event(p, "request", "at", "proxy", "scheme", "basic", "user", "u1", NULL);
    assert_null(cJSON_GetObjectItem(e, "auth"));
    stop(p);
}

/* ---- Digest ---------------------------------------------------------------------------------- */

struct answer {
    const char *method, *uri, *nonce, *nc, *qop, *content, *password;
};

static struct http_slice slice(const char *z)
{
    return (struct http_slice){ z, strlen(z) };
}

/* The field line of a client that follows RFC 7616. */
static const char *answer(struct answer a)
{
    static char line[512];
    char response[DIGEST_HEX];
    struct digest_input in = { .user = slice("u1"),
                               .password = slice(a.password ? a.password : "p1"),
                               .realm = slice("r"),
                               .nonce = slice(a.nonce),
                               .nc = slice(a.nc),
                               .cnonce = slice("c"),
                               .qop = slice(a.qop ? a.qop : "auth"),
                               .method = slice(a.method ? a.method : "GET"),
                               .uri = slice(a.uri ? a.uri : "http://a.test/x"),
                               .content = slice(a.content ? a.content : "") };
    digest_response((struct digest_algorithm){ DIGEST_MD5, false }, &in, response);
    snprintf(line, sizeof(line),
             "Proxy-Authorization: Digest username=\"u1\", realm=\"r\", nonce=\"%s\", uri=\"%s\", "
             "qop=%s, nc=%s, cnonce=\"c\", response=\"%s\"\r\n",
             a.nonce, in.uri.at, in.qop.at, a.nc, response);
    return line;
}

#define DIGEST(more)                                                                               \
    "{'proxy':{'auth':{'scheme':'digest','realm':'r','users':{'u1':'p1'}" more "}}}"

static void stale_and_the_next_nonce(void **state)
{
    (void)state;
    struct play *p = start(DIGEST(",'nonces':['n1','n2'],'uses':1"));
    struct peer *c = dial(p->proxy);
    ask(c, "");
    expect_in(field_of(expect_head(c, "HTTP/1.1 407 "), "Proxy-Authenticate"), "nonce=\"n1\"");
    hang_up(c);
    c = dial(p->proxy);
    ask(c, answer((struct answer){ .nonce = "n1", .nc = "00000001" }));
    expect_answer(c, 200);
    ask(c, answer((struct answer){ .nonce = "n1", .nc = "00000002" }));
    const char *challenge = field_of(expect_head(c, "HTTP/1.1 407 "), "Proxy-Authenticate");
    expect_in(challenge, "nonce=\"n2\"");
    expect_in(challenge, "stale=true");
    hang_up(c);
    c = dial(p->proxy);
    ask(c, answer((struct answer){ .nonce = "n2", .nc = "00000001" }));
    expect_answer(c, 200);
    hang_up(c);
    find_event(p, "request", "auth", "ok", "nonce", "n1", "nc", "00000001", "qop", "auth",
               "uri_matches", "true", NULL);
    find_event(p, "request", "auth", "stale", "nonce", "n1", "nc", "00000002", NULL);
    find_event(p, "response", "status", "407", "stale", "true", NULL);
    find_event(p, "request", "auth", "ok", "nonce", "n2", NULL);
    expect_number(count_events(p, "response", "stale", "true", NULL), 1);
    stop(p);
}

static void replayed_wrong_and_elsewhere(void **state)
{
    (void)state;
    struct play *p = start(DIGEST(",'nonces':['n1'],'unique_nc':true,'strict_uri':true"));
    struct peer *c = dial(p->proxy);
    const struct {
        struct answer answer;
        int status;
    } rows[] = {
        { { .nonce = "n1", .nc = "00000001" }, 200 },
        { { .nonce = "n1", .nc = "00000001" }, 407 },
        { { .nonce = "n1", .nc = "00000002", .uri = "/x" }, 407 },
        { { .nonce = "n1", .nc = "00000002", .password = "p2" }, 407 },
        { { .nonce = "n1", .nc = "2" }, 407 },
        { { .nonce = "n1", .nc = "00000002" }, 200 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask(c, answer(rows[i].answer));
        expect_answer(c, rows[i].status);
    }
    hang_up(c);
    find_event(p, "request", "exchange", "2", "auth", "replayed", "uri_matches", "true", NULL);
    find_event(p, "request", "exchange", "3", "auth", "wrong", "uri_matches", "false", "uri", "/x",
               NULL);
    find_event(p, "request", "exchange", "4", "auth", "wrong", "uri_matches", "true", NULL);
    find_event(p, "request", "exchange", "5", "auth", "malformed", NULL);
    stop(p);
}

/* ---- auth-int -------------------------------------------------------------------------------- */

#define POST "POST http://a.test/x HTTP/1.1\r\nHost: a.test\r\n%s%s\r\n"

static struct answer protects(const char *content, const char *nc)
{
    return (struct answer){
        .nonce = "n1", .nc = nc, .qop = "auth-int", .method = "POST", .content = content
    };
}

static void content_is_judged_and_forwarded(void **state)
{
    (void)state;
    struct play *p = start(DIGEST(",'nonces':['n1'],'qop':['auth','auth-int']"));
    struct peer *c = dial(p->proxy);
    send_format(c, POST, "Content-Length: 10\r\n", answer(protects("0123456789", "00000001")));
    send_str(c, "01234");
    expect_silence(c, 50);
    send_str(c, "56789");
    expect_answer(c, 200);
    send_format(c, POST, "Transfer-Encoding: chunked\r\n",
                answer(protects("0123456789", "00000002")));
    send_str(c, "4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n");
    expect_answer(c, 200);
    send_format(c, POST, "Content-Length: 10\r\n", answer(protects("0123456789", "00000003")));
    send_str(c, "012345678X");
    expect_answer(c, 407);
    hang_up(c);
    find_event(p, "body", "at", "origin", "exchange", "1", "bytes", "10", "whole", "true", NULL);
    find_event(p, "body", "at", "origin", "exchange", "2", "bytes", "10", "whole", "true", NULL);
    find_event(p, "request", "exchange", "3", "auth", "wrong", "qop", "auth-int", NULL);
    stop(p);
}

static void content_that_waits_for_a_100(void **state)
{
    (void)state;
    struct play *p = start(DIGEST(",'nonces':['n1'],'qop':'auth-int'"));
    struct peer *c = dial(p->proxy);
    send_format(c, POST, "Content-Length: 5\r\nExpect: 100-continue\r\n",
                answer(protects("hello", "00000001")));
    expect_head(c, "HTTP/1.1 100 Continue");
    send_str(c, "hello");
    expect_answer(c, 200);
    hang_up(c);
    stop(p);
}

static void content_that_breaks_off(void **state)
{
    (void)state;
    struct play *p = start(DIGEST(",'nonces':['n1'],'qop':'auth-int'"));
    struct peer *c = dial(p->proxy);
    send_format(c, POST, "Content-Length: 5\r\n", answer(protects("hello", "00000001")));
    send_str(c, "hel");
    shutdown(c->fd, SHUT_WR);
    expect_answer(c, 407);
    hang_up(c);
    find_event(p, "request", "auth", "malformed", "why", "the content*", NULL);
    stop(p);
}

static void content_reset_while_it_is_read(void **state)
{
    (void)state;
    struct play *p = start(DIGEST(",'nonces':['n1'],'qop':'auth-int'"));
    struct peer *c = dial(p->proxy);
    send_format(c, POST, "Content-Length: 5\r\n", answer(protects("hello", "00000001")));
    find_event(p, "bytes", NULL);
    peer_abort(c);
    hang_up(c);
    find_event(p, "close", "by", "client", "how", "reset", NULL);
    stop(p);
}

/* ---- NTLM ------------------------------------------------------------------------------------ */

#define LEG1 "Proxy-Authorization: NTLM TlRMTVNTUAABAAAABoIIAAAAAAAAAAAAAAAAAAAAAAA=\r\n"
#define LEG3                                                                                       \
    "Proxy-Authorization: NTLM "                                                                   \
    "TlRMTVNTUAADAAAAGAAYAEAAAAAYABgAWAAAAAAAAABwAAAABAAEAHAAAAAWABYAdAAAAAAAAAAAAAAABQKCAPjD4kgX" \
    "D8gfyzKG6tImZ8IESWqA81Ffuk3IpOUJb+x8FJ3DpJKaN3vwKyFYje3+s3UAMQBXAE8AUgBLAFMAVABBAFQASQBPAE4A" \
    "\r\n"

static void ntlm_is_bound_to_its_connection(void **state)
{
    (void)state;
    struct play *p = start("{'proxy':{'auth':[{'scheme':'ntlm','users':{'u1':'p1'}},"
                           "{'scheme':'basic','users':{}}]}}");
    struct peer *a = dial(p->proxy), *b = dial(p->proxy);
    ask(a, "");
    expect_in(expect_head(a, "HTTP/1.1 407 "),
              "\r\nProxy-Authenticate: NTLM\r\nProxy-Authenticate: Basic realm=\"fakeproxy\"\r\n");
    char mark[32];
    expect_number(peer_read(a, mark, 18, PEER_PATIENCE), 18);
    ask(a, LEG1);
    const char *head = expect_head(a, "HTTP/1.1 407 ");
    expect_in(field_of(head, "Proxy-Authenticate"), "NTLM TlRMTVNTUAACAAAA");
    assert_null(strstr(head, "Basic"));
    expect_number(peer_read(a, mark, 18, PEER_PATIENCE), 18);
    ask(b, LEG3); /* on the wrong connection: it starts again */
    expect_in(expect_head(b, "HTTP/1.1 407 "), "\r\nProxy-Authenticate: NTLM\r\n");
    ask(a, LEG3);
    expect_answer(a, 200);
    ask(a, "");
    expect_answer(a, 200);
    hang_up(a);
    hang_up(b);
    find_event(p, "request", "connection", "1", "exchange", "2", "auth", "missing", NULL);
    find_event(p, "request", "connection", "1", "exchange", "3", "auth", "ok", "user", "u1", NULL);
    find_event(p, "request", "connection", "1", "exchange", "4", "auth", "ok", "user", "u1", NULL);
    find_event(p, "request", "connection", "2", "auth", "stale", "user", "u1", NULL);
    stop(p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(missing_then_ok),
    cmocka_unit_test(connect_then_ok),
    cmocka_unit_test(at_the_origin),
    cmocka_unit_test(rules_before_the_gate),
    cmocka_unit_test(challenges_in_a_list),
    cmocka_unit_test(several_gates),
    cmocka_unit_test(refused_head),
    cmocka_unit_test(refused_upload_is_read),
    cmocka_unit_test(expectation_is_refused_at_once),
    cmocka_unit_test(a_bad_request_is_no_matter_of_credentials),
    cmocka_unit_test(two_field_lines),
    cmocka_unit_test(counters_by_user),
    cmocka_unit_test(credentials_are_told_without_a_gate),
    cmocka_unit_test(stale_and_the_next_nonce),
    cmocka_unit_test(replayed_wrong_and_elsewhere),
    cmocka_unit_test(content_is_judged_and_forwarded),
    cmocka_unit_test(content_that_waits_for_a_100),
    cmocka_unit_test(content_that_breaks_off),
    cmocka_unit_test(content_reset_while_it_is_read),
    cmocka_unit_test(ntlm_is_bound_to_its_connection),
};

TEST_MAIN(tests)
