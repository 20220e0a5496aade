/*
 * Bodies that arrive against those of the steps. The hash of a step's body is computed anew each
 * time, and only if the length fits: it is asked for in few scenarios, and kept nowhere.
 */
#include "intact.h"

#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "content.h"
#include "uri.h"

/* {n} is the number of a copy, all else the case's. */
struct copy {
    const struct text_scope *scope;
    char number[24];
};

static const char *value(void *arg, const char *name, size_t len, size_t *value_len)
{
    struct copy *c = arg;
    if (len != 1 || name[0] != 'n')
        return c->scope->value(c->scope->arg, name, len, value_len);
    *value_len = strlen(c->number);
    return c->number;
}

static bool is_for(const struct step *s, const struct text_scope *scope,
                   const struct intact_body *b)
{
    struct buf url = { 0 };
    struct uri uri;
    if (!s->has_body || !s->url.octets || !http_slice_is(b->method, s->method))
        return false;
    text_expand(&s->url, scope, &url);
    bool is = uri_split(url.at ? url.at : "", url.len, &uri) && uri_same_host(uri.host, b->host) &&
              uri_same_path(uri.path, b->path);
    buf_free(&url);
    return is;
}

static bool is_equal(const struct step *s, const struct text_scope *scope,
                     const struct intact_body *b)
{
    char hex[CONTENT_HEX];
    struct arena *arena = arena_new();
    struct content c = content_of(&s->body, scope, "", arena);
    bool equal = c.len == b->bytes;
    if (equal && c.len > 0) {
        content_sha256(&c, c.len, hex);
        equal = b->sha256 && strcmp(hex, b->sha256) == 0;
    }
    arena_free(arena);
    return equal;
}

enum intact intact_judge(const struct scenario *s, const struct text_scope *given,
                         const struct intact_body *b)
{
    struct copy copy = { .scope = given };
    struct text_scope scope = { .value = value, .arg = &copy };
    enum intact found = INTACT_UNKNOWN;
    for (size_t i = 0; i < s->client.step_count; i++)
        for (uint64_t n = 1; n <= s->client.steps[i].copies; n++) {
            snprintf(copy.number, sizeof(copy.number), "%llu", (unsigned long long)n);
            if (!is_for(&s->client.steps[i], &scope, b))
                continue;
            if (b->whole && is_equal(&s->client.steps[i], &scope, b))
                return INTACT_YES;
            found = INTACT_NO;
        }
    return found;
}
