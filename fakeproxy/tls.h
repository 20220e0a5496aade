/*
 * TLS as a byte filter, in the role of a server: ciphertext in one pair of byte queues, plaintext
 * through calls. It knows no socket, no event loop and no time, so that whatever sits below (cuts,
 * pauses, resets, another TLS session) acts on octets of the wire.
 *
 * Order of use: tls_new; tls_peek_hello as octets arrive, until the ClientHello is whole (the
 * moment for a scenario to act, nothing is answered yet); tls_handshake until TLS_OK; tls_read and
 * tls_write; tls_close_notify; tls_free. After every call look at the out queue: reading may write
 * too. After TLS_FAILED an alert may be queued there; nothing but tls_info, tls_error and tls_free
 * makes sense then.
 */
#ifndef FAKEPROXY_TLS_H
#define FAKEPROXY_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "certs.h"
#include "tls_record.h"

struct evbuffer;

/* What an actor's `tls` says. All zero but tickets is the faultless default. */
struct tls_settings {
    enum cert_kind certificate;
    const char *const *names; /* the certificate is for these, then NULL; NULL: for the name that
                                 the client asks for */
    int min_version, max_version; /* 0x0301 (TLS 1.0) to 0x0304; 0: 1.2 and 1.3 */
    const char *const *alpn;      /* in our order of preference, then NULL; NULL: http/1.1 alone;
                                     empty: ALPN is ignored. Nothing in common with what the client
                                     offers: no_application_protocol (RFC 7301, 3.2) */
    bool ask_client;              /* asks for a certificate, takes any, and none */
    int tickets;                  /* after each full handshake (TLS 1.2: at most one); -1: one */
    uint32_t early_data;          /* octets of 0-RTT data taken; 0: none is offered or taken */
};

/* One actor's TLS: sessions of one context resume each other's tickets. Made lazily, so an actor
   that nobody speaks to costs nothing. */
struct tls_context;

/* Borrows certs, settings and what they point to; copies default_name, the name to certify when a
   client sends no SNI: the address it connected to. NULL: out of memory. */
struct tls_context *tls_context_new(struct certs *, const struct tls_settings *,
                                    const char *default_name);
void tls_context_free(struct tls_context *); /* its sessions may live on */

/* Why tls_new failed; "" if it did not. */
const char *tls_context_error(const struct tls_context *);

struct tls_session; /* one connection */

enum tls_result {
    TLS_OK,
    TLS_AGAIN,        /* more ciphertext is needed, and the peer has not said that it's over */
    TLS_CLOSE_NOTIFY, /* the peer's close_notify was read: a proper end; writing still works */
    TLS_TRUNCATED,    /* the peer's FIN came without close_notify; writing still works, if the
                         handshake was complete */
    TLS_FAILED,       /* see tls_error; final */
};

enum tls_early { TLS_EARLY_NONE, TLS_EARLY_REJECTED, TLS_EARLY_ACCEPTED };

struct tls_alert {
    int description; /* RFC 8446, 6; -1: none so far. tls_alert_name() names it */
    bool by_peer;
    bool fatal;
};

/* What is known of a session; the first group is final once secure. */
struct tls_info {
    bool secure;                      /* the handshake is complete */
    bool resumed;                     /* from a ticket */
    int version;                      /* 0x0303, ...; 0 until negotiated */
    char alpn[TLS_ALPN_NAME_MAX + 1]; /* chosen; "" if none */
    bool client_certificate;          /* presented now, or in the session that was resumed */
    enum tls_early early;             /* what became of 0-RTT data */
    uint64_t early_bytes; /* the first octets given by tls_read that came as 0-RTT data: a request
                             whose first octet is among them was sent early (RFC 8470) */

    bool close_notify_received, close_notify_sent;
    unsigned alerts;        /* seen and sent so far, close_notify included: compare to notice a new
                               one */
    struct tls_alert alert; /* the last of them */

    uint64_t wire_in, wire_out; /* octets of ciphertext taken from and put into the queues */
    uint64_t secure_wire_in, secure_wire_out; /* the same at the moment of `secure`; our tickets are
                                                 below it */
};

/* A session over the two queues, both borrowed. NULL: out of memory, or the certificate cannot be
   made (tls_context_error). */
struct tls_session *tls_new(struct tls_context *, struct evbuffer *wire_in,
                            struct evbuffer *wire_out);
void tls_free(struct tls_session *); /* sends nothing, consumes nothing */

/* Puts other queues in their place, between calls. Either may be NULL while the session is idle;
   out must be there for every call that can write. */
void tls_set_queues(struct tls_session *, struct evbuffer *wire_in, struct evbuffer *wire_out);

/* Certifies this name instead of the context's default_name when the client sends no SNI: in a
   tunnel, the host that CONNECT named. Before the handshake. -1: out of memory. */
int tls_set_default_name(struct tls_session *, const char *name);

/* Looks at the ClientHello at the head of the in queue, consumes and answers nothing. BAD: give it
   to tls_handshake all the same, which answers as a server does. */
enum tls_hello_state tls_peek_hello(struct tls_session *);

/* What the (first) ClientHello says; NULL until it is whole, and for a malformed one. */
const struct tls_hello *tls_hello(const struct tls_session *);

/* Goes on with the handshake as far as the queued octets reach. */
enum tls_result tls_handshake(struct tls_session *);

/* At most len octets of plaintext; *n > 0 exactly if TLS_OK. Read until something else is returned:
   the end of the wire is told apart from "no data yet" only when all before it was read. */
enum tls_result tls_read(struct tls_session *, char *buf, size_t len, size_t *n);

/* Plaintext that tls_read gives without any further ciphertext. */
size_t tls_pending(const struct tls_session *);

/* Encrypts len octets into the out queue: all of them, *n == len, exactly if TLS_OK. One call with
   1 to TLS_RECORD_MAX octets makes exactly one record (unless the client asked for smaller ones,
   RFC 6066, 4); a longer one makes full records and a rest. The queue is not bounded here: stop
   above 64 KiB. */
enum tls_result tls_write(struct tls_session *, const char *buf, size_t len, size_t *n);

/* The peer's FIN was read, and all octets before it are in the queue. */
void tls_wire_eof(struct tls_session *);

/* Queues close_notify, once; nothing can be written after it, reading goes on. Does nothing before
   the handshake is complete or after a failure. */
void tls_close_notify(struct tls_session *);

const struct tls_info *tls_info(const struct tls_session *);

/* What went wrong, for a person: "no shared cipher", "http request"; "" if nothing did. */
const char *tls_error(const struct tls_session *);

#endif
