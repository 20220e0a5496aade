/*
 * A connection for a request: an idle one, or a new one. To a plain http origin a proxy is spoken
 * to directly, and its connection serves any such origin; for https it is asked for a tunnel (RFC
 * 9110, 9.3.6), which belongs to one origin.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "buf.h"
#include "call.h"
#include "clock.h"
#include "mutants.h"

enum { ROUNDS = 8, INTERIM_MOST = 100, KEPT_BODY = 1 << 18 };

/* ---- TCP ------------------------------------------------------------------------------------- */

static const char *mapped(const struct settings *s, const char *host)
{
    for (size_t i = 0; i < s->host_count; i++)
        if (strcasecmp(s->hosts[i].name, host) == 0)
            return s->hosts[i].addresses;
    return NULL;
}

static int resolve(const char *host, const char *port, bool is_proxy, struct addrinfo **list,
                   struct failure *f)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    int error = getaddrinfo(host, port, &hints, list);
    if (!error)
        return 0;
    return failure_set(f, is_proxy ? KIND_PROXY_UNREACHABLE : KIND_OTHER,
                       "cannot resolve the name of the %s: %s", is_proxy ? "proxy" : "server",
                       gai_strerror(error));
}

/* One address after the other; each but the last may take half of what time is left. */
static struct channel *dial_each(const struct addrinfo *list, bool is_proxy, struct call *c)
{
    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        struct deadlines l = c->limits;
        int64_t now = clock_now();
        int64_t until = l.connect_until < l.until ? l.connect_until : l.until;
        if (a->ai_next)
            l.connect_until = until == CLOCK_NEVER ? now + CLOCK_S : now + (until - now) / 2;
        struct channel *channel = channel_dial(a, is_proxy, &l, &c->failure);
        if (channel || c->failure.kind == KIND_CANCELLED || c->failure.kind == KIND_TIMEOUT_TOTAL)
            return channel;
    }
    return NULL;
}

static struct channel *dial_host(const char *host, const char *port, bool is_proxy, struct call *c)
{
    struct addrinfo *list;
    if (resolve(host, port, is_proxy, &list, &c->failure) < 0)
        return NULL;
    struct channel *channel = dial_each(list, is_proxy, c);
    freeaddrinfo(list);
    return channel;
}

/* A mutant's: eleven seconds, which do not count. */
static void sleep_late(struct call *c)
{
    sleep(11);
    c->limits.until = clock_now() + CLOCK_S;
}

static struct channel *dial(const struct uri *u, bool is_proxy, struct call *c)
{
    const char *addresses = mapped(c->settings, u->host), *member;
    struct channel *channel = NULL;
    size_t len;
    if (!addresses) {
        channel = dial_host(u->host, u->port, is_proxy, c);
        if (!channel && mutant(MUTANT_SLEEPS_AFTER_REFUSAL))
            sleep_late(c);
        return channel;
    }
    while (!channel && fields_member(&addresses, &member, &len)) {
        struct deadlines whole = c->limits;
        int64_t now = clock_now();
        if (*addresses && c->limits.connect_until != CLOCK_NEVER)
            c->limits.connect_until = now + (c->limits.connect_until - now) / 2;
        channel = dial_host(arena_copy(c->arena, member, len), u->port, is_proxy, c);
        c->limits = whole;
        if (!channel && mutant(MUTANT_SLEEPS_AFTER_REFUSAL))
            sleep_late(c);
        if (mutant(MUTANT_TRIES_FIRST_ADDRESS_ONLY))
            break;
    }
    return channel;
}

static struct channel_tls tls_to(const char *host, enum kind kind, const struct call *c)
{
    struct channel_tls t = {
        .context = c->session->tls, .host = host, .verify = c->settings->verify, .kind = kind
    };
    if (mutant(MUTANT_CHECKS_PROXY_AGAINST_TARGET) && kind == KIND_TLS_PROXY)
        t.host = c->uri->host;
    if (mutant(MUTANT_CHECKS_TARGET_AGAINST_PROXY) && kind == KIND_TLS_ORIGIN && c->proxy)
        t.host = c->proxy->uri->host;
    return t;
}

static struct channel *dial_proxy(struct call *c)
{
    const struct uri *u = c->proxy->uri;
    struct addrinfo *target;
    if (mutant(MUTANT_RESOLVES_TARGET) && c->uri->is_https && !mapped(c->settings, c->uri->host)) {
        if (resolve(c->uri->host, c->uri->port, false, &target, &c->failure) < 0)
            return NULL;
        freeaddrinfo(target);
    }
    struct channel *channel = dial(u, true, c);
    struct channel_tls t = tls_to(u->host, KIND_TLS_PROXY, c);
    if (channel && u->is_https)
        channel = channel_secure(channel, &t, &c->limits, &c->failure);
    if (!channel && mutant(MUTANT_PROXY_TLS_DOWNGRADE) && u->is_https)
        channel = dial(u, true, c);
    return channel;
}

