/*
 * Actions and conditions, one builder each.
 */
#include "load.h"

#include <string.h>

struct builder {
    struct load *load;
    const struct action_place *place;
    struct text_place text; /* fields of the rule's event */
};

static void load_action(struct builder *, const struct json *, struct action *);

/* ---- conditions ------------------------------------------------------------------------------ */

struct condition load_condition(struct load *load, const struct json *v, struct text_place text)
{
    struct condition c = { .kind = CONDITION_TIME, .limit = -1 };
    struct match_place place = { .needs_event = true, .is_live = true, .text = text };
    place.text.events = 0;
    place.text.is_awaited = true;
    const struct json *idle = json_get(v, "idle");
    if (json_is(v, "bytes") || json_is(v, "acked")) {
        c.kind = json_is(v, "bytes") ? CONDITION_BYTES : CONDITION_ACKED;
    } else if (v->type == JSON_TEXT) {
        c.time = load_duration(v);
    } else if (idle) {
        c.kind = CONDITION_IDLE;
        c.time = load_duration(idle);
    } else {
        const struct json *limit = json_get(v, "limit");
        c.kind = CONDITION_EVENT;
        c.match = load_match(load, v, &place);
        c.plus = load_duration(json_get(v, "plus"));
        c.limit = limit ? load_duration(limit) : -1;
    }
    return c;
}

/* ---- cut and pace ---------------------------------------------------------------------------- */

static struct pace load_pace(const struct json *v)
{
    return (struct pace){ .octets = load_size(json_get(v, "bytes")),
                          .every = load_duration(json_get(v, "every")) };
}

static struct pace optional_pace(const struct json *object)
{
    const struct json *v = json_get(object, "pace");
    return v ? load_pace(v) : (struct pace){ 0 };
}

static struct cut load_cut(struct builder *b, const struct json *v)
{
    struct cut cut = { .kind = CUT_AFTER_BODY_BYTES };
    const struct json *octets = json_get(v, "after_body_bytes"), *at = json_get(v, "at");
    struct action *with = arena_take(b->load->l->arena, sizeof(*with));
    if (!octets && (octets = json_get(v, "after_bytes")))
        cut.kind = CUT_AFTER_BYTES;
    if (octets)
        cut.octets =
            octets->type == JSON_NUMBER ? (int64_t)octets->number : (int64_t)load_size(octets);
    if (at) {
        cut.kind = CUT_AT_LANDMARK;
        cut.landmark = (enum tls_landmark)load_word(at, tls_landmark_names);
    }
    cut.record_layer = json_is(json_get(v, "layer"), "record");
    load_action(b, json_get(v, "with"), with);
    cut.with = with;
    return cut;
}

static struct cut optional_cut(struct builder *b, const struct json *object)
{
    const struct json *v = json_get(object, "cut");
    return v ? load_cut(b, v) : (struct cut){ 0 };
}

static enum direction direction_of(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, key);
    return v && json_is(json_get(v, "direction"), "up") ? DIRECTION_UP : DIRECTION_DOWN;
}

/* ---- respond --------------------------------------------------------------------------------- */

static struct retry_after load_retry_after(struct builder *b, const struct json *v)
{
    struct retry_after r = { .kind = RETRY_AFTER_TEXT };
    if (v->type == JSON_NUMBER) {
        r.kind = RETRY_AFTER_SECONDS;
        r.seconds = (int64_t)v->number;
    } else if (v->type == JSON_OBJECT) {
        r.kind = RETRY_AFTER_INSTANT;
        r.instant = load_instant(b->load, v);
    } else {
        r.text = load_octets(b->load, v, b->text);
    }
    return r;
}

static void load_challenges(struct builder *b, const struct json *v, struct respond *r)
{
    struct challenge *list = arena_take(b->load->l->arena, v->count * sizeof(*list));
    if (v->type == JSON_BOOL) {
        r->challenge = v->flag;
        if (v->flag && !b->load->s->actors[b->place->actor].gate_count)
            complain(b->load->l, v, NULL,
                     "the challenge of the gate, but this actor has no \"auth\", expected a list "
                     "of challenges");
        return;
    }
    for (const struct json *m = v->first; m; m = m->next) {
        struct challenge *c = &list[r->challenge_count++];
        if (m->type == JSON_TEXT) {
            c->text = load_octets(b->load, m, b->text);
        } else {
            struct gate *gate = arena_take(b->load->l->arena, sizeof(*gate));
            *gate = load_gate(b->load, m);
            c->gate = gate;
        }
    }
    r->challenges = list;
}

