/*
 * From an event to its row. Messages are drawn between the actor that the event is of and its peer:
 * at a proxy that is the client; at an origin, the proxy that forwards; what travels inside a
 * tunnel comes from the client, across the proxy's lifeline.
 */
#include "show_row.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

void cast_free(struct cast *c)
{
    free(c->names);
    free(c->links);
}

int cast_find(const struct cast *c, const char *name)
{
    for (size_t i = 1; i < c->count; i++)
        if (strcmp(c->names[i], name) == 0)
            return (int)i;
    return 0;
}

void cast_note(struct cast *c, const struct fp_event *e)
{
    const struct event_value *through = event_get(e, FIELD_through);
    if (e->kind != EVENT_accept || !through)
        return;
    char name[256];
    snprintf(name, sizeof(name), "%.*s", (int)through->len, through->text);
    c->links = memory_grow(c->links, c->link_count, sizeof(*c->links));
    c->links[c->link_count++] = (struct link){ .at = e->at,
                                               .connection = say_field(e, FIELD_connection),
                                               .through = cast_find(c, name) };
}

/* The proxy that an origin's connection came through. Recent connections are found at once. */
static int carrier_of(const struct cast *c, const struct fp_event *e)
{
    for (size_t i = c->link_count; i-- > 0;)
        if (c->links[i].connection == say_field(e, FIELD_connection) &&
            strcmp(c->links[i].at, e->at) == 0)
            return c->links[i].through;
    return cast_find(c, "proxy");
}

static int peer_of(const struct cast *c, const struct fp_event *e)
{
    bool of_wire = e->kind == EVENT_accept || e->kind == EVENT_close;
    if (say_is(e, FIELD_via, "forward") || (say_is(e, FIELD_via, "tunnel") && of_wire))
        return carrier_of(c, e);
    return e->kind == EVENT_close && say_is(e, FIELD_by, "origin") ? cast_find(c, "origin") : 0;
}

/* ---- arrows ---------------------------------------------------------------------------------- */

enum direction { COMES, GOES, STAYS };

static enum direction direction_of(const struct fp_event *e)
{
    static const enum direction directions[EVENT_KINDS] = {
        [EVENT_secure] = STAYS, [EVENT_response] = GOES,    [EVENT_sent] = GOES,
        [EVENT_stall] = STAYS,  [EVENT_tunnel] = STAYS,     [EVENT_tunnel_end] = STAYS,
        [EVENT_rule] = STAYS,   [EVENT_unscripted] = STAYS, [EVENT_step] = STAYS,
        [EVENT_cancel] = STAYS, [EVENT_outcome] = STAYS,    [EVENT_end] = STAYS,
        [EVENT_note] = STAYS,
    };
    bool is_ours = (e->kind == EVENT_close || e->kind == EVENT_alert) && say_is(e, FIELD_by, "us");
    return is_ours ? GOES : directions[e->kind];
}

/* A method too long for a tag is left to the text. */
static void add_method(char tag[LADDER_TAG], const struct event_value *v)
{
    struct buf method = { 0 };
    say_text(&method, v->text, v->len);
    snprintf(tag, LADDER_TAG, "%.*s", method.len < LADDER_TAG ? (int)method.len : 0,
             method.len ? method.at : "");
    buf_free(&method);
}

static void tag_of(const struct fp_event *e, char tag[LADDER_TAG])
{
    static const char *const tags[EVENT_KINDS] = {
        [EVENT_accept] = "connect", [EVENT_hello] = "hello", [EVENT_alert] = "alert",
        [EVENT_bytes] = "octets",   [EVENT_ahead] = "ahead", [EVENT_body] = "body",
        [EVENT_stall] = "stall",    [EVENT_found] = "found",
    };
    const struct event_value *method = event_get(e, FIELD_method);
    const char *word = tags[e->kind] ? tags[e->kind] : "";
    int64_t status = say_field(e, FIELD_status);
    if (e->kind == EVENT_response && !status)
        word = "octets";
    else if (e->kind == EVENT_sent)
        word = say_is_fault(e) ? "cut" : "end";
    else if (e->kind == EVENT_close)
        word = say_is(e, FIELD_how, "fin") ? "FIN" : "RST";
    if (e->kind == EVENT_response && status)
        snprintf(tag, LADDER_TAG, "%d", (int)status);
    else if (e->kind == EVENT_request && method)
        add_method(tag, method);
    else
        snprintf(tag, LADDER_TAG, "%s", word);
}

/* ---- the row --------------------------------------------------------------------------------- */

static bool is_left_out(const struct fp_event *e)
{
    return e->kind == EVENT_rule && !say_is_untimely(e);
}

static void add_rule(struct buf *text, const struct fp_event *e)
{
    const struct event_value *rule = event_get(e, FIELD_rule);
    if (!rule)
        return;
    buf_string(text, " [");
    say_text(text, rule->text, rule->len);
    buf_char(text, ']');
}

bool show_row(const struct cast *c, const struct fp_event *e, const struct fp_event *sent,
              struct ladder_row *row, struct buf *text)
{
    enum tone ignored;
    size_t before = text->len;
    if (is_left_out(e))
        return false;
    say_number(text, e);
    if (text->len > before)
        buf_char(text, ' ');
    if (!say_event(text, e, &row->tone)) {
        text->len = before;
        return false;
    }
    if (sent) {
        buf_string(text, "; ");
        say_event(text, sent, &ignored);
    }
    add_rule(text, e);
    int here = cast_find(c, e->at), peer = peer_of(c, e);
    enum direction direction = direction_of(e);
    row->from = direction == COMES ? peer : here;
    row->to = direction == GOES ? peer : here;
    row->is_fault = say_is_fault(e);
    tag_of(e, row->tag);
    return true;
}
