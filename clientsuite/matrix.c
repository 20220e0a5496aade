/*
 * `clientsuite matrix`: clients and versions side by side, a row for each scenario. A cell leads to
 * the evidence: to the client's own report, if FILE.html lies beside its results FILE.json, or else
 * to a few lines further down on the same page.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "groups.h"
#include "matrix.h"
#include "memory.h"
#include "page.h"
#include "page_case.h"
#include "report_link.h"
#include "suite.h"

/* ---- reports beside the results -------------------------------------------------------------- */

static void find_reports(struct matrix *m, const char *output)
{
    char copy[PATH_MAX], folder[PATH_MAX];
    snprintf(copy, sizeof(copy), "%s", strcmp(output, "-") == 0 ? "./-" : output);
    m->reports = memory_must(calloc(m->read->source_count + 1, sizeof(*m->reports)));
    if (!realpath(dirname(copy), folder))
        return;
    for (size_t i = 0; i < m->read->source_count; i++)
        m->reports[i] = report_link(m->read->sources[i].path, folder);
}

/* ---- links ----------------------------------------------------------------------------------- */

const char *matrix_report(const struct matrix *m, size_t client)
{
    return m->reports[m->read->source_of[client]];
}

/* In its own report, a client is alone with those of the same file. */
static void put_own_id(const struct matrix *m, const struct case_result *c)
{
    const struct client_result *client = &m->r->clients[c->client];
    page_name(m->f, client->variant->profile->name);
    if (strcmp(client->variant->name, "default") != 0) {
        fputc('@', m->f);
        page_name(m->f, client->variant->name);
    }
    fputc('/', m->f);
    page_name(m->f, c->of->name);
}

void matrix_link(const struct matrix *m, const struct case_result *c)
{
    const char *report = matrix_report(m, c->client);
    page_text(m->f, report);
    fputc('#', m->f);
    if (report)
        put_own_id(m, c);
    else
        page_play_id(m->f, m->r, c);
}

/* ---- cells ----------------------------------------------------------------------------------- */

static void put_cell(const struct matrix *m, size_t client, size_t group)
{
    const struct case_result *c = group_worst(m->r, client, group);
    struct mark mark = page_mark_of_case(c);
    fprintf(m->f, "<td class=\"%s\">", mark.tone);
    if (case_rank(c) < RANK_NONE) {
        fputs("<a href=\"", m->f);
        matrix_link(m, c);
        fprintf(m->f, "\" title=\"%s\">", mark.word);
        page_sign(m->f, &mark);
        fputs("</a>", m->f);
    } else {
        page_sign(m->f, &mark);
    }
    fputs("</td>", m->f);
}

/* Do clients that were asked differ? */
static bool is_different(const struct matrix *m, size_t group)
{
    const char *first = NULL;
    for (size_t i = 0; i < m->r->client_count; i++) {
        struct mark mark = page_mark_of_case(group_worst(m->r, i, group));
        if (strcmp(mark.tone, "none") == 0)
            continue;
        if (first && strcmp(first, mark.tone) != 0)
            return true;
        first = mark.tone;
    }
    return false;
}

static void put_row(const struct matrix *m, size_t group)
{
    const struct scenario *s = m->r->plan->cases[group].scenario;
    enum rank rank = group_rank(m->r, group);
    fprintf(m->f, "<tr class=\"%s %s\"><th scope=\"row\" title=\"",
            is_different(m, group) ? "differ" : "same", rank <= RANK_MUST ? "failed" : "fine");
    page_text(m->f, s->title);
    fputs("\">", m->f);
    if (rank < RANK_NONE) {
        fputs("<a href=\"#case/", m->f);
        page_name(m->f, s->id);
        fputs("\">", m->f);
    } else
        fputs("<b>", m->f);
    page_text(m->f, s->title ? s->title : s->id);
    fputs(rank < RANK_NONE ? "</a> <code>" : "</b> <code>", m->f);
    page_text(m->f, s->id);
    fputs("</code></th>", m->f);
    for (size_t i = 0; i < m->r->client_count; i++)
        put_cell(m, i, group);
    fputs("</tr>\n", m->f);
}

/* ---- the table ------------------------------------------------------------------------------- */

static void put_client_head(const struct matrix *m, size_t client)
{
    const char *report = matrix_report(m, client);
    char letter = m->summaries[client].letter;
    fputs("<th scope=\"col\"><a href=\"", m->f);
    if (report)
        page_text(m->f, report);
    else {
        fputs("#client/", m->f);
        page_client(m->f, m->r, client);
    }
    page_upright(m->f, &m->r->clients[client]);
    fprintf(m->f, "<span class=\"letter l-%c\">%c</span></th>", letter == '-' ? 'n' : letter,
            letter);
}

