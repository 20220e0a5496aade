/*
 * What reading results is done with: shared by results_note.c and results_read.c only.
 */
#ifndef CS_RESULTS_READING_H
#define CS_RESULTS_READING_H

#include "results_lines.h"
#include "results_read.h"

enum { MOST_CHECKS = 64 };

/* A scenario's checks, as all files together tell them; the house checks are one more such list. */
struct told_checks {
    const char *id;
    struct check checks[MOST_CHECKS];
    size_t count;
};

struct reading {
    struct results_read *out;
    struct arena *arena;
    struct results_lines lines;
    struct told_checks **scenarios; /* in the order in which they were met */
    size_t scenario_count;
    struct told_checks house;
    const struct results_line **cases; /* the first line of each, by name */
    size_t case_count;
    const struct results_line **clients;
    const struct profile_variant **variants;
    size_t *client_of; /* for each line of a client: which one of the results it is */
    size_t client_count, client_lines;
    bool is_together;
    const char *const *paths;
};

/* FILE:LINE: what is wrong; -1. */
int reading_complain(const struct reading *, const struct results_line *, const char *what);

/* Members; NULL, 0, false where they are missing or of another type. */
const char *reading_text(const struct json *, const char *key);
double reading_number(const struct json *, const char *key);
bool reading_flag(const struct json *, const char *key);

bool reading_is_same(const char *a, const char *b); /* NULL is "" */
int reading_level(const char *name);                /* enum level, or -1 */
/* "id" or "id@variant" */
const char *reading_name(struct reading *, const struct results_line *);
/* Zeroed room for one more than `count`. */
void *reading_array(struct arena *, size_t count, size_t size);

/* What there is: clients, cases, the checks of each. 0, or -1 after a message. */
int reading_note(struct reading *);
void reading_plan(struct reading *);

struct told_checks *reading_scenario(struct reading *, const char *id); /* or NULL */
size_t reading_find_check(const struct told_checks *, const char *id);  /* or its count */
size_t reading_find_case(const struct plan *, const char *name);

#endif
