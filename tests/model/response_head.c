/*
 * Header blocks. Lines may end with LF alone (RFC 9112, 2.2); everything else is as the grammar
 * says. A block has at most HEAD_MOST octets: one that never ends is an error, not a memory leak.
 */
#include "response.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "clock.h"
#include "mutants.h"

enum { HEAD_MOST = 256 * 1024, LINES_MOST = 4096 };

/* ---- the status line ------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *parse_status_line(const char *line, size_t len, struct response *r)
{
    if (mutant(MUTANT_LENIENT_STATUS_LINE)) {
        const char *space = memchr(line, ' ', len);
        r->minor = 1;
        r->status = space ? (int)strtol(space + 1, NULL, 10) : 0;
        r->status = r->status < 100 ? 200 : r->status;
        return NULL;
    }
    if (len < 12 || memcmp(line, "HTTP/", 5) != 0 || !is_digit(line[5]) || line[6] != '.' ||
        !is_digit(line[7]) || line[8] != ' ')
        return "what came is no HTTP response";
    if (line[5] != '1')
        return "the response is of another major version of HTTP";
    if (!is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11]) ||
        (len > 12 && line[12] != ' '))
        return "the status code has no three digits";
    if (line[9] == '0')
        return "the status code is below 100";
    r->minor = line[7] - '0';
    r->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + line[11] - '0';
    return fields_is_value(line + 12, len - 12) ? NULL
                                                : "the reason phrase has a control character";
}

/* ---- field lines ----------------------------------------------------------------------------- */

static size_t trim(const char **text, size_t len)
{
    while (len > 0 && (**text == ' ' || **text == '\t')) {
        ++*text;
        len--;
    }
    while (len > 0 && ((*text)[len - 1] == ' ' || (*text)[len - 1] == '\t'))
        len--;
    return len;
}

static const char *parse_field(struct fields *out, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    if (!colon || !fields_is_token(line, (size_t)(colon - line)))
        return "a field line has no name";
    const char *value = colon + 1;
    size_t value_len = trim(&value, len - (size_t)(value - line));
    if (!fields_is_value(value, value_len))
        return "a field value has a control character";
    fields_add(out, arena_copy(out->arena, line, (size_t)(colon - line)),
               arena_copy(out->arena, value, value_len));
    return NULL;
}

/* RFC 9112, 5.2: a fold becomes SP. */
static const char *unfold(struct fields *out, const char *line, size_t len)
{
    struct buf b = { 0 };
    if (!out->count)
        return "white space between the status line and the first field";
    len = trim(&line, len);
    if (!fields_is_value(line, len))
        return "a field value has a control character";
    if (mutant(MUTANT_DROPS_FOLDED_LINES))
        return NULL;
    struct field *last = &out->list[out->count - 1];
    buf_string(&b, last->value);
    if (*last->value && len)
        buf_char(&b, ' ');
    buf_add(&b, line, len);
    last->value = arena_copy(out->arena, b.at ? b.at : "", b.len);
    buf_free(&b);
    return NULL;
}

/* The line at *at, without its end; moves *at behind it. */
static const char *next_line(const char **at, const char *end, size_t *len)
{
    const char *line = *at, *lf = memchr(line, '\n', (size_t)(end - line));
    *at = lf ? lf + 1 : end;
    *len = (size_t)((lf ? lf : end) - line);
    if (*len && line[*len - 1] == '\r')
        --*len;
    return line;
}

static const char *parse_fields(struct fields *out, const char *at, const char *end)
{
    while (at < end) {
        size_t len;
        const char *line = next_line(&at, end, &len);
        if (mutant(MUTANT_SLOW_PARSER))
            usleep(1300);
        if (!len)
            break;
        const char *wrong =
            *line == ' ' || *line == '\t' ? unfold(out, line, len) : parse_field(out, line, len);
        if (wrong)
            return wrong;
        if (out->count > LINES_MOST)
            return "too many field lines";
    }
    return NULL;
}

const char *response_parse_head(struct arena *a, const char *octets, size_t len, struct response *r)
{
    const char *at = octets, *end = octets + len;
    size_t line_len;
    const char *line = next_line(&at, end, &line_len);
    *r = (struct response){ .fields.arena = a, .trailers.arena = a };
    const char *wrong = parse_status_line(line, line_len, r);
    r->reason = !wrong && line_len > 13 ? arena_copy(a, line + 13, line_len - 13) : "";
    return wrong ? wrong : parse_fields(&r->fields, at, end);
}

