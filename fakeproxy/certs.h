/*
 * Certificates for the TLS ends that we play: a certificate authority made in memory, and leaves
 * for any name, right or wrong in one exactly known way.
 */
#ifndef FAKEPROXY_CERTS_H
#define FAKEPROXY_CERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <openssl/types.h>

/* What is wrong with a leaf; apart from that one thing each is a good one. */
enum cert_kind {
    CERT_GOOD,        /* issued by our CA, for the name asked for */
    CERT_SELF_SIGNED, /* for the name, signed with its own key */
    CERT_UNTRUSTED,   /* for the name, issued by another CA, which is never sent nor written */
    CERT_WRONG_NAME,  /* issued by our CA for wrong-name.invalid; and for localhost, 127.0.0.1 and
                         ::1, unless one of those is asked for, so that a client that checks the
                         name of its proxy instead of the target's is found out (RFC 9110, 4.3.4) */
    CERT_EXPIRED,     /* issued by our CA for the name, and over since a day */
    CERT_NO_IP_NAME,  /* for an IP address: the address stands as text in the common name and in a
                         dNSName, but there is no iPAddress (RFC 9110, 4.3.5); else as CERT_GOOD */
};

/* The names in a scenario ("good", "self-signed", ...), by kind, then NULL. */
extern const char *const cert_kind_names[];

struct certs; /* the authorities, the leaf key and a cache of leaves */

/* Makes no key and no certificate yet: each is made when it is first asked for, so this costs
   nothing at start. NULL: out of memory. */
struct certs *certs_new(void);
void certs_free(struct certs *);

/* The CA certificate as PEM text, owned by certs; the same for its whole life. NULL: OpenSSL failed
   (certs_error says how). There is no way to get at the key. */
const char *certs_ca_pem(struct certs *);

/* Writes the same text to f and flushes it. 0, or -1 (errno, if the write failed). */
int certs_write_ca(struct certs *, FILE *f);

/* The CA certificate itself, borrowed. NULL as above. */
X509 *certs_ca(struct certs *);

/* The leaf of that kind for name and the key that goes with it. name is a host name or an IP
   address, IPv6 with or without brackets; letter case does not matter. Both are borrowed and stay
   valid until the next call (the cache is bounded): take a reference of your own to keep them, as
   SSL_use_certificate does. 0, or -1 when the name cannot stand in a certificate (empty, longer
   than 253 octets, not printable ASCII) or OpenSSL failed. The issuer is never part of a chain to
   be sent: a client has our CA, or it has not. */
int certs_leaf(struct certs *, enum cert_kind, const char *name, X509 **, EVP_PKEY **);

/* The same for exactly these names, up to CERTS_NAMES_MAX, then NULL; at least one. A wrong-name
   leaf is then simply one for them. */
enum { CERTS_NAMES_MAX = 16 };
int certs_leaf_for(struct certs *, enum cert_kind, const char *const *names, X509 **, EVP_PKEY **);

/* Why the last call failed; "" if none did. */
const char *certs_error(const struct certs *);

#endif
