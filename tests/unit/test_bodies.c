/*
 * Bodies as a client received them, against the journal of what was sent: bodies.rows says how, its
 * rules are those of bodies.json.
 */
#include "cmocka_main.h"

#include <inttypes.h>

#include "arena.h"
#include "bodies.h"
#include "buf.h"
#include "complaints.h"
#include "content.h"
#include "journal_lines.h"

enum { LINES = 12, LINE_MOST = 400 };

/* ---- rows ------------------------------------------------------------------------------------ */

/* What the short lines of bodies.rows stand for: $1, $2, ... are their arguments. */
static const struct {
    const char *word;
    int arguments;
    const char *line;
} shorts[] = {
    { "ask", 2,
      "0.1 proxy request connection=$1 exchange=1 method=GET target=http://a.test$2 form=absolute "
      "host=a.test path=$2 version=1.1" },
    { "say", 2, "0.2 proxy response connection=$1 exchange=1 status=$2" },
    { "sent", 3,
      "0.3 proxy sent connection=$1 exchange=1 status=$2 bytes=99 body_bytes=$3 whole=true" },
    { "part", 3,
      "0.3 proxy sent connection=$1 exchange=1 status=$2 bytes=99 body_bytes=$3 whole=false" },
    { "inner", 4,
      "0.15 origin request connection=1 exchange=$3 via=$1 carrier=$2 method=GET target=$4 "
      "form=origin host=a.test path=$4 version=1.1 header.Host=a.test" },
    { "reply", 2, "0.16 origin response connection=1 exchange=$1 status=$2" },
    { "done", 2,
      "0.17 origin sent connection=1 exchange=$1 status=$2 bytes=99 body_bytes=0 whole=true" },
};

static void fill_in(struct buf *out, const char *line, struct buf *arguments, int count)
{
    for (const char *c = line; *c; c++)
        if (*c == '$' && c[1] > '0' && c[1] <= '0' + count)
            buf_string(out, arguments[*++c - '1'].at);
        else
            buf_char(out, *c);
}

/* The event of a line, short or not. */
static const struct fp_event *event_of(struct arena *arena, const char *line, uint64_t seq)
{
    struct buf words[5] = { 0 }, whole = { 0 };
    const char *at = line;
    assert_true(next_word(&at, &words[0]));
    for (size_t i = 0; i < sizeof(shorts) / sizeof(shorts[0]); i++) {
        if (strcmp(words[0].at, shorts[i].word) != 0)
            continue;
        for (int k = 1; k <= shorts[i].arguments; k++)
            assert_true(next_word(&at, &words[k]));
        fill_in(&whole, shorts[i].line, words + 1, shorts[i].arguments);
        buf_string(&whole, at);
    }
    if (!whole.len)
        buf_string(&whole, line);
    buf_char(&whole, '\0');
    const struct fp_event *event = journal_event(arena, whole.at, seq);
    buf_free(&whole);
    for (size_t i = 0; i < 5; i++)
        buf_free(&words[i]);
    return event;
}

struct row {
    char what[LINE_MOST], url[LINE_MOST], journal[LINES][LINE_MOST];
    size_t lines;
    int status;
    bool is_generated; /* so many octets from `offset` on, else `text` */
    char text[LINE_MOST];
    uint64_t bytes, offset;
    char expected[32], rule[32];
};

/* The next line that is no comment, without its newline; false: there is none. */
static bool read_line(FILE *f, char line[static LINE_MOST])
{
    do {
        if (!fgets(line, LINE_MOST, f))
            return false;
        assert_non_null(strchr(line, '\n'));
        line[strcspn(line, "\n")] = '\0';
    } while (line[0] == '#');
    return true;
}

/* The text between quotes; \r and \n stand for CR and LF. */
static void read_text(char text[static LINE_MOST], const char *quoted)
{
    const char *end = strrchr(quoted, '"');
    assert_true(end && end > quoted);
    for (const char *c = quoted + 1; c < end; c++) {
        bool is_escape = *c == '\\' && (c[1] == 'r' || c[1] == 'n');
        *text++ = !is_escape ? *c : *++c == 'r' ? '\r' : '\n';
    }
    *text = '\0';
}

static void read_received(struct row *row, const char *line)
{
    const char *quoted = strchr(line, '"');
    assert_int_equal(sscanf(line, "got %d", &row->status), 1);
    row->is_generated = !quoted;
    if (quoted)
        read_text(row->text, quoted);
    else
        assert_int_equal(
            sscanf(line, "got %*d %" SCNu64 " from %" SCNu64, &row->bytes, &row->offset), 2);
}

/* The next row of the file; false: there is none. */
static bool read_row(FILE *f, struct row *row)
{
    char line[LINE_MOST];
    *row = (struct row){ 0 };
    do {
        if (!read_line(f, line))
            return false;
    } while (!*line);
    assert_int_equal(sscanf(line, "== %399[^\n]", row->what), 1);
    assert_true(read_line(f, row->url));
    while (read_line(f, line) && line[0] == ' ') {
        assert_in_range(row->lines, 0, LINES - 1);
        snprintf(row->journal[row->lines++], LINE_MOST, "%s", line + 2);
    }
    read_received(row, line);
    assert_true(read_line(f, line));
    if (sscanf(line, "is %31s %31s", row->expected, row->rule) != 2)
        fail_msg("%s: \"%s\" is no verdict", row->what, line);
    return true;
}

