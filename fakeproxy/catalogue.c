/*
 * The catalogue: every *.json file below the folders is looked into for its id. Nothing is kept
 * between calls, since people edit scenarios while they look for them.
 */
#include "catalogue.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arena.h"
#include "buf.h"
#include "datadir.h"
#include "json.h"
#include "nearest.h"
#include "slurp.h"

enum { DEEPEST = 4, LARGEST = 16 << 20 };

/* ---- reading entries ------------------------------------------------------------------------- */

struct finder {
    struct catalogue *catalogue;
    size_t room;
    bool keeps_all; /* also several files of one id */
};

static const char *keep_text(struct arena *arena, const struct json *root, const char *key)
{
    const struct json *v = json_get(root, key);
    return v && v->type == JSON_TEXT ? arena_copy(arena, v->text, strlen(v->text)) : NULL;
}

/* What stands in the file; its id is its path below the folder where there is none. */
static struct catalogue_entry look_into(struct catalogue *c, const char *path, const char *below)
{
    struct catalogue_entry e = { .path = arena_copy(c->arena, path, strlen(path)) };
    struct arena *arena = arena_new();
    struct buf text = { 0 };
    struct json_error error;
    const struct json *root = NULL;
    if (slurp(path, LARGEST, &text) == 0)
        root = json_parse(arena, text.at, text.len, &error);
    if (root && root->type == JSON_OBJECT) {
        const struct json *variants = json_get(root, "variants");
        e.id = keep_text(c->arena, root, "id");
        e.title = keep_text(c->arena, root, "title");
        e.layer = keep_text(c->arena, root, "layer");
        e.variants = variants ? variants->count : 0;
        e.is_readable = true;
    }
    if (!e.id)
        e.id = arena_copy(c->arena, below, strlen(below) - strlen(".json"));
    buf_free(&text);
    arena_free(arena);
    return e;
}

static bool is_known(const struct catalogue *c, const char *id)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->entries[i].id, id) == 0)
            return true;
    return false;
}

static void add(struct finder *f, struct catalogue_entry e)
{
    struct catalogue *c = f->catalogue;
    if (!f->keeps_all && is_known(c, e.id))
        return;
    if (c->count == f->room) {
        f->room = f->room ? f->room * 2 : 64;
        c->entries = realloc(c->entries, f->room * sizeof(c->entries[0]));
        if (!c->entries)
            abort();
    }
    c->entries[c->count++] = e;
}

/* ---- folders --------------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool ends_with(const char *z, const char *end)
{
    size_t len = strlen(z), n = strlen(end);
    return len > n && strcmp(z + len - n, end) == 0;
}

/* root_len: octets of the path that are the folder where the search began, with its slash. */
static void search(struct finder *f, struct buf *path, size_t root_len, int depth)
{
    size_t len = path->len;
    buf_char(path, '\0');
    DIR *folder = opendir(path->at);
    path->len = len;
    for (struct dirent *e; folder && (e = readdir(folder));) {
        if (e->d_name[0] == '.' || strcmp(e->d_name, "editions") == 0) /* lists of scenarios */
            continue;
        buf_printf(path, "/%s", e->d_name);
        buf_char(path, '\0');
        path->len--;
        if (ends_with(e->d_name, ".json"))
            add(f, look_into(f->catalogue, path->at, path->at + root_len));
        else if (depth < DEEPEST && is_folder(path->at))
            search(f, path, root_len, depth + 1);
        path->len = len;
    }
    if (folder)
        closedir(folder);
}

static void search_folder(struct finder *f, const char *folder, size_t len)
{
    struct buf path = { 0 };
    while (len > 1 && folder[len - 1] == '/')
        len--;
    buf_add(&path, folder, len);
    search(f, &path, len + 1, 1);
    buf_free(&path);
}

static void search_listed(struct finder *f, const char *list)
{
    while (list && *list) {
        size_t len = strcspn(list, ":");
        if (len)
            search_folder(f, list, len);
        list += len + (list[len] == ':');
    }
}

static void search_shipped(struct finder *f)
{
    struct buf path = { 0 };
    char *datadir = datadir_find();
    if (datadir) {
        buf_printf(&path, "%s/scenarios", datadir);
        search_folder(f, path.at, path.len);
    }
    buf_free(&path);
    free(datadir);
}

static int compare(const void *a, const void *b)
{
    const struct catalogue_entry *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order ? order : strcmp(x->path, y->path);
}

struct catalogue *catalogue_new(const char *folder)
{
    struct finder f = { .catalogue = calloc(1, sizeof(struct catalogue)),
                        .keeps_all = folder != NULL };
    if (!f.catalogue)
        abort();
    f.catalogue->arena = arena_new();
    if (folder) {
        search_folder(&f, folder, strlen(folder));
    } else {
        search_folder(&f, "./scenarios", strlen("./scenarios"));
        search_listed(&f, getenv("FAKEPROXY_SCENARIOS"));
        search_shipped(&f);
    }
    if (f.catalogue->count)
        qsort(f.catalogue->entries, f.catalogue->count, sizeof(f.catalogue->entries[0]), compare);
    return f.catalogue;
}

void catalogue_free(struct catalogue *c)
{
    if (!c)
        return;
    arena_free(c->arena);
    free(c->entries);
    free(c);
}

/* ---- by name --------------------------------------------------------------------------------- */

