/*
 * Templates of argv.
 */
#include "template.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "json.h"
#include "language_shapes.h"
#include "loading.h"

const struct template_name template_names[] = {
    { "proxy", "URL of the proxy, without credentials" },
    { "proxy_with_credentials", "the same with user and password, percent-encoded" },
    { "user", "user name for the proxy" },
    { "password", "password for the proxy" },
    { "origin_user", "user name for the origin" },
    { "origin_password", "password for the origin" },
    { "url", "the target" },
    { "method", "the request method" },
    { "header", "a field line of the request, \"Name: value\"; one value each" },
    { "proxy_header", "a field line for the proxy; there with `credentials_by` header" },
    { "body_file", "a file with the request body" },
    { "output_file", "where the answer's body is to be written" },
    { "headers_file", "where the answer's header block may be written" },
    { "ca", "file with the certificate of the authority to trust" },
    { "attempts", "requests in all under a retry policy" },
    { "retries", "attempts less one" },
    { "base", "first delay of a retry policy, in seconds" },
    { "cap", "longest delay of a retry policy, in seconds" },
    { "connect_timeout", "seconds until connected" },
    { "read_timeout", "seconds between two octets" },
    { "timeout", "seconds for the whole request" },
    { "gap", "seconds between two steps, a whole number" },
    { "per_minute", "the same as a rate: 60 / gap" },
    { "step", "the step's number" },
    { "host", "name of a mapped host" },
    { "resolve", "a mapped host, as NAME:PORT:ADDRESS; one value each" },
    { "exclusion", "a member of the list of what goes without the proxy; one value each" },
    { "exclusions", "the whole list, apart by commas" },
    { "scheme", "an authentication scheme that may be used; one value each" },
    { "no_proxy", "there, if no proxy is to be used" },
    { "redirects", "there, if redirects are to be followed" },
    { "cookies", "there, if cookies are to be kept" },
    { "insecure", "there, if certificates are not to be verified" },
    { "head", "there, if the method is HEAD" },
    { "get", "there, if the method is GET" },
    { "expect_continue", "there, if 100 (Continue) is to be asked for" },
    { "retry_policy", "there, if the step is under a retry policy" },
    { "retry_default", "there, if the client's own retry behaviour is wanted" },
    { "retry_off", "there, if nothing is to be repeated" },
    { NULL, NULL },
};

struct words {
    const struct word *list;
    size_t count;
};

enum word_kind { WORD_TEXT, WORD_GROUP, WORD_CONDITION };

struct word {
    enum word_kind kind;
    const char *text; /* TEXT; CONDITION: the name */
    struct words words, otherwise;
};

struct template
{
    struct words words;
};

/* ---- shape ----------------------------------------------------------------------------------- */

static const struct shape word;
const struct shape shape_template = {
    .kind = SHAPE_LIST, .name = "template", .expects = "a list of arguments", .of = &word
};
static const struct key condition_keys[] = {
    KEY("if", &shape_text, "a placeholder's name", .required = true),
    KEY("then", &shape_template, "where it has a value", .otherwise = "[]"),
    KEY("else", &shape_template, "where it has none", .otherwise = "[]"),
    { .name = NULL },
};
static const struct shape condition = { .kind = SHAPE_OBJECT, .keys = condition_keys };
static const struct shape word = { .kind = SHAPE_UNION,
                                   .expects = "an argument, a group [ … ] or {\"if\": …}",
                                   .parts = PARTS(&shape_text, &shape_template, &condition) };

/* ---- loading --------------------------------------------------------------------------------- */

static int index_of(const char *name, size_t len)
{
    for (int i = 0; template_names[i].name; i++)
        if (strlen(template_names[i].name) == len && memcmp(template_names[i].name, name, len) == 0)
            return i;
    return -1;
}

static void check_name(struct loading *l, const struct json *v, const char *name, size_t len)
{
    struct nearest n;
    if (index_of(name, len) >= 0)
        return;
    nearest_begin(&n, name, len);
    for (size_t i = 0; template_names[i].name; i++)
        nearest_try(&n, template_names[i].name);
    complain(l, v, hint_of(l, &n), "there is no placeholder {%.*s}", (int)len, name);
}

/* The next placeholder from *at on: its name; *at is behind it. NULL: there is none. `{{` is
 * stepped over. */
static const char *next_placeholder(const char *text, size_t *at, size_t *len)
{
    for (size_t i = *at; text[i]; i++) {
        if (text[i] != '{')
            continue;
        if (text[i + 1] == '{') {
            i++;
            continue;
        }
        size_t n = strcspn(text + i + 1, "}");
        if (!text[i + 1 + n])
            break;
        *len = n;
        *at = i + n + 2;
        return text + i + 1;
    }
    return NULL;
}

static void check_text(struct loading *l, const struct json *v)
{
    size_t at = 0, len;
    for (const char *name; (name = next_placeholder(v->text, &at, &len));)
        check_name(l, v, name, len);
    if (strlen(v->text) != v->len)
        complain(l, v, NULL, "U+0000 in an argument");
}

