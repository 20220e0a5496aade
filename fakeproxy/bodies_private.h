/*
 * What the parts of bodies*.c share.
 */
#ifndef FP_BODIES_PRIVATE_H
#define FP_BODIES_PRIVATE_H

#include "bodies.h"
#include "content.h"
#include "grading.h"

/* One answer, as a right reader gets it. */
struct sent_body {
    const struct fp_event *response;
    int status, other_status; /* the body may come with either; other_status 0: none */
    const char *rule;         /* "": none */
    bool is_known;            /* else `content` means nothing */
    bool is_own;              /* not known, but begins with "fakeproxy: " and has `octets` */
    bool whole;               /* its end was written */
    bool is_refusal;          /* a proxy's page instead of a tunnel: nobody's body */
    uint64_t octets;          /* written behind the header block */
    struct content content;
};

/* What the answer `response` to `request` was. Both are events of the same exchange. */
struct sent_body sent_body_of(struct grading *, const struct fp_event *request,
                              const struct fp_event *response);

/* The event behind `e` in its exchange, of that kind; NULL: none. */
const struct fp_event *bodies_next(const struct grading *, const struct fp_event *e,
                                   enum event_kind);

/* Is the body coded? Then its decoded form, as far as it decodes, into *decoded. False: it has no
 * content coding. */
bool sent_body_decode(struct grading *, const struct sent_body *, struct sent_body *decoded);

#endif
