/*
 * Stories. All events are read first: the lifelines must be known before the first row, and an
 * answer is told together with how it ended.
 */
#include "story.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "journal.h"
#include "memory.h"

/* What happens later than this is told in a row of its own, and such silence, too. */
static const int64_t TOGETHER = 50 * CLOCK_MS;
static const int64_t SILENCE = 100 * CLOCK_MS;

struct story {
    struct arena *arena; /* names, texts */
    struct fp_event **events;
    size_t count;
    struct cast cast;
    struct story_row *rows;
    size_t row_count;
};

struct story *story_new(void)
{
    struct story *s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    s->arena = arena_new();
    return s;
}

void story_free(struct story *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        free(s->events[i]);
    free(s->events);
    free(s->rows);
    cast_free(&s->cast);
    arena_free(s->arena);
    free(s);
}

/* ---- events ---------------------------------------------------------------------------------- */

/* The actor's name as the cast has it; a new actor gets its lifeline: proxies before origins. */
static const char *actor_of(struct story *s, const struct fp_event *e)
{
    struct cast *c = &s->cast;
    if (c->count == 0) {
        c->names = memory_grow(c->names, c->count, sizeof(*c->names));
        c->names[c->count++] = "client";
    }
    if (strcmp(e->at, "client") == 0 || strcmp(e->at, "suite") == 0)
        return c->names[0];
    int known = cast_find(c, e->at);
    if (known > 0)
        return c->names[known];
    bool is_origin = event_get(e, FIELD_via) != NULL;
    c->names = memory_grow(c->names, c->count, sizeof(*c->names));
    c->origins += is_origin;
    size_t at = is_origin ? c->count : c->count - c->origins;
    memmove(&c->names[at + 1], &c->names[at], (c->count - at) * sizeof(*c->names));
    c->count++;
    return c->names[at] = arena_copy(s->arena, e->at, strlen(e->at));
}

void story_event(struct story *s, const struct fp_event *event)
{
    s->events = memory_grow(s->events, s->count, sizeof(*s->events));
    struct fp_event *e = journal_copy(event);
    if (!e)
        abort();
    e->at = actor_of(s, event);
    s->events[s->count++] = e;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool same_exchange(const struct fp_event *a, const struct fp_event *b)
{
    return a->at == b->at && say_field(a, FIELD_connection) == say_field(b, FIELD_connection) &&
           say_field(a, FIELD_exchange) == say_field(b, FIELD_exchange);
}

/* The position of the event that says how the answer at i went out, if it went out whole and at
 * once; else 0. */
static size_t end_of_answer(const struct story *s, size_t i)
{
    const struct fp_event *e = s->events[i];
    for (size_t k = i + 1; k < s->count && s->events[k]->t - e->t < TOGETHER; k++) {
        const struct fp_event *later = s->events[k];
        if (!same_exchange(e, later))
            continue;
        return later->kind == EVENT_sent && !say_is_fault(later) ? k : 0;
    }
    return 0;
}

static bool is_lag(const struct fp_event *e)
{
    return e->kind == EVENT_note && event_get(e, FIELD_lag);
}

static bool is_of_client(const struct fp_event *e)
{
    return e->kind == EVENT_step || e->kind == EVENT_cancel || e->kind == EVENT_outcome;
}

static void tell_event(struct story *s, size_t i, int64_t start, bool *told, int64_t *last)
{
    const struct fp_event *e = s->events[i];
    size_t end = e->kind == EVENT_response ? end_of_answer(s, i) : 0;
    struct story_row r = { .row.time = (double)(e->t - start) / (double)CLOCK_S,
                           .seq = i + 1,
                           .kind = (enum event_kind)e->kind,
                           .end_seq = end ? end + 1 : 0,
                           .is_client = is_of_client(e) };
    struct buf text = { 0 };
    cast_note(&s->cast, e);
    if (!told[i] && show_row(&s->cast, e, end ? s->events[end] : NULL, &r.row, &text)) {
        if (e->t - *last >= SILENCE)
            r.pause = (double)(e->t - *last) / (double)CLOCK_S;
        *last = e->t;
        told[end] = true;
        r.row.text = arena_copy(s->arena, text.at ? text.at : "", text.len);
        r.row.len = text.len;
        s->rows = memory_grow(s->rows, s->row_count, sizeof(*s->rows));
        s->rows[s->row_count++] = r;
    }
    buf_free(&text);
}

void story_tell(struct story *s, int64_t start, enum story_style style)
{
    bool *told = calloc(s->count + 1, sizeof(*told));
    int64_t last = story_start(s);
    if (!told)
        abort();
    s->row_count = 0;
    for (size_t i = 0; i < s->count; i++)
        if (style == STORY_WHOLE || !is_lag(s->events[i]))
            tell_event(s, i, start, told, &last);
    free(told);
}

/* ---- looking --------------------------------------------------------------------------------- */

size_t story_lag(const struct story *s, int64_t *worst)
{
    size_t n = 0;
    *worst = 0;
    for (size_t i = 0; i < s->count; i++) {
        int64_t lag = is_lag(s->events[i]) ? say_field(s->events[i], FIELD_lag) : 0;
        n += is_lag(s->events[i]);
        *worst = lag > *worst ? lag : *worst;
    }
    return n;
}

int64_t story_start(const struct story *s)
{
    return s->count ? s->events[0]->t : 0;
}

const char *const *story_names(const struct story *s, size_t *count)
{
    *count = s->cast.count;
    return s->cast.names;
}

const struct story_row *story_rows(const struct story *s, size_t *count)
{
    *count = s->row_count;
    return s->rows;
}
