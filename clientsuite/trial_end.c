/*
 * The end of a trial: the last event, grading, what is kept.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "grade.h"
#include "journal_json.h"
#include "trial_private.h"
#include "twin.h"

static const int64_t BATCH_LAG = 100 * CLOCK_MS;
enum { JOURNAL_KEPT = 8 << 20 }; /* octets of a journal for reports; evidence has all of it */

static char *copy(const char *text)
{
    char *z = strdup(text);
    if (!z)
        abort();
    return z;
}

/* ---- what the process could no longer show ----------------------------------------------------
 */

static bool is_open_question(const struct verdict *v)
{
    return v->kind == VERDICT_NOT_EXERCISED || v->kind == VERDICT_INCONCLUSIVE;
}

/* What does not hold, for whatever reason. */
static bool is_unsettled(const struct verdict *v)
{
    return is_open_question(v) || v->kind == VERDICT_FAIL || v->kind == VERDICT_WEAK;
}

static void set_all(struct graded *g, bool (*which)(const struct verdict *), enum verdict_kind kind,
                    const char *sentence)
{
    for (size_t i = 0; i < g->count; i++)
        if (!g->verdicts[i].house && which(&g->verdicts[i])) {
            g->verdicts[i].kind = kind;
            g->verdicts[i].sentence = sentence;
            g->verdicts[i].holds = false;
        }
}

static bool is_any(const struct verdict *v)
{
    return v->kind != VERDICT_NOT_APPLICABLE;
}

/* A command keeps its own time. Where we could not follow, its case has to be played again. */
static bool is_our_lag(const struct trial *t)
{
    bool lagged = t->record->noise > BATCH_LAG;
    return t->is_batch && (t->record->fate == FATE_NO_GAP ? lagged : t->was_late);
}

/* The client hung, or we did: we stood still for half of the time that its last step had. What was
 * to come from us in steps of a millisecond came late, and so did what it answered. */
static bool is_our_hang(const struct trial *t, const struct grade_case *c)
{
    int64_t last = 0;
    for (size_t i = 0; i < t->request_count; i++)
        if (t->requests[i].state == REQUEST_OUT && t->requests[i].started > last)
            last = t->requests[i].started;
    return t->record->fate == FATE_HANG && last &&
           grade_lag(c, last, last, INT64_MAX) >= (clock_now() - last) / 2;
}

static void excuse_hang(struct graded *g)
{
    for (size_t i = 0; i < g->count; i++) {
        struct verdict *v = &g->verdicts[i];
        if (!is_unsettled(v) || (v->house && strcmp(v->id, "ends") != 0))
            continue;
        v->kind = VERDICT_INCONCLUSIVE;
        v->sentence = "the client did not answer; but our own loop stood still half of the time";
        v->holds = false;
    }
}

/* A pass or a fail that the journal shows stays one: the fate explains only what is missing. */
static void apply_fate(struct graded *g, enum fate fate, const char *why)
{
    const char *sentence = arena_copy(g->arena, why, strlen(why));
    switch (fate) {
    case FATE_CRASH:
    case FATE_GARBLED:
        set_all(g, is_open_question, VERDICT_CRASH, sentence);
        break;
    case FATE_HANG:
        set_all(g, is_open_question, VERDICT_HANG, sentence);
        break;
    case FATE_UNSUPPORTED:
    case FATE_NO_GAP:
        set_all(g, is_any, VERDICT_NOT_APPLICABLE, sentence);
        break;
    case FATE_BROKEN:
        set_all(g, is_any, VERDICT_HARNESS_ERROR, sentence);
        break;
    case FATE_DONE:
    case FATE_STORM:
    case FATE_FULL:
        break;
    }
}

/* ---- what is kept ---------------------------------------------------------------------------- */

static bool is_of_interest(const struct trial *t, const struct graded *g)
{
    if (t->options.keeps_journal || t->record->fate != FATE_DONE)
        return true;
    for (size_t i = 0; i < g->count; i++) {
        const struct verdict *v = &g->verdicts[i];
        bool is_missed = v->kind == VERDICT_FAIL || v->kind == VERDICT_WEAK;
        /* A house check that has nothing to look at here has it elsewhere. */
        if (is_missed || (!v->house && v->kind != VERDICT_PASS && v->kind != VERDICT_INFO &&
                          v->kind != VERDICT_NOT_APPLICABLE))
            return true;
    }
    return false;
}

static void keep_diagnosis(struct trial *t, const struct grade_case *c)
{
    struct trial_record *r = t->record;
    r->diagnosis = diagnose(c, false);
    r->found = calloc(diagnosis_count(r->diagnosis) + 1, sizeof(*r->found));
    if (!r->found)
        abort();
    for (size_t i = 0; i < diagnosis_count(r->diagnosis); i++)
        r->found[r->found_count++] = *diagnosis_get(r->diagnosis, i);
}

