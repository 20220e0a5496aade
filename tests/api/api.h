/*
 * What the tests of the public library share: they see fakeproxy.h and nothing else of ours. A
 * small client in raw octets stands for the client under test.
 */
#ifndef TESTS_API_H
#define TESTS_API_H

#include <pthread.h>
#include <stdbool.h>

#include <fakeproxy/fakeproxy.h>

#include "cmocka_main.h"

enum { SOON = 20000 }; /* ms: longer than anything takes that happens at all */

/* 429 with Retry-After: 1 for the first request; a MUST to wait, a MUST not to storm. */
extern const char api_limit[];

/* New, or the test fails with the error. */
struct fakeproxy *api_new(enum fakeproxy_mode);
struct fakeproxy_instance *api_start(struct fakeproxy *, const char *scenario);
struct fakeproxy_instance *api_start_text(struct fakeproxy *, const char *text);

/* GET http://any.example PATH through the proxy: the status, 0 for an end without an answer. */
int api_get(const struct fakeproxy_instance *, const char *path);

/* The same in a thread. */
struct api_client {
    const struct fakeproxy_instance *instance;
    int status;
    int done_fd; /* closed when the answer is there; -1: none */
    pthread_t thread;
};
void api_client_start(struct api_client *);
int api_client_join(struct api_client *);

/* Descriptors that the process has open; only those that a program it execs would inherit. */
int api_open_fds(bool inherited);

/* The check of that id; its absence fails the test. */
const struct fakeproxy_check *api_check(const struct fakeproxy_verdict *, const char *id);

#endif
