/*
 * A client of the tests: a raw TCP socket, optionally with TLS on it, that knows to the octet what
 * arrived and how the wire itself ended. Nothing here asserts, so that programs other than tests,
 * and threads, can use it; e2e.h has the asserting dialogue.
 */
#ifndef TESTS_E2E_PEER_H
#define TESTS_E2E_PEER_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PEER_BUFFER = 65536, PEER_PATIENCE = 20000 /* ms until a missing octet is a failure */ };

/* How the wire stands, whatever TLS thinks of it. */
enum peer_end { PEER_OPEN, PEER_EOF, PEER_RESET };

struct peer {
    int fd;
    enum peer_end end;
    bool notified;      /* TLS: close_notify came */
    bool tls_failed;    /* TLS: an alert, or octets that are no TLS */
    uint64_t arrived;   /* octets of the wire */
    struct peer *under; /* TLS in TLS: instead of fd; its octets are this one's wire */
    SSL *tls;
    BIO *in, *out;  /* owned by tls */
    size_t at, len; /* what was read and not yet taken: buffer[at..len) */
    char buffer[PEER_BUFFER];
};

enum { PEER_ENDED = -1, PEER_LATE = -2 };

/* Connects to that port of 127.0.0.1. receive_buffer: SO_RCVBUF, 0 for the kernel's own choice.
 * NULL: errno says why. */
struct peer *peer_dial(int port, int receive_buffer);
/* Takes a connected socket; it may block or not. */
struct peer *peer_of(int fd);
/* One whose wire is the content of another, which is freed with it. */
struct peer *peer_over(struct peer *under);
/* Closes the socket: with FIN, or RST if octets were left unread. */
void peer_free(struct peer *);

/* Octets (> 0), PEER_ENDED (see end, notified), or PEER_LATE after so many ms. */
ssize_t peer_read(struct peer *, void *octets, size_t room, int timeout_ms);
/* Reads up to the empty line; the head with its NUL is in `head`. 0, or -1: no whole head came. */
int peer_read_head(struct peer *, char *head, size_t room);
/* Sends all octets, however long the other side takes. 0, or -1: the connection broke. */
int peer_send(struct peer *, const void *octets, size_t len);
/* The same as far as the other side takes it within so many ms. Octets sent, or -1. Plain only. */
ssize_t peer_send_some(struct peer *, const void *octets, size_t len, int timeout_ms);

/* The handshake, with the name as SNI. 0, or -1. */
int peer_start_tls(struct peer *, SSL_CTX *, const char *name);
/* A context for clients; it trusts the CA in that file (NULL: it verifies nothing). */
SSL_CTX *peer_tls_context(const char *ca_file);

/* Is nothing to be had for so many ms, neither octet nor end? */
bool peer_is_silent(struct peer *, int ms);
/* Reads and drops what still comes, until the wire ends. False: it did not within the patience. */
bool peer_wait_end(struct peer *);

/* Octet i of every generated body. */
void peer_pattern(uint64_t offset, char *octets, size_t len);
/* The first octet that differs from the pattern, or -1. */
ssize_t peer_pattern_differs(uint64_t offset, const char *octets, size_t len);

/* Ends a socket with RST. */
void peer_abort(struct peer *);
/* A listening socket on a port of 127.0.0.1 (or [::1]) of the kernel's choice; -1: errno. */
int peer_listen(int *port, bool v6);
/* Accepts within the patience; NULL if nobody came. */
struct peer *peer_accept(int listener, int timeout_ms);

#endif
