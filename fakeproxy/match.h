/*
 * Match objects, compiled: the one language that says which events are meant, in a rule's `when`,
 * in waits, in a step's `after` and in checks (docs/scenario.md, Matching). Pure: a match looks at
 * an event, and asks its environment for what lies outside of it.
 */
#ifndef FP_MATCH_H
#define FP_MATCH_H

#include "event.h"
#include "text.h"

enum pattern_kind {
    PATTERN_TEXT,    /* equal; `*` stands for any run; numbers are compared as decimal text */
    PATTERN_NUMBER,  /* equal number (FIELD_SECONDS: ns) */
    PATTERN_RANGE,   /* min..max, inclusive (FIELD_SECONDS: ns) */
    PATTERN_PRESENT, /* there, and true where it is a flag */
    PATTERN_ABSENT,  /* not there, or false where it is a flag */
    PATTERN_NOT,     /* one operand */
    PATTERN_ANY_OF,  /* any operand */
    PATTERN_AS,      /* same value as field `as_field` of the first event that fits `as` */
    PATTERN_FIELDS   /* FIELD_TYPE_HEADER: every named field line condition holds */
};

struct field_condition {
    struct text name;
    bool count_lines; /* `{"lines": P}`: P judges how many lines have that name */
    const struct pattern *pattern;
};

/* A FIELD_TYPE_LIST fits a text where one of its members does. A field that is not there fits only
 * ABSENT and NOT. Under `at`, AS compares the events' actors, whatever as_field says. */
struct pattern {
    enum pattern_kind kind;
    bool any_case; /* TEXT, AS: ASCII letters match whatever their case */
    struct text text;
    int64_t min, max; /* NUMBER: min; an open end is INT64_MIN or INT64_MAX */
    const struct pattern *operands;
    size_t count; /* of operands or conditions */
    const struct match *as;
    enum field_id as_field; /* AS: the field itself, or the one named by "field" */
    const struct field_condition *conditions;
};

struct match_entry {
    enum field_id field;
    struct pattern pattern;
};

struct match {
    uint32_t events; /* bit n: events of kind n; a `when` has the one bit of its rule's `on` */
    const struct pattern
        *at;     /* the actor's name; NULL: any of the proxies, where at_any is not set */
    bool at_any; /* no restriction to proxies: a `when`, or events at client and suite */
    const struct match_entry *entries;
    size_t count;
    const struct match *const *any; /* at least one must hold, if there are any */
    size_t any_count;
    const struct match *none; /* must not hold; NULL: no such condition */
    const struct match *after, *before;
    int nth;   /* 0: all; n-th of what is left, negative from the end (checks only) */
    int watch; /* index in scenario.watches if events are looked for live, else -1 */
};

/* What a match needs to know beyond the event. */
struct match_env {
    /* The first event that fits m, or NULL (yet). */
    const struct fp_event *(*first)(void *arg, const struct match *m);
    bool (*is_proxy)(void *arg, const char *at);
    const struct text_scope *scope; /* values of placeholders */
    void *arg;
};

/* Whether the event fits, `nth` left aside. An event not stored yet counts as later than all. */
bool match_event(const struct match *, const struct fp_event *, const struct match_env *);

/* An outcome that is an error beside a 2xx: the answer came, or began to, and was given up. */
bool match_is_failed_success(const struct fp_event *);

/* This object (not those inside) has `status` or `body`, and none of `ends`, `error`, `kind`: what
 * was given up has neither for it, so that who asks for a 200 need not ask for an answer, too. */
bool match_asks_success(const struct match *);

/* `*`-only glob over octets. */
bool match_glob(const char *pattern, size_t pattern_len, const char *text, size_t len);

#endif
