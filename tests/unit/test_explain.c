/*
 * `fakeproxy explain`: every word and message that it is said to know, every shipped scenario, and
 * that what it points at is there.
 */
#include "cmocka_main.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "catalogue.h"
#include "diagnosis.h"
#include "explain.h"
#include "explain_scenario.h"
#include "explain_texts.h"
#include "match.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* The first name of each entry found, apart by spaces. */
static const char *names_of(const char *message)
{
    static char names[256];
    const struct explained *list[EXPLAIN_MOST];
    unsigned count = explain_find(message, list);
    names[0] = '\0';
    for (unsigned i = 0; i < count; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof(names) - used, "%s%.*s", used ? " " : "",
                 (int)strcspn(list[i]->names, " "), list[i]->names);
    }
    return names;
}

/* Each as its tool prints it. */
static const char *const printed[][2] = {
    { "407", "407" },
    { "429", "429" },
    { "403", "403" },
    { "502", "502" },
    { "503", "503" },
    { "504", "504" },
    { "408", "408" },
    { "401", "401" },
    { "418", "4xx" },
    { "451", "4xx" },
    { "599", "5xx" },
    { "302", "3xx" },
    { "4XX", "4xx" },
    { "econnreset", "ECONNRESET" },
    { "ECONNREFUSED", "ECONNREFUSED" },
    { "Retry-After", "retry-after" },
    { "tunnel connection failed", "tunnel" },
    { "TUNNEL CONNECTION FAILED", "tunnel" },
    { "curl: (56) Received HTTP code 407 from proxy after CONNECT", "tunnel 407" },
    { "curl: (56) CONNECT tunnel failed, response 403", "tunnel 403" },
    { "curl: (56) Proxy CONNECT aborted", "tunnel" },
    { "curl: (56) Recv failure: Connection reset by peer", "ECONNRESET" },
    { "curl: (52) Empty reply from server", "socket-hang-up" },
    { "curl: (7) Failed to connect to 127.0.0.1 port 443: Connection refused", "ECONNREFUSED" },
    { "curl: (28) Operation timed out after 500 milliseconds with 0 bytes received", "timeout" },
    { "curl: (60) SSL certificate problem: unable to get local issuer certificate", "certificate" },
    { "curl: (35) error:0A00010B:SSL routines::wrong version number", "wrong-version-number" },
    { "curl: (18) transfer closed with 500 bytes remaining to read", "incomplete" },
    { "curl: (5) Unsupported proxy syntax in 'http://u1:p#ss@x:1'", "proxy-url" },
    { "curl: (22) The requested URL returned error: 429", "429" },
    { "Proxy tunneling failed: Forbidden", "tunnel" },
    { "wget: unable to resolve host address 'ss@127.0.0.1'", "dns" },
    { "ERROR 407: Proxy Authentication Required.", "407" },
    { "Error parsing proxy URL http://u1:p/ss@x: Bad port number.", "proxy-url" },
    { "OSError: Tunnel connection failed: 407 Proxy Authentication Required", "tunnel 407" },
    { "ConnectionResetError: [Errno 104] Connection reset by peer", "ECONNRESET" },
    { "http.client.IncompleteRead: IncompleteRead(500 bytes read, 500 more expected)",
      "incomplete" },
    { "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "certificate" },
    { "http.client.RemoteDisconnected: Remote end closed connection without response",
      "socket-hang-up" },
    { "Error: socket hang up", "socket-hang-up" },
    { "connect ECONNREFUSED 127.0.0.1:443", "ECONNREFUSED" },
    { "Proxy response (407) !== 200 when HTTP Tunneling", "tunnel 407" },
    { "tunneling socket could not be established, statusCode=502", "tunnel 502" },
    { "net::ERR_TUNNEL_CONNECTION_FAILED", "tunnel" },
    { "dial tcp 127.0.0.1:443: i/o timeout", "timeout" },
    { "x509: certificate signed by unknown authority", "certificate" },
    { "tls: first record does not look like a TLS handshake", "wrong-version-number" },
    { "unexpected EOF", "incomplete" },
    { "context deadline exceeded", "timeout" },
    { "net/http: malformed HTTP response \"garbage\"", "malformed" },
    { "Unable to tunnel through proxy. Proxy returns \"HTTP/1.1 407 Proxy Authentication "
      "Required\"",
      "tunnel 407" },
    { "javax.net.ssl.SSLHandshakeException: PKIX path building failed", "certificate" },
    { "java.net.SocketException: Connection reset", "ECONNRESET" },
    { "The proxy tunnel request to proxy 'http://x:443/' failed with status code '407'\".",
      "tunnel 407" },
    { "443", "4xx" }, /* by itself it is asked for as a status */
    { "40", "" },
    { "hello", "" },
    { "", "" },
};

static void it_knows_what_tools_print(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(printed); i++)
        if (strcmp(names_of(printed[i][0]), printed[i][1]) != 0)
            fail_msg("\"%s\" is %s, expected %s", printed[i][0], names_of(printed[i][0]),
                     printed[i][1]);
}

/* Another name must not be taken twice, and what `see also` names must be there. */
static void every_name_leads_to_its_entry(void **state)
{
    (void)state;
    const struct explained *list[EXPLAIN_MOST];
    for (unsigned i = 0; i < explain_text_count; i++) {
        char names[512], *rest = NULL;
        snprintf(names, sizeof(names), "%s", explain_texts[i].names);
        for (char *n = strtok_r(names, " ", &rest); n; n = strtok_r(NULL, " ", &rest)) {
            assert_int_equal(explain_find(n, list), 1);
            assert_ptr_equal(list[0], &explain_texts[i]);
        }
        snprintf(names, sizeof(names), "%s", explain_texts[i].see);
        for (char *n = strtok_r(names, " ", &rest); n; n = strtok_r(NULL, " ", &rest)) {
            assert_int_equal(explain_find(n, list), 1);
            assert_ptr_not_equal(list[0], &explain_texts[i]);
        }
        for (const char *c = explain_texts[i].phrases; *c; c++)
            if (isupper((unsigned char)*c))
                fail_msg("a phrase of %s is not in small letters", explain_texts[i].names);
    }
}

