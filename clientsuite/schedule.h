/*
 * The schedule: every case of the plan played with every client, side by side in lanes.
 *
 * First each client shows that it keeps the contract (hello, an unknown verb, one plain request
 * through a proxy); one that does not is not run. Then the cases, longest first; their twins, as
 * soon as a case asks for one; and what came out inconclusive again, alone, at the end.
 */
#ifndef CS_SCHEDULE_H
#define CS_SCHEDULE_H

#include "results.h"

struct schedule;

struct schedule_options {
    struct loop *loop;
    struct children *children;
    const char *folder; /* for files of the clients; with the CA's certificate in it */
    const char *ca_file;
    int lanes;     /* 0: as many as are sensible */
    bool shuffles; /* by the seed, instead of longest first */
    bool keeps_journals;
    bool is_attached; /* drivers are started by hand, one at a time: one lane, no limits */
    bool is_control;  /* the cases are controls: only the capability they are about counts */
    struct results *results;
    /* A case is final. */
    void (*on_case)(void *arg, const struct case_result *);
    /* A client has failed the contract check: none of its cases will be played. */
    void (*on_client)(void *arg, const struct client_result *);
    /* All is done; called from the loop. */
    void (*on_end)(void *arg);
    void *arg;
};

struct schedule *schedule_new(const struct schedule_options *);
/* Ends what runs. NULL is fine. */
void schedule_free(struct schedule *);
void schedule_start(struct schedule *);

struct schedule_state { /* for progress */
    size_t total, done, running, waiting;
    int64_t left; /* ns: an estimate of the time left */
};
struct schedule_state schedule_look(const struct schedule *);

#endif
