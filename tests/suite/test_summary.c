/*
 * Summaries: the letter for each worst verdict, variants counted once, house checks.
 */
#include "cmocka_main.h"

#include <stdlib.h>

#include "arena.h"
#include "complaints.h"
#include "results.h"

static const char *const texts[] = {
    "{\"fakeproxy\":1,\"id\":\"t/a\",\"title\":\"a\",\"layer\":\"client\","
    "\"variants\":{\"x\":{\"s\":1},\"y\":{\"s\":2}},"
    "\"client\":{\"watch\":\"{s}s\",\"steps\":[{\"url\":\"http://{origin}/\"}]},"
    "\"expect\":{\"c\":{\"level\":\"must\",\"says\":\"c\",\"outcome\":{\"status\":200}}}}",
    NULL
};

struct fixture {
    struct plan *plan;
    struct results *results;
};

static void give(struct case_result *c, enum level level, enum verdict_kind kind, bool critical,
                 enum verdict_kind house)
{
    struct graded *g = calloc(1, sizeof(*g));
    assert_non_null(g);
    g->arena = arena_new();
    g->exercised = kind != VERDICT_NOT_EXERCISED;
    g->count = 2;
    g->verdicts = arena_take(g->arena, 2 * sizeof(*g->verdicts));
    g->verdicts[0] = (struct verdict){
        .id = "c", .level = level, .kind = kind, .critical = critical, .sentence = ""
    };
    g->verdicts[1] = (struct verdict){
        .id = "storm", .level = LEVEL_MUST_POLICY, .kind = house, .house = true, .sentence = "s"
    };
    c->record = calloc(1, sizeof(*c->record));
    assert_non_null(c->record);
    c->record->graded = g;
    case_make_final(c);
}

static struct fixture begin(void)
{
    static const struct profile_variant variant = { .name = "default" };
    static const struct profile_variant *const variants[] = { &variant };
    struct complaints *complaints = complaints_new();
    struct fixture f = { .plan = plan_of(texts, complaints) };
    if (!f.plan)
        complaints_print(complaints, stderr);
    complaints_free(complaints);
    assert_non_null(f.plan);
    assert_int_equal(f.plan->count, 2);
    f.results = results_new(f.plan, variants, 1);
    return f;
}

static void end(struct fixture *f)
{
    results_free(f->results);
    plan_free(f->plan);
}

static void the_worst_rule_gives_the_letter(void **state)
{
    static const struct {
        enum level level;
        enum verdict_kind kind;
        bool critical;
        enum verdict_kind house;
        char letter;
    } rows[] = {
        { LEVEL_MUST, VERDICT_PASS, false, VERDICT_PASS, 'A' },
        { LEVEL_SHOULD, VERDICT_WEAK, false, VERDICT_PASS, 'B' },
        { LEVEL_MUST, VERDICT_FAIL, false, VERDICT_PASS, 'C' },
        { LEVEL_MUST_POLICY, VERDICT_CRASH, false, VERDICT_PASS, 'C' },
        { LEVEL_MUST, VERDICT_HANG, false, VERDICT_PASS, 'C' },
        { LEVEL_SHOULD, VERDICT_CRASH, false, VERDICT_PASS, 'A' },
        { LEVEL_MUST, VERDICT_FAIL, true, VERDICT_PASS, 'F' },
        { LEVEL_MUST, VERDICT_PASS, true, VERDICT_FAIL, 'C' },
        { LEVEL_INFO, VERDICT_INFO, false, VERDICT_NOT_EXERCISED, 'A' },
        { LEVEL_MUST, VERDICT_INCONCLUSIVE, false, VERDICT_PASS, 'A' },
        { LEVEL_MUST, VERDICT_NOT_EXERCISED, false, VERDICT_NOT_EXERCISED, '-' },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f = begin();
        struct summary s;
        for (size_t k = 0; k < 2; k++)
            give(&f.results->clients[0].cases[k], rows[i].level, rows[i].kind, rows[i].critical,
                 rows[i].house);
        summary_make(&s, f.results, 0);
        if (s.letter != rows[i].letter)
            fail_msg("row %zu: %c, expected %c", i, s.letter, rows[i].letter);
        end(&f);
    }
}

static void variants_count_once_the_worst(void **state)
{
    struct fixture f = begin();
    struct summary s;
    (void)state;
    give(&f.results->clients[0].cases[0], LEVEL_MUST, VERDICT_PASS, false, VERDICT_FAIL);
    give(&f.results->clients[0].cases[1], LEVEL_MUST, VERDICT_NOT_EXERCISED, false, VERDICT_PASS);
    summary_make(&s, f.results, 0);
    assert_int_equal(s.all.must.pass, 0);
    assert_int_equal(s.all.must.other, 1);
    assert_int_equal(s.layer_count, 1);
    assert_string_equal(s.layers[0].layer, "client");
    assert_int_equal(s.house[0].broken, 1);
    assert_int_equal(s.house[0].first, 0);
    assert_int_equal(s.house[0].kind, VERDICT_FAIL);
    assert_int_equal(s.exercised, 1);
    end(&f);
}

static void what_is_not_final_is_not_counted(void **state)
{
    struct fixture f = begin();
    struct summary s;
    (void)state;
    give(&f.results->clients[0].cases[0], LEVEL_SHOULD, VERDICT_PASS, false, VERDICT_PASS);
    summary_make(&s, f.results, 0);
    assert_int_equal(s.all.should.pass, 1);
    assert_int_equal(s.played, 1);
    assert_int_equal(s.cases, 2);
    end(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_worst_rule_gives_the_letter),
    cmocka_unit_test(variants_count_once_the_worst),
    cmocka_unit_test(what_is_not_final_is_not_counted),
};

TEST_MAIN(tests)
