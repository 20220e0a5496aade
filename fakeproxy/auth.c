/*
 * Judging credentials, one function a scheme.
 *
 * Of several gates the one that thinks best of the credentials judges: with two Digest gates they
 * fit one algorithm only. Comparing passwords takes as long as it takes: these are no secrets.
 */
#include "auth.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "digest.h"
#include "http_chars.h"
#include "nonces.h"

const char *const auth_schemes[] = {
    [GATE_BASIC] = "Basic", [GATE_DIGEST] = "Digest", [GATE_BEARER] = "Bearer", [GATE_NTLM] = "NTLM"
};

const char *auth_finding_name(enum auth_finding finding)
{
    static const char *const names[] = {
        [AUTH_MISSING] = "missing",   [AUTH_OK] = "ok",
        [AUTH_WRONG] = "wrong",       [AUTH_STALE] = "stale",
        [AUTH_REPLAYED] = "replayed", [AUTH_MALFORMED] = "malformed",
    };
    return finding == AUTH_UNGATED ? NULL : names[finding];
}

static const struct user *user_of(const struct gate *gate, struct http_slice name)
{
    for (size_t i = 0; i < gate->user_count; i++)
        if (http_slice_is(name, gate->users[i].name))
            return &gate->users[i];
    return NULL;
}

struct verdict {
    enum auth_finding finding;
    const char *why;
};

static struct verdict is(enum auth_finding finding, const char *why)
{
    return (struct verdict){ finding, why };
}

static const char *const NO_USER = "there is no such user";

/* ---- Basic, Bearer --------------------------------------------------------------------------- */

/* User and password around the first colon (7617, 2). False: there is none. */
static bool split_pair(const struct auth *a, struct http_slice *user, struct http_slice *password)
{
    const char *at = a->decoded.at, *end = at + a->decoded.len;
    const char *colon = a->decoded.len ? memchr(at, ':', a->decoded.len) : NULL;
    *user = http_slice_between(at, colon ? colon : end);
    *password = colon ? http_slice_between(colon + 1, end) : (struct http_slice){ "", 0 };
    return colon != NULL;
}

static bool has_controls(const struct buf *b)
{
    for (size_t i = 0; i < b->len; i++)
        if ((unsigned char)b->at[i] < 0x20 || b->at[i] == 0x7F)
            return true;
    return false;
}

static bool has_base64(const struct auth *a)
{
    struct buf again = { 0 };
    bool whole = a->credentials.token68.len && credentials_base64(a->credentials.token68, &again);
    buf_free(&again);
    return whole;
}

static struct verdict judge_basic(const struct auth *a, const struct gate *gate)
{
    struct http_slice name, password;
    if (!has_base64(a))
        return is(AUTH_MALFORMED, "what follows Basic is no base64");
    if (!split_pair(a, &name, &password))
        return is(AUTH_MALFORMED, "there is no colon between user and password");
    if (has_controls(&a->decoded))
        return is(AUTH_MALFORMED, "there is a control character in user or password");
    const struct user *user = user_of(gate, name);
    if (!user)
        return is(AUTH_WRONG, NO_USER);
    return http_slice_is(password, user->password)
               ? is(AUTH_OK, NULL)
               : is(AUTH_WRONG, "the password is not the user's");
}

static struct verdict judge_bearer(const struct auth *a, const struct gate *gate)
{
    if (!a->credentials.token68.len)
        return is(AUTH_MALFORMED, "there is no token");
    for (const char *const *token = gate->tokens; token && *token; token++)
        if (http_slice_is(a->credentials.token68, *token))
            return is(AUTH_OK, NULL);
    return is(AUTH_WRONG, "the token is none of the gate's");
}

/* ---- Digest ---------------------------------------------------------------------------------- */

static bool is_hex(struct http_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!http_is_digit(s.at[i]) && !(http_lower(s.at[i]) >= 'a' && http_lower(s.at[i]) <= 'f'))
            return false;
    return true;
}

static bool offers(const struct gate *gate, struct http_slice qop)
{
    struct http_slice element, list = http_slice_of(gate->qop ? gate->qop : "");
    for (size_t cursor = 0; http_next_element(list, &cursor, &element);)
        if (element.len == qop.len && strncasecmp(element.at, qop.at, qop.len) == 0)
            return true;
    return false;
}