static void put_sum_row(const struct matrix *m, const char *name,
                        size_t (*count)(const struct summary *), const char *tone)
{
    fprintf(m->f, "<tr class=\"number\"><th scope=\"row\">%s</th>", name);
    for (size_t i = 0; i < m->r->client_count; i++) {
        size_t n = count(&m->summaries[i]);
        if (m->summaries[i].letter == '-')
            fputs("<td class=\"none\">\xE2\x80\x93</td>", m->f);
        else
            fprintf(m->f, "<td class=\"%s\">%zu</td>", n ? tone : "zero", n);
    }
    fputs("</tr>\n", m->f);
}

static size_t count_rfc(const struct summary *s)
{
    return s->all.must.fail;
}

static size_t count_policy(const struct summary *s)
{
    return s->all.policy.fail;
}

static size_t count_should(const struct summary *s)
{
    return s->all.should.fail + s->all.should.weak;
}

static size_t count_exercised(const struct summary *s)
{
    return s->exercised;
}

static void put_house_row(const struct matrix *m, const struct house_row *h, size_t row)
{
    fputs("<tr><th scope=\"row\"><b>", m->f);
    page_text(m->f, h->says ? h->says : h->id);
    fputs("</b> <code>", m->f);
    page_text(m->f, h->id);
    fprintf(m->f, "%s</code></th>", h->is_critical ? ", critical" : "");
    for (size_t i = 0; i < m->r->client_count; i++) {
        const struct summary *s = &m->summaries[i];
        const struct house_row *own = row < s->house_count ? &s->house[row] : NULL;
        struct verdict v = { .kind = !own          ? VERDICT_NOT_APPLICABLE
                                     : own->broken ? VERDICT_FAIL
                                                   : own->kind,
                             .level = h->level,
                             .house = true,
                             .critical = h->is_critical };
        struct mark mark = page_mark(verdict_rank(&v), v.kind);
        fprintf(m->f, "<td class=\"%s\">", mark.tone);
        if (own && own->broken) {
            fputs("<a href=\"", m->f);
            matrix_link(m, &m->r->clients[i].cases[own->first]);
            fprintf(m->f, "\" title=\"broken in %zu\">", own->broken);
        }
        page_sign(m->f, &mark);
        fputs(own && own->broken ? "</a></td>" : "</td>", m->f);
    }
    fputs("</tr>\n", m->f);
}

static void put_sums(const struct matrix *m)
{
    const struct summary *most = m->summaries;
    fputs("<tbody class=\"sums\">\n", m->f);
    put_sum_row(m, "MUST failed, by RFC", count_rfc, "bad");
    put_sum_row(m, "MUST failed, by policy", count_policy, "bad");
    put_sum_row(m, "SHOULD missed", count_should, "weak");
    put_sum_row(m, "Cases that put it to the test", count_exercised, "plain");
    fprintf(m->f,
            "</tbody>\n<tbody><tr class=\"layer\"><th scope=\"rowgroup\">house checks</th>"
            "<td colspan=\"%zu\"></td></tr>\n",
            m->r->client_count);
    for (size_t i = 1; i < m->r->client_count; i++)
        if (m->summaries[i].house_count > most->house_count)
            most = &m->summaries[i];
    for (size_t i = 0; i < most->house_count; i++)
        put_house_row(m, &most->house[i], i);
    fputs("</tbody>\n", m->f);
}

static void put_layer(const struct matrix *m, const char *layer)
{
    fputs("<tbody class=\"rows\" id=\"layer/", m->f);
    page_name(m->f, layer);
    fputs("\"><tr class=\"layer\"><th scope=\"rowgroup\">", m->f);
    page_text(m->f, layer);
    fprintf(m->f, "</th><td colspan=\"%zu\"></td></tr>\n", m->r->client_count);
    for (size_t i = 0; i < m->r->plan->count; i++)
        if (is_group(m->r->plan, i) && strcmp(group_layer(m->r->plan, i), layer) == 0)
            put_row(m, i);
    fputs("</tbody>\n", m->f);
}

