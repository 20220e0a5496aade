/*
 * What was done to a password on its way: it is compared with the one that was wanted. Pure.
 */
#include "diagnosing.h"

#include <string.h>

#include "credentials.h"
#include "http_chars.h"
#include "uri.h"

/* ---- Basic ----------------------------------------------------------------------------------- */

bool pair_read(struct http_slice value, struct pair *p)
{
    struct credentials c;
    struct buf decoded = { 0 };
    credentials_parse(value, &c);
    bool is_basic = http_slice_is_nocase(c.scheme, "Basic") && c.token68.len;
    if (is_basic)
        credentials_base64(c.token68, &decoded);
    credentials_free(&c);
    const char *colon = decoded.len ? memchr(decoded.at, ':', decoded.len) : NULL;
    *p = (struct pair){ .octets = decoded.at };
    if (!colon) {
        buf_free(&decoded);
        p->octets = NULL;
        return false;
    }
    p->user = http_slice_between(decoded.at, colon);
    p->password = http_slice_between(colon + 1, decoded.at + decoded.len);
    return true;
}

void pair_free(struct pair *p)
{
    struct buf octets = { .at = p->octets };
    buf_free(&octets);
    p->octets = NULL;
}

/* ---- transformations ------------------------------------------------------------------------- */

static bool is(const struct buf *b, struct http_slice s)
{
    return b->len == s.len && (s.len == 0 || memcmp(b->at, s.at, s.len) == 0);
}

static bool decodes_to(struct http_slice from, struct http_slice to)
{
    struct buf decoded = { 0 };
    uri_decode(&decoded, from.at, from.len);
    bool does = !http_slice_same(from, to) && is(&decoded, to);
    buf_free(&decoded);
    return does;
}

static bool decodes_twice_to(struct http_slice from, struct http_slice to)
{
    struct buf once = { 0 };
    uri_decode(&once, from.at, from.len);
    bool does = once.len < from.len && decodes_to((struct http_slice){ once.at, once.len }, to);
    buf_free(&once);
    return does;
}

static bool differs_in_plus(struct http_slice a, struct http_slice b)
{
    for (size_t i = 0; a.len == b.len && i < a.len; i++)
        if (a.at[i] != b.at[i] &&
            !((a.at[i] == '+' && b.at[i] == ' ') || (a.at[i] == ' ' && b.at[i] == '+')))
            return false;
    return a.len == b.len && !http_slice_same(a, b);
}

static bool is_padding(char c)
{
    return strchr(" \t\r\n\"'", c) != NULL && c != '\0';
}

static bool is_padded(struct http_slice got, struct http_slice wanted)
{
    struct http_slice core = got;
    while (core.len > wanted.len && is_padding(core.at[core.len - 1]))
        core.len--;
    while (core.len > wanted.len && is_padding(core.at[0])) {
        core.at++;
        core.len--;
    }
    return core.len < got.len && http_slice_same(core, wanted);
}

/* UTF-8 of up to U+00FF written as one octet each. */
static bool is_latin1_of(struct http_slice got, struct http_slice wanted)
{
    size_t k = 0;
    for (size_t i = 0; i < wanted.len; i++, k++) {
        unsigned char c = (unsigned char)wanted.at[i];
        if ((c & 0xFE) == 0xC2 && i + 1 < wanted.len) /* C2, C3: two octets */
            c = (unsigned char)((c & 3) << 6 | ((unsigned char)wanted.at[++i] & 0x3F));
        if (k >= got.len || (unsigned char)got.at[k] != c)
            return false;
    }
    return k == got.len && k < wanted.len;
}

/* A proper prefix up to an octet that means something in URLs or shells. */
static bool is_cut(struct http_slice got, struct http_slice wanted, char *at)
{
    if (got.len >= wanted.len || (got.len && memcmp(got.at, wanted.at, got.len) != 0))
        return false;
    *at = wanted.at[got.len];
    return strchr("@:/?#%&;!$ \\\"'`", *at) != NULL && *at;
}

enum ailment password_altered(struct http_slice got, const char *wanted_text, struct buf *how)
{
    struct http_slice wanted = { wanted_text, strlen(wanted_text) };
    char at;
    if (decodes_to(got, wanted)) {
        buf_string(how, "still percent-encoded");
        return AILMENT_PASSWORD_ENCODED;
    }
    if (decodes_twice_to(got, wanted)) {
        buf_string(how, "percent-encoded twice");
        return AILMENT_PASSWORD_TWICE;
    }
    if (decodes_to(wanted, got)) {
        buf_string(how, "percent-decoded, although it was not encoded");
        return AILMENT_PASSWORD_DECODED;
    }
    if (differs_in_plus(got, wanted)) {
        buf_string(how, "the same but for + and space");
        return AILMENT_PASSWORD_PLUS;
    }
    if (is_padded(got, wanted)) {
        buf_string(how, "the right one with something around it");
        return AILMENT_PASSWORD_PADDED;
    }
    if (is_latin1_of(got, wanted)) {
        buf_string(how, "in Latin-1 instead of UTF-8");
        return AILMENT_PASSWORD_CHARSET;
    }
    if (is_cut(got, wanted, &at)) {
        buf_printf(how, "cut at its %c", at);
        return AILMENT_PASSWORD_CUT;
    }
    return AILMENTS;
}
