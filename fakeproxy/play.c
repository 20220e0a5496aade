/*
 * Playing from the command line.
 */
#include "play.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "catalogue.h"
#include "clock.h"
#include "complaints.h"
#include "journal_json.h"
#include "judge.h"
#include "log.h"
#include "timer.h"

enum { DEFAULT_PORT = 8888 };

static const int64_t FLUSH_EVERY = 100 * CLOCK_MS;

/* One scenario being played, and what is known of it for the summary. */
struct part {
    const struct scenario *scenario;
    struct instance *instance;
    char *name; /* id, or id@variant */
    struct log *log;
    uint64_t requests, rules_played;
};

struct play {
    const struct options *options;
    struct log_style log;
    struct loop loop;
    struct scenario_set *sets;
    size_t set_count;
    struct part *parts;
    size_t part_count;
    struct journal_file *journal;
    struct judge *judge;
    struct timer flush, timeout;
    struct event *interrupts[2];
    int exit_code; /* of a failure; else EXIT_OK */
};

static void fail(struct play *p, int code)
{
    p->exit_code = code;
    event_base_loopbreak(p->loop.base);
}

/* ---- what ends a play ------------------------------------------------------------------------ */

static void on_signal(evutil_socket_t signal, short what, void *arg)
{
    (void)signal;
    (void)what;
    event_base_loopbreak(((struct play *)arg)->loop.base);
}

static void on_timeout(void *arg)
{
    struct play *p = arg;
    fprintf(stderr, "fakeproxy: --timeout passed\n");
    fail(p, EXIT_HARNESS);
}

static void on_journal_failed(void *arg)
{
    struct play *p = arg;
    fprintf(stderr,
            "fakeproxy: the journal %s cannot be written: %s; nothing after this is in it\n",
            p->options->journal, strerror(errno));
    fail(p, EXIT_HARNESS);
}

static void on_flush(void *arg)
{
    struct play *p = arg;
    journal_file_flush(p->journal);
    timer_set(&p->flush, clock_now() + FLUSH_EVERY);
}

/* ---- starting -------------------------------------------------------------------------------- */

/* Ten thousand connections need descriptors; children get the old limit back. */
static void raise_fd_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int load(struct play *p)
{
    int n = p->options->scenario_count;
    p->sets = calloc((size_t)n, sizeof(*p->sets));
    if (!p->sets)
        abort();
    for (; p->set_count < (size_t)n; p->set_count++) {
        struct complaints *complaints = complaints_new();
        int result =
            catalogue_load(p->options->scenarios[p->set_count], &p->sets[p->set_count], complaints);
        if (result < 0)
            complaints_print(complaints, stderr);
        complaints_free(complaints);
        if (result < 0)
            return -1;
        p->part_count += p->sets[p->set_count].count;
    }
    return 0;
}

static bool is_text(const struct event_value *v, const char *z)
{
    return v && strlen(z) == v->len && memcmp(z, v->text, v->len) == 0;
}

/* Requests are the client's own: what a proxy passes on to an origin is not counted again. */
static void count_event(void *arg, const struct fp_event *e)
{
    struct part *part = arg;
    if (e->kind == EVENT_request && !is_text(event_get(e, FIELD_via), "forward"))
        part->requests++;
    part->rules_played += e->kind == EVENT_rule;
}

static char *name_of(const struct scenario *s)
{
    char *name;
    if (asprintf(&name, "%s%s%s", s->id, s->variant ? "@" : "", s->variant ? s->variant : "") < 0)
        abort();
    return name;
}

static int start_part(struct play *p, struct part *part, bool is_first)
{
    const struct scenario *s = part->scenario;
    const struct options *o = p->options;
    assert(s);
    struct instance_options options = { .listen_host = o->listen_host,
                                        .upstreams = o->upstreams,
                                        .upstream_count = o->upstream_count,
                                        .seed = o->seed };
    if (s->check_count)
        options.journal_octets = JUDGE_JOURNAL_OCTETS;
    if (is_first)
        options.listen_port = o->listen_port >= 0 ? o->listen_port : DEFAULT_PORT;
    char *error = NULL;
    part->instance = instance_start(&p->loop, s, &options, &error);
    if (!part->instance) {
        fprintf(stderr,
                "fakeproxy: %s; choose another address with --listen ADDR:PORT (port 0: any free "
                "one)\n",
                error ? error : "out of memory");
        free(error);
        return EXIT_HARNESS;
    }
    const char *told = p->part_count > 1 ? part->name : NULL;
    struct journal *journal = instance_journal(part->instance);
    journal_listen(journal, count_event, part);
    if (!o->quiet) {
        part->log = log_new(&p->log, told);
        log_add(part->log, journal);
    }
    if (p->journal)
        journal_file_add(p->journal, journal, told);
    return EXIT_OK;
}