/* What is wrong with the form of Digest credentials, or NULL. */
static const char *digest_form(const struct auth *a, const struct gate *gate,
                               const struct auth_question *q)
{
    struct http_slice cnonce, response, realm;
    const struct credentials *c = &a->credentials;
    bool offered = gate->qop && gate->qop[0];
    if (!a->user.len && !credentials_param(c, "username", &realm))
        return "username is missing";
    if (!credentials_param(c, "realm", &realm))
        return "realm is missing";
    if (!a->nonce.len)
        return "nonce is missing";
    if (!a->has_uri)
        return "uri is missing";
    if (!credentials_param(c, "response", &response))
        return "response is missing";
    if (offered && !a->qop.len)
        return "qop is missing, although the challenge offers it";
    if (a->qop.len && !offers(gate, a->qop))
        return "qop is none that the challenge offers";
    credentials_param(c, "cnonce", &cnonce);
    if (a->qop.len && !cnonce.len)
        return "cnonce is missing";
    if (a->qop.len && (a->nc.len != 8 || !is_hex(a->nc)))
        return "nc is not eight hexadecimal digits";
    if (http_slice_is_nocase(a->qop, "auth-int") && !q->has_content)
        return "the content that qop=auth-int protects did not come whole, or is too long";
    return NULL;
}

/* The gate's user that the credentials name, by name or by its hash. */
static const struct user *digest_user_of(const struct auth *a, const struct gate *gate,
                                         struct digest_algorithm algorithm)
{
    struct http_slice userhash, name;
    char hex[DIGEST_HEX];
    credentials_param(&a->credentials, "username", &name);
    if (!credentials_param(&a->credentials, "userhash", &userhash) ||
        !http_slice_is_nocase(userhash, "true"))
        return user_of(gate, a->user);
    for (size_t i = 0; i < gate->user_count; i++) {
        digest_user(algorithm, http_slice_of(gate->users[i].name), http_slice_of(gate->realm), hex);
        if (http_slice_is_nocase(name, hex))
            return &gate->users[i];
    }
    return NULL;
}

static bool responds(const struct auth *a, struct digest_algorithm algorithm,
                     const struct digest_input *in)
{
    struct http_slice response;
    char hex[DIGEST_HEX];
    digest_response(algorithm, in, hex);
    credentials_param(&a->credentials, "response", &response);
    return http_slice_is_nocase(response, hex);
}

/* What a response that does not fit was computed with, if it is one of the usual mistakes. */
static const char *miscalculation(const struct auth *a, struct digest_algorithm algorithm,
                                  struct digest_input in)
{
    static const char *const hashes[] = {
        [DIGEST_MD5] = "the response was computed with MD5",
        [DIGEST_SHA_256] = "the response was computed with SHA-256",
        [DIGEST_SHA_512_256] = "the response was computed with SHA-512-256",
    };
    struct digest_algorithm other = algorithm;
    for (int hash = DIGEST_MD5; hash <= DIGEST_SHA_512_256; hash++) {
        other.hash = (enum digest_hash)hash;
        if (other.hash != algorithm.hash && responds(a, other, &in))
            return hashes[hash];
    }
    other = algorithm;
    other.is_session = !other.is_session;
    if (in.cnonce.len && responds(a, other, &in))
        return other.is_session ? "the response was computed with -sess"
                                : "the response was computed without -sess";
    in.method = http_slice_of("GET");
    if (responds(a, algorithm, &in))
        return "the response was computed for the method GET";
    return "the response is not that of the user's password, or is miscalculated";
}

static struct verdict judge_response(struct auth *a, const struct gate *gate,
                                     const struct auth_question *q,
                                     struct digest_algorithm algorithm)
{
    const struct user *user = digest_user_of(a, gate, algorithm);
    if (!user)
        return is(AUTH_WRONG, NO_USER);
    struct digest_input in = { .user = http_slice_of(user->name),
                               .password = http_slice_of(user->password),
                               .realm = http_slice_of(gate->realm),
                               .nonce = a->nonce,
                               .nc = a->nc,
                               .qop = a->qop,
                               .method = q->method,
                               .uri = a->uri,
                               .content = q->content };
    a->user = in.user;
    credentials_param(&a->credentials, "cnonce", &in.cnonce);
    if (responds(a, algorithm, &in))
        return is(AUTH_OK, NULL);
    return is(AUTH_WRONG, miscalculation(a, algorithm, in));
}

/* Right credentials: but are nonce and uri what they should be? */
static struct verdict judge_use(struct nonces *nonces, const struct auth *a,
                                const struct gate *gate)
{
    struct http_slice opaque;
    if (gate->strict_uri && !a->uri_matches)
        return is(AUTH_WRONG, "uri is not the request-target");
    switch (nonces_use(nonces, gate, a->nonce, a->nc)) {
    case NONCE_STALE:
        return is(AUTH_STALE, "the nonce is used up, or not of this gate");
    case NONCE_REPLAYED:
        return is(AUTH_REPLAYED, "the nonce count was used before");
    case NONCE_GOOD:
        break;
    }
    credentials_param(&a->credentials, "opaque", &opaque);
    if (gate->opaque && !http_slice_is(opaque, gate->opaque)) /* 7616, 3.4: a SHOULD */
        return is(AUTH_OK, "opaque did not come back unchanged");
    return is(AUTH_OK, NULL);
}

