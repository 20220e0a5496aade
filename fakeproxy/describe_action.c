/*
 * Actions in words, and the parts that they share with rules and steps.
 */
#include "describe.h"

#include <string.h>

#include "clock.h"
#include "say.h"
#include "say_match.h"

static const uint64_t KIB = UINT64_C(1024), MIB = UINT64_C(1048576);

/* ---- parts ----------------------------------------------------------------------------------- */

void describe_time(struct buf *b, int64_t ns)
{
    if (ns % CLOCK_S == 0)
        buf_printf(b, "%lld s", (long long)(ns / CLOCK_S));
    else if (ns % CLOCK_MS == 0)
        buf_printf(b, "%lld ms", (long long)(ns / CLOCK_MS));
    else
        buf_printf(b, "%lld µs", (long long)(ns / 1000));
}

/* As say_text, with the usual signs for line ends, of which there are many on a wire. */
static void add_wire(struct buf *b, const char *octets, size_t len)
{
    enum { SHOWN = 160 };
    size_t shown = len > SHOWN ? SHOWN : len;
    for (size_t i = 0, n; i < shown; i += n) {
        for (n = 0; i + n < shown && octets[i + n] != '\r' && octets[i + n] != '\n'; n++)
            ;
        if (n)
            say_text(b, octets + i, n);
        else
            buf_string(b, octets[i + n++] == '\r' ? "\\r" : "\\n");
    }
    if (len > shown)
        buf_string(b, "…");
}

void describe_code(struct buf *b, const struct text *t)
{
    buf_char(b, '`');
    add_wire(b, t->octets, t->len);
    buf_char(b, '`');
}

static void add_octets(struct buf *b, uint64_t n)
{
    if (n >= MIB && n % MIB == 0)
        buf_printf(b, "%llu MiB", (unsigned long long)(n / MIB));
    else if (n >= KIB && n % KIB == 0)
        buf_printf(b, "%llu KiB", (unsigned long long)(n / KIB));
    else
        buf_printf(b, "%llu octet%s", (unsigned long long)n, n == 1 ? "" : "s");
}

void describe_line(struct buf *b, const struct field_line *line)
{
    buf_char(b, '`');
    say_shortened(b, line->name.octets, line->name.len);
    buf_string(b, ": ");
    if (line->kind == VALUE_TEXT)
        add_wire(b, line->text.octets, line->text.len);
    else if (line->kind == VALUE_INSTANT)
        buf_string(b, "(a date)");
    buf_char(b, '`');
}

void describe_body(struct buf *b, const struct body *body)
{
    switch (body->source) {
    case BODY_MARK:
        break;
    case BODY_TEXT:
        if (body->text.len == 0) {
            buf_string(b, "an empty body");
        } else {
            buf_string(b, "the body ");
            describe_code(b, &body->text);
        }
        break;
    case BODY_PATTERN:
    case BODY_STREAM:
        buf_string(b, body->source == BODY_STREAM ? "a streamed body of " : "a body of ");
        add_octets(b, body->size);
        break;
    case BODY_CHUNK_LIST:
        buf_printf(b, "a body in %zu chunk%s", body->chunk_count,
                   body->chunk_count == 1 ? "" : "s");
        break;
    }
    for (size_t i = 0; i < body->trailer_count; i++) {
        buf_string(b, i ? ", " : " and the trailer ");
        describe_line(b, &body->trailers[i]);
    }
}

void describe_condition(struct buf *b, const struct condition *c)
{
    switch (c->kind) {
    case CONDITION_TIME:
        describe_time(b, c->time);
        break;
    case CONDITION_IDLE:
        buf_string(b, "until it is idle for ");
        describe_time(b, c->time);
        break;
    case CONDITION_BYTES:
        buf_string(b, "for octets");
        break;
    case CONDITION_ACKED:
        buf_string(b, "until all is acknowledged");
        break;
    case CONDITION_EVENT:
        buf_string(b, "for the ");
        say_match(b, c->match, NULL);
        if (c->match->nth > 1)
            buf_printf(b, " (number %d)", c->match->nth);
        if (c->plus) {
            buf_string(b, " and ");
            describe_time(b, c->plus);
            buf_string(b, " more");
        }
        break;
    case CONDITION_NONE:
        break;
    }
}

