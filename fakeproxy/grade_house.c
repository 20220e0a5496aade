/*
 * The house checks: what must hold in every case, whatever it is about. A case turns one off, or
 * sets the limit of `storm`, under `house`. All but `ends` pass only once the case is over.
 */
#include "grading_house.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "http.h"

/* Past its total deadline a step may take so much longer. */
static const int64_t GRACE = 2 * CLOCK_S;
/* On a busy host the client and its driver wait for their turns as we do, and in more of them. */
static const int64_t LAG_FACTOR = 4;
static const int64_t TOLERANCE = 20 * CLOCK_MS;
static const int64_t DATE_TOLERANCE = 1020 * CLOCK_MS; /* a date is floored to the second */

bool house_at_proxy(const struct grading *g, const struct fp_event *e)
{
    const struct actor *a = grading_actor(g, e);
    return a && a->is_proxy;
}

/* The client's own request at an origin, not one that a proxy passed on. */
bool house_at_origin(const struct grading *g, const struct fp_event *e)
{
    const struct actor *a = grading_actor(g, e);
    return a && !a->is_proxy && !grading_is(e, FIELD_via, "forward");
}

/* Nothing was wrong: it holds if there was something to look at, and the case is over. */
struct finding house_clean(struct grading *g, size_t seen, const char *what)
{
    if (seen == 0)
        return grading_found(g, FINDING_UNTESTED, "there were no %s", what);
    if (!g->end)
        return grading_found(g, FINDING_UNTESTED, "the case is not over");
    struct finding f = grading_found(g, FINDING_HOLDS, "%s looked at: %zu", what, seen);
    grading_evidence(&f, g->end);
    return f;
}

size_t house_lines(const struct fp_event *e, const char *name)
{
    const struct event_value *v = event_get(e, FIELD_header);
    struct http_head head = { .fields = { v ? v->text : "", v ? v->len : 0 } };
    struct http_field field;
    size_t n = 0;
    for (size_t cursor = 0; v && http_next_field(&head, &cursor, &field);)
        n += http_slice_is_nocase(field.name, name);
    return n;
}

/* ---- ends ------------------------------------------------------------------------------------ */

static int64_t limit_of(const struct grading *g, const struct fp_event *step)
{
    const struct client *c = &g->s->client;
    int64_t total = c->keys.total;
    for (size_t i = 0; i < c->step_count; i++) {
        const struct step *s = &c->steps[i];
        if (!grading_is(step, FIELD_step, s->name))
            continue;
        if (s->session >= 0)
            total = c->sessions[s->session].keys.total;
        if (s->total)
            total = s->total;
    }
    return total ? total + GRACE : INT64_MAX;
}

/* The n-th outcome of a step stands for its n-th start: copies are alike. */
static const struct fp_event *outcome_of(const struct grading *g, const struct fp_event *step)
{
    size_t nth = 0;
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        bool is_same = grading_same(e, step, FIELD_step);
        nth += e->kind == EVENT_step && is_same && e->seq <= step->seq;
        if (e->kind == EVENT_outcome && is_same && e->seq > step->seq && --nth == 0)
            return e;
    }
    return NULL;
}

static struct finding say_hang(struct grading *g, const struct fp_event *step, int64_t limit)
{
    if (!g->end)
        return grading_found(g, FINDING_UNTESTED, "%s is not over", grading_event_text(g, step));
    if (grading_is(g->end, FIELD_why, "storm")) /* we ended it, not the client */
        return grading_found(g, FINDING_UNTESTED, "the case was ended: a storm");
    bool excused = grading_stood_still(g, step->t, g->end->t);
    enum finding_kind kind = excused ? FINDING_UNSURE : FINDING_BROKEN;
    const char *lag = excused ? "; but we lagged ourselves meanwhile" : "";
    const char *text = grading_event_text(g, step);
    struct finding f = limit < INT64_MAX ? grading_found(g, kind, "%s never ended; it had %.3f s%s",
                                                         text, grading_seconds(limit), lag)
                                         : grading_found(g, kind, "%s never ended%s", text, lag);
    grading_evidence(&f, step);
    grading_evidence(&f, g->end);
    return f;
}

