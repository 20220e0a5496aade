/*
 * Simulated exits: which address of its own a proxy would use towards the origin. They are names,
 * given in turn: each connection, request or user that is new gets the next; `rotate` moves the one
 * at hand. An origin learns the exit from the proxy that dials it.
 */
#include <stdlib.h>

#include "engine.h"

struct exits {
    struct tally *users; /* user name → 1 + index */
    uint64_t next;       /* index of the next new one; by rotate: of the current */
};

void exits_free(struct exits *e)
{
    if (!e)
        return;
    tally_free(e->users);
    free(e);
}

static struct exits *exits_at(struct conn *c)
{
    struct listener *l = c->listener;
    if (!l->exits) {
        l->exits = calloc(1, sizeof(*l->exits));
        if (!l->exits)
            abort();
        l->exits->users = tally_new();
    }
    return l->exits;
}

static const char *name_at(const struct actor *a, uint64_t index)
{
    size_t count = 0;
    while (a->exits[count])
        count++;
    return count ? a->exits[index % count] : NULL;
}

/* ---- who gets which -------------------------------------------------------------------------- */

void exits_accept(struct conn *c)
{
    const struct actor *a = conn_actor(c);
    if (a->exits_by == EXITS_BY_CONNECTION)
        c->exit = name_at(a, c->exit_index = exits_at(c)->next++);
    else if (a->exits_by == EXITS_BY_ROTATE)
        c->exit = name_at(a, exits_at(c)->next);
}

/* The 1 + index of the user at hand; 0 for a new one. NULL: nobody is named. */
static uint64_t *index_of_user(struct conn *c)
{
    struct http_slice user = gate_user(c);
    return user.len ? tally_count(exits_at(c)->users, c->listener, user.at, user.len) : NULL;
}

static const char *exit_of_user(struct conn *c)
{
    uint64_t *index = index_of_user(c);
    if (!index)
        return NULL;
    if (*index == 0)
        *index = 1 + exits_at(c)->next++;
    return name_at(conn_actor(c), *index - 1);
}

void exits_forget(struct conn *c)
{
    enum exit_policy by = conn_actor(c)->exits_by;
    if (by == EXITS_BY_REQUEST || by == EXITS_BY_USER)
        c->exit = NULL;
}

void exits_request(struct conn *c)
{
    const struct actor *a = conn_actor(c);
    bool served = gate_lets_in(c); /* what the gate refuses goes nowhere */
    switch (a->exits_by) {
    case EXITS_NONE:
    case EXITS_BY_CONNECTION:
        break;
    case EXITS_BY_REQUEST:
        c->exit = served ? name_at(a, exits_at(c)->next++) : NULL;
        break;
    case EXITS_BY_USER:
        c->exit = served ? exit_of_user(c) : NULL;
        break;
    case EXITS_BY_ROTATE:
        c->exit = name_at(a, exits_at(c)->next);
        break;
    }
}

/* ---- rotate ---------------------------------------------------------------------------------- */

enum progress action_rotate(struct conn *c, const struct action *action)
{
    (void)action;
    const struct actor *a = conn_actor(c);
    uint64_t *index;
    switch (a->exits_by) {
    case EXITS_NONE:
    case EXITS_BY_REQUEST: /* the next request gets another one anyway */
        break;
    case EXITS_BY_CONNECTION:
        c->exit = name_at(a, ++c->exit_index);
        break;
    case EXITS_BY_USER:
        index = c->exit ? index_of_user(c) : NULL;
        if (index)
            c->exit = name_at(a, ++*index - 1);
        break;
    case EXITS_BY_ROTATE:
        c->exit = name_at(a, ++exits_at(c)->next);
        break;
    }
    return PROGRESS_DONE;
}

/* ---- telling --------------------------------------------------------------------------------- */

const char *exits_of(const struct conn *c)
{
    enum exit_policy by = conn_actor(c)->exits_by;
    bool is_per_request = by == EXITS_BY_REQUEST || by == EXITS_BY_USER;
    return is_per_request && !(c->exchange && c->exchange->number) ? NULL : c->exit;
}

const char *exits_header(const struct conn *c)
{
    return conn_actor(c)->exits_by == EXITS_NONE ? NULL : exits_of(c);
}
