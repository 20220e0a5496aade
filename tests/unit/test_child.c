/* Children: how they end, what they say and hear. What they leave behind: test_child_left.c. */
#include "pupil.h"

#include <signal.h>
#include <unistd.h>

/* ---- ends ------------------------------------------------------------------------------------ */

static void tells_how_it_ended(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        int code, signal;
    } cases[] = {
        { "exit 0", 0, 0 },
        { "exit 7", 7, 0 },
        { "exit 255", 255, 0 },
        { "kill -KILL $$", -1, SIGKILL },
        { "kill -INT $$", -1, SIGINT },
        { "kill -USR1 $$", -1, SIGUSR1 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pupil p;
        begin(&p, cases[i].script);
        see_end(&p, cases[i].code, cases[i].signal);
    }
}

static void what_is_no_command_is_refused(void **state)
{
    (void)state;
    char nothing[] = "fakeproxy-no-such-command", folder[] = "/", hosts[] = "/etc/passwd";
    const struct {
        char *name;
        int error;
    } cases[] = { { nothing, ENOENT }, { folder, EACCES }, { hosts, EACCES } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *argv[] = { cases[i].name, NULL };
        struct pupil p;
        struct child_options options = options_of(&p, argv);
        assert_null(child_start(children, &options));
        assert_int_equal(errno, cases[i].error);
    }
}

static void many_at_once(void **state)
{
    (void)state;
    enum { MANY = 30 };
    static struct pupil pupils[MANY];
    char script[64];
    for (int i = 0; i < MANY; i++) {
        snprintf(script, sizeof(script), "read x; echo $x; exit %d", i);
        begin(&pupils[i], script);
    }
    for (int i = 0; i < MANY; i++)
        child_write(pupils[i].child, "word\n", 5);
    for (int i = 0; i < MANY; i++) {
        see_end(&pupils[i], i, 0);
        assert_string_equal(pupils[i].output, "word\n");
    }
}

/* ---- being told to end ----------------------------------------------------------------------- */

static void sigterm_comes_first(void **state)
{
    (void)state;
    struct pupil p;
    begin(&p, "trap 'exit 3' TERM; echo ready; while :; do sleep 0.2; done");
    hear(&p, "ready");
    child_stop(p.child, LONG);
    see_end(&p, 3, 0);
}

static void sigterm_is_for_all_of_the_group(void **state)
{
    (void)state;
    struct pupil p;
    begin(&p, "trap : TERM; (trap 'echo member; exit 0' TERM; echo ready; while :; do sleep 0.2; "
              "done) & wait; wait; exit 6");
    hear(&p, "ready");
    child_stop(p.child, LONG);
    see_end(&p, 6, 0);
    assert_non_null(strstr(p.output, "member"));
}

static void then_sigkill(void **state)
{
    (void)state;
    struct pupil p;
    begin(&p, "trap '' TERM; echo ready; while :; do sleep 1000; done");
    hear(&p, "ready");
    child_stop(p.child, 50 * CLOCK_MS);
    see_end(&p, -1, SIGKILL);
}

static void impatience_makes_it_shorter(void **state)
{
    (void)state;
    struct pupil p;
    begin(&p, "trap '' TERM; echo ready; while :; do sleep 1000; done");
    hear(&p, "ready");
    child_stop(p.child, LONG);
    child_stop(p.child, 0);
    see_end(&p, -1, SIGKILL);
}

static void one_that_is_stopped_hears_of_it(void **state)
{
    (void)state;
    struct pupil p;
    begin(&p, "echo ready; kill -STOP $$; sleep 1000");
    hear(&p, "ready");
    child_stop(p.child, LONG);
    see_end(&p, -1, SIGTERM);
}

/* ---- output and input ------------------------------------------------------------------------ */

