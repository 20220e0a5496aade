/*
 * A lane: an agent of one client, and one job at a time. A trial in its quiet window has left the
 * lane, but not its agent: it stays in `quiet` until it ends. Private to schedule.c and lane.c.
 *
 * Callbacks of agents and trials only mark what happened and ask for a turn; lane_turn(), called
 * from the loop, does what follows. So nothing is freed within its own callback.
 */
#ifndef CS_LANE_H
#define CS_LANE_H

#include "results.h"
#include "trial.h"

enum job_kind { JOB_CONTRACT, JOB_CASE, JOB_TWIN };

struct twin;

struct job {
    enum job_kind kind;
    size_t client;
    struct case_result *of;          /* CASE, and the first that asked for the TWIN */
    const struct scenario *scenario; /* what is played */
    bool needs_process, was_repeated;
    unsigned alone; /* so often it was queued to be played alone */
    int64_t estimate;
    struct twin *twin; /* TWIN */
};

struct lane_trial { /* a job on its way */
    struct lane_trial *next;
    struct lane *lane;
    struct job job;
    struct trial *trial;
    int64_t began;
    bool is_lost; /* its agent died in its quiet window: it is played again */
};

struct lane_environment { /* what lanes share */
    struct loop *loop;
    struct children *children;
    const char *folder, *ca_file;
    uint64_t seed;
    bool keeps_journals, is_control, is_attached;
    size_t starting; /* agents between spawn and hello */
    const struct results *results;
    void (*turn)(void *arg); /* asks for a turn of the schedule */
    /* An agent is ready, and has said of itself (NULL: nothing). */
    void (*hello)(void *arg, size_t client, const struct reply *);
    /* A job has ended: the record is the receiver's. */
    void (*ended)(void *arg, const struct job *, struct trial_record *);
    /* Its quiet window was not its own. */
    void (*lost)(void *arg, const struct job *);
    void *arg;
};

struct lane {
    struct lane_environment *env;
    struct agent *agent;
    size_t client; /* whose agent it is */
    bool is_ready, has_failed, is_own_process;
    struct lane_trial *current, *quiet;
};

/* Nothing runs in it, also no quiet window. */
bool lane_is_idle(const struct lane *);
/* Can it take this job now? Else it is asked again at the next turn. */
bool lane_can_take(const struct lane *, const struct job *);
void lane_take(struct lane *, const struct job *);
/* Does what has become due. */
void lane_turn(struct lane *);
/* Ends its agent, if nobody needs it. */
void lane_rest(struct lane *);
void lane_end(struct lane *);
/* How long what runs in it may still take, by its estimate. ns */
int64_t lane_left(const struct lane *, int64_t now);
/* All trials in it. */
void lane_note_lag(struct lane *, int64_t lag);

#endif
