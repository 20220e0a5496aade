/*
 * Edit distance, in three rows of the usual table.
 */
#include "nearest.h"

#include <stdbool.h>
#include <string.h>

enum { LONGEST = 48 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c == '_' ? '-' : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One number is not a slip of another. */
static size_t substitution(char a, char b)
{
    if (lower(a) == lower(b))
        return 0;
    return is_digit(a) && is_digit(b) ? 3 : 1;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][LONGEST + 1];
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1,
                           above[j - 1] + substitution(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

void nearest_begin(struct nearest *n, const char *word, size_t len)
{
    /* Near enough: one slip in three characters, and one even in a short word. */
    *n = (struct nearest){ .word = word, .len = len, .distance = (len < 3 ? 1 : len / 3) + 1 };
}

void nearest_try(struct nearest *n, const char *candidate)
{
    size_t len = strlen(candidate);
    if (n->len > LONGEST || len > LONGEST || n->len == 0)
        return;
    size_t d = distance(n->word, n->len, candidate, len);
    if (d < n->distance && d < len) {
        n->distance = d;
        n->best = candidate;
    }
}
