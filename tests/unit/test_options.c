/* The command line: what is taken, what is refused and in which words, and the help. */
#include "cmocka_main.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "options.h"

enum { MOST_WORDS = 32 };

struct parsed {
    char line[512];
    char *argv[MOST_WORDS];
    int result;
    struct options o;
    char errors[1024];
};

/* Parses the words of a line; standard error goes to p->errors meanwhile. */
static void parse(struct parsed *p, const char *line)
{
    int argc = 0;
    int saved = dup(STDERR_FILENO);
    FILE *errors = tmpfile();
    assert_non_null(errors);
    *p = (struct parsed){ 0 };
    snprintf(p->line, sizeof(p->line), "fakeproxy %s", line);
    for (char *word = strtok(p->line, " "); word; word = strtok(NULL, " "))
        p->argv[argc++] = word;
    p->argv[argc] = NULL;
    assert_true(argc < MOST_WORDS);
    fflush(stderr);
    dup2(fileno(errors), STDERR_FILENO);
    p->result = options_parse(&p->o, argc, p->argv);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(errors);
    p->errors[fread(p->errors, 1, sizeof(p->errors) - 1, errors)] = '\0';
    fclose(errors);
}

static void refuses_in_clear_words(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
    } cases[] = {
        { "", "which scenario? Say --scenario NAME; `fakeproxy list` shows them" },
        { "idle-reset",
          "there is no command 'idle-reset'; to play a scenario, say --scenario NAME" },
        { "--sceanrio x", "unrecognized option '--sceanrio'" },
        { "--scenario", "requires an argument" },
        { "--scenario x --listen 8888", "--listen 8888: expected ADDR:PORT" },
        { "--scenario x --listen 127.0.0.1:99999", "--listen 127.0.0.1:99999: expected ADDR:PORT" },
        { "--scenario x --listen ::1:80", "--listen ::1:80: expected ADDR:PORT" },
        { "--scenario x --listen 0.0.0.0:80", "add --allow-remote" },
        { "--scenario x --listen [::]:80", "add --allow-remote" },
        { "--scenario x --listen localhost:80", "--listen localhost" },
        { "--scenario x --upstream a.test=127.0.0.1:80", "expected HOST:PORT=ADDR:PORT" },
        { "--scenario x --upstream a.test:80=b.test:80", "ADDR is an IP address" },
        { "--scenario x --upstream a.test:80=127.0.0.1:0", "expected HOST:PORT=ADDR:PORT" },
        { "--scenario x --timeout 90", "--timeout 90: expected a time such as" },
        { "--scenario x --timeout -1s", "--timeout -1s: expected a time such as" },
        { "--scenario x --seed -1", "--seed -1: expected a whole number" },
        { "check", "check: a name is missing" },
        { "new", "new: a name is missing" },
        { "new a/b c/d", "c/d: one argument too many" },
        { "show", "show: a name is missing" },
        { "explain", "explain: a name is missing" },
        { "show a b", "b: one argument too many" },
        { "calibrate twice", "twice: one argument too many" },
        { "--scenario x --", "-- stands before a COMMAND" },
        { "-- true", "-- true: a COMMAND is run while a scenario plays" },
        { "--scenario x true", "to run 'true' while the scenario plays, put -- before it" },
        { "--scenario x first -- true", "first: options stand before --" },
        { "--scenario x list", "--scenario plays a scenario, and 'list' does something else" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct parsed p;
        parse(&p, cases[i].line);
        if (p.result != -1 || !strstr(p.errors, cases[i].message))
            fail_msg("fakeproxy %s: %d, %s", cases[i].line, p.result, p.errors);
        assert_non_null(strstr(p.errors, "(fakeproxy --help lists everything)"));
        options_free(&p.o);
    }
}

static void takes_what_a_play_needs(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p,
          "--scenario a --scenario b --listen [::1]:0 --upstream x.test:80=[::1]:81 --ready fd:3 "
          "--timeout 1.5s --seed 18446744073709551615 --quiet");
    assert_string_equal(p.errors, "");
    assert_int_equal(p.result, 0);
    assert_int_equal(p.o.command, COMMAND_PLAY);
    assert_int_equal(p.o.scenario_count, 2);
    assert_string_equal(p.o.scenarios[1], "b");
    assert_string_equal(p.o.listen_host, "::1");
    assert_int_equal(p.o.listen_port, 0);
    assert_int_equal(p.o.upstream_count, 1);
    assert_string_equal(p.o.upstreams[0].host, "x.test");
    assert_int_equal(p.o.upstreams[0].port, 80);
    assert_int_equal(p.o.upstreams[0].address.ss_family, AF_INET6);
    assert_true(p.o.timeout == 1500 * CLOCK_MS);
    assert_true(p.o.seed == UINT64_MAX);
    assert_true(p.o.quiet);
    options_free(&p.o);
}

static void takes_the_commands(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum command command;
        int operands;
    } cases[] = {
        { "list", COMMAND_LIST, 0 },
        { "list tls/* auth/*", COMMAND_LIST, 2 },
        { "check a b", COMMAND_CHECK, 2 },
        { "new a/b", COMMAND_NEW, 1 },
        { "show -", COMMAND_SHOW, 1 },
        { "calibrate", COMMAND_CALIBRATE, 0 },
        { "explain 407 x", COMMAND_EXPLAIN, 2 },
        { "--help", COMMAND_HELP, 0 },
        { "-h", COMMAND_HELP, 0 },
        { "help", COMMAND_HELP, 0 },
        { "--version", COMMAND_VERSION, 0 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct parsed p;
        parse(&p, cases[i].line);
        assert_string_equal(p.errors, "");
        assert_int_equal(p.result, 0);
        assert_int_equal(p.o.command, cases[i].command);
        assert_int_equal(p.o.operand_count, cases[i].operands);
        options_free(&p.o);
    }
}

static void takes_a_command_behind_dashes(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, "--scenario a --quiet -- ls --quiet -l -- x");
    assert_string_equal(p.errors, "");
    assert_int_equal(p.result, 0);
    assert_int_equal(p.o.command, COMMAND_PLAY);
    assert_int_equal(p.o.listen_port, -1);
    static const char *const words[] = { "ls", "--quiet", "-l", "--", "x" };
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(p.o.program[i], words[i]);
    assert_null(p.o.program[5]);
    options_free(&p.o);
    parse(&p, "check a --quiet -- --odd");
    assert_int_equal(p.result, 0);
    assert_null(p.o.program);
    assert_int_equal(p.o.operand_count, 2);
    assert_string_equal(p.o.operands[1], "--odd");
    assert_true(p.o.quiet);
    options_free(&p.o);
}

static void the_help_fits_a_screen(void **state)
{
    (void)state;
    char text[4096];
    int lines = 0;
    snprintf(text, sizeof(text), "%s", options_help);
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1, lines++) {
        *end = '\0';
        if (strlen(line) > 80)
            fail_msg("%zu columns: %s", strlen(line), line);
    }
    assert_in_range(lines, 15, 23);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(refuses_in_clear_words), cmocka_unit_test(takes_what_a_play_needs),
    cmocka_unit_test(takes_the_commands),     cmocka_unit_test(takes_a_command_behind_dashes),
    cmocka_unit_test(the_help_fits_a_screen),
};

TEST_MAIN(tests)
