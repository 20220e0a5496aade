/*
 * The walker: holds a value against its shape, says everything that is wrong with it, and completes
 * what is right, so that builders find every key that has a default.
 *
 * Objects are checked to their end even after a complaint: one run shows all. A union is decided by
 * the JSON type; where several parts are left, the part with its `tell` key there wins, else the
 * first that fits; if none fits the complaint names them all.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "language.h"
#include "loading.h"

static bool check(struct loading *, const struct shape *, struct json *);

static void try_words(const struct shape *s, struct nearest *n)
{
    for (size_t i = 0; s->kind == SHAPE_ENUM && s->words[i]; i++)
        nearest_try(n, s->words[i]);
    for (size_t i = 0; s->kind == SHAPE_UNION && s->parts[i]; i++)
        try_words(s->parts[i], n);
    for (const struct key *k = s->keys; s->kind == SHAPE_CHOICE && k->name; k++)
        nearest_try(n, k->name);
}

static bool refuse(struct loading *l, const struct shape *s, const struct json *v)
{
    struct nearest n = { 0 };
    if (v->type == JSON_TEXT) {
        nearest_begin(&n, v->text, v->len);
        try_words(s, &n);
    }
    complain(l, v, hint_of(l, &n), "found %s, expected %s", show_value(l, v),
             language_expects(s, l->arena));
    return false;
}

/* ---- scalars --------------------------------------------------------------------------------- */

static bool in_bounds(const struct shape *s, double value)
{
    return value >= (double)s->min && (s->max == 0 || value <= (double)s->max);
}

static bool fits_number(const struct shape *s, const struct json *v)
{
    if (v->type != JSON_NUMBER || !in_bounds(s, v->number))
        return false;
    return s->kind == SHAPE_NUMBER || v->number == floor(v->number);
}

static bool fits_duration(const struct shape *s, const struct json *v)
{
    int64_t ns;
    return v->type == JSON_TEXT && language_duration(v->text, v->len, &ns) &&
           in_bounds(s, (double)ns);
}

static bool fits_size(const struct shape *s, const struct json *v)
{
    uint64_t octets;
    if (v->type == JSON_NUMBER)
        return v->number == floor(v->number) && in_bounds(s, v->number);
    return v->type == JSON_TEXT && language_size(v->text, v->len, &octets) &&
           in_bounds(s, (double)octets);
}

static bool fits_word(const struct shape *s, const struct json *v)
{
    for (size_t i = 0; s->words[i]; i++)
        if (json_is(v, s->words[i]))
            return true;
    return false;
}

/* A number that a variant put in where a text is wanted is written out. */
static void number_to_text(struct loading *l, struct json *v)
{
    char digits[32];
    if (v->type != JSON_NUMBER || !v->written)
        return;
    int len = snprintf(digits, sizeof(digits), "%.15g", v->number);
    v->type = JSON_TEXT;
    v->len = (size_t)len;
    v->text = arena_copy(l->arena, digits, v->len);
}

static bool fits_octets(struct loading *l, const struct json *v)
{
    if (v->type != JSON_TEXT)
        return false;
    for (size_t i = 0; i < v->len; i += json_utf8(v->text + i, v->len - i)) {
        if ((unsigned char)v->text[i] <= 0xC3)
            continue;
        complain(l, v, NULL,
                 "the character \"%.*s\" is above U+00FF, expected octets (each character is one)",
                 (int)json_utf8(v->text + i, v->len - i), v->text + i);
        return false;
    }
    return true;
}

static bool check_text(struct loading *l, const struct shape *s, struct json *v)
{
    number_to_text(l, v);
    if (v->type != JSON_TEXT || (s->accepts && !s->accepts(v->text, v->len)))
        return refuse(l, s, v);
    return s->kind == SHAPE_TEXT || fits_octets(l, v);
}

