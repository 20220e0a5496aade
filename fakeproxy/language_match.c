/*
 * Match objects and wait conditions. Their keys are the fields of event.def, with patterns by the
 * field's type, so a new field is known here at once; which field belongs to which event is the
 * loader's business.
 */
#include "language_shapes.h"

#include <string.h>

#include "event.h"

static const char *const field_names[] = {
#define FIELD(name, type, events, doc) #name,
#include "event.def"
    NULL
};
static const char *const event_names[] = {
#define EVENT(name, doc) #name,
#include "event.def"
    NULL
};

const struct shape shape_field_name = { .kind = SHAPE_ENUM,
                                        .name = "field-name",
                                        .expects = "a field of the journal",
                                        .words = field_names };

static const char *const apart_names[] = { "at",
#define FIELD(name, type, events, doc) #name,
#include "event.def"
                                           NULL };
const struct shape shape_apart = { .kind = SHAPE_ENUM,
                                   .name = "apart",
                                   .expects = "\"at\" (the actor), or a field of the journal",
                                   .words = apart_names };

/* ---- patterns -------------------------------------------------------------------------------- */

static const struct shape pattern_text, pattern_number, pattern_seconds, pattern_flag;

static const struct key as_keys[] = {
    KEY("as", &shape_match, "same value as in the first event that fits this", .required = true),
    KEY("field", &shape_field_name, "of that event, where it is another one",
        .says = "the same field"),
    { .name = NULL },
};
static const struct shape pattern_as = { .kind = SHAPE_OBJECT, .keys = as_keys, .tell = "as" };

#define NOT_SHAPE(type)                                                                            \
    static const struct key not_keys_##type[] = {                                                  \
        KEY("not", &pattern_##type, "does not match", .required = true),                           \
        { .name = NULL },                                                                          \
    };                                                                                             \
    static const struct shape not_##type = { .kind = SHAPE_OBJECT,                                 \
                                             .keys = not_keys_##type,                              \
                                             .tell = "not" };                                      \
    static const struct shape list_##type = {                                                      \
        .kind = SHAPE_LIST, .expects = "a list of patterns", .of = &pattern_##type, .min = 1       \
    };
NOT_SHAPE(text)
NOT_SHAPE(number)
NOT_SHAPE(seconds)
NOT_SHAPE(flag)

static bool is_number_glob(const char *text, size_t len)
{
    uint64_t octets;
    for (size_t i = 0; i < len; i++)
        if (!(text[i] >= '0' && text[i] <= '9') && text[i] != '*' && !memchr("{}", text[i], 2))
            return language_size(text, len, &octets) || memchr(text, '{', len);
    return len > 0;
}

static const struct shape plain_integer = { .kind = SHAPE_INTEGER, .min = INT32_MIN };
static const struct shape number_glob = { .kind = SHAPE_TEXT,
                                          .expects = "a number with \"*\" such as \"5*\"",
                                          .pattern = "^([0-9*]+|[0-9]+(KiB|MiB|GiB))$|\\{",
                                          .accepts = is_number_glob };
static const struct shape plain_number = { .kind = SHAPE_NUMBER, .min = INT32_MIN };
static const struct shape seconds_value = { .kind = SHAPE_UNION,
                                            .expects = "seconds, or a duration such as \"250ms\"",
                                            .parts = PARTS(&plain_number, &shape_duration) };

static const struct key range_keys[] = {
    KEY("min", &shape_size, "at least"),
    KEY("max", &shape_size, "at most"),
    { .name = NULL },
};
static const struct shape number_range = { .kind = SHAPE_OBJECT,
                                           .expects = "bounds {\"min\": …, \"max\": …}",
                                           .keys = range_keys };
static const struct key seconds_keys[] = {
    KEY("min", &seconds_value, "at least"),
    KEY("max", &seconds_value, "at most"),
    { .name = NULL },
};
static const struct shape seconds_range = { .kind = SHAPE_OBJECT,
                                            .expects = "bounds {\"min\": …, \"max\": …}",
                                            .keys = seconds_keys };