static bool any_fits(const char *pattern, const struct catalogue *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (match_glob(pattern, strlen(pattern), c->entries[i].id, strlen(c->entries[i].id)))
            return true;
    return false;
}

static void every_pattern_fits_a_scenario(void **state)
{
    (void)state;
    struct catalogue *shipped = catalogue_new(FP_SOURCE_DIR "/scenarios");
    for (unsigned i = 0; i < explain_text_count; i++) {
        char patterns[512], *rest = NULL;
        snprintf(patterns, sizeof(patterns), "%s", explain_texts[i].scenarios);
        for (char *p = strtok_r(patterns, " ", &rest); p; p = strtok_r(NULL, " ", &rest))
            if (!any_fits(p, shipped))
                fail_msg("%s: no scenario fits %s", explain_texts[i].names, p);
    }
    catalogue_free(shipped);
}

/* What an entry prints: each line of scenarios begins with an id that is there. */
static void every_entry_names_scenarios_that_exist(void **state)
{
    (void)state;
    struct catalogue *c = catalogue_new(FP_SOURCE_DIR "/scenarios");
    for (unsigned i = 0; i < explain_text_count; i++) {
        char *text = NULL;
        size_t len = 0, named = 0;
        FILE *f = open_memstream(&text, &len);
        assert_non_null(f);
        unsigned count = explain_entry(f, &explain_texts[i], c);
        fclose(f);
        const char *at = strstr(text, "  shown by  ");
        for (; at && strncmp(at, "            play", 16) != 0; at = strchr(at, '\n') + 1) {
            const char *id = at + 12;
            if (strncmp(id, "and ", 4) == 0)
                continue;
            char name[64];
            snprintf(name, sizeof(name), "%.*s", (int)strcspn(id, " "), id);
            assert_true(any_fits(name, c));
            named++;
        }
        if (count == 0 || named == 0 || named > count)
            fail_msg("%s names %zu scenarios of %u", explain_texts[i].names, named, count);
        free(text);
    }
    catalogue_free(c);
}

static void it_knows_every_shipped_scenario(void **state)
{
    (void)state;
    struct catalogue *c = catalogue_new(FP_SOURCE_DIR "/scenarios");
    assert_true(c->count > 0);
    for (size_t i = 0; i < c->count; i++) {
        const char *id = c->entries[i].id;
        char *text = NULL;
        size_t len = 0;
        FILE *f = open_memstream(&text, &len);
        assert_non_null(f);
        assert_true(explain_is_scenario(id, c) && explain_is_scenario(strchr(id, '/') + 1, c));
        assert_true(explain_scenario(f, c->entries[i].path));
        fclose(f);
        static const char *const parts[] = { "\n  layer ",          "\n  about ",  "\n  played ",
                                             "\n  A good client\n", "\n  cause ",  "\n  fix ",
                                             "\n  sources ",        "\n  play it " };
        for (size_t k = 0; k < COUNT(parts); k++)
            if (!strstr(text, parts[k]))
                fail_msg("%s has no %s in\n%s", id, parts[k] + 3, text);
        free(text);
    }
    assert_false(explain_is_scenario("idle-rest", c));
    catalogue_free(c);
}

static void every_finding_has_a_text_of_its_own(void **state)
{
    (void)state;
    struct diagnosed a, b;
    for (size_t i = 0; diagnosis_nth_code(i, &a); i++) {
        assert_true(diagnosis_of_code(a.code, &b) && strcmp(a.code, b.code) == 0);
        assert_string_equal(a.fix, b.fix);
        assert_true(strlen(a.cause) > 20 && strlen(a.fix) > 20);
        assert_true(strcmp(a.layer, "client") == 0 || strcmp(a.layer, "gateway") == 0 ||
                    strcmp(a.layer, "transport") == 0);
        assert_true(a.cause[strlen(a.cause) - 1] != '.' && a.fix[strlen(a.fix) - 1] != '.');
        for (size_t k = 0; k < i; k++) {
            assert_true(diagnosis_nth_code(k, &b));
            assert_string_not_equal(a.code, b.code);
        }
    }
    assert_false(diagnosis_of_code("no-such-code", &a));
}

static void the_guide_names_every_finding(void **state)
{
    (void)state;
    static char text[65536];
    FILE *f = fopen(FP_SOURCE_DIR "/docs/guide.md", "r");
    struct diagnosed d;
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    assert_true(feof(f));
    fclose(f);
    for (size_t i = 0; diagnosis_nth_code(i, &d); i++) {
        char quoted[64];
        snprintf(quoted, sizeof(quoted), "`%s`", d.code);
        if (!strstr(text, quoted))
            fail_msg("docs/guide.md does not name %s", d.code);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(it_knows_what_tools_print),
    cmocka_unit_test(every_name_leads_to_its_entry),
    cmocka_unit_test(every_pattern_fits_a_scenario),
    cmocka_unit_test(every_entry_names_scenarios_that_exist),
    cmocka_unit_test(it_knows_every_shipped_scenario),
    cmocka_unit_test(every_finding_has_a_text_of_its_own),
    cmocka_unit_test(the_guide_names_every_finding),
};

TEST_MAIN(tests)
