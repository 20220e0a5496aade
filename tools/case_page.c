/*
 * One case on its topic's page: what its scenario says of itself, and what describe.h says of the
 * rest, as `fakeproxy explain` does.
 */
#include "case_page.h"

#include <string.h>

#include "describe.h"
#include "markdown.h"

/* ---- facts ----------------------------------------------------------------------------------- */

static void write_guide(struct buf *b, const struct shipped_case *c, const struct statements *all)
{
    bool any = false;
    for (size_t i = 0; i < STATEMENTS; i++)
        for (size_t k = 0; all->list[i].cases[k]; k++)
            if (all->list[i].cases[k] == c) {
                buf_printf(b, "%s[%s](../guide-coverage.md#%s)", any ? ", " : " · guide ",
                           all->list[i].number, all->list[i].number);
                any = true;
            }
}

static void write_facts(struct buf *b, const struct shipped_case *c, const struct statements *all)
{
    const struct scenario *s = c->scenario;
    buf_printf(b, "`%s` · layer %s · %s", s->id, s->layer ? s->layer : "none",
               c->tier == 1 ? "graded" : "not scored");
    for (const char *const *need = s->needs; need && *need; need++)
        buf_printf(b, "%s`%s`", need == s->needs ? " · needs " : ", ", *need);
    write_guide(b, c, all);
    buf_string(b, "\n\n");
}

/* ---- what happens ---------------------------------------------------------------------------- */

static void write_points(struct buf *b, const struct scenario *s, describe_function *describe,
                         const char *none, const char *indent)
{
    struct buf text = { 0 };
    describe(&text, s);
    if (text.len == 0)
        buf_string(&text, none);
    markdown_list(b, &text, indent);
    buf_free(&text);
}

static void write_part(struct buf *b, const struct shipped_case *c, const char *title,
                       describe_function *describe, const char *none)
{
    buf_printf(b, "**%s**\n\n", title);
    if (describe_is_same(describe, &c->set)) {
        write_points(b, c->scenario, describe, none, "");
    } else {
        for (size_t i = 0; i < c->set.count; i++) {
            buf_printf(b, "- variant `%s`\n", c->set.scenarios[i]->variant);
            write_points(b, c->set.scenarios[i], describe, none, "  ");
        }
    }
    buf_char(b, '\n');
}

/* ---- what is asked --------------------------------------------------------------------------- */

static void write_scope(struct buf *b, const struct check *k)
{
    for (const char *const *v = k->variants; v && *v; v++)
        buf_printf(b, "%s`%s`", v == k->variants ? " (only " : ", ", *v);
    buf_string(b, k->variants ? ")" : "");
    for (const char *const *need = k->needs; need && *need; need++)
        buf_printf(b, "%s`%s`", need == k->needs ? " (needs " : ", ", *need);
    buf_string(b, k->needs && *k->needs ? ")" : "");
}

static void write_check(struct buf *b, const struct check *k)
{
    buf_printf(b, "| %s%s | ", markdown_level(k->level), k->critical ? ", critical" : "");
    markdown_text(b, k->says ? k->says : k->id);
    write_scope(b, k);
    if (k->source) {
        buf_string(b, " – ");
        markdown_source(b, k->source);
    }
    buf_printf(b, " | `%s` |\n", k->id);
}

static void write_checks(struct buf *b, const struct scenario *s)
{
    if (s->check_count == 0)
        return;
    buf_string(b, "| | A good client | Check |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < s->check_count; i++)
        write_check(b, &s->checks[i]);
    buf_char(b, '\n');
}

static void write_text(struct buf *b, const char *label, const char *text)
{
    if (!text)
        return;
    buf_printf(b, "**%s**: ", label);
    markdown_text(b, text);
    buf_string(b, strchr(".!?", text[strlen(text) - 1]) ? "\n\n" : ".\n\n");
}

static void write_sources(struct buf *b, const struct scenario *s)
{
    for (const char *const *source = s->sources; source && *source; source++) {
        buf_string(b, source == s->sources ? "**Sources**: " : "; ");
        markdown_source(b, *source);
    }
    buf_string(b, s->sources && *s->sources ? ".\n\n" : "");
}

static void write_by_hand(struct buf *b, const struct shipped_case *c)
{
    buf_printf(b, "**By hand**: `fakeproxy --scenario %s%s%s`", c->scenario->id,
               c->scenario->variant ? "@" : "", c->scenario->variant ? c->scenario->variant : "");
    for (size_t i = 1; i < c->set.count; i++)
        buf_printf(b, ", `@%s`", c->set.scenarios[i]->variant);
    buf_char(b, '\n');
}

void case_page_write(struct buf *b, const struct shipped_case *c, const struct statements *all)
{
    const struct scenario *s = c->scenario;
    buf_printf(b, "\n## %s\n\n**", shipped_name(c));
    markdown_text(b, s->title ? s->title : s->id);
    buf_string(b, ".**");
    if (s->about) {
        buf_char(b, ' ');
        markdown_text(b, s->about);
    }
    buf_string(b, "\n\n");
    write_facts(b, c, all);
    write_part(b, c, "Played", describe_played, "nothing: all actors are without fault");
    write_part(b, c, "Asked of the client", describe_client, "nothing");
    write_checks(b, s);
    write_text(b, "Cause", s->cause);
    write_text(b, "Fix", s->fix);
    write_sources(b, s);
    write_by_hand(b, c);
}
