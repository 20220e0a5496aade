/*
 * Header blocks as a proxy passes them on: origin-form and a Host of its own going up, hop-by-hop
 * fields left out both ways (RFC 9110, 7.6.1), and nothing added that the scenario does not ask
 * for.
 */
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "engine.h"

static bool is_hop_by_hop(const struct http_head *h, struct http_slice name)
{
    static const char *const fields[] = { "Connection",
                                          "Keep-Alive",
                                          "Proxy-Connection",
                                          "Proxy-Authorization",
                                          "Proxy-Authenticate",
                                          "Proxy-Authentication-Info",
                                          "TE",
                                          "Upgrade" };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (http_slice_is_nocase(name, fields[i]))
            return true;
    char token[128];
    if (name.len >= sizeof(token))
        return false;
    memcpy(token, name.at, name.len);
    token[name.len] = '\0';
    /* What frames or routes the message is never an option of the connection. */
    return !http_slice_is_nocase(name, "Host") && !http_slice_is_nocase(name, "Content-Length") &&
           !http_slice_is_nocase(name, "Transfer-Encoding") &&
           http_list_has(h, "Connection", token);
}

static bool replaced(const struct conn *c, const struct forward *f, struct http_slice name)
{
    if (exits_header(c) && http_slice_is_nocase(name, "X-Exit"))
        return true;
    for (size_t i = 0; i < f->header_count; i++)
        if (http_slice_is_nocase(name, f->headers[i].name.octets))
            return true;
    return false;
}

/* Does the scenario speak of X-Exit itself? */
static bool names_exit(const struct forward *f)
{
    for (size_t i = 0; i < f->header_count; i++)
        if (strcasecmp(f->headers[i].name.octets, "X-Exit") == 0)
            return true;
    return false;
}

static void pass_fields(struct buf *out, const struct http_head *h, const char *but)
{
    struct http_field field;
    for (size_t cursor = 0; http_next_field(h, &cursor, &field);)
        if (!is_hop_by_hop(h, field.name) && !(but && http_slice_is_nocase(field.name, but)))
            buf_add(out, field.line.at, field.line.len);
}

/* The request as an origin gets it: origin-form, Host from the target (RFC 9112, 3.2.2). */
void forward_write_request(const struct conn *c, struct buf *out)
{
    const struct exchange *x = c->exchange;
    const struct http_target *t = &x->target;
    buf_add(out, x->request.method.at, x->request.method.len);
    buf_char(out, ' ');
    if (t->path.len && t->path.at[0] == '?')
        buf_char(out, '/');
    buf_add(out, t->path.at, t->path.len);
    buf_string(out, " HTTP/1.1\r\nHost: ");
    bool v6 = memchr(t->host.at, ':', t->host.len) != NULL;
    buf_string(out, v6 ? "[" : "");
    buf_add(out, t->host.at, t->host.len);
    buf_string(out, v6 ? "]" : "");
    if (t->port && t->port != (http_slice_is_nocase(t->scheme, "https") ? 443 : 80))
        buf_printf(out, ":%d", t->port);
    buf_string(out, "\r\n");
    pass_fields(out, &x->request, "Host");
    buf_string(out, "\r\n");
}

/* RFC 9112, 6.1: no transfer coding to a client that speaks 1.0. */
bool forward_dechunks(const struct exchange *x)
{
    return x->request.minor == 0 && x->response_body.kind == BODY_CHUNKED;
}

/* The answer as the client gets it. */
void forward_write_response(struct conn *c, const struct forward *f, struct buf *out)
{
    struct exchange *x = c->exchange;
    const struct http_head *h = &x->response;
    buf_string(out, "HTTP/1.1 ");
    buf_number(out, h->status);
    buf_char(out, ' ');
    buf_add(out, h->reason.at, h->reason.len);
    buf_string(out, "\r\n");
    struct http_field field;
    for (size_t cursor = 0; http_next_field(h, &cursor, &field);)
        if (!is_hop_by_hop(h, field.name) && !replaced(c, f, field.name) &&
            !(forward_dechunks(x) && http_slice_is_nocase(field.name, "Transfer-Encoding")))
            buf_add(out, field.line.at, field.line.len);
    if (exits_header(c) && h->status >= 200 && !names_exit(f))
        buf_printf(out, "X-Exit: %s\r\n", exits_header(c));
    for (size_t i = 0; i < f->header_count; i++)
        answer_field(out, &f->headers[i], &c->instance->scope, clock_wall());
    if (forward_dechunks(x))
        buf_string(out, "Connection: close\r\n");
    buf_string(out, "\r\n");
}
