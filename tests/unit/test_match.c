/*
 * Match objects, as the loader compiles them, against a small journal: which of its events fit?
 */
#include "cmocka_main.h"

#include <stdlib.h>

#include "buf.h"
#include "complaints.h"
#include "match.h"
#include "scenario.h"

/* ---- globs ----------------------------------------------------------------------------------- */

static const struct {
    const char *pattern, *text;
    bool fits;
} globs[] = {
    { "", "", true },
    { "", "a", false },
    { "*", "", true },
    { "*", "abc", true },
    { "a*c", "abbc", true },
    { "a*c", "abcb", false },
    { "a*b*c", "aXbbYc", true },
    { "*ab", "aab", true },
    { "*aab", "aaab", true },
    { "a?c", "abc", false },
    { "a?c", "a?c", true },
    { "[a]", "[a]", true },
    { "/x?a=[1]*", "/x?a=[1]&b", true },
    { "A", "a", false },
    { "**a**", "bab", true },
    { "a*", "b", false },
    { "5*", "503", true },
    { "*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
};

static void globs_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++)
        if (match_glob(globs[i].pattern, strlen(globs[i].pattern), globs[i].text,
                       strlen(globs[i].text)) != globs[i].fits)
            fail_msg("%s on %s is not %d", globs[i].pattern, globs[i].text, globs[i].fits);
}

static void globs_take_octets(void **state)
{
    (void)state;
    assert_true(match_glob("a\0*", 3, "a\0b", 3));
    assert_false(match_glob("a", 1, "a\0", 2));
    assert_true(match_glob("\xE9*", 2, "\xE9\xFF", 2));
}

/* ---- the journal ----------------------------------------------------------------------------- */

enum { EVENTS = 11 };

static struct event_draft journal[EVENTS];

static void on_connection(struct event_draft *d, int64_t connection)
{
    event_number(d, FIELD_connection, connection);
}

static void request(struct event_draft *d, const char *at, int64_t connection, const char *method,
                    const char *path)
{
    static const char lines[] = "Host: o.test\r\nX-A: 1\r\nx-a:  two\r\n \t folded \r\nEmpty:\r\n"
                                "No-Colon\r\nOws : v\r\n";
    event_begin(d, EVENT_request, at);
    on_connection(d, connection);
    event_string(d, FIELD_method, method);
    event_string(d, FIELD_path, path);
    event_string(d, FIELD_rule, strcmp(at, "proxy") == 0 ? "first" : NULL);
    event_string(d, FIELD_header, lines);
    event_string(d, FIELD_nc, "00000001");
    event_string(d, FIELD_scheme,
                 strcmp(path, "/1") == 0 && strcmp(at, "proxy") == 0 ? "Basic" : NULL);
    event_flag(d, FIELD_uri_matches, strcmp(method, "GET") == 0);
}

static void outcome(struct event_draft *d, const char *step, int64_t took)
{
    event_begin(d, EVENT_outcome, "client");
    event_string(d, FIELD_step, step);
    event_number(d, FIELD_took, took);
}

static void fill_journal(void)
{
    event_begin(&journal[0], EVENT_accept, "proxy");
    on_connection(&journal[0], 1);
    request(&journal[1], "proxy", 1, "GET", "/1");
    event_begin(&journal[2], EVENT_response, "proxy");
    on_connection(&journal[2], 1);
    event_number(&journal[2], FIELD_status, 407);
    event_number(&journal[2], FIELD_promise, 2000000000);
    event_begin(&journal[3], EVENT_close, "proxy");
    on_connection(&journal[3], 1);
    event_string(&journal[3], FIELD_how, "reset");
    event_number(&journal[3], FIELD_unread, 0);
    event_begin(&journal[4], EVENT_accept, "b");
    on_connection(&journal[4], 7);
    request(&journal[5], "b", 7, "CONNECT", "/c");
    request(&journal[6], "origin", 3, "GET", "/1");
    event_number(&journal[6], FIELD_carrier, 7);
    event_string(&journal[6], FIELD_via, "forward");
    outcome(&journal[7], "1", 1500000000);
    event_number(&journal[7], FIELD_status, 200);
    event_string(&journal[7], FIELD_ends, "answer");
    event_string(&journal[7], FIELD_body, "whole");
    event_begin(&journal[8], EVENT_hello, "proxy");
    on_connection(&journal[8], 2);
    event_string(&journal[8], FIELD_alpn, "h2,http/1.1");
    event_flag(&journal[8], FIELD_resumed, true);
    outcome(&journal[9], "again", 250000000);
    event_string(&journal[9], FIELD_ends, "error");
    event_string(&journal[9], FIELD_kind, "reset");
    event_string(&journal[9], FIELD_error, "caf\xC3\xA9");
    event_string(&journal[9], FIELD_text, "Error: No");
    request(&journal[10], "proxy", 2, "GET", "/2");
    for (size_t i = 0; i < EVENTS; i++)
        journal[i].event.seq = i + 1;
}

