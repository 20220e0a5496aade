/*
 * `clientsuite run`: loads what was asked for, makes the loop, plays, reports.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "baseline.h"
#include "buf.h"
#include "clients.h"
#include "clock.h"
#include "evidence.h"
#include "outputs.h"
#include "schedule.h"
#include "stage.h"
#include "suite.h"
#include "timer.h"

static const int64_t LOOK_EVERY = 200 * CLOCK_MS;

struct output {
    const struct output_form *form;
    const char *path;
    FILE *f;
};

struct suite {
    const struct suite_options *options;
    struct clients clients;
    struct edition *edition;
    struct baseline *baseline;
    struct plan *plan;
    struct results *results;
    struct stage stage;
    struct schedule *schedule;
    struct progress *progress;
    struct output *outputs;
    struct timer look;
    bool has_failed; /* we failed ourselves: a report or evidence that could not be written */
};

/* ---- what the schedule tells ----------------------------------------------------------------- */

static void on_case(void *arg, const struct case_result *c)
{
    struct suite *s = arg;
    if (s->baseline)
        baseline_mark_case(s->baseline, s->results,
                           &s->results->clients[c->client].cases[c->of - s->plan->cases]);
    progress_case(s->progress, c);
    for (size_t i = 0; i < s->options->report_count; i++)
        if (s->outputs[i].form->one)
            s->outputs[i].form->one(s->outputs[i].f, s->results, c);
    if (s->options->keep && c->record && c->record->journal &&
        evidence_write(s->options->keep, s->results, c, s->baseline) < 0)
        s->has_failed = true;
}

static void on_client(void *arg, const struct client_result *c)
{
    struct suite *s = arg;
    progress_client(s->progress, c);
    for (size_t i = 0; i < s->options->report_count; i++)
        if (s->outputs[i].form->client)
            s->outputs[i].form->client(s->outputs[i].f, s->results, c);
}

static void on_end(void *arg)
{
    event_base_loopbreak(((struct suite *)arg)->stage.loop.base);
}

static void on_interrupt(void *arg)
{
    struct suite *s = arg;
    s->results->was_interrupted = true;
    event_base_loopbreak(s->stage.loop.base);
}

static void on_look(void *arg)
{
    struct suite *s = arg;
    progress_look(s->progress, s->schedule);
    timer_set(&s->look, clock_now() + LOOK_EVERY);
}

/* ---- getting ready --------------------------------------------------------------------------- */

static int load(struct suite *s)
{
    const struct suite_options *o = s->options;
    struct complaints *complaints = complaints_new();
    int result = 0;
    for (size_t i = 0; i < o->client_count; i++)
        result |= clients_add(&s->clients, o->clients[i], complaints);
    if (o->is_attached)
        result |= clients_check_attached(&s->clients, complaints);
    s->edition = edition_load(o->edition, complaints);
    if (o->baseline)
        s->baseline = baseline_load(o->baseline, complaints);
    struct plan_selection selection = { .only = o->only,
                                        .layer = o->layer,
                                        .tier = o->tier,
                                        .shard = o->shard,
                                        .shards = o->shards,
                                        .edition = s->edition };
    if (result == 0 && complaints_count(complaints) == 0)
        s->plan = plan_new(&selection, complaints);
    if (complaints_count(complaints) > 0)
        complaints_print(complaints, stderr);
    result = complaints_count(complaints) > 0 || !s->plan ? -1 : 0;
    complaints_free(complaints);
    return result;
}

