/*
 * Results as JSON Lines: run, client, case after case as they become final, the summaries, end. It
 * is the form that all other programs read (docs/results.md); it has all that a report needs, with
 * the journals of the cases where something is to be explained.
 */
#include "buf.h"
#include "clock.h"
#include "member.h"
#include "outputs.h"

#include <string.h>

#ifndef CS_VERSION
#define CS_VERSION "0"
#endif

static void add_text(struct buf *b, const char *name, const char *text)
{
    if (text && *text)
        member_text(b, name, text);
}

static void add_seconds(struct buf *b, const char *name, int64_t ns)
{
    member_name(b, name);
    buf_printf(b, "%.6f", (double)ns / (double)CLOCK_S);
}

static void add_flag(struct buf *b, const char *name, bool flag)
{
    if (!flag)
        return;
    member_flag(b, name, true);
}

static void begin(struct buf *b, const char *type)
{
    buf_char(b, '{');
    add_text(b, "type", type);
}

static void write_line(FILE *f, struct buf *b)
{
    buf_string(b, "}\n");
    fwrite(b->at, 1, b->len, f);
    fflush(f); /* a killed run has what came before */
    buf_free(b);
}

static void add_client_name(struct buf *b, const struct client_result *c)
{
    add_text(b, "client", c->variant->profile->name);
    add_text(b, "client_variant", c->variant->name);
}

/* ---- run and clients ------------------------------------------------------------------------- */

static void write_run(FILE *f, const struct results *r)
{
    struct buf b = { 0 };
    begin(&b, "run");
    member_number(&b, "results", 1);
    add_text(&b, "clientsuite", CS_VERSION);
    add_seconds(&b, "began", r->began);
    member_number(&b, "cases", (int64_t)r->plan->count);
    member_number(&b, "seed", (int64_t)r->seed);
    if (r->edition)
        add_text(&b, "edition", r->edition->name);
    write_line(f, &b);
}

static void write_client(FILE *f, const struct results *r, const struct client_result *c)
{
    struct buf b = { 0 };
    (void)r;
    begin(&b, "client");
    add_client_name(&b, c);
    add_text(&b, "title", c->variant->profile->title);
    add_text(&b, "homepage", c->variant->profile->homepage);
    add_text(&b, "about", c->variant->profile->about);
    add_text(&b, "about_variant", c->variant->about);
    add_text(&b, "says", c->client);
    add_text(&b, "version", c->version);
    add_text(&b, "runtime", c->runtime);
    if (c->kinds && *c->kinds) {
        member_name(&b, "kinds");
        buf_string(&b, c->kinds);
    }
    member_name(&b, "capabilities");
    buf_char(&b, '[');
    for (const char *const *name = c->variant->capabilities; *name; name++) {
        if (name != c->variant->capabilities)
            buf_char(&b, ',');
        buf_json(&b, *name, strlen(*name));
    }
    buf_char(&b, ']');
    add_text(&b, "contract", c->contract);
    write_line(f, &b);
}

/* ---- cases ----------------------------------------------------------------------------------- */

static void add_check(struct buf *b, const struct verdict *v, const char *source,
                      enum baseline_mark mark)
{
    buf_char(b, '{');
    add_text(b, "id", v->id);
    add_text(b, "level", level_name(v->level));
    add_text(b, "verdict", verdict_kind_name(v->kind));
    add_text(b, "says", v->says);
    add_text(b, "source", source);
    add_flag(b, "house", v->house);
    add_flag(b, "critical", v->critical);
    if (v->kind == VERDICT_INFO) {
        member_flag(b, "holds", v->holds);
    }
    if (mark != BASELINE_FIXED) /* not known yet when a case is written: the summary has it */
        add_text(b, "baseline", baseline_mark_name(mark));
    add_text(b, "sentence", v->sentence);
    if (v->evidence_count)
        member_numbers(b, "evidence", v->evidence, v->evidence_count);
    buf_char(b, '}');
}

