/*
 * A recursive-descent scanner over the raw octets. It keeps nothing but the places of values and a
 * copy of the text that is safe for cJSON 1.7.15, which cuts strings at \u0000 (the escape becomes
 * the octets C0 80, which valid UTF-8 cannot hold) and numbers at 63 characters (refused here).
 * The frames on the stack are the path to the value at hand: an error names it.
 */
#include "json_scan.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_LENGTH = 60 };
/* From 2^53 on a double skips integers; below, every number fits an int64_t. */
static const double TOO_LARGE = 9007199254740992.0;

struct frame { /* a list or object that is open */
    const struct frame *up;
    const char *name; /* object: the current member's, as it is written */
    size_t name_len, index, depth;
    bool is_list;
};

struct scanner {
    const char *text;
    size_t len, at;
    size_t copied; /* the text before it is in out->text */
    struct json_scan *out;
    struct json_error *error;
};

static int scan_value(struct scanner *, const struct frame *, size_t key_at);

static size_t write_pointer(const struct frame *f, char *out, size_t room)
{
    if (!f)
        return 0;
    size_t used = write_pointer(f->up, out, room);
    if (used >= room)
        return used;
    int n =
        f->is_list
            ? snprintf(out + used, room - used, "/%zu", f->index)
            : (f->name ? snprintf(out + used, room - used, "/%.*s", (int)f->name_len, f->name) : 0);
    return used + (size_t)n;
}

static int fail(struct scanner *s, const struct frame *f, size_t at, const char *what, ...)
    __attribute__((format(printf, 4, 5)));

static int fail(struct scanner *s, const struct frame *f, size_t at, const char *what, ...)
{
    va_list args;
    s->error->at = at;
    snprintf(s->error->pointer, sizeof(s->error->pointer), "/");
    write_pointer(f, s->error->pointer, sizeof(s->error->pointer));
    va_start(args, what);
    vsnprintf(s->error->what, sizeof(s->error->what), what, args);
    va_end(args);
    return -1;
}

static int peek(const struct scanner *s)
{
    return s->at < s->len ? (unsigned char)s->text[s->at] : -1;
}

static void skip_space(struct scanner *s)
{
    while (s->at < s->len && strchr(" \t\r\n", s->text[s->at]) && s->text[s->at])
        s->at++;
}

