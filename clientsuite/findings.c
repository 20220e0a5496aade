/*
 * Findings.
 */
#include "findings.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"

/* ---- ranks ----------------------------------------------------------------------------------- */

enum rank verdict_rank(const struct verdict *v)
{
    if (verdict_is_failure(v))
        return v->critical ? RANK_CRITICAL : v->level == LEVEL_SHOULD ? RANK_SHOULD : RANK_MUST;
    switch (v->kind) {
    case VERDICT_HARNESS_ERROR:
        return v->house ? RANK_NONE : RANK_BROKEN;
    case VERDICT_WEAK:
    case VERDICT_CRASH:
    case VERDICT_HANG:
        return RANK_SHOULD;
    case VERDICT_NOT_EXERCISED:
    case VERDICT_NOT_JUDGED:
    case VERDICT_INCONCLUSIVE:
    case VERDICT_BLOCKED:
        /* A house check is shown by other cases. */
        return v->house || v->level == LEVEL_MAY || v->level == LEVEL_INFO ? RANK_NONE : RANK_OPEN;
    case VERDICT_PASS:
    case VERDICT_FAIL:
    case VERDICT_INFO:
    case VERDICT_NOT_APPLICABLE:
    case VERDICT_KINDS:
        break;
    }
    return RANK_NONE;
}

enum rank case_rank(const struct case_result *c)
{
    enum rank worst = RANK_NONE;
    for (size_t i = 0; c->is_final && i < c->graded->count; i++) {
        enum rank rank = verdict_rank(&c->graded->verdicts[i]);
        worst = rank < worst ? rank : worst;
    }
    return worst;
}

enum rank group_rank(const struct results *r, size_t group)
{
    enum rank worst = RANK_NONE;
    for (size_t i = group; i < r->plan->count && r->plan->cases[i].group == group; i++)
        for (size_t k = 0; k < r->client_count; k++) {
            enum rank rank = case_rank(&r->clients[k].cases[i]);
            worst = rank < worst ? rank : worst;
        }
    return worst;
}

const char *rank_heading(enum rank rank)
{
    static const char *const headings[RANKS] = {
        [RANK_CRITICAL] = "A critical MUST failed",
        [RANK_MUST] = "A MUST failed",
        [RANK_BROKEN] = "The suite itself failed",
        [RANK_SHOULD] = "A SHOULD was missed",
        [RANK_OPEN] = "Not shown",
        [RANK_NONE] = "As expected",
    };
    return headings[rank];
}

/* ---- words ----------------------------------------------------------------------------------- */

const char *level_word(enum level level)
{
    static const char *const words[] = { [LEVEL_MUST] = "MUST",
                                         [LEVEL_MUST_POLICY] = "MUST (policy)",
                                         [LEVEL_SHOULD] = "SHOULD",
                                         [LEVEL_MAY] = "MAY",
                                         [LEVEL_INFO] = "info" };
    return words[level];
}

const char *letter_meaning(char letter)
{
    switch (letter) {
    case 'A':
        return "all MUST and SHOULD hold";
    case 'B':
        return "all MUST hold";
    case 'C':
        return "a MUST failed";
    case 'F':
        return "a critical MUST failed";
    default:
        return "nothing was put to the test";
    }
}

char letter_worst(char a, char b)
{
    static const char order[] = "-ABCF";
    const char *at_a = strchr(order, a), *at_b = strchr(order, b);
    return at_b > at_a ? b : a;
}

bool results_is_one_profile(const struct results *r)
{
    for (size_t i = 1; i < r->client_count; i++)
        if (strcmp(r->clients[i].variant->profile->name, r->clients[0].variant->profile->name) != 0)
            return false;
    return r->client_count > 0;
}

bool results_has_many(const struct results *r)
{
    enum { MANY = 7 };
    return r->client_count >= MANY;
}

void client_name(struct buf *b, const struct client_result *c)
{
    const struct profile *p = c->variant->profile;
    buf_string(b, p->title ? p->title : p->name);
    if (strcmp(c->variant->name, "default") != 0)
        buf_printf(b, " %s", c->variant->name);
    buf_char(b, '\0');
    b->len--;
}

void client_title(struct buf *b, const struct client_result *c)
{
    const struct profile *p = c->variant->profile;
    buf_string(b, p->title ? p->title : p->name);
    if (c->version && *c->version)
        buf_printf(b, " %s", c->version);
    if (strcmp(c->variant->name, "default") != 0)
        buf_printf(b, " %s", c->variant->name);
    buf_char(b, '\0');
    b->len--;
}

const char *wall_date(int64_t wall, char buf[static 32])
{
    time_t seconds = (time_t)(wall / CLOCK_S);
    struct tm tm;
    buf[0] = '\0';
    if (wall > 0 && gmtime_r(&seconds, &tm))
        strftime(buf, 32, "%Y-%m-%d %H:%M UTC", &tm);
    return buf;
}

/* ---- the letter ------------------------------------------------------------------------------ */

struct worst {
    enum rank rank;
    const struct verdict *verdict;
    const struct case_result *in;
};

/* Own checks in the order of the plan, then house checks: the first of the worst rank. */
static struct worst worst_of(const struct results *r, size_t client)
{
    struct worst w = { .rank = RANK_NONE };
    for (int house = 0; house < 2; house++)
        for (size_t i = 0; i < r->plan->count; i++) {
            const struct case_result *c = &r->clients[client].cases[i];
            for (size_t k = 0; c->is_final && k < c->graded->count; k++) {
                const struct verdict *v = &c->graded->verdicts[k];
                if (v->house == house && verdict_rank(v) < w.rank)
                    w = (struct worst){ verdict_rank(v), v, c };
            }
        }
    return w;
}

static void add_more(struct buf *b, size_t failed, size_t weak)
{
    if (failed)
        buf_printf(b, "; %zu more MUST failed", failed);
    if (weak)
        buf_printf(b, "%s%zu SHOULD missed", failed ? ", " : "; ", weak);
}

void letter_reason(struct buf *b, const struct results *r, size_t client, const struct summary *s)
{
    const struct client_result *c = &r->clients[client];
    size_t failed = s->all.must.fail + s->all.policy.fail, weak = s->all.should.weak;
    struct worst w = worst_of(r, client);
    for (size_t i = 0; i < s->house_count; i++)
        failed += s->house[i].broken > 0 && s->house[i].level != LEVEL_SHOULD;
    if (c->contract)
        buf_printf(b, "It does not keep the driver contract: %s", c->contract);
    else if (s->letter == 'A')
        buf_string(b, "All MUST and SHOULD that apply hold.");
    else if (s->letter == '-')
        buf_string(b, "Nothing was put to the test.");
    else if (w.rank == RANK_SHOULD)
        buf_printf(b, "All MUST hold; %zu SHOULD missed.", weak + s->all.should.fail);
    else if (w.verdict) {
        buf_printf(b, "%s: \xE2\x80\x9C%s\xE2\x80\x9D does not hold in %s", rank_heading(w.rank),
                   w.verdict->says ? w.verdict->says : w.verdict->id, w.in->of->name);
        add_more(b, failed > 1 ? failed - 1 : 0, weak);
        buf_char(b, '.');
    }
}