static struct finding say_overrun(struct grading *g, const struct fp_event *step,
                                  const struct fp_event *outcome, int64_t took, int64_t limit)
{
    bool excused = grading_may_be_lag(g, step->t, outcome->t, (took - limit) / LAG_FACTOR);
    struct finding f = grading_found(
        g, excused ? FINDING_UNSURE : FINDING_BROKEN, "%s ended after %.3f s, %.3f s too late%s",
        grading_event_text(g, step), grading_seconds(took), grading_seconds(took - limit),
        excused ? "; but we lagged ourselves meanwhile" : "");
    grading_evidence(&f, step);
    grading_evidence(&f, outcome);
    return f;
}

static struct finding judge_ends(struct grading *g)
{
    size_t seen = 0;
    struct finding worst = { .kind = FINDING_HOLDS };
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *step = g->c->events[i];
        if (step->kind != EVENT_step)
            continue;
        const struct fp_event *outcome = outcome_of(g, step);
        int64_t limit = limit_of(g, step), took = outcome ? outcome->t - step->t : 0;
        struct finding f = { .kind = FINDING_HOLDS };
        if (!outcome)
            f = say_hang(g, step, limit);
        else if (took > limit)
            f = say_overrun(g, step, outcome, took, limit);
        if (f.kind > worst.kind)
            worst = f;
        seen++;
    }
    return worst.kind == FINDING_HOLDS ? house_clean(g, seen, "steps") : worst;
}

/* ---- storm ----------------------------------------------------------------------------------- */

static struct finding judge_storm(struct grading *g)
{
    size_t seen = 0;
    for (size_t a = 0; a < g->s->actor_count; a++) {
        static const enum event_kind kinds[] = { EVENT_request, EVENT_accept };
        const char *at = g->s->actors[a].name;
        for (size_t k = 0; k < 2 && g->s->actors[a].is_proxy; k++) {
            int64_t n = 0;
            const struct fp_event *last = NULL;
            for (size_t i = 0; i < g->c->count; i++)
                if (g->c->events[i]->kind == kinds[k] && strcmp(g->c->events[i]->at, at) == 0) {
                    last = g->c->events[i];
                    n++;
                }
            seen += (size_t)n;
            if (n <= g->s->house.storm)
                continue;
            struct finding f = grading_found(
                g, FINDING_BROKEN, "%" PRId64 " %s at %s; at most %" PRId64 " are right", n,
                kinds[k] == EVENT_request ? "requests" : "connections", at, g->s->house.storm);
            grading_evidence(&f, last);
            return f;
        }
    }
    return house_clean(g, seen, "connections and requests");
}

/* ---- bypass ---------------------------------------------------------------------------------- */

/* Only an origin's address can be reached without a proxy: other names do not resolve. */
static bool could_go_direct(const struct scenario *s)
{
    for (size_t i = 0; i < s->client.step_count; i++) {
        const struct text *url = &s->client.steps[i].url;
        for (size_t a = 0; a < s->actor_count && url->octets; a++) {
            char name[160];
            int len = snprintf(name, sizeof(name), "{%.128s.addr}", s->actors[a].name);
            if (!s->actors[a].is_proxy && memmem(url->octets, url->len, name, (size_t)len))
                return true;
        }
    }
    return false;
}

static struct finding judge_bypass(struct grading *g)
{
    size_t seen = 0;
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        seen += e->kind == EVENT_request && house_at_proxy(g, e);
        if (e->kind != EVENT_accept || !grading_is(e, FIELD_via, "direct"))
            continue;
        struct finding f = grading_found(g, FINDING_BROKEN, "%s came directly, past the proxy",
                                         grading_event_text(g, e));
        grading_evidence(&f, e);
        return f;
    }
    if (!could_go_direct(g->s))
        return grading_found(g, FINDING_UNTESTED, "no step names an address that works directly");
    return house_clean(g, seen, "requests at proxies");
}

/* ---- form ------------------------------------------------------------------------------------ */

/* The authority of an absolute-form target without userinfo; empty: there is none. */
static struct http_slice authority_of(const struct fp_event *request)
{
    const struct event_value *target = event_get(request, FIELD_target);
    struct http_slice authority = { "", 0 };
    const char *from = target && target->len ? memmem(target->text, target->len, "://", 3) : NULL;
    if (!from)
        return authority;
    from += strlen("://");
    authority = (struct http_slice){ from, (size_t)(target->text + target->len - from) };
    for (size_t i = 0; i < authority.len; i++)
        if (strchr("/?#", authority.at[i])) /* NUL ends it as well */
            authority.len = i;
    const char *at = authority.len ? memrchr(authority.at, '@', authority.len) : NULL;
    if (at)
        authority = (struct http_slice){ at + 1, authority.len - (size_t)(at + 1 - authority.at) };
    return authority;
}

