/*
 * fakeproxy --scenario ... -- COMMAND: exit status, what COMMAND finds, and that nothing of it
 * outlives the play. A COMMAND tells what it has done through a FIFO; whatever holds the FIFO open
 * lives, so its end of file says that all of it is dead.
 */
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

/* ---- a play with a COMMAND ------------------------------------------------------------------- */

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

static void expect_no_process(const struct run *r, const char *word)
{
    const char *at = strstr(r->text, word);
    pid_t pid = at ? (pid_t)strtol(at + strlen(word), NULL, 10) : 0;
    if (pid <= 0)
        fail_here("COMMAND has not said '%s', but: %s", word, r->text);
    if (kill(pid, 0) == 0 || errno != ESRCH)
        fail_here("process %d, '%s', still lives", (int)pid, word);
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

static const cJSON *command_in(const struct run *r)
{
    const cJSON *command = cJSON_GetObjectItem(r->json, "command");
    if (!command)
        fail_here("the report has no command");
    return command;
}

static void expect_order(const char *text, const char *first, const char *then)
{
    const char *a = strstr(text, first), *b = strstr(text, then);
    if (!a || !b || a > b)
        fail_here("expected '%s' and then '%s' in:\n%s", first, then, text);
}

/* ---- exit status ----------------------------------------------------------------------------- */

static void all_well_is_0(void **state)
{
    (void)state;
    struct run r = play_of(GET "echo done");
    see_end(&r, 0);
    expect_order(r.output, "command: exit status 0", "pass");
    assert_int_equal(cJSON_GetObjectItem(command_in(&r), "exit")->valueint, 0);
    const cJSON *argv = cJSON_GetObjectItem(command_in(&r), "argv");
    assert_string_equal(cJSON_GetArrayItem(argv, 1)->valuestring, "-c");
    clear_away(&r);
}

static void a_missed_must_is_1(void **state)
{
    (void)state;
    struct run r = play_of(GET GET "exit 0");
    see_end(&r, 1);
    expect_order(r.output, "command: exit status 0", "2 requests; expected at most 1");
    clear_away(&r);
}

static void a_command_that_fails_is_1(void **state)
{
    (void)state;
    struct run r = play_of(GET "exit 7");
    see_end(&r, 1);
    expect_order(r.output, "command failed: exit status 7", "pass");
    assert_int_equal(cJSON_GetObjectItem(command_in(&r), "exit")->valueint, 7);
    assert_int_equal(cJSON_GetObjectItem(r.json, "exit")->valueint, 1);
    clear_away(&r);
}

static void a_command_that_is_killed_is_1(void **state)
{
    (void)state;
    struct run r = play_of(GET "kill -SEGV $$");
    see_end(&r, 1);
    expect_in(r.output, "command failed: ended by SIGSEGV");
    assert_string_equal(cJSON_GetObjectItem(command_in(&r), "signal")->valuestring, "SIGSEGV");
    clear_away(&r);
}

static void junit_has_it(void **state)
{
    (void)state;
    char path[64], argument[80], *output;
    snprintf(path, sizeof(path), "/tmp/fakeproxy-junit-%d", (int)getpid());
    snprintf(argument, sizeof(argument), "junit:%s", path);
    const char *arguments[] = { "--scenario", idle_reset, "--report",     argument, "--",
                                "/bin/sh",    "-c",       "exit 7 # <&>", NULL };
    assert_int_equal(program_run(FP_PROGRAM, arguments, PATIENCE, &output), 1);
    free(output);
    char text[4096];
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    unlink(path);
    expect_in(text, "<testsuite name=\"COMMAND\" tests=\"1\" failures=\"1\"");
    expect_in(text,
              "name=\"/bin/sh -c exit 7 # &lt;&amp;&gt;\"><failure message=\"exit status 7\"/>");
}

static void what_cannot_be_run_is_2(void **state)
{
    (void)state;
    static const char *const names[] = { "fakeproxy-no-such-command", "/", "/etc/passwd" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *output;
        const char *arguments[] = { "--scenario", idle_reset, "--", names[i], NULL };
        assert_int_equal(program_run(FP_PROGRAM, arguments, PATIENCE, &output), 2);
        expect_in(output, "cannot be run: ");
        free(output);
    }
}

static void never_used_is_4_and_said_first(void **state)
{
    (void)state;
    struct run r = play_of("exit 0");
    see_end(&r, 4);
    expect_order(r.output, "/bin/sh never used the proxy", "command: exit status 0");
    expect_order(r.output, "command: exit status 0", "no request ever came");
    clear_away(&r);
}

static void asking_the_origin_directly_is_not_using_it(void **state)
{
    (void)state;
    struct run r = play_of("curl -s --noproxy '*' -o /dev/null $FAKEPROXY_ORIGIN/");
    see_end(&r, 4);
    expect_in(r.output, "never used the proxy: it asked the origin directly");
    clear_away(&r);
}

static void never_used_and_failed_is_1(void **state)
{
    (void)state;
    struct run r = play_of("exit 3");
    see_end(&r, 1);
    expect_order(r.output, "never used the proxy", "command failed: exit status 3");
    clear_away(&r);
}

static void one_that_used_it_is_not_accused(void **state)
{
    (void)state;
    struct run r = play_of(GET "exit 0");
    see_end(&r, 0);
    assert_null(strstr(r.output, "never used"));
    clear_away(&r);
}

/* ---- being ended ----------------------------------------------------------------------------- */

static const char *const soon[] = { "--timeout", "2s" };

static void timeout_is_3(void **state)
{
    (void)state;
    struct run r = play_with(one_at_most, "echo pid $$ >&9; exec sleep 1000",
                             (struct program_options){ .arguments = soon });
    hear(&r, "\n");
    see_end(&r, 3);
    expect_in(r.output, "--timeout passed");
    expect_in(r.output, "command failed: ended by SIGTERM, because fakeproxy ended it");
    expect_no_process(&r, "pid ");
    assert_int_equal(cJSON_GetObjectItem(r.json, "exit")->valueint, 3);
    clear_away(&r);
}

static void one_that_ignores_sigterm_is_killed(void **state)
{
    (void)state;
    struct run r = play_with(one_at_most,
                             "trap '' TERM; echo pid $$ >&9; while :; do sleep 1000; "
                             "done",
                             (struct program_options){ .arguments = soon });
    hear(&r, "\n");
    see_end(&r, 3);
    expect_in(r.output, "ended by SIGKILL");
    expect_no_process(&r, "pid ");
    clear_away(&r);
}

static void one_that_stopped_itself_is_ended(void **state)
{
    (void)state;
    struct run r = play_with(one_at_most, "echo pid $$ >&9; kill -STOP $$; exit 0",
                             (struct program_options){ .arguments = soon });
    hear(&r, "\n");
    see_end(&r, 3);
    expect_in(r.output, "ended by SIGTERM");
    expect_no_process(&r, "pid ");
    clear_away(&r);
}

/* The signal ends it in good order, verdict and all. */
static void expect_end_by(int signal)
{
    struct run r = play_of(GET "echo pid $$ >&9; exec sleep 1000");
    hear(&r, "\n");
    kill(r.program->pid, signal);
    see_end(&r, 1);
    expect_order(r.output, "command failed: ended by SIGTERM", "pass");
    expect_no_process(&r, "pid ");
    clear_away(&r);
}

static void sigint_gives_the_verdict(void **state)
{
    (void)state;
    expect_end_by(SIGINT);
}

static void sigterm_gives_the_verdict(void **state)
{
    (void)state;
    expect_end_by(SIGTERM);
}

static void sighup_gives_the_verdict(void **state)
{
    (void)state;
    expect_end_by(SIGHUP);
}

static void sigquit_gives_the_verdict(void **state)
{
    (void)state;
    expect_end_by(SIGQUIT);
}

static void a_command_that_ends_well_at_sigterm_is_0(void **state)
{
    (void)state;
    struct run r = play_of(GET "trap 'exit 0' TERM; echo pid >&9; while :; do sleep 0.2; done");
    hear(&r, "pid");
    kill(r.program->pid, SIGTERM);
    see_end(&r, 0);
    clear_away(&r);
}

static void a_second_signal_kills(void **state)
{
    (void)state;
    struct run r = play_of("trap 'echo term >&9' TERM; echo pid >&9; while :; do sleep 0.2 9>&-; "
                           "done");
    hear(&r, "pid");
    kill(r.program->pid, SIGTERM);
    hear(&r, "term");
    kill(r.program->pid, SIGTERM);
    see_end(&r, 1);
    expect_in(r.output, "ended by SIGKILL");
    clear_away(&r);
}

/* ---- what it leaves behind ------------------------------------------------------------------- */

static void expect_gone(const char *script)
{
    struct run r = play_of(script);
    hear(&r, "pid ");
    hear(&r, "\n");
    see_end(&r, 0);
    expect_no_process(&r, "pid ");
    clear_away(&r);
}

static void its_background_jobs_end_with_it(void **state)
{
    (void)state;
    expect_gone(GET "trap '' TERM HUP; sleep 1000 & echo pid $! >&9; exit 0");
}

static void its_daemons_end_with_it(void **state)
{
    (void)state;
    expect_gone(GET "mkfifo $FIFO.2; (setsid sh -c 'trap \"\" TERM HUP; echo pid $$ >&9; "
                    "echo >$FIFO.2; exec sleep 1000' &); read x <$FIFO.2; rm $FIFO.2; exit 0");
}

static void its_daemons_without_environment_end_with_it(void **state)
{
    (void)state;
    expect_gone(GET "mkfifo $FIFO.2; setsid env -i FIFO=$FIFO /bin/sh -c 'echo pid $$ >&9; "
                    "echo >$FIFO.2; exec /bin/sleep 1000' & read x <$FIFO.2; rm $FIFO.2; exit 0");
}

static void its_daemons_end_at_the_timeout(void **state)
{
    (void)state;
    struct run r = play_with(one_at_most,
                             "(setsid sh -c 'echo pid $$ >&9; exec sleep 1000' &); "
                             "trap '' TERM; while :; do sleep 1000; done",
                             (struct program_options){ .arguments = soon });
    hear(&r, "pid ");
    hear(&r, "\n");
    see_end(&r, 3);
    expect_no_process(&r, "pid ");
    clear_away(&r);
}

/* ---- the end of the case --------------------------------------------------------------------- */

/* What it began at the proxy is played on: curl is gone long before the origin answers. */
static void what_it_began_is_played_to_its_end(void **state)
{
    (void)state;
    struct run r =
        play_with("{'title':'t','layer':'gateway','origin':{'rules':[{'name':'late','on':'request',"
                  "'fault':true,'do':[{'wait':'400ms'},{'respond':{'status':503}}]}]},'client':{'"
                  "watch':'20s',"
                  "'steps':[{'url':'http://{origin}/'}]},'expect':{'one':{'level':'must',"
                  "'count':{'event':'request','at':'origin'},'max':1}}}",
                  "curl -s -m 0.05 http://a.test/; exit 0", (struct program_options){ 0 });
    see_end(&r, 0);
    expect_order(r.output, "origin #1.1   answers 503", "command: exit status 0");
    clear_away(&r);
}

/* ---- what it finds --------------------------------------------------------------------------- */

/* The value of a variable that COMMAND printed with env(1). */
static const char *variable(const struct run *r, const char *name)
{
    static char value[4096];
    char line[128];
    snprintf(line, sizeof(line), "\n%s=", name);
    const char *at = strstr(r->text, line);
    if (!at)
        return NULL;
    at += strlen(line);
    snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\n"), at);
    return value;
}

static void expect_variable(const struct run *r, const char *name, const char *expected)
{
    const char *value = variable(r, name);
    if (!value || strcmp(value, expected) != 0)
        fail_here("%s is '%s', expected '%s'", name, value ? value : "(not set)", expected);
}

static struct run environment_in(const char *scenario)
{
    struct run r = play_with(scenario, "(echo; env; echo .end.) >&9; exit 0",
                             (struct program_options){ .journal = "" });
    hear(&r, ".end.");
    see_end(&r, 4);
    return r;
}

static const char *ready_text(const struct run *r, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(r->program->ready, name));
}

