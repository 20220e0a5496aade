/*
 * The keyring: locks, and the rules of when to answer. What is written for which scheme is in
 * keyring_schemes.c.
 */
#include "keyring.h"

#include <string.h>
#include <strings.h>

#include "challenge.h"
#include "keyring_private.h"
#include "mutants.h"

static struct lock *find(struct keyring *k, const char *id)
{
    for (struct lock *l = k->locks; l; l = l->next)
        if (strcmp(l->id, id) == 0)
            return l;
    return NULL;
}

static struct lock *find_or_make(struct keyring *k, const char *id)
{
    struct lock *l = find(k, id);
    if (l)
        return l;
    l = arena_take(k->arena, sizeof(*l));
    l->id = arena_copy(k->arena, id, strlen(id));
    l->next = k->locks;
    k->locks = l;
    return l;
}

static const struct account *account_of(const struct gatekeeper *g)
{
    size_t i = g->asks && g->next > 0 ? g->next - 1 : 0;
    return i < g->account_count ? &g->accounts[i] : NULL;
}

/* ---- sending --------------------------------------------------------------------------------- */

const char *keyring_value(struct keyring *k, struct gatekeeper *g, struct bond *bond,
                          const struct keyring_request *q, struct arena *a)
{
    const char *value = NULL;
    if (mutant(MUTANT_PROBES_WITHOUT_CREDENTIALS) && !g->is_invited) {
        g->was_sent = false;
        return NULL;
    }
    pthread_mutex_lock(&k->mutex);
    struct lock *l = find(k, g->id);
    if (!l && g->is_ready && g->account_count) {
        l = find_or_make(k, g->id);
        l->scheme = SCHEME_BASIC;
        l->account = g->accounts[0];
    }
    if (l && l->scheme && (g->account_count || mutant(MUTANT_KEEPS_PA_FOR_NEXT_PROXY)))
        value = lock_value(l, bond, q, a);
    if (mutant(MUTANT_FORGETS_CREDENTIALS) && value && l->scheme != SCHEME_NTLM)
        l->scheme = 0;
    pthread_mutex_unlock(&k->mutex);
    g->was_sent = value != NULL;
    return value;
}

/* ---- challenges ------------------------------------------------------------------------------ */

static unsigned strength(const struct challenge *c, bool can_hash)
{
    static const struct {
        const char *name;
        unsigned scheme;
    } known[] = { { "Basic", SCHEME_BASIC },
                  { "Bearer", SCHEME_BEARER },
                  { "NTLM", SCHEME_NTLM },
                  { "Digest", SCHEME_DIGEST } };
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        bool fits = mutant(MUTANT_SCHEME_IS_CASE_SENSITIVE)
                        ? strcmp(c->scheme, known[i].name) == 0
                        : strcasecmp(c->scheme, known[i].name) == 0;
        if (fits && (known[i].scheme != SCHEME_DIGEST || lock_digest_strength(c, can_hash)))
            return known[i].scheme;
    }
    return 0;
}

static bool fits_account(unsigned scheme, const struct account *account)
{
    return account && (scheme == SCHEME_BEARER) == (account->user == NULL);
}

/* The strongest that is understood and allowed (9110, 11.4); NULL: none. */
static const struct challenge *choose(const struct challenges *list, const struct gatekeeper *g,
                                      const struct account *account, bool can_hash)
{
    const struct challenge *best = NULL;
    unsigned best_rank = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct challenge *c = &list->list[i];
        unsigned scheme = strength(c, can_hash);
        if (!(scheme & g->schemes) || !fits_account(scheme, account))
            continue;
        unsigned rank = scheme * 16;
        if (scheme == SCHEME_DIGEST)
            rank += lock_digest_strength(c, can_hash);
        if (mutant(MUTANT_WEAKEST_SCHEME))
            rank = 1024 - rank;
        if (rank > best_rank) {
            best = c;
            best_rank = rank;
        }
    }
    return best;
}

