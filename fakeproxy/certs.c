/*
 * Certificates made in memory.
 *
 * Three keys, all EC P-256 (an RSA key would stop the event loop for 80 to 370 ms): our CA's, that
 * of the CA that nobody trusts, and one shared by all leaves. Each is made when it is first needed,
 * so a program that never speaks TLS pays nothing. A leaf is described by a `struct plan` (subject,
 * names, validity), which is where the kinds differ; one function turns a plan into a certificate.
 * Every certificate is as a strict verifier wants it (RFC 5280: key usages, key identifiers, a
 * random serial number): the one thing that is wrong must be the only thing.
 *
 * Names come from the peer (SNI), so the cache of leaves is bounded and names are put into the
 * certificate as structures, never through OpenSSL's configuration text.
 *
 * It does not build chains with intermediates, and never writes a key anywhere.
 */
#include "certs.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum {
    CACHED_LEAVES = 256,
    NAME_MAX_OCTETS = 253, /* of a host name */
    COMMON_NAME_MAX = 64,  /* ub-common-name, RFC 5280 appendix A */
    LEAF_DAYS = 365,       /* some clients refuse a leaf that is valid for more than 825 days */
    CA_DAYS = 3650,
    CA_AGE_DAYS = 366, /* older than the oldest leaf, the expired one */
    EXPIRED_AGE_DAYS = 31,
};

const char *const cert_kind_names[] = {
    [CERT_GOOD] = "good",
    [CERT_SELF_SIGNED] = "self-signed",
    [CERT_UNTRUSTED] = "untrusted",
    [CERT_WRONG_NAME] = "wrong-name",
    [CERT_EXPIRED] = "expired",
    [CERT_NO_IP_NAME] = "no-ip-name",
    NULL,
};

/* A host name in lower case, or an IP address in its canonical text. */
struct name {
    char text[NAME_MAX_OCTETS + 1];
    int family; /* AF_INET, AF_INET6, or 0 for a host name */
    unsigned char address[16];
};

struct authority {
    EVP_PKEY *key;
    X509 *cert;
};

struct leaf {
    X509 *cert; /* NULL: a free place */
    char *name;
    enum cert_kind kind;
};

struct certs {
    struct authority ours, untrusted;
    EVP_PKEY *leaf_key;
    char *ca_pem;
    struct leaf leaves[CACHED_LEAVES];
    unsigned next; /* the place to take when a leaf is made, round and round */
    char error[160];
};

/* What goes into a leaf. */
struct plan {
    const char *common_name;
    struct name names[CERTS_NAMES_MAX]; /* subjectAltName */
    unsigned n_names;
    long from_days, to_days; /* of validity, seen from now */
};

struct certs *certs_new(void)
{
    return calloc(1, sizeof(struct certs));
}

void certs_free(struct certs *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < CACHED_LEAVES; i++) {
        X509_free(c->leaves[i].cert);
        free(c->leaves[i].name);
    }
    X509_free(c->ours.cert);
    EVP_PKEY_free(c->ours.key);
    X509_free(c->untrusted.cert);
    EVP_PKEY_free(c->untrusted.key);
    EVP_PKEY_free(c->leaf_key);
    free(c->ca_pem);
    free(c);
}

const char *certs_error(const struct certs *c)
{
    return c->error;
}

/* Keeps what failed and OpenSSL's reason; the thread's error queue is left empty. */
static int fail(struct certs *c, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    snprintf(c->error, sizeof(c->error), "%s: %s", what, reason != NULL ? reason : "out of memory");
    ERR_clear_error();
    return -1;
}

/* Reads name. -1: it cannot stand in a certificate. */
static int name_read(struct name *out, const char *name)
{
    size_t len = strlen(name);
    if (len > 2 && name[0] == '[' && name[len - 1] == ']') {
        name++;
        len -= 2;
    } else if (len > 1 && name[len - 1] == '.') {
        len--; /* the root's dot is not part of a dNSName */
    }
    if (len == 0 || len > NAME_MAX_OCTETS)
        return -1;
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < len; i++) {
        if (name[i] <= ' ' || name[i] > '~')
            return -1;
        out->text[i] = (char)tolower((unsigned char)name[i]);
    }
    if (inet_pton(AF_INET, out->text, out->address) == 1)
        out->family = AF_INET;
    else if (inet_pton(AF_INET6, out->text, out->address) == 1)
        out->family = AF_INET6;
    if (out->family != 0)
        inet_ntop(out->family, out->address, out->text, sizeof(out->text));
    return 0;
}

