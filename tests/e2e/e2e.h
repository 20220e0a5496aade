/*
 * End-to-end tests as dialogues: start a play, dial, send, expect. What is not as expected fails
 * the test with both values, the program's output and the line of the test.
 *
 *     struct play *p = start("{'proxy':{'rules':[{'on':'request','do':['reset']}]}}");
 *     struct peer *c = dial(p->proxy);
 *     send_str(c, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
 *     expect_reset(c);
 *     hang_up(c);
 *     stop(p);
 *
 * In a scenario's text ' stands for "; "fakeproxy" and "id" are added. What a failed test leaves
 * open ends with its process.
 */
#ifndef TESTS_E2E_H
#define TESTS_E2E_H

#include <cJSON.h>

#include "../cmocka_main.h"
#include "peer.h"
#include "program.h"

struct play {
    struct program *program;
    int proxy, origin; /* ports */
    SSL_CTX *tls;      /* trusts the program's CA */
    cJSON *journal;    /* a list of events, as last read */
};

/* ---- the program ----------------------------------------------------------------------------- */

struct play *start(const char *scenario);
struct play *start_with(const char *scenario, struct program_options);
/* A play whose proxy has one rule, on every request: the list of actions. */
struct play *start_list(const char *actions);
/* Ends it by SIGTERM: it must end well, and no sanitizer may have found anything. */
void stop(struct play *);
/* The same, but it ends by itself, with that exit code. */
void expect_exit(struct play *, int code);
int port_of(const struct play *, const char *actor);
/* A figure of /proc/PID/status in KiB, such as "VmRSS"; CPU time of the program in ms. */
long memory_of(const struct play *, const char *name);
long cpu_ms_of(const struct play *);
/* At rest the program uses no more CPU than so many ms in a second. The best of five seconds
 * counts: a busy host adds to some of them, what spins is in every one. */
void expect_rest(const struct play *, int most_ms);
int descriptors_of(const struct play *);
/* Waits until it has no more open files than so many: nothing of its clients is left. */
void expect_descriptors(const struct play *, int most);
/* Waits until it uses no CPU: it has done what it had to do. */
void settle(const struct play *);
/* GET /alive through the proxy is answered 200. */
void expect_alive(const struct play *);

/* ---- the journal ----------------------------------------------------------------------------- */

/* How many events have that name and all those fields: pairs of strings, NULL at the end. A value
 * that ends in * matches what begins so; numbers and flags are compared as text. */
int count_events(struct play *, const char *event, ...) __attribute__((sentinel));
/* The first such event, waited for. It lives until the journal is looked at again. */
const cJSON *find_event(struct play *, const char *event, ...) __attribute__((sentinel));
/* A field of an event as a number; fails if it is not there. */
#define number_in(event, field) number_in_at(event, field, __FILE__, __LINE__)

/* ---- dialing --------------------------------------------------------------------------------- */

#define dial(port)               dial_at(port, 0, __FILE__, __LINE__)
#define dial_slow(port)          dial_at(port, 65536, __FILE__, __LINE__)
#define accept_one(listener)     accept_at(listener, __FILE__, __LINE__)
#define start_tls(c, play, name) start_tls_at(c, play, name, __FILE__, __LINE__)
void hang_up(struct peer *);

/* ---- the dialogue ---------------------------------------------------------------------------- */

#define send_str(c, text)       send_at(c, text, strlen(text), __FILE__, __LINE__)
#define send_octets(c, at, len) send_at(c, at, len, __FILE__, __LINE__)
#define send_body(c, n)         send_pattern_at(c, n, __FILE__, __LINE__)
#define send_format(c, ...)     send_format_at(c, __FILE__, __LINE__, __VA_ARGS__)
/* GET of that path through the proxy, absolute-form. */
#define get(c, path)             send_format(c, "GET http://a.test%s HTTP/1.1\r\nHost: a.test\r\n\r\n", path)
#define connect_to(c, authority) connect_at(c, authority, __FILE__, __LINE__)

/* Exactly these octets come. */
#define expect_str(c, text) expect_octets_at(c, text, strlen(text), __FILE__, __LINE__)
/* So many octets of the pattern come. */
#define expect_bytes(c, n)              expect_pattern_at(c, 0, n, __FILE__, __LINE__)
#define expect_bytes_from(c, offset, n) expect_pattern_at(c, offset, n, __FILE__, __LINE__)
/* A header block that begins so; returned as text, which lives until the next one. */
#define expect_head(c, begins) expect_head_at(c, begins, __FILE__, __LINE__)
/* A whole answer of that status, framed by length (or without body); the body as text. */
#define expect_answer(c, status) expect_answer_at(c, status, __FILE__, __LINE__)
/* Nothing more comes, and the wire ends so. */
#define expect_eof(c)         expect_end_at(c, PEER_EOF, __FILE__, __LINE__)
#define expect_reset(c)       expect_end_at(c, PEER_RESET, __FILE__, __LINE__)
#define expect_silence(c, ms) expect_silence_at(c, ms, __FILE__, __LINE__)
/* The field's value in a head, or fails; the text lives until the next call. */
#define field_of(head, name)        field_at(head, name, __FILE__, __LINE__)
#define expect_no_field(head, name) expect_no_field_at(head, name, __FILE__, __LINE__)
#define expect_in(text, part)       expect_in_at(text, part, __FILE__, __LINE__)
#define expect_number(a, b)         expect_number_at((long long)(a), (long long)(b), #a, __FILE__, __LINE__)
#define expect_between(low, a, high)                                                               \
    expect_between_at((double)(low), (double)(a), (double)(high), #a, __FILE__, __LINE__)

/* Fails the test. */
#define fail_here(...) fail_at(__FILE__, __LINE__, __VA_ARGS__)

struct peer *dial_at(int port, int receive_buffer, const char *file, int line);
struct peer *accept_at(int listener, const char *file, int line);
void start_tls_at(struct peer *, struct play *, const char *name, const char *file, int line);
void send_at(struct peer *, const void *, size_t, const char *file, int line);
void send_pattern_at(struct peer *, uint64_t n, const char *file, int line);
void send_format_at(struct peer *, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void connect_at(struct peer *, const char *authority, const char *file, int line);
void expect_octets_at(struct peer *, const void *, size_t, const char *file, int line);
void expect_pattern_at(struct peer *, uint64_t offset, uint64_t n, const char *file, int line);
const char *expect_head_at(struct peer *, const char *begins, const char *file, int line);
const char *expect_answer_at(struct peer *, int status, const char *file, int line);
void expect_end_at(struct peer *, enum peer_end, const char *file, int line);
void expect_silence_at(struct peer *, int ms, const char *file, int line);
const char *field_at(const char *head, const char *name, const char *file, int line);
void expect_no_field_at(const char *head, const char *name, const char *file, int line);
void expect_in_at(const char *text, const char *part, const char *file, int line);
void expect_number_at(long long, long long, const char *what, const char *file, int line);
void expect_between_at(double, double, double, const char *what, const char *file, int line);
long long number_in_at(const cJSON *event, const char *field, const char *file, int line);
_Noreturn void fail_at(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
