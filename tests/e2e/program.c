/*
 * Starting and ending fakeproxy. fork() and not posix_spawn(): the child asks to be killed with its
 * parent, and may get a limit of its own.
 */
#include "program.h"

#include <cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_FD = 3, START_MS = 20000, END_MS = 10000 };

/* ---- files ----------------------------------------------------------------------------------- */

static void path_of(const struct program *p, const char *name, char path[128])
{
    snprintf(path, 128, "%s/%s", p->folder, name);
}

char *program_read(const struct program *p, const char *name)
{
    char path[128];
    path_of(p, name, path);
    FILE *f = fopen(path, "re");
    if (!f)
        return NULL;
    char *text = NULL;
    size_t len = 0, room = 0, n;
    do {
        if (room - len < 65536) {
            char *more = realloc(text, room = 2 * room + 131072);
            if (!more)
                abort();
            text = more;
        }
        n = fread(text + len, 1, room - len - 1, f);
        len += n;
    } while (n > 0);
    fclose(f);
    text[len] = '\0';
    return text;
}

static int make_folder(struct program *p)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(p->folder, sizeof(p->folder), "%.40s/fakeproxy-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    return mkdtemp(p->folder) ? 0 : -1;
}

static int write_scenario(const struct program *p, const char *text)
{
    char path[128];
    path_of(p, "scenario.json", path);
    FILE *f = fopen(path, "we");
    if (!f)
        return -1;
    const char *rest = text + strspn(text, " \n");
    if (!strstr(text, "'fakeproxy'") && *rest == '{') {
        const char *first = rest + 1 + strspn(rest + 1, " \n");
        fprintf(f, "{ \"fakeproxy\": 1, \"id\": \"e2e/test\"%s", *first == '}' ? "" : ", ");
        rest++;
    }
    for (; *rest; rest++)
        fputc(*rest == '\'' ? '"' : *rest, f);
    return fclose(f);
}

/* ---- start ----------------------------------------------------------------------------------- */

/* The child, up to execv(). */
static void become(const char *program, char *const *arguments, const struct program_options *o,
                   int ready, const char *output)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int out = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
        _exit(126);
    if (o->input > 0 && dup2(o->input, STDIN_FILENO) < 0)
        _exit(126);
    if (ready == READY_FD)
        fcntl(ready, F_SETFD, 0);
    else if (ready >= 0 && dup2(ready, READY_FD) < 0)
        _exit(126);
    if (o->descriptors) {
        struct rlimit limit = { o->descriptors, o->descriptors };
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    setenv("ASAN_OPTIONS", o->measured ? "exitcode=99:quarantine_size_mb=1" : "exitcode=99", 1);
    setenv("UBSAN_OPTIONS", "exitcode=99:print_stacktrace=1", 1);
    execv(program, arguments);
    _exit(127);
}

static int port_in(const cJSON *ready, const char *actor)
{
    const char *url = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(ready, actor));
    const char *colon = url ? strrchr(url, ':') : NULL;
    return colon ? (int)strtol(colon + 1, NULL, 10) : -1;
}

/* The line on the pipe; false at its end or when it does not come. */
static bool read_ready(struct program *p, int fd)
{
    char line[8192];
    size_t len = 0;
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    while (len + 1 < sizeof(line) && poll(&ready, 1, START_MS) == 1) {
        ssize_t n = read(fd, line + len, sizeof(line) - 1 - len);
        if (n <= 0)
            return false;
        len += (size_t)n;
        line[len] = '\0';
        if (line[len - 1] == '\n')
            break;
    }
    line[len] = '\0';
    p->ready = cJSON_Parse(line);
    p->proxy = port_in(p->ready, "proxy");
    p->origin = port_in(p->ready, "origin");
    return p->ready != NULL;
}

enum { ROOM = 2048 }; /* arguments: bench-exact names two upstreams for each of its lanes */

/* Appends to the list of ROOM arguments what `more` has; NULL: nothing. */
static void add_all(const char **list, const char *const *more)
{
    size_t n = 0;
    while (list[n])
        n++;
    for (; more && *more; more++) {
        if (n + 1 == ROOM)
            abort();
        list[n++] = *more;
    }
}