/* Without the port that goes without saying. */
static struct http_slice without_default_port(struct http_slice authority, bool is_https)
{
    const char *port = is_https ? ":443" : ":80";
    size_t len = strlen(port);
    if (authority.len > len && memcmp(authority.at + authority.len - len, port, len) == 0)
        authority.len -= len;
    return authority;
}

/* RFC 9112, 3.2: Host is identical to the authority of the target URI. */
static bool has_other_host(const struct fp_event *request)
{
    const struct event_value *v = event_get(request, FIELD_header);
    struct http_head head = { .fields = { v ? v->text : "", v ? v->len : 0 } };
    struct http_slice authority = authority_of(request), host;
    if (authority.len == 0 || !http_find(&head, "Host", &host))
        return false;
    const struct event_value *target = event_get(request, FIELD_target);
    bool is_https = target->len > 6 && strncasecmp(target->text, "https:", 6) == 0;
    authority = without_default_port(authority, is_https);
    host = without_default_port(host, is_https);
    return authority.len != host.len || strncasecmp(authority.at, host.at, host.len) != 0;
}

static const char *wrong_form(const struct grading *g, const struct fp_event *e)
{
    bool is_options = grading_is(e, FIELD_method, "OPTIONS");
    bool at_proxy = house_at_proxy(g, e);
    if (!event_get(e, FIELD_form))
        return NULL;
    if (house_lines(e, "Host") != 1 && !grading_is(e, FIELD_version, "1.0"))
        return house_lines(e, "Host") ? "has several Host lines" : "has no Host line";
    if (at_proxy && grading_is(e, FIELD_method, "CONNECT"))
        return grading_is(e, FIELD_form, "authority") ? NULL : "is not in authority-form";
    if (is_options && grading_is(e, FIELD_form, "asterisk"))
        return NULL;
    if (at_proxy && !grading_is(e, FIELD_form, "absolute"))
        return "is not in absolute-form";
    if (at_proxy)
        return has_other_host(e) ? "has a Host that is not the target's" : NULL;
    return grading_is(e, FIELD_form, "origin") ? NULL : "is not in origin-form";
}

/* What is written to a connection that we have ended begins no exchange: whether its octets still
 * reach us is a race, so that it puts nobody to the test. */
static struct finding judge_form(struct grading *g)
{
    size_t seen = 0;
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        if (e->kind != EVENT_request || (!house_at_proxy(g, e) && !house_at_origin(g, e)))
            continue;
        seen += event_get(e, FIELD_exchange) != NULL;
        const char *what = wrong_form(g, e);
        if (!what)
            continue;
        struct finding f =
            grading_found(g, FINDING_BROKEN, "%s %s", grading_event_text(g, e), what);
        grading_evidence(&f, e);
        return f;
    }
    return house_clean(g, seen, "requests");
}

/* ---- promise --------------------------------------------------------------------------------- */

/* The answer whose promise the request broke: its moment minus the earliness is when it came. */
static const struct fp_event *promised_by(const struct grading *g, const struct fp_event *request)
{
    int64_t due = grading_time(request) + grading_number(request, FIELD_early), best = INT64_MAX;
    const struct fp_event *found = NULL;
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        if (e->seq >= request->seq || e->kind != EVENT_response || !event_get(e, FIELD_promise))
            continue;
        int64_t off = e->t + grading_number(e, FIELD_promise) - due;
        off = off < 0 ? -off : off;
        if (off <= best) {
            best = off;
            found = e;
        }
    }
    return found;
}

