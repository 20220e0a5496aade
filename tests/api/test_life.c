/* Public library: beginnings and ends, many instances, many threads, and what the process keeps. */
#include "api.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void test_version(void **state)
{
    (void)state;
    assert_string_equal(fakeproxy_version(), FAKEPROXY_VERSION);
    char number[16];
    snprintf(number, sizeof(number), "%d.%d.%d", FAKEPROXY_VERSION_NUMBER >> 16,
             FAKEPROXY_VERSION_NUMBER >> 8 & 255, FAKEPROXY_VERSION_NUMBER & 255);
    assert_string_equal(number, FAKEPROXY_VERSION);
}

static void test_nothing_to_free(void **state)
{
    (void)state;
    fakeproxy_free(NULL);
    fakeproxy_stop(NULL);
    fakeproxy_verdict_free(NULL);
    fakeproxy_free(api_new(FAKEPROXY_POLL));
    fakeproxy_free(api_new(FAKEPROXY_THREAD));
}

/* ---- again and again ------------------------------------------------------------------------- */

static void play_once(enum fakeproxy_mode mode)
{
    struct fakeproxy *fp = api_new(mode);
    struct fakeproxy_instance *first = api_start_text(fp, api_limit),
                              *second = api_start_text(fp, api_limit);
    struct api_client client = { .instance = first, .done_fd = -1 };
    api_client_start(&client);
    assert_int_equal(fakeproxy_wait(first, "{ \"event\": \"close\" }", SOON, NULL),
                     FAKEPROXY_EVENT);
    assert_int_equal(api_client_join(&client), 429);
    fakeproxy_stop(second);
    assert_non_null(api_start_text(fp, api_limit));
    fakeproxy_free(fp); /* two still play */
}

static void again_and_again(enum fakeproxy_mode mode)
{
    play_once(mode); /* what the first use makes for good */
    int fds = api_open_fds(false);
    for (int i = 0; i < 20; i++)
        play_once(mode);
    assert_int_equal(api_open_fds(false), fds);
}

static void test_again_and_again(void **state)
{
    (void)state;
    again_and_again(FAKEPROXY_THREAD);
}

static void test_again_and_again_polled(void **state)
{
    (void)state;
    again_and_again(FAKEPROXY_POLL);
}

static void test_many_instances(void **state)
{
    enum { MANY = 40 };
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    struct fakeproxy_instance *in[MANY];
    (void)state;
    for (int i = 0; i < MANY; i++)
        in[i] = api_start_text(fp, api_limit);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(api_get(in[i], "/"), 429); /* each counts for itself */
    for (int i = 0; i < MANY; i += 2)
        fakeproxy_stop(in[i]);
    for (int i = 1; i < MANY; i += 2)
        assert_int_equal(api_get(in[i], "/"), 200);
    fakeproxy_free(fp);
}

/* ---- several threads ------------------------------------------------------------------------- */

struct worker {
    struct fakeproxy *fp;
    struct fakeproxy_instance *shared;
    bool failed;
    pthread_t thread;
};

/* An instance of one's own and one that all have: every function, side by side with the others. */
static void *work(void *arg)
{
    struct worker *w = arg;
    for (int i = 0; i < 5; i++) {
        struct fakeproxy_instance *own = fakeproxy_start_text(w->fp, "own.json", api_limit, NULL);
        char *line = NULL;
        w->failed |= !own || api_get(own, "/") != 429;
        w->failed |= fakeproxy_wait(own, "{ \"event\": \"rule\" }", SOON, &line) != FAKEPROXY_EVENT;
        free(line);
        w->failed |= api_get(w->shared, "/") == 0;
        char *journal = fakeproxy_journal(w->shared);
        w->failed |= !strstr(journal, "\"event\":\"request\"");
        free(journal);
        struct fakeproxy_verdict *v = fakeproxy_judge(w->shared);
        w->failed |= v->check_count < 2 || !fakeproxy_ca_pem(w->fp);
        fakeproxy_verdict_free(v);
        fakeproxy_end(own);
        fakeproxy_stop(own);
    }
    return NULL;
}

static void test_several_threads(void **state)
{
    enum { WORKERS = 3 };
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    struct worker w[WORKERS] = { 0 };
    struct fakeproxy_instance *shared = api_start_text(fp, api_limit);
    (void)state;
    for (int i = 0; i < WORKERS; i++) {
        w[i].fp = fp;
        w[i].shared = shared;
        assert_int_equal(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_join(w[i].thread, NULL), 0);
        assert_false(w[i].failed);
    }
    fakeproxy_free(fp);
}

