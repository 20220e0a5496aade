/*
 * The content of a body that a scenario spells out or generates: its length, its octets, its
 * SHA-256, without holding what can be generated.
 */
#ifndef FP_CONTENT_H
#define FP_CONTENT_H

#include "arena.h"
#include "scenario.h"

struct content_piece {
    const char *octets; /* NULL: generated (pattern.h) */
    uint64_t len;
    uint64_t offset; /* generated: of its first octet */
    uint32_t seed;
};

struct content {
    const struct content_piece *pieces;
    size_t count;
    uint64_t len;
};

enum { CONTENT_HEX = 65 }; /* a SHA-256 in hex, and its end */

/* The content of that body, without any framing. `mark` is that of a BODY_MARK. What is not in the
 * scenario goes into the arena. */
struct content content_of(const struct body *, const struct text_scope *, const char *mark,
                          struct arena *);
struct content content_octets(const char *octets, size_t len, struct arena *); /* not copied */
/* The first `len` octets of one, and another behind it. */
struct content content_join(const struct content *, uint64_t len, const struct content *behind,
                            struct arena *);

/* Of the first `len` octets. Lower case. */
void content_sha256(const struct content *, uint64_t len, char hex[CONTENT_HEX]);
/* Copies up to `room` octets from `offset` on; how many. */
size_t content_copy(const struct content *, uint64_t offset, char *out, size_t room);

#endif
