/*
 * The command line.
 */
#include "suite_options.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lanes.h"
#include "outputs.h"

const char suite_help[] =
    "clientsuite: grades how HTTP clients react to proxies that misbehave\n"
    "\n"
    "  clientsuite run --client NAME...  all cases side by side: progress, table, letter\n"
    "  clientsuite list [PATTERN...]     the cases there are\n"
    "  clientsuite explain ID            what a case does, what it asks, why\n"
    "  clientsuite clients               the client profiles there are\n"
    "  clientsuite check-driver NAME     does a driver keep the contract?\n"
    "  clientsuite grade FOLDER          judges kept evidence again, without the client\n"
    "  clientsuite report RESULTS...     writes each --report anew from results that were kept\n"
    "  clientsuite matrix RESULTS... -o matrix.html   clients and versions side by side\n"
    "  clientsuite diff OLD NEW          what changed; exit status 1 if a verdict got worse\n"
    "  clientsuite merge RESULTS... -o FILE           the shards of one run as one\n"
    "NAME: a profile's file, or the name of a known one; name@variant: one variant.\n"
    "  --only PATTERN    these cases: ids, `*` is any run of characters (repeatable)\n"
    "  --layer LAYER     these; --tier 1: what is graded; --shard K/N: every N-th\n"
    "  --jobs N          lanes side by side (32 of a client, 8 of a heavy one; 64)\n"
    "  --seed N          shuffles the cases, and makes chance come out the same again\n"
    "  --keep FOLDER     keeps the evidence: journals, outcomes, scenarios\n"
    "  --min-run N       fewer cases put to the test than N: exit status 4\n"
    "  --baseline FILE   known failures: only what differs is not as expected\n"
    "  --update-baseline FILE   writes what failed as such a file\n"
    "  --edition FILE    tiers and gatekeepers from this file\n"
    "  --report FORM:FILE   json (JSON Lines, as it goes: RESULTS), html, md, junit, tap\n"
    "  --attach          the driver is started by hand, under a debugger: says how, and waits\n"
    "  --verbose, --quiet, --version\n"
    "Exit status: 0 every MUST as expected, 1 not so, 2 wrong usage or files,\n"
    "3 the harness failed, 4 nothing was put to the test.\n"
    "More: man clientsuite, docs/drivers.md\n";

enum {
    OPT_CLIENT = 256,
    OPT_ONLY,
    OPT_LAYER,
    OPT_TIER,
    OPT_SHARD,
    OPT_JOBS,
    OPT_SEED,
    OPT_KEEP,
    OPT_MIN_RUN,
    OPT_EDITION,
    OPT_BASELINE,
    OPT_UPDATE_BASELINE,
    OPT_REPORT,
    OPT_ATTACH,
    OPT_VERBOSE,
    OPT_QUIET,
    OPT_VERSION,
    OPT_HELP
};