struct traffic {
    struct fakeproxy_instance *in;
    atomic_int answered;
    atomic_bool stop;
};

static void *keep_asking(void *arg)
{
    struct traffic *t = arg;
    while (!atomic_load(&t->stop))
        if (api_get(t->in, "/"))
            atomic_fetch_add(&t->answered, 1);
    return NULL;
}

/* Each snapshot is whole lines, and has at least what was answered before it was taken. */
static void test_snapshots_under_traffic(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    struct traffic t = { .in = api_start_text(fp, api_limit) };
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, keep_asking, &t), 0);
    for (int before = 0; before < 20;) {
        before = atomic_load(&t.answered);
        char *journal = fakeproxy_journal(t.in);
        int requests = 0;
        for (const char *at = journal; (at = strstr(at, "\"at\":\"proxy\",\"event\":\"request\""));
             at++)
            requests++;
        assert_true(requests >= before);
        size_t len = strlen(journal);
        assert_true(len == 0 || strcmp(journal + len - 2, "}\n") == 0);
        free(journal);
    }
    atomic_store(&t.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    fakeproxy_free(fp);
}

/* Another thread stops an instance while clients talk to it. */
static void *stop_it(void *arg)
{
    fakeproxy_stop(arg);
    return NULL;
}

static void test_stopped_by_another_thread(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    struct fakeproxy_instance *in =
        api_start_text(fp, "{ \"fakeproxy\": 1, \"id\": \"a/b\", \"proxy\": { \"rules\": [ "
                           "{ \"on\": \"request\", \"do\": [ \"stall\" ] } ] } }");
    struct api_client client = { .instance = in, .done_fd = -1 };
    pthread_t thread;
    (void)state;
    api_client_start(&client);
    assert_int_equal(fakeproxy_wait(in, "{ \"event\": \"stall\" }", SOON, NULL), FAKEPROXY_EVENT);
    assert_int_equal(pthread_create(&thread, NULL, stop_it, in), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(api_client_join(&client), 0); /* the stalled connection ended */
    fakeproxy_free(fp);
}

/* ---- the caller's loop ----------------------------------------------------------------------- */

static void test_poll_until_a_descriptor_is_ready(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_POLL);
    struct fakeproxy_instance *in = api_start_text(fp, api_limit);
    int pipe_fds[2];
    (void)state;
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    struct api_client client = { .instance = in, .done_fd = pipe_fds[1] };
    struct pollfd fds[2] = { { .fd = pipe_fds[0], .events = POLLIN },
                             { .fd = -1, .events = POLLIN } };
    api_client_start(&client); /* it is done when we have played: its end of the pipe closes */
    assert_int_equal(fakeproxy_poll(fp, fds, 2, -1), 1);
    assert_int_equal(fds[0].revents, POLLIN);
    assert_int_equal(fds[1].revents, 0);
    assert_int_equal(api_client_join(&client), 429);
    assert_int_equal(fakeproxy_poll(fp, fds, 1, 0), 1);
    fds[0].events = 0;
    assert_int_equal(fakeproxy_poll(fp, fds, 1, 0), 0);
    assert_int_equal(fakeproxy_poll(fp, NULL, 0, 1), 0);
    close(pipe_fds[0]);
    fakeproxy_free(fp);
}

static void test_poll_writable(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_POLL);
    int pair[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    struct pollfd fd = { .fd = pair[0], .events = POLLIN | POLLOUT };
    assert_int_equal(fakeproxy_poll(fp, &fd, 1, -1), 1);
    assert_int_equal(fd.revents, POLLOUT);
    assert_int_equal(write(pair[1], "x", 1), 1);
    assert_int_equal(fakeproxy_poll(fp, &fd, 1, -1), 1);
    assert_int_equal(fd.revents, POLLIN | POLLOUT);
    close(pair[0]);
    close(pair[1]);
    fakeproxy_free(fp);
}

static void test_poll_refuses(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD), *polled = api_new(FAKEPROXY_POLL);
    (void)state;
    errno = 0;
    assert_int_equal(fakeproxy_poll(fp, NULL, 0, 0), -1);
    assert_int_equal(errno, EINVAL);
    errno = 0;
    assert_int_equal(fakeproxy_poll(polled, NULL, 0, -1), -1);
    assert_int_equal(errno, EINVAL);
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct pollfd fds[2] = { { .fd = -1, .events = POLLIN }, { .fd = file, .events = POLLIN } };
    assert_int_equal(fakeproxy_poll(polled, fds, 2, 0), -1);
    assert_int_equal(errno, EPERM);
    close(file);
    assert_int_equal(fakeproxy_poll(polled, fds, 2, 0), -1);
    assert_int_equal(errno, EBADF);
    fakeproxy_free(fp);
    fakeproxy_free(polled);
}

