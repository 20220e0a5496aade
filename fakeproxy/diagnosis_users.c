/*
 * Whose credentials are whose: what the gates of proxies and origins know, and what the case tells
 * its client.
 */
#include "diagnosing.h"

#include <string.h>

static bool fits(const struct user *u, const struct pair *p)
{
    return u->name && u->password && http_slice_is(p->user, u->name) &&
           http_slice_is(p->password, u->password);
}

static bool gate_knows(const struct actor *a, const struct pair *p)
{
    for (size_t i = 0; i < a->gate_count; i++)
        for (size_t k = 0; k < a->gates[i].user_count; k++)
            if (fits(&a->gates[i].users[k], p))
                return true;
    return false;
}

static bool keys_have(const struct client_keys *k, const struct pair *p)
{
    for (size_t i = 0; i < k->credential_count; i++)
        if (fits(&k->credentials[i], p))
            return true;
    return false;
}

bool users_told(const struct diagnosis *d, const struct pair *p)
{
    const struct client *c = &d->s->client;
    bool told = keys_have(&c->keys, p);
    for (size_t i = 0; i < c->session_count && !told; i++)
        told = keys_have(&c->sessions[i].keys, p);
    for (size_t i = 0; i < c->step_count && !told; i++)
        told = c->steps[i].change && keys_have(c->steps[i].change, p);
    return told;
}

bool users_origins(const struct diagnosis *d, const struct pair *p)
{
    const struct client *c = &d->s->client;
    bool is = fits(&c->keys.origin_credentials, p);
    for (size_t i = 0; i < c->session_count && !is; i++)
        is = fits(&c->sessions[i].keys.origin_credentials, p);
    for (size_t i = 0; i < c->step_count && !is; i++)
        is = c->steps[i].change && fits(&c->steps[i].change->origin_credentials, p);
    for (size_t a = 0; a < d->s->actor_count && !is; a++)
        is = !d->s->actors[a].is_proxy && gate_knows(&d->s->actors[a], p);
    return is;
}

bool users_proxys(const struct diagnosis *d, const struct pair *p)
{
    bool is = users_told(d, p);
    for (size_t a = 0; a < d->s->actor_count && !is; a++)
        is = d->s->actors[a].is_proxy && gate_knows(&d->s->actors[a], p);
    return is && !users_origins(d, p);
}

bool users_right(const struct diagnosis *d, int actor, const struct pair *p)
{
    return users_told(d, p) || gate_knows(&d->s->actors[actor], p);
}

/* ---- what was wanted ------------------------------------------------------------------------- */

static size_t add(const struct user **list, size_t count, const struct user *u)
{
    if (u->name && u->password && count < USERS_MAX)
        list[count++] = u;
    return count;
}

size_t users_wanted(const struct diagnosis *d, int actor, const struct user **list)
{
    const struct actor *a = &d->s->actors[actor];
    const struct client_keys *k = &d->s->client.keys;
    size_t count = 0;
    for (size_t i = 0; i < k->credential_count; i++)
        count = add(list, count, &k->credentials[i]);
    for (size_t i = 0; i < a->gate_count && !k->credential_count; i++)
        for (size_t u = 0; u < a->gates[i].user_count; u++)
            count = add(list, count, &a->gates[i].users[u]);
    return count;
}

/* Was the client told something else than what the gate knows of that user? Then it cannot but be
 * wrong. */
bool users_misled(const struct diagnosis *d, int actor, struct http_slice user)
{
    const struct client_keys *k = &d->s->client.keys;
    for (size_t i = 0; i < k->credential_count; i++) {
        struct pair told = { .user = user };
        if (!http_slice_is(user, k->credentials[i].name))
            continue;
        told.password =
            (struct http_slice){ k->credentials[i].password, strlen(k->credentials[i].password) };
        if (!gate_knows(&d->s->actors[actor], &told))
            return true;
    }
    return false;
}
