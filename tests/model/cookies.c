/*
 * The cookie jar. No list of public suffixes: a Domain needs a dot in it.
 */
#include "cookies.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "buf.h"
#include "httpdate.h"

struct cookie {
    struct cookie *next;
    const char *name, *value, *domain, *path;
    bool is_host_only, is_secure;
    time_t expires; /* 0: with the session */
};

static bool is_within(const char *host, const char *domain)
{
    size_t h = strlen(host), d = strlen(domain);
    return strcasecmp(host, domain) == 0 ||
           (h > d && host[h - d - 1] == '.' && strcasecmp(host + h - d, domain) == 0);
}

static bool path_fits(const char *target, const char *path)
{
    size_t n = strlen(path);
    return strncmp(target, path, n) == 0 &&
           (path[n - 1] == '/' || target[n] == '/' || target[n] == '?' || !target[n]);
}

static void set_attribute(struct arena *a, struct cookie *c, const char *name, const char *value)
{
    int64_t date;
    if (strcasecmp(name, "Secure") == 0)
        c->is_secure = true;
    else if (strcasecmp(name, "Path") == 0 && *value == '/')
        c->path = arena_copy(a, value, strlen(value));
    else if (strcasecmp(name, "Max-Age") == 0 && (isdigit((unsigned char)*value) || *value == '-'))
        c->expires = atol(value) <= 0 ? 1 : time(NULL) + atol(value);
    else if (strcasecmp(name, "Expires") == 0 && !c->expires &&
             httpdate_parse(value, strlen(value), time(NULL), &date) == 0)
        c->expires = date > 0 ? (time_t)date : 1;
    else if (strcasecmp(name, "Domain") == 0 && *value) {
        c->domain = arena_copy(a, value + (*value == '.'), strlen(value) - (*value == '.'));
        c->is_host_only = false;
    }
}

/* The next "name=value" or "name" between semicolons. */
static bool next_pair(struct arena *a, const char **at, const char **name, const char **value)
{
    const char *p = *at + strspn(*at, "; \t");
    size_t n = strcspn(p, ";");
    if (!n)
        return false;
    *at = p + n;
    while (n > 0 && strchr(" \t", p[n - 1]))
        n--;
    char *pair = arena_copy(a, p, n), *equals = strchr(pair, '=');
    *value = equals ? equals + 1 : "";
    if (equals)
        *equals = '\0';
    *name = pair;
    return true;
}

static void put(struct cookie **jar, struct cookie *c)
{
    for (struct cookie **link = jar; *link;) {
        struct cookie *old = *link;
        if (strcmp(old->name, c->name) == 0 && strcasecmp(old->domain, c->domain) == 0 &&
            strcmp(old->path, c->path) == 0)
            *link = old->next;
        else
            link = &old->next;
    }
    if (c->expires && c->expires <= time(NULL))
        return;
    c->next = *jar;
    *jar = c;
}

static const char *default_path(struct arena *a, const char *target)
{
    size_t n = strcspn(target, "?");
    while (n > 1 && target[n - 1] != '/')
        n--;
    return arena_copy(a, target, n > 1 ? n - 1 : 1);
}

static void store(struct arena *a, struct cookie **jar, const char *line, const struct uri *u)
{
    struct cookie *c = arena_take(a, sizeof(*c));
    const char *name, *value;
    *c = (struct cookie){ .domain = arena_copy(a, u->host, strlen(u->host)),
                          .path = default_path(a, u->target),
                          .is_host_only = true };
    if (!next_pair(a, &line, &c->name, &c->value) || !*c->name)
        return;
    while (next_pair(a, &line, &name, &value))
        set_attribute(a, c, name, value);
    if (!is_within(u->host, c->domain) || (!c->is_host_only && !strchr(c->domain, '.')))
        return;
    put(jar, c);
}

void cookies_store(struct arena *a, struct cookie **jar, const struct fields *f,
                   const struct uri *u)
{
    const char *line;
    for (size_t i = 0; (line = fields_nth(f, "Set-Cookie", i)); i++)
        store(a, jar, line, u);
}

const char *cookies_for(struct arena *a, const struct cookie *jar, const struct uri *u)
{
    struct buf b = { 0 };
    for (const struct cookie *c = jar; c; c = c->next) {
        bool fits =
            c->is_host_only ? strcasecmp(c->domain, u->host) == 0 : is_within(u->host, c->domain);
        if (fits && path_fits(u->target, c->path) && (!c->is_secure || u->is_https) &&
            (!c->expires || c->expires > time(NULL)))
            buf_printf(&b, "%s%s=%s", b.len ? "; " : "", c->name, c->value);
    }
    const char *value = b.len ? arena_copy(a, b.at, b.len) : NULL;
    buf_free(&b);
    return value;
}
