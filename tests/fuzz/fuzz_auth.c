/*
 * Credentials and challenges. The first line of the input is a field value, which every kind of
 * gate judges; the others are realm, nonce, user and password of a gate whose own challenge must be
 * read back as it was meant, and whose right answer must be let in.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "digest.h"
#include "fuzz.h"

enum { LINES = 5 };

static struct http_slice slice(const char *z)
{
    return (struct http_slice){ z, strlen(z) };
}

static void inside(struct http_slice s)
{
    volatile char sum = 0;
    for (size_t i = 0; i < s.len; i++) /* a sanitizer looks on */
        sum = (char)(sum ^ s.at[i]);
}

static void judge(struct nonces *nonces, const struct gate *gates, size_t count,
                  struct http_slice value)
{
    struct auth_session session = { 0 };
    struct auth a = { 0 };
    struct auth_question q = { .gates = gates,
                               .gate_count = count,
                               .method = slice("GET"),
                               .target = slice("/"),
                               .value = value,
                               .lines = 1,
                               .has_content = true };
    struct buf challenge = { 0 };
    auth_judge(nonces, &session, &q, &a);
    assert((a.finding == AUTH_UNGATED) == (count == 0));
    assert(a.finding != AUTH_OK || a.gate);
    assert(!a.credentials.wrong || count == 0 || a.finding == AUTH_MALFORMED ||
           a.finding == AUTH_WRONG);
    const struct http_slice all[] = { a.scheme, a.user, a.nonce, a.nc, a.qop, a.algorithm, a.uri };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        inside(all[i]);
    for (size_t i = 0; i < count; i++)
        auth_challenge(nonces, &session, &gates[i], &a, &challenge);
    (void)auth_needs_content(value);
    (void)credentials_says_stale(value);
    buf_free(&challenge);
    auth_free(&a);
}

/* Can that stand in a field value and come back? (RFC 9110, 5.5) */
static bool is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            return false;
    return true;
}

static void expect_param(const struct credentials *c, const char *name, const char *value)
{
    struct http_slice got;
    bool given = credentials_param(c, name, &got);
    assert(given && http_slice_is(got, value));
}

static void add_quoted(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buf_char(b, '\\');
        buf_char(b, *value);
    }
    buf_string(b, "\", ");
}

/* A client that does what the RFC says, with whatever names the input has. */
static void let_in(struct nonces *nonces, const struct gate *gate)
{
    struct buf text = { 0 };
    struct credentials c;
    struct digest_algorithm algorithm;
    char hex[DIGEST_HEX];
    struct auth_session session = { 0 };
    auth_challenge(nonces, &session, gate, NULL, &text);
    credentials_parse((struct http_slice){ text.at, text.len }, &c);
    assert(!c.wrong && http_slice_is(c.scheme, "Digest"));
    expect_param(&c, "realm", gate->realm);
    expect_param(&c, "nonce", gate->nonces[0]);
    credentials_free(&c);
    struct digest_input in = { .user = slice(gate->users[0].name),
                               .password = slice(gate->users[0].password),
                               .realm = slice(gate->realm),
                               .nonce = slice(gate->nonces[0]),
                               .nc = slice("00000001"),
                               .cnonce = slice("c"),
                               .qop = slice("auth"),
                               .method = slice("GET"),
                               .uri = slice("/") };
    assert(digest_algorithm(slice("SHA-256"), &algorithm));
    digest_response(algorithm, &in, hex);
    text.len = 0;
    buf_string(&text, "Digest ");
    add_quoted(&text, "username", gate->users[0].name);
    add_quoted(&text, "realm", gate->realm);
    add_quoted(&text, "nonce", gate->nonces[0]);
    buf_printf(&text,
               "uri=\"/\", algorithm=SHA-256, qop=auth, nc=00000001, cnonce=\"c\", response=%s",
               hex);
    struct auth a = { 0 };
    struct auth_question q = { .gates = gate,
                               .gate_count = 1,
                               .method = slice("GET"),
                               .target = slice("/"),
                               .value = { text.at, text.len },
                               .lines = 1 };
    auth_judge(nonces, &session, &q, &a);
    assert(a.finding == (gate->nonces[0][0] ? AUTH_OK : AUTH_MALFORMED));
    auth_free(&a);
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *lines[LINES] = { 0 };
    const char *at = (const char *)data, *end = at + size;
    size_t first = 0;
    for (size_t i = 0; i < LINES; i++) {
        const char *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        size_t len = (size_t)((stop ? stop : end) - at);
        lines[i] = malloc(len + 1);
        assert(lines[i]);
        memcpy(lines[i], at, len);
        lines[i][len] = '\0';
        first = i == 0 ? len : first;
        at = stop ? stop + 1 : end;
    }
    const struct user user = { lines[3], lines[4] };
    const char *const offered[] = { lines[2], NULL }, *const tokens[] = { "t0k", NULL };
    struct gate gates[] = { { .scheme = GATE_BASIC },
                            { .scheme = GATE_BEARER, .tokens = tokens },
                            { .scheme = GATE_NTLM },
                            { .scheme = GATE_DIGEST, .uses = 1, .qop = "auth,auth-int" },
                            { .scheme = GATE_DIGEST,
                              .uses = UINT64_MAX,
                              .nonces = offered,
                              .qop = "auth",
                              .algorithm = "SHA-256",
                              .unique_nc = true } };
    size_t count = sizeof(gates) / sizeof(gates[0]);
    for (size_t i = 0; i < count; i++) {
        gates[i].realm = lines[1];
        gates[i].users = &user;
        gates[i].user_count = 1;
    }
    struct nonces *nonces = nonces_new("fuzz");
    struct http_slice value = { lines[0], first };
    judge(nonces, NULL, 0, value);
    judge(nonces, gates, count, value);
    if (is_plain(lines[1]) && is_plain(lines[2]) && is_plain(lines[3]))
        let_in(nonces, &gates[4]);
    nonces_free(nonces);
    for (size_t i = 0; i < LINES; i++)
        free(lines[i]);
    return 0;
}
