/*
 * The stubborn 407: what a proxy that wants credentials got instead.
 *
 * That they are missing proves nothing yet: many clients send none until they are asked for them.
 * So it is a suspicion, which is dropped when the proxy lets the client in for that host.
 */
#include "diagnosing.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "say.h"

/* The field line as it came. Credentials are shown where they are those of the scenario. */
static void add_field(const struct diagnosis *d, struct buf *b, const char *name,
                      struct http_slice value, bool is_known)
{
    const char *space = value.len ? memchr(value.at, ' ', value.len) : NULL;
    buf_printf(b, "\"%s: ", name);
    if (is_known && !d->options.redact) {
        say_text(b, value.at, value.len);
    } else {
        say_text(b, value.at, space ? (size_t)(space - value.at) : 0);
        buf_string(b, space ? " ***" : "***");
    }
    buf_char(b, '"');
}

/* What the proxy asks for: a challenge may have a line of its own. */
static void add_challenge(struct buf *b, const struct seen *r)
{
    struct http_head head = { .status = 0 };
    struct http_field field;
    const char *before = " and asks for ";
    seen_text(r->response, FIELD_header, &head.fields);
    buf_string(b, "; the proxy answers 407");
    for (size_t cursor = 0; http_next_field(&head, &cursor, &field);) {
        if (!http_slice_is_nocase(field.name, "Proxy-Authenticate"))
            continue;
        buf_string(b, before);
        say_text(b, field.value.at, field.value.len);
        before = ", ";
    }
}

/* ---- on the target --------------------------------------------------------------------------- */

static bool has_userinfo(struct http_slice authority)
{
    return authority.len && memchr(authority.at, '@', authority.len);
}

/* The authority of an absolute-form target, or all of an authority-form. */
static struct http_slice authority_of(struct http_slice target)
{
    const char *scheme = target.len ? memmem(target.at, target.len, "://", 3) : NULL;
    const char *end = target.at + target.len, *from = scheme ? scheme + 3 : target.at;
    const char *at = from;
    while (at < end && !memchr("/?#", *at, 3))
        at++;
    return (struct http_slice){ from, (size_t)(at - from) };
}

static bool is_in_target(const struct seen *r)
{
    struct http_slice target;
    seen_text(r->request, FIELD_target, &target);
    return has_userinfo(authority_of(target));
}

static bool is_in_host(const struct seen *r)
{
    struct http_slice host;
    return seen_header(r->request, "Host", &host) && has_userinfo(host);
}

static void look_for_userinfo(struct diagnosis *d, const struct seen *r)
{
    struct http_slice value;
    bool in_target = is_in_target(r);
    if (!in_target && !is_in_host(r))
        return;
    struct buf seen = { 0 };
    buf_printf(&seen, "a request (%s ", r->request->at);
    say_number(&seen, r->request);
    buf_printf(&seen, ") has user:password@ in its %s",
               in_target ? "request-target" : "Host field");
    if (in_target)
        seen_text(r->request, FIELD_target, &value);
    else
        seen_header(r->request, "Host", &value);
    if (!d->options.redact) {
        buf_string(&seen, ": ");
        say_text(&seen, value.at, value.len);
    }
    diagnosing_found(d, AILMENT_ON_TARGET, &seen, r->request, NULL);
}

/* ---- at an origin ---------------------------------------------------------------------------- */

static void leaked(struct diagnosis *d, enum ailment a, const struct seen *r, const char *name,
                   struct http_slice value, bool is_known)
{
    struct buf detail = { 0 };
    bool in_tunnel = say_is(r->request, FIELD_via, "tunnel");
    buf_printf(&detail, " came to the target %s with the field ",
               in_tunnel ? "inside the tunnel" : "past the proxy");
    add_field(d, &detail, name, value, is_known);
    buf_printf(&detail, "%s", a == AILMENT_AT_ORIGIN ? ", with the proxy's user and password" : "");
    diagnosing_found_in(d, a, r, diagnosing_keep(d, &detail));
}

