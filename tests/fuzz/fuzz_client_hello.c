/*
 * Arbitrary octets as the start of a TLS connection. Beyond "no crash": a hello that is whole was
 * partial all along, its texts are printable, and the split over records does not matter.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tls_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t room)
{
    assert(memchr(text, '\0', room) != NULL);
    for (; *text != '\0'; text++)
        assert(*text > ' ' && *text <= '~');
}

static void check_hello(const struct tls_hello *h)
{
    check_text(h->sni, sizeof(h->sni));
    assert(h->n_alpn <= TLS_ALPN_MAX && h->n_versions <= TLS_VERSIONS_MAX);
    for (unsigned i = 0; i < h->n_alpn; i++)
        check_text(h->alpn[i], sizeof(h->alpn[i]));
}

static void check_equal(const struct tls_hello *a, const struct tls_hello *b)
{
    assert(strcmp(a->sni, b->sni) == 0);
    assert(a->n_alpn == b->n_alpn && a->n_versions == b->n_versions);
    for (unsigned i = 0; i < a->n_alpn; i++)
        assert(strcmp(a->alpn[i], b->alpn[i]) == 0);
    for (unsigned i = 0; i < a->n_versions; i++)
        assert(a->versions[i] == b->versions[i]);
    assert(a->early_data == b->early_data && a->psk == b->psk && a->ticket == b->ticket);
}

static void check_prefixes(const uint8_t *data, size_t size)
{
    size_t step = size > 512 ? size / 256 : 1;
    for (size_t len = 0; len < size; len += step) {
        struct tls_hello h;
        uint8_t *exact = malloc(len > 0 ? len : 1);
        if (exact == NULL)
            return;
        if (len > 0)
            memcpy(exact, data, len);
        assert(tls_hello_parse(exact, len, &h) != TLS_HELLO_BAD);
        free(exact);
    }
}

/* The input as one handshake message, put into records of 1 to 64 octets. */
static void check_split(const uint8_t *data, size_t size)
{
    struct tls_hello one, many;
    if (size < 2 || size > 4096)
        return;
    size_t record = 1 + data[size - 1] % 64, n = 0;
    uint8_t *wire = malloc(size * (TLS_RECORD_HEADER + 1));
    if (wire == NULL)
        return;
    for (size_t at = 0; at < size; at += record) {
        size_t len = size - at < record ? size - at : record;
        const uint8_t header[] = { TLS_FIRST_OCTET, 3, 1, 0, (uint8_t)len };
        memcpy(wire + n, header, sizeof(header));
        memcpy(wire + n + sizeof(header), data + at, len);
        n += sizeof(header) + len;
    }
    bool whole = tls_hello_parse_message(data, size, &one);
    enum tls_hello_state state = tls_hello_parse(wire, n, &many);
    if (whole) {
        assert(state == TLS_HELLO_WHOLE);
        check_equal(&one, &many);
    }
    free(wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tls_hello hello;
    struct tls_server_hello server;
    enum tls_hello_state state = tls_hello_parse(data, size, &hello);
    if (state == TLS_HELLO_WHOLE) {
        check_hello(&hello);
        check_prefixes(data, size);
    }
    check_split(data, size);
    if (size > TLS_RECORD_HEADER)
        check_split(data + TLS_RECORD_HEADER, size - TLS_RECORD_HEADER);
    tls_server_hello_parse(data, size, &server);
    return 0;
}
