/*
 * Children as tests have them: a script of the shell, what it says and how it ends. Each test has
 * `children` of its own, and none may outlive them.
 */
#ifndef TESTS_PUPIL_H
#define TESTS_PUPIL_H

#include "cmocka_main.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "child.h"
#include "clock.h"
#include "timer.h"

static const int64_t LONG = 50 * CLOCK_S; /* of waits that end by an event, if all is well */

/* A child of a test, and what the test wants of it. */
struct pupil {
    struct event_base *base;
    struct child *child;
    bool ended;
    struct child_end end;
    char output[4096]; /* of both streams, as far as there is room */
    size_t len;
    const char *word; /* until its output has this; NULL: until it has ended */
};

static struct event_base *base;
static struct children *children;

static int set_up(void **state)
{
    (void)state;
    base = timer_base_new();
    children = base ? children_new(base, 0) : NULL;
    return children ? 0 : -1;
}

/* Whatever a test left: none of it may outlive `children`. */
static int tear_down(void **state)
{
    (void)state;
    siginfo_t info;
    children_free(children);
    event_base_free(base);
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD ? 0 : -1;
}

static void on_output(void *arg, enum child_stream stream, const char *octets, size_t len)
{
    (void)stream;
    struct pupil *p = arg;
    size_t room = sizeof(p->output) - 1 - p->len;
    memcpy(p->output + p->len, octets, len < room ? len : room);
    p->len += len < room ? len : room;
    p->output[p->len] = '\0';
    if (p->word && strstr(p->output, p->word))
        event_base_loopbreak(base);
}

static void on_end(void *arg, const struct child_end *end)
{
    struct pupil *p = arg;
    assert_false(p->ended);
    p->ended = true;
    p->end = *end;
    event_base_loopbreak(base);
}

static struct child_options options_of(struct pupil *p, char *const *argv)
{
    *p = (struct pupil){ .base = base };
    return (struct child_options){
        .argv = argv, .piped = true, .output = on_output, .ended = on_end, .arg = p
    };
}

static void begin(struct pupil *p, const char *script)
{
    char *copy = strdup(script), shell[] = "/bin/sh", c[] = "-c";
    char *argv[] = { shell, c, copy, NULL };
    struct child_options options = options_of(p, argv);
    p->child = child_start(children, &options);
    free(copy);
    assert_non_null(p->child);
}

static void on_patience(void *arg)
{
    (void)arg;
    fail_msg("what was waited for does not come");
}

static void run_loop(void)
{
    struct timer patience;
    timer_init(&patience, base, on_patience, NULL);
    timer_set(&patience, clock_now() + LONG);
    event_base_dispatch(base);
    timer_set(&patience, CLOCK_NEVER);
}

static void hear(struct pupil *p, const char *word)
{
    p->word = word;
    while (!strstr(p->output, word)) {
        if (p->ended)
            fail_msg("it ended (%d, %d) before it said '%s', but: %s", p->end.code, p->end.signal,
                     word, p->output);
        run_loop();
    }
}

static void see_end(struct pupil *p, int code, int signal)
{
    p->word = NULL;
    while (!p->ended)
        run_loop();
    if (p->end.code != code || p->end.signal != signal || p->end.left != 0)
        fail_msg("expected status %d, signal %d; got %d, %d, left %zu: %s", code, signal,
                 p->end.code, p->end.signal, p->end.left, p->output);
    child_free(p->child);
}

/* The number behind a word of its output. */
static pid_t number_after(const struct pupil *p, const char *word)
{
    const char *at = strstr(p->output, word);
    assert_non_null(at);
    return (pid_t)strtol(at + strlen(word), NULL, 10);
}

#endif
