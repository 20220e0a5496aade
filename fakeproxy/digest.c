/*
 * Digests: OpenSSL's hashes over parts with colons between them.
 */
#include "digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool digest_algorithm(struct http_slice name, struct digest_algorithm *a)
{
    static const struct {
        const char *name;
        struct digest_algorithm algorithm;
    } known[] = {
        { "", { DIGEST_MD5, false } },
        { "MD5", { DIGEST_MD5, false } },
        { "MD5-sess", { DIGEST_MD5, true } },
        { "SHA-256", { DIGEST_SHA_256, false } },
        { "SHA-256-sess", { DIGEST_SHA_256, true } },
        { "SHA-512-256", { DIGEST_SHA_512_256, false } },
        { "SHA-512-256-sess", { DIGEST_SHA_512_256, true } },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (http_slice_is_nocase(name, known[i].name)) {
            *a = known[i].algorithm;
            return true;
        }
    return false;
}

static const EVP_MD *hash_of(enum digest_hash hash)
{
    return hash == DIGEST_MD5       ? EVP_md5()
           : hash == DIGEST_SHA_256 ? EVP_sha256()
                                    : EVP_sha512_256();
}

/* H(part ":" part ":" …) in hex. */
static void hash_parts(enum digest_hash hash, const struct http_slice *parts, size_t count,
                       char hex[DIGEST_HEX])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context || !EVP_DigestInit_ex(context, hash_of(hash), NULL))
        abort();
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            EVP_DigestUpdate(context, ":", 1);
        EVP_DigestUpdate(context, parts[i].at, parts[i].len);
    }
    EVP_DigestFinal_ex(context, digest, &len);
    EVP_MD_CTX_free(context);
    for (unsigned i = 0; i < len && i < DIGEST_HEX / 2; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
}

void digest_response(struct digest_algorithm a, const struct digest_input *in, char hex[DIGEST_HEX])
{
    char a1[DIGEST_HEX], a2[DIGEST_HEX], content[DIGEST_HEX];
    const struct http_slice secret[] = { in->user, in->realm, in->password };
    hash_parts(a.hash, secret, 3, a1);
    if (a.is_session) { /* 7616, 3.4.2 */
        const struct http_slice session[] = { http_slice_of(a1), in->nonce, in->cnonce };
        hash_parts(a.hash, session, 3, content);
        memcpy(a1, content, sizeof(a1));
    }
    bool is_int = http_slice_is_nocase(in->qop, "auth-int");
    if (is_int)
        hash_parts(a.hash, &in->content, 1, content);
    const struct http_slice what[] = { in->method, in->uri, http_slice_of(is_int ? content : "") };
    hash_parts(a.hash, what, is_int ? 3 : 2, a2);
    if (in->qop.len) {
        const struct http_slice all[] = { http_slice_of(a1), in->nonce, in->nc,
                                          in->cnonce,        in->qop,   http_slice_of(a2) };
        hash_parts(a.hash, all, 6, hex);
    } else {
        const struct http_slice all[] = { http_slice_of(a1), in->nonce, http_slice_of(a2) };
        hash_parts(a.hash, all, 3, hex);
    }
}

void digest_user(struct digest_algorithm a, struct http_slice user, struct http_slice realm,
                 char hex[DIGEST_HEX])
{
    const struct http_slice parts[] = { user, realm };
    hash_parts(a.hash, parts, 2, hex);
}

void digest_secret(const char *secret, unsigned long long n, unsigned char *out, unsigned len)
{
    char text[256], hex[DIGEST_HEX];
    int text_len = snprintf(text, sizeof(text), "%.200s %llu", secret, n);
    hash_parts(DIGEST_SHA_256, &(struct http_slice){ text, (size_t)text_len }, 1, hex);
    for (unsigned i = 0; i < len && i < 32; i++) {
        char octet[3] = { hex[2 * (size_t)i], hex[2 * (size_t)i + 1], '\0' };
        out[i] = (unsigned char)strtoul(octet, NULL, 16);
    }
}
