/*
 * The statements of the diagnostic guide, and docs/guide-coverage.md.
 */
#include "statements.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "markdown.h"

/* ---- reading --------------------------------------------------------------------------------- */

static bool add_case(struct statement *s, const struct shipped *shipped, const char *id, size_t len,
                     size_t *count)
{
    const struct shipped_case *c = shipped_find(shipped, id, len);
    if (!c)
        fprintf(stderr, "docs/guide-statements.tsv: %s: %.*s is not shipped\n", s->number, (int)len,
                id);
    else
        s->cases[(*count)++] = c;
    return c != NULL;
}

static bool read_cases(struct statements *all, struct statement *s, const struct shipped *shipped,
                       const char *at)
{
    bool is_fine = true;
    size_t count = 0;
    s->cases = arena_take(all->arena, (strlen(at) / 2 + 2) * sizeof(struct shipped_case *));
    for (size_t len; *at; at += len + (at[len] == ' ')) {
        len = strcspn(at, " ");
        is_fine &= add_case(s, shipped, at, len, &count);
    }
    if (count == 0)
        fprintf(stderr, "docs/guide-statements.tsv: %s has no case\n", s->number);
    return is_fine && count > 0;
}

/* The line is cut at its tabs. */
static bool read_line(struct statements *all, size_t nth, const struct shipped *shipped, char *line)
{
    char wanted[8];
    char *text = strchr(line, '\t'), *ids = text ? strchr(text + 1, '\t') : NULL;
    snprintf(wanted, sizeof(wanted), "S%02zu", nth + 1);
    if (nth >= STATEMENTS || !ids || (size_t)(text - line) != strlen(wanted) ||
        memcmp(line, wanted, strlen(wanted)) != 0) {
        fprintf(stderr, "docs/guide-statements.tsv: expected %s, its statement, its cases: %s\n",
                wanted, line);
        return false;
    }
    struct statement *s = &all->list[nth];
    *text++ = *ids++ = '\0';
    memcpy(s->number, wanted, sizeof(wanted));
    s->text = arena_copy(all->arena, text, strlen(text));
    return read_cases(all, s, shipped, ids);
}

struct statements *statements_load(const struct output *o, const struct shipped *shipped)
{
    struct buf text = { 0 };
    struct statements *all = calloc(1, sizeof(*all));
    if (!all)
        abort();
    all->arena = arena_new();
    bool is_fine = output_read(o, "docs/guide-statements.tsv", &text);
    size_t count = 0;
    buf_char(&text, '\0');
    char *rest = text.at;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line && *line != '#')
            is_fine &= read_line(all, count++, shipped, line);
    buf_free(&text);
    if (count != STATEMENTS)
        fprintf(stderr, "docs/guide-statements.tsv: %zu statements, expected %d\n", count,
                STATEMENTS);
    if (is_fine && count == STATEMENTS)
        return all;
    statements_free(all);
    return NULL;
}

void statements_free(struct statements *s)
{
    if (!s)
        return;
    arena_free(s->arena);
    free(s);
}

/* ---- the page -------------------------------------------------------------------------------- */

static bool is_named(const struct statements *all, const struct shipped_case *c)
{
    for (size_t i = 0; i < STATEMENTS; i++)
        for (const struct shipped_case *const *at =
                 (const struct shipped_case *const *)all->list[i].cases;
             *at; at++)
            if (*at == c)
                return true;
    return false;
}

static void write_row(struct buf *b, const struct statement *s)
{
    buf_printf(b, "| <a id=\"%s\"></a>%s | ", s->number, s->number);
    markdown_text(b, s->text);
    buf_string(b, " | ");
    for (size_t i = 0; s->cases[i]; i++) {
        buf_string(b, i ? ", " : "");
        markdown_case(b, "cases/", s->cases[i]);
    }
    buf_string(b, " |\n");
}

int coverage_write(const struct output *o, const struct shipped *shipped,
                   const struct statements *all)
{
    struct buf b = { 0 };
    size_t named = 0, graded = 0;
    for (size_t i = 0; i < shipped->count; i++)
        if (is_named(all, &shipped->cases[i])) {
            named++;
            graded += shipped->cases[i].tier == 1;
        }
    markdown_banner(&b, "docs/guide-statements.tsv and the scenarios");
    buf_printf(
        &b,
        "# The diagnostic guide, as cases\n\n"
        "A guide to failures behind a proxy says how to read them: find the layer, then do what "
        "clears it. These are its\nstatements, in reading order and in our words, each with the "
        "[cases](cases/README.md) that put a client to the test of\nit: %d statements, %zu "
        "cases, %zu of them graded. The rows that begin with \"Table\" and \"Question\" repeat "
        "earlier ones,\nas the guide's table of codes and its questions and answers do.\n\n"
        "| | Statement | Cases |\n| --- | --- | --- |\n",
        STATEMENTS, named, graded);
    for (size_t i = 0; i < STATEMENTS; i++)
        write_row(&b, &all->list[i]);
    int result = output_settle(o, "docs/guide-coverage.md", &b);
    buf_free(&b);
    return result;
}
