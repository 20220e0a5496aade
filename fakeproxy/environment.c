/*
 * Environments of children. Not setenv(): ours stays as it is.
 */
#include "environment.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct environment *e, char *variable)
{
    char **list = reallocarray(e->list, e->count + 2, sizeof(*list));
    if (!list || !variable)
        abort();
    list[e->count++] = variable;
    list[e->count] = NULL;
    e->list = list;
}

void environment_copy(struct environment *e, char *const *from)
{
    for (; from && *from; from++)
        add(e, strdup(*from));
}

static bool is_named(const char *variable, const char *name, size_t len)
{
    return strncmp(variable, name, len) == 0 && variable[len] == '=';
}

/* A name may stand there several times: what is inherited is not always tidy. */
void environment_set(struct environment *e, const char *name, const char *value)
{
    size_t kept = 0, len = strlen(name);
    for (size_t i = 0; i < e->count; i++) {
        if (is_named(e->list[i], name, len))
            free(e->list[i]);
        else
            e->list[kept++] = e->list[i];
    }
    e->count = kept;
    if (e->list)
        e->list[kept] = NULL;
    char *variable = NULL;
    if (!value)
        return;
    if (asprintf(&variable, "%s=%s", name, value) < 0)
        abort();
    add(e, variable);
}

void environment_free(struct environment *e)
{
    for (size_t i = 0; i < e->count; i++)
        free(e->list[i]);
    free(e->list);
    *e = (struct environment){ 0 };
}
