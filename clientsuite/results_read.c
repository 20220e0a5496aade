/*
 * Results from their lines: first what there is (clients, cases, the checks of each), then the
 * verdicts, put where the plan has them. Everything but the records lives in one arena.
 */
#include "results_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "results_lines.h"

enum { MOST_CHECKS = 64 };

/* A scenario's checks, as all files together tell them; the house checks are one more such list. */
struct told_checks {
    const char *id;
    struct check checks[MOST_CHECKS];
    size_t count;
};

struct reading {
    struct results_read *out;
    struct arena *arena;
    struct results_lines lines;
    struct told_checks **scenarios; /* in the order in which they were met */
    size_t scenario_count;
    struct told_checks house;
    const struct results_line **cases; /* the first line of each, by name */
    size_t case_count;
    const struct results_line **clients;
    const struct profile_variant **variants;
    size_t *client_of; /* for each line of a client: which one of the results it is */
    size_t client_count, client_lines;
    bool is_together;
    const char *const *paths;
};

static int complain(const struct reading *r, const struct results_line *line, const char *what)
{
    fprintf(stderr, "clientsuite: %s:%zu: %s\n", r->paths[line->file], line->number, what);
    return -1;
}

/* ---- values ---------------------------------------------------------------------------------- */

static const char *text_of(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    return v && v->type == JSON_TEXT ? v->text : NULL;
}

static double number_of(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    return v && v->type == JSON_NUMBER ? v->number : 0;
}

static bool flag_of(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    return v && v->type == JSON_BOOL && v->flag;
}

