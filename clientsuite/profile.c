/*
 * Profiles: tables of the keys, and the model built from what fits them.
 */
#include "profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "capabilities.h"
#include "json.h"
#include "language_shapes.h"
#include "loading.h"
#include "slurp.h"

enum { LARGEST = 1 << 20 }; /* octets of a profile */

/* ---- the tables ------------------------------------------------------------------------------ */

static const char *const kinds[] = {
    "proxy-unreachable", "proxy-auth",    "proxy-connect", "proxy-protocol", "tls-proxy",
    "tls-origin",        "reset",         "closed-early",  "incomplete",     "timeout-connect",
    "timeout-read",      "timeout-total", "protocol",      "redirects",      "rate-limited",
    "cancelled",         "config",        "other",         "answer",         NULL
};

static const struct shape version = {
    .kind = SHAPE_INTEGER, .expects = "1, the version of the format", .min = 1, .max = 1
};
static const struct shape exit_kind = { .kind = SHAPE_ENUM, .words = kinds };
static const struct shape exits = {
    .kind = SHAPE_MAP,
    .expects = "an object {\"exit status\": \"kind of error\"}, with \"answer\" for an answer and "
               "\"*\" for every other status",
    .of = &exit_kind
};
static const struct shape argv = { .kind = SHAPE_LIST,
                                   .expects = "a list of arguments, the program first",
                                   .of = &shape_text,
                                   .min = 1 };
static const struct shape environment = { .kind = SHAPE_MAP,
                                          .expects = "an object {\"VARIABLE\": \"value\"}",
                                          .of = &shape_text };
static const struct shape capability_list = { .kind = SHAPE_LIST,
                                              .expects = "a list of capabilities",
                                              .of = &shape_text };
static const struct shape steps_word = { .kind = SHAPE_ENUM, .words = WORDS("each", "together") };
static const struct key tells_keys[] = {
    KEY("status", &shape_text, "the key of the status code", .required = true),
    KEY("exit", &shape_text, "of what would be the exit status", .says = "none"),
    KEY("error", &shape_text, "of the error's words", .says = "none"),
    KEY("connect", &shape_text, "of the status code a CONNECT was answered with", .says = "none"),
    { .name = NULL },
};
static const struct shape tells = { .kind = SHAPE_OBJECT, .keys = tells_keys };
static const struct key command_keys[] = {
    KEY("argv", &shape_template, "program and arguments", .required = true),
    KEY("step", &shape_template, "what follows for each step", .says = "nothing"),
    KEY("between", &shape_template, "what stands between two steps", .says = "nothing"),
    KEY("steps", &steps_word, "one call for each step, or one for all together",
        .otherwise = "\"each\""),
    KEY("status", &shape_text,
        "an extended regular expression with a group: its last match in the standard error is the "
        "status code",
        .says = "none"),
    KEY("tells", &tells,
        "its output, standard or error, has a line with a JSON object for each step that ended",
        .says = "none"),
    KEY("version", &argv, "a command whose first line of output has the version", .says = "none"),
    KEY("exits", &exits, "what exit statuses mean", .otherwise = "{\"0\": \"answer\"}"),
    { .name = NULL },
};
static const struct shape command = { .kind = SHAPE_OBJECT, .keys = command_keys };

#define VARIANT_KEYS                                                                               \
    KEY("about", &shape_text, "what a reader should know", .says = "none"),                        \
        KEY("capabilities", &capability_list, "all that it is capable of", .says = "none"),        \
        KEY("environment", &environment, "variables of its processes", .otherwise = "{}"),         \
        KEY("driver", &argv, "how the driver is started", .says = "none"),                         \
        KEY("command", &command, "how the command is run", .says = "none")
static const struct key variant_keys[] = {
    VARIANT_KEYS,
    KEY("adds", &capability_list, "capabilities beyond those of the profile", .says = "none"),
    KEY("arguments", &argv, "what stands behind the driver's arguments", .says = "none"),
    { .name = NULL },
};
static const struct shape variant = { .kind = SHAPE_OBJECT, .keys = variant_keys };
static const struct shape variants = { .kind = SHAPE_MAP,
                                       .expects = "an object {\"name\": variant}",
                                       .of = &variant,
                                       .min = 1,
                                       .accepts = language_is_name };
static const struct key profile_keys[] = {
    KEY("clientsuite", &version, "version of the format", .required = true),
    KEY("name", &shape_name, "as `--client` names it", .required = true),
    VARIANT_KEYS,
    KEY("title", &shape_text, "its name for readers", .says = "the name"),
    KEY("homepage", &shape_text, "where it is from", .says = "none"),
    KEY("heavy", &shape_bool, "a process takes much memory or CPU: fewer lanes",
        .otherwise = "false"),
    KEY("variants", &variants, "ways to set the client up", .otherwise = "{\"default\": {}}"),
    { .name = NULL },
};
static const struct shape profile_shape = { .kind = SHAPE_OBJECT,
                                            .expects = "a client profile {\"clientsuite\": 1, …}",
                                            .keys = profile_keys };

