/*
 * Running COMMAND. Its standard input, output and error are ours, as with env(1).
 *
 * On a terminal its group becomes the foreground group, so that it may read and Ctrl-C is its own.
 * Ctrl-Z then stops it alone, and the shell, which waits for us, would not know: so we look now and
 * then, take the terminal back and stop as well; whoever continues us finds COMMAND continued. With
 * its output in a pipe, as in `fakeproxy ... -- COMMAND | less`, the terminal is rather the
 * neighbour's: COMMAND gets it when it wants it, which is when it was stopped for trying to read.
 */
#include "play_command.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "options.h"
#include "say.h"
#include "timer.h"

static const int64_t GRACE = 2 * CLOCK_S;
static const int64_t LOOK_EVERY = 100 * CLOCK_MS;

struct play_command {
    struct children *children;
    struct child *child;
    struct reported_command result;
    size_t left; /* see struct child_end */
    bool lives;
    bool told; /* to end */
    bool killed;
    bool has_terminal; /* it is on one */
    bool wants_terminal;
    struct timer looks; /* at what it does there */
    sigset_t mask;      /* ours, before */
    void (*ended)(void *arg);
    void *arg;
};

/* ---- the terminal ---------------------------------------------------------------------------- */

/* Ours to give: we are in its foreground. */
static bool is_foreground(void)
{
    return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static void look_at_terminal(void *arg)
{
    struct play_command *c = arg;
    siginfo_t info = { 0 };
    pid_t pid = child_pid(c->child);
    int stopped = 0;
    if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG) == 0 && info.si_pid == pid)
        stopped = info.si_status;
    if (stopped == SIGTSTP && tcgetpgrp(STDIN_FILENO) == pid) {
        tcsetpgrp(STDIN_FILENO, getpgrp());
        kill(0, SIGTSTP); /* here we stand still, unless there is nobody to continue us */
        kill(-pid, SIGCONT);
    }
    c->wants_terminal = c->wants_terminal || stopped == SIGTTIN || stopped == SIGTTOU;
    if (c->wants_terminal && is_foreground()) {
        tcsetpgrp(STDIN_FILENO, pid);
        kill(-pid, SIGCONT);
    }
    timer_set(&c->looks, clock_now() + LOOK_EVERY);
}

/* In the background a process may write to its terminal and give it away only if SIGTTOU is held
 * back. */
static void enter_terminal(struct play_command *c)
{
    sigset_t output;
    sigemptyset(&output);
    sigaddset(&output, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &output, &c->mask);
}

/* All of COMMAND is dead: a foreground group of its making has no process left. Any other is that
 * of whoever has the terminal now, such as the shell behind `fakeproxy ... &`, which a read from a
 * terminal that was taken from it would end. */
static void leave_terminal(struct play_command *c)
{
    if (!c->has_terminal)
        return;
    c->has_terminal = false;
    timer_set(&c->looks, CLOCK_NEVER);
    pid_t group = tcgetpgrp(STDIN_FILENO);
    if (group > 0 && kill(-group, 0) < 0 && errno == ESRCH)
        tcsetpgrp(STDIN_FILENO, getpgrp());
    pthread_sigmask(SIG_SETMASK, &c->mask, NULL);
}

/* ---- its life -------------------------------------------------------------------------------- */

static void on_ended(void *arg, const struct child_end *end)
{
    struct play_command *c = arg;
    c->lives = false;
    c->result.code = end->code;
    c->result.signal = end->signal;
    c->left = end->left;
    leave_terminal(c);
    c->ended(c->arg);
}

static int say_failure(const char *name, int error)
{
    bool is_usage = error == ENOENT || error == EACCES || error == ENOEXEC || error == ENOTDIR;
    fprintf(stderr, "fakeproxy: %s cannot be run: %s%s\n", name, strerror(error),
            error == ENOEXEC ? " (a script begins with a line such as #!/bin/sh)" : "");
    return is_usage ? EXIT_USAGE : EXIT_HARNESS;
}