static const char *last_part(const char *id)
{
    const char *slash = strrchr(id, '/');
    return slash ? slash + 1 : id;
}

static bool is_meant(const struct catalogue_entry *e, const char *name)
{
    return strcmp(e->id, name) == 0 || (!strchr(name, '/') && strcmp(last_part(e->id), name) == 0);
}

static void complain(struct complaints *complaints, const char *name, struct buf *what)
{
    struct complaint_place place = { .file = name };
    buf_char(what, '\0');
    complaints_add(complaints, &place, NULL, "%s", what->at);
    buf_free(what);
}

static void complain_of_none(struct complaints *complaints, const struct catalogue *c,
                             const char *name)
{
    struct buf what = { 0 };
    struct nearest n;
    const char *id = NULL;
    nearest_begin(&n, name, strlen(name));
    for (size_t i = 0; i < c->count; i++) {
        const char *before = n.best, *full = c->entries[i].id;
        nearest_try(&n, strchr(name, '/') ? full : last_part(full));
        id = n.best == before ? id : full;
    }
    buf_string(&what, "no such scenario, expected a file, an id such as \"transport/idle-reset\", "
                      "or the last part of one");
    if (id)
        buf_printf(&what, "; did you mean \"%s\"?", id);
    complain(complaints, name, &what);
}

static void complain_of_several(struct complaints *complaints, const struct catalogue *c,
                                const char *name)
{
    struct buf what = { 0 };
    buf_string(&what, "several scenarios have this name, expected one of");
    for (size_t i = 0; i < c->count; i++)
        if (is_meant(&c->entries[i], name))
            buf_printf(&what, " \"%s\" (%s)", c->entries[i].id, c->entries[i].path);
    complain(complaints, name, &what);
}

static int load_from_catalogue(const char *name, struct scenario_set *set,
                               struct complaints *complaints)
{
    struct catalogue *c = catalogue_new(NULL);
    const struct catalogue_entry *found = NULL;
    size_t count = 0;
    int result = -1;
    for (size_t i = 0; i < c->count; i++)
        if (is_meant(&c->entries[i], name)) {
            found = &c->entries[i];
            count++;
        }
    if (count == 1)
        result = scenario_load_file(found->path, set, complaints);
    else if (count == 0)
        complain_of_none(complaints, c, name);
    else
        complain_of_several(complaints, c, name);
    catalogue_free(c);
    return result;
}

static int load_without_variant(const char *name, struct scenario_set *set,
                                struct complaints *complaints)
{
    struct stat st;
    bool is_file = ends_with(name, ".json") || (stat(name, &st) == 0 && !S_ISDIR(st.st_mode));
    *set = (struct scenario_set){ 0 };
    return is_file ? scenario_load_file(name, set, complaints)
                   : load_from_catalogue(name, set, complaints);
}

/* ---- variants -------------------------------------------------------------------------------- */

static void complain_of_variant(struct complaints *complaints, const char *name,
                                const char *variant, const struct scenario_set *set)
{
    struct buf what = { 0 };
    struct nearest n;
    nearest_begin(&n, variant, strlen(variant));
    buf_printf(&what, "there is no variant \"%s\"", variant);
    if (!set->scenarios[0]->variant)
        buf_string(&what, ": the scenario has no variants");
    for (size_t i = 0; i < set->count && set->scenarios[0]->variant; i++) {
        nearest_try(&n, set->scenarios[i]->variant);
        buf_printf(&what, "%s\"%s\"", i ? ", " : ", expected one of ", set->scenarios[i]->variant);
    }
    if (n.best)
        buf_printf(&what, "; did you mean \"%s\"?", n.best);
    complain(complaints, name, &what);
}

static int keep_variant(const char *name, const char *variant, struct scenario_set *set,
                        struct complaints *complaints)
{
    for (size_t i = 0; i < set->count; i++) {
        struct scenario *s = set->scenarios[i];
        if (!s->variant || strcmp(s->variant, variant) != 0)
            continue;
        set->scenarios[i] = set->scenarios[0];
        set->scenarios[0] = s;
        while (set->count > 1)
            arena_free(set->scenarios[--set->count]->arena);
        return 0;
    }
    complain_of_variant(complaints, name, variant, set);
    scenario_set_free(set);
    return -1;
}

/* The name without the variant behind the `@`. */
static char *plain_name(const char *name, const char *at)
{
    char *plain = strndup(name, (size_t)(at - name));
    if (!plain)
        abort();
    return plain;
}

int catalogue_load(const char *name, struct scenario_set *set, struct complaints *complaints)
{
    const char *at = strrchr(name, '@');
    struct stat st;
    if (!at || stat(name, &st) == 0)
        return load_without_variant(name, set, complaints);
    char *plain = plain_name(name, at);
    int result = load_without_variant(plain, set, complaints);
    free(plain);
    return result < 0 ? result : keep_variant(name, at + 1, set, complaints);
}

int catalogue_load_text(const char *name, const char *text, size_t len, struct scenario_set *set,
                        struct complaints *complaints)
{
    const char *at = strrchr(name, '@');
    if (!at)
        return scenario_load_text(text, len, name, set, complaints);
    char *plain = plain_name(name, at);
    int result = scenario_load_text(text, len, plain, set, complaints);
    free(plain);
    return result < 0 ? result : keep_variant(name, at + 1, set, complaints);
}
