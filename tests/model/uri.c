/*
 * URLs.
 */
#include "uri.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "mutants.h"

static const char *take(struct arena *a, struct buf *b)
{
    const char *text = arena_copy(a, b->at ? b->at : "", b->len);
    buf_free(b);
    return text;
}

static bool is_hex(char c)
{
    return isxdigit((unsigned char)c) != 0;
}

/* Letters, digits and what RFC 3986, 2 allows in some component; octets from 0x80 are left to the
 * caller's encoding. */
static bool has_bad_octet(const char *text)
{
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c <= ' ' || c == 0x7F || strchr("\"<>\\^`{|}", c))
            return true;
    }
    return false;
}

/* ---- the authority --------------------------------------------------------------------------- */

static bool split_port(char *host_port, char **port)
{
    char *colon = strrchr(host_port, ':');
    char *bracket = strrchr(host_port, ']');
    *port = NULL;
    if (colon && (!bracket || colon > bracket)) {
        *colon = '\0';
        *port = colon + 1;
    }
    return true;
}

static const char *check_port(struct uri *u, const char *port)
{
    const char *own = u->is_https ? "443" : "80";
    u->port = port && *port ? port : own;
    if (strlen(u->port) > 5 || strspn(u->port, "0123456789") != strlen(u->port) ||
        atoi(u->port) > 65535 || atoi(u->port) == 0)
        return "its port is no number from 1 to 65535 (a '/', '?', '#' or '@' in a password must "
               "be percent-encoded)";
    u->is_default_port = strcmp(u->port, own) == 0;
    return NULL;
}