static void make_results(struct suite *s)
{
    uint64_t seed = s->options->seed;
    if (!s->options->has_seed && getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
        abort();
    s->results = results_new(s->plan, s->clients.variants, s->clients.variant_count);
    s->results->edition = s->edition;
    s->results->seed = s->options->has_seed ? seed : seed >> 16; /* fits a JSON number */
    s->results->began = clock_wall();
}

static int open_outputs(struct suite *s)
{
    s->outputs = calloc(s->options->report_count + 1, sizeof(*s->outputs));
    if (!s->outputs)
        abort();
    for (size_t i = 0; i < s->options->report_count; i++) {
        struct output *out = &s->outputs[i];
        out->path = s->options->reports[i].path;
        for (const struct output_form *const *f = output_forms; *f; f++)
            if (strcmp((*f)->name, s->options->reports[i].form) == 0)
                out->form = *f;
        out->f =
            strcmp(out->path, "-") == 0 ? fdopen(dup(STDOUT_FILENO), "w") : fopen(out->path, "we");
        if (!out->f) {
            fprintf(stderr, "clientsuite: --report %s cannot be opened: %s\n", out->path,
                    strerror(errno));
            return -1;
        }
        assert(out->form); /* the options have seen to it */
        if (out->form->begin)
            out->form->begin(out->f, s->results);
    }
    return 0;
}

static int close_outputs(struct suite *s, int exit_code)
{
    int result = 0;
    for (size_t i = 0; s->outputs && i < s->options->report_count; i++) {
        struct output *out = &s->outputs[i];
        if (!out->f)
            continue;
        if (out->form->end)
            out->form->end(out->f, s->results, exit_code);
        bool is_bad = ferror(out->f) != 0;
        if (fclose(out->f) == 0 && !is_bad)
            continue;
        fprintf(stderr, "clientsuite: --report %s cannot be written: %s\n", out->path,
                strerror(errno));
        result = -1;
    }
    return result;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* With a baseline: is exactly what it knows of what failed? It is said on the table's file. */
static bool is_as_expected(const struct suite *s, FILE *table)
{
    const struct suite_options *o = s->options;
    bool is_whole = !o->only && !o->layer && !o->tier && !o->shards && !s->results->was_interrupted;
    FILE *f = o->is_quiet ? fopen("/dev/null", "we") : table;
    bool holds = baseline_holds(s->baseline, s->results, is_whole, f ? f : table);
    if (f && f != table)
        fclose(f);
    return holds;
}

static int exit_code_of(const struct suite *s, FILE *table)
{
    const struct results *r = s->results;
    size_t exercised = 0;
    bool has_failed = !is_as_expected(s, table), is_broken = s->has_failed;
    for (size_t i = 0; i < r->client_count; i++) {
        struct summary summary;
        summary_make(&summary, r, i);
        exercised += summary.exercised;
        is_broken |= r->clients[i].contract != NULL;
        for (size_t k = 0; k < r->plan->count; k++)
            is_broken |= r->clients[i].cases[k].is_final &&
                         case_verdict(&r->clients[i].cases[k]) == VERDICT_HARNESS_ERROR;
    }
    if (is_broken)
        return EXIT_HARNESS;
    if (has_failed)
        return EXIT_VERDICT;
    if (exercised == 0 || (long)exercised < s->options->min_run)
        return EXIT_NOTHING;
    return r->was_interrupted ? EXIT_HARNESS : EXIT_OK;
}

/* Standard output is the report's, if one is written there. */
static FILE *table_file(const struct suite_options *o)
{
    for (size_t i = 0; i < o->report_count; i++)
        if (strcmp(o->reports[i].path, "-") == 0)
            return stderr;
    return stdout;
}

static bool wants_colour(FILE *f)
{
    const char *no_colour = getenv("NO_COLOR");
    return isatty(fileno(f)) && !(no_colour && *no_colour);
}

static int play(struct suite *s)
{
    struct schedule_options options = { .loop = &s->stage.loop,
                                        .children = s->stage.children,
                                        .folder = s->stage.folder,
                                        .ca_file = s->stage.ca_file,
                                        .lanes = s->options->jobs,
                                        .is_attached = s->options->is_attached,
                                        .shuffles = s->options->has_seed,
                                        .keeps_journals = s->options->keep != NULL,
                                        .results = s->results,
                                        .on_case = on_case,
                                        .on_client = on_client,
                                        .on_end = on_end,
                                        .arg = s };
    FILE *table = table_file(s->options);
    s->progress = progress_new(stderr, s->results, s->options->is_quiet);
    s->schedule = schedule_new(&options);
    stage_on_interrupt(&s->stage, on_interrupt, s);
    timer_init(&s->look, s->stage.loop.base, on_look, s);
    timer_set(&s->look, clock_now() + LOOK_EVERY);
    schedule_start(s->schedule);
    event_base_dispatch(s->stage.loop.base);
    s->results->ended = clock_wall();
    s->results->own = clock_read(CLOCK_PROCESS_CPUTIME_ID);
    progress_free(s->progress);
    s->progress = NULL;
    if (s->baseline)
        baseline_mark_fixed(s->baseline, s->results);
    if (!s->options->is_quiet)
        table_print(table, s->results, wants_colour(table), s->options->is_verbose);
    if (s->options->new_baseline &&
        baseline_write(s->options->new_baseline, s->baseline, s->results) < 0) {
        fprintf(stderr, "clientsuite: --update-baseline %s cannot be written: %s\n",
                s->options->new_baseline, strerror(errno));
        s->has_failed = true;
    }
    int code = exit_code_of(s, table);
    return close_outputs(s, code) < 0 ? EXIT_HARNESS : code;
}

static int run(struct suite *s)
{
    if (load(s) < 0)
        return EXIT_USAGE;
    make_results(s);
    if (open_outputs(s) < 0)
        return EXIT_USAGE;
    return stage_open(&s->stage) < 0 ? EXIT_HARNESS : play(s);
}

static void clean_up(struct suite *s)
{
    schedule_free(s->schedule);
    if (s->stage.loop.base)
        timer_set(&s->look, CLOCK_NEVER);
    stage_close(&s->stage);
    results_free(s->results);
    plan_free(s->plan);
    edition_free(s->edition);
    baseline_free(s->baseline);
    clients_free(&s->clients);
    free(s->outputs);
}

int suite_run(const struct suite_options *options)
{
    struct suite s = { .options = options };
    int code = run(&s);
    clean_up(&s);
    return code;
}
