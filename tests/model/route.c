/*
 * Which way a request takes: the session's proxies, those of the environment, or none, where the
 * exclusion list says so. A host that shall go through a proxy is never resolved here.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "call.h"
#include "mutants.h"

/* ---- exclusions ------------------------------------------------------------------------------ */

static bool in_network(const char *host, const char *network, size_t len)
{
    unsigned char a[16], b[16];
    char text[64];
    const char *slash = memchr(network, '/', len);
    if (!slash || len >= sizeof(text))
        return false;
    memcpy(text, network, len);
    text[len] = '\0';
    text[slash - network] = '\0';
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    long bits = strtol(text + (slash - network) + 1, NULL, 10);
    if (inet_pton(family, host, a) != 1 || inet_pton(family, text, b) != 1 || bits < 0 ||
        bits > (family == AF_INET ? 32 : 128))
        return false;
    for (long i = 0; i < bits; i++)
        if ((a[i / 8] ^ b[i / 8]) & 0x80 >> i % 8)
            return false;
    return true;
}

/* "*", a host, a domain with all below it, host:port, a network. */
static bool excludes(const char *entry, size_t len, const struct uri *u)
{
    size_t host = strlen(u->host);
    if (len == 1 && *entry == '*')
        return true;
    if (in_network(u->host, entry, len))
        return true;
    const char *colon = memchr(entry, ':', len);
    if (colon && !memchr(colon + 1, ':', len - (size_t)(colon + 1 - entry))) {
        size_t port = len - (size_t)(colon + 1 - entry);
        if (port != strlen(u->port) || strncmp(colon + 1, u->port, port) != 0)
            return false;
        len = (size_t)(colon - entry);
    }
    if (len && *entry == '*')
        entry++, len--;
    if (len && *entry == '.')
        entry++, len--;
    if (len > 1 && *entry == '[' && entry[len - 1] == ']')
        entry++, len -= 2;
    if (!len || len > host || strncasecmp(u->host + host - len, entry, len) != 0)
        return false;
    return host == len || u->host[host - len - 1] == '.';
}

static bool list_excludes(const char *list, const struct uri *u)
{
    const char *member;
    size_t len;
    while (fields_member(&list, &member, &len))
        if (excludes(member, len, u))
            return true;
    return false;
}

static const char *variable(const char *lower)
{
    char upper[32];
    const char *value = getenv(lower);
    size_t i = 0;
    for (; lower[i] && i + 1 < sizeof(upper); i++)
        upper[i] = (char)toupper((unsigned char)lower[i]);
    upper[i] = '\0';
    value = value && *value ? value : getenv(upper);
    return value && *value ? value : NULL;
}

bool route_uses_proxy(const struct settings *s, const struct uri *u)
{
    if (mutant(MUTANT_BYPASSES_LOOPBACK) && strncmp(u->host, "127.", 4) == 0)
        return false;
    for (size_t i = 0; s->has_exclusions && s->exclusions[i]; i++)
        if (list_excludes(s->exclusions[i], u))
            return false;
    const char *none = s->has_exclusions ? NULL : variable("no_proxy");
    return !none || !list_excludes(none, u);
}

/* ---- proxies --------------------------------------------------------------------------------- */

static const struct proxy *from_environment(struct arena *a, const struct uri *u,
                                            const char **wrong)
{
    const char *url = variable(u->is_https ? "https_proxy" : "http_proxy");
    url = url ? url : variable("all_proxy");
    return url ? settings_proxy(a, url, wrong) : NULL;
}

size_t route_proxies(struct arena *a, const struct settings *s, const struct uri *u,
                     const struct proxy **list, const char **wrong)
{
    *wrong = NULL;
    *list = s->proxies;
    if (s->proxy_count)
        return s->proxy_count;
    *list = from_environment(a, u, wrong);
    return *list ? 1 : 0;
}
