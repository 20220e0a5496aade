/*
 * Early data, against a server of libssl's own that reads what came before the handshake was done
 * apart from what came behind it.
 */
#include "cmocka_main.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "call.h"
#include "certs.h"
#include "driver_reply.h"

enum { PATIENCE_S = 20, CONNECTIONS = 3, EARLY_MOST = 1024 };

static const char OK[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
static const char OK_AND_CLOSE[] =
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
static const char TOO_EARLY[] = "HTTP/1.1 425 Too Early\r\nContent-Length: 0\r\n\r\n";

struct turn {                     /* what becomes of a connection */
    const char *answers[3];       /* one for each request on it; NULL behind them */
    bool has_lost_keys;           /* no ticket is known any more */
    bool drops;                   /* it ends behind the ClientHello */
    char early[2048], late[2048]; /* what was read */
};

struct server {
    struct certs *certs;
    SSL_CTX *context, *other; /* each with ticket keys of its own */
    int listener;
    unsigned port;
    pthread_t thread;
    struct turn turns[CONNECTIONS + 1]; /* without answers: no more connections */
};

/* ---- the server ------------------------------------------------------------------------------ */

static bool is_whole(const char *octets)
{
    return strstr(octets, "\r\n\r\n") != NULL;
}

static void read_early(SSL *ssl, struct turn *t)
{
    size_t n, at = 0;
    while (SSL_read_early_data(ssl, t->early + at, sizeof(t->early) - 1 - at, &n) ==
           SSL_READ_EARLY_DATA_SUCCESS)
        at += n;
}

/* Up to the end of a header block behind `from`, which must be the last. */
static void read_late(SSL *ssl, struct turn *t, size_t from)
{
    size_t n, at = strlen(t->late);
    while (!is_whole(t->late + from) &&
           SSL_read_ex(ssl, t->late + at, sizeof(t->late) - 1 - at, &n) == 1)
        at += n;
}

static void serve(SSL *ssl, struct turn *t)
{
    size_t written;
    read_early(ssl, t);
    if (SSL_accept(ssl) != 1)
        return;
    for (size_t i = 0; t->answers[i]; i++) {
        if (i > 0 || !is_whole(t->early))
            read_late(ssl, t, strlen(t->late));
        SSL_write_ex(ssl, t->answers[i], strlen(t->answers[i]), &written);
    }
    SSL_shutdown(ssl);
}

static void *run(void *arg)
{
    struct server *s = arg;
    const struct timeval patience = { .tv_sec = PATIENCE_S };
    char ignored[256];
    for (struct turn *t = s->turns; t->drops || t->answers[0]; t++) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0)
            break;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        if (t->drops) {
            recv(fd, t->early, 1, 0);
            close(fd);
            t->early[0] = 0;
            continue;
        }
        SSL *ssl = SSL_new(t->has_lost_keys ? s->other : s->context);
        SSL_set_fd(ssl, fd);
        serve(ssl, t);
        SSL_free(ssl);
        shutdown(fd, SHUT_WR);
        while (recv(fd, ignored, sizeof(ignored), 0) > 0)
            continue; /* what is not read would make an RST of this */
        close(fd);
    }
    OPENSSL_thread_stop();
    return NULL;
}

static SSL_CTX *context_of(struct certs *certs)
{
    X509 *leaf;
    EVP_PKEY *key;
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    assert_non_null(context);
    assert_int_equal(certs_leaf(certs, CERT_GOOD, "127.0.0.1", &leaf, &key), 0);
    assert_int_equal(SSL_CTX_use_certificate(context, leaf), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(context, key), 1);
    SSL_CTX_set_max_early_data(context, EARLY_MOST);
    SSL_CTX_set_options(context, SSL_OP_NO_ANTI_REPLAY);
    return context;
}

static void server_start(struct server *s)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(at);
    s->certs = certs_new();
    s->context = context_of(s->certs);
    s->other = context_of(s->certs);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(s->listener, CONNECTIONS), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &len), 0);
    s->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
}

static void server_stop(struct server *s)
{
    shutdown(s->listener,
             SHUT_RDWR); /* connections that a failed test did not make are not waited for */
    pthread_join(s->thread, NULL);
    close(s->listener);
    SSL_CTX_free(s->context);
    SSL_CTX_free(s->other);
    certs_free(s->certs);
}