/* ---- actions --------------------------------------------------------------------------------- */

static void add_lines(struct buf *b, const struct field_line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (lines[i].kind == VALUE_REMOVED) {
            buf_string(b, ", without ");
            say_shortened(b, lines[i].name.octets, lines[i].name.len);
        } else {
            buf_string(b, ", ");
            describe_line(b, &lines[i]);
        }
    }
}

static void add_pace(struct buf *b, const struct pace *pace)
{
    if (!pace->octets)
        return;
    add_octets(b, pace->octets);
    buf_string(b, " every ");
    describe_time(b, pace->every);
}

static void add_pace_of(struct buf *b, const struct pace *pace)
{
    if (!pace->octets)
        return;
    buf_string(b, ", ");
    add_pace(b, pace);
}

static void add_place(struct buf *b, const struct cut *cut)
{
    const char *of = cut->kind == CUT_AFTER_BODY_BYTES ? " of the body" : "";
    if (cut->kind == CUT_AT_LANDMARK) {
        buf_string(b, " within the TLS handshake");
    } else if (cut->octets < 0) {
        buf_char(b, ' ');
        add_octets(b, (uint64_t)-cut->octets);
        buf_printf(b, " before the end%s", of);
    } else {
        buf_string(b, " after ");
        add_octets(b, (uint64_t)cut->octets);
        buf_string(b, of);
    }
}

static void add_cut(struct buf *b, const struct cut *cut)
{
    static const char *const ends[ACTION_KINDS] = { [ACTION_CLOSE] = "a FIN",
                                                    [ACTION_HALF_CLOSE] = "a half-close (FIN)",
                                                    [ACTION_RESET] = "an RST",
                                                    [ACTION_ABORT] = "an RST",
                                                    [ACTION_STALL] = "silence" };
    if (cut->kind == CUT_NONE || !cut->with || !ends[cut->with->kind])
        return;
    buf_printf(b, ", cut by %s", ends[cut->with->kind]);
    add_place(b, cut);
}

static void add_retry_after(struct buf *b, const struct retry_after *r)
{
    switch (r->kind) {
    case RETRY_AFTER_NONE:
        break;
    case RETRY_AFTER_SECONDS:
        buf_printf(b, ", `Retry-After: %lld`", (long long)r->seconds);
        break;
    case RETRY_AFTER_INSTANT:
        buf_string(b, ", `Retry-After` with the date ");
        describe_time(b, r->instant.offset < 0 ? -r->instant.offset : r->instant.offset);
        buf_string(b, r->instant.offset < 0 ? " ago" : " ahead");
        break;
    case RETRY_AFTER_TEXT:
        buf_string(b, ", `Retry-After: ");
        add_wire(b, r->text.octets, r->text.len);
        buf_char(b, '`');
        break;
    }
}

static void add_challenges(struct buf *b, const struct respond *r)
{
    bool any = r->challenge;
    for (size_t i = 0; i < r->challenge_count; i++) {
        if (!r->challenges[i].text.octets) {
            any = true;
            continue;
        }
        buf_string(b, ", challenge ");
        describe_code(b, &r->challenges[i].text);
    }
    if (any)
        buf_string(b, ", its challenge");
}

static void add_head(struct buf *b, const struct respond *r)
{
    buf_printf(b, "%d", r->status);
    if (r->reason.octets) {
        buf_string(b, r->reason.len ? " " : " without a reason phrase");
        if (r->reason.len)
            describe_code(b, &r->reason);
    }
    if (r->version && strcmp(r->version, "1.1") != 0)
        buf_printf(b, " as HTTP/%s", r->version);
    add_challenges(b, r);
    add_retry_after(b, &r->retry_after);
    add_lines(b, r->headers, r->header_count);
}

static void add_respond(struct buf *b, const struct respond *r)
{
    static const char *const framings[] = { [FRAMING_LENGTH] = "",
                                            [FRAMING_CHUNKED] = ", chunked",
                                            [FRAMING_CLOSE] = ", ended by the close",
                                            [FRAMING_NONE] = "" };
    struct buf body = { 0 };
    buf_string(b, "answer ");
    add_head(b, r);
    describe_body(&body, &r->body);
    if (body.len)
        buf_printf(b, ", %.*s", (int)body.len, body.at);
    buf_free(&body);
    buf_string(b, framings[r->framing]);
    add_pace_of(b, &r->pace);
    add_cut(b, &r->cut);
}

