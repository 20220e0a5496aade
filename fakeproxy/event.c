/*
 * Events and their fields: the tables made from event.def, and the drafts that carry an event into
 * the journal. Pure: no clock, no I/O.
 */
#include "event.h"

#include <assert.h>
#include <string.h>

static const struct {
    const char *name, *doc;
} events[] = {
#define EVENT(name, doc) { #name, doc },
#include "event.def"
};

static const struct {
    const char *name, *doc;
    enum field_type type;
    uint32_t events;
} fields[] = {
#define FIELD(name, type, events, doc) { #name, doc, FIELD_TYPE_##type, events },
#include "event.def"
};

void event_begin(struct event_draft *d, enum event_kind kind, const char *at)
{
    d->event = (struct fp_event){ .kind = (uint8_t)kind, .at = at, .values = d->values };
}

static struct event_value *add(struct event_draft *d, enum field_id field)
{
    assert(d->event.count < EVENT_MAX_VALUES);
    struct event_value *v = &d->values[d->event.count++];
    *v = (struct event_value){ .field = (uint8_t)field };
    return v;
}

void event_text(struct event_draft *d, enum field_id field, const char *text, size_t len)
{
    struct event_value *v = add(d, field);
    v->text = text;
    v->len = (uint32_t)len;
}

void event_string(struct event_draft *d, enum field_id field, const char *z)
{
    if (z)
        event_text(d, field, z, strlen(z));
}

void event_number(struct event_draft *d, enum field_id field, int64_t n)
{
    add(d, field)->number = n;
}

void event_flag(struct event_draft *d, enum field_id field, bool flag)
{
    add(d, field)->number = flag;
}

const struct event_value *event_get(const struct fp_event *e, enum field_id field)
{
    for (size_t i = 0; i < e->count; i++)
        if (e->values[i].field == field)
            return &e->values[i];
    return NULL;
}

const char *event_name(enum event_kind kind)
{
    return events[kind].name;
}

const char *event_doc(enum event_kind kind)
{
    return events[kind].doc;
}

int event_by_name(const char *name)
{
    for (int i = 0; i < EVENT_KINDS; i++)
        if (strcmp(events[i].name, name) == 0)
            return i;
    return -1;
}

const char *field_name(enum field_id id)
{
    return fields[id].name;
}

const char *field_doc(enum field_id id)
{
    return fields[id].doc;
}

enum field_type field_type(enum field_id id)
{
    return fields[id].type;
}

uint32_t field_events(enum field_id id)
{
    return fields[id].events;
}

int field_by_name(const char *name)
{
    for (int i = 0; i < FIELDS; i++)
        if (strcmp(fields[i].name, name) == 0)
            return i;
    return -1;
}
