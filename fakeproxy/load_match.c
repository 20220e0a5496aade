/*
 * Match objects: names of events and fields, patterns by the field's type, and the names of actors,
 * rules, steps, sessions and exits that a pattern can only mean if they exist. What is looked for
 * live gets a watch, after those it depends on.
 */
#include "load.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define EVENT_BIT(name) (1U << EVENT_##name)

static const uint32_t client_events =
    EVENT_BIT(step) | EVENT_BIT(cancel) | EVENT_BIT(outcome) | EVENT_BIT(end) | EVENT_BIT(note);

static const uint32_t all_events = (1U << EVENT_KINDS) - 1;

/* What the match at hand is about. */
struct context {
    struct load *load;
    const struct match_place *place;
    const struct json *json;
    struct match *match;
};

static void load_pattern(struct context *, int field, const struct json *, struct pattern *);

/* RFC 9110, 11.1: schemes have no case. What a client says of an error is prose. */
static bool has_any_case(int field)
{
    return field == FIELD_scheme || field == FIELD_error || field == FIELD_text ||
           field == FIELD_kind;
}

/* ---- patterns -------------------------------------------------------------------------------- */

/* JSON numbers go up to 1e308; what no event can have stays what no event has. */
static int64_t whole(double number)
{
    return number >= 9e18 ? INT64_MAX : number <= -9e18 ? INT64_MIN : (int64_t)llround(number);
}

static int64_t seconds_to_ns(double seconds)
{
    return whole(seconds * 1e9);
}

static int64_t load_seconds(const struct json *v)
{
    return v->type == JSON_NUMBER ? seconds_to_ns(v->number) : load_duration(v);
}

static struct text decimal(struct context *c, double number)
{
    char digits[320]; /* the largest double has 309 digits */
    int len = snprintf(digits, sizeof(digits), "%.0f", number);
    return (struct text){ .octets = arena_copy(c->load->l->arena, digits, (size_t)len),
                          .len = (size_t)len };
}

/* A step may be meant by its number although it has a name. */
static struct text step_by_number(struct context *c, const struct json *v)
{
    if (v->number >= 1 && v->number <= (double)c->load->step_count) {
        const char *name = c->load->steps[(size_t)v->number - 1];
        return (struct text){ .octets = name, .len = strlen(name) };
    }
    return decimal(c, v->number);
}

static void load_number(struct context *c, int field, const struct json *v, struct pattern *p)
{
    enum field_type type = field == FIELD_AT ? FIELD_TYPE_TEXT : field_type((enum field_id)field);
    if (type == FIELD_TYPE_SECONDS || type == FIELD_TYPE_NUMBER) {
        p->kind = PATTERN_NUMBER;
        p->min = p->max = type == FIELD_TYPE_SECONDS ? seconds_to_ns(v->number) : whole(v->number);
        return;
    }
    p->kind = PATTERN_TEXT;
    p->text = field == FIELD_step ? step_by_number(c, v) : decimal(c, v->number);
    load_check_name(c->load, field, v, &p->text);
}

static void load_text_pattern(struct context *c, int field, const struct json *v, struct pattern *p)
{
    enum field_type type = field == FIELD_AT ? FIELD_TYPE_TEXT : field_type((enum field_id)field);
    uint64_t size;
    bool is_size = type == FIELD_TYPE_NUMBER && language_size(v->text, v->len, &size);
    if (is_size || type == FIELD_TYPE_SECONDS) {
        p->kind = PATTERN_NUMBER;
        p->min = p->max = is_size ? (int64_t)size : load_duration(v);
        return;
    }
    /* What a client says is UTF-8; all else is octets of the wire. */
    bool is_said = field == FIELD_text || field == FIELD_error;
    p->kind = PATTERN_TEXT;
    p->any_case = has_any_case(field);
    p->text =
        is_said ? load_text(c->load, v, c->place->text) : load_octets(c->load, v, c->place->text);
    load_check_name(c->load, field, v, &p->text);
    if (field == FIELD_rule)
        load_check_rule_at(c->load, c->match, v, &p->text);
}

static void load_range(struct context *c, int field, const struct json *v, struct pattern *p)
{
    const struct json *min = json_get(v, "min"), *max = json_get(v, "max");
    bool is_time = field_type((enum field_id)field) == FIELD_TYPE_SECONDS;
    p->kind = PATTERN_RANGE;
    p->min = INT64_MIN;
    p->max = INT64_MAX;
    if (min)
        p->min = is_time ? load_seconds(min) : (int64_t)load_size(min);
    if (max)
        p->max = is_time ? load_seconds(max) : (int64_t)load_size(max);
    if (!min && !max)
        complain(c->load->l, v, NULL, "bounds without \"min\" and \"max\", expected one of them");
    else if (p->min > p->max)
        complain(c->load->l, v, NULL, "\"min\" is above \"max\": nothing is between them");
}

static void load_operands(struct context *c, int field, const struct json *first, size_t count,
                          struct pattern *p)
{
    struct pattern *operands = arena_take(c->load->l->arena, count * sizeof(*operands));
    for (const struct json *m = first; p->count < count; m = m->next)
        load_pattern(c, field, m, &operands[p->count++]);
    p->operands = operands;
}

