/*
 * The driver: one thread reads operations, each request runs in a thread of its own. Replies are
 * written whole, one at a time. A session is freed once it is closed and its last call has ended.
 */
#include "driver.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "driver_reply.h"
#include "mutants.h"

struct opened { /* a session, and how it is named */
    struct opened *next;
    double number;
    struct session *session;
};

struct running { /* a request */
    struct running *next;
    struct driver *driver;
    struct opened *opened;
    struct call call;
    struct json id;
    pthread_t thread;
    bool is_done;
};

struct driver {
    pthread_mutex_t mutex; /* of `is_done`, and of standard output */
    struct opened *sessions;
    struct running *requests;
};

static void say(struct driver *d, struct buf *line)
{
    buf_char(line, '\n');
    pthread_mutex_lock(&d->mutex);
    fwrite(line->at, 1, line->len, stdout);
    fflush(stdout);
    pthread_mutex_unlock(&d->mutex);
    buf_free(line);
}

static void say_unsupported(struct driver *d, const char *what, const struct json *id)
{
    struct buf b = { 0 };
    buf_string(&b, "{");
    if (id) {
        buf_string(&b, "\"id\":");
        reply_add_id(&b, id);
        buf_char(&b, ',');
    }
    buf_string(&b, "\"unsupported\":");
    buf_json(&b, what, strlen(what));
    buf_char(&b, '}');
    say(d, &b);
}

