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
#include "play_ca.h"
#include "play_command.h"
#include "play_environment.h"
#include "play_part.h"
#include "play_ready.h"
#include "timer.h"

enum { DEFAULT_PORT = 8888, SIGNALS = 4 };

static const int64_t FLUSH_EVERY = 100 * CLOCK_MS;
static const int64_t QUIET = 20 * CLOCK_MS;

struct play {
    const struct options *options;
    struct log_style log;
    struct loop loop;
    struct scenario_set *sets;
    size_t set_count;
    struct play_part *parts;
    size_t part_count;
    struct journal_file *journal;
    struct judge *judge;
    struct timer flush, timeout, quiet;
    struct event *interrupts[SIGNALS];
    rlim_t descriptors; /* the soft limit of open files before we raised it */
    struct play_ca ca;
    struct buf ready; /* the lines of --ready */
    struct environment environment;
    struct play_command *command; /* NULL: none was asked for */
    int64_t quiet_until;          /* when the case is over at the latest, once COMMAND has ended */
    int exit_code;                /* of a failure; else EXIT_OK */
};

/* ---- what ends a play ------------------------------------------------------------------------ */

/* A COMMAND goes first: its end is the end of the play. */
static void end(struct play *p)
{
    if (play_command_lives(p->command))
        play_command_stop(p->command);
    else
        event_base_loopbreak(p->loop.base);
}

static void fail(struct play *p, int code)
{
    p->exit_code = code;
    end(p);
}

