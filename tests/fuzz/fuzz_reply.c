/*
 * Any octets as a driver's line: refused with a reason, or a reply whose parts hold together.
 */
#include <assert.h>
#include <string.h>

#include "fuzz.h"
#include "protocol.h"

static void check(const struct result *r)
{
    assert(r->status >= 0 && r->status <= 999 && r->asked >= -1);
    assert(r->head_len <= r->bytes);
    assert(!r->sha256 || strlen(r->sha256) == 64);
    assert(!r->headers || r->headers_len == 0 ||
           memcmp(r->headers + r->headers_len - 2, "\r\n", 2) == 0);
    assert(r->is_error == (r->error != NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    const char *why = NULL;
    const struct reply *r = protocol_read(arena, (const char *)data, size, &why);
    assert((r != NULL) == (why == NULL));
    if (r && r->kind == REPLY_RESULT)
        check(&r->result);
    arena_free(arena);
    return 0;
}
