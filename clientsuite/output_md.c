/*
 * The report as Markdown, for a review or a summary page of CI: the letters, the counts, and a few
 * lines for each scenario where something did not hold. Ladders and journals are in the HTML form.
 */
#include <stdlib.h>
#include <string.h>

#include "findings.h"
#include "outputs.h"
#include "say.h"

/* ---- text ------------------------------------------------------------------------------------ */

/* Somebody else's text stays text: no emphasis, links, HTML or cells of its own making. */
static void put(FILE *f, const char *text)
{
    struct buf b = { 0 };
    say_text(&b, text ? text : "", text ? strlen(text) : 0);
    for (size_t i = 0; i < b.len; i++) {
        if (strchr("\\`*_[]<>|&~#$", b.at[i]))
            fputc('\\', f);
        fputc(b.at[i], f);
    }
    buf_free(&b);
}

static void put_code(FILE *f, const char *text)
{
    struct buf b = { 0 };
    say_text(&b, text, strlen(text));
    fputc('`', f);
    for (size_t i = 0; i < b.len; i++)
        fputc(b.at[i] == '`' || b.at[i] == '|' ? '?' : b.at[i], f);
    fputc('`', f);
    buf_free(&b);
}

static void put_title(FILE *f, const struct client_result *c)
{
    struct buf title = { 0 };
    client_title(&title, c);
    put(f, title.at);
    buf_free(&title);
}

/* ---- counts ---------------------------------------------------------------------------------- */

static void put_tally(FILE *f, const struct level_tally *t, bool is_should)
{
    size_t bad = is_should ? t->weak + t->fail : t->fail, judged = t->pass + bad;
    if (judged)
        fprintf(f, " %s%zu of %zu%s |", bad ? "**" : "", t->pass, judged, bad ? "**" : "");
    else
        fputs(" |", f);
}

static void put_layer(FILE *f, const struct layer_tally *l)
{
    fputs("| ", f);
    put(f, *l->layer ? l->layer : "other");
    fputs(" |", f);
    put_tally(f, &l->must, false);
    put_tally(f, &l->policy, false);
    put_tally(f, &l->should, true);
    fprintf(f, " %zu | %zu |\n", l->must.other + l->policy.other + l->should.other,
            l->must.not_applicable + l->policy.not_applicable + l->should.not_applicable);
}

static void put_house(FILE *f, const struct results *r, const struct summary *s)
{
    for (size_t i = 0; i < s->house_count; i++) {
        const struct house_row *h = &s->house[i];
        if (!h->broken)
            continue;
        fprintf(f, "\n- House check %s**", h->is_critical ? "(critical) " : "");
        put(f, h->says ? h->says : h->id);
        fprintf(f, "** broken in %zu case%s, first ", h->broken, h->broken == 1 ? "" : "s");
        put_code(f, r->plan->cases[h->first].name);
        fputs(": ", f);
        put(f, h->sentence);
    }
    fputc('\n', f);
}

static void put_client(FILE *f, const struct results *r, size_t client)
{
    const struct client_result *c = &r->clients[client];
    struct summary s;
    struct buf why = { 0 };
    summary_make(&s, r, client);
    letter_reason(&why, r, client, &s);
    buf_char(&why, '\0');
    fputs("\n## ", f);
    put_title(f, c);
    fprintf(f, ": %s\n\n", s.letter == '-' ? "no letter" : (const char[]){ s.letter, '\0' });
    put(f, why.at);
    buf_free(&why);
    fputc('\n', f);
    if (c->contract)
        return;
    fprintf(f,
            "\n%zu of %zu cases put it to the test.\n\n"
            "| Layer | MUST by RFC | MUST by policy | SHOULD | not shown | n/a |\n"
            "|---|---|---|---|---|---|\n",
            s.exercised, s.cases);
    for (size_t i = 0; i < s.layer_count; i++)
        put_layer(f, &s.layers[i]);
    if (s.layer_count != 1)
        put_layer(f, &s.all);
    put_house(f, r, &s);
}

/* ---- what did not hold ----------------------------------------------------------------------- */

