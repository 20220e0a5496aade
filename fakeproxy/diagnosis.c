/*
 * Findings and suspicions, and who is told which event. The mistakes themselves are recognised in
 * diagnosis_auth.c (407), diagnosis_retry.c (repeating) and diagnosis_wire.c (connections).
 */
#include "diagnosing.h"

#include <stdlib.h>
#include <string.h>

#include "say.h"

enum { KIND_MISTAKE, KIND_CRITICAL, KIND_NOTE };

static const struct {
    const char *code, *layer;
    int kind;
    const char *cause, *fix;
} ailments[AILMENTS] = {
#define DIAGNOSIS(name, code, layer, kind, cause, fix) { code, layer, KIND_##kind, cause, fix },
#include "diagnosis.def"
#undef DIAGNOSIS
};

/* ---- life ------------------------------------------------------------------------------------ */

struct diagnosis *diagnosis_new(const struct scenario *s, const struct diagnosis_options *options)
{
    struct diagnosis *d = calloc(1, sizeof(*d));
    if (!d)
        abort();
    d->s = s;
    d->options = *options;
    d->arena = arena_new();
    return d;
}

void diagnosis_free(struct diagnosis *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->suspicion_count; i++)
        free(d->suspicions[i].request);
    seen_free(d);
    arena_free(d->arena);
    free(d);
}

/* ---- findings -------------------------------------------------------------------------------- */

static void add_evidence(struct diagnosed *f, const struct fp_event *e)
{
    if (e && e->seq && f->evidence_count < DIAGNOSIS_EVIDENCE)
        f->evidence[f->evidence_count++] = e->seq;
}

const char *diagnosing_keep(struct diagnosis *d, struct buf *text)
{
    const char *kept = arena_copy(d->arena, text->at ? text->at : "", text->len);
    buf_free(text);
    return kept;
}

void diagnosing_found(struct diagnosis *d, enum ailment a, struct buf *seen,
                      const struct fp_event *e, const struct fp_event *other)
{
    bool is_first = !d->index[a];
    if (is_first) {
        diagnosis_nth_code(a, &d->found[d->count]);
        d->found[d->count].seen = diagnosing_keep(d, seen);
        d->index[a] = (int)++d->count;
    }
    buf_free(seen);
    struct diagnosed *f = &d->found[d->index[a] - 1];
    f->times++;
    add_evidence(f, e);
    add_evidence(f, other);
    if (is_first && d->options.found)
        d->options.found(d->options.arg, f);
}

void diagnosing_found_in(struct diagnosis *d, enum ailment a, const struct seen *r,
                         const char *detail)
{
    struct buf seen = { 0 };
    seen_say(&seen, r->request);
    buf_string(&seen, detail);
    diagnosing_found(d, a, &seen, r->request, r->response);
}

size_t diagnosis_count(const struct diagnosis *d)
{
    return d->count;
}

const struct diagnosed *diagnosis_get(const struct diagnosis *d, size_t i)
{
    for (int notes = 0; notes < 2; notes++)
        for (size_t k = 0; k < d->count; k++)
            if (d->found[k].note == (notes == 1) && i-- == 0)
                return &d->found[k];
    return NULL;
}

/* ---- codes ----------------------------------------------------------------------------------- */

bool diagnosis_nth_code(size_t i, struct diagnosed *found)
{
    if (i >= AILMENTS)
        return false;
    *found = (struct diagnosed){ .code = ailments[i].code,
                                 .layer = ailments[i].layer,
                                 .critical = ailments[i].kind == KIND_CRITICAL,
                                 .note = ailments[i].kind == KIND_NOTE,
                                 .cause = ailments[i].cause,
                                 .fix = ailments[i].fix };
    return true;
}

bool diagnosis_of_code(const char *code, struct diagnosed *found)
{
    for (size_t i = 0; diagnosis_nth_code(i, found); i++)
        if (strcmp(found->code, code) == 0)
            return true;
    return false;
}

/* ---- suspicions ------------------------------------------------------------------------------ */

void diagnosing_suspect(struct diagnosis *d, enum ailment a, const struct seen *r,
                        const char *detail, const struct fp_event *other)
{
    struct fp_event *copy = NULL;
    if (d->suspicion_count < SUSPICIONS_MAX)
        copy = journal_copy(r->request);
    if (copy)
        d->suspicions[d->suspicion_count++] = (struct suspicion){ .ailment = a,
                                                                  .request = copy,
                                                                  .actor = r->actor,
                                                                  .detail = detail,
                                                                  .other = other ? other->seq : 0 };
}

