/*
 * Reports: functions over the results, each writing one form into a file. A form that streams
 * writes as cases become final, so that a run that was killed still has left something.
 */
#ifndef CS_OUTPUTS_H
#define CS_OUTPUTS_H

#include <stdio.h>

#include "results.h"

struct output_form {
    const char *name;
    /* Each may be NULL. */
    void (*begin)(FILE *, const struct results *);
    void (*client)(FILE *, const struct results *, const struct client_result *);
    void (*one)(FILE *, const struct results *, const struct case_result *);
    void (*end)(FILE *, const struct results *, int exit_code);
};

extern const struct output_form output_json, output_junit, output_tap, output_html, output_md;
extern const struct output_form *const output_forms[]; /* ends with NULL */

/* Has the verdict a line of its own? House checks that hold have none. */
bool output_shows(const struct verdict *, enum baseline_mark);

/* For people: counts, what was missed, the letter. */
void table_print(FILE *, const struct results *, bool colour, bool verbose);

/* Progress while it runs: one line that is written over on a terminal, else a line a case. */
struct progress;
struct schedule;
struct progress *progress_new(FILE *, const struct results *, bool quiet);
void progress_case(struct progress *, const struct case_result *);
void progress_client(struct progress *, const struct client_result *);
void progress_look(struct progress *, const struct schedule *); /* every now and then */
void progress_free(struct progress *);

#endif