static bool is_loopback(const struct name *n)
{
    return strcmp(n->text, "localhost") == 0 || strcmp(n->text, "::1") == 0 ||
           (n->family == AF_INET && n->address[0] == 127);
}

static int key_make(struct certs *c, EVP_PKEY **key)
{
    if (*key == NULL)
        *key = EVP_EC_gen("P-256");
    return *key != NULL ? 0 : fail(c, "cannot make a key");
}

/* A positive random number of 16 octets (RFC 5280, 4.1.2.2). */
static int set_serial(X509 *cert)
{
    unsigned char octets[16];
    if (RAND_bytes(octets, sizeof(octets)) != 1)
        return 0;
    octets[0] = (unsigned char)((octets[0] & 0x7f) | 0x40);
    BIGNUM *number = BN_bin2bn(octets, sizeof(octets), NULL);
    int ok = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
    BN_free(number);
    return ok;
}

static int add_text(X509_NAME *name, const char *field, const char *value)
{
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)value, -1,
                                      -1, 0);
}

static int add_extension(X509 *cert, X509V3_CTX *ctx, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
    int ok = extension != NULL && X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    return ok;
}

/* All that every certificate has. The subject must be set; issuer may be cert itself. */
static int complete(X509 *cert, X509 *issuer, EVP_PKEY *key, long from_days, long to_days)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    return X509_set_version(cert, X509_VERSION_3) && set_serial(cert) &&
           X509_time_adj_ex(X509_getm_notBefore(cert), (int)from_days, 0, NULL) != NULL &&
           X509_time_adj_ex(X509_getm_notAfter(cert), (int)to_days, 0, NULL) != NULL &&
           X509_set_issuer_name(cert, X509_get_subject_name(issuer)) &&
           X509_set_pubkey(cert, key) &&
           add_extension(cert, &ctx, NID_subject_key_identifier, "hash") &&
           add_extension(cert, &ctx, NID_authority_key_identifier, "keyid:always");
}

