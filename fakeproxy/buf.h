/*
 * A growing run of octets: what message heads, JSON lines and expanded texts are written into.
 * Out of memory ends the program.
 */
#ifndef FP_BUF_H
#define FP_BUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
    char *at; /* NULL until something is in it; not terminated */
    size_t len, room;
};

void buf_free(struct buf *);                /* releases the memory; the buf is empty again */
char *buf_extend(struct buf *, size_t len); /* room for len more octets, len counted in */
void buf_add(struct buf *, const void *octets, size_t len);
/* Inline, so that the length of a literal costs nothing. */
static inline void buf_string(struct buf *b, const char *z)
{
    buf_add(b, z, strlen(z));
}
void buf_char(struct buf *, char c);
void buf_number(struct buf *, int64_t n); /* decimal */
void buf_printf(struct buf *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A JSON string, quotes included. Octets that are no UTF-8 are written as their Latin-1 character.
 */
void buf_json(struct buf *, const char *octets, size_t len);

#endif
