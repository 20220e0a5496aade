/*
 * The baseline's section. Known failures are only counted: each stands where it failed, marked.
 */
#include "page_baseline.h"

#include "page.h"
#include "page_case.h"

static size_t count(const struct results *r, enum baseline_mark mark)
{
    size_t n = 0;
    for (size_t i = 0; i < r->client_count; i++)
        for (size_t k = 0; k < r->plan->count; k++) {
            const struct case_result *c = &r->clients[i].cases[k];
            for (size_t v = 0; c->is_final && v < c->graded->count; v++)
                n += case_mark(c, v) == mark;
        }
    return n;
}

static void put_row(FILE *f, const struct results *r, const struct case_result *c, size_t verdict)
{
    const struct verdict *v = &c->graded->verdicts[verdict];
    struct buf title = { 0 };
    client_title(&title, &r->clients[c->client]);
    fputs("<li>", f);
    page_text(f, title.at);
    fputs(": <b>", f);
    page_text(f, v->says ? v->says : v->id);
    fputs("</b> <code>", f);
    page_text(f, v->id);
    fputs("</code> in ", f);
    if (case_rank(c) < RANK_NONE) {
        fputs("<a href=\"#", f);
        page_play_id(f, r, c);
        fputs("\">", f);
    }
    page_text(f, c->of->name);
    fputs(case_rank(c) < RANK_NONE ? "</a></li>\n" : "</li>\n", f);
    buf_free(&title);
}

static void put_list(FILE *f, const struct results *r, enum baseline_mark mark, const char *heading)
{
    if (count(r, mark) == 0)
        return;
    fprintf(f, "<h3>%s</h3>\n<ul>\n", heading);
    for (size_t i = 0; i < r->client_count; i++)
        for (size_t k = 0; k < r->plan->count; k++) {
            const struct case_result *c = &r->clients[i].cases[k];
            for (size_t v = 0; c->is_final && v < c->graded->count; v++)
                if (case_mark(c, v) == mark)
                    put_row(f, r, c, v);
        }
    fputs("</ul>\n", f);
}

void page_baseline(FILE *f, const struct results *r)
{
    size_t known = count(r, BASELINE_EXPECTED), added = count(r, BASELINE_NEW),
           fixed = count(r, BASELINE_FIXED);
    if (known + added + fixed == 0)
        return;
    fprintf(f,
            "<section id=\"baseline\"><h2>Baseline</h2>\n<p>%zu failed as expected, %zu new, %zu "
            "fixed.</p>\n",
            known, added, fixed);
    put_list(f, r, BASELINE_NEW, "New: not known to fail");
    put_list(f, r, BASELINE_FIXED, "Fixed: known to fail, and passes");
    fputs("</section>\n", f);
}
