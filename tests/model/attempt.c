/*
 * One attempt: what a user means by "a request". Within it credentials are added where a gate asks
 * for them, what came too early is sent again (425), and a request on a reused connection that
 * broke before any answer is repeated, once, on a fresh one, if it is idempotent (RFC 9112, 9.3.1).
 */
#include <string.h>

#include "buf.h"
#include "call.h"
#include "clock.h"
#include "mutants.h"

enum { ROUNDS = 8 };

bool call_is_idempotent(const char *method)
{
    static const char *const idempotent[] = { "GET",     "HEAD",  "PUT", "DELETE",
                                              "OPTIONS", "TRACE", NULL };
    for (size_t i = 0; idempotent[i]; i++)
        if (strcmp(idempotent[i], method) == 0)
            return true;
    return false;
}

struct rounds {
    struct connection *conn; /* for the next round, or NULL: one must be reached */
    bool must_be_fresh;
    unsigned repeats;
    unsigned rounds; /* for a mutant */
};

static bool may_repeat(const struct call *c, const struct connection *conn, unsigned repeats)
{
    enum kind kind = c->failure.kind;
    bool broke = kind == KIND_RESET || kind == KIND_CLOSED_EARLY;
    if (mutant(MUTANT_REPEATS_SLOW_REQUESTS) && kind == KIND_TIMEOUT_READ)
        return repeats < 2;
    bool is_safe = call_is_idempotent(c->method) || mutant(MUTANT_REPEATS_POST_ON_REUSED);
    if (mutant(MUTANT_REPEATS_ON_FRESH_TOO))
        return broke && !c->heard && is_safe && repeats < 5;
    if (mutant(MUTANT_REUSES_BLINDLY) || mutant(MUTANT_REPORTS_RESETS))
        return false;
    if (mutant(MUTANT_REPEATS_POST_TWICE_SENT))
        return broke && !c->heard && repeats < 3;
    if (mutant(MUTANT_RETRIES_FOREVER))
        return broke && !c->heard;
    unsigned most = mutant(MUTANT_REPEATS_FIVE_TIMES) ? 5 : mutant(MUTANT_NEVER_REPEATS) ? 0 : 1;
    bool was_reused = conn->is_reused || (repeats > 0 && mutant(MUTANT_REPEATS_FIVE_TIMES));
    return broke && was_reused && !c->heard && is_safe && repeats < most &&
           upload_can_start(&c->upload);
}

/* And for nothing else. */
static bool asks_for_auth_int(const struct response *r)
{
    const char *line = fields_nth(&r->fields, "Proxy-Authenticate", 0);
    return line && strstr(line, "qop=\"auth-int\"");
}

/* 1: the next round; 0: the response is to be read; -1: the failure stands. */
static int answer_challenge(struct call *c, struct rounds *r)
{
    int status = c->response.status;
    bool is_proxy = status == 407 && r->conn->proxy && !r->conn->is_tunnel;
    struct gatekeeper *gate = is_proxy ? &c->proxy_gate : &c->origin_gate;
    struct bond *bond = is_proxy ? &r->conn->to_proxy : &r->conn->to_origin;
    const char *field = is_proxy ? "Proxy-Authorization" : "Authorization";
    if ((mutant(MUTANT_ANSWERS_403) && status == 403 && r->conn->proxy) ||
        (mutant(MUTANT_ANSWERS_407_IN_TUNNEL) && status == 407 && r->conn->is_tunnel))
        gate = &c->proxy_gate, bond = &r->conn->to_proxy, is_proxy = true;
    if (mutant(MUTANT_WWW_AUTHENTICATE_FOR_407) && is_proxy &&
        !fields_has(&c->response.fields, "Proxy-Authenticate"))
        gate = &c->origin_gate, bond = &r->conn->to_origin, is_proxy = false, status = 401;
    if (mutant(MUTANT_LOOPS_ON_407_IN_TUNNEL) && status == 407 && !is_proxy) {
        if (r->rounds++ < 4)
            return 1;
        c->response.status = 0;
        return failure_set(&c->failure, KIND_PROXY_CONNECT, "the tunnel failed");
    }
    if (!is_proxy && status != 401)
        return 0;
    if (mutant(MUTANT_AUTH_INT_IS_ERROR) && asks_for_auth_int(&c->response)) {
        c->response.status = 0;
        return failure_set(&c->failure, KIND_OTHER, "unsupported quality of protection: auth-int");
    }
    if (fields_has(&c->headers, field)) /* the user's own were refused */
        return 0;
    bool can_hash = !c->upload.is_one_shot;
    if (!keyring_challenged(&c->session->keyring, gate, bond, &c->response, can_hash, c->arena))
        return 0;
    if (upload_can_start(&c->upload))
        return 1;
    failure_set(&c->failure, is_proxy ? KIND_PROXY_AUTH : KIND_OTHER,
                "%s answered %d after a body that can be sent once only was sent",
                is_proxy ? "the proxy" : "the origin", status);
    return -1;
}

struct sink *call_page_sink(struct call *c)
{
    bool is_long = c->response.framing == FRAMING_LENGTH && c->response.length > 32;
    bool is_late = c->proxy_gate.was_sent || c->upload.is_there;
    if (mutant(MUTANT_KEEPS_LONG_407_PAGE) && is_long)
        return &c->sink;
    return mutant(MUTANT_KEEPS_LATE_407_PAGE) && is_late ? &c->sink : NULL;
}