static void keep_journal(struct trial *t, const struct grade_case *c)
{
    struct buf b = { 0 };
    size_t most = t->options.keeps_journal ? SIZE_MAX : JOURNAL_KEPT;
    for (size_t i = 0; i < c->count && b.len < most; i++)
        journal_json(&b, c->events[i], false);
    t->record->journal_len = b.len;
    buf_char(&b, '\0');
    t->record->journal = b.at;
}

static void add_value(const struct trial *t, struct buf *b, const char *name, const char *suffix)
{
    const struct text_scope *scope = instance_scope(t->instance);
    char full[256];
    size_t len = 0;
    size_t n = strlen(name) + strlen(suffix);
    if (n >= sizeof(full))
        return;
    memcpy(full, name, strlen(name));
    memcpy(full + strlen(name), suffix, strlen(suffix) + 1);
    const char *value = scope->value(scope->arg, full, n, &len);
    buf_char(b, b->len > 1 ? ',' : '{');
    b->len -= b->at[0] == '{' && b->len == 2 && b->at[1] == '{';
    buf_json(b, full, n);
    buf_char(b, ':');
    buf_json(b, value, len);
}

static char *scope_of(const struct trial *t)
{
    const struct scenario *s = t->options.scenario;
    struct buf b = { 0 };
    add_value(t, &b, "case", "");
    for (size_t i = 0; i < s->actor_count; i++) {
        add_value(t, &b, s->actors[i].name, "");
        add_value(t, &b, s->actors[i].name, ".addr");
        add_value(t, &b, s->actors[i].name, ".port");
    }
    buf_char(&b, '}');
    buf_char(&b, '\0');
    return b.at;
}

/* ---- the end --------------------------------------------------------------------------------- */

static void judge(struct trial *t)
{
    const struct journal *journal = instance_journal(t->instance);
    struct trial_record *r = t->record;
    struct grade_case c = { .scenario = t->options.scenario,
                            .lost = journal_lost(journal),
                            .scope = instance_scope(t->instance),
                            .capabilities =
                                t->options.is_control ? NULL : t->options.variant->capabilities,
                            .has_client = true,
                            .noise = r->noise,
                            .log = t->log.at,
                            .log_len = t->log.len };
    const struct fp_event **events = grade_events(journal, &c.count);
    c.events = events;
    r->graded = grade(&c);
    if (t->options.is_twin)
        r->twin_passed = twin_passed(&c, &r->twin_why) && r->fate == FATE_DONE;
    if (is_our_lag(t) && r->fate == FATE_NO_GAP)
        set_all(r->graded, is_any, VERDICT_INCONCLUSIVE, "our own loop was late meanwhile");
    else if (is_our_lag(t))
        set_all(r->graded, is_unsettled, VERDICT_INCONCLUSIVE,
                "a request was here before we had written that its step began");
    else if (is_our_hang(t, &c))
        excuse_hang(r->graded);
    else
        apply_fate(r->graded, r->fate, r->why);
    r->scope = scope_of(t);
    if (is_of_interest(t, r->graded)) {
        keep_journal(t, &c);
        keep_diagnosis(t, &c);
    }
    free(events);
}

/* The agent has done its part: what it still does for this trial is nobody's any more. */
static void leave_agent(struct trial *t)
{
    if (!t->agent)
        return;
    agent_forget(t->agent, &t->user);
    for (size_t i = 0; i < t->session_count; i++)
        if (t->sessions[i].number)
            agent_close(t->agent, t->sessions[i].number);
    t->agent = NULL;
}

void trial_end(struct trial *t, enum fate fate, const char *why, const char *stderr_text)
{
    static const char *const reasons[] = {
        [FATE_DONE] = "done",
        [FATE_CRASH] = "crash",
        [FATE_HANG] = "hang",
        [FATE_GARBLED] = "garbled",
        [FATE_UNSUPPORTED] = "unsupported",
        [FATE_NO_GAP] = "no gap",
        [FATE_STORM] = "storm",
        [FATE_FULL] = "journal full",
        [FATE_BROKEN] = "harness error",
    };
    if (t->state == TRIAL_ENDED)
        return;
    instance_end(t->instance, reasons[fate]);
    t->state = TRIAL_ENDED;
    timer_set(&t->poll, CLOCK_NEVER);
    t->record->fate = fate;
    t->record->why = copy(why);
    t->record->stderr_text = copy(stderr_text);
    t->record->took = t->last > t->first ? t->last - t->first : 0;
    t->record->lasted = clock_now() - t->began;
    judge(t);
    leave_agent(t);
    t->record->log_len = t->log.len;
    if (t->log.len) {
        buf_char(&t->log, '\0');
        t->record->log = t->log.at;
        t->log = (struct buf){ 0 };
    }
    t->owner.ended(t->owner.arg);
}
