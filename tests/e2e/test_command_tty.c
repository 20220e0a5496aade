/*
 * COMMAND at a terminal: it may read, Ctrl-C and Ctrl-Z reach it, and the terminal is given back.
 * The terminal is a pseudo-terminal, on which a shell begins a session and runs fakeproxy.
 */
#include "e2e.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 50000 };

struct terminal {
    int fd;
    pid_t shell;
    char text[16384];
    size_t len, heard; /* heard: up to where it was waited for */
};

/* In the script, $PLAY is a fakeproxy that plays something, up to its --. */
static struct terminal shell(const char *script)
{
    struct terminal t = { 0 };
    t.shell = forkpty(&t.fd, NULL, NULL, NULL);
    assert_true(t.shell >= 0);
    if (t.shell == 0) {
        setenv("PLAY",
               FP_PROGRAM " --quiet --scenario " FP_SOURCE_DIR
                          "/scenarios/transport/idle-reset.json --",
               1);
        execl("/bin/sh", "sh", "-c", script, (char *)NULL);
        _exit(127);
    }
    return t;
}

/* Reads on until it says so, behind what was heard before. */
static void hear(struct terminal *t, const char *word)
{
    const char *at;
    while (!(at = strstr(t->text + t->heard, word))) {
        struct pollfd p = { .fd = t->fd, .events = POLLIN };
        ssize_t n = poll(&p, 1, PATIENCE) == 1
                        ? read(t->fd, t->text + t->len, sizeof(t->text) - 1 - t->len)
                        : -1;
        if (n <= 0)
            fail_here("'%s' does not come:\n%s", word, t->text);
        t->text[t->len += (size_t)n] = '\0';
    }
    t->heard = (size_t)(at - t->text) + strlen(word);
}

static void type(struct terminal *t, const char *keys)
{
    assert_int_equal(write(t->fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

static void end(struct terminal *t)
{
    int status;
    hear(t, "the end");
    close(t->fd);
    assert_int_equal(waitpid(t->shell, &status, 0), t->shell);
}

static void it_may_read(void **state)
{
    (void)state;
    struct terminal t = shell("$PLAY sh -c 'echo ready; read x; echo \"got <$x>\"'; echo \"= $?\"; "
                              "read y; echo \"then <$y>\"; echo the end");
    hear(&t, "ready");
    type(&t, "one\n");
    hear(&t, "got <one>");
    hear(&t, "= 4");
    type(&t, "two\n"); /* whoever started us has its terminal back */
    hear(&t, "then <two>");
    end(&t);
}

static void ctrl_c_is_its_own(void **state)
{
    (void)state;
    struct terminal t = shell("$PLAY sh -c 'trap \"echo caught; exit 5\" INT; echo ready; "
                              "while :; do sleep 0.2; done'; echo \"= $?\"; echo the end");
    hear(&t, "ready");
    type(&t, "\003");
    hear(&t, "caught");
    hear(&t, "= 1");
    end(&t);
}

static void the_terminal_is_back_after_a_kill(void **state)
{
    (void)state;
    struct terminal t =
        shell("$PLAY sh -c 'echo ready; kill -KILL $$'; echo \"= $?\"; read y; echo "
              "\"then <$y>\"; echo the end");
    hear(&t, "= 1");
    type(&t, "two\n");
    hear(&t, "then <two>");
    end(&t);
}

/* With job control: the shell sees that we have stopped, and goes on with us. */
static void ctrl_z_stops_both(void **state)
{
    (void)state;
    struct terminal t = shell("set -m; $PLAY sh -c 'echo ready; read x; echo \"got <$x>\"'; "
                              "echo \"stopped $?\"; fg; echo \"= $?\"; echo the end");
    hear(&t, "ready");
    type(&t, "\032");
    hear(&t, "stopped ");
    type(&t, "one\n");
    hear(&t, "got <one>");
    hear(&t, "= 4");
    end(&t);
}

/* Begun in the background, then fetched. */
static void a_background_job_can_be_fetched(void **state)
{
    (void)state;
    struct terminal t = shell("set -m; $PLAY sh -c 'echo ready; read x; echo \"got <$x>\"' & "
                              "read begin; fg; echo \"= $?\"; echo the end");
    hear(&t, "ready");
    type(&t, "go\n");
    hear(&t, "go"); /* the echo of it */
    type(&t, "one\n");
    hear(&t, "got <one>");
    hear(&t, "= 4");
    end(&t);
}

/* One that runs and ends in the background leaves the terminal to the shell. */
static void a_background_job_takes_no_terminal(void **state)
{
    (void)state;
    struct terminal t = shell("set -m; $PLAY sh -c 'echo ready' & wait; echo \"over\"; read y; "
                              "echo \"then <$y>\"; echo the end");
    hear(&t, "over");
    type(&t, "two\n");
    hear(&t, "then <two>");
    end(&t);
}

/* In a pipe it gets the terminal when it reads. */
static void in_a_pipe_it_may_read_too(void **state)
{
    (void)state;
    struct terminal t = shell("$PLAY sh -c 'echo ready; read x; echo \"got <$x>\"' | cat; "
                              "echo the end");
    hear(&t, "ready");
    type(&t, "one\n");
    hear(&t, "got <one>");
    end(&t);
}

/* And until then it is its neighbour's. */
static void in_a_pipe_its_neighbour_may_read(void **state)
{
    (void)state;
    struct terminal t = shell("F=/tmp/fakeproxy-tty-$$; export F; mkfifo $F; "
                              "$PLAY sh -c 'echo word; read x <$F' | "
                              "(read w; echo ready; read y </dev/tty; echo \"next <$w $y>\"; "
                              "echo >$F); rm $F; echo the end");
    hear(&t, "ready");
    type(&t, "one\n");
    hear(&t, "next <word one>");
    end(&t);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(it_may_read),
    cmocka_unit_test(ctrl_c_is_its_own),
    cmocka_unit_test(the_terminal_is_back_after_a_kill),
    cmocka_unit_test(ctrl_z_stops_both),
    cmocka_unit_test(a_background_job_can_be_fetched),
    cmocka_unit_test(a_background_job_takes_no_terminal),
    cmocka_unit_test(in_a_pipe_it_may_read_too),
    cmocka_unit_test(in_a_pipe_its_neighbour_may_read),
};

TEST_MAIN(tests)