/* ---- CONNECT --------------------------------------------------------------------------------- */

static void add_line(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "%s: %s\r\n", name, value);
}

static const char *own_proxy_authorization(const struct call *c)
{
    if (mutant(MUTANT_DROPS_USERS_PA))
        return NULL;
    return fields_nth(&c->headers, "Proxy-Authorization", 0);
}

static void write_connect(struct call *c, struct connection *conn, const char *authority)
{
    struct buf b = { 0 };
    struct keyring_request q = { "CONNECT", authority, &(struct upload){ 0 } };
    const char *value = own_proxy_authorization(c);
    if (!value)
        value = keyring_value(&c->session->keyring, &c->proxy_gate, &conn->to_proxy, &q, c->arena);
    if (mutant(MUTANT_CONNECT_WITHOUT_PORT))
        authority = arena_copy(c->arena, authority, strcspn(authority, ":"));
    buf_printf(&b, "CONNECT %s HTTP/1.1\r\n", authority);
    if (!mutant(MUTANT_CONNECT_WITHOUT_HOST))
        add_line(&b, "Host", authority);
    add_line(&b, "User-Agent", "model/1");
    if (value && !mutant(MUTANT_NO_PA_ON_CONNECT))
        add_line(&b, "Proxy-Authorization", value);
    const char *origin = NULL;
    if (mutant(MUTANT_AUTHORIZATION_ON_CONNECT))
        origin =
            keyring_value(&c->session->keyring, &c->origin_gate, &conn->to_origin, &q, c->arena);
    if (origin)
        add_line(&b, "Authorization", origin);
    for (size_t i = 0; mutant(MUTANT_SENDS_HEADERS_ON_CONNECT) && i < c->headers.count; i++)
        add_line(&b, c->headers.list[i].name, c->headers.list[i].value);
    buf_string(&b, "\r\n");
    if (mutant(MUTANT_EARLY_TLS))
        buf_add(&b, "\x16\x03\x01", 3);
    channel_put(conn->reader.channel, b.at, b.len);
    buf_free(&b);
}

/* The final answer to CONNECT. */
static int read_connect(struct call *c, struct connection *conn)
{
    struct response_request q = { .is_connect = true };
    bool heard = false;
    if (mutant(MUTANT_TUNNEL_READS_ONCE) &&
        (reader_fill(&conn->reader, &c->limits, &c->failure) <= 0 ||
         !memmem(reader_octets(&conn->reader), reader_left(&conn->reader), "\r\n\r\n", 4)))
        return failure_set(&c->failure, KIND_PROXY_PROTOCOL,
                           "CONNECT was not answered as expected");
    for (int i = 0; i < INTERIM_MOST; i++) {
        if (response_read_head(&conn->reader, &q, &c->limits, c->arena, &c->response, &heard,
                               &c->failure) < 0) {
            c->response.status = 0;
            if (c->failure.kind == KIND_PROTOCOL)
                c->failure.kind = KIND_PROXY_PROTOCOL;
            return -1;
        }
        if (c->response.status >= 200 || mutant(MUTANT_1XX_IS_FINAL))
            return 0;
        if (c->response.status == 101 && mutant(MUTANT_TUNNEL_OPENS_ON_101))
            return 0;
        if (c->response.status == 101)
            break;
    }
    c->response.status = 0;
    return failure_set(&c->failure, KIND_PROXY_PROTOCOL,
                       "the proxy answered CONNECT with interim responses only");
}

static bool opens_tunnel(const struct call *c)
{
    int status = c->response.status;
    if (mutant(MUTANT_TUNNEL_NEEDS_OK) && strcmp(c->response.reason, "OK") != 0)
        return false;
    if (mutant(MUTANT_TUNNEL_NEEDS_1_1) && c->response.minor == 0)
        return false;
    if (mutant(MUTANT_TUNNEL_NEEDS_PLAIN_200) && c->response.fields.count > 0)
        return false;
    if (mutant(MUTANT_TUNNEL_OPENS_ON_101) && status == 101)
        return true;
    if (mutant(MUTANT_TUNNEL_OPENS_ON_200_ONLY))
        return status == 200;
    if (mutant(MUTANT_TUNNEL_OPENS_ON_ANY_STATUS))
        return status != 407;
    return status >= 200 && status < 300;
}