/* Are the credentials that were sent worth another try? */
static bool may_repeat(struct gatekeeper *g, const struct lock *l, const struct challenge *c,
                       const struct bond *bond)
{
    const char *stale = challenge_param(c, "stale");
    if (!g->was_sent || mutant(MUTANT_ANSWERS_EVERY_407))
        return true;
    if (mutant(MUTANT_NTLM_STARTS_OVER) && l->scheme == SCHEME_NTLM)
        return true;
    if (l->scheme == SCHEME_NTLM && c->token68 && !bond->nonce_of && !bond->is_made)
        return true; /* its second leg */
    if (mutant(MUTANT_IGNORES_STALE) && stale)
        return false;
    if (l->scheme == SCHEME_DIGEST && stale && strcasecmp(stale, "true") == 0)
        return g->stale++ < 2 || mutant(MUTANT_STALE_FOREVER);
    if (l->has_worked)
        return g->renewed++ < 1;
    if (mutant(MUTANT_RESENDS_REFUSED_BASIC) || mutant(MUTANT_BURNS_POOL))
        return g->renewed++ < 3;
    return mutant(MUTANT_RESENDS_REFUSED_DIGEST) && l->scheme == SCHEME_DIGEST && g->renewed++ < 3;
}

/* A callback is asked for each challenge, until it knows nobody more. */
static bool ask(struct gatekeeper *g)
{
    if (!g->asks)
        return false;
    g->asked++;
    if (g->next < g->account_count)
        g->next++;
    else
        return mutant(MUTANT_ANSWERS_EVERY_407);
    return true;
}

static bool decide(struct keyring *k, struct gatekeeper *g, struct bond *bond,
                   const struct challenges *list, bool can_hash)
{
    struct lock *l = find_or_make(k, g->id);
    const struct challenge *c = choose(list, g, account_of(g), can_hash);
    bool is_leg = c && c->token68 && l->scheme == SCHEME_NTLM && !mutant(MUTANT_NTLM_STARTS_OVER);
    if (!is_leg && (!g->was_sent || (c && !l->has_worked)) && ask(g)) {
        c = choose(list, g, account_of(g), can_hash);
        g->was_sent = false; /* a pair that was not tried */
    }
    if (!c && mutant(MUTANT_BASIC_FOR_ANY_SCHEME) && account_of(g) && !g->was_sent) {
        l->scheme = SCHEME_BASIC;
        l->account = *account_of(g);
        return true;
    }
    if (!c) {
        g->refused_why =
            list->count ? "no scheme that it offers can be used" : "it offers no scheme";
        return false;
    }
    if (!may_repeat(g, l, c, bond)) {
        g->refused_why = "the credentials were refused";
        l->has_worked = false;
        return false;
    }
    lock_learn(k->arena, l, c, account_of(g), can_hash);
    l->first_scheme = arena_copy(k->arena, list->list[0].scheme, strlen(list->list[0].scheme));
    bond->nonce_of = is_leg ? arena_copy(k->arena, c->token68, strlen(c->token68)) : NULL;
    bond->is_made = false;
    return true;
}

bool keyring_challenged(struct keyring *k, struct gatekeeper *g, struct bond *bond,
                        const struct response *r, bool can_hash, struct arena *a)
{
    const char *name = g->is_proxy ? "Proxy-Authenticate" : "WWW-Authenticate";
    struct challenges list = challenge_parse(a, &r->fields, name);
    if (mutant(MUTANT_REPEATS_407_AS_IS) && g->is_proxy && g->renewed < 5 &&
        (!g->account_count || !list.count)) {
        g->renewed++;
        return true;
    }
    if (mutant(MUTANT_PROBES_WITHOUT_CREDENTIALS)) {
        g->is_invited = !g->was_sent;
        if (g->was_sent && g->renewed++ < 2)
            return true;
    }
    if (!g->account_count && !g->asks) {
        g->refused_why = "there are no credentials for it";
        return false;
    }
    pthread_mutex_lock(&k->mutex);
    bool again = decide(k, g, bond, &list, can_hash);
    pthread_mutex_unlock(&k->mutex);
    return again;
}

void keyring_let_in(struct keyring *k, struct gatekeeper *g, struct bond *bond,
                    const struct response *r, struct arena *a)
{
    const char *info = fields_nth(
        &r->fields, g->is_proxy ? "Proxy-Authentication-Info" : "Authentication-Info", 0);
    if (!g->was_sent)
        return;
    pthread_mutex_lock(&k->mutex);
    struct lock *l = find(k, g->id);
    if (l) {
        l->has_worked = true;
        bond->is_made = l->scheme == SCHEME_NTLM;
        bond->nonce_of = NULL;
    }
    if (l && info && !mutant(MUTANT_IGNORES_NEXTNONCE)) {
        struct fields params = { .arena = a };
        challenge_params(a, info, &params);
        const char *next = fields_nth(&params, "nextnonce", 0);
        if (next)
            lock_next_nonce(k->arena, l, next);
    }
    pthread_mutex_unlock(&k->mutex);
}
