/*
 * All lanes of a run, and which of them takes a job. Private to schedule.c.
 */
#ifndef CS_LANES_H
#define CS_LANES_H

#include "lane.h"

enum { LANES = 64 };

struct lanes {
    struct lane list[LANES];
    size_t count;
};

/* count: 0 as many as are sensible, at most LANES. env outlives the lanes. */
void lanes_init(struct lanes *, size_t count, struct lane_environment *env);
/* Ends what runs. */
void lanes_end(struct lanes *);

/* The lane that takes this job best, now; NULL: none. */
struct lane *lanes_for(struct lanes *, const struct job *);
/* The first lane, for a job that is played alone: agents that it has no use for rest. */
struct lane *lanes_alone(struct lanes *, const struct job *);

void lanes_turn(struct lanes *);
/* Is there a lane without a case in it? */
bool lanes_have_room(const struct lanes *);
bool lanes_are_idle(const struct lanes *);
void lanes_note_lag(struct lanes *, int64_t lag);
/* How long the longest of them may still take, by its estimate. ns */
int64_t lanes_left(const struct lanes *, int64_t now);

#endif
