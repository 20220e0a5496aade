/*
 * Writing challenges, in the order in which the RFCs' examples have their parameters.
 */
#include "auth.h"

#include <openssl/evp.h>

static void add_quoted(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buf_char(out, '\\');
        buf_char(out, *value);
    }
    buf_char(out, '"');
}

static bool is_ascii(const char *text)
{
    while (*text && (unsigned char)*text < 0x80)
        text++;
    return !*text;
}

/* Only where it matters (7617, 2.1; 7616, 3.3), so that plain challenges look as they do
 * elsewhere. */
static bool needs_charset(const struct gate *gate)
{
    for (size_t i = 0; i < gate->user_count; i++)
        if (!is_ascii(gate->users[i].name) || !is_ascii(gate->users[i].password))
            return true;
    return false;
}

static void add_digest(struct nonces *nonces, const struct gate *gate, bool stale, struct buf *out)
{
    struct buf nonce = { 0 };
    nonces_offer(nonces, gate, &nonce);
    buf_char(&nonce, '\0');
    add_quoted(out, ", nonce", nonce.at);
    buf_free(&nonce);
    if (gate->qop && gate->qop[0])
        add_quoted(out, ", qop", gate->qop);
    if (gate->opaque)
        add_quoted(out, ", opaque", gate->opaque);
    if (gate->algorithm)
        buf_printf(out, ", algorithm=%s", gate->algorithm);
    if (stale)
        buf_string(out, ", stale=true");
    if (needs_charset(gate))
        buf_string(out, ", charset=UTF-8");
}

static void add_base64(struct buf *out, const struct buf *octets)
{
    size_t len = (octets->len + 2) / 3 * 4;
    char *text = buf_extend(out, len + 1); /* EVP_EncodeBlock() ends it with a NUL */
    EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)octets->at, (int)octets->len);
    out->len--;
}

void auth_challenge(struct nonces *nonces, const struct auth_session *s, const struct gate *gate,
                    const struct auth *a, struct buf *out)
{
    bool was_asked = a && a->gate == gate;
    buf_string(out, auth_schemes[gate->scheme]);
    if (gate->scheme == GATE_NTLM) {
        struct buf message = { 0 };
        if (!s->challenged)
            return;
        ntlm_challenge(s->nonce, &message);
        buf_char(out, ' ');
        add_base64(out, &message);
        buf_free(&message);
        return;
    }
    add_quoted(out, " realm", gate->realm);
    if (gate->scheme == GATE_DIGEST)
        add_digest(nonces, gate, was_asked && a->finding == AUTH_STALE, out);
    else if (gate->scheme == GATE_BASIC && needs_charset(gate))
        buf_string(out, ", charset=\"UTF-8\"");
    else if (gate->scheme == GATE_BEARER && was_asked && a->finding == AUTH_WRONG)
        buf_string(out, ", error=\"invalid_token\""); /* 6750, 3.1 */
}
