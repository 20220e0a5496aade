/*
 * The command line.
 */
#include "options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* Fits a terminal of 80 columns and 24 lines, with room for the prompt. */
const char options_help[] =
    "fakeproxy: a forward proxy that fails on purpose, exactly as a scenario says\n"
    "\n"
    "  fakeproxy --scenario NAME...  play it until Ctrl-C; several get a port each\n"
    "      -- COMMAND [ARG...]       or until COMMAND ends, led there by HTTP_PROXY\n"
    "  fakeproxy list [PATTERN]      the scenarios there are\n"
    "  fakeproxy check FILE...       are these valid? says what is wrong, and where\n"
    "  fakeproxy new TOPIC/NAME      write a scenario to start from: TOPIC/NAME.json\n"
    "  fakeproxy show FILE           draw a journal as a ladder (-: standard input)\n"
    "  fakeproxy explain WHAT        407, ECONNRESET, a scenario: what to do about it\n"
    "  fakeproxy calibrate           how exact waits and cuts are on this machine\n"
    "\n"
    "NAME: a file, an id such as transport/idle-reset, or its last part; id@variant.\n"
    "  --listen ADDR:PORT   where the proxy listens (127.0.0.1:8888; port 0: any)\n"
    "  --allow-remote       lets --listen name an address that others can reach\n"
    "  --upstream HOST:PORT=ADDR:PORT   lets HOST:PORT through to a real server; all\n"
    "                       other names are the built-in origin: nothing else leaves\n"
    "  --journal FILE       writes what happens as JSON Lines (-: standard output)\n"
    "  --ready FILE         writes the addresses as JSON once they listen (or fd:N)\n"
    "  --ca-file FILE       writes the certificate that TLS clients are to trust\n"
    "  --timeout TIME       ends it after 500ms, 90s, 2m; --seed N: the same chances\n"
    "  --report json:FILE   writes the verdicts (or junit:FILE); --quiet, --version\n"
    "Exit: 0 as expected, 1 not so, or COMMAND failed, 2 wrong usage or scenario,\n"
    "3 we failed, or --timeout passed, 4 nothing was tested. More: man fakeproxy\n";

enum {
    OPT_SCENARIO = 256,
    OPT_LISTEN,
    OPT_REMOTE,
    OPT_UPSTREAM,
    OPT_READY,
    OPT_JOURNAL,
    OPT_REPORT,
    OPT_CA,
    OPT_SEED,
    OPT_TIMEOUT,
    OPT_QUIET,
    OPT_VERSION,
    OPT_HELP
};

static const struct option long_options[] = {
    { "scenario", required_argument, NULL, OPT_SCENARIO },
    { "listen", required_argument, NULL, OPT_LISTEN },
    { "allow-remote", no_argument, NULL, OPT_REMOTE },
    { "upstream", required_argument, NULL, OPT_UPSTREAM },
    { "ready", required_argument, NULL, OPT_READY },
    { "journal", required_argument, NULL, OPT_JOURNAL },
    { "report", required_argument, NULL, OPT_REPORT },
    { "ca-file", required_argument, NULL, OPT_CA },
    { "seed", required_argument, NULL, OPT_SEED },
    { "timeout", required_argument, NULL, OPT_TIMEOUT },
    { "quiet", no_argument, NULL, OPT_QUIET },
    { "version", no_argument, NULL, OPT_VERSION },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

static int wrong(const char *format, const char *what)
{
    fputs("fakeproxy: ", stderr);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the formats are literals of this file */
    fprintf(stderr, format, what);
#pragma GCC diagnostic pop
    fputs("\n(fakeproxy --help lists everything)\n", stderr);
    return -1;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* "HOST:PORT", "[V6]:PORT": splits a copy. -1: not of that form. */
static int split_address(const char *text, char **host, int *port)
{
    const char *colon = strrchr(text, ':');
    char *end;
    if (!colon || colon == text || !colon[1])
        return -1;
    long n = strtol(colon + 1, &end, 10);
    if (*end || n < 0 || n > 65535 || colon[1] == '-' || colon[1] == '+')
        return -1;
    size_t len = (size_t)(colon - text);
    bool bracketed = text[0] == '[' && text[len - 1] == ']';
    if (!bracketed && memchr(text, ':', len))
        return -1;
    *host = bracketed ? strndup(text + 1, len - 2) : strndup(text, len);
    *port = (int)n;
    return *host ? 0 : -1;
}

static int parse_ip(const char *host, int port, struct sockaddr_storage *a, socklen_t *len)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
    memset(a, 0, sizeof(*a));
    if (inet_pton(AF_INET, host, &in.sin_addr) == 1) {
        memcpy(a, &in, sizeof(in));
        *len = sizeof(in);
        return 0;
    }
    if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1) {
        memcpy(a, &in6, sizeof(in6));
        *len = sizeof(in6);
        return 0;
    }
    return -1;
}

