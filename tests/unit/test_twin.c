/*
 * Fault-free twins: what is taken out of a case, which twins are equal, and what a failed twin
 * means.
 */
#include "cmocka_main.h"

#include <stdlib.h>

#include "arena.h"
#include "buf.h"
#include "catalogue.h"
#include "complaints.h"
#include "journal_lines.h"
#include "twin.h"

/* ' stands for " */
static struct scenario_set load(const char *members)
{
    struct complaints *complaints = complaints_new();
    struct scenario_set set;
    struct buf text = { 0 };
    buf_printf(&text, "{'fakeproxy':1,'id':'t/t','title':'t','layer':'client',%s}", members);
    for (size_t i = 0; i < text.len; i++)
        text.at[i] = text.at[i] == '\'' ? '"' : text.at[i];
    if (scenario_load_text(text.at, text.len, "t", &set, complaints) < 0) {
        complaints_print(complaints, stdout);
        fail_msg("%s does not load", members);
    }
    complaints_free(complaints);
    buf_free(&text);
    return set;
}

/* ---- the transformation ---------------------------------------------------------------------- */

static void a_twin_has_no_faults(void **state)
{
    (void)state;
    struct scenario_set set =
        load("'proxies':{'b':{'listen':{'open_after':'2s'}},'c':{'listen':'blackhole'}},"
             "'proxy':{'listen':'refused','tls':{'certificate':'expired','names':['x.test']},"
             "'auth':{'scheme':'basic','users':{'u':'p'}},'exits':{'names':['x1'],'by':'user'},"
             "'promises':'host','rules':[{'on':'request','do':['reset']}]},"
             "'origin':{'tls':{'tickets':0,'names':['y.test']},'auth':{'scheme':'basic','users':{"
             "'o':'p'}},'rules':[{'on':'request','do':["
             "'stall']}]},'client':{'steps':[{'url':'http://{origin}/'}]},'house':{'storm':7},"
             "'expect':{'c':{'level':'must','outcome':{'status':200}}}");
    struct scenario *twin = scenario_twin(set.scenarios[0]);
    assert_int_equal(twin->actor_count, 4);
    for (size_t i = 0; i < twin->actor_count; i++) {
        assert_int_equal(twin->actors[i].rule_count, 0);
        assert_int_equal(twin->actors[i].listen, LISTEN_OPEN);
        assert_int_equal(twin->actors[i].open_after, 0);
        assert_int_equal(twin->actors[i].tls.certificate, CERT_GOOD);
    }
    assert_int_equal(twin->actors[0].tls.name_count, 0);
    assert_int_equal(twin->actors[1].tls.name_count, 0); /* signed by us, but for another name */
    assert_true(twin->actors[0].tls.on);
    assert_int_equal(twin->actors[1].tls.tickets, 0);
    assert_int_equal(twin->actors[0].gate_count, 0);
    assert_int_equal(twin->actors[1].gate_count, 1); /* a 401 is an answer */
    assert_int_equal(twin->actors[0].exits_by, EXITS_BY_USER);
    assert_int_equal(twin->actors[0].promises, PROMISE_HOST);
    assert_int_equal(twin->check_count, 0);
    assert_int_equal(twin->house.storm, 7);
    assert_int_equal(set.scenarios[0]->actors[0].rule_count, 1); /* it stays as it was */
    assert_int_equal(set.scenarios[0]->check_count, 1);
    scenario_twin_free(twin);
    scenario_twin_free(NULL);
    scenario_set_free(&set);
}

/* Wherever a proxy is named: by the client, a session, a pool, a step that changes it. */
static void a_twin_takes_no_url_literally(void **state)
{
    (void)state;
    struct scenario_set set =
        load("'proxies':{'b':{}},'client':{'proxy':{'url':'http://u:a#b@{proxy.addr}'},'sessions':{"
             "'two':{'proxy':{'url':'http://x'}},'three':{'proxy':'b'},'four':{'pool':['b',{'url':"
             "'http://y'}]}},'steps':[{'url':'http://{origin}/'},{'url':'http://{origin}/','change'"
             ":{'proxy':{'url':'http://z'}}}]}");
    struct scenario *twin = scenario_twin(set.scenarios[0]);
    const struct client *c = &twin->client;
    assert_string_equal(twin->actors[c->keys.proxy].name, "proxy");
    assert_null(c->keys.proxy_url.octets);
    assert_string_equal(twin->actors[c->sessions[0].keys.proxy].name, "proxy");
    assert_string_equal(twin->actors[c->sessions[1].keys.proxy].name, "b");
    assert_string_equal(twin->actors[c->sessions[2].keys.pool[0].actor].name, "b");
    assert_string_equal(twin->actors[c->sessions[2].keys.pool[1].actor].name, "proxy");
    assert_string_equal(twin->actors[c->steps[1].change->proxy].name, "proxy");
    assert_int_equal(set.scenarios[0]->client.keys.proxy, PROXY_URL);
    scenario_twin_free(twin);
    scenario_set_free(&set);
}