static void add_send(struct buf *b, const struct send *s)
{
    buf_string(b, "send ");
    describe_code(b, &s->octets);
    if (s->times == 0)
        buf_string(b, " again and again, for ever");
    else if (s->times > 1)
        buf_printf(b, ", %llu times", (unsigned long long)s->times);
    add_pace_of(b, &s->pace);
    add_cut(b, &s->cut);
}

static void add_target(struct buf *b, const struct scenario *s, int to)
{
    if (to >= 0)
        buf_printf(b, " to %s", s->actors[to].name);
}

static void add_forward(struct buf *b, const struct scenario *s, const struct forward *f)
{
    buf_string(b, "forward it");
    add_target(b, s, f->to);
    if (f->header_count)
        buf_string(b, " and add to the answer");
    add_lines(b, f->headers, f->header_count);
    add_pace_of(b, &f->pace);
    add_cut(b, &f->cut);
}

static void add_tunnel(struct buf *b, const struct scenario *s, const struct tunnel *t)
{
    buf_string(b, "open a tunnel");
    add_target(b, s, t->to);
    if (t->respond.status != 200 || t->respond.header_count || t->respond.reason.octets ||
        (t->respond.version && strcmp(t->respond.version, "1.1") != 0)) {
        buf_string(b, " with the answer ");
        add_head(b, &t->respond);
    }
    add_pace_of(b, &t->pace);
    add_cut(b, &t->cut);
    if (t->until.kind != CONDITION_NONE) {
        buf_string(b, " that ends after a wait ");
        describe_condition(b, &t->until);
    }
}

static void add_read(struct buf *b, const struct read *r)
{
    if (r->octets == 0) {
        buf_string(b, "read nothing of the body");
    } else if (r->octets == UINT64_MAX) {
        buf_string(b, "read the body");
    } else {
        buf_string(b, "read ");
        add_octets(b, r->octets);
        buf_string(b, " of the body");
    }
    if (r->time) {
        buf_string(b, " for at most ");
        describe_time(b, r->time);
    }
    if (!r->send_continue)
        buf_string(b, ", without a 100 (Continue)");
}

static void add_ending(struct buf *b, const struct action *a)
{
    if (a->kind == ACTION_CLOSE)
        buf_string(b, a->ending.notify ? "close (FIN)" : "close (FIN) without close_notify");
    else if (a->kind == ACTION_HALF_CLOSE)
        buf_string(b, "half-close (FIN)");
    else if (a->kind == ACTION_RESET)
        buf_string(b, a->ending.when_sent ? "reset (RST once all is sent)"
                                          : "reset (RST once all is acknowledged)");
    else if (a->kind == ACTION_ABORT)
        buf_string(b, "abort (RST at once)");
    else
        buf_string(b, a->ending.reading ? "stall: write nothing more"
                                        : "stall: write nothing more, read nothing more");
}

void describe_action(struct buf *b, const struct scenario *s, const struct action *a)
{
    switch (a->kind) {
    case ACTION_RESPOND:
        add_respond(b, &a->respond);
        break;
    case ACTION_SEND:
        add_send(b, &a->send);
        break;
    case ACTION_FORWARD:
        add_forward(b, s, &a->forward);
        break;
    case ACTION_TUNNEL:
        add_tunnel(b, s, &a->tunnel);
        break;
    case ACTION_READ:
        add_read(b, &a->read);
        break;
    case ACTION_WAIT:
        buf_string(b, "wait ");
        describe_condition(b, &a->wait);
        break;
    case ACTION_PACE:
        buf_string(b, "write slowly: ");
        add_pace(b, &a->pace);
        break;
    case ACTION_STALL:
    case ACTION_CLOSE:
    case ACTION_HALF_CLOSE:
    case ACTION_RESET:
    case ACTION_ABORT:
        add_ending(b, a);
        break;
    case ACTION_ALERT:
        buf_printf(b, "send the TLS alert %s", a->alert);
        break;
    case ACTION_SET:
        buf_string(b, "go to state ");
        describe_code(b, &a->state);
        break;
    case ACTION_ROTATE:
        buf_string(b, "go to the next exit");
        break;
    case ACTION_KINDS:
        break;
    }
}