static struct words load_words(struct loading *l, const struct json *list)
{
    struct word *words = arena_take(l->arena, list->count * sizeof(*words));
    struct words result = { .list = words };
    for (const struct json *m = list->first; m; m = m->next) {
        struct word *w = &words[result.count++];
        if (m->type == JSON_TEXT) {
            check_text(l, m);
            *w = (struct word){ .kind = WORD_TEXT, .text = m->text };
        } else if (m->type == JSON_LIST) {
            *w = (struct word){ .kind = WORD_GROUP, .words = load_words(l, m) };
        } else {
            const struct json *name = json_get(m, "if");
            check_name(l, name, name->text, name->len);
            *w = (struct word){ .kind = WORD_CONDITION,
                                .text = name->text,
                                .words = load_words(l, json_get(m, "then")),
                                .otherwise = load_words(l, json_get(m, "else")) };
        }
    }
    return result;
}

const struct template *template_load(struct loading *l, const struct json *list)
{
    struct template *t = arena_take(l->arena, sizeof(*t));
    t->words = load_words(l, list);
    return t;
}

/* ---- values ---------------------------------------------------------------------------------- */

enum { NAMES = sizeof(template_names) / sizeof(template_names[0]) };

struct template_values {
    struct arguments of[NAMES];
};

struct template_values *template_values_new(void)
{
    struct template_values *v = calloc(1, sizeof(*v));
    if (!v)
        abort();
    return v;
}

void template_values_free(struct template_values *v)
{
    for (size_t i = 0; v && i < NAMES; i++)
        arguments_free(&v->of[i]);
    free(v);
}

void template_set(struct template_values *v, const char *name, const char *value)
{
    int i = index_of(name, strlen(name));
    assert(i >= 0);
    arguments_add(&v->of[i], value);
}

/* ---- what is used ---------------------------------------------------------------------------- */

static bool text_uses(const char *text, const char *name)
{
    size_t at = 0, len;
    for (const char *found; (found = next_placeholder(text, &at, &len));)
        if (strlen(name) == len && memcmp(found, name, len) == 0)
            return true;
    return false;
}

static bool words_use(const struct words *words, const char *name)
{
    for (size_t i = 0; i < words->count; i++) {
        const struct word *w = &words->list[i];
        bool is_there = w->kind == WORD_TEXT        ? text_uses(w->text, name)
                        : w->kind == WORD_CONDITION ? strcmp(w->text, name) == 0
                                                    : false;
        if (is_there || (w->kind != WORD_TEXT && words_use(&w->words, name)) ||
            (w->kind == WORD_CONDITION && words_use(&w->otherwise, name)))
            return true;
    }
    return false;
}

bool template_uses(const struct template *t, const char *name)
{
    return t && words_use(&t->words, name);
}

/* ---- arguments ------------------------------------------------------------------------------- */

void arguments_add(struct arguments *a, const char *value)
{
    char **more = realloc(a->list, (a->count + 2) * sizeof(*more));
    char *copy = strdup(value);
    if (!more || !copy)
        abort();
    a->list = more;
    a->list[a->count++] = copy;
    a->list[a->count] = NULL;
}

void arguments_free(struct arguments *a)
{
    for (size_t i = 0; i < a->count; i++)
        free(a->list[i]);
    free(a->list);
    *a = (struct arguments){ 0 };
}

/* ---- expansion ------------------------------------------------------------------------------- */

static const struct arguments *value_of(const struct template_values *v, const char *name,
                                        size_t len)
{
    int i = index_of(name, len);
    assert(i >= 0); /* template_load() has seen to it */
    return &v->of[i];
}

/* nth: which value of names that have several. */
static void expand_text(const char *text, const struct template_values *v, size_t nth,
                        struct arguments *out)
{
    struct buf b = { 0 };
    size_t at = 0, from = 0, len;
    const char *name;
    do {
        name = next_placeholder(text, &at, &len);
        const char *end = name ? name - 1 : text + strlen(text);
        for (const char *c = text + from; c < end; c++) {
            buf_char(&b, *c);
            c += c[0] == '{' && c[1] == '{';
        }
        from = at;
        const struct arguments *values = name ? value_of(v, name, len) : NULL;
        if (values && values->count)
            buf_string(&b, values->list[values->count > 1 ? nth : 0]);
    } while (name);
    buf_char(&b, '\0');
    arguments_add(out, b.at);
    buf_free(&b);
}

/* How often a group stands: the fewest values that one of its placeholders with none or several
 * has; once, where each has one. */
static size_t times(const struct words *words, const struct template_values *v)
{
    size_t n = 1;
    for (size_t i = 0; i < words->count; i++) {
        size_t at = 0, len;
        if (words->list[i].kind != WORD_TEXT)
            continue;
        for (const char *name; (name = next_placeholder(words->list[i].text, &at, &len));) {
            size_t count = value_of(v, name, len)->count;
            if (count == 0)
                return 0;
            n = count > n ? count : n;
        }
    }
    return n;
}

static void expand(const struct words *words, const struct template_values *v, size_t nth,
                   struct arguments *out)
{
    for (size_t i = 0; i < words->count; i++) {
        const struct word *w = &words->list[i];
        switch (w->kind) {
        case WORD_TEXT:
            expand_text(w->text, v, nth, out);
            break;
        case WORD_GROUP:
            for (size_t k = 0, n = times(&w->words, v); k < n; k++)
                expand(&w->words, v, k, out);
            break;
        case WORD_CONDITION:
            expand(value_of(v, w->text, strlen(w->text))->count ? &w->words : &w->otherwise, v, nth,
                   out);
            break;
        }
    }
}

void template_expand(const struct template *t, const struct template_values *v,
                     struct arguments *out)
{
    expand(&t->words, v, 0, out);
}
