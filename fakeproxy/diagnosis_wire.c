/*
 * Connections: the wrong protocol, tunnels that were refused, certificates, a client that left, one
 * that went past the proxy or never came.
 */
#include "diagnosing.h"

#include <string.h>
#include <strings.h>

#include "clock.h"
#include "say.h"

static const int64_t READ_BY_THEN = 100 * CLOCK_MS;

static void found(struct diagnosis *d, enum ailment a, const struct fp_event *e, const char *detail)
{
    struct buf seen = { 0 };
    buf_printf(&seen, "%s ", e->at);
    say_number(&seen, e);
    buf_string(&seen, detail);
    diagnosing_found(d, a, &seen, e, NULL);
}

static const struct actor *actor_of(const struct diagnosis *d, const struct wire *w)
{
    return &d->s->actors[w->actor];
}

/* ---- the wrong protocol ---------------------------------------------------------------------- */

static bool was_refused(const struct wire *w)
{
    return w->last && seen_is_connect(w->last) && seen_status(w->last) >= 300;
}

static void found_after_refusal(struct diagnosis *d, const struct wire *w, const struct fp_event *e,
                                const char *detail)
{
    struct buf seen = { 0 };
    seen_say(&seen, w->last->request);
    buf_printf(&seen, " was answered %d, %s", (int)seen_status(w->last), detail);
    diagnosing_found(d, AILMENT_TLS_AFTER_REFUSAL, &seen, e, w->last->response);
}

static void look_at_octets(struct diagnosis *d, const struct wire *w, const struct fp_event *e)
{
    const struct actor *a = actor_of(d, w);
    if (!a->is_proxy || say_field(e, FIELD_inside))
        return;
    if (say_is(e, FIELD_looks, "http") && a->tls.on && !w->in_tls)
        found(d, AILMENT_HTTP_PROXY, e,
              ": the first octets are those of HTTP, and the proxy speaks TLS");
    if (!say_is(e, FIELD_looks, "tls"))
        return;
    if (was_refused(w))
        found_after_refusal(d, w, e, "and then TLS came all the same");
    else if (w->requests == 0 && !a->tls.on && d->s->client.keys.proxy != PROXY_URL)
        found(d, AILMENT_HTTPS_PROXY, e,
              ": the first octets are those of TLS, and the proxy speaks plain HTTP");
}

static void look_at_form(struct diagnosis *d, const struct fp_event *e)
{
    struct buf seen = { 0 };
    struct http_slice host, target;
    seen_text(e, FIELD_target, &target);
    if (!say_is(e, FIELD_form, "origin") || !d->s->house.form ||
        say_is(e, FIELD_method, "CONNECT") || !target.len || target.at[0] != '/')
        return;
    seen_say(&seen, e);
    buf_string(&seen, " names a path only, as it is said to the target itself");
    if (seen_header(e, "Host", &host)) {
        buf_string(&seen, "; Host: ");
        say_text(&seen, host.at, host.len);
    }
    diagnosing_found(d, AILMENT_NOT_A_PROXY, &seen, e, NULL);
}

/* ---- redirects of a CONNECT ------------------------------------------------------------------ */

static bool leads_to(const struct seen *q, struct http_slice host)
{
    struct http_slice location, own;
    seen_text(q->request, FIELD_host, &own);
    if (!seen_header(q->response, "Location", &location) || !host.len ||
        (own.len == host.len && strncasecmp(own.at, host.at, host.len) == 0))
        return false;
    const char *at = location.len ? memmem(location.at, location.len, "://", 3) : NULL;
    size_t left = at ? (size_t)(location.at + location.len - at - 3) : 0;
    return left >= host.len && strncasecmp(at + 3, host.at, host.len) == 0 &&
           (left == host.len || memchr(":/?#", at[3 + host.len], 4));
}

static void look_for_redirect(struct diagnosis *d, const struct fp_event *e)
{
    struct http_slice host;
    struct seen *q;
    seen_text(e, FIELD_host, &host);
    for (uint64_t i = 0; (q = seen_back(d, i)); i++) {
        int64_t status = seen_status(q);
        if (q->request->seq >= e->seq || !seen_is_connect(q) || status < 300 || status > 399 ||
            !q->answered || !leads_to(q, host))
            continue;
        struct buf seen = { 0 };
        seen_say(&seen, e);
        buf_printf(&seen, " follows the Location of the %d that the proxy gave to a CONNECT",
                   (int)status);
        diagnosing_found(d, AILMENT_CONNECT_REDIRECT, &seen, e, q->response);
        return;
    }
}

/* ---- dead connections ------------------------------------------------------------------------ */

