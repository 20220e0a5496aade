/*
 * Field lines.
 */
#include "fields.h"

#include <string.h>
#include <strings.h>

void fields_add(struct fields *f, const char *name, const char *value)
{
    if (f->count == f->room) {
        size_t room = f->room ? 2 * f->room : 16;
        struct field *list = arena_take(f->arena, room * sizeof(*list));
        if (f->count)
            memcpy(list, f->list, f->count * sizeof(*list));
        f->list = list;
        f->room = room;
    }
    f->list[f->count++] = (struct field){ name, value };
}

const char *fields_nth(const struct fields *f, const char *name, size_t nth)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcasecmp(f->list[i].name, name) == 0 && nth-- == 0)
            return f->list[i].value;
    return NULL;
}

bool fields_has(const struct fields *f, const char *name)
{
    return fields_nth(f, name, 0) != NULL;
}

bool fields_member(const char **at, const char **member, size_t *len)
{
    const char *p = *at + strspn(*at, ", \t");
    if (!*p)
        return false;
    *member = p;
    size_t n = strcspn(p, ",");
    *at = p + n;
    while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
        n--;
    *len = n;
    return true;
}

bool fields_has_token(const struct fields *f, const char *name, const char *token)
{
    const char *line, *member;
    size_t len;
    for (size_t i = 0; (line = fields_nth(f, name, i)); i++)
        while (fields_member(&line, &member, &len))
            if (len == strlen(token) && strncasecmp(member, token, len) == 0)
                return true;
    return false;
}

bool fields_is_token(const char *text, size_t len)
{
    static const char set[] = "!#$%&'*+-.^_`|~0123456789"
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (size_t i = 0; i < len; i++)
        if (!text[i] || !strchr(set, text[i]))
            return false;
    return len > 0;
}

bool fields_is_value(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7F)
            return false;
    return true;
}
