/*
 * The hello messages, read as nested length-prefixed vectors (RFC 8446, 3.4): a `struct slice` is
 * what is left of one, and `take` never gives more than that, so no length in the input is believed
 * before it is checked. A ClientHello that is whole in one record is read in place; one that is
 * split over several is gathered first.
 *
 * It does not check what it has no use for: ciphers, key shares, the order of extensions. A hello
 * that passes here may still be refused by OpenSSL.
 */
#include "tls_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_ALERT = 21, RECORD_HANDSHAKE = 22 };
enum { MESSAGE_CLIENT_HELLO = 1, MESSAGE_SERVER_HELLO = 2 };
enum { ALERT_WARNING = 1, ALERT_FATAL = 2 };

/* Extension types (IANA, TLS ExtensionType Values). */
enum {
    EXT_SERVER_NAME = 0,
    EXT_ALPN = 16,
    EXT_SESSION_TICKET = 35,
    EXT_PRE_SHARED_KEY = 41,
    EXT_EARLY_DATA = 42,
    EXT_SUPPORTED_VERSIONS = 43,
};

struct slice {
    const unsigned char *at;
    size_t len;
};

static bool take(struct slice *from, size_t n, struct slice *out)
{
    if (from->len < n)
        return false;
    *out = (struct slice){ from->at, n };
    from->at += n;
    from->len -= n;
    return true;
}

/* A big-endian number of `octets` octets. */
static bool take_number(struct slice *from, size_t octets, size_t *out)
{
    struct slice s;
    if (!take(from, octets, &s))
        return false;
    *out = 0;
    for (size_t i = 0; i < octets; i++)
        *out = *out << 8 | s.at[i];
    return true;
}

/* A vector with a length of `octets` octets in front. */
static bool take_vector(struct slice *from, size_t octets, struct slice *out)
{
    size_t len;
    return take_number(from, octets, &len) && take(from, len, out);
}

/* Writes what fits; no escape is cut in half. */
static void put_text(char *out, size_t size, struct slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char octet = text.at[i];
        bool plain = octet > ' ' && octet <= '~' && octet != '\\';
        if (n + (plain ? 1 : 4) >= size)
            break;
        if (plain)
            out[n++] = (char)octet;
        else
            n += (size_t)snprintf(out + n, size - n, "\\x%02x", octet);
    }
    out[n] = '\0';
}

static bool read_server_name(struct slice ext, struct tls_hello *hello)
{
    struct slice list, name;
    size_t type;
    if (!take_vector(&ext, 2, &list) || ext.len != 0)
        return false;
    while (list.len > 0) {
        if (!take_number(&list, 1, &type) || !take_vector(&list, 2, &name))
            return false;
        if (type == 0 && hello->sni[0] == '\0')
            put_text(hello->sni, sizeof(hello->sni), name);
    }
    return true;
}

static bool read_alpn(struct slice ext, struct tls_hello *hello)
{
    struct slice list, name;
    if (!take_vector(&ext, 2, &list) || ext.len != 0)
        return false;
    while (list.len > 0) {
        if (!take_vector(&list, 1, &name) || name.len == 0)
            return false;
        if (hello->n_alpn < TLS_ALPN_MAX)
            put_text(hello->alpn[hello->n_alpn++], sizeof(hello->alpn[0]), name);
    }
    return true;
}

