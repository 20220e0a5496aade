/*
 * Which lane takes a job, how many a client may have, and what is begun first.
 */
#include "cmocka_main.h"

#include <stdlib.h>

#include "clock.h"
#include "complaints.h"
#include "estimate.h"
#include "lanes.h"

/* ---- lanes ----------------------------------------------------------------------------------- */

static const char *const words[] = { "driver", NULL };
static const struct command_line command = { .is_together = true };
static const struct profile light = { .name = "light" },
                            heavy = { .name = "heavy", .is_heavy = true };
static const char *const nothing[] = { NULL };
static const struct profile_variant variants[] = {
    { .profile = &light, .driver = words, .capabilities = nothing },
    { .profile = &heavy, .driver = words, .capabilities = nothing },
    { .profile = &light, .command = &command, .capabilities = nothing }
};
enum { LIGHT, HEAVY, COMMAND, CLIENTS };

struct stage {
    struct client_result clients[CLIENTS];
    struct results results;
    struct lane_environment env;
    struct lanes lanes;
};

/* Agents are only looked at for being there. */
static struct agent *const somebody = (struct agent *)(uintptr_t)&variants;

static struct stage *stage_new(size_t count)
{
    struct stage *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    for (size_t i = 0; i < CLIENTS; i++)
        s->clients[i].variant = &variants[i];
    s->results = (struct results){ .clients = s->clients, .client_count = CLIENTS };
    s->env.results = &s->results;
    lanes_init(&s->lanes, count, &s->env);
    return s;
}

/* Fills lanes with this client until none takes more; how many there are then. */
static size_t fill(struct stage *s, size_t client)
{
    struct lane_trial *const busy = (struct lane_trial *)(uintptr_t)&s->env;
    struct job job = { .client = client };
    size_t n = 0;
    for (struct lane *l; (l = lanes_for(&s->lanes, &job)); n++) {
        l->agent = somebody;
        l->client = client;
        l->is_ready = true;
        l->current = busy;
    }
    return n;
}

static void empty(struct stage *s)
{
    for (size_t i = 0; i < s->lanes.count; i++)
        s->lanes.list[i].current = NULL;
}

static void so_many_and_no_more(void **state)
{
    static const struct {
        size_t lanes, client, many;
    } rows[] = { { 0, LIGHT, 32 }, { 0, HEAVY, 8 }, { 0, COMMAND, 32 },
                 { 5, LIGHT, 5 },  { 5, HEAVY, 5 }, { 3, COMMAND, 3 } };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stage *s = stage_new(rows[i].lanes);
        assert_int_equal(fill(s, rows[i].client), rows[i].many);
        free(s);
    }
}

static void drivers_are_counted_together(void **state)
{
    struct stage *s = stage_new(0);
    (void)state;
    assert_int_equal(fill(s, HEAVY), 8);
    assert_int_equal(fill(s, LIGHT), 24);
    assert_int_equal(fill(s, COMMAND), 32);
    assert_false(lanes_have_room(&s->lanes));
    free(s);
}

/* With as many drivers as may be, a client gets on by taking over lanes of another one. */
static void a_full_house_is_taken_over(void **state)
{
    struct stage *s = stage_new(0);
    (void)state;
    assert_int_equal(fill(s, LIGHT), 32);
    empty(s);
    assert_int_equal(fill(s, HEAVY), 8);
    assert_int_equal(fill(s, LIGHT), 24);
    free(s);
}

static void its_own_agent_first(void **state)
{
    struct stage *s = stage_new(4);
    struct job job = { .client = COMMAND };
    (void)state;
    s->lanes.list[0].agent = s->lanes.list[2].agent = somebody;
    s->lanes.list[0].client = LIGHT;
    s->lanes.list[2].client = COMMAND;
    assert_ptr_equal(lanes_for(&s->lanes, &job), &s->lanes.list[2]);
    s->lanes.list[2].client = LIGHT;
    assert_ptr_equal(lanes_for(&s->lanes, &job), &s->lanes.list[1]);
    free(s);
}