/* ---- the client ------------------------------------------------------------------------------ */

static const struct json *parsed(struct arena *a, const struct buf *text)
{
    struct json_error error;
    const struct json *op = json_parse(a, text->at, text->len, &error);
    assert_non_null(op);
    return op;
}

/* A session that goes to the server directly; `more` are further keys of it. */
static struct session *open_session(const struct server *s, const char *more)
{
    static const char *const variables[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
                                             "ALL_PROXY" };
    char path[] = "/tmp/early_data.XXXXXX";
    const char *unsupported;
    struct buf b = { 0 };
    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
        unsetenv(variables[i]);
    FILE *f = fdopen(mkstemp(path), "w");
    assert_int_equal(certs_write_ca(s->certs, f), 0);
    buf_printf(&b, "{\"do\":\"open\",\"session\":1,\"ca_file\":\"%s\"%s}", path, more);
    struct arena *scratch = arena_new();
    struct session *session = session_open(parsed(scratch, &b), &unsupported, scratch);
    assert_non_null(session);
    arena_free(scratch);
    buf_free(&b);
    fclose(f);
    unlink(path);
    return session;
}

/* The status that a request to /`name` has; `more` are further keys of it. 0: it failed. */
static int ask(const struct server *s, struct session *session, const char *method,
               const char *name, const char *more)
{
    struct call c = { .arena = arena_new(), .limits.cancel = eventfd(0, EFD_CLOEXEC) };
    struct buf b = { 0 };
    sink_init(&c.sink);
    buf_printf(&b,
               "{\"do\":\"request\",\"session\":1,\"id\":1,\"method\":\"%s\",\"url\":"
               "\"https://127.0.0.1:%u/%s\"%s}",
               method, s->port, name, more);
    reply_read_request(&c, session, parsed(c.arena, &b));
    call_run(&c);
    if (c.failure.kind != KIND_NONE)
        print_message("%s /%s: %s\n", method, name, c.failure.text);
    int status = c.failure.kind == KIND_NONE ? c.response.status : 0;
    sink_free(&c.sink);
    close(c.limits.cancel);
    arena_free(c.arena);
    buf_free(&b);
    return status;
}

