/*
 * The stubborn 407 with real clients: curl (always), Python's urllib and wget (where they are
 * there) make each mistake, and the program says so: live, below the summary, and in the report.
 * A client that does it right is told nothing.
 */
#include "e2e.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define GATE "{'proxy':{'auth':{'scheme':'basic','realm':'p','users':{'u1':'p1'}}}}"

/* Keeps proxy settings of the environment away, which most of these clients read. */
#define CLEAN                                                                                      \
    "env -u NO_PROXY -u no_proxy -u HTTP_PROXY -u http_proxy -u HTTPS_PROXY -u https_proxy "       \
    "-u ALL_PROXY -u all_proxy "
#define CURL CLEAN "curl -q -s -k -m 20 -o /dev/null -o /dev/null -x http://127.0.0.1:$P "

struct told {
    char *output; /* what the program wrote */
    cJSON *report;
};

/* Plays the scenario while a shell runs the command, in which $P and $O are the ports. */
static struct told play(const char *scenario, const char *command, const char *const *more)
{
    char path[] = "/tmp/fakeproxy-report-XXXXXX", argument[64], text[2048], json[65536];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    snprintf(argument, sizeof(argument), "json:%s", path);
    const char *arguments[8] = { "--report", argument };
    for (size_t i = 0; more && more[i]; i++)
        arguments[2 + i] = more[i];
    struct program *p = program_start(
        FP_PROGRAM, scenario, &(struct program_options){ .arguments = arguments, .loud = true });
    assert_non_null(p);
    snprintf(text, sizeof(text), "P=%d; O=%d; { %s ; } </dev/null >/dev/null 2>&1", p->proxy,
             p->origin, command);
    int status = system(text); /* what the client thinks of it does not matter */
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 127);
    program_end(p);
    assert_false(program_complained(p));
    struct told told = { .output = program_read(p, "output") };
    ssize_t n = read(fd, json, sizeof(json) - 1);
    close(fd);
    unlink(path);
    program_free(p, false);
    json[n > 0 ? n : 0] = '\0';
    told.report = cJSON_Parse(json);
    assert_non_null(told.output);
    assert_non_null(told.report);
    return told;
}

static void forget(struct told *t)
{
    free(t->output);
    cJSON_Delete(t->report);
}

static const cJSON *diagnosis_in(const struct told *t)
{
    const cJSON *scenario = cJSON_GetObjectItem(t->report, "scenarios")->child;
    return cJSON_GetObjectItem(scenario, "diagnosis");
}

static const cJSON *found_in(const struct told *t, const char *code)
{
    const cJSON *f;
    cJSON_ArrayForEach(f, diagnosis_in(t)) if (strcmp(cJSON_GetObjectItem(f, "code")->valuestring,
                                                      code) == 0) return f;
    return NULL;
}

/* That finding, and no other; in the report with these words, and in the summary. */
static void expect_finding(const char *scenario, const char *command, const char *code,
                           const char *seen)
{
    struct told t = play(scenario, command, NULL);
    const cJSON *f = found_in(&t, code);
    char heading[80];
    snprintf(heading, sizeof(heading), "\n! %s (layer: ", code);
    if (!f || cJSON_GetArraySize(diagnosis_in(&t)) != 1 ||
        !strstr(cJSON_GetObjectItem(f, "seen")->valuestring, seen) || !strstr(t.output, heading))
        fail_here("%s\nexpected %s with \"%s\", found %s\n%s", command, code, seen,
                  cJSON_PrintUnformatted(diagnosis_in(&t)), t.output);
    forget(&t);
}

static void expect_nothing(const char *scenario, const char *command)
{
    struct told t = play(scenario, command, NULL);
    if (cJSON_GetArraySize(diagnosis_in(&t)) != 0 || strstr(t.output, "! "))
        fail_here("%s\nexpected no finding, found %s\n%s", command,
                  cJSON_PrintUnformatted(diagnosis_in(&t)), t.output);
    forget(&t);
}

