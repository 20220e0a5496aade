/*
 * The argv of a command, as a template. A member is
 *
 *   "--max-time={timeout}"                              one argument; placeholders get their values
 *   ["--proxy", "{proxy}"]                              a group: left out unless each of its
 * placeholders has a value; repeated where one has several ({header}, {exclusion}, …)
 *   {"if": "redirects", "then": […], "else": […]}       by whether the name has a value
 *
 * `{{` is a `{`. The names are a fixed table (template_names): an unknown one is a complaint.
 */
#ifndef CS_TEMPLATE_H
#define CS_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "language.h"

struct json;
struct loading;

struct template_name {
    const char *name, *doc;
};
extern const struct template_name template_names[]; /* ends with a NULL name */

/* The shape of a template in a profile. */
extern const struct shape shape_template;

struct template;

/* Builds it in the loading's arena; complaints for unknown names. The value fits shape_template. */
const struct template *template_load(struct loading *, const struct json *);

/* Does the name stand anywhere in it, as a placeholder or a condition? NULL is a template without.
 */
bool template_uses(const struct template *, const char *name);

/* ---- values ---------------------------------------------------------------------------------- */

struct template_values;

struct template_values *template_values_new(void);
void template_values_free(struct template_values *); /* NULL is fine */
/* Adds a value (a copy); a name that gets several has several. It must be in the table. */
void template_set(struct template_values *, const char *name, const char *value);

/* ---- arguments ------------------------------------------------------------------------------- */

struct arguments { /* NULL-terminated where there is any; free with arguments_free() */
    char **list;
    size_t count;
};

void arguments_add(struct arguments *, const char *);
void arguments_free(struct arguments *);

/* Appends what the template comes to. A placeholder outside of groups that has no value stands for
 * nothing. */
void template_expand(const struct template *, const struct template_values *, struct arguments *);

#endif
