/*
 * docs/cases/: README.md is the index by layer; TOPIC.md has the cases of that topic, each under
 * its name.
 */
#include "pages.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case_page.h"
#include "markdown.h"
#include "verdict.h"

static const struct topic {
    const char *name, *title, *about;
} topics[] = {
    { "auth", "Proxy authentication", "407, Basic, and how challenges are read" },
    { "digest", "Digest", "Digest on Proxy-Authorization: nonces, counters, algorithms" },
    { "creds", "Credentials", "Where passwords may go, and redirects" },
    { "routing", "Routing", "How requests reach the proxy, and whose fault it is if not" },
    { "tunnel", "Tunnels", "CONNECT and its answers" },
    { "retry-after", "Rate limits", "429, and the Retry-After field" },
    { "gateway", "Gateways", "5xx from the proxy or the path behind it" },
    { "cache", "Caches", "What a client's own cache must not make of errors" },
    { "block", "Blocks", "403: refused, and what not to do about it" },
    { "rotation", "Rotation", "Pools of proxies, exits, sticky sessions" },
    { "transport", "Connections", "RST, FIN, idle pools, truncation" },
    { "framing", "Framing", "Malformed, ambiguous, oversized and interim answers" },
    { "tls", "TLS in the tunnel", "Certificates, closures and truncation inside" },
    { "https-proxy", "TLS to the proxy", "The connection to the proxy itself is TLS" },
    { "slow", "Slowness", "Delays, trickles and time limits" },
};

enum { TOPICS = sizeof(topics) / sizeof(topics[0]) };

static const char *const layers[][2] = {
    { "client", "What the client does with its own request: credentials, challenges, waiting, not "
                "asking again." },
    { "gateway", "What the proxy or what lies behind it answers: errors, tunnels, framing." },
    { "transport", "What happens below HTTP: connections, TLS, time." },
};

static bool is_of(const struct shipped_case *c, const struct topic *t)
{
    return strlen(t->name) == shipped_topic_len(c) &&
           memcmp(t->name, c->scenario->id, shipped_topic_len(c)) == 0;
}

static bool is_in(const struct shipped_case *c, const char *layer)
{
    return c->scenario->layer && strcmp(c->scenario->layer, layer) == 0;
}

/* ---- index ----------------------------------------------------------------------------------- */

static void write_levels(struct buf *b, const struct scenario *s)
{
    size_t counts[LEVEL_INFO + 1] = { 0 };
    bool any = false;
    for (size_t i = 0; i < s->check_count; i++)
        counts[s->checks[i].level]++;
    for (size_t i = 0; i <= LEVEL_INFO; i++) {
        if (!counts[i])
            continue;
        buf_printf(b, "%s%zu %s", any ? ", " : "", counts[i], markdown_level((enum level)i));
        any = true;
    }
}

static size_t write_rows(struct buf *b, const struct shipped *s, const struct topic *t,
                         const char *layer)
{
    size_t rows = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct shipped_case *c = &s->cases[i];
        if (!is_of(c, t) || !is_in(c, layer))
            continue;
        if (rows++ == 0)
            buf_printf(b,
                       "\n### [%s](%s.md)\n\n%s.\n\n| Case | What happens | Checks | |\n| --- | "
                       "--- | --- | --- |\n",
                       t->title, t->name, t->about);
        buf_string(b, "| ");
        markdown_case(b, "", c);
        buf_string(b, " | ");
        markdown_text(b, c->scenario->title ? c->scenario->title : "");
        buf_string(b, " | ");
        write_levels(b, c->scenario);
        buf_string(b, c->tier == 1 ? " | |\n" : " | not scored |\n");
    }
    return rows;
}

static void write_gatekeepers(struct buf *b, const struct shipped *s)
{
    buf_printf(b,
               "## What is graded\n\n"
               "Edition %s grades %zu cases; the others are run and shown, but not scored. Some "
               "cases are gatekeepers: where one fails,\nothers would only repeat it.\n\n"
               "| Gatekeeper | Where it fails, these become | | because |\n| --- | --- | --- | --- "
               "|\n",
               s->edition->name, s->edition->graded_count);
    for (size_t i = 0; i < s->edition->gatekeeper_count; i++) {
        const struct gatekeeper *g = &s->edition->gatekeepers[i];
        const struct shipped_case *c = shipped_find(s, g->id, strlen(g->id));
        buf_string(b, "| ");
        if (c)
            markdown_case(b, "", c);
        if (g->check)
            buf_printf(b, ", check `%s`", g->check);
        buf_string(b, " | ");
        for (const char *const *of = g->blocks; *of; of++)
            buf_printf(b, "%s`%s`", of == g->blocks ? "" : ", ", *of);
        buf_printf(b, " | %s | ", g->is_capability ? "not applicable" : "blocked");
        markdown_text(b, g->says);
        buf_string(b, " |\n");
    }
}

