/*
 * Answers as octets. The header block and every body that a scenario spells out are written into
 * `head`; a generated body is never held: any stretch of it is computed where it is wanted.
 */
#include "answer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "http_body.h"
#include "httpdate.h"
#include "pattern.h"

/* ---- field lines ----------------------------------------------------------------------------- */

static int64_t floor_seconds(int64_t ns)
{
    return ns / CLOCK_S - (ns % CLOCK_S < 0);
}

void answer_instant(struct buf *out, const struct instant *i, int64_t wall)
{
    static const enum httpdate_form forms[] = { [INSTANT_IMF] = HTTPDATE_IMF,
                                                [INSTANT_RFC850] = HTTPDATE_RFC850,
                                                [INSTANT_ASCTIME] = HTTPDATE_ASCTIME };
    int64_t s = floor_seconds(wall) + floor_seconds(i->offset);
    char text[256];
    if (i->form == INSTANT_EPOCH) {
        buf_number(out, s);
    } else if (i->form == INSTANT_STRFTIME) {
        time_t at = (time_t)s;
        struct tm tm;
        gmtime_r(&at, &tm);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the format is the scenario's own */
        buf_add(out, text, strftime(text, sizeof(text), i->format, &tm));
#pragma GCC diagnostic pop
    } else {
        httpdate_write(forms[i->form], s, text);
        buf_string(out, text);
    }
}

void answer_field(struct buf *out, const struct field_line *f, const struct text_scope *scope,
                  int64_t wall)
{
    if (f->kind == VALUE_REMOVED)
        return;
    text_expand(&f->name, scope, out);
    buf_string(out, ": ");
    if (f->kind == VALUE_INSTANT)
        answer_instant(out, &f->instant, wall);
    else
        text_expand(&f->text, scope, out);
    buf_string(out, "\r\n");
}

/* Does the scenario speak of this field itself? Then ours is left out. */
static bool names(const struct respond *r, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < r->header_count; i++)
        if (r->headers[i].name.len == len && strncasecmp(r->headers[i].name.octets, name, len) == 0)
            return true;
    return false;
}

static void add_date(struct buf *out, int64_t wall)
{
    char date[40];
    buf_string(out, "Date: ");
    buf_add(out, date, httpdate_write(HTTPDATE_IMF, floor_seconds(wall), date));
    buf_string(out, "\r\n");
}

static void add_retry_after(struct buf *out, const struct retry_after *ra,
                            const struct answer_context *context)
{
    if (ra->kind == RETRY_AFTER_NONE)
        return;
    buf_string(out, "Retry-After: ");
    if (ra->kind == RETRY_AFTER_SECONDS)
        buf_number(out, ra->seconds);
    else if (ra->kind == RETRY_AFTER_INSTANT)
        answer_instant(out, &ra->instant, context->wall);
    else
        text_expand(&ra->text, context->scope, out);
    buf_string(out, "\r\n");
}

