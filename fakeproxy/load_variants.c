/*
 * Variants: the file is played once for each, with the keys of the variant put in for their
 * placeholders. That happens on the tree, before anything is checked: a string that is one
 * placeholder becomes a copy of the value (an actor, a list, a number), inside a longer string the
 * value's text is put in. A copy remembers what it was written as, so that complaints about it
 * point there.
 */
#include "load.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    NESTED = 8,     /* levels of values that name other keys */
    COPIED = 500000 /* values in all: keys that stand for each other can multiply */
};

struct putting {
    struct loading *l;
    const struct json *variant;
    int level;
    size_t copied;
};

/* ---- the variants themselves ----------------------------------------------------------------- */

static bool is_taken(const struct json *root, const struct json *key)
{
    static const char *const words[] = { "case", "attempts", "n", "origin", NULL };
    const struct json *origins = json_get(root, "origins");
    for (size_t i = 0; words[i]; i++)
        if (strcmp(words[i], key->key) == 0)
            return true;
    return origins && json_get(origins, key->key);
}

static bool check_same_keys(struct loading *l, const struct json *a, const struct json *b)
{
    bool same = true;
    for (const struct json *m = a->first; m; m = m->next)
        if (!json_get(b, m->key)) {
            complain_of_name(l, b, NULL,
                             "the key \"%s\" is missing, expected the same keys in all "
                             "variants",
                             m->key);
            same = false;
        }
    for (const struct json *m = b->first; m; m = m->next)
        if (!json_get(a, m->key)) {
            complain_of_name(l, m, NULL,
                             "the key \"%s\" is not in variant \"%s\", expected the "
                             "same keys in all variants",
                             m->key, a->key);
            same = false;
        }
    return same;
}

static bool names_key(const struct json *v, const struct json *key)
{
    size_t end;
    for (size_t i = 0; v->type == JSON_TEXT && i < v->len; i++)
        if (v->text[i] == '{' && load_placeholder(v->text, v->len, i, &end) &&
            end - i - 2 == key->key_len && memcmp(v->text + i + 1, key->key, key->key_len) == 0)
            return true;
    for (const struct json *m = v->first; m; m = m->next)
        if (names_key(m, key))
            return true;
    return false;
}

static bool check_key(struct loading *l, const struct json *root, const struct json *key)
{
    bool taken = is_taken(root, key), used = names_key(root, key);
    if (taken)
        complain_of_name(l, key, NULL,
                         "the placeholder {%s} has a meaning already, expected another name",
                         key->key);
    else if (!used)
        complain_of_name(l, key, NULL, "no \"{%s}\" stands in this file, expected one", key->key);
    return used && !taken;
}

bool load_check_variants(struct loading *l, const struct json *root, struct json *variants)
{
    if (!language_check(l, language_key(&language_file, "variants")->shape, variants))
        return false;
    bool fits = true;
    for (const struct json *m = variants->first->first; m; m = m->next)
        fits &= check_key(l, root, m);
    for (const struct json *v = variants->first->next; v; v = v->next)
        fits &= check_same_keys(l, variants->first, v);
    return fits;
}

/* ---- copying --------------------------------------------------------------------------------- */

static struct json *copy(struct putting *p, const struct json *v, struct json *up);

static void copy_members(struct putting *p, const struct json *v, struct json *to)
{
    struct json **end = &to->first;
    *end = NULL;
    for (const struct json *m = v->first; m; m = m->next) {
        *end = copy(p, m, to);
        end = &(*end)->next;
    }
    *end = NULL;
}

static const struct json *value_of(const struct putting *p, const char *name, size_t len)
{
    for (const struct json *m = p->variant->first; m; m = m->next)
        if (m->key_len == len && memcmp(m->key, name, len) == 0)
            return m;
    return NULL;
}

static void add_value(struct putting *p, const struct json *at, const struct json *value,
                      struct buf *out)
{
    if (value->type == JSON_TEXT)
        buf_add(out, value->text, value->len);
    else if (value->type == JSON_NUMBER)
        buf_printf(out, "%.15g", value->number);
    else if (value->type == JSON_BOOL)
        buf_string(out, value->flag ? "true" : "false");
    else
        complain(p->l, at, NULL, "{%s} stands for %s, expected it as the whole value", value->key,
                 json_type_name(value->type));
}

/* The text with every variant key put in; `{{` stays for the builders. */
static void put_into_text(struct putting *p, const struct json *from, struct json *v)
{
    struct buf out = { 0 };
    bool changed = false;
    for (size_t i = 0; i < v->len;) {
        size_t end, skip = i + 1 < v->len && v->text[i] == '{' && v->text[i + 1] == '{' ? 2 : 1;
        const struct json *value = NULL;
        if (v->text[i] == '{' && skip == 1 && load_placeholder(v->text, v->len, i, &end))
            value = value_of(p, v->text + i + 1, end - i - 2);
        if (value) {
            add_value(p, from, value, &out);
            changed = true;
            i = end;
        } else {
            buf_add(&out, v->text + i, skip);
            i += skip;
        }
    }
    if (changed) {
        v->text = arena_copy(p->l->arena, out.at, out.len);
        v->len = out.len;
    }
    buf_free(&out);
}

static const struct json *whole_value(struct putting *p, const struct json *v)
{
    size_t end;
    if (v->type != JSON_TEXT || v->len < 3 || v->text[0] != '{' ||
        !load_placeholder(v->text, v->len, 0, &end) || end != v->len)
        return NULL;
    return value_of(p, v->text + 1, v->len - 2);
}

static void put_in_value(struct putting *p, const struct json *value, struct json *to)
{
    struct json place = *to;
    if (p->level == NESTED || p->copied > COPIED) {
        complain(p->l, value, NULL,
                 p->level == NESTED ? "variant keys stand for each other in a circle"
                                    : "variant keys stand for too many values");
        return;
    }
    p->level++;
    struct json *inner = copy(p, value, place.up);
    *to = *inner;
    to->key = place.key;
    to->key_len = place.key_len;
    to->key_at = place.key_at;
    to->next = NULL;
    to->written = inner->written ? inner->written : value;
    for (struct json *m = to->first; m; m = m->next)
        m->up = to;
    p->level--;
}

static struct json *copy(struct putting *p, const struct json *v, struct json *up)
{
    struct json *c = arena_take(p->l->arena, sizeof(*c));
    *c = *v;
    c->up = up;
    c->next = NULL;
    p->copied++;
    const struct json *value = whole_value(p, v);
    if (value)
        put_in_value(p, value, c);
    else if (v->type == JSON_TEXT)
        put_into_text(p, v, c);
    else
        copy_members(p, v, c);
    return c;
}

/* What identifies the file is the same in all variants. */
static bool is_fixed(const struct json *v)
{
    static const char *const names[] = { "fakeproxy", "id", "variants", NULL };
    for (size_t i = 0; names[i]; i++)
        if (strcmp(v->key, names[i]) == 0)
            return true;
    return false;
}

struct json *load_variant(struct loading *l, const struct json *root, const struct json *variant)
{
    struct putting p = { .l = l, .variant = variant };
    struct json *to = arena_take(l->arena, sizeof(*to));
    *to = *root;
    struct json **end = &to->first;
    for (const struct json *m = root->first; m; m = m->next) {
        if (is_fixed(m)) {
            *end = arena_take(l->arena, sizeof(**end));
            **end = *m;
        } else {
            *end = copy(&p, m, to);
        }
        (*end)->up = to;
        end = &(*end)->next;
    }
    *end = NULL;
    return to;
}
