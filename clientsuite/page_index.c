/*
 * The index of findings. What failed a MUST is open to the eye; what is less can be unfolded, so
 * that twenty lines of it do not bury the two that decided the letter.
 */
#include "page_index.h"

#include "groups.h"
#include "page.h"
#include "page_case.h"

enum { NAMES_MOST = 3 };

/* The first verdict of that rank, own checks before house checks; and how many more there are. */
static const struct verdict *find_verdict(const struct case_result *c, enum rank rank, size_t *more)
{
    const struct verdict *found = NULL;
    size_t n = 0;
    for (size_t i = 0; c->is_final && i < c->graded->count; i++)
        if (verdict_rank(&c->graded->verdicts[i]) == rank && n++ == 0)
            found = &c->graded->verdicts[i];
    *more = n ? n - 1 : 0;
    return found;
}

/* The play that stands for all clients: the first of that rank. */
static const struct case_result *first_of(const struct results *r, size_t group, enum rank rank)
{
    for (size_t k = 0; k < r->client_count; k++)
        if (case_rank(group_worst(r, k, group)) == rank)
            return group_worst(r, k, group);
    return NULL;
}

static void put_name(FILE *f, const struct results *r, size_t client)
{
    struct buf name = { 0 };
    if (results_is_one_profile(r)) {
        page_text(f, r->clients[client].variant->name);
        return;
    }
    client_name(&name, &r->clients[client]);
    page_text(f, name.at);
    buf_free(&name);
}

/* With one client there is nothing to say. */
static void put_clients(FILE *f, const struct results *r, size_t group, enum rank rank)
{
    size_t n = 0, shown = 0;
    for (size_t k = 0; k < r->client_count; k++)
        n += case_rank(group_worst(r, k, group)) == rank;
    fputs("<small class=\"who\">", f);
    if (n == r->client_count && n > 1)
        fprintf(f, "all %zu", n);
    else if (n > NAMES_MOST)
        fprintf(f, "%zu of %zu", n, r->client_count);
    else
        for (size_t k = 0; r->client_count > 1 && k < r->client_count; k++)
            if (case_rank(group_worst(r, k, group)) == rank) {
                fputs(shown++ ? ", " : "", f);
                put_name(f, r, k);
            }
    fputs("</small>", f);
}

static void put_line(FILE *f, const struct results *r, size_t group, enum rank rank)
{
    const struct scenario *s = r->plan->cases[group].scenario;
    const struct case_result *c = first_of(r, group, rank);
    size_t more = 0;
    const struct verdict *v = c ? find_verdict(c, rank, &more) : NULL;
    if (!v)
        return;
    struct mark mark = page_mark(rank, v->kind);
    fputs("<li>", f);
    page_chip(f, &mark, rank == RANK_OPEN ? NULL : level_word(v->level));
    fputs("<span class=\"says\"><a href=\"#case/", f);
    page_name(f, s->id);
    fputs("\">", f);
    page_text(f, v->says ? v->says : v->id);
    fputs("</a>", f);
    if (more)
        fprintf(f, " <small>and %zu more</small>", more);
    fputs("</span><span class=\"where\">", f);
    page_text(f, s->title ? s->title : s->id);
    fputs(" <code>", f);
    page_text(f, s->id);
    fputs("</code></span>", f);
    put_clients(f, r, group, rank);
    fputs("</li>\n", f);
}

static void put_rank(FILE *f, const struct results *r, enum rank rank)
{
    size_t n = 0;
    for (size_t i = 0; i < r->plan->count; i++)
        n += is_group(r->plan, i) && group_rank(r, i) == rank;
    if (!n)
        return;
    if (rank > RANK_BROKEN)
        fprintf(f, "<details><summary>%s <small>in %zu case%s</small></summary>\n",
                rank_heading(rank), n, n == 1 ? "" : "s");
    fputs("<ul class=\"index\">\n", f);
    for (size_t i = 0; i < r->plan->count; i++)
        if (is_group(r->plan, i) && group_rank(r, i) == rank)
            put_line(f, r, i, rank);
    fputs(rank > RANK_BROKEN ? "</ul></details>\n" : "</ul>\n", f);
}

void page_index(FILE *f, const struct results *r)
{
    bool is_any = false;
    for (size_t i = 0; i < r->plan->count; i++)
        is_any |= group_rank(r, i) < RANK_NONE;
    if (!is_any)
        return;
    fputs("<section id=\"findings\"><h2>What did not hold</h2>\n", f);
    for (int rank = RANK_CRITICAL; rank < RANK_NONE; rank++)
        put_rank(f, r, (enum rank)rank);
    fputs("</section>\n", f);
}
