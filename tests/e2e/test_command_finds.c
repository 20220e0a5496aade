/*
 * fakeproxy --scenario ... -- COMMAND: what it finds in its environment, on its descriptors, and in
 * the file of the CA.
 */
#include "command_play.h"

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
