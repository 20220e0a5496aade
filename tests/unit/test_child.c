/* Children: how they end, what they leave behind, what they say and hear. */
#include "cmocka_main.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

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

static bool is_alive(pid_t pid)
{
    return kill(pid, 0) == 0;
}

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

/* ---- what it leaves behind ------------------------------------------------------------------- */

/* What a script leaves that writes `pid N` for it and ends. It holds the pipe: the end is told only
 * once that is closed. */
static void expect_gone(const char *script)
{
    struct pupil p;
    begin(&p, script);
    see_end(&p, 0, 0);
    pid_t pid = number_after(&p, "pid ");
    assert_true(pid > 0);
    if (is_alive(pid))
        fail_msg("%d lives on: %s", (int)pid, script);
}

static void its_group_goes_with_it(void **state)
{
    (void)state;
    expect_gone("trap '' TERM HUP; sleep 1000 & echo pid $!");
}

static void daemons_go_with_it(void **state)
{
    (void)state;
    expect_gone("mkfifo /tmp/fp-$$; (setsid sh -c 'echo pid $$; echo >/tmp/fp-'$$'; exec sleep "
                "1000' &); read x </tmp/fp-$$; rm /tmp/fp-$$");
}

/* A daemon's own daemon comes to us only when the first is dead. */
static void daemons_of_daemons_go_with_it(void **state)
{
    (void)state;
    expect_gone("mkfifo /tmp/fp-$$; export F=/tmp/fp-$$; setsid sh -c 'setsid sh -c \"echo pid "
                "\\$\\$; echo >$F; exec sleep 1000\" & sleep 1000' & read x <$F; rm $F");
}

static void daemons_without_environment_go_with_it(void **state)
{
    (void)state;
    expect_gone("mkfifo /tmp/fp-$$; setsid env -i /bin/sh -c 'echo pid $$; echo >/tmp/fp-'$$'; "
                "exec /bin/sleep 1000' & read x </tmp/fp-$$; rm /tmp/fp-$$");
}

static const char daemonises[] =
    "mkfifo /tmp/fp-$$; (setsid sh -c 'echo pid $$; echo >/tmp/fp-'$$'; exec sleep 1000' &); "
    "read x </tmp/fp-$$; rm /tmp/fp-$$; echo ready; read x";

static void daemons_of_others_are_left_alone(void **state)
{
    (void)state;
    struct pupil one, two;
    begin(&one, daemonises);
    begin(&two, daemonises);
    hear(&one, "ready");
    hear(&two, "ready");
    pid_t first = number_after(&one, "pid "), second = number_after(&two, "pid ");
    child_write_eof(one.child);
    see_end(&one, 1, 0);
    assert_false(is_alive(first));
    assert_true(is_alive(second));
    child_write_eof(two.child);
    see_end(&two, 1, 0);
    assert_false(is_alive(second));
}

static void dead_daemons_do_not_pile_up(void **state)
{
    (void)state;
    struct pupil p;
    begin(&p, "(setsid sh -c 'echo pid $$.' &); read x; exit 5");
    hear(&p, ".");
    pid_t pid = number_after(&p, "pid ");
    while (is_alive(pid)) /* until it is reaped */
        event_base_loop(base, EVLOOP_ONCE);
    child_write(p.child, "x\n", 2);
    see_end(&p, 5, 0);
}

/* Nobody knows whose it is: it goes with the last. */
static void nobodys_daemons_go_with_the_last(void **state)
{
    (void)state;
    struct pupil one, two;
    begin(&one, "mkfifo /tmp/fp-$$; setsid env -i /bin/sh -c 'echo pid $$; echo >/tmp/fp-'$$'; "
                "exec /bin/sleep 1000 <&- >&- 2>&-' & read x </tmp/fp-$$; rm /tmp/fp-$$");
    begin(&two, "read x");
    see_end(&one, 0, 0);
    pid_t pid = number_after(&one, "pid ");
    assert_true(is_alive(pid));
    child_write_eof(two.child);
    see_end(&two, 1, 0);
    assert_false(is_alive(pid));
}

/* A process of this test that is none of `children`: told to, it leaves a process behind, whose
 * number it writes, and exits. */
static pid_t fork_stranger(const int go[2], const int told[2])
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    char octet;
    close(go[1]);
    if (read(go[0], &octet, 1) != 1)
        _exit(43);
    pid_t left = fork();
    if (left == 0)
        _exit(read(go[0], &octet, 1) == 0 ? 0 : 44);
    _exit(write(told[1], &left, sizeof(left)) == sizeof(left) ? 42 : 45);
}

