/* clientsuite: options, call, exit code. */
#include <signal.h>
#include <stdio.h>

#include "suite.h"

static int run(const struct suite_options *o)
{
    switch (o->command) {
    case SUITE_RUN:
        return suite_run(o);
    case SUITE_LIST:
        return suite_list(o);
    case SUITE_EXPLAIN:
        return suite_explain(o);
    case SUITE_CLIENTS:
        return suite_clients(o);
    case SUITE_CHECK_DRIVER:
        return suite_check_driver(o);
    case SUITE_GRADE:
        return suite_grade(o);
    case SUITE_HELP:
        fputs(suite_help, stdout);
        return EXIT_OK;
    case SUITE_VERSION:
        puts("clientsuite " CS_VERSION);
        return EXIT_OK;
    }
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct suite_options o;
    signal(SIGPIPE, SIG_IGN); /* a client or a reader that is gone is an error, not death */
    int code = suite_options_parse(&o, argc, argv) < 0 ? EXIT_USAGE : run(&o);
    suite_options_free(&o);
    return code;
}
