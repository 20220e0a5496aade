/*
 * One scenario in a report.
 */
#include "page_case.h"

#include <string.h>

#include "clock.h"
#include "groups.h"
#include "page.h"
#include "page_ladder.h"

enum { JOURNAL_SHOWN = 48 << 10, OUTPUT_SHOWN = 8 << 10, LADDERS_OPEN = 1, OPEN_MOST = 60 };

void page_play_id(FILE *f, const struct results *r, const struct case_result *c)
{
    page_client(f, r, c->client);
    fputc('/', f);
    page_name(f, c->of->name);
}

/* ---- checks ---------------------------------------------------------------------------------- */

static void put_because(FILE *f, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    fprintf(f, " <span class=\"what\"><small>%s</small> ", name);
    page_text(f, text);
    fputs("</span>", f);
}

static void put_check(FILE *f, const struct case_result *c, size_t i)
{
    const struct verdict *v = &c->graded->verdicts[i];
    const struct scenario *s = c->of->scenario;
    const char *source = i < s->check_count ? s->checks[i].source : NULL;
    struct mark mark = page_mark(verdict_rank(v), v->kind);
    fprintf(f, "<li class=\"%s\">", mark.tone);
    page_chip(f, &mark, level_word(v->level));
    fputs(" <b>", f);
    page_text(f, v->says ? v->says : v->id);
    fputs("</b> <code>", f);
    page_text(f, v->id);
    fprintf(f, "</code>%s", v->house ? " <small>house check</small>" : "");
    if (case_mark(c, i))
        fprintf(f, " <small class=\"baseline\">%s</small>", baseline_mark_name(case_mark(c, i)));
    if (source) {
        fputs(" <small class=\"source\">", f);
        page_text(f, source);
        fputs("</small>", f);
    }
    fputs("<span class=\"what\">", f);
    if (v->kind == VERDICT_CRASH || v->kind == VERDICT_HANG || verdict_rank(v) == RANK_OPEN)
        fprintf(f, "%s: ", verdict_kind_name(v->kind));
    page_text(f, *v->sentence ? v->sentence : c->graded->reason);
    fputs("</span></li>\n", f);
}

/* What was not shown has one reason for all checks, mostly. */
static void put_open(FILE *f, const struct case_result *c)
{
    const char *why = c->is_blocked ? c->blocked_by : c->graded->reason;
    size_t n = 0;
    for (size_t i = 0; i < c->graded->count; i++) {
        const struct verdict *v = &c->graded->verdicts[i];
        if (verdict_rank(v) != RANK_OPEN)
            continue;
        if (n++ == 0 && !*why)
            why = v->sentence;
        fputs(n == 1 ? "<p><b>Not shown:</b> " : "; ", f);
        page_text(f, v->says ? v->says : v->id);
    }
    fputs(n ? "</p>\n<p class=\"fate\">" : "<p class=\"fate\">", f);
    page_text(f, why);
    fputs("</p>\n", f);
}

static void put_checks(FILE *f, const struct case_result *c)
{
    if (case_rank(c) == RANK_OPEN) {
        put_open(f, c);
        return;
    }
    fputs("<ul class=\"checks\">\n", f);
    for (int rank = RANK_CRITICAL; rank < RANK_NONE; rank++)
        for (size_t i = 0; i < c->graded->count; i++)
            if (verdict_rank(&c->graded->verdicts[i]) == (enum rank)rank)
                put_check(f, c, i);
    fputs("</ul>\n", f);
}

/* What diagnosis made of the journal: nearer to the client than the scenario's own cause. */
static void put_diagnosis(FILE *f, const struct trial_record *t)
{
    if (!t || t->found_count == 0)
        return;
    fputs("<ul class=\"diagnosis\">\n", f);
    for (size_t i = 0; i < t->found_count; i++) {
        const struct diagnosed *d = &t->found[i];
        fprintf(f, "<li><b>%s, ", d->note ? "Seen" : "Mistake");
        page_text(f, d->layer);
        fputs(" layer:</b> ", f);
        page_text(f, d->seen);
        put_because(f, "Cause", d->cause);
        put_because(f, "Fix", d->fix);
        fputs("</li>\n", f);
    }
    fputs("</ul>\n", f);
}

