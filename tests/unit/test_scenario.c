/*
 * The loader: what stands in the model after a good file was read. What is refused is in
 * tests/invalid, one file each.
 */
#include "cmocka_main.h"

#include "complaints.h"
#include "scenario.h"
#include <dirent.h>

/* ---- loading --------------------------------------------------------------------------------- */

static void load(const char *name, struct scenario_set *set)
{
    char path[512];
    struct complaints *complaints = complaints_new();
    snprintf(path, sizeof(path), "%s/tests/valid/%s", FP_SOURCE_DIR, name);
    int result = scenario_load_file(path, set, complaints);
    if (result < 0)
        complaints_print(complaints, stderr);
    assert_int_equal(result, 0);
    assert_int_equal(complaints_count(complaints), 0);
    complaints_free(complaints);
}

static void expect_text(const struct text *t, const char *expected, size_t len)
{
    assert_int_equal(t->len, len);
    assert_memory_equal(t->octets, expected, len);
}

#define EXPECT_TEXT(text, literal) expect_text(&(text), literal, sizeof(literal) - 1)

static void valid_files_load(void **state)
{
    (void)state;
    size_t count = 0;
    DIR *folder = opendir(FP_SOURCE_DIR "/tests/valid");
    assert_non_null(folder);
    for (struct dirent *e; (e = readdir(folder));) {
        struct scenario_set set;
        if (!strstr(e->d_name, ".json"))
            continue;
        load(e->d_name, &set);
        assert_true(set.count > 0);
        scenario_set_free(&set);
        count++;
    }
    closedir(folder);
    assert_true(count >= 11);
}

static void a_missing_file_is_a_complaint(void **state)
{
    (void)state;
    struct complaints *complaints = complaints_new();
    struct scenario_set set;
    assert_int_equal(scenario_load_file("/nonexistent.json", &set, complaints), -1);
    assert_int_equal(complaints_count(complaints), 1);
    scenario_set_free(&set);
    complaints_free(complaints);
}

/* ---- the first example ----------------------------------------------------------------------- */

static void idle_reset(void **state)
{
    (void)state;
    struct scenario_set set;
    load("transport-idle-reset.json", &set);
    assert_int_equal(set.count, 1);
    const struct scenario *s = set.scenarios[0];
    assert_string_equal(s->id, "transport/idle-reset");
    assert_null(s->variant);
    assert_int_equal(s->actor_count, 2);
    assert_true(s->actors[SCENARIO_PROXY].is_proxy);
    assert_false(s->actors[SCENARIO_PROXY].tls.on);
    assert_true(s->actors[SCENARIO_ORIGIN].tls.on);
    const struct rule *r = &s->actors[SCENARIO_PROXY].rules[0];
    assert_string_equal(r->name, "first");
    assert_int_equal(r->times, 1);
    assert_int_equal(r->fault_action, 2);
    assert_int_equal(r->action_count, 3);
    assert_int_equal(r->actions[0].kind, ACTION_FORWARD);
    assert_int_equal(r->actions[0].forward.to, -1);
    assert_int_equal(r->actions[1].wait.kind, CONDITION_IDLE);
    assert_int_equal(r->actions[1].wait.time, 200000000);
    assert_int_equal(r->actions[2].kind, ACTION_RESET);
    assert_int_equal(r->actions[2].ending.within, 5000000000);
    assert_int_equal(s->client.keys.proxy, SCENARIO_PROXY);
    assert_int_equal(s->client.keys.total, 10000000000);
    assert_int_equal(s->client.keys.given, 0);
    assert_int_equal(s->client.watch, 300000000);
    assert_int_equal(s->client.steps[1].after.plus, 400000000);
    assert_int_equal(s->client.steps[1].after.match->watch, 0);
    assert_int_equal(s->watch_count, 1);
    assert_int_equal(s->check_count, 2);
    assert_int_equal(s->checks[1].level, LEVEL_MUST_POLICY);
    assert_int_equal(s->checks[1].count.max, 2);
    assert_int_equal(s->checks[1].count.min, -1);
    assert_int_equal(s->checks[1].count.match->watch, -1);
    assert_string_equal(s->needs[0], "keep-alive");
    assert_string_equal(s->needs[1], "absolute-form");
    assert_null(s->needs[2]);
    assert_int_equal(s->house.storm, 25);
    assert_true(s->house.reach);
    scenario_set_free(&set);
}