static void finds_the_way(void **state)
{
    (void)state;
    static const char *const proxies[] = { "HTTP_PROXY",     "http_proxy", "HTTPS_PROXY",
                                           "https_proxy",    "ALL_PROXY",  "all_proxy",
                                           "FAKEPROXY_PROXY" };
    static const char *const cas[] = {
        "SSL_CERT_FILE",  "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
        "GIT_SSL_CAINFO", "AWS_CA_BUNDLE",  "PIP_CERT",           "CARGO_HTTP_CAINFO",
        "DENO_CERT",
    };
    setenv("NO_PROXY", "*", 1);
    setenv("no_proxy", "*", 1);
    setenv("ALL_PROXY", "http://other.example", 1);
    struct run r = environment_in(one_at_most);
    for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++)
        expect_variable(&r, proxies[i], ready_text(&r, "proxy"));
    for (size_t i = 0; i < sizeof(cas) / sizeof(cas[0]); i++)
        expect_variable(&r, cas[i], ready_text(&r, "ca_file"));
    expect_variable(&r, "FAKEPROXY_ORIGIN", ready_text(&r, "origin"));
    expect_variable(&r, "FAKEPROXY_ORIGIN_TLS", ready_text(&r, "origin_tls"));
    expect_variable(&r, "NODE_USE_ENV_PROXY", "1");
    assert_null(variable(&r, "NO_PROXY"));
    assert_null(variable(&r, "no_proxy"));
    expect_variable(&r, "FIFO", r.fifo);
    cJSON *ready = cJSON_Parse(variable(&r, "FAKEPROXY_READY"));
    assert_true(cJSON_Compare(ready, r.program->ready, true));
    cJSON_Delete(ready);
    clear_away(&r);
}

