/*
 * Parts of a play.
 */
#include "play_part.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void play_part_init(struct play_part *part, const struct scenario *s)
{
    *part = (struct play_part){ .scenario = s };
    if (asprintf(&part->name, "%s%s%s", s->id, s->variant ? "@" : "",
                 s->variant ? s->variant : "") < 0)
        abort();
}

void play_part_free(struct play_part *part)
{
    free(part->name);
}

/* ---- counting -------------------------------------------------------------------------------- */

static bool is_text(const struct event_value *v, const char *z)
{
    return v && strlen(z) == v->len && memcmp(z, v->text, v->len) == 0;
}

/* Requests are the client's own: what a proxy passes on to an origin is not counted again. */
static void count_event(void *arg, const struct fp_event *e)
{
    struct play_part *part = arg;
    if (e->kind == EVENT_request && !is_text(event_get(e, FIELD_via), "forward"))
        part->requests++;
    part->rules_played += e->kind == EVENT_rule;
    part->visits += e->kind == EVENT_accept && scenario_is_proxy(part->scenario, e->at);
}

void play_part_count(struct play_part *part)
{
    journal_listen(instance_journal(part->instance), count_event, part);
}

/* ---- what it says ---------------------------------------------------------------------------- */

/* Nobody can come to a proxy that refuses connections, or that the client is not to use. */
static bool can_be_visited(const struct scenario *s)
{
    const struct client_keys *k = &s->client.keys;
    return k->proxy != PROXY_NONE &&
           (k->proxy == PROXY_URL || s->actors[k->proxy].listen == LISTEN_OPEN);
}

bool play_parts_are_unused(const struct play_part *parts, size_t count, bool *was_direct)
{
    *was_direct = false;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].visits > 0 || !can_be_visited(parts[i].scenario))
            return false;
        *was_direct |= parts[i].requests > 0;
    }
    return true;
}
