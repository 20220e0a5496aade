/*
 * Repeating: what must not be repeated, too early, too often, and what should have been.
 *
 * Two requests alike are a repetition only if the client knew the answer to the first; and a case
 * whose steps ask for the same thing several times allows that many.
 */
#include "diagnosing.h"

#include <stdlib.h>

#include "clock.h"
#include "http_chars.h"
#include "say.h"

static const int64_t TOLERANCE = 20 * CLOCK_MS;
static const int64_t DATE_TOLERANCE = 1020 * CLOCK_MS; /* a date is floored to the second */
static const int64_t AT_ONCE = 2 * CLOCK_S;            /* nobody types a command again so soon */
static const int64_t NO_PAUSE = 100 * CLOCK_MS;
static const int64_t EQUAL = 15 * CLOCK_MS;

static bool is_same_target(const struct seen *q, const struct seen *r)
{
    return seen_same(q, r, FIELD_method) && seen_same(q, r, FIELD_target);
}

/* ---- the same again -------------------------------------------------------------------------- */

static bool is_refused(const struct seen *r)
{
    return say_is(r->request, FIELD_auth, "wrong") || say_is(r->request, FIELD_auth, "malformed");
}

/* Digest credentials differ each time: then the user counts, and that they are wrong. */
static bool has_same_credentials(const struct seen *q, const struct seen *r)
{
    struct http_slice a, b;
    seen_header(q->request, "Proxy-Authorization", &a);
    seen_header(r->request, "Proxy-Authorization", &b);
    if (seen_is_scheme(r, "Digest") && seen_is_scheme(q, "Digest"))
        return seen_same(q, r, FIELD_user) && is_refused(q) && is_refused(r);
    return http_slice_same(a, b);
}

static bool has_legs(const struct seen *r)
{
    return seen_is_scheme(r, "NTLM") || seen_is_scheme(r, "Negotiate");
}

static bool is_repetition(struct diagnosis *d, const struct seen *q, const struct seen *r,
                          int64_t status)
{
    return q->actor == r->actor && seen_status(q) == status && is_same_target(q, r) &&
           seen_same(q, r, FIELD_exit) && has_same_credentials(q, r) && seen_knew(d, q, r);
}

static void found_repeated(struct diagnosis *d, enum ailment a, const struct seen *r,
                           const struct seen *q, uint64_t times)
{
    struct http_slice value;
    struct buf seen = { 0 };
    seen_say(&seen, r->request);
    if (a == AILMENT_BLIND_403)
        buf_string(&seen, " comes unchanged");
    else
        buf_string(&seen, seen_header(r->request, "Proxy-Authorization", &value)
                              ? " comes with the same credentials"
                              : " comes without credentials");
    buf_printf(&seen, " after %d (attempt %llu)", (int)seen_status(q),
               (unsigned long long)times + 1);
    diagnosing_found(d, a, &seen, r->request, q->response);
}

/* How often may it come? At the terminal: twice, unless it is so soon that no person did it. A
 * CONNECT stands for any URL of its host. */
static uint64_t allowance(const struct diagnosis *d, const struct seen *q, const struct seen *r)
{
    if (diagnosing_is_case(d))
        return diagnosing_allowed(d);
    bool is_soon = seen_began(r->request) - q->answered < AT_ONCE;
    return seen_is_connect(r) || !is_soon ? 2 : 1;
}

static void look_for_blind(struct diagnosis *d, const struct seen *r, int64_t status)
{
    struct seen *q, *last = NULL;
    uint64_t n = 0;
    for (uint64_t i = 0; (q = seen_back(d, i)); i++)
        if (q != r && is_repetition(d, q, r, status)) {
            last = last ? last : q;
            n++;
        }
    if (last && n >= allowance(d, last, r))
        found_repeated(d, status == 403 ? AILMENT_BLIND_403 : AILMENT_BLIND_407, r, last, n);
}

/* ---- too early ------------------------------------------------------------------------------- */

/* The answer whose promise is due when this request was allowed. */
static const struct fp_event *promised_by(struct diagnosis *d, const struct seen *r)
{
    int64_t due = seen_began(r->request) + say_field(r->request, FIELD_early), best = CLOCK_S;
    const struct fp_event *found = NULL;
    struct seen *q;
    for (uint64_t i = 0; (q = seen_back(d, i)); i++) {
        int64_t promise = q->response ? say_field(q->response, FIELD_promise) : 0;
        int64_t off = promise ? q->response->t + promise - due : best;
        off = off < 0 ? -off : off;
        if (off < best) {
            best = off;
            found = q->response;
        }
    }
    return found;
}

static void look_for_early(struct diagnosis *d, const struct seen *r)
{
    struct http_slice after = { "", 0 };
    int64_t early = say_field(r->request, FIELD_early);
    if (early <= TOLERANCE || !d->s->house.promise)
        return;
    const struct fp_event *answer = promised_by(d, r);
    bool is_told = answer && seen_header(answer, "Retry-After", &after);
    bool is_date = is_told && after.len && http_is_alpha(after.at[0]);
    if (is_date && early <= DATE_TOLERANCE)
        return;
    struct buf seen = { 0 };
    seen_say(&seen, r->request);
    buf_printf(&seen, " came %.3f s before the proxy's answer", (double)early / (double)CLOCK_S);
    if (answer)
        buf_printf(&seen, " %d", (int)say_field(answer, FIELD_status));
    buf_string(&seen, " allowed it");
    if (is_told) {
        buf_string(&seen, " (Retry-After: ");
        say_text(&seen, after.at, after.len);
        buf_char(&seen, ')');
    }
    diagnosing_found(d, AILMENT_EARLY, &seen, r->request, answer);
}

