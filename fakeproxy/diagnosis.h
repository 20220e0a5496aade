/*
 * Diagnosis: what a client did wrong on its way through a proxy, told from the journal alone: which
 * layer, what was seen, the likely cause, the fix (diagnosis.def has the texts). A client that did
 * nothing wrong gets no mistake; a note says something about the failure that is nobody's mistake,
 * such as whether the proxy hop fails alone.
 *
 * Events are told one by one, as they happen, so that a mistake can be said in the moment in which
 * it is certain. Some are certain only at the end: credentials that did not come might yet. The
 * memory used does not grow with the journal: what lies hundreds of requests back is forgotten.
 */
#ifndef FP_DIAGNOSIS_H
#define FP_DIAGNOSIS_H

#include "buf.h"
#include "grade.h"

enum { DIAGNOSIS_EVIDENCE = 8 };

struct diagnosed {           /* one finding; each code is there at most once */
    const char *code;        /* a stable word, such as "authorization-instead" */
    const char *layer;       /* client, gateway or transport */
    bool critical;           /* a secret went where it does not belong, or data was lost */
    bool note;               /* no mistake */
    const char *seen;        /* a sentence: the header, URL or connection as it was seen */
    const char *cause, *fix; /* sentences */
    uint64_t evidence[DIAGNOSIS_EVIDENCE]; /* `seq` of the events, the telling one first */
    size_t evidence_count;
    uint64_t times; /* how often it was seen */
};

struct diagnosis;

struct diagnosis_options {
    bool redact; /* show no credentials: a real upstream is behind (--upstream) */
    /* Told each finding when it is made; may be NULL. */
    void (*found)(void *arg, const struct diagnosed *);
    void *arg;
};

/* The scenario outlives it. Never NULL. */
struct diagnosis *diagnosis_new(const struct scenario *, const struct diagnosis_options *);
void diagnosis_free(struct diagnosis *); /* NULL is fine */

/* The next event of the journal: only lent. What follows `end` is passed over. */
void diagnosis_event(struct diagnosis *, const struct fp_event *);
/* Nothing more comes. lost: events the journal no longer holds; then nobody "never came". */
void diagnosis_end(struct diagnosis *, uint64_t lost);
/* A check of the scenario's own was missed, and nothing told why: what the scenario itself says
 * about cause and fix becomes the finding. After diagnosis_end(). */
void diagnosis_fall_back(struct diagnosis *, const struct graded *);

size_t diagnosis_count(const struct diagnosis *);
/* Mistakes before notes, each in the order in which they were found. Texts live as long as the
 * diagnosis and the scenario. */
const struct diagnosed *diagnosis_get(const struct diagnosis *, size_t i);

/* What is said of a code, whatever was seen. False: there is none. */
bool diagnosis_of_code(const char *code, struct diagnosed *);
bool diagnosis_nth_code(size_t i, struct diagnosed *);

/* Adds the finding as a JSON object. */
void diagnosed_json(struct buf *, const struct diagnosed *);

/* All of it for a journal: new, every event, and the end, if the journal has the event `end`. */
struct diagnosis *diagnose(const struct grade_case *, bool redact);

#endif