static bool has(const char *program)
{
    char command[128];
    snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", program);
    return system(command) == 0;
}

/* ---- the six --------------------------------------------------------------------------------- */

static void credentials_on_the_target_url(void **state)
{
    (void)state;
    expect_finding(GATE, CURL "http://u1:p1@a.test/", "credentials-on-target",
                   "\"Authorization: Basic dTE6cDE=\"");
    expect_finding(GATE, CURL "-u u1:p1 http://a.test/", "credentials-on-target",
                   "no Proxy-Authorization");
    expect_finding(GATE, CURL "-u x:secret http://a.test/", "credentials-on-target", "Basic ***");
    expect_finding(GATE, CURL "-U u1:p1 https://u1:p1@a.test/", "proxy-password-at-target",
                   "inside the tunnel");
}

static void authorization_instead(void **state)
{
    (void)state;
    expect_finding(GATE, CURL "-H 'Authorization: Basic dTE6cDE=' http://a.test/",
                   "authorization-instead", "GET http://a.test/ (proxy #1.1)");
    expect_finding(GATE, CURL "--proxy-header 'Authorization: Basic dTE6cDE=' https://a.test/",
                   "authorization-instead", "CONNECT a.test:443 (proxy #1.1)");
}

/* A proxy with a password that has the special character in it. */
static void expect_password(const char *password, const char *command, const char *code,
                            const char *seen)
{
    char scenario[256];
    snprintf(scenario, sizeof(scenario),
             "{'proxy':{'auth':{'scheme':'basic','realm':'p','users':{'u1':'%s'}}}}", password);
    if (code)
        expect_finding(scenario, command, code, seen);
    else
        expect_nothing(scenario, command);
}

static void special_characters_in_the_password(void **state)
{
    (void)state;
    static const struct {
        const char *password, *user, *code, *seen;
    } rows[] = {
        { "p@ss", "u1:p", "password-cut", "cut at its @: \"p\" instead of \"p@ss\"" },
        { "p:ss", "u1:p", "password-cut", "cut at its :" },
        { "p/ss", "u1:p", "password-cut", "cut at its /" },
        { "p%ss", "u1:p", "password-cut", "cut at its %" },
        { "p#ss", "u1:p", "password-cut", "cut at its #" },
        { "p@ss", "u1:p%2540ss", "password-still-encoded", "\"p%40ss\" instead of \"p@ss\"" },
        { "p:ss", "u1:p%253Ass", "password-still-encoded", "\"p%3Ass\"" },
        { "p/ss", "u1:p%252fss", "password-still-encoded", "\"p%2fss\"" },
        { "p#ss", "u1:p%252523ss", "password-encoded-twice", "\"p%2523ss\"" },
        { "p%41ss", "u1:p%41ss", "password-decoded", "\"pAss\" instead of \"p%41ss\"" },
        { "p1", "u1:other", "wrong-password", "for the user \"u1\"" },
        { "p1", "u2:p1", "wrong-user", "\"u2\"" },
        { "p@ss", "u1:p%40ss", NULL, NULL },
        { "p:/#?%", "u1:p%3A%2F%23%3F%25", NULL, NULL },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char command[512];
        snprintf(command, sizeof(command), CURL "-U '%s' http://a.test/", rows[i].user);
        expect_password(rows[i].password, command, rows[i].code, rows[i].seen);
    }
}

/* curl refuses such a URL, so nobody comes: told in the words that help. */
static void a_proxy_url_that_is_refused(void **state)
{
    (void)state;
    expect_finding("{'proxy':{'auth':{'scheme':'basic','users':{'u1':'p#ss'}}}}",
                   CLEAN "curl -q -s -m 20 -x 'http://u1:p#ss@127.0.0.1:'$P http://a.test/",
                   "never-came", "no connection came");
}

