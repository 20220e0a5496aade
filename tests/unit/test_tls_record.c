/*
 * ClientHellos made by hand: what is read from them, in any split over records and reads, and what
 * is refused. Also the tables of alerts and versions.
 */
#include "cmocka_main.h"

#include <stdlib.h>

#include "tls_record.h"

/* A handshake message and the records that carry it. */
struct octets {
    unsigned char at[70000 * 6];
    size_t len;
};

static void put(struct octets *o, const void *data, size_t len)
{
    assert_true(o->len + len <= sizeof(o->at));
    if (len > 0)
        memcpy(o->at + o->len, data, len);
    o->len += len;
}

static void put_number(struct octets *o, size_t value, unsigned octets)
{
    while (octets-- > 0) {
        unsigned char octet = (unsigned char)(value >> 8 * octets);
        put(o, &octet, 1);
    }
}

#define LITERAL(s) s, sizeof(s) - 1

/* A TLS 1.2 ClientHello with these extensions; len 0: without the vector of extensions. */
static void hello_message(struct octets *m, const void *extensions, size_t len)
{
    m->len = 0;
    put_number(m, 1, 1);
    put_number(m, 2 + 32 + 1 + 4 + 2 + (len > 0 ? 2 + len : 0), 3);
    put_number(m, 0x0303, 2);
    for (unsigned i = 0; i < 32; i++)
        put_number(m, i, 1);
    put_number(m, 0, 1);                 /* session_id */
    put(m, LITERAL("\x00\x02\x13\x01")); /* cipher_suites */
    put(m, LITERAL("\x01\x00"));         /* compression */
    if (len > 0) {
        put_number(m, len, 2);
        put(m, extensions, len);
    }
}

/* The message in records of at most `size` octets. */
static void to_records(struct octets *wire, const struct octets *m, size_t size)
{
    wire->len = 0;
    for (size_t at = 0; at < m->len; at += size) {
        size_t n = m->len - at < size ? m->len - at : size;
        put(wire, LITERAL("\x16\x03\x01"));
        put_number(wire, n, 2);
        put(wire, m->at + at, n);
    }
}

static struct octets message, wire;

static enum tls_hello_state parse_extensions(const void *extensions, size_t len, size_t record,
                                             struct tls_hello *hello)
{
    hello_message(&message, extensions, len);
    to_records(&wire, &message, record);
    return tls_hello_parse(wire.at, wire.len, hello);
}

static const char everything[] = "\x00\x00\x00\x0b\x00\x09\x00\x00\x06o.test"   /* SNI */
                                 "\x0a\x0a\x00\x00"                             /* GREASE */
                                 "\x00\x10\x00\x0e\x00\x0c\x02h2\x08http/1.1"   /* ALPN */
                                 "\x00\x23\x00\x02xy"                           /* ticket */
                                 "\x00\x2b\x00\x07\x06\x2a\x2a\x03\x04\x03\x03" /* versions */
                                 "\x00\x2a\x00\x00"                             /* 0-RTT */
                                 "\x00\x29\x00\x01z";                           /* PSK */

static void expect_everything(const struct tls_hello *h)
{
    assert_string_equal(h->sni, "o.test");
    assert_int_equal(h->n_alpn, 2);
    assert_string_equal(h->alpn[0], "h2");
    assert_string_equal(h->alpn[1], "http/1.1");
    assert_int_equal(h->n_versions, 2);
    assert_int_equal(h->versions[0], 0x0304);
    assert_int_equal(h->versions[1], 0x0303);
    assert_true(h->early_data);
    assert_true(h->psk);
    assert_true(h->ticket);
}

static void all_fields_are_read_in_any_split_over_records(void **state)
{
    (void)state;
    struct tls_hello h;
    for (size_t record = 1; record <= sizeof(everything) + 64; record++) {
        assert_int_equal(parse_extensions(LITERAL(everything), record, &h), TLS_HELLO_WHOLE);
        expect_everything(&h);
        put(&wire, LITERAL("\x17\x03\x03 0-RTT data")); /* behind it anything may follow */
        assert_int_equal(tls_hello_parse(wire.at, wire.len, &h), TLS_HELLO_WHOLE);
        expect_everything(&h);
    }
}

