/*
 * The loop behind the public library: a thread that runs it, calls that are posted to that thread,
 * or the caller's turns of it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api.h"
#include "clock.h"
#include "timer.h"

/* ---- calls ----------------------------------------------------------------------------------- */

struct api_posted {
    struct api_posted *next;
    void (*run)(void *arg);
    void *arg;
    bool done; /* under the lock */
};

static struct api_posted *take_posted(struct fakeproxy *fp)
{
    pthread_mutex_lock(&fp->lock);
    struct api_posted *first = fp->posted;
    fp->posted = NULL;
    pthread_mutex_unlock(&fp->lock);
    return first;
}

static void on_bell(evutil_socket_t fd, short what, void *arg)
{
    struct fakeproxy *fp = arg;
    uint64_t rung;
    (void)what;
    if (read(fd, &rung, sizeof(rung)) < 0)
        return; /* it was read before */
    for (struct api_posted *p = take_posted(fp), *next; p; p = next) {
        next = p->next; /* once it is done, it is the caller's again */
        p->run(p->arg);
        pthread_mutex_lock(&fp->lock);
        p->done = true;
        pthread_cond_broadcast(&fp->changed);
        pthread_mutex_unlock(&fp->lock);
    }
}

void api_call(struct fakeproxy *fp, void (*run)(void *arg), void *arg)
{
    if (fp->mode == FAKEPROXY_POLL) {
        run(arg);
        return;
    }
    struct api_posted p = { .run = run, .arg = arg }, **last = &fp->posted;
    uint64_t one = 1;
    pthread_mutex_lock(&fp->lock);
    while (*last)
        last = &(*last)->next;
    *last = &p;
    /* Cannot fail: the counter is far from full, and signals do not interrupt an eventfd. */
    if (write(fp->bell_fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
        abort();
    while (!p.done)
        pthread_cond_wait(&fp->changed, &fp->lock);
    pthread_mutex_unlock(&fp->lock);
}

/* ---- the caller's turns ---------------------------------------------------------------------- */

static void on_time(void *arg)
{
    *(bool *)arg = true;
}

/* Plays until *result is not `pending`, or the deadline. */
static void turn_until(struct fakeproxy *fp, const int *result, int pending, int64_t deadline)
{
    struct timer timer;
    bool is_late = deadline <= clock_now();
    timer_init(&timer, fp->loop.base, on_time, &is_late);
    timer_set(&timer, deadline);
    if (is_late)
        event_base_loop(fp->loop.base, EVLOOP_NONBLOCK);
    while (*result == pending && !is_late)
        event_base_loop(fp->loop.base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
    timer_set(&timer, CLOCK_NEVER);
}

struct polled {
    struct event event;
    struct pollfd *fd;
    int *ready;
};

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    struct polled *p = arg;
    (void)fd;
    *p->ready += p->fd->revents == 0;
    p->fd->revents |= (short)((what & EV_READ ? POLLIN : 0) | (what & EV_WRITE ? POLLOUT : 0));
}

/* epoll refuses files and folders; libevent would say so on standard error. */
static int check_fd(int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -1;
    errno = EPERM;
    return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? -1 : 0;
}

/* 0, or -1: the kernel cannot watch it. */
static int poll_fd(struct fakeproxy *fp, struct polled *p, struct pollfd *fd, int *ready)
{
    int what = (fd->events & POLLIN ? EV_READ : 0) | (fd->events & POLLOUT ? EV_WRITE : 0);
    *p = (struct polled){ .fd = fd, .ready = ready };
    fd->revents = 0;
    if (fd->fd < 0 || !what)
        return 0;
    if (check_fd(fd->fd) < 0)
        return -1;
    event_assign(&p->event, fp->loop.base, fd->fd, (short)what, on_ready, p);
    return event_add(&p->event, NULL);
}

int fakeproxy_poll(struct fakeproxy *fp, struct pollfd *fds, unsigned count, int timeout_ms)
{
    int ready = 0, result = 0;
    if (fp->mode != FAKEPROXY_POLL || (timeout_ms < 0 && count == 0)) {
        errno = EINVAL;
        return -1;
    }
    struct polled *polled = calloc((size_t)count + 1, sizeof(*polled));
    if (!polled)
        abort();
    unsigned n = 0;
    for (; n < count && result == 0; n++)
        result = poll_fd(fp, &polled[n], &fds[n], &ready);
    int error = errno;
    if (result == 0)
        turn_until(fp, &ready, 0,
                   timeout_ms < 0 ? CLOCK_NEVER : clock_now() + timeout_ms * CLOCK_MS);
    while (n-- > 0)
        if (event_initialized(&polled[n].event))
            event_del(&polled[n].event);
    free(polled);
    errno = error;
    return result < 0 ? -1 : ready;
}

/* ---- waiting --------------------------------------------------------------------------------- */

void api_tell(struct fakeproxy *fp, int *result, int value)
{
    pthread_mutex_lock(&fp->lock);
    *result = value;
    pthread_cond_broadcast(&fp->changed);
    pthread_mutex_unlock(&fp->lock);
}

static void sleep_until(struct fakeproxy *fp, const int *result, int pending, int64_t deadline)
{
    struct timespec at = { .tv_sec = (time_t)(deadline / CLOCK_S),
                           .tv_nsec = (long)(deadline % CLOCK_S) };
    int error = 0;
    pthread_mutex_lock(&fp->lock);
    while (*result == pending && error == 0)
        error = deadline == CLOCK_NEVER ? pthread_cond_wait(&fp->changed, &fp->lock)
                                        : pthread_cond_timedwait(&fp->changed, &fp->lock, &at);
    pthread_mutex_unlock(&fp->lock);
}

void api_wait(struct fakeproxy *fp, const int *result, int pending, int64_t deadline)
{
    if (fp->mode == FAKEPROXY_POLL)
        turn_until(fp, result, pending, deadline);
    else
        sleep_until(fp, result, pending, deadline);
}

void api_count(struct fakeproxy *fp, size_t *count, int step)
{
    pthread_mutex_lock(&fp->lock);
    *count += (size_t)step;
    pthread_cond_broadcast(&fp->changed);
    pthread_mutex_unlock(&fp->lock);
}

void api_wait_for_none(struct fakeproxy *fp, const size_t *count)
{
    pthread_mutex_lock(&fp->lock);
    while (*count > 0)
        pthread_cond_wait(&fp->changed, &fp->lock);
    pthread_mutex_unlock(&fp->lock);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void *run_thread(void *arg)
{
    struct fakeproxy *fp = arg;
    pthread_setname_np(pthread_self(), "fakeproxy");
    event_base_loop(fp->loop.base, EVLOOP_NO_EXIT_ON_EMPTY);
    return NULL;
}

/* Signals are for the caller's threads, but for those that a thread causes itself: a caller's crash
 * handler may want to say where. */
static void mask_of_thread(sigset_t *mask)
{
    static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT };
    sigfillset(mask);
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        sigdelset(mask, own[i]);
}

/* A thread inherits the mask of the one that makes it. */
static int start_thread(struct fakeproxy *fp)
{
    sigset_t mask, before;
    fp->bell_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fp->bell_fd < 0)
        return errno;
    fp->bell = event_new(fp->loop.base, fp->bell_fd, EV_READ | EV_PERSIST, on_bell, fp);
    if (!fp->bell || event_add(fp->bell, NULL) < 0)
        abort();
    mask_of_thread(&mask);
    pthread_sigmask(SIG_SETMASK, &mask, &before);
    int error = pthread_create(&fp->thread, NULL, run_thread, fp);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static void init_lock(struct fakeproxy *fp)
{
    pthread_condattr_t attributes;
    pthread_mutex_init(&fp->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&fp->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void release(struct fakeproxy *fp)
{
    if (fp->bell)
        event_free(fp->bell);
    if (fp->bell_fd >= 0)
        close(fp->bell_fd);
    loop_free(&fp->loop);
    pthread_cond_destroy(&fp->changed);
    pthread_mutex_destroy(&fp->lock);
    free(fp);
}

static void say(char **error, const char *what, int number)
{
    if (error && asprintf(error, "fakeproxy: %s: %s\n", what, strerror(number)) < 0)
        abort();
}

struct fakeproxy *fakeproxy_new(enum fakeproxy_mode mode, char **error)
{
    struct fakeproxy *fp = calloc(1, sizeof(*fp));
    if (!fp)
        abort();
    if (error)
        *error = NULL;
    fp->mode = mode;
    fp->bell_fd = -1;
    init_lock(fp);
    int failed = 0;
    if (loop_init(&fp->loop) < 0)
        say(error, "the event loop could not be made", failed = errno ? errno : ENOMEM);
    else if (mode == FAKEPROXY_THREAD && (failed = start_thread(fp)) != 0)
        say(error, "the thread could not be started", failed);
    if (failed == 0)
        return fp;
    release(fp);
    return NULL;
}

struct question {
    struct fakeproxy *fp;
    struct fakeproxy_instance *answer;
};

static void find_first(void *arg)
{
    struct question *q = arg;
    q->answer = q->fp->instances;
}

static struct fakeproxy_instance *first_instance(struct fakeproxy *fp)
{
    struct question q = { .fp = fp };
    api_call(fp, find_first, &q);
    return q.answer;
}

static void end_loop(void *arg)
{
    struct fakeproxy *fp = arg;
    event_base_loopbreak(fp->loop.base);
}

void fakeproxy_free(struct fakeproxy *fp)
{
    if (!fp)
        return;
    for (struct fakeproxy_instance *in; (in = first_instance(fp));)
        fakeproxy_stop(in);
    if (fp->mode == FAKEPROXY_THREAD) {
        api_call(fp, end_loop, fp);
        pthread_join(fp->thread, NULL);
    }
    release(fp);
}
