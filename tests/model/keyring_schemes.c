/*
 * Basic (7617), Digest (7616), Bearer (6750), and NTLM by its looks: three legs on one connection.
 * What Digest computes comes from libfakeproxy's digest.c, which is held against the examples of
 * the RFC by its own tests; which octets go into it is decided here.
 */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "digest.h"
#include "keyring_private.h"
#include "mutants.h"

static struct http_slice slice(const char *z)
{
    return (struct http_slice){ .at = z ? z : "", .len = z ? strlen(z) : 0 };
}

static const char *take(struct arena *a, struct buf *b)
{
    const char *text = arena_copy(a, b->at ? b->at : "", b->len);
    buf_free(b);
    return text;
}

static void add_base64(struct buf *b, const char *octets, size_t len)
{
    char *at = buf_extend(b, (len + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)at, (const unsigned char *)octets, (int)len);
    b->len--; /* the NUL */
}

/* ---- Basic ----------------------------------------------------------------------------------- */

static void add_password(struct buf *b, const char *password)
{
    for (const char *p = password; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (mutant(MUTANT_CUTS_PASSWORD_AT_COLON) && c == ':')
            return;
        if (mutant(MUTANT_BASIC_IN_LATIN1) && (c == 0xC2 || c == 0xC3)) {
            buf_char(b, (char)((c & 3) << 6 | (*++p & 0x3F)));
            continue;
        }
        buf_char(b, *p);
    }
}

static const char *basic_value(struct lock *l, struct arena *a)
{
    struct buf pair = { 0 }, b = { 0 };
    buf_printf(&pair, "%s:", l->account.user);
    if (mutant(MUTANT_RENAMES_SESSION)) {
        pair.len--;
        buf_printf(&pair, "-%u:", ++l->nc);
    }
    char *dash = memmem(pair.at, pair.len, "-session-", 9);
    if (mutant(MUTANT_STRIPS_SESSION) && dash && ++l->nc > 1) {
        pair.len = (size_t)(dash - pair.at);
        buf_char(&pair, ':');
    }
    add_password(&pair, l->account.password);
    bool echoes = mutant(MUTANT_ECHOES_FIRST_SCHEME) && l->first_scheme;
    buf_printf(&b, "%s ", echoes ? l->first_scheme : "Basic");
    add_base64(&b, pair.at, pair.len);
    buf_free(&pair);
    return take(a, &b);
}

/* ---- Digest ---------------------------------------------------------------------------------- */

static bool offers(const char *qop, const char *wanted)
{
    const char *member;
    size_t len;
    while (fields_member(&qop, &member, &len))
        if (len == strlen(wanted) && strncasecmp(member, wanted, len) == 0)
            return true;
    return false;
}

/* "auth" before "auth-int"; "" where the challenge has no qop (2069); NULL: none that is known. */
static const char *choose_qop(const char *qop, bool can_hash)
{
    if (!qop || mutant(MUTANT_DIGEST_WITHOUT_QOP))
        return "";
    if (offers(qop, "auth") || mutant(MUTANT_QOP_ALWAYS_AUTH))
        return "auth";
    return offers(qop, "auth-int") && can_hash ? "auth-int" : NULL;
}

unsigned lock_digest_strength(const struct challenge *c, bool can_hash)
{
    struct digest_algorithm algorithm;
    const char *name = challenge_param(c, "algorithm");
    if (!challenge_param(c, "nonce") || !choose_qop(challenge_param(c, "qop"), can_hash))
        return 0;
    if (!digest_algorithm(slice(name), &algorithm))
        return mutant(MUTANT_UNKNOWN_ALGORITHM_AS_MD5) ? 9 : 0;
    if (mutant(MUTANT_ONLY_MD5) && algorithm.hash != DIGEST_MD5)
        return 0;
    return 1 + 2 * (unsigned)algorithm.hash + (algorithm.is_session ? 1 : 0);
}