static bool is_loopback(const char *host)
{
    struct sockaddr_storage a;
    socklen_t len;
    if (parse_ip(host, 0, &a, &len) < 0)
        return false;
    if (a.ss_family == AF_INET)
        return (ntohl(((struct sockaddr_in *)(void *)&a)->sin_addr.s_addr) >> 24) == 127;
    return IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)(void *)&a)->sin6_addr);
}

static int add_upstream(struct options *o, const char *text)
{
    const char *equals = strchr(text, '=');
    char *name = equals ? strndup(text, (size_t)(equals - text)) : NULL;
    char *host = NULL, *address = NULL;
    struct upstream_name u = { 0 };
    int port = 0;
    int result = -1;
    if (name && split_address(name, &host, &u.port) == 0 &&
        split_address(equals + 1, &address, &port) == 0 && port > 0 && u.port > 0 &&
        parse_ip(address, port, &u.address, &u.address_len) == 0) {
        o->upstreams = reallocarray(o->upstreams, o->upstream_count + 1, sizeof(u));
        if (!o->upstreams)
            abort();
        u.host = host;
        host = NULL;
        o->upstreams[o->upstream_count++] = u;
        result = 0;
    }
    free(name);
    free(host);
    free(address);
    return result < 0 ? wrong("--upstream %s: expected HOST:PORT=ADDR:PORT, such as "
                              "example.com:80=127.0.0.1:8080 (ADDR is an IP address)",
                              text)
                      : 0;
}

static int add_report(struct options *o, const char *text)
{
    static const struct {
        const char *prefix;
        enum report_form form;
    } forms[] = { { "json:", REPORT_JSON }, { "junit:", REPORT_JUNIT } };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        size_t len = strlen(forms[i].prefix);
        if (strncmp(text, forms[i].prefix, len) != 0 || !text[len])
            continue;
        o->reports = reallocarray(o->reports, o->report_count + 1, sizeof(*o->reports));
        if (!o->reports)
            abort();
        o->reports[o->report_count++] =
            (struct report_wanted){ .form = forms[i].form, .path = text + len };
        return 0;
    }
    return wrong("--report %s: expected json:FILE or junit:FILE", text);
}

static int parse_time(const char *text, int64_t *ns)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {
        { "ms", CLOCK_MS }, { "s", CLOCK_S }, { "m", 60 * CLOCK_S }, { "h", 3600 * CLOCK_S }
    };
    char *end;
    double n = strtod(text, &end);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (end != text && strcmp(end, units[i].name) == 0 && n > 0 && n < 1e6) {
            *ns = (int64_t)(n * (double)units[i].ns);
            return 0;
        }
    return wrong("--timeout %s: expected a time such as 500ms, 90s or 2m", text);
}

