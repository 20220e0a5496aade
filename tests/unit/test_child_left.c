/* Children: what they leave behind goes with them, and nobody else's does. */
#include "pupil.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

static bool is_alive(pid_t pid)
{
    return kill(pid, 0) == 0;
}

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

static const struct CMUnitTest tests[] = {
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
};

TEST_MAIN(tests)
