/*
 * `fakeproxy show`: reads a journal, sorts its events by scenario (one file may hold several), and
 * draws a ladder for each. Everything is read first: the lifelines must be known before the first
 * row, and an answer is told together with how it ended.
 */
#include "show.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "journal.h"
#include "journal_read.h"
#include "options.h"
#include "show_row.h"

/* What happens later than this is told in a row of its own, and such silence, too. */
static const int64_t TOGETHER = 50 * CLOCK_MS;
static const int64_t SILENCE = 100 * CLOCK_MS;

/* The events of one scenario, in the order of the file. */
struct part {
    const char *scenario; /* NULL: the file has only one */
    struct fp_event **events;
    size_t count;
    int64_t start; /* of all scenarios */
    struct cast cast;
};

struct shown {
    struct arena *names; /* of scenarios and actors */
    struct part *parts;
    size_t count;
};

static void *grow(void *list, size_t count, size_t size)
{
    if (count & (count - 1)) /* room for a power of two is there */
        return list;
    list = reallocarray(list, count ? count * 2 : 1, size);
    if (!list)
        abort();
    return list;
}

/* ---- sorting --------------------------------------------------------------------------------- */

static struct part *part_of(struct shown *s, const char *scenario)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->parts[i].scenario ? s->parts[i].scenario : "", scenario ? scenario : "") == 0)
            return &s->parts[i];
    s->parts = grow(s->parts, s->count, sizeof(*s->parts));
    struct part *p = &s->parts[s->count++];
    *p = (struct part){ .scenario =
                            scenario ? arena_copy(s->names, scenario, strlen(scenario)) : NULL };
    return p;
}

/* The actor's name as the cast has it; a new actor gets its lifeline: proxies before origins. */
static const char *actor_of(struct shown *s, struct cast *c, const struct fp_event *e)
{
    if (c->count == 0) {
        c->names = grow(c->names, c->count, sizeof(*c->names));
        c->names[c->count++] = "client";
    }
    if (strcmp(e->at, "client") == 0 || strcmp(e->at, "suite") == 0)
        return c->names[0];
    int known = cast_find(c, e->at);
    if (known > 0)
        return c->names[known];
    bool is_origin = event_get(e, FIELD_via) != NULL;
    c->names = grow(c->names, c->count, sizeof(*c->names));
    c->origins += is_origin;
    size_t at = is_origin ? c->count : c->count - c->origins;
    memmove(&c->names[at + 1], &c->names[at], (c->count - at) * sizeof(*c->names));
    c->count++;
    return c->names[at] = arena_copy(s->names, e->at, strlen(e->at));
}

static void add_event(struct shown *s, const struct journal_line *line)
{
    struct part *p = part_of(s, line->scenario);
    p->events = grow(p->events, p->count, sizeof(*p->events));
    struct fp_event *e = journal_copy(&line->draft.event);
    if (!e)
        abort();
    e->at = actor_of(s, &p->cast, e);
    p->events[p->count++] = e;
}

static void forget(struct shown *s)
{
    for (size_t i = 0; i < s->count; i++) {
        for (size_t k = 0; k < s->parts[i].count; k++)
            free(s->parts[i].events[k]);
        free(s->parts[i].events);
        cast_free(&s->parts[i].cast);
    }
    free(s->parts);
    arena_free(s->names);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The message may quote the line, and the line may hold anything. */
static void complain(FILE *errors, const char *name, size_t number,
                     const struct journal_read_error *error)
{
    struct buf what = { 0 };
    say_text(&what, error->what, strlen(error->what));
    fprintf(errors, "%s:%zu:%zu: %.*s%s\n", name, number, error->column, (int)what.len, what.at,
            number == 1 ? "; is this a journal, as --journal writes it?" : "");
    buf_free(&what);
}

static int read_line(struct shown *s, const char *text, size_t len, const char *name, size_t number,
                     FILE *errors)
{
    struct arena *arena = arena_new();
    struct journal_line line;
    struct journal_read_error error;
    int result = journal_read(arena, text, len, &line, &error);
    if (result == 0)
        add_event(s, &line);
    else
        complain(errors, name, number, &error);
    arena_free(arena);
    return result;
}

static int read_all(struct shown *s, FILE *in, const char *name, FILE *errors)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t len;
    int result = 0;
    errno = 0;
    for (size_t number = 1; result == 0 && (len = getline(&text, &room, in)) >= 0; number++) {
        while (len > 0 && strchr("\r\n", text[len - 1]))
            len--;
        if (len > 0)
            result = read_line(s, text, (size_t)len, name, number, errors);
    }
    if (ferror(in)) {
        fprintf(errors, "fakeproxy: %s cannot be read: %s\n", name, strerror(errno));
        result = -1;
    }
    free(text);
    return result;
}

