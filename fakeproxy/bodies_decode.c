/*
 * Content codings (RFC 9110, 8.4): what a client that decodes gets. gzip and deflate; of any other
 * coding the decoded form is not known.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "bodies_private.h"
#include "http.h"

enum { LARGEST = 64 << 20, STEP = 65536 };

/* zlib's window bits: a gzip header; a zlib header; neither, as some servers send "deflate". */
enum { GZIP = 15 + 16, ZLIB = 15, RAW = -15 };

/* Inflates into out. True: the stream came to its end, and there was nothing behind it. */
static bool inflate_all(const struct buf *in, int window, struct buf *out)
{
    z_stream z = { .next_in = (unsigned char *)(uintptr_t)in->at, .avail_in = (unsigned)in->len };
    int result = inflateInit2(&z, window);
    if (result != Z_OK)
        abort();
    while (result == Z_OK && out->len < LARGEST) {
        z.next_out = (unsigned char *)buf_extend(out, STEP);
        z.avail_out = STEP;
        result = inflate(&z, Z_NO_FLUSH);
        out->len -= z.avail_out;
    }
    bool whole = result == Z_STREAM_END && z.avail_in == 0;
    inflateEnd(&z);
    return whole;
}

static bool decode_one(struct http_slice coding, struct buf *content, bool *whole)
{
    struct buf out = { 0 };
    bool is_gzip = http_slice_is_nocase(coding, "gzip") || http_slice_is_nocase(coding, "x-gzip");
    if (!is_gzip && !http_slice_is_nocase(coding, "deflate"))
        return http_slice_is_nocase(coding, "identity");
    bool ends = inflate_all(content, is_gzip ? GZIP : ZLIB, &out);
    if (!is_gzip && out.len == 0 && !ends)
        ends = inflate_all(content, RAW, &out);
    *whole = *whole && ends;
    buf_free(content);
    *content = out;
    return true;
}

static size_t codings(const struct fp_event *response, struct http_slice *list, size_t room)
{
    const struct event_value *v = event_get(response, FIELD_header);
    struct http_head head = { .fields = { v ? v->text : "", v ? v->len : 0 } };
    struct http_field field;
    size_t n = 0;
    for (size_t cursor = 0; v && http_next_field(&head, &cursor, &field);) {
        size_t at = 0;
        while (http_slice_is_nocase(field.name, "Content-Encoding") && n < room &&
               http_next_element(field.value, &at, &list[n]))
            n++;
    }
    return n;
}

bool sent_body_decode(struct grading *g, const struct sent_body *sent, struct sent_body *decoded)
{
    enum { MOST = 4 };
    struct http_slice list[MOST];
    struct buf content = { 0 };
    size_t count = codings(sent->response, list, MOST);
    if (count == 0)
        return false;
    *decoded = *sent;
    decoded->is_known = sent->is_known && sent->content.len <= LARGEST;
    if (decoded->is_known) {
        char *room = buf_extend(&content, (size_t)sent->content.len);
        content_copy(&sent->content, 0, room, (size_t)sent->content.len);
    }
    /* The last one listed was applied last. */
    for (size_t i = count; i-- > 0 && decoded->is_known;)
        decoded->is_known = decode_one(list[i], &content, &decoded->whole);
    const char *copy = arena_copy(g->arena, content.at ? content.at : "", content.len);
    decoded->content = content_octets(copy, content.len, g->arena);
    buf_free(&content);
    return true;
}