static int start(struct play *p)
{
    size_t n = 0;
    p->parts = calloc(p->part_count, sizeof(*p->parts));
    if (!p->parts)
        abort();
    for (size_t i = 0; i < p->set_count; i++)
        for (size_t k = 0; k < p->sets[i].count; k++, n++) {
            p->parts[n].scenario = p->sets[i].scenarios[k];
            p->parts[n].name = name_of(p->parts[n].scenario);
            int width = (int)strlen(p->parts[n].name);
            if (width > p->log.name_width)
                p->log.name_width = width;
        }
    for (n = 0; n < p->part_count; n++) {
        int code = start_part(p, &p->parts[n], n == 0);
        if (code != EXIT_OK)
            return code;
    }
    return EXIT_OK;
}

/* ---- saying where it listens ----------------------------------------------------------------- */

static void add_url(struct buf *b, const char *name, const char *scheme, const char *address)
{
    buf_printf(b, "%s\"%s\":\"%s://%s\"", b->len > 1 ? "," : "", name, scheme, address);
}

static void ready_line(struct play *p, const struct part *part, struct buf *b)
{
    const struct scenario *s = part->scenario;
    struct buf line = { 0 };
    buf_char(&line, '{');
    for (size_t i = 0; i < s->actor_count; i++) {
        const struct actor *a = &s->actors[i];
        const char *address = instance_address(part->instance, i);
        add_url(&line, a->name, a->is_proxy && a->tls.on ? "https" : "http", address);
        if (!a->is_proxy) {
            char name[128];
            snprintf(name, sizeof(name), "%s_tls", a->name);
            add_url(&line, name, "https", address);
            buf_printf(&line, ",\"%s_host\":\"%s\"", a->name, instance_host(part->instance, i));
        }
    }
    buf_add(b, line.at, line.len);
    buf_free(&line);
    buf_string(b, ",\"id\":");
    buf_json(b, s->id, strlen(s->id));
    if (s->variant) {
        buf_string(b, ",\"variant\":");
        buf_json(b, s->variant, strlen(s->variant));
    }
    if (p->options->ca_file) {
        buf_string(b, ",\"ca_file\":");
        buf_json(b, p->options->ca_file, strlen(p->options->ca_file));
    }
    buf_string(b, "}\n");
}

static FILE *open_ready(const char *name)
{
    char *end;
    if (strncmp(name, "fd:", 3) != 0)
        return fopen(name, "we");
    long fd = strtol(name + 3, &end, 10);
    errno = EBADF;
    return name[3] && !*end ? fdopen(dup((int)fd), "w") : NULL;
}

static int write_ready(struct play *p)
{
    if (!p->options->ready)
        return 0;
    struct buf lines = { 0 };
    for (size_t i = 0; i < p->part_count; i++)
        ready_line(p, &p->parts[i], &lines);
    FILE *f = open_ready(p->options->ready);
    int result = f && fwrite(lines.at, 1, lines.len, f) == lines.len ? 0 : -1;
    if (f && fclose(f) != 0)
        result = -1;
    if (result < 0)
        fprintf(stderr, "fakeproxy: --ready %s cannot be written: %s\n", p->options->ready,
                strerror(errno));
    buf_free(&lines);
    return result;
}

static int write_ca(struct play *p)
{
    if (!p->options->ca_file)
        return 0;
    FILE *f = fopen(p->options->ca_file, "we");
    int result = f ? certs_write_ca(p->loop.certs, f) : -1;
    if (f && fclose(f) != 0)
        result = -1;
    if (result < 0)
        fprintf(stderr, "fakeproxy: --ca-file %s cannot be written: %s\n", p->options->ca_file,
                strerror(errno));
    return result;
}

static void say_where(struct play *p, const struct part *part, size_t i)
{
    static const char *const states[] = {
        [LISTEN_OPEN] = "",
        [LISTEN_REFUSED] = ", which refuses connections",
        [LISTEN_BLACKHOLE] = ", which never answers a SYN",
        [LISTEN_LATE] = ", which opens later",
    };
    const struct actor *a = &part->scenario->actors[i];
    const char *address = instance_address(part->instance, i);
    fprintf(p->log.out, "  %-7s ", a->name);
    if (a->is_proxy)
        fprintf(p->log.out, "%s://%s", a->tls.on ? "https" : "http", address);
    else if (i == SCENARIO_ORIGIN)
        fprintf(p->log.out, "any host name, through the proxy; directly http(s)://%s", address);
    else
        fprintf(p->log.out, "%s, through the proxy; directly http(s)://%s",
                instance_host(part->instance, i), address);
    fprintf(p->log.out, "%s\n", states[a->listen]);
}

