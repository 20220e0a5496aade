/*
 * What there is in results files: clients, cases, the checks of each; the plan made of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "results_reading.h"

int reading_complain(const struct reading *r, const struct results_line *line, const char *what)
{
    fprintf(stderr, "clientsuite: %s:%zu: %s\n", r->paths[line->file], line->number, what);
    return -1;
}

const char *reading_text(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    return v && v->type == JSON_TEXT ? v->text : NULL;
}

double reading_number(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    return v && v->type == JSON_NUMBER ? v->number : 0;
}

bool reading_flag(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    return v && v->type == JSON_BOOL && v->flag;
}

/* "id" or "id@variant" */
const char *reading_name(struct reading *r, const struct results_line *line)
{
    char name[512];
    const char *id = reading_text(line->json, "id"), *variant = reading_text(line->json, "variant");
    snprintf(name, sizeof(name), "%s%s%s", id, variant ? "@" : "", variant ? variant : "");
    return arena_copy(r->arena, name, strlen(name));
}

void *reading_array(struct arena *arena, size_t count, size_t size)
{
    return arena_take(arena, (count + 1) * size);
}

static const char *const *texts_of(struct arena *arena, const struct json *list)
{
    size_t n = 0;
    const char **texts = arena_take(arena, ((list ? list->count : 0) + 1) * sizeof(*texts));
    for (const struct json *m = list ? list->first : NULL; m; m = m->next)
        if (m->type == JSON_TEXT)
            texts[n++] = m->text;
    return texts;
}

bool reading_is_same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* ---- checks ---------------------------------------------------------------------------------- */

int reading_level(const char *name)
{
    for (int i = LEVEL_MUST; name && i <= LEVEL_INFO; i++)
        if (strcmp(level_name((enum level)i), name) == 0)
            return i;
    return -1;
}

size_t reading_find_check(const struct told_checks *t, const char *id)
{
    size_t i = 0;
    while (i < t->count && strcmp(t->checks[i].id, id) != 0)
        i++;
    return i;
}

struct told_checks *reading_scenario(struct reading *r, const char *id)
{
    for (size_t i = r->scenario_count; i-- > 0;)
        if (strcmp(r->scenarios[i]->id, id) == 0)
            return r->scenarios[i];
    return NULL;
}

static struct told_checks *note_scenario(struct reading *r, const char *id)
{
    struct told_checks *t = reading_scenario(r, id);
    if (t)
        return t;
    t = arena_take(r->arena, sizeof(*t));
    t->id = id;
    r->scenarios[r->scenario_count++] = t;
    return t;
}

static int note_check(struct reading *r, const struct results_line *line, struct told_checks *own,
                      const struct json *check)
{
    const char *id = reading_text(check, "id"), *verdict = reading_text(check, "verdict");
    int level = reading_level(reading_text(check, "level"));
    struct told_checks *t = reading_flag(check, "house") ? &r->house : own;
    if (!id || level < 0 || !verdict || verdict_kind_by_name(verdict) < 0)
        return reading_complain(r, line, "a check has an id, a level and a verdict that are known");
    if (reading_find_check(t, id) < t->count)
        return 0;
    if (t->count == MOST_CHECKS || (t == &r->house && t->count == SUMMARY_HOUSE))
        return reading_complain(r, line, "it has more checks than a case can have");
    t->checks[t->count++] = (struct check){ .id = id,
                                            .level = (enum level)level,
                                            .says = reading_text(check, "says"),
                                            .source = reading_text(check, "source"),
                                            .critical = reading_flag(check, "critical") };
    return 0;
}

/* ---- what there is --------------------------------------------------------------------------- */

static int note_case(struct reading *r, const struct results_line *line)
{
    const char *id = reading_text(line->json, "id");
    const struct json *checks = json_get(line->json, "checks");
    if (!id || !checks || checks->type != JSON_LIST)
        return reading_complain(r, line, "a case has an id and checks");
    struct told_checks *own = note_scenario(r, id);
    for (const struct json *c = checks->first; c; c = c->next)
        if (note_check(r, line, own, c) < 0)
            return -1;
    r->cases[r->case_count++] = line;
    return 0;
}

static bool is_same_client(const struct results_line *a, const struct results_line *b)
{
    static const char *const keys[] = { "client", "client_variant", "version", "runtime" };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (!reading_is_same(reading_text(a->json, keys[i]), reading_text(b->json, keys[i])))
            return false;
    return true;
}

static struct profile_variant *variant_of(struct reading *r, const struct json *line)
{
    struct profile *p = arena_take(r->arena, sizeof(*p));
    struct profile_variant *v = arena_take(r->arena, sizeof(*v));
    p->name = reading_text(line, "client");
    p->title = reading_text(line, "title");
    p->about = reading_text(line, "about");
    p->homepage = reading_text(line, "homepage");
    v->profile = p;
    v->name = reading_text(line, "client_variant");
    v->about = reading_text(line, "about_variant");
    v->capabilities = texts_of(r->arena, json_get(line, "capabilities"));
    return v;
}

