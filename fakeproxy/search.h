/*
 * Looking for texts that should not be where they are: as they are, percent-encoded in whole or in
 * part, or inside anything base64-encoded (so behind any user name, too), in either alphabet of
 * RFC 4648. In a run of octets, or in a stream that comes piece by piece.
 */
#ifndef FP_SEARCH_H
#define FP_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

/* An empty text is nowhere. */
bool search_finds(const char *text, size_t text_len, const char *octets, size_t len);
/* The same, where a text so short that it stands in other words by chance must stand alone. */
bool search_finds_word(const char *text, size_t text_len, const char *octets, size_t len);

/* ---- streams --------------------------------------------------------------------------------- */

/* Octets that belong together; a text may be split between pieces of one, however it is encoded. */
enum search_stream { SEARCH_RECEIVED, SEARCH_CONTENT, SEARCH_STREAMS };

struct search; /* keeps some four times the longest text, for each stream */

struct search *search_new(void);
void search_free(struct search *); /* NULL is fine */
void search_add(struct search *, const char *text, size_t len);
void search_feed(struct search *, enum search_stream, const char *octets, size_t len);
/* A text that was found since the last call, each once; NULL: no more. Lives as long as the
 * search. */
const char *search_next(struct search *, size_t *len);

#endif