static bool asks_for(const char *octets, const char *line)
{
    size_t len = strlen(line);
    return strncmp(octets, line, len) == 0 && strncmp(octets + len, " HTTP/1.1\r\n", 11) == 0 &&
           strstr(octets, "\r\n\r\n") == octets + strlen(octets) - 4;
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* GET /1 for the ticket, then this. What the server read of it is in s->turns. */
static int second(struct server *s, const char *method, const char *more_of_session,
                  const char *more)
{
    s->turns[0].answers[0] = OK_AND_CLOSE;
    server_start(s);
    struct session *session = open_session(s, more_of_session);
    assert_int_equal(ask(s, session, "GET", "1", ""), 200);
    int status = ask(s, session, method, "2", more);
    session_free(session);
    server_stop(s);
    assert_true(asks_for(s->turns[0].late, "GET /1"));
    assert_string_equal(s->turns[0].early, "");
    return status;
}

static void taken_early_data_is_not_sent_again(void **state)
{
    struct server s = { .turns[1].answers = { OK } };
    (void)state;
    assert_int_equal(second(&s, "GET", "", ""), 200);
    assert_true(asks_for(s.turns[1].early, "GET /2"));
    assert_string_equal(s.turns[1].late, "");
}

/* The next one on the same connection is written as ever. */
static void what_follows_is_written_as_ever(void **state)
{
    struct server s = { .turns[0].answers = { OK_AND_CLOSE }, .turns[1].answers = { OK, OK } };
    (void)state;
    server_start(&s);
    struct session *session = open_session(&s, "");
    assert_int_equal(ask(&s, session, "GET", "1", ""), 200);
    assert_int_equal(ask(&s, session, "HEAD", "2", ""), 200);
    assert_int_equal(ask(&s, session, "POST", "3", ""), 200);
    session_free(session);
    server_stop(&s);
    assert_true(asks_for(s.turns[1].early, "HEAD /2"));
    assert_true(asks_for(s.turns[1].late, "POST /3"));
}

/* Sent again when the handshake is done, on the same connection, once. */
static void refused_early_data_is_sent_later(void **state)
{
    struct server s = { .turns[1] = { .answers = { OK }, .has_lost_keys = true } };
    (void)state;
    assert_int_equal(second(&s, "GET", "", ""), 200);
    assert_string_equal(s.turns[1].early, "");
    assert_true(asks_for(s.turns[1].late, "GET /2"));
}

/* A 425 leaves the connection as it is: its handshake is done. */
static void a_425_is_repeated_on_the_same_connection(void **state)
{
    struct server s = { .turns[1].answers = { TOO_EARLY, OK } };
    (void)state;
    assert_int_equal(second(&s, "GET", "", ""), 200);
    assert_true(asks_for(s.turns[1].early, "GET /2"));
    assert_true(asks_for(s.turns[1].late, "GET /2"));
}

/* One that was not early is none of the client's making. */
static void a_425_without_early_data_stands(void **state)
{
    struct server s = { .turns[1].answers = { TOO_EARLY, TOO_EARLY } };
    (void)state;
    assert_int_equal(second(&s, "GET", "", ""), 425);
}

/* RFC 8446, D.3 */
static void a_broken_handshake_is_repeated_without(void **state)
{
    struct server s = { .turns[1].drops = true, .turns[2].answers = { OK } };
    (void)state;
    assert_int_equal(second(&s, "GET", "", ""), 200);
    assert_string_equal(s.turns[2].early, "");
    assert_true(asks_for(s.turns[2].late, "GET /2"));
}

/* Not what is unsafe or has content, nor where nobody is to be known again, or by nothing. */
static void what_is_not_safe_is_never_early(void **state)
{
    static const struct {
        const char *method, *session, *request;
    } rows[] = {
        { "POST", "", "" },
        { "PUT", "", "" },
        { "DELETE", "", "" },
        { "GET", "", ",\"body\":{\"size\":1}" },
        { "GET", ",\"rotate\":\"each\"", "" },
        { "GET", ",\"verify\":false", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct server s = { .turns[1].answers = { OK } };
        assert_int_equal(second(&s, rows[i].method, rows[i].session, rows[i].request), 200);
        assert_string_equal(s.turns[1].early, "");
        assert_int_equal(strncmp(s.turns[1].late, rows[i].method, strlen(rows[i].method)), 0);
    }
}

/* More than the server takes early is sent as ever. */
static void what_is_too_long_is_not_early(void **state)
{
    struct server s = { .turns[1].answers = { OK } };
    char field[2 * EARLY_MOST];
    (void)state;
    snprintf(field, sizeof(field), ",\"headers\":[[\"X\",\"%0*d\"]]", EARLY_MOST, 1);
    assert_int_equal(second(&s, "GET", "", field), 200);
    assert_string_equal(s.turns[1].early, "");
    assert_true(asks_for(s.turns[1].late, "GET /2"));
}

/* A ticket serves once, for that kind of connection, and not for ever. */
static void tickets_serve_once(void **state)
{
    struct server s = { .turns[0].answers = { OK_AND_CLOSE } };
    (void)state;
    server_start(&s);
    struct session *session = open_session(&s, "");
    assert_int_equal(ask(&s, session, "GET", "1", ""), 200);
    struct ticket **list = &session->tickets;
    char key[64];
    snprintf(key, sizeof(key), "direct https 127.0.0.1:%u", s.port);
    assert_null(tickets_take(list, "direct https another:443"));
    SSL_SESSION *ticket = tickets_take(list, key);
    assert_non_null(ticket);
    assert_null(tickets_take(list, key));
    SSL_SESSION_set_time(ticket, SSL_SESSION_get_time(ticket) - 8L * 24 * 3600);
    tickets_keep(list, key, ticket);
    assert_null(tickets_take(list, key)); /* seven days are the most there are */
    session_free(session);
    server_stop(&s);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(taken_early_data_is_not_sent_again),
    cmocka_unit_test(what_follows_is_written_as_ever),
    cmocka_unit_test(refused_early_data_is_sent_later),
    cmocka_unit_test(a_425_is_repeated_on_the_same_connection),
    cmocka_unit_test(a_425_without_early_data_stands),
    cmocka_unit_test(a_broken_handshake_is_repeated_without),
    cmocka_unit_test(what_is_not_safe_is_never_early),
    cmocka_unit_test(what_is_too_long_is_not_early),
    cmocka_unit_test(tickets_serve_once),
};

TEST_MAIN(tests)