static const char *check_host(struct uri *u, char *host)
{
    size_t len = strlen(host);
    if (*host == '[') {
        if (host[len - 1] != ']' || strspn(host + 1, "0123456789abcdefABCDEF:.") != len - 2)
            return "its host is no IPv6 address";
        host[len - 1] = '\0';
        host++;
    } else if (!len || strcspn(host, ":[]@") != len) {
        return "its host is none";
    }
    for (char *c = host; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    u->host = host;
    return NULL;
}

static const char *parse_authority(struct arena *a, struct uri *u, const char *text, size_t len)
{
    char *copy = arena_copy(a, text, len), *port;
    char *at = strrchr(copy, '@');
    if (mutant(MUTANT_SPLITS_AT_FIRST_AT) && at) {
        *at = '\0';
        at = strchr(copy, '@') ? strchr(copy, '@') : at;
    }
    if (at) {
        *at = '\0';
        if (mutant(MUTANT_CUTS_RAW_PASSWORD))
            copy[strcspn(copy, "@/?#")] = '\0';
        if (strchr(copy, '@'))
            return "its userinfo has a '@' (it must be percent-encoded, as %40)";
        u->userinfo = copy;
        copy = at + 1;
    }
    split_port(copy, &port);
    const char *why = check_port(u, port);
    return why ? why : check_host(u, copy);
}

/* ---- whole URLs ------------------------------------------------------------------------------ */

static const char *parse(struct arena *a, struct uri *u, const char *text)
{
    if (strncasecmp(text, "http://", 7) == 0)
        u->is_https = false;
    else if (strncasecmp(text, "https://", 8) == 0)
        u->is_https = true;
    else
        return "its scheme is neither http nor https";
    if (has_bad_octet(text))
        return "it has a character that must be percent-encoded";
    const char *authority = strstr(text, "://") + 3;
    size_t len = strcspn(authority, "/?#");
    if (mutant(MUTANT_CUTS_RAW_PASSWORD) && strrchr(authority, '@'))
        len =
            (size_t)(strrchr(authority, '@') - authority) + strcspn(strrchr(authority, '@'), "/?#");
    const char *why = parse_authority(a, u, authority, len);
    if (why)
        return why;
    const char *rest = authority + len;
    size_t rest_len = mutant(MUTANT_SENDS_FRAGMENT) ? strlen(rest) : strcspn(rest, "#");
    struct buf b = { 0 };
    if (*rest != '/')
        buf_char(&b, '/');
    buf_add(&b, rest, rest_len);
    u->target = take(a, &b);
    return NULL;
}

const struct uri *uri_parse(struct arena *a, const char *text, const char **why)
{
    struct uri *u = arena_take(a, sizeof(*u));
    *why = parse(a, u, text);
    return *why ? NULL : u;
}

/* RFC 3986, 5.2.4, over the path before the query. */
static const char *without_dots(struct arena *a, const char *target)
{
    size_t len = strcspn(target, "?"), out = 0;
    char *path = arena_copy(a, target, len), *result = arena_take(a, strlen(target) + 2);
    for (char *segment = path; *segment == '/';) {
        size_t n = 1 + strcspn(segment + 1, "/");
        bool is_last = segment[n] == '\0';
        if (n == 2 && segment[1] == '.') {
            n = is_last ? 1 : 0;
            segment += 2;
        } else if (n == 3 && segment[1] == '.' && segment[2] == '.') {
            while (out > 0 && result[--out] != '/')
                ;
            n = is_last ? 1 : 0;
            segment += 3;
        } else {
            memcpy(result + out, segment, n);
            out += n;
            segment += n;
            continue;
        }
        if (n)
            result[out++] = '/';
    }
    memcpy(result + out, target + len, strlen(target + len) + 1);
    return result;
}

static const char *merge(struct arena *a, const struct uri *base, const char *reference)
{
    size_t len = strcspn(reference, "#");
    size_t path = strcspn(base->target, "?");
    struct buf b = { 0 };
    if (*reference == '?' || len == 0) {
        buf_add(&b, base->target, len ? path : strlen(base->target));
    } else if (*reference != '/') {
        while (path > 0 && base->target[path - 1] != '/')
            path--;
        buf_add(&b, base->target, path);
    }
    buf_add(&b, reference, len);
    return without_dots(a, take(a, &b));
}

static bool has_scheme(const char *text)
{
    size_t n = strcspn(text, ":/?#");
    return n > 0 && text[n] == ':' && isalpha((unsigned char)*text);
}

const struct uri *uri_resolve(struct arena *a, const struct uri *base, const char *reference,
                              const char **why)
{
    struct buf b = { 0 };
    if (has_scheme(reference))
        return uri_parse(a, reference, why);
    if (strncmp(reference, "//", 2) == 0) {
        buf_printf(&b, "%s:%s", base->is_https ? "https" : "http", reference);
        return uri_parse(a, take(a, &b), why);
    }
    *why = has_bad_octet(reference) ? "it has a character that must be percent-encoded" : NULL;
    if (*why)
        return NULL;
    struct uri *u = arena_take(a, sizeof(*u));
    *u = *base;
    u->userinfo = NULL;
    u->target = merge(a, base, reference);
    return u;
}

/* ---- as text --------------------------------------------------------------------------------- */

static const char *format(struct arena *a, const struct uri *u, const char *before, bool with_port,
                          const char *behind)
{
    bool is_v6 = strchr(u->host, ':') && !mutant(MUTANT_NO_IPV6_BRACKETS);
    struct buf b = { 0 };
    buf_printf(&b, "%s%s%s%s", before, is_v6 ? "[" : "", u->host, is_v6 ? "]" : "");
    if (with_port)
        buf_printf(&b, ":%s", u->port);
    buf_string(&b, behind);
    return take(a, &b);
}

const char *uri_authority(struct arena *a, const struct uri *u)
{
    return format(a, u, "", !u->is_default_port, "");
}

const char *uri_host_port(struct arena *a, const struct uri *u)
{
    return format(a, u, "", true, "");
}

const char *uri_absolute(struct arena *a, const struct uri *u)
{
    const char *before = u->is_https ? "https://" : "http://";
    if ((mutant(MUTANT_USERINFO_IN_TARGET) || mutant(MUTANT_FOLLOWS_USERINFO)) && u->userinfo) {
        struct buf b = { 0 };
        buf_printf(&b, "%s%s@", before, u->userinfo);
        before = take(a, &b);
    }
    bool has_port = !u->is_default_port && !mutant(MUTANT_DROPS_PORT);
    return format(a, u, before, has_port, u->target);
}

bool uri_same_origin(const struct uri *x, const struct uri *y)
{
    return x->is_https == y->is_https && strcmp(x->host, y->host) == 0 &&
           strcmp(x->port, y->port) == 0;
}

static int nibble(char c)
{
    return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

const char *uri_decode(struct arena *a, const char *text, size_t len)
{
    char *out = arena_copy(a, text, len);
    size_t n = 0;
    if (mutant(MUTANT_NO_PERCENT_DECODING))
        return out;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%' && i + 2 < len && is_hex(text[i + 1]) && is_hex(text[i + 2])) {
            c = (char)(nibble(text[i + 1]) << 4 | nibble(text[i + 2]));
            i += 2;
        } else if (c == '%' && mutant(MUTANT_LENIENT_PERCENT)) {
            continue;
        } else if (c == '%') {
            return NULL;
        }
        if (!c)
            return NULL;
        out[n++] = mutant(MUTANT_PLUS_IS_SPACE) && c == '+' ? ' ' : c;
    }
    out[n] = '\0';
    return out;
}

int uri_userinfo(struct arena *a, const char *userinfo, const char **user, const char **password)
{
    const char *colon = strchr(userinfo, ':');
    size_t len = colon ? (size_t)(colon - userinfo) : strlen(userinfo);
    *user = uri_decode(a, userinfo, len);
    *password = colon ? uri_decode(a, colon + 1, strlen(colon + 1)) : NULL;
    return *user && (!colon || *password) ? 0 : -1;
}
