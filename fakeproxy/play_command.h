/*
 * COMMAND: the program that runs while a play lasts, and with which it ends.
 */
#ifndef FP_PLAY_COMMAND_H
#define FP_PLAY_COMMAND_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>

#include "environment.h"
#include "report.h"

struct play_command;

struct play_command_options {
    char *const *argv;
    const struct environment *environment;
    rlim_t descriptors; /* its soft limit of open files; 0: ours */
    void (*ended)(void *arg);
    void *arg;
};

/* NULL after a message; *exit_code is what to exit with then. The options' argv outlives it. */
struct play_command *play_command_start(struct event_base *, const struct play_command_options *,
                                        int *exit_code);
/* Ends it, with all it started: SIGTERM, and after 2 s SIGKILL; at once when asked again. */
void play_command_stop(struct play_command *);
bool play_command_lives(const struct play_command *); /* NULL: false */
/* How it ended, once it has. */
const struct reported_command *play_command_result(const struct play_command *);
bool play_command_failed(const struct play_command *); /* NULL: false */
/* "exit status 7: curl -f http://shop.example/", and what it left behind. */
void play_command_say(const struct play_command *, FILE *);
/* A line with these words, cut where it gets long. */
void play_command_say_words(char *const *argv, FILE *);
void play_command_free(struct play_command *); /* kills what still lives; NULL is fine */

/* Why a command of this name may never have come to the proxy: a sentence. */
const char *play_command_hint(const char *argv0);

#endif
