/*
 * The verdict of a play.
 */
#include "judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "grade.h"

struct judge {
    const struct options *options;
    FILE **files; /* of the reports, in the order of the options */
    struct reported *parts;
    bool *was_played;
    size_t count;
};

/* ---- life ------------------------------------------------------------------------------------ */

static int open_reports(struct judge *j)
{
    for (size_t i = 0; i < j->options->report_count; i++) {
        const char *path = j->options->reports[i].path;
        j->files[i] = fopen(path, "we");
        if (j->files[i])
            continue;
        fprintf(stderr, "fakeproxy: --report %s cannot be opened: %s\n", path, strerror(errno));
        return -1;
    }
    return 0;
}

struct judge *judge_new(const struct options *options, size_t parts)
{
    struct judge *j = calloc(1, sizeof(*j));
    if (!j || !(j->files = calloc(options->report_count + 1, sizeof(*j->files))) ||
        !(j->parts = calloc(parts + 1, sizeof(*j->parts))) ||
        !(j->was_played = calloc(parts + 1, sizeof(*j->was_played))))
        abort();
    j->options = options;
    if (open_reports(j) == 0)
        return j;
    judge_free(j);
    return NULL;
}

void judge_free(struct judge *j)
{
    if (!j)
        return;
    for (size_t i = 0; i < j->options->report_count; i++)
        if (j->files[i])
            fclose(j->files[i]);
    for (size_t i = 0; i < j->count; i++) { /* they were lent as constant to the reports */
        graded_free((struct graded *)(uintptr_t)j->parts[i].graded);
        diagnosis_free((struct diagnosis *)(uintptr_t)j->parts[i].diagnosis);
    }
    free(j->files);
    free(j->parts);
    free(j->was_played);
    free(j);
}

/* ---- grading --------------------------------------------------------------------------------- */

/* Where checks can be judged, one of them has to be: else they were not put to the test. */
static bool has_judged_any(const struct reported *r)
{
    size_t judgeable = 0;
    for (size_t i = 0; i < r->scenario->check_count; i++) {
        enum verdict_kind kind = r->graded->verdicts[i].kind;
        if (kind == VERDICT_NOT_JUDGED || kind == VERDICT_NOT_APPLICABLE)
            continue;
        if (kind != VERDICT_NOT_EXERCISED && kind != VERDICT_INCONCLUSIVE)
            return true;
        judgeable++;
    }
    return judgeable == 0;
}

void judge_part(struct judge *j, const char *name, struct instance *in)
{
    instance_end(in, "done");
    judge_so_far(j, name, in);
}

void judge_so_far(struct judge *j, const char *name, struct instance *in)
{
    struct reported *r = &j->parts[j->count];
    const struct journal *journal = instance_journal(in);
    struct grade_case c = { .scenario = instance_scenario(in),
                            .lost = journal_lost(journal),
                            .scope = instance_scope(in) };
    const struct fp_event **events = grade_events(journal, &c.count);
    c.events = events;
    struct diagnosis *diagnosis = diagnose(&c, j->options->upstream_count > 0);
    *r = (struct reported){
        .name = name, .scenario = c.scenario, .graded = grade(&c), .diagnosis = diagnosis
    };
    if (c.scenario->check_count > 0)
        diagnosis_fall_back(diagnosis, r->graded);
    /* Without checks the journal's ring may be small: what it lost was something. */
    j->was_played[j->count++] = (r->graded->exercised && has_judged_any(r)) || c.lost > 0;
    free(events);
}

const struct reported *judge_reported(const struct judge *j, size_t part)
{
    return &j->parts[part];
}

bool judge_was_played(const struct judge *j, size_t part)
{
    return j->was_played[part];
}

/* A file without `expect` is played, not judged: house checks are about cases. */
static bool is_case(const struct reported *r)
{
    return r->scenario->check_count > 0;
}

static bool is_void(const struct reported *r)
{
    for (size_t i = 0; i < r->graded->count; i++)
        if (r->graded->verdicts[i].kind == VERDICT_HARNESS_ERROR)
            return true;
    return false;
}

int judge_exit_code(const struct judge *j)
{
    int code = EXIT_OK;
    for (size_t i = 0; i < j->count; i++) {
        const struct reported *r = &j->parts[i];
        if (is_case(r) && is_void(r))
            return EXIT_HARNESS;
        if (is_case(r) && report_has_failed(r))
            code = EXIT_VERDICT;
        else if (!j->was_played[i] && code == EXIT_OK)
            code = EXIT_NOTHING;
    }
    return code;
}

/* ---- saying it ------------------------------------------------------------------------------- */

bool judge_print(const struct judge *j, size_t part, FILE *f)
{
    const struct reported *r = &j->parts[part];
    const char *no_colour = getenv("NO_COLOR");
    bool shows = is_case(r) && report_has_verdict(r);
    if (!shows || (!r->graded->exercised && !report_has_failed(r)))
        return false;
    report_counts(f, r);
    fputc('\n', f);
    report_table(f, r, isatty(fileno(f)) && !(no_colour && *no_colour));
    return true;
}

void judge_explain(const struct judge *j, size_t part, FILE *f)
{
    const char *no_colour = getenv("NO_COLOR");
    report_diagnosis(f, &j->parts[part], isatty(fileno(f)) && !(no_colour && *no_colour));
}

int judge_write_reports(struct judge *j, const struct reported_command *command, int exit_code)
{
    int result = 0;
    struct report report = {
        .scenarios = j->parts, .count = j->count, .command = command, .exit_code = exit_code
    };
    for (size_t i = 0; i < j->options->report_count; i++) {
        const struct report_wanted *wanted = &j->options->reports[i];
        report_write(j->files[i], wanted->form, &report);
        bool failed = ferror(j->files[i]) != 0;
        if (fclose(j->files[i]) != 0 || failed) {
            fprintf(stderr, "fakeproxy: --report %s cannot be written: %s\n", wanted->path,
                    strerror(errno));
            result = -1;
        }
        j->files[i] = NULL;
    }
    return result;
}
