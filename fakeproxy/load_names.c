/*
 * The names in a file: actors, rules, steps. They are collected first, so that everything may refer
 * to what stands further down.
 */
#include "load.h"

#include <stdio.h>
#include <string.h>

/* ---- actors ---------------------------------------------------------------------------------- */

static const char *const reserved[] = { "proxy", "origin",   "client", "suite", "error",
                                        "log",   "attempts", "case",   "n",     NULL };

static void check_actor_name(struct load *load, const struct json *v)
{
    bool is_reserved = field_by_name(v->key) >= 0;
    for (size_t i = 0; reserved[i]; i++)
        is_reserved |= strcmp(reserved[i], v->key) == 0;
    if (is_reserved)
        complain_of_name(load->l, v, NULL,
                         "the name \"%s\" has a meaning already, expected another", v->key);
    else if (scenario_actor(load->s, v->key) >= 0)
        complain_of_name(load->l, v, NULL, "another actor is named \"%s\", expected each name once",
                         v->key);
}

static void name_actors(struct load *load)
{
    const struct json *proxies = json_get(load->root, "proxies"),
                      *origins = json_get(load->root, "origins");
    size_t count = 2 + proxies->count + origins->count;
    struct actor *actors = arena_take(load->l->arena, count * sizeof(*actors));
    actors[SCENARIO_PROXY] = (struct actor){ .name = "proxy", .is_proxy = true };
    actors[SCENARIO_ORIGIN] = (struct actor){ .name = "origin" };
    load->s->actors = actors;
    load->s->actor_count = 2;
    for (const struct json *m = proxies->first; m; m = m->next) {
        check_actor_name(load, m);
        actors[load->s->actor_count++] = (struct actor){ .name = m->key, .is_proxy = true };
    }
    for (const struct json *m = origins->first; m; m = m->next) {
        check_actor_name(load, m);
        actors[load->s->actor_count++] = (struct actor){ .name = m->key };
    }
}

const struct json *load_actor_json(const struct load *load, size_t index)
{
    const struct json *proxies = json_get(load->root, "proxies");
    if (index < 2)
        return json_get(load->root, index == SCENARIO_PROXY ? "proxy" : "origin");
    index -= 2;
    const struct json *m = proxies->first;
    if (index >= proxies->count) {
        index -= proxies->count;
        m = json_get(load->root, "origins")->first;
    }
    for (; index > 0; index--)
        m = m->next;
    return m;
}

/* ---- rules ----------------------------------------------------------------------------------- */

static const char *numbered(struct load *load, const char *prefix, size_t n)
{
    char name[32];
    int len = snprintf(name, sizeof(name), "%s%zu", prefix, n);
    return arena_copy(load->l->arena, name, (size_t)len);
}

static void add_rule(struct load *load, const struct json *v, int actor, size_t n)
{
    const struct json *given = json_get(v, "name");
    const char *name = given ? given->text : numbered(load, "rule-", n);
    const struct json *at = given ? given : v;
    if (strcmp(name, "gate") == 0)
        complain(load->l, at, NULL, "\"gate\" is the name of the gate, expected another name");
    for (size_t i = 0; i < load->rule_count; i++)
        if (load->rules[i].actor == actor && strcmp(load->rules[i].name, name) == 0)
            complain(load->l, at, NULL,
                     "another rule here is named \"%s\", expected each name once", name);
    load->rules[load->rule_count++] = (struct rule_name){ .name = name, .actor = actor };
}

static void name_rules(struct load *load)
{
    size_t count = 0;
    for (size_t i = 0; i < load->s->actor_count; i++)
        count += json_get(load_actor_json(load, i), "rules")->count + 1;
    load->rules = arena_take(load->l->arena, count * sizeof(load->rules[0]));
    for (size_t i = 0; i < load->s->actor_count; i++) {
        const struct json *v = load_actor_json(load, i);
        size_t n = 1;
        for (const struct json *m = json_get(v, "rules")->first; m; m = m->next)
            add_rule(load, m, (int)i, n++);
        if (json_get(v, "auth"))
            load->rules[load->rule_count++] = (struct rule_name){ .name = "gate", .actor = (int)i };
    }
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void name_steps(struct load *load)
{
    const struct json *steps = json_get(json_get(load->root, "client"), "steps");
    load->steps = arena_take(load->l->arena, steps->count * sizeof(load->steps[0]));
    for (const struct json *m = steps->first; m; m = m->next) {
        const struct json *given = json_get(m, "name");
        const char *name = given ? given->text : numbered(load, "", load->step_count + 1);
        if (given && strspn(name, "0123456789") == strlen(name))
            complain(load->l, given, NULL,
                     "a name of digits, which is a step's number, expected a letter in it");
        for (size_t i = 0; i < load->step_count; i++)
            if (strcmp(load->steps[i], name) == 0)
                complain(load->l, given ? given : m, NULL,
                         "another step is named \"%s\", expected each name once", name);
        load->steps[load->step_count++] = name;
    }
}

void load_names(struct load *load)
{
    name_actors(load);
    name_rules(load);
    name_steps(load);
}