static void note_client(struct reading *r, const struct results_line *line)
{
    size_t at = r->client_count;
    for (size_t i = 0; r->is_together && i < r->client_lines; i++)
        if (is_same_client(r->clients[i], line))
            at = r->client_of[i];
    r->clients[r->client_lines] = line;
    r->client_of[r->client_lines++] = at;
    if (at == r->client_count) {
        ((size_t *)(uintptr_t)r->out->source_of)[at] = line->file;
        r->variants[r->client_count++] = variant_of(r, line->json);
    }
}

/* Clients are told as they come to be ready: back to one profile's variants together, `default`
 * first. */
static int compare_clients(const void *a, const void *b)
{
    const struct results_line *x = *(const struct results_line *const *)a;
    const struct results_line *y = *(const struct results_line *const *)b;
    const char *v = reading_text(x->json, "client_variant"),
               *w = reading_text(y->json, "client_variant");
    int order = x->file < y->file ? -1 : x->file > y->file;
    if (order == 0)
        order = strcmp(reading_text(x->json, "client"), reading_text(y->json, "client"));
    if (order == 0)
        order = (strcmp(w, "default") == 0) - (strcmp(v, "default") == 0);
    return order ? order : strcmp(v, w);
}

static int note_clients(struct reading *r)
{
    const struct results_line **sorted = reading_array(r->arena, r->lines.count, sizeof(*sorted));
    size_t n = 0;
    for (size_t i = 0; i < r->lines.count; i++) {
        const struct results_line *line = &r->lines.lines[i];
        if (line->kind != LINE_CLIENT)
            continue;
        if (!reading_text(line->json, "client") || !reading_text(line->json, "client_variant"))
            return reading_complain(r, line, "a client has a name and a variant");
        sorted[n++] = line;
    }
    qsort(sorted, n, sizeof(*sorted), compare_clients);
    for (size_t i = 0; i < n; i++)
        note_client(r, sorted[i]);
    return 0;
}

/* One pass over the lines: 0, or -1 after a message. */
int reading_note(struct reading *r)
{
    size_t n = r->lines.count;
    r->scenarios = reading_array(r->arena, n, sizeof(*r->scenarios));
    r->cases = reading_array(r->arena, n, sizeof(*r->cases));
    r->clients = reading_array(r->arena, n, sizeof(*r->clients));
    r->variants = reading_array(r->arena, n, sizeof(*r->variants));
    r->client_of = reading_array(r->arena, n, sizeof(*r->client_of));
    r->out->source_of = reading_array(r->arena, n, sizeof(*r->out->source_of));
    for (size_t i = 0; i < n; i++) {
        const struct results_line *line = &r->lines.lines[i];
        if (line->kind == LINE_CASE && note_case(r, line) < 0)
            return -1;
        if (line->kind == LINE_RUN && reading_number(line->json, "results") != 1)
            return reading_complain(r, line, "these are not results of format 1");
    }
    return note_clients(r);
}

/* ---- the plan -------------------------------------------------------------------------------- */

static int compare_cases(const void *a, const void *b)
{
    return strcmp(((const struct plan_case *)a)->name, ((const struct plan_case *)b)->name);
}

static const struct scenario *scenario_from(struct reading *r, const struct results_line *line)
{
    const struct json *json = line->json;
    struct scenario *s = arena_take(r->arena, sizeof(*s));
    const struct told_checks *t = reading_scenario(r, reading_text(json, "id"));
    s->id = reading_text(json, "id");
    s->variant = reading_text(json, "variant");
    s->title = reading_text(json, "title");
    s->layer = reading_text(json, "layer");
    s->about = reading_text(json, "about");
    s->cause = reading_text(json, "cause");
    s->fix = reading_text(json, "fix");
    s->sources = texts_of(r->arena, json_get(json, "sources"));
    s->needs = texts_of(r->arena, NULL);
    s->checks = t->checks;
    s->check_count = t->count;
    return s;
}

void reading_plan(struct reading *r)
{
    struct plan *plan = &r->out->plan;
    struct plan_case *all = reading_array(r->arena, r->case_count, sizeof(*all));
    for (size_t i = 0; i < r->case_count; i++)
        all[i] = (struct plan_case){ .name = reading_name(r, r->cases[i]),
                                     .tier = (int)reading_number(r->cases[i]->json, "tier"),
                                     .group = i };
    qsort(all, r->case_count, sizeof(*all), compare_cases);
    plan->cases = all;
    for (size_t i = 0; i < r->case_count; i++) {
        const struct results_line *line = r->cases[all[i].group];
        if (plan->count && strcmp(plan->cases[plan->count - 1].name, all[i].name) == 0)
            continue;
        struct plan_case c = all[i];
        c.scenario = scenario_from(r, line);
        c.group = plan->count;
        if (plan->count && strcmp(plan->cases[plan->count - 1].scenario->id, c.scenario->id) == 0)
            c.group = plan->cases[plan->count - 1].group;
        plan->cases[plan->count++] = c;
    }
}

size_t reading_find_case(const struct plan *plan, const char *name)
{
    struct plan_case key = { .name = name };
    const struct plan_case *found =
        bsearch(&key, plan->cases, plan->count, sizeof(key), compare_cases);
    return (size_t)(found - plan->cases);
}
