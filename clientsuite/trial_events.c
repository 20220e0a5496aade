/*
 * What a trial writes into its journal: steps, cancellations, outcomes.
 */
#include <stdlib.h>
#include <string.h>

#include "bodies.h"
#include "clock.h"
#include "trial_private.h"

enum { TEXT_KEPT = 1024, LOG_KEPT = 1 << 20 };

static void begin(const struct trial *t, struct event_draft *d, enum event_kind kind,
                  const struct trial_request *r)
{
    const struct step *step = trial_step(t, r);
    event_begin(d, kind, "client");
    d->event.t = clock_now();
    d->event.wall = clock_wall();
    event_string(d, FIELD_step, step->name);
    event_string(d, FIELD_session, trial_session_name(t, step));
}

void trial_write_step(struct trial *t, struct trial_request *r)
{
    struct event_draft d;
    struct journal *journal = instance_journal(t->instance);
    begin(t, &d, EVENT_step, r);
    event_string(&d, FIELD_method, r->setup->connect ? "CONNECT" : r->setup->step->method);
    r->state = REQUEST_OUT;
    r->started = d.event.t;
    t->first = t->first ? t->first : d.event.t;
    journal_add(journal, &d);
    r->seq = journal_count(journal);
}

void trial_write_cancel(struct trial *t, struct trial_request *r)
{
    struct event_draft d;
    begin(t, &d, EVENT_cancel, r);
    r->was_cancelled = true;
    journal_add(instance_journal(t->instance), &d);
}

/* The class of what was delivered; NULL: nothing can be said. */
static const char *classify(struct trial *t, const struct trial_request *r,
                            const struct result *result, const char **rule)
{
    struct grade_case c = { .scenario = t->options.scenario,
                            .scope = instance_scope(t->instance),
                            .has_client = true };
    const struct fp_event **events = grade_events(instance_journal(t->instance), &c.count);
    c.events = events;
    /* A command may be faster with the request of a batch than its step is written. */
    bool may_be_late = t->is_batch && r != t->requests;
    struct body_step step = { .method = r->setup->step->method,
                              .url = r->setup->url,
                              .from = may_be_late ? r[-1].seq : r->seq };
    struct body_received received = { .status = result->status,
                                      .bytes = result->bytes,
                                      .sha256 = result->sha256,
                                      .head = result->head,
                                      .head_len = result->head_len };
    const char *name = body_class_name(outcome_classify(&c, &step, &received, rule));
    free(events);
    return name;
}

static void add_log(struct trial *t, const char *log)
{
    size_t len = log ? strlen(log) : 0;
    if (len > LOG_KEPT - t->log.len)
        len = LOG_KEPT - t->log.len;
    buf_add(&t->log, log, len);
}

static void add_body(struct trial *t, const struct trial_request *r, const struct result *result,
                     struct event_draft *d)
{
    const char *rule = NULL, *class = NULL;
    if (!result->has_body || (result->is_error && !result->status && !result->bytes))
        return;
    if (r->setup->url) { /* what comes out of a raw tunnel is no body of an answer */
        class = classify(t, r, result, &rule);
        event_string(d, FIELD_body, class);
        if (rule && *rule)
            event_string(d, FIELD_body_of, rule);
    }
    event_number(d, FIELD_bytes, (int64_t)result->bytes);
    if (result->head_len)
        event_text(d, FIELD_text, result->head,
                   result->head_len < TEXT_KEPT ? result->head_len : TEXT_KEPT);
}

void trial_write_outcome(struct trial *t, struct trial_request *r, const struct result *result)
{
    struct event_draft d;
    begin(t, &d, EVENT_outcome, r);
    event_string(&d, FIELD_ends, result->is_error ? "error" : "answer");
    if (result->status)
        event_number(&d, FIELD_status, result->status);
    event_string(&d, FIELD_hop, result->hop);
    if (result->headers)
        event_text(&d, FIELD_header, result->headers, result->headers_len);
    if (result->trailers)
        event_text(&d, FIELD_trailer, result->trailers, result->trailers_len);
    add_body(t, r, result, &d);
    event_string(&d, FIELD_error, result->error);
    if (result->is_error)
        event_string(&d, FIELD_kind, result->kind ? result->kind : "other");
    event_number(&d, FIELD_took, d.event.t - r->started);
    if (result->asked >= 0)
        event_number(&d, FIELD_asked, result->asked);
    r->state = REQUEST_OVER;
    t->last = d.event.t;
    add_log(t, result->log);
    journal_add(instance_journal(t->instance), &d);
}
