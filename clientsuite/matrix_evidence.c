/*
 * Below a matrix: what happened, scenario by scenario. Clients that came to the same in the same
 * words stand together, the worst first; what was not shown has one reason for all checks. So forty
 * clients stay readable.
 */
#include <stdlib.h>

#include "groups.h"
#include "matrix.h"
#include "page.h"
#include "page_case.h"

/* ---- checks ---------------------------------------------------------------------------------- */

static void put_check(FILE *f, const struct case_result *c, const struct verdict *v)
{
    struct mark mark = page_mark(verdict_rank(v), v->kind);
    fputs("<span class=\"what\">", f);
    page_chip(f, &mark, level_word(v->level));
    fputc(' ', f);
    page_text(f, v->says ? v->says : v->id);
    fputs(": <small>", f);
    page_text(f, *v->sentence ? v->sentence : c->graded->reason);
    fputs("</small></span>", f);
}

static void put_open(FILE *f, const struct case_result *c)
{
    struct mark mark = page_mark_of_case(c);
    const char *why = c->is_blocked ? c->blocked_by : c->graded->reason;
    size_t n = 0;
    fputs("<span class=\"what\">", f);
    page_chip(f, &mark, NULL);
    for (size_t i = 0; i < c->graded->count; i++) {
        const struct verdict *v = &c->graded->verdicts[i];
        if (verdict_rank(v) != RANK_OPEN)
            continue;
        fputs(n++ ? "; " : " ", f);
        page_text(f, v->says ? v->says : v->id);
        if (!why || !*why)
            why = v->sentence;
    }
    fputs(": <small>", f);
    page_text(f, why);
    fputs("</small></span>", f);
}

static void put_checks(FILE *f, const struct case_result *c)
{
    if (case_rank(c) == RANK_OPEN) {
        put_open(f, c);
        return;
    }
    for (int rank = RANK_CRITICAL; rank < RANK_OPEN; rank++)
        for (size_t i = 0; i < c->graded->count; i++)
            if (verdict_rank(&c->graded->verdicts[i]) == (enum rank)rank)
                put_check(f, c, &c->graded->verdicts[i]);
}

/* ---- plays ----------------------------------------------------------------------------------- */

/* The plays of one scenario that are not as asked. */
struct plays {
    const struct case_result **at;
    size_t count;
};

static int compare(const void *a, const void *b)
{
    const struct case_result *x = *(const struct case_result *const *)a,
                             *y = *(const struct case_result *const *)b;
    enum rank rank_x = case_rank(x), rank_y = case_rank(y);
    if (rank_x != rank_y)
        return rank_x < rank_y ? -1 : 1;
    if (x->of != y->of)
        return x->of < y->of ? -1 : 1;
    return (x->client > y->client) - (x->client < y->client);
}

static struct plays find_plays(const struct results *r, size_t group)
{
    size_t end = group_end(r->plan, group);
    struct plays plays = { .at = calloc((end - group) * r->client_count + 1, sizeof(*plays.at)) };
    if (!plays.at)
        abort();
    for (size_t k = 0; k < r->client_count; k++)
        for (size_t i = group; i < end; i++)
            if (case_rank(&r->clients[k].cases[i]) < RANK_NONE)
                plays.at[plays.count++] = &r->clients[k].cases[i];
    qsort(plays.at, plays.count, sizeof(*plays.at), compare);
    return plays;
}

/* The client's name is the way to its ladder and journal, where there is a report. */
static void put_name(const struct matrix *m, const struct case_result *c)
{
    struct buf title = { 0 };
    bool is_link = matrix_report(m, c->client) != NULL;
    client_title(&title, &m->r->clients[c->client]);
    fputs("<span class=\"name\" id=\"", m->f);
    page_play_id(m->f, m->r, c);
    fputs("\">", m->f);
    if (is_link) {
        fputs("<a href=\"", m->f);
        matrix_link(m, c);
        fputs("\">", m->f);
    }
    page_text(m->f, title.at);
    fputs(is_link ? "</a></span>" : "</span>", m->f);
    buf_free(&title);
}

