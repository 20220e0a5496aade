/*
 * URIs: split in place, compared octet by octet as they are decoded.
 */
#include "uri.h"

#include <string.h>
#include <strings.h>

#include "http_chars.h"

static struct http_slice up_to(struct http_slice s, const char *ends)
{
    for (size_t i = 0; i < s.len; i++)
        if (strchr(ends, s.at[i]))
            return (struct http_slice){ s.at, i };
    return s;
}

static struct http_slice behind(struct http_slice s, size_t n)
{
    return (struct http_slice){ s.at + n, s.len - n };
}

bool uri_split(const char *text, size_t len, struct uri *u)
{
    struct http_slice all = { text, len }, userinfo, rest = up_to(all, "#");
    int port;
    *u = (struct uri){ .path = rest };
    if (len > 0 && text[0] == '/' && !(len > 1 && text[1] == '/'))
        return true;
    const char *mark = len ? memmem(rest.at, rest.len, "://", 3) : NULL;
    if (!mark)
        return false;
    u->scheme = (struct http_slice){ rest.at, (size_t)(mark - rest.at) };
    rest = behind(rest, u->scheme.len + 3);
    struct http_slice authority = up_to(rest, "/?");
    u->path = behind(rest, authority.len);
    return http_parse_authority(authority, &userinfo, &u->host, &port) == 0;
}

bool uri_is_https(const struct uri *u)
{
    return http_slice_is_nocase(u->scheme, "https");
}

int uri_escape(const char *at, size_t len)
{
    int high = len >= 3 && at[0] == '%' ? http_hex_digit(at[1]) : -1;
    int low = high >= 0 ? http_hex_digit(at[2]) : -1;
    return low >= 0 ? high * 16 + low : -1;
}

void uri_decode(struct buf *out, const char *octets, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int octet = uri_escape(octets + i, len - i);
        buf_char(out, octet >= 0 ? (char)octet : octets[i]);
        i += octet >= 0 ? 2 : 0;
    }
}

void uri_encode(struct buf *out, const char *z)
{
    static const char unreserved[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789-._~";
    for (; *z; z++) {
        if (strchr(unreserved, *z))
            buf_char(out, *z);
        else
            buf_printf(out, "%%%02X", (unsigned char)*z);
    }
}

/* The octet at *at, decoded; -1 at the end of the path. */
static int next_octet(struct http_slice s, size_t *at)
{
    if (*at >= s.len || s.at[*at] == '#')
        return -1;
    int octet = uri_escape(s.at + *at, s.len - *at);
    if (octet >= 0) {
        *at += 3;
        return octet;
    }
    return (unsigned char)s.at[(*at)++];
}

bool uri_same_path(struct http_slice a, struct http_slice b)
{
    size_t i = 0, k = 0;
    /* RFC 9110, 4.2.3: an empty path is "/". */
    if (a.len > 0 && a.at[0] == '/')
        i = 1;
    if (b.len > 0 && b.at[0] == '/')
        k = 1;
    for (;;) {
        int x = next_octet(a, &i), y = next_octet(b, &k);
        if (x != y)
            return false;
        if (x < 0)
            return true;
    }
}

bool uri_same_host(struct http_slice a, struct http_slice b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.at, b.at, a.len) == 0);
}