static void put_table(const struct matrix *m)
{
    fprintf(m->f,
            "<div class=\"grid\" tabindex=\"0\" role=\"region\" aria-label=\"Cases by "
            "clients\"><table class=\"matrix\" style=\"--n:%zu\">\n<thead><tr><th "
            "scope=\"col\">Case</th>",
            m->r->client_count);
    for (size_t i = 0; i < m->r->client_count; i++)
        put_client_head(m, i);
    fputs("</tr></thead>\n", m->f);
    put_sums(m);
    for (size_t i = 0; i < m->r->plan->count; i++)
        if (is_group(m->r->plan, i) && group_begins_layer(m->r->plan, i))
            put_layer(m, group_layer(m->r->plan, i));
    fputs("</table></div>\n", m->f);
}

/* ---- the page -------------------------------------------------------------------------------- */

static void put_navigation(const struct matrix *m)
{
    const struct plan *plan = m->r->plan;
    fputs("<nav><span>Layers:</span> ", m->f);
    for (size_t i = 0; i < plan->count; i++)
        if (is_group(plan, i) && group_begins_layer(plan, i)) {
            fputs("<a href=\"#layer/", m->f);
            page_name(m->f, group_layer(plan, i));
            fputs("\">", m->f);
            page_text(m->f, group_layer(plan, i));
            fputs("</a> ", m->f);
        }
    fputs("<a href=\"#clients\">Why these letters</a> <a href=\"#evidence\">What "
          "happened</a></nav>\n",
          m->f);
}

static void put_head(const struct matrix *m)
{
    char date[32];
    fprintf(
        m->f,
        "<header class=\"top\"><p class=\"soft\">How they cope with proxies that misbehave</p>\n"
        "<h1>%zu clients, %zu cases</h1>\n<p class=\"soft\">%s%s%s. A row is a scenario, the "
        "worst of its variants; a cell leads to what happened.</p>\n",
        m->r->client_count, group_count(m->r->plan), wall_date(m->r->began, date),
        m->r->edition ? ", edition " : "", m->r->edition ? m->r->edition->name : "");
    fputs("<p class=\"legend\">", m->f);
    for (int rank = RANK_CRITICAL; rank <= RANK_NONE; rank++) {
        static const char *const words[RANKS] = {
            "critical MUST failed", "MUST failed", NULL, "SHOULD missed", "not shown", "as asked"
        };
        struct mark mark = page_mark((enum rank)rank, VERDICT_PASS);
        if (words[rank])
            page_chip(m->f, &mark, words[rank]);
        fputc(' ', m->f);
    }
    struct mark none = page_mark(RANK_NONE, VERDICT_NOT_APPLICABLE);
    page_chip(m->f, &none, "not applicable");
    fputs(
        "</p>\n<fieldset class=\"filter\"><legend class=\"hidden\">Which rows</legend>"
        "<label><input type=\"radio\" name=\"rows\" id=\"rows-all\" checked> all rows</label> "
        "<label><input type=\"radio\" name=\"rows\" id=\"rows-differ\"> only where clients "
        "differ</label> <label><input type=\"radio\" name=\"rows\" id=\"rows-failed\"> only where "
        "a MUST failed</label></fieldset>\n",
        m->f);
    put_navigation(m);
    fputs("</header>\n", m->f);
}

static void put_page(const struct matrix *m)
{
    page_begin(m->f, "Clients side by side");
    put_head(m);
    fputs("<main class=\"wide\">\n", m->f);
    put_table(m);
    matrix_clients(m);
    matrix_evidence(m);
    fputs("</main>\n", m->f);
    page_end(m->f);
}

static int write_page(struct matrix *m, const char *path)
{
    m->f = strcmp(path, "-") == 0 ? fdopen(dup(STDOUT_FILENO), "w") : fopen(path, "we");
    bool is_good = m->f != NULL;
    if (m->f) {
        put_page(m);
        is_good = !ferror(m->f);
        is_good &= fclose(m->f) == 0;
    }
    if (!is_good)
        fprintf(stderr, "clientsuite: %s cannot be written: %s\n", path, strerror(errno));
    return is_good ? 0 : -1;
}

int suite_matrix(const struct suite_options *o)
{
    struct results_read *read = results_read(o->operands, o->operand_count, RESULTS_APART);
    if (!read)
        return EXIT_USAGE;
    struct matrix m = { .read = read, .r = read->results };
    m.summaries = memory_must(calloc(m.r->client_count + 1, sizeof(*m.summaries)));
    for (size_t i = 0; i < m.r->client_count; i++)
        summary_make(&m.summaries[i], m.r, i);
    find_reports(&m, o->output);
    int result = write_page(&m, o->output);
    for (size_t i = 0; i < read->source_count; i++)
        free(m.reports[i]);
    free(m.reports);
    free(m.summaries);
    results_read_free(read);
    return result < 0 ? EXIT_HARNESS : EXIT_OK;
}
