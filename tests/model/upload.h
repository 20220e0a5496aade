/* The content of a request: octets, or the pattern `i % 251` of some size. A one-shot stream can be
 * read once only. */
#ifndef MODEL_UPLOAD_H
#define MODEL_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct upload {
    bool is_there;
    bool is_one_shot;
    bool was_read;      /* some of it */
    const char *octets; /* NULL: the pattern */
    uint64_t size;
};

/* Copies up to `room` octets from `at` on; returns how many. */
size_t upload_read(struct upload *, uint64_t at, char *out, size_t room);
/* Is its size unknown beforehand? */
bool upload_is_chunked(const struct upload *);
/* May it be sent (again) from its beginning? */
bool upload_can_start(const struct upload *);

#endif
