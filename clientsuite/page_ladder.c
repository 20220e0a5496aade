/*
 * Ladders on pages. The lifelines are one drawing behind all rows, so that they go on behind rows
 * of any height; each row has a drawing of its own, whose places are parts of its width. So the
 * ladder fits any screen, and its texts wrap as texts do.
 */
#include "page_ladder.h"

#include <string.h>

#include "arena.h"
#include "clock.h"
#include "findings.h"
#include "journal_read.h"
#include "page.h"
#include "story.h"

enum { ROWS_MOST = 160, ROWS_HEAD = 110, MIDDLE = 13, EVENTS_MOST = 20000 };

static const char *const tones[TONES] = { [TONE_PLAIN] = "plain",
                                          [TONE_QUIET] = "quiet",
                                          [TONE_GOOD] = "good",
                                          [TONE_WARN] = "weak",
                                          [TONE_BAD] = "bad" };

/* Where a lifeline stands, in percent of the drawing's width. */
static double place(int lifeline, size_t count)
{
    return (lifeline + 0.5) * 100.0 / (double)count;
}

/* ---- frame ----------------------------------------------------------------------------------- */

static void put_lifelines(FILE *f, size_t count)
{
    fputs("<svg class=\"lifelines\" aria-hidden=\"true\">", f);
    for (size_t i = 0; i < count; i++)
        fprintf(f, "<line x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" y2=\"100%%\"/>",
                place((int)i, count), place((int)i, count));
    fputs("</svg>\n", f);
}

