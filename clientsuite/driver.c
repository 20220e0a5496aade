/*
 * Driver processes. States: hello is sent, the probe is sent, ready, failed. Operations wait in a
 * queue; what was written and not answered yet stands in a second list. Each line that comes is
 * matched to the oldest operation there that it can answer; one that answers nothing, or is no
 * reply at all, makes the driver garbled. Every operation has a deadline from when it was written:
 * past it the driver hangs.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_private.h"
#include "attach.h"
#include "clock.h"

static const int64_t HELLO_LIMIT = 60 * CLOCK_S; /* a JVM on a busy machine */
static const int64_t SHORT_LIMIT = 20 * CLOCK_S;
enum { STDERR_KEPT = 16384 };

enum operation_kind { OP_HELLO, OP_PROBE, OP_OPEN, OP_CHANGE, OP_REQUEST, OP_CANCEL, OP_CLOSE };

struct operation {
    struct operation *next;
    enum operation_kind kind;
    bool is_parallel;
    uint64_t session, id;
    struct buf line;
    int64_t limit, deadline;       /* the latter once it is written */
    const struct agent_user *user; /* NULL: nobody asks any more */
};

struct driver {
    struct agent agent;
    struct child *child;
    struct attached *attached; /* NULL: we start it */
    struct arena *hello_arena;
    bool is_ready;
    struct operation *queue, *written;
    struct buf line; /* what came of the next line */
    char errors[STDERR_KEPT];
    size_t errors_len;
    char probe[32];
    struct timer timer;
};

static struct driver *driver_of(struct agent *a)
{
    return (struct driver *)a;
}

/* ---- operations ------------------------------------------------------------------------------ */

static void append(struct operation **list, struct operation *op)
{
    while (*list)
        list = &(*list)->next;
    op->next = NULL;
    *list = op;
}

static void operation_free(struct operation *op)
{
    buf_free(&op->line);
    free(op);
}

static void drop_all(struct operation **list)
{
    for (struct operation *op; (op = *list);) {
        *list = op->next;
        operation_free(op);
    }
}

static struct operation *operation_new(enum operation_kind kind, uint64_t session,
                                       const struct agent_user *user)
{
    struct operation *op = calloc(1, sizeof(*op));
    if (!op)
        abort();
    op->kind = kind;
    op->session = session;
    op->user = user;
    op->limit = kind == OP_HELLO ? HELLO_LIMIT : SHORT_LIMIT;
    return op;
}

/* ---- failure --------------------------------------------------------------------------------- */

static void fail(struct driver *d, enum agent_failure how, const char *why)
{
    if (d->agent.has_failed)
        return;
    d->agent.has_failed = true;
    timer_set(&d->timer, CLOCK_NEVER);
    drop_all(&d->queue);
    drop_all(&d->written);
    if (d->child)
        child_stop(d->child, 0);
    char *errors = agent_stderr(&d->agent), *copy = strdup(why);
    if (!copy)
        abort();
    d->agent.owner.failed(d->agent.owner.arg, how, copy, errors);
    free(copy);
    free(errors);
}

static const char *operation_name(const struct operation *op)
{
    static const char *const names[] = { "hello",   "the unknown verb", "open", "change",
                                         "request", "cancel",           "close" };
    return names[op->kind];
}

/* ---- writing --------------------------------------------------------------------------------- */

static void set_timer(struct driver *d)
{
    int64_t first = CLOCK_NEVER;
    for (struct operation *op = d->written; op; op = op->next)
        first = op->deadline < first ? op->deadline : first;
    timer_set(&d->timer, first);
}

static void on_timer(void *arg)
{
    struct driver *d = arg;
    char why[128];
    for (struct operation *op = d->written; op; op = op->next)
        if (op->deadline <= clock_now()) {
            snprintf(why, sizeof(why), "no answer to %s within %.1f s", operation_name(op),
                     (double)op->limit / (double)CLOCK_S);
            fail(d, AGENT_HANG, why);
            return;
        }
    set_timer(d);
}

