/*
 * gencases: writes tests/cases.tsv, what is shipped: each case with its tier, variants and title,
 * each of its checks with its level.
 *
 *     gencases ROOT           writes it anew: for who changes a case on purpose (./dev cases)
 *     gencases --check ROOT   says what differs, and fails then
 *
 * It is not written by ./dev docs: a case that is lost, or a level that is changed, must be seen in
 * a review.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "shipped.h"
#include "verdict.h"

static const char table[] = "tests/cases.tsv";

/* ---- the table ------------------------------------------------------------------------------- */

static bool is_written(const struct scenario_set *set, size_t variant, const struct check *c)
{
    for (size_t i = 0; i < variant; i++)
        for (size_t k = 0; k < set->scenarios[i]->check_count; k++) {
            const struct check *other = &set->scenarios[i]->checks[k];
            if (strcmp(other->id, c->id) == 0 && other->level == c->level &&
                other->critical == c->critical)
                return true;
        }
    return false;
}

static void write_checks(struct buf *b, const struct scenario_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        for (size_t k = 0; k < set->scenarios[i]->check_count; k++) {
            const struct check *c = &set->scenarios[i]->checks[k];
            if (!is_written(set, i, c))
                buf_printf(b, "check\t%s\t%s\t%s%s\n", set->scenarios[i]->id, c->id,
                           level_name(c->level), c->critical ? "\tcritical" : "");
        }
}

static void write_case(struct buf *b, const struct shipped_case *c)
{
    buf_printf(b, "case\t%s\ttier %d\t", c->scenario->id, c->tier);
    for (size_t i = 0; i < c->set.count && c->scenario->variant; i++)
        buf_printf(b, "%s%s", i ? "," : "", c->set.scenarios[i]->variant);
    buf_printf(b, "\t%s\n", c->scenario->title ? c->scenario->title : "");
    write_checks(b, &c->set);
}

/* ---- what differs ---------------------------------------------------------------------------- */

static bool has_line(const struct buf *b, const char *line, size_t len)
{
    for (const char *at = b->at, *end = b->at + b->len; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((stop ? stop : end) - at);
        if (n == len && memcmp(at, line, len) == 0)
            return true;
        at += n + 1;
    }
    return false;
}

static void tell(const char *what, const struct buf *of, const struct buf *in)
{
    for (const char *at = of->at, *end = of->at + of->len; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((stop ? stop : end) - at);
        if (!has_line(in, at, n))
            fprintf(stderr, "%s %.*s\n", what, (int)n, at);
        at += n + 1;
    }
}

/* An edition's ids that are not shipped: they would be graded by nobody. */
static int tell_lost(const struct shipped *s)
{
    int result = 0;
    for (size_t i = 0; i < s->edition->graded_count; i++) {
        const char *id = s->edition->graded[i];
        if (shipped_find(s, id, strlen(id)))
            continue;
        fprintf(stderr, "%s is graded by edition %s, but not shipped\n", id, s->edition->name);
        result = 1;
    }
    return result;
}

int main(int argc, char **argv)
{
    bool check = argc > 1 && strcmp(argv[1], "--check") == 0;
    if (argc != (check ? 3 : 2)) {
        fputs("usage: gencases [--check] ROOT\n", stderr);
        return 2;
    }
    const struct output o = { argv[argc - 1], check, "if that is meant, ./dev cases and commit" };
    struct shipped *s = shipped_load(o.root);
    if (!s)
        return 1;
    struct buf wanted = { 0 }, found = { 0 };
    for (size_t i = 0; i < s->count; i++)
        write_case(&wanted, &s->cases[i]);
    if (check && output_read(&o, table, &found)) {
        tell("gone:", &found, &wanted);
        tell("new: ", &wanted, &found);
    }
    int result = output_settle(&o, table, &wanted) | tell_lost(s);
    buf_free(&wanted);
    buf_free(&found);
    shipped_free(s);
    return result;
}