static void every_part_of_a_hello_is_partial(void **state)
{
    static const size_t records[] = { 1, 3, 4, 5, 50, 16384 };
    (void)state;
    struct tls_hello h;
    for (size_t r = 0; r < sizeof(records) / sizeof(records[0]); r++) {
        parse_extensions(LITERAL(everything), records[r], &h);
        for (size_t len = 0; len < wire.len; len++) {
            unsigned char *exact = malloc(len > 0 ? len : 1); /* ASan sees a read behind it */
            assert_non_null(exact);
            memcpy(exact, wire.at, len);
            assert_int_equal(tls_hello_parse(exact, len, &h), TLS_HELLO_PARTIAL);
            free(exact);
        }
    }
}

static void a_hello_without_extensions_has_its_legacy_version(void **state)
{
    (void)state;
    struct tls_hello h;
    assert_int_equal(parse_extensions(NULL, 0, 16384, &h), TLS_HELLO_WHOLE);
    assert_string_equal(h.sni, "");
    assert_int_equal(h.n_alpn, 0);
    assert_int_equal(h.n_versions, 1);
    assert_int_equal(h.versions[0], 0x0303);
    assert_false(h.early_data || h.psk || h.ticket);
}

#define NAME_40 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"

static const struct {
    const char *extensions;
    size_t len;
    const char *sni;
    unsigned n_alpn;
    const char *first_alpn;
} readable[] = {
    { LITERAL("\x00\x23\x00\x00"), "", 0, "" }, /* no ticket yet */
    { LITERAL("\x00\x00\x00\x09\x00\x07\x00\x00\x04 \xff\\a"), "\\x20\\xff\\x5ca", 0, "" },
    { LITERAL("\x00\x00\x00\x0a\x00\x08\x00\x00\x05o.t\x00x"), "o.t\\x00x", 0, "" },
    { LITERAL("\x00\x00\x00\x0b\x00\x09\x07\x00\x01x\x00\x00\x02yz"), "yz", 0, "" },
    { LITERAL("\x00\x10\x00\x12\x00\x10\x01"
              "1\x01"
              "2\x01"
              "3\x01"
              "4\x01"
              "5\x01"
              "6\x01"
              "7\x01"
              "8"),
      "", 8, "1" },
    { LITERAL("\x00\x10\x00\x14\x00\x12\x01"
              "1\x01"
              "2\x01"
              "3\x01"
              "4\x01"
              "5\x01"
              "6\x01"
              "7\x01"
              "8\x01"
              "9"),
      "", 8, "1" },
    { LITERAL("\x00\x10\x00\x2b\x00\x29\x28" NAME_40), "", 1, "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn" },
    { LITERAL("\x00\x10\x00\x05\x00\x03\x02\xfa\xfa"), "", 1, "\\xfa\\xfa" }, /* GREASE */
};

static void names_become_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++) {
        struct tls_hello h;
        assert_int_equal(parse_extensions(readable[i].extensions, readable[i].len, 16384, &h),
                         TLS_HELLO_WHOLE);
        assert_string_equal(h.sni, readable[i].sni);
        assert_int_equal(h.n_alpn, readable[i].n_alpn);
        assert_string_equal(h.alpn[0], readable[i].first_alpn);
        assert_false(h.ticket);
    }
}

static void more_versions_than_fit_are_left_out(void **state)
{
    (void)state;
    struct tls_hello h;
    assert_int_equal(parse_extensions(LITERAL("\x00\x2b\x00\x13\x12\x00\x01\x00\x02\x00\x03\x00\x04"
                                              "\x00\x05\x00\x06\x00\x07\x00\x08\x00\x09"),
                                      16384, &h),
                     TLS_HELLO_WHOLE);
    assert_int_equal(h.n_versions, TLS_VERSIONS_MAX);
    assert_int_equal(h.versions[TLS_VERSIONS_MAX - 1], 8);
    assert_false(h.early_data || h.psk || h.ticket); /* the fields behind it are as they were */
}