/* Parallel requests go out beside each other; all else waits for what was written before, but not
 * for the answer to a cancellation, which a driver may leave out. */
static bool may_go(const struct driver *d, const struct operation *op)
{
    if (op->kind == OP_CANCEL)
        return true;
    for (const struct operation *w = d->written; w; w = w->next)
        if (w->kind != OP_CANCEL &&
            !(w->kind == OP_REQUEST && w->is_parallel && op->kind == OP_REQUEST))
            return false;
    return true;
}

static void pump(struct driver *d)
{
    while (d->queue && may_go(d, d->queue)) {
        struct operation *op = d->queue;
        d->queue = op->next;
        if (op->kind == OP_REQUEST && op->user)
            op->user->sending(op->user->arg, op->id);
        bool has_limit = op->kind != OP_CANCEL && !d->attached;
        op->deadline = has_limit ? clock_now() + op->limit : CLOCK_NEVER;
        child_write(d->child, op->line.at, op->line.len);
        append(&d->written, op);
    }
    set_timer(d);
}

static void put(struct driver *d, struct operation *op)
{
    if (d->agent.has_failed) {
        operation_free(op);
        return;
    }
    append(&d->queue, op);
    if (d->is_ready || op->kind == OP_HELLO || op->kind == OP_PROBE)
        pump(d);
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool answers(const struct reply *reply, const struct operation *op)
{
    if (op->kind == OP_HELLO || op->kind == OP_PROBE)
        return true; /* nothing else was asked: handshake() looks whether it will do */
    switch (reply->kind) {
    case REPLY_HELLO:
        return false;
    case REPLY_UNSUPPORTED:
        if (strcmp(reply->unsupported, "cancel") == 0 || op->kind == OP_CANCEL)
            return strcmp(reply->unsupported, "cancel") == 0 && op->kind == OP_CANCEL;
        return !reply->has_id || (op->kind == OP_REQUEST && op->id == reply->id);
    case REPLY_SESSION:
        return (op->kind == OP_OPEN || op->kind == OP_CHANGE) &&
               (!reply->has_id || op->session == reply->id);
    case REPLY_CLOSED:
        return op->kind == OP_CLOSE && (!reply->has_id || op->session == reply->id);
    case REPLY_CANCELLED:
        return op->kind == OP_CANCEL;
    case REPLY_RESULT:
        return op->kind == OP_REQUEST && op->id == reply->id;
    }
    return false;
}

static struct operation *take(struct driver *d, const struct reply *reply)
{
    for (struct operation **link = &d->written; *link; link = &(*link)->next)
        if (answers(reply, *link)) {
            struct operation *op = *link;
            *link = op->next;
            return op;
        }
    return NULL;
}

static void ask_probe(struct driver *d)
{
    struct operation *op = operation_new(OP_PROBE, 0, NULL);
    snprintf(d->probe, sizeof(d->probe), "x-%08llx", (unsigned long long)clock_wall() & 0xffffffff);
    protocol_verb(&op->line, d->probe);
    put(d, op);
}

static bool handshake(struct driver *d, const struct operation *op, const struct reply *reply)
{
    if (op->kind == OP_HELLO && reply->kind == REPLY_HELLO) {
        ask_probe(d);
        return true;
    }
    if (op->kind == OP_PROBE && reply->kind == REPLY_UNSUPPORTED) {
        d->is_ready = true;
        d->agent.owner.ready(d->agent.owner.arg);
        return true;
    }
    fail(d, AGENT_GARBLED,
         op->kind == OP_HELLO ? "hello was not answered by what the client is"
                              : "a verb that does not exist was not answered by \"unsupported\"");
    return false;
}

/* False: the driver has failed. */
static bool deliver(struct driver *d, struct operation *op, const struct reply *reply)
{
    const struct agent_user *user = op->user;
    if (op->kind == OP_HELLO || op->kind == OP_PROBE)
        return handshake(d, op, reply);
    if (!user)
        return true;
    if (op->kind == OP_OPEN || op->kind == OP_CHANGE)
        user->opened(user->arg, op->session, reply->unsupported,
                     reply->result.is_error ? &reply->result : NULL);
    else if (op->kind == OP_REQUEST)
        user->answered(user->arg, op->id, reply->unsupported ? NULL : &reply->result,
                       reply->unsupported);
    return !d->agent.has_failed;
}

static void say_garbled(struct driver *d, const char *line, size_t len, const char *why)
{
    struct buf b = { 0 };
    buf_printf(&b, "%s: ", why);
    buf_json(&b, line, len < 120 ? len : 120);
    if (len > 120)
        buf_string(&b, "…");
    buf_char(&b, '\0');
    fail(d, AGENT_GARBLED, b.at);
    buf_free(&b);
}

static bool take_line(struct driver *d, const char *line, size_t len)
{
    struct arena *arena = arena_new();
    const char *why;
    const struct reply *reply = protocol_read(arena, line, len, &why);
    struct operation *op = reply ? take(d, reply) : NULL;
    bool goes_on = op != NULL;
    if (!op) {
        say_garbled(d, line, len, reply ? "a reply to nothing that was asked" : why);
    } else {
        bool is_hello = reply->kind == REPLY_HELLO && !d->hello_arena;
        if (is_hello) {
            d->hello_arena = arena;
            d->agent.hello = reply;
        }
        goes_on = deliver(d, op, reply);
        operation_free(op);
        if (is_hello)
            arena = NULL;
    }
    arena_free(arena);
    if (goes_on)
        pump(d);
    return goes_on;
}

static void add_output(struct driver *d, const char *octets, size_t len)
{
    while (len && !d->agent.has_failed) {
        const char *newline = memchr(octets, '\n', len);
        size_t n = newline ? (size_t)(newline - octets) : len;
        buf_add(&d->line, octets, n);
        if (d->line.len > PROTOCOL_LONGEST) {
            say_garbled(d, d->line.at, d->line.len, "a line of more than 1 MiB");
            return;
        }
        if (!newline)
            return;
        struct buf line = d->line;
        d->line = (struct buf){ 0 };
        while (line.len && line.at[line.len - 1] == '\r')
            line.len--;
        bool goes_on = take_line(d, line.at ? line.at : "", line.len);
        buf_free(&line);
        if (!goes_on)
            return;
        octets += n + 1;
        len -= n + 1;
    }
}

/* The last octets are kept: what it said before it died. */
static void add_errors(struct driver *d, const char *octets, size_t len)
{
    if (len >= STDERR_KEPT) {
        octets += len - STDERR_KEPT;
        len = STDERR_KEPT;
    }
    size_t over = d->errors_len + len > STDERR_KEPT ? d->errors_len + len - STDERR_KEPT : 0;
    memmove(d->errors, d->errors + over, d->errors_len - over);
    d->errors_len -= over;
    memcpy(d->errors + d->errors_len, octets, len);
    d->errors_len += len;
}

static void on_output(void *arg, enum child_stream stream, const char *octets, size_t len)
{
    struct driver *d = arg;
    if (stream == CHILD_OUTPUT)
        add_output(d, octets, len);
    else
        add_errors(d, octets, len);
}

static void on_ended(void *arg, const struct child_end *end)
{
    struct driver *d = arg;
    char why[128];
    if (d->attached)
        snprintf(why, sizeof(why), "the driver that was started by hand ended");
    else if (end->signal)
        snprintf(why, sizeof(why), "the driver was ended by signal %d (%s)", end->signal,
                 strsignal(end->signal));
    else
        snprintf(why, sizeof(why), "the driver ended with exit status %d", end->code);
    fail(d, AGENT_CRASH, why);
}

/* ---- the agent's functions ------------------------------------------------------------------- */

static void do_open(struct agent *a, uint64_t session, const struct setup *s,
                    const struct agent_user *user)
{
    struct operation *op = operation_new(OP_OPEN, session, user);
    protocol_open(&op->line, session, s);
    put(driver_of(a), op);
}

static void do_change(struct agent *a, uint64_t session, const struct setup *s,
                      const struct agent_user *user)
{
    struct operation *op = operation_new(OP_CHANGE, session, user);
    protocol_change(&op->line, session, s);
    put(driver_of(a), op);
}

static void do_request(struct agent *a, uint64_t session, uint64_t id,
                       const struct request_setup *r, const struct agent_user *user)
{
    struct operation *op = operation_new(OP_REQUEST, session, user);
    op->id = id;
    op->is_parallel = r->step->parallel;
    op->limit = agent_patience(r);
    protocol_request(&op->line, session, id, r);
    put(driver_of(a), op);
}

static void do_cancel(struct agent *a, uint64_t session, uint64_t id)
{
    struct operation *op = operation_new(OP_CANCEL, session, NULL);
    protocol_cancel(&op->line, session, id);
    struct driver *d = driver_of(a);
    if (d->agent.has_failed) {
        operation_free(op);
        return;
    }
    op->next = d->queue; /* it overtakes what waits */
    d->queue = op;
    pump(d);
}

static void do_close(struct agent *a, uint64_t session)
{
    struct operation *op = operation_new(OP_CLOSE, session, NULL);
    protocol_close(&op->line, session);
    put(driver_of(a), op);
}

static void do_forget(struct agent *a, const struct agent_user *user)
{
    struct driver *d = driver_of(a);
    struct operation *const lists[] = { d->queue, d->written };
    for (size_t i = 0; i < 2; i++)
        for (struct operation *op = lists[i]; op; op = op->next)
            if (op->user == user)
                op->user = NULL;
}

static char *do_stderr(const struct agent *a)
{
    const struct driver *d = (const struct driver *)a;
    char *copy = strndup(d->errors, d->errors_len);
    if (!copy)
        abort();
    return copy;
}

static void do_free(struct agent *a)
{
    struct driver *d = driver_of(a);
    timer_set(&d->timer, CLOCK_NEVER);
    drop_all(&d->queue);
    drop_all(&d->written);
    child_free(d->child);
    attach_free(d->attached);
    arena_free(d->hello_arena);
    buf_free(&d->line);
    free(d);
}

static const struct agent_kind driver_kind = {
    .free = do_free,
    .open = do_open,
    .change = do_change,
    .request = do_request,
    .cancel = do_cancel,
    .close = do_close,
    .forget = do_forget,
    .stderr_text = do_stderr,
};

static void on_no_start(void *arg)
{
    struct driver *d = arg;
    char why[512];
    snprintf(why, sizeof(why), "the driver %.200s cannot be started: %.200s",
             d->agent.options.variant->driver[0], d->errors);
    d->errors_len = 0;
    fail(d, AGENT_CRASH, why);
}

struct agent *driver_start(const struct agent_options *options, const struct agent_owner *owner)
{
    struct driver *d = calloc(1, sizeof(*d));
    if (!d)
        abort();
    d->agent = (struct agent){ .kind = &driver_kind, .options = *options, .owner = *owner };
    if (options->is_attached)
        d->attached = attach_new(options);
    char *const *argv =
        d->attached ? attach_argv(d->attached) : (char *const *)(uintptr_t)options->variant->driver;
    struct child_options child = { .argv = argv,
                                   .environment = options->environment,
                                   .folder = options->variant->profile->folder,
                                   .piped = true,
                                   .output = on_output,
                                   .ended = on_ended,
                                   .arg = d };
    if (d->attached || !options->is_attached)
        d->child = child_start(options->children, &child);
    if (!d->child) { /* told from the loop, as every failure is */
        snprintf(d->errors, sizeof(d->errors), "%s", strerror(errno));
        timer_init(&d->timer, options->base, on_no_start, d);
        timer_set(&d->timer, 0);
        return &d->agent;
    }
    timer_init(&d->timer, options->base, on_timer, d);
    struct operation *op = operation_new(OP_HELLO, 0, NULL);
    protocol_hello(&op->line, options->variant->name);
    put(d, op);
    return &d->agent;
}
