/*
 * The kind `leak`: a text that must be nowhere in what an actor received, in error texts or in the
 * client's log. It is looked for as it is, percent-encoded (in whole or in part), and inside
 * anything base64-encoded (so behind any user name, too).
 *
 * Of what an actor received the journal keeps start lines, field lines and server names, which are
 * looked at here. All the rest (content, what travels in a tunnel, noise) was looked through while
 * it came (leaks.c): what was in it stands in the journal as the event `found`.
 */
#include <string.h>

#include "grading.h"
#include "search.h"

/* ---- sources --------------------------------------------------------------------------------- */

struct search_for {
    const char *needle;
    size_t len;
    size_t looked_at; /* fields that had something in them */
    struct finding found;
};

static void look_at_field(struct grading *g, struct search_for *s, const struct fp_event *e,
                          const struct event_value *v)
{
    if (!v->text || v->len == 0)
        return;
    s->looked_at++;
    if (s->found.kind == FINDING_BROKEN || !search_finds(s->needle, s->len, v->text, v->len))
        return;
    s->found = grading_found(g, FINDING_BROKEN, "it is in the field %s of %s",
                             field_name((enum field_id)v->field), grading_event_text(g, e));
    grading_evidence(&s->found, e);
}

/* What the client sent, as far as the journal has its octets. */
static bool is_received(enum field_id field)
{
    return field == FIELD_target || field == FIELD_header || field == FIELD_method ||
           field == FIELD_user || field == FIELD_sni;
}

/* What the actor received and the journal does not keep was looked through as it came. */
static bool stands_for_more(const struct fp_event *e)
{
    return e->kind == EVENT_body || (e->kind == EVENT_bytes && !grading_is(e, FIELD_looks, "http"));
}

static void look_at_found(struct grading *g, struct search_for *s, const struct fp_event *e)
{
    const struct event_value *v = event_get(e, FIELD_text);
    bool is_it = v && v->len == s->len && memcmp(v->text, s->needle, s->len) == 0;
    if (!is_it || s->found.kind == FINDING_BROKEN)
        return;
    s->looked_at++;
    s->found = grading_found(g, FINDING_BROKEN, "it is in what came at %s, on connection %lld",
                             e->at, (long long)grading_number(e, FIELD_connection));
    grading_evidence(&s->found, e);
}

static void look_at_actor(struct grading *g, struct search_for *s, const char *actor)
{
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        bool is_from_client = e->kind == EVENT_request || e->kind == EVENT_hello;
        if (strcmp(e->at, actor) != 0)
            continue;
        if (e->kind == EVENT_found)
            look_at_found(g, s, e);
        s->looked_at += stands_for_more(e);
        if (!is_from_client)
            continue;
        for (size_t k = 0; k < e->count; k++)
            if (is_received((enum field_id)e->values[k].field))
                look_at_field(g, s, e, &e->values[k]);
    }
}

static void look_at_errors(struct grading *g, struct search_for *s)
{
    for (size_t i = 0; i < g->c->count; i++) {
        const struct fp_event *e = g->c->events[i];
        const struct event_value *v = e->kind == EVENT_outcome ? event_get(e, FIELD_error) : NULL;
        if (v)
            look_at_field(g, s, e, v);
    }
}

static void look_at_log(struct grading *g, struct search_for *s)
{
    if (g->c->log_len == 0)
        return;
    s->looked_at++;
    if (s->found.kind != FINDING_BROKEN &&
        search_finds(s->needle, s->len, g->c->log, g->c->log_len))
        s->found = grading_found(g, FINDING_BROKEN, "it is in the client's log");
    if (s->found.evidence_count == 0)
        grading_evidence(&s->found, g->end); /* the log is no event */
}

/* ---- the kind -------------------------------------------------------------------------------- */

static void look_in(struct grading *g, struct search_for *s, const char *source)
{
    if (strcmp(source, "error") == 0)
        look_at_errors(g, s);
    else if (strcmp(source, "log") == 0)
        look_at_log(g, s);
    else
        look_at_actor(g, s, source);
}

struct finding grading_leak(struct grading *g, const struct leak_check *c)
{
    struct buf needle = { 0 }, empty = { 0 };
    text_expand(&c->text, g->env.scope, &needle);
    struct search_for s = { .needle = needle.at, .len = needle.len };
    for (const char *const *in = c->in; *in; in++) {
        size_t before = s.looked_at;
        look_in(g, &s, *in);
        if (s.looked_at == before)
            buf_printf(&empty, "%s%s", empty.len ? ", " : "; there is nothing in ", *in);
    }
    const char *nothing = grading_keep(g, &empty);
    buf_free(&needle);
    if (s.found.kind == FINDING_BROKEN)
        return s.found;
    if (s.looked_at == 0)
        return grading_found(g, FINDING_UNTESTED, "there was nothing to look at%s", nothing);
    if (!g->end)
        return grading_found(g, FINDING_UNTESTED, "the case is not over");
    struct finding f =
        grading_found(g, FINDING_HOLDS, "looked at %zu texts%s", s.looked_at, nothing);
    grading_evidence(&f, g->end);
    return f;
}