static bool is_alike(const struct case_result *c, const struct case_result *other)
{
    return other && other->of == c->of && plays_are_alike(c, other, ALIKE_BUT_FOR_TIMES);
}

/* The play at `first` and all behind it that are alike; those are taken out. */
static void put_alike(const struct matrix *m, struct plays *plays, size_t first)
{
    const struct case_result *c = plays->at[first];
    fputs("<li>", m->f);
    put_checks(m->f, c);
    fputs(" <span class=\"what names\">", m->f);
    if (c->of->scenario->variant) {
        fputs("<code>@", m->f);
        page_text(m->f, c->of->scenario->variant);
        fputs("</code> ", m->f);
    }
    put_name(m, c);
    for (size_t i = first + 1; i < plays->count; i++)
        if (is_alike(c, plays->at[i])) {
            fputs(", ", m->f);
            put_name(m, plays->at[i]);
            plays->at[i] = NULL;
        }
    fputs("</span></li>\n", m->f);
}

static void put_group(const struct matrix *m, size_t group)
{
    const struct scenario *s = m->r->plan->cases[group].scenario;
    struct plays plays = find_plays(m->r, group);
    fputs("<article id=\"case/", m->f);
    page_name(m->f, s->id);
    fputs("\"><h3>", m->f);
    page_text(m->f, s->title ? s->title : s->id);
    fputs("</h3><p class=\"soft\"><code>", m->f);
    page_text(m->f, s->id);
    fputs("</code></p><p>", m->f);
    page_text(m->f, s->about);
    fputs("</p><p class=\"hand\"><span>By hand</span> <code>fakeproxy --scenario ", m->f);
    page_text(m->f, m->r->plan->cases[group].name);
    fputs("</code></p>\n<ul class=\"plays\">\n", m->f);
    for (size_t i = 0; i < plays.count; i++)
        if (plays.at[i])
            put_alike(m, &plays, i);
    fputs("</ul></article>\n", m->f);
    free(plays.at);
}

void matrix_evidence(const struct matrix *m)
{
    bool is_linked = false;
    for (size_t i = 0; i < m->r->client_count; i++)
        is_linked |= matrix_report(m, i) != NULL;
    fprintf(
        m->f,
        "<section id=\"evidence\"><h2>What happened</h2>\n<p class=\"soft\">Clients that came to "
        "the same stand together; times are those of the first.%s</p>\n",
        is_linked ? " A name leads to the ladder and the journal." : "");
    for (size_t i = 0; i < m->r->plan->count; i++)
        if (is_group(m->r->plan, i) && group_rank(m->r, i) < RANK_NONE)
            put_group(m, i);
    fputs("</section>\n", m->f);
}

/* ---- clients --------------------------------------------------------------------------------- */

static void put_client(const struct matrix *m, size_t client)
{
    const struct client_result *c = &m->r->clients[client];
    const struct summary *s = &m->summaries[client];
    struct buf title = { 0 }, why = { 0 };
    client_title(&title, c);
    letter_reason(&why, m->r, client, s);
    fputs("<li id=\"client/", m->f);
    page_client(m->f, m->r, client);
    fprintf(m->f, "\"><span class=\"letter l-%c\">%c</span> <b>",
            s->letter == '-' ? 'n' : s->letter, s->letter);
    page_text(m->f, title.at);
    fputs("</b> ", m->f);
    page_octets(m->f, why.at ? why.at : "", why.len);
    fputs(" <small>", m->f);
    page_text(m->f, m->read->sources[m->read->source_of[client]].path);
    fputs("</small></li>\n", m->f);
    buf_free(&title);
    buf_free(&why);
}

void matrix_clients(const struct matrix *m)
{
    fputs("<section id=\"clients\"><h2>Why these letters</h2>\n<ul class=\"plays\">\n", m->f);
    for (size_t i = 0; i < m->r->client_count; i++)
        put_client(m, i);
    fputs("</ul></section>\n", m->f);
}
