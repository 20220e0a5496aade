/*
 * The table of cases.
 */
#include "page_cases.h"

#include <string.h>

#include "groups.h"
#include "page.h"
#include "page_case.h"

void page_client_heads(FILE *f, const struct results *r)
{
    for (size_t i = 0; i < r->client_count; i++) {
        struct buf title = { 0 };
        client_title(&title, &r->clients[i]);
        fputs("<th scope=\"col\">", f);
        page_text(f, title.at);
        fputs("</th>", f);
        buf_free(&title);
    }
}

static void put_cell(FILE *f, const struct results *r, size_t client, size_t group)
{
    size_t all = group_end(r->plan, group) - group;
    const struct case_result *c = group_worst(r, client, group);
    struct mark mark = page_mark_of_case(c);
    bool is_link = case_rank(c) < RANK_NONE;
    fputs("<td>", f);
    if (is_link) {
        fputs("<a href=\"#", f);
        page_play_id(f, r, c);
        fputs("\">", f);
    }
    page_chip(f, &mark, NULL);
    if (is_link)
        fputs("</a>", f);
    if (is_link && all > 1)
        fprintf(f, " <small>%zu of %zu variants</small>", group_missed(r, client, group), all);
    fputs("</td>", f);
}

/* Many clients stand side by side as in a matrix: signs in narrow columns. */
static void put_narrow_cell(FILE *f, const struct results *r, size_t client, size_t group)
{
    const struct case_result *c = group_worst(r, client, group);
    struct mark mark = page_mark_of_case(c);
    fprintf(f, "<td class=\"%s\">", mark.tone);
    if (case_rank(c) < RANK_NONE) {
        fputs("<a href=\"#", f);
        page_play_id(f, r, c);
        fprintf(f, "\" title=\"%s\">", mark.word);
    }
    page_sign(f, &mark);
    fputs(case_rank(c) < RANK_NONE ? "</a></td>" : "</td>", f);
}

static void put_row(FILE *f, const struct results *r, size_t group)
{
    const struct scenario *s = r->plan->cases[group].scenario;
    enum rank rank = group_rank(r, group);
    fprintf(f, "<tr class=\"%s\"><th scope=\"row\">", rank < RANK_NONE ? "missed" : "fine");
    if (rank < RANK_NONE) {
        fputs("<a href=\"#case/", f);
        page_name(f, s->id);
        fputs("\">", f);
    }
    page_text(f, s->title ? s->title : s->id);
    fputs(rank < RANK_NONE ? "</a> <code>" : " <code>", f);
    page_text(f, s->id);
    fputs("</code></th>", f);
    for (size_t i = 0; i < r->client_count; i++)
        (results_has_many(r) ? put_narrow_cell : put_cell)(f, r, i, group);
    fputs("</tr>\n", f);
}

static bool is_in_layer(const struct plan *plan, size_t i, const char *layer)
{
    return is_group(plan, i) && strcmp(group_layer(plan, i), layer) == 0;
}

static void put_layer(FILE *f, const struct results *r, const char *layer)
{
    size_t count = 0, missed = 0;
    for (size_t i = 0; i < r->plan->count; i++)
        if (is_in_layer(r->plan, i, layer)) {
            count++;
            missed += group_rank(r, i) < RANK_NONE;
        }
    fprintf(f, "<tbody class=\"%s\"><tr class=\"layer\"><th scope=\"rowgroup\">",
            missed ? "missed" : "fine");
    page_text(f, layer);
    fprintf(f,
            " <small>%zu cases, %zu with something to look at</small></th><td "
            "colspan=\"%zu\"></td></tr>\n",
            count, missed, r->client_count);
    for (size_t i = 0; i < r->plan->count; i++)
        if (is_in_layer(r->plan, i, layer))
            put_row(f, r, i);
    fputs("</tbody>\n", f);
}

static void put_table_head(FILE *f, const struct results *r)
{
    bool has_many = results_has_many(r);
    fprintf(f,
            "<div class=\"%s\" tabindex=\"0\"><table class=\"%s\" style=\"--n:%zu\"><thead><tr><th "
            "scope=\"col\">Case</th>",
            has_many ? "grid" : "scroll", has_many ? "matrix" : "cases", r->client_count);
    if (!has_many)
        page_client_heads(f, r);
    for (size_t i = 0; has_many && i < r->client_count; i++) {
        fputs("<th scope=\"col\"><a href=\"#client/", f);
        page_client(f, r, i);
        page_upright(f, &r->clients[i]);
        fputs("</th>", f);
    }
}

void page_cases(FILE *f, const struct results *r)
{
    fputs("<section id=\"cases\"><h2>All cases</h2>\n<fieldset class=\"filter\"><legend "
          "class=\"hidden\">Which cases</legend><label><input type=\"radio\" name=\"show\" "
          "id=\"show-all\" checked> all</label> <label><input type=\"radio\" name=\"show\" "
          "id=\"show-missed\"> only with something to look at</label></fieldset>\n",
          f);
    put_table_head(f, r);
    fputs("</tr></thead>\n", f);
    for (size_t i = 0; i < r->plan->count; i++)
        if (is_group(r->plan, i) && group_begins_layer(r->plan, i))
            put_layer(f, r, group_layer(r->plan, i));
    fputs("</table></div></section>\n", f);
}