static void say_number(struct driver *d, const char *name, double number)
{
    struct buf b = { 0 };
    buf_printf(&b, "{\"%s\":%.0f}", name, number);
    say(d, &b);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static double number_of(const struct json *op, const char *key)
{
    const struct json *v = json_get(op, key);
    return v && v->type == JSON_NUMBER ? v->number : -1;
}

static struct opened *find(struct driver *d, const struct json *op)
{
    double number = number_of(op, "session");
    for (struct opened *o = d->sessions; o; o = o->next)
        if (o->number == number)
            return o;
    return NULL;
}

static void do_open(struct driver *d, const struct json *op, struct arena *scratch)
{
    const char *unsupported;
    struct session *session = session_open(op, &unsupported, scratch);
    if (!session) {
        say_unsupported(d, unsupported, NULL);
        return;
    }
    struct opened *o = calloc(1, sizeof(*o));
    if (!o)
        abort();
    *o = (struct opened){ d->sessions, number_of(op, "session"), session };
    d->sessions = o;
    say_number(d, "session", o->number);
}

static void do_change(struct driver *d, const struct json *op, struct arena *scratch)
{
    struct opened *o = find(d, op);
    const char *unsupported;
    if (!o)
        say_unsupported(d, "change", NULL);
    else if (!session_change(o->session, op, &unsupported, scratch))
        say_unsupported(d, unsupported, NULL);
    else
        say_number(d, "session", o->number);
}

static void cancel(struct running *r)
{
    uint64_t one = 1;
    if (write(r->call.limits.cancel, &one, sizeof(one)) < 0)
        abort();
}

static void release(struct running *r)
{
    pthread_join(r->thread, NULL);
    sink_free(&r->call.sink);
    close(r->call.limits.cancel);
    arena_free(r->call.arena);
    free(r);
}

/* Those that are done; with `of`, all of that session's, which are cancelled first. */
static void reap(struct driver *d, const struct opened *of)
{
    for (struct running **link = &d->requests; *link;) {
        struct running *r = *link;
        pthread_mutex_lock(&d->mutex);
        bool is_done = r->is_done;
        pthread_mutex_unlock(&d->mutex);
        if (!is_done && of != r->opened) {
            link = &r->next;
            continue;
        }
        if (!is_done)
            cancel(r);
        *link = r->next;
        release(r);
    }
}

static void close_session(struct driver *d, struct opened *o)
{
    reap(d, o);
    for (struct opened **link = &d->sessions; *link; link = &(*link)->next)
        if (*link == o) {
            *link = o->next;
            break;
        }
    session_free(o->session);
    free(o);
}

static void do_close(struct driver *d, const struct json *op)
{
    struct opened *o = find(d, op);
    double number = number_of(op, "session");
    if (o)
        close_session(d, o);
    say_number(d, "closed", number);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void *run(void *arg)
{
    struct running *r = arg;
    struct buf line = { 0 };
    call_run(&r->call);
    reply_add_outcome(&line, &r->id, &r->call);
    OPENSSL_thread_stop();
    pthread_mutex_lock(&r->driver->mutex);
    r->is_done = true;
    pthread_mutex_unlock(&r->driver->mutex);
    say(r->driver, &line);
    return NULL;
}

static void do_request(struct driver *d, const struct json *op)
{
    struct opened *o = find(d, op);
    const struct json *id = json_get(op, "id");
    if (!o || !id) {
        say_unsupported(d, "request", id);
        return;
    }
    struct running *r = calloc(1, sizeof(*r));
    if (!r)
        abort();
    r->driver = d;
    r->opened = o;
    r->call.arena = arena_new();
    r->call.limits.cancel = eventfd(0, EFD_CLOEXEC);
    sink_init(&r->call.sink);
    r->id = *id;
    if (id->type == JSON_TEXT)
        r->id.text = arena_copy(r->call.arena, id->text, id->len);
    reply_read_request(&r->call, o->session, op);
    r->next = d->requests;
    d->requests = r;
    if (pthread_create(&r->thread, NULL, run, r) != 0)
        abort();
}

static bool is_id(const struct json *a, const struct json *b)
{
    return a->type == b->type &&
           (a->type == JSON_TEXT ? strcmp(a->text, b->text) == 0 : a->number == b->number);
}

static void do_cancel(struct driver *d, const struct json *op)
{
    const struct json *id = json_get(op, "id");
    struct buf b = { 0 };
    if (!id) {
        say_unsupported(d, "cancel", NULL);
        return;
    }
    buf_string(&b, "{\"cancelled\":");
    reply_add_id(&b, id);
    buf_char(&b, '}');
    say(d, &b);
    for (struct running *r = d->requests; r; r = r->next)
        if (is_id(&r->id, id))
            cancel(r);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void do_hello(struct driver *d)
{
    struct buf b = { 0 };
    reply_add_hello(&b);
    say(d, &b);
}

static void take(struct driver *d, const struct json *op, struct arena *scratch)
{
    const struct json *verb = json_get(op, "do");
    reap(d, NULL);
    if (!verb || verb->type != JSON_TEXT)
        say_unsupported(d, "", NULL);
    else if (json_is(verb, "hello"))
        do_hello(d);
    else if (json_is(verb, "open"))
        do_open(d, op, scratch);
    else if (json_is(verb, "change"))
        do_change(d, op, scratch);
    else if (json_is(verb, "request"))
        do_request(d, op);
    else if (json_is(verb, "cancel"))
        do_cancel(d, op);
    else if (json_is(verb, "close"))
        do_close(d, op);
    else
        say_unsupported(d, verb->text, NULL);
}

static bool take_line(struct driver *d, const char *line, size_t len)
{
    struct arena *arena = arena_new();
    struct json_error error;
    const struct json *op = json_parse(arena, line, len, &error);
    if (op)
        take(d, op, arena);
    else
        fprintf(stderr, "model: not JSON: %s\n", error.what);
    arena_free(arena);
    return op != NULL;
}

int driver_run(void)
{
    struct driver d = { .mutex = PTHREAD_MUTEX_INITIALIZER };
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    bool goes_on = true;
    while (goes_on && (len = getline(&line, &room, stdin)) > 0)
        goes_on = take_line(&d, line, (size_t)len);
    free(line);
    while (d.sessions)
        close_session(&d, d.sessions);
    return goes_on ? 0 : 1;
}
