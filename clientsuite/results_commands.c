/*
 * The commands that work on kept results: `report` writes them in other forms, `merge` makes the
 * shards of a run one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "outputs.h"
#include "results_read.h"
#include "suite.h"

static const struct output_form *form_named(const char *name)
{
    for (const struct output_form *const *f = output_forms; *f; f++)
        if (strcmp((*f)->name, name) == 0)
            return *f;
    return NULL;
}

/* All of the results at once, as a run writes them bit by bit. */
static void write_all(FILE *f, const struct output_form *form, const struct results *r,
                      int exit_code)
{
    if (form->begin)
        form->begin(f, r);
    for (size_t i = 0; form->client && i < r->client_count; i++)
        form->client(f, r, &r->clients[i]);
    for (size_t i = 0; form->one && i < r->client_count; i++)
        for (size_t k = 0; k < r->plan->count; k++)
            if (r->clients[i].cases[k].is_final)
                form->one(f, r, &r->clients[i].cases[k]);
    if (form->end)
        form->end(f, r, exit_code);
}

static int write_file(const char *path, const struct output_form *form, const struct results *r,
                      int exit_code)
{
    FILE *f = strcmp(path, "-") == 0 ? fdopen(dup(STDOUT_FILENO), "w") : fopen(path, "we");
    bool is_good = f != NULL;
    if (f) {
        write_all(f, form, r, exit_code);
        is_good = !ferror(f);
        is_good &= fclose(f) == 0;
    }
    if (!is_good)
        fprintf(stderr, "clientsuite: %s cannot be written: %s\n", path, strerror(errno));
    return is_good ? 0 : -1;
}

/* The runs' exit status as one: what was worst; "nothing was put to the test" only of all. */
static int exit_code_of(const struct results_read *r)
{
    bool seen[EXIT_NOTHING + 1] = { false };
    for (size_t i = 0; i < r->source_count; i++) {
        int code = r->sources[i].has_ended ? r->sources[i].exit_code : EXIT_HARNESS;
        seen[code >= 0 && code <= EXIT_NOTHING ? code : EXIT_HARNESS] = true;
    }
    return seen[EXIT_HARNESS] || seen[EXIT_USAGE] ? EXIT_HARNESS
           : seen[EXIT_VERDICT]                   ? EXIT_VERDICT
           : seen[EXIT_OK]                        ? EXIT_OK
                                                  : EXIT_NOTHING;
}

static int write_reports(const struct suite_options *o, const struct results_read *r)
{
    int result = 0;
    for (size_t i = 0; i < o->report_count; i++)
        result |= write_file(o->reports[i].path, form_named(o->reports[i].form), r->results,
                             exit_code_of(r));
    return result;
}

int suite_report(const struct suite_options *o)
{
    struct results_read *r = results_read(o->operands, o->operand_count, RESULTS_TOGETHER);
    if (!r)
        return EXIT_USAGE;
    int result = write_reports(o, r);
    results_read_free(r);
    return result < 0 ? EXIT_HARNESS : EXIT_OK;
}

int suite_merge(const struct suite_options *o)
{
    struct results_read *r = results_read(o->operands, o->operand_count, RESULTS_TOGETHER);
    if (!r)
        return EXIT_USAGE;
    int code = exit_code_of(r);
    if (write_file(o->output, &output_json, r->results, code) < 0 || write_reports(o, r) < 0)
        code = EXIT_HARNESS;
    results_read_free(r);
    return code;
}
