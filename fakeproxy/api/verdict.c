/*
 * The verdict, copied out of what grading made, so that it outlives the instance.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "arena.h"
#include "judge.h"

struct judged { /* its first member is what the caller has */
    struct fakeproxy_verdict shown;
    struct arena *arena;
    char *json, *text;
};

static const enum fakeproxy_result results[VERDICT_KINDS] = {
    [VERDICT_PASS] = FAKEPROXY_PASS,
    [VERDICT_FAIL] = FAKEPROXY_FAIL,
    [VERDICT_WEAK] = FAKEPROXY_WEAK,
    [VERDICT_INFO] = FAKEPROXY_INFO,
    [VERDICT_NOT_APPLICABLE] = FAKEPROXY_NOT_APPLICABLE,
    [VERDICT_NOT_EXERCISED] = FAKEPROXY_NOT_EXERCISED,
    [VERDICT_NOT_JUDGED] = FAKEPROXY_NOT_JUDGED,
    [VERDICT_INCONCLUSIVE] = FAKEPROXY_INCONCLUSIVE,
    [VERDICT_HARNESS_ERROR] = FAKEPROXY_HARNESS_ERROR,
    /* Those of whoever runs the client do not come here. */
    [VERDICT_BLOCKED] = FAKEPROXY_HARNESS_ERROR,
    [VERDICT_CRASH] = FAKEPROXY_HARNESS_ERROR,
    [VERDICT_HANG] = FAKEPROXY_HARNESS_ERROR,
};

static const enum fakeproxy_level levels[] = {
    [LEVEL_MUST] = FAKEPROXY_MUST,       [LEVEL_MUST_POLICY] = FAKEPROXY_MUST_POLICY,
    [LEVEL_SHOULD] = FAKEPROXY_SHOULD,   [LEVEL_MAY] = FAKEPROXY_MAY,
    [LEVEL_INFO] = FAKEPROXY_LEVEL_INFO,
};

const char *fakeproxy_result_name(enum fakeproxy_result result)
{
    for (int i = 0; i < VERDICT_BLOCKED; i++)
        if (results[i] == result)
            return verdict_kind_name((enum verdict_kind)i);
    return "";
}

const char *fakeproxy_level_name(enum fakeproxy_level level)
{
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (levels[i] == level)
            return level_name((enum level)i);
    return "";
}

/* ---- copying --------------------------------------------------------------------------------- */

static const char *keep(struct judged *j, const char *text)
{
    return text ? arena_copy(j->arena, text, strlen(text)) : "";
}

static void copy_checks(struct judged *j, const struct graded *g)
{
    const struct fakeproxy_check **checks =
        arena_take(j->arena, (g->count + 1) * sizeof(checks[0]));
    for (size_t i = 0; i < g->count; i++) {
        const struct verdict *v = &g->verdicts[i];
        struct fakeproxy_check *c = arena_take(j->arena, sizeof(*c));
        *c = (struct fakeproxy_check){ .id = keep(j, v->id),
                                       .level = levels[v->level],
                                       .result = results[v->kind],
                                       .says = keep(j, v->says),
                                       .sentence = keep(j, v->sentence),
                                       .house = v->house,
                                       .critical = v->critical,
                                       .holds = v->holds };
        j->shown.counts[c->result]++;
        checks[i] = c;
    }
    checks[g->count] = NULL;
    j->shown.checks = checks;
    j->shown.check_count = g->count;
}

static FILE *open_text(char **text, size_t *len)
{
    FILE *f = open_memstream(text, len);
    if (!f)
        abort();
    return f;
}

static void write_texts(struct judged *j, const struct reported *r)
{
    size_t len;
    FILE *f = open_text(&j->json, &len);
    struct report report = { .scenarios = r, .count = 1, .exit_code = j->shown.exit_code };
    report_write(f, REPORT_JSON, &report);
    fclose(f);
    f = open_text(&j->text, &len);
    fprintf(f, "%s: ", r->name);
    report_counts(f, r);
    fputc('\n', f);
    report_table(f, r, false);
    report_diagnosis(f, r, false);
    fclose(f);
    j->shown.json = j->json;
    j->shown.text = j->text;
}

/* ---- judging --------------------------------------------------------------------------------- */

struct judging {
    struct fakeproxy_instance *in;
    struct judged *judged;
};

static const char *name_of(struct judged *j, const struct scenario *s)
{
    char *name;
    if (!s->variant)
        return s->id;
    if (asprintf(&name, "%s@%s", s->id, s->variant) < 0)
        abort();
    const char *kept = keep(j, name);
    free(name);
    return kept;
}

static void judge_instance(void *arg)
{
    struct judging *a = arg;
    struct judged *j = a->judged;
    struct options options = { 0 }; /* no files */
    struct judge *judge = judge_new(&options, 1);
    judge_so_far(judge, name_of(j, a->in->scenario), a->in->core);
    const struct reported *r = judge_reported(judge, 0);
    j->shown.exit_code = judge_exit_code(judge);
    j->shown.exercised = r->graded->exercised;
    j->shown.reason = keep(j, r->graded->reason);
    copy_checks(j, r->graded);
    write_texts(j, r);
    judge_free(judge);
}

struct fakeproxy_verdict *fakeproxy_judge(struct fakeproxy_instance *in)
{
    struct judged *j = calloc(1, sizeof(*j));
    if (!j)
        abort();
    j->arena = arena_new();
    struct judging a = { .in = in, .judged = j };
    api_call(in->owner, judge_instance, &a);
    return &j->shown;
}

void fakeproxy_verdict_free(struct fakeproxy_verdict *v)
{
    struct judged *j = (struct judged *)(void *)v;
    if (!j)
        return;
    arena_free(j->arena);
    free(j->json);
    free(j->text);
    free(j);
}

const char *fakeproxy_version(void)
{
    return FAKEPROXY_VERSION;
}