/* What this process had before is none of ours, nor what comes of it. */
static void children_of_somebody_else_are_left_alone(void **state)
{
    (void)state;
    int go[2], told[2], status;
    siginfo_t info;
    pid_t left;
    struct pupil p;
    children_free(children);
    assert_int_equal(pipe2(go, O_CLOEXEC), 0);
    assert_int_equal(pipe2(told, O_CLOEXEC), 0);
    pid_t stranger = fork_stranger(go, told);
    children = children_new(base, 0);
    assert_int_equal(write(go[1], "x", 1), 1);
    assert_int_equal(read(told[0], &left, sizeof(left)), sizeof(left));
    waitid(P_PID, (id_t)stranger, &info, WEXITED | WNOWAIT); /* it is dead, and not reaped */
    begin(&p, "exit 0");
    see_end(&p, 0, 0);
    children_free(children);
    assert_int_equal(waitpid(stranger, &status, WNOHANG), stranger);
    assert_int_equal(WEXITSTATUS(status), 42);
    close(go[1]); /* what it left ends by itself, not before */
    assert_int_equal(waitpid(left, &status, 0), left);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    close(go[0]);
    close(told[0]);
    close(told[1]);
    children = children_new(base, 0);
}

static void all_go_at_once(void **state)
{
    (void)state;
    struct pupil one, two;
    begin(&one, daemonises);
    begin(&two, "trap '' TERM; echo ready; while :; do sleep 1000; done");
    hear(&one, "ready");
    hear(&two, "ready");
    pid_t daemon = number_after(&one, "pid "), shell = child_pid(two.child);
    children_free(children);
    assert_false(is_alive(daemon));
    assert_false(is_alive(shell));
    int is_subreaper = -1;
    prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper);
    assert_int_equal(is_subreaper, 0);
    children = children_new(base, 0);
}

static void one_that_is_freed_is_gone(void **state)
{
    (void)state;
    struct pupil one, two;
    begin(&one, daemonises);
    begin(&two, "read x; exit 5");
    hear(&one, "ready");
    pid_t daemon = number_after(&one, "pid "), shell = child_pid(one.child);
    child_free(one.child); /* it goes while the loop turns */
    while (is_alive(daemon) || is_alive(shell))
        event_base_loop(base, EVLOOP_ONCE);
    assert_false(one.ended);
    child_write(two.child, "x\n", 2);
    see_end(&two, 5, 0);
}

static void free_it(void *arg, const struct child_end *end)
{
    struct pupil *p = arg;
    on_end(p, end);
    child_free(p->child);
}

static void free_it_while_it_talks(void *arg, enum child_stream stream, const char *octets,
                                   size_t len)
{
    struct pupil *p = arg;
    on_output(arg, stream, octets, len);
    child_free(p->child);
    p->ended = true;
    event_base_loopbreak(base);
}

static void callbacks_may_free_it(void **state)
{
    (void)state;
    char shell[] = "/bin/sh", c[] = "-c", script[] = "echo word; sleep 1000";
    char *argv[] = { shell, c, script, NULL }, *short_one[] = { shell, c, script, NULL };
    char done[] = "exit 9";
    struct pupil p;
    struct child_options options = options_of(&p, argv);
    options.output = free_it_while_it_talks;
    p.child = child_start(children, &options);
    run_loop();
    assert_true(p.ended);
    short_one[2] = done;
    options = options_of(&p, short_one);
    options.ended = free_it;
    p.child = child_start(children, &options);
    run_loop();
    assert_int_equal(p.end.code, 9);
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
    cmocka_unit_test_setup_teardown(its_group_goes_with_it, set_up, tear_down),
    cmocka_unit_test_setup_teardown(daemons_go_with_it, set_up, tear_down),
    cmocka_unit_test_setup_teardown(daemons_of_daemons_go_with_it, set_up, tear_down),
    cmocka_unit_test_setup_teardown(daemons_without_environment_go_with_it, set_up, tear_down),
    cmocka_unit_test_setup_teardown(daemons_of_others_are_left_alone, set_up, tear_down),
    cmocka_unit_test_setup_teardown(dead_daemons_do_not_pile_up, set_up, tear_down),
    cmocka_unit_test_setup_teardown(nobodys_daemons_go_with_the_last, set_up, tear_down),
    cmocka_unit_test_setup_teardown(children_of_somebody_else_are_left_alone, set_up, tear_down),
    cmocka_unit_test_setup_teardown(all_go_at_once, set_up, tear_down),
    cmocka_unit_test_setup_teardown(one_that_is_freed_is_gone, set_up, tear_down),
    cmocka_unit_test_setup_teardown(callbacks_may_free_it, set_up, tear_down),
    cmocka_unit_test_setup_teardown(keeps_the_first_octets, set_up, tear_down),
    cmocka_unit_test_setup_teardown(drains_what_never_ends, set_up, tear_down),
    cmocka_unit_test_setup_teardown(hears_a_megabyte, set_up, tear_down),
    cmocka_unit_test_setup_teardown(deaf_ones_are_no_danger, set_up, tear_down),
    cmocka_unit_test_setup_teardown(starts_with_a_clean_slate, set_up, tear_down),
    cmocka_unit_test_setup_teardown(gets_the_old_limit_of_files, set_up, tear_down),
    cmocka_unit_test_setup_teardown(gets_the_environment_it_is_given, set_up, tear_down),
};

TEST_MAIN(tests)
