/*
 * One scenario that is being played from the command line, and what is counted of it for the
 * summary. Private to play.c.
 */
#ifndef FP_PLAY_PART_H
#define FP_PLAY_PART_H

#include "instance.h"

struct play_part {
    const struct scenario *scenario;
    struct instance *instance; /* its owner is play.c, as of `log` */
    char *name;                /* id, or id@variant */
    struct log *log;
    uint64_t visits, requests, rules_played; /* visits: connections to its proxies */
};

void play_part_init(struct play_part *, const struct scenario *);
void play_part_free(struct play_part *); /* the name */
/* Counts what happens from now on; the instance is there. */
void play_part_count(struct play_part *);

/* A client could have come to a proxy of theirs, and came to none. *was_direct: it asked an origin.
 */
bool play_parts_are_unused(const struct play_part *, size_t count, bool *was_direct);

#endif
