/*
 * Header blocks of HTTP/1.x, fields, lists and persistence. See http.h.
 *
 * One pass over a block (parse_block) proves that it is made of a start line, field lines with a
 * name and a colon, and an empty line, without NUL or bare CR. Everything later relies on that
 * and only slices. The pass also notes in `has` which of the few fields that steer a connection
 * occur, so that the common request, which has neither a body nor a Connection field, pays for no
 * search. All scanning is memchr, but for names and targets, which are short.
 *
 * What it does not do: join lines of a list (http_list_has walks them instead), decode percent
 * escapes, compare targets, or judge a message beyond its syntax.
 */
#include "http.h"
#include "http_chars.h"

#include <assert.h>
#include <string.h>

/* clang-format off */
const unsigned char http_class_of[256] = {
    [0x20] =
 /* SP ! " # $ % & ' ( ) * + , - . / */ 0,3,0,1,3,3,3,3,2,2,3,3,2,3,3,0,
 /* 0 1 2 3 4 5 6 7 8 9 : ; < = > ?  */ 3,3,3,3,3,3,3,3,3,3,0,2,0,2,0,0,
 /* @ A B C D E F G H I J K L M N O  */ 0,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,
 /* P Q R S T U V W X Y Z [ \ ] ^ _  */ 3,3,3,3,3,3,3,3,3,3,3,0,0,0,1,3,
 /* ` a b c d e f g h i j k l m n o  */ 1,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,
 /* p q r s t u v w x y z { | } ~    */ 3,3,3,3,3,3,3,3,3,3,3,0,1,0,3,0,
};
/* clang-format on */

enum { HAS_CONNECTION = 1, HAS_CONTENT_LENGTH = 2, HAS_TRANSFER_ENCODING = 4 };

/* ---- slices ---- */

