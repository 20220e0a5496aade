/*
 * Header fields, instants and bodies.
 */
#include "load.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST_FILE = 16 << 20 };

/* ---- header fields --------------------------------------------------------------------------- */

struct instant load_instant(struct load *load, const struct json *v)
{
    static const char *const forms[] = { "imf-fixdate", "rfc850", "asctime", "epoch", NULL };
    struct instant instant = { 0 };
    const struct json *time = json_get(v, "time"), *form = json_get(v, "form");
    language_offset(time->text, time->len, &instant.offset);
    int word = load_word(form, forms);
    instant.form = word < 0 ? INSTANT_STRFTIME : (enum instant_form)word;
    if (word < 0)
        instant.format = load_string(load, form);
    return instant;
}

static struct field_line load_line(struct load *load, const struct json *pair,
                                   struct text_place place)
{
    const struct json *value = pair->first->next;
    struct field_line line = { .name = load_octets(load, pair->first, place) };
    if (value->type == JSON_NULL) {
        line.kind = VALUE_REMOVED;
    } else if (value->type == JSON_OBJECT) {
        line.kind = VALUE_INSTANT;
        line.instant = load_instant(load, value);
    } else {
        line.text = load_octets(load, value, place);
    }
    return line;
}

const struct field_line *load_field_lines(struct load *load, const struct json *list, size_t *count,
                                          struct text_place place)
{
    struct field_line *lines = arena_take(load->l->arena, list->count * sizeof(*lines));
    *count = 0;
    for (const struct json *m = list->first; m; m = m->next)
        lines[(*count)++] = load_line(load, m, place);
    return lines;
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static struct text from_base64(struct load *load, const struct json *v)
{
    struct text t = { .octets = "" };
    if (v->len == 0)
        return t;
    unsigned char *octets = arena_take(load->l->arena, v->len / 4 * 3 + 1);
    int n = EVP_DecodeBlock(octets, (const unsigned char *)v->text, (int)v->len);
    for (size_t i = v->len; n > 0 && v->text[i - 1] == '='; i--)
        n--;
    t.octets = (const char *)octets;
    t.len = n > 0 ? (size_t)n : 0;
    return t;
}

/* The path of a file that lies beside the scenario's. */
static const char *beside(struct load *load, const char *name)
{
    const char *slash = strrchr(load->l->file, '/');
    struct buf b = { 0 };
    buf_add(&b, load->l->file, slash ? (size_t)(slash - load->l->file) + 1 : 0);
    buf_string(&b, name);
    const char *path = arena_copy(load->l->arena, b.at, b.len);
    buf_free(&b);
    return path;
}

static bool read_all(int fd, char *octets, size_t len)
{
    for (size_t got = 0; got < len;) {
        ssize_t n = read(fd, octets + got, len - got);
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    return true;
}

static struct text from_file(struct load *load, const struct json *v)
{
    struct text t = { .octets = "" };
    struct stat st;
    const char *path = beside(load, load_string(load, v));
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > LARGEST_FILE) {
        complain(load->l, v, NULL, "%s cannot be read, expected a file of at most 16 MiB", path);
    } else {
        char *octets = arena_take(load->l->arena, (size_t)st.st_size + 1);
        if (read_all(fd, octets, (size_t)st.st_size))
            t = (struct text){ .octets = octets, .len = (size_t)st.st_size };
        else
            complain(load->l, v, NULL, "%s cannot be read to its end", path);
    }
    if (fd >= 0)
        close(fd);
    return t;
}

static void load_chunks(struct load *load, const struct json *v, struct text_place place,
                        struct body *body)
{
    const struct json *chunks = json_get(v, "chunks");
    struct text *texts = arena_take(load->l->arena, chunks->count * sizeof(*texts));
    for (const struct json *m = chunks->first; m; m = m->next) {
        if (m->len == 0)
            complain(load->l, m, NULL, "an empty chunk would end the body, expected octets");
        texts[body->chunk_count++] = load_octets(load, m, place);
    }
    body->source = BODY_CHUNK_LIST;
    body->chunks = texts;
    body->trailers = load_field_lines(load, json_get(v, "trailers"), &body->trailer_count, place);
}

static void load_generated(const struct json *v, struct body *body)
{
    const struct json *stream = json_get(v, "stream");
    body->source = stream && stream->flag ? BODY_STREAM : BODY_PATTERN;
    body->size = load_size(json_get(v, "size"));
    body->seed = (uint32_t)load_integer(v, "seed");
}

struct body load_body(struct load *load, const struct json *v, struct text_place place)
{
    struct body body = { .source = BODY_TEXT };
    const struct json *m;
    if (v->type == JSON_TEXT)
        body.text = load_text(load, v, place);
    else if (json_get(v, "size"))
        load_generated(v, &body);
    else if ((m = json_get(v, "octets")))
        body.text = load_octets(load, m, place);
    else if ((m = json_get(v, "base64")))
        body.text = from_base64(load, m);
    else if ((m = json_get(v, "file")))
        body.text = from_file(load, m);
    else
        load_chunks(load, v, place, &body);
    return body;
}
