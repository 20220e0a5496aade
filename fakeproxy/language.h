/*
 * Scenario format 1, declared: every object of the language as a table of its keys, every value as
 * a shape. One walker (language_check) holds a file against these tables, the loader builds only
 * what has passed, and tools/gendoc makes the JSON Schema and the reference from the same tables:
 * a key cannot be accepted and not documented, or the other way round.
 *
 * What tables cannot say (names that must exist, rules nobody reaches, checks without bounds) is
 * checked by the loader's builders, load_*.c.
 */
#ifndef FP_LANGUAGE_H
#define FP_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shape_kind {
    SHAPE_ANY,
    SHAPE_NULL,
    SHAPE_BOOL,
    SHAPE_INTEGER,  /* min..max; 2.0 is the integer 2 */
    SHAPE_NUMBER,   /* min..max */
    SHAPE_DURATION, /* text such as "250ms"; min..max in ns */
    SHAPE_OFFSET,   /* text such as "+2s" or "-1d" */
    SHAPE_SIZE,     /* integer or text such as "64KiB"; min..max in octets */
    SHAPE_TEXT,     /* UTF-8; `accepts` narrows it down */
    SHAPE_OCTETS,   /* text whose characters, U+0000 to U+00FF, are one octet each */
    SHAPE_ENUM,     /* one of `words` */
    SHAPE_LIST,     /* of `of`, min..max members */
    SHAPE_TUPLE,    /* list with one member for each of `parts` */
    SHAPE_MAP,      /* object, any names, values are `of` */
    SHAPE_OBJECT,   /* object with `keys` */
    SHAPE_CHOICE,   /* object with exactly one of `keys`, or the bare name of one that has `bare` */
    SHAPE_UNION     /* one of `parts`: told by JSON type, then by the key `tell` */
};

struct shape {
    enum shape_kind kind;
    const char *name;    /* of its definition in schema and reference; NULL: stands where it is */
    const char *expects; /* in a complaint: "expected …"; NULL: made from the kind */
    const char *doc;     /* OBJECT, CHOICE, UNION: one paragraph for the reference */
    int64_t min, max;    /* max 0: none */
    const char *const *words;         /* ENUM; NULL-terminated */
    const struct shape *of;           /* LIST, MAP */
    const struct shape *const *parts; /* UNION, TUPLE; NULL-terminated */
    const struct key *keys;           /* OBJECT, CHOICE; ends with a NULL name */
    const char *one_of;  /* OBJECT: keys, apart by spaces, of which exactly one stands */
    const char *tell;    /* OBJECT in a union: it is meant where this key stands */
    const char *pattern; /* TEXT: the same as `accepts`, as a regular expression */
    bool (*accepts)(const char *text, size_t len); /* TEXT; MAP: its names */
};

struct key {
    const char *name;
    const struct shape *shape;
    const char *doc;
    bool required;
    const char *otherwise; /* the default as JSON; NULL: none, or `says` tells it */
    const char *says;      /* the default in words */
    const char *bare;      /* CHOICE: the value that the bare word stands for, as JSON */
    const char *with;      /* keys, apart by spaces, that must stand beside this one */
};

extern const struct shape language_file; /* the whole of a scenario */

/* What a complaint says was expected: "a duration such as "250ms"". In the arena. */
struct arena;
const char *language_expects(const struct shape *, struct arena *);

/* The key of that name, or NULL. */
const struct key *language_key(const struct shape *, const char *name);

/* ---- values that are written as text --------------------------------------------------------- */

/* Each false where the text is no such value. */
bool language_duration(const char *text, size_t len, int64_t *ns);
bool language_offset(const char *text, size_t len, int64_t *ns); /* with its sign */
bool language_size(const char *text, size_t len, uint64_t *octets);

#define LANGUAGE_DURATION_PATTERN "^[0-9]+(\\.[0-9]{1,9})?(us|ms|s|m|h)$"
#define LANGUAGE_OFFSET_PATTERN   "^[+-][0-9]+(\\.[0-9]{1,9})?(us|ms|s|m|h|d|y)$"
#define LANGUAGE_SIZE_PATTERN     "^[0-9]+(KiB|MiB|GiB)?$"

/* Where a whole value may stand in: "{name}", name a key of the variants. */
#define LANGUAGE_PLACEHOLDER_PATTERN "^\\{[A-Za-z0-9_-]+\\}$"
bool language_is_name(const char *text, size_t len); /* letters, digits, `_` and `-` */
bool language_is_base64(const char *text, size_t len);
bool language_is_path(const char *text, size_t len); /* relative, without `..` */

/* The words a field of the journal can hold, NULL-terminated; NULL where it can hold anything. */
const char *const *language_field_words(int field);

#endif
