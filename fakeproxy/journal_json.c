/*
 * Events as JSON Lines, and the file they go to.
 */
#include "journal_json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "http.h"

/* ---- one event ------------------------------------------------------------------------------- */

static void add_seconds(struct buf *b, int64_t ns)
{
    if (ns < 0) {
        buf_char(b, '-');
        ns = -ns;
    }
    buf_number(b, ns / CLOCK_S);
    char *digits = buf_extend(b, 10);
    int64_t rest = ns % CLOCK_S;
    for (int i = 9; i > 0; i--, rest /= 10)
        digits[i] = (char)('0' + rest % 10);
    digits[0] = '.';
}

static void add_name(struct buf *b, const char *name)
{
    buf_string(b, ",\"");
    buf_string(b, name);
    buf_string(b, "\":");
}

static void add_list(struct buf *b, const struct event_value *v)
{
    size_t start = 0;
    buf_char(b, '[');
    for (size_t i = 0; i <= v->len; i++) {
        if (i < v->len && v->text[i] != ',')
            continue;
        if (i > start) {
            if (start)
                buf_char(b, ',');
            buf_json(b, v->text + start, i - start);
        }
        start = i + 1;
    }
    buf_char(b, ']');
}

static bool is_secret(struct http_slice name)
{
    static const char *const secrets[] = { "Authorization", "Proxy-Authorization", "Cookie",
                                           "Set-Cookie" };
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        if (http_slice_is_nocase(name, secrets[i]))
            return true;
    return false;
}

static void add_header(struct buf *b, const struct event_value *v, bool redact)
{
    struct http_head head = { .fields = { v->text, v->len } };
    struct http_field field;
    char separator = '[';
    for (size_t cursor = 0; http_next_field(&head, &cursor, &field); separator = ',') {
        buf_char(b, separator);
        buf_char(b, '[');
        buf_json(b, field.name.at, field.name.len);
        buf_char(b, ',');
        if (redact && is_secret(field.name))
            buf_string(b, "\"(redacted)\"");
        else
            buf_json(b, field.value.at, field.value.len);
        buf_char(b, ']');
    }
    buf_string(b, separator == '[' ? "[]" : "]");
}

static void add_value(struct buf *b, const struct event_value *v, bool redact)
{
    add_name(b, field_name((enum field_id)v->field));
    switch (field_type((enum field_id)v->field)) {
    case FIELD_TYPE_TEXT:
        buf_json(b, v->text, v->len);
        break;
    case FIELD_TYPE_NUMBER:
        buf_number(b, v->number);
        break;
    case FIELD_TYPE_SECONDS:
        add_seconds(b, v->number);
        break;
    case FIELD_TYPE_FLAG:
        buf_string(b, v->number ? "true" : "false");
        break;
    case FIELD_TYPE_LIST:
        add_list(b, v);
        break;
    case FIELD_TYPE_HEADER:
        add_header(b, v, redact);
        break;
    }
}

void journal_json(struct buf *b, const struct fp_event *e, bool redact)
{
    buf_string(b, "{\"t\":");
    add_seconds(b, e->t);
    add_name(b, "wall");
    add_seconds(b, e->wall);
    add_name(b, "at");
    buf_json(b, e->at, strlen(e->at));
    add_name(b, "event");
    buf_json(b, event_name((enum event_kind)e->kind), strlen(event_name((enum event_kind)e->kind)));
    if (e->began) {
        add_name(b, "began");
        add_seconds(b, e->began);
    }
    for (size_t i = 0; i < e->count; i++)
        add_value(b, &e->values[i], redact);
    buf_string(b, "}\n");
}

/* ---- the file -------------------------------------------------------------------------------- */

enum { FLUSH_AT = 1 << 16 };

/* A journal that is written to the file. */
struct source {
    struct source *next;
    struct journal_file *file;
    char *scenario; /* NULL: not told */
};

struct journal_file {
    int fd;
    struct source *sources;
    int error; /* errno of the first failed write */
    bool redact;
    struct buf lines;
    void (*failed)(void *);
    void *arg;
};

struct journal_file *journal_file_open(const char *path, bool redact, void (*failed)(void *),
                                       void *arg)
{
    int fd = strcmp(path, "-") == 0 ? dup(STDOUT_FILENO)
                                    : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return NULL;
    struct journal_file *f = calloc(1, sizeof(*f));
    if (!f)
        abort();
    *f = (struct journal_file){ .fd = fd, .redact = redact, .failed = failed, .arg = arg };
    return f;
}

void journal_file_flush(struct journal_file *f)
{
    size_t at = 0;
    while (at < f->lines.len && !f->error) {
        ssize_t n = write(f->fd, f->lines.at + at, f->lines.len - at);
        if (n > 0)
            at += (size_t)n;
        else if (n == 0 || errno != EINTR)
            f->error = n == 0 ? ENOSPC : errno;
    }
    f->lines.len = 0;
    if (f->error && f->failed) {
        void (*failed)(void *) = f->failed;
        f->failed = NULL;
        errno = f->error;
        failed(f->arg);
    }
}

static void write_event(void *arg, const struct fp_event *e)
{
    const struct source *source = arg;
    struct journal_file *f = source->file;
    if (f->error)
        return;
    journal_json(&f->lines, e, f->redact);
    if (source->scenario) {
        f->lines.len -= strlen("}\n");
        add_name(&f->lines, "scenario");
        buf_json(&f->lines, source->scenario, strlen(source->scenario));
        buf_string(&f->lines, "}\n");
    }
    if (f->lines.len >= FLUSH_AT)
        journal_file_flush(f);
}

void journal_file_add(struct journal_file *f, struct journal *j, const char *scenario)
{
    struct source *source = malloc(sizeof(*source));
    char *name = scenario ? strdup(scenario) : NULL;
    if (!source || (scenario && !name))
        abort();
    *source = (struct source){ .next = f->sources, .file = f, .scenario = name };
    f->sources = source;
    journal_listen(j, write_event, source);
}

int journal_file_close(struct journal_file *f)
{
    if (!f)
        return 0;
    f->failed = NULL;
    journal_file_flush(f);
    int error = f->error;
    if (close(f->fd) < 0 && !error)
        error = errno;
    buf_free(&f->lines);
    for (struct source *next; f->sources; f->sources = next) {
        next = f->sources->next;
        free(f->sources->scenario);
        free(f->sources);
    }
    free(f);
    errno = error;
    return error ? -1 : 0;
}
