/*
 * The walk over the shapes, and their values in words.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "event.h"
#include "gendoc.h"

/* Enough for all shapes there are; the walk asserts it. */
enum { MOST = 512 };

struct walk {
    const struct shape *seen[MOST];
    size_t count;
};

static void visit(struct walk *w, const struct shape *s)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->seen[i] == s)
            return;
    if (w->count == MOST)
        abort();
    w->seen[w->count++] = s;
    if (s->of)
        visit(w, s->of);
    for (size_t i = 0; s->parts && s->parts[i]; i++)
        visit(w, s->parts[i]);
    for (const struct key *k = s->keys; k && k->name; k++)
        visit(w, k->shape);
}

const struct shape **named_shapes(void)
{
    struct walk w = { .count = 0 };
    visit(&w, &language_file);
    const struct shape **named = calloc(w.count + 1, sizeof(*named));
    if (!named)
        abort();
    for (size_t i = 0, n = 0; i < w.count; i++)
        if (w.seen[i]->name)
            named[n++] = w.seen[i];
    return named;
}

void describe_value(const struct shape *s, struct buf *out)
{
    struct arena *arena = arena_new();
    buf_string(out, language_expects(s, arena));
    arena_free(arena);
}

bool is_field_key(const struct shape *s, const struct key *k)
{
    int field = language_key(s, "any") ? field_by_name(k->name) : -1;
    return field >= 0 && strcmp(k->doc, field_doc((enum field_id)field)) == 0;
}