static X509 *authority_cert(EVP_PKEY *key, const char *name)
{
    X509 *cert = X509_new();
    X509_NAME *subject = cert != NULL ? X509_get_subject_name(cert) : NULL;
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    if (subject != NULL && add_text(subject, "O", "fakeproxy") && add_text(subject, "CN", name) &&
        complete(cert, cert, key, -CA_AGE_DAYS, CA_DAYS) &&
        add_extension(cert, &ctx, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_extension(cert, &ctx, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        X509_sign(cert, key, EVP_sha256()))
        return cert;
    X509_free(cert);
    return NULL;
}

static int authority_make(struct certs *c, struct authority *a, const char *name)
{
    if (a->cert != NULL)
        return 0;
    if (key_make(c, &a->key) != 0)
        return -1;
    /* Two runs must not look like one authority with two keys to a trust store that has both. */
    unsigned char tag[4];
    char text[COMMON_NAME_MAX + 1];
    if (RAND_bytes(tag, sizeof(tag)) != 1)
        return fail(c, "cannot make a CA");
    snprintf(text, sizeof(text), "%s %02x%02x%02x%02x", name, tag[0], tag[1], tag[2], tag[3]);
    a->cert = authority_cert(a->key, text);
    return a->cert != NULL ? 0 : fail(c, "cannot make a CA");
}

X509 *certs_ca(struct certs *c)
{
    c->error[0] = '\0';
    return authority_make(c, &c->ours, "fakeproxy CA") == 0 ? c->ours.cert : NULL;
}

const char *certs_ca_pem(struct certs *c)
{
    X509 *ca = certs_ca(c);
    if (ca == NULL || c->ca_pem != NULL)
        return c->ca_pem;
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    if (bio != NULL && PEM_write_bio_X509(bio, ca)) {
        long len = BIO_get_mem_data(bio, &text);
        c->ca_pem = strndup(text, (size_t)len);
    }
    BIO_free(bio);
    if (c->ca_pem == NULL)
        fail(c, "cannot write the CA certificate");
    return c->ca_pem;
}

int certs_write_ca(struct certs *c, FILE *f)
{
    const char *pem = certs_ca_pem(c);
    if (pem == NULL)
        return -1;
    return fputs(pem, f) < 0 || fflush(f) != 0 ? -1 : 0;
}

static GENERAL_NAME *general_name(const struct name *n)
{
    GENERAL_NAME *g = GENERAL_NAME_new();
    int type = n->family == 0 ? GEN_DNS : GEN_IPADD;
    ASN1_STRING *value =
        ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
    int ok = g != NULL && value != NULL;
    if (ok && type == GEN_DNS)
        ok = ASN1_STRING_set(value, n->text, -1);
    else if (ok)
        ok = ASN1_STRING_set(value, n->address, n->family == AF_INET ? 4 : 16);
    if (!ok) {
        ASN1_STRING_free(value);
        GENERAL_NAME_free(g);
        return NULL;
    }
    GENERAL_NAME_set0_value(g, type, value);
    return g;
}

static int add_names(X509 *cert, const struct plan *p)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    int ok = names != NULL;
    for (unsigned i = 0; ok && i < p->n_names; i++) {
        GENERAL_NAME *g = general_name(&p->names[i]);
        ok = g != NULL && sk_GENERAL_NAME_push(names, g) > 0;
        if (!ok)
            GENERAL_NAME_free(g);
    }
    ok = ok && X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) == 1;
    GENERAL_NAMES_free(names);
    return ok;
}

