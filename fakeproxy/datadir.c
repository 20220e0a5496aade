/*
 * Finds the data folder: a list of candidates, the first one that has scenarios is it. It only
 * looks at the file system; reading scenarios is the loader's.
 */
#include "datadir.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_folder(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    int n = snprintf(path, sizeof(path), "%s/%s", folder, name);
    return n > 0 && (size_t)n < sizeof(path) && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The resolved path of what lies at `relative` from `bindir` if it has scenarios, else NULL. */
static char *candidate(const char *bindir, const char *relative)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/%s", bindir, relative);
    if (n < 0 || (size_t)n >= sizeof(path) || !is_folder(path, "scenarios"))
        return NULL;
    return realpath(path, NULL);
}

char *datadir_of(const char *program)
{
    char bindir[PATH_MAX];
    char *found = NULL;
    const char *slash = strrchr(program, '/');
    if (slash && (size_t)(slash - program) < sizeof(bindir)) {
        memcpy(bindir, program, (size_t)(slash - program));
        bindir[slash - program] = '\0';
        found = candidate(bindir, FP_DATADIR_FROM_BINDIR);
        if (!found && is_folder(bindir, "CMakeFiles")) /* build/<preset>/fakeproxy */
            found = candidate(bindir, "../..");
    }
    if (!found && is_folder(FP_DATADIR, "scenarios"))
        found = strdup(FP_DATADIR);
    return found;
}

char *datadir_find(void)
{
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
    program[n > 0 ? n : 0] = '\0';
    return datadir_of(program);
}
