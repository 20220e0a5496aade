/*
 * Whom a request is for: request-targets (9112 3.2), authorities (3986 3.2), the Host field.
 * The contracts are in http.h.
 *
 * A target is only split, never decoded or normalised: what the client wrote is what the journal
 * shows and the origin gets. Mistakes that a scenario wants to see (user information, a fragment)
 * are passed on; only what leaves open whom the request is for is refused.
 */
#include "http.h"
#include "http_chars.h"

#include <arpa/inet.h>
#include <string.h>

/* An IPv6 address without brackets, perhaps with a zone (6874). */
static bool is_ipv6(struct http_slice s)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    const char *zone = memchr(s.at, '%', s.len);
    size_t len = zone == NULL ? s.len : (size_t)(zone - s.at);
    if (len >= sizeof(text))
        return false;
    memcpy(text, s.at, len);
    text[len] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1 &&
           (zone == NULL || http_all_of(http_slice_between(zone, s.at + s.len), HTTP_HOST_CHAR));
}

/* port = *DIGIT behind the ":" at p, or nothing at all. */
static bool parse_port(const char *p, const char *end, int *port)
{
    *port = -1;
    if (p == end)
        return true;
    if (*p++ != ':')
        return false;
    if (p == end)
        return true;
    int value = 0;
    for (; p < end; p++) {
        if (!http_is_digit(*p) || (value = value * 10 + (*p - '0')) > 65535)
            return false;
    }
    *port = value;
    return value > 0;
}

int http_parse_authority(struct http_slice s, struct http_slice *userinfo, struct http_slice *host,
                         int *port)
{
    if (s.len == 0)
        return -1;
    const char *p = s.at, *end = s.at + s.len;
    const char *at_sign = memrchr(s.at, '@', s.len);
    if (at_sign != NULL)
        p = at_sign + 1;
    *userinfo = at_sign == NULL ? http_slice_between(p, p) : http_slice_between(s.at, at_sign);
    if (p < end && *p == '[') {
        const char *bracket = memchr(p, ']', (size_t)(end - p));
        if (bracket == NULL)
            return -1;
        *host = http_slice_between(p + 1, bracket);
        return is_ipv6(*host) && parse_port(bracket + 1, end, port) ? 0 : -1;
    }
    const char *colon = p == end ? NULL : memchr(p, ':', (size_t)(end - p));
    *host = http_slice_between(p, colon == NULL ? end : colon);
    return http_all_of(*host, HTTP_HOST_CHAR) && parse_port(p + host->len, end, port) ? 0 : -1;
}

static int parse_connect_target(struct http_slice s, struct http_target *t, const char **error)
{
    t->form = HTTP_AUTHORITY_FORM;
    if (http_parse_authority(s, &t->userinfo, &t->host, &t->port) < 0)
        return http_fail(error, "the target of CONNECT is not: host \":\" port");
    if (t->port < 0)
        return http_fail(error, "the target of CONNECT has no port");
    return 0;
}

static bool is_scheme(struct http_slice s)
{
    if (s.len == 0 || !http_is_alpha(s.at[0]))
        return false;
    for (size_t i = 1; i < s.len; i++)
        if (!http_is_alpha(s.at[i]) && !http_is_digit(s.at[i]) && s.at[i] != '+' &&
            s.at[i] != '-' && s.at[i] != '.')
            return false;
    return true;
}

static int parse_absolute_target(struct http_slice s, bool options, struct http_target *t,
                                 const char **error)
{
    const char *end = s.at + s.len;
    const char *mark = memmem(s.at, s.len, "://", 3);
    if (mark == NULL || !is_scheme(http_slice_between(s.at, mark)))
        return http_fail(error,
                         "the request-target neither begins with \"/\" nor is an absolute URI");
    t->form = HTTP_ABSOLUTE_FORM;
    t->scheme = http_slice_between(s.at, mark);
    const char *authority = mark + 3, *p = authority;
    while (p < end && *p != '/' && *p != '?' && *p != '#')
        p++;
    if (http_parse_authority(http_slice_between(authority, p), &t->userinfo, &t->host, &t->port) <
        0)
        return http_fail(error, "the URI in the request-target has no valid host and port");
    if (t->port < 0)
        t->port = http_slice_is_nocase(t->scheme, "http")    ? 80
                  : http_slice_is_nocase(t->scheme, "https") ? 443
                                                             : 0;
    t->path = p < end ? http_slice_between(p, end) : (struct http_slice){ options ? "*" : "/", 1 };
    return 0;
}

/* Host = uri-host [ ":" port ] (9110 7.2): an authority, but without user information. */
static bool parse_host_field(struct http_slice value, struct http_slice *host, int *port)
{
    struct http_slice userinfo;
    return value.len > 0 && memchr(value.at, '@', value.len) == NULL &&
           http_parse_authority(value, &userinfo, host, port) == 0;
}

static void host_from_field(const struct http_head *h, struct http_target *t)
{
    struct http_slice value, host;
    int port;
    if (!http_find(h, "Host", &value) || !parse_host_field(value, &host, &port))
        return;
    t->host = host;
    t->port = port < 0 ? 0 : port;
}

int http_parse_target(const struct http_head *h, struct http_target *t, const char **error)
{
    struct http_slice none = { "", 0 };
    *t = (struct http_target){ HTTP_ORIGIN_FORM, none, none, none, none, 0 };
    if (http_slice_is(h->method, "CONNECT"))
        return parse_connect_target(h->target, t, error);
    bool options = http_slice_is(h->method, "OPTIONS");
    bool asterisk = http_slice_is(h->target, "*");
    if (asterisk && !options)
        return http_fail(error, "the request-target \"*\" is for OPTIONS only");
    if (!asterisk && h->target.at[0] != '/')
        return parse_absolute_target(h->target, options, t, error);
    t->form = asterisk ? HTTP_ASTERISK_FORM : HTTP_ORIGIN_FORM;
    t->path = h->target;
    host_from_field(h, t);
    return 0;
}

int http_check_host(const struct http_head *h, const char **error)
{
    struct http_slice value, host;
    int port;
    if (!http_find(h, "Host", &value)) {
        if (h->major < 1 || (h->major == 1 && h->minor == 0))
            return 0;
        return http_fail(error, "an HTTP/1.1 request needs a Host field");
    }
    if (value.len > 0 && !parse_host_field(value, &host, &port))
        return http_fail(error, "the Host field is not: uri-host [ \":\" port ]");
    if (http_count(h, "Host") > 1)
        return http_fail(error, "more than one Host field line");
    return 0;
}