static const char *keep(struct arena *a, const char *text)
{
    return text ? arena_copy(a, text, strlen(text)) : NULL;
}

void lock_next_nonce(struct arena *a, struct lock *l, const char *nonce)
{
    if (mutant(MUTANT_KEEPS_OLD_NONCE) && l->nonce)
        return;
    l->nonce = keep(a, nonce);
    if (!mutant(MUTANT_NC_GOES_ON))
        l->nc = 0;
}

void lock_learn(struct arena *a, struct lock *l, const struct challenge *c,
                const struct account *account, bool can_hash)
{
    const char *userhash = challenge_param(c, "userhash"), *nonce = challenge_param(c, "nonce");
    l->account = *account;
    l->scheme = strcasecmp(c->scheme, "Digest") == 0   ? SCHEME_DIGEST
                : strcasecmp(c->scheme, "NTLM") == 0   ? SCHEME_NTLM
                : strcasecmp(c->scheme, "Bearer") == 0 ? SCHEME_BEARER
                                                       : SCHEME_BASIC;
    if (l->scheme != SCHEME_DIGEST)
        return;
    const char *realm = challenge_param(c, "realm");
    l->realm = keep(a, realm ? realm : "");
    l->opaque = keep(a, challenge_param(c, "opaque"));
    l->algorithm = keep(a, challenge_param(c, "algorithm"));
    l->qop = keep(a, choose_qop(challenge_param(c, "qop"), can_hash));
    l->hashes_user = userhash && strcasecmp(userhash, "true") == 0;
    if (!l->nonce || strcmp(l->nonce, nonce) != 0)
        lock_next_nonce(a, l, nonce);
}

static void add_quoted(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, ", %s=\"", name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buf_char(b, '\\');
        buf_char(b, *value);
    }
    buf_char(b, '"');
}

static const char *content_of(struct upload *u, struct arena *a)
{
    if (!u->is_there || u->octets)
        return u->octets;
    char *content = arena_take(a, (size_t)u->size + 1);
    upload_read(u, 0, content, (size_t)u->size);
    return content;
}

/* "/a?b" of "http://host/a?b"; for a mutant. */
static const char *path_of(const char *target)
{
    const char *host = strstr(target, "://"), *slash = host ? strchr(host + 3, '/') : NULL;
    return slash ? slash : target;
}

