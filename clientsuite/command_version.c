/*
 * Versions of commands. Every tool prints its own in its own way, but nearly all of them in the
 * first line: "curl 8.5.0 (x86_64-pc-linux-gnu) libcurl/8.5.0 …", "GNU Wget 1.21.3 built on
 * linux-gnu.", "aria2 version 1.36.0". The first word that begins with a digit is the version; a
 * line without one is it as a whole.
 */
#include "command_version.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "timer.h"

static const int64_t LIMIT = 20 * CLOCK_S;
enum { LINE_KEPT = 512 };

struct command_version {
    const char *const *argv;
    struct child *child;
    struct timer timer;
    void (*told)(void *arg, const struct reply *, const char *why);
    void *arg;
    struct reply reply;
    char line[LINE_KEPT], why[256];
};

/* ---- what it printed ------------------------------------------------------------------------- */

static void take_line(struct command_version *v)
{
    size_t len = 0;
    for (int stream = 0; stream < CHILD_STREAMS && len == 0; stream++) {
        size_t kept;
        const char *at = child_kept(v->child, (enum child_stream)stream, &kept, NULL);
        const char *newline = at ? memchr(at, '\n', kept) : NULL;
        len = newline ? (size_t)(newline - at) : kept;
        len = len < LINE_KEPT ? len : LINE_KEPT - 1;
        if (at)
            memcpy(v->line, at, len);
    }
    while (len && strchr(" \t\r", v->line[len - 1]))
        len--;
    v->line[len] = '\0';
}

/* "1.2", "v1.2" */
static bool begins_number(const char *word)
{
    word += *word == 'v';
    return *word >= '0' && *word <= '9';
}

static void find_version(struct command_version *v)
{
    char *word = v->line;
    while (*word && !begins_number(word)) {
        word += strcspn(word, " ");
        word += strspn(word, " ");
    }
    v->reply.kind = REPLY_HELLO;
    v->reply.version = *word ? word : v->line;
    word[strcspn(word, " ")] = '\0';
}

/* ---- its end --------------------------------------------------------------------------------- */

static void fail(struct command_version *v, const char *what)
{
    snprintf(v->why, sizeof(v->why), "\"version\": %.100s %.120s", v->argv[0], what);
    v->told(v->arg, NULL, v->why);
}

static void on_ended(void *arg, const struct child_end *end)
{
    struct command_version *v = arg;
    char what[64];
    timer_set(&v->timer, CLOCK_NEVER);
    if (end->code != 0) {
        snprintf(what, sizeof(what),
                 end->signal ? "was ended by signal %d" : "ended with exit status %d",
                 end->signal ? end->signal : end->code);
        fail(v, what);
        return;
    }
    take_line(v);
    if (!*v->line) {
        fail(v, "printed nothing");
        return;
    }
    find_version(v);
    v->told(v->arg, &v->reply, NULL);
}

static void on_limit(void *arg)
{
    fail(arg, "did not end within 20 s");
}

static void on_no_start(void *arg)
{
    struct command_version *v = arg;
    char what[128];
    snprintf(what, sizeof(what), "cannot be started: %.100s", v->line);
    fail(v, what);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct command_version *
command_version_ask(const struct agent_options *options,
                    void (*told)(void *arg, const struct reply *, const char *why), void *arg)
{
    struct command_version *v = calloc(1, sizeof(*v));
    if (!v)
        abort();
    v->argv = options->variant->command->version;
    v->told = told;
    v->arg = arg;
    struct child_options child = { .argv = (char *const *)(uintptr_t)v->argv,
                                   .environment = options->environment,
                                   .folder = options->variant->profile->folder,
                                   .piped = true,
                                   .kept = { LINE_KEPT, LINE_KEPT },
                                   .ended = on_ended,
                                   .arg = v };
    v->child = child_start(options->children, &child);
    if (!v->child) /* told from the loop, as every failure is */
        snprintf(v->line, sizeof(v->line), "%s", strerror(errno));
    timer_init(&v->timer, options->base, v->child ? on_limit : on_no_start, v);
    timer_set(&v->timer, v->child ? clock_now() + LIMIT : 0);
    return v;
}

void command_version_free(struct command_version *v)
{
    if (!v)
        return;
    timer_set(&v->timer, CLOCK_NEVER);
    child_free(v->child);
    free(v);
}