static int64_t time_of(const struct json *object, const char *key)
{
    return (int64_t)(number_of(object, key) * (double)CLOCK_S);
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

static char *copy_of(const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        abort();
    return copy;
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* "id" or "id@variant" */
static const char *name_of(struct reading *r, const struct results_line *line)
{
    char name[512];
    const char *id = text_of(line->json, "id"), *variant = text_of(line->json, "variant");
    snprintf(name, sizeof(name), "%s%s%s", id, variant ? "@" : "", variant ? variant : "");
    return arena_copy(r->arena, name, strlen(name));
}

static void *array(struct arena *arena, size_t count, size_t size)
{
    return arena_take(arena, (count + 1) * size);
}

/* ---- checks ---------------------------------------------------------------------------------- */

static int level_by_name(const char *name)
{
    for (int i = LEVEL_MUST; name && i <= LEVEL_INFO; i++)
        if (strcmp(level_name((enum level)i), name) == 0)
            return i;
    return -1;
}

static size_t find_check(const struct told_checks *t, const char *id)
{
    size_t i = 0;
    while (i < t->count && strcmp(t->checks[i].id, id) != 0)
        i++;
    return i;
}

static struct told_checks *scenario_of(struct reading *r, const char *id)
{
    for (size_t i = r->scenario_count; i-- > 0;)
        if (strcmp(r->scenarios[i]->id, id) == 0)
            return r->scenarios[i];
    return NULL;
}

static struct told_checks *note_scenario(struct reading *r, const char *id)
{
    struct told_checks *t = scenario_of(r, id);
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
    const char *id = text_of(check, "id"), *verdict = text_of(check, "verdict");
    int level = level_by_name(text_of(check, "level"));
    struct told_checks *t = flag_of(check, "house") ? &r->house : own;
    if (!id || level < 0 || !verdict || verdict_kind_by_name(verdict) < 0)
        return complain(r, line, "a check has an id, a level and a verdict that are known");
    if (find_check(t, id) < t->count)
        return 0;
    if (t->count == MOST_CHECKS || (t == &r->house && t->count == SUMMARY_HOUSE))
        return complain(r, line, "it has more checks than a case can have");
    t->checks[t->count++] = (struct check){ .id = id,
                                            .level = (enum level)level,
                                            .says = text_of(check, "says"),
                                            .source = text_of(check, "source"),
                                            .critical = flag_of(check, "critical") };
    return 0;
}

/* ---- what there is --------------------------------------------------------------------------- */

static int note_case(struct reading *r, const struct results_line *line)
{
    const char *id = text_of(line->json, "id");
    const struct json *checks = json_get(line->json, "checks");
    if (!id || !checks || checks->type != JSON_LIST)
        return complain(r, line, "a case has an id and checks");
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
        if (!is_same(text_of(a->json, keys[i]), text_of(b->json, keys[i])))
            return false;
    return true;
}

static struct profile_variant *variant_of(struct reading *r, const struct json *line)
{
    struct profile *p = arena_take(r->arena, sizeof(*p));
    struct profile_variant *v = arena_take(r->arena, sizeof(*v));
    p->name = text_of(line, "client");
    p->title = text_of(line, "title");
    p->about = text_of(line, "about");
    p->homepage = text_of(line, "homepage");
    v->profile = p;
    v->name = text_of(line, "client_variant");
    v->about = text_of(line, "about_variant");
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
    const char *v = text_of(x->json, "client_variant"), *w = text_of(y->json, "client_variant");
    int order = x->file < y->file ? -1 : x->file > y->file;
    if (order == 0)
        order = strcmp(text_of(x->json, "client"), text_of(y->json, "client"));
    if (order == 0)
        order = (strcmp(w, "default") == 0) - (strcmp(v, "default") == 0);
    return order ? order : strcmp(v, w);
}

static int note_clients(struct reading *r)
{
    const struct results_line **sorted = array(r->arena, r->lines.count, sizeof(*sorted));
    size_t n = 0;
    for (size_t i = 0; i < r->lines.count; i++) {
        const struct results_line *line = &r->lines.lines[i];
        if (line->kind != LINE_CLIENT)
            continue;
        if (!text_of(line->json, "client") || !text_of(line->json, "client_variant"))
            return complain(r, line, "a client has a name and a variant");
        sorted[n++] = line;
    }
    qsort(sorted, n, sizeof(*sorted), compare_clients);
    for (size_t i = 0; i < n; i++)
        note_client(r, sorted[i]);
    return 0;
}

/* One pass over the lines: 0, or -1 after a message. */
static int note_all(struct reading *r)
{
    size_t n = r->lines.count;
    r->scenarios = array(r->arena, n, sizeof(*r->scenarios));
    r->cases = array(r->arena, n, sizeof(*r->cases));
    r->clients = array(r->arena, n, sizeof(*r->clients));
    r->variants = array(r->arena, n, sizeof(*r->variants));
    r->client_of = array(r->arena, n, sizeof(*r->client_of));
    r->out->source_of = array(r->arena, n, sizeof(*r->out->source_of));
    for (size_t i = 0; i < n; i++) {
        const struct results_line *line = &r->lines.lines[i];
        if (line->kind == LINE_CASE && note_case(r, line) < 0)
            return -1;
        if (line->kind == LINE_RUN && number_of(line->json, "results") != 1)
            return complain(r, line, "these are not results of format 1");
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
    const struct told_checks *t = scenario_of(r, text_of(json, "id"));
    s->id = text_of(json, "id");
    s->variant = text_of(json, "variant");
    s->title = text_of(json, "title");
    s->layer = text_of(json, "layer");
    s->about = text_of(json, "about");
    s->cause = text_of(json, "cause");
    s->fix = text_of(json, "fix");
    s->sources = texts_of(r->arena, json_get(json, "sources"));
    s->needs = texts_of(r->arena, NULL);
    s->checks = t->checks;
    s->check_count = t->count;
    return s;
}

static void make_plan(struct reading *r)
{
    struct plan *plan = &r->out->plan;
    struct plan_case *all = array(r->arena, r->case_count, sizeof(*all));
    for (size_t i = 0; i < r->case_count; i++)
        all[i] = (struct plan_case){ .name = name_of(r, r->cases[i]),
                                     .tier = (int)number_of(r->cases[i]->json, "tier"),
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

static size_t find_case(const struct plan *plan, const char *name)
{
    struct plan_case key = { .name = name };
    const struct plan_case *found =
        bsearch(&key, plan->cases, plan->count, sizeof(key), compare_cases);
    return (size_t)(found - plan->cases);
}

/* ---- verdicts -------------------------------------------------------------------------------- */

static size_t read_numbers(uint64_t *numbers, size_t room, const struct json *list)
{
    size_t n = 0;
    for (const struct json *m = list ? list->first : NULL; m; m = m->next)
        if (m->type == JSON_NUMBER && m->number >= 0 && n < room)
            numbers[n++] = (uint64_t)m->number;
    return n;
}

static void read_check(struct graded *g, size_t at, const struct json *check)
{
    struct verdict *v = &g->verdicts[at];
    const char *sentence = text_of(check, "sentence");
    v->kind = (enum verdict_kind)verdict_kind_by_name(text_of(check, "verdict"));
    v->level = (enum level)level_by_name(text_of(check, "level"));
    v->says = text_of(check, "says");
    v->critical = flag_of(check, "critical");
    v->holds = flag_of(check, "holds") || v->kind == VERDICT_PASS;
    v->sentence = sentence ? sentence : "";
    v->evidence_count = read_numbers(v->evidence, VERDICT_EVIDENCE, json_get(check, "evidence"));
}

/* Every check that is known of the scenario, then every house check; what this line does not have
 * was not asked there. */
static struct graded *graded_from(struct reading *r, const struct results_line *line)
{
    const struct told_checks *own = scenario_of(r, text_of(line->json, "id"));
    struct graded *g = arena_take(r->arena, sizeof(*g));
    const char *reason = text_of(line->json, "reason");
    g->arena = r->arena;
    g->exercised = flag_of(line->json, "exercised");
    g->reason = reason ? reason : "";
    g->count = own->count + r->house.count;
    g->verdicts = arena_take(r->arena, (g->count + 1) * sizeof(*g->verdicts));
    for (size_t i = 0; i < g->count; i++) {
        const struct check *c = i < own->count ? &own->checks[i] : &r->house.checks[i - own->count];
        g->verdicts[i] = (struct verdict){ .id = c->id,
                                           .says = c->says,
                                           .level = c->level,
                                           .critical = c->critical,
                                           .house = i >= own->count,
                                           .kind = VERDICT_NOT_APPLICABLE,
                                           .sentence = "not a check of this case in that run" };
    }
    for (const struct json *c = json_get(line->json, "checks")->first; c; c = c->next) {
        const char *id = text_of(c, "id");
        read_check(
            g, flag_of(c, "house") ? own->count + find_check(&r->house, id) : find_check(own, id),
            c);
    }
    return g;
}

static void read_found(struct diagnosed *f, const struct json *json)
{
    const char *keys[] = { "code", "layer", "seen", "cause", "fix" };
    const char **texts[] = { &f->code, &f->layer, &f->seen, &f->cause, &f->fix };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        *texts[i] = text_of(json, keys[i]) ? text_of(json, keys[i]) : "";
    f->note = !flag_of(json, "mistake");
    f->critical = flag_of(json, "critical");
    f->times = (uint64_t)number_of(json, "times");
    f->evidence_count = read_numbers(f->evidence, DIAGNOSIS_EVIDENCE, json_get(json, "evidence"));
}

static void read_diagnosis(struct trial_record *t, const struct json *list)
{
    if (!list || list->type != JSON_LIST)
        return;
    t->found = calloc(list->count + 1, sizeof(*t->found));
    if (!t->found)
        abort();
    for (const struct json *m = list->first; m; m = m->next)
        read_found(&t->found[t->found_count++], m);
}

static struct trial_record *record_from(struct results_line *line)
{
    const struct json *json = line->json;
    const char *fate = text_of(json, "fate");
    struct trial_record *t = calloc(1, sizeof(*t));
    if (!t)
        abort();
    for (int i = FATE_DONE; i <= FATE_BROKEN; i++)
        if (is_same(fate_name((enum fate)i), fate))
            t->fate = (enum fate)i;
    t->why = copy_of(text_of(json, "why") ? text_of(json, "why") : "");
    t->stderr_text = copy_of(text_of(json, "stderr"));
    t->log = copy_of(text_of(json, "log"));
    t->log_len = t->log ? strlen(t->log) : 0;
    read_diagnosis(t, json_get(json, "diagnosis"));
    t->took = time_of(json, "took");
    t->noise = time_of(json, "noise");
    t->journal = line->journal;
    t->journal_len = line->journal_len;
    line->journal = NULL;
    return t;
}

/* ---- the results ----------------------------------------------------------------------------- */

static struct client_result *client_named(struct reading *r, const struct results_line *line)
{
    const char *name = text_of(line->json, "client");
    const char *variant = text_of(line->json, "client_variant");
    for (size_t i = 0; i < r->client_lines; i++)
        if (r->clients[i]->file == line->file &&
            is_same(text_of(r->clients[i]->json, "client"), name) &&
            is_same(text_of(r->clients[i]->json, "client_variant"), variant))
            return &r->out->results->clients[r->client_of[i]];
    return NULL;
}

static int read_case(struct reading *r, struct results_line *line)
{
    struct client_result *client = client_named(r, line);
    if (!client)
        return complain(r, line, "no line of this file tells of its client");
    struct case_result *c = &client->cases[find_case(&r->out->plan, name_of(r, line))];
    if (c->is_final)
        return complain(r, line, "this case of this client is there twice");
    if (text_of(line->json, "fate"))
        c->record = record_from(line);
    if (flag_of(line->json, "repeated") && !(c->first = calloc(1, sizeof(*c->first))))
        abort();
    c->graded = graded_from(r, line);
    c->blocked_by = text_of(line->json, "blocked_by");
    c->is_blocked = c->blocked_by != NULL;
    c->is_final = true;
    ((struct results_source *)(uintptr_t)r->out->sources)[line->file].cases++;
    return 0;
}

static void read_client(struct reading *r, const struct results_line *line)
{
    const struct json *json = line->json, *kinds = json_get(json, "kinds");
    struct client_result *c = client_named(r, line);
    size_t len = 0;
    if (c->kinds)
        return; /* another shard has told it */
    c->client = copy_of(text_of(json, "says"));
    c->version = copy_of(text_of(json, "version"));
    c->runtime = copy_of(text_of(json, "runtime"));
    c->contract = copy_of(text_of(json, "contract"));
    const char *span = kinds ? results_lines_span(line, kinds, &len) : "";
    c->kinds = strndup(span, len);
    if (!c->kinds)
        abort();
}

static void read_run(struct reading *r, const struct results_line *line)
{
    struct results *results = r->out->results;
    int64_t began = time_of(line->json, "began");
    const char *edition = text_of(line->json, "edition");
    if (!results->began || began < results->began)
        results->began = began;
    results->seed = (uint64_t)number_of(line->json, "seed");
    if (!edition || results->edition)
        return;
    struct edition *e = arena_take(r->arena, sizeof(*e));
    e->name = edition;
    results->edition = e;
}

static void read_end(struct reading *r, const struct results_line *line)
{
    struct results *results = r->out->results;
    struct results_source *s = (struct results_source *)(uintptr_t)&r->out->sources[line->file];
    results->own += time_of(line->json, "own_cpu");
    int64_t ended = time_of(line->json, "ended"), noise = time_of(line->json, "noise");
    s->has_ended = true;
    s->exit_code = (int)number_of(line->json, "exit");
    results->ended = ended > results->ended ? ended : results->ended;
    results->noise = noise > results->noise ? noise : results->noise;
    results->was_interrupted |= flag_of(line->json, "interrupted");
}

static int read_results(struct reading *r)
{
    r->out->results = results_new(&r->out->plan, r->variants, r->client_count);
    for (size_t i = 0; i < r->lines.count; i++) {
        struct results_line *line = &r->lines.lines[i];
        if (line->kind == LINE_CASE && read_case(r, line) < 0)
            return -1;
        if (line->kind == LINE_CLIENT)
            read_client(r, line);
        else if (line->kind == LINE_RUN)
            read_run(r, line);
        else if (line->kind == LINE_END)
            read_end(r, line);
    }
    for (size_t i = 0; i < r->out->source_count; i++)
        r->out->results->was_interrupted |= !r->out->sources[i].has_ended;
    if (r->out->results->ended < r->out->results->began)
        r->out->results->ended = r->out->results->began;
    return 0;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int read_files(struct reading *r, const char *const *paths, size_t count)
{
    struct results_source *sources = array(r->arena, count, sizeof(*sources));
    r->out->sources = sources;
    r->out->source_count = count;
    for (size_t i = 0; i < count; i++) {
        sources[i].path = paths[i];
        if (results_lines_read(&r->lines, r->arena, paths[i], i) < 0)
            return -1;
    }
    if (note_all(r) < 0)
        return -1;
    make_plan(r);
    return read_results(r);
}

struct results_read *results_read(const char *const *paths, size_t count,
                                  enum results_grouping grouping)
{
    struct results_read *out = calloc(1, sizeof(*out));
    if (!out)
        abort();
    out->arena = arena_new();
    struct reading r = {
        .out = out, .arena = out->arena, .is_together = grouping == RESULTS_TOGETHER, .paths = paths
    };
    int result = read_files(&r, paths, count);
    results_lines_free(&r.lines);
    if (result == 0)
        return out;
    results_read_free(out);
    return NULL;
}

void results_read_free(struct results_read *r)
{
    if (!r)
        return;
    results_free(r->results);
    arena_free(r->arena);
    free(r);
}