static void put_pair(FILE *f, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    fprintf(f, "%s: ", name);
    put(f, text);
    fputs("  \n", f);
}

static void put_play(FILE *f, const struct results *r, const struct case_result *c)
{
    for (size_t i = 0; i < c->graded->count; i++) {
        const struct verdict *v = &c->graded->verdicts[i];
        if (verdict_rank(v) > RANK_SHOULD)
            continue;
        fputs("- ", f);
        put_title(f, &r->clients[c->client]);
        fprintf(f, ", %s%s: **", v->critical ? "critical " : "", level_word(v->level));
        put(f, v->says ? v->says : v->id);
        fputs("** (", f);
        put_code(f, v->id);
        if (case_mark(c, i))
            fprintf(f, ", %s", baseline_mark_name(case_mark(c, i)));
        fputs("). ", f);
        put(f, v->sentence);
        fputs(". By hand: ", f);
        struct buf line = { 0 };
        buf_printf(&line, "fakeproxy --scenario %s", c->of->name);
        buf_char(&line, '\0');
        put_code(f, line.at);
        buf_free(&line);
        fputc('\n', f);
    }
}

static void put_group(FILE *f, const struct results *r, size_t group)
{
    const struct scenario *s = r->plan->cases[group].scenario;
    fputs("\n### ", f);
    put(f, s->title ? s->title : s->id);
    fputs("\n\n", f);
    put_code(f, s->id);
    fputs("  \n", f);
    put_pair(f, "Likely cause", s->cause);
    put_pair(f, "Fix", s->fix);
    for (const char *const *m = s->sources; m && *m; m++)
        put_pair(f, "Clause", *m);
    fputc('\n', f);
    for (size_t i = group; i < r->plan->count && r->plan->cases[i].group == group; i++)
        for (size_t k = 0; k < r->client_count; k++)
            if (case_rank(&r->clients[k].cases[i]) <= RANK_SHOULD)
                put_play(f, r, &r->clients[k].cases[i]);
}

static void put_missed(FILE *f, const struct results *r, enum rank rank)
{
    size_t n = 0;
    for (size_t i = 0; i < r->plan->count; i++) {
        if (r->plan->cases[i].group != i || group_rank(r, i) != rank)
            continue;
        if (n++ == 0)
            fprintf(f, "\n## %s\n", rank_heading(rank));
        put_group(f, r, i);
    }
}

/* What passes, and is known to fail; the other marks stand where it failed. */
static void put_fixed(FILE *f, const struct results *r, const struct case_result *c, size_t *n)
{
    for (size_t i = 0; c->is_final && i < c->graded->count; i++) {
        if (case_mark(c, i) != BASELINE_FIXED)
            continue;
        if ((*n)++ == 0)
            fputs("\n## Fixed: known to fail by the baseline, and passes\n\n", f);
        fputs("- ", f);
        put_title(f, &r->clients[c->client]);
        fputs(": ", f);
        put_code(f, c->of->name);
        fputc(' ', f);
        put_code(f, c->graded->verdicts[i].id);
        fputc('\n', f);
    }
}

static void write_end(FILE *f, const struct results *r, int exit_code)
{
    char date[32];
    (void)exit_code;
    fputs("# How clients cope with proxies that misbehave\n", f);
    fprintf(f, "\n%s%s%s%s\n", wall_date(r->began, date), r->edition ? ", edition " : "",
            r->edition ? r->edition->name : "",
            r->was_interrupted ? "; interrupted: this is what ran" : "");
    for (size_t i = 0; i < r->client_count; i++)
        put_client(f, r, i);
    size_t fixed = 0;
    for (size_t i = 0; i < r->client_count; i++)
        for (size_t k = 0; k < r->plan->count; k++)
            put_fixed(f, r, &r->clients[i].cases[k], &fixed);
    for (int rank = RANK_CRITICAL; rank <= RANK_SHOULD; rank++)
        put_missed(f, r, (enum rank)rank);
}

const struct output_form output_md = { .name = "md", .end = write_end };