static const struct shape pattern_text = {
    .kind = SHAPE_UNION,
    .name = "text-pattern",
    .expects = "a pattern for a text: a text with \"*\", true, false, a list, {\"not\": …} or "
               "{\"as\": …}",
    .parts = PARTS(&shape_octets, &plain_integer, &shape_bool, &list_text, &not_text, &pattern_as),
};
static const struct shape pattern_number = {
    .kind = SHAPE_UNION,
    .name = "number-pattern",
    .expects = "a pattern for a number: a number, \"5*\", bounds, true, false, a list, "
               "{\"not\": …} or {\"as\": …}",
    .parts = PARTS(&plain_integer, &number_glob, &shape_bool, &list_number, &not_number,
                   &pattern_as, &number_range),
};
static const struct shape pattern_seconds = {
    .kind = SHAPE_UNION,
    .name = "time-pattern",
    .expects = "a pattern for a time: seconds, a duration, bounds, true, false, a list, "
               "{\"not\": …} or {\"as\": …}",
    .parts = PARTS(&plain_number, &shape_duration, &shape_bool, &list_seconds, &not_seconds,
                   &pattern_as, &seconds_range),
};
static const struct shape pattern_flag = {
    .kind = SHAPE_UNION,
    .name = "flag-pattern",
    .expects = "true, false, {\"not\": …} or {\"as\": …}",
    .parts = PARTS(&shape_bool, &list_flag, &not_flag, &pattern_as),
};

static const struct key lines_keys[] = {
    KEY("lines", &pattern_number, "how many field lines have the name", .required = true),
    { .name = NULL },
};
static const struct shape line_count = { .kind = SHAPE_OBJECT,
                                         .keys = lines_keys,
                                         .tell = "lines" };
static const struct shape line_pattern = {
    .kind = SHAPE_UNION,
    .name = "field-line-pattern",
    .expects = "a pattern for the value of some field line, or {\"lines\": …}",
    .parts = PARTS(&shape_octets, &shape_bool, &list_text, &line_count, &not_text, &pattern_as),
};
static const struct shape pattern_header = {
    .kind = SHAPE_MAP,
    .name = "header-pattern",
    .expects = "an object {\"name\": pattern}",
    .of = &line_pattern,
};

/* ---- match objects --------------------------------------------------------------------------- */

static const struct shape event_word = { .kind = SHAPE_ENUM,
                                         .name = "event-name",
                                         .expects = "the name of an event",
                                         .words = event_names };
static const struct shape event_words = {
    .kind = SHAPE_LIST, .expects = "a list of names of events", .of = &event_word, .min = 1
};
static const struct shape event_choice = { .kind = SHAPE_UNION,
                                           .parts = PARTS(&event_word, &event_words) };
static const struct shape match_list = {
    .kind = SHAPE_LIST, .expects = "a list of match objects", .of = &shape_match, .min = 1
};
static const struct shape nth = { .kind = SHAPE_INTEGER,
                                  .expects = "a number from 1, or from -1 downwards",
                                  .min = -1000000,
                                  .max = 1000000 };

#define pattern_TEXT    pattern_text
#define pattern_NUMBER  pattern_number
#define pattern_SECONDS pattern_seconds
#define pattern_FLAG    pattern_flag
#define pattern_LIST    pattern_text
#define pattern_HEADER  pattern_header

#define FIELD_KEY(name, type, doc) KEY(#name, &pattern_##type, doc),

/* What every match object may say beside fields. */
#define SUB_MATCHES                                                                                \
    KEY("any", &match_list, "at least one of these holds"),                                        \
        KEY("not", &shape_match, "this does not hold"),                                            \
        KEY("after", &shape_match, "only events later than the first that fits this"),             \
        KEY("before", &shape_match, "only events earlier than the first that fits this")
