/*
 * fakeproxy --scenario ... -- COMMAND: exit status, and that nothing of it outlives the play. What
 * COMMAND finds: test_command_finds.c.
 */
#include "command_play.h"

static void expect_no_process(const struct run *r, const char *word)
{
    const char *at = strstr(r->text, word);
    pid_t pid = at ? (pid_t)strtol(at + strlen(word), NULL, 10) : 0;
    if (pid <= 0)
        fail_here("COMMAND has not said '%s', but: %s", word, r->text);
    if (kill(pid, 0) == 0 || errno != ESRCH)
        fail_here("process %d, '%s', still lives", (int)pid, word);
}

static void expect_order(const char *text, const char *first, const char *then)
{
    const char *a = strstr(text, first), *b = strstr(text, then);
    if (!a || !b || a > b)
        fail_here("expected '%s' and then '%s' in:\n%s", first, then, text);
}

/* The play of a script ends with that status, and says the one before the other. */
static void expect_play(const char *script, int code, const char *first, const char *then)
{
    struct run r = play_of(script);
    see_end(&r, code);
    expect_order(r.output, first, then);
    clear_away(&r);
}

static const cJSON *command_in(const struct run *r)
{
    const cJSON *command = cJSON_GetObjectItem(r->json, "command");
    if (!command)
        fail_here("the report has no command");
    return command;
}

#define DIRECT "curl -s --noproxy '*' -o /dev/null $FAKEPROXY_ORIGIN/"

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
    expect_play(GET GET "exit 0", 1, "command: exit status 0", "2 requests; expected at most 1");
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
    expect_play(DIRECT, 4, "never used the proxy: it asked the origin directly",
                "command: exit status 0");
}

/* Although the scenario's own check holds: what it is about is what comes through the proxy. */
static void nor_is_it_a_pass(void **state)
{
    (void)state;
    struct run r = play_with(
        "{'title':'t','layer':'client','origin':{'rules':[{'on':'request','do':[{'respond':"
        "{'status':503}}]}]},"
        "'client':{'steps':[{'url':'http://{origin}/'}]},'expect':{'one':{'level':'must',"
        "'count':{'event':'request','at':'origin'},'max':1}}}",
        DIRECT, (struct program_options){ 0 });
    see_end(&r, 4);
    expect_order(r.output, "never used the proxy", "1 pass");
    clear_away(&r);
}

static void never_used_and_failed_is_1(void **state)
{
    (void)state;
    expect_play("exit 3", 1, "never used the proxy", "command failed: exit status 3");
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

/* It says its pid and stays; after two seconds it is ended, and that is said. The caller clears
 * away. */
static struct run expect_timeout(const char *script, const char *said)
{
    static const char *const soon[] = { "--timeout", "2s" };
    struct run r = play_with(one_at_most, script, (struct program_options){ .arguments = soon });
    hear(&r, "pid ");
    hear(&r, "\n");
    see_end(&r, 3);
    expect_in(r.output, said);
    expect_no_process(&r, "pid ");
    return r;
}

static void timeout_is_3(void **state)
{
    (void)state;
    struct run r = expect_timeout("echo pid $$ >&9; exec sleep 1000",
                                  "command failed: ended by SIGTERM, because fakeproxy ended it");
    expect_in(r.output, "--timeout passed");
    assert_int_equal(cJSON_GetObjectItem(r.json, "exit")->valueint, 3);
    clear_away(&r);
}

static void one_that_ignores_sigterm_is_killed(void **state)
{
    (void)state;
    struct run r = expect_timeout("trap '' TERM; echo pid $$ >&9; while :; do sleep 1000; done",
                                  "ended by SIGKILL");
    clear_away(&r);
}

static void one_that_stopped_itself_is_ended(void **state)
{
    (void)state;
    struct run r = expect_timeout("echo pid $$ >&9; kill -STOP $$; exit 0", "ended by SIGTERM");
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
    struct run r = expect_timeout("(setsid sh -c 'echo pid $$ >&9; exec sleep 1000' &); "
                                  "trap '' TERM; while :; do sleep 1000; done",
                                  "--timeout passed");
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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(all_well_is_0),
    cmocka_unit_test(a_missed_must_is_1),
    cmocka_unit_test(a_command_that_fails_is_1),
    cmocka_unit_test(a_command_that_is_killed_is_1),
    cmocka_unit_test(junit_has_it),
    cmocka_unit_test(what_cannot_be_run_is_2),
    cmocka_unit_test(never_used_is_4_and_said_first),
    cmocka_unit_test(asking_the_origin_directly_is_not_using_it),
    cmocka_unit_test(nor_is_it_a_pass),
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
};

TEST_MAIN(tests)
