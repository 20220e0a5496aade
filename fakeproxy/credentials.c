/*
 * Reading credentials. One pass over a copy in which folds are spaces; quoted strings are unescaped
 * into a second stretch of the same block, which they always fit in.
 */
#include "credentials.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http_chars.h"

struct reader {
    struct credentials *c;
    const char *at, *end;
    char *out; /* where unescaped text goes */
};

static void wrong(struct reader *r, const char *what)
{
    if (!r->c->wrong)
        r->c->wrong = what;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool skip_space(struct reader *r)
{
    const char *start = r->at;
    while (r->at < r->end && is_space(*r->at))
        r->at++;
    return r->at > start;
}

static struct http_slice take_token(struct reader *r)
{
    const char *start = r->at;
    while (r->at < r->end && http_is(*r->at, HTTP_TCHAR))
        r->at++;
    return http_slice_between(start, r->at);
}

/* ---- token68 --------------------------------------------------------------------------------- */

static bool is_token68(const char *at, const char *end)
{
    const char *start = at;
    while (at < end && (http_is_alpha(*at) || http_is_digit(*at) || (*at && strchr("-._~+/", *at))))
        at++;
    if (at == start)
        return false;
    while (at < end && *at == '=')
        at++;
    return at == end;
}

/* ---- parameters ------------------------------------------------------------------------------ */

static struct http_slice take_quoted(struct reader *r)
{
    char *start = r->out;
    for (r->at++; r->at < r->end && *r->at != '"'; r->at++) {
        if (*r->at == '\\' && r->at + 1 < r->end)
            r->at++;
        *r->out++ = *r->at;
    }
    if (r->at < r->end)
        r->at++;
    else
        wrong(r, "a quoted string does not end");
    return http_slice_between(start, r->out);
}

/* What should have been quoted, such as a uri, goes on to the next comma or white space. */
static struct http_slice take_value(struct reader *r)
{
    if (r->at < r->end && *r->at == '"')
        return take_quoted(r);
    struct http_slice token = take_token(r);
    while (r->at < r->end && !is_space(*r->at) && *r->at != ',') {
        wrong(r, "a parameter's value needs quotes");
        r->at++;
    }
    token.len = (size_t)(r->at - token.at);
    if (token.len == 0)
        wrong(r, "a parameter has no value");
    return token;
}

static bool take_param(struct reader *r)
{
    struct credentials *c = r->c;
    struct http_slice name = take_token(r), value;
    skip_space(r); /* 9110, 11.2: bad white space, to be accepted */
    if (name.len == 0 || r->at == r->end || *r->at != '=') {
        wrong(r, "what follows the scheme is neither a token68 nor parameters");
        return false;
    }
    r->at++;
    skip_space(r);
    value = take_value(r);
    for (size_t i = 0; i < c->count; i++)
        if (name.len == c->params[i].name.len &&
            strncasecmp(name.at, c->params[i].name.at, name.len) == 0)
            wrong(r, "a parameter is given twice");
    if (c->count == CREDENTIALS_PARAMS) {
        wrong(r, "there are more parameters than any scheme has");
        return false;
    }
    c->params[c->count++] = (struct credentials_param){ name, value };
    return true;
}

/* A list as of 9110, 5.6.1.2: empty elements are to be accepted. */
static void take_params(struct reader *r)
{
    bool separated = true;
    while (r->at < r->end) {
        if (skip_space(r))
            continue;
        if (*r->at == ',') {
            separated = true;
            r->at++;
            continue;
        }
        if (!separated)
            wrong(r, "a comma between parameters is missing");
        if (!take_param(r))
            return;
        separated = false;
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

void credentials_parse(struct http_slice value, struct credentials *c)
{
    *c = (struct credentials){ .octets = malloc(2 * value.len + 1) };
    if (!c->octets)
        abort();
    http_unfold(value, c->octets);
    struct reader r = { c, c->octets, c->octets + value.len, c->octets + value.len };
    while (r.end > r.at && is_space(r.end[-1]))
        r.end--;
    skip_space(&r);
    c->scheme = take_token(&r);
    if (c->scheme.len == 0)
        wrong(&r, "there is no authentication scheme");
    else if (r.at < r.end && !skip_space(&r))
        wrong(&r, "the authentication scheme is no token");
    else if (is_token68(r.at, r.end))
        c->token68 = http_slice_between(r.at, r.end);
    else
        take_params(&r);
}

void credentials_free(struct credentials *c)
{
    free(c->octets);
    *c = (struct credentials){ 0 };
}

bool credentials_param(const struct credentials *c, const char *name, struct http_slice *value)
{
    for (size_t i = 0; i < c->count; i++)
        if (http_slice_is_nocase(c->params[i].name, name)) {
            *value = c->params[i].value;
            return true;
        }
    *value = (struct http_slice){ "", 0 };
    return false;
}

/* ---- base64 ---------------------------------------------------------------------------------- */

static int base64_value(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

bool credentials_base64(struct http_slice text, struct buf *out)
{
    unsigned bits = 0;
    size_t n = 0;
    int value;
    for (; n < text.len && (value = base64_value(text.at[n])) >= 0; n++) {
        bits = bits << 6 | (unsigned)value;
        if (n % 4 > 0)
            buf_char(out, (char)(bits >> (6 - n % 4 * 2) & 0xFF));
    }
    size_t padding = 0;
    while (n + padding < text.len && text.at[n + padding] == '=')
        padding++;
    return n + padding == text.len && n % 4 != 1 && padding == (4 - n % 4) % 4;
}

/* ---- challenges ------------------------------------------------------------------------------ */

bool credentials_says_stale(struct http_slice challenges)
{
    struct http_slice element;
    for (size_t cursor = 0; http_next_element(challenges, &cursor, &element);) {
        struct http_slice value;
        struct credentials c;
        struct buf alone = { 0 };
        /* An element may have the scheme before it or not: with one too many it still is a
         * parameter. */
        bool has_scheme = false;
        for (size_t i = 0; i < element.len && element.at[i] != '='; i++)
            has_scheme = has_scheme || (is_space(element.at[i]) && i + 1 < element.len &&
                                        http_is(element.at[i + 1], HTTP_TCHAR));
        buf_string(&alone, has_scheme ? "" : "x ");
        buf_add(&alone, element.at, element.len);
        credentials_parse((struct http_slice){ alone.at, alone.len }, &c);
        bool stale = credentials_param(&c, "stale", &value) && http_slice_is_nocase(value, "true");
        credentials_free(&c);
        buf_free(&alone);
        if (stale)
            return true;
    }
    return false;
}
