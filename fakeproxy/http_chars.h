/*
 * For whoever reads octets of HTTP: character classes, and a slice between two places.
 * The C library's ctype is avoided because it asks the locale.
 */
#ifndef FAKEPROXY_HTTP_CHARS_H
#define FAKEPROXY_HTTP_CHARS_H

#include "http.h"

/* Bits of http_class_of[]: tchar of 9110 5.6.2; what a reg-name of 3986 3.2.2 is made of. */
enum { HTTP_TCHAR = 1, HTTP_HOST_CHAR = 2 };

extern const unsigned char http_class_of[256];

static inline bool http_is(char c, unsigned char class)
{
    return (http_class_of[(unsigned char)c] & class) != 0;
}

/* True if all octets are of the class; an empty slice is not. */
static inline bool http_all_of(struct http_slice s, unsigned char class)
{
    for (size_t i = 0; i < s.len; i++)
        if (!http_is(s.at[i], class))
            return false;
    return s.len > 0;
}

static inline bool http_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline char http_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static inline bool http_is_alpha(char c)
{
    return http_lower(c) >= 'a' && http_lower(c) <= 'z';
}

static inline int http_hex_digit(char c) /* its value; -1: it is none */
{
    if (http_is_digit(c))
        return c - '0';
    c = http_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline struct http_slice http_slice_between(const char *from, const char *to)
{
    return (struct http_slice){ from, (size_t)(to - from) };
}

static inline int http_fail(const char **error, const char *what)
{
    *error = what;
    return -1;
}

#endif
