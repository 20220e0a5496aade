/*
 * Attempts: which proxy of the pool each one takes, how long lies between them, when it is enough.
 *
 * Who is blocked (403) goes to another proxy at once, since waiting does not help; who is told to
 * wait (Retry-After) waits, or goes elsewhere meanwhile; a proxy that fails twice in a row is left.
 * A wait that would end behind the deadline is not begun: the outcome so far is the answer.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "buf.h"
#include "call.h"
#include "clock.h"
#include "mutants.h"
#include "policy.h"

static const int64_t UNREACHABLE_FOR = 30 * CLOCK_S;

struct attempts {
    const struct proxy *list;
    size_t count;
    bool *left;             /* not for this call any more; one for each proxy */
    size_t at;              /* the one in use */
    unsigned in_row;        /* attempts by it that failed */
    unsigned done;          /* attempts in all */
    struct response answer; /* the last there was; status 0: none */
    size_t rotations;
};

static double chance(void)
{
    uint32_t n = 0;
    if (getrandom(&n, sizeof(n), 0) < 0)
        n = (uint32_t)clock_now();
    return (double)n / (double)UINT32_MAX;
}

/* ---- cooldowns ------------------------------------------------------------------------------- */

static const char *cooldown_key(struct call *c, const struct proxy *p)
{
    struct buf b = { 0 };
    buf_printf(&b, "%s for %s", p ? p->id : "direct",
               c->raw ? c->raw : uri_host_port(c->arena, c->uri));
    const char *key = arena_copy(c->arena, b.at, b.len);
    buf_free(&b);
    return key;
}

/* Until when the host behind it asked to be left alone. */
static int64_t cooldown(struct call *c, const struct proxy *p)
{
    return session_cooldown(c->session, cooldown_key(c, p));
}

/* The same, and whether the proxy could not be reached a short time ago. */
static int64_t unusable(struct call *c, const struct proxy *p)
{
    int64_t gone = p ? session_cooldown(c->session, p->id) : 0, asked = cooldown(c, p);
    return gone > asked ? gone : asked;
}

/* ---- the proxy of an attempt ----------------------------------------------------------------- */

static const struct proxy *proxy_at(const struct attempts *t, size_t i)
{
    return t->count ? &t->list[i] : NULL;
}

/* The next from `from` on that may be asked now; else the one that may be asked first. */
static size_t pick(struct call *c, const struct attempts *t, size_t from)
{
    int64_t now = clock_now(), best_until = CLOCK_NEVER;
    size_t best = from;
    bool found = false;
    for (size_t i = 0; i < t->count; i++) {
        size_t at = (from + i) % t->count;
        int64_t until = unusable(c, proxy_at(t, at));
        if (t->left[at])
            continue;
        if (until <= now)
            return at;
        if (!found || until < best_until)
            best = at, best_until = until;
        found = true;
    }
    return best;
}

static void first_proxy(struct call *c, struct attempts *t)
{
    struct session *s = c->session;
    pthread_mutex_lock(&s->mutex);
    size_t from = t->count == 0 ? 0 : c->settings->rotate == ROTATE_EACH ? s->turn++ : s->current;
    pthread_mutex_unlock(&s->mutex);
    t->at = t->count ? pick(c, t, from % t->count) : 0;
}

static bool has_other(const struct attempts *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (i != t->at && !t->left[i])
            return true;
    return false;
}

static void rotate(struct call *c, struct attempts *t)
{
    size_t was = t->at;
    t->at = pick(c, t, (t->at + 1) % t->count);
    t->in_row = t->at == was ? t->in_row : 0;
    pthread_mutex_lock(&c->session->mutex);
    c->session->current = t->at;
    pthread_mutex_unlock(&c->session->mutex);
}

static bool sends_unasked(void)
{
    return mutant(MUTANT_SENDS_CONTROL_CHARACTERS);
}

/* ---- credentials of mutants --------------------------------------------------------------------
 */

static void use_userinfo(struct call *c, struct gatekeeper *g)
{
    struct account *x = arena_take(c->arena, sizeof(*x));
    uri_userinfo(c->arena, c->uri->userinfo, &x->user, &x->password);
    g->accounts = x;
    g->account_count = x->user && x->password ? 1 : 0;
    g->id = x->user ? x->user : g->id;
    g->is_ready = true;
}

