/*
 * Growing runs of octets.
 */
#include "buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_free(struct buf *b)
{
    free(b->at);
    *b = (struct buf){ 0 };
}

static void make_room(struct buf *b, size_t more)
{
    if (b->room - b->len >= more)
        return;
    size_t room = b->room ? b->room : 256;
    while (room - b->len < more)
        room *= 2;
    char *at = realloc(b->at, room);
    if (!at) {
        fputs("fakeproxy: out of memory\n", stderr);
        abort();
    }
    b->at = at;
    b->room = room;
}

char *buf_extend(struct buf *b, size_t len)
{
    make_room(b, len);
    b->len += len;
    return b->at + b->len - len;
}

void buf_add(struct buf *b, const void *octets, size_t len)
{
    if (len)
        memcpy(buf_extend(b, len), octets, len);
}

void buf_char(struct buf *b, char c)
{
    *buf_extend(b, 1) = c;
}

void buf_number(struct buf *b, int64_t n)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (n < 0)
        digits[--at] = '-';
    buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    char first[256];
    int len = vsnprintf(first, sizeof(first), format, args);
    va_end(args);
    assert(len >= 0);
    make_room(b, (size_t)len + 1);
    if ((size_t)len < sizeof(first))
        memcpy(b->at + b->len, first, (size_t)len);
    else
        vsnprintf(b->at + b->len, (size_t)len + 1, format, again);
    va_end(again);
    b->len += (size_t)len;
}

/* Length of the well-formed UTF-8 sequence at s (RFC 3629), or 0. */
static size_t utf8_sequence(const unsigned char *s, size_t len)
{
    static const unsigned char low[3] = { 0x80, 0xA0, 0x90 };
    size_t need = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || need > len)
        return 0;
    if (s[0] == 0xE0 && s[1] < low[1])
        return 0; /* overlong */
    if (s[0] == 0xED && s[1] > 0x9F)
        return 0; /* surrogates */
    if ((s[0] == 0xF0 && s[1] < low[2]) || (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    for (size_t i = 1; i < need; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    return need;
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static void json_escape(struct buf *b, unsigned char c)
{
    static const char letters[] = "\"\"\\\\\nn\rr\tt";
    for (const char *l = letters; *l; l += 2)
        if ((unsigned char)*l == c) {
            buf_char(b, '\\');
            buf_char(b, l[1]);
            return;
        }
    buf_printf(b, "\\u%04x", c);
}

void buf_json(struct buf *b, const char *octets, size_t len)
{
    const unsigned char *s = (const unsigned char *)octets;
    buf_char(b, '"');
    for (size_t i = 0; i < len;) {
        size_t run = i;
        while (run < len && is_plain(s[run]))
            run++;
        buf_add(b, s + i, run - i);
        if ((i = run) == len)
            break;
        size_t sequence = s[i] >= 0x80 ? utf8_sequence(s + i, len - i) : 0;
        if (sequence)
            buf_add(b, s + i, sequence);
        else
            json_escape(b, s[i]);
        i += sequence ? sequence : 1;
    }
    buf_char(b, '"');
}
