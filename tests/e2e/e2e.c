/*
 * The asserting dialogue over peer.h and program.h.
 */
#include "e2e.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

enum { TEXT_MAX = 1 << 17 };

/* Plays that were started and not stopped: their output belongs to a failure's message. A test
 * program is one thread and one test at a time. */
static struct play *running[4];

/* ---- failing --------------------------------------------------------------------------------- */

void fail_at(const char *file, int line, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "%s:%d: ", file, line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    for (size_t i = 0; i < sizeof(running) / sizeof(running[0]); i++)
        if (running[i]) {
            program_show_output(running[i]->program);
            fprintf(stderr, "kept: %s\n", running[i]->program->folder);
        }
    _fail(file, line);
    abort();
}

void expect_number_at(long long want, long long got, const char *what, const char *file, int line)
{
    if (want != got)
        fail_at(file, line, "%s: expected %lld, got %lld", what, want, got);
}

void expect_between_at(double low, double got, double high, const char *what, const char *file,
                       int line)
{
    if (got < low || got > high)
        fail_at(file, line, "%s: expected %g to %g, got %g", what, low, high, got);
}

void expect_in_at(const char *text, const char *part, const char *file, int line)
{
    if (!text || !strstr(text, part))
        fail_at(file, line, "expected \"%s\" in:\n%s", part, text ? text : "(nothing)");
}

/* ---- the program ----------------------------------------------------------------------------- */

struct play *start_with(const char *scenario, struct program_options options)
{
    struct play *p = calloc(1, sizeof(*p));
    char ca[128];
    if (!p)
        abort();
    p->program = program_start(FP_PROGRAM, scenario, &options);
    if (!p->program)
        fail_here("the program did not start with:\n%s", scenario);
    p->proxy = p->program->proxy;
    p->origin = p->program->origin;
    snprintf(ca, sizeof(ca), "%s/ca.pem", p->program->folder);
    p->tls = peer_tls_context(ca);
    for (size_t i = 0; i < sizeof(running) / sizeof(running[0]); i++)
        if (!running[i]) {
            running[i] = p;
            break;
        }
    return p;
}

struct play *start(const char *scenario)
{
    return start_with(scenario, (struct program_options){ 0 });
}

struct play *start_list(const char *actions)
{
    char scenario[8192];
    snprintf(scenario, sizeof(scenario),
             "{'proxy':{'rules':[{'name':'r','on':'request','do':%s}]}}", actions);
    return start(scenario);
}

static void finish(struct play *p, int status, int code)
{
    bool good = status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == code;
    /* A play that no request came to says 4: nothing was put to the test. */
    good = good || (code == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 4);
    if (!good || program_complained(p->program))
        fail_here("the program ended with %s %d, expected exit code %d",
                  WIFEXITED(status) ? "exit code" : "signal",
                  WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), code);
    for (size_t i = 0; i < sizeof(running) / sizeof(running[0]); i++)
        if (running[i] == p)
            running[i] = NULL;
    SSL_CTX_free(p->tls);
    cJSON_Delete(p->journal);
    program_free(p->program, false);
    free(p);
}

void stop(struct play *p)
{
    finish(p, program_end(p->program), 0);
}

void expect_exit(struct play *p, int code)
{
    int status = program_wait(p->program, PEER_PATIENCE);
    if (status < 0)
        fail_here("the program goes on, expected exit code %d", code);
    finish(p, status, code);
}

int port_of(const struct play *p, const char *actor)
{
    int port = program_port(p->program, actor);
    if (port < 0)
        fail_here("the ready line has no %s", actor);
    return port;
}

/* ---- the journal ----------------------------------------------------------------------------- */

static void read_journal(struct play *p)
{
    char *text = program_read(p->program, "journal");
    cJSON_Delete(p->journal);
    p->journal = cJSON_CreateArray();
    for (char *line = text, *end; line && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        cJSON *event = cJSON_Parse(line);
        if (!event)
            fail_here("a line of the journal is not JSON: %s", line);
        cJSON_AddItemToArray(p->journal, event);
    }
    free(text);
}

static bool same(const cJSON *value, const char *want)
{
    char text[64];
    const char *got = cJSON_GetStringValue(value);
    if (cJSON_IsNumber(value)) {
        snprintf(text, sizeof(text), "%.15g", value->valuedouble);
        got = text;
    } else if (cJSON_IsBool(value)) {
        got = cJSON_IsTrue(value) ? "true" : "false";
    }
    size_t len = strlen(want);
    if (got && len && want[len - 1] == '*')
        return strncmp(got, want, len - 1) == 0;
    return got && strcmp(got, want) == 0;
}

