/*
 * The tables as a JSON Schema. It says as much of them as a schema can: what depends on names, on
 * the order of actions or on the file's other parts is the loader's alone.
 *
 * A string that is one placeholder may stand for any value of the variants, so every value but
 * those that identify the file may also be one.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "gendoc.h"

static cJSON *schema_of(const struct shape *);

/* ---- parts ----------------------------------------------------------------------------------- */

static cJSON *typed(const char *type)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "type", type);
    return o;
}

static cJSON *reference(const char *name)
{
    struct buf b = { 0 };
    buf_printf(&b, "#/$defs/%s", name);
    buf_char(&b, '\0');
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "$ref", b.at);
    buf_free(&b);
    return o;
}

static cJSON *matching(const char *pattern)
{
    cJSON *o = typed("string");
    if (pattern)
        cJSON_AddStringToObject(o, "pattern", pattern);
    return o;
}

static cJSON *any_of(cJSON *a, cJSON *b)
{
    cJSON *o = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(o, "anyOf");
    cJSON_AddItemToArray(list, a);
    if (b)
        cJSON_AddItemToArray(list, b);
    return o;
}

/* The shape, or a placeholder for it. */
static cJSON *value_of(const struct shape *s)
{
    cJSON *o = s->name ? reference(s->name) : schema_of(s);
    bool takes_any_text =
        s->kind == SHAPE_ANY || s->kind == SHAPE_OCTETS || (s->kind == SHAPE_TEXT && !s->accepts);
    return takes_any_text ? o : any_of(o, reference("placeholder"));
}

static void add_bounds(const struct shape *s, cJSON *o)
{
    cJSON_AddNumberToObject(o, "minimum", (double)s->min);
    if (s->max)
        cJSON_AddNumberToObject(o, "maximum", (double)s->max);
}

static cJSON *number_schema(const struct shape *s)
{
    cJSON *o = typed(s->kind == SHAPE_NUMBER ? "number" : "integer");
    add_bounds(s, o);
    return s->kind == SHAPE_SIZE ? any_of(o, matching(LANGUAGE_SIZE_PATTERN)) : o;
}

static cJSON *enum_schema(const char *const *words)
{
    cJSON *o = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(o, "enum");
    for (size_t i = 0; words[i]; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(words[i]));
    return o;
}

static cJSON *list_schema(const struct shape *s)
{
    cJSON *o = typed("array");
    cJSON_AddItemToObject(o, "items", value_of(s->of));
    if (s->min)
        cJSON_AddNumberToObject(o, "minItems", (double)s->min);
    return o;
}

static cJSON *tuple_schema(const struct shape *s)
{
    cJSON *o = typed("array"), *items = cJSON_AddArrayToObject(o, "prefixItems");
    size_t count = 0;
    for (; s->parts[count]; count++)
        cJSON_AddItemToArray(items, value_of(s->parts[count]));
    cJSON_AddFalseToObject(o, "items");
    cJSON_AddNumberToObject(o, "minItems", (double)count);
    return o;
}

static cJSON *map_schema(const struct shape *s)
{
    cJSON *o = typed("object");
    cJSON_AddItemToObject(o, "additionalProperties", value_of(s->of));
    if (s->accepts)
        cJSON_AddItemToObject(o, "propertyNames", matching("^[A-Za-z0-9_-]+$"));
    if (s->min)
        cJSON_AddNumberToObject(o, "minProperties", (double)s->min);
    return o;
}

/* ---- objects --------------------------------------------------------------------------------- */

static cJSON *words_list(const char *words)
{
    cJSON *list = cJSON_CreateArray();
    char word[64];
    for (size_t n; (n = strcspn(words, " ")) > 0; words += n + strspn(words + n, " ")) {
        memcpy(word, words, n);
        word[n] = '\0';
        cJSON_AddItemToArray(list, cJSON_CreateString(word));
    }
    return list;
}

static bool identifies_file(const struct shape *s, const struct key *k)
{
    return s == &language_file && (strcmp(k->name, "fakeproxy") == 0 ||
                                   strcmp(k->name, "id") == 0 || strcmp(k->name, "variants") == 0);
}

static void add_property(cJSON *properties, const struct shape *s, const struct key *k)
{
    cJSON *p = identifies_file(s, k) ? schema_of(k->shape) : value_of(k->shape);
    cJSON_AddStringToObject(p, "description", k->doc);
    if (k->otherwise)
        cJSON_AddItemToObject(p, "default", cJSON_Parse(k->otherwise));
    cJSON_AddItemToObject(properties, k->name, p);
}