/* What else was asked, so that the reader sees that not all is wrong. */
static void put_held(FILE *f, const struct case_result *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->graded->count; i++) {
        const struct verdict *v = &c->graded->verdicts[i];
        if (v->house || v->kind != VERDICT_PASS)
            continue;
        fputs(n++ ? "; " : "<p class=\"held\"><b>Held:</b> ", f);
        page_text(f, v->says ? v->says : v->id);
    }
    if (n)
        fputs("</p>\n", f);
}

/* ---- evidence -------------------------------------------------------------------------------- */

static size_t count_lines(const struct trial_record *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->journal_len; i++)
        n += t->journal[i] == '\n';
    return n;
}

static void put_ladder(FILE *f, const struct case_result *c, bool is_open)
{
    const struct trial_record *t = c->record;
    size_t events = count_lines(t);
    fprintf(f, "<details class=\"evidence drawn\"%s><summary>Ladder <small>%zu events",
            is_open && events <= OPEN_MOST ? " open" : "", events);
    if (t->took >= CLOCK_S / 100)
        fprintf(f, " in %.*f s", t->took < CLOCK_S ? 2 : 1, (double)t->took / (double)CLOCK_S);
    fputs("</small></summary>\n", f);
    page_ladder(f, t->journal, t->journal_len, c->graded);
    fputs(
        "</details>\n<details class=\"evidence\"><summary>Journal</summary>\n<pre tabindex=\"0\">",
        f);
    page_lines(f, t->journal, t->journal_len, JOURNAL_SHOWN);
    fputs("</pre></details>\n", f);
}

static void put_output(FILE *f, const char *title, const char *text)
{
    if (!text || !*text)
        return;
    fprintf(f, "<details class=\"evidence\"><summary>%s</summary>\n<pre tabindex=\"0\">", title);
    page_lines(f, text, strlen(text), OUTPUT_SHOWN);
    fputs("</pre></details>\n", f);
}

static void put_fate(FILE *f, const struct case_result *c)
{
    const struct trial_record *t = c->record;
    if (t && t->fate != FATE_DONE) {
        fprintf(f, "<p class=\"fate\"><b>%s:</b> ", fate_name(t->fate));
        page_text(f, t->why);
        fputs("</p>\n", f);
    }
    if (c->is_blocked && case_rank(c) < RANK_OPEN) {
        fputs("<p class=\"fate\"><b>blocked:</b> ", f);
        page_text(f, c->blocked_by);
        fputs("</p>\n", f);
    }
}

static void put_by_hand(FILE *f, const struct results *r, const struct case_result *c)
{
    const struct profile_variant *v = r->clients[c->client].variant;
    fputs("<p class=\"hand\"><span>By hand</span> <code>fakeproxy --scenario ", f);
    page_text(f, c->of->name);
    fputs("</code> <span>or</span> <code>clientsuite run --client ", f);
    page_text(f, v->profile->name);
    if (strcmp(v->name, "default") != 0) {
        fputc('@', f);
        page_text(f, v->name);
    }
    fputs(" --only ", f);
    page_text(f, c->of->name);
    fputs("</code></p>\n", f);
}

/* ---- plays ----------------------------------------------------------------------------------- */

static void put_name(FILE *f, const struct results *r, const struct case_result *c)
{
    struct buf title = { 0 };
    client_title(&title, &r->clients[c->client]);
    page_text(f, title.at);
    if (c->of->scenario->variant) {
        fputs(" <code>@", f);
        page_text(f, c->of->scenario->variant);
        fputs("</code>", f);
    }
    buf_free(&title);
}

static void put_alike(FILE *f, const struct results *r, const struct case_result *like)
{
    fprintf(f, "<p>%s <a href=\"#",
            results_has_many(r) ? "Times apart, the same as" : "The same as");
    page_play_id(f, r, like);
    fputs("\">", f);
    put_name(f, r, like);
    fputs("</a>.</p>\n", f);
}

