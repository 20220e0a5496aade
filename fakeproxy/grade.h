/*
 * Grading: a journal and a scenario in, verdicts out; nothing else is looked at, and nothing is
 * written. The same code judges a play at the terminal, a case that clientsuite ran, and evidence
 * that is read back from a file.
 *
 * Only what was put to the test passes. Before any check of its own is judged, the case must be
 * exercised: every rule marked `fault` was carried out (no rule marked: some rule fired; no rules:
 * every step reached an actor). Upper bounds, counts of zero, leaks and negated outcomes pass only
 * once the journal holds the event `end`: until then the case could still break them.
 */
#ifndef FP_GRADE_H
#define FP_GRADE_H

#include "journal.h"
#include "verdict.h"

struct grade_case {
    const struct scenario *scenario;
    const struct fp_event *const *events; /* in the journal's order, `seq` rising from 1 */
    size_t count;
    uint64_t lost; /* events the journal no longer holds: then every verdict is harness-error */
    /* Values of placeholders in checks, such as {case}; NULL: every one stands for nothing. */
    const struct text_scope *scope;
    const char *const *capabilities; /* of the client, NULL-terminated; NULL: it has every one */
    bool has_client; /* steps and outcomes are told; else what needs them is not judged */
    int64_t noise;   /* ns: scheduling noise measured on this host; upper bounds allow for it */
    const char *log; /* what the client wrote to its log; NULL: nothing */
    size_t log_len;
};

/* Judges every check. Never NULL. Texts live in its arena, in the scenario, or are literals. */
struct graded *grade(const struct grade_case *);

/* The events that a journal holds, oldest first: free() the array. They live as long as the
 * journal, and no longer than until the next one is added. */
const struct fp_event **grade_events(const struct journal *, size_t *count);

/* For how long our own loop did not turn, in ns: the lags that ended at or after `from` and began
 * at or before `to`, each moment once; what lies before `since` is left out. */
int64_t grade_lag(const struct grade_case *, int64_t since, int64_t from, int64_t to);

/* The first MUST or SHOULD that passes although nothing happened (an empty journal, a case that
 * began, a case that only ended), or whose outcome fits whatever the client does: such a check says
 * nothing. NULL: there is none. *why: a sentence, a literal. */
const struct check *grade_is_vacuous(const struct scenario *, const char **why);

#endif
