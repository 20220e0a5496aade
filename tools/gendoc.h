/*
 * What is generated from the tables of the language and the vocabulary of the journal.
 */
#ifndef TOOLS_GENDOC_H
#define TOOLS_GENDOC_H

#include "buf.h"
#include "language.h"

void schema_write(struct buf *out); /* JSON Schema, draft 2020-12 */

/* Markdown: every object of the language with its keys; every event with its fields. */
void reference_keys(struct buf *out);
void reference_events(struct buf *out);

/* The same as parts of a man page, in mdoc. */
void manual_keys(struct buf *out);
void manual_events(struct buf *out);

/* Shapes that have a name, each once, in the order in which a reader meets them; NULL-terminated.
 * The caller frees the list. */
const struct shape **named_shapes(void);

/* The value of a key in words: "a duration such as …". */
void describe_value(const struct shape *, struct buf *out);

/* It is a field of the journal, in a match object. */
bool is_field_key(const struct shape *, const struct key *);

#endif
