/*
 * The shipped scenarios, loaded.
 */
#include "shipped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "catalogue.h"
#include "complaints.h"

static bool load_edition(struct shipped *s, const char *root, struct complaints *complaints)
{
    struct buf path = { 0 };
    buf_printf(&path, "%s/scenarios/editions/2026.1.json", root);
    buf_char(&path, '\0');
    s->edition = edition_load(path.at, complaints);
    buf_free(&path);
    return s->edition != NULL;
}

static bool load_cases(struct shipped *s, const char *root, struct complaints *complaints)
{
    struct buf folder = { 0 };
    bool is_fine = true;
    buf_printf(&folder, "%s/scenarios", root);
    buf_char(&folder, '\0');
    s->catalogue = catalogue_new(folder.at);
    buf_free(&folder);
    s->cases = calloc(s->catalogue->count + 1, sizeof(*s->cases));
    if (!s->cases)
        abort();
    for (size_t i = 0; i < s->catalogue->count; i++) {
        const struct catalogue_entry *e = &s->catalogue->entries[i];
        struct shipped_case *c = &s->cases[s->count];
        if (scenario_load_file(e->path, &c->set, complaints) < 0) {
            is_fine = false;
            continue;
        }
        c->scenario = c->set.scenarios[0];
        c->tier = edition_tier(s->edition, e->id);
        s->count++;
    }
    return is_fine && s->count > 0;
}

struct shipped *shipped_load(const char *root)
{
    struct shipped *s = calloc(1, sizeof(*s));
    struct complaints *complaints = complaints_new();
    if (!s)
        abort();
    bool is_fine = load_edition(s, root, complaints) && load_cases(s, root, complaints);
    complaints_print(complaints, stderr);
    complaints_free(complaints);
    if (is_fine)
        return s;
    fprintf(stderr, "%s: the shipped scenarios cannot be read\n", root);
    shipped_free(s);
    return NULL;
}

void shipped_free(struct shipped *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        scenario_set_free(&s->cases[i].set);
    free(s->cases);
    catalogue_free(s->catalogue);
    edition_free(s->edition);
    free(s);
}

const struct shipped_case *shipped_find(const struct shipped *s, const char *id, size_t len)
{
    for (size_t i = 0; i < s->count; i++) {
        const char *other = s->cases[i].scenario->id;
        if (strlen(other) == len && memcmp(other, id, len) == 0)
            return &s->cases[i];
    }
    return NULL;
}

size_t shipped_topic_len(const struct shipped_case *c)
{
    return strcspn(c->scenario->id, "/");
}

const char *shipped_name(const struct shipped_case *c)
{
    const char *slash = strrchr(c->scenario->id, '/');
    return slash ? slash + 1 : c->scenario->id;
}
