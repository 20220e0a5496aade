/*
 * What the parts of grading share: looking events up, times, sentences, findings. Private to
 * grade*.c.
 */
#ifndef FP_GRADING_H
#define FP_GRADING_H

#include "arena.h"
#include "buf.h"
#include "grade.h"

/* The event `seq` of every match that was asked for as an anchor, found once. */
struct grading_first {
    const struct match *match;
    const struct fp_event *event;
};

struct grading {
    const struct grade_case *c;
    const struct scenario *s;
    struct arena *arena;
    struct match_env env;
    struct text_scope no_values;
    struct grading_first *firsts;
    size_t first_count, first_room;
    /* Nothing can be seen to come, and a step had no outcome: what fails failed, but nothing
     * passes. */
    bool hangs;
    const struct fp_event *end; /* NULL: the case goes on, or the journal is a piece */
};

/* Ready to look things up in the case, which outlives it, as does the arena; `end` is not set. */
void grading_begin(struct grading *, const struct grade_case *, struct arena *);

/* ---- findings -------------------------------------------------------------------------------- */

/* In the order of their weight where several must all hold. */
enum finding_kind {
    FINDING_HOLDS,
    FINDING_UNTESTED, /* the events never came (yet) */
    FINDING_UNSURE,   /* broken, but our own fault or lag may be the cause */
    FINDING_BROKEN
};

struct finding {
    enum finding_kind kind;
    const char *sentence;
    uint64_t evidence[VERDICT_EVIDENCE];
    size_t evidence_count;
};

struct finding grading_found(struct grading *, enum finding_kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void grading_evidence(struct finding *, const struct fp_event *); /* NULL adds nothing */
/* Text in the arena. Frees the buf. */
const char *grading_keep(struct grading *, struct buf *);

/* ---- events ---------------------------------------------------------------------------------- */

struct picked { /* events in order, in the arena */
    const struct fp_event **events;
    size_t count;
};

/* All that fit, `nth` heeded. NULL fits none. */
struct picked grading_pick(struct grading *, const struct match *);
const struct fp_event *grading_first(struct grading *, const struct match *);
/* An anchor (`after`, `before`, `as`) somewhere in the match that no event fits; NULL: none. */
const struct match *grading_lost_anchor(struct grading *, const struct match *);

/* Where it happened; NULL: at none of ours. */
const struct actor *grading_actor(const struct grading *, const struct fp_event *);
/* When it happened: its first octet where it has one. */
int64_t grading_time(const struct fp_event *);
bool grading_is_before(const struct fp_event *, const struct fp_event *);
bool grading_is(const struct fp_event *, enum field_id, const char *text);
int64_t grading_number(const struct fp_event *, enum field_id); /* 0 where it is not there */
bool grading_flag(const struct fp_event *, enum field_id, bool otherwise);
bool grading_same(const struct fp_event *, const struct fp_event *, enum field_id);
/* The same under a `by`: connections and exchanges of two actors are never the same. */
bool grading_belongs(const struct fp_event *, const struct fp_event *, int by);

/* Our own lag between two moments, summed up; and whether the wall clock jumped. */
int64_t grading_lag(const struct grading *, int64_t from, int64_t to);
bool grading_jumped(const struct grading *, int64_t from, int64_t to);
/* An upper bound was missed by `excess` between two moments: could our own lag be the cause? */
bool grading_may_be_lag(const struct grading *, int64_t from, int64_t to, int64_t excess);
/* Was our own lag so much of that time that whatever ran out in it may have run out for want of a
 * turn on this host? */
bool grading_was_slow(const struct grading *, int64_t from, int64_t to);
/* Was it half of that time? A client that never ended had all of it and a grace, so that less is no
 * reason. */
bool grading_stood_still(const struct grading *, int64_t from, int64_t to);

/* Does the Retry-After of this answer name a date? */
bool grading_is_date(const struct fp_event *response);

/* ---- sentences ------------------------------------------------------------------------------- */

void grading_say_event(struct grading *, struct buf *, const struct fp_event *);
/* What is looked for, without an article: "request with path /2". */
void grading_say_match(struct grading *, struct buf *, const struct match *);
/* So many of it: "no request", "1 connection", "2 requests with path /2". */
void grading_say_matches(struct grading *, struct buf *, const struct match *, size_t n);
/* All of it: "requests with path /2". */
void grading_say_all(struct grading *, struct buf *, const struct match *);
void grading_say_value(struct buf *, const struct fp_event *, enum field_id);
const char *grading_event_text(struct grading *, const struct fp_event *);
const char *grading_match_text(struct grading *, const struct match *);
const char *grading_a_match_text(struct grading *, const struct match *); /* with "a" or "an" */
double grading_seconds(int64_t ns);

/* ---- parts ----------------------------------------------------------------------------------- */

/* Was the client put to the test? HOLDS, UNTESTED or UNSURE. */
struct finding grading_exercised(struct grading *);

struct finding grading_outcome(struct grading *, const struct match *);
struct finding grading_count(struct grading *, const struct count_check *);
struct finding grading_gap(struct grading *, const struct gap_check *);
struct finding grading_order(struct grading *, const struct order_check *);
struct finding grading_leak(struct grading *, const struct leak_check *);
/* All kinds of a check, its `given` first. */
struct finding grading_check(struct grading *, const struct check *);

enum { HOUSE_CHECKS = 9 };
/* Fills in HOUSE_CHECKS verdicts. */
void grading_house(struct grading *, struct verdict *);
/* Verdict of a finding at that level. */
void grading_decide(struct verdict *, const struct finding *);
/* Not judged without a client: does the match look at steps, outcomes or cancellations? */
bool grading_needs_client(const struct check *);

#endif