/* ---- every key ------------------------------------------------------------------------------- */

static void actors(void **state)
{
    (void)state;
    struct scenario_set set;
    load("everything-rules.json", &set);
    const struct scenario *s = set.scenarios[0];
    assert_string_equal(s->about, "Braces are written {like this}.");
    assert_int_equal(s->actor_count, 5);
    assert_int_equal(scenario_actor(s, "c"), 3);
    assert_int_equal(scenario_actor(s, "o2"), 4);
    assert_int_equal(scenario_actor(s, "nope"), -1);
    assert_int_equal(s->actors[2].listen, LISTEN_REFUSED);
    assert_int_equal(s->actors[3].listen, LISTEN_BLACKHOLE);
    const struct actor *p = &s->actors[SCENARIO_PROXY];
    assert_int_equal(p->listen, LISTEN_LATE);
    assert_int_equal(p->open_after, 300000000);
    assert_int_equal(p->tls.certificate, CERT_EXPIRED);
    assert_int_equal(p->tls.name_count, 2);
    assert_true(p->tls.names[0].has_placeholder);
    assert_int_equal(p->tls.min_version, 0x0303);
    assert_int_equal(p->tls.max_version, 0x0304);
    assert_int_equal(p->tls.tickets, 0);
    assert_int_equal(p->tls.early_data, 16384);
    assert_int_equal(s->actors[SCENARIO_ORIGIN].tls.tickets, -1);
    assert_int_equal(p->gate_count, 3);
    assert_int_equal(p->gates[0].uses, 0);
    assert_string_equal(p->gates[0].qop, "auth,auth-int");
    assert_string_equal(p->gates[0].nonces[1], "n2");
    assert_string_equal(p->gates[1].users[1].password, "{x}");
    assert_true(p->gates[1].uses == UINT64_MAX);
    assert_null(p->gates[1].nonces);
    assert_string_equal(p->gates[2].tokens[0], "t0k");
    assert_int_equal(p->exits_by, EXITS_BY_USER);
    assert_string_equal(p->exits[1], "x2");
    assert_int_equal(p->promises, PROMISE_HOST);
    scenario_set_free(&set);
}

static void rules(void **state)
{
    (void)state;
    struct scenario_set set;
    load("everything-rules.json", &set);
    const struct rule *r = set.scenarios[0]->actors[SCENARIO_PROXY].rules;
    assert_int_equal(r[0].on, EVENT_hello);
    assert_string_equal(r[0].actions[0].alert, "handshake_failure");
    assert_string_equal(r[1].name, "rule-2");
    assert_false(r[1].is_fault);
    assert_int_equal(r[1].fault_action, -1);
    assert_int_equal(r[2].skip, 1);
    assert_int_equal(r[2].lasts, 2000000000);
    assert_int_equal(r[1].lasts, 0);
    assert_int_equal(r[2].per, SCOPE_CONNECTION);
    assert_int_equal(r[2].fault_action, 7); /* the first respond */
    EXPECT_TEXT(r[2].state, "start");
    assert_int_equal(r[2].rate_over.limit, 3);
    assert_int_equal(r[2].rate_over.per, 2000000000);
    assert_int_equal(r[2].rate_over.by, SCOPE_EXIT);
    assert_true(r[2].chance == 0.5);
    assert_int_equal(r[2].when.events, 1U << EVENT_request);
    assert_true(r[2].when.at_any);
    assert_int_equal(r[2].when.count, 2);
    assert_int_equal(r[2].when.any_count, 2);
    assert_non_null(r[2].when.none);
    assert_int_equal(r[2].when.watch, -1);
    /* what a match refers to is watched, and stands before it */
    const struct match *after = r[2].when.after;
    assert_int_equal(after->entries[0].pattern.kind, PATTERN_AS);
    assert_int_equal(after->entries[0].pattern.as->watch, 0);
    assert_int_equal(after->watch, 1);
    assert_int_equal(r[2].when.before->watch, 2);
    assert_int_equal(r[2].actions[6].wait.match->watch, 3);
    assert_int_equal(r[2].actions[6].wait.match->nth, 2);
    assert_int_equal(r[2].actions[6].wait.limit, 2000000000);
    scenario_set_free(&set);
}

