/*
 * Each kind of certificate has its one fault and no other: the judge is OpenSSL's verifier in
 * strict mode, for the name or address asked for.
 */
#include "cmocka_main.h"

#include <stdlib.h>

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "certs.h"

static bool is_address(const char *name)
{
    unsigned char address[16];
    return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

/* The verdict of a strict client that trusts the CA file and wants that name. */
static int verify(struct certs *c, X509 *leaf, const char *name)
{
    const char *pem = certs_ca_pem(c);
    assert_non_null(pem);
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    assert_non_null(ca);
    assert_int_equal(X509_STORE_add_cert(store, ca), 1);
    assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, NULL), 1);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_auth_level(param, 2);
    if (is_address(name))
        assert_int_equal(X509_VERIFY_PARAM_set1_ip_asc(param, name), 1);
    else
        assert_int_equal(X509_VERIFY_PARAM_set1_host(param, name, 0), 1);
    X509_verify_cert(ctx);
    int error = X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    X509_free(ca);
    BIO_free(bio);
    return error;
}

static X509 *leaf_of(struct certs *c, enum cert_kind kind, const char *name)
{
    X509 *cert = NULL;
    EVP_PKEY *key = NULL;
    if (certs_leaf(c, kind, name, &cert, &key) != 0)
        fail_msg("%s for '%s': %s", cert_kind_names[kind], name, certs_error(c));
    assert_int_equal(X509_check_private_key(cert, key), 1);
    return cert;
}

static const char long_name[] = "a-label-of-some-length.another-label-of-some-length."
                                "and-one-more-until-it-is-too-long-for-a-common-name.invalid";

static const struct {
    enum cert_kind kind;
    int verdict;
    const char *asked, *wanted; /* of us; by the client */
} verdicts[] = {
    { CERT_GOOD, X509_V_OK, "o.test", "o.test" },
    { CERT_GOOD, X509_V_OK, "O.Test.", "o.test" },
    { CERT_GOOD, X509_V_ERR_HOSTNAME_MISMATCH, "o.test", "p.test" },
    { CERT_GOOD, X509_V_OK, "localhost", "localhost" },
    { CERT_GOOD, X509_V_OK, long_name, long_name },
    { CERT_GOOD, X509_V_OK, "127.0.0.1", "127.0.0.1" },
    { CERT_GOOD, X509_V_ERR_IP_ADDRESS_MISMATCH, "127.0.0.1", "127.0.0.2" },
    { CERT_GOOD, X509_V_OK, "::1", "::1" },
    { CERT_GOOD, X509_V_OK, "[::1]", "::1" },
    { CERT_GOOD, X509_V_OK, "2001:DB8:0::1", "2001:db8::1" },
    { CERT_SELF_SIGNED, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "o.test", "o.test" },
    { CERT_SELF_SIGNED, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "127.0.0.1", "127.0.0.1" },
    { CERT_UNTRUSTED, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "o.test", "o.test" },
    { CERT_UNTRUSTED, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "::1", "::1" },
    { CERT_WRONG_NAME, X509_V_ERR_HOSTNAME_MISMATCH, "o.test", "o.test" },
    { CERT_WRONG_NAME, X509_V_ERR_HOSTNAME_MISMATCH, "localhost", "localhost" },
    { CERT_WRONG_NAME, X509_V_ERR_IP_ADDRESS_MISMATCH, "127.0.0.1", "127.0.0.1" },
    { CERT_WRONG_NAME, X509_V_ERR_IP_ADDRESS_MISMATCH, "192.0.2.7", "192.0.2.7" },
    { CERT_WRONG_NAME, X509_V_ERR_IP_ADDRESS_MISMATCH, "::1", "::1" },
    { CERT_WRONG_NAME, X509_V_ERR_HOSTNAME_MISMATCH, "wrong-name.invalid", "wrong-name.invalid" },
    /* The mistake it is there to find: the proxy's name is checked instead of the target's. */
    { CERT_WRONG_NAME, X509_V_OK, "o.test", "127.0.0.1" },
    { CERT_WRONG_NAME, X509_V_OK, "o.test", "::1" },
    { CERT_WRONG_NAME, X509_V_OK, "o.test", "localhost" },
    { CERT_EXPIRED, X509_V_ERR_CERT_HAS_EXPIRED, "o.test", "o.test" },
    { CERT_EXPIRED, X509_V_ERR_CERT_HAS_EXPIRED, "127.0.0.1", "127.0.0.1" },
    { CERT_NO_IP_NAME, X509_V_ERR_IP_ADDRESS_MISMATCH, "127.0.0.1", "127.0.0.1" },
    { CERT_NO_IP_NAME, X509_V_ERR_IP_ADDRESS_MISMATCH, "::1", "::1" },
    { CERT_NO_IP_NAME, X509_V_OK, "o.test", "o.test" },
};

