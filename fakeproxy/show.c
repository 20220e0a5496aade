/*
 * `fakeproxy show`: reads a journal, sorts its events by scenario (one file may hold several), and
 * draws a ladder for each story.
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
#include "journal_read.h"
#include "memory.h"
#include "options.h"
#include "story.h"

/* What happened in one scenario. */
struct part {
    const char *scenario; /* NULL: the file has only one */
    struct story *story;
};

struct shown {
    struct arena *names; /* of scenarios */
    struct part *parts;
    size_t count;
};

/* ---- sorting --------------------------------------------------------------------------------- */

static struct part *part_of(struct shown *s, const char *scenario)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->parts[i].scenario ? s->parts[i].scenario : "", scenario ? scenario : "") == 0)
            return &s->parts[i];
    s->parts = memory_grow(s->parts, s->count, sizeof(*s->parts));
    struct part *p = &s->parts[s->count++];
    *p = (struct part){ .story = story_new() };
    if (scenario)
        p->scenario = arena_copy(s->names, scenario, strlen(scenario));
    return p;
}

static void forget(struct shown *s)
{
    for (size_t i = 0; i < s->count; i++)
        story_free(s->parts[i].story);
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
        story_event(part_of(s, line.scenario)->story, &line.draft.event);
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

static void draw(const struct part *p, const struct ladder_style *style, FILE *out)
{
    size_t names, count;
    const char *const *name = story_names(p->story, &names);
    const struct story_row *rows = story_rows(p->story, &count);
    struct ladder *l = ladder_new(out, style, name, names);
    if (p->scenario) {
        struct buf heading = { 0 };
        say_text(&heading, p->scenario, strlen(p->scenario));
        fprintf(out, "%.*s\n", (int)heading.len, heading.at ? heading.at : "");
        buf_free(&heading);
    }
    ladder_head(l);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].pause > 0)
            ladder_pause(l, rows[i].pause);
        ladder_row(l, &rows[i].row);
    }
    ladder_free(l);
}

/* ---- the command ----------------------------------------------------------------------------- */

int show_stream(FILE *in, const char *name, const struct ladder_style *style, FILE *out,
                FILE *errors)
{
    struct shown s = { .names = arena_new() };
    int result = read_all(&s, in, name, errors);
    for (size_t i = 0; i < s.count; i++) {
        story_tell(s.parts[i].story, story_start(s.parts[0].story), STORY_WHOLE);
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
