/*
 * Baselines.
 */
#include "baseline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "json.h"
#include "language_shapes.h"
#include "loading.h"
#include "slurp.h"

struct entry {
    const char *client, *id, *check, *reason; /* client NULL: any */
};

struct baseline {
    const char *path;
    struct entry *entries;
    size_t count;
    struct arena *arena;
};

/* ---- loading --------------------------------------------------------------------------------- */

static const struct shape version = { .kind = SHAPE_INTEGER, .min = 1, .max = 1 };
static const struct key entry_keys[] = {
    KEY("client", &shape_text, "name, or name@variant", .says = "any"),
    KEY("case", &shape_text, "id, or id@variant", .required = true),
    KEY("check", &shape_text, "id of a check, or of a house check", .required = true),
    KEY("reason", &shape_text, "why it is known", .required = true),
    { .name = NULL },
};
static const struct shape entry = { .kind = SHAPE_OBJECT, .keys = entry_keys };
static const struct shape entries = { .kind = SHAPE_LIST, .of = &entry };
static const struct key baseline_keys[] = {
    KEY("baseline", &version, "version of the format", .required = true),
    KEY("known", &entries, "known failures", .required = true),
    { .name = NULL },
};
static const struct shape shape = { .kind = SHAPE_OBJECT, .keys = baseline_keys };

static struct baseline *build(struct loading *l, const struct json *root)
{
    const struct json *list = json_get(root, "known");
    struct baseline *b = arena_take(l->arena, sizeof(*b));
    b->arena = l->arena;
    b->path = l->file;
    b->entries = arena_take(l->arena, (list->count + 1) * sizeof(*b->entries));
    for (const struct json *m = list->first; m; m = m->next) {
        const struct json *client = json_get(m, "client");
        b->entries[b->count++] = (struct entry){ .client = client ? client->text : NULL,
                                                 .id = json_get(m, "case")->text,
                                                 .check = json_get(m, "check")->text,
                                                 .reason = json_get(m, "reason")->text };
    }
    return b;
}

struct baseline *baseline_load(const char *path, struct complaints *complaints)
{
    struct complaint_place place = { .file = path };
    struct buf text = { 0 };
    struct loading l = { .arena = arena_new(), .complaints = complaints };
    struct json_error error = { 0 };
    struct json *root = NULL;
    l.file = arena_copy(l.arena, path, strlen(path));
    if (slurp(path, SIZE_MAX, &text) < 0) {
        complaints_add(complaints, &place, NULL, "%s", strerror(errno));
    } else {
        l.text = arena_copy(l.arena, text.at, text.len);
        l.len = text.len;
        root = json_parse(l.arena, l.text, l.len, &error);
        place = (struct complaint_place){ l.file, l.text, l.len, error.at, error.pointer };
        if (!root)
            complaints_add(complaints, &place, NULL, "%s", error.what);
    }
    buf_free(&text);
    if (root && language_check(&l, &shape, root))
        return build(&l, root);
    arena_free(l.arena);
    return NULL;
}

void baseline_free(struct baseline *b)
{
    if (b)
        arena_free(b->arena);
}

/* ---- looking up ------------------------------------------------------------------------------ */

/* "name" fits every variant of it. */
static bool fits_name(const char *wanted, const char *name, const char *variant)
{
    size_t len = strlen(name);
    if (strncmp(wanted, name, len) != 0)
        return false;
    return !wanted[len] ||
           (wanted[len] == '@' && variant && strcmp(wanted + len + 1, variant) == 0);
}

static bool is_about(const struct entry *e, const struct client_result *client,
                     const struct case_result *c)
{
    return (!e->client ||
            fits_name(e->client, client->variant->profile->name, client->variant->name)) &&
           fits_name(e->id, c->of->scenario->id, c->of->scenario->variant);
}

static const struct entry *find(const struct baseline *b, const struct client_result *client,
                                const struct case_result *c, const struct verdict *v)
{
    for (size_t i = 0; b && i < b->count; i++)
        if (strcmp(b->entries[i].check, v->id) == 0 && is_about(&b->entries[i], client, c))
            return &b->entries[i];
    return NULL;
}

bool baseline_knows(const struct baseline *b, const struct client_result *client,
                    const struct case_result *c, const struct verdict *v)
{
    return find(b, client, c, v) != NULL;
}

/* ---- marks ----------------------------------------------------------------------------------- */

void baseline_mark_case(const struct baseline *b, const struct results *r, struct case_result *c)
{
    const bool is_scored = plan_is_scored(c->of, plan_has_graded(r->plan));
    for (size_t i = 0; i < c->graded->count; i++) {
        const struct verdict *v = &c->graded->verdicts[i];
        if (!verdict_is_failure(v))
            continue;
        if (baseline_knows(b, &r->clients[c->client], c, v))
            case_set_mark(c, i, BASELINE_EXPECTED);
        else if (is_scored)
            case_set_mark(c, i, BASELINE_NEW);
    }
}

/* ---- what is not as expected ----------------------------------------------------------------- */

struct judging {
    const struct baseline *baseline;
    const struct results *results;
    FILE *f;
    bool has_graded; /* plan_has_graded */
    size_t known, surprises;
};