static int parse_seed(struct options *o, const char *text)
{
    char *end;
    o->seed = strtoull(text, &end, 10);
    o->has_seed = true;
    return *text && !*end && *text != '-' ? 0 : wrong("--seed %s: expected a whole number", text);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int parse_option(struct options *o, int option, bool *remote)
{
    switch (option) {
    case OPT_SCENARIO:
        o->scenarios = reallocarray(o->scenarios, (size_t)o->scenario_count + 1, sizeof(char *));
        if (!o->scenarios)
            abort();
        o->scenarios[o->scenario_count++] = optarg;
        return 0;
    case OPT_LISTEN:
        free(o->listen_host);
        o->listen_host = NULL;
        if (split_address(optarg, &o->listen_host, &o->listen_port) < 0)
            return wrong("--listen %s: expected ADDR:PORT, such as 127.0.0.1:0 or [::1]:8888",
                         optarg);
        return 0;
    case OPT_REMOTE:
        *remote = true;
        return 0;
    case OPT_UPSTREAM:
        return add_upstream(o, optarg);
    case OPT_READY:
        o->ready = optarg;
        return 0;
    case OPT_JOURNAL:
        o->journal = optarg;
        return 0;
    case OPT_REPORT:
        return add_report(o, optarg);
    case OPT_CA:
        o->ca_file = optarg;
        return 0;
    case OPT_SEED:
        return parse_seed(o, optarg);
    case OPT_TIMEOUT:
        return parse_time(optarg, &o->timeout);
    case OPT_QUIET:
        o->quiet = true;
        return 0;
    case OPT_VERSION:
        o->command = COMMAND_VERSION;
        return 0;
    case OPT_HELP:
        o->command = COMMAND_HELP;
        return 0;
    default:
        fputs("(fakeproxy --help lists everything)\n", stderr); /* getopt has said what is wrong */
        return -1;
    }
}

static int choose_command(struct options *o, const char *name)
{
    static const struct {
        const char *name;
        enum command command;
        int least, most; /* operands */
    } commands[] = {
        { "list", COMMAND_LIST, 0, INT_MAX },
        { "check", COMMAND_CHECK, 1, INT_MAX },
        { "new", COMMAND_NEW, 1, 1 },
        { "show", COMMAND_SHOW, 1, 1 },
        { "explain", COMMAND_EXPLAIN, 1, INT_MAX },
        { "calibrate", COMMAND_CALIBRATE, 0, 0 },
        { "help", COMMAND_HELP, 0, INT_MAX },
    };
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, name) != 0)
            continue;
        o->command = commands[i].command;
        if (o->operand_count < commands[i].least)
            return wrong("%s: a name is missing", name);
        if (o->operand_count > commands[i].most)
            return wrong("%s: one argument too many", o->operands[commands[i].most]);
        if (o->scenario_count > 0 && o->command != COMMAND_HELP)
            return wrong("--scenario plays a scenario, and '%s' does something else: one at a time",
                         name);
        return 0;
    }
    if (o->scenario_count > 0)
        return wrong("to run '%s' while the scenario plays, put -- before it", name);
    return wrong("there is no command '%s'; to play a scenario, say --scenario NAME", name);
}

static int check_listen(const struct options *o, bool remote)
{
    if (!o->listen_host || remote || is_loopback(o->listen_host))
        return 0;
    return wrong("--listen %s would let others use this proxy; if that is meant, add "
                 "--allow-remote",
                 o->listen_host);
}

/* COMMAND is what stands behind "--", as it is. */
static int check_program(const struct options *o)
{
    if (!o->program)
        return 0;
    if (!o->program[0])
        return wrong("%s", "-- stands before a COMMAND: which one?");
    return o->scenario_count > 0
               ? 0
               : wrong("-- %s: a COMMAND is run while a scenario plays: say --scenario NAME",
                       o->program[0]);
}

static int check_words(struct options *o, int count)
{
    if (count == 0 && o->scenario_count == 0)
        return wrong("%s", "which scenario? Say --scenario NAME; `fakeproxy list` shows them");
    if (count == 0)
        return 0;
    if (o->program)
        return wrong("%s: options stand before --, COMMAND and its arguments behind it",
                     o->words[0]);
    o->operands = o->words + 1;
    o->operand_count = count - 1;
    return choose_command(o, o->words[0]);
}

int options_parse(struct options *o, int argc, char **argv)
{
    *o = (struct options){ .command = COMMAND_PLAY, .listen_port = -1 };
    bool remote = false;
    int option, count = 0;
    if (!(o->words = calloc((size_t)argc + 1, sizeof(*o->words))))
        abort();
    optind = 0;
    /* "-": words that are no options come as option 1, in order, and "--" ends it all */
    while ((option = getopt_long(argc, argv, "-h", long_options, NULL)) != -1)
        if (option == 1)
            o->words[count++] = optarg;
        else if (parse_option(o, option == 'h' ? OPT_HELP : option, &remote) < 0)
            return -1;
    if (optind > 1 && strcmp(argv[optind - 1], "--") == 0)
        o->program = argv + optind;
    if (o->program && count > 0 && o->scenario_count == 0) { /* check -- -odd-name.json */
        for (; optind < argc; optind++)
            o->words[count++] = argv[optind];
        o->program = NULL;
    }
    if (o->command == COMMAND_HELP || o->command == COMMAND_VERSION)
        return 0;
    if (check_listen(o, remote) < 0 || check_program(o) < 0)
        return -1;
    return check_words(o, count);
}

void options_free(struct options *o)
{
    for (size_t i = 0; i < o->upstream_count; i++)
        free((char *)(uintptr_t)o->upstreams[i].host);
    free(o->upstreams);
    free(o->reports);
    free(o->listen_host);
    free(o->scenarios);
    free(o->words);
}
