/*
 * gendoc: writes what docs/ says of the language from the tables of the language.
 *
 *     gendoc DOCS           writes docs/scenario.schema.json and the generated parts of
 *                           docs/scenario.md and docs/man/fakeproxy-scenario.5
 *     gendoc --check DOCS   writes nothing; fails when they differ
 *
 * A generated part stands between two lines that name it: those with "generated: NAME" and
 * "generated: end".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gendoc.h"

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

/* ---- files ----------------------------------------------------------------------------------- */

static bool read_file(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "rbe");
    size_t got = 1;
    if (!f)
        return false;
    while (got > 0) {
        char *at = buf_extend(out, 65536);
        got = fread(at, 1, 65536, f);
        out->len -= 65536 - got;
    }
    return fclose(f) == 0;
}

static bool write_file(const char *path, const struct buf *text)
{
    FILE *f = fopen(path, "wbe");
    if (!f)
        return false;
    bool is_written = fwrite(text->at, 1, text->len, f) == text->len;
    return fclose(f) == 0 && is_written;
}

/* 0; 1 after a message: the file is not what it should be, or cannot be read or written. */
static int settle(const char *path, const struct buf *wanted, bool check)
{
    struct buf found = { 0 };
    bool is_there = read_file(path, &found);
    bool same = is_there && wanted->at && found.len == wanted->len &&
                memcmp(found.at, wanted->at, wanted->len) == 0;
    int result = 0;
    if (!same && check) {
        fprintf(stderr, "%s is not what the tables say: run the target gendoc and commit\n", path);
        result = 1;
    } else if (!same && !write_file(path, wanted)) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        result = 1;
    }
    buf_free(&found);
    return result;
}

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

static int renew_file(const char *docs, const char *name, bool check)
{
    struct buf path = { 0 }, old = { 0 }, new = { 0 };
    int result = 1;
    buf_printf(&path, "%s/%s", docs, name);
    buf_char(&path, '\0');
    if (read_file(path.at, &old)) {
        renew(&old, &new);
        result = settle(path.at, &new, check);
    } else {
        fprintf(stderr, "%s: %s\n", path.at, strerror(errno));
    }
    buf_free(&path);
    buf_free(&old);
    buf_free(&new);
    return result;
}

static int write_schema(const char *docs, bool check)
{
    struct buf path = { 0 }, schema = { 0 };
    buf_printf(&path, "%s/scenario.schema.json", docs);
    buf_char(&path, '\0');
    schema_write(&schema);
    int result = settle(path.at, &schema, check);
    buf_free(&path);
    buf_free(&schema);
    return result;
}

int main(int argc, char **argv)
{
    bool check = argc > 1 && strcmp(argv[1], "--check") == 0;
    if (argc != (check ? 3 : 2)) {
        fputs("usage: gendoc [--check] DOCS\n", stderr);
        return 2;
    }
    const char *docs = argv[argc - 1];
    return write_schema(docs, check) | renew_file(docs, "scenario.md", check) |
           renew_file(docs, "man/fakeproxy-scenario.5", check);
}
