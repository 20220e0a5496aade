/*
 * What the tests of the http module share: heads that must parse, and copies of exactly the octets
 * given, so that the sanitizer sees a read beyond them.
 */
#ifndef TESTS_UNIT_HTTP_CASES_H
#define TESTS_UNIT_HTTP_CASES_H

#include "cmocka_main.h"

#include <stdlib.h>

#include "http.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static inline void assert_slice(struct http_slice got, const char *want)
{
    if (got.len != strlen(want) || (got.len > 0 && memcmp(got.at, want, got.len) != 0))
        fail_msg("got '%.*s', want '%s'", (int)got.len, got.len > 0 ? got.at : "", want);
}

/* The caller frees. */
static inline char *exact(const char *data, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, data, len);
    return copy;
}

static inline struct http_head request_of(const char *text)
{
    struct http_head h;
    const char *error = NULL;
    if (http_parse_request(text, strlen(text), &h, &error) != 0)
        fail_msg("%s: %s", error, text);
    return h;
}

static inline struct http_head response_of(const char *text)
{
    struct http_head h;
    const char *error = NULL;
    if (http_parse_response(text, strlen(text), &h, &error) != 0)
        fail_msg("%s: %s", error, text);
    return h;
}

#endif
