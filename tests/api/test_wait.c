/* Public library: waiting for events, in both modes. */
#include "api.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static const char played[] = "{ \"event\": \"rule\", \"rule\": \"limit\" }";
static const char never[] = "{ \"event\": \"request\", \"method\": \"PUT\" }";

static void test_came_before(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    struct fakeproxy_instance *in = api_start_text(fp, api_limit);
    char *line = NULL;
    (void)state;
    assert_int_equal(api_get(in, "/1"), 429);
    assert_int_equal(api_get(in, "/2"), 200);
    assert_int_equal(fakeproxy_wait(in, "{ \"event\": \"request\", \"path\": \"/1\" }", 0, &line),
                     FAKEPROXY_EVENT);
    assert_memory_equal(line, "{\"t\":", 5);
    assert_non_null(strstr(line, "\"event\":\"request\""));
    assert_int_equal(line[strlen(line) - 1], '}');
    free(line);
    assert_int_equal(fakeproxy_wait(in, "{ \"event\": \"request\", \"nth\": 2 }", 0, &line),
                     FAKEPROXY_EVENT);
    assert_non_null(strstr(line, "/2"));
    free(line);
    assert_int_equal(fakeproxy_wait(in, "{ \"event\": \"request\", \"nth\": 3 }", 0, &line),
                     FAKEPROXY_TIMEOUT);
    assert_null(line);
    assert_int_equal(fakeproxy_wait(in, played, 0, NULL), FAKEPROXY_EVENT);
    fakeproxy_free(fp);
}

static void comes_later(enum fakeproxy_mode mode)
{
    struct fakeproxy *fp = api_new(mode);
    struct fakeproxy_instance *in = api_start_text(fp, api_limit);
    struct api_client client = { .instance = in, .done_fd = -1 };
    char *line = NULL;
    assert_int_equal(fakeproxy_wait(in, played, 0, &line), FAKEPROXY_TIMEOUT);
    api_client_start(&client);
    assert_int_equal(fakeproxy_wait(in, played, SOON, &line), FAKEPROXY_EVENT);
    assert_non_null(strstr(line, "\"completed\":true"));
    free(line);
    assert_int_equal(fakeproxy_wait(in, "{ \"event\": \"close\" }", SOON, NULL), FAKEPROXY_EVENT);
    assert_int_equal(api_client_join(&client), 429);
    fakeproxy_free(fp);
}

static void test_comes_later(void **state)
{
    (void)state;
    comes_later(FAKEPROXY_THREAD);
}

static void test_comes_later_polled(void **state)
{
    (void)state;
    comes_later(FAKEPROXY_POLL);
}

static void test_after_an_event(void **state)
{
    static const char after[] =
        "{ \"event\": \"request\", \"after\": { \"event\": \"response\", \"rule\": \"limit\" } }";
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    struct fakeproxy_instance *in = api_start_text(fp, api_limit);
    (void)state;
    assert_int_equal(api_get(in, "/"), 429);
    assert_int_equal(fakeproxy_wait(in, after, 0, NULL), FAKEPROXY_TIMEOUT);
    assert_int_equal(api_get(in, "/"), 200);
    assert_int_equal(fakeproxy_wait(in, after, 0, NULL), FAKEPROXY_EVENT);
    fakeproxy_free(fp);
}

static void test_times_out(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD), *polled = api_new(FAKEPROXY_POLL);
    struct fakeproxy_instance *in = api_start_text(fp, api_limit),
                              *in_polled = api_start_text(polled, api_limit);
    char *line;
    (void)state;
    assert_int_equal(fakeproxy_wait(in, never, 20, &line), FAKEPROXY_TIMEOUT);
    assert_null(line);
    assert_int_equal(fakeproxy_wait(in_polled, never, 20, &line), FAKEPROXY_TIMEOUT);
    assert_null(line);
    fakeproxy_free(fp);
    fakeproxy_free(polled);
}

static void test_wrong_matches(void **state)
{
    static const struct {
        const char *match, *error;
    } cases[] = {
        { "", "match:1:1: /: the text ends here, expected a value" },
        { "{}", "match:1:1: /: the key \"event\" is missing, expected the name of an event" },
        { "{ \"event\": \"clos\" }", "did you mean \"close\"?" },
        { "{ \"event\": \"rule\", \"rule\": \"limits\" }", "did you mean \"limit\"?" },
        { "{ \"event\": \"request\", \"at\": \"orign\" }", "did you mean \"origin\"?" },
        { "{ \"event\": \"step\", \"session\": \"x\" }", "the name of a session" },
        { "{ \"event\": \"request\", \"nth\": -1 }", "expected a number from 1" },
        { "{ \"event\": \"request\", \"path\": \"{s}\" }", "{s}" },
    };
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    struct fakeproxy_instance *in = api_start_text(fp, api_limit);
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *error = NULL;
        assert_int_equal(fakeproxy_wait(in, cases[i].match, SOON, &error), FAKEPROXY_ERROR);
        if (!error || !strstr(error, cases[i].error))
            fail_msg("%s: found %s, expected %s in it", cases[i].match, error, cases[i].error);
        free(error);
        assert_int_equal(fakeproxy_wait(in, cases[i].match, SOON, NULL), FAKEPROXY_ERROR);
    }
    fakeproxy_free(fp);
}

