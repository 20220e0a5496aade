/*
 * What bodies.h works out from scenario and journal, held against the octets that came: every kind
 * of answer that the program gives by itself or by a rule.
 */
#include "e2e.h"

#include <stdlib.h>

#include "arena.h"
#include "bodies.h"
#include "buf.h"
#include "complaints.h"
#include "content.h"
#include "http_body.h"
#include "journal_read.h"

static const char scenario[] =
    "{'proxy':{'auth':{'scheme':'basic','users':{'u1':'p1'}},'exits':{'names':['x1'],'by':'user'},"
    "'rules':["
    "{'on':'request','when':{'path':'/mark'},'do':[{'respond':{'status':503}}]},"
    "{'on':'request','when':{'path':'/text*'},'do':[{'respond':{'body':'{case}: {path} by {user}'}"
    "}]},"
    "{'on':'request','when':{'path':'/chunks'},'do':[{'respond':{'body':{'chunks':['ab','{case}',"
    "'c'],'trailers':[['A','b']]}}}]},"
    "{'on':'request','when':{'path':'/seed'},'do':[{'respond':{'body':{'size':70000,'seed':7},"
    "'framing':'chunked'}}]},"
    "{'on':'request','when':{'path':'/hints'},'do':[{'respond':{'status':103}},'forward']},"
    "{'on':'request','when':{'path':'/raw'},'do':[{'send':{'octets':'HTTP/1.1 200 OK\\r\\n"
    "Content-Length: 5\\r\\n\\r\\nhello','content':'hello'}}]}]},"
    "'origin':{'rules':[{'on':'request','when':{'path':'/"
    "missing'},'do':[{'respond':{'status':404}}]"
    "}]}}";

static const struct {
    const char *path, *fields;
    int status;
} requests[] = {
    { "/plain", "", 200 },
    { "/bytes/0", "", 200 },
    { "/bytes/1000", "", 200 },
    { "/bytes/2000?x", "Range: bytes=500-1499\r\n", 206 },
    { "/ranged", "Range: bytes=3-5\r\n", 206 },
    { "/bytes/10", "Range: bytes=10-\r\n", 416 },
    { "/echo", "X-Y: z\r\n", 200 },
    { "/exit", "", 200 },
    { "/redirect?to=http://a.test/plain&status=307", "", 307 },
    { "/missing", "", 404 },
    { "/mark", "", 503 },
    { "/text?a=b", "", 200 },
    { "/chunks", "", 200 },
    { "/seed", "", 200 },
    { "/hints", "", 200 },
    { "/raw", "", 200 },
};
enum { REQUESTS = sizeof(requests) / sizeof(requests[0]) };

struct came {
    char url[128];
    int status;
    struct buf body;
};

/* ---- the client ------------------------------------------------------------------------------ */

static void take(const char *data, size_t len, void *arg)
{
    buf_add(arg, data, len);
}

static void receive(struct peer *c, struct came *came)
{
    struct http_head head;
    struct http_body body;
    const char *error;
    do {
        const char *text = expect_head(c, "HTTP/1.1 ");
        if (http_parse_response(text, strlen(text), &head, &error) < 0 ||
            http_body_of_response(&head, (struct http_slice){ "GET", 3 }, &body, &error) < 0)
            fail_here("%s in:\n%s", error, text);
    } while (head.status / 100 == 1);
    came->status = head.status;
    while (!body.whole && !body.bad) {
        char octets[4096];
        size_t room = sizeof(octets);
        if (body.kind == BODY_LENGTH && body.remaining < room)
            room = (size_t)body.remaining;
        if (body.kind == BODY_CHUNKED)
            room = 1; /* what follows belongs to the next answer */
        ssize_t n = peer_read(c, octets, room, PEER_PATIENCE);
        if (n <= 0)
            fail_here("the body of %s broke off", came->url);
        http_body_scan(&body, octets, (size_t)n, take, &came->body);
    }
}

static void ask(struct peer *c, const char *path, const char *fields, struct came *came)
{
    snprintf(came->url, sizeof(came->url), "http://a.test%s", path);
    send_format(c, "GET http://a.test%s HTTP/1.1\r\nHost: a.test\r\n%s\r\n", path, fields);
    receive(c, came);
}

/* ---- the case -------------------------------------------------------------------------------- */

struct evidence {
    struct arena *arena;
    struct scenario_set set;
    const struct fp_event **events;
    size_t count;
    const char *case_id;
};

static const char *value(void *arg, const char *name, size_t len, size_t *value_len)
{
    const struct evidence *e = arg;
    bool is_case = len == 4 && memcmp(name, "case", 4) == 0;
    const char *v = is_case ? e->case_id : "a.test";
    *value_len = strlen(v);
    return v;
}

