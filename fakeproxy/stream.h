/*
 * A byte stream over a wire: plain, or TLS in the role of the server. Everything above reads and
 * writes content octets here and does not care which it is; cuts and ends act on the wire below.
 *
 * What is put into a stream is taken whole: the kernel gets what it takes, the rest is queued. A
 * producer puts its next piece when stream_queued() says that nothing is waiting, so the queue
 * holds one piece at most and a peer that never reads costs one piece of memory.
 */
#ifndef FP_STREAM_H
#define FP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "tls.h"
#include "wire.h"

enum { STREAM_PIECE = 65536 }; /* octets put at a time; a queue never grows far beyond it */

struct stream {
    struct wire wire;
    struct buf ahead; /* read from the stream, given back: the next read starts with it */
    size_t ahead_at;
    struct evbuffer *in, *out; /* ciphertext read; wire octets the kernel did not take. Lazy. */
    struct tls_session *tls;   /* NULL: plain */
    struct search *search;     /* looks through all that is read; NULL: nothing does. Owned. */
};

enum {
    STREAM_AGAIN = 0,
    STREAM_EOF = -1,       /* a proper end: FIN, or close_notify where it is TLS */
    STREAM_TRUNCATED = -2, /* TLS: FIN without close_notify */
    STREAM_BROKEN = -3     /* RST, or TLS that cannot go on */
};

/* Releases everything but the socket, which wire_close() or wire_reset() ends. */
void stream_free(struct stream *);

/* Octets (> 0) or one of the above. */
ssize_t stream_read(struct stream *, char *buf, size_t room);
/* Gives octets back; they are read again before any other. */
void stream_unread(struct stream *, const char *octets, size_t len);
/* Reads octets off the wire that nobody wants: TLS is over, and its peer not gone yet. True: there
 * may be more. */
bool stream_discard(struct stream *);
/* Is there certainly something to read without asking the kernel? */
bool stream_has_ahead(const struct stream *);

/* Takes all octets. -1: the wire is broken. TLS: every call is one record or more, and records
 * hold at most TLS_RECORD_MAX octets. */
int stream_put(struct stream *, const struct iovec *, int count);
int stream_put_octets(struct stream *, const void *octets, size_t len);
/* Writes what is queued, as far as the kernel takes it. -1: the wire is broken. */
int stream_flush(struct stream *);
size_t stream_queued(const struct stream *);

/* Starts TLS: what was read ahead becomes its first ciphertext. -1: no session could be made. */
int stream_start_tls(struct stream *, struct tls_context *);
/* Reads ciphertext off the wire into the session's queue. False: the wire is broken. */
bool stream_feed_tls(struct stream *);
/* Gives back buffers that an idle stream does not need. */
void stream_rest(struct stream *);

#endif