static void say_hello(struct play *p)
{
    if (p->options->quiet)
        return;
    for (size_t i = 0; i < p->part_count; i++) {
        const struct scenario *s = p->parts[i].scenario;
        fprintf(p->log.out, "%s%s%s\n", p->parts[i].name, s->title ? ": " : "",
                s->title ? s->title : "");
        for (size_t k = 0; k < s->actor_count; k++)
            say_where(p, &p->parts[i], k);
    }
    if (isatty(fileno(p->log.out)))
        fprintf(p->log.out, "Ctrl-C ends it.\n");
    fflush(p->log.out);
}

/* ---- the end --------------------------------------------------------------------------------- */

static const char *how_it_went(const struct play *p, size_t i)
{
    return judge_was_played(p->judge, i) ? "the scenario was put to the test"
           : p->parts[i].requests        ? "its fault was never reached"
                                         : "no request ever came";
}

static void sum_up(struct play *p)
{
    for (size_t i = 0; i < p->part_count && !p->options->quiet; i++) {
        const struct part *part = &p->parts[i];
        fprintf(p->log.out, "%s: requests: %llu, rules played: %llu; ", part->name,
                (unsigned long long)part->requests, (unsigned long long)part->rules_played);
        if (!judge_print(p->judge, i, p->log.out))
            fprintf(p->log.out, "%s\n", how_it_went(p, i));
    }
}

/* The case is over: what follows is our own clearing away. */
static void judge_parts(struct play *p)
{
    for (size_t i = 0; i < p->part_count; i++) {
        log_mute(p->parts[i].log);
        judge_part(p->judge, p->parts[i].name, p->parts[i].instance);
    }
}

/* The last events: connections that are still open end. */
static void stop_parts(struct play *p)
{
    for (size_t i = 0; i < p->part_count && p->parts; i++) {
        instance_stop(p->parts[i].instance);
        p->parts[i].instance = NULL;
    }
}

static void stop(struct play *p)
{
    stop_parts(p);
    judge_free(p->judge);
    for (size_t i = 0; i < p->part_count && p->parts; i++) {
        log_free(p->parts[i].log);
        free(p->parts[i].name);
    }
    free(p->parts);
    for (size_t i = 0; i < p->set_count; i++)
        scenario_set_free(&p->sets[i]);
    free(p->sets);
    for (size_t i = 0; i < 2; i++)
        if (p->interrupts[i])
            event_free(p->interrupts[i]);
    loop_free(&p->loop);
}

static void listen_for_ends(struct play *p)
{
    static const int signals[2] = { SIGINT, SIGTERM };
    for (size_t i = 0; i < 2; i++) {
        p->interrupts[i] = evsignal_new(p->loop.base, signals[i], on_signal, p);
        event_add(p->interrupts[i], NULL);
    }
    timer_init(&p->timeout, p->loop.base, on_timeout, p);
    if (p->options->timeout)
        timer_set(&p->timeout, clock_now() + p->options->timeout);
    timer_init(&p->flush, p->loop.base, on_flush, p);
    if (p->journal)
        timer_set(&p->flush, clock_now() + FLUSH_EVERY);
}

static int open_journal(struct play *p)
{
    if (!p->options->journal)
        return 0;
    p->journal = journal_file_open(p->options->journal, p->options->upstream_count > 0,
                                   on_journal_failed, p);
    if (p->journal)
        return 0;
    fprintf(stderr, "fakeproxy: --journal %s cannot be opened: %s\n", p->options->journal,
            strerror(errno));
    return -1;
}

static int run(struct play *p)
{
    if (load(p) < 0)
        return EXIT_USAGE;
    if (loop_init(&p->loop) < 0) {
        fprintf(stderr, "fakeproxy: the event loop could not be made: %s\n", strerror(errno));
        return EXIT_HARNESS;
    }
    if (open_journal(p) < 0)
        return EXIT_HARNESS;
    if (!(p->judge = judge_new(p->options, p->part_count)))
        return EXIT_HARNESS;
    int code = start(p);
    if (code != EXIT_OK)
        return code;
    listen_for_ends(p);
    if (write_ca(p) < 0 || write_ready(p) < 0)
        return EXIT_HARNESS;
    say_hello(p);
    event_base_dispatch(p->loop.base);
    judge_parts(p);
    stop_parts(p);
    sum_up(p);
    code = p->exit_code != EXIT_OK ? p->exit_code : judge_exit_code(p->judge);
    return judge_write_reports(p->judge, code) < 0 ? EXIT_HARNESS : code;
}

int play(const struct options *options)
{
    struct play p = { .options = options, .log = { .out = stdout } };
    if (options->journal && strcmp(options->journal, "-") == 0)
        p.log.out = stderr; /* standard output is the journal's */
    raise_fd_limit();
    setvbuf(p.log.out, NULL, _IOLBF, 0);
    int code = run(&p);
    stop(&p);
    if (journal_file_close(p.journal) < 0 && code != EXIT_HARNESS) {
        fprintf(stderr, "fakeproxy: the journal %s cannot be written: %s\n", options->journal,
                strerror(errno));
        code = EXIT_HARNESS;
    }
    return code;
}