static bool fits(const cJSON *event, const char *name, va_list fields)
{
    va_list rest;
    bool good = same(cJSON_GetObjectItemCaseSensitive(event, "event"), name);
    va_copy(rest, fields);
    for (const char *field; good && (field = va_arg(rest, const char *));) {
        const char *want = va_arg(rest, const char *);
        good = same(cJSON_GetObjectItemCaseSensitive(event, field), want);
    }
    va_end(rest);
    return good;
}

int count_events(struct play *p, const char *name, ...)
{
    va_list fields;
    const cJSON *event;
    int n = 0;
    read_journal(p);
    va_start(fields, name);
    cJSON_ArrayForEach(event, p->journal) n += fits(event, name, fields);
    va_end(fields);
    return n;
}

const cJSON *find_event(struct play *p, const char *name, ...)
{
    va_list fields;
    int64_t deadline = clock_now() + PEER_PATIENCE * CLOCK_MS;
    const cJSON *event, *found = NULL;
    va_start(fields, name);
    for (;;) {
        read_journal(p);
        cJSON_ArrayForEach(event, p->journal) if (!found && fits(event, name, fields)) found =
            event;
        if (found || clock_now() > deadline)
            break;
        poll(NULL, 0, 10);
    }
    if (!found) {
        char *all = program_read(p->program, "journal");
        fprintf(stderr, "expected %s", name);
        for (const char *field; (field = va_arg(fields, const char *));)
            fprintf(stderr, " %s=%s", field, va_arg(fields, const char *));
        fprintf(stderr, " in the journal:\n%s", all ? all : "");
        free(all);
        fail_here("an event is missing");
    }
    va_end(fields);
    return found;
}

long long number_in_at(const cJSON *event, const char *field, const char *file, int line)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(event, field);
    if (!cJSON_IsNumber(value)) {
        char *text = cJSON_Print(event);
        fail_at(file, line, "expected a number %s in %s", field, text);
    }
    return (long long)value->valuedouble;
}

/* ---- dialing --------------------------------------------------------------------------------- */

struct peer *dial_at(int port, int receive_buffer, const char *file, int line)
{
    struct peer *c = peer_dial(port, receive_buffer);
    if (!c)
        fail_at(file, line, "connect to port %d: %s", port, strerror(errno));
    return c;
}

struct peer *accept_at(int listener, const char *file, int line)
{
    struct peer *c = peer_accept(listener, PEER_PATIENCE);
    if (!c)
        fail_at(file, line, "nobody came to the listener");
    return c;
}

void start_tls_at(struct peer *c, struct play *p, const char *name, const char *file, int line)
{
    if (peer_start_tls(c, p->tls, name) < 0)
        fail_at(file, line, "the TLS handshake with %s failed (the wire: %d)", name, (int)c->end);
}

void hang_up(struct peer *c)
{
    peer_free(c);
}

/* ---- sending --------------------------------------------------------------------------------- */

void send_at(struct peer *c, const void *octets, size_t len, const char *file, int line)
{
    if (peer_send(c, octets, len) < 0)
        fail_at(file, line, "sending %zu octets failed: %s", len, strerror(errno));
}

void send_pattern_at(struct peer *c, uint64_t n, const char *file, int line)
{
    char octets[32768];
    for (uint64_t done = 0; done < n;) {
        size_t len = n - done < sizeof(octets) ? (size_t)(n - done) : sizeof(octets);
        peer_pattern(done, octets, len);
        send_at(c, octets, len, file, line);
        done += len;
    }
}

void send_format_at(struct peer *c, const char *file, int line, const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0)
        abort();
    send_at(c, text, (size_t)len, file, line);
    free(text);
}

