/*
 * The live log: one line an event, as sentences (say.h). What a person can do without is left out:
 * the faultless half of forwarding (accepts and ends of the proxy's connections to the origin), and
 * that a list came to its end, which its last line shows.
 */
#include "log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "diagnosis.h"
#include "say.h"

struct log {
    struct log_style *style;
    const char *name;
    bool colour, muted;
    struct diagnosis *diagnosis; /* NULL: none is made */
    int64_t now;                 /* t of the event at hand */
};

struct log *log_new(struct log_style *style, const char *name)
{
    struct log *l = calloc(1, sizeof(*l));
    if (!l)
        abort();
    const char *no_colour = getenv("NO_COLOR");
    l->style = style;
    l->name = name;
    l->colour = isatty(fileno(style->out)) && !(no_colour && *no_colour);
    return l;
}

void log_mute(struct log *l)
{
    if (l)
        l->muted = true;
}

void log_free(struct log *l)
{
    if (l)
        diagnosis_free(l->diagnosis);
    free(l);
}

static bool is_for_people(const struct fp_event *e)
{
    if (e->kind == EVENT_rule)
        return say_is_untimely(e);
    bool is_behind = say_is(e, FIELD_via, "forward") && !event_get(e, FIELD_rule);
    if (!is_behind || say_is_fault(e))
        return true;
    return e->kind != EVENT_accept && e->kind != EVENT_close && e->kind != EVENT_sent;
}

static void add_rule(struct buf *b, const struct fp_event *e)
{
    const struct event_value *rule = event_get(e, FIELD_rule);
    if (!rule)
        return;
    bool takes = e->kind == EVENT_request || e->kind == EVENT_accept || e->kind == EVENT_hello;
    buf_string(b, takes ? "  [rule " : "  [");
    say_text(b, rule->text, rule->len);
    buf_char(b, ']');
}

static void begin_line(const struct log *l, int64_t t)
{
    if (l->name)
        fprintf(l->style->out, "%-*s ", l->style->name_width, l->name);
    fprintf(l->style->out, "%9.3f  ", (double)(t - l->style->start) / (double)CLOCK_S);
}

static void print_found(void *arg, const struct diagnosed *f)
{
    struct log *l = arg;
    struct buf seen = { 0 };
    if (l->muted)
        return;
    say_text(&seen, f->seen, strlen(f->seen));
    begin_line(l, l->now);
    fprintf(l->style->out, "! %s%s: %.*s%s\n", l->colour ? say_colours[TONE_BAD] : "", f->code,
            (int)seen.len, seen.at ? seen.at : "", l->colour ? say_colour_end : "");
    buf_free(&seen);
}

void log_diagnose(struct log *l, const struct scenario *s, bool redact)
{
    l->diagnosis = diagnosis_new(
        s, &(struct diagnosis_options){ .redact = redact, .found = print_found, .arg = l });
}

static void print(void *arg, const struct fp_event *e)
{
    struct log *l = arg;
    struct buf text = { 0 }, who = { 0 };
    enum tone tone;
    if (!l->muted && is_for_people(e) && say_event(&text, e, &tone)) {
        if (!l->style->start)
            l->style->start = e->t;
        if (tone == TONE_PLAIN && say_is(e, FIELD_via, "forward"))
            tone = TONE_QUIET; /* the proxy's own request, which was read at the proxy before */
        buf_printf(&who, "%s ", e->at);
        say_number(&who, e);
        add_rule(&text, e);
        begin_line(l, e->t);
        fprintf(l->style->out, "%-13.*s %s%.*s%s\n", (int)who.len, who.at,
                l->colour ? say_colours[tone] : "", (int)text.len, text.at,
                l->colour && tone != TONE_PLAIN ? say_colour_end : "");
    }
    l->now = e->t;
    if (l->diagnosis && !l->muted)
        diagnosis_event(l->diagnosis, e);
    buf_free(&text);
    buf_free(&who);
}

void log_add(struct log *l, struct journal *j)
{
    journal_listen(j, print, l);
}