static bool check_scalar(struct loading *l, const struct shape *s, const struct json *v)
{
    int64_t ns;
    bool fits = true;
    if (s->kind == SHAPE_NULL)
        fits = v->type == JSON_NULL;
    else if (s->kind == SHAPE_BOOL)
        fits = v->type == JSON_BOOL;
    else if (s->kind == SHAPE_INTEGER || s->kind == SHAPE_NUMBER)
        fits = fits_number(s, v);
    else if (s->kind == SHAPE_DURATION)
        fits = fits_duration(s, v);
    else if (s->kind == SHAPE_OFFSET)
        fits = v->type == JSON_TEXT && language_offset(v->text, v->len, &ns);
    else if (s->kind == SHAPE_SIZE)
        fits = fits_size(s, v);
    else if (s->kind == SHAPE_ENUM)
        fits = fits_word(s, v);
    return fits || refuse(l, s, v);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static bool check_list(struct loading *l, const struct shape *s, struct json *v)
{
    if (v->type != JSON_LIST)
        return refuse(l, s, v);
    if (v->count < (size_t)s->min) {
        complain(l, v, NULL, "found an empty list, expected %s with at least one member",
                 language_expects(s, l->arena));
        return false;
    }
    bool fits = true;
    for (struct json *m = v->first; m; m = m->next)
        fits &= check(l, s->of, m);
    return fits;
}

static bool check_tuple(struct loading *l, const struct shape *s, struct json *v)
{
    size_t wanted = 0;
    while (s->parts[wanted])
        wanted++;
    if (v->type != JSON_LIST)
        return refuse(l, s, v);
    if (v->count != wanted) {
        complain(l, v, NULL, "found a list with %zu member%s, expected %s", v->count,
                 v->count == 1 ? "" : "s", language_expects(s, l->arena));
        return false;
    }
    bool fits = true;
    struct json *m = v->first;
    for (size_t i = 0; s->parts[i] && m; i++, m = m->next)
        fits &= check(l, s->parts[i], m);
    return fits;
}

/* ---- objects --------------------------------------------------------------------------------- */

static bool check_map(struct loading *l, const struct shape *s, struct json *v)
{
    if (v->type != JSON_OBJECT)
        return refuse(l, s, v);
    if (v->count < (size_t)s->min) {
        complain(l, v, NULL, "found an empty object, expected %s", language_expects(s, l->arena));
        return false;
    }
    bool fits = true;
    for (struct json *m = v->first; m; m = m->next) {
        if (s->accepts && !s->accepts(m->key, m->key_len)) {
            complain_of_name(l, m, NULL,
                             "found the name \"%s\", expected letters, digits, \"_\" and \"-\"",
                             m->key);
            fits = false;
        }
        fits &= check(l, s->of, m);
    }
    return fits;
}

static const struct key *key_of(const struct shape *s, const struct json *member)
{
    const struct key *k = language_key(s, member->key);
    return k && strlen(k->name) == member->key_len ? k : NULL;
}

enum { NAMED = 20 }; /* keys that a complaint lists */

static void complain_of_key(struct loading *l, const struct shape *s, const struct json *m)
{
    struct nearest n;
    struct buf known = { 0 };
    size_t count = 0;
    nearest_begin(&n, m->key, m->key_len);
    for (const struct key *k = s->keys; k->name; k++) {
        nearest_try(&n, k->name);
        if (count++ < NAMED)
            buf_printf(&known, "%s%s", count == 1 ? "" : ", ", k->name);
    }
    complain_of_name(l, m, hint_of(l, &n), "unknown key \"%s\", expected %s%.*s%s", m->key,
                     count == 0   ? "none"
                     : count == 1 ? ""
                                  : "one of ",
                     (int)known.len, known.at ? known.at : "", count > NAMED ? ", …" : "");
    buf_free(&known);
}

/* The words of a list that is apart by spaces; false at its end. */
static bool next_word(const char **list, char word[static 64])
{
    size_t n = strcspn(*list, " ");
    assert(n < 64);
    memcpy(word, *list, n);
    word[n] = '\0';
    *list += n + strspn(*list + n, " ");
    return n > 0;
}

static bool check_one_of(struct loading *l, const struct shape *s, const struct json *v)
{
    char word[64], others[256] = "";
    const struct json *found = NULL;
    bool fits = true;
    for (const char *list = s->one_of; next_word(&list, word);) {
        const struct json *m = json_get(v, word);
        if (m && found) {
            complain_of_name(l, m, NULL, "\"%s\" beside \"%s\", expected only one of them", m->key,
                             found->key);
            fits = false;
        }
        found = m ? m : found;
        size_t used = strlen(others);
        snprintf(others + used, sizeof(others) - used, "%s\"%s\"", used ? ", " : "", word);
    }
    if (found)
        return fits;
    complain(l, v, NULL, "a key is missing, expected one of %s", others);
    return false;
}

static bool check_with(struct loading *l, const struct key *k, const struct json *m)
{
    char word[64];
    bool fits = true;
    for (const char *list = k->with; next_word(&list, word);)
        if (!json_get(m->up, word)) {
            complain_of_name(l, m, NULL, "\"%s\" stands without \"%s\", expected both", k->name,
                             word);
            fits = false;
        }
    return fits;
}

static struct json *parse_default(struct loading *l, const char *json)
{
    struct json_error error;
    struct json *v = json_parse(l->arena, json, strlen(json), &error);
    assert(v);
    return v;
}

/* Puts a default in; it stands where its object stands. */
static void put_in(struct loading *l, const struct key *k, const char *json, struct json *object)
{
    struct json *v = parse_default(l, json);
    v->key = k->name;
    v->key_len = strlen(k->name);
    v->key_at = v->at = object->at;
    v->implied = true;
    v->up = object;
    v->next = object->first;
    object->first = v;
    object->count++;
    bool fits = check(l, k->shape, v);
    assert(fits);
    (void)fits;
}

static bool check_member(struct loading *l, const struct shape *s, struct json *m)
{
    const struct key *k = key_of(s, m);
    if (!k) {
        complain_of_key(l, s, m);
        return false;
    }
    bool fits = check(l, k->shape, m);
    return (!k->with || check_with(l, k, m)) && fits;
}

static bool check_object(struct loading *l, const struct shape *s, struct json *v)
{
    if (v->type != JSON_OBJECT)
        return refuse(l, s, v);
    bool fits = true;
    for (struct json *m = v->first; m; m = m->next)
        fits &= m->implied || check_member(l, s, m);
    if (s->one_of)
        fits &= check_one_of(l, s, v);
    for (const struct key *k = s->keys; k->name; k++) {
        if (k->required && !json_get(v, k->name)) {
            complain(l, v, NULL, "the key \"%s\" is missing, expected %s", k->name,
                     language_expects(k->shape, l->arena));
            fits = false;
        }
    }
    for (const struct key *k = s->keys; fits && k->name; k++)
        if (k->otherwise && !json_get(v, k->name))
            put_in(l, k, k->otherwise, v);
    return fits;
}

/* ---- choices --------------------------------------------------------------------------------- */

static bool check_bare_word(struct loading *l, const struct shape *s, struct json *v)
{
    for (const struct key *k = s->keys; k->name; k++) {
        if (!json_is(v, k->name))
            continue;
        if (!k->bare) {
            complain(l, v, NULL, "\"%s\" stands alone, expected {\"%s\": %s}", k->name, k->name,
                     language_expects(k->shape, l->arena));
            return false;
        }
        v->type = JSON_OBJECT;
        v->count = 0;
        put_in(l, k, k->bare, v);
        return true;
    }
    return refuse(l, s, v);
}

static bool check_choice(struct loading *l, const struct shape *s, struct json *v)
{
    if (v->type == JSON_TEXT)
        return check_bare_word(l, s, v);
    if (v->type != JSON_OBJECT)
        return refuse(l, s, v);
    if (v->count == 1)
        return v->first->implied || check_member(l, s, v->first);
    complain(l, v, NULL, "found an object with %zu keys, expected %s with exactly one", v->count,
             language_expects(s, l->arena));
    return false;
}

/* ---- unions ---------------------------------------------------------------------------------- */

static bool takes_type(const struct shape *s, const struct json *v)
{
    switch (s->kind) {
    case SHAPE_ANY:
        return true;
    case SHAPE_NULL:
        return v->type == JSON_NULL;
    case SHAPE_BOOL:
        return v->type == JSON_BOOL;
    case SHAPE_INTEGER:
    case SHAPE_NUMBER:
        return v->type == JSON_NUMBER;
    case SHAPE_SIZE:
        return v->type == JSON_NUMBER || v->type == JSON_TEXT;
    case SHAPE_DURATION:
    case SHAPE_OFFSET:
    case SHAPE_ENUM:
        return v->type == JSON_TEXT;
    case SHAPE_TEXT:
    case SHAPE_OCTETS:
        return v->type == JSON_TEXT || (v->type == JSON_NUMBER && v->written);
    case SHAPE_LIST:
    case SHAPE_TUPLE:
        return v->type == JSON_LIST;
    case SHAPE_MAP:
    case SHAPE_OBJECT:
        return v->type == JSON_OBJECT;
    case SHAPE_CHOICE:
        return v->type == JSON_OBJECT || v->type == JSON_TEXT;
    case SHAPE_UNION:
        for (size_t i = 0; s->parts[i]; i++)
            if (takes_type(s->parts[i], v))
                return true;
        return false;
    }
    return false;
}

/* Whether the value is one at a glance: the tell key of objects, the first member of lists. */
static bool is_told(const struct shape *s, const struct json *v)
{
    if (s->kind == SHAPE_OBJECT)
        return !s->tell || json_get(v, s->tell);
    if (s->kind == SHAPE_TUPLE)
        return v->first && takes_type(s->parts[0], v->first);
    if (s->kind == SHAPE_LIST)
        return !v->first || takes_type(s->of, v->first);
    return true;
}

static bool fits_silently(struct loading *l, const struct shape *s, struct json *v)
{
    struct loading quiet = *l;
    struct json copy = *v; /* the walk may complete it; members stay as they are good */
    quiet.complaints = NULL;
    return check(&quiet, s, &copy);
}

static bool check_union(struct loading *l, const struct shape *s, struct json *v)
{
    const struct shape *only = NULL;
    size_t count = 0;
    for (size_t i = 0; s->parts[i]; i++)
        if (takes_type(s->parts[i], v) && is_told(s->parts[i], v)) {
            /* an object that is told by its key wins over one that takes any */
            if (s->parts[i]->kind == SHAPE_OBJECT && s->parts[i]->tell)
                return check(l, s->parts[i], v);
            only = s->parts[i];
            count++;
        }
    if (count == 1 && only)
        return check(l, only, v);
    for (size_t i = 0; count > 1 && s->parts[i]; i++)
        if (takes_type(s->parts[i], v) && fits_silently(l, s->parts[i], v))
            return check(l, s->parts[i], v);
    return refuse(l, s, v);
}

static bool check(struct loading *l, const struct shape *s, struct json *v)
{
    switch (s->kind) {
    case SHAPE_ANY:
        return true;
    case SHAPE_TEXT:
    case SHAPE_OCTETS:
        return check_text(l, s, v);
    case SHAPE_LIST:
        return check_list(l, s, v);
    case SHAPE_TUPLE:
        return check_tuple(l, s, v);
    case SHAPE_MAP:
        return check_map(l, s, v);
    case SHAPE_OBJECT:
        return check_object(l, s, v);
    case SHAPE_CHOICE:
        return check_choice(l, s, v);
    case SHAPE_UNION:
        return check_union(l, s, v);
    case SHAPE_NULL:
    case SHAPE_BOOL:
    case SHAPE_INTEGER:
    case SHAPE_NUMBER:
    case SHAPE_DURATION:
    case SHAPE_OFFSET:
    case SHAPE_SIZE:
    case SHAPE_ENUM:
        return check_scalar(l, s, v);
    }
    return false;
}

bool language_check(struct loading *l, const struct shape *s, struct json *v)
{
    return check(l, s, v);
}
