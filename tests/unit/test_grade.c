/*
 * Journals in, verdicts out: tests/grade/NAME.json, one scenario and its rows each.
 *
 *   { "scenario": {…}, "parts": { "NAME": [lines] },
 *     "rows": [ { "row": "what it shows", "journal": [lines], "expect": { "check": "verdict" },
 *                 "house": { "check": "verdict" }, "says": { "check": "words of the sentence" } } ]
 * }
 *
 * A line is `SECONDS ACTOR EVENT FIELD=VALUE…`, as in "1.5 proxy request path=/2 header.Host=a";
 * values with spaces stand in '…' ('' is an apostrophe there); "@NAME" puts a part in. It is
 * written as a line of a journal file and read back, so that the reader is tested, too. Of a row,
 * `client` false leaves out that steps are told; `variant`, `capabilities`, `noise`, `log` and
 * `lost` are what their names say.
 *
 * A row may also say what diagnosis finds: `diagnosis` are its codes, all of them, mistakes before
 * notes; `seen` are words of their sentences, `unseen` what none may have; `redact` hides what
 * credentials say. tests/diagnosis/ has such rows.
 *
 * Of every row also holds: a verdict is final. Once a piece of the journal from its beginning on
 * gives pass (or fail), the whole gives nothing else (but inconclusive, or harness-error; and a
 * pass where the case was ended by a storm).
 *
 * `unit_grade --findings FILE…` asks that all files together have every finding of diagnosis.
 * `unit_grade FILE` judges a file's rows; `unit_grade --coverage FILE…` asks that all files
 * together have every kind of check, and every house check, with every verdict it can have.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "complaints.h"
#include "diagnosis.h"
#include "grade.h"
#include "journal_lines.h"
#include "json.h"

enum { KINDS = 6, HOUSE = 9, LEAST_ROWS = 150, FINDINGS = 96 };

static const char *const kind_names[KINDS] = {
    "outcome", "count", "gap", "order", "leak", "any_of"
};

struct table {
    struct arena *arena;
    const struct json *root;
    struct scenario_set set;
    size_t rows, wrong;
    bool seen[KINDS][VERDICT_KINDS];
    bool house[HOUSE][VERDICT_KINDS];
    bool found[FINDINGS]; /* by the number of its code */
};

struct events {
    const struct fp_event **list;
    size_t count;
};

/* ---- scenarios ------------------------------------------------------------------------------- */

static void write_json(struct buf *b, const struct json *v)
{
    bool is_object = v->type == JSON_OBJECT;
    switch (v->type) {
    case JSON_NULL:
        buf_string(b, "null");
        return;
    case JSON_BOOL:
        buf_string(b, v->flag ? "true" : "false");
        return;
    case JSON_NUMBER:
        buf_printf(b, "%.17g", v->number);
        return;
    case JSON_TEXT:
        buf_json(b, v->text, v->len);
        return;
    case JSON_LIST:
    case JSON_OBJECT:
        break;
    }
    buf_char(b, is_object ? '{' : '[');
    for (const struct json *m = v->first; m; m = m->next) {
        if (m != v->first)
            buf_char(b, ',');
        if (is_object) {
            buf_json(b, m->key, m->key_len);
            buf_char(b, ':');
        }
        write_json(b, m);
    }
    buf_char(b, is_object ? '}' : ']');
}

static int load_scenario(struct table *t)
{
    struct buf text = { 0 }, own = { 0 };
    struct complaints *complaints = complaints_new();
    write_json(&own, json_get(t->root, "scenario"));
    buf_printf(&text,
               "{\"fakeproxy\":1,\"id\":\"grade/test\",\"title\":\"t\",\"layer\":\"client\"%s%.*s",
               own.len > 2 ? "," : "", (int)own.len - 1, own.at + 1);
    int result = scenario_load_text(text.at, text.len, "scenario", &t->set, complaints);
    if (result < 0)
        complaints_print(complaints, stdout);
    complaints_free(complaints);
    buf_free(&text);
    buf_free(&own);
    return result;
}

static const struct scenario *scenario_of(const struct table *t, const struct json *row)
{
    const struct json *variant = json_get(row, "variant");
    for (size_t i = 0; variant && i < t->set.count; i++)
        if (strcmp(t->set.scenarios[i]->variant, variant->text) == 0)
            return t->set.scenarios[i];
    return t->set.scenarios[0];
}

/* ---- journals -------------------------------------------------------------------------------- */

static void add_line(struct table *t, struct events *e, const char *line)
{
    const struct fp_event **more = arena_take(t->arena, (e->count + 1) * sizeof(*more));
    if (e->count)
        memcpy(more, e->list, e->count * sizeof(*more));
    e->list = more;
    e->list[e->count] = journal_event(t->arena, line, e->count + 1);
    e->count++;
}