static const struct {
    const char *extensions;
    size_t len;
} malformed[] = {
    { LITERAL("\x00") },                                  /* half a type */
    { LITERAL("\x0a\x0a\x00") },                          /* half a length */
    { LITERAL("\x0a\x0a\x00\x01") },                      /* longer than the vector */
    { LITERAL("\x00\x00\x00\x00") },                      /* SNI: no list */
    { LITERAL("\x00\x00\x00\x03\x00\x02\x00") },          /* list longer than the extension */
    { LITERAL("\x00\x00\x00\x05\x00\x03\x00\x00\x01") },  /* name longer than the list */
    { LITERAL("\x00\x00\x00\x06\x00\x03\x00\x00\x00x") }, /* octets behind the list */
    { LITERAL("\x00\x10\x00\x03\x00\x01\x00") },          /* ALPN: empty name */
    { LITERAL("\x00\x10\x00\x04\x00\x02\x02h") },         /* name longer than the list */
    { LITERAL("\x00\x10\x00\x03\x00\x00x") },             /* octets behind the list */
    { LITERAL("\x00\x2b\x00\x02\x01\x03") },              /* half a version */
    { LITERAL("\x00\x2b\x00\x00") },                      /* no list */
};

static void malformed_extensions_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        struct tls_hello h;
        assert_int_equal(parse_extensions(malformed[i].extensions, malformed[i].len, 16384, &h),
                         TLS_HELLO_BAD);
        assert_int_equal(parse_extensions(malformed[i].extensions, malformed[i].len, 7, &h),
                         TLS_HELLO_BAD);
    }
}

#define RANDOM "0123456789abcdef0123456789abcdef"

/* What stands in front of the extensions. */
static const struct {
    const char *body;
    size_t len;
    bool good;
} bodies[] = {
    { LITERAL("\x03\x03" RANDOM "\x00"
              "\x00\x02\x13\x01"
              "\x01\x00"),
      true },
    { LITERAL("\x03\x03" RANDOM "\x00"
              "\x00\x02\x13\x01"
              "\x01\x00"
              "\x00\x00"),
      true },
    { LITERAL("\x03\x03" RANDOM "\x20" RANDOM "\x00\x02\x13\x01"
              "\x01\x00"),
      true },
    { LITERAL(""), false },
    { LITERAL("\x03"), false },
    { LITERAL("\x03\x03"
              "0123456789abcdef"),
      false },
    { LITERAL("\x03\x03" RANDOM), false },
    { LITERAL("\x03\x03" RANDOM "\x01"), false },
    { LITERAL("\x03\x03" RANDOM "\x21" RANDOM "x"
              "\x00\x02\x13\x01"
              "\x01\x00"),
      false },
    { LITERAL("\x03\x03" RANDOM "\x00"
              "\x00\x00"
              "\x01\x00"),
      false },
    { LITERAL("\x03\x03" RANDOM "\x00"
              "\x00\x02\x13\x01"
              "\x00"),
      false },
    { LITERAL("\x03\x03" RANDOM "\x00"
              "\x00\x02\x13\x01"
              "\x01\x00"
              "\x00"),
      false },
    { LITERAL("\x03\x03" RANDOM "\x00"
              "\x00\x02\x13\x01"
              "\x01\x00"
              "\x00\x01"),
      false },
    { LITERAL("\x03\x03" RANDOM "\x00"
              "\x00\x02\x13\x01"
              "\x01\x00"
              "\x00\x00x"),
      false },
};

static void malformed_messages_are_refused(void **state)
{
    (void)state;
    struct tls_hello h;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        message.len = 0;
        put_number(&message, 1, 1);
        put_number(&message, bodies[i].len, 3);
        put(&message, bodies[i].body, bodies[i].len);
        to_records(&wire, &message, 16384);
        assert_int_equal(tls_hello_parse(wire.at, wire.len, &h),
                         bodies[i].good ? TLS_HELLO_WHOLE : TLS_HELLO_BAD);
        assert_int_equal(tls_hello_parse_message(message.at, message.len, &h), bodies[i].good);
    }
    hello_message(&message, LITERAL(everything));
    assert_true(tls_hello_parse_message(message.at, message.len, &h));
    assert_false(tls_hello_parse_message(message.at, message.len - 1, &h));
    put(&message, "x", 1);
    assert_false(tls_hello_parse_message(message.at, message.len, &h));
}

