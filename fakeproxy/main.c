/* fakeproxy: options, call, exit code. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "calibrate.h"
#include "commands.h"
#include "explain.h"
#include "options.h"
#include "play.h"
#include "show.h"
#include "skeleton.h"

static int run(const struct options *o)
{
    switch (o->command) {
    case COMMAND_PLAY:
        return play(o);
    case COMMAND_LIST:
        return command_list(o);
    case COMMAND_CHECK:
        return command_check(o);
    case COMMAND_NEW:
        return skeleton_new(o->operands[0]);
    case COMMAND_SHOW:
        return show(o->operands[0]);
    case COMMAND_EXPLAIN:
        return explain(o->operands, o->operand_count);
    case COMMAND_CALIBRATE:
        return calibrate();
    case COMMAND_HELP:
        fputs(options_help, stdout);
        return EXIT_OK;
    case COMMAND_VERSION:
        puts("fakeproxy " FP_VERSION);
        return EXIT_OK;
    }
    return EXIT_USAGE;
}

/* What we open must not become 0, 1 or 2: our listener would be a child's standard input. */
static void open_standard(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    struct options o;
    open_standard();
    signal(SIGPIPE,
           SIG_IGN); /* a log or journal piped to a program that ended is an error, not death */
    signal(SIGCHLD, SIG_DFL); /* if it came ignored, children would leave no exit status */
    int code = options_parse(&o, argc, argv) < 0 ? EXIT_USAGE : run(&o);
    options_free(&o);
    return code;
}