static void kinds_have_their_one_fault(void **state)
{
    (void)state;
    struct certs *c = certs_new();
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        X509 *leaf = leaf_of(c, verdicts[i].kind, verdicts[i].asked);
        int verdict = verify(c, leaf, verdicts[i].wanted);
        if (verdict != verdicts[i].verdict)
            fail_msg("%s for %s, client wants %s: '%s', expected '%s'",
                     cert_kind_names[verdicts[i].kind], verdicts[i].asked, verdicts[i].wanted,
                     X509_verify_cert_error_string(verdict),
                     X509_verify_cert_error_string(verdicts[i].verdict));
    }
    certs_free(c);
}

/* Apart from the dates an expired leaf is good, and so on: the fault is the only one. */
static void faults_are_alone(void **state)
{
    (void)state;
    struct certs *c = certs_new();
    X509 *expired = leaf_of(c, CERT_EXPIRED, "o.test");
    assert_int_equal(X509_check_host(expired, "o.test", 0, 0, NULL), 1);
    EVP_PKEY *ca_key = X509_get0_pubkey(certs_ca(c));
    assert_int_equal(X509_verify(expired, ca_key), 1);
    assert_int_equal(X509_verify(leaf_of(c, CERT_WRONG_NAME, "o.test"), ca_key), 1);
    X509 *self = leaf_of(c, CERT_SELF_SIGNED, "o.test");
    assert_int_equal(X509_check_host(self, "o.test", 0, 0, NULL), 1);
    assert_int_equal(X509_verify(self, X509_get0_pubkey(self)), 1);
    X509 *untrusted = leaf_of(c, CERT_UNTRUSTED, "o.test");
    assert_int_equal(X509_check_host(untrusted, "o.test", 0, 0, NULL), 1);
    assert_int_not_equal(X509_verify(untrusted, ca_key), 1);
    assert_int_not_equal(
        X509_NAME_cmp(X509_get_issuer_name(untrusted), X509_get_subject_name(certs_ca(c))), 0);
    X509 *no_ip = leaf_of(c, CERT_NO_IP_NAME, "127.0.0.1");
    assert_int_equal(X509_check_host(no_ip, "127.0.0.1", 0, 0, NULL), 1);
    certs_free(c);
}

static const struct {
    enum cert_kind kind;
    const char *name;
    uint32_t usage;
} extensions[] = {
    { CERT_GOOD, "o.test", KU_DIGITAL_SIGNATURE },
    { CERT_SELF_SIGNED, "o.test", KU_DIGITAL_SIGNATURE },
    { CERT_EXPIRED, "127.0.0.1", KU_DIGITAL_SIGNATURE },
};

static void leaves_carry_usage_and_key_identifiers(void **state)
{
    (void)state;
    struct certs *c = certs_new();
    for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
        X509 *leaf = leaf_of(c, extensions[i].kind, extensions[i].name);
        assert_int_equal(X509_get_version(leaf), X509_VERSION_3);
        assert_int_equal(X509_get_key_usage(leaf), extensions[i].usage);
        assert_int_equal(X509_get_extended_key_usage(leaf), XKU_SSL_SERVER);
        assert_int_equal(X509_get_extension_flags(leaf) & (EXFLAG_BCONS | EXFLAG_CA), EXFLAG_BCONS);
        assert_non_null(X509_get0_subject_key_id(leaf));
        assert_non_null(X509_get0_authority_key_id(leaf));
        assert_int_equal(EVP_PKEY_get_base_id(X509_get0_pubkey(leaf)), EVP_PKEY_EC);
        assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(leaf)), 256);
    }
    X509 *good = leaf_of(c, CERT_GOOD, "o.test");
    assert_int_equal(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(good),
                                           X509_get0_subject_key_id(certs_ca(c))),
                     0);
    certs_free(c);
}

