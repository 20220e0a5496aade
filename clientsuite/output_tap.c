/*
 * TAP version 14: a test point for each case, its checks as a subtest. A missed SHOULD is ok, with
 * a comment; what was not judged is skipped; what a baseline knows is to do.
 */
#include "outputs.h"

static void put(FILE *f, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)(text ? text : ""); *c; c++) {
        if (*c == '#' || *c == '\\')
            fputc('\\', f);
        fputc(*c < 0x20 || *c == 0x7F ? ' ' : *c, f);
    }
}

static const char *skip_of(const struct verdict *v)
{
    switch (v->kind) {
    case VERDICT_NOT_APPLICABLE:
    case VERDICT_NOT_EXERCISED:
    case VERDICT_NOT_JUDGED:
    case VERDICT_BLOCKED:
    case VERDICT_INCONCLUSIVE:
        return verdict_kind_name(v->kind);
    case VERDICT_PASS:
    case VERDICT_FAIL:
    case VERDICT_WEAK:
    case VERDICT_INFO:
    case VERDICT_HARNESS_ERROR:
    case VERDICT_CRASH:
    case VERDICT_HANG:
    case VERDICT_KINDS:
        break;
    }
    return NULL;
}

static bool is_ok(const struct verdict *v, enum baseline_mark mark)
{
    return mark != BASELINE_FIXED && !verdict_is_failure(v) && v->kind != VERDICT_HARNESS_ERROR &&
           v->kind != VERDICT_CRASH && v->kind != VERDICT_HANG;
}

static void put_check(FILE *f, size_t n, const struct verdict *v, enum baseline_mark mark)
{
    const char *skip = skip_of(v);
    const bool ok = is_ok(v, mark);
    fprintf(f, "    %sok %zu - %s: ", ok ? "" : "not ", n, level_name(v->level));
    put(f, v->id);
    if (v->says) {
        fputs(": ", f);
        put(f, v->says);
    }
    if (skip) {
        fprintf(f, " # SKIP %s: ", skip);
        put(f, v->sentence);
    }
    if (mark == BASELINE_EXPECTED)
        fputs(" # TODO expected by the baseline", f);
    fputc('\n', f);
    if (ok && v->kind != VERDICT_WEAK)
        return;
    if (ok) {
        fputs("    # missed: ", f);
        put(f, v->sentence);
        fputc('\n', f);
        return;
    }
    fputs("      ---\n      message: \"", f);
    for (const char *c = v->sentence; *c; c++) {
        if (*c == '"' || *c == '\\')
            fputc('\\', f);
        fputc((unsigned char)*c < 0x20 ? ' ' : *c, f);
    }
    fprintf(f, "\"\n      severity: %s\n", verdict_kind_name(v->kind));
    if (mark)
        fprintf(f, "      baseline: %s\n", baseline_mark_name(mark));
    fputs("      ...\n", f);
}

static void put_case(FILE *f, size_t n, const char *client, const struct case_result *c)
{
    size_t checks = 0;
    bool ok = true, all_skipped = true;
    fprintf(f, "# Subtest: %s ", client);
    put(f, c->of->name);
    fputc('\n', f);
    for (size_t i = 0; i < c->graded->count; i++) {
        const struct verdict *v = &c->graded->verdicts[i];
        const enum baseline_mark mark = case_mark(c, i);
        if (!output_shows(v, mark))
            continue;
        put_check(f, ++checks, v, mark);
        ok &= is_ok(v, mark) || mark == BASELINE_EXPECTED; /* what is to do yet fails nothing */
        all_skipped &= skip_of(v) != NULL;
    }
    fprintf(f, "    1..%zu\n%sok %zu - %s ", checks, ok ? "" : "not ", n, client);
    put(f, c->of->name);
    if (all_skipped) {
        fputs(" # SKIP ", f);
        put(f, c->graded->count ? c->graded->verdicts[0].sentence : "");
    }
    fputc('\n', f);
}

static void write_end(FILE *f, const struct results *r, int exit_code)
{
    size_t n = 0;
    (void)exit_code;
    fputs("TAP version 14\n", f);
    for (size_t i = 0; i < r->client_count; i++) {
        const struct client_result *c = &r->clients[i];
        char name[128];
        results_client_name(c, name);
        if (c->contract) {
            fprintf(f, "not ok %zu - %s keeps the driver contract\n# ", ++n, name);
            put(f, c->contract);
            fputc('\n', f);
        }
        for (size_t k = 0; k < r->plan->count; k++)
            if (c->cases[k].is_final)
                put_case(f, ++n, name, &c->cases[k]);
    }
    fprintf(f, "1..%zu\n", n);
    if (r->was_interrupted)
        fputs("# interrupted: this is what ran\n", f);
}

const struct output_form output_tap = { .name = "tap", .end = write_end };
