/*
 * What the program costs, seen from outside: memory, CPU, descriptors (proc(5)).
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "e2e.h"

static FILE *open_proc(const struct play *p, const char *name)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)p->program->pid, name);
    FILE *f = fopen(path, "re");
    if (!f)
        fail_here("%s: %s; did the program end?", path, strerror(errno));
    return f;
}

long memory_of(const struct play *p, const char *name)
{
    char line[256];
    long kib = -1;
    FILE *f = open_proc(p, "status");
    while (kib < 0 && fgets(line, sizeof(line), f))
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            kib = strtol(line + strlen(name) + 1, NULL, 10);
    fclose(f);
    return kib;
}

long cpu_ms_of(const struct play *p)
{
    char line[1024] = "";
    FILE *f = open_proc(p, "stat");
    size_t n = fread(line, 1, sizeof(line) - 1, f);
    fclose(f);
    line[n] = '\0';
    long utime = 0, stime = 0;
    const char *rest = strrchr(line, ')'); /* fields 3 on; 14 and 15 are the times (proc(5)) */
    for (int field = 3; rest && field <= 15; field++) {
        rest = strchr(rest, ' ');
        rest = rest ? rest + 1 : NULL;
        if (rest && field == 14)
            utime = strtol(rest, NULL, 10);
        if (rest && field == 15)
            stime = strtol(rest, NULL, 10);
    }
    return (utime + stime) * 1000 / sysconf(_SC_CLK_TCK);
}

int descriptors_of(const struct play *p)
{
    char path[64];
    int n = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)p->program->pid);
    DIR *d = opendir(path);
    if (!d)
        fail_here("%s: %s; did the program end?", path, strerror(errno));
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* Waits until it has no more open files than so many: nothing of the clients is left. */
void expect_descriptors(const struct play *p, int most)
{
    int64_t deadline = clock_now() + PEER_PATIENCE * CLOCK_MS;
    int n;
    while ((n = descriptors_of(p)) > most) {
        if (clock_now() > deadline)
            fail_here("expected at most %d open descriptors, got %d", most, n);
        poll(NULL, 0, 10);
    }
}

/* Waits until it has done what it had to do: no CPU time (in ticks of 10 ms) for a while. */
void settle(const struct play *p)
{
    int64_t deadline = clock_now() + PEER_PATIENCE * CLOCK_MS;
    long before;
    do {
        if (clock_now() > deadline)
            fail_here("the program never comes to rest");
        before = cpu_ms_of(p);
        poll(NULL, 0, 300);
    } while (cpu_ms_of(p) > before + 10);
}

void expect_rest(const struct play *p, int most_ms)
{
    long used = 0;
    for (int i = 0; i < 5; i++) {
        long before = cpu_ms_of(p);
        poll(NULL, 0, 1000);
        used = cpu_ms_of(p) - before;
        if (used <= most_ms)
            return;
    }
    fail_here("it rests, and uses %ld ms of CPU in a second", used);
}

void expect_alive(const struct play *p)
{
    struct peer *c = dial(p->proxy);
    get(c, "/alive");
    expect_answer(c, 200);
    hang_up(c);
}
