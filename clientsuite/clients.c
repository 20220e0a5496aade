/*
 * Where profiles are.
 */
#include "clients.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "buf.h"
#include "datadir.h"
#include "nearest.h"

/* ---- folders --------------------------------------------------------------------------------- */

struct folders {
    char **list;
    size_t count;
};

static void add_folder(struct folders *f, const char *folder, size_t len, const char *below)
{
    struct buf b = { 0 };
    f->list = reallocarray(f->list, f->count + 1, sizeof(char *));
    if (!f->list)
        abort();
    buf_printf(&b, "%.*s%s", (int)len, folder, below);
    buf_char(&b, '\0');
    f->list[f->count++] = b.at;
}

static struct folders find_folders(void)
{
    struct folders f = { 0 };
    char *data = datadir_find();
    for (const char *list = getenv("CLIENTSUITE_CLIENTS"); list && *list;) {
        size_t len = strcspn(list, ":");
        if (len)
            add_folder(&f, list, len, "");
        list += len + (list[len] == ':');
    }
    if (data) { /* a source tree has the first two, an installation the last */
        add_folder(&f, data, strlen(data), "/build/clients");
        add_folder(&f, data, strlen(data), "/clientsuite/clients");
        add_folder(&f, data, strlen(data), "/clients");
    }
    free(data);
    return f;
}

static void free_folders(struct folders *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->list[i]);
    free(f->list);
}

static char *profile_in(const char *folder, const char *name)
{
    struct buf b = { 0 };
    struct stat st;
    buf_printf(&b, "%s/%s/profile.json", folder, name);
    buf_char(&b, '\0');
    if (stat(b.at, &st) == 0 && S_ISREG(st.st_mode))
        return b.at;
    buf_free(&b);
    return NULL;
}

/* ---- all ------------------------------------------------------------------------------------- */

static const char *folder_name(const char *path, size_t *len)
{
    const char *end = strrchr(path, '/'), *from = end;
    while (from > path && from[-1] != '/')
        from--;
    *len = (size_t)(end - from);
    return from;
}

static int compare(const void *a, const void *b)
{
    size_t n, m;
    const char *x = folder_name(*(char *const *)a, &n), *y = folder_name(*(char *const *)b, &m);
    int order = strncmp(x, y, n < m ? n : m);
    return order ? order : (n > m) - (n < m);
}

static bool is_known(char *const *list, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++)
        if (compare(&list[i], &path) == 0)
            return true;
    return false;
}

char **clients_list(void)
{
    struct folders f = find_folders();
    char **list = calloc(1, sizeof(*list));
    size_t count = 0;
    for (size_t i = 0; i < f.count; i++) {
        DIR *dir = opendir(f.list[i]);
        for (struct dirent *e; dir && (e = readdir(dir));) {
            char *path = e->d_name[0] == '.' ? NULL : profile_in(f.list[i], e->d_name);
            if (!path || is_known(list, count, path)) {
                free(path);
                continue;
            }
            list = reallocarray(list, count + 2, sizeof(*list));
            if (!list)
                abort();
            list[count++] = path;
            list[count] = NULL;
        }
        if (dir)
            closedir(dir);
    }
    free_folders(&f);
    if (count)
        qsort(list, count, sizeof(*list), compare);
    return list;
}

/* ---- by name --------------------------------------------------------------------------------- */

static void complain_of_none(struct complaints *complaints, const char *name)
{
    struct complaint_place place = { .file = name };
    struct nearest n;
    char **all = clients_list();
    nearest_begin(&n, name, strlen(name));
    for (char **path = all; *path; path++) {
        size_t len;
        const char *folder = folder_name(*path, &len);
        memmove(*path, folder, len);
        (*path)[len] = '\0';
        nearest_try(&n, *path);
    }
    complaints_add(
        complaints, &place, NULL,
        "no such client, expected a profile's file or one of `clientsuite clients`%s%s%s",
        n.best ? "; did you mean \"" : "", n.best ? n.best : "", n.best ? "\"?" : "");
    for (char **path = all; *path; path++)
        free(*path);
    free(all);
}