static int unexpected(struct scanner *s, const struct frame *f, const char *expected)
{
    int c = peek(s);
    if (c < 0)
        return fail(s, f, s->at, "the text ends here, expected %s", expected);
    if (c < 0x20 || c == 0x7F)
        return fail(s, f, s->at, "unexpected control character U+%04X, expected %s", (unsigned)c,
                    expected);
    size_t n = c < 0x80 ? 1 : json_utf8(s->text + s->at, s->len - s->at);
    if (n == 0)
        return fail(s, f, s->at, "octet %02X is no UTF-8", (unsigned)c);
    return fail(s, f, s->at, "unexpected \"%.*s\", expected %s", (int)n, s->text + s->at, expected);
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static void skip_digits(struct scanner *s)
{
    while (is_digit(peek(s)))
        s->at++;
}

/* Bounds are those of a double: what cJSON reads must be what is written. */
static int check_number(struct scanner *s, const struct frame *f, size_t start)
{
    char digits[NUMBER_LENGTH + 1];
    size_t len = s->at - start;
    if (len > NUMBER_LENGTH)
        return fail(s, f, start, "a number of %zu characters, expected at most %d", len,
                    NUMBER_LENGTH);
    memcpy(digits, s->text + start, len);
    digits[len] = '\0';
    double value = strtod(digits, NULL);
    bool is_zero = strspn(digits, "-0.") == strcspn(digits, "eE");
    if (isinf(value) || (value == 0 && !is_zero) || (value != 0 && !isnormal(value)))
        return fail(s, f, start,
                    "the number %s cannot be represented, expected one that a double can hold",
                    digits);
    if (fabs(value) >= TOO_LARGE)
        return fail(s, f, start, "the number %s is too large, expected less than 2^53", digits);
    return 0;
}

static int scan_number(struct scanner *s, const struct frame *f)
{
    size_t start = s->at;
    if (peek(s) == '-')
        s->at++;
    if (!is_digit(peek(s)))
        return unexpected(s, f, "a digit");
    if (peek(s) == '0') {
        s->at++;
        if (is_digit(peek(s)))
            return fail(s, f, start, "a number with a leading zero, expected it without");
    }
    skip_digits(s);
    if (peek(s) == '.') {
        s->at++;
        if (!is_digit(peek(s)))
            return unexpected(s, f, "a digit");
        skip_digits(s);
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (peek(s) == '+' || peek(s) == '-')
            s->at++;
        if (!is_digit(peek(s)))
            return unexpected(s, f, "a digit");
        skip_digits(s);
    }
    return check_number(s, f, start);
}

/* The four digits of a \u escape at the scanner's place, or -1. */
static int hex4(const struct scanner *s)
{
    int code = 0;
    for (size_t i = 0; i < 4; i++) {
        int c = s->at + i < s->len ? (unsigned char)s->text[s->at + i] : -1;
        int digit = is_digit(c)            ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        code = code * 16 + digit;
    }
    return code;
}

static int scan_unicode_escape(struct scanner *s, const struct frame *f, size_t start)
{
    int code = hex4(s);
    if (code < 0)
        return fail(s, f, start, "a \\u without four hexadecimal digits");
    s->at += 4;
    if (code >= 0xDC00 && code <= 0xDFFF)
        return fail(s, f, start, "\\u%04X is the second half of a surrogate pair, without a first",
                    (unsigned)code);
    if (code >= 0xD800 && code <= 0xDBFF) {
        s->at += 2;
        bool is_escape = s->at <= s->len && memcmp(s->text + s->at - 2, "\\u", 2) == 0;
        int low = is_escape ? hex4(s) : -1;
        if (low < 0xDC00 || low > 0xDFFF)
            return fail(s, f, start, "\\u%04X is half a surrogate pair, expected the other half",
                        (unsigned)code);
        s->at += 4;
    }
    if (code == 0) {
        buf_add(&s->out->text, s->text + s->copied, start - s->copied);
        buf_add(&s->out->text, "\xC0\x80", 2);
        s->copied = s->at;
    }
    return 0;
}

static int scan_escape(struct scanner *s, const struct frame *f)
{
    size_t start = s->at++;
    int c = peek(s);
    if (c == 'u') {
        s->at++;
        return scan_unicode_escape(s, f, start);
    }
    if (c <= 0 || !strchr("\"\\/bfnrt", c))
        return fail(s, f, start,
                    "an unknown escape, expected one of "
                    "\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    s->at++;
    return 0;
}

static int scan_string(struct scanner *s, const struct frame *f)
{
    size_t start = s->at++;
    for (;;) {
        int c = peek(s);
        if (c < 0)
            return fail(s, f, start, "a text that is not ended, expected a closing \"");
        if (c == '"')
            break;
        if (c == '\\') {
            if (scan_escape(s, f) < 0)
                return -1;
            continue;
        }
        if (c == '\n' || c == '\r')
            return fail(s, f, start, "a text that does not end on its line, expected a closing \"");
        if (c < 0x20)
            return fail(s, f, s->at, "a control character in a text, expected it as \\u%04x",
                        (unsigned)c);
        size_t n = c < 0x80 ? 1 : json_utf8(s->text + s->at, s->len - s->at);
        if (n == 0)
            return fail(s, f, s->at, "octet %02X is no UTF-8", (unsigned)c);
        s->at += n;
    }
    s->at++;
    return 0;
}

static int scan_word(struct scanner *s, const struct frame *f)
{
    static const char *const words[] = { "true", "false", "null" };
    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(words[i]);
        if (s->len - s->at >= n && memcmp(s->text + s->at, words[i], n) == 0) {
            s->at += n;
            return 0;
        }
    }
    return unexpected(s, f, "a value");
}

static int scan_list(struct scanner *s, struct frame *f)
{
    s->at++;
    skip_space(s);
    if (peek(s) == ']') {
        s->at++;
        return 0;
    }
    for (;; f->index++) {
        if (scan_value(s, f, 0) < 0)
            return -1;
        skip_space(s);
        int c = peek(s);
        if (c != ',' && c != ']')
            return unexpected(s, f->up, "\",\" or \"]\"");
        s->at++;
        if (c == ']')
            return 0;
    }
}

static int scan_object(struct scanner *s, struct frame *f)
{
    s->at++;
    skip_space(s);
    if (peek(s) == '}') {
        s->at++;
        return 0;
    }
    for (;;) {
        f->name = NULL;
        skip_space(s);
        if (peek(s) != '"')
            return unexpected(s, f->up, "a name in double quotes");
        size_t key_at = s->at;
        if (scan_string(s, f->up) < 0)
            return -1;
        f->name = s->text + key_at + 1;
        f->name_len = s->at - key_at - 2;
        skip_space(s);
        if (peek(s) != ':')
            return unexpected(s, f, "\":\"");
        s->at++;
        if (scan_value(s, f, key_at) < 0)
            return -1;
        skip_space(s);
        int c = peek(s);
        if (c != ',' && c != '}')
            return unexpected(s, f->up, "\",\" or \"}\"");
        s->at++;
        if (c == '}')
            return 0;
    }
}

static int scan_value(struct scanner *s, const struct frame *up, size_t key_at)
{
    skip_space(s);
    struct json_place place = { .at = s->at, .key_at = key_at };
    buf_add(&s->out->places, &place, sizeof(place));
    int c = peek(s);
    if (c == '"')
        return scan_string(s, up);
    if (c == '-' || is_digit(c))
        return scan_number(s, up);
    if (c != '[' && c != '{')
        return scan_word(s, up);
    struct frame f = { .up = up, .depth = up ? up->depth + 1 : 1, .is_list = c == '[' };
    if (f.depth > JSON_DEPTH)
        return fail(s, up, s->at, "more than %d levels of lists and objects", JSON_DEPTH);
    return c == '[' ? scan_list(s, &f) : scan_object(s, &f);
}

int json_scan(const char *text, size_t len, struct json_scan *out, struct json_error *error)
{
    struct scanner s = { .text = text, .len = len, .out = out, .error = error };
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        return fail(&s, NULL, 0, "a byte order mark, expected plain UTF-8 without one");
    if (scan_value(&s, NULL, 0) < 0)
        return -1;
    skip_space(&s);
    if (s.at < len)
        return unexpected(&s, NULL, "the end of the text");
    buf_add(&out->text, text + s.copied, len - s.copied);
    return 0;
}