static void finds_the_credentials(void **state)
{
    (void)state;
    struct run r = environment_in(
        "{'client':{'credentials':['us/er','p:@%\u00e9'],'steps':[{'url':'http://{origin}/'}]}}");
    char url[128];
    const char *address = ready_text(&r, "proxy") + strlen("http://");
    snprintf(url, sizeof(url), "http://us%%2Fer:p%%3A%%40%%25%%C3%%A9@%s", address);
    expect_variable(&r, "HTTPS_PROXY", url);
    expect_variable(&r, "FAKEPROXY_PROXY", ready_text(&r, "proxy"));
    clear_away(&r);
}

static void finds_what_the_scenario_says(void **state)
{
    (void)state;
    struct run r = environment_in("{'proxies':{'b':{}},'client':{'proxy':'b',"
                                  "'environment':{'NO_PROXY':'{origin}','X':'1'},"
                                  "'without_proxy':['.one','.two'],"
                                  "'steps':[{'url':'http://{origin}/'}]}}");
    expect_variable(&r, "HTTP_PROXY", ready_text(&r, "b"));
    expect_variable(&r, "X", "1");
    expect_variable(&r, "no_proxy", ".one,.two");
    expect_variable(&r, "NO_PROXY", ready_text(&r, "origin_host"));
    clear_away(&r);
}

