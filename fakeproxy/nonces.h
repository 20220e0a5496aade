/*
 * The nonces of Digest gates: which were offered, how often each was used, with which counts.
 * Nonces that a scenario lists are kept for ever; fresh ones, and the counts used with any, as long
 * as they are among the last TALLY_MAX. A nonce that was forgotten is stale, as RFC 7616 wants it.
 */
#ifndef FP_NONCES_H
#define FP_NONCES_H

#include "buf.h"
#include "http.h"
#include "scenario.h"

struct nonces;

struct nonces *nonces_new(const char *secret);
void nonces_free(struct nonces *);

/* Appends the nonce that the gate offers now: of a list, the first that is not spent; else a fresh
 * one. */
void nonces_offer(struct nonces *, const struct gate *, struct buf *out);

enum nonce_use { NONCE_GOOD, NONCE_STALE, NONCE_REPLAYED };

/* Right credentials came with that nonce and count: counts the use, or says why not. What was
 * called stale is spent. */
enum nonce_use nonces_use(struct nonces *, const struct gate *, struct http_slice nonce,
                          struct http_slice nc);

/* Octets nobody can guess, `len` of 32 at most; other ones each time. */
void nonces_random(struct nonces *, unsigned char *out, unsigned len);

#endif