/* `like` is an earlier play that came to the same; NULL: there is none. */
static void put_play(FILE *f, const struct results *r, const struct case_result *c,
                     const struct case_result *like, bool is_open)
{
    struct mark mark = page_mark_of_case(c);
    /* Of many, one shows what happened: the page must stay one that can be opened. */
    bool has_evidence = !like || !results_has_many(r);
    fputs("<section class=\"play\" id=\"", f);
    page_play_id(f, r, c);
    fprintf(f, "\">\n<h4>");
    put_name(f, r, c);
    fputc(' ', f);
    page_chip(f, &mark, NULL);
    fputs("</h4>\n", f);
    if (like) {
        put_alike(f, r, like);
    } else {
        put_checks(f, c);
        put_diagnosis(f, c->record);
        put_held(f, c);
        put_fate(f, c);
    }
    if (has_evidence && c->record && c->record->journal)
        put_ladder(f, c, is_open);
    if (has_evidence && c->record)
        put_output(f, "What the client wrote on standard error", c->record->stderr_text);
    put_by_hand(f, r, c);
    fputs("</section>\n", f);
}

/* ---- the scenario ---------------------------------------------------------------------------- */

static void put_sources(FILE *f, const struct scenario *s)
{
    if (!s->sources || !*s->sources)
        return;
    fputs("<li><small>Clauses</small> <span>", f);
    for (const char *const *m = s->sources; *m; m++) {
        fputs(m == s->sources ? "" : "; ", f);
        page_text(f, *m);
    }
    fputs("</span></li>\n", f);
}

/* Where nothing failed there is nothing to mend. */
static void put_why(FILE *f, const struct scenario *s)
{
    fputs("<ul class=\"why\">\n", f);
    page_fact(f, "Likely cause", s->cause);
    page_fact(f, "Fix", s->fix);
    put_sources(f, s);
    fputs("</ul>\n", f);
}

static void put_heading(FILE *f, const struct scenario *s)
{
    fputs("<h3>", f);
    page_text(f, s->title ? s->title : s->id);
    fputs("</h3>\n<p class=\"soft\"><code>", f);
    page_text(f, s->id);
    fputs("</code>", f);
    if (s->layer) {
        fputs(" \xC2\xB7 ", f);
        page_text(f, s->layer);
    }
    fputs("</p>\n", f);
    if (s->about) {
        fputs("<p>", f);
        page_text(f, s->about);
        fputs("</p>\n", f);
    }
}

/* A play of the group that comes before this one and came to the same; NULL: none. */
static const struct case_result *alike(const struct results *r, size_t group,
                                       const struct case_result *c)
{
    enum alike how = results_has_many(r) ? ALIKE_BUT_FOR_TIMES : ALIKE_EXACTLY;
    for (size_t k = 0; k <= c->client; k++)
        for (size_t i = group; i < group_end(r->plan, group); i++) {
            const struct case_result *other = &r->clients[k].cases[i];
            if (other == c)
                return NULL;
            if (plays_are_alike(other, c, how))
                return other;
        }
    return NULL;
}

/* All plays of that rank, the first with its ladder open if a MUST failed. */
static void put_plays(FILE *f, const struct results *r, size_t group, enum rank rank, size_t *open)
{
    for (size_t k = 0; k < r->client_count; k++)
        for (size_t i = group; i < group_end(r->plan, group); i++) {
            const struct case_result *c = &r->clients[k].cases[i];
            if (case_rank(c) == rank)
                put_play(f, r, c, alike(r, group, c),
                         rank <= RANK_MUST && (*open)++ < LADDERS_OPEN);
        }
}

void page_group(FILE *f, const struct results *r, size_t group)
{
    size_t open = 0;
    const struct scenario *s = r->plan->cases[group].scenario;
    fputs("<article id=\"case/", f);
    page_name(f, s->id);
    fputs("\">\n", f);
    put_heading(f, s);
    if (group_rank(r, group) < RANK_OPEN)
        put_why(f, s);
    for (int rank = RANK_CRITICAL; rank < RANK_NONE; rank++)
        put_plays(f, r, group, (enum rank)rank, &open);
    fputs("</article>\n", f);
}
