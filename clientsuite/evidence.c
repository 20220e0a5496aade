/*
 * Evidence.
 */
#include "evidence.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arena.h"
#include "baseline.h"
#include "buf.h"
#include "clock.h"
#include "grade.h"
#include "journal_read.h"
#include "json.h"
#include "member.h"
#include "slurp.h"

/* ---- files ----------------------------------------------------------------------------------- */

/* Makes the folders that are missing. */
static int make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = '\0';
        int result = mkdir(path, 0777);
        if (result < 0 && errno != EEXIST) {
            fprintf(stderr, "clientsuite: --keep: %s cannot be made: %s\n", path, strerror(errno));
            return -1;
        }
        if (!slash)
            return 0;
        *slash = '/';
    }
}

static int write_file(const char *folder, const char *name, const char *octets, size_t len)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "wbe");
    bool is_good = f && fwrite(octets, 1, len, f) == len;
    if (f && fclose(f) != 0)
        is_good = false;
    if (!is_good)
        fprintf(stderr, "clientsuite: --keep: %s cannot be written: %s\n", path, strerror(errno));
    return is_good ? 0 : -1;
}

static int read_path(const char *path, struct buf *out)
{
    int result = slurp(path, SIZE_MAX, out);
    if (result < 0)
        fprintf(stderr, "clientsuite: %s cannot be read: %s\n", path, strerror(errno));
    return result;
}

static int read_file(const char *folder, const char *name, struct buf *out)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return read_path(path, out);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void add_list(struct buf *b, const char *name, const char *const *texts)
{
    member_name(b, name);
    buf_char(b, '[');
    for (const char *const *m = texts; *m; m++) {
        if (m != texts)
            buf_char(b, ',');
        buf_json(b, *m, strlen(*m));
    }
    buf_char(b, ']');
}

/* The checks that the baseline knows to fail. */
static void add_known(struct buf *b, const struct client_result *client,
                      const struct case_result *c, const struct baseline *baseline)
{
    const char **known = calloc(c->graded->count + 1, sizeof(*known));
    size_t n = 0;
    if (!known)
        abort();
    for (size_t i = 0; i < c->graded->count; i++)
        if (baseline_knows(baseline, client, c, &c->graded->verdicts[i]))
            known[n++] = c->graded->verdicts[i].id;
    add_list(b, "known", known);
    free(known);
}

static void describe(struct buf *b, const struct results *r, const struct case_result *c,
                     const struct baseline *baseline)
{
    char name[128];
    const struct client_result *client = &r->clients[c->client];
    buf_char(b, '{');
    member_text(b, "id", c->of->scenario->id);
    member_text(b, "variant", c->of->scenario->variant);
    member_text(b, "client", results_client_name(client, name));
    member_text(b, "fate", fate_name(c->record->fate));
    member_text(b, "why", c->record->why);
    member_text(b, "log", c->record->log);
    member_name(b, "noise");
    buf_printf(b, "%.9f", (double)c->record->noise / (double)CLOCK_S);
    add_list(b, "capabilities", client->variant->capabilities);
    if (baseline)
        add_known(b, client, c, baseline);
    member_name(b, "scope");
    buf_printf(b, "%s}\n", c->record->scope);
}

int evidence_write(const char *folder, const struct results *r, const struct case_result *c,
                   const struct baseline *baseline)
{
    char name[128];
    struct buf path = { 0 }, about = { 0 }, scenario = { 0 };
    results_client_name(&r->clients[c->client], name);
    for (char *at = name; *at; at++)
        *at = (char)(*at == ' ' || *at == '/' ? '@' : *at);
    buf_printf(&path, "%s/%s/%s", folder, name, c->of->name);
    buf_char(&path, '\0');
    describe(&about, r, c, baseline);
    int result = make_folders(path.at);
    if (result == 0)
        result = read_path(c->of->scenario->file, &scenario);
    if (result == 0)
        result = write_file(path.at, "scenario.json", scenario.at, scenario.len);
    if (result == 0)
        result = write_file(path.at, "journal.jsonl", c->record->journal, c->record->journal_len);
    if (result == 0)
        result = write_file(path.at, "case.json", about.at, about.len);
    buf_free(&path);
    buf_free(&about);
    buf_free(&scenario);
    return result;
}

/* ---- reading --------------------------------------------------------------------------------- */

struct reading {
    struct evidence *e;
    const char *folder;
    const struct json *about, *scope;
    const struct fp_event **events;
    size_t count, room;
};

static int complain(const struct reading *r, const char *file, const char *what)
{
    fprintf(stderr, "clientsuite: %s/%s: %s\n", r->folder, file, what);
    return -1;
}

static const char *text_of(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    return v && v->type == JSON_TEXT ? v->text : NULL;
}

