/*
 * A scenario graded against every piece, from its beginning on, of the journal of a play: no MUST
 * and no SHOULD may pass before the last event that it needs.
 *
 *     prefixes SCENARIO.json VARIANT|- JOURNAL [NAME=VALUE…]     values of placeholders
 *
 * The journal comes from a dialogue in raw octets. If the dialogue told steps and outcomes, it is
 * graded as it is. If not, several times: by hand; and with steps before it and outcomes behind it,
 * as clients would tell them whose every step ended well, or with an error, or as one of the checks
 * wants it. Exit status 3: all is well, but nothing passes in the end either.
 *
 * What a check needs is worked out here from its kind alone, apart from grading:
 *   an upper bound, a leak, neighbours, a negated outcome, a house check: the event `end`;
 *   an outcome: every outcome of the steps it picks, so one of each step if it names none;
 *   a lower bound of a count: so many events of its kinds;  a gap, an order: both events;
 *   every check: something that each rule did which is a fault.
 * And a pass stays a pass.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "complaints.h"
#include "grade.h"
#include "journal_read.h"

enum {
    EVERY = 50,
    SAMPLES = 30,
    BOTH = 2 * EVERY
}; /* of a long journal: the ends whole, and samples between */

/* How the play is told; AS_ASKED + n: every outcome is as check n wants it. */
enum { AS_TOLD, BY_HAND, ALL_WELL, ALL_FAIL, AS_ASKED };

static const char *const told_names[] = { "as it was told", "by hand", "with steps that end well",
                                          "with steps that end with errors",
                                          "with outcomes as a check wants them" };

struct tool {
    struct arena *arena;
    const struct scenario *scenario;
    const struct fp_event **events;
    size_t count;
    char **values;
    int value_count;
    size_t wrong, passes;
};

/* ---- what is graded -------------------------------------------------------------------------- */

static const char *value(void *arg, const char *name, size_t len, size_t *value_len)
{
    const struct tool *t = arg;
    const char *found = "";
    for (int i = 0; i < t->value_count; i++)
        if (strncmp(t->values[i], name, len) == 0 && t->values[i][len] == '=')
            found = t->values[i] + len + 1;
    *value_len = strlen(found);
    return found;
}

static void add(struct tool *t, const struct fp_event *e)
{
    const struct fp_event **more = arena_take(t->arena, (t->count + 1) * sizeof(*more));
    if (t->count)
        memcpy(more, t->events, t->count * sizeof(*more));
    t->events = more;
    t->events[t->count++] = e;
}

static int read_journal(struct tool *t, const char *path)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    FILE *f = fopen(path, "re");
    if (!f) {
        perror(path);
        return -1;
    }
    int result = 0;
    while (result == 0 && (len = getline(&line, &room, f)) > 0) {
        struct journal_read_error error;
        struct journal_line *read = arena_take(t->arena, sizeof(*read));
        len -= line[len - 1] == '\n';
        result = journal_read(t->arena, line, (size_t)len, read, &error);
        if (result < 0)
            printf("%s: %s\n", path, error.what);
        else
            add(t, &read->draft.event);
    }
    free(line);
    fclose(f);
    return result;
}

/* The fields of an outcome, before they become an event. */
struct answer_fields {
    bool is_there[FIELDS];
    int64_t numbers[FIELDS];
    const char *texts[FIELDS];
};

static void set_text(struct answer_fields *a, enum field_id field, const char *text)
{
    a->is_there[field] = true;
    a->texts[field] = text;
}

static void set_number(struct answer_fields *a, enum field_id field, int64_t number)
{
    a->is_there[field] = true;
    a->numbers[field] = number;
}

/* Something that the pattern fits, if that is plain to see. */
static void obey_pattern(struct tool *t, struct answer_fields *a, enum field_id field,
                         const struct pattern *p)
{
    bool is_number = field_type(field) != FIELD_TYPE_TEXT;
    if (p->kind == PATTERN_ANY_OF) {
        obey_pattern(t, a, field, &p->operands[0]);
    } else if (p->kind == PATTERN_ABSENT) {
        a->is_there[field] = false;
    } else if (p->kind == PATTERN_NUMBER || p->kind == PATTERN_RANGE) {
        set_number(a, field, p->min == INT64_MIN ? p->max : p->min);
    } else if (p->kind == PATTERN_TEXT) {
        char *text = arena_copy(t->arena, p->text.octets, p->text.len);
        for (size_t i = 0; i < p->text.len; i++) /* "5*" is 500, nearly */
            text[i] = text[i] == '*' ? '0' : text[i];
        if (is_number)
            set_number(a, field, atoi(text) < 100 ? atoi(text) * 10 : atoi(text));
        else
            set_text(a, field, text);
    }
}

static void obey(struct tool *t, struct answer_fields *a, const struct match *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->entries[i].field != FIELD_step)
            obey_pattern(t, a, m->entries[i].field, &m->entries[i].pattern);
    if (m->any_count)
        obey(t, a, m->any[0]);
}