static const struct body *optional_body(struct builder *b, const struct json *object,
                                        const char *key)
{
    const struct json *v = json_get(object, key);
    if (!v)
        return NULL;
    struct body *body = arena_take(b->load->l->arena, sizeof(*body));
    *body = load_body(b->load, v, b->text);
    return body;
}

static void load_status_line(struct builder *b, const struct json *v, struct respond *r)
{
    const struct json *reason = json_get(v, "reason");
    r->status = (int)load_integer(v, "status");
    if (reason)
        r->reason = load_octets(b->load, reason, b->text);
    r->version = load_string(b->load, json_get(v, "version"));
    r->headers = load_field_lines(b->load, json_get(v, "headers"), &r->header_count, b->text);
}

static void load_framing(struct builder *b, const struct json *v, struct respond *r)
{
    static const char *const framings[] = { "length", "chunked", "close", "none", NULL };
    const struct json *framing = json_get(v, "framing");
    bool in_chunks = r->body.source == BODY_CHUNK_LIST;
    r->framing = in_chunks ? FRAMING_CHUNKED : FRAMING_LENGTH;
    if (framing)
        r->framing = (enum framing)load_word(framing, framings);
    if (in_chunks && r->framing != FRAMING_CHUNKED)
        complain(b->load->l, framing, NULL,
                 "a body in chunks without the framing \"chunked\", expected that");
}

static void load_respond(struct builder *b, const struct json *v, struct respond *r)
{
    const struct json *body = json_get(v, "body"), *retry = json_get(v, "retry_after"),
                      *challenge = json_get(v, "challenge");
    load_status_line(b, v, r);
    if (body)
        r->body = load_body(b->load, body, b->text);
    load_framing(b, v, r);
    r->content = optional_body(b, v, "content");
    if (retry)
        r->retry_after = load_retry_after(b, retry);
    if (challenge)
        load_challenges(b, challenge, r);
    r->cut = optional_cut(b, v);
    r->pace = optional_pace(v);
}

/* ---- send, forward, tunnel ------------------------------------------------------------------- */

/* One repetition, where `bytes` does not say otherwise. */
static struct pace load_send_pace(struct builder *b, const struct json *v, const struct send *s)
{
    const struct json *pace = json_get(v, "pace");
    if (!pace || json_get(pace, "bytes"))
        return optional_pace(v);
    if (s->octets.has_placeholder)
        complain(b->load->l, pace, NULL,
                 "the key \"bytes\" is missing, expected it where the octets hold placeholders");
    return (struct pace){ .octets = s->octets.len,
                          .every = load_duration(json_get(pace, "every")) };
}

static void load_send(struct builder *b, const struct json *v, struct send *s)
{
    s->times = 1;
    if (v->type == JSON_TEXT) {
        s->octets = load_octets(b->load, v, b->text);
        return;
    }
    const struct json *times = json_get(v, "times");
    s->octets = load_octets(b->load, json_get(v, "octets"), b->text);
    s->times = times->type == JSON_TEXT ? 0 : (uint64_t)times->number;
    s->content = optional_body(b, v, "content");
    s->cut = optional_cut(b, v);
    s->pace = load_send_pace(b, v, s);
    if (s->times != 1 && s->octets.len == 0)
        complain(b->load->l, json_get(v, "octets"), NULL,
                 "nothing, over and over, expected at least one octet");
}

static int load_to(struct builder *b, const struct json *object)
{
    const struct json *v = json_get(object, "to");
    return v ? load_actor_index(b->load, v, false) : -1;
}

static void load_forward(struct builder *b, const struct json *v, struct forward *f)
{
    f->to = load_to(b, v);
    f->headers = load_field_lines(b->load, json_get(v, "headers"), &f->header_count, b->text);
    f->cut = optional_cut(b, v);
    f->pace = optional_pace(v);
}

