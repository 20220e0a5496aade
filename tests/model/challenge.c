/*
 * The challenge parser. A comma separates challenges as well as parameters: what follows one is a
 * new challenge unless it is `token BWS "="` and something behind it (11.3).
 */
#include "challenge.h"

#include <string.h>

#include "buf.h"
#include "mutants.h"

enum { MOST = 32 };

static size_t token_length(const char *p)
{
    size_t n = 0;
    while (p[n] && fields_is_token(p + n, 1))
        n++;
    return n;
}

static size_t blanks(const char *p)
{
    return strspn(p, " \t");
}

/* Unquotes, or takes a token; moves *at behind it. NULL: neither. */
static const char *read_value(struct arena *a, const char **at)
{
    const char *p = *at;
    if (*p != '"') {
        size_t n = strcspn(p, ", \t\"");
        *at = p + n;
        return n ? arena_copy(a, p, n) : NULL;
    }
    struct buf b = { 0 };
    for (p++; *p && *p != '"'; p++) {
        if (*p == '\\' && p[1])
            p++;
        buf_char(&b, *p);
    }
    *at = *p ? p + 1 : p;
    const char *value = arena_copy(a, b.at ? b.at : "", b.len);
    buf_free(&b);
    return value;
}

/* `token BWS = BWS value` at *at. */
static bool read_param(struct arena *a, const char **at, struct fields *params)
{
    const char *p = *at;
    size_t n = token_length(p);
    const char *equals = p + n + blanks(p + n);
    if (!n || *equals != '=')
        return false;
    equals++;
    equals += blanks(equals);
    const char *value = read_value(a, &equals);
    if (!value)
        return false;
    fields_add(params, arena_copy(a, p, n), value);
    *at = equals;
    return true;
}

/* token68 that reaches to the end of the member. */
static bool read_token68(struct arena *a, const char **at, const char **token68)
{
    static const char set[] = "-._~+/0123456789"
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t n = strspn(*at, set);
    n += n ? strspn(*at + n, "=") : 0;
    size_t behind = n + blanks(*at + n);
    if (!n || ((*at)[behind] && (*at)[behind] != ','))
        return false;
    *token68 = arena_copy(a, *at, n);
    *at += behind;
    return true;
}

static void read_challenge(struct arena *a, const char **at, struct challenges *out)
{
    const char *p = *at;
    size_t n = token_length(p);
    if (!n || out->count == MOST) { /* nothing that can be read: on to the next comma */
        *at = p + strcspn(p, ",");
        return;
    }
    struct challenge *c = &out->list[out->count++];
    *c = (struct challenge){ .scheme = arena_copy(a, p, n), .params.arena = a };
    p += n + blanks(p + n);
    *at = p;
    if (*p == ',' || !*p || read_param(a, at, &c->params))
        return;
    if (!read_token68(a, at, &c->token68))
        *at = p + strcspn(p, ",");
}

static void read_line(struct arena *a, const char *at, struct challenges *out, bool only_first)
{
    struct challenge *current = NULL;
    while (*(at += strspn(at, ", \t"))) {
        size_t before = out->count;
        if (current && read_param(a, &at, &current->params))
            continue;
        if (only_first && out->count > 0)
            return;
        read_challenge(a, &at, out);
        if (out->count > before)
            current = &out->list[out->count - 1];
    }
}

struct challenges challenge_parse(struct arena *a, const struct fields *f, const char *name)
{
    struct challenges out = { .list = arena_take(a, MOST * sizeof(*out.list)) };
    const char *line;
    for (size_t i = 0; (line = fields_nth(f, name, i)); i++) {
        if (i > 0 && mutant(MUTANT_READS_FIRST_CHALLENGE_LINE))
            break;
        if (mutant(MUTANT_QUOTED_COMMA_SPLITS)) { /* finds schemes within quoted strings */
            char *copy = arena_copy(a, line, strlen(line));
            for (char *c = copy; *c; c++)
                *c = *c == '"' || *c == '\\' ? ' ' : *c;
            line = copy;
        }
        read_line(a, line, &out, mutant(MUTANT_READS_FIRST_CHALLENGE));
    }
    return out;
}

void challenge_params(struct arena *a, const char *value, struct fields *params)
{
    for (const char *at = value; *(at += strspn(at, ", \t"));)
        if (!read_param(a, &at, params))
            at += strcspn(at, ",");
}

const char *challenge_param(const struct challenge *c, const char *name)
{
    return fields_nth(&c->params, name, 0);
}
