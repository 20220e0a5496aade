/*
 * Reports. JUnit knows passed, failed and skipped: a SHOULD that was missed passes there, with its
 * sentence as output, and whatever was not judged is skipped, with the reason.
 */
#include "report.h"

#include <signal.h>
#include <string.h>

#include "buf.h"
#include "markup.h"
#include "member.h"
#include "say.h"
#include "wrap.h"

/* ---- what there is to say -------------------------------------------------------------------- */

static bool is_judged(const struct verdict *v)
{
    return v->kind != VERDICT_NOT_JUDGED && v->kind != VERDICT_NOT_APPLICABLE;
}

static bool is_bad(const struct verdict *v)
{
    return v->kind == VERDICT_FAIL || v->kind == VERDICT_INCONCLUSIVE ||
           v->kind == VERDICT_HARNESS_ERROR;
}

/* House checks that hold, or that this play says nothing about, are no news. */
static bool is_row(const struct verdict *v)
{
    return !v->house || is_bad(v);
}

bool report_has_failed(const struct reported *r)
{
    for (size_t i = 0; i < r->graded->count; i++)
        if (r->graded->verdicts[i].kind == VERDICT_FAIL)
            return true;
    return false;
}

bool report_has_verdict(const struct reported *r)
{
    for (size_t i = 0; i < r->graded->count; i++) {
        const struct verdict *v = &r->graded->verdicts[i];
        if (v->house ? v->kind == VERDICT_FAIL : is_judged(v))
            return true;
    }
    return false;
}

/* ---- the table ------------------------------------------------------------------------------- */

static enum tone tone_of(const struct verdict *v)
{
    static const enum tone tones[VERDICT_KINDS] = {
        [VERDICT_PASS] = TONE_GOOD,
        [VERDICT_FAIL] = TONE_BAD,
        [VERDICT_WEAK] = TONE_WARN,
        [VERDICT_INFO] = TONE_PLAIN,
        [VERDICT_NOT_APPLICABLE] = TONE_QUIET,
        [VERDICT_NOT_EXERCISED] = TONE_QUIET,
        [VERDICT_NOT_JUDGED] = TONE_QUIET,
        [VERDICT_INCONCLUSIVE] = TONE_WARN,
        [VERDICT_HARNESS_ERROR] = TONE_BAD,
        [VERDICT_BLOCKED] = TONE_WARN,
        [VERDICT_CRASH] = TONE_BAD,
        [VERDICT_HANG] = TONE_BAD,
    };
    return tones[v->kind];
}

static int id_width(const struct graded *g)
{
    size_t width = 0;
    for (size_t i = 0; i < g->count; i++)
        if (is_row(&g->verdicts[i]) && strlen(g->verdicts[i].id) > width)
            width = strlen(g->verdicts[i].id);
    return (int)width;
}

static void print_row(FILE *f, const struct verdict *v, int width, bool colour)
{
    enum tone tone = tone_of(v);
    bool coloured = colour && tone != TONE_PLAIN;
    struct buf text = { 0 };
    say_text(&text, v->sentence, strlen(v->sentence));
    fprintf(f, "  %s%-14s%s %-7s%-*s  ", coloured ? say_colours[tone] : "", verdict_word(v),
            coloured ? say_colour_end : "", level_name(v->level), width, v->id);
    if (v->says && is_judged(v))
        fprintf(f, "%s%s", v->says, text.len ? ": " : "");
    fprintf(f, "%.*s%s\n", (int)text.len, text.at ? text.at : "",
            v->kind == VERDICT_FAIL && v->critical ? " (critical)" : "");
    buf_free(&text);
}

void report_table(FILE *f, const struct reported *r, bool colour)
{
    int width = id_width(r->graded);
    const char *before = "  also hold: ";
    for (size_t i = 0; i < r->graded->count; i++)
        if (is_row(&r->graded->verdicts[i]))
            print_row(f, &r->graded->verdicts[i], width, colour);
    for (size_t i = 0; i < r->graded->count; i++) {
        const struct verdict *v = &r->graded->verdicts[i];
        if (!v->house || v->kind != VERDICT_PASS)
            continue;
        fprintf(f, "%s%s", before, v->id);
        before = ", ";
    }
    if (before[0] == ',')
        fputc('\n', f);
}

void report_counts(FILE *f, const struct reported *r)
{
    const char *before = "";
    for (int kind = 0; kind < VERDICT_KINDS; kind++) {
        size_t n = 0;
        for (size_t i = 0; i < r->graded->count; i++) {
            const struct verdict *v = &r->graded->verdicts[i];
            n += (int)v->kind == kind && is_row(v);
        }
        if (n == 0)
            continue;
        fprintf(f, "%s%zu %s", before, n, verdict_kind_name((enum verdict_kind)kind));
        before = ", ";
    }
}

