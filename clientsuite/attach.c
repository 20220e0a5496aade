/*
 * Drivers that are started by hand. Named pipes, because every shell and every debugger can give
 * them to a program (`run <in >out` in gdb), and the terminal stays the debugger's.
 *
 * The relay is a shell with two `cat`: one copies what we write into the first pipe, the other what
 * comes out of the second one. Opening a named pipe waits for the other side, so nothing is lost
 * before the driver is there. When the driver ends, so does the second `cat`, and with it the
 * relay; when the relay is ended, the driver finds the end of its input, which tells it to finish.
 */
#include "attach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"

extern char **environ; /* environ(7) */

/* A list that runs beside the shell has no standard input of its own: hence descriptor 3. */
static const char relay[] = "exec 3<&0; cat <&3 >\"$1\" & exec cat <\"$2\" 3<&-";

struct attached {
    char in[128], out[128];
    const char *argv[7];
};

/* ---- what is said ---------------------------------------------------------------------------- */

/* As a word of the shell's. */
static void add_word(struct buf *b, const char *word)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=./:,@%";
    if (*word && !word[strspn(word, plain)]) {
        buf_string(b, word);
        return;
    }
    buf_char(b, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            buf_string(b, "'\\''");
        else
            buf_char(b, *word);
    }
    buf_char(b, '\'');
}

/* The line of the list that sets the same variable as this one; NULL: none does. */
static const char *find_line(char *const *list, const char *line)
{
    size_t len = strcspn(line, "=") + 1;
    while (*list && strncmp(*list, line, len) != 0)
        list++;
    return *list;
}

/* What makes of our environment, which the other terminal's is taken to be, the driver's. */
static void add_environment(struct buf *b, char *const *list)
{
    size_t start = b->len;
    buf_string(b, "env");
    for (char *const *line = environ; *line; line++)
        if (!find_line(list, *line))
            buf_printf(b, " -u %.*s", (int)strcspn(*line, "="), *line);
    for (char *const *line = list; *line; line++) {
        const char *ours = find_line(environ, *line);
        if (ours && strcmp(ours, *line) == 0)
            continue;
        buf_char(b, ' ');
        add_word(b, *line);
    }
    if (b->len == start + strlen("env"))
        b->len = start;
    else
        buf_char(b, ' ');
}

static void add_argv(struct buf *b, const char *const *argv)
{
    for (const char *const *word = argv; *word; word++) {
        if (word != argv)
            buf_char(b, ' ');
        add_word(b, *word);
    }
}

static void say(const struct attached *a, const struct agent_options *o)
{
    struct buf b = { 0 };
    buf_string(&b, "clientsuite: waits for a driver to be started by hand, in another terminal:\n"
                   "  cd ");
    add_word(&b, o->variant->profile->folder);
    buf_string(&b, " && ");
    add_environment(&b, o->environment->list);
    add_argv(&b, o->variant->driver);
    buf_printf(&b, " <%s >%s\nor in gdb:\n  cd ", a->in, a->out);
    add_word(&b, o->variant->profile->folder);
    buf_string(&b, " && ");
    add_environment(&b, o->environment->list);
    buf_string(&b, "gdb --args ");
    add_argv(&b, o->variant->driver);
    buf_printf(&b, "\n  (gdb) run <%s >%s\n", a->in, a->out);
    fwrite(b.at, 1, b.len, stderr);
    fflush(stderr);
    buf_free(&b);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct attached *attach_new(const struct agent_options *o)
{
    struct attached *a = calloc(1, sizeof(*a));
    if (!a)
        abort();
    snprintf(a->in, sizeof(a->in), "%s/driver.in", o->folder);
    snprintf(a->out, sizeof(a->out), "%s/driver.out", o->folder);
    const char *const argv[] = { "sh", "-c", relay, "relay", a->in, a->out, NULL };
    memcpy(a->argv, argv, sizeof(argv));
    if (mkfifo(a->in, 0600) < 0 || mkfifo(a->out, 0600) < 0) {
        int error = errno;
        attach_free(a);
        errno = error;
        return NULL;
    }
    say(a, o);
    return a;
}

char *const *attach_argv(const struct attached *a)
{
    return (char *const *)(uintptr_t)a->argv;
}

void attach_free(struct attached *a)
{
    if (!a)
        return;
    unlink(a->in);
    unlink(a->out);
    free(a);
}
