/*
 * The values of a template's placeholders for one step, and what a command left behind: the outcome
 * from exit status, output file and what it wrote.
 */
#ifndef CS_COMMAND_VALUES_H
#define CS_COMMAND_VALUES_H

#include "profile.h"
#include "protocol.h"
#include "setup.h"

struct command_files {                   /* of one step; in the arena */
    const char *output, *headers, *body; /* body NULL: the request has none */
};

/* Paths for the n-th step of a run, and the request's body, written. 0, or -1: errno. */
int command_files_make(struct arena *, const char *folder, const char *run, size_t n,
                       const struct request_setup *, struct command_files *);
void command_files_remove(const struct command_files *);

/* What the request takes and no placeholder of the template carries: a method other than GET, a
 * body, field lines, an exclusion list. NULL: nothing. It can only be left out, and what comes of
 * that says nothing about the client. */
const char *command_lacks(const struct command_line *, const struct setup *,
                          const struct request_setup *);

/* Sets every placeholder that has a value. gap: s, 0 for none. */
void command_values(struct arena *, struct template_values *, const struct setup *,
                    const struct request_setup *, const struct command_files *, size_t step,
                    int gap);

/* What became of a step. */
struct command_end {
    int exit_status;   /* of the process, or what it told for the step */
    int status;        /* told; 0: not */
    int connect;       /* status code of the CONNECT; 0: not told */
    const char *error; /* told; NULL: not */
    const char *log;   /* its standard error, NUL-terminated */
    bool was_cancelled;
};
void command_result(struct arena *, const struct command_line *, const struct command_end *,
                    const struct command_files *, struct result *);

#endif