static void add_lines(struct table *t, struct events *e, const struct json *lines)
{
    for (const struct json *m = lines ? lines->first : NULL; m; m = m->next) {
        if (m->text[0] != '@') {
            add_line(t, e, m->text);
            continue;
        }
        const struct json *parts = json_get(t->root, "parts");
        const struct json *part = parts ? json_get(parts, m->text + 1) : NULL;
        if (!part)
            bad_line(m->text, "no such part");
        add_lines(t, e, part);
    }
}

/* ---- rows ------------------------------------------------------------------------------------ */

static const char *value(void *arg, const char *name, size_t len, size_t *value_len)
{
    (void)arg;
    bool is_case = len == 4 && memcmp(name, "case", 4) == 0;
    *value_len = is_case ? 4 : 6;
    return is_case ? "c0de" : "a.test";
}

static const struct text_scope scope = { .value = value };

static struct grade_case case_of(struct table *t, const struct json *row, struct events e)
{
    const struct json *client = json_get(row, "client"), *log = json_get(row, "log");
    const struct json *noise = json_get(row, "noise"), *lost = json_get(row, "lost");
    const struct json *has = json_get(row, "capabilities");
    struct grade_case c = { .scenario = scenario_of(t, row),
                            .events = e.list,
                            .count = e.count,
                            .lost = lost ? (uint64_t)lost->number : 0,
                            .scope = &scope,
                            .has_client = !client || client->flag,
                            .noise = noise ? (int64_t)(noise->number * 1e9) : 0,
                            .log = log ? log->text : NULL,
                            .log_len = log ? log->len : 0 };
    if (has) {
        const char **names = arena_take(t->arena, (has->count + 1) * sizeof(*names));
        size_t n = 0;
        for (const struct json *m = has->first; m; m = m->next)
            names[n++] = m->text;
        c.capabilities = names;
    }
    return c;
}

static void wrong(struct table *t, const struct json *row, const char *id, const char *expected,
                  const struct verdict *found)
{
    t->wrong++;
    printf("row \"%s\": %s is %s, expected %s (%s)\n", json_get(row, "row")->text, id,
           found ? verdict_word(found) : "no check", expected, found ? found->sentence : "");
}

static const struct verdict *verdict_of(const struct graded *g, const char *id, bool house)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->verdicts[i].house == house && strcmp(g->verdicts[i].id, id) == 0)
            return &g->verdicts[i];
    return NULL;
}

static void note_seen(struct table *t, const struct scenario *s, const struct graded *g,
                      const struct verdict *v)
{
    size_t index = (size_t)(v - g->verdicts);
    if (v->house) {
        t->house[index - s->check_count][v->kind] = true;
        return;
    }
    const struct check *c = &s->checks[index];
    const bool has[KINDS] = { c->outcome.match, c->count.match, c->gap.from || c->gap.of,
                              c->order.then,    c->leak.in,     c->any_of_count > 0 };
    for (size_t i = 0; i < KINDS; i++)
        t->seen[i][v->kind] |= has[i];
}

static void compare(struct table *t, const struct json *row, const struct grade_case *c,
                    const struct graded *g, bool house)
{
    const struct json *expect = json_get(row, house ? "house" : "expect");
    for (const struct json *m = expect ? expect->first : NULL; m; m = m->next) {
        const struct verdict *v = verdict_of(g, m->key, house);
        const struct json *words = json_get(row, "says");
        const struct json *says = words ? json_get(words, m->key) : NULL;
        if (!v || strcmp(verdict_word(v), m->text) != 0)
            wrong(t, row, m->key, m->text, v);
        else if (says && !strstr(v->sentence, says->text))
            wrong(t, row, m->key, says->text, v);
        else
            note_seen(t, c->scenario, g, v);
        bool needs_evidence = v && (v->kind == VERDICT_PASS || v->kind == VERDICT_FAIL ||
                                    v->kind == VERDICT_WEAK || v->kind == VERDICT_INFO);
        if (needs_evidence && v->evidence_count == 0)
            wrong(t, row, m->key, "some evidence", v);
    }
}

static bool is_final(enum verdict_kind kind)
{
    return kind == VERDICT_PASS || kind == VERDICT_FAIL || kind == VERDICT_WEAK;
}

static bool is_storm(const struct grade_case *c)
{
    const struct fp_event *last = c->count ? c->events[c->count - 1] : NULL;
    const struct event_value *why = last ? event_get(last, FIELD_why) : NULL;
    return why && why->len == 5 && memcmp(why->text, "storm", 5) == 0;
}

