/*
 * Framing of message bodies. See http_body.h.
 *
 * The two http_body_of_ functions are the decision list of 9112 6.3. The scanner is a state machine
 * whose states are the places where a chunked body can be cut in two; in each state as many octets
 * as possible are taken at once (memchr for lines, one span for chunk data), so a body costs a
 * few steps for each chunk, not for each octet.
 *
 * It is strict where leniency lets two readers disagree about the next message (smuggling): CRLF
 * only in chunk framing, no sign, no blank and no overflow in a size. Trailers are header fields,
 * where 9112 2.2 admits a bare LF; they are dropped unread.
 */
#include "http_body.h"
#include "http_chars.h"

#include <string.h>

enum chunk_state {
    CHUNK_START,   /* at the first digit of a chunk-size */
    CHUNK_SIZE,    /* behind a digit of it */
    CHUNK_BLANK,   /* in the white space before the ";" of an extension (9112 7.1.1) */
    CHUNK_EXT,     /* in extensions, skipped up to CR */
    CHUNK_LINE_LF, /* at the LF of that line */
    CHUNK_DATA,    /* in chunk-data, `remaining` octets of it to come */
    CHUNK_DATA_CR, /* behind the data, at its CR */
    CHUNK_DATA_LF, /* at its LF */
    TRAILER_START, /* at the first octet of a trailer line, or of the empty line */
    TRAILER_LINE,  /* in a trailer line */
    TRAILER_LF,    /* at the LF of what must be the empty line */
};

/* ---- which framing ---- */

static int refuse(struct http_body *b, int status, const char *what, const char **error)
{
    b->kind = BODY_NONE;
    b->bad = true;
    b->status = status;
    b->error = *error = what;
    return -1;
}

static int no_body(struct http_body *b)
{
    b->kind = BODY_NONE;
    b->whole = true;
    return 0;
}

/* What all Transfer-Encoding lines together say. */
struct codings {
    unsigned all, chunked;
    bool chunked_last, parameters;
};

static struct codings read_codings(const struct http_head *h)
{
    struct codings c = { 0 };
    struct http_field f;
    struct http_slice e;
    for (size_t cursor = 0; http_next_field(h, &cursor, &f);) {
        if (!http_slice_is_nocase(f.name, "Transfer-Encoding"))
            continue;
        for (size_t at = 0; http_next_element(f.value, &at, &e);) {
            size_t n = 0;
            while (n < e.len && http_is(e.at[n], HTTP_TCHAR))
                n++;
            c.chunked_last = http_slice_is_nocase((struct http_slice){ e.at, n }, "chunked");
            c.parameters |= c.chunked_last && n < e.len;
            c.chunked += c.chunked_last;
            c.all++;
        }
    }
    return c;
}