static void write_introduction(struct buf *b, const struct shipped *s)
{
    size_t checks = 0;
    for (size_t i = 0; i < s->count; i++)
        checks += s->cases[i].scenario->check_count;
    markdown_banner(b, "the scenarios");
    buf_printf(
        b,
        "# The cases\n\n"
        "A case is one scenario: what is done to a client, and what a good client does then. There "
        "are %zu with %zu checks.\nThis page lists them by the layer that decides the fix; each "
        "topic has a page that tells all of a case. Which statement of\nthe diagnostic guide a "
        "case "
        "puts to the test is in [guide-coverage](../guide-coverage.md).\n\n"
        "A check has a level. **MUST**, **SHOULD** and **MAY** are those of the RFC that is its "
        "source, for the client's role.\n**MUST\\*** is the policy of this project: leaks, loops, "
        "crashes, hangs, plain correctness. **INFO** says what was seen and\nnever fails. What "
        "holds "
        "in every case (nothing bypasses the proxy, no password leaves for where it does not "
        "belong, "
        "no\nstorms, no hangs) is a house check and is not repeated here: see "
        "[the language](../scenario.md).\n\n"
        "## Playing one\n\n"
        "```sh\n"
        "fakeproxy --scenario transport/idle-reset                   # listens; prints what "
        "happens, "
        "and a verdict at the end\n"
        "fakeproxy --scenario transport/idle-reset -- ./my-tests     # runs a command with the "
        "proxy set in its environment\n"
        "clientsuite run --client curl --only transport/idle-reset   # has a known client do the "
        "steps, and grades it\n"
        "fakeproxy explain transport/idle-reset                      # this page's text in the "
        "terminal\n"
        "```\n\n"
        "By hand, ask for what stands under *Asked of the client*: any host name will do for "
        "`{origin}`, as every name leads to the\nbuilt-in origin. In what is played, the proxy and "
        "the origin do without fault what no rule says otherwise. A case with\nvariants is played "
        "once for each, by its id with `@` and the variant's name.\n\n",
        s->count, checks);
}

static int write_index(const struct output *o, const struct shipped *s)
{
    struct buf b = { 0 };
    size_t rows = 0;
    write_introduction(&b, s);
    write_gatekeepers(&b, s);
    for (size_t l = 0; l < sizeof(layers) / sizeof(layers[0]); l++) {
        buf_printf(&b, "\n## Layer: %s\n\n%s\n", layers[l][0], layers[l][1]);
        for (size_t t = 0; t < TOPICS; t++)
            rows += write_rows(&b, s, &topics[t], layers[l][0]);
    }
    int result = output_settle(o, "docs/cases/README.md", &b);
    if (rows != s->count) {
        fprintf(stderr, "docs/cases: %zu cases are of no topic or layer that tools/pages.c knows\n",
                s->count - rows);
        result = 1;
    }
    buf_free(&b);
    return result;
}

/* ---- topics ---------------------------------------------------------------------------------- */

static int write_topic(const struct output *o, const struct shipped *s,
                       const struct statements *statements, const struct topic *t)
{
    struct buf b = { 0 };
    char name[64];
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++)
        count += is_of(&s->cases[i], t);
    markdown_banner(&b, "the scenarios");
    buf_printf(&b, "# %s\n\n%s. %zu case%s; [all topics](README.md).\n", t->title, t->about, count,
               count == 1 ? "" : "s");
    for (size_t i = 0; i < s->count; i++)
        if (is_of(&s->cases[i], t))
            case_page_write(&b, &s->cases[i], statements);
    snprintf(name, sizeof(name), "docs/cases/%s.md", t->name);
    int result = count ? output_settle(o, name, &b) : 0;
    buf_free(&b);
    return result;
}

/* Is it a page that this program writes? */
static bool is_written(const struct shipped *s, const char *file)
{
    size_t len = strlen(file);
    if (file[0] == '.' || strcmp(file, "README.md") == 0)
        return true;
    for (size_t i = 0; i < s->count; i++)
        if (len == shipped_topic_len(&s->cases[i]) + 3 && strcmp(file + len - 3, ".md") == 0 &&
            memcmp(file, s->cases[i].scenario->id, len - 3) == 0)
            return true;
    return false;
}

static int remove_others(const struct output *o, const struct shipped *s)
{
    char path[4096];
    int result = 0;
    snprintf(path, sizeof(path), "%s/docs/cases", o->root);
    DIR *folder = opendir(path);
    for (struct dirent *e; folder && (e = readdir(folder));) {
        snprintf(path, sizeof(path), "docs/cases/%s", e->d_name);
        if (!is_written(s, e->d_name))
            result |= output_remove(o, path);
    }
    if (folder)
        closedir(folder);
    return result;
}

int pages_write(const struct output *o, const struct shipped *s,
                const struct statements *statements)
{
    int result = write_index(o, s);
    for (size_t t = 0; t < TOPICS; t++)
        result |= write_topic(o, s, statements, &topics[t]);
    return result | remove_others(o, s);
}