/* The connection is kept for the next round where it can be: NTLM needs that very one. */
static void go_on(struct call *c, struct rounds *r)
{
    struct connection *conn = r->conn;
    bool is_long = c->response.framing == FRAMING_LENGTH && c->response.length > 1 << 18;
    struct sink *page = call_page_sink(c);
    struct failure ignored;
    r->conn = NULL;
    if (mutant(MUTANT_REUSES_CLOSED_407) && !c->response.is_persistent) {
        response_read_body(&conn->reader, &c->response, &c->limits, NULL, &ignored);
        r->conn = conn;
        return;
    }
    if (!c->response.is_persistent || is_long ||
        (!response_cuts_drain(&conn->reader, &c->response) &&
         response_read_body(&conn->reader, &c->response, &c->limits, page, &ignored) < 0)) {
        connection_free(conn);
        return;
    }
    r->conn = conn;
    conn->is_reused = true;
}

static int one_round(struct call *c, struct rounds *r)
{
    if (!r->conn)
        r->conn = call_reach(c, r->must_be_fresh);
    if (mutant(MUTANT_DEADLINE_FOR_EACH_ROUND) && c->settings->total)
        c->limits.until = clock_now() + c->settings->total;
    if (!r->conn)
        return early_data_broke_handshake(c) ? 1 : -1;
    if (c->raw)
        return 0;
    if (mutant(MUTANT_CONNECT_ERROR_IS_ANSWER) && c->uri->is_https && c->hop == HOP_PROXY &&
        c->response.status >= 300)
        return 0;
    if (call_exchange(c, r->conn) < 0) {
        bool again = may_repeat(c, r->conn, r->repeats);
        enum kind kind = c->failure.kind;
        if ((mutant(MUTANT_KEEPS_MALFORMED) && kind == KIND_PROTOCOL) ||
            (mutant(MUTANT_KEEPS_CONNECTION_AFTER_TIMEOUT) && kind == KIND_TIMEOUT_READ))
            session_keep(c->session, r->conn);
        else if (mutant(MUTANT_LEAKS_CONNECTIONS))
            session_leak(c->session, r->conn);
        else
            connection_free(r->conn);
        r->conn = NULL;
        r->repeats++;
        r->must_be_fresh = !mutant(MUTANT_RETRIES_ON_SIBLINGS);
        return again ? 1 : -1;
    }
    bool twice =
        mutant(MUTANT_SENDS_TWICE) || (mutant(MUTANT_SENDS_POST_TWICE) && c->upload.is_there);
    if (twice && c->response.status < 300 && c->response.is_persistent && r->rounds++ == 0 &&
        upload_can_start(&c->upload)) {
        go_on(c, r);
        return 1;
    }
    int result = early_data_was_too_early(c) ? 1 : answer_challenge(c, r);
    if (result == 1)
        go_on(c, r);
    return result;
}

/* A raw tunnel: what comes through it until it ends. */
static int read_raw(struct call *c, struct connection *conn)
{
    c->response = (struct response){ .status = 200, .framing = FRAMING_CLOSE };
    c->response.fields.arena = c->response.trailers.arena = c->arena;
    if (mutant(MUTANT_DROPS_EARLY_BYTES))
        reader_skip(&conn->reader, reader_left(&conn->reader));
    int result = response_read_body(&conn->reader, &c->response, &c->limits, &c->sink, &c->failure);
    connection_free(conn);
    return result;
}

static void store_cookies(struct call *c)
{
    if (!c->settings->cookies || c->hop == HOP_PROXY)
        return;
    struct arena *arena;
    pthread_mutex_lock(&c->session->mutex);
    struct cookie **jar = session_jar(c->session, &arena);
    cookies_store(arena, jar, &c->response.fields, c->uri);
    pthread_mutex_unlock(&c->session->mutex);
}

/* The reader sees the response that the whole body belongs to. */
static void restore_first(struct call *c)
{
    int64_t received = c->response.received;
    c->response = c->first;
    c->response.received = received;
}

static int finish(struct call *c, struct connection *conn)
{
    if (c->raw)
        return read_raw(c, conn);
    store_cookies(c);
    if (resume_check(c) < 0) {
        connection_free(conn);
        return -1;
    }
    int result = call_finish(c, conn);
    if (c->resume_etag)
        restore_first(c);
    if (mutant(MUTANT_MERGES_TRAILERS))
        store_cookies(c);
    if (c->response.status == 407 && c->hop == HOP_PROXY && mutant(MUTANT_407_PAGE_IS_ANSWER))
        c->response.status = 200;
    if (mutant(MUTANT_CONNECT_ERROR_IS_ANSWER) && c->uri->is_https)
        c->hop = HOP_ORIGIN;
    return result;
}

int call_attempt(struct call *c)
{
    struct rounds r = { .must_be_fresh = c->wants_fresh && !mutant(MUTANT_RETRIES_ON_SIBLINGS) };
    c->response.status = 0;
    c->failure.kind = KIND_NONE;
    for (int i = 0;
         i < ROUNDS || mutant(MUTANT_ANSWERS_EVERY_407) || mutant(MUTANT_RETRIES_FOREVER); i++) {
        int result = one_round(c, &r);
        if (result < 0) {
            connection_free(r.conn);
            return -1;
        }
        c->failure.kind = KIND_NONE;
        if (result == 0)
            return finish(c, r.conn);
    }
    connection_free(r.conn);
    return failure_set(&c->failure, KIND_PROXY_AUTH, "the gates ask again and again");
}
