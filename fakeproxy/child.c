/*
 * Children: start, states, end.
 *
 * The soft limit of open files, which a proxy raises for itself, is lowered around posix_spawn()
 * and raised again: the child takes its limits at clone(), and this thread stands still until it
 * has executed its program, so nothing of ours ever meets the low limit. (prlimit() on a running
 * child comes too late for a program that reads its limit first; a program in between, to set it,
 * is one more thing to find and to fail.)
 */
#include "child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child_private.h"
#include "clock.h"

static const int64_t TIDY_EVERY = CLOCK_S;
static const int64_t PATIENCE = 2 * CLOCK_S; /* with what does not die, or does not close a pipe */

extern char **environ; /* environ(7) */

/* ---- all of them ----------------------------------------------------------------------------- */

static void tidy(void *arg)
{
    struct children *all = arg;
    child_sweep_reap(all);
    for (const struct child *c = all->first; c; c = c->next)
        if (c->state == CHILD_RUNS)
            timer_set(&all->tidy, clock_now() + TIDY_EVERY);
}

struct children *children_new(struct event_base *base, rlim_t descriptors)
{
    struct children *all = calloc(1, sizeof(*all));
    uint64_t nonce;
    if (!all || getrandom(&nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
        abort();
    all->base = base;
    all->descriptors = descriptors;
    snprintf(all->nonce, sizeof(all->nonce), "%016llx.", (unsigned long long)nonce);
    all->others = child_sweep_list();
    timer_init(&all->tidy, base, tidy, all);
    prctl(PR_GET_CHILD_SUBREAPER, &all->was_subreaper);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    return all;
}

/* ---- the end --------------------------------------------------------------------------------- */

static void free_child(struct child *c)
{
    struct child **link = &c->all->first;
    while (*link != c)
        link = &(*link)->next;
    *link = c->next;
    event_del(&c->exits);
    timer_set(&c->timer, CLOCK_NEVER);
    if (c->pidfd >= 0)
        close(c->pidfd);
    child_pipes_close(c);
    buf_free(&c->input.queue);
    for (int i = 0; i < CHILD_STREAMS; i++)
        buf_free(&c->outputs[i].kept);
    free(c);
}

void child_poll(struct child *c)
{
    if (c->state == CHILD_DRAINS && (child_pipes_are_drained(c) || clock_now() >= c->deadline)) {
        c->state = CHILD_ENDED;
        timer_set(&c->timer, CLOCK_NEVER);
        child_pipes_close(c);
        c->calls++;
        if (c->on_end)
            c->on_end(c->arg, &c->end);
        c->calls--;
    }
    if (c->freed && c->state == CHILD_ENDED && c->calls == 0)
        free_child(c);
}

static void collect(struct child *c)
{
    int64_t now = clock_now();
    size_t left = child_sweep(c->all, c);
    if (left > 0 && now < c->deadline) {
        c->looks++;
        timer_set(&c->timer, now + (c->looks < 5 ? c->looks : 20) * CLOCK_MS);
        return;
    }
    c->end.left = left;
    c->state = CHILD_DRAINS;
    c->deadline = now + PATIENCE;
    timer_set(&c->timer, c->deadline);
    child_poll(c);
}

/* Notes how it ended and reaps it, if it is dead. Its group is killed in between: as long as the
 * child is not reaped, the number of the group can be nobody else's. */
static bool reap(struct child *c)
{
    siginfo_t info = { 0 };
    id_t pid = (id_t)c->pid;
    if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0)
        return false;
    bool has_exited = info.si_code == CLD_EXITED;
    c->end = (struct child_end){ .code = has_exited ? info.si_status : -1,
                                 .signal = has_exited ? 0 : info.si_status };
    kill(-c->pid, SIGKILL);
    waitid(P_PID, pid, &info, WEXITED | WNOHANG);
    c->state = CHILD_COLLECTS;
    return true;
}

static void on_exit_seen(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct child *c = arg;
    if (!reap(c))
        return;
    event_del(&c->exits);
    c->deadline = clock_now() + PATIENCE;
    collect(c);
}

static void kill_all(const struct child *c)
{
    kill(-c->pid, SIGKILL);
    kill(c->pid, SIGKILL); /* where it has gone into another group */
}

static void on_timer(void *arg)
{
    struct child *c = arg;
    switch (c->state) {
    case CHILD_RUNS:
        kill_all(c);
        break;
    case CHILD_COLLECTS:
        collect(c);
        break;
    case CHILD_DRAINS:
    case CHILD_ENDED:
        child_poll(c);
        break;
    }
}

void child_stop(struct child *c, int64_t grace)
{
    if (c->state != CHILD_RUNS)
        return;
    if (grace <= 0) {
        kill_all(c);
        return;
    }
    int64_t deadline = clock_now() + grace;
    if (c->timer.deadline == CLOCK_NEVER) {
        if (kill(-c->pid, SIGTERM) < 0)
            kill(c->pid, SIGTERM);
        kill(-c->pid, SIGCONT); /* one that is stopped hears of it only so */
    }
    if (deadline < c->timer.deadline)
        timer_set(&c->timer, deadline);
}

void child_free(struct child *c)
{
    if (!c)
        return;
    c->freed = true;
    c->on_output = NULL;
    c->on_end = NULL;
    child_stop(c, 0);
    child_poll(c);
}

void children_free(struct children *all)
{
    if (!all)
        return;
    int64_t deadline = clock_now() + PATIENCE;
    size_t left;
    do {
        left = 0;
        for (struct child *c = all->first; c; c = c->next) {
            if (c->state == CHILD_RUNS && !reap(c)) {
                kill_all(c);
                left++;
            } else {
                c->state = CHILD_ENDED;
            }
        }
        left += child_sweep(all, NULL);
    } while (left > 0 && clock_now() < deadline && poll(NULL, 0, 1) == 0);
    while (all->first)
        free_child(all->first);
    timer_set(&all->tidy, CLOCK_NEVER);
    prctl(PR_SET_CHILD_SUBREAPER, all->was_subreaper);
    free(all->others);
    free(all);
}

/* ---- the start ------------------------------------------------------------------------------- */

static int prepare(posix_spawnattr_t *attributes)
{
    sigset_t every, none;
    sigfillset(&every);
    sigemptyset(&none);
    int error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                                         POSIX_SPAWN_SETSIGMASK);
    if (error == 0)
        error = posix_spawnattr_setpgroup(attributes, 0);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &every);
    return error == 0 ? posix_spawnattr_setsigmask(attributes, &none) : error;
}

