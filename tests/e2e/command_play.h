/*
 * Plays with a COMMAND, as tests have them. A COMMAND tells what it has done through a FIFO;
 * whatever holds the FIFO open lives, so its end of file says that all of it is dead.
 */
#ifndef TESTS_COMMAND_PLAY_H
#define TESTS_COMMAND_PLAY_H

#include "e2e.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RULE                                                                                       \
    "'title':'t','layer':'client',"                                                                \
    "'proxy':{'rules':[{'name':'no','on':'request','fault':true,"                                  \
    "'do':[{'respond':{'status':503}}]}]},'client':{'steps':[{'url':'http://{origin}/'}]},"

#define GET "curl -s -o /dev/null http://a.test/ || exit 99; "

enum { PATIENCE = 50000 };

static const char idle_reset[] = FP_SOURCE_DIR "/scenarios/transport/idle-reset.json";
static const char one_at_most[] =
    "{" RULE "'expect':{'one':{'level':'must','count':{'event':'request'},'max':1}}}";

struct run {
    struct program *program;
    char report[64];
    char fifo[64];
    int news;        /* what COMMAND writes to "$FIFO" */
    char text[8192]; /* of it, as far as it came */
    char *output;    /* of fakeproxy and COMMAND, once it has ended */
    cJSON *json;     /* the report */
};

static void make_fifo(struct run *r)
{
    snprintf(r->fifo, sizeof(r->fifo), "/tmp/fakeproxy-fifo-%d", (int)getpid());
    unlink(r->fifo);
    if (mkfifo(r->fifo, 0600) < 0)
        fail_here("%s: %s", r->fifo, strerror(errno));
    r->news = open(r->fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(r->news >= 0);
    setenv("FIFO", r->fifo, 1);
}

/* Descriptor 9 of the script is the FIFO. */
static struct run play_with(const char *scenario, const char *script, struct program_options o)
{
    struct run r = { 0 };
    char report[80], text[4096];
    const char *more = o.arguments ? o.arguments[0] : NULL;
    make_fifo(&r);
    snprintf(r.report, sizeof(r.report), "/tmp/fakeproxy-report-%d", (int)getpid());
    snprintf(report, sizeof(report), "json:%s", r.report);
    snprintf(text, sizeof(text), "exec 9>$FIFO; %s", script);
    const char *arguments[] = { "--report", report, more, more ? o.arguments[1] : NULL, NULL };
    const char *command[] = { "/bin/sh", "-c", text, NULL };
    o.arguments = arguments;
    o.command = command;
    o.loud = true;
    r.program = program_start(FP_PROGRAM, scenario, &o);
    if (!r.program)
        fail_here("fakeproxy did not start");
    return r;
}

static struct run play_of(const char *script)
{
    return play_with(one_at_most, script, (struct program_options){ 0 });
}

/* Reads what COMMAND tells, until it is this. */
static void hear(struct run *r, const char *word)
{
    size_t len = strlen(r->text);
    while (!strstr(r->text, word)) {
        struct pollfd p = { .fd = r->news, .events = POLLIN };
        if (poll(&p, 1, PATIENCE) != 1)
            fail_here("COMMAND does not say '%s', but: %s", word, r->text);
        ssize_t n = read(r->news, r->text + len, sizeof(r->text) - 1 - len);
        if (n <= 0)
            poll(NULL, 0, 1); /* COMMAND has not opened it yet */
        else
            r->text[len += (size_t)n] = '\0';
    }
}

/* Nobody holds it open any more. */
static void hear_nobody(struct run *r)
{
    char octets[512];
    ssize_t n;
    while ((n = read(r->news, octets, sizeof(octets))) > 0)
        ;
    if (n < 0)
        fail_here("something of COMMAND is still alive");
}

/* It ends by itself, with that status; nothing of it is left. */
static void see_end(struct run *r, int code)
{
    int status = program_wait(r->program, PATIENCE);
    r->output = program_read(r->program, "output");
    assert_non_null(r->output);
    if (status < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != code)
        fail_here("expected exit status %d, got %x:\n%s", code, (unsigned)status, r->output);
    if (program_complained(r->program))
        fail_here("a sanitizer found something:\n%s", r->output);
    hear_nobody(r);
    FILE *f = fopen(r->report, "re");
    char text[65536];
    size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
    text[n] = '\0';
    if (f)
        fclose(f);
    r->json = cJSON_Parse(text);
}

static void clear_away(struct run *r)
{
    close(r->news);
    unlink(r->fifo);
    unlink(r->report);
    free(r->output);
    cJSON_Delete(r->json);
    program_free(r->program, false);
}

#endif
