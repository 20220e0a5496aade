/*
 * Complaints about files. Each is rendered when it is made, because the text it is about does not
 * outlive the loading.
 */
#include "complaints.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"

/* A line longer than this is shown as a window around the place. */
enum { WINDOW = 96, BEFORE = 40 };

struct complaint {
    const char *head;  /* "file:line:col: pointer: what", the part printed first */
    const char *shown; /* the line and the caret; NULL: none */
    const char *file;
    size_t at, order;
};

struct complaints {
    struct arena *arena;
    struct complaint *list;
    size_t count, room;
};

struct complaints *complaints_new(void)
{
    struct complaints *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    c->arena = arena_new();
    return c;
}

void complaints_free(struct complaints *c)
{
    if (!c)
        return;
    arena_free(c->arena);
    free(c->list);
    free(c);
}

size_t complaints_count(const struct complaints *c)
{
    return c->count;
}

static size_t characters(const char *s, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)s[i] & 0xC0) != 0x80;
    return n;
}

/* One character of the line, made printable and one column wide; returns its octets. */
static size_t show_character(const char *s, size_t len, struct buf *out)
{
    size_t n = json_utf8(s, len);
    bool is_control = (unsigned char)*s < 0x20 || *s == 0x7F;
    if (n == 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0) {
        buf_char(out, '?'); /* a byte order mark would not be seen */
        return n;
    }
    if (n == 0 || is_control) {
        buf_string(out, is_control ? " " : "?");
        return 1;
    }
    buf_add(out, s, n);
    return n;
}

static void show_line(const struct complaint_place *p, size_t start, const char *hint,
                      struct buf *out)
{
    const char *text = p->text;
    size_t end = start, column = 0, from = start;
    while (end < p->len && text[end] != '\n')
        end++;
    if (end > start && text[end - 1] == '\r')
        end--;
    size_t at = p->at < end ? p->at : end;
    if (characters(text + start, end - start) > WINDOW && at - start > BEFORE)
        for (from = at - BEFORE; ((unsigned char)text[from] & 0xC0) == 0x80;)
            from--;
    buf_string(out, from > start ? "\n    …" : "\n    ");
    size_t caret = from > start ? 1 : 0;
    for (size_t i = from; i < end && column < WINDOW; column++) {
        caret += i < at;
        i += show_character(text + i, end - i, out);
        if (column + 1 == WINDOW && i < end)
            buf_string(out, "…");
    }
    buf_printf(out, "\n    %*s^", (int)caret, "");
    if (hint)
        buf_printf(out, " %s", hint);
}

static void show_text(const char *z, struct buf *out)
{
    for (size_t len = strlen(z), i = 0; i < len;)
        i += show_character(z + i, len - i, out);
}

static void show_format(struct buf *out, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void show_format(struct buf *out, const char *format, va_list args)
{
    char *message = NULL;
    if (vasprintf(&message, format, args) < 0)
        abort();
    show_text(message, out);
    free(message);
}

static const char *keep(struct arena *arena, struct buf *b)
{
    const char *copy = b->len ? arena_copy(arena, b->at, b->len) : NULL;
    buf_free(b);
    return copy;
}

static bool is_known(const struct complaints *c, const struct complaint *new)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->list[i].at == new->at &&
            c->list[i].head &&new->head &&strcmp(c->list[i].head, new->head) == 0)
            return true;
    return false;
}

static void append(struct complaints *c, struct complaint new)
{
    if (is_known(c, &new))
        return;
    if (c->count == c->room) {
        c->room = c->room ? c->room * 2 : 16;
        c->list = realloc(c->list, c->room * sizeof(c->list[0]));
        if (!c->list)
            abort();
    }
    new.order = c->count;
    c->list[c->count++] = new;
}

void complaints_add(struct complaints *c, const struct complaint_place *p, const char *hint,
                    const char *what, ...)
{
    struct buf head = { 0 }, shown = { 0 };
    va_list args;
    buf_string(&head, p->file);
    if (p->text) {
        size_t start = p->at, line = 1;
        while (start > 0 && p->text[start - 1] != '\n')
            start--;
        for (size_t i = 0; i < start; i++)
            line += p->text[i] == '\n';
        buf_printf(&head, ":%zu:%zu: ", line, characters(p->text + start, p->at - start) + 1);
        show_text(p->pointer, &head);
        show_line(p, start, hint, &shown);
    }
    buf_string(&head, ": ");
    va_start(args, what);
    show_format(&head, what, args);
    va_end(args);
    append(c, (struct complaint){ .head = keep(c->arena, &head),
                                  .shown = keep(c->arena, &shown),
                                  .file = arena_copy(c->arena, p->file, strlen(p->file)),
                                  .at = p->text ? p->at : 0 });
}

static int compare(const void *a, const void *b)
{
    const struct complaint *x = a, *y = b;
    int file = strcmp(x->file, y->file);
    if (file == 0)
        file = (x->at > y->at) - (x->at < y->at);
    return file ? file : (x->order > y->order) - (x->order < y->order);
}

void complaints_print(const struct complaints *c, FILE *out)
{
    size_t shown = c->count < COMPLAINTS_PRINTED ? c->count : COMPLAINTS_PRINTED;
    struct complaint *sorted = calloc(c->count + 1, sizeof(*sorted));
    if (!sorted)
        abort();
    if (c->count)
        memcpy(sorted, c->list, c->count * sizeof(*sorted));
    qsort(sorted, c->count, sizeof(*sorted), compare);
    for (size_t i = 0; i < shown; i++)
        fprintf(out, "%s%s\n", sorted[i].head, sorted[i].shown ? sorted[i].shown : "");
    if (c->count > shown)
        fprintf(out, "and %zu more\n", c->count - shown);
    free(sorted);
}
