/*
 * The fault-free twin of a case: what the client does where nothing is wrong. Without it "failed"
 * could mean that the client cannot do such a request at all.
 *
 * The twin is the case without its rules; every listener is open from the start, every certificate
 * good, no proxy asks for credentials, no step sets the field Proxy-Authorization by hand, and a
 * proxy URL that was to be taken literally is the plain one: what a 407, a name in a certificate,
 * such a field or a stray octet in a URL does to the client is what its cases are about. Exits,
 * promises and gates of origins stay. A step's `after` on anything but a step's own start or end
 * becomes its `plus`: its event may never come. Nothing is cancelled, and there are no checks.
 */
#ifndef FP_TWIN_H
#define FP_TWIN_H

#include "grade.h"

/* The twin of a loaded scenario, which must outlive it. Never NULL. It is played like any other. */
struct scenario *scenario_twin(const struct scenario *);
void scenario_twin_free(struct scenario *); /* NULL is fine */

/* What the twin is, as text: two cases with equal texts have the same twin, and one play is enough
 * for both. free() it. */
char *twin_key(const struct scenario *twin);

/* Is anything taken away? What fails where there is no fault has failed: a play that is the same
 * once more would only excuse it. */
bool twin_differs(const struct scenario *);

/* Does the case ask for its twin's play? It does, if there is a difference and no raw tunnel (where
 * nobody but the rules would speak), where a check of its
 * own is fail, weak or not-exercised, and where no request can come because a listener is not open:
 * then that is the only sign that the client works. */
bool twin_is_needed(const struct scenario *, const struct graded *);

/* Did the client work in the twin's play: did every step (with its copies) end with an answer?
 * *why, if wanted: a sentence for the report where it did not; a literal, or in the scenario. */
bool twin_passed(const struct grade_case *twin, const char **why);

/* The twin failed, so nothing the client did shows how it copes with the fault. The case's own
 * checks become blocked, but for those not applicable, those of the harness (not judged,
 * harness-error, crash, hang) and critical ones that failed: what must never happen did. House
 * checks stay. */
void twin_block(struct graded *, const char *why);

#endif