static void ca_may_sign_and_nothing_else(void **state)
{
    (void)state;
    struct certs *c = certs_new();
    X509 *ca = certs_ca(c);
    assert_int_equal(X509_check_ca(ca), 1);
    assert_int_equal(X509_get_pathlen(ca), 0);
    char name[128];
    X509_NAME_oneline(X509_get_subject_name(ca), name, sizeof(name));
    assert_non_null(strstr(name, "/CN=fakeproxy CA "));
    assert_int_equal(X509_get_key_usage(ca), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    certs_free(c);
}

/* RFC 5280, 4.1.2.2: positive, unique, at most 20 octets. */
static void serial_numbers_are_large_and_positive(void **state)
{
    (void)state;
    struct certs *c = certs_new();
    for (unsigned i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof(name), "n%u.test", i);
        const ASN1_INTEGER *serial = X509_get0_serialNumber(leaf_of(c, CERT_GOOD, name));
        BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);
        assert_false(BN_is_negative(number));
        assert_int_equal(BN_num_bits(number), 127);
        BN_free(number);
    }
    certs_free(c);
}

static void file_holds_the_certificate_and_no_key(void **state)
{
    (void)state;
    struct certs *c = certs_new();
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    assert_int_equal(certs_write_ca(c, f), 0);
    fclose(f);
    assert_string_equal(text, certs_ca_pem(c));
    assert_ptr_equal(strstr(text, "-----BEGIN CERTIFICATE-----"), text);
    assert_null(strstr(text, "KEY-----")); /* base64 may spell KEY by chance */
    assert_null(strstr(text + 1, "-----BEGIN"));
    free(text);

    f = fopen("/dev/full", "w");
    assert_non_null(f);
    assert_int_equal(certs_write_ca(c, f), -1);
    fclose(f);
    certs_free(c);
}

static void leaves_are_kept(void **state)
{
    (void)state;
    struct certs *c = certs_new();
    X509 *first = leaf_of(c, CERT_GOOD, "o.test");
    assert_ptr_equal(leaf_of(c, CERT_GOOD, "O.TEST"), first);
    assert_ptr_not_equal(leaf_of(c, CERT_EXPIRED, "o.test"), first);
    assert_ptr_equal(leaf_of(c, CERT_GOOD, "o.test"), first);
    certs_free(c);
}

/* Names come from clients: many of them must neither grow the cache nor break those at work. */
static void cache_is_bounded(void **state)
{
    (void)state;
    struct certs *c = certs_new();
    X509 *held = leaf_of(c, CERT_GOOD, "held.test");
    X509_up_ref(held);
    ASN1_INTEGER *serial = ASN1_INTEGER_dup(X509_get0_serialNumber(held));
    for (unsigned i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof(name), "n%u.test", i);
        leaf_of(c, CERT_GOOD, name);
    }
    X509 *again = leaf_of(c, CERT_GOOD, "held.test");
    assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(again), serial), 0);
    assert_int_equal(verify(c, held, "held.test"), X509_V_OK);
    assert_int_equal(verify(c, again, "held.test"), X509_V_OK);
    ASN1_INTEGER_free(serial);
    X509_free(held);
    certs_free(c);
}

static void bad_names_are_refused(void **state)
{
    (void)state;
    char too_long[300];
    memset(too_long, 'a', sizeof(too_long) - 1);
    too_long[sizeof(too_long) - 1] = '\0';
    const char *const names[] = { "", too_long, "a b", "a\nb", "\xc3\xa4.test" };
    struct certs *c = certs_new();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        X509 *cert;
        EVP_PKEY *key;
        assert_int_equal(certs_leaf(c, CERT_GOOD, names[i], &cert, &key), -1);
        assert_string_not_equal(certs_error(c), "");
    }
    leaf_of(c, CERT_GOOD, "o.test");
    assert_string_equal(certs_error(c), "");
    certs_free(c);
}