static void expect_finality(struct table *t, const struct json *row, const struct grade_case *c,
                            const struct graded *whole)
{
    for (size_t n = 0; n < c->count; n++) {
        struct grade_case piece = *c;
        piece.count = n;
        struct graded *g = grade(&piece);
        for (size_t i = 0; i < g->count; i++) {
            enum verdict_kind then = g->verdicts[i].kind, now = whole->verdicts[i].kind;
            if (whole->verdicts[i].house && now == VERDICT_NOT_APPLICABLE)
                continue; /* a check of the case says it now */
            if (is_final(then) && now != then && now != VERDICT_INCONCLUSIVE &&
                now != VERDICT_HARNESS_ERROR && !(then == VERDICT_PASS && is_storm(c)))
                wrong(t, row, whole->verdicts[i].id, "what the piece before gave",
                      &whole->verdicts[i]);
        }
        graded_free(g);
    }
}

/* ---- diagnosis ------------------------------------------------------------------------------- */

static void complain(struct table *t, const struct json *row, const char *what, const char *word,
                     const struct diagnosis *d)
{
    t->wrong++;
    printf("row \"%s\": %s %s; found:\n", json_get(row, "row")->text, what, word);
    for (size_t i = 0; i < diagnosis_count(d); i++)
        printf("    %s: %s\n", diagnosis_get(d, i)->code, diagnosis_get(d, i)->seen);
}

static const struct diagnosed *found(const struct diagnosis *d, const char *code)
{
    for (size_t i = 0; i < diagnosis_count(d); i++)
        if (strcmp(diagnosis_get(d, i)->code, code) == 0)
            return diagnosis_get(d, i);
    return NULL;
}

static void compare_seen(struct table *t, const struct json *row, const struct diagnosis *d)
{
    const struct json *seen = json_get(row, "seen"), *unseen = json_get(row, "unseen");
    for (const struct json *m = seen ? seen->first : NULL; m; m = m->next) {
        const struct diagnosed *f = found(d, m->key);
        if (!f || !strstr(f->seen, m->text))
            complain(t, row, m->key, m->text, d);
    }
    for (size_t i = 0; unseen && i < diagnosis_count(d); i++)
        if (strstr(diagnosis_get(d, i)->seen, unseen->text))
            complain(t, row, "shows", unseen->text, d);
}

/* Each finding but "never came" and its like has an event that shows it. */
static bool lacks_evidence(const struct diagnosed *f)
{
    return f->evidence_count == 0 && strcmp(f->code, "never-came") != 0;
}

static void note_found(struct table *t, const char *code)
{
    struct diagnosed f;
    for (size_t i = 0; i < FINDINGS && diagnosis_nth_code(i, &f); i++)
        t->found[i] |= strcmp(f.code, code) == 0;
}

static void diagnose_row(struct table *t, const struct json *row, const struct grade_case *c)
{
    const struct json *wanted = json_get(row, "diagnosis"), *redact = json_get(row, "redact");
    if (!wanted)
        return;
    struct diagnosis *d = diagnose(c, redact && redact->flag);
    size_t n = 0;
    for (const struct json *m = wanted->first; m; m = m->next, n++) {
        const struct diagnosed *f = n < diagnosis_count(d) ? diagnosis_get(d, n) : NULL;
        if (!f || strcmp(f->code, m->text) != 0)
            complain(t, row, "wanted", m->text, d);
        else if (lacks_evidence(f) || !f->cause[0] || !f->fix[0])
            complain(t, row, "nothing shows, or no cause or fix has", m->text, d);
        else
            note_found(t, m->text);
    }
    if (n < diagnosis_count(d))
        complain(t, row, "not wanted:", diagnosis_get(d, n)->code, d);
    compare_seen(t, row, d);
    diagnosis_free(d);
}

static void judge_row(struct table *t, const struct json *row)
{
    struct events e = { 0 };
    add_lines(t, &e, json_get(row, "journal"));
    struct grade_case c = case_of(t, row, e);
    struct graded *g = grade(&c);
    compare(t, row, &c, g, false);
    compare(t, row, &c, g, true);
    diagnose_row(t, row, &c);
    expect_finality(t, row, &c, g);
    graded_free(g);
    t->rows++;
}