static void actions(void **state)
{
    (void)state;
    struct scenario_set set;
    load("everything-rules.json", &set);
    const struct rule *r = set.scenarios[0]->actors[SCENARIO_PROXY].rules;
    const struct action *a = r[2].actions;
    assert_int_equal(a[0].read.octets, 16384);
    assert_int_equal(a[0].read.time, 2000000000);
    assert_false(a[0].read.send_continue);
    assert_int_equal(a[1].pace.every, 15000000);
    assert_int_equal(a[3].wait.kind, CONDITION_BYTES);
    assert_int_equal(a[4].wait.kind, CONDITION_ACKED);
    const struct respond *answer = &a[8].respond;
    assert_int_equal(answer->status, 429);
    EXPECT_TEXT(answer->reason, "Slow \xE9");
    assert_string_equal(answer->version, "1.0");
    assert_true(answer->headers[0].text.has_placeholder);
    assert_int_equal(answer->headers[1].kind, VALUE_REMOVED);
    assert_int_equal(answer->headers[2].kind, VALUE_INSTANT);
    assert_int_equal(answer->headers[2].instant.offset, -86400000000000);
    assert_int_equal(answer->headers[2].instant.form, INSTANT_RFC850);
    assert_int_equal(answer->body.source, BODY_CHUNK_LIST);
    EXPECT_TEXT(answer->body.chunks[1], "\0\xFF");
    assert_int_equal(answer->body.trailer_count, 1);
    EXPECT_TEXT(answer->content->text, "ab");
    assert_int_equal(answer->framing, FRAMING_CHUNKED);
    assert_string_equal(answer->retry_after.instant.format, "%s");
    assert_true(answer->challenge);
    assert_int_equal(answer->cut.octets, -1);
    assert_int_equal(answer->cut.with->kind, ACTION_CLOSE);
    assert_false(answer->cut.with->ending.notify);
    assert_int_equal(answer->pace.octets, 1024);
    const struct tunnel *t = &r[3].actions[0].tunnel;
    assert_int_equal(t->to, 4);
    assert_int_equal(t->respond.status, 201);
    assert_int_equal(t->cut.landmark, LANDMARK_SERVER_HELLO);
    assert_int_equal(t->cut_direction, DIRECTION_UP);
    assert_int_equal(t->until.kind, CONDITION_EVENT);
    assert_true(r[4].actions[0].tunnel.cut.record_layer);
    scenario_set_free(&set);
}

static void more_actions(void **state)
{
    (void)state;
    struct scenario_set set;
    load("everything-rules.json", &set);
    const struct scenario *s = set.scenarios[0];
    const struct action *a = s->actors[SCENARIO_PROXY].rules[5].actions;
    assert_true(a[0].read.octets == UINT64_MAX);
    assert_true(a[0].read.send_continue);
    assert_int_equal(a[1].read.octets, 0);
    assert_int_equal(a[2].read.octets, 65536);
    EXPECT_TEXT(a[3].state, "two");
    assert_int_equal(a[4].kind, ACTION_ROTATE);
    assert_int_equal(a[5].respond.challenge_count, 2);
    assert_int_equal(a[5].respond.challenges[1].gate->scheme, GATE_NTLM);
    EXPECT_TEXT(a[5].respond.body.text, "from a file\n");
    assert_int_equal(a[5].respond.retry_after.seconds, 120);
    assert_int_equal(a[5].respond.framing, FRAMING_LENGTH);
    EXPECT_TEXT(a[6].send.octets, "HTTP/1.1 200\r\n\xFF");
    assert_int_equal(a[6].send.times, 3);
    EXPECT_TEXT(a[6].send.content->text, "\0");
    assert_false(a[6].send.cut.with->ending.reading);
    assert_false(a[7].ending.notify);
    assert_true(a[9].ending.when_sent);
    assert_int_equal(a[9].ending.within, 1000000000);
    const struct forward *f = &s->actors[SCENARIO_PROXY].rules[6].actions[0].forward;
    assert_int_equal(f->cut.kind, CUT_AFTER_BYTES);
    assert_int_equal(f->cut.octets, 0);
    assert_false(f->cut.record_layer);
    const struct send *spew = &s->actors[SCENARIO_ORIGIN].rules[0].actions[0].send;
    assert_int_equal(spew->times, 0);
    assert_int_equal(spew->pace.octets, 3);
    scenario_set_free(&set);
}

