/*
 * The contract check.
 */
#include "contract.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "complaints.h"
#include "json.h"

static const char text[] =
    "{ \"fakeproxy\": 1, \"id\": \"contract/smoke\", \"title\": \"One plain request\","
    "  \"layer\": \"client\", \"client\": { \"steps\": [ { \"url\": \"http://{origin}/\" } ] },"
    "  \"expect\": { \"answered\": { \"level\": \"must*\","
    "    \"says\": \"gets the origin's answer through the proxy\","
    "    \"outcome\": { \"status\": 200, \"body\": \"whole\" } } } }";

void contract_load(struct scenario_set *set)
{
    struct complaints *complaints = complaints_new();
    int result = scenario_load_text(text, sizeof(text) - 1, "contract/smoke", set, complaints);
    if (result < 0)
        complaints_print(complaints, stderr);
    complaints_free(complaints);
    assert(result == 0);
}

/* The end of what it said: where the reason usually stands. */
static void add_stderr(struct buf *b, const char *errors)
{
    enum { LINES = 12 };
    size_t len = strlen(errors), from = len;
    int lines = 0;
    while (from > 0 && !(errors[from - 1] == '\n' && from < len && ++lines == LINES))
        from--;
    if (len > from)
        buf_printf(b, "\n  what it wrote to its standard error:\n%.*s", (int)(len - from),
                   errors + from);
    while (b->at[b->len - 1] == '\n')
        b->len--;
}

/* The client's own words for what went wrong. */
static void add_error(struct buf *b, const struct trial_record *r)
{
    struct arena *arena = arena_new();
    for (size_t i = 0; r->journal && i < r->journal_len;) {
        const char *newline = memchr(r->journal + i, '\n', r->journal_len - i);
        size_t end = newline ? (size_t)(newline - r->journal) : r->journal_len;
        struct json_error error;
        const char *line = arena_copy(arena, r->journal + i, end - i);
        const struct json *event = json_parse(arena, line, end - i, &error);
        const struct json *words = event ? json_get(event, "error") : NULL;
        if (words && words->type == JSON_TEXT)
            buf_printf(b, "\n  it says: %.*s", (int)words->len, words->text);
        i = end + 1;
    }
    arena_free(arena);
}

char *contract_complaint(const struct profile_variant *v, const struct trial_record *r)
{
    struct buf b = { 0 };
    const struct verdict *verdict = r && r->graded->count ? &r->graded->verdicts[0] : NULL;
    if (verdict && r->fate == FATE_DONE && verdict->kind == VERDICT_PASS)
        return NULL;
    buf_printf(&b, "%s: ", v->profile->path);
    if (!r || !verdict)
        buf_string(&b, "the contract check could not be played");
    else if (r->fate != FATE_DONE)
        buf_printf(&b, "%s: %s", fate_name(r->fate), r->why);
    else
        buf_printf(&b, "a plain request through a proxy did not get its answer: %s",
                   *verdict->sentence ? verdict->sentence : r->graded->reason);
    if (r && verdict && r->fate == FATE_DONE)
        add_error(&b, r);
    if (r && r->stderr_text)
        add_stderr(&b, r->stderr_text);
    buf_char(&b, '\0');
    return b.at;
}
