/*
 * Results from their lines: first what there is (results_note.c), then the verdicts, put where the
 * plan has them. Everything but the records lives in one arena.
 */
#include "results_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "results_reading.h"

static int64_t time_of(const struct json *object, const char *key)
{
    return (int64_t)(reading_number(object, key) * (double)CLOCK_S);
}

static char *copy_of(const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        abort();
    return copy;
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

static bool is_check(const struct json *check)
{
    const char *verdict = reading_text(check, "verdict");
    return reading_text(check, "id") && verdict && verdict_kind_by_name(verdict) >= 0 &&
           reading_level(reading_text(check, "level")) >= 0;
}

static void read_check(struct graded *g, size_t at, const struct json *check)
{
    struct verdict *v = &g->verdicts[at];
    const char *sentence = reading_text(check, "sentence");
    v->kind = (enum verdict_kind)verdict_kind_by_name(reading_text(check, "verdict"));
    v->level = (enum level)reading_level(reading_text(check, "level"));
    v->id = reading_text(check, "id");
    v->house = reading_flag(check, "house");
    v->says = reading_text(check, "says");
    v->critical = reading_flag(check, "critical");
    v->holds = reading_flag(check, "holds") || v->kind == VERDICT_PASS;
    v->sentence = sentence ? sentence : "";
    v->evidence_count = read_numbers(v->evidence, VERDICT_EVIDENCE, json_get(check, "evidence"));
}

/* Every check that is known of the scenario, then every house check; what this line does not have
 * was not asked there. */
static struct graded *graded_from(struct reading *r, const struct results_line *line)
{
    const struct told_checks *own = reading_scenario(r, reading_text(line->json, "id"));
    struct graded *g = arena_take(r->arena, sizeof(*g));
    const char *reason = reading_text(line->json, "reason");
    g->arena = r->arena;
    g->exercised = reading_flag(line->json, "exercised");
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
        const char *id = reading_text(c, "id");
        read_check(g,
                   reading_flag(c, "house") ? own->count + reading_find_check(&r->house, id)
                                            : reading_find_check(own, id),
                   c);
    }
    return g;
}

