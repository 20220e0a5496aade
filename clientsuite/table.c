/*
 * The table for people: for each client a row of counts for each layer, what was missed with its
 * sentence, and the letter.
 */
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "outputs.h"
#include "say.h"

struct page {
    FILE *f;
    bool colour;
};

static void put_tone(const struct page *p, enum tone tone, const char *text)
{
    fprintf(p->f, "%s%s%s", p->colour ? say_colours[tone] : "", text,
            p->colour && tone != TONE_PLAIN ? say_colour_end : "");
}

/* ---- counts ---------------------------------------------------------------------------------- */

static void put_tally(const struct page *p, const struct level_tally *t, bool is_should)
{
    size_t bad = is_should ? t->weak + t->fail : t->fail, judged = t->pass + bad;
    char text[32];
    if (judged)
        snprintf(text, sizeof(text), "%zu/%zu", t->pass, judged);
    else
        snprintf(text, sizeof(text), "-");
    fprintf(p->f, "%*s", (int)(10 - strlen(text)), "");
    put_tone(p,
             bad == 0    ? (judged ? TONE_GOOD : TONE_QUIET)
             : is_should ? TONE_WARN
                         : TONE_BAD,
             text);
}

static void put_layer(const struct page *p, const struct layer_tally *l)
{
    size_t open = l->must.other + l->policy.other + l->should.other + l->may.other;
    size_t beyond = l->must.not_applicable + l->policy.not_applicable + l->should.not_applicable +
                    l->may.not_applicable;
    fprintf(p->f, "  %-14s", *l->layer ? l->layer : "other");
    put_tally(p, &l->must, false);
    put_tally(p, &l->policy, false);
    put_tally(p, &l->should, true);
    fprintf(p->f, "%10zu%10zu%10zu\n", l->may.info, open, beyond);
}

static void put_counts(const struct page *p, const struct summary *s)
{
    fprintf(p->f, "  %-14s%10s%10s%10s%10s%10s%10s\n", "", "MUST", "MUST*", "SHOULD", "info",
            "open", "n/a");
    for (size_t i = 0; i < s->layer_count; i++)
        put_layer(p, &s->layers[i]);
    if (s->layer_count > 1)
        put_layer(p, &s->all);
}

/* ---- what is worth a line -------------------------------------------------------------------- */

static enum tone tone_of(const struct verdict *v)
{
    return verdict_is_failure(v)               ? TONE_BAD
           : v->kind == VERDICT_HARNESS_ERROR  ? TONE_BAD
           : v->kind == VERDICT_PASS           ? TONE_GOOD
           : v->kind == VERDICT_NOT_APPLICABLE ? TONE_QUIET
           : v->kind == VERDICT_NOT_EXERCISED  ? TONE_QUIET
           : v->kind == VERDICT_BLOCKED        ? TONE_QUIET
           : v->kind == VERDICT_INFO           ? TONE_PLAIN
                                               : TONE_WARN;
}

static bool is_row(const struct verdict *v, bool verbose)
{
    if (v->house)
        return false;
    if (verbose)
        return true;
    return v->kind != VERDICT_PASS && v->kind != VERDICT_INFO &&
           v->kind != VERDICT_NOT_APPLICABLE && v->kind != VERDICT_BLOCKED &&
           v->kind != VERDICT_NOT_EXERCISED;
}

static void put_row(const struct page *p, const struct verdict *v, enum baseline_mark mark)
{
    char level[16];
    snprintf(level, sizeof(level), "%s%s", level_name(v->level), v->critical ? "!" : "");
    fputs("    ", p->f);
    put_tone(p, tone_of(v), verdict_word(v));
    fprintf(p->f, "%*s %-7s %s: ", (int)(13 - strlen(verdict_word(v))), "", level, v->id);
    say_print(p->f, v->says ? v->says : "");
    if (mark)
        fprintf(p->f, " (%s)", baseline_mark_name(mark));
    if (*v->sentence) {
        fputs("\n                          ", p->f);
        say_print(p->f, v->sentence);
    }
    fputc('\n', p->f);
}

static void put_case(const struct page *p, const struct case_result *c, bool is_scored,
                     bool verbose)
{
    size_t rows = 0;
    for (size_t i = 0; i < c->graded->count; i++) {
        const struct verdict *v = &c->graded->verdicts[i];
        if (!is_row(v, verbose))
            continue;
        if (rows++ == 0)
            fprintf(p->f, "\n  %s%s%s%s\n", c->of->name, c->of->scenario->title ? ": " : "",
                    c->of->scenario->title ? c->of->scenario->title : "",
                    is_scored ? "" : " (not scored)");
        put_row(p, v, case_mark(c, i));
    }
    if (rows && c->record && c->record->fate != FATE_DONE)
        fprintf(p->f, "    (%s: %s)\n", fate_name(c->record->fate), c->record->why);
}

