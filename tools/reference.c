/*
 * The tables as Markdown.
 */
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "gendoc.h"

/* ---- keys ------------------------------------------------------------------------------------ */

/* In a table a `|` ends the cell. */
static void add_cell(struct buf *out, const char *z)
{
    for (; *z; z++) {
        if (*z == '|')
            buf_char(out, '\\');
        buf_char(out, *z);
    }
}

static bool has_section(const struct shape *s)
{
    return s->name && (s->kind == SHAPE_OBJECT || s->kind == SHAPE_CHOICE || s->doc);
}

static void add_value(struct buf *out, const struct shape *s)
{
    struct buf words = { 0 };
    describe_value(s, &words);
    buf_char(&words, '\0');
    if (has_section(s))
        buf_printf(out, "[%s](#%s)", s->name, s->name);
    else if (s->kind == SHAPE_LIST && has_section(s->of))
        buf_printf(out, "list of [%s](#%s)", s->of->name, s->of->name);
    else
        add_cell(out, words.at);
    buf_free(&words);
}

static void add_default(struct buf *out, const struct key *k)
{
    if (k->required)
        buf_string(out, "**required**");
    else if (k->otherwise || k->bare)
        buf_printf(out, "`%s`", k->bare ? k->bare : k->otherwise);
    else if (k->says)
        add_cell(out, k->says);
}

static void add_key(struct buf *out, const struct key *k)
{
    buf_printf(out, "| `%s` | ", k->name);
    add_value(out, k->shape);
    buf_string(out, " | ");
    add_default(out, k);
    buf_string(out, " | ");
    add_cell(out, k->doc);
    buf_string(out, " |\n");
}

static void add_keys(struct buf *out, const struct shape *s)
{
    bool has_fields = false;
    buf_printf(out, "| key | value | %s | meaning |\n| --- | --- | --- | --- |\n",
               s->kind == SHAPE_CHOICE ? "bare word" : "default");
    for (const struct key *k = s->keys; k->name; k++) {
        has_fields |= is_field_key(s, k);
        if (!is_field_key(s, k))
            add_key(out, k);
    }
    if (has_fields)
        buf_string(out, "| a [field](#fields) | a pattern | | the field must match it |\n");
}

static void add_parts(struct buf *out, const struct shape *s)
{
    for (size_t i = 0; s->parts[i]; i++) {
        const struct shape *part = s->parts[i];
        buf_string(out, "- ");
        if (part->kind == SHAPE_OBJECT && !part->name) {
            for (const struct key *k = part->keys; k->name; k++) {
                buf_printf(out, "%s`%s`: %s", k == part->keys ? "" : "; ", k->name, k->doc);
                if (k->otherwise)
                    buf_printf(out, " (default `%s`)", k->otherwise);
            }
        } else {
            add_value(out, part);
        }
        buf_char(out, '\n');
    }
}

static void add_section(struct buf *out, const struct shape *s)
{
    buf_printf(out, "### %s\n\n", s->name);
    if (s->doc)
        buf_printf(out, "%s\n\n", s->doc);
    if (s->kind == SHAPE_CHOICE)
        buf_string(out, "The third column says what the bare word stands for.\n\n");
    if (s->keys)
        add_keys(out, s);
    else if (s->kind == SHAPE_UNION)
        add_parts(out, s);
    buf_char(out, '\n');
}

void reference_keys(struct buf *out)
{
    const struct shape **named = named_shapes();
    for (size_t i = 0; named[i]; i++)
        if (has_section(named[i]))
            add_section(out, named[i]);
    free(named);
}

/* ---- events ---------------------------------------------------------------------------------- */

/* On every event of a connection. */
static bool is_common(uint32_t events)
{
    return events & 1U << EVENT_accept && events & 1U << EVENT_rule;
}

static void add_event(struct buf *out, enum event_kind kind)
{
    bool first = true;
    buf_printf(out, "| `%s` | %s | ", event_name(kind), event_doc(kind));
    for (int f = 0; f < FIELDS; f++) {
        uint32_t events = field_events((enum field_id)f);
        if (!(events & 1U << kind) || is_common(events))
            continue;
        buf_printf(out, "%s`%s`", first ? "" : " ", field_name((enum field_id)f));
        first = false;
    }
    buf_string(out, " |\n");
}

static const char *type_word(enum field_type type)
{
    static const char *const words[] = {
        [FIELD_TYPE_TEXT] = "text", [FIELD_TYPE_NUMBER] = "number",
        [FIELD_TYPE_SECONDS] = "s", [FIELD_TYPE_FLAG] = "true or false",
        [FIELD_TYPE_LIST] = "list", [FIELD_TYPE_HEADER] = "field lines",
    };
    return words[type];
}

static void add_field(struct buf *out, enum field_id field)
{
    const char *const *words = language_field_words((int)field);
    buf_printf(out, "| `%s` | %s | ", field_name(field), type_word(field_type(field)));
    add_cell(out, field_doc(field));
    if (words && field != FIELD_description && field != FIELD_action) {
        buf_string(out, " (");
        for (size_t i = 0; words[i]; i++)
            buf_printf(out, "%s`%s`", i ? " " : "", words[i]);
        buf_char(out, ')');
    }
    buf_string(out, " |\n");
}

static void add_common(struct buf *out)
{
    bool first = true;
    for (int f = 0; f < FIELDS; f++)
        if (is_common(field_events((enum field_id)f))) {
            buf_printf(out, "%s`%s`", first ? "" : ", ", field_name((enum field_id)f));
            first = false;
        }
    buf_string(out, " can stand on every event of a connection.\n\n");
}

void reference_events(struct buf *out)
{
    buf_string(out, "### Events\n\n| event | when its time is taken | fields |\n| --- | --- | --- "
                    "|\n");
    for (int e = 0; e < EVENT_KINDS; e++)
        add_event(out, (enum event_kind)e);
    buf_string(out, "\n### Fields\n\n");
    add_common(out);
    buf_string(out, "| field | type | what it says |\n| --- | --- | --- |\n");
    for (int f = 0; f < FIELDS; f++)
        add_field(out, (enum field_id)f);
}
