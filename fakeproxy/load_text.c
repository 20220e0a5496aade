/*
 * Texts and plain values, and the placeholders a text may hold: host names of origins, addresses
 * and ports of actors, `case`, `attempts`, in steps `n`, in rules the fields of the event at hand.
 */
#include "load.h"

#include <string.h>

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

bool load_placeholder(const char *text, size_t len, size_t at, size_t *end)
{
    size_t i = at + 1;
    while (i < len && is_name_character(text[i]))
        i++;
    *end = i + 1;
    return i > at + 1 && i < len && text[i] == '}';
}

/* ---- known names ----------------------------------------------------------------------------- */

static bool is_word(const char *name, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(name, word, len) == 0;
}

static bool is_actor_part(const struct load *load, const char *name, size_t len)
{
    for (size_t i = 0; i < load->s->actor_count; i++) {
        const struct actor *a = &load->s->actors[i];
        size_t n = strlen(a->name);
        if (n > len || memcmp(a->name, name, n) != 0)
            continue;
        if ((n == len && !a->is_proxy) || is_word(name + n, len - n, ".addr") ||
            is_word(name + n, len - n, ".port"))
            return true;
    }
    return false;
}

static bool is_field_part(const char *name, size_t len, uint32_t events)
{
    for (int f = 0; f < FIELDS; f++)
        if (is_word(name, len, field_name((enum field_id)f)))
            return field_events((enum field_id)f) & events;
    return false;
}

static const char *hint_placeholder(struct load *load, const char *name, size_t len,
                                    struct text_place place)
{
    struct nearest n;
    struct buf b = { 0 };
    nearest_begin(&n, name, len);
    nearest_try(&n, "case");
    nearest_try(&n, "attempts");
    for (size_t i = 0; i < load->s->actor_count; i++) {
        const struct actor *a = &load->s->actors[i];
        static const char *const parts[] = { "", ".addr", ".port" };
        for (size_t j = a->is_proxy ? 1 : 0; j < 3; j++) {
            b.len = 0;
            buf_printf(&b, "%s%s", a->name, parts[j]);
            nearest_try(&n, arena_copy(load->l->arena, b.at, b.len));
        }
    }
    buf_free(&b);
    for (int f = 0; f < FIELDS; f++)
        if (field_events((enum field_id)f) & place.events)
            nearest_try(&n, field_name((enum field_id)f));
    return hint_of(load->l, &n);
}

static void check_placeholder(struct load *load, const struct json *v, const char *name, size_t len,
                              struct text_place place)
{
    bool is_known = is_word(name, len, "case") || is_word(name, len, "attempts") ||
                    (place.is_step && is_word(name, len, "n")) || is_actor_part(load, name, len) ||
                    is_field_part(name, len, place.events);
    load->uses_fields |= is_field_part(name, len, place.events);
    if (is_known)
        return;
    const char *hint = hint_placeholder(load, name, len, place);
    bool is_field = is_field_part(name, len, ~0U);
    complain(load->l, v, hint, "{%.*s} %s, expected the name of a placeholder (\"{{\" is a \"{\")",
             (int)len, name,
             is_field && place.is_awaited ? "has no value in a wait, which is for any connection"
             : is_field                   ? "is no field of the event at hand"
                                          : "is not known here");
}

/* ---- texts ----------------------------------------------------------------------------------- */

static size_t next_brace(const char *text, size_t len, size_t at)
{
    const char *brace = at < len ? memchr(text + at, '{', len - at) : NULL;
    return brace ? (size_t)(brace - text) : len;
}

/* Whether the text holds a placeholder; complains of those that nobody knows. */
static bool scan_placeholders(struct load *load, const struct json *v, struct text_place place)
{
    bool found = false;
    size_t end;
    for (size_t i = next_brace(v->text, v->len, 0); i < v->len;
         i = next_brace(v->text, v->len, end)) {
        end = i + 2;
        if (i + 1 < v->len && v->text[i + 1] == '{')
            continue;
        if (!load_placeholder(v->text, v->len, i, &end)) {
            complain(load->l, v, NULL,
                     "a \"{\" that begins no placeholder, expected \"{name}\", or \"{{\" for a "
                     "\"{\"");
            return false;
        }
        check_placeholder(load, v, v->text + i + 1, end - i - 2, place);
        found = true;
    }
    return found;
}

