/*
 * The command line of fakeproxy: what was asked for, or one clear message.
 */
#ifndef FP_OPTIONS_H
#define FP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "instance.h"
#include "report.h"

/* Exit codes, the same for every command (docs/guide.md). */
enum exit_code {
    EXIT_OK = 0,      /* everything as expected */
    EXIT_VERDICT = 1, /* an unexpected verdict, or a COMMAND that failed */
    EXIT_USAGE = 2,   /* wrong usage, or a scenario that is refused */
    EXIT_HARNESS = 3, /* we failed ourselves, or --timeout passed */
    EXIT_NOTHING = 4  /* nothing was put to the test */
};

enum command {
    COMMAND_PLAY,
    COMMAND_LIST,
    COMMAND_CHECK,
    COMMAND_NEW,
    COMMAND_SHOW,
    COMMAND_EXPLAIN,
    COMMAND_CALIBRATE,
    COMMAND_HELP,
    COMMAND_VERSION
};

struct report_wanted { /* --report json:FILE, junit:FILE */
    enum report_form form;
    const char *path;
};

struct options {
    enum command command;
    const char **scenarios; /* names as given; count of them */
    int scenario_count;
    char **operands; /* of list, check, new, show, explain */
    int operand_count;
    char **words;      /* all that is no option, the command's name first */
    char **program;    /* COMMAND and its arguments, NULL-terminated; NULL: none */
    const char *ready; /* file, or "fd:N"; NULL: none */
    char *listen_host; /* NULL: 127.0.0.1 */
    int listen_port;   /* -1: the default: 8888, with COMMAND 0 */
    struct upstream_name *upstreams;
    size_t upstream_count;
    uint64_t seed;
    bool has_seed;
    const char *ca_file;
    int64_t timeout; /* ns; 0: none */
    const char *journal;
    struct report_wanted *reports;
    size_t report_count;
    bool quiet;
};

/* 0, or -1 after a message on standard error: exit with EXIT_USAGE. */
int options_parse(struct options *, int argc, char **argv);
void options_free(struct options *);

/* The text of --help: one screen. */
extern const char options_help[];

#endif
