/*
 * gendoc: writes what docs/ says of the language from the tables of the language, and what it says
 * of the cases from the scenarios.
 *
 *     gendoc ROOT           writes docs/scenario.schema.json, the generated parts of
 *                           docs/scenario.md and docs/man/fakeproxy-scenario.5, docs/cases/ and
 *                           docs/guide-coverage.md
 *     gendoc --check ROOT   writes nothing; fails when they differ
 *
 * A generated part stands between two lines that name it: those with "generated: NAME" and
 * "generated: end".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gendoc.h"
#include "output.h"
#include "pages.h"
#include "shipped.h"
#include "statements.h"

struct part {
    const char *name;
    void (*write)(struct buf *);
};

static const struct part parts[] = {
    { "keys", reference_keys },
    { "events", reference_events },
    { "mdoc-keys", manual_keys },
    { "mdoc-events", manual_events },
};

/* ---- generated parts ------------------------------------------------------------------------- */

/* The line that begins at `at`, its end included. */
static size_t line_length(const struct buf *b, size_t at)
{
    const char *end = memchr(b->at + at, '\n', b->len - at);
    return end ? (size_t)(end - (b->at + at)) + 1 : b->len - at;
}

static bool has(const struct buf *b, size_t at, size_t len, const char *z)
{
    return memmem(b->at + at, len, z, strlen(z)) != NULL;
}

static const struct part *part_at(const struct buf *b, size_t at, size_t len)
{
    char marker[64];
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        snprintf(marker, sizeof(marker), "generated: %s ", parts[i].name);
        if (has(b, at, len, marker))
            return &parts[i];
    }
    return NULL;
}

static void renew(const struct buf *old, struct buf *new)
{
    bool inside = false;
    for (size_t at = 0, len; at < old->len; at += len) {
        len = line_length(old, at);
        const struct part *part = part_at(old, at, len);
        if (has(old, at, len, "generated: end"))
            inside = false;
        if (!inside)
            buf_add(new, old->at + at, len);
        if (part) {
            part->write(new);
            inside = true;
        }
    }
}

static int renew_file(const struct output *o, const char *name)
{
    struct buf old = { 0 }, new = { 0 };
    int result = 1;
    if (output_read(o, name, &old)) {
        renew(&old, &new);
        result = output_settle(o, name, &new);
    }
    buf_free(&old);
    buf_free(&new);
    return result;
}

static int write_schema(const struct output *o)
{
    struct buf schema = { 0 };
    schema_write(&schema);
    int result = output_settle(o, "docs/scenario.schema.json", &schema);
    buf_free(&schema);
    return result;
}

/* ---- pages ----------------------------------------------------------------------------------- */

static int write_pages(const struct output *o)
{
    struct shipped *s = shipped_load(o->root);
    struct statements *statements = s ? statements_load(o, s) : NULL;
    int result = 1;
    if (statements)
        result = coverage_write(o, s, statements) | pages_write(o, s, statements);
    statements_free(statements);
    shipped_free(s);
    return result;
}

int main(int argc, char **argv)
{
    bool check = argc > 1 && strcmp(argv[1], "--check") == 0;
    if (argc != (check ? 3 : 2)) {
        fputs("usage: gendoc [--check] ROOT\n", stderr);
        return 2;
    }
    const struct output o = { argv[argc - 1], check, "run ./dev docs and commit" };
    return write_schema(&o) | renew_file(&o, "docs/scenario.md") |
           renew_file(&o, "docs/man/fakeproxy-scenario.5") | write_pages(&o);
}