static const struct {
    const char *after; /* of the second step */
    enum condition_kind kind;
    int64_t time, plus;
} waits[] = {
    { "'150ms'", CONDITION_TIME, 150 * CLOCK_MS, 0 },
    { "{'event':'close','how':'reset','plus':'400ms'}", CONDITION_TIME, 400 * CLOCK_MS, 0 },
    { "{'event':'close','how':'reset'}", CONDITION_NONE, 0, 0 },
    { "{'event':'request','path':'/1'}", CONDITION_NONE, 0, 0 },
    { "{'event':'request','rule':'r'}", CONDITION_NONE, 0, 0 },
    { "{'event':'outcome','step':1}", CONDITION_EVENT, 0, 0 },
    { "{'event':'step','step':'one','plus':'1s'}", CONDITION_EVENT, 0, CLOCK_S },
    { "{'event':'outcome','step':1,'ends':'error'}", CONDITION_NONE, 0, 0 },
    { "{'event':'outcome','step':1,'nth':2}", CONDITION_NONE, 0, 0 },
    { "{'event':'outcome','step':1,'after':{'event':'stall'}}", CONDITION_NONE, 0, 0 },
    { "{'event':['outcome','close'],'plus':'1s'}", CONDITION_TIME, CLOCK_S, 0 },
};

/* A client may refuse such a field, and is right to. */
static void a_twin_sets_no_field_of_the_proxy(void **state)
{
    (void)state;
    struct scenario_set set =
        load("'client':{'steps':[{'url':'http://{origin}/','headers':[['X-A','b'],['proxy-"
             "authorization','Basic dTE6cDE='],['X-B','c']]}]}");
    struct scenario *twin = scenario_twin(set.scenarios[0]);
    const struct step *step = &twin->client.steps[0];
    assert_int_equal(step->header_count, 2);
    assert_string_equal(step->headers[0].name.octets, "X-A");
    assert_string_equal(step->headers[1].name.octets, "X-B");
    assert_int_equal(set.scenarios[0]->client.steps[0].header_count, 3);
    scenario_twin_free(twin);
    scenario_set_free(&set);
}

static void a_step_waits_only_for_what_comes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        struct buf b = { 0 };
        buf_printf(&b,
                   "'proxy':{'rules':[{'name':'r','on':'request','do':['reset']}]},'client':{"
                   "'steps':[{'name':'one','url':'http://{origin}/1','parallel':true},{'url':"
                   "'http://{origin}/2','after':%s,'cancel':{'event':'outcome','step':'one'}}]}%c",
                   waits[i].after, '\0');
        struct scenario_set set = load(b.at);
        struct scenario *twin = scenario_twin(set.scenarios[0]);
        const struct condition *after = &twin->client.steps[1].after;
        if (after->kind != waits[i].kind || after->plus != waits[i].plus ||
            (after->kind == CONDITION_TIME && after->time != waits[i].time))
            fail_msg("%s: kind %d, %lld and %lld ns", waits[i].after, (int)after->kind,
                     (long long)after->time, (long long)after->plus);
        assert_int_equal(twin->client.steps[1].cancel.kind, CONDITION_NONE);
        assert_int_equal(set.scenarios[0]->client.steps[1].cancel.kind, CONDITION_EVENT);
        scenario_twin_free(twin);
        scenario_set_free(&set);
        buf_free(&b);
    }
}

/* ---- equality -------------------------------------------------------------------------------- */

#define STEP "'client':{'steps':[{'url':'http://{origin}/'}]}"

