/*
 * Contents as runs of pieces: octets that stand somewhere, and stretches that are generated where
 * they are wanted.
 */
#include "content.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "pattern.h"

enum { STRETCH = 16384 };

static struct content one(struct content_piece piece, struct arena *arena)
{
    struct content_piece *p = arena_take(arena, sizeof(*p));
    *p = piece;
    return (struct content){ .pieces = p, .count = piece.len > 0, .len = piece.len };
}

struct content content_octets(const char *octets, size_t len, struct arena *arena)
{
    return one((struct content_piece){ .octets = octets ? octets : "", .len = len }, arena);
}

struct content content_of(const struct body *b, const struct text_scope *scope, const char *mark,
                          struct arena *arena)
{
    struct buf text = { 0 };
    switch (b->source) {
    case BODY_PATTERN:
    case BODY_STREAM:
        return one((struct content_piece){ .len = b->size, .offset = b->offset, .seed = b->seed },
                   arena);
    case BODY_MARK:
        buf_string(&text, mark);
        break;
    case BODY_TEXT:
        text_expand(&b->text, scope, &text);
        break;
    case BODY_CHUNK_LIST:
        for (size_t i = 0; i < b->chunk_count; i++)
            text_expand(&b->chunks[i], scope, &text);
        break;
    }
    char *copy = arena_copy(arena, text.at ? text.at : "", text.len);
    struct content c = content_octets(copy, text.len, arena);
    buf_free(&text);
    return c;
}

struct content content_join(const struct content *first, uint64_t len, const struct content *behind,
                            struct arena *arena)
{
    struct content_piece *p = arena_take(arena, (first->count + behind->count + 1) * sizeof(*p));
    struct content c = { .pieces = p };
    for (size_t i = 0; i < first->count && c.len < len; i++) {
        p[c.count] = first->pieces[i];
        if (p[c.count].len > len - c.len)
            p[c.count].len = len - c.len;
        c.len += p[c.count++].len;
    }
    for (size_t i = 0; i < behind->count; i++) {
        p[c.count++] = behind->pieces[i];
        c.len += behind->pieces[i].len;
    }
    return c;
}

/* A stretch of one piece from `offset` on, in place or generated into `out`; its length. */
static size_t stretch(const struct content_piece *p, uint64_t offset, size_t room, char *out,
                      const char **at)
{
    uint64_t left = p->len - offset;
    size_t len = left < room ? (size_t)left : room;
    *at = p->octets ? p->octets + offset : out;
    if (!p->octets)
        pattern_fill(out, len, p->offset + offset, p->seed);
    return len;
}

void content_sha256(const struct content *c, uint64_t len, char hex[CONTENT_HEX])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    char out[STRETCH];
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    if (!md || !EVP_DigestInit_ex(md, EVP_sha256(), NULL))
        abort();
    for (size_t i = 0; i < c->count && len > 0; i++)
        for (uint64_t offset = 0; offset < c->pieces[i].len && len > 0;) {
            const char *at;
            size_t room = len < STRETCH ? (size_t)len : STRETCH;
            size_t n = stretch(&c->pieces[i], offset, room, out, &at);
            EVP_DigestUpdate(md, at, n);
            offset += n;
            len -= n;
        }
    EVP_DigestFinal_ex(md, digest, &digest_len);
    EVP_MD_CTX_free(md);
    for (size_t i = 0; i < digest_len; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * (size_t)digest_len] = '\0';
}

size_t content_copy(const struct content *c, uint64_t offset, char *out, size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i < c->count && n < room; i++) {
        const struct content_piece *p = &c->pieces[i];
        if (offset >= p->len) {
            offset -= p->len;
            continue;
        }
        const char *at;
        size_t len = stretch(p, offset, room - n, out + n, &at);
        if (at != out + n)
            memcpy(out + n, at, len);
        n += len;
        offset = 0;
    }
    return n;
}
