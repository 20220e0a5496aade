/*
 * 407 in spite of credentials: what is wrong with them. The gate has said it in the journal, in
 * words; a password is compared with the one that was wanted.
 */
#include "diagnosing.h"

#include <string.h>

#include "say.h"

static void add_quoted(struct buf *b, struct http_slice s)
{
    buf_char(b, '"');
    say_text(b, s.at, s.len);
    buf_char(b, '"');
}

static void say_altered(struct diagnosis *d, const struct seen *r, enum ailment a,
                        const char *which, struct http_slice got, const char *wanted,
                        struct buf *how)
{
    struct buf seen = { 0 };
    seen_say(&seen, r->request);
    buf_printf(&seen, " has a %s in Proxy-Authorization that is ", which);
    buf_add(&seen, how->at, how->len);
    if (!d->options.redact) {
        buf_string(&seen, ": ");
        add_quoted(&seen, got);
        buf_string(&seen, " instead of ");
        add_quoted(&seen, http_slice_of(wanted));
    }
    buf_free(how);
    diagnosing_found(d, a, &seen, r->request, r->response);
}

/* Is it one of these, changed on the way? */
static bool is_altered(struct diagnosis *d, const struct seen *r, const struct pair *p)
{
    const struct user *wanted[USERS_MAX];
    size_t count = users_wanted(d, r->actor, wanted);
    for (size_t i = 0; i < count; i++) {
        struct buf how = { 0 };
        bool is_user = http_slice_is(p->user, wanted[i]->name);
        const char *text = is_user ? wanted[i]->password : wanted[i]->name;
        struct http_slice got = is_user ? p->password : p->user;
        enum ailment a = got.len ? password_altered(got, text, &how) : AILMENTS;
        if (a != AILMENTS) {
            say_altered(d, r, a, is_user ? "password" : "user name", got, text, &how);
            return true;
        }
        buf_free(&how);
    }
    return count == 0;
}

static bool knows_user(const struct diagnosis *d, const struct seen *r, struct http_slice name)
{
    const struct user *wanted[USERS_MAX];
    size_t count = users_wanted(d, r->actor, wanted);
    for (size_t i = 0; i < count; i++)
        if (http_slice_is(name, wanted[i]->name))
            return true;
    return false;
}

static void say_wrong(struct diagnosis *d, const struct seen *r, struct http_slice user)
{
    struct buf seen = { 0 };
    bool is_known = knows_user(d, r, user);
    seen_say(&seen, r->request);
    buf_string(&seen, " has Proxy-Authorization for the user ");
    add_quoted(&seen, d->options.redact ? (struct http_slice){ "(redacted)", 10 } : user);
    buf_string(&seen, is_known ? ", and its password is another one; the proxy answers 407"
                               : ", which the proxy does not know; it answers 407");
    diagnosing_found(d, is_known ? AILMENT_WRONG_PASSWORD : AILMENT_WRONG_USER, &seen, r->request,
                     r->response);
}

static void refused_basic(struct diagnosis *d, const struct seen *r, struct http_slice value)
{
    struct pair pair;
    if (!pair_read(value, &pair))
        return;
    if (!users_right(d, r->actor, &pair) && !is_altered(d, r, &pair))
        say_wrong(d, r, pair.user);
    pair_free(&pair);
}

static bool says(const struct seen *r, const char *words)
{
    struct http_slice why;
    return seen_text(r->request, FIELD_why, &why) && why.len &&
           memmem(why.at, why.len, words, strlen(words));
}

/* The gate's words, as they stand in the journal. */
static void found_why(struct diagnosis *d, enum ailment a, const struct seen *r)
{
    struct buf seen = { 0 };
    struct http_slice why;
    seen_text(r->request, FIELD_why, &why);
    seen_say(&seen, r->request);
    buf_string(&seen, " has credentials that are not accepted: ");
    say_text(&seen, why.at, why.len);
    diagnosing_found(d, a, &seen, r->request, r->response);
}

static bool has_same_stale_nonce(struct diagnosis *d, const struct seen *q, const struct seen *r)
{
    return say_is(q->request, FIELD_auth, "stale") && seen_same(q, r, FIELD_nonce) &&
           seen_knew(d, q, r);
}

static bool was_stale(struct diagnosis *d, const struct seen *q, const struct seen *r)
{
    return say_is(q->request, FIELD_auth, "stale") && seen_same(q, r, FIELD_target) &&
           seen_knew(d, q, r);
}