static void set_outcome(struct tool *t, struct answer_fields *a, int told)
{
    set_number(a, FIELD_took, CLOCK_S);
    if (told == ALL_FAIL) {
        set_text(a, FIELD_ends, "error");
        set_text(a, FIELD_kind, "reset");
        return;
    }
    set_text(a, FIELD_ends, "answer");
    set_text(a, FIELD_body, "whole");
    set_number(a, FIELD_status, 200);
    if (told >= AS_ASKED)
        obey(t, a, t->scenario->checks[told - AS_ASKED].outcome.match);
}

static void add_told(struct tool *t, enum event_kind kind, const struct step *s, int64_t when,
                     int told)
{
    struct event_draft *d = arena_take(t->arena, sizeof(*d));
    struct answer_fields a = { .is_there = { false } };
    event_begin(d, kind, "client");
    d->event.t = d->event.wall = when;
    if (kind == EVENT_outcome)
        set_outcome(t, &a, told);
    set_text(&a, FIELD_step, s->name);
    for (int f = 0; f < FIELDS; f++)
        if (a.is_there[f] && a.texts[f])
            event_string(d, (enum field_id)f, a.texts[f]);
        else if (a.is_there[f])
            event_number(d, (enum field_id)f, a.numbers[f]);
    add(t, &d->event);
}

static void add_steps(struct tool *t, enum event_kind kind, int64_t when, int told)
{
    for (size_t i = 0; i < t->scenario->client.step_count; i++)
        for (uint64_t n = 0; n < t->scenario->client.steps[i].copies; n++)
            add_told(t, kind, &t->scenario->client.steps[i], when, told);
}

/* Steps before all, outcomes before `end`; what comes behind `end` is left out. */
static void tell(struct tool *t, const struct tool *played, int told)
{
    *t = *played;
    t->events = NULL;
    t->count = 0;
    if (told > BY_HAND && played->count)
        add_steps(t, EVENT_step, played->events[0]->t, told);
    for (size_t i = 0; i < played->count; i++) {
        bool is_end = played->events[i]->kind == EVENT_end;
        if (is_end && told > BY_HAND)
            add_steps(t, EVENT_outcome, played->events[i]->t, told);
        add(t, played->events[i]);
        if (is_end)
            break;
    }
    for (size_t i = 0; i < t->count; i++) {
        struct fp_event *e = arena_take(t->arena, sizeof(*e));
        *e = *t->events[i];
        e->seq = i + 1;
        t->events[i] = e;
    }
}

/* ---- what a check needs ---------------------------------------------------------------------- */

static bool is_negated(const struct pattern *p)
{
    bool negated = p->kind == PATTERN_NOT || p->kind == PATTERN_ABSENT;
    for (size_t i = 0; p->operands && i < p->count; i++)
        negated |= is_negated(&p->operands[i]);
    return negated;
}

static bool denies(const struct match *m)
{
    bool denied = m && m->none;
    for (size_t i = 0; m && i < m->count; i++)
        denied |= is_negated(&m->entries[i].pattern);
    return denied;
}

static bool needs_end(const struct check *c)
{
    bool alternatives = c->any_of_count > 0;
    for (size_t i = 0; i < c->any_of_count; i++)
        alternatives &= needs_end(&c->any_of[i]);
    return alternatives || (c->count.match && (c->count.max >= 0 || c->count.by != BY_NONE)) ||
           c->gap.of || c->leak.in || denies(c->outcome.match);
}

static size_t count_kinds(const struct tool *t, size_t n, uint32_t kinds)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found += (kinds & 1U << t->events[i]->kind) != 0;
    return found;
}

static bool names_step(const struct match *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->entries[i].field == FIELD_step)
            return true;
    return m->after || m->before;
}

static size_t outcomes_needed(const struct tool *t, const struct match *m)
{
    size_t all = 0;
    for (size_t i = 0; i < t->scenario->client.step_count; i++)
        all += (size_t)t->scenario->client.steps[i].copies;
    return names_step(m) ? 1 : all;
}

static const char *lacks(const struct tool *t, const struct check *c, size_t n)
{
    const struct match *outcome = c->outcome.match, *count = c->count.match;
    if (needs_end(c))
        return "the end";
    if (outcome && count_kinds(t, n, 1U << EVENT_outcome) < outcomes_needed(t, outcome))
        return "an outcome";
    if (count && c->count.min > 0 && count_kinds(t, n, count->events) < (size_t)c->count.min)
        return "an event to count";
    if (c->gap.from &&
        (!count_kinds(t, n, c->gap.from->events) || !count_kinds(t, n, c->gap.to->events)))
        return "an event of the gap";
    if (c->order.then &&
        (!count_kinds(t, n, c->order.first->events) || !count_kinds(t, n, c->order.then->events)))
        return "an event of the order";
    if (c->given && !count_kinds(t, n, c->given->events))
        return "what is given";
    return NULL;
}