static void put_house(const struct page *p, const struct results *r, const struct summary *s)
{
    for (size_t i = 0; i < s->house_count; i++) {
        const struct house_row *h = &s->house[i];
        if (!h->broken)
            continue;
        fputs("\n  ", p->f);
        put_tone(p, TONE_BAD, "house");
        fprintf(p->f, " %s: %s; broken in %zu case%s, first %s\n      ", h->id,
                h->says ? h->says : "", h->broken, h->broken == 1 ? "" : "s",
                r->plan->cases[h->first].name);
        say_print(p->f, h->sentence);
        fputc('\n', p->f);
    }
}

/* Cases that say nothing, by why: one line each is too many. */
static void put_silent(const struct page *p, const struct results *r, const struct client_result *c)
{
    size_t unexercised = 0, blocked = 0, beyond = 0;
    for (size_t i = 0; i < r->plan->count; i++) {
        const struct case_result *k = &c->cases[i];
        if (!k->is_final)
            continue;
        if (k->is_blocked)
            blocked++;
        else if (case_verdict(k) == VERDICT_NOT_APPLICABLE)
            beyond++;
        else if (!k->graded->exercised)
            unexercised++;
    }
    if (unexercised + blocked + beyond)
        fprintf(p->f,
                "\n  cases that say nothing: %zu not exercised, %zu blocked, %zu not applicable\n",
                unexercised, blocked, beyond);
}

static void put_client(const struct page *p, const struct results *r, size_t client, bool verbose)
{
    static const char *const meaning[] = { ['A'] = "all MUST and SHOULD hold",
                                           ['B'] = "all MUST hold",
                                           ['C'] = "a MUST failed",
                                           ['F'] = "a critical MUST failed",
                                           ['-'] = "nothing was put to the test" };
    const struct client_result *c = &r->clients[client];
    const bool has_graded = plan_has_graded(r->plan);
    struct summary s;
    char name[128];
    fprintf(p->f, "\n%s", results_client_name(c, name));
    if (c->version && *c->version)
        fprintf(p->f, " (%s%s%s)", c->version, c->runtime && *c->runtime ? ", " : "",
                c->runtime ? c->runtime : "");
    fputc('\n', p->f);
    if (c->contract) {
        fputs("  ", p->f);
        put_tone(p, TONE_BAD, "not run");
        fprintf(p->f, ": %s\n", c->contract);
        return;
    }
    summary_make(&s, r, client);
    put_counts(p, &s);
    for (size_t i = 0; i < r->plan->count; i++)
        if (c->cases[i].is_final)
            put_case(p, &c->cases[i], plan_is_scored(c->cases[i].of, has_graded), verbose);
    put_house(p, r, &s);
    put_silent(p, r, c);
    fprintf(p->f, "\n  %s: ", name);
    put_tone(p, s.letter == 'A' || s.letter == 'B' ? TONE_GOOD : TONE_BAD,
             (const char[]){ s.letter, '\0' });
    fprintf(p->f, ", %s; %zu of %zu cases put to the test", meaning[(unsigned char)s.letter],
            s.exercised, s.cases);
    if (s.unscored)
        fprintf(p->f, ", %zu more not scored", s.unscored);
    fputs(r->was_interrupted ? " (interrupted)\n" : "\n", p->f);
}

static double longest_case(const struct results *r)
{
    int64_t longest = 0;
    for (size_t i = 0; i < r->client_count; i++)
        for (size_t k = 0; k < r->plan->count; k++) {
            const struct trial_record *played = r->clients[i].cases[k].record;
            longest = played && played->lasted > longest ? played->lasted : longest;
        }
    return (double)longest / (double)CLOCK_S;
}

void table_print(FILE *f, const struct results *r, bool colour, bool verbose)
{
    struct page p = { .f = f, .colour = colour };
    for (size_t i = 0; i < r->client_count; i++)
        put_client(&p, r, i, verbose);
    double seconds = (double)(r->ended - r->began) / (double)CLOCK_S;
    fprintf(f,
            "\n%.1f s, the longest case %.1f s; our own share %.0f %% of a core, our loop at most "
            "%.0f ms late\n",
            seconds, longest_case(r), (double)r->own / (double)CLOCK_S / seconds * 100,
            (double)r->noise / (double)CLOCK_MS);
    fflush(f);
}
