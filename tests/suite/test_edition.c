/*
 * Editions: what is graded, and that the rest does not count.
 */
#include "cmocka_main.h"

#include <stdlib.h>

#include "arena.h"
#include "baseline.h"
#include "complaints.h"
#include "edition.h"
#include "results.h"

#define CASE(id)                                                                                   \
    "{\"fakeproxy\":1,\"id\":\"" id "\",\"title\":\"a\",\"layer\":\"client\","                     \
    "\"client\":{\"steps\":[{\"url\":\"http://{origin}/\"}]},"                                     \
    "\"expect\":{\"c\":{\"level\":\"must\",\"says\":\"c\",\"outcome\":{\"status\":200}}}}"

static const char *const texts[] = { CASE("t/graded"), CASE("t/newer"), NULL };

static void the_shipped_one_grades_204(void **state)
{
    struct complaints *complaints = complaints_new();
    struct edition *e = edition_load(FP_SOURCE_DIR "/scenarios/editions/2026.1.json", complaints);
    (void)state;
    assert_non_null(e);
    assert_string_equal(e->name, "2026.1");
    assert_int_equal(e->graded_count, 204);
    assert_int_equal(e->gatekeeper_count, 6);
    /* Whoever sends the fragment, too, gets answers through the proxy: that blocks nothing. */
    assert_string_equal(e->gatekeepers[0].id, "routing/absolute-form");
    assert_string_equal(e->gatekeepers[0].check, "host");
    assert_int_equal(edition_tier(e, "auth/basic-after-challenge"), 1);
    assert_int_equal(edition_tier(e, "tunnel/status-inside-is-origins"), 1);
    assert_int_equal(edition_tier(e, "cache/429-not-stored"), 2);
    assert_int_equal(edition_tier(e, "my/own"), 2);
    assert_int_equal(edition_tier(NULL, "auth/basic-after-challenge"), 0);
    edition_free(e);
    complaints_free(complaints);
}

static void give(struct case_result *c, enum verdict_kind kind)
{
    struct graded *g = calloc(1, sizeof(*g));
    assert_non_null(g);
    g->arena = arena_new();
    g->exercised = true;
    g->count = 2;
    g->verdicts = arena_take(g->arena, 2 * sizeof(*g->verdicts));
    g->verdicts[0] = (struct verdict){ .id = "c", .level = LEVEL_MUST, .kind = kind };
    g->verdicts[1] = (struct verdict){
        .id = "storm", .level = LEVEL_MUST_POLICY, .kind = kind, .house = true, .sentence = "s"
    };
    g->verdicts[0].sentence = "";
    c->record = calloc(1, sizeof(*c->record));
    assert_non_null(c->record);
    c->record->graded = g;
    case_make_final(c);
}

static void what_is_not_graded_does_not_count(void **state)
{
    static const struct profile_variant variant = { .name = "default" };
    static const struct profile_variant *const variants[] = { &variant };
    static const struct {
        int tiers[2];
        enum verdict_kind kinds[2];
        char letter;
        size_t cases, unscored, failed;
    } rows[] = {
        { { 1, 2 }, { VERDICT_PASS, VERDICT_FAIL }, 'A', 1, 1, 0 },
        { { 1, 2 }, { VERDICT_FAIL, VERDICT_PASS }, 'C', 1, 1, 1 },
        { { 1, 1 }, { VERDICT_PASS, VERDICT_FAIL }, 'C', 2, 0, 1 },
        { { 2, 2 }, { VERDICT_PASS, VERDICT_FAIL }, 'C', 2, 0, 1 }, /* somebody's own scenarios */
        { { 0, 0 }, { VERDICT_PASS, VERDICT_FAIL }, 'C', 2, 0, 1 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct complaints *complaints = complaints_new();
        struct plan *plan = plan_of(texts, complaints);
        struct summary s;
        complaints_free(complaints);
        assert_non_null(plan);
        struct results *r = results_new(plan, variants, 1);
        for (size_t k = 0; k < 2; k++) {
            plan->cases[k].tier = rows[i].tiers[k];
            give(&r->clients[0].cases[k], rows[i].kinds[k]);
        }
        summary_make(&s, r, 0);
        assert_int_equal(s.letter, rows[i].letter);
        assert_int_equal(s.cases, rows[i].cases);
        assert_int_equal(s.unscored, rows[i].unscored);
        assert_int_equal(s.failed, rows[i].failed);
        FILE *f = fopen("/dev/null", "w");
        assert_non_null(f);
        assert_int_equal(baseline_holds(NULL, r, false, f), rows[i].failed == 0);
        fclose(f);
        results_free(r);
        plan_free(plan);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_shipped_one_grades_204),
    cmocka_unit_test(what_is_not_graded_does_not_count),
};

TEST_MAIN(tests)