/* ---- without pauses -------------------------------------------------------------------------- */

enum { PAUSES = 3 };

static bool is_passing_fault(const struct seen *q)
{
    int64_t status = seen_status(q);
    return (status >= 500 || status == 429) && !event_get(q->response, FIELD_promise);
}

/* The newest pauses between an answer that failed and the same request again, the newest first;
 * how many requests alike failed one after the other. */
static uint64_t chain_of(struct diagnosis *d, const struct seen *r, int64_t pauses[PAUSES])
{
    uint64_t n = 0;
    const struct seen *next = r;
    struct seen *q;
    for (uint64_t i = 0; (q = seen_back(d, i)); i++) {
        if (q == r || q->actor != r->actor || !is_same_target(q, r))
            continue;
        if (!is_passing_fault(q) || !q->answered || seen_began(next->request) < q->answered)
            break;
        if (n < PAUSES)
            pauses[n] = seen_began(next->request) - q->answered;
        next = q;
        n++;
    }
    return n;
}

static void look_for_hammering(struct diagnosis *d, const struct seen *r)
{
    int64_t pauses[PAUSES], least = INT64_MAX, most = 0;
    uint64_t n = chain_of(d, r, pauses);
    if (n < PAUSES || n < PAUSES - 1 + diagnosing_allowed(d))
        return;
    for (size_t i = 0; i < PAUSES; i++) {
        least = pauses[i] < least ? pauses[i] : least;
        most = pauses[i] > most ? pauses[i] : most;
    }
    if (most >= NO_PAUSE && most - least >= EQUAL)
        return;
    struct buf seen = { 0 };
    seen_say(&seen, r->request);
    buf_printf(&seen,
               " failed %llu times in a row, and comes again after pauses of %.3f, %.3f and "
               "%.3f s",
               (unsigned long long)n, (double)pauses[2] / (double)CLOCK_S,
               (double)pauses[1] / (double)CLOCK_S, (double)pauses[0] / (double)CLOCK_S);
    diagnosing_found(d, AILMENT_HAMMERED, &seen, r->request, NULL);
}

void diagnosing_repeated(struct diagnosis *d, struct seen *r)
{
    if (!has_legs(r))
        look_for_blind(d, r, 407);
    look_for_blind(d, r, 403);
    look_for_early(d, r);
    look_for_hammering(d, r);
}

/* ---- not repeated ---------------------------------------------------------------------------- */

static bool may_be_repeated(const struct seen *r)
{
    static const char *const methods[] = { "GET",    "HEAD",  "OPTIONS", "PUT",
                                           "DELETE", "TRACE", "CONNECT" };
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (say_is(r->request, FIELD_method, methods[i]))
            return true;
    return false;
}

/* How many requests of this kind there were, and whether r is the last of them. */
static bool is_last(struct diagnosis *d, const struct seen *r, uint64_t *n)
{
    bool last = true;
    struct seen *q;
    *n = 0;
    for (uint64_t i = 0; (q = seen_back(d, i)); i++) {
        if (!seen_by_proxy(d, q) || !is_same_target(q, r))
            continue;
        last = last && (q == r || q->request->seq < r->request->seq);
        ++*n;
    }
    return last;
}

static bool should_retry(const struct diagnosis *d, const struct seen *r, uint64_t n)
{
    const struct client_keys *k = &d->s->client.keys;
    bool is_reused = say_field(r->request, FIELD_exchange) > 1;
    if (diagnosing_is_case(d) && k->retry == RETRY_POLICY)
        return n == 1 && k->attempts > 1 && diagnosing_allowed(d) == 1;
    return is_reused && n == 1;
}

static void look_for_fresh_retry(struct diagnosis *d, const struct seen *r)
{
    uint64_t n;
    struct buf seen = { 0 };
    if (!seen_by_proxy(d, r) || !may_be_repeated(r) || !is_last(d, r, &n))
        return;
    bool is_mistake = should_retry(d, r, n);
    if (!is_mistake && diagnosing_is_case(d))
        return;
    seen_say(&seen, r->request);
    buf_printf(&seen,
               " got no answer: its connection%s ended first, and the request was not sent "
               "again",
               say_field(r->request, FIELD_exchange) > 1 ? ", which had been used before," : "");
    diagnosing_found(d, is_mistake ? AILMENT_NO_FRESH_RETRY : AILMENT_BROKE_OFF, &seen, r->request,
                     NULL);
}

void diagnosing_broken(struct diagnosis *d)
{
    struct seen *q;
    for (uint64_t i = 0; (q = seen_back(d, i)); i++)
        if (q->died)
            look_for_fresh_retry(d, q);
}