static void make_cnonce(char hex[static 17])
{
    unsigned char octets[8];
    RAND_bytes(octets, sizeof(octets));
    for (size_t i = 0; i < sizeof(octets); i++) {
        hex[2 * i] = "0123456789abcdef"[octets[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[octets[i] & 15];
    }
    hex[16] = '\0';
}

static void add_digest_user(struct buf *b, const struct lock *l, struct digest_algorithm algorithm)
{
    char hashed[DIGEST_HEX];
    if (!l->hashes_user) {
        add_quoted(b, "username", l->account.user);
        return;
    }
    digest_user(algorithm, slice(l->account.user), slice(l->realm), hashed);
    add_quoted(b, "username", hashed);
    buf_string(b, ", userhash=true");
}

static const char *digest_value(struct lock *l, const struct keyring_request *q, struct arena *a)
{
    struct digest_algorithm algorithm = { .hash = DIGEST_MD5 };
    char nc[9], cnonce[17], response[DIGEST_HEX];
    const char *uri = mutant(MUTANT_DIGEST_URI_IS_PATH) ? path_of(q->target) : q->target;
    const char *method = mutant(MUTANT_DIGEST_METHOD_IS_GET) ? "GET" : q->method;
    digest_algorithm(slice(l->algorithm), &algorithm);
    make_cnonce(cnonce);
    if (mutant(MUTANT_NC_SKIPS) && l->nc > 0)
        l->nc++;
    snprintf(nc, sizeof(nc), "%08x", mutant(MUTANT_NC_STAYS_ONE) ? 1 : ++l->nc);
    struct digest_input in = { .user = slice(l->account.user),
                               .password = slice(l->account.password),
                               .realm = slice(l->realm),
                               .nonce = slice(l->nonce),
                               .nc = slice(nc),
                               .cnonce = slice(cnonce),
                               .qop = slice(l->qop),
                               .method = slice(method),
                               .uri = slice(uri) };
    if (strcmp(l->qop, "auth-int") == 0 && q->upload->is_there)
        in.content = (struct http_slice){ content_of(q->upload, a), (size_t)q->upload->size };
    digest_response(algorithm, &in, response);
    struct buf b = { 0 };
    buf_printf(&b, "Digest response=\"%s\"", response);
    add_digest_user(&b, l, algorithm);
    add_quoted(&b, "realm", l->realm);
    add_quoted(&b, "nonce", l->nonce);
    add_quoted(&b, "uri", uri);
    if (l->algorithm)
        buf_printf(&b, ", algorithm=%s", l->algorithm);
    if (*l->qop) {
        bool quoted = mutant(MUTANT_DIGEST_QUOTES_NC);
        add_quoted(&b, "cnonce", cnonce);
        buf_printf(&b, quoted ? ", qop=\"%s\", nc=\"%s\"" : ", qop=%s, nc=%s", l->qop, nc);
    }
    if (l->opaque && !mutant(MUTANT_DROPS_OPAQUE))
        add_quoted(&b, "opaque", l->opaque);
    return take(a, &b);
}

/* ---- NTLM ------------------------------------------------------------------------------------ */

static void add_le(struct buf *b, unsigned long value, size_t octets)
{
    for (size_t i = 0; i < octets; i++)
        buf_char(b, (char)(value >> (8 * i) & 0xFF));
}

static void add_buffer(struct buf *b, size_t len, size_t offset)
{
    add_le(b, len, 2);
    add_le(b, len, 2);
    add_le(b, offset, 4);
}

/* MS-NLMP 2.2.1.1 and 2.2.1.3, with the flags UNICODE, OEM and NTLM; no proof of the password. */
static void add_message(struct buf *b, unsigned type, const char *user)
{
    size_t len = 2 * strlen(user), offset = 64;
    buf_add(b, "NTLMSSP", 8);
    add_le(b, type, 4);
    if (type == 1) {
        add_le(b, 0x0203, 4);
        add_buffer(b, 0, 32);
        add_buffer(b, 0, 32);
        return;
    }
    add_buffer(b, 24, offset + len);      /* LM response */
    add_buffer(b, 24, offset + len + 24); /* NT response */
    add_buffer(b, 0, offset);             /* domain */
    add_buffer(b, len, offset);
    add_buffer(b, 0, offset); /* workstation */
    add_buffer(b, 0, offset); /* session key */
    add_le(b, 0x0201, 4);
    for (; *user; user++)
        add_le(b, (unsigned char)*user, 2);
    memset(buf_extend(b, 48), 0, 48);
}

static const char *ntlm_value(const struct lock *l, const struct bond *bond, struct arena *a)
{
    struct buf message = { 0 }, b = { 0 };
    if (bond->is_made)
        return NULL;
    add_message(&message, bond->nonce_of ? 3 : 1, l->account.user);
    buf_string(&b, "NTLM ");
    add_base64(&b, message.at, message.len);
    buf_free(&message);
    return take(a, &b);
}

const char *lock_value(struct lock *l, struct bond *bond, const struct keyring_request *q,
                       struct arena *a)
{
    struct buf b = { 0 };
    switch (l->scheme) {
    case SCHEME_DIGEST:
        return digest_value(l, q, a);
    case SCHEME_NTLM:
        return ntlm_value(l, bond, a);
    case SCHEME_BEARER:
        buf_printf(&b, "Bearer %s", l->account.password);
        return take(a, &b);
    default:
        return basic_value(l, a);
    }
}