static void load_as(struct context *c, int field, const struct json *v, struct pattern *p)
{
    const struct json *named = json_get(v, "field");
    struct match_place place = { .is_live = c->place->is_live };
    p->kind = PATTERN_AS;
    p->any_case = has_any_case(field);
    if (field != FIELD_AT) {
        p->as_field = (enum field_id)(named ? field_by_name(named->text) : field);
        place.among = field_events(p->as_field);
    } else if (named) {
        complain_of_name(c->load->l, named, NULL,
                         "\"field\" under \"at\", which is compared with the other event's actor");
    }
    p->as = load_match(c->load, json_get(v, "as"), &place);
    if (field != FIELD_AT && p->as->events && !(p->as->events & place.among))
        complain(c->load->l, json_get(v, "as"), NULL,
                 "these events have no field \"%s\", expected some that have it",
                 field_name(p->as_field));
}

static void load_line_pattern(struct context *c, const struct json *v, struct field_condition *f)
{
    struct pattern *p = arena_take(c->load->l->arena, sizeof(*p));
    const struct json *lines = v->type == JSON_OBJECT ? json_get(v, "lines") : NULL;
    struct json name = *v; /* its name, seen as a text */
    name.type = JSON_TEXT;
    name.text = v->key;
    name.len = v->key_len;
    f->name = load_octets(c->load, &name, c->place->text);
    f->count_lines = lines != NULL;
    load_pattern(c, lines ? FIELD_bytes : FIELD_header, lines ? lines : v, p);
    f->pattern = p;
}

static void load_header(struct context *c, const struct json *v, struct pattern *p)
{
    struct field_condition *conditions =
        arena_take(c->load->l->arena, v->count * sizeof(*conditions));
    p->kind = PATTERN_FIELDS;
    for (const struct json *m = v->first; m; m = m->next)
        load_line_pattern(c, m, &conditions[p->count++]);
    p->conditions = conditions;
}

static void load_pattern(struct context *c, int field, const struct json *v, struct pattern *p)
{
    const struct json *not = NULL;
    if (v->type == JSON_BOOL) {
        p->kind = v->flag ? PATTERN_PRESENT : PATTERN_ABSENT;
    } else if (v->type == JSON_NUMBER) {
        load_number(c, field, v, p);
    } else if (v->type == JSON_TEXT) {
        load_text_pattern(c, field, v, p);
    } else if (v->type == JSON_LIST) {
        p->kind = PATTERN_ANY_OF;
        load_operands(c, field, v->first, v->count, p);
    } else if ((not = json_get(v, "not"))) {
        p->kind = PATTERN_NOT;
        load_operands(c, field, not, 1, p);
    } else if (json_get(v, "as")) {
        load_as(c, field, v, p);
    } else {
        load_range(c, field, v, p);
    }
}

/* ---- events ---------------------------------------------------------------------------------- */

static uint32_t event_bit(const struct json *v)
{
    return 1U << event_by_name(v->text);
}

/* Where no event follows and none is said: all that have the fields that are named. */
static uint32_t events_by_fields(const struct json *v, uint32_t among)
{
    uint32_t events = among ? among & all_events : all_events;
    for (const struct json *m = v->first; m; m = m->next) {
        int field = field_by_name(m->key);
        if (field >= 0)
            events &= field_events((enum field_id)field);
    }
    return events;
}

static uint32_t load_events(struct context *c)
{
    const struct json *v = json_get(c->json, "event");
    const struct match_place *place = c->place;
    if (!v && place->follows)
        return place->follows;
    if (!v && place->needs_event)
        complain(c->load->l, c->json, NULL,
                 "the key \"event\" is missing, expected the name of an event");
    uint32_t events = v ? 0 : events_by_fields(c->json, place->among);
    if (!v && !events)
        complain(c->load->l, c->json, NULL, "no event has all these fields");
    if (!v)
        return events;
    if (v->type == JSON_TEXT)
        events = event_bit(v);
    for (const struct json *m = v->first; m; m = m->next)
        events |= event_bit(m);
    if (place->must_be && events != 1U << event_by_name(place->must_be))
        complain(c->load->l, v, NULL, "found %s, expected \"%s\"", show_value(c->load->l, v),
                 place->must_be);
    return events;
}

static const char *first_without(uint32_t events, int field)
{
    for (int e = 0; e < EVENT_KINDS; e++)
        if ((events & 1U << e) && !(field_events((enum field_id)field) & 1U << e))
            return event_name((enum event_kind)e);
    return "";
}

static void check_field(struct context *c, int field, const struct json *v)
{
    uint32_t events = c->match->events;
    struct nearest n;
    if (!events || (field_events((enum field_id)field) & events) == events)
        return;
    nearest_begin(&n, v->key, v->key_len);
    for (int f = 0; f < FIELDS; f++)
        if ((field_events((enum field_id)f) & events) == events)
            nearest_try(&n, field_name((enum field_id)f));
    complain_of_name(c->load->l, v, hint_of(c->load->l, &n),
                     "the event \"%s\" has no field \"%s\", expected one that it has",
                     first_without(events, field), v->key);
}

