/*
 * JUnit XML: a suite for each client, a test case for each check that was judged. JUnit knows
 * passed, failed, error and skipped: a SHOULD that was missed passes, with its sentence as output.
 */
#include "outputs.h"

#include <string.h>

#include "clock.h"
#include "markup.h"

/* XML 1.0 has no control characters but tab and line ends, and no U+FFFE and U+FFFF: shown as `?`.
 */
static void put(FILE *f, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)(text ? text : ""); *c; c++) {
        const char *entity = markup_entity((char)*c);
        bool is_no_character = *c == 0xEF && c[1] == 0xBF && (c[2] & 0xFE) == 0xBE;
        if (entity)
            fputs(entity, f);
        else if (*c == '\n' || *c == '\t')
            fputc(*c, f);
        else
            fputc(*c < 0x20 || *c == 0x7F || is_no_character ? '?' : *c, f);
        c += is_no_character ? 2 : 0;
    }
}

/* A baseline decides what a build is to be red for: new failures, and what it has to be told. */
static bool is_failure(const struct verdict *v, enum baseline_mark mark)
{
    return mark == BASELINE_FIXED || (v->kind == VERDICT_FAIL && mark != BASELINE_EXPECTED);
}

static bool is_error(const struct verdict *v, enum baseline_mark mark)
{
    if (mark == BASELINE_EXPECTED)
        return false;
    return v->kind == VERDICT_CRASH || v->kind == VERDICT_HANG || v->kind == VERDICT_HARNESS_ERROR;
}

static bool is_skipped(const struct verdict *v, enum baseline_mark mark)
{
    return mark == BASELINE_EXPECTED || v->kind == VERDICT_NOT_APPLICABLE ||
           v->kind == VERDICT_NOT_EXERCISED || v->kind == VERDICT_NOT_JUDGED ||
           v->kind == VERDICT_BLOCKED || v->kind == VERDICT_INCONCLUSIVE;
}

struct counts {
    size_t tests, failures, errors, skipped;
};

static void count(struct counts *n, const struct verdict *v, enum baseline_mark mark)
{
    if (!output_shows(v, mark))
        return;
    n->tests++;
    n->failures += is_failure(v, mark);
    n->errors += is_error(v, mark);
    n->skipped += is_skipped(v, mark);
}

static struct counts count_client(const struct results *r, const struct client_result *c)
{
    struct counts n = { 0 };
    for (size_t i = 0; i < r->plan->count; i++)
        for (size_t k = 0; c->cases[i].is_final && k < c->cases[i].graded->count; k++)
            count(&n, &c->cases[i].graded->verdicts[k], case_mark(&c->cases[i], k));
    return n;
}

static const char *const mark_words[] = {
    [BASELINE_NONE] = "",
    [BASELINE_EXPECTED] = "expected by the baseline: ",
    [BASELINE_NEW] = "",
    [BASELINE_FIXED] = "fixed, it is known to fail by the baseline: ",
};

static void put_reason(FILE *f, const char *element, const struct verdict *v,
                       enum baseline_mark mark)
{
    fprintf(f, "      <%s message=\"%s", element, mark_words[mark]);
    put(f, v->sentence);
    if (strcmp(element, "skipped") != 0)
        fprintf(f, "\" type=\"%s %s", level_name(v->level), verdict_kind_name(v->kind));
    fputs("\"/>\n", f);
}

static void put_check(FILE *f, const char *client, const struct case_result *c, size_t i)
{
    const struct verdict *v = &c->graded->verdicts[i];
    const enum baseline_mark mark = case_mark(c, i);
    double took = c->record ? (double)c->record->took / (double)CLOCK_S : 0;
    fputs("    <testcase classname=\"", f);
    put(f, client);
    fputc('.', f);
    put(f, c->of->name);
    fputs("\" name=\"", f);
    put(f, v->id);
    fprintf(f, "\" time=\"%.3f\">\n", took);
    if (is_failure(v, mark))
        put_reason(f, "failure", v, mark);
    else if (is_error(v, mark))
        put_reason(f, "error", v, mark);
    else if (is_skipped(v, mark))
        put_reason(f, "skipped", v, mark);
    fputs("      <system-out>", f);
    put(f, level_name(v->level));
    fputs(": ", f);
    put(f, v->says);
    fprintf(f, " [%s%s%s] ", verdict_word(v), mark ? ", " : "", baseline_mark_name(mark));
    put(f, v->sentence);
    fputs("</system-out>\n    </testcase>\n", f);
}

static void put_client(FILE *f, const struct results *r, const struct client_result *c)
{
    struct counts n = count_client(r, c);
    char name[128];
    results_client_name(c, name);
    fputs("  <testsuite name=\"", f);
    put(f, name);
    fprintf(f, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n",
            c->contract ? 1 : n.tests, n.failures, c->contract ? 1 : n.errors, n.skipped,
            (double)(r->ended - r->began) / (double)CLOCK_S);
    if (c->contract) {
        fputs("    <testcase classname=\"", f);
        put(f, name);
        fputs("\" name=\"contract\"><error type=\"contract\" message=\"", f);
        put(f, c->contract);
        fputs("\"/></testcase>\n", f);
    }
    for (size_t i = 0; i < r->plan->count; i++)
        for (size_t k = 0; c->cases[i].is_final && k < c->cases[i].graded->count; k++)
            if (output_shows(&c->cases[i].graded->verdicts[k], case_mark(&c->cases[i], k)))
                put_check(f, name, &c->cases[i], k);
    fputs("  </testsuite>\n", f);
}

static void write_end(FILE *f, const struct results *r, int exit_code)
{
    struct counts all = { 0 };
    (void)exit_code;
    for (size_t i = 0; i < r->client_count; i++) {
        struct counts n = count_client(r, &r->clients[i]);
        all.tests += n.tests + (r->clients[i].contract != NULL);
        all.failures += n.failures;
        all.errors += n.errors + (r->clients[i].contract != NULL);
    }
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", f);
    fprintf(f, "<testsuites name=\"clientsuite\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\">\n",
            all.tests, all.failures, all.errors);
    for (size_t i = 0; i < r->client_count; i++)
        put_client(f, r, &r->clients[i]);
    fputs("</testsuites>\n", f);
}

const struct output_form output_junit = { .name = "junit", .end = write_end };