static void add_checks(struct buf *b, const struct case_result *c)
{
    const struct scenario *s = c->of->scenario;
    member_name(b, "checks");
    buf_char(b, '[');
    for (size_t i = 0; i < c->graded->count; i++) {
        if (i)
            buf_char(b, ',');
        add_check(b, &c->graded->verdicts[i], i < s->check_count ? s->checks[i].source : NULL,
                  case_mark(c, i));
    }
    buf_char(b, ']');
}

static void add_documentation(struct buf *b, const struct scenario *s)
{
    add_text(b, "title", s->title);
    add_text(b, "layer", s->layer);
    add_text(b, "about", s->about);
    add_text(b, "cause", s->cause);
    add_text(b, "fix", s->fix);
    member_name(b, "sources");
    buf_char(b, '[');
    for (const char *const *source = s->sources; source && *source; source++) {
        if (source != s->sources)
            buf_char(b, ',');
        buf_json(b, *source, strlen(*source));
    }
    buf_char(b, ']');
}

static void add_diagnosis(struct buf *b, const struct trial_record *t)
{
    member_name(b, "diagnosis");
    buf_char(b, '[');
    for (size_t i = 0; i < t->found_count; i++) {
        if (i)
            buf_char(b, ',');
        diagnosed_json(b, &t->found[i]);
    }
    buf_char(b, ']');
}

/* Its lines are JSON objects already. */
static void add_journal(struct buf *b, const struct trial_record *r)
{
    member_name(b, "journal");
    buf_char(b, '[');
    for (size_t i = 0; i < r->journal_len;) {
        const char *newline = memchr(r->journal + i, '\n', r->journal_len - i);
        size_t end = newline ? (size_t)(newline - r->journal) : r->journal_len;
        if (i)
            buf_char(b, ',');
        buf_add(b, r->journal + i, end - i);
        i = end + 1;
    }
    buf_char(b, ']');
}

/* What was inconclusive, and so played again. */
static void add_first(struct buf *b, const struct trial_record *first)
{
    size_t n = 0;
    member_name(b, "first_play");
    buf_char(b, '[');
    for (size_t i = 0; i < first->graded->count; i++) {
        const struct verdict *v = &first->graded->verdicts[i];
        if (v->kind != VERDICT_INCONCLUSIVE)
            continue;
        if (n++)
            buf_char(b, ',');
        add_check(b, v, NULL, BASELINE_NONE);
    }
    buf_char(b, ']');
}