static bool is_grease(size_t value)
{
    return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

static bool read_versions(struct slice ext, struct tls_hello *hello)
{
    struct slice list;
    size_t version;
    if (!take_vector(&ext, 1, &list) || ext.len != 0)
        return false;
    hello->n_versions = 0;
    while (list.len > 0) {
        if (!take_number(&list, 2, &version))
            return false;
        if (!is_grease(version) && hello->n_versions < TLS_VERSIONS_MAX)
            hello->versions[hello->n_versions++] = (uint16_t)version;
    }
    return true;
}

static bool read_extension(size_t type, struct slice ext, struct tls_hello *hello)
{
    switch (type) {
    case EXT_SERVER_NAME:
        return read_server_name(ext, hello);
    case EXT_ALPN:
        return read_alpn(ext, hello);
    case EXT_SUPPORTED_VERSIONS:
        return read_versions(ext, hello);
    case EXT_SESSION_TICKET:
        hello->ticket = ext.len > 0;
        return true;
    case EXT_PRE_SHARED_KEY:
        hello->psk = true;
        return true;
    case EXT_EARLY_DATA:
        hello->early_data = true;
        return true;
    default:
        return true;
    }
}

static bool read_extensions(struct slice list, struct tls_hello *hello)
{
    struct slice ext;
    size_t type;
    while (list.len > 0) {
        if (!take_number(&list, 2, &type) || !take_vector(&list, 2, &ext) ||
            !read_extension(type, ext, hello))
            return false;
    }
    return true;
}

/* The body of the one handshake message that fills `message`. */
static bool take_body(struct slice message, size_t wanted_type, struct slice *body)
{
    size_t type;
    return take_number(&message, 1, &type) && type == wanted_type &&
           take_vector(&message, 3, body) && message.len == 0;
}

bool tls_hello_parse_message(const void *message, size_t len, struct tls_hello *hello)
{
    struct slice body, skipped, extensions;
    size_t version;
    memset(hello, 0, sizeof(*hello));
    if (!take_body((struct slice){ message, len }, MESSAGE_CLIENT_HELLO, &body))
        return false;
    if (!take_number(&body, 2, &version) || !take(&body, 32, &skipped) || /* random */
        !take_vector(&body, 1, &skipped) || skipped.len > 32 ||           /* session_id */
        !take_vector(&body, 2, &skipped) || skipped.len < 2 ||            /* cipher_suites */
        !take_vector(&body, 1, &skipped) || skipped.len < 1)              /* compression */
        return false;
    hello->versions[hello->n_versions++] = (uint16_t)version;
    if (body.len == 0)
        return true; /* extensions may be left out up to TLS 1.2 */
    return take_vector(&body, 2, &extensions) && body.len == 0 &&
           read_extensions(extensions, hello);
}

/* SHA-256 of "HelloRetryRequest", the random of a ServerHello that is one (RFC 8446, 4.1.3). */
static const unsigned char retry_random[32] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

bool tls_server_hello_parse(const void *message, size_t len, struct tls_server_hello *hello)
{
    struct slice body, random, skipped, list, ext;
    size_t version, cipher_suite, type;
    if (!take_body((struct slice){ message, len }, MESSAGE_SERVER_HELLO, &body) ||
        !take_number(&body, 2, &version) || !take(&body, 32, &random) ||
        !take_vector(&body, 1, &skipped) || !take_number(&body, 2, &cipher_suite) ||
        !take(&body, 1, &skipped))
        return false;
    if (body.len > 0) {
        if (!take_vector(&body, 2, &list))
            return false;
        while (list.len > 0) {
            if (!take_number(&list, 2, &type) || !take_vector(&list, 2, &ext))
                return false;
            if (type == EXT_SUPPORTED_VERSIONS && !take_number(&ext, 2, &version))
                return false;
        }
    }
    hello->retry = memcmp(random.at, retry_random, sizeof(retry_random)) == 0;
    hello->version = (uint16_t)version;
    hello->cipher_suite = (uint16_t)cipher_suite;
    return true;
}

/* Takes the payload of the next handshake record, or as much of it as is there. */
static enum tls_hello_state take_record(struct slice *wire, struct slice *payload)
{
    static const unsigned char start[] = { RECORD_HANDSHAKE, 3 };
    size_t known = wire->len < sizeof(start) ? wire->len : sizeof(start);
    if (memcmp(wire->at, start, known) != 0)
        return TLS_HELLO_BAD;
    struct slice header;
    if (!take(wire, TLS_RECORD_HEADER, &header))
        return TLS_HELLO_PARTIAL;
    size_t len = (size_t)header.at[3] << 8 | header.at[4];
    if (len == 0 || len > TLS_RECORD_MAX)
        return TLS_HELLO_BAD;
    take(wire, len < wire->len ? len : wire->len, payload);
    return TLS_HELLO_WHOLE;
}

/* Gathers the first `len` octets of handshake messages. */
static enum tls_hello_state gather(struct slice wire, unsigned char *out, size_t len)
{
    size_t n = 0;
    while (n < len) {
        struct slice payload;
        enum tls_hello_state state =
            wire.len > 0 ? take_record(&wire, &payload) : TLS_HELLO_PARTIAL;
        if (state != TLS_HELLO_WHOLE)
            return state;
        size_t part = payload.len < len - n ? payload.len : len - n;
        if (part > 0)
            memcpy(out + n, payload.at, part);
        n += part;
    }
    return TLS_HELLO_WHOLE;
}

/* The whole length of the first message, known from its header. */
static enum tls_hello_state message_length(struct slice wire, size_t *len)
{
    unsigned char header[TLS_MESSAGE_HEADER];
    struct slice rest = wire, payload;
    enum tls_hello_state state = take_record(&rest, &payload);
    if (state != TLS_HELLO_WHOLE)
        return state;
    if (payload.len > 0 && payload.at[0] != MESSAGE_CLIENT_HELLO)
        return TLS_HELLO_BAD;
    state = gather(wire, header, sizeof(header));
    if (state != TLS_HELLO_WHOLE)
        return state;
    *len = TLS_MESSAGE_HEADER + ((size_t)header[1] << 16 | (size_t)header[2] << 8 | header[3]);
    return *len < TLS_HELLO_MAX ? TLS_HELLO_WHOLE : TLS_HELLO_BAD;
}

static enum tls_hello_state parse_wire(struct slice wire, struct tls_hello *hello)
{
    size_t len;
    enum tls_hello_state state = message_length(wire, &len);
    if (state != TLS_HELLO_WHOLE)
        return state;
    struct slice rest = wire, payload;
    if (take_record(&rest, &payload) == TLS_HELLO_WHOLE && payload.len >= len)
        return tls_hello_parse_message(payload.at, len, hello) ? TLS_HELLO_WHOLE : TLS_HELLO_BAD;
    unsigned char *message = malloc(len);
    if (message == NULL)
        return TLS_HELLO_BAD;
    state = gather(wire, message, len);
    if (state == TLS_HELLO_WHOLE && !tls_hello_parse_message(message, len, hello))
        state = TLS_HELLO_BAD;
    free(message);
    return state;
}

enum tls_hello_state tls_hello_parse(const void *data, size_t len, struct tls_hello *hello)
{
    if (len == 0)
        return TLS_HELLO_PARTIAL;
    size_t seen = len < TLS_HELLO_MAX ? len : TLS_HELLO_MAX;
    enum tls_hello_state state = parse_wire((struct slice){ data, seen }, hello);
    return state == TLS_HELLO_PARTIAL && len >= TLS_HELLO_MAX ? TLS_HELLO_BAD : state;
}

static const char *const version_names[] = { "1.0", "1.1", "1.2", "1.3" };

const char *tls_version_name(int version)
{
    return version >= 0x0301 && version <= 0x0304 ? version_names[version - 0x0301] : NULL;
}

int tls_version_number(const char *name)
{
    for (int i = 0; i < 4; i++) {
        if (strcmp(name, version_names[i]) == 0)
            return 0x0301 + i;
    }
    return 0;
}

/* RFC 8446, 6, and IANA's TLS Alerts registry. */
#define CURRENT_ALERTS(X)                                                                          \
    X(0, "close_notify")                                                                           \
    X(10, "unexpected_message")                                                                    \
    X(20, "bad_record_mac")                                                                        \
    X(22, "record_overflow")                                                                       \
    X(40, "handshake_failure")                                                                     \
    X(42, "bad_certificate")                                                                       \
    X(43, "unsupported_certificate")                                                               \
    X(44, "certificate_revoked")                                                                   \
    X(45, "certificate_expired")                                                                   \
    X(46, "certificate_unknown")                                                                   \
    X(47, "illegal_parameter")                                                                     \
    X(48, "unknown_ca")                                                                            \
    X(49, "access_denied")                                                                         \
    X(50, "decode_error")                                                                          \
    X(51, "decrypt_error")                                                                         \
    X(70, "protocol_version")                                                                      \
    X(71, "insufficient_security")                                                                 \
    X(80, "internal_error")                                                                        \
    X(86, "inappropriate_fallback")                                                                \
    X(90, "user_canceled")                                                                         \
    X(109, "missing_extension")                                                                    \
    X(110, "unsupported_extension")                                                                \
    X(112, "unrecognized_name")                                                                    \
    X(113, "bad_certificate_status_response")                                                      \
    X(115, "unknown_psk_identity")                                                                 \
    X(116, "certificate_required")                                                                 \
    X(120, "no_application_protocol")

/* Of TLS 1.2 and older (RFC 5246, 7.2): seen, never offered. */
#define OLD_ALERTS(X)                                                                              \
    X(21, "decryption_failed")                                                                     \
    X(30, "decompression_failure")                                                                 \
    X(41, "no_certificate")                                                                        \
    X(60, "export_restriction")                                                                    \
    X(100, "no_renegotiation")                                                                     \
    X(111, "certificate_unobtainable")                                                             \
    X(114, "bad_certificate_hash_value")

#define NAME_OF(number, name)         name,
#define NUMBER_AND_NAME(number, name) { number, name },

const char *const tls_alert_names[] = { CURRENT_ALERTS(NAME_OF) NULL };

static const struct {
    unsigned char number;
    const char *name;
} alerts[] = { CURRENT_ALERTS(NUMBER_AND_NAME) OLD_ALERTS(NUMBER_AND_NAME) };

enum { N_CURRENT_ALERTS = sizeof(tls_alert_names) / sizeof(tls_alert_names[0]) - 1 };

const char *tls_alert_name(int description)
{
    for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
        if (alerts[i].number == description)
            return alerts[i].name;
    }
    return "unknown";
}

size_t tls_alert_record(const char *name, unsigned char out[7])
{
    size_t i = 0;
    while (i < N_CURRENT_ALERTS && strcmp(alerts[i].name, name) != 0)
        i++;
    if (i == N_CURRENT_ALERTS)
        return 0;
    bool warning = strcmp(name, "close_notify") == 0 || strcmp(name, "user_canceled") == 0;
    const unsigned char record[7] = {
        RECORD_ALERT, 3, 3, 0, 2, warning ? ALERT_WARNING : ALERT_FATAL, alerts[i].number,
    };
    memcpy(out, record, sizeof(record));
    return sizeof(record);
}
