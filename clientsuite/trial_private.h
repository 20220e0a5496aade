/* The parts of a trial. Private to trial*.c. */
#ifndef CS_TRIAL_PRIVATE_H
#define CS_TRIAL_PRIVATE_H

#include "arena.h"
#include "timer.h"
#include "trial.h"
#include "watch.h"

enum trial_state {
    TRIAL_NEW,     /* the instance listens */
    TRIAL_OPENING, /* sessions are being opened */
    TRIAL_STEPS,
    TRIAL_QUIET, /* the last outcome is there */
    TRIAL_ENDED
};

enum request_state {
    REQUEST_QUEUED,  /* asked of the agent, not sent yet */
    REQUEST_WAITING, /* of a batch: its turn, but its `after` does not hold yet */
    REQUEST_OUT,     /* its `step` is in the journal */
    REQUEST_OVER
};

struct trial_request { /* one copy of a step */
    uint64_t id;
    size_t step;
    uint64_t copy;
    enum request_state state;
    bool was_cancelled, was_seen; /* of a batch: its request came */
    int64_t due;                  /* WAITING: when its turn should come */
    const struct request_setup *setup;
    uint64_t seq;    /* of its event `step` */
    int64_t started; /* CLOCK_MONOTONIC ns */
};

struct trial_session { /* [0] is the client's own, then those of `sessions` */
    uint64_t number;
    bool is_used, is_open;
    const struct setup *setup; /* as it is after the changes so far */
    bool is_refused; /* the client does not take its settings: each step has this outcome */
    struct result refusal;
};

struct trial {
    struct trial_options options;
    struct trial_owner owner;
    enum trial_state state;
    struct arena *arena;
    struct instance *instance;
    struct watches *watches;
    struct agent *agent;
    struct agent_user user;
    struct timer poll, reaper;
    struct trial_session *sessions;
    size_t session_count;
    struct trial_request *requests; /* of all steps, in order */
    size_t request_count, next, out;
    bool waits_for_change, has_changed; /* of the next step */
    bool is_batch, gap_failed;
    bool was_late;       /* a request of a batch was here before we wrote that its step began */
    int gap;             /* s, of a batch: between the starts of two steps */
    int64_t base;        /* when the next step may start at the earliest */
    int64_t limit;       /* past it the next step's `after` is given up */
    int64_t quiet;       /* end of the quiet window */
    int64_t began;       /* a lane took it */
    int64_t first, last; /* step and outcome */
    uint64_t *tally;     /* requests and connections of each actor */
    bool is_storm, is_full;
    struct buf log;
    struct trial_record *record;
};

const struct step *trial_step(const struct trial *, const struct trial_request *);
struct trial_session *trial_session(struct trial *, const struct step *);
const char *trial_session_name(const struct trial *, const struct step *);

/* trial_events.c */
void trial_write_step(struct trial *, struct trial_request *);
void trial_write_cancel(struct trial *, struct trial_request *);
void trial_write_outcome(struct trial *, struct trial_request *, const struct result *);

/* trial_steps.c */
void trial_poll(struct trial *);
/* When a condition holds, counted from `base`: ns; CLOCK_NEVER: not yet. */
int64_t trial_condition(const struct trial *, const struct condition *, int64_t base);

/* Starts the steps of a batch that are due; returns when to look again. */
int64_t trial_poll_batch(struct trial *);
bool trial_holds(const struct trial *, const struct condition *);

/* trial_end.c */
void trial_end(struct trial *, enum fate, const char *why, const char *stderr_text);

#endif