static void keeps_the_first_octets(void **state)
{
    (void)state;
    char shell[] = "/bin/sh", c[] = "-c", script[] = "printf 0123456789; printf abc >&2";
    char *argv[] = { shell, c, script, NULL };
    struct pupil p;
    struct child_options options = options_of(&p, argv);
    options.kept[CHILD_OUTPUT] = 4;
    options.kept[CHILD_ERROR] = 100;
    options.output = NULL;
    p.child = child_start(children, &options);
    while (!p.ended)
        run_loop();
    size_t len;
    uint64_t total;
    assert_memory_equal(child_kept(p.child, CHILD_OUTPUT, &len, &total), "0123", 4);
    assert_int_equal(len, 4);
    assert_int_equal(total, 10);
    assert_memory_equal(child_kept(p.child, CHILD_ERROR, &len, NULL), "abc", 3);
    assert_int_equal(len, 3);
    child_free(p.child);
}

/* One that prints without end holds up nobody. */
static void drains_what_never_ends(void **state)
{
    (void)state;
    char yes[] = "yes", *argv[] = { yes, NULL };
    struct pupil endless, other;
    struct child_options options = options_of(&endless, argv);
    options.kept[CHILD_OUTPUT] = 1000;
    endless.child = child_start(children, &options);
    assert_non_null(endless.child);
    begin(&other, "i=0; while [ $i -lt 20 ]; do read x; echo $x; i=$((i+1)); done");
    for (int i = 0; i < 20; i++)
        child_write(other.child, "word\n", 5);
    see_end(&other, 0, 0);
    size_t len;
    uint64_t total = 0;
    while (total < 4000000) {
        event_base_loop(base, EVLOOP_ONCE);
        child_kept(endless.child, CHILD_OUTPUT, &len, &total);
    }
    assert_int_equal(len, 1000);
    child_stop(endless.child, LONG);
    see_end(&endless, -1, SIGTERM);
}

static void hears_a_megabyte(void **state)
{
    (void)state;
    enum { MANY = 1 << 20 };
    char *octets = malloc(MANY), cat[] = "cat", *argv[] = { cat, NULL };
    struct pupil p;
    struct child_options options = options_of(&p, argv);
    options.kept[CHILD_OUTPUT] = MANY;
    assert_non_null(octets);
    for (size_t i = 0; i < MANY; i++)
        octets[i] = (char)(i % 251);
    p.child = child_start(children, &options);
    assert_non_null(p.child);
    for (size_t i = 0; i < MANY; i += MANY / 4)
        child_write(p.child, octets + i, MANY / 4);
    child_write_eof(p.child);
    child_write(p.child, "too late", 8);
    while (!p.ended)
        run_loop();
    size_t len;
    const char *kept = child_kept(p.child, CHILD_OUTPUT, &len, NULL);
    assert_int_equal(len, MANY);
    assert_memory_equal(kept, octets, MANY);
    child_free(p.child);
    free(octets);
}

/* Without anybody reading there must be no SIGPIPE: nobody ignores it here. */
static void deaf_ones_are_no_danger(void **state)
{
    (void)state;
    sigset_t pending;
    struct pupil p;
    begin(&p, "exec <&-; echo deaf; sleep 1000");
    hear(&p, "deaf");
    child_write(p.child, "word", 4);
    child_write(p.child, "word", 4);
    child_write_eof(p.child);
    sigpending(&pending);
    assert_false(sigismember(&pending, SIGPIPE));
    child_stop(p.child, LONG);
    see_end(&p, -1, SIGTERM);
}

/* ---- with what it starts --------------------------------------------------------------------- */

