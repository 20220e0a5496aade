/*
 * What is known of statuses and errors: the texts of `fakeproxy explain`.
 */
#ifndef FP_EXPLAIN_TEXTS_H
#define FP_EXPLAIN_TEXTS_H

struct explained {
    const char *names;   /* apart by spaces; the first is its name, the others stand for it */
    const char *phrases; /* apart by '|', in small letters: as tools print them, `*` any run */
    const char *title;
    const char *layer;
    const char *means;
    const char *to_do;     /* points apart by newlines */
    const char *not_to_do; /* the same */
    const char *scenarios; /* patterns of ids (`*`), apart by spaces, the most telling first */
    const char *see;       /* names of others, apart by spaces; "" for none */
};

extern const struct explained explain_texts[];
extern const unsigned explain_text_count;

#endif
