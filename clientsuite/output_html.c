/*
 * The report as one HTML file, the heaviest first: the letter and what broke it, a line for each
 * finding, counts, house checks, then an article for each scenario where somebody did not do what
 * was asked, and last the table of all cases.
 */
#include <stdlib.h>

#include "clock.h"
#include "groups.h"
#include "outputs.h"
#include "page.h"
#include "page_baseline.h"
#include "page_case.h"
#include "page_cases.h"
#include "page_house.h"
#include "page_index.h"
#include "page_ladder.h"

#ifndef CS_VERSION
#define CS_VERSION "0"
#endif

struct report {
    FILE *f;
    const struct results *r;
    struct summary *summaries; /* of each client */
    size_t missed[RANKS];      /* scenarios of each rank */
};

/* ---- the head -------------------------------------------------------------------------------- */

static const char *title_of(const struct report *p, char title[static 256])
{
    const struct client_result *c = p->r->clients;
    if (p->r->client_count == 0 || !results_is_one_profile(p->r))
        snprintf(title, 256, "%zu clients", p->r->client_count);
    else
        snprintf(title, 256, "%s%s%s",
                 c->variant->profile->title ? c->variant->profile->title
                                            : c->variant->profile->name,
                 c->version && *c->version ? " " : "", c->version ? c->version : "");
    return title;
}

static void put_facts(const struct report *p)
{
    const struct results *r = p->r;
    const struct client_result *c = r->clients;
    char date[32], text[128];
    bool is_one = results_is_one_profile(r);
    fputs("<ul class=\"facts\">\n", p->f);
    page_fact(p->f, "Runtime", is_one ? c->runtime : NULL);
    page_fact(p->f, "Date", wall_date(r->began, date));
    page_fact(p->f, "Edition", r->edition ? r->edition->name : NULL);
    snprintf(text, sizeof(text), "%.1f s", (double)(r->ended - r->began) / (double)CLOCK_S);
    page_fact(p->f, "Took", text);
    snprintf(text, sizeof(text), "%.0f ms", (double)r->noise / (double)CLOCK_MS);
    page_fact(p->f, "Own lateness", text);
    page_fact(p->f, "Suite", "clientsuite " CS_VERSION);
    page_fact(p->f, "Home page", is_one ? c->variant->profile->homepage : NULL);
    fputs("</ul>\n", p->f);
    if (r->was_interrupted)
        fputs("<p class=\"fate\"><b>Interrupted:</b> this is what ran until then.</p>\n", p->f);
}

static void put_letter(FILE *f, char letter, const char *class)
{
    const char *name = letter == '-' ? "none" : (const char[]){ letter, '\0' };
    fprintf(f, "<span class=\"letter %s l-%s\"><span class=\"hidden\">Letter </span>%s</span>",
            class, name, letter == '-' ? "\xE2\x80\x93" : name);
}

/* The letter of all, if they are one profile's variants, and the sentence of who has it. */
static void put_verdict(const struct report *p)
{
    size_t worst = 0;
    struct buf why = { 0 };
    if (!results_is_one_profile(p->r))
        return;
    for (size_t i = 1; i < p->r->client_count; i++)
        if (letter_worst(p->summaries[worst].letter, p->summaries[i].letter) !=
            p->summaries[worst].letter)
            worst = i;
    letter_reason(&why, p->r, worst, &p->summaries[worst]);
    fputs("<div class=\"verdict\">", p->f);
    put_letter(p->f, p->summaries[worst].letter, "large");
    fputs("<p>", p->f);
    page_octets(p->f, why.at ? why.at : "", why.len);
    if (p->r->client_count > 1) {
        fputs(" <small>The worst of its variants counts; here ", p->f);
        page_text(p->f, p->r->clients[worst].variant->name);
        fputs(".</small>", p->f);
    }
    fputs("</p></div>\n", p->f);
    buf_free(&why);
}