static void add_challenges(struct buf *out, const struct respond *r,
                           const struct answer_context *context)
{
    const char *field = r->status == 401 ? "WWW-Authenticate" : "Proxy-Authenticate";
    if (r->challenge)
        context->challenge(context->challenge_arg, NULL, field, out);
    for (size_t i = 0; i < r->challenge_count; i++) {
        if (r->challenges[i].gate) {
            context->challenge(context->challenge_arg, r->challenges[i].gate, field, out);
            continue;
        }
        buf_printf(out, "%s: ", field);
        text_expand(&r->challenges[i].text, context->scope, out);
        buf_string(out, "\r\n");
    }
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static uint64_t chunk_framing(uint64_t size)
{
    char line[24];
    uint64_t whole = size / ANSWER_CHUNK, rest = size % ANSWER_CHUNK;
    uint64_t framing = whole * (uint64_t)(snprintf(line, sizeof(line), "%x\r\n", ANSWER_CHUNK) + 2);
    if (rest)
        framing += (uint64_t)(snprintf(line, sizeof(line), "%x\r\n", (unsigned)rest) + 2);
    return framing;
}

static void add_chunk(struct buf *out, const char *octets, size_t len)
{
    buf_printf(out, "%zx\r\n", len);
    buf_add(out, octets, len);
    buf_string(out, "\r\n");
}

static void add_last_chunk(struct buf *out, const struct body *b,
                           const struct answer_context *context)
{
    buf_string(out, "0\r\n");
    for (size_t i = 0; i < b->trailer_count; i++)
        answer_field(out, &b->trailers[i], context->scope, context->wall);
    buf_string(out, "\r\n");
}

/* The content of every body that is not generated. */
static void content_of(struct buf *out, const struct body *b, const struct answer_context *context)
{
    if (b->source == BODY_MARK)
        buf_string(out, context->mark);
    else if (b->source == BODY_TEXT)
        text_expand(&b->text, context->scope, out);
    else
        for (size_t i = 0; i < b->chunk_count; i++)
            text_expand(&b->chunks[i], context->scope, out);
}

static void add_chunk_list(struct buf *out, const struct body *b,
                           const struct answer_context *context)
{
    for (size_t i = 0; i < b->chunk_count; i++) {
        struct buf chunk = { 0 };
        text_expand(&b->chunks[i], context->scope, &chunk);
        if (chunk.len) /* an empty one would end the body */
            add_chunk(out, chunk.at, chunk.len);
        buf_free(&chunk);
    }
}

static void add_body(struct answer *a, const struct respond *r, bool chunked,
                     const struct answer_context *context)
{
    const struct body *b = &r->body;
    if (b->source == BODY_PATTERN) {
        a->pattern = b->size;
        a->pattern_offset = b->offset;
        a->seed = b->seed;
        a->chunked = chunked;
        if (chunked)
            add_last_chunk(&a->tail, b, context);
        return;
    }
    if (!chunked) {
        content_of(&a->head, b, context);
        return;
    }
    if (b->source == BODY_CHUNK_LIST) {
        add_chunk_list(&a->head, b, context);
    } else {
        struct buf content = { 0 };
        content_of(&content, b, context);
        if (content.len)
            add_chunk(&a->head, content.at, content.len);
        buf_free(&content);
    }
    add_last_chunk(&a->head, b, context);
}

static uint64_t content_length(const struct body *b, const struct answer_context *context)
{
    if (b->source == BODY_PATTERN)
        return b->size;
    struct buf content = { 0 };
    content_of(&content, b, context);
    size_t len = content.len;
    buf_free(&content);
    return len;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void finish(struct answer *a)
{
    a->total =
        a->head.len + a->pattern + (a->chunked ? chunk_framing(a->pattern) : 0) + a->tail.len;
    a->limit = UINT64_MAX;
}

static bool is_chunked(const struct respond *r)
{
    return r->framing == FRAMING_CHUNKED || r->body.source == BODY_CHUNK_LIST;
}

static void add_framing(struct answer *a, const struct respond *r,
                        const struct answer_context *context)
{
    /* 9110 8.6, 9112 6.1: no framing field in a 1xx, a 204, or a 2xx to CONNECT. */
    bool none = r->status < 200 || r->status == 204 ||
                (http_slice_is(context->request_method, "CONNECT") && r->status < 300);
    a->content = content_length(&r->body, context);
    if (none || r->framing == FRAMING_NONE || r->framing == FRAMING_CLOSE)
        return;
    if (is_chunked(r)) {
        if (!names(r, "Transfer-Encoding"))
            buf_string(&a->head, "Transfer-Encoding: chunked\r\n");
    } else if (!names(r, "Content-Length")) {
        buf_string(&a->head, "Content-Length: ");
        buf_number(&a->head, (int64_t)a->content);
        buf_string(&a->head, "\r\n");
    }
}

void answer_write(struct answer *a, const struct respond *r, const struct answer_context *context)
{
    a->status = r->status;
    buf_string(&a->head, "HTTP/");
    buf_string(&a->head, r->version);
    buf_char(&a->head, ' ');
    buf_number(&a->head, r->status);
    buf_char(&a->head, ' ');
    if (r->reason.octets)
        text_expand(&r->reason, context->scope, &a->head);
    else
        buf_string(&a->head, http_reason(r->status));
    buf_string(&a->head, "\r\n");
    if (r->status >= 200 && !names(r, "Date"))
        add_date(&a->head, context->wall);
    add_retry_after(&a->head, &r->retry_after, context);
    add_challenges(&a->head, r, context);
    if (context->exit && r->status >= 200 && !names(r, "X-Exit"))
        buf_printf(&a->head, "X-Exit: %s\r\n", context->exit);
    for (size_t i = 0; i < r->header_count; i++)
        answer_field(&a->head, &r->headers[i], context->scope, context->wall);
    add_framing(a, r, context);
    buf_string(&a->head, "\r\n");
    a->head_len = a->head.len;
    if (context->forbid_body ||
        (http_has_no_content(r->status, context->request_method) && r->body.source == BODY_MARK))
        a->content = 0;
    else
        add_body(a, r, is_chunked(r), context);
    finish(a);
}

void answer_write_octets(struct answer *a, const struct text *octets,
                         const struct text_scope *scope)
{
    text_expand(octets, scope, &a->head);
    a->head_len = http_head_end(a->head.at, a->head.len, 0);
    a->status = http_peek_status(a->head.at, a->head.len);
    a->content = a->head.len - a->head_len;
    finish(a);
}

void answer_free(struct answer *a)
{
    buf_free(&a->head);
    buf_free(&a->tail);
    *a = (struct answer){ 0 };
}

/* ---- reading it ------------------------------------------------------------------------------ */

/* Octets of a chunked pattern from `at` on, at most `room`, not past the chunk. */
static size_t chunked_pattern(const struct answer *a, uint64_t at, char *out, size_t room)
{
    char line[24];
    uint64_t per =
        ANSWER_CHUNK + (uint64_t)snprintf(line, sizeof(line), "%x\r\n", ANSWER_CHUNK) + 2;
    uint64_t chunk = at / per, within = at % per;
    uint64_t start = chunk * ANSWER_CHUNK;
    size_t size = a->pattern - start < ANSWER_CHUNK ? (size_t)(a->pattern - start) : ANSWER_CHUNK;
    size_t line_len = (size_t)snprintf(line, sizeof(line), "%zx\r\n", size);
    size_t n = 0;
    while (n < room && within < line_len)
        out[n++] = line[within++];
    if (n < room && within < line_len + size) {
        size_t offset = (size_t)within - line_len, len = size - offset;
        if (len > room - n)
            len = room - n;
        pattern_fill(out + n, len, a->pattern_offset + start + offset, a->seed);
        n += len;
        within += len;
    }
    while (n < room && within >= line_len + size && within < line_len + size + 2)
        out[n++] = "\r\n"[within++ - line_len - size];
    return n;
}

size_t answer_stretch(const struct answer *a, uint64_t offset, const char **at)
{
    uint64_t generated = a->total - a->head.len - a->tail.len;
    if (offset < a->head.len) {
        *at = a->head.at + offset;
        return a->head.len - (size_t)offset;
    }
    offset -= a->head.len;
    if (offset < generated || offset - generated >= a->tail.len)
        return 0;
    *at = a->tail.at + (offset - generated);
    return a->tail.len - (size_t)(offset - generated);
}

size_t answer_octets(const struct answer *a, uint64_t offset, char *out, size_t room)
{
    uint64_t generated = a->total - a->head.len - a->tail.len;
    size_t n = 0;
    while (n < room && offset < a->total) {
        const char *at;
        size_t len = answer_stretch(a, offset, &at);
        if (len > room - n)
            len = room - n;
        if (len > 0) {
            memcpy(out + n, at, len);
        } else if (a->chunked) {
            len = chunked_pattern(a, offset - a->head.len, out + n, room - n);
        } else {
            uint64_t left = generated - (offset - a->head.len);
            len = left < room - n ? (size_t)left : room - n;
            pattern_fill(out + n, len, a->pattern_offset + (offset - a->head.len), a->seed);
        }
        n += len;
        offset += len;
    }
    return n;
}

uint64_t answer_cut(const struct answer *a, const struct cut *cut)
{
    if (cut->kind != CUT_AFTER_BYTES && cut->kind != CUT_AFTER_BODY_BYTES)
        return UINT64_MAX;
    uint64_t start = cut->kind == CUT_AFTER_BODY_BYTES ? a->head_len : 0;
    if (cut->octets < 0) {
        uint64_t back = -(uint64_t)cut->octets;
        return back <= a->total - start ? a->total - back : UINT64_MAX;
    }
    uint64_t at = start + (uint64_t)cut->octets;
    return at <= a->total ? at : UINT64_MAX;
}
