/* Challenges (RFC 9110, 11.3, 11.6.1): several schemes in several lines, or in one. Pure. */
#ifndef MODEL_CHALLENGE_H
#define MODEL_CHALLENGE_H

#include "fields.h"

struct challenge {
    const char *scheme;
    const char *token68;  /* or NULL */
    struct fields params; /* unquoted */
};

struct challenges {
    struct challenge *list;
    size_t count;
};

/* Those of all lines of that name, in order. What cannot be read is passed over. */
struct challenges challenge_parse(struct arena *, const struct fields *, const char *name);
/* The same for the parameters of Authentication-Info and its like (7615). */
void challenge_params(struct arena *, const char *value, struct fields *params);

/* A parameter's value, or NULL. */
const char *challenge_param(const struct challenge *, const char *name);

#endif
