/*
 * Twins of a run.
 */
#include "twins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twin.h"

struct twin {
    struct twin *next;
    size_t client;
    char *key;
    struct scenario *scenario;
    bool is_over, has_passed;
    char *why;
};

struct waiting {
    struct waiting *next;
    struct case_result *of;
    struct twin *twin;
};

struct twins {
    struct twin *list;
    struct waiting *waiting;
};

struct twins *twins_new(void)
{
    struct twins *t = calloc(1, sizeof(*t));
    if (!t)
        abort();
    return t;
}

void twins_free(struct twins *twins)
{
    if (!twins)
        return;
    for (struct waiting *w; (w = twins->waiting);) {
        twins->waiting = w->next;
        free(w);
    }
    for (struct twin *t; (t = twins->list);) {
        twins->list = t->next;
        scenario_twin_free(t->scenario);
        free(t->key);
        free(t->why);
        free(t);
    }
    free(twins);
}

const struct scenario *twin_scenario(const struct twin *t)
{
    return t->scenario;
}

/* The twin of the case; *is_new: nobody has asked for it yet. */
static struct twin *twin_of(struct twins *twins, const struct case_result *c, bool *is_new)
{
    struct scenario *scenario = scenario_twin(c->of->scenario);
    char *key = twin_key(scenario);
    *is_new = false;
    for (struct twin *t = twins->list; t; t = t->next)
        if (t->client == c->client && strcmp(t->key, key) == 0) {
            scenario_twin_free(scenario);
            free(key);
            return t;
        }
    struct twin *t = calloc(1, sizeof(*t));
    if (!t)
        abort();
    *t =
        (struct twin){ .next = twins->list, .client = c->client, .key = key, .scenario = scenario };
    twins->list = t;
    *is_new = true;
    return t;
}

static void apply(struct case_result *c, const struct twin *t)
{
    if (!t->has_passed)
        case_block(c, false, t->why);
}

bool twins_await(struct twins *twins, struct case_result *c, struct twin **to_play)
{
    bool is_new;
    *to_play = NULL;
    if (!twin_is_needed(c->of->scenario, c->graded))
        return false;
    struct twin *t = twin_of(twins, c, &is_new);
    if (t->is_over) {
        apply(c, t);
        return false;
    }
    struct waiting *w = calloc(1, sizeof(*w));
    if (!w)
        abort();
    *w = (struct waiting){ .next = twins->waiting, .of = c, .twin = t };
    twins->waiting = w;
    *to_play = is_new ? t : NULL;
    return true;
}

static void settle(struct twin *t, struct trial_record *r)
{
    const char *why = !r                     ? "it could not be played"
                      : r->fate != FATE_DONE ? r->why
                      : r->twin_why          ? r->twin_why
                                             : "";
    t->is_over = true;
    t->has_passed = r && r->twin_passed;
    if (!t->has_passed && asprintf(&t->why, "without the fault it failed too: %s", why) < 0)
        abort();
    trial_record_free(r);
}

void twins_ended(struct twins *twins, struct twin *t, struct trial_record *r,
                 void (*release)(void *arg, struct case_result *), void *arg)
{
    settle(t, r);
    for (struct waiting **link = &twins->waiting; *link;) {
        struct waiting *w = *link;
        if (w->twin != t) {
            link = &w->next;
            continue;
        }
        struct case_result *c = w->of;
        *link = w->next;
        free(w);
        apply(c, t);
        release(arg, c);
    }
}
