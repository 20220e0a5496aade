/*
 * Members of JSON objects.
 */
#include "member.h"

#include <string.h>

void member_name(struct buf *b, const char *name)
{
    if (b->at[b->len - 1] != '{')
        buf_char(b, ',');
    buf_json(b, name, strlen(name));
    buf_char(b, ':');
}

void member_text(struct buf *b, const char *name, const char *text)
{
    member_name(b, name);
    if (text)
        buf_json(b, text, strlen(text));
    else
        buf_string(b, "null");
}

void member_number(struct buf *b, const char *name, int64_t n)
{
    member_name(b, name);
    buf_number(b, n);
}

void member_flag(struct buf *b, const char *name, bool flag)
{
    member_name(b, name);
    buf_string(b, flag ? "true" : "false");
}

void member_numbers(struct buf *b, const char *name, const uint64_t *numbers, size_t count)
{
    member_name(b, name);
    buf_char(b, '[');
    for (size_t i = 0; i < count; i++)
        buf_printf(b, i ? ",%llu" : "%llu", (unsigned long long)numbers[i]);
    buf_char(b, ']');
}
