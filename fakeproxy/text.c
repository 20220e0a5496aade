/*
 * Texts: their placeholders are replaced when they are used.
 */
#include "text.h"

#include <assert.h>
#include <string.h>

#include "buf.h"

/* Expands the placeholder that begins at `at`; returns the place behind it. */
static size_t expand(const struct text *t, size_t at, const struct text_scope *scope,
                     struct buf *out)
{
    const char *close = memchr(t->octets + at, '}', t->len - at);
    assert(close);
    size_t end = (size_t)(close - t->octets), len = 0;
    const char *value = scope->value(scope->arg, t->octets + at + 1, end - at - 1, &len);
    assert(value);
    buf_add(out, value, len);
    return end + 1;
}

void text_expand(const struct text *t, const struct text_scope *scope, struct buf *out)
{
    if (!t->has_placeholder) {
        buf_add(out, t->octets, t->len);
        return;
    }
    for (size_t i = 0; i < t->len;) {
        const char *brace = memchr(t->octets + i, '{', t->len - i);
        size_t end = brace ? (size_t)(brace - t->octets) : t->len;
        buf_add(out, t->octets + i, end - i);
        if (end == t->len)
            return;
        if (end + 1 < t->len && t->octets[end + 1] == '{') {
            buf_char(out, '{');
            i = end + 2;
        } else {
            i = expand(t, end, scope, out);
        }
    }
}