static void read_found(struct diagnosed *f, const struct json *json)
{
    const char *keys[] = { "code", "layer", "seen", "cause", "fix" };
    const char **texts[] = { &f->code, &f->layer, &f->seen, &f->cause, &f->fix };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        *texts[i] = reading_text(json, keys[i]) ? reading_text(json, keys[i]) : "";
    f->note = !reading_flag(json, "mistake");
    f->critical = reading_flag(json, "critical");
    f->times = (uint64_t)reading_number(json, "times");
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

/* Of the first play of a case only what was inconclusive is told. */
static struct trial_record *first_from(const struct json *list)
{
    struct trial_record *t = calloc(1, sizeof(*t));
    struct graded *g = calloc(1, sizeof(*g));
    if (!t || !g)
        abort();
    g->arena = arena_new();
    g->reason = "";
    g->verdicts = arena_take(g->arena, ((list ? list->count : 0) + 1) * sizeof(*g->verdicts));
    for (const struct json *c = list ? list->first : NULL; c; c = c->next)
        if (is_check(c))
            read_check(g, g->count++, c);
    t->graded = g;
    return t;
}

static struct trial_record *record_from(struct results_line *line)
{
    const struct json *json = line->json;
    const char *fate = reading_text(json, "fate");
    struct trial_record *t = calloc(1, sizeof(*t));
    if (!t)
        abort();
    for (int i = FATE_DONE; i <= FATE_BROKEN; i++)
        if (reading_is_same(fate_name((enum fate)i), fate))
            t->fate = (enum fate)i;
    t->why = copy_of(reading_text(json, "why") ? reading_text(json, "why") : "");
    t->stderr_text = copy_of(reading_text(json, "stderr"));
    t->log = copy_of(reading_text(json, "log"));
    t->log_len = t->log ? strlen(t->log) : 0;
    read_diagnosis(t, json_get(json, "diagnosis"));
    t->took = time_of(json, "took");
    t->lasted = json_get(json, "lasted") ? time_of(json, "lasted") : t->took; /* older results */
    t->noise = time_of(json, "noise");
    t->journal = line->journal;
    t->journal_len = line->journal_len;
    line->journal = NULL;
    return t;
}

/* ---- marks of a baseline --------------------------------------------------------------------- */

static void read_marks(struct case_result *c, const struct results_line *line)
{
    for (const struct json *m = json_get(line->json, "checks")->first; m; m = m->next) {
        const char *word = reading_text(m, "baseline"), *id = reading_text(m, "id");
        for (size_t i = 0; word && i < c->graded->count; i++)
            for (int mark = BASELINE_EXPECTED; mark <= BASELINE_FIXED; mark++)
                if (strcmp(c->graded->verdicts[i].id, id) == 0 &&
                    strcmp(baseline_mark_name((enum baseline_mark)mark), word) == 0)
                    case_set_mark(c, i, (enum baseline_mark)mark);
    }
}

static void read_fixed(const struct results *r, const struct client_result *client,
                       const struct json *fixed)
{
    for (size_t k = 0; k < r->plan->count; k++) {
        struct case_result *c = &client->cases[k];
        if (!c->is_final || !reading_is_same(reading_text(fixed, "case"), c->of->name))
            continue;
        for (size_t i = 0; i < c->graded->count; i++)
            if (reading_is_same(reading_text(fixed, "check"), c->graded->verdicts[i].id))
                case_set_mark(c, i, BASELINE_FIXED);
    }
}

/* ---- the results ----------------------------------------------------------------------------- */

static struct client_result *client_named(struct reading *r, const struct results_line *line)
{
    const char *name = reading_text(line->json, "client");
    const char *variant = reading_text(line->json, "client_variant");
    for (size_t i = 0; i < r->client_lines; i++)
        if (r->clients[i]->file == line->file &&
            reading_is_same(reading_text(r->clients[i]->json, "client"), name) &&
            reading_is_same(reading_text(r->clients[i]->json, "client_variant"), variant))
            return &r->out->results->clients[r->client_of[i]];
    return NULL;
}

static int read_case(struct reading *r, struct results_line *line)
{
    struct client_result *client = client_named(r, line);
    if (!client)
        return reading_complain(r, line, "no line of this file tells of its client");
    struct case_result *c = &client->cases[reading_find_case(&r->out->plan, reading_name(r, line))];
    if (c->is_final)
        return reading_complain(r, line, "this case of this client is there twice");
    if (reading_text(line->json, "fate"))
        c->record = record_from(line);
    if (reading_flag(line->json, "repeated"))
        c->first = first_from(json_get(line->json, "first_play"));
    c->graded = graded_from(r, line);
    read_marks(c, line);
    c->blocked_by = reading_text(line->json, "blocked_by");
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
    c->client = copy_of(reading_text(json, "says"));
    c->version = copy_of(reading_text(json, "version"));
    c->runtime = copy_of(reading_text(json, "runtime"));
    c->contract = copy_of(reading_text(json, "contract"));
    const char *span = kinds ? results_lines_span(line, kinds, &len) : "";
    c->kinds = strndup(span, len);
    if (!c->kinds)
        abort();
}

static void read_summary(struct reading *r, const struct results_line *line)
{
    const struct client_result *c = client_named(r, line);
    const struct json *fixed = json_get(line->json, "fixed");
    for (const struct json *m = c && fixed ? fixed->first : NULL; m; m = m->next)
        read_fixed(r->out->results, c, m);
}

static void read_run(struct reading *r, const struct results_line *line)
{
    struct results *results = r->out->results;
    int64_t began = time_of(line->json, "began");
    const char *edition = reading_text(line->json, "edition");
    if (!results->began || began < results->began)
        results->began = began;
    results->seed = (uint64_t)reading_number(line->json, "seed");
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
    s->exit_code = (int)reading_number(line->json, "exit");
    results->ended = ended > results->ended ? ended : results->ended;
    results->noise = noise > results->noise ? noise : results->noise;
    results->was_interrupted |= reading_flag(line->json, "interrupted");
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
        else if (line->kind == LINE_SUMMARY)
            read_summary(r, line);
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
    struct results_source *sources = reading_array(r->arena, count, sizeof(*sources));
    r->out->sources = sources;
    r->out->source_count = count;
    for (size_t i = 0; i < count; i++) {
        sources[i].path = paths[i];
        if (results_lines_read(&r->lines, r->arena, paths[i], i) < 0)
            return -1;
    }
    if (reading_note(r) < 0)
        return -1;
    reading_plan(r);
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
