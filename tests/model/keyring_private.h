/* Locks: what is known of one, and what is written to it. For keyring*.c. */
#ifndef MODEL_KEYRING_PRIVATE_H
#define MODEL_KEYRING_PRIVATE_H

#include "challenge.h"
#include "keyring.h"

struct lock {
    struct lock *next;
    const char *id;
    unsigned scheme; /* 0: never challenged */
    struct account account;
    bool has_worked;
    /* Digest */
    const char *realm, *nonce, *opaque, *algorithm, *qop; /* opaque, algorithm: NULL: not given */
    bool hashes_user;
    unsigned nc;
    const char *first_scheme; /* for a mutant: of the challenges */
};

/* 0: not understood; else the more, the better. */
unsigned lock_digest_strength(const struct challenge *, bool can_hash);
/* Takes over what the challenge says. */
void lock_learn(struct arena *, struct lock *, const struct challenge *, const struct account *,
                bool can_hash);
void lock_next_nonce(struct arena *, struct lock *, const char *nonce);
/* The field value, or NULL: nothing needs to be sent on this connection. */
const char *lock_value(struct lock *, struct bond *, const struct keyring_request *,
                       struct arena *);

#endif
