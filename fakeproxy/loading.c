/*
 * What loading has to say: complaints with their place, hints, values in words.
 */
#include "loading.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

enum { SHOWN = 40 }; /* characters of a text that a complaint repeats */

static bool is_put_in(const struct json *v)
{
    for (; v; v = v->up)
        if (v->written)
            return true;
    return false;
}

static void add_complaint(struct loading *l, const struct json *v, bool of_name, const char *hint,
                          const char *what)
{
    l->found++;
    if (!l->complaints)
        return;
    struct buf pointer = { 0 }, used = { 0 };
    json_pointer(v, false, &pointer);
    buf_char(&pointer, '\0');
    if (is_put_in(v)) {
        buf_string(&used, " (put in at ");
        json_pointer(v, true, &used);
        buf_char(&used, ')');
    }
    struct complaint_place place = { .file = l->file,
                                     .text = l->text,
                                     .len = l->len,
                                     .at = of_name && v->key && !v->written ? v->key_at : v->at,
                                     .pointer = pointer.at };
    complaints_add(l->complaints, &place, hint, "%s%.*s", what, (int)used.len,
                   used.at ? used.at : "");
    buf_free(&pointer);
    buf_free(&used);
}

void complain(struct loading *l, const struct json *v, const char *hint, const char *what, ...)
{
    char *message = NULL;
    va_list args;
    va_start(args, what);
    if (vasprintf(&message, what, args) < 0)
        abort();
    va_end(args);
    add_complaint(l, v, false, hint, message);
    free(message);
}

void complain_of_name(struct loading *l, const struct json *v, const char *hint, const char *what,
                      ...)
{
    char *message = NULL;
    va_list args;
    va_start(args, what);
    if (vasprintf(&message, what, args) < 0)
        abort();
    va_end(args);
    add_complaint(l, v, true, hint, message);
    free(message);
}

static const char *keep(struct loading *l, struct buf *b)
{
    const char *copy = arena_copy(l->arena, b->at, b->len);
    buf_free(b);
    return copy;
}

const char *hint_of(struct loading *l, const struct nearest *n)
{
    if (!n->best)
        return NULL;
    struct buf b = { 0 };
    buf_printf(&b, "did you mean \"%s\"?", n->best);
    return keep(l, &b);
}

const char *hint_among(struct loading *l, const char *word, size_t len, const char *const *words)
{
    struct nearest n;
    nearest_begin(&n, word, len);
    for (; *words; words++)
        nearest_try(&n, *words);
    return hint_of(l, &n);
}

const char *words_of(struct loading *l, const char *const *words)
{
    struct buf b = { 0 };
    for (size_t i = 0; words[i]; i++)
        buf_printf(&b, "%s\"%s\"", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
    return keep(l, &b);
}

static void show_text(const struct json *v, struct buf *b)
{
    size_t end = 0, shown = 0;
    for (; end < v->len && shown < SHOWN; shown++) {
        size_t n = json_utf8(v->text + end, v->len - end);
        end += n ? n : 1;
    }
    buf_char(b, '"');
    for (size_t i = 0; i < end; i++)
        buf_char(b, v->text[i] ? v->text[i] : ' ');
    buf_string(b, end < v->len ? "…\"" : "\"");
}

const char *show_value(struct loading *l, const struct json *v)
{
    struct buf b = { 0 };
    if (v->type == JSON_TEXT)
        show_text(v, &b);
    else if (v->type == JSON_NUMBER)
        buf_printf(&b, "%.*g", v->number == floor(v->number) ? 17 : 10, v->number);
    else if (v->type == JSON_BOOL)
        buf_string(&b, v->flag ? "true" : "false");
    else
        buf_string(&b, json_type_name(v->type));
    return keep(l, &b);
}
