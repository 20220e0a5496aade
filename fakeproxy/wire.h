/*
 * The socket: bounded reads and writes, how each direction stands, and the ways to end it exactly.
 *
 * A wire is armed once, edge-triggered for everything (EV_READ|EV_WRITE|EV_CLOSED|EV_ET), and never
 * again: no libevent call per request, and no state in which a dead or half-closed peer makes a
 * level-triggered loop spin. What an edge said is remembered in flags until a call finds EAGAIN.
 * The owner is told by `notify` that something may have changed, and looks for itself.
 */
#ifndef FP_WIRE_H
#define FP_WIRE_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Is there something to read? After a short read only an edge or a failed write can tell, so the
 * answer is MAYBE until a write succeeds: one needless recv() per request is saved that way. */
enum wire_readable { WIRE_NOTHING, WIRE_MAYBE, WIRE_READABLE };

struct wire {
    int fd; /* -1: none, or ended */
    struct event event;
    void (*notify)(void *arg);
    void *arg;
    enum wire_readable readable;
    bool writable; /* the last write was not cut short */
    bool connecting;
    bool hup;          /* the kernel has seen the peer's FIN */
    bool eof;          /* and we have read up to it */
    bool broken;       /* the peer's RST, or another error: nothing more to read or write */
    int error;         /* errno of a connect that failed */
    bool write_failed; /* that is how we know: octets may be left to read */
    bool shut;         /* our FIN was sent */
    bool tells_acks;   /* the error queue wakes us when octets are acknowledged */
    int64_t arrived;   /* CLOCK_MONOTONIC ns: the last edge that may have brought octets */
    int64_t active;    /* when octets were last read or written */
    uint64_t received, sent;
};

/* Takes a connected (or connecting) non-blocking socket. 0, or -1 when libevent refuses. */
int wire_init(struct wire *, struct event_base *, int fd, void (*notify)(void *arg), void *arg);

/* A non-blocking connect to addr. -1: it failed at once (errno). */
int wire_connect(struct wire *, struct event_base *, const struct sockaddr *, socklen_t,
                 void (*notify)(void *arg), void *arg);

enum { WIRE_AGAIN = 0, WIRE_EOF = -1, WIRE_BROKEN = -2 };

/* Octets read (> 0), WIRE_AGAIN, WIRE_EOF or WIRE_BROKEN. */
ssize_t wire_read(struct wire *, char *buf, size_t room);
/* Octets the kernel took (may be fewer, 0 when it is full), or WIRE_BROKEN. */
ssize_t wire_write(struct wire *, const struct iovec *, int count);

/* Octets written that the peer's kernel has not acknowledged; or that ours has not sent. */
int wire_unacked(const struct wire *);
int wire_unsent(const struct wire *);
/* From now on acknowledgements wake the owner, where the kernel can do that. */
void wire_tell_acks(struct wire *);
/* Octets in the kernel that nobody has read. */
int wire_unread(const struct wire *);
/* Looks, without reading, whether the peer has reset the connection. */
bool wire_was_reset(struct wire *);

void wire_shut(struct wire *);  /* FIN: our direction is done */
void wire_close(struct wire *); /* gives up the socket; RST if input lies unread (RFC 9112, 9.6) */
void wire_reset(struct wire *); /* RST now; what is not sent yet is lost */

#endif