static void write_case(FILE *f, const struct results *r, const struct case_result *c)
{
    const struct trial_record *t = c->record;
    struct buf b = { 0 };
    begin(&b, "case");
    add_client_name(&b, &r->clients[c->client]);
    add_text(&b, "id", c->of->scenario->id);
    add_text(&b, "variant", c->of->scenario->variant);
    add_text(&b, "verdict", verdict_kind_name(case_verdict(c)));
    add_flag(&b, "exercised", c->graded->exercised);
    add_text(&b, "reason", c->graded->reason);
    if (t) {
        add_text(&b, "fate", fate_name(t->fate));
        add_text(&b, "why", t->why);
        add_seconds(&b, "took", t->took);
        add_seconds(&b, "lasted", t->lasted);
        add_seconds(&b, "noise", t->noise);
        add_text(&b, "stderr", t->stderr_text);
        add_text(&b, "log", t->log);
    }
    add_flag(&b, "repeated", c->first != NULL);
    if (c->first)
        add_first(&b, c->first);
    add_text(&b, "blocked_by", c->blocked_by);
    if (c->of->tier)
        member_number(&b, "tier", c->of->tier);
    add_documentation(&b, c->of->scenario);
    add_checks(&b, c);
    if (t && t->found_count)
        add_diagnosis(&b, t);
    if (t && t->journal)
        add_journal(&b, t);
    write_line(f, &b);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void add_tally(struct buf *b, const char *name, const struct level_tally *t)
{
    member_name(b, name);
    buf_printf(b,
               "{\"pass\":%zu,\"fail\":%zu,\"weak\":%zu,\"info\":%zu,\"other\":%zu,"
               "\"not-applicable\":%zu}",
               t->pass, t->fail, t->weak, t->info, t->other, t->not_applicable);
}

static void add_layer(struct buf *b, const struct layer_tally *l)
{
    buf_char(b, '{');
    add_text(b, "layer", l->layer);
    add_tally(b, "must", &l->must);
    add_tally(b, "must*", &l->policy);
    add_tally(b, "should", &l->should);
    add_tally(b, "may", &l->may);
    buf_char(b, '}');
}

static void add_house(struct buf *b, const struct results *r, const struct client_result *c,
                      const struct summary *s)
{
    member_name(b, "house");
    buf_char(b, '[');
    for (size_t i = 0; i < s->house_count; i++) {
        const struct house_row *h = &s->house[i];
        buf_string(b, i ? ",{" : "{");
        add_text(b, "id", h->id);
        add_text(b, "verdict", verdict_kind_name(h->kind));
        add_text(b, "says", h->says);
        if (h->broken) {
            add_text(b, "sentence", h->sentence);
            member_name(b, "broken_in");
            buf_char(b, '[');
            for (size_t k = h->first, n = 0; k < r->plan->count; k++) {
                const struct case_result *one = &c->cases[k];
                size_t at = one->of->scenario->check_count + i;
                if (!one->record || !one->is_final || at >= one->graded->count ||
                    one->graded->verdicts[at].kind != VERDICT_FAIL)
                    continue;
                if (n++)
                    buf_char(b, ',');
                buf_json(b, one->of->name, strlen(one->of->name));
            }
            buf_char(b, ']');
        }
        buf_char(b, '}');
    }
    buf_char(b, ']');
}

/* Checks that the baseline has as known failures, and that pass now. */
static void add_fixed(struct buf *b, const struct results *r, const struct client_result *client)
{
    size_t found = 0;
    for (size_t i = 0; i < r->plan->count; i++) {
        const struct case_result *c = &client->cases[i];
        for (size_t k = 0; c->is_final && k < c->graded->count; k++) {
            if (case_mark(c, k) != BASELINE_FIXED)
                continue;
            if (found++ == 0) {
                member_name(b, "fixed");
                buf_char(b, '[');
            } else {
                buf_char(b, ',');
            }
            buf_char(b, '{');
            add_text(b, "case", c->of->name);
            add_text(b, "check", c->graded->verdicts[k].id);
            buf_char(b, '}');
        }
    }
    if (found)
        buf_char(b, ']');
}

static void write_summary(FILE *f, const struct results *r, size_t client)
{
    const struct client_result *c = &r->clients[client];
    struct summary s;
    struct buf b = { 0 };
    summary_make(&s, r, client);
    begin(&b, "summary");
    add_client_name(&b, c);
    add_text(&b, "letter", (const char[]){ s.letter, '\0' });
    member_number(&b, "cases", (int64_t)s.cases);
    member_number(&b, "played", (int64_t)s.played);
    member_number(&b, "exercised", (int64_t)s.exercised);
    member_number(&b, "failed", (int64_t)s.failed);
    member_name(&b, "all");
    add_layer(&b, &s.all);
    member_name(&b, "layers");
    buf_char(&b, '[');
    for (size_t i = 0; i < s.layer_count; i++) {
        if (i)
            buf_char(&b, ',');
        add_layer(&b, &s.layers[i]);
    }
    buf_char(&b, ']');
    add_house(&b, r, c, &s);
    add_fixed(&b, r, c);
    write_line(f, &b);
}

static void write_end(FILE *f, const struct results *r, int exit_code)
{
    struct buf b = { 0 };
    for (size_t i = 0; i < r->client_count; i++)
        write_summary(f, r, i);
    begin(&b, "end");
    add_seconds(&b, "ended", r->ended);
    add_seconds(&b, "noise", r->noise);
    add_seconds(&b, "own_cpu", r->own);
    member_number(&b, "exit", exit_code);
    add_flag(&b, "interrupted", r->was_interrupted);
    write_line(f, &b);
}

const struct output_form output_json = {
    .name = "json", .begin = write_run, .client = write_client, .one = write_case, .end = write_end
};
