/*
 * Downloads that are resumed (RFC 9110, 13.1.5, 14): only where a strong validator says that it is
 * the same representation, and the answer continues exactly where the octets so far end. Everything
 * else would be a splice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "call.h"
#include "mutants.h"

static bool is_strong(const char *etag)
{
    return etag && etag[0] == '"';
}

bool resume_prepare(struct call *c)
{
    const struct response *r = c->resume_etag ? &c->first : &c->response;
    const char *etag = fields_nth(&r->fields, "ETag", 0);
    if (!c->reads_stream || c->sink.bytes == 0 || strcmp(c->method, "GET") != 0 ||
        r->status != 200 || !is_strong(etag) || fields_has(&c->headers, "Range"))
        return false;
    if (!c->resume_etag)
        c->first = c->response;
    c->resume_etag = etag;
    return true;
}

void resume_add_fields(const struct call *c, struct buf *b)
{
    unsigned long long from = c->sink.bytes;
    if (!c->resume_etag)
        return;
    if (mutant(MUTANT_RESUMES_AT_WRONG_OFFSET))
        from++;
    buf_printf(b, "Range: bytes=%llu-\r\n", from);
    if (!mutant(MUTANT_RESUMES_WITHOUT_CONDITION))
        buf_printf(b, "If-Range: %s\r\n", c->resume_etag);
}

/* "bytes 500-999/1000" begins at our octet. */
static bool continues(const struct response *r, uint64_t from)
{
    const char *range = fields_nth(&r->fields, "Content-Range", 0);
    char *end;
    if (!range || strncmp(range, "bytes ", 6) != 0)
        return false;
    return strtoull(range + 6, &end, 10) == from && *end == '-';
}

int resume_check(struct call *c)
{
    const char *etag = fields_nth(&c->response.fields, "ETag", 0);
    if (!c->resume_etag || mutant(MUTANT_RESUMES_AT_WRONG_OFFSET) ||
        (mutant(MUTANT_RESUMES_WITHOUT_CONDITION) && c->response.status < 300))
        return 0;
    if (c->response.status == 206 && continues(&c->response, c->sink.bytes) && etag &&
        strcmp(etag, c->resume_etag) == 0)
        return 0;
    return failure_set(&c->failure, KIND_INCOMPLETE,
                       "incomplete: the rest cannot be had: it was answered %d, which does not "
                       "continue what came",
                       c->response.status);
}