/* Told by the first octets that prove it, not after a wait for more. */
static const struct {
    const char *octets;
    size_t len;
} no_tls[] = {
    { LITERAL("G") },                                    /* GET */
    { LITERAL("\x80") },                                 /* SSL 2.0 */
    { LITERAL("\x15") },                                 /* an alert */
    { LITERAL("\x16\x02") },                             /* no version of TLS */
    { LITERAL("\x16\x03\x01\x00\x00") },                 /* an empty record */
    { LITERAL("\x16\x03\x01\x40\x01") },                 /* a record of 16385 octets */
    { LITERAL("\x16\x03\x01\x00\x01\x02") },             /* a ServerHello */
    { LITERAL("\x16\x03\x01\x00\x04\x01\x01\x00\x00") }, /* a message of 65536 octets */
    { LITERAL("\x16\x03\x01\x00\x01\x01\x17") },         /* another record in the middle */
};

static void what_is_no_hello_is_refused_at_once(void **state)
{
    (void)state;
    struct tls_hello h;
    for (size_t i = 0; i < sizeof(no_tls) / sizeof(no_tls[0]); i++) {
        assert_int_equal(tls_hello_parse(no_tls[i].octets, no_tls[i].len, &h), TLS_HELLO_BAD);
        assert_int_equal(tls_hello_parse(no_tls[i].octets, no_tls[i].len - 1, &h),
                         TLS_HELLO_PARTIAL);
    }
}

static void endless_hellos_are_refused(void **state)
{
    (void)state;
    struct tls_hello h;
    message.len = 0;
    put_number(&message, 1, 1);
    put_number(&message, 60000, 3);
    while (message.len < 60004)
        put_number(&message, 0, 1);
    to_records(&wire, &message, 1);
    assert_int_equal(tls_hello_parse(wire.at, TLS_HELLO_MAX - 1, &h), TLS_HELLO_PARTIAL);
    assert_int_equal(tls_hello_parse(wire.at, TLS_HELLO_MAX, &h), TLS_HELLO_BAD);
    assert_int_equal(tls_hello_parse(wire.at, wire.len, &h), TLS_HELLO_BAD);
}

/* Whatever one octet becomes: no read outside (ASan), and the split over records is no matter. */
static void a_damaged_message_is_read_the_same_in_any_split(void **state)
{
    static struct octets split;
    (void)state;
    hello_message(&message, LITERAL(everything));
    for (size_t at = TLS_MESSAGE_HEADER; at < message.len; at++) {
        unsigned char kept = message.at[at];
        for (unsigned value = 0; value < 256; value += 5) {
            struct tls_hello one, many;
            message.at[at] = (unsigned char)value;
            to_records(&wire, &message, 16384);
            to_records(&split, &message, 11);
            enum tls_hello_state state_one = tls_hello_parse(wire.at, wire.len, &one);
            assert_int_equal(tls_hello_parse(split.at, split.len, &many), state_one);
            if (state_one == TLS_HELLO_WHOLE)
                assert_memory_equal(&one, &many, sizeof(one));
        }
        message.at[at] = kept;
    }
}

#define RETRY_RANDOM                                                                               \
    "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"                             \
    "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

static const struct {
    const char *body;
    size_t len;
    bool readable, retry;
    unsigned version, cipher_suite;
} server_hellos[] = {
    { LITERAL("\x03\x03" RANDOM "\x00"
              "\xc0\x2b"
              "\x00"),
      true, false, 0x0303, 0xc02b },
    { LITERAL("\x03\x03" RANDOM "\x01s"
              "\x13\x02"
              "\x00"
              "\x00\x06\x00\x2b\x00\x02\x03\x04"),
      true, false, 0x0304, 0x1302 },
    { LITERAL("\x03\x03" RANDOM "\x00"
              "\xc0\x2b"
              "\x00"
              "\x00\x04\x00\x05\x00\x00"),
      true, false, 0x0303, 0xc02b },
    { LITERAL("\x03\x03" RETRY_RANDOM "\x00"
              "\x13\x01"
              "\x00"
              "\x00\x06\x00\x2b\x00\x02\x03\x04"),
      true, true, 0x0304, 0x1301 },
    { LITERAL("\x03\x03" RANDOM "\x00"
              "\xc0\x2b"),
      false, false, 0, 0 },
    { LITERAL("\x03\x03" RANDOM "\x00"
              "\xc0\x2b"
              "\x00"
              "\x00\x05\x00\x05\x00\x00"),
      false, false, 0, 0 },
    { LITERAL("\x03\x03" RANDOM "\x00"
              "\xc0\x2b"
              "\x00"
              "\x00\x05\x00\x2b\x00\x01\x03"),
      false, false, 0, 0 },
};

