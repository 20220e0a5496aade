/*
 * The commands that play nothing.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "buf.h"
#include "catalogue.h"
#include "clients.h"
#include "edition.h"
#include "evidence.h"
#include "explain_scenario.h"
#include "plan.h"
#include "report.h"
#include "suite.h"

/* ---- list, explain --------------------------------------------------------------------------- */

int suite_list(const struct suite_options *o)
{
    struct complaints *complaints = complaints_new();
    struct edition *edition = edition_load(o->edition, complaints);
    struct catalogue *c = catalogue_new(NULL);
    size_t shown = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct catalogue_entry *e = &c->entries[i];
        bool fits = o->operand_count == 0;
        int tier = edition_tier(edition, e->id);
        for (size_t k = 0; k < o->operand_count; k++)
            fits |= plan_fits(o->operands[k], e->id, e->id);
        fits &= !o->layer || (e->layer && strcmp(e->layer, o->layer) == 0);
        fits &= !o->tier || tier <= o->tier;
        if (!fits)
            continue;
        shown++;
        printf("%-36s %-10s %c  %s\n", e->id, e->layer ? e->layer : "-",
               tier ? (char)('0' + tier) : '-', e->title ? e->title : "");
    }
    if (complaints_count(complaints))
        complaints_print(complaints, stderr);
    complaints_free(complaints);
    catalogue_free(c);
    edition_free(edition);
    return shown ? EXIT_OK : EXIT_NOTHING;
}

int suite_explain(const struct suite_options *o)
{
    int code = EXIT_OK;
    for (size_t i = 0; i < o->operand_count; i++)
        if (!explain_scenario(stdout, o->operands[i]))
            code = EXIT_USAGE;
    return code;
}

/* ---- clients --------------------------------------------------------------------------------- */

int suite_clients(const struct suite_options *o)
{
    struct complaints *complaints = complaints_new();
    char **list = clients_list();
    (void)o;
    for (char **path = list; *path; path++) {
        struct profile *p = profile_load_file(*path, complaints);
        for (size_t i = 0; p && i < p->variant_count; i++)
            printf("%s%s%-*s %s\n", p->name, i || p->variant_count > 1 ? "@" : " ",
                   (int)(24 - strlen(p->name)), p->variant_count > 1 ? p->variants[i].name : "",
                   i == 0                 ? *path
                   : p->variants[i].about ? p->variants[i].about
                                          : "");
        profile_free(p);
        free(*path);
    }
    free(list);
    bool is_bad = complaints_count(complaints) > 0;
    if (is_bad)
        complaints_print(complaints, stderr);
    complaints_free(complaints);
    return is_bad ? EXIT_USAGE : EXIT_OK;
}

/* ---- grade ----------------------------------------------------------------------------------- */

struct graded_run {
    size_t cases;
    bool has_failed, is_broken;
};

/* What the baseline of the run makes of the verdicts, as they are now. A MUST that it knows to fail
 * is as expected. */
static bool is_as_expected(const struct evidence *e)
{
    bool holds = true;
    for (size_t i = 0; i < e->graded->count; i++) {
        const struct verdict *v = &e->graded->verdicts[i];
        const char *const *known = e->known;
        while (*known && strcmp(*known, v->id) != 0)
            known++;
        bool is_new = verdict_is_failure(v) && !*known;
        enum baseline_mark mark = is_new                    ? BASELINE_NEW
                                  : !*known                 ? BASELINE_NONE
                                  : verdict_is_failure(v)   ? BASELINE_EXPECTED
                                  : v->kind == VERDICT_PASS ? BASELINE_FIXED
                                                            : BASELINE_NONE;
        if (mark)
            printf("  %s by the baseline: %s\n", baseline_mark_name(mark), v->id);
        holds &= !is_new;
    }
    return holds;
}

static void grade_case_folder(const char *folder, struct graded_run *run)
{
    struct evidence *e = evidence_read(folder);
    run->cases++;
    run->is_broken |= !e;
    if (!e)
        return;
    struct buf name = { 0 };
    buf_printf(&name, "%s %s%s%s", e->client, e->scenario->id, e->scenario->variant ? "@" : "",
               e->scenario->variant ? e->scenario->variant : "");
    buf_char(&name, '\0');
    struct reported r = { .name = name.at, .scenario = e->scenario, .graded = e->graded };
    printf("%s: ", name.at);
    report_counts(stdout, &r);
    putchar('\n');
    report_table(stdout, &r, false);
    run->has_failed |= e->known ? !is_as_expected(e) : report_has_failed(&r);
    buf_free(&name);
    evidence_free(e);
}

static int compare(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void grade_folder(const char *folder, struct graded_run *run, int depth)
{
    char path[4096];
    struct stat st;
    struct dirent **entries;
    snprintf(path, sizeof(path), "%s/case.json", folder);
    if (stat(path, &st) == 0) {
        grade_case_folder(folder, run);
        return;
    }
    int count = depth < 6 ? scandir(folder, &entries, NULL, compare) : 0;
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
            grade_folder(path, run, depth + 1);
        free(entries[i]);
    }
    if (count > 0)
        free(entries);
}

int suite_grade(const struct suite_options *o)
{
    struct graded_run run = { 0 };
    for (size_t i = 0; i < o->operand_count; i++)
        grade_folder(o->operands[i], &run, 0);
    if (run.cases == 0)
        fprintf(stderr, "clientsuite: no evidence in %s (run --keep FOLDER writes it)\n",
                o->operands[0]);
    return run.is_broken    ? EXIT_USAGE
           : run.has_failed ? EXIT_VERDICT
           : run.cases == 0 ? EXIT_NOTHING
                            : EXIT_OK;
}