static void read_lines(struct evidence *e, char *journal)
{
    char *rest = NULL;
    for (char *line = strtok_r(journal, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        struct journal_read_error error;
        struct journal_line *read = arena_take(e->arena, sizeof(*read));
        if (journal_read(e->arena, line, strlen(line), read, &error) < 0)
            fail_here("%s: %s", line, error.what);
        read->draft.event.seq = e->count + 1;
        const struct fp_event **more = realloc(e->events, (e->count + 1) * sizeof(*more));
        assert_non_null(more);
        e->events = more;
        e->events[e->count++] = &read->draft.event;
    }
}

static struct evidence evidence_of(struct play *p)
{
    struct evidence e = { .arena = arena_new() };
    struct complaints *complaints = complaints_new();
    char path[128];
    snprintf(path, sizeof(path), "%s/scenario.json", p->program->folder);
    if (scenario_load_file(path, &e.set, complaints) < 0)
        fail_here("%s does not load", path);
    complaints_free(complaints);
    char *journal = program_read(p->program, "journal");
    assert_non_null(journal);
    read_lines(&e, journal);
    free(journal);
    /* "origin-<case>.invalid" */
    const char *host = cJSON_GetObjectItem(p->program->ready, "origin_host")->valuestring;
    const char *dash = strrchr(host, '-');
    e.case_id = arena_copy(e.arena, dash + 1, strcspn(dash + 1, "."));
    return e;
}

static enum body_class classify(struct evidence *e, const struct came *came, size_t bytes,
                                bool spoiled)
{
    struct text_scope scope = { .value = value, .arg = e };
    struct grade_case c = {
        .scenario = e->set.scenarios[0], .events = e->events, .count = e->count, .scope = &scope
    };
    struct body_step step = { .method = "GET", .url = came->url };
    char *copy = arena_copy(e->arena, came->body.at ? came->body.at : "", came->body.len);
    if (spoiled)
        copy[bytes - 1] ^= 1;
    struct content content = content_octets(copy, bytes, e->arena);
    char hex[CONTENT_HEX];
    content_sha256(&content, bytes, hex);
    struct body_received r = { .status = came->status, .bytes = bytes, .sha256 = hex };
    r.head = copy;
    r.head_len = bytes < 4096 ? bytes : 4096;
    return outcome_classify(&c, &step, &r, NULL);
}

static void expect_class(struct evidence *e, const struct came *came, size_t bytes, bool spoiled,
                         enum body_class expected)
{
    enum body_class found = classify(e, came, bytes, spoiled);
    if (found != expected)
        fail_here("%s, %d: %zu of %zu octets%s are %s, expected %s", came->url, came->status, bytes,
                  came->body.len, spoiled ? ", one spoiled," : "", body_class_name(found),
                  body_class_name(expected));
}

static void what_was_sent_is_whole(void **state)
{
    (void)state;
    static const char credentials[] = "Proxy-Authorization: Basic dTE6cDE=\r\n"; /* u1:p1 */
    struct came came[REQUESTS + 2] = { { .status = 0 } };
    struct play *p = start(scenario);
    struct peer *c = dial(p->proxy);
    for (size_t i = 0; i < REQUESTS; i++) {
        char fields[128];
        snprintf(fields, sizeof(fields), "%s%s", credentials, requests[i].fields);
        ask(c, requests[i].path, fields, &came[i]);
        expect_number(requests[i].status, came[i].status);
    }
    ask(c, "/locked", "", &came[REQUESTS]);
    expect_number(407, came[REQUESTS].status);
    send_str(c, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"); /* to a proxy: our own 400 */
    receive(c, &came[REQUESTS + 1]);
    snprintf(came[REQUESTS + 1].url, sizeof(came[0].url), "http://a.test/");
    expect_number(400, came[REQUESTS + 1].status);
    hang_up(c);
    find_event(p, "close", "by", "client", NULL);
    struct evidence e = evidence_of(p);
    for (size_t i = 0; i < REQUESTS + 2; i++) {
        size_t len = came[i].body.len;
        bool is_known = i <= REQUESTS; /* of our own errors only the beginning is */
        expect_class(&e, &came[i], len, false, BODY_CLASS_WHOLE);
        if (len > 1 && is_known) {
            expect_class(&e, &came[i], len - 1, false, BODY_CLASS_PART);
            expect_class(&e, &came[i], len, true, BODY_CLASS_FOREIGN);
        }
        came[i].status++;
        expect_class(&e, &came[i], len, false, len ? BODY_CLASS_FOREIGN : BODY_CLASS_EMPTY);
        buf_free(&came[i].body);
    }
    free(e.events);
    scenario_set_free(&e.set);
    arena_free(e.arena);
    stop(p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_was_sent_is_whole),
};

TEST_MAIN(tests)