static void starts_with_a_clean_slate(void **state)
{
    (void)state;
    sigset_t some, before;
    sigemptyset(&some);
    sigaddset(&some, SIGTERM);
    sigaddset(&some, SIGUSR2);
    int leak = dup(STDERR_FILENO); /* not close-on-exec */
    struct sigaction ignored = { .sa_handler = SIG_IGN }, was;
    sigaction(SIGPIPE, &ignored, &was);
    sigprocmask(SIG_BLOCK, &some, &before);
    struct pupil p;
    begin(&p, "grep -E 'Sig(Blk|Ign)' /proc/self/status; ls /proc/$$/fd; "
              "echo group $(($(ps -o pgid= -p $$) - $$))");
    sigprocmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGPIPE, &was, NULL);
    close(leak);
    see_end(&p, 0, 0);
    static const unsigned long long libc_own = 3ULL << 31; /* 32 and 33: nobody else sets them */
    const char *blocked = strstr(p.output, "SigBlk:"), *is_ignored = strstr(p.output, "SigIgn:");
    assert_true(blocked && is_ignored);
    assert_int_equal(strtoull(blocked + 7, NULL, 16), 0);
    assert_int_equal(strtoull(is_ignored + 7, NULL, 16) & ~libc_own, 0);
    assert_string_equal(strstr(is_ignored, "\n"), "\n0\n1\n2\ngroup 0\n");
}

static void gets_the_old_limit_of_files(void **state)
{
    (void)state;
    struct rlimit before, after;
    getrlimit(RLIMIT_NOFILE, &before);
    children_free(children);
    children = children_new(base, 123);
    struct pupil p;
    begin(&p, "ulimit -Sn; ulimit -Hn");
    see_end(&p, 0, 0);
    assert_int_equal(number_after(&p, ""), 123);
    assert_true(before.rlim_max == RLIM_INFINITY ||
                (rlim_t)number_after(&p, "\n") == before.rlim_max);
    getrlimit(RLIMIT_NOFILE, &after);
    assert_true(before.rlim_cur == after.rlim_cur);
}

static void gets_the_environment_it_is_given(void **state)
{
    (void)state;
    char env[] = "/usr/bin/env", *argv[] = { env, NULL };
    struct environment environment = { 0 };
    struct pupil p;
    environment_set(&environment, "ONE", "1");
    environment_set(&environment, "TWO", "2");
    environment_set(&environment, "ONE", NULL);
    struct child_options options = options_of(&p, argv);
    options.environment = &environment;
    p.child = child_start(children, &options);
    environment_free(&environment);
    see_end(&p, 0, 0);
    assert_int_equal(strncmp(p.output, "TWO=2\nFAKEPROXY_CHILD=", 22), 0);
    assert_null(strstr(p.output, "ONE"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(tells_how_it_ended, set_up, tear_down),
    cmocka_unit_test_setup_teardown(what_is_no_command_is_refused, set_up, tear_down),
    cmocka_unit_test_setup_teardown(many_at_once, set_up, tear_down),
    cmocka_unit_test_setup_teardown(sigterm_comes_first, set_up, tear_down),
    cmocka_unit_test_setup_teardown(sigterm_is_for_all_of_the_group, set_up, tear_down),
    cmocka_unit_test_setup_teardown(then_sigkill, set_up, tear_down),
    cmocka_unit_test_setup_teardown(impatience_makes_it_shorter, set_up, tear_down),
    cmocka_unit_test_setup_teardown(one_that_is_stopped_hears_of_it, set_up, tear_down),
    cmocka_unit_test_setup_teardown(keeps_the_first_octets, set_up, tear_down),
    cmocka_unit_test_setup_teardown(drains_what_never_ends, set_up, tear_down),
    cmocka_unit_test_setup_teardown(hears_a_megabyte, set_up, tear_down),
    cmocka_unit_test_setup_teardown(deaf_ones_are_no_danger, set_up, tear_down),
    cmocka_unit_test_setup_teardown(starts_with_a_clean_slate, set_up, tear_down),
    cmocka_unit_test_setup_teardown(gets_the_old_limit_of_files, set_up, tear_down),
    cmocka_unit_test_setup_teardown(gets_the_environment_it_is_given, set_up, tear_down),
};

TEST_MAIN(tests)
