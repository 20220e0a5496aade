/*
 * Live lookups of match objects.
 */
#include "watch.h"

#include <assert.h>
#include <stdlib.h>

#include "journal.h"

struct watch {
    uint64_t count;
    int64_t met; /* when the nth came */
    struct fp_event *first;
};

struct watches {
    const struct scenario *scenario;
    struct match_env env;
    struct watch *watch;
};

static const struct fp_event *first(void *arg, const struct match *m)
{
    const struct watches *w = arg;
    assert(m->watch >= 0);
    return w->watch[m->watch].first;
}

static bool is_proxy(void *arg, const char *at)
{
    const struct watches *w = arg;
    return scenario_is_proxy(w->scenario, at);
}

struct watches *watches_new(const struct scenario *s, const struct text_scope *scope)
{
    struct watches *w = calloc(1, sizeof(*w));
    struct watch *watch = calloc(s->watch_count + 1, sizeof(*watch));
    if (!w || !watch)
        abort();
    w->scenario = s;
    w->watch = watch;
    w->env = (struct match_env){ .first = first, .is_proxy = is_proxy, .scope = scope, .arg = w };
    return w;
}

void watches_free(struct watches *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->scenario->watch_count; i++)
        free(w->watch[i].first);
    free(w->watch);
    free(w);
}

bool watches_see(struct watches *w, const struct fp_event *e)
{
    bool any = false;
    for (size_t i = 0; i < w->scenario->watch_count; i++) {
        const struct match *m = w->scenario->watches[i];
        struct watch *watch = &w->watch[i];
        if (!match_event(m, e, &w->env))
            continue;
        any = true;
        if (watch->count++ == 0)
            watch->first = journal_copy(e);
        if (watch->count == (uint64_t)(m->nth > 0 ? m->nth : 1))
            watch->met = e->t;
    }
    return any;
}

int64_t watch_met(const struct watches *w, const struct match *m)
{
    assert(m->watch >= 0);
    return w->watch[m->watch].met;
}

const struct match_env *watches_env(const struct watches *w)
{
    return &w->env;
}