/* What came behind our FIN: was it sent again elsewhere? That shows at the end only. */
static void suspect_dead(struct diagnosis *d, struct wire *w, const struct fp_event *e)
{
    struct seen lost = { .request = (struct fp_event *)(uintptr_t)e, .actor = w->actor };
    bool is_known = w->ended && seen_began(e) - w->ended > READ_BY_THEN;
    bool is_final = say_is(e, FIELD_method, "POST") || say_is(e, FIELD_method, "PATCH");
    if (is_known && actor_of(d, w)->is_proxy && !is_final)
        diagnosing_suspect(d, AILMENT_DEAD_CONNECTION, &lost,
                           " was written into a connection that the proxy had ended before, and "
                           "not sent again",
                           NULL);
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static bool is_about_certificate(const struct fp_event *e)
{
    static const char *const names[] = { "unknown_ca", "bad_certificate", "certificate_unknown",
                                         "unsupported_certificate", "certificate_expired" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (say_is(e, FIELD_description, names[i]))
            return true;
    return false;
}

/* A bad certificate is rightly refused: there is nothing to say. */
static void look_at_alert(struct diagnosis *d, const struct wire *w, const struct fp_event *e)
{
    const struct tls_choice *tls = &actor_of(d, w)->tls;
    if (!say_is(e, FIELD_by, "client") || !is_about_certificate(e) ||
        tls->certificate != CERT_GOOD || tls->name_count > 0)
        return;
    struct http_slice name;
    struct buf seen = { 0 };
    seen_text(e, FIELD_description, &name);
    buf_printf(&seen, "%s ", e->at);
    say_number(&seen, e);
    buf_string(&seen, ": the client refused the certificate, which is a good one, with the alert ");
    say_text(&seen, name.at, name.len);
    diagnosing_found(d, AILMENT_UNTRUSTED, &seen, e, NULL);
}

/* ---- leaving --------------------------------------------------------------------------------- */

static void keep_least(int64_t *least, int64_t limit)
{
    if (limit && limit < *least)
        *least = limit;
}

/* Whether the case tells the client to be gone by then, give or take a tenth. Its total limit began
 * with the step, whatever legs came before this request. */
static bool was_told_to_leave(const struct diagnosis *d, const struct wire *w)
{
    const struct client *c = &d->s->client;
    int64_t read = INT64_MAX, total = INT64_MAX;
    if (!diagnosing_is_case(d))
        return false;
    keep_least(&read, c->keys.read);
    keep_least(&total, c->keys.total);
    for (size_t i = 0; i < c->step_count; i++) {
        const struct step *s = &c->steps[i];
        if (s->cancel.kind != CONDITION_NONE || s->change || s->session >= 0 || s->parallel)
            return true;
        keep_least(&read, s->read);
        keep_least(&total, s->total);
    }
    return w->left - seen_began(w->last->request) >= read - read / 10 ||
           w->left - d->began >= total - total / 10;
}

static void look_for_leaving(struct diagnosis *d, struct wire *w, const struct fp_event *e)
{
    bool is_waiting = say_is(e, FIELD_action, "wait") && !say_field(e, FIELD_completed);
    if (!w->left || !w->last || !is_waiting)
        return;
    if (was_told_to_leave(d, w))
        return;
    int64_t took = w->left - seen_began(w->last->request);
    struct buf seen = { 0 };
    seen_say(&seen, w->last->request);
    buf_printf(&seen, ": the client left after %.3f s, before the answer",
               (double)took / (double)CLOCK_S);
    if (seen_status(w->last))
        buf_printf(&seen, " %d came", (int)seen_status(w->last));
    diagnosing_found(d, AILMENT_LEFT_WAITING, &seen, w->last->request, e);
}

/* ---- what the client's caller got ------------------------------------------------------------ */

static void look_at_outcome(struct diagnosis *d, const struct fp_event *e)
{
    struct http_slice step;
    struct buf seen = { 0 };
    bool is_part = say_is(e, FIELD_body, "part");
    struct seen *last = seen_back(d, 0);
    bool is_foreign = say_is(e, FIELD_body, "foreign") && last && seen_is_connect(last) &&
                      seen_status(last) >= 300;
    if (!say_is(e, FIELD_ends, "answer") || (!is_part && !is_foreign) || !d->s->house.truth)
        return;
    seen_text(e, FIELD_step, &step);
    buf_string(&seen, "step ");
    say_text(&seen, step.at, step.len);
    if (is_part) {
        buf_string(&seen, " was given to the caller as an answer, and its body is only a part of "
                          "what was sent");
        diagnosing_found(d, AILMENT_SHORT_BODY, &seen, e, NULL);
        return;
    }
    buf_printf(&seen,
               " was given to the caller as the target's answer: it is the %d that the "
               "proxy gave to CONNECT",
               (int)seen_status(last));
    diagnosing_found(d, AILMENT_FOREIGN_ANSWER, &seen, e, last->response);
}

/* ---- which event is looked at for what ------------------------------------------------------- */

static void look_at_request(struct diagnosis *d, struct wire *w, const struct fp_event *e)
{
    if (say_field(e, FIELD_ignored)) {
        suspect_dead(d, w, e);
        return;
    }
    if (actor_of(d, w)->is_proxy)
        look_at_form(d, e);
    look_for_redirect(d, e);
}

void diagnosing_wire(struct diagnosis *d, const struct fp_event *e)
{
    if (e->kind == EVENT_outcome) {
        look_at_outcome(d, e);
        return;
    }
    if (e->kind == EVENT_step || (e->kind == EVENT_request && !d->began))
        d->began = seen_began(e);
    struct wire *w = say_is(e, FIELD_via, "forward") ? NULL : wire_of(d, e);
    if (!w)
        return;
    if (e->kind == EVENT_bytes)
        look_at_octets(d, w, e);
    else if (e->kind == EVENT_request)
        look_at_request(d, w, e);
    else if (e->kind == EVENT_alert)
        look_at_alert(d, w, e);
    else if (e->kind == EVENT_rule)
        look_for_leaving(d, w, e);
    else if (e->kind == EVENT_response && w->ahead && was_refused(w))
        found_after_refusal(d, w, e, "and octets for the tunnel were there before that answer");
}

/* ---- the direct path ------------------------------------------------------------------------- */

static bool has_failed(const struct seen *r)
{
    return seen_status(r) >= 400 || r->died;
}

/* The newest request on that path that has come to something, or NULL. */
static struct seen *newest(struct diagnosis *d, bool is_direct)
{
    struct seen *q;
    for (uint64_t i = 0; (q = seen_back(d, i)); i++) {
        bool fits =
            is_direct ? say_is(q->request, FIELD_via, "direct") : d->s->actors[q->actor].is_proxy;
        if (fits && (seen_status(q) || q->died))
            return q;
    }
    return NULL;
}

static void say_end(struct buf *b, const struct seen *r)
{
    if (seen_status(r))
        buf_printf(b, "is answered %d", (int)seen_status(r));
    else
        buf_string(b, "gets no answer");
}

static void compare_paths(struct diagnosis *d)
{
    struct seen *proxied = newest(d, false), *direct = newest(d, true);
    if (!proxied || !direct || !has_failed(proxied))
        return;
    struct buf seen = { 0 };
    seen_say(&seen, proxied->request);
    buf_char(&seen, ' ');
    say_end(&seen, proxied);
    buf_string(&seen, "; directly, ");
    seen_say(&seen, direct->request);
    buf_char(&seen, ' ');
    say_end(&seen, direct);
    buf_string(&seen, has_failed(direct) ? ": both ways fail" : ": the proxy hop alone fails");
    diagnosing_found(d, has_failed(direct) ? AILMENT_TARGET_DOWN : AILMENT_PROXY_HOP, &seen,
                     proxied->request, direct->request);
}

/* A step's URL is an address that works without the proxy; other names do not resolve. */
static bool names_address(const struct diagnosis *d)
{
    for (size_t i = 0; i < d->s->client.step_count; i++) {
        const struct text *url = &d->s->client.steps[i].url;
        if (url->octets && memmem(url->octets, url->len, ".addr}", 6))
            return true;
    }
    return false;
}

static void look_for_bypass(struct diagnosis *d)
{
    bool is_mistake = !d->came || (diagnosing_is_case(d) && names_address(d));
    if (!d->came_direct || !is_mistake || !d->s->house.bypass || scenario_goes_direct(d->s))
        return;
    struct fp_event e = { .seq = d->direct_seq };
    struct buf seen = { 0 };
    buf_printf(&seen, "a connection came to the origin directly%s",
               d->came ? "" : ", and none to the proxy");
    diagnosing_found(d, AILMENT_BYPASSED, &seen, &e, NULL);
}

static bool can_be_reached(const struct diagnosis *d)
{
    for (size_t i = 0; i < d->s->actor_count; i++)
        if (d->s->actors[i].is_proxy && d->s->actors[i].listen != LISTEN_OPEN)
            return false;
    return d->s->house.reach;
}

void diagnosing_paths(struct diagnosis *d, uint64_t lost)
{
    struct buf seen = { 0 };
    compare_paths(d);
    look_for_bypass(d);
    if (d->came || d->came_direct || lost || !can_be_reached(d))
        return;
    buf_string(&seen, "no connection came to the proxy");
    diagnosing_found(d, AILMENT_NEVER_CAME, &seen, NULL, NULL);
}