static struct finding judge_promise(struct grading *g)
{
    size_t seen = 0;
    struct finding worst = { .kind = FINDING_HOLDS };
    for (size_t i = 0; i < g->c->count && worst.kind != FINDING_BROKEN; i++) {
        const struct fp_event *e = g->c->events[i];
        int64_t early = e->kind == EVENT_request ? grading_number(e, FIELD_early) : 0;
        seen += e->kind == EVENT_response && event_get(e, FIELD_promise);
        const struct fp_event *answer = early > TOLERANCE ? promised_by(g, e) : NULL;
        bool is_date = answer && grading_is_date(answer);
        if (early <= (is_date ? DATE_TOLERANCE : TOLERANCE))
            continue;
        bool jumped = is_date && grading_jumped(g, answer->t, e->t);
        worst = grading_found(g, jumped ? FINDING_UNSURE : FINDING_BROKEN,
                              "%s came %.3f s before %s allowed it%s", grading_event_text(g, e),
                              grading_seconds(early),
                              answer ? grading_event_text(g, answer) : "the answer",
                              jumped ? "; but the clock was set meanwhile" : "");
        grading_evidence(&worst, answer);
        grading_evidence(&worst, e);
    }
    return worst.kind == FINDING_HOLDS ? house_clean(g, seen, "promises") : worst;
}

/* ---- truth ---------------------------------------------------------------------------------- */

/* The page of a refused CONNECT (bodies.h), and the caller can see that it is no answer of the
 * site: the client says so, or the status does, which only proxies may use (RFC 9110, 15.5.8). */
static bool is_named_refusal(const struct fp_event *e)
{
    int64_t status = grading_number(e, FIELD_status);
    return event_get(e, FIELD_body_of) &&
           (status == 407 || (status >= 300 && grading_is(e, FIELD_hop, "proxy")));
}

static struct finding judge_truth(struct grading *g)
{
    size_t seen = 0;
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        if (e->kind != EVENT_outcome || !grading_is(e, FIELD_ends, "answer") ||
            !event_get(e, FIELD_body) || grading_is(e, FIELD_body, "unknown"))
            continue;
        seen++;
        bool is_part = grading_is(e, FIELD_body, "part");
        if (!is_part && (!grading_is(e, FIELD_body, "foreign") || is_named_refusal(e)))
            continue;
        struct finding f = grading_found(
            g, FINDING_BROKEN, "%s is called an answer, but its body is %s",
            grading_event_text(g, e),
            is_part ? "only a part of what was sent" : "not what was sent for this request");
        grading_evidence(&f, e);
        return f;
    }
    return house_clean(g, seen, "answers");
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct {
    const char *id, *says;
    enum level level;
    bool critical, needs_client;
    struct finding (*judge)(struct grading *);
} checks[HOUSE_CHECKS] = {
    { "ends", "ends every step, by its total limit", LEVEL_MUST_POLICY, false, true, judge_ends },
    { "storm", "does not flood a proxy", LEVEL_MUST_POLICY, false, true, judge_storm },
    { "bypass", "never goes past the proxy", LEVEL_MUST_POLICY, false, true, judge_bypass },
    { "hop", "keeps Proxy-Authorization from origins", LEVEL_MUST_POLICY, true, false, house_hop },
    { "own-credentials", "sends a password only where it belongs", LEVEL_MUST_POLICY, true, false,
      house_own_credentials },
    { "form", "uses the right form of target, and one Host", LEVEL_MUST, false, false, judge_form },
    { "promise", "comes back no earlier than it was told", LEVEL_MUST_POLICY, false, false,
      judge_promise },
    { "truth", "takes nothing for an answer that is none", LEVEL_MUST_POLICY, true, true,
      judge_truth },
    { "quiet", "shows no password in errors", LEVEL_MUST_POLICY, false, true, house_quiet },
};

static bool is_on(const struct scenario *s, size_t i)
{
    const struct house *h = &s->house;
    const bool on[HOUSE_CHECKS] = {
        h->ends,    h->storm >= 0,      h->bypass && !scenario_goes_direct(s),
        h->hop,     h->own_credentials, h->form,
        h->promise, h->truth,           h->quiet
    };
    return on[i];
}

void grading_house(struct grading *g, struct verdict *verdicts)
{
    for (size_t i = 0; i < HOUSE_CHECKS; i++) {
        struct verdict *v = &verdicts[i];
        *v = (struct verdict){ .id = checks[i].id,
                               .says = checks[i].says,
                               .level = checks[i].level,
                               .critical = checks[i].critical,
                               .house = true,
                               .sentence = "" };
        if (!is_on(g->s, i)) {
            v->kind = VERDICT_NOT_APPLICABLE;
            v->sentence = "the case turns it off";
        } else if (checks[i].needs_client && !g->c->has_client) {
            v->kind = VERDICT_NOT_JUDGED;
            v->sentence = "needs clientsuite";
        } else {
            struct finding f = checks[i].judge(g);
            grading_decide(v, &f);
        }
    }
}