#define SELECTION                                                                                  \
    KEY("event", &event_choice, "which events are meant, one or a list",                           \
        .says = "what the place asks for"),                                                        \
        KEY("at", &pattern_text, "the actor's name, `client` or `suite`", .says = "all proxies"),  \
        KEY("nth", &nth, "picks one of what is left; negative: from the end", .says = "all"),      \
        SUB_MATCHES

static const struct key match_keys[] = {
    SELECTION,
#define FIELD(name, type, events, doc) FIELD_KEY(name, type, doc)
#include "event.def"
    { .name = NULL },
};
const struct shape shape_match = {
    .kind = SHAPE_OBJECT,
    .name = "match",
    .expects = "a match object",
    .doc = "All that it says must hold.",
    .keys = match_keys,
};

static const struct key rate_keys[] = {
    KEY("limit", &shape_count, "fits when more events than this", .required = true),
    KEY("per", &shape_duration, "came within this time", .required = true),
    KEY("by", &shape_scope, "counted apart for each", .otherwise = "\"scenario\""),
    { .name = NULL },
};
static const struct shape rate = {
    .kind = SHAPE_OBJECT,
    .name = "rate",
    .expects = "a rate {\"limit\": N, \"per\": duration}",
    .doc = "Counts the events that fit the rest of this `when`, the one at hand and refused ones "
           "included.",
    .keys = rate_keys,
};
static const struct shape chance = {
    .kind = SHAPE_NUMBER, .expects = "a number from 0 to 1", .min = 0, .max = 1
};

static const struct key when_keys[] = {
    KEY("state", &shape_text, "the state word of the scenario (action `set`)", .says = "any"),
    KEY("rate_over", &rate, "more of these events than that came"),
    KEY("chance", &chance, "fits with this probability", .otherwise = "1"),
    SUB_MATCHES,
#define FIELD(name, type, events, doc) FIELD_KEY(name, type, doc)
#include "event.def"
    { .name = NULL },
};
const struct shape shape_when = {
    .kind = SHAPE_OBJECT,
    .name = "when",
    .expects = "a match object over the fields of the rule's event",
    .doc = "Fields of the event in `on`, and what else must hold.",
    .keys = when_keys,
};

/* ---- conditions ------------------------------------------------------------------------------ */

static const struct key idle_keys[] = {
    KEY("idle", &shape_duration, "no octet came or went for that long", .required = true),
    { .name = NULL },
};
static const struct shape idle = { .kind = SHAPE_OBJECT, .keys = idle_keys, .tell = "idle" };

static const struct shape limit = { .kind = SHAPE_DURATION };
static const struct key awaited_keys[] = {
    KEY("plus", &shape_duration, "and that much longer", .otherwise = "\"0s\""),
    KEY("limit", &limit, "go on after that long all the same; it then counts as not completed",
        .says = "none"),
    SELECTION,
#define FIELD(name, type, events, doc) FIELD_KEY(name, type, doc)
#include "event.def"
    { .name = NULL },
};
static const struct shape awaited = {
    .kind = SHAPE_OBJECT,
    .name = "awaited",
    .expects = "a match object",
    .doc = "Until the journal of the case holds such an event, of any connection.",
    .keys = awaited_keys,
};
static const struct shape condition_word = { .kind = SHAPE_ENUM, .words = WORDS("bytes", "acked") };

const struct shape shape_condition = {
    .kind = SHAPE_UNION,
    .name = "condition",
    .expects = "a condition: a duration such as \"250ms\", \"bytes\", \"acked\", "
               "{\"idle\": …} or a match object",
    .doc = "A duration; `\"bytes\"`: the next unread octet is here; `\"acked\"`: all that was sent "
           "is acknowledged; `{\"idle\": …}`; or a match object.",
    .parts = PARTS(&shape_duration, &condition_word, &idle, &awaited),
};
const struct shape shape_step_condition = {
    .kind = SHAPE_UNION,
    .name = "step-condition",
    .expects = "a duration such as \"250ms\", or a match object",
    .doc = "A duration, or a match object.",
    .parts = PARTS(&shape_duration, &awaited),
};
