/*
 * fakeproxy as a child process of a test: started with a scenario, ready when its line says so,
 * dead when the test is. Its output is kept in a file of a temporary folder. Nothing here asserts.
 */
#ifndef TESTS_E2E_PROGRAM_H
#define TESTS_E2E_PROGRAM_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

struct cJSON;

struct program_options {
    const char *const *arguments; /* further ones, NULL-terminated; NULL: none */
    const char *const *command;   /* COMMAND and its arguments, NULL-terminated; NULL: none */
    bool loud;                    /* without --quiet */
    int input;                    /* its standard input; 0: ours */
    rlim_t descriptors;           /* soft and hard limit of open files; 0: as they are */
    const char *journal;          /* NULL: in the folder; "": none */
    bool measured;                /* its memory is: a sanitizer shall hold back little of it */
};

struct program {
    pid_t pid;
    char folder[64];
    struct cJSON *ready; /* the line it wrote */
    int proxy, origin;   /* their ports */
};

/* Starts `program` with the text of a scenario, in which ' stands for " and "fakeproxy" and "id"
 * may be left out. NULL: it did not get ready; what it said is on standard error. */
struct program *program_start(const char *program, const char *scenario,
                              const struct program_options *);
/* The port of an actor. -1: there is none of that name. */
int program_port(const struct program *, const char *actor);
/* SIGTERM, and SIGKILL if it does not end. Returns what waitpid() says; program->pid is 0 then. */
int program_end(struct program *);
/* Waits for its end without a signal. -1: it goes on. */
int program_wait(struct program *, int timeout_ms);
/* Frees, and removes the folder unless it shall be kept. */
void program_free(struct program *, bool keep);

/* Runs `program` with these arguments (NULL-terminated) to its end. Returns its exit code, -1 if it
 * did not end within the time (it is killed then) or by itself; *output (free() it) is what it
 * wrote. */
int program_run(const char *program, const char *const *arguments, int timeout_ms, char **output);

/* Copies what it wrote to standard output and error to our standard error. */
void program_show_output(const struct program *);
/* Did a sanitizer, or an assertion, find something? */
bool program_complained(const struct program *);
/* Text of that file of its folder, free() it; NULL: there is none. */
char *program_read(const struct program *, const char *name);

#endif