static int read_about(struct reading *r)
{
    struct buf text = { 0 };
    struct json_error error;
    if (read_file(r->folder, "case.json", &text) < 0) {
        buf_free(&text);
        return -1;
    }
    const char *copy = arena_copy(r->e->arena, text.at ? text.at : "", text.len);
    r->about = json_parse(r->e->arena, copy, text.len, &error);
    buf_free(&text);
    if (!r->about)
        return complain(r, "case.json", error.what);
    r->scope = json_get(r->about, "scope");
    const char *client = text_of(r->about, "client");
    r->e->client = strdup(client ? client : "");
    return 0;
}

static int read_scenario(struct reading *r)
{
    char path[4096];
    struct complaints *complaints = complaints_new();
    const char *variant = text_of(r->about, "variant");
    snprintf(path, sizeof(path), "%s/scenario.json", r->folder);
    if (scenario_load_file(path, &r->e->set, complaints) < 0)
        complaints_print(complaints, stderr);
    complaints_free(complaints);
    for (size_t i = 0; i < r->e->set.count; i++) {
        const struct scenario *s = r->e->set.scenarios[i];
        if (variant ? s->variant && strcmp(s->variant, variant) == 0 : !s->variant)
            r->e->scenario = s;
    }
    return r->e->scenario ? 0 : complain(r, "scenario.json", "it has no such variant");
}

static int read_event(struct reading *r, const char *line, size_t len, size_t number)
{
    struct journal_line *parsed = arena_take(r->e->arena, sizeof(*parsed));
    struct journal_read_error error;
    if (journal_read(r->e->arena, line, len, parsed, &error) < 0)
        return complain(r, "journal.jsonl", error.what);
    if (r->count == r->room) {
        r->room = r->room ? r->room * 2 : 256;
        r->events = reallocarray(r->events, r->room, sizeof(*r->events));
        if (!r->events)
            abort();
    }
    parsed->draft.event.seq = number;
    r->events[r->count++] = &parsed->draft.event;
    return 0;
}

static int read_journal(struct reading *r)
{
    struct buf text = { 0 };
    int result = read_file(r->folder, "journal.jsonl", &text);
    for (size_t i = 0; result == 0 && i < text.len;) {
        const char *newline = memchr(text.at + i, '\n', text.len - i);
        size_t end = newline ? (size_t)(newline - text.at) : text.len;
        result = read_event(r, text.at + i, end - i, r->count + 1);
        i = end + 1;
    }
    buf_free(&text);
    return result;
}

static const char *value_of(void *arg, const char *name, size_t len, size_t *value_len)
{
    const struct reading *r = arg;
    for (const struct json *m = r->scope ? r->scope->first : NULL; m; m = m->next)
        if (m->type == JSON_TEXT && m->key_len == len && memcmp(m->key, name, len) == 0) {
            *value_len = m->len;
            return m->text;
        }
    *value_len = 0;
    return "";
}

/* NULL: there is no such list. */
static const char *const *list_of(struct reading *r, const char *key)
{
    const struct json *list = json_get(r->about, key);
    size_t n = 0;
    if (!list || list->type != JSON_LIST)
        return NULL;
    const char **names = arena_take(r->e->arena, (list->count + 1) * sizeof(*names));
    for (const struct json *m = list->first; m; m = m->next)
        if (m->type == JSON_TEXT)
            names[n++] = m->text;
    return names;
}

static void judge(struct reading *r)
{
    struct text_scope scope = { .value = value_of, .arg = r };
    const struct json *noise = json_get(r->about, "noise");
    const char *log = text_of(r->about, "log");
    struct grade_case c = { .scenario = r->e->scenario,
                            .events = r->events,
                            .count = r->count,
                            .scope = &scope,
                            .capabilities = list_of(r, "capabilities"),
                            .has_client = true,
                            .log = log,
                            .log_len = log ? strlen(log) : 0 };
    if (noise && noise->type == JSON_NUMBER)
        c.noise = (int64_t)(noise->number * (double)CLOCK_S);
    r->e->graded = grade(&c);
    r->e->known = list_of(r, "known");
}

struct evidence *evidence_read(const char *folder)
{
    struct evidence *e = calloc(1, sizeof(*e));
    struct reading r = { .e = e, .folder = folder };
    if (!e)
        abort();
    e->arena = arena_new();
    int result = read_about(&r) < 0 || read_scenario(&r) < 0 || read_journal(&r) < 0 ? -1 : 0;
    if (result == 0)
        judge(&r);
    free(r.events);
    if (result == 0)
        return e;
    evidence_free(e);
    return NULL;
}

void evidence_free(struct evidence *e)
{
    if (!e)
        return;
    graded_free(e->graded);
    scenario_set_free(&e->set);
    arena_free(e->arena);
    free(e->client);
    free(e);
}
