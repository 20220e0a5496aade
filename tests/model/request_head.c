/*
 * The header block of a request (RFC 9112, 3): request-target, the user's lines, and those that are
 * ours to write: what belongs to this hop and connection, credentials, framing.
 */
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "call.h"
#include "mutants.h"

static void add_line(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "%s: %s\r\n", name, value);
}

static bool goes_to_proxy(const struct connection *conn)
{
    return conn->proxy && !conn->is_tunnel;
}

static const char *request_target(struct call *c, const struct connection *conn)
{
    bool absolute = goes_to_proxy(conn);
    if (mutant(MUTANT_ORIGIN_FORM_TO_PROXY) && strchr(c->uri->target, '?'))
        absolute = false;
    if (mutant(MUTANT_ABSOLUTE_FORM_IN_TUNNEL) && conn->is_tunnel)
        absolute = true;
    return absolute ? uri_absolute(c->arena, c->uri) : c->uri->target;
}

/* Lines that are ours to write, or are for one hop only. */
static bool is_own(const char *name)
{
    static const char *const own[] = { "Host",   "Proxy-Authorization", "Content-Length",
                                       "Cookie", "Transfer-Encoding",   "Expect",
                                       NULL };
    for (size_t i = 0; own[i]; i++)
        if (strcasecmp(own[i], name) == 0)
            return true;
    return false;
}

static void add_users_lines(struct buf *b, const struct call *c)
{
    for (size_t i = 0; i < c->headers.count; i++) {
        const struct field *f = &c->headers.list[i];
        bool renames = mutant(MUTANT_AUTHORIZATION_AS_PA) &&
                       strcasecmp(f->name, "Authorization") == 0 && !c->uri->is_https;
        if (!is_own(f->name))
            add_line(b, renames ? "Proxy-Authorization" : f->name, f->value);
    }
    if (!fields_has(&c->headers, "User-Agent"))
        add_line(b, "User-Agent", "model/1");
    if (!fields_has(&c->headers, "Accept"))
        add_line(b, "Accept", "*/*");
}

static void add_cookies(struct buf *b, struct call *c)
{
    const char *own = fields_nth(&c->headers, "Cookie", 0), *kept = NULL;
    struct arena *ignored;
    if (c->settings->cookies) {
        pthread_mutex_lock(&c->session->mutex);
        kept = cookies_for(c->arena, *session_jar(c->session, &ignored), c->uri);
        pthread_mutex_unlock(&c->session->mutex);
    }
    if (own || kept)
        buf_printf(b, "Cookie: %s%s%s\r\n", own ? own : "", own && kept ? "; " : "",
                   kept ? kept : "");
}

static void add_credentials(struct buf *b, struct call *c, struct connection *conn)
{
    struct keyring *k = &c->session->keyring;
    struct keyring_request q = { c->method, c->target, &c->upload };
    bool for_proxy = goes_to_proxy(conn);
    if (mutant(MUTANT_SENDS_PA_IN_TUNNEL) && conn->is_tunnel)
        for_proxy = true;
    if (mutant(MUTANT_ANSWERS_407_IN_TUNNEL) && conn->is_tunnel && conn->is_reused)
        for_proxy = true;
    if (mutant(MUTANT_SENDS_PA_TO_ORIGIN) && !conn->proxy)
        for_proxy = true;
    const char *given = fields_nth(&c->headers, "Proxy-Authorization", 0);
    if (mutant(MUTANT_DROPS_USERS_PA))
        given = NULL;
    const char *value = given;
    if (for_proxy && !given)
        value = keyring_value(k, &c->proxy_gate, &conn->to_proxy, &q, c->arena);
    if ((for_proxy || mutant(MUTANT_FORWARDS_PA_HEADER)) && value)
        add_line(b, mutant(MUTANT_AUTHORIZATION_TO_PROXY) ? "Authorization" : "Proxy-Authorization",
                 value);
    if (mutant(MUTANT_PASSWORD_IN_THE_CLEAR) && for_proxy && c->proxy_gate.account_count)
        add_line(b, "X-Proxy-Password", c->proxy_gate.accounts[0].password);
    if (mutant(MUTANT_TWO_PA_LINES) && given && for_proxy)
        add_line(b, "Proxy-Authorization", "Basic dTE6cDE=");
    if (fields_has(&c->headers, "Authorization"))
        return;
    value = keyring_value(k, &c->origin_gate, &conn->to_origin, &q, c->arena);
    if (value)
        add_line(b, "Authorization", value);
}

static bool has_content_meaning(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
           strcmp(method, "PATCH") == 0;
}

static void add_framing(struct buf *b, const struct call *c)
{
    if (upload_is_chunked(&c->upload))
        add_line(b, "Transfer-Encoding", "chunked");
    else if (c->upload.is_there || has_content_meaning(c->method))
        buf_printf(b, "Content-Length: %llu\r\n", (unsigned long long)c->upload.size);
    if (c->expects_continue && c->upload.is_there)
        add_line(b, "Expect", "100-continue");
}

void call_write_head(struct call *c, struct connection *conn, struct buf *b)
{
    const char *host = fields_nth(&c->headers, "Host", 0);
    c->target = request_target(c, conn);
    if (mutant(MUTANT_EMPTIES_REPEATED_BODY) && c->upload.was_read)
        c->upload.size = 0;
    if (mutant(MUTANT_EMPTIES_ONE_SHOT) && c->upload.is_one_shot && c->upload.was_read) {
        c->upload.size = 0;
        c->upload.is_one_shot = false; /* of which nobody knows the size */
    }
    buf_printf(b, "%s %s HTTP/1.1\r\n", c->method, c->target);
    add_line(b, "Host", host ? host : uri_authority(c->arena, c->uri));
    if (mutant(MUTANT_TWO_HOSTS) && strchr(c->uri->target, '?'))
        add_line(b, "Host", uri_authority(c->arena, c->uri));
    if (!mutant(MUTANT_DROPS_FIELDS_IN_TUNNEL) || !conn->is_tunnel)
        add_users_lines(b, c);
    if (mutant(MUTANT_SENDS_PROXY_CONNECTION) && conn->proxy)
        add_line(b, "Proxy-Connection", "keep-alive");
    resume_add_fields(c, b);
    add_cookies(b, c);
    add_credentials(b, c, conn);
    add_framing(b, c);
    buf_string(b, "\r\n");
}