static bool was_let_in(struct diagnosis *d, const struct seen *q, const struct seen *r)
{
    (void)d;
    return say_is(q->request, FIELD_auth, "ok") && seen_same(q, r, FIELD_user);
}

/* It is not about who the user is: the gate says something else, or the same user got in before,
 * or has what the case says. */
static bool is_right_user(struct diagnosis *d, const struct seen *r)
{
    bool is_about_user = says(r, "no such user") || says(r, "user's password");
    return !is_about_user || diagnosing_is_case(d) || seen_earlier(d, r, was_let_in);
}

/* Who has followed one new nonce may stop at the next. */
static void refused_stale(struct diagnosis *d, const struct seen *r)
{
    if (seen_earlier(d, r, has_same_stale_nonce))
        diagnosing_found_in(d, AILMENT_DIGEST_NONCE, r,
                            " uses a nonce again that was called stale before");
    else if (!seen_earlier(d, r, was_stale))
        diagnosing_suspect(d, AILMENT_DIGEST_STALE, r,
                           " was answered 407 with stale=true, and not repeated with the new nonce",
                           r->response);
}

static void refused_digest(struct diagnosis *d, const struct seen *r)
{
    struct http_slice user;
    seen_text(r->request, FIELD_user, &user);
    if (say_is(r->request, FIELD_auth, "stale"))
        refused_stale(d, r);
    else if (say_is(r->request, FIELD_auth, "replayed"))
        found_why(d, AILMENT_DIGEST_COUNT, r);
    else if (says(r, "uri is not the request-target"))
        found_why(d, AILMENT_DIGEST_URI, r);
    else if (users_misled(d, r->actor, user))
        return;
    else if (is_right_user(d, r))
        found_why(d, AILMENT_DIGEST_MISTAKE, r);
    else
        say_wrong(d, r, user);
}

/* The newest challenge of this proxy that the client knew when it began r; NULL: none. */
static struct seen *newest_challenge(struct diagnosis *d, const struct seen *r)
{
    struct http_slice challenge;
    struct seen *q;
    for (uint64_t i = 0; (q = seen_back(d, i)); i++)
        if (q != r && q->actor == r->actor && seen_status(q) == 407 && seen_knew(d, q, r) &&
            seen_header(q->response, "Proxy-Authenticate", &challenge))
            return q;
    return NULL;
}

/* Credentials of a scheme that this proxy does not offer. False: it does, or says nothing. Who was
 * told nothing yet, or something else, may try. */
static bool refused_scheme(struct diagnosis *d, const struct seen *r)
{
    struct http_slice scheme, challenge;
    if (!seen_text(r->request, FIELD_scheme, &scheme) ||
        !seen_header(r->response, "Proxy-Authenticate", &challenge) ||
        seen_offers(r->response, scheme))
        return false;
    struct seen *q = newest_challenge(d, r);
    struct buf seen = { 0 };
    seen_say(&seen, r->request);
    buf_string(&seen, " uses the scheme ");
    say_text(&seen, scheme.at, scheme.len);
    buf_string(&seen, "; the proxy offers ");
    say_text(&seen, challenge.at, challenge.len);
    if (q && !seen_offers(q->response, scheme))
        diagnosing_found(d, AILMENT_OTHER_SCHEME, &seen, r->request, q->response);
    else if (!q && !diagnosing_is_case(d))
        diagnosing_suspect(d, AILMENT_OTHER_SCHEME, r,
                           " uses a scheme that the proxy's challenge does not offer", r->response);
    buf_free(&seen);
    return true;
}

void diagnosing_refused(struct diagnosis *d, const struct seen *r)
{
    struct http_slice value;
    seen_header(r->request, "Proxy-Authorization", &value);
    bool is_digest = seen_is_scheme(r, "Digest");
    if (say_is(r->request, FIELD_auth, "ok") || d->index[AILMENT_TWICE] || refused_scheme(d, r) ||
        say_is(r->request, FIELD_auth, "missing"))
        return;
    if (is_digest && event_get(r->request, FIELD_auth))
        refused_digest(d, r);
    else if (say_is(r->request, FIELD_auth, "malformed"))
        found_why(d, AILMENT_MALFORMED, r);
    else if (says(r, "the token is none"))
        found_why(d, AILMENT_WRONG_TOKEN, r);
    else if (says(r, "challenge of another connection"))
        diagnosing_suspect(d, AILMENT_NTLM_CONNECTION, r,
                           " answers an NTLM challenge that another connection got", r->response);
    else
        refused_basic(d, r, value);
}
