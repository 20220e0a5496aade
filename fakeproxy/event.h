/*
 * An event: something that happened, at one moment, with typed fields. Events are what rules match,
 * waits wait for, the journal stores and checks judge. event.def is the vocabulary.
 *
 * An event on its way into the journal is built on the stack (struct event_draft); its texts point
 * at whatever the caller owns. The journal copies it, texts included, into one block. Both are read
 * through struct fp_event, so that a rule matches a request before it is stored with the same code
 * that grades it afterwards.
 */
#ifndef FP_EVENT_H
#define FP_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_kind {
#define EVENT(name, doc) EVENT_##name,
#include "event.def"
    EVENT_KINDS
};

enum field_type {
    FIELD_TYPE_TEXT,
    FIELD_TYPE_NUMBER,  /* integer: counts, octets, status codes, milliseconds */
    FIELD_TYPE_SECONDS, /* nanoseconds inside, seconds as a decimal fraction in JSON and patterns */
    FIELD_TYPE_FLAG,
    FIELD_TYPE_LIST,  /* texts, kept comma-separated */
    FIELD_TYPE_HEADER /* raw field lines, octets as received or sent */
};

enum field_id {
#define FIELD(name, type, events, doc) FIELD_##name,
#include "event.def"
    FIELDS
};

struct event_value {
    uint8_t field;    /* enum field_id */
    uint32_t len;     /* of text */
    int64_t number;   /* NUMBER, SECONDS (ns), FLAG (0, 1) */
    const char *text; /* TEXT, LIST, HEADER; not terminated */
};

struct fp_event {
    uint64_t seq;   /* position in the journal, from 1; 0 = not stored yet */
    int64_t t;      /* CLOCK_MONOTONIC, ns */
    int64_t wall;   /* CLOCK_REALTIME, ns */
    int64_t began;  /* first octet, CLOCK_MONOTONIC ns; 0 = the event has no beginning of its own */
    uint8_t kind;   /* enum event_kind */
    uint8_t count;  /* of values */
    const char *at; /* the actor's name, "client" or "suite"; outlives the event */
    const struct event_value *values;
};

enum { EVENT_MAX_VALUES = 28 };

struct event_draft {
    struct fp_event event;
    struct event_value values[EVENT_MAX_VALUES];
};

/* Starts a draft of that kind; the clock is read by the caller (struct fp_event t, wall). */
void event_begin(struct event_draft *, enum event_kind, const char *at);
void event_text(struct event_draft *, enum field_id, const char *text, size_t len);
void event_string(struct event_draft *, enum field_id, const char *z); /* NULL adds nothing */
void event_number(struct event_draft *, enum field_id, int64_t);
void event_flag(struct event_draft *, enum field_id, bool);

/* The value of a field, or NULL where the event does not have it. */
const struct event_value *event_get(const struct fp_event *, enum field_id);

const char *event_name(enum event_kind);
const char *event_doc(enum event_kind);
int event_by_name(const char *name); /* enum event_kind, or -1 */

const char *field_name(enum field_id);
const char *field_doc(enum field_id);
enum field_type field_type(enum field_id);
uint32_t field_events(enum field_id); /* bit n: events of kind n carry it */
int field_by_name(const char *name);  /* enum field_id, or -1 */

#endif
