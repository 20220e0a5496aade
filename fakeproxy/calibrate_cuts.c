/*
 * Cuts over loopback: a scenario from memory is played here, and a child process is its client,
 * which counts octets and looks at errno. On a warmed connection the client's kernel has left its
 * quick phase and delays acknowledgements, which is what makes a reset late there.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calibrate.h"
#include "clock.h"
#include "complaints.h"
#include "instance.h"

enum { ROUNDS = 100, WARMING = 6 };
#define OCTETS      65537
#define OCTETS_TEXT "65537"

#define CUT(path, with)                                                                            \
    "{\"on\":\"request\",\"when\":{\"path\":\"" path "\"},\"do\":[{\"respond\":{\"body\":{"        \
    "\"size\":200000},\"cut\":{\"after_body_bytes\":" OCTETS_TEXT ",\"with\":\"" with "\"}}}]}"

static const char scenario_text[] =
    "{\"fakeproxy\":1,\"id\":\"calibrate/cuts\",\"proxy\":{\"rules\":[" CUT(
        "/reset", "reset") "," CUT("/close", "close") ",{\"on\":\"request\",\"do\":[{\"respond\":{"
                                                      "\"status\":200}}]}]}}";

static const struct {
    const char *name, *path;
    int warming; /* requests before */
    bool by_reset;
} kinds[CALIBRATE_CUTS] = {
    { "reset, fresh connection", "/reset", 0, true },
    { "reset, warmed connection", "/reset", WARMING, true },
    { "close", "/close", 0, false },
};

/* ---- the client, in a process of its own ----------------------------------------------------- */

static int dial(int port)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr = { htonl(INADDR_LOOPBACK) } };
    struct timeval patience = { .tv_sec = 10 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
        return fd;
    close(fd);
    return -1;
}

static void ask(int fd, const char *path)
{
    char text[128];
    int len = snprintf(text, sizeof(text),
                       "GET http://calibrate.invalid%s HTTP/1.1\r\nHost: calibrate.invalid\r\n\r\n",
                       path);
    if (send(fd, text, (size_t)len, MSG_NOSIGNAL) < 0)
        return; /* what comes back will say so */
}

/* Reads to the end, or to the end of a header block and so many octets. How many octets came
 * behind the header block; -1: none was found. */
static long read_answer(int fd, long most, int *error)
{
    static char data[OCTETS * 4];
    size_t len = 0;
    char *body = NULL;
    ssize_t n = 0;
    while (len < sizeof(data) - 1 && !(body && most >= 0 && data + len - body >= most)) {
        n = recv(fd, data + len, sizeof(data) - 1 - len, 0);
        if (n <= 0)
            break;
        len += (size_t)n;
        data[len] = '\0';
        if (!body && (body = strstr(data, "\r\n\r\n")))
            body += 4;
    }
    *error = n < 0 ? errno : 0;
    return body ? (long)(data + len - body) : -1;
}

/* The mark that a warming request's answer carries is shorter than this and comes in one piece. */
static void warm(int fd, int times)
{
    int error;
    for (int i = 0; i < times; i++) {
        ask(fd, "/");
        read_answer(fd, 1, &error);
    }
}

static bool is_exact(int port, size_t kind)
{
    int error, fd = dial(port);
    if (fd < 0)
        return false;
    warm(fd, kinds[kind].warming);
    ask(fd, kinds[kind].path);
    long octets = read_answer(fd, -1, &error);
    close(fd);
    return octets == OCTETS && error == (kinds[kind].by_reset ? ECONNRESET : 0);
}

static _Noreturn void be_client(int port, int out)
{
    size_t exact[CALIBRATE_CUTS] = { 0 };
    for (int round = 0; round < ROUNDS; round++)
        for (size_t kind = 0; kind < CALIBRATE_CUTS; kind++)
            exact[kind] += is_exact(port, kind);
    _exit(write(out, exact, sizeof(exact)) == (ssize_t)sizeof(exact) ? 0 : 1);
}

/* ---- the play -------------------------------------------------------------------------------- */

struct trial {
    struct loop loop;
    struct scenario_set set;
    struct instance *instance;
    int64_t settled[CALIBRATE_CUTS][ROUNDS]; /* ms */
    size_t count[CALIBRATE_CUTS];
    struct event *over;
};

static void note_settle(void *arg, const struct fp_event *e)
{
    struct trial *t = arg;
    const struct event_value *settle = event_get(e, FIELD_settle_ms);
    const struct event_value *exchange = event_get(e, FIELD_exchange);
    if (e->kind != EVENT_close || !settle || !exchange)
        return;
    size_t kind = exchange->number > 1; /* fresh, warmed */
    if (t->count[kind] < ROUNDS)
        t->settled[kind][t->count[kind]++] = settle->number;
}

static void on_over(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    event_base_loopbreak(((struct trial *)arg)->loop.base);
}

static int start(struct trial *t)
{
    struct complaints *complaints = complaints_new();
    struct instance_options options = { 0 };
    char *error = NULL;
    int result =
        scenario_load_text(scenario_text, strlen(scenario_text), "calibrate", &t->set, complaints);
    if (result < 0)
        complaints_print(complaints, stderr);
    complaints_free(complaints);
    if (result < 0 || loop_init(&t->loop) < 0)
        return -1;
    t->instance = instance_start(&t->loop, t->set.scenarios[0], &options, &error);
    if (!t->instance)
        fprintf(stderr, "fakeproxy: %s\n", error);
    else
        journal_listen(instance_journal(t->instance), note_settle, t);
    free(error);
    return t->instance ? 0 : -1;
}

/* Plays until the child has written what it saw, or ended without. */
static int play_for(struct trial *t, int in, size_t exact[CALIBRATE_CUTS])
{
    t->over = event_new(t->loop.base, in, EV_READ, on_over, t);
    event_add(t->over, NULL);
    event_base_dispatch(t->loop.base);
    event_free(t->over);
    size_t size = CALIBRATE_CUTS * sizeof(*exact);
    return read(in, exact, size) == (ssize_t)size ? 0 : -1;
}

static int try_all(struct trial *t, size_t exact[CALIBRATE_CUTS])
{
    int ends[2];
    int port = atoi(strrchr(instance_address(t->instance, SCENARIO_PROXY), ':') + 1);
    if (pipe(ends) < 0)
        return -1;
    pid_t child = fork();
    if (child == 0)
        be_client(port, ends[1]);
    close(ends[1]);
    int result = child < 0 ? -1 : play_for(t, ends[0], exact);
    close(ends[0]);
    if (child > 0)
        waitpid(child, NULL, 0);
    return result;
}

static void stop(struct trial *t)
{
    instance_stop(t->instance);
    loop_free(&t->loop);
    scenario_set_free(&t->set);
}

int calibrate_cuts(struct calibration *c)
{
    struct trial *t = calloc(1, sizeof(*t));
    size_t exact[CALIBRATE_CUTS] = { 0 };
    if (!t)
        abort();
    t->loop.spare_fd = -1;
    int result = start(t) < 0 ? -1 : try_all(t, exact);
    if (result < 0)
        fprintf(stderr, "fakeproxy: the cuts could not be tried: %s\n", strerror(errno));
    for (size_t i = 0; i < CALIBRATE_CUTS; i++)
        c->cuts[i] = (struct cuts){
            .name = kinds[i].name,
            .tried = ROUNDS,
            .exact = exact[i],
            .settles = kinds[i].by_reset,
            .half = calibrate_share(t->settled[i], t->count[i], 0.5),
            .longest = calibrate_share(t->settled[i], t->count[i], 1),
        };
    stop(t);
    free(t);
    return result;
}
