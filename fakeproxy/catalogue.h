/*
 * Scenarios by name. A name is a file, an id (`transport/idle-reset`), its last part
 * (`idle-reset`), and any of these with a variant behind it (`tunnel/2xx-201-204-299@204`).
 *
 * Ids are looked for in ./scenarios, in the folders of $FAKEPROXY_SCENARIOS (apart by colons), and
 * in the folder of the shipped scenarios (datadir.h), in this order: the first file of an id is the
 * one that counts. A file's id is what stands in it, or its path where it cannot be read.
 */
#ifndef FP_CATALOGUE_H
#define FP_CATALOGUE_H

#include "complaints.h"
#include "scenario.h"

/* 0 with the scenarios of that name (only the one of the variant, if the name has one); -1 with
 * complaints: of the file, or that no scenario has the name, or which ones it fits. */
int catalogue_load(const char *name, struct scenario_set *, struct complaints *);

/* The same for a text; the name, up to the variant, stands for its file. */
int catalogue_load_text(const char *name, const char *text, size_t len, struct scenario_set *,
                        struct complaints *);

struct catalogue_entry {
    const char *path, *id;
    const char *title, *layer; /* NULL: not said, or the file is no JSON */
    size_t variants;           /* 0: none */
    bool is_readable;          /* false: no JSON */
};

struct catalogue { /* sorted by id */
    struct catalogue_entry *entries;
    size_t count;
    struct arena *arena;
};

/* All that can be found, each id once; or every file below one folder (folder not NULL). */
struct catalogue *catalogue_new(const char *folder);
void catalogue_free(struct catalogue *); /* NULL is fine */

#endif