static struct text unescape(struct load *load, const char *octets, size_t len)
{
    char *copy = arena_copy(load->l->arena, octets, len);
    size_t to = 0;
    for (size_t i = 0; i < len; i++) {
        copy[to++] = octets[i];
        if (octets[i] == '{')
            i++; /* of a pair: there is no placeholder */
    }
    copy[to] = '\0';
    return (struct text){ .octets = copy, .len = to };
}

static struct text finish(struct load *load, const struct json *v, const char *octets, size_t len,
                          struct text_place place)
{
    if (scan_placeholders(load, v, place))
        return (struct text){ .octets = octets, .len = len, .has_placeholder = true };
    if (next_brace(octets, len, 0) < len)
        return unescape(load, octets, len);
    return (struct text){ .octets = octets, .len = len };
}

struct text load_text(struct load *load, const struct json *v, struct text_place place)
{
    return finish(load, v, v->text, v->len, place);
}

struct text load_octets(struct load *load, const struct json *v, struct text_place place)
{
    char *octets = arena_copy(load->l->arena, v->text, v->len);
    size_t to = 0;
    for (size_t i = 0; i < v->len; i++) {
        unsigned c = (unsigned char)v->text[i];
        if (c >= 0xC0 && i + 1 < v->len) /* U+0080 to U+00FF: two octets of UTF-8 */
            c = (c & 0x03) << 6 | ((unsigned char)v->text[++i] & 0x3F);
        octets[to++] = (char)c;
    }
    octets[to] = '\0';
    return finish(load, v, octets, to, place);
}

const char *load_string(struct load *load, const struct json *v)
{
    struct text t = { .octets = v->text, .len = v->len };
    size_t end, i = next_brace(v->text, v->len, 0);
    if (memchr(v->text, '\0', v->len))
        complain(load->l, v, NULL, "U+0000 in a text that cannot hold it");
    for (; i < v->len; i = next_brace(v->text, v->len, end)) {
        end = i + 2;
        if (i + 1 < v->len && v->text[i + 1] == '{')
            continue;
        bool is_whole = load_placeholder(v->text, v->len, i, &end);
        complain(load->l, v, NULL,
                 "\"%.*s\" stands for nothing here, expected only keys of variants in braces "
                 "(\"{{\" is a \"{\")",
                 is_whole ? (int)(end - i) : 1, v->text + i);
        return v->text;
    }
    if (next_brace(v->text, v->len, 0) < v->len)
        t = unescape(load, v->text, v->len);
    return t.octets;
}

const char *load_optional(struct load *load, const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    return v ? load_string(load, v) : NULL;
}

const char *const *load_strings(struct load *load, const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    if (!v)
        return NULL;
    bool is_list = v->type == JSON_LIST; /* else one text, which stands for a list of it */
    size_t count = is_list ? v->count : 1, i = 0;
    const char **strings = arena_take(load->l->arena, (count + 1) * sizeof(strings[0]));
    for (const struct json *m = is_list ? v->first : v; m; m = is_list ? m->next : NULL)
        strings[i++] = load_string(load, m);
    return strings;
}

const char *load_joined(struct load *load, const struct json *object, const char *key)
{
    const char *const *list = load_strings(load, object, key);
    struct buf b = { 0 };
    for (size_t i = 0; list && list[i]; i++)
        buf_printf(&b, "%s%s", i ? "," : "", list[i]);
    const char *joined = list ? arena_copy(load->l->arena, b.at, b.len) : NULL;
    buf_free(&b);
    return joined;
}

/* ---- plain values ---------------------------------------------------------------------------- */

int64_t load_duration(const struct json *v)
{
    int64_t ns = 0;
    language_duration(v->text, v->len, &ns);
    return ns;
}

uint64_t load_size(const struct json *v)
{
    uint64_t octets = 0;
    if (v->type == JSON_NUMBER)
        octets = (uint64_t)v->number;
    else
        language_size(v->text, v->len, &octets);
    return octets;
}

int64_t load_integer(const struct json *object, const char *key)
{
    return (int64_t)json_get(object, key)->number;
}

bool load_flag(const struct json *object, const char *key)
{
    return json_get(object, key)->flag;
}

int load_word(const struct json *v, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (json_is(v, words[i]))
            return i;
    return -1;
}