/* ---- building -------------------------------------------------------------------------------- */

struct building {
    struct loading *l;
    struct profile *p;
    const struct json *root;
};

static const char *text_of(struct building *b, const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    if (v && strlen(v->text) != v->len)
        complain(b->l, v, NULL, "U+0000 in a text");
    return v ? v->text : NULL;
}

static const char **list_of(struct building *b, size_t room)
{
    return arena_take(b->l->arena, (room + 1) * sizeof(const char *));
}

static const char *const *texts_of(struct building *b, const struct json *first,
                                   const struct json *second)
{
    const char **list = list_of(b, (first ? first->count : 0) + (second ? second->count : 0));
    size_t n = 0;
    for (const struct json *m = first ? first->first : NULL; m; m = m->next)
        list[n++] = m->text;
    for (const struct json *m = second ? second->first : NULL; m; m = m->next)
        list[n++] = m->text;
    return list;
}

static void check_capabilities(struct building *b, const struct json *list)
{
    for (const struct json *m = list ? list->first : NULL; m; m = m->next) {
        bool is_known = false;
        for (size_t i = 0; capability_names[i] && !is_known; i++)
            is_known = json_is(m, capability_names[i]);
        if (!is_known)
            complain(b->l, m, hint_among(b->l, m->text, m->len, capability_names),
                     "found %s, expected a capability of the driver contract", show_value(b->l, m));
    }
}

static const char *const *load_environment(struct building *b, const struct json *first,
                                           const struct json *second)
{
    const struct json *const objects[] = { first, second };
    const char **list = list_of(b, first->count + (second ? second->count : 0));
    size_t n = 0;
    for (size_t i = 0; i < 2; i++)
        for (const struct json *m = objects[i] ? objects[i]->first : NULL; m; m = m->next) {
            struct buf line = { 0 };
            if (!*m->key || strchr(m->key, '='))
                complain_of_name(b->l, m, NULL, "\"%s\" is no name of a variable", m->key);
            buf_printf(&line, "%s=%s", m->key, m->text);
            list[n++] = arena_copy(b->l->arena, line.at, line.len);
            buf_free(&line);
        }
    return list;
}

static void load_exits(struct building *b, const struct json *v, struct command_line *c)
{
    struct exit_meaning *meanings = arena_take(b->l->arena, (v->count + 1) * sizeof(*meanings));
    for (const struct json *m = v->first; m; m = m->next) {
        struct exit_meaning *e = &meanings[c->exit_count++];
        char *end;
        long status = strtol(m->key, &end, 10);
        *e = (struct exit_meaning){ .status = (int)status,
                                    .is_answer = json_is(m, "answer"),
                                    .kind = m->text };
        if (strcmp(m->key, "*") == 0)
            e->status = -1;
        else if (!*m->key || *end || status < 0 || status > 255)
            complain_of_name(b->l, m, NULL, "found \"%s\", expected an exit status or \"*\"",
                             m->key);
    }
    c->exits = meanings;
}

static void load_status(struct building *b, const struct json *v, struct command_line *c)
{
    int error = regcomp(&c->status, v->text, REG_EXTENDED | REG_NEWLINE);
    c->has_status = error == 0;
    if (error) {
        char why[128];
        regerror(error, &c->status, why, sizeof(why));
        complain(b->l, v, NULL, "not a regular expression: %s", why);
    } else if (c->status.re_nsub < 1) {
        complain(b->l, v, NULL, "no group in it, expected one that matches the status code");
    }
}

static const struct command_line *load_command(struct building *b, const struct json *v)
{
    struct command_line *c = &b->p->commands[b->p->command_count++];
    const struct json *step = json_get(v, "step"), *between = json_get(v, "between"),
                      *status = json_get(v, "status"), *told = json_get(v, "tells"),
                      *asks = json_get(v, "version");
    c->argv = template_load(b->l, json_get(v, "argv"));
    if (json_get(v, "argv")->count == 0)
        complain(b->l, json_get(v, "argv"), NULL, "an empty list, expected the program first");
    c->step = step ? template_load(b->l, step) : NULL;
    c->between = between ? template_load(b->l, between) : NULL;
    c->is_together = json_is(json_get(v, "steps"), "together");
    if (c->is_together && !step)
        complain(b->l, v, NULL, "\"steps\": \"together\" without \"step\", expected both");
    if (status)
        load_status(b, status, c);
    c->tells = told != NULL;
    if (told) {
        c->status_key = text_of(b, told, "status");
        c->exit_key = text_of(b, told, "exit");
        c->error_key = text_of(b, told, "error");
        c->connect_key = text_of(b, told, "connect");
    }
    if (asks)
        c->version = texts_of(b, asks, NULL);
    if (asks && asks->count == 0)
        complain(b->l, asks, NULL, "an empty list, expected the program first");
    load_exits(b, json_get(v, "exits"), c);
    return c;
}

