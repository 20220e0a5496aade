/*
 * The command line of clientsuite: what was asked for, or one clear message.
 */
#ifndef CS_SUITE_OPTIONS_H
#define CS_SUITE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h" /* enum exit_code */

enum suite_command {
    SUITE_RUN,
    SUITE_LIST,
    SUITE_EXPLAIN,
    SUITE_CLIENTS,
    SUITE_CHECK_DRIVER,
    SUITE_GRADE,
    SUITE_REPORT,
    SUITE_MATRIX,
    SUITE_DIFF,
    SUITE_MERGE,
    SUITE_HELP,
    SUITE_VERSION
};

struct suite_report { /* --report FORM:FILE */
    const char *form, *path;
};

struct suite_options {
    enum suite_command command;
    const char **clients; /* as given; NULL-terminated */
    size_t client_count;
    const char **only; /* patterns; NULL-terminated */
    size_t only_count;
    const char **operands; /* NULL-terminated */
    size_t operand_count;
    const char *layer, *edition, *keep, *output, *baseline, *new_baseline;
    int tier, jobs, shard, shards;
    long min_run;
    uint64_t seed;
    bool has_seed, is_quiet, is_verbose, is_attached;
    struct suite_report *reports;
    size_t report_count;
};

/* 0, or -1 after a message on standard error: exit with EXIT_USAGE. */
int suite_options_parse(struct suite_options *, int argc, char **argv);
void suite_options_free(struct suite_options *);

extern const char suite_help[];

#endif
