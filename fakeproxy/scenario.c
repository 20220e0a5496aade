/*
 * Scenarios: from a file's text to its models, one for each variant. Every variant is parsed into
 * an arena of its own, so that each scenario stands alone.
 *
 * The order: strict JSON; the keys of the variant put in; the tables of the language; names; then
 * the builders. A stage that found something wrong is the last one.
 */
#include "scenario.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "slurp.h"

enum { LARGEST = 16 << 20 }; /* octets of a scenario file */

int scenario_actor(const struct scenario *s, const char *name)
{
    for (size_t i = 0; i < s->actor_count; i++)
        if (strcmp(s->actors[i].name, name) == 0)
            return (int)i;
    return -1;
}

bool scenario_is_proxy(const struct scenario *s, const char *name)
{
    int actor = scenario_actor(s, name);
    return actor >= 0 && s->actors[actor].is_proxy;
}

const struct cut *scenario_cut(const struct action *a)
{
    const struct cut *cut = a->kind == ACTION_RESPOND   ? &a->respond.cut
                            : a->kind == ACTION_SEND    ? &a->send.cut
                            : a->kind == ACTION_FORWARD ? &a->forward.cut
                            : a->kind == ACTION_TUNNEL  ? &a->tunnel.cut
                                                        : NULL;
    return cut && cut->kind != CUT_NONE ? cut : NULL;
}

static bool goes_direct(const struct client_keys *k)
{
    return k->proxy == PROXY_NONE || k->without_proxy_count > 0;
}

bool scenario_goes_direct(const struct scenario *s)
{
    const struct client *c = &s->client;
    bool goes = goes_direct(&c->keys);
    for (size_t i = 0; i < c->session_count && !goes; i++)
        goes = goes_direct(&c->sessions[i].keys);
    for (size_t i = 0; i < c->step_count && !goes; i++)
        goes = c->steps[i].change && (c->steps[i].change->given & 1U << CLIENT_PROXY) &&
               c->steps[i].change->proxy == PROXY_NONE;
    return goes;
}

/* ---- one variant ----------------------------------------------------------------------------- */

static void load_documentation(struct load *load)
{
    struct scenario *s = load->s;
    s->id = json_get(load->root, "id")->text;
    s->title = load_optional(load, load->root, "title");
    s->layer = load_optional(load, load->root, "layer");
    s->about = load_optional(load, load->root, "about");
    s->cause = load_optional(load, load->root, "cause");
    s->fix = load_optional(load, load->root, "fix");
    s->sources = load_strings(load, load->root, "sources");
}

static void load_all(struct load *load)
{
    struct scenario *s = load->s;
    load_documentation(load);
    load_names(load);
    struct actor *actors = arena_take(load->l->arena, s->actor_count * sizeof(*actors));
    memcpy(actors, s->actors, s->actor_count * sizeof(*actors));
    s->actors = actors;
    for (size_t i = 0; i < s->actor_count; i++)
        load_actor(load, load_actor_json(load, i), &actors[i]);
    for (size_t i = 0; i < s->actor_count; i++)
        load_rules(load, load_actor_json(load, i), &actors[i]);
    load_client(load, json_get(load->root, "client"));
    load_expect(load, json_get(load->root, "expect"));
    load_house(load, json_get(load->root, "house"));
    load_needs(load);
    s->watches = load->watches;
    s->watch_count = load->watch_count;
}

static struct json *parse(struct loading *l)
{
    struct json_error error = { 0 };
    struct json *root = json_parse(l->arena, l->text, l->len, &error);
    if (!root) {
        struct complaint_place place = { l->file, l->text, l->len, error.at, error.pointer };
        complaints_add(l->complaints, &place, NULL, "%s", error.what);
        l->found++;
    }
    return root;
}

/* The n-th variant (the only one where the file has none), or NULL with complaints. */
static struct scenario *load_one(struct loading *l, size_t n, size_t *count)
{
    struct json *root = parse(l);
    const struct json *variant = NULL;
    *count = 1;
    if (!root)
        return NULL;
    struct json *variants = json_get(root, "variants");
    if (variants) {
        if (!load_check_variants(l, root, variants))
            return NULL;
        *count = variants->count;
        variant = variants->first;
        for (size_t i = 0; i < n; i++)
            variant = variant->next;
        root = load_variant(l, root, variant);
        if (l->found)
            return NULL;
    }
    if (!language_check(l, &language_file, root))
        return NULL;
    struct scenario *s = arena_take(l->arena, sizeof(*s));
    struct load load = { .l = l, .s = s, .root = root, .variants = variants };
    s->arena = l->arena;
    s->file = l->file;
    s->variant = variant ? variant->key : NULL;
    load_all(&load);
    return l->found ? NULL : s;
}

/* ---- the file -------------------------------------------------------------------------------- */

static void append(struct scenario_set *set, struct scenario *s)
{
    struct scenario **more = realloc(set->scenarios, (set->count + 1) * sizeof(set->scenarios[0]));
    if (!more)
        abort();
    set->scenarios = more;
    set->scenarios[set->count++] = s;
}

int scenario_load_text(const char *text, size_t len, const char *name, struct scenario_set *set,
                       struct complaints *complaints)
{
    size_t count = 1;
    bool failed = false;
    *set = (struct scenario_set){ 0 };
    for (size_t n = 0; n < count; n++) {
        struct loading l = { .complaints = complaints, .text = text, .len = len };
        l.arena = arena_new();
        l.file = arena_copy(l.arena, name, strlen(name));
        struct scenario *s = load_one(&l, n, &count);
        if (s)
            append(set, s);
        else
            arena_free(l.arena);
        failed |= !s;
    }
    if (!failed)
        return 0;
    scenario_set_free(set);
    return -1;
}

int scenario_load_file(const char *path, struct scenario_set *set, struct complaints *complaints)
{
    struct complaint_place place = { .file = path };
    struct buf text = { 0 };
    int result = -1;
    *set = (struct scenario_set){ 0 };
    if (slurp(path, LARGEST, &text) == 0)
        result = scenario_load_text(text.at, text.len, path, set, complaints);
    else
        complaints_add(complaints, &place, NULL, "%s",
                       errno == EFBIG ? "the file is too large, expected at most 16 MiB"
                                      : strerror(errno));
    buf_free(&text);
    return result;
}

void scenario_set_free(struct scenario_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->count; i++)
        arena_free(set->scenarios[i]->arena);
    free(set->scenarios);
    *set = (struct scenario_set){ 0 };
}
