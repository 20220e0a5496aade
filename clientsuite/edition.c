/*
 * Editions.
 */
#include "edition.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "datadir.h"
#include "json.h"
#include "language_shapes.h"
#include "loading.h"
#include "slurp.h"

static const struct shape effect = { .kind = SHAPE_ENUM,
                                     .words = WORDS("blocked", "not-applicable") };
static const struct key gatekeeper_keys[] = {
    KEY("case", &shape_text, "id of the case", .required = true),
    KEY("check", &shape_text, "one of its checks", .says = "every must"),
    KEY("of", &shape_texts, "ids, with `*`, of what it is about", .required = true),
    KEY("else", &effect, "what those become", .otherwise = "\"blocked\""),
    KEY("says", &shape_text, "why", .required = true),
    { .name = NULL },
};
static const struct shape gatekeeper = { .kind = SHAPE_OBJECT, .keys = gatekeeper_keys };
static const struct shape gatekeepers = { .kind = SHAPE_LIST, .of = &gatekeeper };
static const struct key edition_keys[] = {
    KEY("edition", &shape_text, "its name, such as 2026.1", .required = true),
    KEY("gatekeepers", &gatekeepers, "what others rest on", .otherwise = "[]"),
    KEY("graded", &shape_texts, "ids of the cases that count", .required = true),
    { .name = NULL },
};
static const struct shape shape = { .kind = SHAPE_OBJECT, .keys = edition_keys };

static const char **texts_of(struct loading *l, const struct json *list)
{
    const char **texts = arena_take(l->arena, (list->count + 1) * sizeof(*texts));
    size_t n = 0;
    for (const struct json *m = list->first; m; m = m->next)
        texts[n++] = m->text;
    return texts;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct edition *build(struct loading *l, const struct json *root)
{
    struct edition *e = arena_take(l->arena, sizeof(*e));
    const struct json *list = json_get(root, "gatekeepers"), *graded = json_get(root, "graded");
    const char **sorted = texts_of(l, graded);
    struct gatekeeper *g = arena_take(l->arena, (list->count + 1) * sizeof(*g));
    e->arena = l->arena;
    e->name = json_get(root, "edition")->text;
    qsort(sorted, graded->count, sizeof(*sorted), compare);
    e->graded = sorted;
    e->graded_count = graded->count;
    e->gatekeepers = g;
    for (const struct json *m = list->first; m; m = m->next) {
        const struct json *check = json_get(m, "check");
        g[e->gatekeeper_count++] = (struct gatekeeper){
            .id = json_get(m, "case")->text,
            .check = check ? check->text : NULL,
            .blocks = texts_of(l, json_get(m, "of")),
            .is_capability = json_is(json_get(m, "else"), "not-applicable"),
            .says = json_get(m, "says")->text,
        };
    }
    return e;
}

static struct edition *load(const char *path, struct complaints *complaints)
{
    struct complaint_place place = { .file = path };
    struct buf text = { 0 };
    if (slurp(path, SIZE_MAX, &text) < 0) {
        complaints_add(complaints, &place, NULL, "%s", strerror(errno));
        buf_free(&text);
        return NULL;
    }
    struct loading l = { .arena = arena_new(), .complaints = complaints };
    struct json_error error = { 0 };
    l.file = arena_copy(l.arena, path, strlen(path));
    l.text = arena_copy(l.arena, text.at, text.len);
    l.len = text.len;
    buf_free(&text);
    struct json *root = json_parse(l.arena, l.text, l.len, &error);
    if (!root) {
        place = (struct complaint_place){ l.file, l.text, l.len, error.at, error.pointer };
        complaints_add(complaints, &place, NULL, "%s", error.what);
    } else if (language_check(&l, &shape, root)) {
        return build(&l, root);
    }
    arena_free(l.arena);
    return NULL;
}

/* Names sort as they are numbered: 2026.1, 2026.2, 2027.1. */
static char *newest(const char *folder)
{
    DIR *dir = opendir(folder);
    char *best = NULL;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        const char *dot = strrchr(e->d_name, '.');
        if (!dot || strcmp(dot, ".json") != 0 || (best && strcmp(best, e->d_name) > 0))
            continue;
        free(best);
        best = strdup(e->d_name);
    }
    if (dir)
        closedir(dir);
    return best;
}

struct edition *edition_load(const char *path, struct complaints *complaints)
{
    if (path)
        return load(path, complaints);
    char *data = datadir_find();
    struct buf b = { 0 };
    struct edition *e = NULL;
    buf_printf(&b, "%s/scenarios/editions", data ? data : ".");
    size_t len = b.len;
    buf_char(&b, '\0');
    char *name = newest(b.at);
    b.len = len;
    buf_printf(&b, "/%s", name ? name : "");
    buf_char(&b, '\0');
    if (name)
        e = load(b.at, complaints);
    buf_free(&b);
    free(name);
    free(data);
    return e;
}

void edition_free(struct edition *e)
{
    if (e)
        arena_free(e->arena);
}

int edition_tier(const struct edition *e, const char *id)
{
    if (!e)
        return 0;
    bool is_graded = e->graded_count > 0 &&
                     bsearch(&id, e->graded, e->graded_count, sizeof(id), compare) != NULL;
    return is_graded ? 1 : 2;
}