struct play_command *play_command_start(struct event_base *base,
                                        const struct play_command_options *o, int *exit_code)
{
    struct play_command *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    c->result.argv = o->argv;
    c->ended = o->ended;
    c->arg = o->arg;
    c->has_terminal = isatty(STDIN_FILENO);
    c->wants_terminal = c->has_terminal && isatty(STDOUT_FILENO);
    timer_init(&c->looks, base, look_at_terminal, c);
    if (c->has_terminal)
        enter_terminal(c);
    c->children = children_new(base, o->descriptors);
    struct child_options options = { .argv = o->argv,
                                     .environment = o->environment,
                                     .takes_terminal = c->wants_terminal && is_foreground(),
                                     .ended = on_ended,
                                     .arg = c };
    c->child = child_start(c->children, &options);
    c->lives = c->child != NULL;
    if (!c->lives) {
        *exit_code = say_failure(o->argv[0], errno);
        play_command_free(c);
        return NULL;
    }
    if (c->has_terminal)
        timer_set(&c->looks, clock_now() + LOOK_EVERY);
    return c;
}

void play_command_stop(struct play_command *c)
{
    c->killed = c->told;
    child_stop(c->child, c->told ? 0 : GRACE);
    c->told = true;
}

bool play_command_lives(const struct play_command *c)
{
    return c && c->lives;
}

void play_command_free(struct play_command *c)
{
    if (!c)
        return;
    children_free(c->children);
    leave_terminal(c);
    free(c);
}

/* ---- what came of it ------------------------------------------------------------------------- */

const struct reported_command *play_command_result(const struct play_command *c)
{
    return c && !c->lives ? &c->result : NULL;
}

bool play_command_failed(const struct play_command *c)
{
    return c && c->result.code != 0;
}

void play_command_say_words(char *const *argv, FILE *f)
{
    enum { MOST = 100 };
    struct buf words = { 0 };
    for (char *const *word = argv; *word; word++) {
        buf_string(&words, word == argv ? "" : " ");
        say_text(&words, *word, strlen(*word));
    }
    bool fits = words.len <= MOST;
    fprintf(f, "%.*s%s\n", fits ? (int)words.len : MOST, words.at ? words.at : "",
            fits ? "" : "...");
    buf_free(&words);
}

void play_command_say(const struct play_command *c, FILE *f)
{
    report_command_end(f, &c->result);
    if (c->told)
        fprintf(f, ", because fakeproxy ended it");
    fprintf(f, ": ");
    play_command_say_words(c->result.argv, f);
    if (c->left)
        fprintf(f, "fakeproxy: %zu processes that it left behind could not be ended\n", c->left);
}

const char *play_command_hint(const char *argv0)
{
    static const struct {
        const char *name, *hint;
    } hints[] = {
        { "curl", "curl reads http_proxy, in small letters, unless --proxy or --noproxy, or a "
                  "proxy in ~/.curlrc, says otherwise" },
        { "wget", "wget reads http_proxy and https_proxy, unless --no-proxy or its wgetrc says "
                  "otherwise" },
        { "java", "Java reads no variables: it takes -Dhttp.proxyHost, -Dhttp.proxyPort, "
                  "-Dhttps.proxyHost and -Dhttps.proxyPort" },
        { "mvn", "Maven reads no variables: it takes -Dhttp.proxyHost, -Dhttp.proxyPort, "
                 "-Dhttps.proxyHost and -Dhttps.proxyPort" },
        { "node", "Node.js reads the variables from version 24 on; before, fetch needs undici's "
                  "ProxyAgent" },
        { "go", "Go reads HTTP_PROXY and HTTPS_PROXY, but never for localhost or 127.0.0.1" },
    };
    const char *slash = strrchr(argv0, '/'), *name = slash ? slash + 1 : argv0;
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
        if (strcmp(hints[i].name, name) == 0)
            return hints[i].hint;
    return "Not read by Java (it has -Dhttp.proxyHost), Node.js before 24, Go for localhost, and "
           "programs with a proxy setting of their own";
}
