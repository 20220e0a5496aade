/*
 * Names in patterns: of actors, rules, steps, sessions and exits, and the words of fields that know
 * only some. A pattern that fits none of them would never match, and a check on it pass unnoticed.
 */
#include <string.h>

#include "load.h"

static bool try_name(struct nearest *n, const struct text *t, const char *name)
{
    nearest_try(n, name);
    return match_glob(t->octets, t->len, name, strlen(name));
}

static bool names_rule(struct load *load, const struct text *t, struct nearest *n)
{
    bool fits = false;
    for (size_t i = 0; i < load->rule_count; i++)
        fits |= try_name(n, t, load->rules[i].name);
    return fits;
}

static bool names_step(struct load *load, const struct text *t, struct nearest *n)
{
    bool fits = false;
    for (size_t i = 0; i < load->step_count; i++)
        fits |= try_name(n, t, load->steps[i]);
    return fits;
}

static bool names_session(struct load *load, const struct text *t, struct nearest *n)
{
    const struct json *client = json_get(load->root, "client");
    const struct json *sessions = json_get(client, "sessions");
    bool fits = try_name(n, t, "default");
    for (const struct json *m = sessions->first; m; m = m->next)
        fits |= try_name(n, t, m->key);
    return fits;
}

static bool names_actor(struct load *load, const struct text *t, struct nearest *n)
{
    bool fits = try_name(n, t, "client");
    fits |= try_name(n, t, "suite");
    for (size_t i = 0; i < load->s->actor_count; i++)
        fits |= try_name(n, t, load->s->actors[i].name);
    return fits;
}

static bool names_proxy(struct load *load, const struct text *t, struct nearest *n)
{
    bool fits = false;
    for (size_t i = 0; i < load->s->actor_count; i++)
        if (load->s->actors[i].is_proxy)
            fits |= try_name(n, t, load->s->actors[i].name);
    return fits;
}

static bool names_exit(struct load *load, const struct text *t, struct nearest *n)
{
    bool fits = false;
    for (size_t i = 0; i < load->s->actor_count; i++)
        for (const char *const *e = load->s->actors[i].exits; e && *e; e++)
            fits |= try_name(n, t, *e);
    return fits;
}

static bool names_word(const char *const *words, const struct text *t, struct nearest *n)
{
    bool fits = false;
    for (; *words; words++)
        fits |= try_name(n, t, *words);
    return fits;
}

static const struct {
    int field;
    bool (*names)(struct load *, const struct text *, struct nearest *);
    const char *wanted;
} known[] = {
    { FIELD_AT, names_actor, "the name of an actor, \"client\" or \"suite\"" },
    { FIELD_rule, names_rule, "the name of a rule" },
    { FIELD_body_of, names_rule, "the name of a rule" },
    { FIELD_step, names_step, "the name or number of a step" },
    { FIELD_through, names_proxy, "the name of a proxy" },
    { FIELD_session, names_session, "the name of a session, or \"default\"" },
    { FIELD_exit, names_exit, "the name of an exit" },
};

void load_check_name(struct load *load, int field, const struct json *v, const struct text *t)
{
    const char *const *words = field == FIELD_AT ? NULL : language_field_words(field);
    const char *wanted = words ? words_of(load->l, words) : NULL;
    struct nearest n;
    nearest_begin(&n, t->octets, t->len);
    bool fits = t->has_placeholder || !words || names_word(words, t, &n);
    for (size_t i = 0; !t->has_placeholder && i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].field == field) {
            fits = known[i].names(load, t, &n);
            wanted = known[i].wanted;
        }
    if (!fits)
        complain(load->l, v, hint_of(load->l, &n), "found %s, expected %s", show_value(load->l, v),
                 wanted);
}

/* Without `at` a match means proxies: a rule that only origins have would never be met. */
void load_check_rule_at(struct load *load, const struct match *m, const struct json *v,
                        const struct text *t)
{
    const char *elsewhere = NULL;
    if (m->at || m->at_any || t->has_placeholder)
        return;
    for (size_t i = 0; i < load->rule_count; i++) {
        const struct rule_name *r = &load->rules[i];
        if (!match_glob(t->octets, t->len, r->name, strlen(r->name)))
            continue;
        if (load->s->actors[r->actor].is_proxy)
            return;
        elsewhere = load->s->actors[r->actor].name;
    }
    if (elsewhere)
        complain(load->l, v, NULL,
                 "the rule is at \"%s\", but without \"at\" only proxies are meant, expected "
                 "\"at\": \"%s\" beside it",
                 elsewhere, elsewhere);
}
