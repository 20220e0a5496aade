/*
 * Verdicts for readers: a short table for people, JSON for programs, JUnit for CI. Pure writing:
 * what the verdicts are is settled (grade.h).
 */
#ifndef FP_REPORT_H
#define FP_REPORT_H

#include <stdio.h>

#include "diagnosis.h"
#include "verdict.h"

struct reported {     /* one scenario that was played */
    const char *name; /* id, or id@variant */
    const struct scenario *scenario;
    const struct graded *graded;
    const struct diagnosis *diagnosis; /* NULL: none was made */
};

struct reported_command { /* COMMAND, once it has ended */
    char *const *argv;
    int code;   /* its exit status; -1: a signal ended it */
    int signal; /* which; 0: none */
};

enum report_form { REPORT_JSON, REPORT_JUNIT };

/* Is there a verdict to show: a check of its own that was judged, or a house check that failed? */
bool report_has_verdict(const struct reported *);
bool report_has_failed(const struct reported *); /* a MUST was missed */

/* One line a check: all of the scenario's own, and the house checks that failed or could not be
 * judged; the other house checks that passed in one line. */
void report_table(FILE *, const struct reported *, bool colour);
/* What diagnosis found, for people: what was seen, why, what to do. */
void report_diagnosis(FILE *, const struct reported *, bool colour);
/* "3 pass, 1 fail, 2 not-judged", of the own checks and the house checks that failed. */
void report_counts(FILE *, const struct reported *);

/* "exit status 7", "ended by SIGKILL". */
void report_command_end(FILE *, const struct reported_command *);

/* What is reported of a run. */
struct report {
    const struct reported *scenarios;
    size_t count;
    const struct reported_command *command; /* NULL: there was none */
    int exit_code;                          /* what the program will exit with */
};

void report_write(FILE *, enum report_form, const struct report *);

#endif