static void client(void **state)
{
    (void)state;
    struct scenario_set set;
    load("everything-client.json", &set);
    assert_int_equal(set.count, 2);
    const struct client *c = &set.scenarios[0]->client;
    assert_int_equal(c->keys.proxy, PROXY_URL);
    assert_true(c->keys.proxy_url.has_placeholder);
    assert_int_equal(c->keys.credential_count, 2);
    assert_string_equal(c->keys.credentials[1].password, "p2");
    assert_string_equal(c->keys.origin_credentials.name, "u9");
    assert_int_equal(c->keys.retry, RETRY_POLICY);
    assert_int_equal(c->keys.attempts, 2);
    assert_string_equal(c->keys.methods[1], "POST");
    assert_int_equal(c->keys.pool_count, 3);
    assert_int_equal(c->keys.pool[1].actor, 2);
    assert_int_equal(c->keys.pool[2].actor, PROXY_URL);
    assert_null(c->keys.rotate);
    assert_string_equal(set.scenarios[1]->client.keys.rotate, "each");
    EXPECT_TEXT(c->keys.hosts[1].text, "127.0.0.2,127.0.0.3");
    assert_int_equal(c->keys.without_proxy_count, 2);
    assert_int_equal(c->keys.given, (1U << CLIENT_KEYS) - 1);
    const struct client_keys *other = &c->sessions[0].keys;
    assert_int_equal(other->proxy, 2);
    assert_int_equal(other->credential_count, 0);
    assert_int_equal(other->retry, RETRY_DEFAULT);
    assert_true(other->redirects); /* as the client says */
    assert_int_equal(other->total, 1000000000);
    assert_int_equal(other->given, 1U << CLIENT_PROXY | 1U << CLIENT_CREDENTIALS |
                                       1U << CLIENT_RETRY | 1U << CLIENT_DEADLINES);
    scenario_set_free(&set);
}

static void steps(void **state)
{
    (void)state;
    struct scenario_set set;
    load("everything-client.json", &set);
    const struct step *one = set.scenarios[0]->client.steps, *two = set.scenarios[1]->client.steps;
    EXPECT_TEXT(one[0].url, "http://{origin}/{n}?2");
    EXPECT_TEXT(two[0].url, "http://{origin}/{n}?3");
    assert_int_equal(one[0].header_count, 1);
    EXPECT_TEXT(one[0].headers[0].text, "x");
    assert_int_equal(two[0].header_count, 0);
    assert_int_equal(one[0].body.source, BODY_STREAM);
    assert_int_equal(two[0].body.source, BODY_PATTERN);
    assert_int_equal(one[0].body.size, 1048576);
    assert_int_equal(one[0].session, 0);
    assert_int_equal(one[0].copies, 2);
    assert_int_equal(one[0].cancel.time, 100000000);
    assert_int_equal(one[0].total, 0);
    assert_string_equal(one[1].name, "2");
    assert_int_equal(one[1].session, -1);
    assert_int_equal(one[1].change->proxy, PROXY_NONE);
    assert_true(one[1].body.text.has_placeholder);
    const struct pattern *step = &one[1].after.match->entries[0].pattern;
    EXPECT_TEXT(step->text, "first"); /* by its number, but it has a name */
    assert_true(one[2].parallel);
    assert_true(one[2].raw_connect.has_placeholder);
    EXPECT_TEXT(one[2].body.text, "\0\1\2\xFF");
    scenario_set_free(&set);
}

