/* What has been received on a channel and not been used yet. */
#ifndef MODEL_READER_H
#define MODEL_READER_H

#include "buf.h"
#include "channel.h"

struct reader {
    struct channel *channel;
    struct buf in;
    size_t at; /* of the first octet that is not used yet */
};

size_t reader_left(const struct reader *);
const char *reader_octets(const struct reader *);
void reader_skip(struct reader *, size_t len);
/* More octets: as channel_read(). */
ssize_t reader_fill(struct reader *, const struct deadlines *, struct failure *);
/* As many as are there now: as channel_try_read(). */
ssize_t reader_try_fill(struct reader *);

#endif
