/*
 * Bodies: by length, chunked, until the connection closes (RFC 9112, 6.3, 7.1, 8). A body that ends
 * before its framing says so is incomplete, whatever the connection did.
 */
#include "response.h"

#include <string.h>
#include <unistd.h>

#include "mutants.h"

enum { LINE_MOST = 8192, TRAILERS_MOST = 65536, SINK_HEAD = 4096 };

/* ---- sinks ----------------------------------------------------------------------------------- */

void sink_init(struct sink *s)
{
    *s = (struct sink){ .hash = EVP_MD_CTX_new() };
    sink_reset(s);
}

void sink_reset(struct sink *s)
{
    s->bytes = 0;
    s->head.len = 0;
    EVP_DigestInit_ex(s->hash, EVP_sha256(), NULL);
}

void sink_free(struct sink *s)
{
    EVP_MD_CTX_free(s->hash);
    buf_free(&s->head);
}

void sink_add(struct sink *s, const char *octets, size_t len)
{
    if (!s || !len)
        return;
    size_t room = SINK_HEAD - s->head.len;
    s->bytes += len;
    EVP_DigestUpdate(s->hash, octets, len);
    buf_add(&s->head, octets, len < room ? len : room);
}

/* ---- the end that should not be -------------------------------------------------------------- */

static int broke(ssize_t how, struct failure *f)
{
    switch (how) {
    case CHANNEL_WAIT:
        return -1; /* a deadline: it is set already */
    case CHANNEL_RESET:
        return failure_set(f, KIND_INCOMPLETE,
                           "incomplete: connection reset by peer (ECONNRESET) within the body");
    case CHANNEL_BROKEN:
        return failure_set(f, KIND_INCOMPLETE, "incomplete: the TLS connection broke");
    case CHANNEL_CUT:
        return failure_set(f, KIND_INCOMPLETE,
                           "incomplete: TLS ended without close_notify within the body");
    default:
        return failure_set(f, KIND_INCOMPLETE,
                           "incomplete: the connection was closed within the "
                           "body");
    }
}

static size_t take(struct reader *in, struct sink *sink, uint64_t most)
{
    size_t n = reader_left(in) < most ? reader_left(in) : (size_t)most;
    sink_add(sink, reader_octets(in), n);
    reader_skip(in, n);
    return n;
}

static int read_length(struct reader *in, uint64_t left, const struct deadlines *l,
                       struct sink *sink, struct failure *f)
{
    for (;;) {
        left -= take(in, sink, left);
        if (!left)
            return 0;
        ssize_t n = reader_fill(in, l, f);
        if (n == CHANNEL_END && mutant(MUTANT_ACCEPTS_SHORT_BODY))
            return 0;
        if (n == CHANNEL_RESET && mutant(MUTANT_RESET_ENDS_BODY))
            return 0;
        if (n <= 0)
            return broke(n, f);
    }
}

static int read_until_close(struct reader *in, const struct deadlines *l, struct sink *sink,
                            struct failure *f)
{
    for (;;) {
        take(in, sink, UINT64_MAX);
        ssize_t n = reader_fill(in, l, f);
        if (n == CHANNEL_END)
            return mutant(MUTANT_REFUSES_CLOSE_DELIMITED) ? broke(n, f) : 0;
        if (n == CHANNEL_RESET && mutant(MUTANT_RESET_ENDS_BODY))
            return 0;
        if (n <= 0)
            return broke(n, f);
    }
}

/* ---- chunked --------------------------------------------------------------------------------- */

bool response_chunk_size(const char *line, size_t len, uint64_t *size)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t n = 0;
    size_t i = 0;
    for (; i < len; i++) {
        char c = (char)(line[i] >= 'A' && line[i] <= 'F' ? line[i] + 32 : line[i]);
        const char *found = c ? strchr(digits, c) : NULL;
        if (!found)
            break;
        if (n >> 60 && !mutant(MUTANT_CHUNK_SIZE_WRAPS))
            return false;
        n = n << 4 | (uint64_t)(found - digits);
    }
    *size = n;
    if (i == 0)
        return false;
    if (mutant(MUTANT_REFUSES_CHUNK_EXTENSIONS) && i < len)
        return false;
    while (i < len && (line[i] == ' ' || line[i] == '\t')) /* BWS, 7.1.1 */
        i++;
    return i == len || (line[i] == ';' && fields_is_value(line + i, len - i));
}