static const struct {
    const char *one, *other;
    bool equal;
} pairs[] = {
    { STEP, STEP, true },
    { STEP, "'about':'else','needs':['keep-alive']," STEP, true },
    { STEP, "'proxy':{'rules':[{'on':'request','do':['reset']}]}," STEP, true },
    { STEP, "'proxy':{'listen':'refused'}," STEP, true },
    { STEP, "'expect':{'c':{'level':'info','outcome':{}}}," STEP, true },
    { "'proxy':{'tls':{}}," STEP, "'proxy':{'tls':{'certificate':'expired'}}," STEP, true },
    { "'proxy':{'tls':{}}," STEP, STEP, false },
    { STEP, "'proxies':{'b':{}}," STEP, false },
    { "'proxies':{'b':{}}," STEP, "'proxies':{'c':{}}," STEP, false },
    { "'proxies':{'b':{}}," STEP, "'origins':{'b':{}}," STEP, false },
    { "'origin':{'tls':{'versions':['1.2']}}," STEP, STEP, false },
    { "'origin':{'tls':{'alpn':['h2']}}," STEP, STEP, false },
    { "'origin':{'tls':{'names':['a']}}," STEP, "'origin':{'tls':{'names':['b']}}," STEP, true },
    { "'proxy':{'auth':{'scheme':'basic','users':{'u':'p'}}}," STEP, STEP, true },
    { "'origin':{'auth':{'scheme':'basic','users':{'u':'p'}}}," STEP, STEP, false },
    { "'origin':{'auth':{'scheme':'basic','users':{'u':'p'}}}," STEP,
      "'origin':{'auth':{'scheme':'basic','users':{'u':'q'}}}," STEP, false },
    { "'origin':{'auth':{'scheme':'digest','users':{'u':'p'},'nonces':['a','b']}}," STEP,
      "'origin':{'auth':{'scheme':'digest','users':{'u':'p'},'nonces':['ab']}}," STEP, false },
    { "'client':{'proxy':{'url':'http://u:a#b@{proxy.addr}'},'steps':[{'url':'http://{origin}/'}]}",
      "'client':{'proxy':{'url':'http://127.0.0.1:99999'},'steps':[{'url':'http://{origin}/'}]}",
      true },
    { "'proxy':{'exits':{'names':['a','b'],'by':'user'}}," STEP,
      "'proxy':{'exits':{'names':['a','b'],'by':'request'}}," STEP, false },
    { STEP, "'client':{'steps':[{'url':'http://{origin}/x'}]}", false },
    { STEP, "'client':{'steps':[{'url':'http://{{origin}/'}]}", false },
    { STEP, "'client':{'steps':[{'method':'POST','url':'http://{origin}/'}]}", false },
    { STEP, "'client':{'steps':[{'url':'http://{origin}/','headers':[['A','b']]}]}", false },
    { STEP, "'client':{'steps':[{'url':'http://{origin}/','copies':2}]}", false },
    { STEP, "'client':{'steps':[{'url':'http://{origin}/','after':'1s'}]}", false },
    { STEP, "'client':{'steps':[{'url':'http://{origin}/','body':'x'}]}", false },
    { STEP, "'client':{'steps':[{'url':'http://{origin}/'},{'url':'http://{origin}/'}]}", false },
    { STEP, "'client':{'watch':'1s','steps':[{'url':'http://{origin}/'}]}", false },
    { STEP, "'client':{'retry':'default','steps':[{'url':'http://{origin}/'}]}", false },
    { STEP, "'client':{'proxy':null,'steps':[{'url':'http://{origin}/'}]}", false },
    { STEP, "'client':{'deadlines':{'total':'3s'},'steps':[{'url':'http://{origin}/'}]}", false },
    { STEP, "'client':{'verify':false,'steps':[{'url':'http://{origin}/'}]}", false },
    { STEP, "'client':{'credentials':['u','p'],'steps':[{'url':'http://{origin}/'}]}", false },
    { "'client':{'steps':[{'url':'http://{origin}/','body':{'size':9}}]}",
      "'client':{'steps':[{'url':'http://{origin}/','body':{'size':9,'seed':1}}]}", false },
    { "'client':{'steps':[{'url':'http://{origin}/','body':'a\\u0000b'}]}",
      "'client':{'steps':[{'url':'http://{origin}/','body':'a\\u0000c'}]}", false },
    { "'client':{'steps':[{'url':'http://{origin}/'},{'url':'http://{origin}/','after':{'event':"
      "'close'}}]}",
      "'client':{'steps':[{'url':'http://{origin}/'},{'url':'http://{origin}/','after':{'event':"
      "'stall'}}]}",
      true },
    { "'client':{'steps':[{'url':'http://{origin}/'},{'url':'http://{origin}/'},{'url':"
      "'http://{origin}/','after':{'event':'outcome','step':1}}]}",
      "'client':{'steps':[{'url':'http://{origin}/'},{'url':'http://{origin}/'},{'url':"
      "'http://{origin}/','after':{'event':'outcome','step':2}}]}",
      false },
};