static void load_tunnel(struct builder *b, const struct json *v, struct tunnel *t)
{
    const struct json *until = json_get(v, "until");
    t->to = load_to(b, v);
    load_status_line(b, v, &t->respond);
    t->cut = optional_cut(b, v);
    t->cut_direction = direction_of(v, "cut");
    t->pace = optional_pace(v);
    t->pace_direction = direction_of(v, "pace");
    if (until)
        t->until = load_condition(b->load, until, b->text);
}

/* ---- the others ------------------------------------------------------------------------------ */

static uint64_t load_amount(const struct json *v)
{
    return json_is(v, "all") ? UINT64_MAX : load_size(v);
}

static void load_read(const struct json *v, struct read *r)
{
    *r = (struct read){ .send_continue = true };
    if (v->type != JSON_OBJECT) {
        r->octets = load_amount(v);
        return;
    }
    const struct json *time = json_get(v, "for");
    r->octets = load_amount(json_get(v, "bytes"));
    r->time = time ? load_duration(time) : 0;
    r->send_continue = load_flag(v, "continue");
}

static struct ending load_ending(const struct json *v)
{
    struct ending e = { .notify = true, .reading = true };
    const struct json *m;
    if ((m = json_get(v, "notify")))
        e.notify = m->flag;
    if ((m = json_get(v, "reading")))
        e.reading = m->flag;
    if ((m = json_get(v, "when")))
        e.when_sent = json_is(m, "sent");
    if ((m = json_get(v, "within")))
        e.within = load_duration(m);
    return e;
}

static void load_rotate(struct builder *b, const struct json *v)
{
    if (b->load->s->actors[b->place->actor].exits_by == EXITS_NONE)
        complain_of_name(b->load->l, v, NULL,
                         "\"rotate\", but this actor has no \"exits\", expected some");
}

static enum action_kind kind_of(const struct json *v)
{
    static const char *const names[] = { "respond", "send",       "forward", "tunnel",
                                         "read",    "wait",       "pace",    "stall",
                                         "close",   "half_close", "reset",   "abort",
                                         "alert",   "set",        "rotate",  NULL };
    int kind = 0;
    while (strcmp(names[kind], v->key) != 0)
        kind++;
    return (enum action_kind)kind;
}

static void load_action(struct builder *b, const struct json *choice, struct action *a)
{
    const struct json *v = choice->first;
    a->kind = kind_of(v);
    switch (a->kind) {
    case ACTION_RESPOND:
        load_respond(b, v, &a->respond);
        break;
    case ACTION_SEND:
        load_send(b, v, &a->send);
        break;
    case ACTION_FORWARD:
        load_forward(b, v, &a->forward);
        break;
    case ACTION_TUNNEL:
        load_tunnel(b, v, &a->tunnel);
        break;
    case ACTION_READ:
        load_read(v, &a->read);
        break;
    case ACTION_WAIT:
        a->wait = load_condition(b->load, v, b->text);
        break;
    case ACTION_PACE:
        a->pace = load_pace(v);
        break;
    case ACTION_STALL:
    case ACTION_CLOSE:
    case ACTION_HALF_CLOSE:
    case ACTION_RESET:
    case ACTION_ABORT:
        a->ending = load_ending(v);
        break;
    case ACTION_ALERT:
        a->alert = load_string(b->load, v);
        break;
    case ACTION_SET:
        a->state = load_text(b->load, v, b->text);
        break;
    case ACTION_ROTATE:
        load_rotate(b, v);
        break;
    case ACTION_KINDS:
        break;
    }
}

const struct action *load_actions(struct load *load, const struct json *list, size_t *count,
                                  const struct action_place *place)
{
    struct builder b = { .load = load, .place = place, .text.events = 1U << place->rule->on };
    struct action *actions = arena_take(load->l->arena, (list->count + 1) * sizeof(*actions));
    *count = 0;
    for (const struct json *m = list->first; m; m = m->next)
        load_action(&b, m, &actions[(*count)++]);
    load_check_order(load, list, actions, *count, place);
    return actions;
}
