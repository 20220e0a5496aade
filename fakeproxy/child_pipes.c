/*
 * Standard input, output and error of a child as pipes. Pipes and not sockets: programs open
 * /dev/stdin again, which a socket refuses. Output is read as fast as it comes, a bounded piece a
 * turn of the loop, so that a child that prints without end holds up neither itself nor the others;
 * what nobody wants is dropped.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "child_private.h"

enum { PIECE = 65536 }; /* as much as a pipe holds */

/* ---- input ----------------------------------------------------------------------------------- */

static void close_input(struct child_input *in)
{
    if (in->fd < 0)
        return;
    event_del(&in->event);
    close(in->fd);
    in->fd = -1;
    in->queue.len = in->written = 0;
}

/* A pipe whose reader is gone raises SIGPIPE, and there is no MSG_NOSIGNAL for write(): it is held
 * back from this thread and taken away again, unless one was there before. */
static ssize_t write_quietly(int fd, const void *octets, size_t len)
{
    static const struct timespec at_once = { 0 };
    sigset_t broken, before, pending;
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &broken, &before);
    ssize_t n = write(fd, octets, len);
    int error = errno;
    if (n < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE))
        sigtimedwait(&broken, NULL, &at_once);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return n;
}

static void write_queue(struct child_input *in)
{
    while (in->fd >= 0 && in->written < in->queue.len) {
        ssize_t n = write_quietly(in->fd, in->queue.at + in->written, in->queue.len - in->written);
        if (n >= 0) {
            in->written += (size_t)n;
        } else if (errno == EAGAIN) {
            event_add(&in->event, NULL);
            return;
        } else if (errno != EINTR) {
            close_input(in);
        }
    }
    in->queue.len = in->written = 0;
    if (in->closes)
        close_input(in);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    write_queue(arg);
}

void child_write(struct child *c, const void *octets, size_t len)
{
    struct child_input *in = &c->input;
    if (in->fd < 0 || in->closes)
        return;
    bool waits = in->written < in->queue.len;
    buf_add(&in->queue, octets, len);
    if (!waits)
        write_queue(in);
}

void child_write_eof(struct child *c)
{
    c->input.closes = true;
    if (c->input.written == c->input.queue.len)
        close_input(&c->input);
}

/* ---- output ---------------------------------------------------------------------------------- */

static void close_output(struct child_output *o)
{
    if (o->fd < 0)
        return;
    event_del(&o->event);
    close(o->fd);
    o->fd = -1;
}

static void keep(struct child_output *o, const char *octets, size_t len)
{
    size_t room = o->most - o->kept.len;
    o->total += len;
    if (room > 0)
        buf_add(&o->kept, octets, len < room ? len : room);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    struct child_output *o = arg;
    struct child *c = o->child;
    char octets[PIECE];
    ssize_t n = read(fd, octets, sizeof(octets));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    c->calls++;
    if (n <= 0) {
        close_output(o);
    } else {
        keep(o, octets, (size_t)n);
        if (c->on_output)
            c->on_output(c->arg, o->stream, octets, (size_t)n);
    }
    c->calls--;
    child_poll(c);
}

const char *child_kept(const struct child *c, enum child_stream stream, size_t *len,
                       uint64_t *total)
{
    const struct child_output *o = &c->outputs[stream];
    *len = o->kept.len;
    if (total)
        *total = o->total;
    return o->kept.at ? o->kept.at : "";
}

/* ---- the three of them ----------------------------------------------------------------------- */

bool child_pipes_are_drained(const struct child *c)
{
    return c->outputs[CHILD_OUTPUT].fd < 0 && c->outputs[CHILD_ERROR].fd < 0;
}

void child_pipes_close(struct child *c)
{
    close_input(&c->input);
    for (int i = 0; i < CHILD_STREAMS; i++)
        close_output(&c->outputs[i]);
}

/* Only our ends do not block: that is a property of each end. */
static int open_pipe(int *ours, int *theirs, bool we_write)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return -1;
    *ours = fds[we_write ? 1 : 0];
    *theirs = fds[we_write ? 0 : 1];
    return fcntl(*ours, F_SETFL, O_NONBLOCK);
}

int child_pipes_open(struct child *c, int theirs[3])
{
    if (open_pipe(&c->input.fd, &theirs[0], true) == 0 &&
        open_pipe(&c->outputs[CHILD_OUTPUT].fd, &theirs[1], false) == 0 &&
        open_pipe(&c->outputs[CHILD_ERROR].fd, &theirs[2], false) == 0)
        return 0;
    int error = errno;
    for (int i = 0; i < 3; i++)
        if (theirs[i] >= 0)
            close(theirs[i]);
    child_pipes_close(c);
    errno = error;
    return -1;
}

void child_pipes_init(struct child *c)
{
    struct event_base *base = c->all->base;
    c->input.fd = -1;
    event_assign(&c->input.event, base, -1, 0, on_writable, &c->input);
    for (int i = 0; i < CHILD_STREAMS; i++) {
        struct child_output *o = &c->outputs[i];
        *o = (struct child_output){ .child = c, .stream = (enum child_stream)i, .fd = -1 };
        event_assign(&o->event, base, -1, 0, on_readable, o);
    }
}

void child_pipes_watch(struct child *c)
{
    if (c->input.fd >= 0)
        event_assign(&c->input.event, c->all->base, c->input.fd, EV_WRITE, on_writable, &c->input);
    for (int i = 0; i < CHILD_STREAMS; i++) {
        struct child_output *o = &c->outputs[i];
        if (o->fd < 0)
            continue;
        event_assign(&o->event, c->all->base, o->fd, EV_READ | EV_PERSIST, on_readable, o);
        if (c->is_urgent)
            event_priority_set(&o->event, 0);
        event_add(&o->event, NULL);
    }
}
