/*
 * The loading of one scenario file: what the checker, the variants and the builders share. Private
 * to the loader (language_check.c, load_*.c, scenario.c).
 */
#ifndef FP_LOADING_H
#define FP_LOADING_H

#include <stddef.h>

#include "arena.h"
#include "complaints.h"
#include "json.h"
#include "language.h"
#include "nearest.h"

struct loading {
    struct arena *arena;
    struct complaints *complaints; /* NULL: try only, say nothing */
    size_t found;                  /* complaints made in this loading */
    const char *file, *text;
    size_t len;
};

/* A complaint about a value, or about its name in an object. hint: NULL, or a hint_…() */
void complain(struct loading *, const struct json *, const char *hint, const char *what, ...)
    __attribute__((format(printf, 4, 5)));
void complain_of_name(struct loading *, const struct json *, const char *hint, const char *what,
                      ...) __attribute__((format(printf, 4, 5)));

/* `did you mean "…"?` in the arena, or NULL where nothing is near. */
const char *hint_of(struct loading *, const struct nearest *);
const char *hint_among(struct loading *, const char *word, size_t len, const char *const *words);

/* Words as a list: `"a", "b" or "c"`; in the arena. */
const char *words_of(struct loading *, const char *const *words);

/* The value as a complaint shows it: `"text"`, `7`, `a list`; in the arena. */
const char *show_value(struct loading *, const struct json *);

/*
 * Holds the value against the shape. True if it fits; then defaults have been put in, bare words
 * became the objects they stand for, and numbers put in for placeholders became texts where a text
 * is wanted. False with complaints otherwise.
 */
bool language_check(struct loading *, const struct shape *, struct json *);

#endif
