/*
 * The stage.
 */
#include "stage.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Thousands of connections need descriptors; children get the old limit back. */
static rlim_t raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 0;
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return before;
}

static int make_folder(struct stage *s)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(s->folder, sizeof(s->folder), "%.40s/clientsuite-XXXXXX",
             tmp && *tmp && strlen(tmp) <= 40 ? tmp : "/tmp");
    if (mkdtemp(s->folder))
        return 0;
    fprintf(stderr, "clientsuite: %s cannot be made: %s\n", s->folder, strerror(errno));
    s->folder[0] = '\0';
    return -1;
}

static int write_ca(struct stage *s)
{
    snprintf(s->ca_file, sizeof(s->ca_file), "%s/ca.pem", s->folder);
    FILE *f = fopen(s->ca_file, "we");
    int result = f ? certs_write_ca(s->loop.certs, f) : -1;
    if (f && fclose(f) != 0)
        result = -1;
    if (result < 0)
        fprintf(stderr, "clientsuite: %s cannot be written: %s\n", s->ca_file, strerror(errno));
    return result;
}

int stage_open(struct stage *s)
{
    rlim_t descriptors = raise_limit();
    s->loop.spare_fd = -1;
    /* Two priorities: what a command tells of a step is read before its next request (command.c).
     */
    if (loop_init(&s->loop) < 0 || event_base_priority_init(s->loop.base, 2) < 0 ||
        make_folder(s) < 0 || write_ca(s) < 0)
        return -1;
    s->children = children_new(s->loop.base, descriptors);
    return 0;
}

static void on_signal(evutil_socket_t signal, short what, void *arg)
{
    struct stage *s = arg;
    (void)signal;
    (void)what;
    s->on_interrupt(s->arg);
}

void stage_on_interrupt(struct stage *s, void (*on_interrupt)(void *arg), void *arg)
{
    static const int signals[2] = { SIGINT, SIGTERM };
    s->on_interrupt = on_interrupt;
    s->arg = arg;
    for (size_t i = 0; i < 2; i++) {
        s->interrupts[i] = evsignal_new(s->loop.base, signals[i], on_signal, s);
        event_add(s->interrupts[i], NULL);
    }
}

void stage_close(struct stage *s)
{
    children_free(s->children);
    for (size_t i = 0; i < 2; i++)
        if (s->interrupts[i])
            event_free(s->interrupts[i]);
    if (s->loop.base)
        loop_free(&s->loop);
    if (s->ca_file[0])
        unlink(s->ca_file);
    if (s->folder[0])
        rmdir(s->folder);
}
