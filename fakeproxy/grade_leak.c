/*
 * The kind `leak`: a text that must be nowhere in what an actor received, in error texts or in the
 * client's log. It is looked for as it is, percent-encoded (in whole or in part), and inside
 * anything base64-encoded (so behind any user name, too).
 *
 * Of what an actor received the journal keeps start lines, field lines and server names: what is in
 * bodies, and what travels inside a tunnel, is not looked at.
 */
#include "grading.h"

#include <string.h>

/* ---- octets ---------------------------------------------------------------------------------- */

typedef bool finder(const char *needle, size_t needle_len, const char *octets, size_t len);

static bool is_in(const char *needle, size_t needle_len, const char *octets, size_t len)
{
    return needle_len && len && memmem(octets, len, needle, needle_len);
}

static bool is_letter(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c >= 0x80;
}

/* Not as a part of a longer word. */
static bool is_word_in(const char *needle, size_t needle_len, const char *octets, size_t len)
{
    const char *at = octets, *end = octets + len;
    while (needle_len && at < end &&
           (at = memmem(at, (size_t)(end - at), needle, needle_len)) != NULL) {
        const char *behind = at + needle_len;
        bool begins = at == octets || !is_letter((unsigned char)at[-1]);
        bool ends = behind == end || !is_letter((unsigned char)*behind);
        if (begins && ends)
            return true;
        at++;
    }
    return false;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

static void percent_decode(const char *octets, size_t len, struct buf *out)
{
    for (size_t i = 0; i < len; i++) {
        int high = octets[i] == '%' && i + 2 < len ? hex_digit(octets[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(octets[i + 2]) : -1;
        buf_char(out, low >= 0 ? (char)(high * 16 + low) : octets[i]);
        i += low >= 0 ? 2 : 0;
    }
}

/* Both alphabets of RFC 4648. */
static int base64_digit(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+' || c == '-' ? 62
           : c == '/' || c == '_' ? 63
                                  : -1;
}

/* Decodes a run of digits; an incomplete last octet is left out. */
static void base64_decode(const char *digits, size_t len, struct buf *out)
{
    unsigned bits = 0, held = 0;
    for (size_t i = 0; i < len; i++) {
        bits = bits << 6 | (unsigned)base64_digit(digits[i]);
        held += 6;
        if (held >= 8) {
            held -= 8;
            buf_char(out, (char)(bits >> held & 0xFF));
        }
    }
}

/* A run may begin with digits that do not belong to the encoding, such as the `/` of a path. */
static bool is_in_run(finder *find, const char *needle, size_t needle_len, const char *run,
                      size_t len)
{
    bool found = false;
    for (size_t skip = 0; skip < 4 && skip < len && !found; skip++) {
        struct buf plain = { 0 };
        base64_decode(run + skip, len - skip, &plain);
        found = find(needle, needle_len, plain.at ? plain.at : "", plain.len);
        buf_free(&plain);
    }
    return found;
}

static bool is_in_base64(finder *find, const char *needle, size_t needle_len, const char *octets,
                         size_t len)
{
    for (size_t start = 0; start < len;) {
        size_t end = start;
        while (end < len && base64_digit(octets[end]) >= 0)
            end++;
        /* Four digits are three octets. */
        if ((end - start) / 4 * 3 + 2 >= needle_len &&
            is_in_run(find, needle, needle_len, octets + start, end - start))
            return true;
        start = end + 1;
    }
    return false;
}

static bool finds_by(finder *find, const char *needle, size_t needle_len, const char *octets,
                     size_t len)
{
    struct buf plain = { 0 };
    percent_decode(octets, len, &plain);
    const char *decoded = plain.at ? plain.at : "";
    bool found = find(needle, needle_len, octets, len) ||
                 find(needle, needle_len, decoded, plain.len) ||
                 is_in_base64(find, needle, needle_len, octets, len) ||
                 is_in_base64(find, needle, needle_len, decoded, plain.len);
    buf_free(&plain);
    return found;
}

bool grading_finds(const char *needle, size_t needle_len, const char *octets, size_t len)
{
    return finds_by(is_in, needle, needle_len, octets, len);
}

bool grading_finds_word(const char *needle, size_t needle_len, const char *octets, size_t len)
{
    enum { SHORT = 6 };
    return finds_by(needle_len < SHORT ? is_word_in : is_in, needle, needle_len, octets, len);
}

/* ---- sources --------------------------------------------------------------------------------- */

struct search {
    const char *needle;
    size_t len;
    size_t looked_at; /* fields that had something in them */
    struct finding found;
};

static void look_at_field(struct grading *g, struct search *s, const struct fp_event *e,
                          const struct event_value *v)
{
    if (!v->text || v->len == 0)
        return;
    s->looked_at++;
    if (s->found.kind == FINDING_BROKEN || !grading_finds(s->needle, s->len, v->text, v->len))
        return;
    s->found = grading_found(g, FINDING_BROKEN, "it is in the field %s of %s",
                             field_name((enum field_id)v->field), grading_event_text(g, e));
    grading_evidence(&s->found, e);
}

/* What the client sent, as far as the journal has its octets. */
static bool is_received(enum field_id field)
{
    return field == FIELD_target || field == FIELD_header || field == FIELD_method ||
           field == FIELD_user || field == FIELD_sni;
}

static void look_at_actor(struct grading *g, struct search *s, const char *actor)
{
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        bool is_from_client = e->kind == EVENT_request || e->kind == EVENT_hello;
        if (!is_from_client || strcmp(e->at, actor) != 0)
            continue;
        for (size_t k = 0; k < e->count; k++)
            if (is_received((enum field_id)e->values[k].field))
                look_at_field(g, s, e, &e->values[k]);
    }
}

static void look_at_errors(struct grading *g, struct search *s)
{
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        const struct event_value *v = e->kind == EVENT_outcome ? event_get(e, FIELD_error) : NULL;
        if (v)
            look_at_field(g, s, e, v);
    }
}

static void look_at_log(struct grading *g, struct search *s)
{
    if (g->c->log_len == 0)
        return;
    s->looked_at++;
    if (s->found.kind != FINDING_BROKEN &&
        grading_finds(s->needle, s->len, g->c->log, g->c->log_len))
        s->found = grading_found(g, FINDING_BROKEN, "it is in the client's log");
    if (s->found.evidence_count == 0)
        grading_evidence(&s->found, g->end); /* the log is no event */
}

/* ---- the kind -------------------------------------------------------------------------------- */

static void look_in(struct grading *g, struct search *s, const char *source)
{
    if (strcmp(source, "error") == 0)
        look_at_errors(g, s);
    else if (strcmp(source, "log") == 0)
        look_at_log(g, s);
    else
        look_at_actor(g, s, source);
}

struct finding grading_leak(struct grading *g, const struct leak_check *c)
{
    struct buf needle = { 0 }, empty = { 0 };
    text_expand(&c->text, g->env.scope, &needle);
    struct search s = { .needle = needle.at, .len = needle.len };
    for (const char *const *in = c->in; *in; in++) {
        size_t before = s.looked_at;
        look_in(g, &s, *in);
        if (s.looked_at == before)
            buf_printf(&empty, "%s%s", empty.len ? ", " : "; there is nothing in ", *in);
    }
    const char *nothing = grading_keep(g, &empty);
    buf_free(&needle);
    if (s.found.kind == FINDING_BROKEN)
        return s.found;
    if (s.looked_at == 0)
        return grading_found(g, FINDING_UNTESTED, "there was nothing to look at%s", nothing);
    if (!g->end)
        return grading_found(g, FINDING_UNTESTED, "the case is not over");
    struct finding f =
        grading_found(g, FINDING_HOLDS, "looked at %zu texts%s", s.looked_at, nothing);
    grading_evidence(&f, g->end);
    return f;
}