static void not_on_connect(void **state)
{
    (void)state;
    expect_finding(GATE,
                   CURL "-H 'Proxy-Authorization: Basic dTE6cDE=' http://a.test/ https://a.test/",
                   "not-on-connect", "CONNECT a.test:443 (proxy #2.1)");
}

static void lost_across_a_redirect(void **state)
{
    (void)state;
    expect_finding(GATE,
                   CURL "-L -H 'Proxy-Authorization: Basic dTE6cDE=' "
                        "'http://a.test/redirect?to=https://b.test/&status=302'",
                   "lost-on-redirect", "CONNECT b.test:443");
}

static void sent_inside_the_tunnel(void **state)
{
    (void)state;
    expect_finding(GATE, CURL "-U u1:p1 -H 'Proxy-Authorization: Basic dTE6cDE=' https://a.test/",
                   "leaked-into-tunnel", "\"Proxy-Authorization: Basic dTE6cDE=\"");
    expect_finding("{}", CURL "-H 'Proxy-Authorization: Basic eDp5' https://a.test/",
                   "leaked-into-tunnel", "\"Proxy-Authorization: Basic ***\"");
}

/* ---- others ---------------------------------------------------------------------------------- */

static void a_client_that_does_it_right(void **state)
{
    (void)state;
    static const char *const right[] = {
        CURL "-U u1:p1 http://a.test/ https://a.test/",
        CURL "--proxy-anyauth -U u1:p1 http://a.test/ https://a.test/",
        CURL "-L -U u1:p1 'http://a.test/redirect?to=https://b.test/&status=302'",
        CURL "-U u1:p1 -u me:mine http://a.test/ https://a.test/",
        CURL "--proxy-header 'Proxy-Authorization: Basic dTE6cDE=' http://a.test/ https://a.test/",
    };
    for (size_t i = 0; i < COUNT(right); i++)
        expect_nothing(GATE, right[i]);
}

static void what_is_not_about_credentials(void **state)
{
    (void)state;
    expect_finding(GATE, CURL "http://a.test/", "no-credentials", "asks for Basic realm=\"p\"");
    expect_finding("{}", CLEAN "curl -q -s -k -m 20 -x https://127.0.0.1:$P http://a.test/",
                   "tls-to-http-proxy", "those of TLS");
    expect_finding("{'proxy':{'tls':{}}}",
                   CLEAN "curl -q -s -m 20 -x http://127.0.0.1:$P http://a.test/",
                   "http-to-tls-proxy", "those of HTTP");
    expect_finding("{'proxy':{'tls':{}}}", CURL "https://a.test/", "http-to-tls-proxy",
                   "those of HTTP");
    expect_nothing("{'proxy':{'tls':{}}}",
                   CLEAN "curl -q -s -k --proxy-insecure -m 20 -x https://127.0.0.1:$P "
                         "https://a.test/ http://a.test/");
    expect_finding("{}", CLEAN "curl -q -s -m 20 http://127.0.0.1:$P/", "proxy-taken-for-target",
                   "Host: 127.0.0.1:");
    expect_finding("{}", CLEAN "curl -q -s -m 20 -x http://127.0.0.1:$P https://a.test/",
                   "certificate-refused", "unknown_ca");
    expect_finding("{}", CLEAN "curl -q -s -m 20 http://127.0.0.1:$O/", "bypassed",
                   "none to the proxy");
    expect_finding("{'proxy':{'rules':[{'on':'request','do':[{'respond':{'status':502}}]}]}}",
                   CURL "http://a.test/; " CLEAN "curl -q -s -m 20 http://127.0.0.1:$O/",
                   "proxy-hop-fails", "the proxy hop alone fails");
}