static char *key_of(const char *members)
{
    struct scenario_set set = load(members);
    struct scenario *twin = scenario_twin(set.scenarios[0]);
    char *key = twin_key(twin);
    scenario_twin_free(twin);
    scenario_set_free(&set);
    return key;
}

static void equal_twins_have_equal_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char *one = key_of(pairs[i].one), *other = key_of(pairs[i].other);
        if ((strcmp(one, other) == 0) != pairs[i].equal)
            fail_msg("%s and %s are %sequal", pairs[i].one, pairs[i].other,
                     pairs[i].equal ? "not " : "");
        free(one);
        free(other);
    }
}

/* Who adds a member to one of these has to say it in twin_key(), if a client can tell. */
static void the_key_knows_every_member(void **state)
{
    (void)state;
#if UINTPTR_MAX == UINT64_MAX
    assert_int_equal(sizeof(struct actor), 136);
    assert_int_equal(sizeof(struct gate), 88);
    assert_int_equal(sizeof(struct tls_choice), 56);
    assert_int_equal(sizeof(struct client_keys), 232);
    assert_int_equal(sizeof(struct step), 320);
    assert_int_equal(sizeof(struct body), 88);
    assert_int_equal(sizeof(struct client), 272);
#else
    skip();
#endif
}

static void shipped_scenarios_share_twins(void **state)
{
    (void)state;
    enum { MOST = 1000 };
    struct complaints *complaints = complaints_new();
    struct catalogue *c = catalogue_new(FP_SOURCE_DIR "/scenarios");
    char *keys[MOST];
    size_t cases = 0, different = 0;
    for (size_t i = 0; i < c->count; i++) {
        struct scenario_set set;
        if (catalogue_load(c->entries[i].path, &set, complaints) < 0)
            fail_msg("%s does not load", c->entries[i].path);
        for (size_t k = 0; k < set.count && different < MOST; k++, cases++) {
            struct scenario *twin = scenario_twin(set.scenarios[k]);
            char *key = twin_key(twin);
            bool is_new = true;
            for (size_t n = 0; n < different && is_new; n++)
                is_new = strcmp(keys[n], key) != 0;
            if (is_new)
                keys[different++] = key;
            else
                free(key);
            scenario_twin_free(twin);
        }
        scenario_set_free(&set);
    }
    assert_true(different > 1 && different < cases);
    for (size_t n = 0; n < different; n++)
        free(keys[n]);
    catalogue_free(c);
    complaints_free(complaints);
}

/* ---- what comes of it ------------------------------------------------------------------------ */

static struct graded *graded(const enum verdict_kind *kinds, size_t count)
{
    struct graded *g = calloc(1, sizeof(*g));
    g->arena = arena_new();
    g->verdicts = arena_take(g->arena, count * sizeof(*g->verdicts));
    g->count = count;
    for (size_t i = 0; i < count; i++)
        g->verdicts[i] = (struct verdict){ .kind = kinds[i], .sentence = "", .evidence_count = 1 };
    return g;
}

#define FAULT "'proxy':{'rules':[{'on':'request','do':['reset']}]},"

static const struct {
    const char *members;
    enum verdict_kind kind;
    bool house, needed;
} needs[] = {
    { FAULT STEP, VERDICT_PASS, false, false },
    { FAULT STEP, VERDICT_FAIL, false, true },
    { FAULT STEP, VERDICT_WEAK, false, true },
    { FAULT STEP, VERDICT_NOT_EXERCISED, false, true },
    { FAULT STEP, VERDICT_INCONCLUSIVE, false, false },
    { FAULT STEP, VERDICT_NOT_APPLICABLE, false, false },
    { FAULT STEP, VERDICT_FAIL, true, false },
    { STEP, VERDICT_FAIL, false, false }, /* nothing to take away */
    { FAULT "'client':{'steps':[{'raw':{'connect':'{origin}:22'}}]}", VERDICT_FAIL, false, false },
    { "'proxy':{'listen':'refused'}," STEP, VERDICT_PASS, false, true },
    { "'proxy':{'listen':'blackhole'}," STEP, VERDICT_PASS, false, true },
    { "'proxy':{'listen':{'open_after':'1s'}}," STEP, VERDICT_PASS, false, false },
};

