/*
 * The cursor through a rule's list. Each action is polled until it says that it is done; a cut in
 * an answer or a tunnel puts the cut's end in the place of what was left. A request's list that
 * gave no answer is completed with `forward`.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "actions.h"
#include "clock.h"
#include "engine.h"

struct exchange *exchange_new(void)
{
    struct exchange *x = calloc(1, sizeof(*x));
    if (!x)
        abort();
    return x;
}

void exchange_free(struct exchange *x)
{
    if (!x)
        return;
    buf_free(&x->head);
    buf_free(&x->said);
    buf_free(&x->passed);
    buf_free(&x->held);
    answer_free(&x->answer);
    EVP_MD_CTX_free(x->digest);
    tunnel_free(x->tunnel);
    gate_auth_free(x->auth);
    gate_held_free(x->judged);
    free(x->event);
    origin_answer_free(x->built_in);
    free(x);
}

static bool waits_for_acks(const struct action *a)
{
    if (a->kind == ACTION_WAIT)
        return a->wait.kind == CONDITION_ACKED;
    const struct cut *cut = scenario_cut(a);
    return a->kind == ACTION_RESET || (cut && cut->with->kind == ACTION_RESET);
}

void script_begin(struct conn *c, const struct rule *rule, enum conn_state after)
{
    if (!c->exchange)
        c->exchange = exchange_new();
    struct exchange *x = c->exchange;
    x->rule = rule;
    x->actions = rule ? rule->actions : NULL;
    x->count = rule ? rule->action_count : 0;
    c->state = CONN_PLAYING;
    c->after_list = after;
    for (size_t i = 0; i < x->count; i++)
        if (waits_for_acks(&x->actions[i]))
            wire_tell_acks(&c->stream.wire);
}

/* ---- the event at hand ----------------------------------------------------------------------- */

/* An event, texts included, in one block. */
struct event_copy {
    struct event_draft draft;
    char octets[];
};

void script_keep_event(struct conn *c, const struct fp_event *e)
{
    struct exchange *x = c->exchange;
    if (!x->rule || !x->rule->uses_fields)
        return;
    size_t len = 0;
    for (size_t i = 0; i < e->count; i++)
        len += e->values[i].text ? e->values[i].len : 0;
    struct event_copy *copy = malloc(sizeof(*copy) + len);
    if (!copy)
        abort();
    copy->draft.event = *e;
    copy->draft.event.values = copy->draft.values;
    char *at = copy->octets;
    for (size_t i = 0; i < e->count; i++) {
        struct event_value *v = &copy->draft.values[i];
        *v = e->values[i];
        if (!v->text)
            continue;
        memcpy(at, v->text, v->len);
        v->text = at;
        at += v->len;
    }
    free(x->event);
    x->event = copy;
}

const struct fp_event *script_event(const struct conn *c)
{
    return c->exchange && c->exchange->event ? &c->exchange->event->draft.event : NULL;
}

/* ---- the cursor ------------------------------------------------------------------------------ */

static const struct action *current(const struct exchange *x)
{
    static const struct action forward = { .kind = ACTION_FORWARD, .forward = { .to = -1 } };
    const struct action *a = x->at < x->count ? &x->actions[x->at] : &forward;
    return x->is_cut ? scenario_cut(a)->with : a;
}

const char *script_cut_with(const struct exchange *x)
{
    if (x->at >= x->count || x->own_answer)
        return NULL;
    const struct cut *cut = scenario_cut(&x->actions[x->at]);
    return cut ? action_name(cut->with->kind) : NULL;
}

void script_note_left(struct exchange *x)
{
    if (!x->left)
        x->left = action_name(current(x)->kind);
}

void script_tell_left(struct conn *c, bool completed)
{
    struct exchange *x = c->exchange;
    if (!x || !x->rule || x->left_told)
        return;
    x->left_told = true;
    struct event_draft d;
    conn_event(c, &d, EVENT_rule);
    /* A tunnel whose ends have left is done, but what stands behind it was not played. */
    bool was_last = x->is_cut || x->at + 1 >= x->count;
    event_flag(&d, FIELD_completed, completed && was_last && !x->left);
    if (x->left)
        event_string(&d, FIELD_action, x->left);
    else if (x->at < x->count)
        event_string(&d, FIELD_action, action_name(current(x)->kind));
    conn_note_event(c, &d);
}

/* A request's list without an answer is completed with `forward`, which may be under way (phase);
 * lists on accept and hello just end. */
static bool goes_on(const struct exchange *x)
{
    return x->at < x->count || (x->number > 0 && (!x->answered || x->phase > 0));
}

static void next(struct exchange *x)
{
    x->at++;
    x->phase = 0;
    x->counted = 0;
    x->is_cut = false;
    x->pace = x->list_pace; /* an answer's own pace ends with it */
    answer_free(&x->answer);
}

enum progress script_poll(struct conn *c)
{
    struct exchange *x = c->exchange;
    if (x->own_answer) {
        enum progress p = answering_poll(c);
        if (p == PROGRESS_DONE)
            script_tell_left(c, false);
        return p;
    }
    while (goes_on(x)) {
        const struct action *a = current(x);
        enum progress p = action_table(a->kind)->poll(c, a);
        if (p == PROGRESS_AGAIN || p == PROGRESS_ENDED)
            return p;
        if (x->own_answer)
            return script_poll(c);
        if (p == PROGRESS_CUT) {
            x->is_cut = true;
            x->phase = 0;
        } else {
            next(x);
        }
    }
    script_tell_left(c, true);
    return PROGRESS_DONE;
}