static void add_one_of(cJSON *o, const char *keys)
{
    cJSON *list = cJSON_AddArrayToObject(o, "oneOf"), *words = words_list(keys);
    const cJSON *word;
    cJSON_ArrayForEach(word, words)
    {
        cJSON *branch = cJSON_CreateObject();
        cJSON_AddItemToObject(branch, "required", words_list(word->valuestring));
        cJSON_AddItemToArray(list, branch);
    }
    cJSON_Delete(words);
}

static cJSON *object_schema(const struct shape *s)
{
    cJSON *o = typed("object"), *required = cJSON_CreateArray(), *with = cJSON_CreateObject();
    if (s->doc)
        cJSON_AddStringToObject(o, "description", s->doc);
    cJSON *properties = cJSON_AddObjectToObject(o, "properties");
    for (const struct key *k = s->keys; k->name; k++) {
        add_property(properties, s, k);
        if (k->required)
            cJSON_AddItemToArray(required, cJSON_CreateString(k->name));
        if (k->with)
            cJSON_AddItemToObject(with, k->name, words_list(k->with));
    }
    cJSON_AddItemToObject(o, "required", required);
    cJSON_AddItemToObject(o, "dependentRequired", with);
    cJSON_AddFalseToObject(o, "additionalProperties");
    if (s->one_of)
        add_one_of(o, s->one_of);
    return o;
}

static cJSON *choice_schema(const struct shape *s)
{
    cJSON *words = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(words, "enum");
    for (const struct key *k = s->keys; k->name; k++)
        if (k->bare)
            cJSON_AddItemToArray(list, cJSON_CreateString(k->name));
    cJSON *o = object_schema(s);
    cJSON_AddNumberToObject(o, "minProperties", 1);
    cJSON_AddNumberToObject(o, "maxProperties", 1);
    return any_of(words, o);
}

static cJSON *union_schema(const struct shape *s)
{
    cJSON *o = cJSON_CreateObject();
    if (s->doc)
        cJSON_AddStringToObject(o, "description", s->doc);
    cJSON *list = cJSON_AddArrayToObject(o, "anyOf");
    for (size_t i = 0; s->parts[i]; i++)
        cJSON_AddItemToArray(list, s->parts[i]->name ? reference(s->parts[i]->name)
                                                     : schema_of(s->parts[i]));
    return o;
}

static cJSON *schema_of(const struct shape *s)
{
    switch (s->kind) {
    case SHAPE_ANY:
        return cJSON_CreateObject();
    case SHAPE_NULL:
        return typed("null");
    case SHAPE_BOOL:
        return typed("boolean");
    case SHAPE_INTEGER:
    case SHAPE_NUMBER:
    case SHAPE_SIZE:
        return number_schema(s);
    case SHAPE_DURATION:
        return matching(LANGUAGE_DURATION_PATTERN);
    case SHAPE_OFFSET:
        return matching(LANGUAGE_OFFSET_PATTERN);
    case SHAPE_TEXT:
        return matching(s->pattern);
    case SHAPE_OCTETS:
        return matching("^[\\u0000-\\u00ff]*$");
    case SHAPE_ENUM:
        return enum_schema(s->words);
    case SHAPE_LIST:
        return list_schema(s);
    case SHAPE_TUPLE:
        return tuple_schema(s);
    case SHAPE_MAP:
        return map_schema(s);
    case SHAPE_OBJECT:
        return object_schema(s);
    case SHAPE_CHOICE:
        return choice_schema(s);
    case SHAPE_UNION:
        return union_schema(s);
    }
    return NULL;
}

/* ---- the whole ------------------------------------------------------------------------------- */

void schema_write(struct buf *out)
{
    const struct shape **named = named_shapes();
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "$schema", "https://json-schema.org/draft/2020-12/schema");
    cJSON_AddStringToObject(o, "title", "fakeproxy scenario, format 1");
    cJSON_AddItemToObject(o, "$ref", cJSON_CreateString("#/$defs/scenario"));
    cJSON *defs = cJSON_AddObjectToObject(o, "$defs");
    cJSON_AddItemToObject(defs, "placeholder", matching(LANGUAGE_PLACEHOLDER_PATTERN));
    for (size_t i = 0; named[i]; i++)
        cJSON_AddItemToObject(defs, named[i]->name, schema_of(named[i]));
    char *text = cJSON_Print(o);
    buf_string(out, text);
    buf_char(out, '\n');
    cJSON_free(text);
    cJSON_Delete(o);
    free(named);
}
