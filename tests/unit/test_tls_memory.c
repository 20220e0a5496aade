/*
 * What an idle session costs. Every allocation of OpenSSL is counted, so the number does not depend
 * on the machine; a session that kept a record buffer in one direction, or a memory BIO, would be
 * far above the bound.
 */
#include "tls_client.h"

enum { IDLE_MAX = 20 * 1024 }; /* octets; with OpenSSL 3.0 some 13,700 */

static size_t in_use;

union block {
    size_t size;
    max_align_t align;
};

static void *counted_malloc(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    union block *b = malloc(sizeof(*b) + size);
    if (b == NULL)
        return NULL;
    b->size = size;
    in_use += size;
    return b + 1;
}

static void counted_free(void *at, const char *file, int line)
{
    (void)file, (void)line;
    if (at == NULL)
        return;
    union block *b = (union block *)at - 1;
    in_use -= b->size;
    free(b);
}

static void *counted_realloc(void *at, size_t size, const char *file, int line)
{
    void *more = counted_malloc(size, file, line);
    if (at == NULL || more == NULL)
        return more;
    size_t kept = ((union block *)at - 1)->size;
    memcpy(more, at, kept < size ? kept : size);
    counted_free(at, file, line);
    return more;
}

/* OpenSSL takes them only before its first allocation. */
__attribute__((constructor)) static void count_allocations(void)
{
    if (CRYPTO_set_mem_functions(counted_malloc, counted_realloc, counted_free) != 1)
        abort();
}

enum { SESSIONS = 20, TRAFFIC = 200000 };

static void exchange(struct pair *p)
{
    static char data[16384];
    size_t n;
    for (size_t sent = 0; sent < TRAFFIC; sent += sizeof(data)) {
        assert_int_equal(tls_write(p->server, data, sizeof(data), &n), TLS_OK);
        pair_down(p);
        assert_int_equal(SSL_read(p->client->ssl, data, sizeof(data)), sizeof(data));
        assert_int_equal(SSL_write(p->client->ssl, data, sizeof(data)), sizeof(data));
        pair_up(p);
        assert_int_equal(tls_read(p->server, data, sizeof(data), &n), TLS_OK);
    }
    assert_int_equal(tls_read(p->server, data, sizeof(data), &n), TLS_AGAIN);
}

static void an_idle_session_keeps_no_buffers(void **state)
{
    (void)state;
    struct actor a;
    struct client c;
    struct pair warm, pairs[SESSIONS];
    actor_open(&a, (struct tls_settings){ .tickets = -1 });
    client_open(&c, a.certs, 0);
    pair_secure(&warm, &c, &a, "o.test");
    exchange(&warm);
    pair_close(&warm);
    size_t before = in_use;
    for (unsigned i = 0; i < SESSIONS; i++) {
        pair_secure(&pairs[i], &c, &a, "o.test");
        exchange(&pairs[i]);
        SSL_free(c.ssl);
    }
    size_t each = (in_use - before) / SESSIONS;
    print_message("an idle session: %zu octets\n", each);
    assert_true(each > 1024); /* else nothing was counted */
    assert_true(each < IDLE_MAX);
    for (unsigned i = 0; i < SESSIONS; i++) {
        tls_free(pairs[i].server);
        evbuffer_free(pairs[i].up);
        evbuffer_free(pairs[i].down);
    }
    client_close(&c);
    actor_close(&a);
}

/* No session cache, no list of tickets: the hundredth client leaves no more than the first. */
static void a_context_does_not_grow(void **state)
{
    (void)state;
    struct actor a;
    struct client c;
    struct pair p;
    char buf[16];
    size_t after[3];
    actor_open(&a, (struct tls_settings){ .tickets = -1 });
    client_open(&c, a.certs, 0);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 20; i++) {
            pair_secure(&p, &c, &a, "o.test");
            pair_client_reads(&p, buf, sizeof(buf));
            pair_close(&p);
        }
        after[round] = in_use;
    }
    assert_true(after[2] < after[1] + 1024); /* 20 connections, less than one session */
    client_close(&c);
    actor_close(&a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_idle_session_keeps_no_buffers),
    cmocka_unit_test(a_context_does_not_grow),
};

TEST_MAIN(tests)
