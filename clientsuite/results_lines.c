/*
 * Lines of results. A journal is found by a scan that knows only strings and brackets; what it
 * finds is checked when it is read as a journal.
 */
#include "results_lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "memory.h"
#include "slurp.h"

/* ---- scanning -------------------------------------------------------------------------------- */

/* One behind the string that begins at `at`. */
static size_t string_end(const char *s, size_t len, size_t at)
{
    for (at++; at < len && s[at] != '"'; at++)
        if (s[at] == '\\')
            at++;
    return at < len ? at + 1 : len;
}

/* One behind the value that begins at `at`. */
static size_t value_end(const char *s, size_t len, size_t at)
{
    size_t depth = 0;
    if (at < len && s[at] == '"')
        return string_end(s, len, at);
    for (; at < len; at++) {
        if (s[at] == '"')
            at = string_end(s, len, at) - 1;
        else if (s[at] == '{' || s[at] == '[')
            depth++;
        else if (depth > 0 && (s[at] == '}' || s[at] == ']') && --depth == 0)
            return at + 1;
        else if (depth == 0 && strchr(",}]", s[at]))
            return at;
    }
    return len;
}

static size_t skip_space(const char *s, size_t len, size_t at)
{
    while (at < len && strchr(" \t\r", s[at]))
        at++;
    return at;
}

/* Where the value of the line's own member "journal" begins, or `len`. */
static size_t find_journal(const char *s, size_t len)
{
    static const char key[] = "\"journal\"";
    size_t depth = 0;
    for (size_t at = 0; at < len; at++) {
        if (s[at] == '"') {
            size_t end = string_end(s, len, at);
            size_t colon = skip_space(s, len, end);
            if (depth == 1 && end - at == strlen(key) && memcmp(s + at, key, end - at) == 0 &&
                colon < len && s[colon] == ':')
                return skip_space(s, len, colon + 1);
            at = end - 1;
        } else if (s[at] == '{' || s[at] == '[') {
            depth++;
        } else if ((s[at] == '}' || s[at] == ']') && depth > 0) {
            depth--;
        }
    }
    return len;
}

const char *results_lines_span(const struct results_line *line, const struct json *v, size_t *len)
{
    *len = value_end(line->text, line->len, v->at) - v->at;
    return line->text + v->at;
}

/* A list of events as lines. */
static void unfold(struct buf *out, const char *list, size_t len)
{
    for (size_t at = skip_space(list, len, 1); at < len && list[at] == '{';) {
        size_t end = value_end(list, len, at);
        buf_add(out, list + at, end - at);
        buf_char(out, '\n');
        at = skip_space(list, len, end);
        if (at < len && list[at] == ',')
            at = skip_space(list, len, at + 1);
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

static int complain(const char *path, size_t number, const char *what)
{
    fprintf(stderr, "clientsuite: %s:%zu: %s%s\n", path, number, what,
            number == 1 ? "; are these results, as --report json:FILE writes them?" : "");
    return -1;
}

static int kind_of(const struct json *line)
{
    static const char *const names[] = { "run", "client", "case", "summary", "end" };
    const struct json *type = json_get(line, "type");
    for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
        if (type && json_is(type, names[i]))
            return i;
    return -1;
}

static void append(struct results_lines *l, const struct results_line *line)
{
    l->lines = memory_grow(l->lines, l->count, sizeof(*l->lines));
    l->lines[l->count++] = *line;
}

/* Takes the journal out of the text, and leaves null. */
static void cut_journal(struct results_line *line, struct buf *rest, const char *text, size_t len)
{
    size_t at = find_journal(text, len);
    if (at < len && text[at] == '[') {
        struct buf journal = { 0 };
        size_t end = value_end(text, len, at);
        unfold(&journal, text + at, end - at);
        buf_add(rest, text, at);
        buf_string(rest, "null");
        buf_add(rest, text + end, len - end);
        line->journal_len = journal.len;
        buf_char(&journal, '\0');
        line->journal = journal.at;
        return;
    }
    buf_add(rest, text, len);
}

static int read_line(struct results_lines *l, struct arena *arena, const char *path,
                     struct results_line line, const char *text, size_t len)
{
    struct buf rest = { 0 };
    struct json_error error;
    cut_journal(&line, &rest, text, len);
    line.text = arena_copy(arena, rest.at ? rest.at : "", rest.len);
    line.len = rest.len;
    buf_free(&rest);
    line.json = json_parse(arena, line.text, line.len, &error);
    int kind = line.json && line.json->type == JSON_OBJECT ? kind_of(line.json) : -1;
    line.kind = kind < 0 ? LINE_RUN : (enum results_line_kind)kind;
    append(l, &line); /* which owns the journal from now on */
    if (!line.json)
        return complain(path, line.number, error.what);
    return kind >= 0
               ? 0
               : complain(path, line.number, "a line is of type run, client, case, summary or end");
}

int results_lines_read(struct results_lines *l, struct arena *arena, const char *path, size_t file)
{
    struct buf text = { 0 };
    size_t number = 0;
    int result = strcmp(path, "-") == 0 ? slurp_stream(stdin, SIZE_MAX, &text)
                                        : slurp(path, SIZE_MAX, &text);
    if (result < 0)
        fprintf(stderr, "clientsuite: %s cannot be read: %s\n", path, strerror(errno));
    for (size_t at = 0; result == 0 && at < text.len;) {
        const char *newline = memchr(text.at + at, '\n', text.len - at);
        size_t end = newline ? (size_t)(newline - text.at) : text.len;
        struct results_line line = { .file = file, .number = number + 1 };
        if (!newline && number > 0)
            break;
        if (end > at)
            result = read_line(l, arena, path, line, text.at + at, end - at);
        number++;
        at = end + 1;
    }
    if (result == 0 && number == 0)
        result = complain(path, 1, "it is empty");
    buf_free(&text);
    return result;
}

void results_lines_free(struct results_lines *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->lines[i].journal);
    free(l->lines);
    *l = (struct results_lines){ 0 };
}
