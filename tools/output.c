/*
 * Generated files.
 */
#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void path_of(const struct output *o, const char *name, struct buf *path)
{
    buf_printf(path, "%s/%s", o->root, name);
    buf_char(path, '\0');
}

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

bool output_read(const struct output *o, const char *name, struct buf *out)
{
    struct buf path = { 0 };
    path_of(o, name, &path);
    bool is_read = read_file(path.at, out);
    if (!is_read)
        fprintf(stderr, "%s: %s\n", path.at, strerror(errno));
    buf_free(&path);
    return is_read;
}

int output_settle(const struct output *o, const char *name, const struct buf *wanted)
{
    struct buf path = { 0 }, found = { 0 };
    int result = 0;
    path_of(o, name, &path);
    bool same = read_file(path.at, &found) && wanted->at && found.len == wanted->len &&
                memcmp(found.at, wanted->at, wanted->len) == 0;
    if (!same && o->check) {
        fprintf(stderr, "%s is not what it is generated from says: %s\n", name, o->how);
        result = 1;
    } else if (!same && !write_file(path.at, wanted)) {
        fprintf(stderr, "%s: %s\n", path.at, strerror(errno));
        result = 1;
    }
    buf_free(&found);
    buf_free(&path);
    return result;
}

int output_remove(const struct output *o, const char *name)
{
    struct buf path = { 0 };
    int result = 0;
    path_of(o, name, &path);
    if (o->check)
        fprintf(stderr, "%s is generated no more: %s\n", name, o->how);
    if (o->check || unlink(path.at) != 0)
        result = 1;
    buf_free(&path);
    return result;
}