/* 0: only for a mutant. */
static int refused(struct call *c, struct connection *conn)
{
    int status = c->response.status;
    const char *why = c->proxy_gate.refused_why;
    c->hop = HOP_PROXY;
    if (mutant(MUTANT_HIDES_CONNECT_STATUS))
        return failure_set(&c->failure, KIND_OTHER, "tunnel failed");
    if (mutant(MUTANT_CONNECT_ERROR_IS_ANSWER)) {
        conn->is_tunnel = true;
        return 0;
    }
    if (status == 407)
        return failure_set(
            &c->failure, KIND_PROXY_AUTH,
            "the proxy answered CONNECT with 407 (proxy authentication required)%s%s",
            why ? "; " : "", why ? why : "");
    return failure_set(&c->failure, KIND_PROXY_CONNECT,
                       "the proxy answered CONNECT with %d: there is no tunnel", status);
}

/* Reads the rest of a 407, so that the connection serves for the next try (RFC 9112, 9.3). */
static bool drain(struct call *c, struct connection *conn)
{
    struct sink *page = call_page_sink(c);
    struct failure ignored;
    if (mutant(MUTANT_NTLM_STARTS_OVER))
        return false;
    if (mutant(MUTANT_REUSES_CLOSED_407) && !c->response.is_persistent)
        return response_read_body(&conn->reader, &c->response, &c->limits, NULL, &ignored) <= 0;
    if (!c->response.is_persistent ||
        (c->response.framing == FRAMING_LENGTH && c->response.length > KEPT_BODY))
        return false;
    if (mutant(MUTANT_NTLM_ON_ANY_CONNECTION) && conn->to_proxy.nonce_of)
        return false;
    if (response_cuts_drain(&conn->reader, &c->response))
        return true;
    return response_read_body(&conn->reader, &c->response, &c->limits, page, &ignored) == 0;
}

static int send_connect(struct call *c, struct connection *conn, const char *authority)
{
    c->response.status = 0;
    write_connect(c, conn, authority);
    if (channel_flush(conn->reader.channel, false, &c->limits, &c->failure) < 0)
        return -1;
    return read_connect(c, conn);
}

/* For a mutant that wants the exit of its first tunnel. */
static bool has_other_exit(struct call *c)
{
    struct session *s = c->session;
    const char *exit = fields_nth(&c->response.fields, "X-Exit", 0);
    if (!exit || (s->exit && strcmp(s->exit, exit) == 0))
        return false;
    bool is_first = !s->exit;
    pthread_mutex_lock(&s->mutex);
    s->exit = is_first ? arena_copy(s->arena, exit, strlen(exit)) : s->exit;
    pthread_mutex_unlock(&s->mutex);
    if (is_first)
        return false;
    c->response.status = 0;
    failure_set(&c->failure, KIND_OTHER, "the exit is %s, no longer %s", exit, s->exit);
    return true;
}