static void judge_case(struct judging *j, const struct client_result *client,
                       const struct case_result *c)
{
    char name[128];
    for (size_t i = 0; c->is_final && i < c->graded->count; i++) {
        const struct verdict *v = &c->graded->verdicts[i];
        if (!verdict_is_failure(v))
            continue;
        if (find(j->baseline, client, c, v)) {
            j->known++;
            continue;
        }
        if (!plan_is_scored(c->of, j->has_graded))
            continue;
        if (j->surprises++ == 0 && j->baseline)
            fprintf(j->f, "\nnot as %s has it:\n", j->baseline->path);
        if (j->baseline)
            fprintf(j->f, "  new      %s  %s  %s\n", results_client_name(client, name), c->of->name,
                    v->id);
    }
}

enum found { FOUND_NOTHING, FOUND_OPEN, FOUND_PASS, FOUND_FAILURE };

/* What became of an entry: the worst over all it is about. OPEN: it could not be judged. */
static enum found look_at(const struct results *r, const struct entry *e)
{
    enum found best = FOUND_NOTHING;
    for (size_t i = 0; i < r->client_count; i++)
        for (size_t k = 0; k < r->plan->count; k++) {
            const struct case_result *c = &r->clients[i].cases[k];
            if (!is_about(e, &r->clients[i], c))
                continue;
            for (size_t n = 0; c->is_final && n < c->graded->count; n++) {
                const struct verdict *v = &c->graded->verdicts[n];
                enum found found = verdict_is_failure(v)     ? FOUND_FAILURE
                                   : v->kind == VERDICT_PASS ? FOUND_PASS
                                                             : FOUND_OPEN;
                if (strcmp(v->id, e->check) == 0)
                    best = found > best ? found : best;
            }
        }
    return best;
}

static void mark_fixed(struct results *r, const struct entry *e)
{
    for (size_t i = 0; i < r->client_count; i++)
        for (size_t k = 0; k < r->plan->count; k++) {
            struct case_result *c = &r->clients[i].cases[k];
            for (size_t n = 0; c->is_final && n < c->graded->count; n++) {
                const struct verdict *v = &c->graded->verdicts[n];
                if (v->kind == VERDICT_PASS && strcmp(v->id, e->check) == 0 &&
                    is_about(e, &r->clients[i], c))
                    case_set_mark(c, n, BASELINE_FIXED);
            }
        }
}

void baseline_mark_fixed(const struct baseline *b, struct results *r)
{
    for (size_t i = 0; i < b->count; i++)
        if (look_at(r, &b->entries[i]) == FOUND_PASS)
            mark_fixed(r, &b->entries[i]);
}

static void judge_entries(struct judging *j, bool is_whole)
{
    for (size_t i = 0; j->baseline && i < j->baseline->count; i++) {
        const struct entry *e = &j->baseline->entries[i];
        enum found found = look_at(j->results, e);
        bool is_gone = found == FOUND_PASS, is_void = found == FOUND_NOTHING && is_whole;
        if (!is_gone && !is_void)
            continue;
        if (j->surprises++ == 0)
            fprintf(j->f, "\nnot as %s has it:\n", j->baseline->path);
        fprintf(j->f, "  %s %s%s%s  %s (%s)\n", is_gone ? "passes  " : "no such ",
                e->client ? e->client : "", e->client ? "  " : "", e->id, e->check, e->reason);
    }
}

bool baseline_holds(const struct baseline *b, const struct results *r, bool is_whole, FILE *f)
{
    struct judging j = {
        .baseline = b, .results = r, .f = f, .has_graded = plan_has_graded(r->plan)
    };
    for (size_t i = 0; i < r->client_count; i++)
        for (size_t k = 0; k < r->plan->count; k++)
            judge_case(&j, &r->clients[i], &r->clients[i].cases[k]);
    judge_entries(&j, is_whole);
    if (b)
        fprintf(f, "\n%s: %zu known failures, %zu not as expected\n", b->path, j.known,
                j.surprises);
    return j.surprises == 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void add_entry(struct buf *out, const struct client_result *client,
                      const struct case_result *c, const struct verdict *v, const char *reason)
{
    struct buf name = { 0 };
    buf_printf(&name, "%s@%s", client->variant->profile->name, client->variant->name);
    buf_printf(out, "%s\n    { \"client\": ", out->at[out->len - 1] == '[' ? "" : ",");
    buf_json(out, name.at, name.len);
    buf_string(out, ", \"case\": ");
    buf_json(out, c->of->name, strlen(c->of->name));
    buf_string(out, ", \"check\": ");
    buf_json(out, v->id, strlen(v->id));
    buf_string(out, ",\n      \"reason\": ");
    buf_json(out, reason, strlen(reason));
    buf_string(out, " }");
    buf_free(&name);
}

int baseline_write(const char *path, const struct baseline *old, const struct results *r)
{
    struct buf out = { 0 };
    const bool has_graded = plan_has_graded(r->plan);
    buf_string(&out, "{\n  \"baseline\": 1,\n  \"known\": [");
    for (size_t i = 0; i < r->client_count; i++)
        for (size_t k = 0; k < r->plan->count; k++) {
            const struct case_result *c = &r->clients[i].cases[k];
            for (size_t n = 0; c->is_final && n < c->graded->count; n++) {
                const struct verdict *v = &c->graded->verdicts[n];
                if (!verdict_is_failure(v) || !plan_is_scored(c->of, has_graded))
                    continue;
                const struct entry *e = find(old, &r->clients[i], c, v);
                add_entry(&out, &r->clients[i], c, v, e ? e->reason : v->sentence);
            }
        }
    buf_string(&out, "\n  ]\n}\n");
    FILE *f = fopen(path, "we");
    int result = f && fwrite(out.at, 1, out.len, f) == out.len ? 0 : -1;
    if (f && fclose(f) != 0)
        result = -1;
    buf_free(&out);
    return result;
}
