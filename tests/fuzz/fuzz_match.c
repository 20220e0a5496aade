/*
 * A match object and an event: the first line is the inside of a match object, the second the value
 * of the event's text fields, the rest its field lines. A match and its `not` must never agree.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "complaints.h"
#include "fuzz.h"
#include "match.h"
#include "scenario.h"

struct input {
    const char *match, *text, *lines;
    size_t match_len, text_len, lines_len;
};

static const char *value(void *arg, const char *name, size_t len, size_t *value_len)
{
    (void)arg;
    *value_len = len;
    return name;
}

static const struct fp_event *first(void *arg, const struct match *m)
{
    (void)m;
    return arg;
}

static bool is_proxy(void *arg, const char *at)
{
    (void)arg;
    return strcmp(at, "proxy") == 0;
}

static struct input split(const char *data, size_t size)
{
    struct input in = { .match = data };
    const char *end = memchr(data, '\n', size);
    in.match_len = end ? (size_t)(end - data) : size;
    size_t at = end ? in.match_len + 1 : size;
    in.text = data + at;
    end = at < size ? memchr(in.text, '\n', size - at) : NULL;
    in.text_len = end ? (size_t)(end - in.text) : size - at;
    at += in.text_len + (end != NULL);
    in.lines = data + at;
    in.lines_len = size - at;
    return in;
}

/* A scenario with two checks: the match, and the same match negated. */
static void write_scenario(const struct input *in, struct buf *out)
{
    buf_string(out, "{\"fakeproxy\": 1, \"id\": \"f/f\", \"title\": \"\", \"layer\": \"client\", "
                    "\"client\": {\"steps\": [{\"url\": \"http://{origin}/\"}]}, \"expect\": {");
    for (int i = 0; i < 2; i++) {
        buf_printf(out,
                   "%s\"c%d\": {\"level\": \"info\", \"count\": {\"event\": \"request\", "
                   "\"at\": \"*\", ",
                   i ? ", " : "", i);
        buf_string(out, i ? "\"not\": {" : "\"any\": [{");
        buf_add(out, in->match, in->match_len);
        buf_string(out, i ? "}}}" : "}]}}");
    }
    buf_string(out, "}}");
}

static void build_event(const struct input *in, struct event_draft *d)
{
    event_begin(d, EVENT_request, "proxy");
    event_text(d, FIELD_path, in->text, in->text_len);
    event_text(d, FIELD_method, in->text, in->text_len);
    event_text(d, FIELD_header, in->lines, in->lines_len);
    event_number(d, FIELD_connection, (int64_t)in->text_len);
    event_number(d, FIELD_early, (int64_t)in->lines_len);
    event_flag(d, FIELD_uri_matches, in->text_len & 1);
    d->event.seq = 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = split((const char *)data, size);
    struct complaints *complaints = complaints_new();
    struct scenario_set set;
    struct buf text = { 0 };
    write_scenario(&in, &text);
    if (scenario_load_text(text.at, text.len, "fuzz.json", &set, complaints) == 0) {
        struct event_draft d;
        struct text_scope scope = { .value = value };
        struct match_env env = { first, is_proxy, &scope, &d.event };
        const struct check *checks = set.scenarios[0]->checks;
        build_event(&in, &d);
        if (set.scenarios[0]->check_count == 2)
            assert(match_event(checks[0].count.match, &d.event, &env) !=
                   match_event(checks[1].count.match, &d.event, &env));
    }
    scenario_set_free(&set);
    complaints_free(complaints);
    buf_free(&text);
    return 0;
}