/* ---- the environment ------------------------------------------------------------------------- */

static bool is_proxy(void *arg, const char *at)
{
    (void)arg;
    return strcmp(at, "proxy") == 0 || strcmp(at, "b") == 0;
}

static const char *value(void *arg, const char *name, size_t len, size_t *value_len)
{
    (void)arg;
    const char *found = len == 4 && memcmp(name, "case", 4) == 0 ? "1" : "?";
    *value_len = strlen(found);
    return found;
}

static const struct fp_event *first(void *arg, const struct match *m);
static const struct text_scope scope = { .value = value };
static const struct match_env env = { .first = first, .is_proxy = is_proxy, .scope = &scope };

static const struct fp_event *first(void *arg, const struct match *m)
{
    (void)arg;
    for (size_t i = 0; i < EVENTS; i++)
        if (match_event(m, &journal[i].event, &env))
            return &journal[i].event;
    return NULL;
}

/* ---- matches --------------------------------------------------------------------------------- */

static const struct {
    const char *match;
    const char *fits; /* places in the journal */
} matches[] = {
    /* events, actors */
    { "'event': 'accept'", "1 5" },
    { "'event': ['accept', 'close']", "1 4 5" },
    { "'event': 'request'", "2 6 11" },
    { "'event': 'request', 'at': 'origin'", "7" },
    { "'event': 'request', 'at': ['origin', 'b']", "6 7" },
    { "'event': 'request', 'at': '*'", "2 6 7 11" },
    { "'event': 'request', 'at': {'not': 'proxy'}", "6 7" },
    { "'event': 'request', 'at': {'as': {'event': 'close'}}", "2 11" },
    { "'event': 'request', 'at': {'not': {'as': {'event': 'close'}}}", "6 7" },
    { "'event': 'outcome'", "8 10" },
    /* equal, globs, numbers */
    { "'event': 'request', 'method': 'GET'", "2 11" },
    { "'event': 'request', 'method': 'get'", "" },
    { "'event': 'request', 'path': '/*'", "2 6 11" },
    { "'event': 'request', 'path': ['/2', '/c']", "6 11" },
    { "'event': 'response', 'status': 407", "3" },
    { "'event': 'response', 'status': '4*'", "3" },
    { "'event': 'response', 'status': '5*'", "" },
    { "'event': 'response', 'status': [401, 407]", "3" },
    { "'event': 'response', 'status': {'min': 400, 'max': 407}", "3" },
    { "'event': 'response', 'status': {'min': 408}", "" },
    { "'event': 'response', 'status': {'max': 407}", "3" },
    { "'event': 'response', 'status': {'not': 407}", "" },
    { "'event': 'request', 'nc': 1", "" },
    { "'event': 'request', 'nc': '00000001'", "2 6 11" },
    { "'event': 'request', 'connection': 2", "11" },
    { "'event': 'close', 'unread': 0", "4" },
    /* time */
    { "'event': 'outcome', 'took': 1.5", "8" },
    { "'event': 'outcome', 'took': '1500ms'", "8" },
    { "'event': 'outcome', 'took': {'max': '1s'}", "10" },
    { "'event': 'outcome', 'took': {'min': 0.25, 'max': 2}", "8 10" },
    { "'event': 'response', 'promise': '2s'", "3" },
    /* presence, flags */
    { "'event': 'outcome', 'status': true", "8" },
    { "'event': 'outcome', 'status': false", "10" },
    { "'event': 'outcome', 'status': {'not': true}", "10" },
    { "'event': 'request', 'uri_matches': true", "2 11" },
    { "'event': 'request', 'uri_matches': false", "6" },
    { "'event': 'request', 'auth': false", "2 6 11" },
    { "'event': 'hello', 'resumed': true", "9" },
    { "'event': 'hello', 'early_data': true", "" },
    { "'event': 'outcome', 'status': {'not': 200}", "10" },
    /* lists */
    { "'event': 'hello', 'alpn': 'h2'", "9" },
    { "'event': 'hello', 'alpn': 'http/*'", "9" },
    { "'event': 'hello', 'alpn': 'h3'", "" },
    { "'event': 'hello', 'alpn': {'not': 'h2'}", "" },
    { "'event': 'hello', 'alpn': {'not': 'h3'}", "9" },
    { "'event': 'hello', 'alpn': ['h3', 'h2']", "9" },
    { "'event': 'hello', 'alpn': true", "9" },
    { "'event': 'hello', 'versions': false", "9" },
    /* as */
    { "'event': 'request', 'connection': {'as': {'event': 'close'}}", "2" },
    { "'event': 'request', 'connection': {'as': {'rule': 'first'}}", "2" },
    { "'event': 'request', 'connection': {'not': {'as': {'rule': 'first'}}}", "6 11" },
    { "'event': 'request', 'at': 'origin', 'carrier': {'as': {'event': 'request', 'at': 'b'}, "
      "'field': 'connection'}",
      "7" },
    { "'event': 'request', 'path': {'as': {'event': 'request', 'at': 'origin'}}", "2" },
    { "'event': 'request', 'user': {'as': {'event': 'request'}}", "" },
    { "'event': 'request', 'connection': {'as': {'event': 'alert'}}", "" },
    /* after, before, any, not */
    { "'event': 'accept', 'after': {'event': 'close'}", "5" },
    { "'event': 'accept', 'before': {'event': 'close'}", "1" },
    { "'event': 'accept', 'after': {'event': 'alert'}", "" },
    { "'event': 'accept', 'before': {'event': 'alert'}", "1 5" },
    { "'event': 'close', 'after': {'event': 'close'}", "" },
    { "'event': 'request', 'after': {'event': 'close'}, 'before': {'event': 'hello'}", "6" },
    { "'event': 'request', 'any': [{'method': 'CONNECT'}, {'path': '/2'}]", "6 11" },
    { "'event': 'request', 'at': 'origin', 'any': [{'path': '/1'}]", "7" },
    { "'event': 'outcome', 'any': [{'status': 200}, {'kind': 'reset'}]", "8 10" },
    { "'event': 'outcome', 'not': {'ends': 'answer', 'status': '2*'}", "10" },
    { "'event': 'request', 'not': {'method': 'GET'}", "6" },
    { "'event': 'request', 'at': 'b', 'not': {'method': 'GET'}", "6" },
    /* steps by number or name, what clients say */
    { "'event': 'outcome', 'step': 1", "8" },
    { "'event': 'outcome', 'step': 2", "10" },
    { "'event': 'outcome', 'step': 'again'", "10" },
    { "'event': 'outcome', 'error': 'caf\xC3\xA9'", "10" },
    /* case: schemes, and the words of an error, have none */
    { "'event': 'request', 'scheme': 'basic'", "2" },
    { "'event': 'request', 'scheme': 'BASIC'", "2" },
    { "'event': 'request', 'scheme': {'not': ['bAsic', 'Digest']}", "6 11" },
    { "'event': 'request', 'path': '/C'", "" },
    { "'event': 'outcome', 'error': 'CAF*'", "10" },
    { "'event': 'outcome', 'text': 'ERROR: no'", "10" },
    { "'event': 'outcome', 'ends': ['answer', 'error'], 'not': {'error': 'Caf\xC3\xA9'}", "8" },
    /* placeholders */
    { "'event': 'request', 'path': '/{case}'", "2" },
    { "'event': 'request', 'path': '/{{case}'", "" },
    /* field lines */
    { "'event': 'request', 'at': 'b', 'header': {'host': 'o.test'}", "6" },
    { "'event': 'request', 'at': 'b', 'header': {'HOST': '*'}", "6" },
    { "'event': 'request', 'at': 'b', 'header': {'x-a': '1'}", "6" },
    { "'event': 'request', 'at': 'b', 'header': {'x-a': 'two folded'}", "6" },
    { "'event': 'request', 'at': 'b', 'header': {'x-a': 'two'}", "" },
    { "'event': 'request', 'at': 'b', 'header': {'x-a': {'not': '1'}}", "" },
    { "'event': 'request', 'at': 'b', 'header': {'x-a': {'not': '3'}}", "6" },
    { "'event': 'request', 'at': 'b', 'header': {'x-a': ['3', '1']}", "6" },
    { "'event': 'request', 'at': 'b', 'header': {'x-a': {'lines': 2}}", "6" },
    { "'event': 'request', 'at': 'b', 'header': {'x-a': {'lines': {'max': 1}}}", "" },
    { "'event': 'request', 'at': 'b', 'header': {'nope': {'lines': 0}}", "6" },
    { "'event': 'request', 'at': 'b', 'header': {'nope': false}", "6" },
    { "'event': 'request', 'at': 'b', 'header': {'nope': true}", "" },
    { "'event': 'request', 'at': 'b', 'header': {'empty': ''}", "6" },
    { "'event': 'request', 'at': 'b', 'header': {'empty': true}", "6" },
    { "'event': 'request', 'at': 'b', 'header': {'no-colon': true}", "6" },
    { "'event': 'request', 'at': 'b', 'header': {'ows': 'v'}", "6" },
    { "'event': 'request', 'at': 'b', 'header': {'host': 'o.test', 'nope': true}", "" },
    { "'event': 'request', 'at': 'b', 'header': {'x-a': '{case}'}", "6" },
    { "'event': 'outcome', 'header': {'host': false}", "8 10" },
};

