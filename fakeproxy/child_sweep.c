/*
 * What children leave behind. Since this process is a subreaper, every process that descends from a
 * child has, at any time, an ancestor that is our own child: the one whose parents died. So it is
 * enough to kill our children, and to look again, until none comes any more. As long as one of them
 * is not reaped its pid is its own: no stranger is ever killed.
 *
 * Who our children are is read from the `stat` of all processes. /proc/PID/task/TID/children would
 * be quicker, but not every kernel has it (CONFIG_PROC_CHILDREN), and it may skip some while others
 * come and go.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child_private.h"

const char child_tag_name[] = "FAKEPROXY_CHILD";

/* A process that is just being executed has no environment for a moment: so many looks is it given
 * the benefit of the doubt. */
enum { DOUBTFUL_LOOKS = 5 };

/* ---- proc ------------------------------------------------------------------------------------ */

/* Reads /proc/PID/NAME as far as there is room; the octets, ended by a NUL. 0: none. */
static size_t read_proc(pid_t pid, const char *name, char *text, size_t room)
{
    char path[64];
    size_t len = 0;
    ssize_t n;
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && len + 1 < room && (n = read(fd, text + len, room - 1 - len)) > 0)
        len += (size_t)n;
    if (fd >= 0)
        close(fd);
    text[len] = '\0';
    return len;
}

/* 0: there is no such process any more. */
static pid_t parent_of(pid_t pid)
{
    char text[512];
    read_proc(pid, "stat", text, sizeof(text));
    const char *rest = strrchr(text, ')'); /* its name may have any characters (proc(5)) */
    int parent = 0;
    return rest && sscanf(rest + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

pid_t *child_sweep_list(void)
{
    size_t count = 0;
    pid_t *list = calloc(1, sizeof(*list)), self = getpid();
    DIR *proc = opendir("/proc");
    if (!list)
        abort();
    for (struct dirent *d; proc && (d = readdir(proc));) {
        pid_t pid = isdigit((unsigned char)d->d_name[0]) ? (pid_t)strtol(d->d_name, NULL, 10) : 0;
        if (pid <= 0 || parent_of(pid) != self)
            continue;
        list = reallocarray(list, count + 2, sizeof(*list));
        if (!list)
            abort();
        list[count++] = pid;
        list[count] = 0;
    }
    if (proc)
        closedir(proc);
    return list;
}

/* ---- whose it is ----------------------------------------------------------------------------- */

static bool is_leader(const struct children *all, pid_t pid)
{
    for (const struct child *c = all->first; c; c = c->next)
        if (c->pid == pid && c->state == CHILD_RUNS)
            return true;
    return false;
}

static bool is_other(const struct children *all, pid_t pid)
{
    for (const pid_t *other = all->others; *other; other++)
        if (*other == pid)
            return true;
    return false;
}

enum owner { OWNER_THIS, OWNER_ANOTHER, OWNER_NOBODY, OWNER_UNCLEAR };

/* Who has this tag; c: the one who asks, NULL: whoever. */
static enum owner owner_of_tag(const struct children *all, const struct child *c, const char *tag)
{
    if (strncmp(tag, all->nonce, strlen(all->nonce)) != 0)
        return OWNER_NOBODY;
    if (!c || strcmp(tag, c->tag) == 0)
        return OWNER_THIS;
    for (const struct child *other = all->first; other; other = other->next)
        if (strcmp(tag, other->tag) == 0 && other->state < CHILD_DRAINS)
            return OWNER_ANOTHER;
    return OWNER_NOBODY;
}

static enum owner owner_of(const struct children *all, const struct child *c, pid_t pid)
{
    enum { ROOM = 1 << 21 }; /* the kernel's own limit for arguments and environment together */
    static const size_t name_len = sizeof(child_tag_name) - 1;
    enum owner owner = OWNER_NOBODY;
    if (c && getpgid(pid) == c->pid)
        return OWNER_THIS;
    char *text = malloc(ROOM);
    if (!text)
        abort();
    size_t len = read_proc(pid, "environ", text, ROOM);
    if (len == 0)
        owner = OWNER_UNCLEAR;
    for (const char *at = text; at < text + len; at += strlen(at) + 1)
        if (strncmp(at, child_tag_name, name_len) == 0 && at[name_len] == '=')
            owner = owner_of_tag(all, c, at + name_len + 1);
    free(text);
    return owner;
}

/* May what belongs to nobody be taken for c's? Not if another child, or one of somebody else, can
 * be where it comes from. */
static bool is_alone(const struct children *all, const struct child *c)
{
    for (const struct child *other = all->first; other; other = other->next)
        if (other != c && other->state < CHILD_DRAINS)
            return false;
    return all->others[0] == 0;
}

void child_sweep_reap(const struct children *all)
{
    siginfo_t info = { 0 };
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0) {
        if (is_leader(all, info.si_pid) || is_other(all, info.si_pid))
            return; /* whoever it belongs to comes first */
        waitid(P_PID, (id_t)info.si_pid, &info, WEXITED | WNOHANG);
        info.si_pid = 0;
    }
}

/* ---- sweeping -------------------------------------------------------------------------------- */

struct looked {
    size_t left, reaped;
};

static struct looked look(struct children *all, const struct child *c)
{
    bool alone = is_alone(all, c);
    struct looked looked = { 0 };
    pid_t *list = child_sweep_list();
    for (const pid_t *pid = list; *pid; pid++) {
        siginfo_t info = { 0 };
        if (is_leader(all, *pid) || is_other(all, *pid) ||
            waitid(P_PID, (id_t)*pid, &info, WEXITED | WNOHANG) < 0)
            continue;
        if (info.si_pid == *pid) {
            looked.reaped++;
            continue;
        }
        enum owner owner = owner_of(all, c, *pid);
        bool is_ours = owner == OWNER_THIS || (alone && owner != OWNER_ANOTHER);
        if (is_ours)
            kill(*pid, SIGKILL);
        else if (owner != OWNER_UNCLEAR || !c || c->looks >= DOUBTFUL_LOOKS)
            continue;
        looked.left++;
    }
    free(list);
    return looked;
}

/* Whoever was reaped may have left children, which are ours now: the list was older than that. */
size_t child_sweep(struct children *all, const struct child *c)
{
    struct looked looked;
    int times = 0;
    do
        looked = look(all, c);
    while (looked.reaped > 0 && ++times < 16);
    return looked.left + looked.reaped;
}
