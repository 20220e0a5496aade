/*
 * A check object and a journal: the first line is the inside of a check, the others are lines of a
 * journal file. Whatever they say, the case is graded, every check gets its verdict and its
 * sentence, the evidence is in the journal, and a second look sees the same.
 */
#include <assert.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "complaints.h"
#include "fuzz.h"
#include "grade.h"
#include "journal_read.h"

enum { EVENTS = 64 };

struct lines { /* what is left of the input */
    const char *at, *end;
};

static bool next_line(struct lines *in, const char **line, size_t *len)
{
    if (in->at == in->end)
        return false;
    const char *stop = memchr(in->at, '\n', (size_t)(in->end - in->at));
    *line = in->at;
    *len = (size_t)((stop ? stop : in->end) - in->at);
    in->at = stop ? stop + 1 : in->end;
    return true;
}

static void write_scenario(const char *check, size_t len, struct buf *out)
{
    buf_string(
        out,
        "{\"fakeproxy\": 1, \"id\": \"f/f\", \"title\": \"\", \"layer\": \"client\", \"proxy\": "
        "{\"rules\": [{\"name\": \"r\", \"on\": \"request\", \"fault\": true, \"do\": [{"
        "\"respond\": {\"status\": 503, \"retry_after\": 1}}, \"close\"]}]}, \"client\": {"
        "\"credentials\": [\"u1\", \"p1\"], \"steps\": [{\"name\": \"s\", \"url\": "
        "\"http://{origin}/1\"}, {\"url\": \"https://{origin}/2\"}]}, \"expect\": {\"c\": {");
    buf_add(out, check, len);
    buf_string(out, "}}}");
}

/* Events in the order of their lines; one that would run backwards in time is left out, as in a
 * journal. */
static size_t read_events(struct arena *arena, struct lines *in, const struct fp_event **events)
{
    const char *line;
    size_t len, count = 0;
    int64_t last = 0;
    while (count < EVENTS && next_line(in, &line, &len)) {
        struct journal_read_error error;
        struct journal_line *read = arena_take(arena, sizeof(*read));
        if (journal_read(arena, line, len, read, &error) < 0 || read->draft.event.t < last)
            continue;
        last = read->draft.event.t;
        read->draft.event.seq = count + 1;
        events[count++] = &read->draft.event;
    }
    return count;
}

static void inspect(const struct graded *g, const struct graded *again, size_t events)
{
    assert(g->count == again->count && g->exercised == again->exercised);
    for (size_t i = 0; i < g->count; i++) {
        const struct verdict *v = &g->verdicts[i];
        assert(v->kind == again->verdicts[i].kind && v->sentence);
        assert(strcmp(v->sentence, again->verdicts[i].sentence) == 0);
        assert(v->evidence_count <= VERDICT_EVIDENCE);
        for (size_t k = 0; k < v->evidence_count; k++)
            assert(v->evidence[k] >= 1 && v->evidence[k] <= events);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lines in = { (const char *)data, (const char *)data + size };
    const char *check = "";
    size_t len = 0;
    (void)next_line(&in, &check, &len);
    struct complaints *complaints = complaints_new();
    struct arena *arena = arena_new();
    struct scenario_set set;
    struct buf text = { 0 };
    write_scenario(check, len, &text);
    if (scenario_load_text(text.at, text.len, "fuzz.json", &set, complaints) == 0) {
        const struct fp_event *events[EVENTS];
        struct grade_case c = { .scenario = set.scenarios[0], .events = events };
        c.count = read_events(arena, &in, events);
        c.has_client = (size & 1) != 0;
        struct graded *g = grade(&c), *again = grade(&c);
        inspect(g, again, c.count);
        graded_free(g);
        graded_free(again);
        const char *why;
        (void)grade_is_vacuous(c.scenario, &why);
    }
    scenario_set_free(&set);
    complaints_free(complaints);
    arena_free(arena);
    buf_free(&text);
    return 0;
}
