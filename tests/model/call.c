/*
 * Calls: redirects around attempts (RFC 9110, 15.4). What belongs to an origin (Authorization,
 * Cookie) does not follow to another; what belongs to a proxy is never part of it: each hop gets
 * its own.
 */
#include "call.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "mutants.h"
#include "policy.h"

enum { REDIRECTS_MOST = 20 };

static void set_up_origin_gate(struct call *c)
{
    struct gatekeeper *g = &c->origin_gate;
    const struct settings *s = c->settings;
    struct account *account = arena_take(c->arena, sizeof(*account));
    *account = s->origin;
    if (c->uri->userinfo &&
        uri_userinfo(c->arena, c->uri->userinfo, &account->user, &account->password) == 0)
        account->password = account->password ? account->password : "";
    if (mutant(MUTANT_SWAPS_PASSWORDS) && account->user && s->proxy_count)
        *account = s->proxies[0].account;
    if (mutant(MUTANT_PROXY_PASSWORD_FOR_ORIGIN) && !account->user && s->proxy_count)
        *account = s->proxies[0].account;
    *g = (struct gatekeeper){ .id = uri_host_port(c->arena, c->uri),
                              .accounts = account,
                              .account_count = account->user ? 1 : 0,
                              .is_ready = mutant(MUTANT_AUTHORIZATION_ON_CONNECT),
                              .schemes = s->schemes };
}

/* ---- a mutant's pool of connections ---------------------------------------------------------- */

static bool take_place(struct session *s)
{
    pthread_mutex_lock(&s->mutex);
    bool is_free = s->running < 6;
    s->running += is_free;
    pthread_mutex_unlock(&s->mutex);
    return is_free;
}

static void leave_place(struct session *s)
{
    pthread_mutex_lock(&s->mutex);
    s->running--;
    pthread_mutex_unlock(&s->mutex);
}

static bool await_place(struct call *c)
{
    for (int i = 0; i < 20; i++) {
        if (take_place(c->session))
            return true;
        usleep(5000);
    }
    failure_set(&c->failure, KIND_OTHER, "timeout: no connection of the pool is free");
    return false;
}

/* ---- redirects ------------------------------------------------------------------------------- */

static bool is_redirect(const struct call *c)
{
    int status = c->response.status;
    if (c->failure.kind != KIND_NONE && !mutant(MUTANT_FOLLOWS_3XX_OF_CONNECT))
        return false;
    if (mutant(MUTANT_CONNECT_ERROR_IS_ANSWER) && c->uri->is_https)
        return false;
    return c->settings->redirects &&
           (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) &&
           fields_has(&c->response.fields, "Location");
}

static void drop_fields(struct call *c, const char *const *names)
{
    struct fields kept = { .arena = c->arena };
    for (size_t i = 0; i < c->headers.count; i++) {
        bool drops = false;
        for (const char *const *name = names; *name; name++)
            drops |= strcasecmp(*name, c->headers.list[i].name) == 0;
        if (!drops)
            fields_add(&kept, c->headers.list[i].name, c->headers.list[i].value);
    }
    c->headers = kept;
}

/* 303, and by old habit 301 and 302 for POST, ask for GET (15.4.2 to 15.4.4). */
static void change_method(struct call *c)
{
    static const char *const of_content[] = { "Content-Type", "Content-Encoding",
                                              "Content-Language", NULL };
    int status = c->response.status;
    bool is_head = strcmp(c->method, "HEAD") == 0;
    bool is_post = strcmp(c->method, "POST") == 0;
    if ((status == 303 && !is_head) || ((status == 301 || status == 302) && is_post)) {
        c->method = "GET";
        c->upload = (struct upload){ 0 };
        drop_fields(c, of_content);
    }
}

/* 1: waited, or nothing to wait for; 0: it would take too long; -1 with a failure. */
static int wait_as_asked(struct call *c)
{
    int64_t wait = policy_retry_after(&c->response.fields, clock_wall());
    int64_t due = c->response.received + (wait > 0 ? wait : 0);
    if (wait <= 0)
        return 1;
    if (due >= c->limits.until)
        return 0;
    return deadlines_sleep(&c->limits, due, &c->failure) == 0 ? 1 : -1;
}

/* 1: the call has a new target; 0: the response stands; -1 with a failure. */
static int follow(struct call *c)
{
    static const char *const secrets[] = { "Authorization", "Cookie", "Host", NULL };
    const char *why, *location = fields_nth(&c->response.fields, "Location", 0);
    const struct uri *next = uri_resolve(c->arena, c->uri, location, &why);
    if (!next)
        return failure_set(&c->failure, KIND_REDIRECTS, "the redirect cannot be followed: %s", why);
    if (next->userinfo && !mutant(MUTANT_FOLLOWS_USERINFO))
        return failure_set(&c->failure, KIND_REDIRECTS,
                           "the redirect names a URL with credentials, which a server made up");
    int waited = wait_as_asked(c);
    if (waited <= 0)
        return waited;
    change_method(c);
    if (!upload_can_start(&c->upload))
        return failure_set(&c->failure, KIND_REDIRECTS,
                           "the redirect asks for a body that can be sent once only");
    if (!uri_same_origin(c->uri, next) && !mutant(MUTANT_KEEPS_SECRETS_ON_REDIRECT))
        drop_fields(c, secrets);
    c->was_redirected = true;
    c->uri = next;
    return 1;
}

static void dawdle(const struct call *c)
{
    if (mutant(MUTANT_SLOW_TO_REPORT_407) && c->response.status == 407)
        sleep(12);
}

static void run(struct call *c)
{
    c->limits.until = c->limits.until ? c->limits.until : CLOCK_NEVER;
    if (c->settings->wrong) {
        failure_set(&c->failure, KIND_CONFIG, "%s", c->settings->wrong);
        return;
    }
    for (int i = 0;; i++) {
        set_up_origin_gate(c);
        if (!cache_answer(c)) {
            call_with_retries(c);
            cache_store(c);
        }
        dawdle(c);
        if (!is_redirect(c))
            return;
        if (i == REDIRECTS_MOST && !mutant(MUTANT_FOLLOWS_FOREVER)) {
            failure_set(&c->failure, KIND_REDIRECTS, "more than %d redirects", REDIRECTS_MOST);
            return;
        }
        c->failure.kind = KIND_NONE;
        if (follow(c) <= 0)
            return;
    }
}

void call_run(struct call *c)
{
    if (!mutant(MUTANT_SMALL_POOL)) {
        run(c);
    } else if (await_place(c)) {
        run(c);
        leave_place(c->session);
    }
}