static char *scenario_with(const char *match)
{
    struct buf b = { 0 };
    buf_printf(&b,
               "{'fakeproxy': 1, 'id': 'a/b', 'title': 't', 'layer': 'client', 'proxies': {'b': "
               "{}}, 'proxy': {'rules': [{'name': 'first', 'on': 'request', 'do': []}]}, 'client': "
               "{'steps': [{'url': 'http://{origin}/'}, {'name': 'again', 'url': "
               "'http://{origin}/'}]}, 'expect': {'c': {'level': 'info', 'count': {%s}}}}",
               match);
    buf_char(&b, '\0');
    for (char *c = b.at; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    return b.at;
}

static void fits(const struct match *m, struct buf *out)
{
    for (size_t i = 0; i < EVENTS; i++)
        if (match_event(m, &journal[i].event, &env))
            buf_printf(out, "%s%zu", out->len ? " " : "", i + 1);
    buf_char(out, '\0');
}

static void matches_fit(void **state)
{
    (void)state;
    fill_journal();
    for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
        struct complaints *complaints = complaints_new();
        struct scenario_set set;
        struct buf found = { 0 };
        char *text = scenario_with(matches[i].match);
        if (scenario_load_text(text, strlen(text), "match", &set, complaints) < 0) {
            complaints_print(complaints, stderr);
            fail_msg("%s: not loaded", matches[i].match);
        }
        fits(set.scenarios[0]->checks[0].count.match, &found);
        if (strcmp(found.at, matches[i].fits) != 0)
            fail_msg("%s: found %s, expected %s", matches[i].match, found.at, matches[i].fits);
        buf_free(&found);
        free(text);
        scenario_set_free(&set);
        complaints_free(complaints);
    }
}

/* A rule's `when` is judged before its event is stored: it is later than all that are. */
static void an_event_not_stored_is_later(void **state)
{
    (void)state;
    fill_journal();
    struct event_draft new;
    request(&new, "b", 8, "GET", "/new");
    struct match anchor = { .events = 1U << EVENT_accept, .at_any = true, .watch = -1 };
    struct match after = { .events = 1U << EVENT_request, .after = &anchor, .watch = -1 };
    struct match before = { .events = 1U << EVENT_request, .before = &anchor, .watch = -1 };
    assert_true(match_event(&after, &new.event, &env));
    assert_false(match_event(&before, &new.event, &env));
}

/* clang-format off: CMake reads one test a line */
static const struct CMUnitTest tests[] = {
    cmocka_unit_test(globs_fit),
    cmocka_unit_test(globs_take_octets),
    cmocka_unit_test(matches_fit),
    cmocka_unit_test(an_event_not_stored_is_later),
};
/* clang-format on */

TEST_MAIN(tests)
