/*
 * `clientsuite check-driver`: for authors. The contract check that every run begins with, and a
 * positive control for each capability claimed, and for the house check `bypass`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capabilities.h"
#include "clients.h"
#include "clock.h"
#include "controls.h"
#include "schedule.h"
#include "stage.h"
#include "suite.h"

struct checking {
    const struct suite_options *options;
    struct clients clients;
    struct plan *plan;
    struct results *results;
    struct stage stage;
    struct schedule *schedule;
};

static void on_case(void *arg, const struct case_result *c)
{
    (void)arg;
    (void)c;
}

static void on_client(void *arg, const struct client_result *c)
{
    (void)arg;
    (void)c;
}

static void on_end(void *arg)
{
    event_base_loopbreak(((struct checking *)arg)->stage.loop.base);
}

static void on_interrupt(void *arg)
{
    struct checking *k = arg;
    k->results->was_interrupted = true;
    event_base_loopbreak(k->stage.loop.base);
}

/* ---- saying it ------------------------------------------------------------------------------- */

static const struct case_result *control_of(const struct checking *k, size_t client,
                                            const char *capability)
{
    for (size_t i = 0; i < k->plan->count; i++)
        if (strcmp(k->plan->cases[i].scenario->id + strlen("control/"), capability) == 0)
            return &k->results->clients[client].cases[i];
    return NULL;
}

static bool print_control(const struct case_result *c, const char *capability)
{
    if (!c) {
        printf("  -     %-20s there is no control for it\n", capability);
        return true;
    }
    if (!c->is_final)
        return false;
    const struct verdict *v = &c->graded->verdicts[0];
    bool is_good = v->kind == VERDICT_PASS;
    printf("  %-5s %-20s %s\n", is_good ? "ok" : "FAIL", capability, v->says);
    if (!is_good)
        printf("        %-20s %s: %s\n", "", verdict_kind_name(v->kind), v->sentence);
    if (!is_good && c->record && *c->record->why)
        printf("        %-20s %s: %s\n", "", fate_name(c->record->fate), c->record->why);
    return is_good;
}

static bool print_client(const struct checking *k, size_t client)
{
    const struct client_result *c = &k->results->clients[client];
    char name[128];
    bool is_good = true;
    printf("%s%s%s%s%s%s\n", results_client_name(c, name), c->version && *c->version ? " (" : "",
           c->version ? c->version : "", c->runtime && *c->runtime ? ", " : "",
           c->runtime ? c->runtime : "", c->version && *c->version ? ")" : "");
    if (c->contract) {
        printf("  FAIL  contract             %s\n", c->contract);
        return false;
    }
    printf("  ok    %-20s %s\n", "contract",
           c->variant->driver ? "hello, an unknown verb, a plain request" : "a plain request");
    for (const char *const *m = c->variant->capabilities; *m; m++)
        is_good &= print_control(control_of(k, client, *m), *m);
    is_good &= print_control(control_of(k, client, CONTROL_BYPASS), CONTROL_BYPASS);
    fputs("  not claimed:", stdout);
    for (const char *const *m = capability_names; *m; m++)
        if (!profile_can(c->variant, *m))
            printf(" %s", *m);
    putchar('\n');
    return is_good;
}

static int print(const struct checking *k)
{
    int code = EXIT_OK;
    for (size_t i = 0; i < k->results->client_count; i++) {
        bool is_good = print_client(k, i);
        if (k->results->clients[i].contract)
            code = EXIT_HARNESS;
        else if (!is_good && code == EXIT_OK)
            code = EXIT_VERDICT;
    }
    return code;
}

/* ---- running --------------------------------------------------------------------------------- */

static int load(struct checking *k)
{
    struct complaints *complaints = complaints_new();
    int result = 0;
    for (size_t i = 0; i < k->options->operand_count; i++)
        result |= clients_add(&k->clients, k->options->operands[i], complaints);
    if (k->options->is_attached)
        result |= clients_check_attached(&k->clients, complaints);
    if (complaints_count(complaints))
        complaints_print(complaints, stderr);
    complaints_free(complaints);
    return result;
}

static int run(struct checking *k)
{
    if (load(k) < 0)
        return EXIT_USAGE;
    k->plan = controls_plan();
    k->results = results_new(k->plan, k->clients.variants, k->clients.variant_count);
    if (stage_open(&k->stage) < 0)
        return EXIT_HARNESS;
    struct schedule_options options = { .loop = &k->stage.loop,
                                        .children = k->stage.children,
                                        .folder = k->stage.folder,
                                        .ca_file = k->stage.ca_file,
                                        .lanes = k->options->jobs ? k->options->jobs : 4,
                                        .is_control = true,
                                        .is_attached = k->options->is_attached,
                                        .results = k->results,
                                        .on_case = on_case,
                                        .on_client = on_client,
                                        .on_end = on_end,
                                        .arg = k };
    k->schedule = schedule_new(&options);
    stage_on_interrupt(&k->stage, on_interrupt, k);
    schedule_start(k->schedule);
    event_base_dispatch(k->stage.loop.base);
    return k->results->was_interrupted ? EXIT_HARNESS : print(k);
}

int suite_check_driver(const struct suite_options *options)
{
    struct checking k = { .options = options };
    int code = run(&k);
    schedule_free(k.schedule);
    stage_close(&k.stage);
    results_free(k.results);
    plan_free(k.plan);
    clients_free(&k.clients);
    return code;
}
