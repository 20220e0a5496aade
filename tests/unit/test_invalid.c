/*
 * Files the loader must refuse, and with which words: tests/invalid/NNN-name.json, and beside it
 * NNN-name.expect. Its first line says who refuses the file (`schema+loader` or `loader`, for
 * schema_test.py); the rest is what complaints_print prints, to the octet.
 *
 * The program takes one such file as its argument; CMake makes a CTest entry of each.
 */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "complaints.h"
#include "scenario.h"

static int read_file(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "rbe");
    size_t got = 1;
    if (!f) {
        perror(path);
        return -1;
    }
    while (got > 0) {
        char *at = buf_extend(out, 4096);
        got = fread(at, 1, 4096, f);
        out->len -= 4096 - got;
    }
    return fclose(f);
}

/* What loading the file prints; the name in it is the last part of the path. */
static char *refusal(const char *path, const struct buf *text)
{
    char *printed = NULL, *copy = strdup(path);
    size_t len = 0;
    struct scenario_set set;
    struct complaints *complaints = complaints_new();
    FILE *f = open_memstream(&printed, &len);
    if (!copy || !f)
        abort();
    if (scenario_load_text(text->at, text->len, basename(copy), &set, complaints) == 0)
        fputs("loaded without a complaint\n", f);
    complaints_print(complaints, f);
    fclose(f);
    scenario_set_free(&set);
    complaints_free(complaints);
    free(copy);
    return printed;
}

static int compare(const char *path, const struct buf *text, const struct buf *expect)
{
    const char *end = memchr(expect->at, '\n', expect->len);
    size_t first = end ? (size_t)(end - expect->at) + 1 : 0;
    char *found = refusal(path, text);
    int result = 0;
    if (strlen(found) != expect->len - first ||
        memcmp(found, expect->at + first, expect->len - first) != 0) {
        printf("--- expected\n%.*s--- found\n%s", (int)(expect->len - first), expect->at + first,
               found);
        result = 1;
    }
    free(found);
    return result;
}

int main(int argc, char **argv)
{
    struct buf text = { 0 }, expect = { 0 }, path = { 0 };
    int result = 1;
    if (argc != 2 || strlen(argv[1]) < 6) {
        fputs("usage: unit_invalid FILE.json\n", stderr);
        return 2;
    }
    buf_printf(&path, "%.*s.expect", (int)strlen(argv[1]) - 5, argv[1]);
    buf_char(&path, '\0');
    buf_char(&text, '\0'); /* so that an empty file is a text, too */
    text.len = 0;
    if (read_file(argv[1], &text) == 0 && read_file(path.at, &expect) == 0)
        result = compare(argv[1], &text, &expect);
    buf_free(&text);
    buf_free(&expect);
    buf_free(&path);
    return result;
}
