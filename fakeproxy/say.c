/*
 * Events as sentences. One function for each kind of event, found by a table.
 */
#include "say.h"

#include <string.h>

#include "clock.h"
#include "http.h"
#include "json.h"

const char *const say_colours[TONES] = { "", "\033[2m", "\033[32m", "\033[33m", "\033[1;31m" };
const char say_colour_end[] = "\033[0m";

/* ---- fields ---------------------------------------------------------------------------------- */

int64_t say_field(const struct fp_event *e, enum field_id field)
{
    const struct event_value *v = event_get(e, field);
    return v ? v->number : 0;
}

bool say_is(const struct fp_event *e, enum field_id field, const char *text)
{
    const struct event_value *v = event_get(e, field);
    return v && v->text && v->len == strlen(text) && memcmp(v->text, text, v->len) == 0;
}

/* C1 controls (U+0080 to U+009F) move a terminal as much as C0 does. */
static size_t printable(const char *s, size_t len)
{
    unsigned char c = (unsigned char)s[0];
    if (c < 0x80)
        return c >= 0x20 && c != 0x7F;
    bool is_c1 = c == 0xC2 && len > 1 && (unsigned char)s[1] < 0xA0;
    return is_c1 ? 0 : json_utf8(s, len);
}

void say_text(struct buf *b, const char *octets, size_t len)
{
    for (size_t i = 0, n; i < len; i += n ? n : 1) {
        n = printable(octets + i, len - i);
        if (n)
            buf_add(b, octets + i, n);
        else
            buf_printf(b, "\\x%02x", (unsigned char)octets[i]);
    }
}

void say_print(FILE *f, const char *text)
{
    struct buf b = { 0 };
    say_text(&b, text, strlen(text));
    fwrite(b.at ? b.at : "", 1, b.len, f);
    buf_free(&b);
}

static void add_text(struct buf *b, const struct fp_event *e, enum field_id field)
{
    const struct event_value *v = event_get(e, field);
    if (v)
        say_text(b, v->text, v->len);
}

/* ", Retry-After: 2", if the answer has that field. */
static void add_header(struct buf *b, const struct fp_event *e, const char *name)
{
    const struct event_value *v = event_get(e, FIELD_header);
    struct http_head head = { .fields = { v ? v->text : "", v ? v->len : 0 } };
    struct http_slice value;
    if (!http_find(&head, name, &value))
        return;
    buf_printf(b, ", %s: ", name);
    say_text(b, value.at, value.len);
}

static long long count(const struct fp_event *e, enum field_id field)
{
    return (long long)say_field(e, field);
}

static const char *octets(long long n)
{
    return n == 1 ? "octet" : "octets";
}

/* Who is at the other end of this connection. */
static const char *peer(const struct fp_event *e)
{
    bool is_ours = say_is(e, FIELD_via, "forward");
    if (say_is(e, FIELD_via, "tunnel"))
        return e->kind == EVENT_close ? "the tunnel" : "the client";
    return is_ours ? "the proxy" : "the client";
}

/* The subject of what an event says was done `by` somebody, with the verb's third person. */
static void add_who(struct buf *b, const struct fp_event *e, const char *verb)
{
    if (say_is(e, FIELD_by, "us"))
        buf_printf(b, "we %s", verb);
    else
        buf_printf(b, "%s %ss", say_is(e, FIELD_by, "origin") ? "the origin" : peer(e), verb);
}

void say_number(struct buf *b, const struct fp_event *e)
{
    if (event_get(e, FIELD_connection))
        buf_printf(b, "#%lld", count(e, FIELD_connection));
    if (event_get(e, FIELD_exchange))
        buf_printf(b, ".%lld", count(e, FIELD_exchange));
}

/* ---- sentences ------------------------------------------------------------------------------- */

static enum tone say_accept(struct buf *b, const struct fp_event *e)
{
    bool is_direct = say_is(e, FIELD_via, "direct");
    if (event_get(e, FIELD_carrier)) {
        buf_printf(b, "accepts the %s of ",
                   say_is(e, FIELD_via, "tunnel") ? "tunnel" : "forwarding");
        add_text(b, e, FIELD_through);
        buf_printf(b, " #%lld", count(e, FIELD_carrier));
        return TONE_QUIET;
    }
    buf_string(b, "accepts a connection from ");
    add_text(b, e, FIELD_from);
    if (is_direct)
        buf_string(b, ", which came past the proxy");
    return is_direct ? TONE_WARN : TONE_QUIET;
}

static enum tone say_tls(struct buf *b, const struct fp_event *e)
{
    if (e->kind == EVENT_hello) {
        buf_string(b, event_get(e, FIELD_sni) ? "ClientHello for " : "ClientHello without a name");
        add_text(b, e, FIELD_sni);
        return TONE_QUIET;
    }
    if (e->kind == EVENT_secure) {
        buf_string(b, "TLS ");
        add_text(b, e, FIELD_versions);
        buf_printf(b, " is up%s", say_field(e, FIELD_resumed) ? ", resumed" : "");
        return TONE_QUIET;
    }
    add_who(b, e, "send");
    buf_string(b, " the TLS alert ");
    add_text(b, e, FIELD_description);
    return say_is(e, FIELD_description, "close_notify") ? TONE_QUIET : TONE_BAD;
}

