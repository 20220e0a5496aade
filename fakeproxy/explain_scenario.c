/*
 * Explaining a scenario from its model: its own texts, and what describe.h says of the rest.
 */
#include "explain_scenario.h"

#include <string.h>

#include "buf.h"
#include "catalogue.h"
#include "describe.h"
#include "verdict.h"
#include "wrap.h"

bool explain_is_scenario(const char *name, const struct catalogue *c)
{
    size_t len = strcspn(name, "@");
    for (size_t i = 0; i < c->count; i++) {
        const char *id = c->entries[i].id, *slash = strrchr(id, '/'),
                   *last = slash ? slash + 1 : id;
        if ((strlen(id) == len && memcmp(id, name, len) == 0) ||
            (strlen(last) == len && memcmp(last, name, len) == 0))
            return true;
    }
    return false;
}

/* ---- its parts ------------------------------------------------------------------------------- */

static void show_text(FILE *f, const char *label, const char *text)
{
    if (text)
        wrap_print(f, label, text);
}

static void show_described(FILE *f, const char *label, const struct scenario *s,
                           describe_function *describe, const char *none)
{
    struct buf text = { 0 };
    describe(&text, s);
    if (text.len == 0)
        buf_string(&text, none);
    buf_char(&text, '\0');
    wrap_print(f, label, text.at);
    buf_free(&text);
}

/* Once, or for each variant, where they differ. */
static void show_part(FILE *f, const char *label, const struct scenario_set *set,
                      describe_function *describe, const char *none)
{
    if (describe_is_same(describe, set)) {
        show_described(f, label, set->scenarios[0], describe, none);
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        fprintf(f, "  %-10svariant %s:\n", i == 0 ? label : "", set->scenarios[i]->variant);
        show_described(f, "", set->scenarios[i], describe, none);
    }
}

static void show_checks(FILE *f, const struct scenario *s)
{
    if (s->check_count > 0)
        fputs("  A good client\n", f);
    for (size_t i = 0; i < s->check_count; i++) {
        const struct check *c = &s->checks[i];
        struct buf text = { 0 };
        buf_printf(&text, "%s [%s%s]", c->says ? c->says : c->id, c->id,
                   c->critical ? ", critical" : "");
        buf_printf(&text, "%s%s", c->source ? " " : "", c->source ? c->source : "");
        buf_char(&text, '\0');
        wrap_print(f, level_name(c->level), text.at);
        buf_free(&text);
    }
}

static void show_list(FILE *f, const char *label, const char *const *list)
{
    struct buf text = { 0 };
    for (; list && *list; list++)
        buf_printf(&text, "%s%s", text.len ? "; " : "", *list);
    buf_char(&text, '\0');
    if (text.len > 1)
        wrap_print(f, label, text.at);
    buf_free(&text);
}

static void show_variants(FILE *f, const struct scenario_set *set)
{
    struct buf text = { 0 };
    for (size_t i = 0; i < set->count && set->count > 1; i++)
        buf_printf(&text, "%s%s", text.len ? ", " : "", set->scenarios[i]->variant);
    buf_char(&text, '\0');
    if (text.len > 1)
        wrap_print(f, "variants", text.at);
    buf_free(&text);
}

bool explain_scenario(FILE *f, const char *name)
{
    struct scenario_set set;
    struct complaints *complaints = complaints_new();
    int result = catalogue_load(name, &set, complaints);
    complaints_print(complaints, stderr);
    complaints_free(complaints);
    if (result < 0)
        return false;
    const struct scenario *s = set.scenarios[0];
    fprintf(f, "%s: %s\n", s->id, s->title ? s->title : "");
    show_text(f, "layer", s->layer);
    show_text(f, "about", s->about);
    show_list(f, "needs", s->needs);
    show_variants(f, &set);
    show_part(f, "played", &set, describe_played, "nothing: all actors are without fault");
    show_part(f, "asked for", &set, describe_client, "nothing");
    show_checks(f, s);
    show_text(f, "cause", s->cause);
    show_text(f, "fix", s->fix);
    show_list(f, "sources", s->sources);
    fprintf(f, "  play it   fakeproxy --scenario %s\n", name);
    scenario_set_free(&set);
    return true;
}