/* A name is data: nothing in it is read as OpenSSL's configuration language. */
static void names_are_not_interpreted(void **state)
{
    (void)state;
    struct certs *c = certs_new();
    X509 *leaf = leaf_of(c, CERT_GOOD, "o.test,ip:192.0.2.1");
    assert_int_equal(X509_check_ip_asc(leaf, "192.0.2.1", 0), 0);
    assert_int_equal(X509_check_host(leaf, "o.test", 0, 0, NULL), 0);
    certs_free(c);
}

/* A certificate for a fixed list, such as the proxy's own name, whatever the client asks for. */
static void a_leaf_can_name_several(void **state)
{
    (void)state;
    const char *const names[] = { "proxy.test", "*.proxy.test", "192.0.2.1", "::1", NULL };
    const char *const none[] = { NULL };
    const char *const bad[] = { "o.test", "a b", NULL };
    const char *many[CERTS_NAMES_MAX + 2] = { NULL };
    for (size_t i = 0; i <= CERTS_NAMES_MAX; i++)
        many[i] = "o.test";
    struct certs *c = certs_new();
    const char *const ab_c[] = { "ab", "c", NULL }, *const a_bc[] = { "a", "bc", NULL };
    X509 *leaf, *again;
    EVP_PKEY *key;
    assert_int_equal(certs_leaf_for(c, CERT_GOOD, names, &leaf, &key), 0);
    assert_int_equal(verify(c, leaf, "proxy.test"), X509_V_OK);
    assert_int_equal(verify(c, leaf, "a.proxy.test"), X509_V_OK);
    assert_int_equal(verify(c, leaf, "192.0.2.1"), X509_V_OK);
    assert_int_equal(verify(c, leaf, "::1"), X509_V_OK);
    assert_int_equal(verify(c, leaf, "o.test"), X509_V_ERR_HOSTNAME_MISMATCH);
    assert_int_equal(certs_leaf_for(c, CERT_GOOD, names, &again, &key), 0);
    assert_ptr_equal(leaf, again);
    assert_int_equal(certs_leaf_for(c, CERT_WRONG_NAME, names, &leaf, &key), 0);
    assert_int_equal(verify(c, leaf, "proxy.test"), X509_V_OK);
    assert_int_equal(certs_leaf_for(c, CERT_NO_IP_NAME, names, &leaf, &key), 0);
    assert_int_equal(verify(c, leaf, "192.0.2.1"), X509_V_ERR_IP_ADDRESS_MISMATCH);
    assert_int_equal(certs_leaf_for(c, CERT_GOOD, ab_c, &leaf, &key), 0);
    assert_int_equal(certs_leaf_for(c, CERT_GOOD, a_bc, &again, &key), 0);
    assert_ptr_not_equal(leaf, again);
    assert_int_equal(certs_leaf_for(c, CERT_GOOD, none, &leaf, &key), -1);
    assert_int_equal(certs_leaf_for(c, CERT_GOOD, bad, &leaf, &key), -1);
    assert_string_equal(certs_error(c), "no certificate can be made for the name 'a b'");
    assert_int_equal(certs_leaf_for(c, CERT_GOOD, many, &leaf, &key), -1);
    certs_free(c);
}

static void two_authorities_differ(void **state)
{
    (void)state;
    struct certs *a = certs_new(), *b = certs_new();
    assert_int_not_equal(
        X509_NAME_cmp(X509_get_subject_name(certs_ca(a)), X509_get_subject_name(certs_ca(b))), 0);
    assert_int_equal(verify(a, leaf_of(b, CERT_GOOD, "o.test"), "o.test"),
                     X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
    certs_free(a);
    certs_free(b);
    certs_free(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(kinds_have_their_one_fault),
    cmocka_unit_test(faults_are_alone),
    cmocka_unit_test(leaves_carry_usage_and_key_identifiers),
    cmocka_unit_test(ca_may_sign_and_nothing_else),
    cmocka_unit_test(serial_numbers_are_large_and_positive),
    cmocka_unit_test(file_holds_the_certificate_and_no_key),
    cmocka_unit_test(leaves_are_kept),
    cmocka_unit_test(cache_is_bounded),
    cmocka_unit_test(bad_names_are_refused),
    cmocka_unit_test(names_are_not_interpreted),
    cmocka_unit_test(a_leaf_can_name_several),
    cmocka_unit_test(two_authorities_differ),
};

TEST_MAIN(tests)