static void use_new_name(struct call *c, struct gatekeeper *g, const struct account *from,
                         unsigned nth)
{
    struct account *x = arena_take(c->arena, sizeof(*x));
    struct buf b = { 0 };
    *x = *from;
    buf_printf(&b, "%s-%u", from->user, nth);
    x->user = g->id = arena_copy(c->arena, b.at, b.len);
    buf_free(&b);
    g->accounts = x;
    g->account_count = 1;
}

/* Has it credentials of its own making, or none? */
static bool uses_other(struct call *c, struct gatekeeper *g, const struct proxy *p, unsigned done)
{
    bool has_account = p && p->account.user;
    bool takes_any = mutant(MUTANT_FOLLOWS_USERINFO) ||
                     (mutant(MUTANT_TARGET_USERINFO_FOR_PROXY) && !has_account);
    if (mutant(MUTANT_NEW_SESSION_AFTER_ERROR) && has_account && done > 0)
        use_new_name(c, g, &p->account, done);
    else if (takes_any && c->uri->userinfo)
        use_userinfo(c, g);
    else
        return mutant(MUTANT_DROPS_PA_ON_REDIRECT) && c->was_redirected;
    return true;
}

/* ---- taking it ------------------------------------------------------------------------------
 */

static void use_proxy(struct call *c, const struct attempts *t)
{
    const struct settings *s = c->settings;
    const struct proxy *p = proxy_at(t, t->at);
    c->proxy = p;
    if (!p && mutant(MUTANT_SENDS_PA_TO_ORIGIN))
        return; /* with what it knows of the proxy before */
    struct gatekeeper *g = &c->proxy_gate;
    unsigned asked = g->asked;
    *g = (struct gatekeeper){ .is_proxy = true,
                              .id = p ? p->id : "",
                              .asks = s->asks,
                              .is_ready = s->is_header || sends_unasked(),
                              .schemes = s->schemes,
                              .asked = asked };
    if (mutant(MUTANT_KEEPS_PA_FOR_NEXT_PROXY))
        g->id = "the proxy";
    if (uses_other(c, g, p, t->done))
        return;
    if (p && s->asks && s->pair_count) {
        g->accounts = s->pairs;
        g->account_count = s->pair_count;
    } else if (p && p->account.user) {
        g->accounts = mutant(MUTANT_SWAPS_PASSWORDS) && s->origin.user ? &s->origin : &p->account;
        g->account_count = 1;
    } else if (mutant(MUTANT_ORIGIN_PASSWORD_FOR_PROXY) && s->origin.user) {
        g->accounts = &s->origin;
        g->account_count = 1;
    }
}

/* ---- what an outcome means ------------------------------------------------------------------- */

/* 429 says that nothing was done, and Retry-After that it may be asked for again: what 9110, 9.2.2
 * wants to be known before a POST is repeated. */
static bool was_refused(const struct call *c)
{
    return c->response.status == 429 && policy_retry_after(&c->response.fields, clock_wall()) >= 0;
}

static bool may_resend(const struct call *c)
{
    if (!upload_can_start(&c->upload))
        return false;
    return call_is_idempotent(c->method) || c->settings->all_methods || !c->was_sent ||
           was_refused(c) || mutant(MUTANT_RETRIES_POST);
}

/* Octets that the reader has got cannot be taken back. */
static bool was_delivered(const struct call *c)
{
    return c->reads_stream && c->sink.bytes > 0 && !mutant(MUTANT_SPLICES_BODIES);
}

static bool is_retryable(struct call *c, int result)
{
    if (was_delivered(c) && result < 0)
        return policy_may_pass(&c->failure) && resume_prepare(c);
    if (result == 0 || c->response.status)
        return policy_may_better(c->response.status, &c->response.fields) ||
               (result < 0 && policy_may_pass(&c->failure));
    return policy_may_pass(&c->failure);
}

/* It cannot be reached, or broke before any answer. */
static bool is_dead(const struct call *c)
{
    enum kind kind = c->failure.kind;
    return kind == KIND_PROXY_UNREACHABLE || kind == KIND_TIMEOUT_CONNECT ||
           (!c->heard && (kind == KIND_RESET || kind == KIND_CLOSED_EARLY));
}