static void a_gate_lets_its_client_in(void **state)
{
    (void)state;
    struct run r = play_with("{'proxy':{'auth':{'scheme':'basic','users':{'u1':'p 1'}}},"
                             "'client':{'credentials':['u1','p 1'],"
                             "'steps':[{'url':'http://{origin}/'}]}}",
                             "test $(curl -s -o /dev/null -w '%{http_code}' http://a.test/) = 200",
                             (struct program_options){ 0 });
    int status = program_wait(r.program, PATIENCE);
    r.output = program_read(r.program, "output");
    expect_in(r.output, "command: exit status 0");
    expect_in(r.output, "with the scenario's credentials");
    assert_true(WIFEXITED(status));
    clear_away(&r);
}

static void reads_our_standard_input(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "a word\n", 7), 7);
    close(ends[1]);
    struct run r = play_with(one_at_most, GET "read x; test \"$x\" = 'a word' || exit 5; read x",
                             (struct program_options){ .input = ends[0] });
    close(ends[0]);
    see_end(&r, 1); /* the second read meets the end of file */
    expect_in(r.output, "command failed: exit status 1");
    clear_away(&r);
}

/* Ours are open beyond 2, the one of --ready too. 3 is the folder that ls reads. */
static void has_no_descriptors_of_ours(void **state)
{
    (void)state;
    const char *command[] = { "/bin/ls", "/proc/self/fd", NULL };
    struct program *p =
        program_start(FP_PROGRAM, one_at_most, &(struct program_options){ .command = command });
    assert_non_null(p);
    program_wait(p, PATIENCE);
    char *output = program_read(p, "output");
    if (!output || strncmp(output, "0\n1\n2\n3\nfakeproxy: ", 19) != 0)
        fail_here("%s", output);
    free(output);
    program_free(p, false);
}

