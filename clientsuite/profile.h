/*
 * A client profile: what a client is called, what it is capable of, how it is started. One JSON
 * file, strict as scenarios are; docs/drivers.md describes it. It is loaded as a whole or refused
 * as a whole, lives in one arena, and is immutable.
 */
#ifndef CS_PROFILE_H
#define CS_PROFILE_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "complaints.h"
#include "template.h"

struct exit_meaning { /* what an exit status of a command says of its last step */
    int status;       /* -1: every other one */
    bool is_answer;
    const char *kind; /* of an error, in the driver contract; NULL: other */
};

struct command_line {
    const struct template *argv;    /* of the whole */
    const struct template *step;    /* behind it, for each step; NULL: `argv` is for one step */
    const struct template *between; /* between two steps; NULL: nothing */
    bool is_together;               /* all steps of a case in one call, which makes the gaps */
    bool tells;      /* its output has one JSON object for each step that ended, in order */
    bool has_status; /* `status` is there */
    regex_t status;  /* its last match in the standard error tells the status code */
    const char *status_key, *exit_key, *error_key, *connect_key; /* of the told objects; or NULL */
    const struct exit_meaning *exits;
    size_t exit_count;
    const char *const *version; /* argv of what prints it, NULL-terminated; NULL: nothing does */
};

struct profile;

struct profile_variant {
    const struct profile *profile;
    const char *name;                /* "default" where the profile has no variants */
    const char *about;               /* or NULL */
    const char *const *capabilities; /* NULL-terminated */
    const char *const *driver;       /* argv, NULL-terminated; NULL: it is a command */
    const struct command_line *command;
    const char *const *environment; /* "NAME=value", NULL-terminated */
};

struct profile {
    const char *path, *folder; /* its processes run in the folder */
    const char *name, *title, *about, *homepage;
    bool is_heavy;
    struct profile_variant *variants;
    size_t variant_count;
    struct arena *arena;
    struct command_line *commands; /* what profile_free() has to release: compiled expressions */
    size_t command_count;
};

/* NULL with complaints. */
struct profile *profile_load_file(const char *path, struct complaints *);
struct profile *profile_load_text(const char *text, size_t len, const char *path,
                                  struct complaints *);
void profile_free(struct profile *); /* NULL is fine */

/* By its name, or NULL. */
const struct profile_variant *profile_variant(const struct profile *, const char *name);

bool profile_can(const struct profile_variant *, const char *capability);

#endif