/* ---- framing --------------------------------------------------------------------------------- */

/* Decimal digits only; false: none, or too large for any body (9110, 8.6). */
static bool parse_length(const char *text, size_t len, uint64_t *out)
{
    uint64_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i]))
            return false;
        if (n > (UINT64_MAX - 9) / 10 && !mutant(MUTANT_LENGTH_WRAPS))
            return false;
        n = n * 10 + (uint64_t)(text[i] - '0');
    }
    *out = n;
    return len > 0;
}

/* 9110, 8.6: repeated equal values are one; all else is an error (9112, 6.3, 5). */
static const char *content_length(struct response *r)
{
    const char *line, *member;
    size_t len;
    bool has = false;
    for (size_t i = 0; (line = fields_nth(&r->fields, "Content-Length", i)); i++) {
        if (!*line)
            return "Content-Length is empty";
        while (fields_member(&line, &member, &len)) {
            uint64_t n;
            if (!parse_length(member, len, &n))
                return "Content-Length is no length";
            if (has && n != r->length && !mutant(MUTANT_FIRST_LENGTH_OF_TWO) &&
                !mutant(MUTANT_GUESSES))
                return "Content-Length has two different values";
            if (!has)
                r->length = n;
            has = true;
        }
    }
    r->framing = has ? FRAMING_LENGTH : FRAMING_CLOSE;
    return NULL;
}

static const char *transfer_encoding(struct response *r)
{
    const char *line = fields_nth(&r->fields, "Transfer-Encoding", 0);
    if (fields_nth(&r->fields, "Transfer-Encoding", 1) || strcasecmp(line, "chunked") != 0)
        return "the transfer coding is not chunked alone";
    r->framing = FRAMING_CHUNKED;
    /* 9112, 6.1: both is an attack or a mistake; TE in HTTP/1.0 is not to be trusted. */
    if ((fields_has(&r->fields, "Content-Length") && !mutant(MUTANT_TRUSTS_BOTH_LENGTHS)) ||
        r->minor == 0)
        r->is_persistent = false;
    return NULL;
}

