/*
 * Waiting for events. A waiter stands on its caller's stack; the loop holds it in the instance's
 * list until it has a result.
 */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "clock.h"
#include "journal_json.h"

enum { PENDING = -2 }; /* else enum fakeproxy_waited */

struct waiter {
    struct waiter *next;
    struct fakeproxy_instance *instance;
    struct lookup *lookup;
    struct buf line;
    int result; /* under the lock */
};

/* ---- on the loop ----------------------------------------------------------------------------- */

static void leave(struct waiter *w)
{
    struct waiter **link = &w->instance->waiters;
    while (*link && *link != w)
        link = &(*link)->next;
    if (*link)
        *link = w->next;
}

/* From here on it is the caller's again. */
static void finish(struct waiter *w, enum fakeproxy_waited result)
{
    leave(w);
    api_tell(w->instance->owner, &w->result, result);
}

static bool see(struct waiter *w, const struct fp_event *e)
{
    if (!lookup_see(w->lookup, e))
        return false;
    journal_json(&w->line, e, false);
    finish(w, FAKEPROXY_EVENT);
    return true;
}

void api_wait_see(struct fakeproxy_instance *in, const struct fp_event *e)
{
    for (struct waiter *w = in->waiters, *next; w; w = next) {
        next = w->next;
        see(w, e);
    }
}

void api_wait_end(struct fakeproxy_instance *in)
{
    while (in->waiters)
        finish(in->waiters, FAKEPROXY_ENDED);
}

static void begin(void *arg)
{
    struct waiter *w = arg;
    struct fakeproxy_instance *in = w->instance;
    const struct journal *j = in->core ? instance_journal(in->core) : NULL;
    for (const struct fp_event *e = j ? journal_first(j) : NULL; e; e = journal_next(j, e)) {
        if (see(w, e))
            return;
        if (e->kind == EVENT_end)
            break;
    }
    if (!in->core || in->ended) {
        finish(w, FAKEPROXY_ENDED);
        return;
    }
    w->next = in->waiters;
    in->waiters = w;
}

static void give_up(void *arg)
{
    struct waiter *w = arg;
    if (w->result == PENDING)
        finish(w, FAKEPROXY_TIMEOUT);
}

/* ---- the caller's ---------------------------------------------------------------------------- */

static struct lookup *load(struct fakeproxy_instance *in, const char *match, char **text)
{
    struct complaints *complaints = complaints_new();
    struct lookup *k = lookup_new(in->scenario, in->scope, match, strlen(match), complaints);
    api_tell_complaints(complaints, text);
    return k;
}

enum fakeproxy_waited fakeproxy_wait(struct fakeproxy_instance *in, const char *match,
                                     int timeout_ms, char **text)
{
    struct fakeproxy *fp = in->owner;
    int64_t deadline = timeout_ms < 0 ? CLOCK_NEVER : clock_now() + timeout_ms * CLOCK_MS;
    struct waiter w = { .instance = in, .result = PENDING };
    api_count(fp, &in->waiting, 1);
    w.lookup = load(in, match, text);
    if (w.lookup) {
        api_call(fp, begin, &w);
        api_wait(fp, &w.result, PENDING, deadline);
        api_call(fp, give_up, &w);
    }
    enum fakeproxy_waited result = w.lookup ? (enum fakeproxy_waited)w.result : FAKEPROXY_ERROR;
    lookup_free(w.lookup);
    if (text && result == FAKEPROXY_EVENT) {
        w.line.at[w.line.len - 1] = '\0'; /* in place of the newline */
        *text = w.line.at;
        w.line = (struct buf){ 0 };
    }
    buf_free(&w.line);
    api_count(fp, &in->waiting, -1);
    return result;
}