static void checks(void **state)
{
    (void)state;
    struct scenario_set set;
    load("everything-client.json", &set);
    const struct check *c = set.scenarios[0]->checks;
    assert_int_equal(set.scenarios[0]->check_count, 11);
    assert_string_equal(c[0].says, "x");
    assert_true(c[0].critical);
    assert_string_equal(c[0].variants[0], "one");
    assert_non_null(c[0].given);
    assert_int_equal(c[0].outcome.match->events, 1U << EVENT_outcome);
    assert_true(c[0].outcome.match->at_any);
    assert_int_equal(c[1].count.distinct, FIELD_connection);
    assert_int_equal(c[2].gap.min.kind, BOUND_PROMISE);
    assert_int_equal(c[2].gap.within.time, 2000000000);
    assert_int_equal(c[2].gap.max.time, 5000000000);
    assert_int_equal(c[2].gap.slack, 20000000);
    assert_true(c[3].gap.grows == 1.25);
    assert_true(c[2].gap.grows == 0);
    assert_int_equal(c[3].gap.by, FIELD_target);
    assert_int_equal(c[3].gap.slack, -1);
    assert_true(c[10].gap.is_average);
    assert_false(c[3].gap.is_average);
    assert_non_null(c[4].order.then);
    assert_string_equal(c[5].leak.in[2], "log");
    assert_int_equal(c[6].any_of_count, 2);
    assert_string_equal(c[6].any_of[0].id, "a");
    assert_int_equal(c[6].any_of[0].count.max, 0);
    assert_int_equal(c[6].any_of[1].any_of_count, 1);
    assert_int_equal(c[7].count.by, BY_NONE);
    assert_int_equal(c[8].count.by, BY_ACTOR);
    assert_int_equal(c[9].count.by, FIELD_connection);
    assert_true(set.scenarios[0]->asks_intact);
    assert_true(set.scenarios[0]->asks_leaks);
    assert_int_equal(set.scenarios[0]->house.storm, -1);
    assert_false(set.scenarios[0]->house.quiet);
    scenario_set_free(&set);
}

static void variants_are_put_in(void **state)
{
    (void)state;
    struct scenario_set set;
    load("everything-client.json", &set);
    const struct rule *one = set.scenarios[0]->actors[0].rules,
                      *two = set.scenarios[1]->actors[0].rules;
    assert_string_equal(set.scenarios[0]->variant, "one");
    assert_string_equal(set.scenarios[1]->variant, "two");
    assert_int_equal(one->action_count, 1);
    assert_int_equal(one->actions[0].kind, ACTION_RESET);
    assert_int_equal(two->action_count, 2);
    assert_int_equal(two->actions[0].respond.retry_after.kind, RETRY_AFTER_INSTANT);
    assert_int_equal(two->actions[0].respond.retry_after.instant.form, INSTANT_EPOCH);
    assert_int_equal(two->actions[1].kind, ACTION_STALL);
    assert_false(two->actions[1].ending.reading);
    scenario_set_free(&set);
}

static bool needs(const struct scenario *s, const char *name)
{
    for (size_t i = 0; s->needs[i]; i++)
        if (strcmp(s->needs[i], name) == 0)
            return true;
    return false;
}

static void needs_are_derived(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "retry",
        "retry-cap",
        "deadlines",
        "redirects",
        "cookies",
        "cache",
        "rotation",
        "proxy-pool",
        "parallel",
        "https",
        "environment",
        "host-map",
        "expect-continue",
        "cancel",
        "credential-callback",
        "raw-tunnel",
        "streaming",
        "switch-proxy",
        "origin-credentials",
    };
    struct scenario_set set;
    load("everything-client.json", &set);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        if (!needs(set.scenarios[1], expected[i]))
            fail_msg("%s is not needed", expected[i]);
    assert_false(needs(set.scenarios[0], "rotation")); /* of this variant */
    assert_false(needs(set.scenarios[0], "digest"));
    scenario_set_free(&set);
    struct complaints *none = complaints_new();
    static const char excluded[] = "{\"fakeproxy\":1,\"id\":\"a/b\",\"client\":"
                                   "{\"without_proxy\":[\"127.0.0.1\"]}}";
    assert_int_equal(scenario_load_text(excluded, sizeof(excluded) - 1, "text", &set, none), 0);
    assert_true(needs(set.scenarios[0], "environment"));
    scenario_set_free(&set);
    complaints_free(none);
    load("digest-stale-true.json", &set);
    assert_true(needs(set.scenarios[0], "digest"));
    scenario_set_free(&set);
}

/* clang-format off: CMake reads one test a line */
static const struct CMUnitTest tests[] = {
    cmocka_unit_test(valid_files_load),
    cmocka_unit_test(a_missing_file_is_a_complaint),
    cmocka_unit_test(idle_reset),
    cmocka_unit_test(actors),
    cmocka_unit_test(rules),
    cmocka_unit_test(actions),
    cmocka_unit_test(more_actions),
    cmocka_unit_test(client),
    cmocka_unit_test(steps),
    cmocka_unit_test(checks),
    cmocka_unit_test(variants_are_put_in),
    cmocka_unit_test(needs_are_derived),
};
/* clang-format on */

TEST_MAIN(tests)