/* A connection to the proxy on which a tunnel to `authority` is open. */
static struct connection *open_tunnel(struct call *c, const char *authority, const char *key)
{
    struct connection *conn = NULL;
    if (mutant(MUTANT_FORGETS_PROXY_PASSWORD)) {
        if (c->session->has_tunnelled)
            c->proxy_gate.account_count = 0;
        c->session->has_tunnelled = true;
    }
    struct bond last = { 0 };
    bool repeated = false;
    for (int round = 0; round < ROUNDS || mutant(MUTANT_ANSWERS_EVERY_407); round++) {
        struct channel *channel = conn ? NULL : dial_proxy(c);
        if (!conn && !channel)
            return NULL;
        if (!conn) {
            conn = connection_new(channel, key, c->proxy);
            if (mutant(MUTANT_NTLM_ON_ANY_CONNECTION))
                conn->to_proxy = last;
        }
        if (mutant(MUTANT_DEADLINE_FOR_EACH_ROUND) && c->settings->total)
            c->limits.until = clock_now() + c->settings->total;
        if (send_connect(c, conn, authority) < 0) {
            bool is_lost = round > 0 && c->response.status == 0 && !repeated &&
                           (c->failure.kind == KIND_RESET || c->failure.kind == KIND_CLOSED_EARLY);
            if (!is_lost)
                break;
            repeated = true; /* the connection died between two rounds: once more, on another */
            connection_free(conn);
            conn = NULL;
            continue;
        }
        if (opens_tunnel(c)) {
            if (mutant(MUTANT_TUNNEL_HONOURS_LENGTH) &&
                response_read_body(&conn->reader, &c->response, &c->limits, NULL, &c->failure) < 0)
                break;
            if (mutant(MUTANT_CHECKS_EXIT) && has_other_exit(c))
                break;
            keyring_let_in(&c->session->keyring, &c->proxy_gate, &conn->to_proxy, &c->response,
                           c->arena);
            conn->is_tunnel = true;
            return conn;
        }
        if (c->response.status != 407 || own_proxy_authorization(c) ||
            !keyring_challenged(&c->session->keyring, &c->proxy_gate, &conn->to_proxy, &c->response,
                                false, c->arena)) {
            if (refused(c, conn) == 0)
                return conn;
            break;
        }
        if (!drain(c, conn)) {
            last = conn->to_proxy;
            connection_free(conn);
            conn = NULL;
        }
    }
    connection_free(conn);
    return NULL;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static const char *key_of(struct call *c, const char *authority)
{
    struct buf b = { 0 };
    buf_printf(&b, "%s", c->proxy ? c->proxy->id : "direct");
    if (c->raw)
        buf_printf(&b, " raw");
    if (!c->proxy || c->uri->is_https)
        buf_printf(&b, " %s %s", c->uri->is_https ? "https" : "http", authority);
    if (mutant(MUTANT_TUNNEL_SERVES_ANY_ORIGIN) && c->proxy)
        b.len = strlen(c->proxy->id);
    const char *key = arena_copy(c->arena, b.at, b.len);
    buf_free(&b);
    return key;
}

static struct connection *connect_now(struct call *c, const char *authority, const char *key)
{
    if (!c->proxy) {
        struct channel *channel = dial(c->uri, false, c);
        return channel ? connection_new(channel, key, NULL) : NULL;
    }
    for (int i = 0; mutant(MUTANT_OPENS_SPARE_CONNECTIONS) && i < 3; i++)
        channel_free(dial_proxy(c));
    bool is_absolute = mutant(MUTANT_HTTPS_IN_ABSOLUTE_FORM) && !c->raw;
    if ((c->uri->is_https || c->raw || mutant(MUTANT_TUNNELS_HTTP_TOO)) && !is_absolute) {
        struct connection *conn = open_tunnel(c, authority, key);
        if (conn || !mutant(MUTANT_PLAINTEXT_DOWNGRADE))
            return conn;
    }
    struct channel *channel = dial_proxy(c);
    return channel ? connection_new(channel, key, c->proxy) : NULL;
}

/* What came behind the 2xx belongs to the tunnel: it is what TLS reads first. */
static struct connection *secure_origin(struct call *c, struct connection *conn)
{
    bool needs_none = mutant(MUTANT_PLAINTEXT_DOWNGRADE) || mutant(MUTANT_HTTPS_IN_ABSOLUTE_FORM);
    if (!c->uri->is_https || c->raw || (needs_none && !conn->is_tunnel && conn->proxy))
        return conn;
    if (mutant(MUTANT_CONNECT_ERROR_IS_ANSWER) && c->response.status >= 300)
        return conn;
    if (reader_left(&conn->reader) > 0) {
        failure_set(&c->failure, KIND_TLS_ORIGIN,
                    "TLS to the origin: octets came through the tunnel before the ClientHello");
        connection_free(conn);
        return NULL;
    }
    struct channel_tls t = tls_to(c->uri->host, KIND_TLS_ORIGIN, c);
    struct channel *channel = early_data_secure(c, conn, conn->reader.channel, &t);
    conn->reader.channel = channel;
    if (channel)
        return conn;
    connection_free(conn);
    return NULL;
}

struct connection *call_reach(struct call *c, bool must_be_fresh)
{
    const char *authority = c->raw ? c->raw : uri_host_port(c->arena, c->uri);
    const char *key = key_of(c, authority);
    bool rotates = c->settings->rotate == ROTATE_EACH && !mutant(MUTANT_KEEP_ALIVE_PINS_EXIT);
    struct connection *conn = NULL;
    if (!must_be_fresh && !rotates && !c->raw)
        conn = session_take(c->session, key);
    if (conn)
        return conn;
    int64_t connect = c->limits.connect;
    c->limits.connect_until = connect ? clock_now() + connect : CLOCK_NEVER;
    for (int i = 0; !conn && i < (mutant(MUTANT_RETRIES_HANDSHAKES) ? 6 : 1); i++) {
        conn = connect_now(c, authority, key);
        if (!conn)
            break;
        conn = secure_origin(c, conn);
    }
    c->limits.connect_until = CLOCK_NEVER;
    if (conn && !mutant(MUTANT_CONNECT_ERROR_IS_ANSWER))
        c->response.status = 0;
    return conn;
}
