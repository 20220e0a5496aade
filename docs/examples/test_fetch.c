/*
 * A test of the client in fetch.c. The proxy that misbehaves plays in a thread of libfakeproxy's
 * own, so the client under test is called as its users call it, and blocks as it does for them.
 */
#include <curl/curl.h>
#include <fakeproxy/fakeproxy.h>
#include <stdio.h>
#include <stdlib.h>

#include "fetch.h"

static int failures;

static void expect(int holds, const char *what)
{
    printf("  %s: %s\n", holds ? "ok" : "FAILED", what);
    failures += !holds;
}

/* The case is over: what does the scenario say of the client? */
static void expect_good_verdict(struct fakeproxy_instance *in)
{
    fakeproxy_end(in);
    struct fakeproxy_verdict *v = fakeproxy_judge(in);
    expect(v->exit_code == 0, "every MUST of the scenario holds");
    if (v->exit_code != 0) {
        char *journal = fakeproxy_journal(in); /* the whole story, for whoever reads the log */
        printf("%s%s", v->text, journal);
        free(journal);
    }
    fakeproxy_verdict_free(v);
}

/* A shipped scenario, by its id: the first answer is 429 with Retry-After: 1. */
static void waits_as_long_as_it_is_told(struct fakeproxy *fp)
{
    char *error;
    struct fakeproxy_instance *in = fakeproxy_start(fp, "retry-after/delta-1", &error);
    if (!in) {
        expect(0, error);
        free(error);
        return;
    }
    struct fetch *client = fetch_new(fakeproxy_url(in, "proxy"));
    /* Any host name leads to an origin that is part of the scenario: nothing leaves this host. */
    expect(fetch_get(client, "http://shop.example/", 3) == 200, "gets its answer");
    expect_good_verdict(in);
    fetch_free(client);
    fakeproxy_stop(in);
}

/* Its pooled connection is reset while it is idle. The second request must not go out before that
 * has happened: no sleep could promise it, fakeproxy_wait() does. */
static void survives_a_reset_of_an_idle_connection(struct fakeproxy *fp)
{
    char *error, *line;
    struct fakeproxy_instance *in = fakeproxy_start(fp, "transport/idle-reset", &error);
    if (!in) {
        expect(0, error);
        free(error);
        return;
    }
    struct fetch *client = fetch_new(fakeproxy_url(in, "proxy"));
    expect(fetch_get(client, "http://shop.example/1", 1) == 200, "gets the first answer");
    expect(fakeproxy_wait(in, "{ \"event\": \"close\", \"how\": \"reset\" }", 10000, &line) ==
               FAKEPROXY_EVENT,
           "the connection was reset");
    free(line);
    expect(fetch_get(client, "http://shop.example/2", 2) == 200, "gets the second answer");
    expect_good_verdict(in);
    fetch_free(client);
    fakeproxy_stop(in);
}

/* A scenario of one's own, in the test itself. */
static const char always_busy[] =
    "{ \"fakeproxy\": 1, \"id\": \"fetch/always-busy\", \"title\": \"Busy for good\", \"layer\": "
    "\"client\","
    "  \"proxy\": { \"rules\": [ { \"on\": \"request\", \"fault\": true,"
    "    \"do\": [ { \"respond\": { \"status\": 503 } } ] } ] },"
    "  \"expect\": {"
    "    \"gives-up\": { \"level\": \"must*\", \"says\": \"sends three requests, no more\","
    "      \"count\": { \"event\": \"request\" }, \"exactly\": 3 },"
    "    \"backs-off\": { \"level\": \"should\", \"says\": \"waits longer each time\","
    "      \"gap\": { \"of\": { \"event\": \"request\" } }, \"grows\": true } } }";

static void gives_up_in_the_end(struct fakeproxy *fp)
{
    char *error;
    struct fakeproxy_instance *in = fakeproxy_start_text(fp, "always-busy", always_busy, &error);
    if (!in) {
        expect(0, error);
        free(error);
        return;
    }
    struct fetch *client = fetch_new(fakeproxy_url(in, "proxy"));
    expect(fetch_get(client, "http://shop.example/", 3) == 503, "tells the caller");
    expect_good_verdict(in);
    fetch_free(client);
    fakeproxy_stop(in);
}

int main(void)
{
    char *error;
    struct fakeproxy *fp = fakeproxy_new(FAKEPROXY_THREAD, &error);
    if (!fp) {
        fputs(error, stderr);
        return 1;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    puts("waits as long as it is told");
    waits_as_long_as_it_is_told(fp);
    puts("survives a reset of an idle connection");
    survives_a_reset_of_an_idle_connection(fp);
    puts("gives up in the end");
    gives_up_in_the_end(fp);
    curl_global_cleanup();
    fakeproxy_free(fp);
    return failures ? 1 : 0;
}
