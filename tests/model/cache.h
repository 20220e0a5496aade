/* A small private cache (RFC 9111): whole 200 answers to GET that say how long they are fresh. */
#ifndef MODEL_CACHE_H
#define MODEL_CACHE_H

#include <stdbool.h>

struct cached;
struct call;

/* Answers the call from what is kept and still fresh. */
bool cache_answer(struct call *);
/* Keeps the outcome of the call, if it may be kept. */
void cache_store(struct call *);
void cache_free(struct cached *);

#endif
