/*
 * The parts of TLS that stand in the clear: what a ClientHello says, what alerts are called, and
 * the one alert that can be written without a session. Pure functions over octets.
 */
#ifndef FAKEPROXY_TLS_RECORD_H
#define FAKEPROXY_TLS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TLS_RECORD_HEADER = 5,     /* octets: type, version, length (RFC 8446, 5.1) */
    TLS_RECORD_MAX = 16384,    /* plaintext octets in one record */
    TLS_FIRST_OCTET = 22,      /* a connection that begins with it speaks TLS */
    TLS_MESSAGE_HEADER = 4,    /* octets: handshake type, length (RFC 8446, 4) */
    TLS_HELLO_MAX = 64 * 1024, /* octets on the wire within which a ClientHello must end */
    TLS_SNI_MAX = 255,         /* octets */
    TLS_ALPN_MAX = 8,          /* names kept; further ones are left out */
    TLS_ALPN_NAME_MAX = 31,    /* characters kept of each */
    TLS_VERSIONS_MAX = 8,
};

enum tls_hello_state {
    TLS_HELLO_PARTIAL, /* well-formed so far, more octets are needed */
    TLS_HELLO_WHOLE,
    TLS_HELLO_BAD, /* not TLS, not a ClientHello, malformed, or longer than TLS_HELLO_MAX */
};

/* What a client offers in its (first) ClientHello. */
struct tls_hello {
    char sni[TLS_SNI_MAX + 1]; /* host_name (RFC 6066, 3), "" if there is none; octets that are not
                                  printable ASCII are written \xHH in this and in alpn */
    unsigned n_alpn;
    char alpn[TLS_ALPN_MAX][TLS_ALPN_NAME_MAX + 1]; /* in the client's order (RFC 7301) */
    unsigned n_versions;
    uint16_t versions[TLS_VERSIONS_MAX]; /* supported_versions in the client's order, without GREASE
                                            (RFC 8701); the legacy version where it is missing */
    bool early_data;                     /* wants to send 0-RTT data (RFC 8446, 4.2.10) */
    bool psk;                            /* offers a pre-shared key: a TLS 1.3 ticket */
    bool ticket; /* offers a TLS 1.2 ticket (RFC 5077), not just the willingness to get one */
};

/* Reads the ClientHello that the len octets of wire at data begin with, however it is split over
   records. *hello is filled when whole. Octets behind it are allowed (0-RTT data). */
enum tls_hello_state tls_hello_parse(const void *data, size_t len, struct tls_hello *hello);

/* The same for the handshake message alone, header included, without records. False: malformed. */
bool tls_hello_parse_message(const void *message, size_t len, struct tls_hello *hello);

/* What a ServerHello says. */
struct tls_server_hello {
    bool retry;       /* it is a HelloRetryRequest (RFC 8446, 4.1.3) */
    uint16_t version; /* chosen, 0x0303, ... */
    uint16_t cipher_suite;
};

/* Reads the handshake message, header included, without records. False: it is no ServerHello. */
bool tls_server_hello_parse(const void *message, size_t len, struct tls_server_hello *hello);

/* 0x0304 -> "1.3"; NULL if it is none of 1.0 to 1.3. */
const char *tls_version_name(int version);

/* "1.3" -> 0x0304; 0 if unknown. */
int tls_version_number(const char *name);

/* The names of RFC 8446, 6 ("handshake_failure", ...), in the order of their numbers, then NULL. */
extern const char *const tls_alert_names[];

/* The name of an alert, also those of older TLS; "unknown" for the rest. */
const char *tls_alert_name(int description);

/* A whole record with that alert in the clear, as an answer to a ClientHello; after ServerHello no
   client would understand it. Fatal, but for close_notify and user_canceled, which are warnings.
   Returns 7, or 0 if the name is unknown. */
size_t tls_alert_record(const char *name, unsigned char out[7]);

#endif