static void look_for_leaks(struct diagnosis *d, const struct seen *r)
{
    struct http_slice value;
    struct pair pair = { 0 };
    if (seen_header(r->request, "Proxy-Authorization", &value)) {
        bool is_pair = pair_read(value, &pair);
        leaked(d, AILMENT_IN_TUNNEL, r, "Proxy-Authorization", value,
               is_pair && users_proxys(d, &pair));
        pair_free(&pair);
    }
    if (!seen_header(r->request, "Authorization", &value) || !pair_read(value, &pair))
        return;
    if (users_proxys(d, &pair))
        leaked(d, AILMENT_AT_ORIGIN, r, "Authorization", value, true);
    pair_free(&pair);
}

void diagnosing_credentials(struct diagnosis *d, struct seen *r)
{
    struct http_head head = { .status = 0 };
    if (!seen_by_proxy(d, r)) {
        look_for_leaks(d, r);
        return;
    }
    look_for_userinfo(d, r);
    seen_text(r->request, FIELD_header, &head.fields);
    if (http_count(&head, "Proxy-Authorization") > 1)
        diagnosing_found_in(d, AILMENT_TWICE, r, " has more than one field Proxy-Authorization");
    else if (say_is(r->request, FIELD_auth, "ok") && event_get(r->request, FIELD_why))
        diagnosing_found_in(
            d, AILMENT_DIGEST_MISTAKE, r,
            " is let in, but opaque did not come back unchanged (RFC 7616, section 3.4)");
}

/* ---- 407 without credentials ----------------------------------------------------------------- */

/* Is the list `name="…"` in a challenge of this answer, but without that member? */
static bool asks_without(const struct fp_event *response, const char *name, const char *member)
{
    struct http_slice challenge, element, item;
    size_t prefix = strlen(name);
    if (!seen_header(response, "Proxy-Authenticate", &challenge))
        return false;
    for (size_t at = 0; http_next_element(challenge, &at, &element);) {
        if (element.len < prefix || strncasecmp(element.at, name, prefix) != 0)
            continue;
        struct http_slice list = { element.at + prefix, element.len - prefix };
        if (list.len > 1 && list.at[0] == '"') {
            list.at++;
            list.len -= 2;
        }
        for (size_t i = 0; http_next_element(list, &i, &item);)
            if (http_slice_is_nocase(item, member))
                return false;
        return true;
    }
    return false;
}

/* Can any client that speaks the scheme answer? With Digest, auth-int is rarely spoken. */
static bool is_common(const struct fp_event *response, const char *scheme)
{
    struct http_slice name = { scheme, strlen(scheme) };
    bool is_digest = http_slice_is_nocase(name, "Digest");
    return seen_offers(response, name) &&
           (!is_digest || (!asks_without(response, "qop=", "auth") &&
                           (!asks_without(response, "algorithm=", "MD5") ||
                            !asks_without(response, "algorithm=", "SHA-256"))));
}

/* Should the client have sent some? In a case it has what the case gives it, and is to answer what
 * it can. */
static bool should_have(const struct diagnosis *d, const struct seen *r)
{
    static const char *const known[] = { "Basic", "Digest", NULL };
    const struct client *c = &d->s->client;
    bool can = false;
    if (!diagnosing_is_case(d))
        return true;
    for (size_t i = 0; i < c->step_count; i++)
        if (c->steps[i].change || c->steps[i].session >= 0 ||
            (c->steps[i].has_body && c->steps[i].body.source == BODY_STREAM))
            return false;
    for (const char *const *s = c->keys.schemes ? c->keys.schemes : known; *s; s++)
        can = can || is_common(r->response, *s);
    return can && c->keys.credential_count > 0 && c->keys.proxy == r->actor;
}

/* The case gives a step a field Authorization. */
static bool is_told_to(const struct diagnosis *d)
{
    for (size_t i = 0; i < d->s->client.step_count; i++) {
        const struct step *s = &d->s->client.steps[i];
        for (size_t k = 0; k < s->header_count; k++) {
            struct http_slice name = { s->headers[k].name.octets, s->headers[k].name.len };
            if (http_slice_is_nocase(name, "Authorization"))
                return true;
        }
    }
    return false;
}

static bool is_agent(struct http_slice agent, const char *product)
{
    size_t len = strlen(product);
    return agent.len > len && memcmp(agent.at, product, len) == 0;
}

/* curl puts a field of its own making before User-Agent, and one given with -H behind it; urllib
 * makes none, unless the target asked for it. */
