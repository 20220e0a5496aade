/*
 * `clientsuite diff OLD NEW`: what changed between two runs, check by check. Worse is what was
 * shown to hold and no longer is, and what fails now where it did not; a failure that is no longer
 * shown is a change, no improvement.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "findings.h"
#include "results_read.h"
#include "say.h"
#include "suite.h"

enum change { SAME, BETTER, CHANGED, WORSE, CHANGES };

struct comparison {
    const struct results *r;
    size_t old, new; /* clients */
    size_t counts[CHANGES];
    size_t only_old, only_new; /* cases */
};

/* ---- one check ------------------------------------------------------------------------------- */

/* 0 holds, 1 not shown, 2 a SHOULD missed, 3 worse; -1: not asked. */
static int badness(const struct verdict *v)
{
    switch (verdict_rank(v)) {
    case RANK_CRITICAL:
    case RANK_MUST:
    case RANK_BROKEN:
        return 3;
    case RANK_SHOULD:
        return 2;
    case RANK_OPEN:
        return 1;
    case RANK_NONE:
    case RANKS:
        break;
    }
    return v->kind == VERDICT_PASS || v->kind == VERDICT_INFO ? 0 : -1;
}

static enum change change_of(const struct verdict *a, const struct verdict *b)
{
    int was = badness(a), is = badness(b);
    if (was == is)
        return a->kind == VERDICT_INFO && b->kind == VERDICT_INFO && a->holds != b->holds ? CHANGED
                                                                                          : SAME;
    if (was < 0)
        return is >= 2 ? WORSE : is == 0 ? BETTER : CHANGED;
    if (is < 0 || (is == 1 && was > 1))
        return CHANGED;
    return is > was ? WORSE : BETTER;
}

static void compare_check(struct comparison *c, const char *name, const struct verdict *a,
                          const struct verdict *b, enum baseline_mark mark)
{
    static const char *const words[CHANGES] = { "", "better", "changed", "worse" };
    enum change change = change_of(a, b);
    c->counts[change]++;
    if (change == SAME)
        return;
    printf("  %-8s %s %s (%s): %s%s%s, was %s\n", words[change], name, b->id, level_name(b->level),
           verdict_word(b), mark ? ", " : "", baseline_mark_name(mark), verdict_word(a));
    const char *sentence = change == BETTER ? a->sentence : b->sentence;
    if (!*sentence)
        return;
    fputs(change == BETTER ? "           it was so: " : "           ", stdout);
    say_print(stdout, sentence);
    putchar('\n');
}

/* ---- cases, house ---------------------------------------------------------------------------- */

static void compare_cases(struct comparison *c)
{
    for (size_t i = 0; i < c->r->plan->count; i++) {
        const struct case_result *a = &c->r->clients[c->old].cases[i];
        const struct case_result *b = &c->r->clients[c->new].cases[i];
        c->only_old += a->is_final && !b->is_final;
        c->only_new += b->is_final && !a->is_final;
        for (size_t k = 0; a->is_final && b->is_final && k < a->of->scenario->check_count; k++)
            compare_check(c, a->of->name, &a->graded->verdicts[k], &b->graded->verdicts[k],
                          case_mark(b, k));
    }
}

/* A house check counts once; in how many cases it was broken may change with the cases. */
static void compare_house(struct comparison *c, const struct summary *a, const struct summary *b)
{
    for (size_t i = 0; i < a->house_count && i < b->house_count; i++) {
        size_t was = a->house[i].broken, is = b->house[i].broken;
        if (was == is)
            continue;
        enum change change = was == 0 ? WORSE : is == 0 ? BETTER : CHANGED;
        c->counts[change]++;
        printf("  %-8s house %s: broken in %zu case%s, was in %zu\n",
               change == WORSE    ? "worse"
               : change == BETTER ? "better"
                                  : "changed",
               b->house[i].id, is, is == 1 ? "" : "s", was);
    }
}

/* ---- clients --------------------------------------------------------------------------------- */

static void put_client(const struct client_result *c)
{
    struct buf title = { 0 };
    client_title(&title, c);
    say_print(stdout, title.at);
    buf_free(&title);
}

static void compare(struct comparison *c)
{
    struct summary a, b;
    summary_make(&a, c->r, c->old);
    summary_make(&b, c->r, c->new);
    put_client(&c->r->clients[c->old]);
    printf(": %c; ", a.letter);
    put_client(&c->r->clients[c->new]);
    printf(": %c\n", b.letter);
    compare_cases(c);
    compare_house(c, &a, &b);
    printf("  %zu worse, %zu better, %zu changed, %zu as before", c->counts[WORSE],
           c->counts[BETTER], c->counts[CHANGED], c->counts[SAME]);
    if (c->only_old + c->only_new)
        printf("; %zu cases only in the old run, %zu only in the new one", c->only_old,
               c->only_new);
    putchar('\n');
}

static bool is_same_variant(const struct client_result *a, const struct client_result *b)
{
    return strcmp(a->variant->name, b->variant->name) == 0;
}

static bool is_same_name(const struct client_result *a, const struct client_result *b)
{
    return strcmp(a->variant->profile->name, b->variant->profile->name) == 0 &&
           is_same_variant(a, b);
}

/* The client of the new run that stands for this one: of the same name and variant; or else, where
 * each run has but one client, that one. SIZE_MAX: none. */
static size_t partner_of(const struct results_read *r, size_t old)
{
    const struct client_result *clients = r->results->clients;
    size_t olds = 0, news = 0, last = 0;
    for (size_t i = 0; i < r->results->client_count; i++) {
        if (r->source_of[i] == 0) {
            olds++;
            continue;
        }
        if (is_same_name(&clients[old], &clients[i]))
            return i;
        news++;
        last = i;
    }
    return olds == 1 && news == 1 ? last : SIZE_MAX;
}

int suite_diff(const struct suite_options *o)
{
    struct results_read *r = results_read(o->operands, o->operand_count, RESULTS_APART);
    size_t worse = 0, pairs = 0;
    if (!r)
        return EXIT_USAGE;
    for (size_t i = 0; i < r->results->client_count; i++) {
        size_t partner = r->source_of[i] == 0 ? partner_of(r, i) : SIZE_MAX;
        struct comparison c = { .r = r->results, .old = i, .new = partner };
        if (partner == SIZE_MAX)
            continue;
        if (pairs++)
            putchar('\n');
        compare(&c);
        worse += c.counts[WORSE];
    }
    if (pairs == 0)
        fputs("clientsuite: diff: no client is in both\n", stderr);
    results_read_free(r);
    return pairs == 0 ? EXIT_NOTHING : worse ? EXIT_VERDICT : EXIT_OK;
}