static void resolve(struct diagnosis *d)
{
    for (size_t i = 0; i < d->suspicion_count; i++) {
        struct suspicion *s = &d->suspicions[i];
        struct buf seen = { 0 };
        if (diagnosing_suspicion_holds(d, s)) {
            struct fp_event other = { .seq = s->other };
            seen_say(&seen, s->request);
            buf_string(&seen, s->detail);
            diagnosing_found(d, s->ailment, &seen, s->request, &other);
        }
        free(s->request);
    }
    d->suspicion_count = 0;
}

bool diagnosing_is_case(const struct diagnosis *d)
{
    return d->s->client.step_count > 0;
}

uint64_t diagnosing_allowed(const struct diagnosis *d)
{
    uint64_t n = 0;
    for (size_t i = 0; i < d->s->client.step_count; i++)
        n += d->s->client.steps[i].copies ? d->s->client.steps[i].copies : 1;
    return n ? n : 1;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void take_request(struct diagnosis *d, const struct fp_event *e)
{
    struct seen *r = seen_of(d, e);
    if (!r || r->request->seq != e->seq)
        return;
    diagnosing_credentials(d, r);
    if (d->s->actors[r->actor].is_proxy)
        diagnosing_repeated(d, r);
}

static void take_response(struct diagnosis *d, const struct fp_event *e)
{
    struct seen *r = seen_of(d, e);
    int64_t status = say_field(e, FIELD_status);
    if (!r || status < 200 || !d->s->actors[r->actor].is_proxy)
        return;
    if (status == 407)
        diagnosing_407(d, r);
    else
        diagnosing_let_in(d, r);
}

void diagnosis_event(struct diagnosis *d, const struct fp_event *e)
{
    if (d->over)
        return;
    if (e->kind == EVENT_end) {
        d->over = true;
        return;
    }
    seen_event(d, e);
    if (e->kind == EVENT_request)
        take_request(d, e);
    else if (e->kind == EVENT_response)
        take_response(d, e);
    diagnosing_wire(d, e);
}

void diagnosis_end(struct diagnosis *d, uint64_t lost)
{
    d->over = true;
    resolve(d);
    diagnosing_broken(d);
    diagnosing_paths(d, lost);
}

/* ---- the scenario's own words ---------------------------------------------------------------- */

static const struct verdict *missed(const struct graded *g)
{
    for (size_t i = 0; i < g->count; i++) {
        const struct verdict *v = &g->verdicts[i];
        if (!v->house && (v->kind == VERDICT_FAIL || v->kind == VERDICT_WEAK))
            return v;
    }
    return NULL;
}

void diagnosis_fall_back(struct diagnosis *d, const struct graded *g)
{
    const struct verdict *v = missed(g);
    const struct diagnosed *first = diagnosis_get(d, 0);
    if (!v || (first && !first->note) || d->count > AILMENTS || !d->s->cause || !d->s->fix)
        return;
    struct buf seen = { 0 };
    buf_printf(&seen, "%s%s%s", v->says ? v->says : v->id, v->sentence[0] ? ": " : "", v->sentence);
    struct diagnosed *f = &d->found[d->count++];
    *f = (struct diagnosed){ .code = "as-the-scenario-says",
                             .layer = d->s->layer ? d->s->layer : "client",
                             .critical = v->critical,
                             .cause = d->s->cause,
                             .fix = d->s->fix,
                             .evidence_count = v->evidence_count,
                             .times = 1 };
    f->seen = diagnosing_keep(d, &seen);
    for (size_t i = 0; i < v->evidence_count && i < DIAGNOSIS_EVIDENCE; i++)
        f->evidence[i] = v->evidence[i];
}

struct diagnosis *diagnose(const struct grade_case *c, bool redact)
{
    struct diagnosis *d =
        diagnosis_new(c->scenario, &(struct diagnosis_options){ .redact = redact });
    for (size_t i = 0; i < c->count; i++)
        diagnosis_event(d, c->events[i]);
    if (d->over) /* else what is missing may yet come */
        diagnosis_end(d, c->lost);
    return d;
}