static struct verdict judge_digest(struct nonces *nonces, struct auth *a, const struct gate *gate,
                                   const struct auth_question *q)
{
    struct digest_algorithm algorithm, asked;
    struct http_slice realm;
    const char *why = digest_form(a, gate, q);
    if (why)
        return is(AUTH_MALFORMED, why);
    if (!digest_algorithm(a->algorithm, &algorithm))
        return is(AUTH_WRONG, "nobody knows the algorithm");
    if (!digest_algorithm(http_slice_of(gate->algorithm ? gate->algorithm : ""), &asked) ||
        asked.hash != algorithm.hash || asked.is_session != algorithm.is_session)
        return is(AUTH_WRONG, "the algorithm is not the challenge's");
    credentials_param(&a->credentials, "realm", &realm);
    if (!http_slice_is(realm, gate->realm))
        return is(AUTH_WRONG, "the realm is not the challenge's");
    struct verdict v = judge_response(a, gate, q, algorithm);
    return v.finding == AUTH_OK ? judge_use(nonces, a, gate) : v;
}

/* ---- NTLM ------------------------------------------------------------------------------------ */

static struct verdict judge_ntlm(struct nonces *nonces, struct auth_session *s,
                                 const struct auth *a, const struct gate *gate)
{
    int message = has_base64(a) ? ntlm_message(a->decoded.at, a->decoded.len) : 0;
    bool challenged = s->challenged;
    s->challenged = false;
    if (message == NTLM_NEGOTIATE) {
        s->user = NULL;
        s->challenged = true;
        nonces_random(nonces, s->nonce, sizeof(s->nonce));
        return is(AUTH_MISSING, "the first leg of NTLM");
    }
    if (message != NTLM_AUTHENTICATE || !a->name.at)
        return is(AUTH_MALFORMED, "that is no message of an NTLM client");
    const struct user *user = user_of(gate, a->user);
    if (!user)
        return is(AUTH_WRONG, NO_USER);
    if (!challenged && s->user != user)
        return is(AUTH_STALE, "the third leg of NTLM answers a challenge of another connection");
    s->user = user;
    return is(AUTH_OK, NULL);
}

/* ---- reading the fields ---------------------------------------------------------------------- */

/* username*=UTF-8''J%C3%A4s%C3%B8n (7616, 3.4; 8187) */
static bool read_extended(struct http_slice value, struct buf *out)
{
    const char *quote = value.len ? memchr(value.at, '\'', value.len) : NULL;
    const char *end = value.at + value.len;
    quote = quote ? memchr(quote + 1, '\'', (size_t)(end - quote - 1)) : NULL;
    if (!quote)
        return false;
    buf_string(out, "");
    for (const char *at = quote + 1; at < end; at++) {
        if (*at == '%' && end - at > 2 && is_hex(http_slice_between(at + 1, at + 3))) {
            char digits[3] = { at[1], at[2], '\0' };
            buf_char(out, (char)strtoul(digits, NULL, 16));
            at += 2;
        } else {
            buf_char(out, *at);
        }
    }
    return true;
}

static void read_digest(struct auth *a, const struct auth_question *q)
{
    const struct credentials *c = &a->credentials;
    struct http_slice extended;
    if (!credentials_param(c, "username", &a->user) &&
        credentials_param(c, "username*", &extended) && read_extended(extended, &a->name))
        a->user = (struct http_slice){ a->name.at, a->name.len };
    credentials_param(c, "nonce", &a->nonce);
    credentials_param(c, "nc", &a->nc);
    credentials_param(c, "qop", &a->qop);
    credentials_param(c, "algorithm", &a->algorithm);
    a->has_uri = credentials_param(c, "uri", &a->uri);
    a->uri_matches = a->has_uri && http_slice_same(a->uri, q->target);
}

