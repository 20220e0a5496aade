/*
 * What a run came to: the one model that every report is made from. Filled in by the schedule, case
 * by case; verdicts are final once a case is told to the reports. Nothing here runs anything.
 */
#ifndef CS_RESULTS_H
#define CS_RESULTS_H

#include "edition.h"
#include "plan.h"
#include "profile.h"
#include "trial.h"

/* What a baseline (baseline.h) makes of a check. */
enum baseline_mark {
    BASELINE_NONE,     /* there is none; or nothing that it is about */
    BASELINE_EXPECTED, /* fails, and is known to */
    BASELINE_NEW,      /* fails, and is not known to */
    BASELINE_FIXED     /* passes; all that an entry knows to fail does: the entry is to go */
};

struct case_result {
    const struct plan_case *of;
    size_t client; /* index in results.clients */
    /* NULL until it was played; also where it never is, because the client cannot do it: then
     * `graded` says so. */
    struct trial_record *record;
    struct graded *graded;     /* the record's, or its own; never NULL once it is final */
    bool is_own;               /* graded is not the record's */
    enum baseline_mark *marks; /* of each verdict; NULL: there is no baseline */
    bool is_held;              /* waits for its gatekeeper */
    bool is_final;
    /* It was inconclusive, and played again alone, up to three times: what the first play was.
     * NULL: it was not */
    struct trial_record *first;
    bool is_blocked;
    const char *blocked_by; /* a sentence; a literal, or in the arena of `graded` */
};

struct client_result {
    const struct profile_variant *variant;
    /* What it said of itself; "" where it did not. */
    char *client, *version, *runtime, *kinds;
    char *contract; /* why it failed the contract check: nothing was run; NULL: it did not */
    struct case_result *cases; /* in the order of the plan */
};

struct results {
    const struct plan *plan;
    const struct edition *edition; /* or NULL */
    struct client_result *clients;
    size_t client_count;
    uint64_t seed;
    int64_t began, ended; /* CLOCK_REALTIME, ns */
    int64_t noise;        /* the worst lateness of our loop */
    int64_t own;          /* CPU time that we used ourselves, without the clients, ns */
    bool was_interrupted; /* SIGINT: what was not played is not final */
};

struct results *results_new(const struct plan *, const struct profile_variant *const *variants,
                            size_t count);
void results_free(struct results *); /* NULL is fine */

/* "curl", or "curl retry" for any variant but `default`. Into buf, returned. */
const char *results_client_name(const struct client_result *, char buf[static 128]);

/* ---- one case -------------------------------------------------------------------------------- */

/* The verdict of a case as a whole: the worst of its own checks and the house checks that failed.
 */
enum verdict_kind case_verdict(const struct case_result *);
/* A MUST failed, or could not be shown because the client died. */
bool case_has_failed(const struct case_result *);
/* Is a verdict a failed MUST (crash and hang too)? */
bool verdict_is_failure(const struct verdict *);
/* Blocks its own checks, as twin_block() does, or makes them not applicable. */
void case_block(struct case_result *, bool is_capability, const char *why);
void case_make_final(struct case_result *);
/* The mark of a verdict, by its place in `graded`; its word, "" for NONE. */
enum baseline_mark case_mark(const struct case_result *, size_t verdict);
const char *baseline_mark_name(enum baseline_mark);
/* Marks a verdict of a final case. */
void case_set_mark(struct case_result *, size_t verdict, enum baseline_mark);

/* ---- summaries ------------------------------------------------------------------------------- */

/* The worse of two verdicts of one check. */
bool verdict_is_worse(enum verdict_kind, enum verdict_kind than);

struct level_tally { /* checks of one level: variants of a scenario counted once, the worst */
    size_t pass, fail, weak, info, other, not_applicable;
};

struct layer_tally {
    const char *layer; /* "" where the scenario says none */
    struct level_tally must, policy, should, may;
};

enum { SUMMARY_LAYERS = 24, SUMMARY_HOUSE = 16 };

struct house_row {
    const char *id, *says;
    enum level level;
    bool is_critical;
    enum verdict_kind kind;
    const char *sentence; /* of the first case that broke it */
    size_t broken;        /* cases that broke it */
    size_t first;         /* index of the first of them */
};

struct summary { /* of one client */
    struct layer_tally layers[SUMMARY_LAYERS], all;
    size_t layer_count;
    struct house_row house[SUMMARY_HOUSE];
    size_t house_count;
    size_t cases, played, exercised, failed; /* of what is scored */
    size_t unscored; /* cases that are only shown: the edition does not grade them */
    char letter;     /* 'A', 'B', 'C', 'F'; '-': none */
};

void summary_make(struct summary *, const struct results *, size_t client);

#endif