void connect_at(struct peer *c, const char *authority, const char *file, int line)
{
    send_format_at(c, file, line, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", authority, authority);
    expect_head_at(c, "HTTP/1.1 200", file, line);
}

/* ---- expecting ------------------------------------------------------------------------------- */

static const char *how(const struct peer *c, ssize_t result)
{
    return result == PEER_LATE    ? "nothing more"
           : c->notified          ? "close_notify"
           : c->tls_failed        ? "a TLS failure"
           : c->end == PEER_RESET ? "ECONNRESET"
                                  : "EOF";
}

void expect_octets_at(struct peer *c, const void *octets, size_t len, const char *file, int line)
{
    char *got = calloc(1, len + 1);
    if (!got)
        abort();
    for (size_t done = 0; done < len;) {
        ssize_t n = peer_read(c, got + done, len - done, PEER_PATIENCE);
        if (n < 0)
            fail_at(file, line, "expected %zu octets \"%.*s\", got %zu \"%s\" and %s", len,
                    (int)len, (const char *)octets, done, got, how(c, n));
        done += (size_t)n;
    }
    if (memcmp(got, octets, len) != 0)
        fail_at(file, line, "expected \"%.*s\", got \"%s\"", (int)len, (const char *)octets, got);
    free(got);
}

void expect_pattern_at(struct peer *c, uint64_t offset, uint64_t len, const char *file, int line)
{
    char octets[32768];
    for (uint64_t done = 0; done < len;) {
        uint64_t rest = len - done;
        ssize_t n = peer_read(c, octets, rest < sizeof(octets) ? (size_t)rest : sizeof(octets),
                              PEER_PATIENCE);
        if (n < 0)
            fail_at(file, line, "expected %llu octets, got %llu and %s", (unsigned long long)len,
                    (unsigned long long)done, how(c, n));
        ssize_t wrong = peer_pattern_differs(offset + done, octets, (size_t)n);
        if (wrong >= 0)
            fail_at(file, line, "octet %llu is not the pattern's",
                    (unsigned long long)done + (unsigned long long)wrong);
        done += (uint64_t)n;
    }
}

const char *expect_head_at(struct peer *c, const char *begins, const char *file, int line)
{
    static char head[TEXT_MAX];
    if (peer_read_head(c, head, sizeof(head)) < 0)
        fail_at(
            file, line, "expected a header block \"%s…\", got \"%s\" and %s", begins, head,
            how(c, c->end == PEER_OPEN && !c->notified && !c->tls_failed ? PEER_LATE : PEER_ENDED));
    if (strncmp(head, begins, strlen(begins)) != 0)
        fail_at(file, line, "expected a header block \"%s…\", got \"%s\"", begins, head);
    return head;
}

static const char *find_field(const char *head, const char *name, size_t *len)
{
    size_t n = strlen(name);
    for (const char *at = strstr(head, "\r\n"); at; at = strstr(at + 2, "\r\n")) {
        const char *text = at + 2;
        if (strncasecmp(text, name, n) != 0 || text[n] != ':')
            continue;
        text += n + 1 + strspn(text + n + 1, " \t");
        *len = strcspn(text, "\r");
        return text;
    }
    return NULL;
}

const char *field_at(const char *head, const char *name, const char *file, int line)
{
    static char value[TEXT_MAX];
    size_t len;
    const char *at = find_field(head, name, &len);
    if (!at)
        fail_at(file, line, "expected a field %s in:\n%s", name, head);
    memcpy(value, at, len);
    value[len] = '\0';
    return value;
}

void expect_no_field_at(const char *head, const char *name, const char *file, int line)
{
    size_t len;
    if (find_field(head, name, &len))
        fail_at(file, line, "expected no field %s in:\n%s", name, head);
}

const char *expect_answer_at(struct peer *c, int status, const char *file, int line)
{
    static char body[TEXT_MAX];
    char begins[32];
    size_t len, done = 0;
    snprintf(begins, sizeof(begins), "HTTP/1.1 %d ", status);
    const char *head = expect_head_at(c, begins, file, line);
    const char *length = find_field(head, "Content-Length", &len);
    size_t want = length ? (size_t)strtoul(length, NULL, 10) : 0;
    if (want >= sizeof(body))
        fail_at(file, line, "a body of %zu octets is too long for this", want);
    while (done < want) {
        ssize_t n = peer_read(c, body + done, want - done, PEER_PATIENCE);
        if (n < 0)
            fail_at(file, line, "expected a body of %zu octets, got %zu and %s", want, done,
                    how(c, n));
        done += (size_t)n;
    }
    body[done] = '\0';
    return body;
}

void expect_end_at(struct peer *c, enum peer_end end, const char *file, int line)
{
    static const char *const names[] = { "no end", "EOF", "ECONNRESET" };
    char octets[256];
    ssize_t n = peer_read(c, octets, sizeof(octets) - 1, PEER_PATIENCE);
    if (n > 0) {
        octets[n] = '\0';
        fail_at(file, line, "expected %s, got octets: \"%s\"", names[end], octets);
    }
    if (n == PEER_ENDED && c->end == PEER_OPEN) /* TLS ended: how does the wire? */
        peer_wait_end(c);
    if (c->end != end)
        fail_at(file, line, "expected %s, got %s", names[end], names[c->end]);
}

void expect_silence_at(struct peer *c, int ms, const char *file, int line)
{
    if (!peer_is_silent(c, ms))
        fail_at(file, line, "expected silence, got %s",
                c->end == PEER_OPEN ? "octets" : how(c, PEER_ENDED));
}

/* A failed test leaves everything open: what it leaks is not news. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