/* 1*DIGIT that fits (9110 8.6). */
static bool read_length(struct http_slice s, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (!http_is_digit(s.at[i]))
            return false;
        unsigned digit = (unsigned)(s.at[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return s.len > 0;
}

/* Content-Length: every value on every line has to be the same number (9112 6.3 item 5). */
static int body_of_length(const struct http_head *h, struct http_body *b, int status,
                          const char **error)
{
    struct http_field f;
    struct http_slice e;
    bool any = false;
    for (size_t cursor = 0; http_next_field(h, &cursor, &f);) {
        if (!http_slice_is_nocase(f.name, "Content-Length"))
            continue;
        size_t at = 0;
        if (!http_next_element(f.value, &at, &e))
            return refuse(b, status, "Content-Length is empty", error);
        do {
            uint64_t value;
            if (!read_length(e, &value))
                return refuse(b, status, "Content-Length is not a number, or too large", error);
            if (any && value != b->remaining)
                return refuse(b, status, "Content-Length values contradict each other", error);
            b->remaining = value;
            any = true;
        } while (http_next_element(f.value, &at, &e));
    }
    b->kind = BODY_LENGTH;
    b->whole = b->remaining == 0;
    return 0;
}

/* What makes a Transfer-Encoding unacceptable in requests and responses alike. */
static const char *codings_fault(const struct http_head *h, const struct codings *c)
{
    if (h->major < 1 || (h->major == 1 && h->minor == 0))
        return "Transfer-Encoding in an HTTP/1.0 message";
    if (c->parameters)
        return "the chunked transfer coding has no parameters";
    if (c->chunked > 1)
        return "the chunked transfer coding is applied more than once";
    return NULL;
}

int http_body_of_request(const struct http_head *h, struct http_body *b, const char **error)
{
    *b = (struct http_body){ 0 };
    if (!http_has_framing(h) || http_slice_is(h->method, "CONNECT"))
        return no_body(b);
    if (http_count(h, "Transfer-Encoding") == 0)
        return body_of_length(h, b, 400, error);

    struct codings c = read_codings(h);
    const char *fault = codings_fault(h, &c);
    if (fault != NULL)
        return refuse(b, 400, fault, error);
    if (http_count(h, "Content-Length") > 0)
        return refuse(b, 400, "both Transfer-Encoding and Content-Length", error);
    if (!c.chunked_last)
        return refuse(b, 400, "chunked is not the last transfer coding of the request", error);
    if (c.all > 1)
        return refuse(b, 501, "a transfer coding other than chunked", error);
    b->kind = BODY_CHUNKED;
    return 0;
}

bool http_has_no_content(int status, struct http_slice method)
{
    return status < 200 || status == 204 || status == 304 || http_slice_is(method, "HEAD") ||
           (http_slice_is(method, "CONNECT") && status < 300);
}

int http_body_of_response(const struct http_head *h, struct http_slice method, struct http_body *b,
                          const char **error)
{
    *b = (struct http_body){ 0 };
    if (http_has_no_content(h->status, method))
        return no_body(b);
    if (!http_has_framing(h)) {
        b->kind = BODY_UNTIL_CLOSE;
        return 0;
    }
    if (http_count(h, "Transfer-Encoding") == 0)
        return body_of_length(h, b, 502, error);

    struct codings c = read_codings(h);
    const char *fault = codings_fault(h, &c);
    if (fault != NULL)
        return refuse(b, 502, fault, error);
    b->kind = c.chunked_last ? BODY_CHUNKED : BODY_UNTIL_CLOSE;
    return 0;
}

/* ---- scanning ---- */

/* Stops at p, which is then the first octet not consumed. */
static const char *broken(struct http_body *b, const char *p, const char *what)
{
    b->bad = true;
    b->error = what;
    return p;
}

static const char *payload(struct http_body *b, const char *p, uint64_t len, http_payload_fn *fn,
                           void *arg)
{
    if (fn != NULL)
        fn(p, (size_t)len, arg);
    b->payload += len;
    return p + len;
}

/* CHUNK_START, CHUNK_SIZE: the digits, and what may follow them. */
static const char *scan_size(struct http_body *b, const char *p, const char *end)
{
    int digit;
    for (; p < end && (digit = http_hex_digit(*p)) >= 0; p++) {
        if (b->remaining > UINT64_MAX >> 4)
            return broken(b, p, "a chunk-size is too large");
        b->remaining = b->remaining << 4 | (unsigned)digit;
        b->state = CHUNK_SIZE;
    }
    if (p == end)
        return p;
    if (b->state == CHUNK_START)
        return broken(b, p, "a chunk-size does not begin with a hexadecimal digit");
    switch (*p) {
    case '\r':
        b->state = CHUNK_LINE_LF;
        return p + 1;
    case ';':
        b->state = CHUNK_EXT;
        return p + 1;
    case ' ':
    case '\t':
        b->state = CHUNK_BLANK;
        return p + 1;
    default:
        return broken(b, p, "a chunk-size is followed by something else than CRLF or \";\"");
    }
}

static const char *scan_blank(struct http_body *b, const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    if (p == end)
        return p;
    if (*p != ';')
        return broken(b, p, "white space behind a chunk-size without a chunk extension");
    b->state = CHUNK_EXT;
    return p + 1;
}

static const char *scan_extension(struct http_body *b, const char *p, const char *end)
{
    const char *cr = memchr(p, '\r', (size_t)(end - p));
    const char *to = cr == NULL ? end : cr;
    const char *lf = memchr(p, '\n', (size_t)(to - p));
    if (lf != NULL)
        return broken(b, lf, "a chunk-size line ends with a bare LF");
    if (cr == NULL)
        return end;
    b->state = CHUNK_LINE_LF;
    return cr + 1;
}

static const char *scan_data(struct http_body *b, const char *p, const char *end,
                             http_payload_fn *fn, void *arg)
{
    uint64_t n = (uint64_t)(end - p);
    if (n > b->remaining)
        n = b->remaining;
    b->remaining -= n;
    if (b->remaining == 0)
        b->state = CHUNK_DATA_CR;
    return payload(b, p, n, fn, arg);
}

static const char *scan_trailer_line(struct http_body *b, const char *p, const char *end)
{
    const char *lf = memchr(p, '\n', (size_t)(end - p));
    const char *to = lf == NULL ? end : lf + 1;
    b->state = lf == NULL ? TRAILER_LINE : TRAILER_START;
    return to;
}

/* States that take one certain octet: `want`, then on to `next`. */
static const char *scan_one(struct http_body *b, const char *p, char want, enum chunk_state next,
                            const char *what)
{
    if (*p != want)
        return broken(b, p, what);
    b->state = next;
    return p + 1;
}

static const char *scan_line_lf(struct http_body *b, const char *p)
{
    enum chunk_state next = b->remaining == 0 ? TRAILER_START : CHUNK_DATA;
    return scan_one(b, p, '\n', next, "a chunk-size line ends with a bare CR");
}

static const char *scan_trailer_start(struct http_body *b, const char *p, const char *end)
{
    if (*p == '\r') {
        b->state = TRAILER_LF;
        return p + 1;
    }
    if (*p != '\n')
        return scan_trailer_line(b, p, end);
    b->whole = true;
    return p + 1;
}

/* States in a chunk-size line or trailer section; the others take one octet, or data. */
static bool in_line(unsigned state)
{
    return state != CHUNK_LINE_LF && state != CHUNK_DATA && state != CHUNK_DATA_CR &&
           state != CHUNK_DATA_LF;
}

/* One step from a state, with at least one octet at p. */
static const char *scan_step(struct http_body *b, const char *p, const char *end,
                             http_payload_fn *fn, void *arg)
{
    switch ((enum chunk_state)b->state) {
    case CHUNK_START:
    case CHUNK_SIZE:
        return scan_size(b, p, end);
    case CHUNK_BLANK:
        return scan_blank(b, p, end);
    case CHUNK_EXT:
        return scan_extension(b, p, end);
    case CHUNK_LINE_LF:
        return scan_line_lf(b, p);
    case CHUNK_DATA:
        return scan_data(b, p, end, fn, arg);
    case CHUNK_DATA_CR:
        return scan_one(b, p, '\r', CHUNK_DATA_LF, "chunk-data is not followed by CRLF");
    case CHUNK_DATA_LF:
        return scan_one(b, p, '\n', CHUNK_START, "chunk-data is not followed by CRLF");
    case TRAILER_START:
        return scan_trailer_start(b, p, end);
    case TRAILER_LINE:
        return scan_trailer_line(b, p, end);
    case TRAILER_LF:
        p = scan_one(b, p, '\n', TRAILER_START, "a trailer line begins with a bare CR");
        b->whole = !b->bad;
        return p;
    }
    return broken(b, p, "impossible state");
}

/* As scan_step, but HTTP_BODY_LINE_MAX octets in line states on end are too many. */
static const char *scan_bounded(struct http_body *b, const char *p, const char *end,
                                http_payload_fn *fn, void *arg)
{
    if (!in_line(b->state)) {
        b->line = 0;
        return scan_step(b, p, end, fn, arg);
    }
    size_t left = HTTP_BODY_LINE_MAX - b->line;
    if (left == 0)
        return broken(b, p, "a chunk-size line or the trailer section is too long");
    const char *q = scan_step(b, p, (size_t)(end - p) > left ? p + left : end, fn, arg);
    b->line += (uint32_t)(q - p);
    return q;
}

size_t http_body_scan(struct http_body *b, const char *data, size_t len, http_payload_fn *fn,
                      void *arg)
{
    if (b->whole || b->bad || len == 0)
        return 0;
    const char *p = data, *end = data + len;
    switch (b->kind) {
    case BODY_NONE:
        return 0;
    case BODY_LENGTH:
        p = scan_data(b, p, end, fn, arg);
        b->whole = b->remaining == 0;
        break;
    case BODY_CHUNKED:
        while (p < end && !b->whole && !b->bad)
            p = scan_bounded(b, p, end, fn, arg);
        break;
    case BODY_UNTIL_CLOSE:
        p = payload(b, p, len, fn, arg);
        break;
    }
    return (size_t)(p - data);
}

void http_body_eof(struct http_body *b)
{
    if (b->whole || b->bad)
        return;
    if (b->kind == BODY_UNTIL_CLOSE)
        b->whole = true;
    else
        broken(b, NULL, "the connection ended before the body was whole");
}