/* Several clients: each one's letter, and the way to what it comes from. */
static void put_letters(const struct report *p)
{
    if (results_is_one_profile(p->r))
        return;
    fputs("<ul class=\"letters\">\n", p->f);
    for (size_t i = 0; i < p->r->client_count; i++) {
        struct buf title = { 0 };
        client_title(&title, &p->r->clients[i]);
        fputs("<li>", p->f);
        put_letter(p->f, p->summaries[i].letter, "");
        fputs(" <a href=\"#client/", p->f);
        page_client(p->f, p->r, i);
        fputs("\">", p->f);
        page_text(p->f, title.at);
        fputs("</a></li>\n", p->f);
        buf_free(&title);
    }
    fputs("</ul>\n", p->f);
}

static void put_navigation(const struct report *p)
{
    static const char *const ids[RANKS] = { [RANK_CRITICAL] = "critical",
                                            [RANK_MUST] = "must",
                                            [RANK_BROKEN] = "broken",
                                            [RANK_SHOULD] = "should",
                                            [RANK_OPEN] = "open" };
    fputs("<nav>", p->f);
    for (int rank = RANK_CRITICAL; rank < RANK_NONE; rank++)
        if (p->missed[rank])
            fprintf(p->f, "<a href=\"#missed-%s\">%s <b>%zu</b></a> ", ids[rank],
                    rank_heading((enum rank)rank), p->missed[rank]);
    fputs("<a href=\"#counts\">Counts</a> <a href=\"#house\">House checks</a> "
          "<a href=\"#cases\">All cases</a>",
          p->f);
    fputs("</nav>\n", p->f);
}

static void put_head(const struct report *p)
{
    char title[256];
    fprintf(
        p->f,
        "<header class=\"top\">\n<p class=\"soft\">How %s with proxies that misbehave</p>\n<h1>",
        results_is_one_profile(p->r) ? "it copes" : "they cope");
    page_text(p->f, title_of(p, title));
    fputs("</h1>\n", p->f);
    put_verdict(p);
    put_letters(p);
    put_navigation(p);
    put_facts(p);
    fputs("</header>\n", p->f);
}

/* ---- counts ---------------------------------------------------------------------------------- */

static void put_tally(FILE *f, const struct level_tally *t, bool is_should)
{
    size_t bad = is_should ? t->weak + t->fail : t->fail, judged = t->pass + bad;
    if (!judged) {
        fputs("<td class=\"none\">\xE2\x80\x93</td>", f);
        return;
    }
    fprintf(
        f,
        "<td class=\"%s\"><span class=\"bar\" style=\"--p:%.1f%%\"></span>%zu<small>/%zu</small>"
        "</td>",
        bad == 0    ? "good"
        : is_should ? "weak"
                    : "bad",
        100.0 * (double)t->pass / (double)judged, t->pass, judged);
}

static void put_layer(FILE *f, const struct layer_tally *l, bool is_sum)
{
    size_t open = l->must.other + l->policy.other + l->should.other;
    size_t beyond = l->must.not_applicable + l->policy.not_applicable + l->should.not_applicable;
    fprintf(f, "<tr%s><th scope=\"row\">", is_sum ? " class=\"sum\"" : "");
    page_text(f, *l->layer ? l->layer : "other");
    fputs("</th>", f);
    put_tally(f, &l->must, false);
    put_tally(f, &l->policy, false);
    put_tally(f, &l->should, true);
    fprintf(f, "<td>%zu</td><td>%zu</td></tr>\n", open, beyond);
}

static void put_coverage(FILE *f, const struct summary *s)
{
    double p = s->cases ? 100.0 * (double)s->exercised / (double)s->cases : 0;
    fprintf(f,
            "<p class=\"coverage\"><span class=\"bar wide\" style=\"--p:%.1f%%\"></span>"
            "<b>%zu</b> of %zu cases put it to the test; %zu were played</p>\n",
            p, s->exercised, s->cases, s->played);
}

