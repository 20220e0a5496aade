/*
 * Scenarios in words: a row for each action, actor and client key, and the shipped ones as a whole.
 */
#include "cmocka_main.h"

#include <string.h>

#include "buf.h"
#include "catalogue.h"
#include "complaints.h"
#include "describe.h"

typedef void describe_function(struct buf *, const struct scenario *);

static void expect_words(const char *part, describe_function *describe, const char *wanted)
{
    struct buf text = { 0 }, got = { 0 };
    struct scenario_set set;
    struct complaints *complaints = complaints_new();
    buf_printf(&text, "{\"fakeproxy\": 1, \"id\": \"t/a\", %s}", part);
    if (scenario_load_text(text.at, text.len, "t.json", &set, complaints) < 0) {
        complaints_print(complaints, stderr);
        fail_msg("%s", part);
    }
    describe(&got, set.scenarios[0]);
    buf_char(&got, '\0');
    assert_string_equal(got.at, wanted);
    buf_free(&got);
    buf_free(&text);
    scenario_set_free(&set);
    complaints_free(complaints);
}

static void what_is_played(void **state)
{
    static const struct {
        const char *rule, *words;
    } rows[] = {
        { "\"times\": 1, \"do\": [\"forward\", {\"wait\": {\"idle\": \"200ms\"}}, \"reset\"]",
          "on the first request: forward it; then wait until it is idle for 200 ms; then reset "
          "(RST "
          "once all is acknowledged)" },
        { "\"name\": \"limit\", \"times\": 2, \"do\": [{\"respond\": {\"status\": 429, "
          "\"retry_after\": 1}}]",
          "rule limit, on the first 2 requests: answer 429, `Retry-After: 1`" },
        { "\"times\": 1, \"per\": \"target\", \"lasts\": \"1500ms\", \"do\": [\"reset\"]",
          "on the first request for a target, for 1500 ms from the first on: reset (RST once all "
          "is acknowledged)" },
        { "\"skip\": 1, \"times\": 1, \"when\": {\"method\": \"CONNECT\"}, \"do\": [{\"tunnel\": "
          "{\"status\": 201}}]",
          "after 1 such request, on the next request with method CONNECT: open a tunnel with the "
          "answer 201" },
        { "\"when\": {\"state\": \"late\"}, \"do\": [{\"send\": \"HTTP/1.1 204 No "
          "Content\\r\\n\\r\\n\"}, {\"set\": \"later\"}]",
          "on every request, in state `late`: send `HTTP/1.1 204 No Content\\r\\n\\r\\n`; then go "
          "to state `later`" },
        { "\"do\": [{\"respond\": {\"status\": 407, \"challenge\": [\"Basic realm=\\\"p\\\"\"], "
          "\"headers\": [[\"Connection\", \"close\"]], \"body\": {\"size\": 65536}, \"cut\": "
          "{\"after_body_bytes\": 10, \"with\": \"reset\"}}}]",
          "on every request: answer 407, challenge `Basic realm=\"p\"`, `Connection: close`, a "
          "body "
          "of 64 KiB, cut by an RST after 10 octets of the body" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf part = { 0 }, wanted = { 0 };
        buf_printf(&part, "\"proxy\": {\"rules\": [{\"on\": \"request\", %s}]}", rows[i].rule);
        buf_printf(&wanted, "proxy: %s", rows[i].words);
        buf_char(&part, '\0');
        buf_char(&wanted, '\0');
        expect_words(part.at, describe_played, wanted.at);
        buf_free(&part);
        buf_free(&wanted);
    }
}

static void what_an_actor_is(void **state)
{
    (void)state;
    expect_words("\"proxy\": {}", describe_played, "");
    expect_words("\"proxy\": {\"listen\": \"refused\"}", describe_played,
                 "proxy: refuses every connection");
    expect_words("\"origin\": {\"tls\": {\"certificate\": \"expired\"}}", describe_played,
                 "origin: shows an expired certificate");
    expect_words("\"proxy\": {\"auth\": {\"scheme\": \"digest\", \"users\": {\"u1\": \"p1\"}, "
                 "\"nonces\": [\"n1\", \"n2\"], \"uses\": 1}}",
                 describe_played,
                 "proxy: lets in with Digest credentials only (`u1:p1`), else answers 407; nonces "
                 "offered in turn: `n1`, `n2`; a nonce is good for 1 use, then stale");
}

static void what_the_client_is_asked_for(void **state)
{
    (void)state;
    expect_words("\"client\": {\"steps\": [{\"url\": \"http://{origin}/1\"}, {\"url\": "
                 "\"http://{origin}/2\", \"after\": {\"event\": \"close\", \"how\": \"reset\", "
                 "\"plus\": \"400ms\"}}]}",
                 describe_client,
                 "GET `http://{origin}/1`\nGET `http://{origin}/2`, after waiting for the close "
                 "with how reset and 400 ms more");
    expect_words("\"client\": {\"credentials\": [\"u1\", \"p1\"], \"retry\": {\"attempts\": 3, "
                 "\"base\": \"100ms\"}, \"redirects\": true, \"steps\": [{\"method\": \"POST\", "
                 "\"url\": \"http://{origin}/\", \"body\": {\"size\": 10}, \"copies\": 2}]}",
                 describe_client,
                 "set up with: proxy credentials `u1:p1`; retries on, 3 requests in all, first "
                 "pause 100 ms; follows redirects\nPOST `http://{origin}/` with a body of 10 "
                 "octets, 2 at once");
}

static void every_shipped_scenario_is_told(void **state)
{
    struct catalogue *c = catalogue_new(FP_SOURCE_DIR "/scenarios");
    (void)state;
    assert_true(c->count > 100);
    for (size_t i = 0; i < c->count; i++) {
        struct scenario_set set;
        struct complaints *complaints = complaints_new();
        assert_int_equal(scenario_load_file(c->entries[i].path, &set, complaints), 0);
        for (size_t k = 0; k < set.count; k++) {
            struct buf text = { 0 };
            describe_played(&text, set.scenarios[k]);
            describe_client(&text, set.scenarios[k]);
            buf_char(&text, '\0');
            if (text.len < 2 || strstr(text.at, ": \n") || strstr(text.at, "then ;") ||
                strstr(text.at, "  "))
                fail_msg("%s: %s", c->entries[i].id, text.at);
            buf_free(&text);
        }
        scenario_set_free(&set);
        complaints_free(complaints);
    }
    catalogue_free(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_played),
    cmocka_unit_test(what_an_actor_is),
    cmocka_unit_test(what_the_client_is_asked_for),
    cmocka_unit_test(every_shipped_scenario_is_told),
};

TEST_MAIN(tests)
