/*
 * A ladder in a terminal. Each line is built in a row of cells, one a column, which is what makes
 * arrows that cross lifelines easy; then it is written as UTF-8 or ASCII.
 *
 * Columns: the time (LIFELINES wide), then the lifelines, `gap` columns apart, then the text. Text
 * counts one column a character: what wide characters a target may have only spoils the wrapping.
 */
#include "ladder.h"

#include <stdlib.h>
#include <string.h>

enum { TIME_WIDTH = 10, MARGIN = 3, GAP_MOST = 11, GAP_LEAST = 8, TEXT_LEAST = 24, CELLS = 512 };

/* Beside these a cell may hold an octet of text, but no control character. */
enum cell { LINE = 1, DASH, DOUBLE, LEFT, RIGHT, CROSS, DOT, DOTS };

static const struct {
    const char *utf8, *ascii;
} glyphs[] = {
    [LINE] = { "│", "|" },  [DASH] = { "─", "-" },  [DOUBLE] = { "═", "=" }, [LEFT] = { "◀", "<" },
    [RIGHT] = { "▶", ">" }, [CROSS] = { "┼", "+" }, [DOT] = { "●", "*" },    [DOTS] = { "⋮", ":" },
};

struct ladder {
    FILE *out;
    struct ladder_style style;
    const char *const *names;
    int count, gap, text; /* lifelines; columns between them; column where texts begin */
    unsigned char cells[CELLS];
};

struct ladder *ladder_new(FILE *out, const struct ladder_style *style, const char *const *names,
                          size_t count)
{
    struct ladder *l = calloc(1, sizeof(*l));
    if (!l)
        abort();
    *l = (struct ladder){ .out = out, .style = *style, .names = names, .count = (int)count };
    int gaps = l->count > 1 ? l->count - 1 : 1;
    /* Half of what is left for the lifelines, half for the text. */
    l->gap = (style->width - TIME_WIDTH - 2 * MARGIN) / 2 / gaps;
    if (l->gap > GAP_MOST)
        l->gap = GAP_MOST;
    if (l->gap < GAP_LEAST)
        l->gap = GAP_LEAST;
    while (l->gap > 2 && TIME_WIDTH + 2 * MARGIN + gaps * l->gap >= CELLS)
        l->gap--;
    l->text = TIME_WIDTH + 2 * MARGIN + gaps * l->gap + 1;
    return l;
}

void ladder_free(struct ladder *l)
{
    free(l);
}

static int column(const struct ladder *l, int lifeline)
{
    return TIME_WIDTH + MARGIN + lifeline * l->gap;
}

/* ---- one line -------------------------------------------------------------------------------- */

static void clear(struct ladder *l)
{
    memset(l->cells, ' ', sizeof(l->cells));
    for (int i = 0; i < l->count; i++)
        l->cells[column(l, i)] = LINE;
}

static void put(struct ladder *l, int at, const char *text)
{
    for (; *text && at < CELLS; text++, at++)
        l->cells[at] = (unsigned char)*text < ' ' ? '?' : (unsigned char)*text;
}

static void put_time(struct ladder *l, double time)
{
    char text[32];
    snprintf(text, sizeof(text), "%*.3f", TIME_WIDTH - 1, time);
    put(l, 0, text);
}

/* The tag in the middle of an arrow, if a column of line is left on each side. */
static void put_tag(struct ladder *l, int from, int to, const char *tag)
{
    int len = (int)strlen(tag), first = (from < to ? from : to) + 1;
    int room = abs(to - from) - 1;
    if (len == 0 || len + 3 > room)
        return;
    put(l, first + (from < to ? room - len : room - len + 1) / 2, tag);
}

static void put_arrow(struct ladder *l, const struct ladder_row *row)
{
    int from = column(l, row->from), to = column(l, row->to);
    int step = from < to ? 1 : -1;
    if (from == to) {
        l->cells[from] = DOT;
        return;
    }
    for (int at = from + step; at != to; at += step)
        l->cells[at] = l->cells[at] == LINE ? CROSS : row->is_fault ? DOUBLE : DASH;
    l->cells[to - step] = step > 0 ? RIGHT : LEFT;
    /* An arrow over several lifelines has its tag next to where it comes from. */
    put_tag(l, from, from + step * l->gap, row->tag);
}

/* Writes the cells up to `end`, spaces at the end left out if nothing follows. */
static void write_cells(const struct ladder *l, int end, bool more)
{
    while (!more && end > 0 && l->cells[end - 1] == ' ')
        end--;
    for (int i = 0; i < end; i++) {
        unsigned char c = l->cells[i];
        if (c < ' ')
            fputs(l->style.ascii ? glyphs[c].ascii : glyphs[c].utf8, l->out);
        else
            fputc(c, l->out);
    }
}

/* ---- text ------------------------------------------------------------------------------------ */

static bool begins_character(char c)
{
    return ((unsigned char)c & 0xC0) != 0x80;
}

/* How many octets of the text fit into `room` columns: up to a space, if there is one. */
static size_t fitting(const char *text, size_t len, int room)
{
    size_t space = 0, i = 0;
    for (int columns = 0; i < len; i++) {
        if (begins_character(text[i]) && columns++ == room)
            return space ? space : i;
        if (text[i] == ' ' && i > 0)
            space = i;
    }
    return len;
}

static void write_text(const struct ladder *l, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!l->style.ascii || (unsigned char)text[i] < 0x80)
            fputc(text[i], l->out);
        else if (begins_character(text[i]))
            fputc('?', l->out);
}

void ladder_row(struct ladder *l, const struct ladder_row *row)
{
    int room = l->style.width - l->text;
    const char *text = row->text;
    size_t left = row->len;
    bool coloured = l->style.colour && row->tone != TONE_PLAIN, first = true;
    if (room < TEXT_LEAST)
        room = TEXT_LEAST;
    do {
        size_t n = fitting(text, left, first ? room : room - 2);
        clear(l);
        if (first) {
            put_time(l, row->time);
            put_arrow(l, row);
        }
        fputs(coloured ? say_colours[row->tone] : "", l->out);
        write_cells(l, first ? l->text : l->text + 2, n > 0);
        write_text(l, text, n);
        fprintf(l->out, "%s\n", coloured ? say_colour_end : "");
        for (text += n, left -= n; left > 0 && *text == ' '; text++)
            left--;
        first = false;
    } while (left > 0);
}

/* ---- other lines ----------------------------------------------------------------------------- */

/* Names stand centred over their lifelines, as far as they fit. */
void ladder_head(struct ladder *l)
{
    clear(l);
    memset(l->cells, ' ', sizeof(l->cells));
    put(l, TIME_WIDTH - 1 - (int)strlen("time"), "time");
    for (int i = 0; i < l->count; i++) {
        char name[GAP_MOST];
        snprintf(name, sizeof(name) < (size_t)l->gap ? sizeof(name) : (size_t)l->gap, "%s",
                 l->names[i]);
        put(l, column(l, i) - (int)strlen(name) / 2, name);
    }
    write_cells(l, l->text, false);
    fputc('\n', l->out);
}

void ladder_pause(struct ladder *l, double seconds)
{
    clear(l);
    for (int i = 0; i < l->count; i++)
        l->cells[column(l, i)] = DOTS;
    fputs(l->style.colour ? say_colours[TONE_QUIET] : "", l->out);
    write_cells(l, l->text, true);
    fprintf(l->out, "%.3f s%s\n", seconds, l->style.colour ? say_colour_end : "");
}