/* ---- the diagnosis --------------------------------------------------------------------------- */

void report_diagnosis(FILE *f, const struct reported *r, bool colour)
{
    size_t count = r->diagnosis ? diagnosis_count(r->diagnosis) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct diagnosed *found = diagnosis_get(r->diagnosis, i);
        enum tone tone = found->note ? TONE_PLAIN : found->critical ? TONE_BAD : TONE_WARN;
        bool coloured = colour && tone != TONE_PLAIN;
        fprintf(f, "%s! %s%s (layer: %s%s)", coloured ? say_colours[tone] : "", found->code,
                coloured ? say_colour_end : "", found->layer, found->critical ? "; critical" : "");
        fprintf(f, found->times > 1 ? ", %llu times\n" : "\n", (unsigned long long)found->times);
        wrap_print(f, "seen", found->seen);
        wrap_print(f, "cause", found->cause);
        wrap_print(f, "fix", found->fix);
    }
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void add_verdict(struct buf *b, const struct verdict *v)
{
    buf_char(b, '{');
    member_text(b, "id", v->id);
    member_text(b, "level", level_name(v->level));
    member_text(b, "verdict", verdict_kind_name(v->kind));
    member_flag(b, "holds", v->holds);
    member_flag(b, "critical", v->critical);
    member_flag(b, "house", v->house);
    if (v->says)
        member_text(b, "says", v->says);
    member_text(b, "sentence", v->sentence);
    member_numbers(b, "evidence", v->evidence, v->evidence_count);
    buf_char(b, '}');
}

static void add_diagnosis(struct buf *b, const struct diagnosis *d)
{
    size_t count = d ? diagnosis_count(d) : 0;
    member_name(b, "diagnosis");
    buf_char(b, '[');
    for (size_t i = 0; i < count; i++) {
        buf_string(b, i ? ",\n " : "\n ");
        diagnosed_json(b, diagnosis_get(d, i));
    }
    buf_char(b, ']');
}

static void add_scenario(struct buf *b, const struct reported *r)
{
    buf_char(b, '{');
    member_text(b, "id", r->scenario->id);
    if (r->scenario->variant)
        member_text(b, "variant", r->scenario->variant);
    member_flag(b, "exercised", r->graded->exercised);
    if (r->graded->reason[0])
        member_text(b, "reason", r->graded->reason);
    member_name(b, "checks");
    buf_char(b, '[');
    for (size_t i = 0; i < r->graded->count; i++) {
        buf_string(b, i ? ",\n " : "\n ");
        add_verdict(b, &r->graded->verdicts[i]);
    }
    buf_char(b, ']');
    add_diagnosis(b, r->diagnosis);
    buf_char(b, '}');
}

/* "SIGKILL"; of a real-time signal, which has no name, the number. */
static const char *signal_name(const struct reported_command *c, char room[24])
{
    const char *name = sigabbrev_np(c->signal);
    if (name)
        snprintf(room, 24, "SIG%s", name);
    else
        snprintf(room, 24, "signal %d", c->signal);
    return room;
}

void report_command_end(FILE *f, const struct reported_command *c)
{
    char name[24];
    if (c->code >= 0)
        fprintf(f, "exit status %d", c->code);
    else
        fprintf(f, "ended by %s", signal_name(c, name));
}

static void add_command(struct buf *b, const struct reported_command *c)
{
    char name[24];
    member_name(b, "command");
    buf_char(b, '{');
    member_name(b, "argv");
    buf_char(b, '[');
    for (char *const *word = c->argv; *word; word++) {
        buf_string(b, word == c->argv ? "" : ",");
        buf_json(b, *word, strlen(*word));
    }
    buf_char(b, ']');
    if (c->code >= 0)
        member_number(b, "exit", c->code);
    else
        member_text(b, "signal", signal_name(c, name));
    buf_char(b, '}');
}

static void add_json(struct buf *b, const struct report *r)
{
    buf_char(b, '{');
    member_number(b, "exit", r->exit_code);
    if (r->command)
        add_command(b, r->command);
    member_name(b, "scenarios");
    buf_char(b, '[');
    for (size_t i = 0; i < r->count; i++) {
        buf_string(b, i ? ",\n" : "\n");
        add_scenario(b, &r->scenarios[i]);
    }
    buf_string(b, "]}\n");
}

/* ---- JUnit ----------------------------------------------------------------------------------- */

/* XML 1.0 has no way to write most control characters, nor octets that are no UTF-8. */
static void add_xml(struct buf *b, const char *text)
{
    struct buf plain = { 0 };
    say_text(&plain, text, strlen(text));
    for (size_t i = 0; i < plain.len; i++) {
        const char *entity = markup_entity(plain.at[i]);
        if (entity)
            buf_string(b, entity);
        else
            buf_char(b, plain.at[i]);
    }
    buf_free(&plain);
}

