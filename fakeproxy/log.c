/*
 * The live log: events as sentences.
 */
#include "log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "http.h"

struct log {
    FILE *out;
    const char *name;
    bool colour;
    int64_t start; /* of the first event */
};

enum tone { PLAIN, QUIET, GOOD, WARN, BAD, TONES };

struct log *log_new(FILE *out, const char *name)
{
    struct log *l = calloc(1, sizeof(*l));
    if (!l)
        abort();
    const char *no_colour = getenv("NO_COLOR");
    l->out = out;
    l->name = name;
    l->colour = isatty(fileno(out)) && !(no_colour && *no_colour);
    return l;
}

void log_free(struct log *l)
{
    free(l);
}

/* ---- fields ---------------------------------------------------------------------------------- */

static int64_t number(const struct fp_event *e, enum field_id field)
{
    const struct event_value *v = event_get(e, field);
    return v ? v->number : 0;
}

static bool is(const struct fp_event *e, enum field_id field, const char *text)
{
    const struct event_value *v = event_get(e, field);
    return v && v->text && v->len == strlen(text) && memcmp(v->text, text, v->len) == 0;
}

/* A field's text with nothing in it that a terminal could take for a command. */
static void add_text(struct buf *b, const struct fp_event *e, enum field_id field)
{
    const struct event_value *v = event_get(e, field);
    for (size_t i = 0; v && i < v->len; i++) {
        unsigned char c = (unsigned char)v->text[i];
        if (c < 0x20 || c == 0x7F)
            buf_printf(b, "\\x%02x", c);
        else
            buf_char(b, (char)c);
    }
}

static void add_header(struct buf *b, const struct fp_event *e, const char *name)
{
    const struct event_value *v = event_get(e, FIELD_header);
    struct http_head head = { .fields = { v ? v->text : "", v ? v->len : 0 } };
    struct http_slice value;
    if (!http_find(&head, name, &value))
        return;
    buf_printf(b, ", %s: ", name);
    for (size_t i = 0; i < value.len; i++)
        buf_char(b, (unsigned char)value.at[i] < 0x20 ? '?' : value.at[i]);
}

/* ---- sentences ------------------------------------------------------------------------------- */

static enum tone say_response(struct buf *b, const struct fp_event *e)
{
    int64_t status = number(e, FIELD_status);
    if (status == 0)
        buf_string(b, "answers octets that are no HTTP");
    else
        buf_printf(b, "answers %d", (int)status);
    add_header(b, e, "Retry-After");
    add_header(b, e, "Proxy-Authenticate");
    add_header(b, e, "Proxy-Status");
    return status == 0 || status >= 500 ? BAD : status >= 400 ? WARN : GOOD;
}

static enum tone say_close(struct buf *b, const struct fp_event *e)
{
    bool us = is(e, FIELD_by, "us");
    if (is(e, FIELD_how, "fin"))
        buf_string(b, us ? "we send FIN" : "FIN comes");
    else
        buf_string(b, us ? "we send RST" : "RST comes");
    buf_string(b, ": ");
    add_text(b, e, FIELD_why);
    if (event_get(e, FIELD_settle_ms))
        buf_printf(b, " (all acknowledged after %d ms)", (int)number(e, FIELD_settle_ms));
    if (number(e, FIELD_unread))
        buf_printf(b, ", %lld octets unread", (long long)number(e, FIELD_unread));
    return is(e, FIELD_how, "fin") ? QUIET : BAD;
}

static enum tone say_request(struct buf *b, const struct fp_event *e)
{
    add_text(b, e, FIELD_method);
    buf_char(b, ' ');
    add_text(b, e, FIELD_target);
    if (number(e, FIELD_early))
        buf_printf(b, ", %.3f s too early", (double)number(e, FIELD_early) / 1e9);
    if (number(e, FIELD_ignored))
        buf_string(b, ", which nothing answers");
    return number(e, FIELD_early) ? BAD : PLAIN;
}

static enum tone say_rule(struct buf *b, const struct fp_event *e)
{
    bool completed = number(e, FIELD_completed) != 0;
    buf_string(b, completed ? "the list was played to its end" : "the list was left at ");
    if (!completed)
        add_text(b, e, FIELD_action);
    return completed ? QUIET : WARN;
}

