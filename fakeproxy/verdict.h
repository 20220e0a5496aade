/*
 * What grading says: one verdict a check, with the events that decided it and a sentence that has
 * the numbers in it. Grading itself (grade.h) gives all kinds but the last four: these belong to
 * whoever ran the client.
 */
#ifndef FP_VERDICT_H
#define FP_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scenario.h"

enum verdict_kind {
    VERDICT_PASS,
    VERDICT_FAIL,           /* a MUST missed */
    VERDICT_WEAK,           /* a SHOULD missed */
    VERDICT_INFO,           /* `may` and `info`: what was seen, in `holds` and the sentence */
    VERDICT_NOT_APPLICABLE, /* another variant, a capability the client has not, a house check off
                             */
    VERDICT_NOT_EXERCISED,  /* the events it is about never came */
    VERDICT_NOT_JUDGED,     /* needs steps and outcomes, which only clientsuite has */
    VERDICT_INCONCLUSIVE,   /* we failed to carry the fault out, or this host was too slow */
    VERDICT_HARNESS_ERROR,  /* the journal is not whole */
    VERDICT_BLOCKED,        /* the fault-free twin of the case failed */
    VERDICT_CRASH,
    VERDICT_HANG,
    VERDICT_KINDS
};

enum { VERDICT_EVIDENCE = 8 };

struct verdict {
    const char *id; /* of the check; of a house check its key in `house` */
    const char *says;
    enum level level;
    enum verdict_kind kind;
    bool house, critical;
    bool holds;           /* what the check states is true (PASS; INFO: does, or does not) */
    const char *sentence; /* never NULL, "" for nothing to say */
    uint64_t evidence[VERDICT_EVIDENCE]; /* `seq` of the deciding events, the first of them */
    size_t evidence_count;
};

struct graded {
    bool exercised;           /* the case put the client to the test */
    bool inconclusive;        /* it would have, but we failed to carry the fault out */
    const char *reason;       /* why not; "" where it did */
    struct verdict *verdicts; /* the scenario's own checks in its order, then the house checks */
    size_t count;
    struct arena *arena;
};

void graded_free(struct graded *); /* NULL is fine */

/* "pass", "not-exercised", …; "does" and "does not" where a `may` was seen. */
const char *verdict_word(const struct verdict *);
const char *verdict_kind_name(enum verdict_kind);
int verdict_kind_by_name(const char *name); /* enum verdict_kind, or -1 */
const char *level_name(enum level);         /* "must", "must*", … */

#endif