static bool is_skipped(const struct verdict *v)
{
    return v->kind != VERDICT_PASS && v->kind != VERDICT_FAIL && v->kind != VERDICT_WEAK &&
           v->kind != VERDICT_INFO && v->kind != VERDICT_HARNESS_ERROR;
}

static void add_element(struct buf *b, const char *element, const struct verdict *v)
{
    buf_printf(b, "<%s message=\"%s: ", element, verdict_word(v));
    add_xml(b, v->sentence);
    buf_string(b, "\"/>");
}

static void add_failure(struct buf *b, const struct reported *r, const struct verdict *v)
{
    size_t count = r->diagnosis ? diagnosis_count(r->diagnosis) : 0;
    buf_string(b, "<failure message=\"fail: ");
    add_xml(b, v->sentence);
    buf_string(b, count ? "\">" : "\"/>");
    for (size_t i = 0; i < count; i++) {
        const struct diagnosed *f = diagnosis_get(r->diagnosis, i);
        const char *const lines[][2] = {
            { f->layer, f->code }, { "seen", f->seen }, { "cause", f->cause }, { "fix", f->fix }
        };
        for (size_t k = 0; k < sizeof(lines) / sizeof(lines[0]); k++) {
            buf_printf(b, "\n%s: ", lines[k][0]);
            add_xml(b, lines[k][1]);
        }
        buf_char(b, '\n');
    }
    buf_string(b, count ? "</failure>" : "");
}

static void add_case(struct buf *b, const struct reported *r, const struct verdict *v)
{
    buf_string(b, "  <testcase classname=\"");
    add_xml(b, r->name);
    buf_printf(b, "\" name=\"%s", v->house ? "house/" : "");
    add_xml(b, v->id);
    buf_string(b, "\">");
    if (v->kind == VERDICT_FAIL) {
        add_failure(b, r, v);
    } else if (v->kind == VERDICT_HARNESS_ERROR) {
        add_element(b, "error", v);
    } else if (is_skipped(v)) {
        add_element(b, "skipped", v);
    } else {
        buf_printf(b, "<system-out>%s: ", verdict_word(v));
        add_xml(b, v->sentence);
        buf_string(b, "</system-out>");
    }
    buf_string(b, "</testcase>\n");
}

static void add_suite(struct buf *b, const struct reported *r)
{
    size_t failures = 0, errors = 0, skipped = 0;
    for (size_t i = 0; i < r->graded->count; i++) {
        failures += r->graded->verdicts[i].kind == VERDICT_FAIL;
        errors += r->graded->verdicts[i].kind == VERDICT_HARNESS_ERROR;
        skipped += is_skipped(&r->graded->verdicts[i]);
    }
    buf_string(b, " <testsuite name=\"");
    add_xml(b, r->name);
    buf_printf(b, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">\n",
               r->graded->count, failures, errors, skipped);
    for (size_t i = 0; i < r->graded->count; i++)
        add_case(b, r, &r->graded->verdicts[i]);
    buf_string(b, " </testsuite>\n");
}

static void add_command_suite(struct buf *b, const struct reported_command *c)
{
    char name[24];
    buf_printf(b,
               " <testsuite name=\"COMMAND\" tests=\"1\" failures=\"%d\" errors=\"0\" "
               "skipped=\"0\">\n  <testcase classname=\"COMMAND\" name=\"",
               c->code != 0);
    for (char *const *word = c->argv; *word; word++) {
        buf_string(b, word == c->argv ? "" : " ");
        add_xml(b, *word);
    }
    buf_string(b, "\">");
    if (c->code > 0)
        buf_printf(b, "<failure message=\"exit status %d\"/>", c->code);
    else if (c->code < 0)
        buf_printf(b, "<failure message=\"ended by %s\"/>", signal_name(c, name));
    buf_string(b, "</testcase>\n </testsuite>\n");
}

static void add_junit(struct buf *b, const struct report *r)
{
    buf_string(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    if (r->command)
        add_command_suite(b, r->command);
    for (size_t i = 0; i < r->count; i++)
        add_suite(b, &r->scenarios[i]);
    buf_string(b, "</testsuites>\n");
}

void report_write(FILE *f, enum report_form form, const struct report *r)
{
    struct buf b = { 0 };
    switch (form) {
    case REPORT_JSON:
        add_json(&b, r);
        break;
    case REPORT_JUNIT:
        add_junit(&b, r);
        break;
    }
    fwrite(b.at, 1, b.len, f);
    buf_free(&b);
}