static enum tone say_tls(struct buf *b, const struct fp_event *e)
{
    if (e->kind == EVENT_hello) {
        buf_string(b, "ClientHello for ");
        add_text(b, e, FIELD_sni);
        return QUIET;
    }
    if (e->kind == EVENT_secure) {
        buf_string(b, "TLS ");
        add_text(b, e, FIELD_versions);
        buf_string(b, " is up");
        return QUIET;
    }
    buf_string(b, is(e, FIELD_by, "us") ? "we send the alert " : "the alert comes: ");
    add_text(b, e, FIELD_description);
    return is(e, FIELD_description, "close_notify") ? QUIET : BAD;
}

/* False: this event is not for people. */
static bool say(struct buf *b, const struct fp_event *e, enum tone *tone)
{
    *tone = QUIET;
    if (e->kind == EVENT_accept) {
        buf_string(b, "accepts from ");
        add_text(b, e, FIELD_from);
    } else if (e->kind == EVENT_request) {
        *tone = say_request(b, e);
    } else if (e->kind == EVENT_response) {
        *tone = say_response(b, e);
    } else if (e->kind == EVENT_sent) {
        buf_printf(b, "%lld octets sent, %lld of them body%s", (long long)number(e, FIELD_bytes),
                   (long long)number(e, FIELD_body_bytes),
                   number(e, FIELD_whole) ? "" : ": not all of it");
        *tone = number(e, FIELD_whole) ? QUIET : BAD;
    } else if (e->kind == EVENT_body) {
        buf_printf(b, "%lld octets of request body%s", (long long)number(e, FIELD_bytes),
                   number(e, FIELD_whole) ? "" : ": it broke off");
    } else if (e->kind == EVENT_tunnel) {
        buf_string(b, "tunnel to ");
        add_text(b, e, FIELD_host);
        *tone = GOOD;
    } else if (e->kind == EVENT_tunnel_end) {
        buf_printf(b, "tunnel done: %lld octets up, %lld down",
                   (long long)number(e, FIELD_up_bytes), (long long)number(e, FIELD_down_bytes));
    } else if (e->kind == EVENT_close) {
        *tone = say_close(b, e);
    } else if (e->kind == EVENT_rule) {
        *tone = say_rule(b, e);
    } else if (e->kind == EVENT_hello || e->kind == EVENT_secure || e->kind == EVENT_alert) {
        *tone = say_tls(b, e);
    } else if (e->kind == EVENT_ahead) {
        buf_printf(b, "%lld octets came before the tunnel was open",
                   (long long)number(e, FIELD_bytes));
        *tone = WARN;
    } else {
        return false;
    }
    return true;
}

static void print(void *arg, const struct fp_event *e)
{
    static const char *const colours[TONES] = { "", "\033[2m", "\033[32m", "\033[33m",
                                                "\033[1;31m" };
    struct log *l = arg;
    struct buf text = { 0 }, who = { 0 };
    enum tone tone;
    if (say(&text, e, &tone)) {
        if (!l->start)
            l->start = e->t;
        buf_printf(&who, "%s #%lld", e->at, (long long)number(e, FIELD_connection));
        if (event_get(e, FIELD_exchange))
            buf_printf(&who, ".%lld", (long long)number(e, FIELD_exchange));
        if (event_get(e, FIELD_rule)) {
            buf_string(&text, "  [");
            add_text(&text, e, FIELD_rule);
            buf_char(&text, ']');
        }
        fprintf(l->out, "%s%s%9.3f  %-13.*s %s%.*s%s\n", l->name ? l->name : "",
                l->name ? "  " : "", (double)(e->t - l->start) / 1e9, (int)who.len, who.at,
                l->colour ? colours[tone] : "", (int)text.len, text.at,
                l->colour && tone != PLAIN ? "\033[0m" : "");
    }
    buf_free(&text);
    buf_free(&who);
}

void log_add(struct log *l, struct journal *j)
{
    journal_listen(j, print, l);
}