static void put_client(const struct report *p, size_t client)
{
    const struct client_result *c = &p->r->clients[client];
    const struct summary *s = &p->summaries[client];
    struct buf title = { 0 }, why = { 0 };
    client_title(&title, c);
    letter_reason(&why, p->r, client, s);
    fputs("<section class=\"card\" id=\"client/", p->f);
    page_client(p->f, p->r, client);
    fputs("\">\n<h3>", p->f);
    put_letter(p->f, s->letter, "");
    fputc(' ', p->f);
    page_text(p->f, title.at);
    fputs("</h3>\n<p class=\"soft\">", p->f);
    page_text(p->f, c->variant->about);
    fputs("</p>\n<p>", p->f);
    page_octets(p->f, why.at ? why.at : "", why.len);
    fputs("</p>\n", p->f);
    if (!c->contract) {
        put_coverage(p->f, s);
        fputs("<div class=\"scroll\" tabindex=\"0\"><table class=\"counts\"><caption>Checks that "
              "held, of those that were put to the test</caption><thead><tr><th "
              "scope=\"col\">Layer</th>"
              "<th scope=\"col\">MUST <small>by RFC</small></th><th scope=\"col\">MUST <small>by "
              "policy</small></th><th scope=\"col\">SHOULD</th><th scope=\"col\">not "
              "shown</th><th scope=\"col\">n/a</th></tr></thead>\n<tbody>\n",
              p->f);
        for (size_t i = 0; i < s->layer_count; i++)
            put_layer(p->f, &s->layers[i], false);
        put_layer(p->f, &s->all, true);
        fputs("</tbody></table></div>\n", p->f);
    }
    fputs("</section>\n", p->f);
    buf_free(&title);
    buf_free(&why);
}

static void put_counts(const struct report *p)
{
    const struct client_result *c = p->r->clients;
    fputs("<section id=\"counts\"><h2>Counts</h2>\n", p->f);
    if (results_is_one_profile(p->r) && c->variant->profile->about) {
        fputs("<p class=\"soft\">", p->f);
        page_text(p->f, c->variant->profile->about);
        fputs("</p>\n", p->f);
    }
    fputs("<div class=\"cards\">\n", p->f);
    for (size_t i = 0; i < p->r->client_count; i++)
        put_client(p, i);
    fputs("</div></section>\n", p->f);
}

/* ---- what did not hold ----------------------------------------------------------------------- */

static void put_missed(const struct report *p, enum rank rank, const char *id)
{
    if (!p->missed[rank])
        return;
    fprintf(p->f, "<section id=\"missed-%s\"><h2>%s <small>%zu</small></h2>\n", id,
            rank_heading(rank), p->missed[rank]);
    for (size_t i = 0; i < p->r->plan->count; i++)
        if (is_group(p->r->plan, i) && group_rank(p->r, i) == rank)
            page_group(p->f, p->r, i);
    fputs("</section>\n", p->f);
}

static void put_page(struct report *p)
{
    char title[256], heading[300];
    for (size_t i = 0; i < p->r->plan->count; i++)
        if (is_group(p->r->plan, i))
            p->missed[group_rank(p->r, i)]++;
    snprintf(heading, sizeof(heading), "%s, graded", title_of(p, title));
    page_begin(p->f, heading);
    page_ladder_shapes(p->f);
    put_head(p);
    fputs("<main>\n", p->f);
    page_index(p->f, p->r);
    put_counts(p);
    page_house(p->f, p->r, p->summaries);
    page_baseline(p->f, p->r);
    put_missed(p, RANK_CRITICAL, "critical");
    put_missed(p, RANK_MUST, "must");
    put_missed(p, RANK_BROKEN, "broken");
    put_missed(p, RANK_SHOULD, "should");
    put_missed(p, RANK_OPEN, "open");
    page_cases(p->f, p->r);
    fputs("</main>\n", p->f);
    page_end(p->f);
}

static void write_end(FILE *f, const struct results *r, int exit_code)
{
    struct summary *summaries = calloc(r->client_count + 1, sizeof(*summaries));
    struct report p = { .f = f, .r = r, .summaries = summaries };
    (void)exit_code;
    if (!summaries)
        abort();
    for (size_t i = 0; i < r->client_count; i++)
        summary_make(&summaries[i], r, i);
    put_page(&p);
    free(summaries);
}

const struct output_form output_html = { .name = "html", .end = write_end };