static int add_actions(posix_spawn_file_actions_t *actions, const struct child_options *o,
                       const int fds[3])
{
    int error = o->folder ? posix_spawn_file_actions_addchdir_np(actions, o->folder) : 0;
    if (error == 0 &&
        o->takes_terminal) /* as the child, with its signals held back: before it can read */
        error = posix_spawn_file_actions_addtcsetpgrp_np(actions, STDIN_FILENO);
    for (int i = 0; i < 3 && error == 0; i++)
        if (fds[i] >= 0)
            error = posix_spawn_file_actions_adddup2(actions, fds[i], i);
    return error == 0 ? posix_spawn_file_actions_addclosefrom_np(actions, 3) : error;
}

/* posix_spawnp() under the limit that the child is to have. */
static int spawn_limited(struct child *c, const struct child_options *o,
                         const posix_spawn_file_actions_t *actions,
                         const posix_spawnattr_t *attributes, char *const *environment)
{
    struct rlimit ours, theirs;
    bool is_lowered = false;
    if (c->all->descriptors && getrlimit(RLIMIT_NOFILE, &ours) == 0) {
        theirs = ours;
        theirs.rlim_cur = c->all->descriptors;
        is_lowered = setrlimit(RLIMIT_NOFILE, &theirs) == 0;
    }
    int error = posix_spawnp(&c->pid, o->argv[0], actions, attributes, o->argv, environment);
    if (is_lowered)
        setrlimit(RLIMIT_NOFILE, &ours);
    return error;
}

/* 0, or an errno. */
static int spawn(struct child *c, const struct child_options *o, const int fds[3])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    struct environment environment = { 0 };
    environment_copy(&environment, o->environment ? o->environment->list : environ);
    environment_set(&environment, child_tag_name, c->tag);
    int error = posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        error = posix_spawnattr_init(&attributes);
        if (error == 0) {
            error = prepare(&attributes);
            if (error == 0)
                error = add_actions(&actions, o, fds);
            if (error == 0)
                error = spawn_limited(c, o, &actions, &attributes, environment.list);
            posix_spawnattr_destroy(&attributes);
        }
        posix_spawn_file_actions_destroy(&actions);
    }
    environment_free(&environment);
    return error;
}

static struct child *make(struct children *all, const struct child_options *o)
{
    struct child *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    c->all = all;
    c->pidfd = -1;
    c->on_output = o->output;
    c->is_urgent = o->is_urgent;
    c->on_end = o->ended;
    c->arg = o->arg;
    snprintf(c->tag, sizeof(c->tag), "%s%llu", all->nonce, (unsigned long long)++all->started);
    timer_init(&c->timer, all->base, on_timer, c);
    event_assign(&c->exits, all->base, -1, 0, on_exit_seen, c);
    child_pipes_init(c);
    for (int i = 0; i < CHILD_STREAMS; i++)
        c->outputs[i].most = o->kept[i];
    c->next = all->first;
    all->first = c;
    return c;
}

/* Until it is reaped the pid is its own, so its pidfd can be opened afterwards. */
static int watch(struct child *c)
{
    c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
    if (c->pidfd < 0)
        return errno;
    event_assign(&c->exits, c->all->base, c->pidfd, EV_READ | EV_PERSIST, on_exit_seen, c);
    event_add(&c->exits, NULL);
    if (c->all->tidy.deadline == CLOCK_NEVER)
        timer_set(&c->all->tidy, clock_now() + TIDY_EVERY);
    child_pipes_watch(c);
    return 0;
}

struct child *child_start(struct children *all, const struct child_options *o)
{
    struct child *c = make(all, o);
    int theirs[3] = { -1, -1, -1 };
    int error = o->piped && child_pipes_open(c, theirs) < 0 ? errno : 0;
    if (error == 0) {
        error = spawn(c, o, theirs);
        for (int i = 0; o->piped && i < 3; i++)
            close(theirs[i]);
        if (error != 0)
            c->state = CHILD_ENDED;
    }
    if (error == 0 && c->pid > 0) {
        error = watch(c);
        while (error != 0 && !reap(c)) { /* without a pidfd it must not run */
            kill_all(c);
            poll(NULL, 0, 1);
        }
    }
    if (error == 0)
        return c;
    free_child(c);
    errno = error;
    return NULL;
}

pid_t child_pid(const struct child *c)
{
    return c->pid;
}