static void on_signal(evutil_socket_t signal, short what, void *arg)
{
    (void)signal;
    (void)what;
    end(arg);
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

/* Everything of COMMAND is dead, so its connections end by themselves, and no new ones come behind
 * those that wait to be accepted: the case need not go on for all of its `watch`. */
static void on_quiet(void *arg)
{
    struct play *p = arg;
    int64_t now = clock_now();
    bool is_open = false;
    for (size_t i = 0; i < p->part_count; i++)
        is_open = is_open || instance_has_connections(p->parts[i].instance);
    if (is_open && now < p->quiet_until)
        timer_set(&p->quiet, now + QUIET);
    else
        event_base_loopbreak(p->loop.base);
}

static void on_command_ended(void *arg)
{
    struct play *p = arg;
    int64_t now = clock_now();
    for (size_t i = 0; i < p->part_count; i++)
        if (now + p->parts[i].scenario->client.watch > p->quiet_until)
            p->quiet_until = now + p->parts[i].scenario->client.watch;
    timer_set(&p->quiet, now + QUIET);
}

static void on_flush(void *arg)
{
    struct play *p = arg;
    journal_file_flush(p->journal);
    timer_set(&p->flush, clock_now() + FLUSH_EVERY);
}

/* ---- starting -------------------------------------------------------------------------------- */

/* Ten thousand connections need descriptors; children get the old limit back. */
static void raise_fd_limit(struct play *p)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        p->descriptors = limit.rlim_cur;
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

static int start_part(struct play *p, struct play_part *part, bool is_first)
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
        options.listen_port = o->listen_port >= 0 ? o->listen_port : o->program ? 0 : DEFAULT_PORT;
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
    play_part_count(part);
    if (!o->quiet) {
        part->log = log_new(&p->log, told);
        log_diagnose(part->log, s, o->upstream_count > 0);
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
            play_part_init(&p->parts[n], p->sets[i].scenarios[k]);
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

static int write_ca(struct play *p)
{
    const struct options *o = p->options;
    if (!o->ca_file && !o->program)
        return 0;
    return play_ca_write(&p->ca, p->loop.certs, o->ca_file, o->program != NULL);
}

static int write_ready(struct play *p)
{
    for (size_t i = 0; i < p->part_count; i++)
        play_ready_line(&p->ready, p->parts[i].instance, p->ca.path);
    return p->options->ready ? play_ready_write(p->options->ready, &p->ready) : 0;
}

static void say_command(struct play *p)
{
    const struct instance *first = p->parts[0].instance;
    char *proxy = play_environment_proxy(first);
    fprintf(p->log.out, "  command ");
    play_command_say_words(p->options->program, p->log.out);
    fprintf(p->log.out, "  HTTP_PROXY, HTTPS_PROXY, ALL_PROXY: %s%s\n",
            proxy ? proxy : "not set, as the scenario says",
            play_environment_has_credentials(first) ? ", with the scenario's credentials" : "");
    fprintf(p->log.out, "  SSL_CERT_FILE, CURL_CA_BUNDLE, ...: %s\n", p->ca.path);
    free(proxy);
}

static void say_hello(struct play *p)
{
    if (p->options->quiet)
        return;
    for (size_t i = 0; i < p->part_count; i++)
        play_ready_say(p->log.out, p->parts[i].name, p->parts[i].instance);
    if (p->options->program)
        say_command(p);
    else if (isatty(fileno(p->log.out)))
        fprintf(p->log.out, "Ctrl-C ends it.\n");
    fflush(p->log.out);
}

/* ---- COMMAND --------------------------------------------------------------------------------- */

static int start_command(struct play *p)
{
    int code = EXIT_OK;
    if (!p->options->program)
        return EXIT_OK;
    buf_char(&p->ready, '\0');
    play_environment_fill(&p->environment, p->parts[0].instance, p->ca.path, p->ready.at);
    struct play_command_options options = { .argv = p->options->program,
                                            .environment = &p->environment,
                                            .descriptors = p->descriptors,
                                            .ended = on_command_ended,
                                            .arg = p };
    p->command = play_command_start(p->loop.base, &options, &code);
    return code;
}

/* What must be said first: all the rest is about nothing then. */
static void say_never_used(struct play *p)
{
    bool was_direct;
    if (!play_parts_are_unused(p->parts, p->part_count, &was_direct))
        return;
    fprintf(stderr,
            "fakeproxy: %s never used the proxy%s. HTTP_PROXY, HTTPS_PROXY and ALL_PROXY named it, "
            "in capital and in small letters.\n           %s.\n",
            p->options->program[0], was_direct ? ": it asked the origin directly" : "",
            play_command_hint(p->options->program[0]));
}

static void say_command_end(struct play *p)
{
    if (!p->command)
        return;
    say_never_used(p);
    if (p->options->quiet)
        return;
    fprintf(p->log.out, "command%s: ", play_command_failed(p->command) ? " failed" : "");
    play_command_say(p->command, p->log.out);
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
    say_command_end(p);
    for (size_t i = 0; i < p->part_count && !p->options->quiet; i++) {
        const struct play_part *part = &p->parts[i];
        fprintf(p->log.out, "%s: requests: %llu, rules played: %llu; ", part->name,
                (unsigned long long)part->requests, (unsigned long long)part->rules_played);
        if (!judge_print(p->judge, i, p->log.out))
            fprintf(p->log.out, "%s\n", how_it_went(p, i));
        judge_explain(p->judge, i, p->log.out);
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
    play_command_free(p->command);
    stop_parts(p);
    play_ca_free(&p->ca);
    buf_free(&p->ready);
    environment_free(&p->environment);
    judge_free(p->judge);
    for (size_t i = 0; i < p->part_count && p->parts; i++) {
        log_free(p->parts[i].log);
        play_part_free(&p->parts[i]);
    }
    free(p->parts);
    for (size_t i = 0; i < p->set_count; i++)
        scenario_set_free(&p->sets[i]);
    free(p->sets);
    for (size_t i = 0; i < SIGNALS; i++)
        if (p->interrupts[i])
            event_free(p->interrupts[i]);
    loop_free(&p->loop);
}

static void listen_for_ends(struct play *p)
{
    static const int signals[SIGNALS] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    struct sigaction before;
    for (size_t i = 0; i < SIGNALS; i++) {
        bool is_ignored = sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN;
        if (signals[i] == SIGHUP && is_ignored)
            continue; /* nohup(1) */
        p->interrupts[i] = evsignal_new(p->loop.base, signals[i], on_signal, p);
        event_add(p->interrupts[i], NULL);
    }
    timer_init(&p->quiet, p->loop.base, on_quiet, p);
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

/* The worst of what happened: we failed, a verdict or COMMAND, nothing was put to the test. */
static int exit_code(const struct play *p)
{
    int code = judge_exit_code(p->judge);
    if (p->exit_code != EXIT_OK)
        return p->exit_code;
    if (code != EXIT_HARNESS && play_command_failed(p->command))
        return EXIT_VERDICT;
    bool was_direct,
        is_unused = p->command && play_parts_are_unused(p->parts, p->part_count, &was_direct);
    return code == EXIT_OK && is_unused ? EXIT_NOTHING : code;
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
    code = start_command(p);
    if (code != EXIT_OK)
        return code;
    event_base_dispatch(p->loop.base);
    judge_parts(p);
    stop_parts(p);
    sum_up(p);
    code = exit_code(p);
    int written = judge_write_reports(p->judge, play_command_result(p->command), code);
    return written < 0 ? EXIT_HARNESS : code;
}

int play(const struct options *options)
{
    struct play p = { .options = options, .log = { .out = stdout } };
    if (options->program || (options->journal && strcmp(options->journal, "-") == 0))
        p.log.out = stderr; /* standard output is COMMAND's, or the journal's */
    raise_fd_limit(&p);
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