static const struct option long_options[] = {
    { "client", required_argument, NULL, OPT_CLIENT },
    { "only", required_argument, NULL, OPT_ONLY },
    { "layer", required_argument, NULL, OPT_LAYER },
    { "tier", required_argument, NULL, OPT_TIER },
    { "shard", required_argument, NULL, OPT_SHARD },
    { "jobs", required_argument, NULL, OPT_JOBS },
    { "seed", required_argument, NULL, OPT_SEED },
    { "keep", required_argument, NULL, OPT_KEEP },
    { "min-run", required_argument, NULL, OPT_MIN_RUN },
    { "edition", required_argument, NULL, OPT_EDITION },
    { "baseline", required_argument, NULL, OPT_BASELINE },
    { "update-baseline", required_argument, NULL, OPT_UPDATE_BASELINE },
    { "report", required_argument, NULL, OPT_REPORT },
    { "attach", no_argument, NULL, OPT_ATTACH },
    { "output", required_argument, NULL, 'o' },
    { "verbose", no_argument, NULL, OPT_VERBOSE },
    { "quiet", no_argument, NULL, OPT_QUIET },
    { "version", no_argument, NULL, OPT_VERSION },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

static int wrong(const char *what, const char *expected)
{
    fprintf(stderr, "clientsuite: %s: %s\n(clientsuite --help lists everything)\n", what, expected);
    return -1;
}

static const char **append(const char **list, size_t *count, const char *value)
{
    const char **more = reallocarray(list, *count + 2, sizeof(*more));
    if (!more)
        abort();
    more[(*count)++] = value;
    more[*count] = NULL;
    return more;
}

static int number(const char *option, const char *text, long least, long most, long *out)
{
    char *end, expected[64];
    *out = strtol(text, &end, 10);
    if (*text && !*end && *out >= least && *out <= most)
        return 0;
    snprintf(expected, sizeof(expected), "expected %s from %ld to %ld", option, least, most);
    return wrong(text, expected);
}

static int parse_shard(struct suite_options *o, const char *text)
{
    char rest;
    if (sscanf(text, "%d/%d%c", &o->shard, &o->shards, &rest) == 2 && o->shard >= 1 &&
        o->shards >= o->shard)
        return 0;
    return wrong(text, "expected --shard K/N, such as 1/4");
}

static int parse_seed(struct suite_options *o, const char *text)
{
    char *end;
    o->seed = strtoull(text, &end, 10);
    o->has_seed = true;
    return *text && *text != '-' && !*end ? 0 : wrong(text, "expected --seed with a whole number");
}

static int add_report(struct suite_options *o, const char *text)
{
    const char *colon = strchr(text, ':');
    for (const struct output_form *const *f = output_forms; colon && colon[1] && *f; f++) {
        if (strlen((*f)->name) != (size_t)(colon - text) ||
            strncmp((*f)->name, text, (size_t)(colon - text)) != 0)
            continue;
        o->reports = reallocarray(o->reports, o->report_count + 1, sizeof(*o->reports));
        if (!o->reports)
            abort();
        o->reports[o->report_count++] =
            (struct suite_report){ .form = (*f)->name, .path = colon + 1 };
        return 0;
    }
    return wrong(text, "expected --report FORM:FILE with json, html, md, junit or tap");
}

static int parse_option(struct suite_options *o, int option)
{
    long n = 0;
    switch (option) {
    case OPT_CLIENT:
        o->clients = append(o->clients, &o->client_count, optarg);
        return 0;
    case OPT_ONLY:
        o->only = append(o->only, &o->only_count, optarg);
        return 0;
    case OPT_LAYER:
        o->layer = optarg;
        return 0;
    case OPT_TIER:
        if (number("--tier", optarg, 1, 2, &n) < 0)
            return -1;
        o->tier = (int)n;
        return 0;
    case OPT_SHARD:
        return parse_shard(o, optarg);
    case OPT_JOBS:
        if (number("--jobs", optarg, 1, LANES, &n) < 0)
            return -1;
        o->jobs = (int)n;
        return 0;
    case OPT_SEED:
        return parse_seed(o, optarg);
    case OPT_KEEP:
        o->keep = optarg;
        return 0;
    case OPT_MIN_RUN:
        return number("--min-run", optarg, 0, LONG_MAX, &o->min_run);
    case OPT_EDITION:
        o->edition = optarg;
        return 0;
    case OPT_BASELINE:
        o->baseline = optarg;
        return 0;
    case OPT_UPDATE_BASELINE:
        o->new_baseline = optarg;
        return 0;
    case OPT_REPORT:
        return add_report(o, optarg);
    case OPT_ATTACH:
        o->is_attached = true;
        return 0;
    case 'o':
        o->output = optarg;
        return 0;
    case OPT_VERBOSE:
        o->is_verbose = true;
        return 0;
    case OPT_QUIET:
        o->is_quiet = true;
        return 0;
    case OPT_VERSION:
        o->command = SUITE_VERSION;
        return 0;
    case OPT_HELP:
        o->command = SUITE_HELP;
        return 0;
    default:
        fputs("(clientsuite --help lists everything)\n", stderr); /* getopt has said the rest */
        return -1;
    }
}

static int check_command(const struct suite_options *o, const char *name)
{
    bool writes = o->command == SUITE_MATRIX || o->command == SUITE_MERGE;
    if (o->command == SUITE_RUN && o->client_count == 0)
        return wrong("run", "which client? Say --client NAME; `clientsuite clients` shows them");
    if (o->command == SUITE_REPORT && o->report_count == 0)
        return wrong("report", "which form? Say --report FORM:FILE");
    if (writes && !o->output)
        return wrong(name, "into which file? Say -o FILE (`-`: standard output)");
    return 0;
}

static int choose_command(struct suite_options *o)
{
    static const struct {
        const char *name;
        enum suite_command command;
        size_t least, most; /* operands */
    } commands[] = {
        { "run", SUITE_RUN, 0, 0 },
        { "list", SUITE_LIST, 0, SIZE_MAX },
        { "explain", SUITE_EXPLAIN, 1, SIZE_MAX },
        { "clients", SUITE_CLIENTS, 0, 0 },
        { "check-driver", SUITE_CHECK_DRIVER, 1, SIZE_MAX },
        { "grade", SUITE_GRADE, 1, SIZE_MAX },
        { "report", SUITE_REPORT, 1, SIZE_MAX },
        { "matrix", SUITE_MATRIX, 1, SIZE_MAX },
        { "diff", SUITE_DIFF, 2, 2 },
        { "merge", SUITE_MERGE, 1, SIZE_MAX },
        { "help", SUITE_HELP, 0, SIZE_MAX },
    };
    const char *name = o->operands ? o->operands[0] : NULL;
    if (!name)
        return wrong(
            "which command?",
            "run, list, explain, clients, check-driver, grade, report, matrix, diff or merge");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, name) != 0)
            continue;
        o->command = commands[i].command;
        memmove(o->operands, o->operands + 1, o->operand_count-- * sizeof(*o->operands));
        if (o->operand_count < commands[i].least)
            return wrong(name, "a name is missing");
        if (o->operand_count > commands[i].most)
            return wrong(o->operands[commands[i].most], "one argument too many");
        return check_command(o, name);
    }
    return wrong(name, "there is no such command");
}

int suite_options_parse(struct suite_options *o, int argc, char **argv)
{
    int option;
    *o = (struct suite_options){ .command = SUITE_RUN };
    optind = 0;
    while ((option = getopt_long(argc, argv, "-ho:", long_options, NULL)) != -1)
        if (option == 1)
            o->operands = append(o->operands, &o->operand_count, optarg);
        else if (parse_option(o, option == 'h' ? OPT_HELP : option) < 0)
            return -1;
    for (; optind < argc; optind++)
        o->operands = append(o->operands, &o->operand_count, argv[optind]);
    if (o->command == SUITE_HELP || o->command == SUITE_VERSION)
        return 0;
    return choose_command(o);
}

void suite_options_free(struct suite_options *o)
{
    free(o->clients);
    free(o->only);
    free(o->operands);
    free(o->reports);
}
