/*
 * The shapes that the tables of the language share (language_*.c). See language.h.
 */
#ifndef FP_LANGUAGE_SHAPES_H
#define FP_LANGUAGE_SHAPES_H

#include "language.h"

#define PARTS(...) ((const struct shape *const[]){ __VA_ARGS__, NULL })
/* KEY(name, shape, doc, further members...) */
#define KEY(key, its_shape, ...)                                                                   \
    {                                                                                              \
        .name = key, .shape = its_shape, .doc = __VA_ARGS__                                        \
    }
#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* language_values.c */
extern const struct shape shape_any, shape_null, shape_bool, shape_text, shape_octets, shape_name,
    shape_duration, shape_size, shape_count, shape_number_from_0, shape_texts, shape_names,
    shape_field_line, shape_field_lines, shape_instant, shape_body, shape_step_body, shape_pairs;

/* language_match.c */
extern const struct shape shape_match, shape_when, shape_condition, shape_step_condition,
    shape_field_name, shape_apart;

/* language_action.c */
extern const struct shape shape_action, shape_actions, shape_end;

/* language_actor.c */
extern const struct shape shape_actor, shape_actor_map, shape_gate, shape_scope;

/* language_client.c, language_expect.c */
extern const struct shape shape_client, shape_expect, shape_house;

#endif
