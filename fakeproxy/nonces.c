/*
 * Nonces: an array a gate for those that a scenario lists, a tally for all others.
 */
#include "nonces.h"

#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "memory.h"
#include "tally.h"

struct listed { /* a nonce of a scenario's list */
    uint64_t used;
    bool refused; /* called stale once */
};

struct list { /* those of one gate */
    struct list *next;
    const struct gate *gate;
    size_t count;
    struct listed nonces[];
};

struct nonces {
    struct list *lists;
    struct tally *fresh;  /* nonce → 1 + uses */
    struct tally *counts; /* nonce and count → 1 when it was used */
    char *secret;
    unsigned long long made;
};

/* Made when it is first needed: few instances have a Digest gate. */
static uint64_t *count_in(struct tally **t, const struct gate *gate, const char *key, size_t len)
{
    if (!*t)
        *t = tally_new();
    return tally_count(*t, gate, key, len);
}

struct nonces *nonces_new(const char *secret)
{
    struct nonces *n = memory_must(calloc(1, sizeof(*n)));
    n->secret = memory_must(strdup(secret));
    return n;
}

void nonces_free(struct nonces *n)
{
    if (!n)
        return;
    for (struct list *next; n->lists; n->lists = next) {
        next = n->lists->next;
        free(n->lists);
    }
    tally_free(n->fresh);
    tally_free(n->counts);
    free(n->secret);
    free(n);
}

void nonces_random(struct nonces *n, unsigned char *out, unsigned len)
{
    digest_secret(n->secret, ++n->made, out, len);
}

/* ---- listed nonces --------------------------------------------------------------------------- */

static struct list *list_of(struct nonces *n, const struct gate *gate)
{
    for (struct list *l = n->lists; l; l = l->next)
        if (l->gate == gate)
            return l;
    size_t count = 0;
    while (gate->nonces[count])
        count++;
    struct list *l = memory_must(calloc(1, sizeof(*l) + count * sizeof(l->nonces[0])));
    *l = (struct list){ .next = n->lists, .gate = gate, .count = count };
    n->lists = l;
    return l;
}

static bool is_spent(const struct gate *gate, const struct listed *nonce)
{
    return nonce->refused || (gate->uses > 0 && nonce->used >= gate->uses);
}

/* The last one goes on when all are spent. */
static const char *offer_listed(struct nonces *n, const struct gate *gate)
{
    struct list *l = list_of(n, gate);
    size_t i = 0;
    while (i + 1 < l->count && is_spent(gate, &l->nonces[i]))
        i++;
    return gate->nonces[i];
}

/* Two of a list may be the same: the first that is not spent counts. */
static struct listed *find_listed(struct nonces *n, const struct gate *gate,
                                  struct http_slice nonce)
{
    struct list *l = list_of(n, gate);
    struct listed *found = NULL;
    for (size_t i = 0; i < l->count; i++)
        if (http_slice_is(nonce, gate->nonces[i])) {
            found = &l->nonces[i];
            if (!is_spent(gate, found))
                break;
        }
    return found;
}

/* ---- all ------------------------------------------------------------------------------------- */

void nonces_offer(struct nonces *n, const struct gate *gate, struct buf *out)
{
    if (gate->nonces) {
        buf_string(out, offer_listed(n, gate));
        return;
    }
    unsigned char octets[16];
    size_t start = out->len;
    nonces_random(n, octets, sizeof(octets));
    for (size_t i = 0; i < sizeof(octets); i++)
        buf_printf(out, "%02x", octets[i]);
    *count_in(&n->fresh, gate, out->at + start, out->len - start) = 1;
}

/* Was that count used with that nonce before? It is now. */
static bool was_counted(struct nonces *n, const struct gate *gate, struct http_slice nonce,
                        struct http_slice nc)
{
    struct buf key = { 0 };
    buf_add(&key, nonce.at, nonce.len);
    buf_char(&key, '\n');
    buf_add(&key, nc.at, nc.len);
    bool was = (*count_in(&n->counts, gate, key.at, key.len))++ > 0;
    buf_free(&key);
    return was;
}

enum nonce_use nonces_use(struct nonces *n, const struct gate *gate, struct http_slice nonce,
                          struct http_slice nc)
{
    struct listed *listed = gate->nonces ? find_listed(n, gate, nonce) : NULL;
    uint64_t *fresh = gate->nonces ? NULL : count_in(&n->fresh, gate, nonce.at, nonce.len);
    bool known = listed || (fresh && *fresh > 0);
    uint64_t used = listed ? listed->used : known ? *fresh - 1 : 0;
    if (!known || used >= gate->uses) {
        if (listed)
            listed->refused = true;
        return NONCE_STALE;
    }
    if (gate->unique_nc && nc.len && was_counted(n, gate, nonce, nc))
        return NONCE_REPLAYED;
    if (listed)
        listed->used++;
    else
        ++*fresh;
    return NONCE_GOOD;
}