static bool is_white(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_white_or_fold(char c)
{
    return is_white(c) || c == '\r' || c == '\n';
}

static bool same_nocase(struct http_slice s, const char *z, size_t len)
{
    if (s.len != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (s.at[i] != z[i] && http_lower(s.at[i]) != http_lower(z[i]))
            return false;
    return true;
}

bool http_slice_is(struct http_slice s, const char *z)
{
    return s.len == strlen(z) && (s.len == 0 || memcmp(s.at, z, s.len) == 0);
}

bool http_slice_is_nocase(struct http_slice s, const char *z)
{
    return same_nocase(s, z, strlen(z));
}

bool http_slice_same(struct http_slice a, struct http_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool http_slice_starts(struct http_slice s, const char *z)
{
    size_t len = strlen(z);
    return s.len >= len && (len == 0 || memcmp(s.at, z, len) == 0);
}

struct http_slice http_slice_of(const char *z)
{
    return (struct http_slice){ z, strlen(z) };
}

/* Folds count as white space: they only occur at the edge of a value that begins or ends so. */
static struct http_slice trim(const char *from, const char *to)
{
    while (from < to && is_white_or_fold(*from))
        from++;
    while (to > from && is_white_or_fold(to[-1]))
        to--;
    return http_slice_between(from, to);
}

/* ---- where a header block ends ---- */

/* Octets of the empty line at p (1 or 2), or 0 if there is none or not all of it. */
static size_t empty_line(const char *p, const char *end)
{
    if (p < end && *p == '\n')
        return 1;
    return end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

size_t http_head_end(const char *data, size_t len, size_t seen)
{
    assert(seen <= len);
    if (len == 0)
        return 0;
    const char *end = data + len;
    size_t n = empty_line(data, end);
    if (n > 0)
        return n;
    /* The end is LF LF or LF CR LF: at most two octets of it can have been seen. */
    const char *p = data + (seen > 2 ? seen - 2 : 0);
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        n = empty_line(++p, end);
        if (n > 0)
            return (size_t)(p - data) + n;
    }
    return 0;
}

size_t http_leading_crlf(const char *data, size_t len)
{
    size_t total = 0, n;
    while (total < len && (n = empty_line(data + total, data + len)) > 0)
        total += n;
    return total;
}

/* ---- messages ---- */

static unsigned steering_field(struct http_slice name)
{
    switch (name.len) {
    case 10:
        return same_nocase(name, "Connection", 10) ? HAS_CONNECTION : 0;
    case 14:
        return same_nocase(name, "Content-Length", 14) ? HAS_CONTENT_LENGTH : 0;
    case 17:
        return same_nocase(name, "Transfer-Encoding", 17) ? HAS_TRANSFER_ENCODING : 0;
    default:
        return 0;
    }
}

static int check_field_line(struct http_head *h, struct http_slice line, bool response,
                            const char **error)
{
    const char *p = line.at, *end = line.at + line.len;
    while (p < end && http_is(*p, HTTP_TCHAR))
        p++;
    struct http_slice name = http_slice_between(line.at, p);
    /* 9112 5.1: a proxy removes this white space from a response; a server refuses the request. */
    while (response && p < end && is_white(*p))
        p++;
    if (name.len == 0 || p == end || *p != ':') {
        if (memchr(line.at, ':', line.len) == NULL)
            return http_fail(error, "a field line has no colon");
        if (is_white(*p))
            return http_fail(error, "white space between a field name and its colon");
        return http_fail(error, "a field name is empty or holds an impossible octet");
    }
    h->has |= steering_field(name);
    return 0;
}

/* The whole line at *p without its end; *p moves behind it. False if no line end is left. */
static bool take_line(const char **p, const char *end, struct http_slice *line)
{
    const char *lf = memchr(*p, '\n', (size_t)(end - *p));
    if (lf == NULL)
        return false;
    *line = http_slice_between(*p, lf > *p && lf[-1] == '\r' ? lf - 1 : lf);
    *p = lf + 1;
    return true;
}

static int parse_block(const char *data, size_t len, struct http_head *h, struct http_slice *start,
                       bool response, const char **error)
{
    const char *p = data, *end = data + len;
    struct http_slice line;

    *h = (struct http_head){ 0 };
    if (len == 0 || !take_line(&p, end, start))
        return http_fail(error, "the header block is not complete");
    if (memchr(data, '\0', len) != NULL)
        return http_fail(error, "NUL in the header block");
    if (memchr(start->at, '\r', start->len) != NULL)
        return http_fail(error, "bare CR in the start line");
    if (start->len == 0)
        return http_fail(error, "the start line is empty");
    h->fields.at = p;
    for (;;) {
        const char *from = p;
        if (p == end || !take_line(&p, end, &line))
            return http_fail(error, "the header block is not complete");
        if (line.len == 0) {
            h->fields.len = (size_t)(from - h->fields.at);
            h->all = http_slice_between(data, p);
            return 0;
        }
        if (memchr(line.at, '\r', line.len) != NULL)
            return http_fail(error, "bare CR in a field line");
        if (is_white(*line.at)) {
            if (from == h->fields.at)
                return http_fail(error, "white space before the first field line");
        } else if (check_field_line(h, line, response, error) < 0) {
            return -1;
        }
    }
}

/* HTTP-version at p: "HTTP/" DIGIT "." DIGIT, case-sensitive (9112 2.3). */
static bool parse_version(const char *p, const char *end, struct http_head *h)
{
    if (end - p < 8 || memcmp(p, "HTTP/", 5) != 0 || !http_is_digit(p[5]) || p[6] != '.' ||
        !http_is_digit(p[7]))
        return false;
    h->major = p[5] - '0';
    h->minor = p[7] - '0';
    return true;
}

int http_parse_request(const char *data, size_t len, struct http_head *h, const char **error)
{
    struct http_slice line;
    if (parse_block(data, len, h, &line, false, error) < 0)
        return -1;
    const char *end = line.at + line.len;
    const char *first = memchr(line.at, ' ', line.len);
    const char *last = memrchr(line.at, ' ', line.len);
    if (first == NULL || first == last)
        return http_fail(error,
                         "the request line is not: method SP request-target SP HTTP-version");
    if (end - last != 9 || !parse_version(last + 1, end, h))
        return http_fail(error, "the request line does not end with an HTTP-version");
    h->method = http_slice_between(line.at, first);
    if (!http_all_of(h->method, HTTP_TCHAR))
        return http_fail(error, "the method is not a token");
    h->target = http_slice_between(first + 1, last);
    if (h->target.len == 0)
        return http_fail(error, "the request-target is empty");
    for (const char *p = h->target.at; p < last; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return http_fail(error, "white space or a control character in the request-target");
    return 0;
}

/* status-line = HTTP-version SP 3DIGIT SP [ reason ] (9112 4). Its length through the status code,
 * 0 if it does not begin so. */
static size_t parse_status(const char *p, const char *end, struct http_head *h)
{
    if (end - p < 12 || !parse_version(p, end, h) || p[8] != ' ' || p[9] < '1' ||
        !http_is_digit(p[9]) || !http_is_digit(p[10]) || !http_is_digit(p[11]))
        return 0;
    h->status = (p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0');
    return 12;
}

int http_parse_response(const char *data, size_t len, struct http_head *h, const char **error)
{
    struct http_slice line;
    if (parse_block(data, len, h, &line, true, error) < 0)
        return -1;
    const char *end = line.at + line.len;
    const char *p = line.at + parse_status(line.at, end, h);
    if (p == line.at)
        return http_fail(error, "the status line does not begin: HTTP-version SP three digits");
    /* The SP is required even before an empty reason; many servers leave it out. */
    if (p < end && *p++ != ' ')
        return http_fail(error, "the status code is not followed by a space");
    h->reason = http_slice_between(p, end);
    return 0;
}

int http_peek_status(const char *data, size_t len)
{
    struct http_head h = { 0 };
    if (len < 13 || parse_status(data, data + len, &h) == 0)
        return 0;
    return data[12] == ' ' || data[12] == '\n' || (len > 13 && data[12] == '\r' && data[13] == '\n')
               ? h.status
               : 0;
}

/* ---- fields ---- */

bool http_next_field(const struct http_head *h, size_t *cursor, struct http_field *f)
{
    if (*cursor >= h->fields.len)
        return false;
    /* parse_block has seen that each line has an end, and its first part a colon. */
    const char *from = h->fields.at + *cursor, *end = h->fields.at + h->fields.len;
    const char *colon = memchr(from, ':', (size_t)(end - from));
    const char *p = colon;
    do
        p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
    while (p < end && is_white(*p));
    f->line = http_slice_between(from, p);
    f->name = http_slice_between(from, colon);
    while (is_white(f->name.at[f->name.len - 1]))
        f->name.len--;
    f->value = trim(colon + 1, p);
    *cursor += f->line.len;
    return true;
}

static bool next_named(const struct http_head *h, size_t *cursor, const char *name, size_t len,
                       struct http_slice *value)
{
    struct http_field f;
    while (http_next_field(h, cursor, &f))
        if (same_nocase(f.name, name, len)) {
            *value = f.value;
            return true;
        }
    return false;
}

bool http_find(const struct http_head *h, const char *name, struct http_slice *value)
{
    size_t cursor = 0;
    *value = (struct http_slice){ "", 0 };
    return next_named(h, &cursor, name, strlen(name), value);
}

size_t http_count(const struct http_head *h, const char *name)
{
    size_t cursor = 0, n = 0, len = strlen(name);
    struct http_slice value;
    while (next_named(h, &cursor, name, len, &value))
        n++;
    return n;
}

bool http_next_element(struct http_slice value, size_t *cursor, struct http_slice *element)
{
    size_t i = *cursor;
    while (i < value.len && (value.at[i] == ',' || is_white_or_fold(value.at[i])))
        i++;
    size_t from = i;
    bool quoted = false;
    for (; i < value.len && (quoted || value.at[i] != ','); i++) {
        if (value.at[i] == '"')
            quoted = !quoted;
        else if (quoted && value.at[i] == '\\' && i + 1 < value.len)
            i++;
    }
    *cursor = i;
    if (from == value.len)
        return false;
    *element = trim(value.at + from, value.at + i);
    return true;
}

bool http_list_has(const struct http_head *h, const char *name, const char *token)
{
    size_t at_field = 0, name_len = strlen(name), token_len = strlen(token);
    struct http_slice value, element;
    while (next_named(h, &at_field, name, name_len, &value)) {
        size_t at_element = 0;
        while (http_next_element(value, &at_element, &element))
            if (same_nocase(element, token, token_len))
                return true;
    }
    return false;
}

void http_unfold(struct http_slice value, char *out)
{
    for (size_t i = 0; i < value.len;) {
        size_t from = i;
        bool fold = false;
        while (i < value.len && is_white_or_fold(value.at[i]))
            fold |= !is_white(value.at[i++]);
        if (fold)
            memset(out + from, ' ', i - from);
        else
            memcpy(out + from, value.at + from, i - from);
        if (i < value.len) {
            out[i] = value.at[i];
            i++;
        }
    }
}

bool http_has_framing(const struct http_head *h)
{
    return (h->has & (HAS_CONTENT_LENGTH | HAS_TRANSFER_ENCODING)) != 0;
}

bool http_keep_alive(const struct http_head *h)
{
    bool by_version = h->major > 1 || (h->major == 1 && h->minor >= 1);
    if (!(h->has & HAS_CONNECTION))
        return by_version;
    if (http_list_has(h, "Connection", "close"))
        return false;
    return by_version || (h->major == 1 && http_list_has(h, "Connection", "keep-alive"));
}

/* ---- reason phrases ---- */

static const char *const phrases[] = {
    [100] = "Continue",
    "Switching Protocols",
    "Processing",
    "Early Hints",
    [200] = "OK",
    "Created",
    "Accepted",
    "Non-Authoritative Information",
    "No Content",
    "Reset Content",
    "Partial Content",
    "Multi-Status",
    "Already Reported",
    [226] = "IM Used",
    [300] = "Multiple Choices",
    "Moved Permanently",
    "Found",
    "See Other",
    "Not Modified",
    "Use Proxy",
    [307] = "Temporary Redirect",
    "Permanent Redirect",
    [400] = "Bad Request",
    "Unauthorized",
    "Payment Required",
    "Forbidden",
    "Not Found",
    "Method Not Allowed",
    "Not Acceptable",
    "Proxy Authentication Required",
    "Request Timeout",
    "Conflict",
    "Gone",
    "Length Required",
    "Precondition Failed",
    "Content Too Large",
    "URI Too Long",
    "Unsupported Media Type",
    "Range Not Satisfiable",
    "Expectation Failed",
    [421] = "Misdirected Request",
    "Unprocessable Content",
    "Locked",
    "Failed Dependency",
    "Too Early",
    "Upgrade Required",
    [428] = "Precondition Required",
    "Too Many Requests",
    [431] = "Request Header Fields Too Large",
    [451] = "Unavailable For Legal Reasons",
    [500] = "Internal Server Error",
    "Not Implemented",
    "Bad Gateway",
    "Service Unavailable",
    "Gateway Timeout",
    "HTTP Version Not Supported",
    "Variant Also Negotiates",
    "Insufficient Storage",
    "Loop Detected",
    [510] = "Not Extended",
    "Network Authentication Required",
};

const char *http_reason(int status)
{
    if (status < 0 || (size_t)status >= sizeof(phrases) / sizeof(phrases[0]))
        return "";
    return phrases[status] == NULL ? "" : phrases[status];
}
