/*
 * Finds the data folder: a list of candidates, the first one that has scenarios is it. It only
 * looks at the file system; reading scenarios is the loader's.
 */
#include "datadir.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
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

/* `relative` leads there from the folder of the file. */
static char *find_from(const char *file, const char *relative)
{
    char folder[PATH_MAX];
    char *found = NULL;
    const char *slash = strrchr(file, '/');
    if (slash && (size_t)(slash - file) < sizeof(folder)) {
        memcpy(folder, file, (size_t)(slash - file));
        folder[slash - file] = '\0';
        found = candidate(folder, relative);
        if (!found && is_folder(folder, "CMakeFiles")) /* build/<preset>/fakeproxy */
            found = candidate(folder, "../..");
    }
    if (!found && is_folder(FP_DATADIR, "scenarios"))
        found = strdup(FP_DATADIR);
    return found;
}

char *datadir_of(const char *program)
{
    return find_from(program, FP_DATADIR_FROM_BINDIR);
}

char *datadir_of_library(const char *library)
{
    return find_from(library, FP_DATADIR_FROM_LIBDIR);
}

/* The shared library that this code is in, or NULL: it is in the program. */
static const char *own_library(void)
{
    static const char here = 0;
    Dl_info info;
    struct link_map *map = NULL;
    int found = dladdr1(&here, &info, (void **)&map, RTLD_DL_LINKMAP);
    return found && map && map->l_name[0] ? map->l_name : NULL; /* "" is the program itself */
}

char *datadir_find(void)
{
    const char *library = own_library();
    if (library)
        return datadir_of_library(library);
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
    program[n > 0 ? n : 0] = '\0';
    return datadir_of(program);
}