static void a_twin_is_played_where_it_tells_something(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        struct scenario_set set = load(needs[i].members);
        struct graded *g = graded(&needs[i].kind, 1);
        g->verdicts[0].house = needs[i].house;
        if (twin_is_needed(set.scenarios[0], g) != needs[i].needed)
            fail_msg("%s with %s", needs[i].members, verdict_kind_name(needs[i].kind));
        graded_free(g);
        scenario_set_free(&set);
    }
}

#define RULE(action)       "'proxy':{'rules':[{'on':'request','do':[" action "]}]}," STEP
#define CLIENT(keys, step) "'client':{" keys "'steps':[{'url':'http://{origin}/'" step "}]}"

static const struct {
    const char *members;
    bool differs;
} changes[] = {
    { STEP, false },
    { "'proxy':{'exits':{'names':['x1'],'by':'user'}}," STEP, false },
    { "'origin':{'auth':{'scheme':'basic','users':{'o':'p'}}}," STEP, false },
    { RULE("'forward'"), false },
    { RULE("{'tunnel':{'reason':'Connection established'}}"), false },
    { RULE("{'tunnel':{'status':201}}"), true },
    { RULE("{'tunnel':{'headers':[['A','b']]}}"), true },
    { RULE("{'tunnel':{'version':'1.0'}}"), true },
    { RULE("{'tunnel':{'to':'origin'}}"), true },
    { RULE("{'tunnel':{'pace':{'bytes':1,'every':'1ms'}}}"), true },
    { RULE("{'tunnel':{'cut':{'after_bytes':1,'with':'reset'}}}"), true },
    { RULE("{'tunnel':{'until':'1s'}},'reset'"), true },
    { RULE("{'forward':{'headers':[['A','b']]}}"), true },
    { RULE("{'forward':{'to':'origin'}}"), true },
    { RULE("{'forward':{'pace':{'bytes':1,'every':'1ms'}}}"), true },
    { RULE("{'forward':{'cut':{'after_bytes':1,'with':'reset'}}}"), true },
    { RULE("{'wait':'1s'},'forward'"), true },
    { "'origin':{'rules':[{'on':'request','do':['reset']}]}," STEP, true },
    { "'proxy':{'listen':'refused'}," STEP, true },
    { "'proxy':{'listen':{'open_after':'1s'}}," STEP, true },
    { "'proxy':{'auth':{'scheme':'basic','users':{'o':'p'}}}," STEP, true },
    { "'origin':{'tls':{'certificate':'expired'}}," STEP, true },
    { "'origin':{'tls':{'names':['x.test']}}," STEP, true },
    { CLIENT("'proxy':{'url':'http://u:p@{proxy.addr}'},", ""), true },
    { CLIENT("'pool':['proxy',{'url':'http://u:p@{proxy.addr}'}],'rotate':'each',", ""), true },
    { CLIENT("", ",'change':{'proxy':{'url':'http://u:p@{proxy.addr}'}}"), true },
    { CLIENT("'sessions':{'a':{'proxy':{'url':'http://u:p@{proxy.addr}'}}},", ",'session':'a'"),
      true },
    { CLIENT("", ",'cancel':'1s'"), true },
    { CLIENT("", ",'headers':[['X-A','b']]"), false },
    { CLIENT("", ",'headers':[['X-A','b'],['proxy-authorization','Basic dTE6cDE=']]"), true },
    { CLIENT("", "},{'url':'http://{origin}/','after':'1s'"), false },
    { CLIENT("", "},{'url':'http://{origin}/','after':{'event':'outcome','step':1}"), false },
    { CLIENT("", "},{'url':'http://{origin}/','after':{'event':'close'}"), true },
};

/* What fails without any fault is no matter of a fault: its twin would be the same once more. */
static void a_twin_differs_by_what_is_taken_away(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct scenario_set set = load(changes[i].members);
        if (twin_differs(set.scenarios[0]) != changes[i].differs)
            fail_msg("%s", changes[i].members);
        scenario_set_free(&set);
    }
}

