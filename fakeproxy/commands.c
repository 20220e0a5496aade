/*
 * `fakeproxy list` and `fakeproxy check`.
 */
#include "commands.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "catalogue.h"
#include "grade.h"
#include "match.h"

/* ---- list ------------------------------------------------------------------------------------ */

static bool is_wanted(const struct options *o, const struct catalogue_entry *e)
{
    bool wanted = o->operand_count == 0;
    for (int i = 0; i < o->operand_count && !wanted; i++) {
        const char *pattern = o->operands[i], *slash = strrchr(e->id, '/');
        wanted = match_glob(pattern, strlen(pattern), e->id, strlen(e->id)) ||
                 (slash && match_glob(pattern, strlen(pattern), slash + 1, strlen(slash + 1)));
    }
    return wanted;
}

static void print_entry(const struct catalogue_entry *e, int width)
{
    if (!e->is_readable)
        printf("%-*s  %-9s  (no JSON; fakeproxy check %s)\n", width, e->id, "", e->path);
    else
        printf("%-*s  %-9s  %s\n", width, e->id, e->layer ? e->layer : "",
               e->title ? e->title : "");
}

int command_list(const struct options *o)
{
    struct catalogue *c = catalogue_new(NULL);
    size_t width = 0, found = 0;
    for (size_t i = 0; i < c->count; i++)
        if (is_wanted(o, &c->entries[i])) {
            width = strlen(c->entries[i].id) > width ? strlen(c->entries[i].id) : width;
            found++;
        }
    for (size_t i = 0; i < c->count; i++)
        if (is_wanted(o, &c->entries[i]))
            print_entry(&c->entries[i], (int)width);
    catalogue_free(c);
    if (found == 0)
        fputs("fakeproxy: no scenario fits; they are looked for in ./scenarios, in "
              "$FAKEPROXY_SCENARIOS and in the installed folder\n",
              stderr);
    return found ? EXIT_OK : EXIT_USAGE;
}

/* ---- check ----------------------------------------------------------------------------------- */

/* A check that passes without the client's doing anything says nothing about it. */
static void check_vacuity(const struct scenario *s, struct complaints *complaints)
{
    const char *why;
    const struct check *c = grade_is_vacuous(s, &why);
    struct complaint_place place = { .file = s->file };
    if (c)
        complaints_add(complaints, &place, NULL, "/expect/%s says nothing: %s", c->id, why);
}

static size_t check_one(const char *name, struct complaints *complaints)
{
    struct scenario_set set;
    if (catalogue_load(name, &set, complaints) == 0) {
        for (size_t i = 0; i < set.count; i++)
            check_vacuity(set.scenarios[i], complaints);
        scenario_set_free(&set);
    }
    return 1;
}

static void complain_of_twin(const struct catalogue_entry *e, const struct catalogue_entry *other,
                             struct complaints *complaints)
{
    struct complaint_place place = { .file = e->path };
    complaints_add(complaints, &place, NULL, "%s has the same id \"%s\", expected each id once",
                   other->path, e->id);
}

static size_t check_folder(const char *folder, struct complaints *complaints)
{
    struct catalogue *c = catalogue_new(folder);
    size_t count = c->count;
    struct complaint_place place = { .file = folder };
    for (size_t i = 0; i < c->count; i++) {
        check_one(c->entries[i].path, complaints);
        if (i > 0 && strcmp(c->entries[i].id, c->entries[i - 1].id) == 0)
            complain_of_twin(&c->entries[i], &c->entries[i - 1], complaints);
    }
    if (count == 0)
        complaints_add(complaints, &place, NULL, "no *.json file is in this folder");
    catalogue_free(c);
    return count;
}

int command_check(const struct options *o)
{
    struct complaints *complaints = complaints_new();
    size_t files = 0;
    for (int i = 0; i < o->operand_count; i++) {
        struct stat st;
        bool is_folder = stat(o->operands[i], &st) == 0 && S_ISDIR(st.st_mode);
        files += is_folder ? check_folder(o->operands[i], complaints)
                           : check_one(o->operands[i], complaints);
    }
    size_t count = complaints_count(complaints);
    complaints_print(complaints, stderr);
    complaints_free(complaints);
    if (count == 0 && !o->quiet)
        printf("%zu scenario%s: nothing wrong\n", files, files == 1 ? "" : "s");
    return count ? EXIT_USAGE : EXIT_OK;
}