/* ---- classes --------------------------------------------------------------------------------- */

static const char *value(void *arg, const char *name, size_t len, size_t *value_len)
{
    (void)arg;
    const char *v = len == 4 && memcmp(name, "case", 4) == 0 ? "c0de" : "a.test";
    *value_len = strlen(v);
    return v;
}

static enum body_class classify(const struct scenario *s, const struct row *row, bool by_hash,
                                const char **rule)
{
    static const struct text_scope scope = { .value = value };
    const struct fp_event *events[LINES];
    struct arena *arena = arena_new();
    struct grade_case c = { .scenario = s, .events = events, .scope = &scope };
    for (; c.count < row->lines; c.count++)
        events[c.count] = event_of(arena, row->journal[c.count], c.count + 1);
    struct body generated = { .source = BODY_PATTERN, .size = row->bytes };
    generated.offset = row->offset;
    struct content content = row->is_generated
                                 ? content_of(&generated, &scope, "", arena)
                                 : content_octets(row->text, strlen(row->text), arena);
    char hex[CONTENT_HEX], head[4096];
    content_sha256(&content, content.len, hex);
    struct body_step step = { .method = "GET", .url = row->url };
    struct body_received r = { .status = row->status, .bytes = content.len, .head = head };
    r.head_len = content_copy(&content, 0, head, sizeof(head));
    r.sha256 = by_hash ? hex : NULL;
    enum body_class class = outcome_classify(&c, &step, &r, rule);
    arena_free(arena);
    return class;
}

static struct scenario_set load(void)
{
    struct complaints *complaints = complaints_new();
    struct scenario_set set;
    if (scenario_load_file(FP_SOURCE_DIR "/tests/unit/bodies.json", &set, complaints) < 0) {
        complaints_print(complaints, stdout);
        fail_msg("the scenario does not load");
    }
    complaints_free(complaints);
    return set;
}

static void judge_row(const struct scenario *s, const struct row *row, bool by_hash)
{
    const char *rule = "?", *found = body_class_name(classify(s, row, by_hash, &rule));
    if (strcmp(found, row->expected) != 0)
        fail_msg("%s: found %s, expected %s", row->what, found, row->expected);
    rule = !rule ? "none" : *rule ? rule : "origin";
    if (strcmp(rule, row->rule) != 0)
        fail_msg("%s: found rule %s, expected %s", row->what, rule, row->rule);
}

static void judge_rows(bool by_hash)
{
    struct scenario_set set = load();
    struct row row;
    size_t count = 0;
    FILE *f = fopen(FP_SOURCE_DIR "/tests/unit/bodies.rows", "r");
    assert_non_null(f);
    for (; read_row(f, &row); count++)
        judge_row(set.scenarios[0], &row, by_hash);
    fclose(f);
    assert_int_equal(count, 58); /* a file that is cut off is no proof */
    scenario_set_free(&set);
}

static void bodies_are_classified_by_hash(void **state)
{
    (void)state;
    judge_rows(true);
}

static void bodies_are_classified_by_their_head(void **state)
{
    (void)state;
    judge_rows(false);
}

/* Only what came between a step and its outcome was for it. */
static void a_step_has_its_time(void **state)
{
    (void)state;
    static const struct text_scope scope = { .value = value };
    static const char *const lines[] = {
        "ask 1 /page user=u1",       "say 1 407 rule=page", "0.3 client step step=1",
        "ask 2 /page user=u2",       "say 2 407 rule=page", "sent 2 407 12 rule=page",
        "0.3 client outcome step=1", "ask 3 /page user=u3", "say 3 407 rule=page",
    };
    enum { COUNT = sizeof(lines) / sizeof(lines[0]) };
    const struct fp_event *events[COUNT];
    struct scenario_set set = load();
    struct arena *arena = arena_new();
    struct grade_case c = {
        .scenario = set.scenarios[0], .events = events, .count = COUNT, .scope = &scope
    };
    for (size_t i = 0; i < COUNT; i++)
        events[i] = event_of(arena, lines[i], i + 1);
    struct body_step step = { .method = "GET", .url = "http://a.test/page", .from = 3, .to = 7 };
    struct bodies *bodies = bodies_sent(&c, &step);
    assert_int_equal(bodies_count(bodies), 1);
    struct body_received r = { .status = 407, .bytes = 12, .head = "denied to u2", .head_len = 12 };
    assert_int_equal(bodies_classify(bodies, &r, NULL), BODY_CLASS_WHOLE);
    r.head = "denied to u1";
    assert_int_equal(bodies_classify(bodies, &r, NULL), BODY_CLASS_FOREIGN);
    bodies_free(bodies);
    bodies_free(NULL);
    arena_free(arena);
    scenario_set_free(&set);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(bodies_are_classified_by_hash),
    cmocka_unit_test(bodies_are_classified_by_their_head),
    cmocka_unit_test(a_step_has_its_time),
};

TEST_MAIN(tests)