/* ---- certificates ---------------------------------------------------------------------------- */

static void test_certificate(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    char path[] = "/tmp/fakeproxy-ca-XXXXXX", text[8192] = "";
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    close(fd);
    const char *pem = fakeproxy_ca_pem(fp);
    assert_non_null(pem);
    assert_memory_equal(pem, "-----BEGIN CERTIFICATE-----\n", 28);
    assert_null(strstr(pem, "PRIVATE"));
    assert_int_equal(fakeproxy_write_ca(fp, path), 0);
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    unlink(path);
    assert_string_equal(text, pem);
    assert_int_equal(fakeproxy_write_ca(fp, "/no/such/folder/ca.pem"), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(fakeproxy_write_ca(fp, "/dev/full"), -1);
    assert_int_equal(errno, ENOSPC);
    fakeproxy_free(fp);
}

/* ---- the process ----------------------------------------------------------------------------- */

/* Signals that are handled, ignored or blocked in this thread. */
static int signals_touched(void)
{
    int n = 0;
    struct sigaction action;
    sigset_t blocked;
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &blocked), 0);
    for (int s = 1; s < NSIG; s++) {
        n += sigaction(s, NULL, &action) == 0 && action.sa_handler != SIG_DFL;
        n += sigismember(&blocked, s) == 1;
    }
    return n;
}

static void test_leaves_the_process_alone(void **state)
{
    int touched = signals_touched(), inherited = api_open_fds(true);
    (void)state;
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    struct fakeproxy_instance *in = api_start_text(fp, api_limit);
    assert_int_equal(api_get(in, "/"), 429);
    assert_int_equal(signals_touched(), touched);
    assert_int_equal(api_open_fds(true), inherited);
    fakeproxy_free(fp);
}

/* Whatever there are too few descriptors for: it is said, and nothing is left behind. */
static void test_no_descriptors(void **state)
{
    struct rlimit before, limit;
    int said = 0, started = 0, fds = api_open_fds(false) - 1; /* less the folder's own */
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (int more = 0; more < 12; more++) {
        limit = before;
        limit.rlim_cur = (rlim_t)fds + (rlim_t)more;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        char *error = NULL;
        struct fakeproxy *fp = fakeproxy_new(FAKEPROXY_THREAD, &error);
        struct fakeproxy_instance *in =
            fp ? fakeproxy_start_text(fp, "test.json", api_limit, &error) : NULL;
        assert_true(in ? !error : error && strstr(error, "Too many open files"));
        said += !in;
        started += in != NULL;
        free(error);
        fakeproxy_free(fp);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_int_equal(api_open_fds(false) - 1, fds);
    }
    assert_true(said > 3 && started > 0);
}

/* SIGPIPE has its default: a write to a client that has gone must not end the process. */
static void test_client_leaves_early(void **state)
{
    struct fakeproxy *fp = api_new(FAKEPROXY_THREAD);
    struct fakeproxy_instance *in = api_start_text(
        fp, "{ \"fakeproxy\": 1, \"id\": \"a/b\", \"proxy\": { \"rules\": [ { \"on\": \"request\", "
            "\"do\": [ { \"send\": { \"octets\": \"x\", \"times\": \"forever\" } } ] } ] } }");
    (void)state;
    assert_int_equal(api_get(in, "/"), 0); /* leaves after 4 KiB of it */
    assert_int_equal(
        fakeproxy_wait(in, "{ \"event\": \"close\", \"by\": \"client\", \"how\": \"reset\" }", SOON,
                       NULL),
        FAKEPROXY_EVENT);
    assert_int_equal(api_get(in, "/"), 0);
    fakeproxy_free(fp);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_version),
    cmocka_unit_test(test_nothing_to_free),
    cmocka_unit_test(test_again_and_again),
    cmocka_unit_test(test_again_and_again_polled),
    cmocka_unit_test(test_many_instances),
    cmocka_unit_test(test_several_threads),
    cmocka_unit_test(test_snapshots_under_traffic),
    cmocka_unit_test(test_stopped_by_another_thread),
    cmocka_unit_test(test_poll_until_a_descriptor_is_ready),
    cmocka_unit_test(test_poll_writable),
    cmocka_unit_test(test_poll_refuses),
    cmocka_unit_test(test_certificate),
    cmocka_unit_test(test_leaves_the_process_alone),
    cmocka_unit_test(test_no_descriptors),
    cmocka_unit_test(test_client_leaves_early),
};

TEST_MAIN(tests)