/* In the log as soon as it is certain, once, before the answer's octets are told as sent. */
static void it_is_said_live(void **state)
{
    (void)state;
    struct told t = play(GATE, CURL "http://u1:p1@a.test/1 http://u1:p1@a.test/2", NULL);
    const char *live = strstr(t.output, "! credentials-on-target: GET http://a.test/1");
    assert_non_null(live);
    assert_null(strstr(live + 2, "! credentials-on-target: "));
    expect_in(live, "octets sent");
    expect_in(live, ", 2 times");
    forget(&t);
}

/* With --upstream real secrets may be about: what they are is not shown. */
static void a_real_upstream_hides_them(void **state)
{
    (void)state;
    const char *more[] = { "--upstream", "real.test:80=127.0.0.1:9", NULL };
    struct told t = play("{'proxy':{'auth':{'scheme':'basic','users':{'u1':'p@ss'}}}}",
                         CURL "-U u1:p http://a.test/", more);
    const cJSON *f = found_in(&t, "password-cut");
    assert_non_null(f);
    assert_null(strstr(cJSON_GetObjectItem(f, "seen")->valuestring, "p@ss"));
    assert_null(strstr(t.output, "p@ss"));
    forget(&t);
}

/* ---- other clients --------------------------------------------------------------------------- */

static void python_urllib(void **state)
{
    (void)state;
    static const char code[] =
        CLEAN "http_proxy=http://%s127.0.0.1:$P https_proxy=http://%s127.0.0.1:$P python3 -c '"
              "import urllib.request as r, ssl\n"
              "q = r.Request(\"%s\", headers={%s})\n"
              "r.urlopen(q, timeout=20, context=ssl._create_unverified_context())'";
    static const struct {
        const char *user, *url, *headers, *code, *seen;
    } rows[] = {
        { "", "http://u1:p1@a.test/", "", "credentials-on-target", "http://u1:p1@a.test/" },
        { "", "http://a.test/", "\"Authorization\":\"Bearer x\"", "authorization-instead",
          "Bearer ***" },
        { "", "https://a.test/", "", "no-credentials", "CONNECT a.test:443" },
        { "u1:p2@", "https://a.test/", "", "wrong-password", "CONNECT a.test:443" },
        { "u1:p1@", "https://a.test/", "", NULL, NULL },
    };
    if (!has("python3"))
        skip();
    for (size_t i = 0; i < COUNT(rows); i++) {
        char command[1024];
        snprintf(command, sizeof(command), code, rows[i].user, rows[i].user, rows[i].url,
                 rows[i].headers);
        if (rows[i].code)
            expect_finding(GATE, command, rows[i].code, rows[i].seen);
        else
            expect_nothing(GATE, command);
    }
}

static void wget(void **state)
{
    (void)state;
    static const char wget[] = CLEAN "http_proxy=http://127.0.0.1:$P/ wget -q -t1 -T20 -O/dev/null "
                                     "--no-config ";
    char command[1024];
    if (!has("wget"))
        skip();
    snprintf(command, sizeof(command), "%s--proxy-user=u1 --proxy-password=p%%23ss http://a.test/",
             wget);
    expect_password("p#ss", command, "password-still-encoded", "\"p%23ss\" instead of \"p#ss\"");
    snprintf(command, sizeof(command), "%s--proxy-user=u1 --proxy-password=p#ss http://a.test/",
             wget);
    expect_password("p#ss", command, NULL, NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(credentials_on_the_target_url),
    cmocka_unit_test(authorization_instead),
    cmocka_unit_test(special_characters_in_the_password),
    cmocka_unit_test(a_proxy_url_that_is_refused),
    cmocka_unit_test(not_on_connect),
    cmocka_unit_test(lost_across_a_redirect),
    cmocka_unit_test(sent_inside_the_tunnel),
    cmocka_unit_test(a_client_that_does_it_right),
    cmocka_unit_test(what_is_not_about_credentials),
    cmocka_unit_test(it_is_said_live),
    cmocka_unit_test(a_real_upstream_hides_them),
    cmocka_unit_test(python_urllib),
    cmocka_unit_test(wget),
};

TEST_MAIN(tests)
