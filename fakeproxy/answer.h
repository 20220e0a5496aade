/*
 * An answer as a run of octets: header block, body and trailers, of known length, any stretch of
 * which can be had without holding the rest. Pure: it knows no connection.
 */
#ifndef FP_ANSWER_H
#define FP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "http.h"
#include "scenario.h"

struct answer {
    struct buf head;  /* the header block, and a body that is short or given */
    size_t head_len;  /* of the header block alone */
    uint64_t pattern; /* octets of generated body behind it */
    uint64_t pattern_offset;
    uint32_t seed;
    bool chunked;     /* the generated body is framed in chunks of ANSWER_CHUNK octets */
    struct buf tail;  /* behind a generated body: last chunk and trailers */
    uint64_t total;   /* octets of all */
    uint64_t content; /* octets of the body alone */
    int status;
    uint64_t written;
    uint64_t limit; /* stop there: a cut; UINT64_MAX: none */
    bool told;      /* `response` was written to the journal */
};

enum { ANSWER_CHUNK = 16384 };

/* What an answer depends on beside its `respond`. */
struct answer_context {
    const struct text_scope *scope;
    struct http_slice request_method; /* empty: none was read */
    const char *mark;                 /* the default body */
    int64_t wall;                     /* now, ns */
    bool forbid_body;                 /* even one that the `respond` spells out */
    const char *exit;                 /* told in X-Exit; NULL: none */
    /* Appends the field lines of a gate's challenge; gate NULL: of all that the actor has. Needed
     * where the `respond` has such challenges. */
    void (*challenge)(void *arg, const struct gate *, const char *field, struct buf *out);
    void *challenge_arg;
};

/* Writes it from a `respond`. The answer is all zero before. */
void answer_write(struct answer *, const struct respond *, const struct answer_context *);
/* Octets as they are: a `send`. */
void answer_write_octets(struct answer *, const struct text *, const struct text_scope *);
void answer_free(struct answer *);

/* Up to `room` octets from `offset` on. */
size_t answer_octets(const struct answer *, uint64_t offset, char *out, size_t room);
/* The same without a copy, if that stretch stands in memory; else 0. */
size_t answer_stretch(const struct answer *, uint64_t offset, const char **at);

/* Where a cut falls, in octets of the whole; UINT64_MAX: beyond the end, so never. */
uint64_t answer_cut(const struct answer *, const struct cut *);

/* Appends one field line. */
void answer_field(struct buf *, const struct field_line *, const struct text_scope *, int64_t wall);
/* Appends an instant in its form. */
void answer_instant(struct buf *, const struct instant *, int64_t wall);

#endif
