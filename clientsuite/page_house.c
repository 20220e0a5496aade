/*
 * House checks on the page.
 */
#include "page_house.h"

#include "findings.h"
#include "page.h"
#include "page_case.h"
#include "page_cases.h"

static const struct verdict *house_verdict(const struct case_result *c, size_t row)
{
    size_t at = c->of->scenario->check_count + row;
    return c->is_final && c->record && at < c->graded->count ? &c->graded->verdicts[at] : NULL;
}

static void put_broken(FILE *f, const struct results *r, size_t client, size_t row)
{
    size_t n = 0, most = 6;
    for (size_t i = 0; i < r->plan->count; i++) {
        const struct case_result *c = &r->clients[client].cases[i];
        const struct verdict *v = house_verdict(c, row);
        if (!v || verdict_rank(v) >= RANK_OPEN || n++ >= most)
            continue;
        fputs(n == 1 ? "" : ", ", f);
        fputs("<a href=\"#", f);
        page_play_id(f, r, c);
        fputs("\">", f);
        page_text(f, c->of->name);
        fputs("</a>", f);
    }
    if (n > most)
        fprintf(f, " and %zu more", n - most);
}

static void put_cell(FILE *f, const struct results *r, const struct summary *s, size_t client,
                     size_t row)
{
    if (row >= s->house_count) {
        fputs("<td></td>", f);
        return;
    }
    const struct house_row *h = &s->house[row];
    struct verdict v = { .kind = h->broken ? VERDICT_FAIL : h->kind,
                         .level = h->level,
                         .house = true,
                         .critical = h->is_critical };
    struct mark mark = page_mark(verdict_rank(&v), v.kind);
    char word[64];
    snprintf(word, sizeof(word), "broken in %zu", h->broken);
    fputs("<td>", f);
    page_chip(f, &mark, h->broken ? word : v.kind == VERDICT_PASS ? "kept" : "not tested");
    if (h->broken) {
        fputs("<br><small>", f);
        put_broken(f, r, client, row);
        fputs("</small>", f);
    }
    fputs("</td>", f);
}

/* Many clients: who broke it, in one cell. */
static void put_breakers(FILE *f, const struct results *r, const struct summary *summaries,
                         size_t row)
{
    size_t kept = 0;
    fputs("<td>", f);
    for (size_t k = 0; k < r->client_count; k++) {
        const struct summary *s = &summaries[k];
        if (row >= s->house_count || !s->house[row].broken) {
            kept += row < s->house_count && s->house[row].kind == VERDICT_PASS;
            continue;
        }
        struct buf name = { 0 };
        client_name(&name, &r->clients[k]);
        fputs("<p><b>", f);
        page_text(f, name.at);
        fputs("</b> in <small>", f);
        put_broken(f, r, k, row);
        fputs("</small></p>", f);
        buf_free(&name);
    }
    fprintf(f, "<p><small>%zu of %zu kept it</small></p></td>", kept, r->client_count);
}

void page_house(FILE *f, const struct results *r, const struct summary *summaries)
{
    bool has_many = results_has_many(r);
    const struct summary *most = summaries;
    for (size_t i = 1; i < r->client_count; i++)
        if (summaries[i].house_count > most->house_count)
            most = &summaries[i];
    fputs("<section id=\"house\"><h2>House checks</h2>\n"
          "<p class=\"soft\">They hold in every case, and count once.</p>\n"
          "<div class=\"scroll\" tabindex=\"0\"><table class=\"house\"><thead><tr><th "
          "scope=\"col\">Check</th>",
          f);
    if (has_many)
        fputs("<th scope=\"col\">Broken by</th>", f);
    else
        page_client_heads(f, r);
    fputs("</tr></thead>\n<tbody>\n", f);
    for (size_t i = 0; r->client_count && i < most->house_count; i++) {
        const struct house_row *h = &most->house[i];
        fputs("<tr><th scope=\"row\">", f);
        page_text(f, h->says ? h->says : h->id);
        fputs(" <small><code>", f);
        page_text(f, h->id);
        fprintf(f, "</code>%s</small></th>", h->is_critical ? " critical" : "");
        if (has_many)
            put_breakers(f, r, summaries, i);
        for (size_t k = 0; !has_many && k < r->client_count; k++)
            put_cell(f, r, &summaries[k], k, i);
        fputs("</tr>\n", f);
    }
    fputs("</tbody></table></div></section>\n", f);
}