static int judge_file(struct table *t, const char *path)
{
    struct buf text = { 0 };
    struct json_error error;
    FILE *f = fopen(path, "rbe");
    if (!f) {
        perror(path);
        return -1;
    }
    for (size_t got = 1; got > 0;) {
        got = fread(buf_extend(&text, 4096), 1, 4096, f);
        text.len -= 4096 - got;
    }
    fclose(f);
    t->arena = arena_new();
    t->root = json_parse(t->arena, text.at, text.len, &error);
    if (!t->root)
        printf("%s: %s: %s\n", path, error.pointer, error.what);
    int result = t->root ? load_scenario(t) : -1;
    for (const struct json *m = result == 0 ? json_get(t->root, "rows")->first : NULL; m;
         m = m->next)
        judge_row(t, m);
    scenario_set_free(&t->set);
    arena_free(t->arena);
    buf_free(&text);
    return result;
}

/* ---- coverage -------------------------------------------------------------------------------- */

static size_t missing(const char *name, const bool *seen, const char *const *wanted)
{
    size_t n = 0;
    for (; *wanted; wanted++)
        if (!seen[verdict_kind_by_name(*wanted)]) {
            printf("no row has %s for %s\n", *wanted, name);
            n++;
        }
    return n;
}

/* What a verdict of a house check cannot be is not wanted, and must not be found: only time makes
 * one inconclusive, so only `ends` and `promise` can be. Counting (`storm`), looking for what must
 * not be there (`bypass`, `hop`, `own-credentials`, `form`, `quiet`) and comparing bodies (`truth`)
 * need no clock of ours; and that the case's own fault failed to be exact does not excuse them. All
 * are musts, so none is weak or info. Without a driver, what needs a client's word is not judged.
 */
static const struct {
    const char *name;
    bool is_timed, needs_client;
} house[HOUSE] = {
    { "ends", true, true },
    { "storm", false, true },
    { "bypass", false, true },
    { "hop", false, false },
    { "own-credentials", false, false },
    { "form", false, false },
    { "promise", true, false },
    { "truth", false, true },
    { "quiet", false, true },
};

static size_t impossible(size_t check, const bool *seen)
{
    static const enum verdict_kind never[] = { VERDICT_WEAK, VERDICT_INFO, VERDICT_BLOCKED,
                                               VERDICT_CRASH, VERDICT_HANG };
    size_t n = 0;
    n += seen[VERDICT_INCONCLUSIVE] && !house[check].is_timed;
    n += seen[VERDICT_NOT_JUDGED] && !house[check].needs_client;
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
        n += seen[never[i]];
    if (n)
        printf("the house check %s has a verdict it cannot have\n", house[check].name);
    return n;
}

static int coverage(const struct table *t)
{
    static const char *const of_kinds[] = {
        "pass",          "fail",         "weak",       "info",          "not-applicable",
        "not-exercised", "inconclusive", "not-judged", "harness-error", NULL
    };
    static const char *const of_house[] = { "pass",           "fail",          "not-exercised",
                                            "not-applicable", "harness-error", NULL };
    static const char *const of_timed[] = { "inconclusive", NULL };
    static const char *const of_told[] = { "not-judged", NULL };
    size_t n = 0;
    for (size_t i = 0; i < KINDS; i++)
        n += missing(kind_names[i], t->seen[i], of_kinds);
    for (size_t i = 0; i < HOUSE; i++) {
        n += missing(house[i].name, t->house[i], of_house) + impossible(i, t->house[i]);
        n += house[i].is_timed ? missing(house[i].name, t->house[i], of_timed) : 0;
        n += house[i].needs_client ? missing(house[i].name, t->house[i], of_told) : 0;
    }
    if (t->rows < LEAST_ROWS)
        printf("%zu rows, expected at least %d\n", t->rows, LEAST_ROWS);
    else
        printf("%zu rows\n", t->rows);
    return n == 0 && t->rows >= LEAST_ROWS ? 0 : 1;
}

/* Every finding has a row that brings it about. */
static int findings(const struct table *t)
{
    struct diagnosed f;
    size_t n = 0;
    for (size_t i = 0; diagnosis_nth_code(i, &f); i++)
        if (i >= FINDINGS || !t->found[i]) {
            printf("no row has the finding %s\n", f.code);
            n++;
        }
    return n == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    bool told = argc > 2 && strcmp(argv[1], "--findings") == 0;
    bool all = told || (argc > 2 && strcmp(argv[1], "--coverage") == 0);
    struct table t = { 0 };
    if (argc < 2 || (argc > 2 && !all)) {
        fputs("usage: unit_grade FILE.json | --coverage FILE.json... | --findings FILE.json...\n",
              stderr);
        return 2;
    }
    for (int i = all ? 2 : 1; i < argc; i++)
        if (judge_file(&t, argv[i]) < 0)
            t.wrong++;
    return t.wrong || t.rows == 0 ? 1 : told ? findings(&t) : all ? coverage(&t) : 0;
}
