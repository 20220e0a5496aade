/*
 * The builders: from a tree that language_check found good to the model of scenario.h. Each also
 * checks what tables cannot say, and complains with the place. Private to the loader.
 *
 * A builder always returns something usable, also after a complaint, so that one run shows all;
 * scenario.c throws the model away if there was any.
 */
#ifndef FP_LOAD_H
#define FP_LOAD_H

#include "buf.h"
#include "loading.h"
#include "scenario.h"

struct rule_name {
    const char *name;
    int actor;
};

struct load {
    struct loading *l;
    struct scenario *s; /* actors have their names from the start */
    const struct json *root, *variants;
    bool uses_fields;        /* a text was read that has a field of the event at hand in it */
    struct rule_name *rules; /* of all actors, "gate" included */
    size_t rule_count;
    const char **steps; /* names, in order */
    size_t step_count;
    const struct match **watches;
    size_t watch_count, watch_room;
};

/* Which placeholders a text may hold beside those that are known everywhere. */
struct text_place {
    uint32_t events; /* `when`, `do`: the fields of these events */
    bool is_step;    /* {n} */
    bool is_awaited; /* in a wait, which has no event at hand */
};

/* ---- load_text.c ----------------------------------------------------------------------------- */

/* Whether a placeholder "{name}" begins at `at`; *end is behind it. */
bool load_placeholder(const char *text, size_t len, size_t at, size_t *end);

struct text load_text(struct load *, const struct json *, struct text_place);
struct text load_octets(struct load *, const struct json *, struct text_place);
/* A text that is needed while loading: no placeholders, no U+0000. */
const char *load_string(struct load *, const struct json *);
const char *load_optional(struct load *, const struct json *object, const char *key);
/* NULL-terminated; NULL where the key is not there. */
const char *const *load_strings(struct load *, const struct json *object, const char *key);

/* A text, or a list of texts as one, apart by commas. */
const char *load_joined(struct load *, const struct json *object, const char *key);

int64_t load_duration(const struct json *);
uint64_t load_size(const struct json *);
int64_t load_integer(const struct json *object, const char *key);
bool load_flag(const struct json *object, const char *key);
/* The index of the text in words. */
int load_word(const struct json *, const char *const *words);

/* ---- load_body.c ----------------------------------------------------------------------------- */

const struct field_line *load_field_lines(struct load *, const struct json *list, size_t *count,
                                          struct text_place);
struct instant load_instant(struct load *, const struct json *);
struct body load_body(struct load *, const struct json *, struct text_place);

/* ---- load_match.c ---------------------------------------------------------------------------- */

struct match_place {
    uint32_t follows;    /* the events that are meant without `event`; 0: none follow */
    uint32_t among;      /* else only these; 0: any */
    bool needs_event;    /* then `event` must say it */
    bool is_when;        /* over the event of a rule: any actor, no `nth` */
    bool is_live;        /* looked for while the scenario plays: gets a watch */
    bool is_must;        /* of a must: no `kind`, `text`, `error` */
    const char *must_be; /* `event` can only be this, NULL: any */
    struct text_place text;
};

const struct match *load_match(struct load *, const struct json *, const struct match_place *);
void load_match_into(struct load *, const struct json *, const struct match_place *,
                     struct match *);

/* ---- load_known.c ---------------------------------------------------------------------------- */

enum { FIELD_AT = -1 }; /* the key `at`, which is no field */

/* Complains of a pattern for a field (enum field_id or FIELD_AT) that fits nothing there is. */
void load_check_name(struct load *, int field, const struct json *, const struct text *);
/* And of a rule that only origins have, in a match that is about proxies. */
void load_check_rule_at(struct load *, const struct match *, const struct json *,
                        const struct text *);

/* ---- load_action.c, load_actor.c, load_client.c, load_expect.c ------------------------------- */

struct action_place {
    const struct rule *rule;
    int actor;
    const struct json *rule_json;
};

struct condition load_condition(struct load *, const struct json *, struct text_place);
const struct action *load_actions(struct load *, const struct json *list, size_t *count,
                                  const struct action_place *);
struct gate load_gate(struct load *, const struct json *);

void load_actor(struct load *, const struct json *, struct actor *); /* all but its rules */
void load_rules(struct load *, const struct json *actor, struct actor *);
/* The index of that proxy, or origin; -1 with a complaint. */
int load_actor_index(struct load *, const struct json *name, bool is_proxy);
const char *hint_actor(struct load *, const struct json *name);
void load_client(struct load *, const struct json *);
void load_expect(struct load *, const struct json *);
void load_house(struct load *, const struct json *);

/* load_order.c: what one action of a list means for the others */
void load_check_order(struct load *, const struct json *list, const struct action *, size_t count,
                      const struct action_place *);

/* load_names.c: who and what there is, before anything refers to it */
void load_names(struct load *);
/* The object of an actor in the file, by its index. */
const struct json *load_actor_json(const struct load *, size_t index);

/* load_needs.c: declared capabilities, and those that follow from the rest; after all else */
void load_needs(struct load *);
void load_check_needs(struct load *, const struct json *list);

/* ---- load_variants.c ------------------------------------------------------------------------- */

bool load_check_variants(struct loading *, const struct json *root, struct json *variants);
/* A copy of the tree with the keys of the variant put in. */
struct json *load_variant(struct loading *, const struct json *root, const struct json *variant);

#endif