/* What came before the end is still found, what comes behind it is not waited for. */
static void test_ended(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    struct fakeproxy_instance *in = api_start_text(fp, api_limit);
    char *line;
    (void)state;
    assert_int_equal(api_get(in, "/"), 429);
    fakeproxy_end(in);
    fakeproxy_end(in);
    assert_int_equal(fakeproxy_wait(in, played, SOON, NULL), FAKEPROXY_EVENT);
    assert_int_equal(fakeproxy_wait(in, "{ \"event\": \"end\" }", SOON, &line), FAKEPROXY_EVENT);
    free(line);
    assert_int_equal(fakeproxy_wait(in, "{ \"event\": \"end\", \"nth\": 2 }", SOON, &line),
                     FAKEPROXY_ENDED);
    assert_null(line);
    assert_int_equal(api_get(in, "/late"), 200);
    assert_int_equal(
        fakeproxy_wait(in, "{ \"event\": \"request\", \"path\": \"/late\" }", SOON, &line),
        FAKEPROXY_ENDED);
    fakeproxy_free(fp);
}

/* ---- several threads ------------------------------------------------------------------------- */

enum { WAITERS = 4 };

struct waiting {
    struct fakeproxy_instance *in;
    enum fakeproxy_waited result;
    _Atomic pid_t tid;
    pthread_t thread;
};

static void *wait_for_nothing(void *arg)
{
    struct waiting *w = arg;
    char *line;
    w->result = fakeproxy_wait(w->in, never, -1, &line);
    free(line);
    return NULL;
}

/* They wait, or are about to: what ends the wait must reach them in both cases. */
static void start_waiting(struct waiting *w, struct fakeproxy_instance *in)
{
    for (int i = 0; i < WAITERS; i++) {
        w[i].in = in;
        assert_int_equal(pthread_create(&w[i].thread, NULL, wait_for_nothing, &w[i]), 0);
    }
}

static void expect_ended(struct waiting *w)
{
    for (int i = 0; i < WAITERS; i++) {
        assert_int_equal(pthread_join(w[i].thread, NULL), 0);
        assert_int_equal(w[i].result, FAKEPROXY_ENDED);
    }
}

static void test_ended_while_others_wait(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    struct fakeproxy_instance *in = api_start_text(fp, api_limit);
    struct waiting w[WAITERS];
    (void)state;
    start_waiting(w, in);
    fakeproxy_end(in);
    expect_ended(w);
    fakeproxy_free(fp);
}

/* Is that thread asleep? Its only reason to be is the wait. */
static bool is_asleep(pid_t tid)
{
    char path[64], state = 0;
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%*d (%*[^)]) %c", &state), 1);
    fclose(f);
    return state == 'S';
}

static void *tell_and_wait(void *arg)
{
    struct waiting *w = arg;
    atomic_store(&w->tid, gettid());
    return wait_for_nothing(arg);
}

/* Whoever stops an instance makes sure that nobody begins another call: so this wait has begun. */
static void stop_while_another_waits(bool all)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    struct waiting w = { .in = api_start_text(fp, api_limit) };
    assert_int_equal(pthread_create(&w.thread, NULL, tell_and_wait, &w), 0);
    while (!atomic_load(&w.tid) || !is_asleep(atomic_load(&w.tid)))
        sched_yield();
    if (!all)
        fakeproxy_stop(w.in);
    else
        fakeproxy_free(fp);
    assert_int_equal(pthread_join(w.thread, NULL), 0);
    assert_int_equal(w.result, FAKEPROXY_ENDED);
    if (!all)
        fakeproxy_free(fp);
}

/* A waiter that is left behind touches what is gone, but not each time. */
enum { OFTEN = 40 };

static void test_stopped_while_another_waits(void **state)
{
    (void)state;
    for (int i = 0; i < OFTEN; i++)
        stop_while_another_waits(false);
}

static void test_freed_while_another_waits(void **state)
{
    (void)state;
    for (int i = 0; i < OFTEN; i++)
        stop_while_another_waits(true);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_came_before),
    cmocka_unit_test(test_comes_later),
    cmocka_unit_test(test_comes_later_polled),
    cmocka_unit_test(test_after_an_event),
    cmocka_unit_test(test_times_out),
    cmocka_unit_test(test_wrong_matches),
    cmocka_unit_test(test_ended),
    cmocka_unit_test(test_ended_while_others_wait),
    cmocka_unit_test(test_stopped_while_another_waits),
    cmocka_unit_test(test_freed_while_another_waits),
};

TEST_MAIN(tests)
