/*
 * What the scenario's `leak` checks look for, in all that an actor receives: header blocks,
 * content, what travels in a tunnel, noise; decrypted where the actor itself speaks TLS. A scenario
 * without such checks has no search, and costs a test of a pointer for each read.
 *
 * A text may be split over chunks of the content: that is a stream of its own beside the octets as
 * they came. Very short texts are not looked for here: in ciphertext they turn up by chance.
 */
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "search.h"

enum { SHORTEST = 6, LONGEST = 4096 };

static bool is_about(const struct leak_check *l, const char *actor)
{
    for (const char *const *in = l->in; in && *in; in++)
        if (strcmp(*in, actor) == 0)
            return true;
    return false;
}

static void add_check(struct conn *c, const struct check *check)
{
    if (is_about(&check->leak, conn_actor(c)->name)) {
        struct buf text = { 0 };
        text_expand(&check->leak.text, &c->instance->scope, &text);
        if (text.len >= SHORTEST && text.len <= LONGEST) {
            if (!c->stream.search)
                c->stream.search = search_new();
            search_add(c->stream.search, text.at, text.len);
        }
        buf_free(&text);
    }
    for (size_t i = 0; i < check->any_of_count; i++)
        add_check(c, &check->any_of[i]);
}

void leaks_begin(struct conn *c)
{
    const struct scenario *s = c->instance->scenario;
    for (size_t i = 0; s->asks_leaks && i < s->check_count; i++)
        add_check(c, &s->checks[i]);
}

void leaks_tell(struct conn *c)
{
    size_t len;
    const char *text;
    while (c->stream.search && (text = search_next(c->stream.search, &len)) != NULL) {
        struct event_draft d;
        conn_event(c, &d, EVENT_found);
        event_text(&d, FIELD_text, text, len);
        conn_note_event(c, &d);
    }
}