/* A whole line is among the unread octets after this; *len without its CRLF. */
static int await_line(struct reader *in, size_t most, const struct deadlines *l, size_t *len,
                      struct failure *f)
{
    for (;;) {
        const char *s = reader_octets(in);
        const char *lf = memchr(s, '\n', reader_left(in));
        if (lf && (lf == s || lf[-1] != '\r'))
            return failure_set(f, KIND_PROTOCOL,
                               "malformed response: a chunk line ends with a "
                               "bare LF");
        if (lf) {
            *len = (size_t)(lf - s) - 1;
            return 0;
        }
        if (reader_left(in) > most)
            return failure_set(f, KIND_PROTOCOL, "malformed response: a chunk line is too long");
        ssize_t n = reader_fill(in, l, f);
        if (n <= 0)
            return broke(n, f);
    }
}

static int read_trailers(struct reader *in, struct response *r, const struct deadlines *l,
                         struct failure *f)
{
    struct buf block = { 0 };
    struct response parsed;
    size_t len = 0;
    buf_string(&block, "HTTP/1.1 200 \r\n");
    do {
        if (await_line(in, TRAILERS_MOST, l, &len, f) < 0 || block.len > TRAILERS_MOST) {
            buf_free(&block);
            return f->kind ? -1 : failure_set(f, KIND_PROTOCOL, "the trailers have no end");
        }
        buf_add(&block, reader_octets(in), len + 2);
        reader_skip(in, len + 2);
    } while (len);
    const char *wrong = response_parse_head(r->fields.arena, block.at, block.len, &parsed);
    buf_free(&block);
    if (wrong)
        return failure_set(f, KIND_PROTOCOL, "malformed response: in the trailers, %s", wrong);
    r->trailers = parsed.fields;
    for (size_t i = 0; mutant(MUTANT_MERGES_TRAILERS) && i < r->trailers.count; i++)
        fields_add(&r->fields, r->trailers.list[i].name, r->trailers.list[i].value);
    return 0;
}

static int read_chunked(struct reader *in, struct response *r, const struct deadlines *l,
                        struct sink *sink, struct failure *f)
{
    for (;;) {
        size_t len = 0;
        uint64_t size = 0;
        if (await_line(in, LINE_MOST, l, &len, f) < 0) {
            if (f->kind != KIND_INCOMPLETE || !mutant(MUTANT_ACCEPTS_TRUNCATED_CHUNKED))
                return -1;
            f->kind = KIND_NONE;
            return 0;
        }
        if (mutant(MUTANT_SLOW_PARSER))
            usleep(3000);
        if (!response_chunk_size(reader_octets(in), len, &size))
            return failure_set(f, KIND_PROTOCOL,
                               "malformed response: no chunk-size where one "
                               "belongs");
        reader_skip(in, len + 2);
        if (!size)
            return read_trailers(in, r, l, f);
        if (read_length(in, size, l, sink, f) < 0 || await_line(in, 2, l, &len, f) < 0)
            return -1;
        if (len)
            return failure_set(f, KIND_PROTOCOL, "malformed response: no CRLF behind a chunk");
        reader_skip(in, 2);
    }
}

int response_read_body(struct reader *in, struct response *r, const struct deadlines *l,
                       struct sink *sink, struct failure *f)
{
    f->kind = KIND_NONE;
    switch (r->framing) {
    case FRAMING_NONE:
        return 0;
    case FRAMING_LENGTH:
        return read_length(in, r->length, l, sink, f);
    case FRAMING_CHUNKED:
        return read_chunked(in, r, l, sink, f);
    case FRAMING_CLOSE:
        return read_until_close(in, l, sink, f);
    }
    return 0;
}

bool response_cuts_drain(struct reader *in, const struct response *r)
{
    if (mutant(MUTANT_DRAINS_NO_CHUNKS) && r->framing == FRAMING_CHUNKED)
        return true;
    if (!mutant(MUTANT_DOES_NOT_DRAIN))
        return false;
    reader_skip(in, reader_left(in));
    return true;
}
