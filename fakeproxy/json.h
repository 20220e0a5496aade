/*
 * Strict JSON (RFC 8259) for files and lines that people and other programs write: anything cJSON
 * would let pass or lose is found before it reads the text, and every value knows where it stands.
 *
 * Refused: ill-formed UTF-8, a byte order mark, lone surrogates, `01`, `1e999` and other numbers no
 * double can hold, numbers from 2^53 on, names twice in one object (compared after unescaping),
 * more than JSON_DEPTH levels, anything behind the value. U+0000 in a string is kept.
 *
 * A tree lives in the arena it was parsed into and stays as long as that.
 */
#ifndef FP_JSON_H
#define FP_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

enum { JSON_DEPTH = 64 };

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_LIST, JSON_OBJECT };

struct json {
    enum json_type type;
    bool flag;          /* BOOL */
    bool implied;       /* not in the text: a default that was put in */
    double number;      /* NUMBER; never NaN or infinite */
    const char *text;   /* TEXT: UTF-8, may hold NULs, has one more behind it */
    size_t len;         /* of text */
    const char *key;    /* its name in an object, NUL-terminated; NULL in a list */
    size_t key_len;     /* names may hold NULs, too */
    size_t at, key_at;  /* where value and name stand in the text, in octets */
    struct json *first; /* LIST, OBJECT: members in the order of the text */
    struct json *next;  /* the member behind this one */
    struct json *up;    /* the list or object it is in */
    size_t count;       /* of members */
    /* A copy that stands for a placeholder: the value it is a copy of. The copy keeps its `at`. */
    const struct json *written;
};

struct json_error {
    size_t at;         /* octets into the text */
    char pointer[256]; /* JSON pointer of the value that is wrong, cut if it is longer */
    char what[256];    /* what is wrong, what was expected */
};

/* The value that is the whole text, or NULL with *error filled in. */
struct json *json_parse(struct arena *, const char *text, size_t len, struct json_error *error);

/* A member by its exact name, or NULL (also where the value is no object). */
struct json *json_get(const struct json *object, const char *key);

bool json_is(const struct json *, const char *text); /* it is this text */

/* The type in words, with its article: "a list". */
const char *json_type_name(enum json_type);

/* Appends the JSON pointer (RFC 6901) of the value as it is written in the text; "/" for the whole.
 * With `as_used`, the place it stands at after placeholders were put in. */
void json_pointer(const struct json *, bool as_used, struct buf *out);

/* Length of the well-formed UTF-8 sequence (RFC 3629) at s, or 0. */
size_t json_utf8(const char *s, size_t len);

#endif