/* An error's kind or wording never decides a must. */
static void check_decides(struct context *c, int field, const struct json *v)
{
    bool is_wording = field == FIELD_kind || field == FIELD_text || field == FIELD_error;
    if (c->place->is_must && is_wording && c->match->events & EVENT_BIT(outcome))
        complain_of_name(c->load->l, v, NULL,
                         "\"%s\" decides a must, expected it at \"should\" or below", v->key);
}

/* ---- match objects --------------------------------------------------------------------------- */

static void load_at(struct context *c)
{
    const struct json *v = json_get(c->json, "at");
    struct pattern *p;
    c->match->at_any =
        c->place->is_when || (c->match->events && !(c->match->events & ~client_events));
    if (!v)
        return;
    p = arena_take(c->load->l->arena, sizeof(*p));
    load_pattern(c, FIELD_AT, v, p);
    c->match->at = p;
    c->match->at_any = false;
}

static void load_nth(struct context *c)
{
    const struct json *v = json_get(c->json, "nth");
    if (!v)
        return;
    c->match->nth = (int)v->number;
    if (c->match->nth == 0 || (c->match->nth < 0 && c->place->is_live))
        complain(c->load->l, v, NULL, "found %s, expected a number from 1%s",
                 show_value(c->load->l, v), c->place->is_live ? "" : ", or from -1 downwards");
}

static void load_fields(struct context *c)
{
    struct match_entry *entries = arena_take(c->load->l->arena, c->json->count * sizeof(*entries));
    for (const struct json *m = c->json->first; m; m = m->next) {
        int field = field_by_name(m->key);
        if (field < 0)
            continue;
        struct match_entry *e = &entries[c->match->count++];
        e->field = (enum field_id)field;
        c->load->s->asks_intact |= field == FIELD_intact;
        check_field(c, field, m);
        check_decides(c, field, m);
        if (field_type(e->field) == FIELD_TYPE_HEADER)
            load_header(c, m, &e->pattern);
        else
            load_pattern(c, field, m, &e->pattern);
    }
    c->match->entries = entries;
}

/*
 * Members of `any` are about the same events as the match they are in, and about its actors: unless
 * it names none and they do, then each is about its own.
 */
static void load_any(struct context *c)
{
    const struct json *v = json_get(c->json, "any");
    struct match_place place = *c->place;
    if (!v)
        return;
    bool is_inside = false;
    for (const struct json *m = v->first; m && !c->match->at && !c->match->at_any; m = m->next)
        is_inside = is_inside || json_get(m, "at");
    place.follows = c->match->events;
    const struct match **any = arena_take(c->load->l->arena, v->count * sizeof(any[0]));
    for (const struct json *m = v->first; m; m = m->next) {
        struct match *inner = arena_take(c->load->l->arena, sizeof(*inner));
        load_match_into(c->load, m, &place, inner);
        if (!inner->at && !is_inside)
            inner->at_any = true;
        any[c->match->any_count++] = inner;
    }
    c->match->any = any;
    c->match->at_any = c->match->at_any || is_inside;
}

/* So is what must not hold. */
static void load_none(struct context *c)
{
    const struct json *v = json_get(c->json, "not");
    struct match_place place = *c->place;
    if (!v)
        return;
    place.follows = c->match->events;
    struct match *inner = arena_take(c->load->l->arena, sizeof(*inner));
    load_match_into(c->load, v, &place, inner);
    if (!inner->at)
        inner->at_any = true;
    c->match->none = inner;
}

static const struct match *load_anchor(struct context *c, const char *key)
{
    const struct json *v = json_get(c->json, key);
    struct match_place place = { .is_live = c->place->is_live };
    return v ? load_match(c->load, v, &place) : NULL;
}

/* Fills a match in; what it refers to is watched, itself it is not. */
void load_match_into(struct load *load, const struct json *v, const struct match_place *place,
                     struct match *m)
{
    struct context c = { .load = load, .place = place, .json = v, .match = m };
    m->watch = -1;
    m->events = load_events(&c);
    load_at(&c);
    load_nth(&c);
    load_fields(&c);
    load_any(&c);
    load_none(&c);
    m->after = load_anchor(&c, "after");
    m->before = load_anchor(&c, "before");
}

static int add_watch(struct load *load, const struct match *m)
{
    if (load->watch_count == load->watch_room) {
        load->watch_room = load->watch_room ? load->watch_room * 2 : 16;
        const struct match **more = arena_take(load->l->arena, load->watch_room * sizeof(more[0]));
        if (load->watch_count)
            memcpy(more, load->watches, load->watch_count * sizeof(more[0]));
        load->watches = more;
    }
    load->watches[load->watch_count] = m;
    return (int)load->watch_count++;
}

const struct match *load_match(struct load *load, const struct json *v,
                               const struct match_place *place)
{
    struct match *m = arena_take(load->l->arena, sizeof(*m));
    load_match_into(load, v, place, m);
    if (place->is_live)
        m->watch = add_watch(load, m);
    return m;
}