static bool is_by_hand(const struct diagnosis *d, const struct seen *r, struct http_slice value)
{
    struct http_slice agent = { 0 };
    (void)seen_header(r->request, "User-Agent", &agent);
    bool is_set =
        (is_agent(agent, "curl/") && value.at > agent.at) || is_agent(agent, "Python-urllib/");
    bool is_basic = value.len > 6 && strncasecmp(value.at, "Basic ", 6) == 0;
    return seen_is_connect(r) || !is_basic || is_told_to(d) || is_set;
}

static void suspect(struct diagnosis *d, bool is_certain, enum ailment a, const struct seen *r,
                    const char *detail)
{
    if (is_certain)
        diagnosing_found_in(d, a, r, detail);
    else
        diagnosing_suspect(d, a, r, detail, r->response);
}

/* The proxy got Authorization only. */
static bool has_other_field(struct diagnosis *d, const struct seen *r)
{
    struct http_slice value;
    struct pair pair = { 0 };
    if (!seen_header(r->request, "Authorization", &value))
        return false;
    bool is_pair = pair_read(value, &pair), is_origins = is_pair && users_origins(d, &pair);
    bool is_known = is_pair && users_proxys(d, &pair);
    pair_free(&pair);
    if (is_origins)
        return false;
    enum ailment a = is_by_hand(d, r, value) ? AILMENT_AUTHORIZATION : AILMENT_ON_TARGET;
    struct buf detail = { 0 };
    buf_string(&detail, " has the field ");
    add_field(d, &detail, "Authorization", value, is_known);
    buf_printf(&detail, "%s, and no Proxy-Authorization",
               is_known ? ", with the proxy's user and password" : "");
    add_challenge(&detail, r);
    if (is_known || should_have(d, r))
        suspect(d, is_known, a, r, diagnosing_keep(d, &detail));
    buf_free(&detail);
    return true;
}

/* Does the Location of q's answer lead to r? */
static bool leads_to(struct diagnosis *d, const struct seen *q, const struct seen *r)
{
    (void)d;
    struct http_slice location, target;
    int64_t status = seen_status(q);
    if (status < 300 || status > 399 || !seen_header(q->response, "Location", &location))
        return false;
    seen_text(r->request, FIELD_target, &target);
    if (!seen_is_connect(r)) {
        bool is_path = location.len && location.at[0] == '/';
        struct http_slice path;
        seen_text(r->request, FIELD_path, &path);
        struct http_slice to = is_path ? path : target;
        return http_slice_same(location, to) ||
               (to.len == location.len + 1 && memcmp(location.at, to.at, location.len) == 0);
    }
    struct http_slice host, authority = authority_of(location);
    seen_text(r->request, FIELD_host, &host);
    return authority.len >= host.len && strncasecmp(authority.at, host.at, host.len) == 0 &&
           (authority.len == host.len || authority.at[host.len] == ':');
}

static bool is_plain(struct diagnosis *d, const struct seen *q, const struct seen *r)
{
    (void)d;
    (void)r;
    return !seen_is_connect(q);
}

static bool is_like(struct diagnosis *d, const struct seen *q, const struct seen *r)
{
    (void)d;
    return seen_is_connect(q) == seen_is_connect(r) && seen_status(q) != 407;
}

static const char NOT_ON_CONNECT[] = " has no Proxy-Authorization, which requests for http:// to "
                                     "the same proxy have";

static void refused_without(struct diagnosis *d, const struct seen *r)
{
    enum ailment a = AILMENT_NO_CREDENTIALS;
    const char *detail = " has no Proxy-Authorization";
    struct buf text = { 0 };
    if (is_in_target(r) || has_other_field(d, r) || !should_have(d, r))
        return;
    const struct seen *q = seen_earlier(d, r, leads_to);
    if (q) {
        a = AILMENT_LOST_ON_REDIRECT;
        detail = " follows a redirect without Proxy-Authorization, which the request before had";
    } else if (seen_earlier(d, r, is_like)) {
        a = AILMENT_DROPPED;
        detail = " has no Proxy-Authorization, which an earlier request to this proxy had";
    } else if (seen_is_connect(r) && seen_earlier(d, r, is_plain)) {
        a = AILMENT_NOT_ON_CONNECT;
        detail = NOT_ON_CONNECT;
    }
    buf_string(&text, detail);
    add_challenge(&text, r);
    diagnosing_suspect(d, a, r, diagnosing_keep(d, &text), q ? q->response : r->response);
}