/* What stands in the variant, or else in the profile. */
static const struct json *find(const struct building *b, const struct json *v, const char *key)
{
    const struct json *found = json_get(v, key);
    return found ? found : json_get(b->root, key);
}

static void load_how(struct building *b, const struct json *v, struct profile_variant *out)
{
    bool has_own = json_get(v, "driver") || json_get(v, "command");
    const struct json *from = has_own ? v : b->root;
    const struct json *driver = json_get(from, "driver"), *run = json_get(from, "command");
    if (driver && run)
        complain_of_name(b->l, run, NULL, "\"command\" beside \"driver\", expected only one");
    if (!driver && !run)
        complain(b->l, v, NULL,
                 "there is no \"driver\" and no \"command\", expected one of them here or in the "
                 "profile");
    if (driver)
        out->driver = texts_of(b, driver, json_get(v, "arguments"));
    else if (run)
        out->command = load_command(b, run);
}

static void load_variant(struct building *b, const struct json *v, struct profile_variant *out)
{
    const struct json *capabilities = find(b, v, "capabilities"), *adds = json_get(v, "adds");
    *out = (struct profile_variant){ .profile = b->p, .name = v->key };
    out->about = text_of(b, v, "about");
    check_capabilities(b, json_get(v, "capabilities"));
    check_capabilities(b, adds);
    out->capabilities = texts_of(b, capabilities, adds);
    out->environment =
        load_environment(b, json_get(b->root, "environment"), json_get(v, "environment"));
    load_how(b, v, out);
}

static struct profile *build(struct loading *l, const struct json *root)
{
    const struct json *list = json_get(root, "variants");
    struct profile *p = arena_take(l->arena, sizeof(*p));
    struct building b = { .l = l, .p = p, .root = root };
    const char *slash = strrchr(l->file, '/');
    p->arena = l->arena;
    p->path = l->file;
    p->folder = slash ? arena_copy(l->arena, l->file, (size_t)(slash - l->file)) : ".";
    p->name = text_of(&b, root, "name");
    p->title = text_of(&b, root, "title");
    p->about = text_of(&b, root, "about");
    p->homepage = text_of(&b, root, "homepage");
    p->is_heavy = json_get(root, "heavy")->flag;
    p->title = p->title ? p->title : p->name;
    p->variants = arena_take(l->arena, list->count * sizeof(*p->variants));
    p->commands = arena_take(l->arena, list->count * sizeof(*p->commands));
    check_capabilities(&b, json_get(root, "capabilities"));
    for (const struct json *m = list->first; m; m = m->next)
        load_variant(&b, m, &p->variants[p->variant_count++]);
    return p;
}

/* ---- the file -------------------------------------------------------------------------------- */

struct profile *profile_load_text(const char *text, size_t len, const char *path,
                                  struct complaints *complaints)
{
    struct loading l = { .arena = arena_new(), .complaints = complaints, .text = text, .len = len };
    struct json_error error = { 0 };
    struct profile *p = NULL;
    l.file = arena_copy(l.arena, path, strlen(path));
    struct json *root = json_parse(l.arena, text, len, &error);
    if (!root) {
        struct complaint_place place = { l.file, text, len, error.at, error.pointer };
        complaints_add(complaints, &place, NULL, "%s", error.what);
    } else if (language_check(&l, &profile_shape, root)) {
        p = build(&l, root);
    }
    if (p && !l.found)
        return p;
    if (p)
        profile_free(p);
    else
        arena_free(l.arena);
    return NULL;
}

struct profile *profile_load_file(const char *path, struct complaints *complaints)
{
    struct complaint_place place = { .file = path };
    struct buf text = { 0 };
    struct profile *p = NULL;
    if (slurp(path, LARGEST, &text) == 0)
        p = profile_load_text(text.at, text.len, path, complaints);
    else
        complaints_add(complaints, &place, NULL, "%s",
                       errno == EFBIG ? "larger than 1 MiB, expected a client profile"
                                      : strerror(errno));
    buf_free(&text);
    return p;
}

void profile_free(struct profile *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->command_count; i++)
        if (p->commands[i].has_status)
            regfree(&p->commands[i].status);
    arena_free(p->arena);
}

const struct profile_variant *profile_variant(const struct profile *p, const char *name)
{
    for (size_t i = 0; i < p->variant_count; i++)
        if (strcmp(p->variants[i].name, name) == 0)
            return &p->variants[i];
    return NULL;
}

bool profile_can(const struct profile_variant *v, const char *capability)
{
    for (const char *const *c = v->capabilities; *c; c++)
        if (strcmp(*c, capability) == 0)
            return true;
    return false;
}