/* The proxy stands in the way, not the target: 403 from it, 429 with a wait, or unreachable. */
static bool is_blocked(const struct call *c, int result)
{
    if (result < 0 && !c->response.status)
        return is_dead(c);
    return c->response.status == 403 || c->response.status == 429;
}

static bool may_rotate(const struct call *c, const struct attempts *t)
{
    return c->settings->rotate != ROTATE_STICKY && has_other(t) && !mutant(MUTANT_NEVER_ROTATES);
}

/* What a mutant makes of a wait that was asked for. */
static int64_t mutated(const struct call *c, int64_t asked)
{
    const struct settings *s = c->settings;
    if (mutant(MUTANT_CAP_SHORTENS_RETRY_AFTER) && s->cap > 0 && asked > s->cap)
        return s->cap;
    if (mutant(MUTANT_JITTER_EARLY))
        return asked - (int64_t)((double)asked * (0.1 + chance() / 2));
    if (mutant(MUTANT_BACKOFF_OVER_RETRY_AFTER) && asked > 0)
        return s->base;
    return mutant(MUTANT_COMES_LATE) && asked > 0 ? asked + 4 * CLOCK_S : asked;
}

/* Remembers what was asked for. ns; -1: nothing was. */
static int64_t note_wait(struct call *c, const struct attempts *t, int result)
{
    const struct proxy *p = proxy_at(t, t->at);
    if (result < 0 && !c->response.status && is_dead(c) && p && t->count > 1)
        session_cool(c->session, p->id, clock_now() + UNREACHABLE_FOR);
    if (!c->response.status || c->response.status < 400)
        return -1;
    int64_t wait = policy_retry_after(&c->response.fields, clock_wall());
    if (mutant(MUTANT_RETRY_AFTER_ON_429_ONLY) && c->response.status != 429)
        return -1;
    wait = mutated(c, wait);
    if (wait >= 0)
        session_cool(c->session, cooldown_key(c, p), c->response.received + wait);
    return wait;
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* 1: waited; 0: it would take too long; -1: cancelled. The outcome stays as it was unless -1. */
static int wait_until(struct call *c, int64_t due)
{
    struct failure f;
    if (due >= c->limits.until && mutant(MUTANT_SLEEPS_PAST_DEADLINE))
        usleep((useconds_t)((c->limits.until - clock_now() + 1700 * CLOCK_MS) / 1000));
    if (due >= c->limits.until && !mutant(MUTANT_SLEEPS_BEYOND_DEADLINE))
        return 0;
    if (deadlines_sleep(&c->limits, due, &f) == 0)
        return 1;
    c->failure = f;
    return -1;
}

static int64_t spread(int64_t wait)
{
    int64_t most = wait / 10 < 100 * CLOCK_MS ? wait / 10 : 100 * CLOCK_MS;
    return (int64_t)((double)most * chance());
}

static int wait_for_retry(struct call *c, const struct attempts *t, int64_t asked)
{
    const struct settings *s = c->settings;
    int64_t from = c->response.status ? c->response.received : clock_now();
    int64_t backoff = policy_backoff(t->in_row ? t->in_row : 1, s->base, s->cap, chance());
    if (mutant(MUTANT_ATTEMPTS_DO_NOT_BACK_OFF_ERRORS) && !c->response.status)
        backoff = 0;
    if (asked < 0)
        return wait_until(c, clock_now() + backoff);
    if (s->cap > 0 && asked > s->cap)
        return 0; /* longer than the user wants to wait; sooner would be impolite */
    return wait_until(c, from + asked + (asked > 0 ? spread(asked) : 0));
}

/* Someone else was told to leave this host alone. 1: now it may be asked; 0: not in time. */
static int wait_for_cooldown(struct call *c, const struct attempts *t)
{
    bool heeds = c->settings->attempts > 1 || t->count > 1;
    if (!heeds || mutant(MUTANT_IGNORES_RETRY_AFTER))
        return 1;
    for (int64_t due; (due = cooldown(c, proxy_at(t, t->at))) > clock_now();) {
        int waited = wait_until(c, due);
        if (waited <= 0)
            return waited;
    }
    return 1;
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* Each other proxy once, at once: this costs nobody anything, so it is no retry. */
static bool go_elsewhere(struct call *c, struct attempts *t, int result)
{
    bool blocked = is_blocked(c, result);
    if (mutant(MUTANT_BURNS_POOL) && c->response.status == 407)
        blocked = true;
    if (!blocked || t->count < 2)
        return false;
    t->left[t->at] = c->response.status == 403;
    if (!may_rotate(c, t) || t->rotations + 1 >= t->count)
        return false;
    t->rotations++;
    rotate(c, t);
    return cooldown(c, proxy_at(t, t->at)) <= clock_now();
}

/* Another attempt? 1: now; 0: the outcome stands; -1: cancelled. */
static int prepare_next(struct call *c, struct attempts *t, int result)
{
    int64_t asked = note_wait(c, t, result);
    bool is_bad =
        asked < 0 || asked > CLOCK_S * 1000000 || fields_nth(&c->response.fields, "Retry-After", 1);
    if (mutant(MUTANT_BAD_RETRY_AFTER_IS_ERROR) && result == 0 &&
        fields_has(&c->response.fields, "Retry-After") && is_bad)
        return failure_set(&c->failure, KIND_OTHER, "invalid header");
    bool can_retry = is_retryable(c, result);
    c->wants_fresh = result < 0 && !c->response.status;
    t->in_row++;
    t->done++;
    if (!may_resend(c))
        return 0;
    if (go_elsewhere(c, t, result))
        return 1;
    if (mutant(MUTANT_BACKS_OFF_ON_403) && c->response.status == 403)
        return t->done < 3 ? wait_until(c, clock_now() + CLOCK_S) : 0;
    if (asked == 0 && can_retry && mutant(MUTANT_PAST_DATE_HAMMERS) && t->done < 40)
        return 1;
    if (!can_retry || (t->done >= c->settings->attempts && !mutant(MUTANT_RETRIES_FOREVER)))
        return 0;
    if (t->count > 1 && may_rotate(c, t) && t->in_row >= 2 && asked < 0)
        rotate(c, t);
    return wait_for_retry(c, t, asked);
}

static int attempt(struct call *c, struct attempts *t)
{
    use_proxy(c, t);
    if (!mutant(MUTANT_SPLICES_BODIES) && !c->resume_etag)
        sink_reset(&c->sink);
    int result = call_attempt(c);
    for (int i = 0; mutant(MUTANT_NESTED_RETRIES) && i < 2 && c->settings->attempts > 1; i++)
        if (is_retryable(c, result) && may_resend(c)) {
            sink_reset(&c->sink);
            result = call_attempt(c);
        }
    if (result < 0 && mutant(MUTANT_FALLS_BACK_TO_DIRECT) &&
        c->failure.kind == KIND_PROXY_UNREACHABLE) {
        c->proxy = NULL;
        result = call_attempt(c);
    }
    return result;
}

/* Whoever runs out of time in a later attempt is told what the one before was answered. */
static void keep_answer(struct call *c, struct attempts *t)
{
    if (c->failure.kind == KIND_TIMEOUT_TOTAL && !c->response.status)
        c->response = t->answer;
    t->answer = c->response;
}

int call_with_retries(struct call *c)
{
    struct attempts t = { 0 };
    const char *wrong = NULL;
    int result = 0, next = 1;
    if (route_uses_proxy(c->settings, c->uri))
        t.count = route_proxies(c->arena, c->settings, c->uri, &t.list, &wrong);
    if (wrong)
        return failure_set(&c->failure, KIND_CONFIG, "%s", wrong);
    t.left = arena_take(c->arena, (t.count + 1) * sizeof(*t.left));
    first_proxy(c, &t);
    while (next > 0 && (next = wait_for_cooldown(c, &t)) > 0) {
        result = attempt(c, &t);
        keep_answer(c, &t);
        next = prepare_next(c, &t, result);
    }
    if (next == 0 && !t.done)
        return failure_set(&c->failure, KIND_RATE_LIMITED,
                           "the server asked to be left alone for longer than this call may take");
    if (next < 0)
        c->response.status = 0;
    return next < 0 ? -1 : result;
}
