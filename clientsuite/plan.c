/*
 * Plans, from the catalogue.
 */
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "catalogue.h"
#include "edition.h"

static bool fits(const char *pattern, const char *text)
{
    return match_glob(pattern, strlen(pattern), text, strlen(text));
}

bool plan_fits(const char *pattern, const char *id, const char *name)
{
    const char *slash = strrchr(id, '/');
    return fits(pattern, id) || fits(pattern, name) ||
           (!strchr(pattern, '/') && slash && fits(pattern, slash + 1)) ||
           (!strchr(pattern, '/') && slash && fits(pattern, name + (slash + 1 - id)));
}

/* ---- what counts ------------------------------------------------------------------------------
 */

bool plan_has_graded(const struct plan *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->cases[i].tier == 1)
            return true;
    return false;
}

bool plan_is_scored(const struct plan_case *c, bool has_graded)
{
    return !has_graded || c->tier == 1;
}

/* ---- making ---------------------------------------------------------------------------------- */

struct making {
    struct plan *plan;
    const struct plan_selection *selection;
    size_t room;
};

static bool is_selected_id(const struct plan_selection *s, const struct catalogue_entry *e)
{
    int tier = edition_tier(s->edition, e->id);
    if (s->layer && (!e->layer || strcmp(e->layer, s->layer) != 0))
        return false;
    if (s->tier && tier > s->tier)
        return false;
    for (const char *const *p = s->only; p && *p; p++) { /* of a variant: looked at once loaded */
        const char *at = strchr(*p, '@');
        char *pattern = strndup(*p, at ? (size_t)(at - *p) : strlen(*p));
        bool is_fit = pattern && plan_fits(pattern, e->id, e->id);
        free(pattern);
        if (is_fit)
            return true;
    }
    return !s->only || !*s->only;
}

static bool is_selected(const struct plan_selection *s, const char *id, const char *name)
{
    for (const char *const *p = s->only; p && *p; p++)
        if (plan_fits(*p, id, name))
            return true;
    return !s->only || !*s->only;
}

static bool has_environment(const struct scenario *s)
{
    bool has = s->client.keys.environment_count > 0;
    for (size_t i = 0; i < s->client.session_count; i++)
        has |= s->client.sessions[i].keys.environment_count > 0;
    return has;
}

static bool is_gatekeeper(const struct edition *e, const char *id)
{
    for (size_t i = 0; e && i < e->gatekeeper_count; i++)
        if (strcmp(e->gatekeepers[i].id, id) == 0)
            return true;
    return false;
}

static const char *name_of(struct arena *arena, const struct scenario *s)
{
    struct buf b = { 0 };
    buf_printf(&b, "%s%s%s", s->id, s->variant ? "@" : "", s->variant ? s->variant : "");
    const char *name = arena_copy(arena, b.at, b.len);
    buf_free(&b);
    return name;
}

static void add_case(struct making *m, const struct scenario *s)
{
    struct plan *p = m->plan;
    const char *name = name_of(p->arena, s);
    if (s->check_count == 0 || s->client.step_count == 0 || !is_selected(m->selection, s->id, name))
        return;
    if (p->count == m->room) {
        m->room = m->room ? m->room * 2 : 128;
        p->cases = realloc(p->cases, m->room * sizeof(p->cases[0]));
        if (!p->cases)
            abort();
    }
    p->cases[p->count++] =
        (struct plan_case){ .scenario = s,
                            .name = name,
                            .tier = edition_tier(m->selection->edition, s->id),
                            .needs_process = has_environment(s),
                            .is_gatekeeper = is_gatekeeper(m->selection->edition, s->id) };
}

static int compare(const void *a, const void *b)
{
    const struct plan_case *x = a, *y = b;
    int by_id = strcmp(x->scenario->id, y->scenario->id);
    return by_id ? by_id : strcmp(x->name, y->name);
}

static void arrange(struct plan *p)
{
    if (p->count)
        qsort(p->cases, p->count, sizeof(p->cases[0]), compare);
    for (size_t i = 0; i < p->count; i++)
        p->cases[i].group = i && strcmp(p->cases[i - 1].scenario->id, p->cases[i].scenario->id) == 0
                                ? p->cases[i - 1].group
                                : i;
}

static int load_entry(struct making *m, const struct catalogue_entry *e,
                      struct complaints *complaints)
{
    struct plan *p = m->plan;
    struct scenario_set *set = &p->sets[p->set_count];
    if (scenario_load_file(e->path, set, complaints) < 0)
        return -1;
    p->set_count++;
    for (size_t k = 0; k < set->count; k++)
        add_case(m, set->scenarios[k]);
    return 0;
}

static void complain_of_nothing(struct complaints *complaints, const struct plan_selection *s)
{
    struct complaint_place place = { .file = s->only && *s->only ? *s->only : "run" };
    complaints_add(complaints, &place, NULL,
                   "no case fits, expected ids such as \"auth/*\" (clientsuite list shows them)");
}

struct plan *plan_new(const struct plan_selection *selection, struct complaints *complaints)
{
    struct catalogue *c = catalogue_new(NULL);
    struct plan *p = calloc(1, sizeof(*p));
    struct making m = { .plan = p, .selection = selection };
    int result = 0, n = 0;
    if (!p || !(p->sets = calloc(c->count + 1, sizeof(*p->sets))))
        abort();
    p->arena = arena_new();
    for (size_t i = 0; i < c->count; i++) {
        const struct catalogue_entry *e = &c->entries[i];
        if (!is_selected_id(selection, e))
            continue;
        if (selection->shards && n++ % selection->shards != selection->shard - 1)
            continue;
        result |= load_entry(&m, e, complaints);
    }
    catalogue_free(c);
    arrange(p);
    if (result == 0 && p->count == 0 && !selection->shards) {
        complain_of_nothing(complaints, selection);
        result = -1;
    }
    if (result == 0)
        return p;
    plan_free(p);
    return NULL;
}

struct plan *plan_of(const char *const *texts, struct complaints *complaints)
{
    static const struct plan_selection all = { 0 };
    struct plan *p = calloc(1, sizeof(*p));
    struct making m = { .plan = p, .selection = &all };
    size_t count = 0;
    while (texts[count])
        count++;
    if (!p || !(p->sets = calloc(count + 1, sizeof(*p->sets))))
        abort();
    p->arena = arena_new();
    for (size_t i = 0; i < count; i++) {
        struct scenario_set *set = &p->sets[i];
        if (scenario_load_text(texts[i], strlen(texts[i]), "text", set, complaints) < 0) {
            plan_free(p);
            return NULL;
        }
        p->set_count++;
        for (size_t k = 0; k < set->count; k++)
            add_case(&m, set->scenarios[k]);
    }
    arrange(p);
    return p;
}

void plan_free(struct plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->set_count; i++)
        scenario_set_free(&p->sets[i]);
    free(p->sets);
    free(p->cases);
    arena_free(p->arena);
    free(p);
}