const char *response_derive_framing(const struct response_request *q, struct response *r)
{
    const char *wrong = NULL;
    bool says_close = fields_has_token(&r->fields, "Connection", "close");
    bool says_keep = fields_has_token(&r->fields, "Connection", "keep-alive");
    r->is_persistent = !says_close && (r->minor > 0 || says_keep);
    if (mutant(MUTANT_IGNORES_CONNECTION_CLOSE))
        r->is_persistent = true;
    bool is_2xx = r->status >= 200 && r->status < 300;
    if (q->is_connect && is_2xx && !mutant(MUTANT_TUNNEL_HONOURS_LENGTH))
        return NULL; /* 9112, 6.3, 2: the tunnel begins */
    if (r->status < 200 || r->status == 204 || r->status == 304 || q->is_head) {
        bool has_length = fields_has(&r->fields, "Content-Length");
        bool has_content =
            has_length && strcmp(fields_nth(&r->fields, "Content-Length", 0), "0") != 0;
        if (r->status == 204 && !mutant(MUTANT_KEEPS_UNREAD_OCTETS) && !mutant(MUTANT_GUESSES) &&
            (has_content || fields_has(&r->fields, "Transfer-Encoding")))
            r->is_persistent = false; /* whoever wrote this may write the content, too */
        if (!(mutant(MUTANT_WAITS_FOR_HEAD_BODY) && q->is_head && r->status >= 400) &&
            !(mutant(MUTANT_WAITS_FOR_304_BODY) && r->status == 304) &&
            !(mutant(MUTANT_READS_204_BODY) && r->status == 204))
            return NULL;
    }
    if (fields_has(&r->fields, "Transfer-Encoding") &&
        !(mutant(MUTANT_LENGTH_OVER_CHUNKED) && fields_has(&r->fields, "Content-Length")))
        wrong = transfer_encoding(r);
    else
        wrong = content_length(r);
    if (r->framing == FRAMING_CLOSE && q->is_connect && is_2xx)
        r->framing = FRAMING_NONE;
    if (r->framing == FRAMING_CLOSE)
        r->is_persistent = false;
    return wrong;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The length of the block at the beginning, or 0: its blank line has not come yet. */
static size_t block_length(const char *s, size_t len)
{
    for (const char *p = s; (p = memchr(p, '\n', len - (size_t)(p - s))); p++) {
        size_t behind = (size_t)(p + 1 - s);
        if (behind < len && s[behind] == '\n')
            return behind + 1;
        if (behind + 1 < len && s[behind] == '\r' && s[behind + 1] == '\n')
            return behind + 2;
    }
    return 0;
}

/* Octets that cannot begin a response are refused at once, not when a blank line comes. */
static bool may_be_response(const char *s, size_t len)
{
    static const char begin[] = "HTTP/";
    return memcmp(s, begin, len < 5 ? len : 5) == 0 || mutant(MUTANT_LENIENT_STATUS_LINE);
}

static int ended(ssize_t how, bool heard, struct failure *f)
{
    const char *when = heard ? "in the middle of the header block" : "before an answer came";
    switch (how) {
    case CHANNEL_RESET:
        return failure_set(f, KIND_RESET, "connection reset by peer (ECONNRESET) %s", when);
    case CHANNEL_BROKEN:
        return failure_set(f, KIND_TLS_ORIGIN, "the TLS connection broke %s", when);
    case CHANNEL_WAIT:
        return -1; /* a deadline: it is set already */
    default:
        return failure_set(f, KIND_CLOSED_EARLY, "the connection was closed %s", when);
    }
}

/* For a mutant that goes on though it has lost its place. */
static void skip_rubbish(struct reader *in)
{
    const char *s = reader_octets(in), *found;
    size_t len = reader_left(in);
    found = len ? memmem(s, len, "HTTP/1", 6) : NULL;
    reader_skip(in, found ? (size_t)(found - s) : len);
}

/* A mutant's: what has no header is of HTTP/0.9, and ends where it ends. */
static int guess(const struct reader *in, struct arena *a, struct response *r)
{
    *r = (struct response){ .status = 200,
                            .reason = "",
                            .fields.arena = a,
                            .trailers.arena = a,
                            .framing = FRAMING_LENGTH,
                            .length = reader_left(in),
                            .received = clock_now() };
    return 0;
}

int response_read_head(struct reader *in, const struct response_request *q,
                       const struct deadlines *l, struct arena *a, struct response *r, bool *heard,
                       struct failure *f)
{
    size_t len;
    if (mutant(MUTANT_DOES_NOT_DRAIN))
        skip_rubbish(in);
    while (!(len = block_length(reader_octets(in), reader_left(in)))) {
        if (mutant(MUTANT_GUESSES) && !may_be_response(reader_octets(in), reader_left(in)))
            return guess(in, a, r);
        if (!may_be_response(reader_octets(in), reader_left(in)))
            return failure_set(f, KIND_PROTOCOL, "what came is no HTTP response");
        if (reader_left(in) > HEAD_MOST && !mutant(MUTANT_ENDLESS_HEADERS))
            return failure_set(f, KIND_PROTOCOL, "the header block has more than 256 KiB");
        ssize_t n = reader_fill(in, l, f);
        if (n == CHANNEL_END && reader_left(in) && mutant(MUTANT_ACCEPTS_CUT_HEADERS)) {
            len = reader_left(in);
            break;
        }
        if (n <= 0)
            return ended(n, *heard, f);
        *heard = true;
        if (mutant(MUTANT_DOES_NOT_DRAIN))
            skip_rubbish(in);
    }
    *heard = true;
    const char *wrong = response_parse_head(a, reader_octets(in), len, r);
    r->received = clock_now();
    reader_skip(in, len);
    if (!wrong)
        wrong = response_derive_framing(q, r);
    return wrong ? failure_set(f, KIND_PROTOCOL, "malformed response: %s", wrong) : 0;
}

int response_pending_status(const struct reader *in)
{
    const char *s = reader_octets(in);
    size_t len = reader_left(in), block;
    while (len >= 13 && memcmp(s, "HTTP/1.", 7) == 0) {
        if (s[9] != '1')
            return (s[9] - '0') * 100 + (s[10] - '0') * 10 + s[11] - '0';
        if (!(block = block_length(s, len)))
            return 0;
        s += block;
        len -= block;
    }
    return 0;
}
