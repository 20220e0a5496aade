/*
 * Strict JSON: the scanner (json_scan) judges the text and notes the places, cJSON decodes it, and
 * the two are joined into one tree in the arena. Both walk the text in the same order, so the n-th
 * value of one is the n-th of the other.
 */
#include "json.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "json_scan.h"

size_t json_utf8(const char *octets, size_t len)
{
    const unsigned char *s = (const unsigned char *)octets;
    if (len == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    size_t need = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || need > len)
        return 0;
    bool is_overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    bool is_surrogate = s[0] == 0xED && s[1] > 0x9F;
    if (is_overlong || is_surrogate || (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    for (size_t i = 1; i < need; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    return need;
}

/* ---- from cJSON to the tree ------------------------------------------------------------------ */

struct joiner {
    struct arena *arena;
    const struct json_place *places;
    size_t used;
};

/* C0 80 stands for U+0000 (json_scan.c). */
static const char *take_text(struct arena *arena, const char *z, size_t *len)
{
    size_t n = strlen(z), to = 0;
    char *copy = arena_copy(arena, z, n);
    for (size_t from = 0; from < n; from++)
        if ((unsigned char)copy[from] == 0xC0) {
            copy[to++] = '\0';
            from++;
        } else {
            copy[to++] = copy[from];
        }
    copy[to] = '\0';
    *len = to;
    return copy;
}

static enum json_type type_of(const cJSON *c)
{
    if (cJSON_IsObject(c))
        return JSON_OBJECT;
    if (cJSON_IsArray(c))
        return JSON_LIST;
    if (cJSON_IsString(c))
        return JSON_TEXT;
    if (cJSON_IsNumber(c))
        return JSON_NUMBER;
    return cJSON_IsNull(c) ? JSON_NULL : JSON_BOOL;
}

static struct json *join(struct joiner *j, const cJSON *c, struct json *up)
{
    struct json *v = arena_take(j->arena, sizeof(*v));
    const struct json_place *place = &j->places[j->used++];
    *v = (struct json){ .type = type_of(c), .at = place->at, .key_at = place->key_at, .up = up };
    if (up && up->type == JSON_OBJECT)
        v->key = take_text(j->arena, c->string, &v->key_len);
    if (v->type == JSON_TEXT)
        v->text = take_text(j->arena, c->valuestring, &v->len);
    v->number = v->type == JSON_NUMBER ? c->valuedouble : 0;
    v->flag = cJSON_IsTrue(c);
    if (v->type != JSON_LIST && v->type != JSON_OBJECT)
        return v;
    struct json **end = &v->first;
    const cJSON *member;
    cJSON_ArrayForEach(member, c)
    {
        *end = join(j, member, v);
        end = &(*end)->next;
        v->count++;
    }
    return v;
}

/* ---- names twice in one object --------------------------------------------------------------- */

static int compare_names(const struct json *a, const struct json *b)
{
    size_t n = a->key_len < b->key_len ? a->key_len : b->key_len;
    int order = memcmp(a->key, b->key, n);
    if (order == 0)
        order = (a->key_len > b->key_len) - (a->key_len < b->key_len);
    return order;
}

static int compare_members(const void *a, const void *b)
{
    const struct json *x = *(const struct json *const *)a, *y = *(const struct json *const *)b;
    int order = compare_names(x, y);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* The first member, in the order of the text, whose name an earlier one has. */
static const struct json *duplicate_in(const struct json *object)
{
    const struct json **members = calloc(object->count, sizeof(const struct json *));
    const struct json *found = NULL;
    size_t n = 0;
    if (!members)
        return NULL;
    for (const struct json *m = object->first; m; m = m->next)
        members[n++] = m;
    qsort(members, n, sizeof(members[0]), compare_members);
    for (size_t i = 1; i < n; i++)
        if (compare_names(members[i - 1], members[i]) == 0 &&
            (!found || members[i]->at < found->at))
            found = members[i];
    free(members);
    return found;
}

static const struct json *find_duplicate(const struct json *v)
{
    const struct json *found = v->type == JSON_OBJECT && v->count > 1 ? duplicate_in(v) : NULL;
    for (const struct json *m = v->first; m; m = m->next) {
        const struct json *inside = find_duplicate(m);
        if (inside && (!found || inside->at < found->at))
            found = inside;
    }
    return found;
}

static void explain_duplicate(const struct json *v, struct json_error *error)
{
    struct buf pointer = { 0 };
    json_pointer(v, false, &pointer);
    error->at = v->key_at;
    snprintf(error->pointer, sizeof(error->pointer), "%.*s", (int)pointer.len, pointer.at);
    snprintf(error->what, sizeof(error->what),
             "the name \"%s\" stands twice in this object, expected it once", v->key);
    buf_free(&pointer);
}

/* ---- the interface --------------------------------------------------------------------------- */

static struct json *join_all(struct arena *arena, struct json_scan *scan)
{
    cJSON *c = cJSON_ParseWithLength(scan->text.at, scan->text.len);
    assert(c); /* the scanner accepts less than cJSON does */
    struct joiner j = { .arena = arena,
                        .places = (const struct json_place *)(void *)scan->places.at };
    struct json *v = join(&j, c, NULL);
    assert(j.used * sizeof(struct json_place) == scan->places.len);
    cJSON_Delete(c);
    return v;
}

struct json *json_parse(struct arena *arena, const char *text, size_t len, struct json_error *error)
{
    struct json_scan scan = { 0 };
    struct json *v = NULL;
    if (json_scan(text, len, &scan, error) == 0)
        v = join_all(arena, &scan);
    buf_free(&scan.places);
    buf_free(&scan.text);
    const struct json *twice = v ? find_duplicate(v) : NULL;
    if (twice) {
        explain_duplicate(twice, error);
        return NULL;
    }
    return v;
}

struct json *json_get(const struct json *object, const char *key)
{
    if (object->type != JSON_OBJECT)
        return NULL;
    size_t len = strlen(key);
    for (struct json *m = object->first; m; m = m->next)
        if (m->key_len == len && memcmp(m->key, key, len) == 0)
            return m;
    return NULL;
}

bool json_is(const struct json *v, const char *text)
{
    return v->type == JSON_TEXT && v->len == strlen(text) && memcmp(v->text, text, v->len) == 0;
}

const char *json_type_name(enum json_type type)
{
    static const char *const names[] = { "null",   "a truth value", "a number",
                                         "a text", "a list",        "an object" };
    return names[type];
}

/* ---- pointers -------------------------------------------------------------------------------- */

static void add_reference(const struct json *v, struct buf *out)
{
    buf_char(out, '/');
    if (v->up->type == JSON_LIST) {
        int64_t index = 0;
        for (const struct json *m = v->up->first; m != v; m = m->next)
            index++;
        buf_number(out, index);
        return;
    }
    for (size_t i = 0; i < v->key_len; i++) {
        if (v->key[i] == '~' || v->key[i] == '/')
            buf_string(out, v->key[i] == '~' ? "~0" : "~1");
        else
            buf_char(out, v->key[i]);
    }
}

static void add_path(const struct json *v, bool as_used, struct buf *out)
{
    if (!as_used && v->written)
        v = v->written;
    if (!v->up)
        return;
    add_path(v->up, as_used, out);
    add_reference(v, out);
}

void json_pointer(const struct json *v, bool as_used, struct buf *out)
{
    size_t before = out->len;
    add_path(v, as_used, out);
    if (out->len == before)
        buf_char(out, '/');
}