/* ---- estimates ------------------------------------------------------------------------------- */

static int64_t estimated(const char *client, const char *rules, size_t variant)
{
    struct scenario_set set = { 0 };
    struct complaints *complaints = complaints_new();
    char text[1024];
    snprintf(text, sizeof(text),
             "{ 'fakeproxy': 1, 'id': 'a/b', 'title': 't', 'layer': 'client', 'proxy': { 'rules': "
             "[%s] }, 'client': { 'watch': '1s', %s }, 'expect': { 'c': { 'level': 'must*', "
             "'says': 's', 'outcome': { 'status': 200 } } } }",
             rules, client);
    for (char *at = text; *at; at++)
        *at = (char)(*at == '\'' ? '"' : *at);
    assert_int_equal(scenario_load_text(text, strlen(text), "text", &set, complaints), 0);
    complaints_free(complaints);
    int64_t ns = estimate_case(set.scenarios[0], &variants[variant]);
    scenario_set_free(&set);
    return ns / CLOCK_MS;
}

#define URL "'url': 'http://{origin}/'"
static void takes_about_so_long(void **state)
{
    static const char stall[] = "{ 'on': 'request', 'do': ['stall'] }",
                      wait[] = "{ 'on': 'request', 'do': [{ 'wait': '3s' }] }",
                      limit[] = "{ 'on': 'request', 'do': [{ 'respond': { 'retry_after': 2 } }] }",
                      half[] =
                          "{ 'on': 'request', 'do': [{ 'respond': { 'body': { 'size': 9 }, 'cut': "
                          "{ 'after_body_bytes': 5, 'with': 'stall' } } }] }",
                      answered[] = "{ 'on': 'request', 'do': [{ 'respond': {} }, 'stall'] }",
                      one[] = "'steps': [ { " URL " } ]",
                      two[] = "'steps': [ { " URL " }, { " URL
                              ", 'after': { 'event': 'outcome', 'step': 1, 'plus': '1500ms' } } ]",
                      three[] = "'steps': [ { " URL " }, { " URL " }, { " URL " } ]",
                      parallel[] = "'steps': [ { " URL ", 'copies': 3 } ]";
    static const struct {
        const char *client, *rules;
        size_t variant;
        int64_t ms;
    } rows[] = {
        { one, "", LIGHT, 1000 },
        { one, wait, LIGHT, 4000 },
        { one, stall, LIGHT, 11000 },
        { "'deadlines': { 'read': '2s' }, 'steps': [ { " URL " } ]", stall, LIGHT, 3000 },
        { "'deadlines': { 'read': '2s', 'total': '5s' }, 'steps': [ { " URL " } ]", half, LIGHT,
          6000 }, /* it has no limit within a body */
        { one, answered, LIGHT, 1000 },
        { one, limit, LIGHT, 3000 },
        { two, "", LIGHT, 2500 },
        { two, "", COMMAND, 4000 }, /* it makes gaps of whole seconds, itself */
        { three, "", LIGHT, 1000 },
        { three, "", COMMAND, 3000 },
        { parallel, "", COMMAND, 1000 },
        { "'retry': { 'attempts': 4 }, 'steps': [ { " URL " } ]", "", LIGHT, 4000 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (estimated(rows[i].client, rows[i].rules, rows[i].variant) != rows[i].ms)
            fail_msg("row %zu: %lld ms, expected %lld", i,
                     (long long)estimated(rows[i].client, rows[i].rules, rows[i].variant),
                     (long long)rows[i].ms);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(so_many_and_no_more),        cmocka_unit_test(drivers_are_counted_together),
    cmocka_unit_test(a_full_house_is_taken_over), cmocka_unit_test(its_own_agent_first),
    cmocka_unit_test(takes_about_so_long),
};
TEST_MAIN(tests)
