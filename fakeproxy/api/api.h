/*
 * What the parts of the public library (fakeproxy.h) share. Private to api/.
 *
 * The engine is single-threaded: journal, listeners and grading belong to whoever runs the loop.
 * A call from another thread is carried out by the loop's thread while the caller waits
 * (api_call). What a caller reads without that never changes after start: the texts of an instance.
 * `lock` guards the calls that are posted, the results of waiters, and the number of them.
 */
#ifndef FP_API_H
#define FP_API_H

#include <pthread.h>
#include <stdint.h>

#include "fakeproxy.h"
#include "instance.h"
#include "lookup.h"

struct fakeproxy {
    enum fakeproxy_mode mode;
    struct loop loop;
    struct fakeproxy_instance *instances; /* the loop's */
    /* FAKEPROXY_THREAD: */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a call was carried out, or a waiter has its result, or left */
    struct api_posted *posted;
    int bell_fd; /* an eventfd that rings when something is posted; -1: none */
    struct event *bell;
};

struct actor_texts {
    char *url, *tls_url, *address;
};

struct fakeproxy_instance {
    struct fakeproxy *owner;
    struct fakeproxy_instance *next; /* the loop's */
    struct scenario_set set;         /* of one */
    const struct scenario *scenario;
    const struct text_scope *scope; /* of the core */
    struct actor_texts *texts;      /* by the actors' index */
    /* The loop's: */
    struct instance *core; /* NULL: not started, or stopped */
    bool ended;            /* the journal holds `end` */
    struct waiter *waiters;
    /* Under the lock: */
    size_t waiting; /* calls of fakeproxy_wait() under way */
};

/* ---- loop.c ---------------------------------------------------------------------------------- */

/* Runs it where the loop may be touched, and returns when it is done. */
void api_call(struct fakeproxy *, void (*run)(void *arg), void *arg);
/* Sets *result, which is read under the lock, and wakes whoever waits for it. */
void api_tell(struct fakeproxy *, int *result, int value);
/* Waits until *result is not `pending`, or the deadline (CLOCK_NEVER: none). */
void api_wait(struct fakeproxy *, const int *result, int pending, int64_t deadline);
void api_count(struct fakeproxy *, size_t *count, int step);     /* under the lock */
void api_wait_for_none(struct fakeproxy *, const size_t *count); /* until it is 0 */

/* ---- instance.c ------------------------------------------------------------------------------ */

/* Complaints as a text, in *error where it is wanted; frees them. */
void api_tell_complaints(struct complaints *, char **error);

/* ---- wait.c ---------------------------------------------------------------------------------- */

/* On the loop: an event was added. Whoever waits for it has it. */
void api_wait_see(struct fakeproxy_instance *, const struct fp_event *);
/* On the loop: no event will come any more. */
void api_wait_end(struct fakeproxy_instance *);

#endif