static void put_names(FILE *f, const char *const *names, size_t count)
{
    fputs("<div class=\"names\"><span class=\"t\">s</span><span class=\"lanes\">", f);
    for (size_t i = 0; i < count; i++) {
        fputs("<b>", f);
        page_text(f, names[i]);
        fputs("</b>", f);
    }
    fputs("</span></div>\n", f);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void put_arrow(FILE *f, const struct ladder_row *row, size_t count)
{
    double from = place(row->from, count), to = place(row->to, count);
    double near = row->from + (from < to ? 0.5 : -0.5);
    fprintf(f, "<line x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%d\" y2=\"%d\"/>", from, to, MIDDLE, MIDDLE);
    fprintf(f, "<use href=\"#head-%s\" x=\"%.2f%%\" y=\"%d\"/>", from < to ? "right" : "left", to,
            MIDDLE);
    if (!row->tag[0])
        return;
    /* An arrow over several lifelines has its tag next to where it comes from. */
    fprintf(f, "<text x=\"%.2f%%\" y=\"%d\">", (near + 0.5) * 100.0 / (double)count, MIDDLE - 4);
    page_text(f, row->tag);
    fputs("</text>", f);
}

static void put_point(FILE *f, const struct ladder_row *row, size_t count)
{
    double at = place(row->from, count);
    if (!row->is_fault) {
        fprintf(f, "<circle cx=\"%.2f%%\" cy=\"%d\" r=\"3.5\"/>", at, MIDDLE);
        return;
    }
    fprintf(f, "<use href=\"#cross\" x=\"%.2f%%\" y=\"%d\"/>", at, MIDDLE);
    if (!row->tag[0])
        return;
    fprintf(f, "<text x=\"%.2f%%\" y=\"%d\">", at + 25.0 / (double)count, MIDDLE + 4);
    page_text(f, row->tag);
    fputs("</text>", f);
}

static void put_drawing(FILE *f, const struct ladder_row *row, const char *const *names,
                        size_t count)
{
    fputs("<svg class=\"lanes\" role=\"img\" aria-label=\"", f);
    page_text(f, names[row->from]);
    if (row->from != row->to) {
        fputs(" to ", f);
        page_text(f, names[row->to]);
    }
    fputs("\">", f);
    if (row->from == row->to)
        put_point(f, row, count);
    else
        put_arrow(f, row, count);
    fputs("</svg>", f);
}

/* The check whose verdict this row decided, or NULL. Failed ones first. The end decides what did
 * not come until then: that is no news. */
static const struct verdict *decided(const struct graded *g, const struct story_row *r)
{
    const struct verdict *found = NULL;
    if (r->kind == EVENT_end)
        return NULL;
    for (size_t i = 0; g && i < g->count; i++) {
        const struct verdict *v = &g->verdicts[i];
        if (verdict_rank(v) >= RANK_OPEN || (found && verdict_rank(found) <= verdict_rank(v)))
            continue;
        for (size_t k = 0; k < v->evidence_count; k++)
            if (v->evidence[k] == r->seq || (r->end_seq && v->evidence[k] == r->end_seq))
                found = v;
    }
    return found;
}

static void put_row(FILE *f, const struct story_row *r, const char *const *names, size_t count,
                    const struct graded *why)
{
    const struct verdict *v = decided(why, r);
    fprintf(f, "<div class=\"row %s%s%s%s\"><span class=\"t\">%.3f</span>", tones[r->row.tone],
            r->row.is_fault ? " fault" : "", v ? " telling" : "", r->is_client ? " step" : "",
            r->row.time);
    put_drawing(f, &r->row, names, count);
    fputs("<span class=\"x\">", f);
    page_octets(f, r->row.text, r->row.len);
    if (v) {
        fputs(" <em>", f);
        page_text(f, v->id);
        fputs("</em>", f);
    }
    fputs("</span></div>\n", f);
}

static void put_break(FILE *f, size_t count, const char *what)
{
    fputs("<div class=\"gap\"><span class=\"t\"></span><svg class=\"lanes\" "
          "aria-hidden=\"true\"><rect width=\"100%\" height=\"100%\"/>",
          f);
    for (size_t i = 0; i < count; i++)
        fprintf(f, "<line x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" y2=\"100%%\"/>",
                place((int)i, count), place((int)i, count));
    fprintf(f, "</svg><span class=\"x\">%s</span></div>\n", what);
}

static void put_rows(FILE *f, const struct story *story, const struct graded *why)
{
    size_t count, names;
    char what[64];
    const char *const *name = story_names(story, &names);
    const struct story_row *rows = story_rows(story, &count);
    size_t left_out = count > ROWS_MOST ? count - ROWS_MOST : 0;
    for (size_t i = 0; i < count; i++) {
        if (left_out && i == ROWS_HEAD) {
            snprintf(what, sizeof(what), "%zu events are left out here", left_out);
            put_break(f, names, what);
            i += left_out;
        } else if (rows[i].pause > 0) {
            snprintf(what, sizeof(what), "%.*f s nothing", rows[i].pause < 1 ? 2 : 1,
                     rows[i].pause);
            put_break(f, names, what);
        }
        put_row(f, &rows[i], name, names, why);
    }
}

static void put_lag(FILE *f, const struct story *story)
{
    int64_t worst;
    size_t n = story_lag(story, &worst);
    if (n)
        fprintf(f,
                "<p class=\"soft\"><small>Our own loop was late %zu time%s meanwhile, at most %.0f "
                "ms.</small></p>\n",
                n, n == 1 ? "" : "s", (double)worst / (double)CLOCK_MS);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static struct story *read_story(const char *journal, size_t len)
{
    struct story *story = story_new();
    size_t events = 0;
    for (size_t at = 0; at < len && events < EVENTS_MOST;) {
        const char *newline = memchr(journal + at, '\n', len - at);
        size_t end = newline ? (size_t)(newline - journal) : len;
        struct journal_line line;
        struct journal_read_error error;
        struct arena *arena = arena_new();
        if (journal_read(arena, journal + at, end - at, &line, &error) == 0) {
            story_event(story, &line.draft.event);
            events++;
        }
        arena_free(arena);
        at = end + 1;
    }
    story_tell(story, story_start(story), STORY_WITHOUT_LAG);
    return story;
}

void page_ladder_shapes(FILE *f)
{
    fputs(
        "<svg class=\"hidden\" aria-hidden=\"true\"><path id=\"head-right\" d=\"M0 0l-8 -4.5v9z\"/>"
        "<path id=\"head-left\" d=\"M0 0l8 -4.5v9z\"/><path id=\"cross\" d=\"M-5 -5L5 5M-5 5L5 "
        "-5\"/>"
        "</svg>\n",
        f);
}

void page_ladder(FILE *f, const char *journal, size_t len, const struct graded *why)
{
    size_t count;
    struct story *story = read_story(journal, len);
    const char *const *names = story_names(story, &count);
    if (count == 0) {
        fputs("<p class=\"soft\">Nothing happened: the journal has no event.</p>\n", f);
    } else {
        fputs("<div class=\"ladder\">\n", f);
        put_names(f, names, count);
        fputs("<div class=\"rows\">", f);
        put_lifelines(f, count);
        put_rows(f, story, why);
        fputs("</div></div>\n", f);
        put_lag(f, story);
    }
    story_free(story);
}