/* ---- the CA file ----------------------------------------------------------------------------- */

/* Plays a shipped scenario; returns the exit status. */
static int run_script(const char *script, char **output)
{
    const char *arguments[] = { "--scenario", idle_reset, "--", "/bin/sh", "-c", script, NULL };
    return program_run(FP_PROGRAM, arguments, PATIENCE, output);
}

static void expect_no_file(const char *output)
{
    const char *at = strstr(output, "\nca=");
    assert_non_null(at);
    char path[256];
    snprintf(path, sizeof(path), "%.*s", (int)strcspn(at + 4, "\n"), at + 4);
    if (access(path, F_OK) == 0)
        fail_here("%s is still there", path);
}

static void curl_trusts_the_temporary_ca(void **state)
{
    (void)state;
    char *output;
    int code =
        run_script("echo; echo ca=$SSL_CERT_FILE; cd /; curl -sS https://a.test/echo", &output);
    if (code != 4) /* its rule is not about this */
        fail_here("exit status %d:\n%s", code, output);
    expect_in(output, "command: exit status 0");
    expect_in(output, "Host: a.test");
    expect_no_file(output);
    free(output);
}

static void the_ca_file_is_removed_after_failures(void **state)
{
    (void)state;
    char *output;
    assert_int_equal(
        run_script("echo; echo ca=$SSL_CERT_FILE; kill -TERM $PPID; sleep 1000", &output), 1);
    expect_no_file(output);
    free(output);
}

static void a_ca_file_that_was_asked_for_stays(void **state)
{
    (void)state;
    struct run r = play_of(GET "cd /; test -s $SSL_CERT_FILE");
    see_end(&r, 0);
    assert_int_equal(access(ready_text(&r, "ca_file"), R_OK), 0);
    clear_away(&r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(all_well_is_0),
    cmocka_unit_test(a_missed_must_is_1),
    cmocka_unit_test(a_command_that_fails_is_1),
    cmocka_unit_test(a_command_that_is_killed_is_1),
    cmocka_unit_test(junit_has_it),
    cmocka_unit_test(what_cannot_be_run_is_2),
    cmocka_unit_test(never_used_is_4_and_said_first),
    cmocka_unit_test(asking_the_origin_directly_is_not_using_it),
    cmocka_unit_test(never_used_and_failed_is_1),
    cmocka_unit_test(one_that_used_it_is_not_accused),
    cmocka_unit_test(timeout_is_3),
    cmocka_unit_test(one_that_ignores_sigterm_is_killed),
    cmocka_unit_test(one_that_stopped_itself_is_ended),
    cmocka_unit_test(sigint_gives_the_verdict),
    cmocka_unit_test(sigterm_gives_the_verdict),
    cmocka_unit_test(sighup_gives_the_verdict),
    cmocka_unit_test(sigquit_gives_the_verdict),
    cmocka_unit_test(a_command_that_ends_well_at_sigterm_is_0),
    cmocka_unit_test(a_second_signal_kills),
    cmocka_unit_test(its_background_jobs_end_with_it),
    cmocka_unit_test(its_daemons_end_with_it),
    cmocka_unit_test(its_daemons_without_environment_end_with_it),
    cmocka_unit_test(its_daemons_end_at_the_timeout),
    cmocka_unit_test(what_it_began_is_played_to_its_end),
    cmocka_unit_test(finds_the_way),
    cmocka_unit_test(finds_the_credentials),
    cmocka_unit_test(finds_what_the_scenario_says),
    cmocka_unit_test(a_gate_lets_its_client_in),
    cmocka_unit_test(reads_our_standard_input),
    cmocka_unit_test(has_no_descriptors_of_ours),
    cmocka_unit_test(curl_trusts_the_temporary_ca),
    cmocka_unit_test(the_ca_file_is_removed_after_failures),
    cmocka_unit_test(a_ca_file_that_was_asked_for_stays),
};

TEST_MAIN(tests)
