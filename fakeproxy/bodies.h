/*
 * What a client called the body of an answer: is it one that was sent for this step? From scenario
 * and journal alone, so that evidence read back from a file is classified as the case was.
 *
 * The bodies that count are those of the answers to the step's requests, by a hop that may speak
 * for the URL: for http a proxy or the origin, for https the origin alone. The answer to a refused
 * CONNECT is foreign, but it is known whose it is. A step's requests are those in its time whose
 * target URI is the step's URL, or one that an answer among them redirected to. The content of an
 * answer is worked out anew, from the rule's action or from what an origin answers by itself; of
 * octets that say nothing of their content (a `send` without `content`), and of real servers, it is
 * not known.
 *
 * Pure. Nothing here reads a clock or a socket.
 */
#ifndef FP_BODIES_H
#define FP_BODIES_H

#include "grade.h"

enum body_class {
    BODY_CLASS_WHOLE,   /* equal, as sent or content-decoded, to a body that was completely sent
                         * with the status that the client reports (no content: 0 octets) */
    BODY_CLASS_PART,    /* a true prefix of one; or all of one whose end was not sent */
    BODY_CLASS_EMPTY,   /* no octets, where every answer with that status had some */
    BODY_CLASS_FOREIGN, /* all else, so also the right octets beside another answer's status */
    BODY_CLASS_UNKNOWN  /* nothing equals it, but there was an answer of unknown content */
};

/* Which step it was. */
struct body_step {
    const char *method; /* as sent first: "GET" */
    const char *url;    /* placeholders expanded: "http://origin-5be1.invalid/1" */
    uint64_t from, to;  /* `seq` of its events `step` and `outcome`; to 0: up to the last event */
};

/* What came of it, as the driver tells it. */
struct body_received {
    int status; /* 0: none told (an error before the header block): fits every answer */
    uint64_t bytes;
    const char *sha256; /* 64 hex digits, of all the octets; NULL: not told */
    const void *head;   /* the first octets: compared where there is no sha256. NULL: none */
    size_t head_len;    /* at most `bytes` */
};

struct bodies;

/* Collects the bodies sent for a step. Never NULL. The case (scenario, events, scope) must outlive
 * it. */
struct bodies *bodies_sent(const struct grade_case *, const struct body_step *);
void bodies_free(struct bodies *); /* NULL is fine */
size_t bodies_count(const struct bodies *);

/* Classifies what was received. *rule, if wanted: the rule whose body it is ("" where no rule took
 * the request), for the field `body_of`; NULL where it is empty, unknown, or foreign and not the
 * page of a refused CONNECT either. It lives as long as the events. */
enum body_class bodies_classify(const struct bodies *, const struct body_received *,
                                const char **rule);

/* All of it in one call, for one outcome. */
enum body_class outcome_classify(const struct grade_case *, const struct body_step *,
                                 const struct body_received *, const char **rule);

/* "whole", "part", "empty", "foreign", "unknown": as in the field `body`. */
const char *body_class_name(enum body_class);

#endif