/* Something that the rule did, not only what it took. */
static bool is_done(const struct fp_event *e, const struct actor *a, const struct rule *r)
{
    const struct event_value *v = event_get(e, FIELD_rule);
    uint32_t taken = 1U << EVENT_accept | 1U << EVENT_hello | 1U << EVENT_request |
                     1U << EVENT_bytes | 1U << EVENT_found | 1U << EVENT_body;
    return v && !(taken & 1U << e->kind) && strcmp(e->at, a->name) == 0 &&
           v->len == strlen(r->name) && memcmp(v->text, r->name, v->len) == 0;
}

static const char *lacks_fault(const struct tool *t, size_t n)
{
    for (size_t i = 0; i < t->scenario->actor_count; i++) {
        const struct actor *a = &t->scenario->actors[i];
        for (size_t k = 0; k < a->rule_count; k++) {
            bool met = !a->rules[k].is_fault;
            for (size_t e = 0; e < n && !met; e++)
                met = is_done(t->events[e], a, &a->rules[k]);
            if (!met)
                return a->rules[k].name;
        }
    }
    return NULL;
}

/* ---- grading --------------------------------------------------------------------------------- */

static struct graded *grade_piece(struct tool *t, size_t n, int told)
{
    struct text_scope scope = { .value = value, .arg = t };
    struct grade_case c = { .scenario = t->scenario,
                            .events = t->events,
                            .count = n,
                            .scope = &scope,
                            .has_client = told != BY_HAND };
    return grade(&c);
}

static void complain(struct tool *t, size_t n, int told, const char *check, const char *what)
{
    t->wrong++;
    printf("%s, after %zu of %zu events, the last a %s: the check %s passes without %s\n",
           told_names[told < AS_ASKED ? told : AS_ASKED], n, t->count,
           n ? event_name((enum event_kind)t->events[n - 1]->kind) : "dream", check, what);
}

static void judge_piece(struct tool *t, size_t n, int told, const struct graded *whole)
{
    struct graded *g = grade_piece(t, n, told);
    for (size_t i = 0; i < g->count; i++) {
        const struct verdict *v = &g->verdicts[i];
        if (v->kind != VERDICT_PASS)
            continue;
        const char *fault = v->house ? NULL : lacks_fault(t, n);
        const char *what = v->house ? "the end" : lacks(t, &t->scenario->checks[i], n);
        if (fault || what)
            complain(t, n, told, v->id, fault ? fault : what);
        if (whole->verdicts[i].kind != VERDICT_PASS)
            complain(t, n, told, v->id, "passing in the end");
    }
    graded_free(g);
}

static void judge(const struct tool *played, int told, size_t *wrong, size_t *passes)
{
    struct tool t;
    tell(&t, played, told);
    struct graded *whole = grade_piece(&t, t.count, told);
    for (size_t i = 0; i < whole->count; i++)
        *passes += whole->verdicts[i].kind == VERDICT_PASS && !whole->verdicts[i].house;
    size_t stride = t.count > BOTH ? (t.count - BOTH) / SAMPLES + 1 : 1;
    for (size_t n = 0; n < t.count; n += n < EVERY || n + EVERY > t.count ? 1 : stride)
        judge_piece(&t, n, told, whole);
    graded_free(whole);
    *wrong += t.wrong;
}

static const struct scenario *choose(const struct scenario_set *set, const char *variant)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->scenarios[i]->variant && strcmp(set->scenarios[i]->variant, variant) == 0)
            return set->scenarios[i];
    return set->scenarios[0];
}

/* May and info pass nothing. */
static bool has_duty(const struct scenario *s)
{
    for (size_t i = 0; i < s->check_count; i++)
        if (s->checks[i].level <= LEVEL_SHOULD)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    struct complaints *complaints = complaints_new();
    struct scenario_set set = { 0 };
    size_t wrong = 0, passes = 0;
    if (argc < 4) {
        fputs("usage: prefixes SCENARIO.json VARIANT|- JOURNAL [NAME=VALUE...]\n", stderr);
        return 2;
    }
    if (scenario_load_file(argv[1], &set, complaints) < 0) {
        complaints_print(complaints, stdout);
        return 2;
    }
    struct tool t = { .arena = arena_new(), .values = argv + 4, .value_count = argc - 4 };
    t.scenario = choose(&set, argv[2]);
    int result = read_journal(&t, argv[3]);
    bool is_told = count_kinds(&t, t.count, 1U << EVENT_step | 1U << EVENT_outcome) > 0;
    if (result == 0 && is_told)
        judge(&t, AS_TOLD, &wrong, &passes);
    for (int told = BY_HAND; result == 0 && !is_told; told++) {
        if (told >= AS_ASKED + (int)t.scenario->check_count)
            break;
        if (told < AS_ASKED || t.scenario->checks[told - AS_ASKED].outcome.match)
            judge(&t, told, &wrong, &passes);
    }
    bool is_idle = result == 0 && passes == 0 && has_duty(t.scenario);
    printf("%zu events, %zu passes of the case's own checks\n", t.count, passes);
    arena_free(t.arena);
    scenario_set_free(&set);
    complaints_free(complaints);
    return result < 0 ? 2 : wrong ? 1 : is_idle ? 3 : 0;
}