static enum tone say_request(struct buf *b, const struct fp_event *e)
{
    bool is_early = say_field(e, FIELD_early) != 0;
    add_text(b, e, FIELD_method);
    buf_char(b, ' ');
    add_text(b, e, FIELD_target);
    if (event_get(e, FIELD_auth)) {
        buf_string(b, ", credentials ");
        add_text(b, e, FIELD_auth);
    }
    if (is_early)
        buf_printf(b, ", %.3f s too early", (double)say_field(e, FIELD_early) / (double)CLOCK_S);
    if (say_field(e, FIELD_ignored))
        buf_string(b, ", which nothing answers");
    return is_early ? TONE_BAD : TONE_PLAIN;
}

static enum tone say_octets_come(struct buf *b, const struct fp_event *e)
{
    if (e->kind == EVENT_ahead) {
        buf_printf(b, "%lld %s came before the tunnel was granted", count(e, FIELD_bytes),
                   octets(count(e, FIELD_bytes)));
        return TONE_WARN;
    }
    if (e->kind == EVENT_bytes) {
        bool is_tls = say_is(e, FIELD_looks, "tls");
        buf_string(b, is_tls ? "the first octets are TLS"
                             : "the first octets are neither HTTP nor TLS");
        return is_tls ? TONE_QUIET : TONE_WARN;
    }
    buf_printf(b, "request body: %lld %s", count(e, FIELD_bytes), octets(count(e, FIELD_bytes)));
    if (say_field(e, FIELD_whole))
        return TONE_QUIET;
    buf_string(b, ", then it broke off");
    return TONE_WARN;
}

static enum tone say_response(struct buf *b, const struct fp_event *e)
{
    int64_t status = say_field(e, FIELD_status);
    if (status == 0)
        buf_string(b, "answers octets that are no HTTP");
    else
        buf_printf(b, "answers %d", (int)status);
    add_header(b, e, "Location");
    add_header(b, e, "Retry-After");
    add_header(b, e, "Proxy-Authenticate");
    add_header(b, e, "WWW-Authenticate");
    add_header(b, e, "Proxy-Status");
    return status == 0 || status >= 500 ? TONE_BAD : status >= 400 ? TONE_WARN : TONE_GOOD;
}

static void add_cut(struct buf *b, const struct fp_event *e)
{
    buf_string(b, "; the scenario says ");
    add_text(b, e, FIELD_cut);
}

static enum tone say_sent(struct buf *b, const struct fp_event *e)
{
    long long all = count(e, FIELD_bytes), body = count(e, FIELD_body_bytes);
    bool is_cut = event_get(e, FIELD_cut) != NULL;
    if (!event_get(e, FIELD_status) && !is_cut) {
        buf_printf(b, "%lld %s sent as they stand in the scenario", all, octets(all));
        return TONE_WARN;
    }
    if (say_field(e, FIELD_whole) && !is_cut) {
        buf_printf(b, "%lld %s sent, %lld of them body", all, octets(all), body);
        return TONE_QUIET;
    }
    buf_printf(b, "%s after %lld %s of body (%lld in all)", is_cut ? "cut" : "broke off", body,
               octets(body), all);
    if (is_cut)
        add_cut(b, e);
    return TONE_BAD;
}

static enum tone say_tunnel(struct buf *b, const struct fp_event *e)
{
    if (e->kind == EVENT_tunnel) {
        buf_string(b, "tunnel to ");
        add_text(b, e, FIELD_host);
        buf_string(b, " is open");
        return TONE_GOOD;
    }
    bool is_cut = event_get(e, FIELD_cut) != NULL;
    buf_printf(b, "tunnel %s after %lld octets up, %lld down", is_cut ? "cut" : "ends",
               count(e, FIELD_up_bytes), count(e, FIELD_down_bytes));
    if (is_cut)
        add_cut(b, e);
    return is_cut ? TONE_BAD : TONE_QUIET;
}

static enum tone say_close(struct buf *b, const struct fp_event *e)
{
    bool is_fin = say_is(e, FIELD_how, "fin"), is_ours = say_is(e, FIELD_by, "us");
    add_who(b, e, "send");
    buf_string(b, is_fin ? " FIN" : " RST");
    if (is_ours && event_get(e, FIELD_why)) {
        buf_string(b, ": ");
        add_text(b, e, FIELD_why);
    }
    const struct event_value *exact = event_get(e, FIELD_exact);
    bool is_exact = !exact || exact->number;
    if (is_exact && event_get(e, FIELD_settle_ms))
        buf_printf(b, "; acknowledged after %lld ms", count(e, FIELD_settle_ms));
    if (say_field(e, FIELD_unread))
        buf_printf(b, "; %lld octets lie unread", count(e, FIELD_unread));
    if (!is_exact)
        buf_string(b, "; NOT EXACT");
    return say_is_fault(e) ? TONE_BAD : is_fin ? TONE_QUIET : TONE_WARN;
}

