/*
 * Wrapping at spaces. A word that is longer than a line is not cut: it may be a URL.
 */
#include "wrap.h"

#include <stdbool.h>
#include <string.h>

#include "say.h"

enum { COLUMNS = 80, INDENT = 12 };

static void print_point(FILE *f, const char *point, size_t len, const char *dash)
{
    struct buf plain = { 0 };
    int indent = INDENT + (int)strlen(dash), column = indent;
    say_text(&plain, point, len);
    fputs(dash, f);
    for (size_t i = 0, n; i < plain.len; i += n + 1) {
        const char *space = memchr(plain.at + i, ' ', plain.len - i);
        n = space ? (size_t)(space - (plain.at + i)) : plain.len - i;
        if (column > indent && column + (int)n >= COLUMNS) {
            fprintf(f, "\n%*s", indent, "");
            column = indent;
        }
        column += fprintf(f, "%s%.*s", column > indent ? " " : "", (int)n, plain.at + i);
    }
    fputc('\n', f);
    buf_free(&plain);
}

void wrap_print(FILE *f, const char *label, const char *text)
{
    const char *dash = strchr(text, '\n') ? "- " : "";
    fprintf(f, "  %-*s", INDENT - 2, label);
    for (const char *end; text; text = end ? end + 1 : NULL) {
        end = strchr(text, '\n');
        print_point(f, text, end ? (size_t)(end - text) : strlen(text), dash);
        if (end)
            fprintf(f, "%*s", INDENT, "");
    }
}
