/*
 * Gates as tests ask them: a question, the finding that is expected, and what a client sends that
 * answers a Digest challenge.
 */
#ifndef TESTS_DESK_H
#define TESTS_DESK_H

#include "cmocka_main.h"

#include "auth.h"
#include "digest.h"

static const struct user users[] = {
    { "u1", "p1" },  { "colons", "a:b:c" },           { "percent", "p%41@:/" },
    { "empty", "" }, { "J\303\244s", "123\302\243" },
};
#define USERS .users = users, .user_count = sizeof(users) / sizeof(users[0])

static struct http_slice slice(const char *z)
{
    return (struct http_slice){ z, strlen(z) };
}

/* ---- one question ---------------------------------------------------------------------------- */

struct desk { /* where questions are asked */
    struct nonces *nonces;
    struct auth_session session;
};

static struct desk desk(void)
{
    return (struct desk){ .nonces = nonces_new("secret") };
}

static struct auth_question ask(const struct gate *gates, size_t count, const char *value)
{
    return (struct auth_question){ .gates = gates,
                                   .gate_count = count,
                                   .method = slice("GET"),
                                   .target = slice("http://a.test/x"),
                                   .value = slice(value ? value : ""),
                                   .lines = value ? 1 : 0,
                                   .has_content = true,
                                   .content = slice("") };
}

static void expect_why(const struct auth *a, const char *why)
{
    if (!why)
        assert_null(a->why);
    else
        assert_true(a->why && strstr(a->why, why));
}

static void expect(struct desk *d, const struct auth_question *q, enum auth_finding finding,
                   const char *why)
{
    struct auth a = { 0 };
    auth_judge(d->nonces, &d->session, q, &a);
    if (a.finding != finding)
        print_error("%.*s: %s\n", (int)q->value.len, q->value.at, a.why ? a.why : "(nothing)");
    assert_int_equal(a.finding, finding);
    expect_why(&a, why);
    auth_free(&a);
}

static void challenge_in(struct desk *d, const struct gate *gate, const struct auth *a, char *out)
{
    struct buf b = { 0 };
    auth_challenge(d->nonces, &d->session, gate, a, &b);
    assert_true(b.len < 512);
    memcpy(out, b.at, b.len);
    out[b.len] = '\0';
    buf_free(&b);
}

/* ---- Digest ---------------------------------------------------------------------------------- */

struct answer { /* of a client to a Digest challenge; NULL: as in good_answer() */
    const char *user, *password, *realm, *nonce, *nc, *cnonce, *qop, *algorithm, *method, *uri,
        *content, *extra;
    const char *without; /* this parameter is left out of the value */
};

static const char *or_else(const char *given, const char *otherwise)
{
    return given ? given : otherwise;
}

static void add(struct buf *b, const struct answer *w, const char *name, const char *value)
{
    if (!w->without || strcmp(w->without, name) != 0)
        buf_printf(b, "%s%s=\"%s\"", b->len > 7 ? ", " : "", name, value);
}

/* What a client that follows the RFC, apart from what the row says, sends. */
static const char *answer_of(const struct answer *w)
{
    static char text[1024];
    struct digest_algorithm algorithm = { DIGEST_MD5, false };
    char response[DIGEST_HEX];
    struct digest_input in = { .user = slice(or_else(w->user, "u1")),
                               .password = slice(or_else(w->password, "p1")),
                               .realm = slice(or_else(w->realm, "r@p")),
                               .nonce = slice(or_else(w->nonce, "n1")),
                               .nc = slice(or_else(w->nc, "00000001")),
                               .cnonce = slice(or_else(w->cnonce, "c1")),
                               .qop = slice(or_else(w->qop, "auth")),
                               .method = slice(or_else(w->method, "GET")),
                               .uri = slice(or_else(w->uri, "http://a.test/x")),
                               .content = slice(or_else(w->content, "")) };
    digest_algorithm(slice(or_else(w->algorithm, "")), &algorithm);
    digest_response(algorithm, &in, response);
    struct buf b = { 0 };
    buf_string(&b, "Digest ");
    add(&b, w, "username", in.user.at);
    add(&b, w, "realm", in.realm.at);
    add(&b, w, "nonce", in.nonce.at);
    add(&b, w, "uri", in.uri.at);
    add(&b, w, "response", response);
    if (in.qop.len) {
        add(&b, w, "qop", in.qop.at);
        add(&b, w, "nc", in.nc.at);
        add(&b, w, "cnonce", in.cnonce.at);
    }
    if (w->algorithm)
        add(&b, w, "algorithm", w->algorithm);
    buf_string(&b, or_else(w->extra, ""));
    snprintf(text, sizeof(text), "%.*s", (int)b.len, b.at);
    buf_free(&b);
    return text;
}

static const char *const n1_n2[] = { "n1", "n2", NULL };

static struct gate digest_gate(void)
{
    return (struct gate){ .scheme = GATE_DIGEST,
                          .realm = "r@p",
                          .nonces = n1_n2,
                          .uses = UINT64_MAX,
                          .qop = "auth",
                          USERS };
}

#endif
