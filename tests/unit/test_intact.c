/*
 * The body that arrived against those that the steps send.
 */
#include "cmocka_main.h"

#include <stdlib.h>

#include "arena.h"
#include "buf.h"
#include "complaints.h"
#include "content.h"
#include "intact.h"

static const char scenario[] =
    "{'fakeproxy':1,'id':'t/t','client':{'steps':["
    "{'url':'http://{origin}/get'},"
    "{'method':'POST','url':'http://{origin}/a?x=1#here','body':{'size':70000}},"
    "{'method':'PUT','url':'https://{origin}/text','body':'case {case}'},"
    "{'method':'POST','url':'http://{origin}','body':{'chunks':['ab','cd']}},"
    "{'method':'POST','url':'http://{origin}/copy/{n}','body':'copy {n}','copies':3},"
    "{'method':'POST','url':'http://{origin}/twice','body':'one'},"
    "{'method':'POST','url':'http://{origin}/twice','body':'two'},"
    "{'method':'POST','url':'http://{origin}/empty','body':''}]}}";

static const struct {
    const char *method, *host, *path;
    const char *octets; /* NULL: 70000 octets of the pattern */
    bool is_cut;
    enum intact expected;
} rows[] = {
    { "POST", "a.test", "/a?x=1", NULL, false, INTACT_YES },
    { "POST", "A.TEST", "/%61?x=1", NULL, false, INTACT_YES },
    { "POST", "a.test", "/a?x=1", NULL, true, INTACT_NO },
    { "POST", "a.test", "/a?x=1", "case c0de", false, INTACT_NO },
    { "POST", "a.test", "/a", NULL, false, INTACT_UNKNOWN },
    { "PUT", "a.test", "/a?x=1", NULL, false, INTACT_UNKNOWN },
    { "POST", "b.test", "/a?x=1", NULL, false, INTACT_UNKNOWN },
    { "PUT", "a.test", "/text", "case c0de", false, INTACT_YES },
    { "PUT", "a.test", "/text", "case c0dE", false, INTACT_NO },
    { "POST", "a.test", "/", "abcd", false, INTACT_YES },
    { "POST", "a.test", "/copy/2", "copy 2", false, INTACT_YES },
    { "POST", "a.test", "/copy/2", "copy 3", false, INTACT_NO },
    { "POST", "a.test", "/copy/4", "copy 4", false, INTACT_UNKNOWN },
    { "POST", "a.test", "/twice", "one", false, INTACT_YES },
    { "POST", "a.test", "/twice", "two", false, INTACT_YES },
    { "POST", "a.test", "/twice", "six", false, INTACT_NO },
    { "POST", "a.test", "/empty", "", false, INTACT_YES },
    { "GET", "a.test", "/get", "", false, INTACT_UNKNOWN },
};

static const char *value(void *arg, const char *name, size_t len, size_t *value_len)
{
    (void)arg;
    const char *v = len == 4 && memcmp(name, "case", 4) == 0 ? "c0de" : "a.test";
    *value_len = strlen(v);
    return v;
}

static struct http_slice slice(const char *z)
{
    return (struct http_slice){ z, strlen(z) };
}

static enum intact judge(const struct scenario *s, size_t row)
{
    static const struct text_scope scope = { .value = value };
    static const struct body generated = { .source = BODY_PATTERN, .size = 70000 };
    const char *octets = rows[row].octets;
    struct arena *arena = arena_new();
    struct content c = octets ? content_octets(octets, strlen(octets), arena)
                              : content_of(&generated, &scope, "", arena);
    char hex[CONTENT_HEX];
    content_sha256(&c, c.len, hex);
    struct intact_body b = { .method = slice(rows[row].method),
                             .host = slice(rows[row].host),
                             .path = slice(rows[row].path),
                             .whole = !rows[row].is_cut,
                             .bytes = c.len,
                             .sha256 = c.len ? hex : "" };
    enum intact found = intact_judge(s, &scope, &b);
    arena_free(arena);
    return found;
}

static void bodies_are_held_against_the_steps(void **state)
{
    (void)state;
    struct complaints *complaints = complaints_new();
    struct scenario_set set;
    struct buf text = { 0 };
    for (const char *c = scenario; *c; c++)
        buf_char(&text, *c == '\'' ? '"' : *c);
    if (scenario_load_text(text.at, text.len, "t", &set, complaints) < 0) {
        complaints_print(complaints, stdout);
        fail_msg("the scenario does not load");
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum intact found = judge(set.scenarios[0], i);
        if (found != rows[i].expected)
            fail_msg("%s %s: found %d, expected %d", rows[i].method, rows[i].path, found,
                     rows[i].expected);
    }
    scenario_set_free(&set);
    complaints_free(complaints);
    buf_free(&text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(bodies_are_held_against_the_steps),
};

TEST_MAIN(tests)