/* issuer NULL: signed with its own key. */
static X509 *leaf_cert(const struct plan *p, EVP_PKEY *key, const struct authority *issuer)
{
    X509 *cert = X509_new();
    X509_NAME *subject = cert != NULL ? X509_get_subject_name(cert) : NULL;
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    bool fits = strlen(p->common_name) <= COMMON_NAME_MAX;
    if (subject != NULL && add_text(subject, "O", "fakeproxy") &&
        (!fits || add_text(subject, "CN", p->common_name)) &&
        complete(cert, issuer != NULL ? issuer->cert : cert, key, p->from_days, p->to_days) &&
        add_extension(cert, &ctx, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(cert, &ctx, NID_key_usage, "critical,digitalSignature") &&
        add_extension(cert, &ctx, NID_ext_key_usage, "serverAuth") && add_names(cert, p) &&
        X509_sign(cert, issuer != NULL ? issuer->key : key, EVP_sha256()))
        return cert;
    X509_free(cert);
    return NULL;
}

static int plan_add(struct plan *p, const char *name)
{
    if (p->n_names == CERTS_NAMES_MAX || name_read(&p->names[p->n_names], name) != 0)
        return -1;
    p->n_names++;
    return 0;
}

/* Names that `name` does not match. */
static void plan_wrong_name(struct plan *p, const struct name *name)
{
    static const char *const loopback[] = { "localhost", "127.0.0.1", "::1" };
    p->common_name = "wrong-name.invalid";
    if (strcmp(name->text, p->common_name) == 0)
        p->common_name = "other-name.invalid";
    p->n_names = 0;
    int failed = plan_add(p, p->common_name);
    for (size_t i = 0; i < 3 && !is_loopback(name); i++)
        failed |= plan_add(p, loopback[i]);
    assert(!failed);
}

/* What differs from kind to kind, but for the issuer. */
static void plan_fault(struct plan *p, enum cert_kind kind)
{
    p->from_days = kind == CERT_EXPIRED ? -EXPIRED_AGE_DAYS : -1;
    p->to_days = kind == CERT_EXPIRED ? -1 : LEAF_DAYS;
    for (unsigned i = 0; kind == CERT_NO_IP_NAME && i < p->n_names; i++)
        p->names[i].family = 0; /* the text of the address becomes a dNSName */
}

/* The authority that issues this kind, made if need be; *issuer NULL: the leaf signs itself. */
static int find_issuer(struct certs *c, enum cert_kind kind, struct authority **issuer)
{
    *issuer = NULL;
    if (kind == CERT_SELF_SIGNED)
        return 0;
    if (kind == CERT_UNTRUSTED) {
        *issuer = &c->untrusted;
        return authority_make(c, *issuer, "fakeproxy untrusted CA");
    }
    *issuer = &c->ours;
    return authority_make(c, *issuer, "fakeproxy CA");
}

static X509 *leaf_make(struct certs *c, enum cert_kind kind, const struct plan *plan)
{
    struct authority *issuer;
    if (key_make(c, &c->leaf_key) != 0 || find_issuer(c, kind, &issuer) != 0)
        return NULL;
    X509 *cert = leaf_cert(plan, c->leaf_key, issuer);
    if (cert == NULL)
        fail(c, "cannot make a certificate");
    return cert;
}

static struct leaf *leaf_find(struct certs *c, enum cert_kind kind, const char *name)
{
    for (size_t i = 0; i < CACHED_LEAVES; i++) {
        struct leaf *l = &c->leaves[i];
        if (l->cert != NULL && l->kind == kind && strcmp(l->name, name) == 0)
            return l;
    }
    return NULL;
}

static struct leaf *leaf_keep(struct certs *c, enum cert_kind kind, const char *name, X509 *cert)
{
    char *copy = strdup(name);
    if (copy == NULL) {
        X509_free(cert);
        fail(c, "cannot keep a certificate");
        return NULL;
    }
    struct leaf *l = &c->leaves[c->next++ % CACHED_LEAVES];
    X509_free(l->cert);
    free(l->name);
    *l = (struct leaf){ .cert = cert, .name = copy, .kind = kind };
    return l;
}

/* The leaf kept as `name`, or else made after the plan. */
static int leaf_get(struct certs *c, enum cert_kind kind, const char *name, const struct plan *plan,
                    X509 **cert, EVP_PKEY **key)
{
    struct leaf *l = leaf_find(c, kind, name);
    if (l == NULL) {
        X509 *made = leaf_make(c, kind, plan);
        l = made != NULL ? leaf_keep(c, kind, name, made) : NULL;
    }
    if (l == NULL)
        return -1;
    *cert = l->cert;
    *key = c->leaf_key;
    return 0;
}

static int refuse_name(struct certs *c, const char *name)
{
    snprintf(c->error, sizeof(c->error), "no certificate can be made for the name '%.40s'", name);
    return -1;
}

int certs_leaf(struct certs *c, enum cert_kind kind, const char *name, X509 **cert, EVP_PKEY **key)
{
    struct plan plan = { .n_names = 0 };
    c->error[0] = '\0';
    if (plan_add(&plan, name) != 0)
        return refuse_name(c, name);
    struct name asked = plan.names[0];
    plan.common_name = asked.text;
    if (kind == CERT_WRONG_NAME)
        plan_wrong_name(&plan, &asked);
    plan_fault(&plan, kind);
    return leaf_get(c, kind, asked.text, &plan, cert, key);
}

int certs_leaf_for(struct certs *c, enum cert_kind kind, const char *const *names, X509 **cert,
                   EVP_PKEY **key)
{
    struct plan plan = { .n_names = 0 };
    char all[CERTS_NAMES_MAX * (NAME_MAX_OCTETS + 1) + 1];
    size_t n = 0;
    c->error[0] = '\0';
    if (names[0] == NULL)
        return refuse_name(c, "");
    for (; *names != NULL; names++) {
        if (plan_add(&plan, *names) != 0)
            return refuse_name(c, *names);
        /* No single name begins so: the two kinds of entries do not meet in the cache. */
        n += (size_t)snprintf(all + n, sizeof(all) - n, " %s", plan.names[plan.n_names - 1].text);
    }
    plan.common_name = plan.names[0].text;
    plan_fault(&plan, kind);
    return leaf_get(c, kind, all, &plan, cert, key);
}