static enum tone say_rule(struct buf *b, const struct fp_event *e)
{
    bool completed = say_field(e, FIELD_completed) != 0;
    buf_string(b,
               completed ? "the list was played to its end" : "the list was left before its end");
    if (!completed && event_get(e, FIELD_action)) {
        buf_string(b, ", at ");
        add_text(b, e, FIELD_action);
    }
    return completed ? TONE_QUIET : TONE_WARN;
}

static enum tone say_stall(struct buf *b, const struct fp_event *e)
{
    (void)e;
    buf_string(b, "stalls: from here on we write nothing");
    return TONE_BAD;
}

static enum tone say_step(struct buf *b, const struct fp_event *e)
{
    buf_string(b, e->kind == EVENT_cancel ? "cancel step " : "step ");
    add_text(b, e, FIELD_step);
    if (e->kind != EVENT_outcome)
        return TONE_PLAIN;
    bool is_error = say_is(e, FIELD_ends, "error");
    buf_string(b, " ends: ");
    if (event_get(e, FIELD_status))
        buf_printf(b, "%lld", count(e, FIELD_status));
    if (event_get(e, FIELD_body)) {
        buf_string(b, ", body ");
        add_text(b, e, FIELD_body);
    }
    if (is_error) {
        buf_string(b, event_get(e, FIELD_status) ? ", error: " : "error: ");
        add_text(b, e, FIELD_error);
    }
    return is_error ? TONE_WARN : TONE_GOOD;
}

static enum tone say_note(struct buf *b, const struct fp_event *e)
{
    if (e->kind == EVENT_end) {
        buf_string(b, "the case is over: ");
        add_text(b, e, FIELD_why);
        return TONE_QUIET;
    }
    add_text(b, e, FIELD_text);
    return TONE_WARN;
}

static enum tone say_found(struct buf *b, const struct fp_event *e)
{
    buf_string(b, "this came, as it is or encoded: ");
    add_text(b, e, FIELD_text);
    return TONE_WARN;
}

/* ---- the table ------------------------------------------------------------------------------- */

typedef enum tone sentence(struct buf *, const struct fp_event *);

static sentence *const sentences[EVENT_KINDS] = {
    [EVENT_accept] = say_accept,     [EVENT_hello] = say_tls,
    [EVENT_secure] = say_tls,        [EVENT_alert] = say_tls,
    [EVENT_request] = say_request,   [EVENT_bytes] = say_octets_come,
    [EVENT_ahead] = say_octets_come, [EVENT_body] = say_octets_come,
    [EVENT_response] = say_response, [EVENT_sent] = say_sent,
    [EVENT_stall] = say_stall,       [EVENT_tunnel] = say_tunnel,
    [EVENT_tunnel_end] = say_tunnel, [EVENT_close] = say_close,
    [EVENT_rule] = say_rule,         [EVENT_step] = say_step,
    [EVENT_cancel] = say_step,       [EVENT_outcome] = say_step,
    [EVENT_end] = say_note,          [EVENT_note] = say_note,
    [EVENT_found] = say_found,
};

/* `bytes` mostly says what a request or a ClientHello will say better. TLS at a proxy may be a
 * client that takes it for an https proxy. */
static bool is_remarkable(const struct fp_event *e)
{
    bool is_at_proxy = !event_get(e, FIELD_via);
    return say_is(e, FIELD_looks, "other") || (is_at_proxy && say_is(e, FIELD_looks, "tls"));
}

bool say_event(struct buf *b, const struct fp_event *e, enum tone *tone)
{
    sentence *say = sentences[e->kind];
    if (!say || (e->kind == EVENT_bytes && !is_remarkable(e)))
        return false;
    *tone = say(b, e);
    return true;
}

/* Is this end of ours an action of the scenario's? The engine's words for that begin so. */
static bool is_scripted(const struct fp_event *e)
{
    static const char words[] = "the scenario says ";
    const struct event_value *why = event_get(e, FIELD_why);
    return why && why->len >= strlen(words) && memcmp(why->text, words, strlen(words)) == 0;
}

bool say_is_fault(const struct fp_event *e)
{
    if (e->kind == EVENT_close)
        return is_scripted(e) || (!say_is(e, FIELD_how, "fin") && say_is(e, FIELD_by, "us"));
    if (e->kind == EVENT_sent)
        return !say_field(e, FIELD_whole) || event_get(e, FIELD_cut);
    if (e->kind == EVENT_alert)
        return !say_is(e, FIELD_description, "close_notify");
    return e->kind == EVENT_stall || e->kind == EVENT_ahead ||
           (e->kind == EVENT_tunnel_end && event_get(e, FIELD_cut)) ||
           (e->kind == EVENT_request && say_field(e, FIELD_early)) ||
           (e->kind == EVENT_response && !say_field(e, FIELD_status));
}

bool say_is_untimely(const struct fp_event *e)
{
    return e->kind == EVENT_rule && !say_field(e, FIELD_completed) &&
           !say_is(e, FIELD_action, "tunnel") && !say_is(e, FIELD_action, "stall");
}