static void server_hellos_tell_version_and_suite(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(server_hellos) / sizeof(server_hellos[0]); i++) {
        struct tls_server_hello h;
        message.len = 0;
        put_number(&message, 2, 1);
        put_number(&message, server_hellos[i].len, 3);
        put(&message, server_hellos[i].body, server_hellos[i].len);
        bool ok = tls_server_hello_parse(message.at, message.len, &h);
        assert_int_equal(ok, server_hellos[i].readable);
        if (!ok)
            continue;
        assert_int_equal(h.retry, server_hellos[i].retry);
        assert_int_equal(h.version, server_hellos[i].version);
        assert_int_equal(h.cipher_suite, server_hellos[i].cipher_suite);
        message.at[0] = 1; /* a ClientHello */
        assert_false(tls_server_hello_parse(message.at, message.len, &h));
    }
}

static const struct {
    const char *name;
    unsigned char level, number; /* level 0: not known */
} alerts[] = {
    { "close_notify", 1, 0 },
    { "unexpected_message", 2, 10 },
    { "handshake_failure", 2, 40 },
    { "unknown_ca", 2, 48 },
    { "protocol_version", 2, 70 },
    { "user_canceled", 1, 90 },
    { "unrecognized_name", 2, 112 },
    { "certificate_required", 2, 116 },
    { "no_application_protocol", 2, 120 },
    { "no_renegotiation", 0, 0 }, /* not of RFC 8446 */
    { "Handshake_Failure", 0, 0 },
    { "", 0, 0 },
};

static void alerts_are_whole_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
        unsigned char got[7];
        size_t n = tls_alert_record(alerts[i].name, got);
        const unsigned char wanted[] = { 21, 3, 3, 0, 2, alerts[i].level, alerts[i].number };
        assert_int_equal(n, alerts[i].level != 0 ? sizeof(wanted) : 0);
        if (n > 0)
            assert_memory_equal(got, wanted, sizeof(wanted));
    }
}

static void every_alert_has_its_name_and_number(void **state)
{
    (void)state;
    size_t n = 0;
    int last = -1;
    for (; tls_alert_names[n] != NULL; n++) {
        unsigned char record[7];
        assert_int_equal(tls_alert_record(tls_alert_names[n], record), 7);
        assert_true(record[6] > last);
        last = record[6];
        assert_string_equal(tls_alert_name(last), tls_alert_names[n]);
    }
    assert_int_equal(n, 27); /* RFC 8446, 6: 34 less the 7 that are reserved */
    assert_string_equal(tls_alert_name(100), "no_renegotiation");
    assert_string_equal(tls_alert_name(99), "unknown");
    assert_string_equal(tls_alert_name(-1), "unknown");
}

static void versions_have_names(void **state)
{
    static const char *const names[] = { "1.0", "1.1", "1.2", "1.3" };
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_string_equal(tls_version_name(0x0301 + i), names[i]);
        assert_int_equal(tls_version_number(names[i]), 0x0301 + i);
    }
    assert_null(tls_version_name(0x0300));
    assert_null(tls_version_name(0x0305));
    assert_int_equal(tls_version_number("1.4"), 0);
    assert_int_equal(tls_version_number(""), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(all_fields_are_read_in_any_split_over_records),
    cmocka_unit_test(every_part_of_a_hello_is_partial),
    cmocka_unit_test(a_hello_without_extensions_has_its_legacy_version),
    cmocka_unit_test(names_become_text),
    cmocka_unit_test(more_versions_than_fit_are_left_out),
    cmocka_unit_test(malformed_extensions_are_refused),
    cmocka_unit_test(malformed_messages_are_refused),
    cmocka_unit_test(what_is_no_hello_is_refused_at_once),
    cmocka_unit_test(endless_hellos_are_refused),
    cmocka_unit_test(a_damaged_message_is_read_the_same_in_any_split),
    cmocka_unit_test(server_hellos_tell_version_and_suite),
    cmocka_unit_test(alerts_are_whole_records),
    cmocka_unit_test(every_alert_has_its_name_and_number),
    cmocka_unit_test(versions_have_names),
};

TEST_MAIN(tests)
