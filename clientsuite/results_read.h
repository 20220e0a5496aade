/*
 * Results read back from the JSON Lines that a run wrote (output_json.c): the same model as that of
 * a run, so that every report is made from either. What several files tell of one case or check is
 * brought together: the plan has the cases of all of them, a case the checks of all of them.
 *
 * What a run plays and judges with (rules, steps, matches, drivers) is not in it.
 */
#ifndef CS_RESULTS_READ_H
#define CS_RESULTS_READ_H

#include "results.h"

struct results_source { /* one file */
    const char *path;
    bool has_ended; /* its last line is there; else the run was killed */
    int exit_code;  /* of that run; 0 where it did not end */
    size_t cases;   /* how many it has */
};

struct results_read {
    struct results *results;
    const struct results_source *sources;
    size_t source_count;
    const size_t *source_of; /* for each client of the results: the file it came from (the first) */
    struct arena *arena;
    struct plan plan;
};

enum results_grouping {
    RESULTS_APART,   /* each file's clients are clients of their own */
    RESULTS_TOGETHER /* same name, variant, version: one client, and no case of it twice */
};

/* NULL, after messages on standard error: FILE:LINE: what is wrong. */
struct results_read *results_read(const char *const *paths, size_t count, enum results_grouping);
void results_read_free(struct results_read *); /* NULL is fine */

#endif