static bool is_file(const char *name)
{
    struct stat st;
    size_t len = strlen(name);
    return (len > 5 && strcmp(name + len - 5, ".json") == 0) ||
           (stat(name, &st) == 0 && S_ISREG(st.st_mode));
}

/* Its processes run in its folder. That is where the name leads to: a profile that is a link (the
 * setups make such) has its driver beside the link. */
static char *absolute(const char *name)
{
    const char *slash = strrchr(name, '/');
    char *folder = slash ? strndup(name, (size_t)(slash - name) + 1) : strdup(".");
    char *real = folder ? realpath(folder, NULL) : NULL;
    struct buf b = { 0 };
    buf_printf(&b, "%s/%s", real ? real : folder ? folder : ".", slash ? slash + 1 : name);
    buf_char(&b, '\0');
    free(folder);
    free(real);
    return b.at;
}

static char *find(const char *name)
{
    struct folders f = find_folders();
    char *path = NULL;
    if (is_file(name))
        path = absolute(name);
    for (size_t i = 0; !path && i < f.count; i++)
        path = profile_in(f.list[i], name);
    if (!path && strchr(name, '/'))
        path = profile_in(".", name);
    free_folders(&f);
    return path;
}

static void add_variant(struct clients *c, const struct profile_variant *v)
{
    c->variants = reallocarray(c->variants, c->variant_count + 1, sizeof(*c->variants));
    if (!c->variants)
        abort();
    c->variants[c->variant_count++] = v;
}

static int add_variants(struct clients *c, const struct profile *p, const char *variant,
                        struct complaints *complaints)
{
    struct complaint_place place = { .file = p->path };
    const struct profile_variant *v = variant ? profile_variant(p, variant) : NULL;
    if (v) {
        add_variant(c, v);
        return 0;
    }
    if (variant) {
        struct nearest n;
        nearest_begin(&n, variant, strlen(variant));
        for (size_t i = 0; i < p->variant_count; i++)
            nearest_try(&n, p->variants[i].name);
        complaints_add(complaints, &place, NULL, "there is no variant \"%s\"%s%s%s", variant,
                       n.best ? "; did you mean \"" : "", n.best ? n.best : "",
                       n.best ? "\"?" : "");
        return -1;
    }
    for (size_t i = 0; i < p->variant_count; i++)
        add_variant(c, &p->variants[i]);
    return 0;
}

int clients_add(struct clients *c, const char *name, struct complaints *complaints)
{
    const char *at = strrchr(name, '@');
    char *plain =
        at && at > name && !strchr(at, '/') ? strndup(name, (size_t)(at - name)) : strdup(name);
    const char *variant = plain && strlen(plain) < strlen(name) ? at + 1 : NULL;
    if (!plain)
        abort();
    char *path = find(plain);
    struct profile *p = path ? profile_load_file(path, complaints) : NULL;
    if (!path)
        complain_of_none(complaints, plain);
    free(path);
    free(plain);
    if (!p)
        return -1;
    c->profiles = reallocarray(c->profiles, c->profile_count + 1, sizeof(struct profile *));
    if (!c->profiles)
        abort();
    c->profiles[c->profile_count++] = p;
    return add_variants(c, p, variant, complaints);
}

int clients_check_attached(const struct clients *c, struct complaints *complaints)
{
    struct complaint_place place = { .file = c->variant_count ? c->variants[0]->profile->path
                                                              : "--attach" };
    if (c->variant_count == 1 && c->variants[0]->driver)
        return 0;
    if (c->variant_count == 1)
        complaints_add(complaints, &place, NULL,
                       "its profile has a command, expected a driver: --attach is for processes "
                       "that stay up");
    else if (c->variant_count > 1)
        complaints_add(complaints, &place, NULL,
                       "%zu variants, expected one with --attach: say --client NAME@%s",
                       c->variant_count, c->variants[0]->name);
    return -1;
}

void clients_free(struct clients *c)
{
    for (size_t i = 0; i < c->profile_count; i++)
        profile_free(c->profiles[i]);
    free(c->profiles);
    free(c->variants);
}