static void a_failed_twin_blocks_the_case(void **state)
{
    (void)state;
    enum verdict_kind kinds[VERDICT_KINDS + 3];
    for (size_t i = 0; i < VERDICT_KINDS; i++)
        kinds[i] = (enum verdict_kind)i;
    kinds[VERDICT_KINDS] = kinds[VERDICT_KINDS + 1] = VERDICT_FAIL;
    kinds[VERDICT_KINDS + 2] = VERDICT_PASS;
    struct graded *g = graded(kinds, VERDICT_KINDS + 3);
    g->verdicts[VERDICT_KINDS].critical = true;
    g->verdicts[VERDICT_KINDS + 1].house = true;
    g->verdicts[VERDICT_KINDS + 2].critical = true;
    twin_block(g, "why");
    for (size_t i = 0; i < VERDICT_KINDS; i++) {
        enum verdict_kind was = (enum verdict_kind)i, is = g->verdicts[i].kind;
        bool stays = was == VERDICT_NOT_APPLICABLE || was == VERDICT_NOT_JUDGED ||
                     was == VERDICT_HARNESS_ERROR || was == VERDICT_CRASH || was == VERDICT_HANG;
        assert_int_equal(is, stays ? was : VERDICT_BLOCKED);
        assert_string_equal(g->verdicts[i].sentence, !stays && was != VERDICT_BLOCKED ? "why" : "");
    }
    assert_int_equal(g->verdicts[VERDICT_KINDS].kind, VERDICT_FAIL);
    assert_int_equal(g->verdicts[VERDICT_KINDS + 1].kind, VERDICT_FAIL);
    assert_int_equal(g->verdicts[VERDICT_KINDS + 2].kind, VERDICT_BLOCKED);
    graded_free(g);
}

#define OUTCOME(step, ends) "1 client outcome step=" step " ends=" ends " status=407"

static const struct {
    const char *lines[4];
    bool passed;
} plays[] = {
    { { NULL }, false },
    { { OUTCOME("1", "answer") }, false },
    { { OUTCOME("1", "answer"), OUTCOME("two", "answer") }, false },
    { { OUTCOME("1", "answer"), OUTCOME("two", "answer"), OUTCOME("two", "answer") }, true },
    { { OUTCOME("1", "answer"), OUTCOME("two", "answer"), OUTCOME("two", "error") }, false },
    { { OUTCOME("1", "error"), OUTCOME("two", "answer"), OUTCOME("two", "answer") }, false },
};

static void a_twin_passes_with_an_answer_to_each_step(void **state)
{
    (void)state;
    struct scenario_set set = load("'client':{'steps':[{'url':'http://{origin}/'},{'name':'two',"
                                   "'url':'http://{origin}/','copies':2}]}");
    for (size_t i = 0; i < sizeof(plays) / sizeof(plays[0]); i++) {
        const struct fp_event *events[4];
        const char *why = NULL;
        struct arena *arena = arena_new();
        struct grade_case c = { .scenario = set.scenarios[0], .events = events };
        for (; c.count < 4 && plays[i].lines[c.count]; c.count++)
            events[c.count] = journal_event(arena, plays[i].lines[c.count], c.count + 1);
        assert_int_equal(twin_passed(&c, &why), plays[i].passed);
        assert_int_equal(why != NULL, !plays[i].passed);
        arena_free(arena);
    }
    scenario_set_free(&set);
}

/* clang-format off: CMake reads one test a line */
static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_twin_has_no_faults),
    cmocka_unit_test(a_twin_takes_no_url_literally),
    cmocka_unit_test(a_twin_sets_no_field_of_the_proxy),
    cmocka_unit_test(a_step_waits_only_for_what_comes),
    cmocka_unit_test(equal_twins_have_equal_keys),
    cmocka_unit_test(the_key_knows_every_member),
    cmocka_unit_test(shipped_scenarios_share_twins),
    cmocka_unit_test(a_twin_is_played_where_it_tells_something),
    cmocka_unit_test(a_twin_differs_by_what_is_taken_away),
    cmocka_unit_test(a_failed_twin_blocks_the_case),
    cmocka_unit_test(a_twin_passes_with_an_answer_to_each_step),
};
/* clang-format on */

TEST_MAIN(tests)
