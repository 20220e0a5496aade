/*
 * The whole file, and the words a complaint uses for a shape.
 */
#include "language.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "language_shapes.h"

/* ---- the file -------------------------------------------------------------------------------- */

static bool is_id(const char *text, size_t len)
{
    const char *slash = memchr(text, '/', len);
    if (!slash || slash == text || slash == text + len - 1)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && text + i != slash)
            return false;
    }
    return true;
}

static const struct shape format = { .kind = SHAPE_INTEGER, .expects = "1", .min = 1, .max = 1 };
static const struct shape id = { .kind = SHAPE_TEXT,
                                 .expects = "an id such as \"topic/name\", of a-z, 0-9 and \"-\"",
                                 .pattern = "^[a-z0-9-]+/[a-z0-9-]+$",
                                 .accepts = is_id };
static const struct shape layer = { .kind = SHAPE_ENUM,
                                    .words = WORDS("client", "gateway", "transport") };
static const struct shape needs = { .kind = SHAPE_LIST,
                                    .expects = "a list of capabilities",
                                    .of = &shape_name };
static const struct shape variant = { .kind = SHAPE_MAP,
                                      .expects = "an object {\"key\": value}",
                                      .of = &shape_any,
                                      .min = 1,
                                      .accepts = language_is_name };
static const struct shape variants = { .kind = SHAPE_MAP,
                                       .expects = "an object {\"variant\": {\"key\": value}}",
                                       .of = &variant,
                                       .min = 1,
                                       .accepts = language_is_name };

static const struct key file_keys[] = {
    KEY("fakeproxy", &format, "the format", .required = true),
    KEY("id", &id, "`topic/name`", .required = true),
    KEY("title", &shape_text, "one line; required with `expect`"),
    KEY("layer", &layer, "where the failure belongs; required with `expect`"),
    KEY("about", &shape_text, "what happens, and why it matters"),
    KEY("cause", &shape_text, "the likely cause, for the diagnosis"),
    KEY("fix", &shape_text, "what the client's user or author can do"),
    KEY("sources", &shape_texts, "clauses and trackers", .otherwise = "[]"),
    KEY("needs", &needs, "capabilities beyond the derived ones", .otherwise = "[]"),
    KEY("variants", &variants, "plays the file once for each", .says = "none"),
    KEY("proxy", &shape_actor, "the proxy that always exists", .otherwise = "{}"),
    KEY("origin", &shape_actor, "the origin that always exists", .otherwise = "{}"),
    KEY("proxies", &shape_actor_map, "further ones by name", .otherwise = "{}"),
    KEY("origins", &shape_actor_map, "further ones by name", .otherwise = "{}"),
    KEY("client", &shape_client, "the client under test", .otherwise = "{}"),
    KEY("expect", &shape_expect, "the checks", .otherwise = "{}", .with = "title layer"),
    KEY("house", &shape_house, "adjusts the house checks", .otherwise = "{}"),
    { .name = NULL },
};

const struct shape language_file = {
    .kind = SHAPE_OBJECT,
    .name = "scenario",
    .expects = "a scenario, an object",
    .doc = "One file is one case.",
    .keys = file_keys,
};

/* ---- in words -------------------------------------------------------------------------------- */

static void add_words(const char *const *words, struct buf *out)
{
    for (size_t i = 0; words[i]; i++)
        buf_printf(out, "%s\"%s\"", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
}

static void add_expects(const struct shape *s, struct buf *out)
{
    static const char *const plain[] = {
        [SHAPE_ANY] = "any value",
        [SHAPE_NULL] = "null",
        [SHAPE_BOOL] = "true or false",
        [SHAPE_NUMBER] = "a number",
        [SHAPE_DURATION] = "a duration such as \"250ms\"",
        [SHAPE_OFFSET] = "a time from now such as \"+2s\" or \"-1d\"",
        [SHAPE_SIZE] = "a size such as 4096 or \"64KiB\"",
        [SHAPE_TEXT] = "a text",
        [SHAPE_OCTETS] = "a text",
        [SHAPE_LIST] = "a list",
        [SHAPE_TUPLE] = "a list",
        [SHAPE_MAP] = "an object",
        [SHAPE_OBJECT] = "an object",
        [SHAPE_CHOICE] = "an object with one key",
    };
    if (s->expects) {
        buf_string(out, s->expects);
    } else if (s->kind == SHAPE_INTEGER) {
        buf_printf(out, "an integer from %lld", (long long)s->min);
        if (s->max)
            buf_printf(out, " to %lld", (long long)s->max);
    } else if (s->kind == SHAPE_ENUM) {
        add_words(s->words, out);
    } else if (s->kind == SHAPE_UNION) {
        for (size_t i = 0; s->parts[i]; i++) {
            buf_string(out, i == 0 ? "" : s->parts[i + 1] ? ", " : " or ");
            add_expects(s->parts[i], out);
        }
    } else {
        buf_string(out, plain[s->kind]);
    }
}

const char *language_expects(const struct shape *s, struct arena *arena)
{
    struct buf b = { 0 };
    add_expects(s, &b);
    const char *words = arena_copy(arena, b.at, b.len);
    buf_free(&b);
    return words;
}

const struct key *language_key(const struct shape *s, const char *name)
{
    for (const struct key *k = s->keys; k->name; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}