void diagnosing_407(struct diagnosis *d, struct seen *r)
{
    if (seen_has_credentials(r))
        diagnosing_refused(d, r);
    else
        refused_without(d, r);
}

/* ---- suspicions ------------------------------------------------------------------------------ */

static bool same_text(const struct fp_event *a, const struct fp_event *b, enum field_id field)
{
    struct http_slice x, y;
    seen_text(a, field, &x);
    seen_text(b, field, &y);
    return http_slice_same(x, y);
}

void diagnosing_let_in(struct diagnosis *d, struct seen *r)
{
    size_t kept = 0;
    bool is_in = seen_has_credentials(r) || say_is(r->request, FIELD_auth, "ok");
    for (size_t i = 0; i < d->suspicion_count; i++) {
        struct suspicion *s = &d->suspicions[i];
        bool is_refuted = is_in && s->actor == r->actor && s->ailment != AILMENT_DEAD_CONNECTION &&
                          same_text(s->request, r->request, FIELD_host) &&
                          say_is(s->request, FIELD_method, "CONNECT") == seen_is_connect(r);
        if (is_refuted)
            free(s->request);
        else
            d->suspicions[kept++] = *s;
    }
    d->suspicion_count = kept;
}

/* Credentials came after all, right or wrong? */
static bool came_later(struct diagnosis *d, const struct suspicion *s)
{
    struct seen *q;
    for (uint64_t i = 0; (q = seen_back(d, i)); i++)
        if (q->request->seq > s->request->seq && q->actor == s->actor && seen_has_credentials(q) &&
            say_is(s->request, FIELD_method, "CONNECT") == seen_is_connect(q) &&
            same_text(s->request, q->request, FIELD_host))
            return true;
    return false;
}

static bool has_plain(struct diagnosis *d, int actor)
{
    struct seen *q;
    for (uint64_t i = 0; (q = seen_back(d, i)); i++)
        if (q->actor == actor && seen_has_credentials(q) && !seen_is_connect(q))
            return true;
    return false;
}

static bool is_about_none(enum ailment a)
{
    return a == AILMENT_NO_CREDENTIALS || a == AILMENT_ON_TARGET || a == AILMENT_AUTHORIZATION ||
           a == AILMENT_DROPPED || a == AILMENT_LOST_ON_REDIRECT || a == AILMENT_NOT_ON_CONNECT;
}

static bool was_sent_again(struct diagnosis *d, const struct suspicion *s)
{
    struct seen *q;
    for (uint64_t i = 0; (q = seen_back(d, i)); i++)
        if (q->request->seq > s->request->seq && seen_by_proxy(d, q) &&
            same_text(s->request, q->request, FIELD_method) &&
            same_text(s->request, q->request, FIELD_target))
            return true;
    return false;
}

/* The new nonce was tried: what came of it is another matter. */
static bool followed_nonce(struct diagnosis *d, const struct suspicion *s)
{
    struct seen *q;
    for (uint64_t i = 0; (q = seen_back(d, i)); i++)
        if (q->request->seq > s->request->seq && q->actor == s->actor &&
            same_text(s->request, q->request, FIELD_target) &&
            !same_text(s->request, q->request, FIELD_nonce))
            return true;
    return false;
}

bool diagnosing_suspicion_holds(struct diagnosis *d, struct suspicion *s)
{
    if (s->ailment == AILMENT_NO_CREDENTIALS && say_is(s->request, FIELD_method, "CONNECT") &&
        has_plain(d, s->actor)) { /* they came later than the CONNECT */
        s->ailment = AILMENT_NOT_ON_CONNECT;
        s->detail = NOT_ON_CONNECT;
    }
    if (s->ailment == AILMENT_DEAD_CONNECTION)
        return !was_sent_again(d, s);
    if (s->ailment == AILMENT_DIGEST_STALE)
        return !followed_nonce(d, s);
    return !is_about_none(s->ailment) || !came_later(d, s);
}
