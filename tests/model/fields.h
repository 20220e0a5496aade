/* Field lines (RFC 9110, 5): a growing list of names and values in an arena. Names are compared in
 * any case. */
#ifndef MODEL_FIELDS_H
#define MODEL_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

struct field {
    const char *name, *value;
};

struct fields {
    struct arena *arena;
    struct field *list;
    size_t count, room;
};

/* Both texts live as long as the list. */
void fields_add(struct fields *, const char *name, const char *value);
/* The value of the nth line of that name, from 0; NULL: there are not so many. */
const char *fields_nth(const struct fields *, const char *name, size_t nth);
bool fields_has(const struct fields *, const char *name);
/* Is the token a member of the list that the lines of that name are (5.6.1)? */
bool fields_has_token(const struct fields *, const char *name, const char *token);

/* The next member of a comma-separated list, without white space around it, empty ones skipped;
 * moves *at. False: there is none. Not for lists whose members hold quoted strings. */
bool fields_member(const char **at, const char **member, size_t *len);

/* RFC 9110, 5.6.2, and what a value may hold (5.5). */
bool fields_is_token(const char *text, size_t len);
bool fields_is_value(const char *text, size_t len);

#endif