/* What the credentials say, whether they are let in or not. */
static void read_fields(struct auth *a, const struct auth_question *q)
{
    struct http_slice ignored;
    credentials_parse(q->value, &a->credentials);
    for (size_t i = 0; i < a->credentials.scheme.len; i++)
        buf_char(&a->lower, http_lower(a->credentials.scheme.at[i]));
    a->scheme = (struct http_slice){ a->lower.at, a->lower.len };
    bool is_basic = http_slice_is_nocase(a->scheme, "Basic");
    if (http_slice_is_nocase(a->scheme, "Digest"))
        read_digest(a, q);
    else if (is_basic || http_slice_is_nocase(a->scheme, "NTLM"))
        credentials_base64(a->credentials.token68, &a->decoded);
    if (is_basic && a->decoded.len)
        split_pair(a, &a->user, &ignored);
    if (!is_basic && ntlm_message(a->decoded.at, a->decoded.len) == NTLM_AUTHENTICATE &&
        ntlm_user(a->decoded.at, a->decoded.len, &a->name))
        a->user = (struct http_slice){ a->name.at, a->name.len };
}

bool auth_needs_content(struct http_slice value)
{
    struct credentials c;
    struct http_slice qop;
    credentials_parse(value, &c);
    bool needs = http_slice_is_nocase(c.scheme, "Digest") && credentials_param(&c, "qop", &qop) &&
                 http_slice_is_nocase(qop, "auth-int");
    credentials_free(&c);
    return needs;
}

void auth_free(struct auth *a)
{
    credentials_free(&a->credentials);
    buf_free(&a->decoded);
    buf_free(&a->name);
    buf_free(&a->lower);
    *a = (struct auth){ 0 };
}

/* ---- the judgement --------------------------------------------------------------------------- */

static struct verdict judge_by(struct nonces *nonces, struct auth_session *s, struct auth *a,
                               const struct gate *gate, const struct auth_question *q)
{
    if (a->credentials.wrong)
        return is(AUTH_MALFORMED, a->credentials.wrong);
    switch (gate->scheme) {
    case GATE_BASIC:
        return judge_basic(a, gate);
    case GATE_DIGEST:
        return judge_digest(nonces, a, gate, q);
    case GATE_BEARER:
        return judge_bearer(a, gate);
    case GATE_NTLM:
        return judge_ntlm(nonces, s, a, gate);
    }
    return is(AUTH_WRONG, NULL);
}

/* The more somebody meant it, the higher. */
static int rank(enum auth_finding finding)
{
    static const int ranks[] = {
        [AUTH_UNGATED] = 0, [AUTH_MALFORMED] = 1, [AUTH_WRONG] = 2, [AUTH_REPLAYED] = 3,
        [AUTH_STALE] = 4,   [AUTH_MISSING] = 5,   [AUTH_OK] = 6
    };
    return ranks[finding];
}

static void judge_by_all(struct nonces *nonces, struct auth_session *s,
                         const struct auth_question *q, struct auth *a)
{
    struct verdict best = is(AUTH_UNGATED, NULL);
    if (!http_slice_is_nocase(a->scheme, auth_schemes[GATE_NTLM]))
        s->challenged = false;
    for (size_t i = 0; i < q->gate_count && best.finding != AUTH_OK; i++) {
        const struct gate *gate = &q->gates[i];
        if (!http_slice_is_nocase(a->scheme, auth_schemes[gate->scheme]))
            continue;
        struct verdict v = judge_by(nonces, s, a, gate, q);
        if (rank(v.finding) > rank(best.finding)) {
            best = v;
            a->gate = gate;
        }
    }
    if (!a->gate)
        best = a->credentials.wrong
                   ? is(AUTH_MALFORMED, a->credentials.wrong)
                   : is(AUTH_WRONG, "the scheme is none that the challenge offers");
    a->finding = best.finding;
    a->why = best.why;
}

static bool is_users(const struct auth_question *q, const struct user *user)
{
    for (size_t i = 0; i < q->gate_count; i++)
        for (size_t j = 0; j < q->gates[i].user_count; j++)
            if (&q->gates[i].users[j] == user)
                return true;
    return false;
}

void auth_judge(struct nonces *nonces, struct auth_session *s, const struct auth_question *q,
                struct auth *a)
{
    if (q->lines > 0)
        read_fields(a, q);
    if (q->gate_count == 0) {
        a->finding = AUTH_UNGATED;
    } else if (q->lines > 1) { /* 9110, 5.3: they cannot be one list */
        a->finding = AUTH_MALFORMED;
        a->why = "there is more than one field line of credentials";
    } else if (q->lines == 1) {
        judge_by_all(nonces, s, q, a);
    } else if (s->user && is_users(q, s->user)) { /* NTLM: the connection is the user's */
        a->finding = AUTH_OK;
        a->user = http_slice_of(s->user->name);
    } else {
        a->finding = AUTH_MISSING;
        s->challenged = false;
    }
}
