/*
 * NTLM messages: little-endian numbers, and texts by length and offset.
 */
#include "ntlm.h"

#include <stdint.h>
#include <string.h>

static const char signature[8] = "NTLMSSP";

enum {
    UNICODE = 0x00000001,
    REQUEST_TARGET = 0x00000004,
    NTLM = 0x00000200,
    TARGET_IS_SERVER = 0x00020000,
    TARGET_INFO = 0x00800000,
    /* MS-NLMP 2.2.1.3: where the fields of AUTHENTICATE stand */
    USER_AT = 36,
    FLAGS_AT = 60,
    /* MS-NLMP 2.2.1.2: octets of CHALLENGE before its payload */
    CHALLENGE_HEAD = 48
};

static unsigned number(const char *at, unsigned octets)
{
    unsigned n = 0;
    for (unsigned i = 0; i < octets; i++)
        n |= (unsigned)(unsigned char)at[i] << (8 * i);
    return n;
}

static void add_number(struct buf *out, unsigned n, unsigned octets)
{
    for (unsigned i = 0; i < octets; i++)
        buf_char(out, (char)(n >> (8 * i) & 0xFF));
}

int ntlm_message(const char *octets, size_t len)
{
    if (len < 12 || memcmp(octets, signature, sizeof(signature)) != 0)
        return 0;
    unsigned type = number(octets + 8, 4);
    return type >= NTLM_NEGOTIATE && type <= NTLM_AUTHENTICATE ? (int)type : 0;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static void add_utf8(struct buf *out, uint32_t c)
{
    if (c < 0x80) {
        buf_char(out, (char)c);
        return;
    }
    unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char marks[] = { 0, 0xC0, 0xE0, 0xF0 };
    buf_char(out, (char)(marks[more] | c >> (6 * more)));
    while (more-- > 0)
        buf_char(out, (char)(0x80 | (c >> (6 * more) & 0x3F)));
}

/* UTF-16LE; half a surrogate pair becomes U+FFFD. */
static void add_utf16(struct buf *out, const char *at, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2) {
        uint32_t c = number(at + i, 2), low = i + 3 < len ? number(at + i + 2, 2) : 0;
        if (c >= 0xD800 && c < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10 | (low - 0xDC00));
            i += 2;
        } else if (c >= 0xD800 && c < 0xE000) {
            c = 0xFFFD;
        }
        add_utf8(out, c);
    }
}

bool ntlm_user(const char *octets, size_t len, struct buf *user)
{
    if (len < USER_AT + 8)
        return false;
    size_t size = number(octets + USER_AT, 2), at = number(octets + USER_AT + 4, 4);
    if (at > len || size > len - at)
        return false;
    /* The oldest messages end before the flags, and are in one octet a character. */
    bool unicode = len >= FLAGS_AT + 4 && number(octets + FLAGS_AT, 4) & UNICODE;
    if (unicode)
        add_utf16(user, octets + at, size);
    else
        buf_add(user, octets + at, size);
    return true;
}

/* ---- CHALLENGE ------------------------------------------------------------------------------- */

static void add_wide(struct buf *out, const char *ascii)
{
    for (; *ascii; ascii++)
        add_number(out, (unsigned char)*ascii, 2);
}

static void add_place(struct buf *out, unsigned len, unsigned offset)
{
    add_number(out, len, 2);
    add_number(out, len, 2);
    add_number(out, offset, 4);
}

void ntlm_challenge(const unsigned char nonce[NTLM_NONCE], struct buf *out)
{
    static const char target[] = "FAKEPROXY";
    enum { TARGET_OCTETS = 2 * (sizeof(target) - 1), INFO_OCTETS = 2 * (4 + TARGET_OCTETS) + 4 };
    buf_add(out, signature, sizeof(signature));
    add_number(out, NTLM_CHALLENGE, 4);
    add_place(out, TARGET_OCTETS, CHALLENGE_HEAD);
    add_number(out, UNICODE | REQUEST_TARGET | NTLM | TARGET_IS_SERVER | TARGET_INFO, 4);
    buf_add(out, nonce, NTLM_NONCE);
    add_number(out, 0, 4); /* reserved */
    add_number(out, 0, 4);
    add_place(out, INFO_OCTETS, CHALLENGE_HEAD + TARGET_OCTETS);
    add_wide(out, target);
    for (unsigned id = 1; id <= 2; id++) { /* MsvAvNbComputerName, MsvAvNbDomainName */
        add_number(out, id, 2);
        add_number(out, TARGET_OCTETS, 2);
        add_wide(out, target);
    }
    add_number(out, 0, 4); /* MsvAvEOL */
}