/* ---- drawing --------------------------------------------------------------------------------- */

static bool same_exchange(const struct fp_event *a, const struct fp_event *b)
{
    return a->at == b->at && say_field(a, FIELD_connection) == say_field(b, FIELD_connection) &&
           say_field(a, FIELD_exchange) == say_field(b, FIELD_exchange);
}

/* The position of the event that says how the answer at i went out, if it went out whole and at
 * once; else 0. */
static size_t end_of_answer(const struct part *p, size_t i)
{
    const struct fp_event *e = p->events[i];
    for (size_t k = i + 1; k < p->count && p->events[k]->t - e->t < TOGETHER; k++) {
        const struct fp_event *later = p->events[k];
        if (!same_exchange(e, later))
            continue;
        return later->kind == EVENT_sent && !say_is_fault(later) ? k : 0;
    }
    return 0;
}

static void draw_event(struct part *p, struct ladder *l, size_t i, bool *told, int64_t *last)
{
    const struct fp_event *e = p->events[i];
    size_t end = e->kind == EVENT_response ? end_of_answer(p, i) : 0;
    struct ladder_row row = { .time = (double)(e->t - p->start) / (double)CLOCK_S };
    struct buf text = { 0 };
    cast_note(&p->cast, e);
    if (!told[i] && show_row(&p->cast, e, end ? p->events[end] : NULL, &row, &text)) {
        if (e->t - *last >= SILENCE)
            ladder_pause(l, (double)(e->t - *last) / (double)CLOCK_S);
        *last = e->t;
        told[end] = true;
        row.text = text.at;
        row.len = text.len;
        ladder_row(l, &row);
    }
    buf_free(&text);
}

static void draw(struct part *p, const struct ladder_style *style, FILE *out)
{
    bool *told = calloc(p->count, sizeof(*told));
    struct ladder *l = ladder_new(out, style, p->cast.names, p->cast.count);
    int64_t last = p->events[0]->t;
    if (!told)
        abort();
    if (p->scenario) {
        struct buf heading = { 0 };
        say_text(&heading, p->scenario, strlen(p->scenario));
        fprintf(out, "%.*s\n", (int)heading.len, heading.at ? heading.at : "");
        buf_free(&heading);
    }
    ladder_head(l);
    for (size_t i = 0; i < p->count; i++)
        draw_event(p, l, i, told, &last);
    ladder_free(l);
    free(told);
}

/* ---- the command ----------------------------------------------------------------------------- */

int show_stream(FILE *in, const char *name, const struct ladder_style *style, FILE *out,
                FILE *errors)
{
    struct shown s = { .names = arena_new() };
    int result = read_all(&s, in, name, errors);
    for (size_t i = 0; i < s.count; i++) {
        s.parts[i].start = s.parts[0].events[0]->t;
        if (i > 0)
            fputc('\n', out);
        draw(&s.parts[i], style, out);
    }
    if (s.count == 0 && result == 0)
        fprintf(out, "%s: nothing happened: no event is in it\n", name);
    forget(&s);
    return result == 0 ? EXIT_OK : EXIT_USAGE;
}

static int terminal_width(void)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    int width = columns ? atoi(columns) : 0;
    if (width <= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    return width >= 40 ? width : 80;
}

int show(const char *path)
{
    const char *no_colour = getenv("NO_COLOR");
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(path, "re");
    if (!in) {
        fprintf(stderr, "fakeproxy: %s cannot be opened: %s\n", path, strerror(errno));
        return EXIT_USAGE;
    }
    setlocale(LC_CTYPE, "");
    struct ladder_style style = { .width = terminal_width(),
                                  .colour = isatty(STDOUT_FILENO) && !(no_colour && *no_colour),
                                  .ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0 };
    int code = show_stream(in, is_stdin ? "(standard input)" : path, &style, stdout, stderr);
    if (!is_stdin)
        fclose(in);
    return code;
}
