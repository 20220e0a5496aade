/*
 * Lookups. The loader's own builder makes the match, in a loading that knows the names of the
 * scenario; watches see the events. Both expect a scenario, so this gives them a copy of the
 * scenario whose watches are the lookup's.
 */
#include "lookup.h"

#include <stdlib.h>
#include <string.h>

#include "language_shapes.h"
#include "load.h"
#include "watch.h"

struct lookup {
    struct arena *arena;
    struct scenario view;
    const struct match *match;
    struct watches *watches;
};

/* ---- what the scenario has ------------------------------------------------------------------- */

static void know_rules(struct load *load)
{
    size_t count = 0;
    for (size_t i = 0; i < load->s->actor_count; i++)
        count += load->s->actors[i].rule_count + 1;
    load->rules = arena_take(load->l->arena, count * sizeof(load->rules[0]));
    for (size_t i = 0; i < load->s->actor_count; i++) {
        const struct actor *a = &load->s->actors[i];
        for (size_t k = 0; k < a->rule_count; k++)
            load->rules[load->rule_count++] =
                (struct rule_name){ .name = a->rules[k].name, .actor = (int)i };
        if (a->gate_count)
            load->rules[load->rule_count++] = (struct rule_name){ .name = "gate", .actor = (int)i };
    }
}

static void know_steps(struct load *load)
{
    const struct client *client = &load->s->client;
    load->steps = arena_take(load->l->arena, (client->step_count + 1) * sizeof(load->steps[0]));
    for (size_t i = 0; i < client->step_count; i++)
        load->steps[load->step_count++] = client->steps[i].name;
}

/* The loader looks sessions up in the file: this is as much of one as it needs. */
static void know_sessions(struct load *load)
{
    const struct client *client = &load->s->client;
    struct arena *arena = load->l->arena;
    struct json *root = arena_take(arena, sizeof(*root)),
                *section = arena_take(arena, sizeof(*section)),
                *sessions = arena_take(arena, sizeof(*sessions));
    *sessions = (struct json){ .type = JSON_OBJECT, .key = "sessions", .key_len = 8 };
    *section =
        (struct json){ .type = JSON_OBJECT, .key = "client", .key_len = 6, .first = sessions };
    *root = (struct json){ .type = JSON_OBJECT, .first = section };
    for (size_t i = 0; i < client->session_count; i++) {
        struct json *m = arena_take(arena, sizeof(*m));
        const char *name = client->sessions[i].name;
        *m = (struct json){
            .type = JSON_OBJECT, .key = name, .key_len = strlen(name), .next = sessions->first
        };
        sessions->first = m;
    }
    load->root = root;
}

/* ---- loading --------------------------------------------------------------------------------- */

static const struct match *load_lookup(struct load *load)
{
    struct loading *l = load->l;
    struct json_error error = { 0 };
    struct json *v = json_parse(l->arena, l->text, l->len, &error);
    if (!v) {
        struct complaint_place place = { l->file, l->text, l->len, error.at, error.pointer };
        complaints_add(l->complaints, &place, NULL, "%s", error.what);
        return NULL;
    }
    if (!language_check(l, &shape_match, v))
        return NULL;
    know_rules(load);
    know_steps(load);
    know_sessions(load);
    struct match_place place = { .needs_event = true, .is_live = true };
    const struct match *m = load_match(load, v, &place);
    return l->found ? NULL : m;
}

struct lookup *lookup_new(const struct scenario *s, const struct text_scope *scope,
                          const char *text, size_t len, struct complaints *complaints)
{
    struct lookup *k = calloc(1, sizeof(*k));
    if (!k)
        abort();
    k->arena = arena_new();
    k->view = *s;
    struct loading l = {
        .arena = k->arena, .complaints = complaints, .file = "match", .text = text, .len = len
    };
    struct load load = { .l = &l, .s = &k->view };
    k->match = load_lookup(&load);
    if (!k->match) {
        lookup_free(k);
        return NULL;
    }
    k->view.watches = load.watches;
    k->view.watch_count = load.watch_count;
    k->watches = watches_new(&k->view, scope);
    return k;
}

void lookup_free(struct lookup *k)
{
    if (!k)
        return;
    watches_free(k->watches);
    arena_free(k->arena);
    free(k);
}

bool lookup_see(struct lookup *k, const struct fp_event *e)
{
    return watches_see(k->watches, e) && watch_met(k->watches, k->match) != 0;
}
