/*
 * The receive buffer.
 */
#include "reader.h"

#include <string.h>

enum { PIECE = 65536 };

size_t reader_left(const struct reader *r)
{
    return r->in.len - r->at;
}

const char *reader_octets(const struct reader *r)
{
    return r->in.at ? r->in.at + r->at : "";
}

void reader_skip(struct reader *r, size_t len)
{
    r->at += len;
    if (r->at == r->in.len)
        r->at = r->in.len = 0;
}

static char *make_room(struct reader *r)
{
    if (r->at > 0) {
        memmove(r->in.at, r->in.at + r->at, r->in.len - r->at);
        r->in.len -= r->at;
        r->at = 0;
    }
    return buf_extend(&r->in, PIECE);
}

static ssize_t filled(struct reader *r, ssize_t n)
{
    r->in.len -= PIECE - (size_t)(n > 0 ? n : 0);
    return n;
}

ssize_t reader_fill(struct reader *r, const struct deadlines *l, struct failure *f)
{
    char *at = make_room(r);
    return filled(r, channel_read(r->channel, at, PIECE, l, f));
}

ssize_t reader_try_fill(struct reader *r)
{
    char *at = make_room(r);
    return filled(r, channel_try_read(r->channel, at, PIECE));
}
