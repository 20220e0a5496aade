/*
 * Watches the two directions of a tunnel pass by and recognises landmarks of the TLS inside, so
 * that a tunnel can be cut there. It decrypts nothing and changes nothing.
 *
 * What is encrypted is judged by record types and lengths:
 *  - handshake, TLS 1.3: the client's Finished, the first encrypted record going up after
 *    ServerHello that is as long as a Finished of the chosen hash (alone, or behind an empty
 *    Certificate). 0-RTT data that is still under way after ServerHello and by chance as long is
 *    mistaken for it. A client that packs a real certificate and its Finished into one record is
 *    recognised two records late.
 *  - handshake, TLS 1.2 and older: the second of the two Finished, that is the server's, or the
 *    client's when a session is resumed: a handshake record after ChangeCipherSpec in both
 *    directions.
 *  - close-notify, TLS 1.3: the encrypted record with 2 octets in it (19 octets of payload, 11 with
 *    CCM_8). Only an alert, or 2 octets of data, can be as short. TLS 1.2: any alert record once it
 *    is encrypted; in the clear, a close_notify.
 */
#ifndef FAKEPROXY_TLS_WATCH_H
#define FAKEPROXY_TLS_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tls_landmark {
    LANDMARK_NONE,         /* never reached */
    LANDMARK_CLIENT_HELLO, /* up: the record that completes the first ClientHello */
    LANDMARK_SERVER_HELLO, /* down: the record that completes ServerHello, not a HelloRetryRequest
                            */
    LANDMARK_HANDSHAKE,    /* see above */
    LANDMARK_CLOSE_NOTIFY, /* the first, in either direction */
};

/* The names in a scenario's cut ("client-hello", ...), by landmark, from LANDMARK_CLIENT_HELLO on
   at index 1; index 0 is "none"; then NULL. */
extern const char *const tls_landmark_names[];

struct tls_watch; /* one tunnel, both directions */

/* NULL: out of memory. */
struct tls_watch *tls_watch_new(void);
void tls_watch_free(struct tls_watch *);

/* Looks at the next len octets in one direction (up: from the client). Returns how many of them lie
   up to and including the record that completes stop_at, with *hit true; all of them, *hit false,
   if it is not completed here. Octets behind the landmark were not looked at: to go on, feed them
   again. A landmark is hit once; asking for one that has passed never hits. Any split of the octets
   into calls gives the same result. */
size_t tls_watch_feed(struct tls_watch *, bool up, const char *data, size_t len,
                      enum tls_landmark stop_at, bool *hit);

/* The same, but stops when n octets have passed in that direction after the handshake, at *hit. */
size_t tls_watch_feed_records(struct tls_watch *, bool up, const char *data, size_t len, uint64_t n,
                              bool *hit);

/* Has this landmark passed? */
bool tls_watch_passed(const struct tls_watch *, enum tls_landmark);

/* Octets that passed in that direction since the handshake was complete (record headers included;
   in TLS 1.3 session tickets are among them). */
uint64_t tls_watch_after_handshake(const struct tls_watch *, bool up);

/* True once the octets could not be TLS: no further landmark will be hit. */
bool tls_watch_lost(const struct tls_watch *);

#endif
