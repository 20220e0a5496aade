/*
 * A trial: one case played once with one client. It owns the instance that plays the scenario,
 * asks the agent for one operation after the other, writes steps and outcomes into the journal, and
 * ends with what is known of it: a graded journal and its fate.
 *
 *   trial_new      the instance listens; addresses are known
 *   trial_run      sessions are opened, steps taken in order, each when its `after` holds
 *   is_done        the last outcome is there: the quiet window begins, the lane is free
 *   ended          `end` is in the journal, it is graded
 */
#ifndef CS_TRIAL_H
#define CS_TRIAL_H

#include "agent.h"
#include "diagnosis.h"
#include "instance.h"
#include "verdict.h"

enum fate {
    FATE_DONE,        /* it was played to its end */
    FATE_CRASH,       /* the client's process died */
    FATE_HANG,        /* it did not answer within its deadline and the grace */
    FATE_GARBLED,     /* its driver broke the contract */
    FATE_UNSUPPORTED, /* its driver cannot do what the case asks */
    FATE_NO_GAP,      /* a command could not make the gap that the case needs */
    FATE_STORM,       /* four times the storm limit: the case was ended */
    FATE_FULL,        /* the journal reached its cap */
    FATE_BROKEN       /* we failed ourselves */
};
const char *fate_name(enum fate);

struct trial_options {
    struct loop *loop;
    const struct scenario *scenario; /* outlives the trial */
    const struct profile_variant *variant;
    const char *ca_file;
    uint64_t seed;
    bool is_twin;       /* asks only whether every step got its answer */
    bool is_control;    /* every check is judged, whatever the client claims */
    bool is_attached;   /* its driver is stopped in a debugger now and then */
    bool keeps_journal; /* also where everything passed */
};

struct trial_owner {
    void (*done)(void *arg);  /* the lane is free; not told where `ended` comes first */
    void (*ended)(void *arg); /* trial_record() is there; the trial may be freed from the loop */
    void *arg;
};

/* What is left of a trial when it has ended. */
struct trial_record {
    enum fate fate;
    const char *why; /* of the fate, "" where it is DONE */
    const char *stderr_text;
    struct graded *graded;
    bool twin_passed;
    const char *twin_why;
    int64_t took;   /* ns, from its first step to its last outcome */
    int64_t lasted; /* ns of the run: with the start of its client before, and the watch behind */
    int64_t noise;  /* ns: the worst lateness of our own loop meanwhile */
    /* The journal as JSON Lines; NULL where it is not kept. */
    char *journal;
    size_t journal_len;
    /* Values of the placeholders its checks can have, as a JSON object. */
    char *scope;
    char *log; /* what the client logged */
    size_t log_len;
    /* What diagnosis says where something did not hold, mistakes first. */
    struct diagnosed *found;
    size_t found_count;
    struct diagnosis *diagnosis; /* which owns the texts; NULL in results that were read back */
};

struct trial;

/* NULL: *why says what failed (free() it). */
struct trial *trial_new(const struct trial_options *, const struct trial_owner *, char **why);
/* Ends everything; the record too, unless it was taken. NULL is fine. */
void trial_free(struct trial *);

/* Variables that the case wants for a process of its own; they live as long as the trial. */
const struct named *trial_environment(struct trial *, size_t *count);

/* The agent is ready. It must live until the trial has ended. */
void trial_run(struct trial *, struct agent *);
/* The agent has failed: the trial ends. */
void trial_agent_failed(struct trial *, enum agent_failure, const char *why,
                        const char *stderr_text);
/* Ends it as it stands. */
void trial_stop(struct trial *, enum fate, const char *why);
/* Our own loop was late by so much. */
void trial_note_lag(struct trial *, int64_t lag);

bool trial_is_new(const struct trial *);  /* trial_run() was not called yet */
bool trial_is_done(const struct trial *); /* in its quiet window, or ended */
bool trial_has_ended(const struct trial *);
/* Requests are still out: its agent is of no use to others. */
bool trial_is_busy(const struct trial *);

/* The record, which is the caller's from now on: trial_record_free(). */
struct trial_record *trial_take_record(struct trial *);
void trial_record_free(struct trial_record *); /* NULL is fine */

/* How long the rules' own waits are, together: what a case may take beyond its client. ns */
int64_t trial_waits(const struct scenario *);
/* Can a command run all steps in one call? How long its gaps are then, together: ns. */
bool trial_fits_batch(const struct scenario *);
int64_t trial_batch_time(const struct scenario *);

#endif
