/*
 * Texts in octets: the octets as they are, decoded where they are percent-encoded, and what is
 * base64-encoded in either.
 */
#include "search.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "uri.h"

/* ---- one run --------------------------------------------------------------------------------- */

/* ---- octets ---------------------------------------------------------------------------------- */

typedef bool finder(const char *needle, size_t needle_len, const char *octets, size_t len);

static bool is_in(const char *needle, size_t needle_len, const char *octets, size_t len)
{
    return needle_len && len && memmem(octets, len, needle, needle_len);
}

static bool is_letter(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c >= 0x80;
}

/* Not as a part of a longer word. */
static bool is_word_in(const char *needle, size_t needle_len, const char *octets, size_t len)
{
    const char *at = octets, *end = octets + len;
    while (needle_len && at < end &&
           (at = memmem(at, (size_t)(end - at), needle, needle_len)) != NULL) {
        const char *behind = at + needle_len;
        bool begins = at == octets || !is_letter((unsigned char)at[-1]);
        bool ends = behind == end || !is_letter((unsigned char)*behind);
        if (begins && ends)
            return true;
        at++;
    }
    return false;
}

/* Both alphabets of RFC 4648. */
static int base64_digit(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+' || c == '-' ? 62
           : c == '/' || c == '_' ? 63
                                  : -1;
}

/* Decodes a run of digits; an incomplete last octet is left out. */
static void base64_decode(const char *digits, size_t len, struct buf *out)
{
    unsigned bits = 0, held = 0;
    for (size_t i = 0; i < len; i++) {
        bits = bits << 6 | (unsigned)base64_digit(digits[i]);
        held += 6;
        if (held >= 8) {
            held -= 8;
            buf_char(out, (char)(bits >> held & 0xFF));
        }
    }
}

/* A run may begin with digits that do not belong to the encoding, such as the `/` of a path. */
static bool is_in_run(finder *find, const char *needle, size_t needle_len, const char *run,
                      size_t len)
{
    bool found = false;
    for (size_t skip = 0; skip < 4 && skip < len && !found; skip++) {
        struct buf plain = { 0 };
        base64_decode(run + skip, len - skip, &plain);
        found = find(needle, needle_len, plain.at ? plain.at : "", plain.len);
        buf_free(&plain);
    }
    return found;
}

static bool is_in_base64(finder *find, const char *needle, size_t needle_len, const char *octets,
                         size_t len)
{
    for (size_t start = 0; start < len;) {
        size_t end = start;
        while (end < len && base64_digit(octets[end]) >= 0)
            end++;
        /* Four digits are three octets. */
        if ((end - start) / 4 * 3 + 2 >= needle_len &&
            is_in_run(find, needle, needle_len, octets + start, end - start))
            return true;
        start = end + 1;
    }
    return false;
}

static bool finds_by(finder *find, const char *needle, size_t needle_len, const char *octets,
                     size_t len)
{
    struct buf plain = { 0 };
    uri_decode(&plain, octets, len);
    const char *decoded = plain.at ? plain.at : "";
    bool found = find(needle, needle_len, octets, len) ||
                 find(needle, needle_len, decoded, plain.len) ||
                 is_in_base64(find, needle, needle_len, octets, len) ||
                 is_in_base64(find, needle, needle_len, decoded, plain.len);
    buf_free(&plain);
    return found;
}

bool search_finds(const char *needle, size_t needle_len, const char *octets, size_t len)
{
    return finds_by(is_in, needle, needle_len, octets, len);
}

bool search_finds_word(const char *needle, size_t needle_len, const char *octets, size_t len)
{
    enum { SHORT = 6 };
    return finds_by(needle_len < SHORT ? is_word_in : is_in, needle, needle_len, octets, len);
}

/* ---- a stream -------------------------------------------------------------------------------- */

/* A text of n octets is at most so long where it is base64- and then percent-encoded: 3 * 4/3 * n,
 * and some for its alignment. */
static size_t longest_form(size_t n)
{
    return 4 * n + 24;
}

struct wanted {
    struct wanted *next;
    bool found, told;
    size_t len;
    char text[];
};

struct search {
    struct wanted *first;
    size_t left, keep; /* not found yet; octets to keep from one run to the next */
    struct buf tails[SEARCH_STREAMS];
};

struct search *search_new(void)
{
    struct search *s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    return s;
}

void search_free(struct search *s)
{
    if (!s)
        return;
    for (struct wanted *w = s->first, *next; w; w = next) {
        next = w->next;
        free(w);
    }
    for (size_t i = 0; i < SEARCH_STREAMS; i++)
        buf_free(&s->tails[i]);
    free(s);
}

void search_add(struct search *s, const char *text, size_t len)
{
    struct wanted *w = malloc(sizeof(*w) + len);
    if (!w)
        abort();
    *w = (struct wanted){ .next = s->first, .len = len };
    memcpy(w->text, text, len);
    s->first = w;
    s->left++;
    if (s->keep < longest_form(len))
        s->keep = longest_form(len);
}

void search_feed(struct search *s, enum search_stream stream, const char *octets, size_t len)
{
    struct buf *tail = &s->tails[stream];
    if (s->left == 0)
        return;
    buf_add(tail, octets, len);
    for (struct wanted *w = s->first; w; w = w->next)
        if (!w->found && search_finds(w->text, w->len, tail->at, tail->len)) {
            w->found = true;
            s->left--;
        }
    if (tail->len > s->keep) {
        memmove(tail->at, tail->at + tail->len - s->keep, s->keep);
        tail->len = s->keep;
    }
}

const char *search_next(struct search *s, size_t *len)
{
    for (struct wanted *w = s->first; w; w = w->next)
        if (w->found && !w->told) {
            w->told = true;
            *len = w->len;
            return w->text;
        }
    return NULL;
}
