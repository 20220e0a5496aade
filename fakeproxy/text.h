/*
 * Texts of a scenario: octets that may hold placeholders such as {origin} or {nonce}, which get
 * their values when the text is used. `{{` is a `{`. The loader has checked every name, and has
 * already put in variant keys, so that expansion cannot fail.
 */
#ifndef FP_TEXT_H
#define FP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
    const char *octets; /* NULL: not given */
    size_t len;
    bool has_placeholder; /* else the octets are the value, no `{{` in it */
};

struct text_scope {
    /* The value of a placeholder, valid until the next call; NULL never for a loaded scenario. */
    const char *(*value)(void *arg, const char *name, size_t len, size_t *value_len);
    void *arg;
};

struct buf;
/* Appends the text, placeholders replaced. */
void text_expand(const struct text *, const struct text_scope *, struct buf *out);

#endif