static int launch(struct program *p, const char *program, const struct program_options *o)
{
    char scenario[128], journal[128], ca[128], output[128];
    path_of(p, "scenario.json", scenario);
    path_of(p, "journal", journal);
    path_of(p, "ca.pem", ca);
    path_of(p, "output", output);
    const char *const first[] = { program,   "--scenario", scenario,    "--listen", "127.0.0.1:0",
                                  "--ready", "fd:3",       "--ca-file", ca,         NULL };
    const char *const to_journal[] = { "--journal", o->journal ? o->journal : journal, NULL };
    static const char *const quiet[] = { "--quiet", NULL }, *const dashes[] = { "--", NULL };
    const char *arguments[ROOM] = { NULL };
    add_all(arguments, first);
    add_all(arguments, o->loud ? NULL : quiet);
    add_all(arguments, o->arguments);
    add_all(arguments, o->journal && !*o->journal ? NULL : to_journal);
    add_all(arguments, o->command ? dashes : NULL);
    add_all(arguments, o->command);
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        abort();
    p->pid = fork();
    if (p->pid == 0)
        become(program, (char *const *)(void *)arguments, o, fds[1], output);
    close(fds[1]);
    bool ready = p->pid > 0 && read_ready(p, fds[0]);
    close(fds[0]);
    return ready ? 0 : -1;
}

struct program *program_start(const char *program, const char *scenario,
                              const struct program_options *options)
{
    struct program *p = calloc(1, sizeof(*p));
    static const struct program_options none;
    if (!p)
        abort();
    if (make_folder(p) < 0) {
        free(p);
        return NULL;
    }
    if (write_scenario(p, scenario) == 0 && launch(p, program, options ? options : &none) == 0)
        return p;
    program_show_output(p);
    if (p->pid > 0)
        program_end(p);
    program_free(p, true);
    return NULL;
}

int program_port(const struct program *p, const char *actor)
{
    return port_in(p->ready, actor);
}

/* ---- end ------------------------------------------------------------------------------------- */

int program_wait(struct program *p, int timeout_ms)
{
    int status = -1;
    for (int waited = 0; p->pid > 0; waited += 5) {
        if (waitpid(p->pid, &status, WNOHANG) == p->pid) {
            p->pid = 0;
            return status;
        }
        if (waited >= timeout_ms)
            return -1;
        poll(NULL, 0, 5);
    }
    return status;
}

int program_end(struct program *p)
{
    if (p->pid <= 0)
        return -1;
    kill(p->pid, SIGTERM);
    int status = program_wait(p, END_MS);
    if (p->pid > 0) {
        kill(p->pid, SIGKILL);
        status = program_wait(p, END_MS);
    }
    return status;
}

void program_free(struct program *p, bool keep)
{
    static const char *const files[] = { "scenario.json", "journal", "ca.pem", "output" };
    if (!p)
        return;
    for (size_t i = 0; !keep && i < sizeof(files) / sizeof(files[0]); i++) {
        char path[128];
        path_of(p, files[i], path);
        unlink(path);
    }
    if (!keep)
        rmdir(p->folder);
    else
        fprintf(stderr, "kept: %s\n", p->folder);
    cJSON_Delete(p->ready);
    free(p);
}

int program_run(const char *program, const char *const *arguments, int timeout_ms, char **output)
{
    struct program p = { 0 };
    char path[128];
    const char *argv[32] = { program };
    static const struct program_options none;
    for (size_t n = 0; n < 30 && arguments[n]; n++)
        argv[n + 1] = arguments[n];
    if (make_folder(&p) < 0)
        return -1;
    path_of(&p, "output", path);
    p.pid = fork();
    if (p.pid == 0)
        become(program, (char *const *)(void *)argv, &none, -1, path);
    int status = program_wait(&p, timeout_ms);
    if (p.pid > 0) {
        kill(p.pid, SIGKILL);
        program_wait(&p, END_MS);
    }
    *output = program_read(&p, "output");
    unlink(path);
    rmdir(p.folder);
    return status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void program_show_output(const struct program *p)
{
    char *text = program_read(p, "output");
    if (text && *text)
        fprintf(stderr, "---- output of fakeproxy ----\n%s----\n", text);
    free(text);
}

bool program_complained(const struct program *p)
{
    static const char *const signs[] = { "Sanitizer", "runtime error", "Assertion" };
    bool found = false;
    char *text = program_read(p, "output");
    for (size_t i = 0; text && i < sizeof(signs) / sizeof(signs[0]); i++)
        found = found || strstr(text, signs[i]);
    free(text);
    return found;
}
