/*
 * fakeproxy.h: a forward proxy that fails on purpose, inside a C test program.
 *
 *     char *error = NULL;
 *     struct fakeproxy *fp = fakeproxy_new(FAKEPROXY_THREAD, &error);
 *     struct fakeproxy_instance *in = fakeproxy_start(fp, "retry-after/delta-1", &error);
 *     if (!in) { fputs(error, stderr); ... }
 *
 *     my_client_get(fakeproxy_url(in, "proxy"), "http://any.name.example/");
 *
 *     fakeproxy_end(in);
 *     struct fakeproxy_verdict *v = fakeproxy_judge(in);
 *     if (v->exit_code != 0) fputs(v->text, stderr);
 *     fakeproxy_verdict_free(v);
 *     fakeproxy_free(fp);
 *
 * Scenarios, journal and checks are those of the program fakeproxy(1); fakeproxy-scenario(5) and
 * docs/scenario.md describe them, docs/library.md is the guide to this library.
 *
 * Threads. With FAKEPROXY_THREAD the scenarios play in one thread of the library's own, and every
 * function here may be called from any thread at any time; calls for one struct fakeproxy are
 * carried out one after the other, by that thread. With FAKEPROXY_POLL there is no thread: nothing
 * happens but in fakeproxy_poll() and fakeproxy_wait(), and everything that belongs to that struct
 * fakeproxy is for one thread at a time. Either way: whoever frees or stops something makes sure
 * that nobody begins another call with it; calls of fakeproxy_wait() that are under way return.
 *
 * Process. Nothing is printed, no signal disposition or limit is changed, the library's thread
 * blocks signals, every descriptor is close-on-exec. After fork() the child may only exec or _exit.
 * Out of memory ends the process (abort).
 *
 * Texts are UTF-8 and end with a NUL. A `char **` receives a text that the caller releases with
 * free(), or NULL; the pointer itself may be NULL: then the text is not wanted.
 */
#ifndef FAKEPROXY_H
#define FAKEPROXY_H

#include <poll.h>
#include <stddef.h>

#define FAKEPROXY_VERSION        "0.1.0"
#define FAKEPROXY_VERSION_NUMBER 0x000100 /* 0xMMmmpp */

#if defined(__GNUC__)
#define FAKEPROXY_API __attribute__((visibility("default")))
#else
#define FAKEPROXY_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is linked; FAKEPROXY_VERSION is the header's. */
FAKEPROXY_API const char *fakeproxy_version(void);

/* ---- the loop -------------------------------------------------------------------------------- */

struct fakeproxy; /* an event loop, a certificate authority, and the instances that play in it */

enum fakeproxy_mode {
    FAKEPROXY_THREAD, /* a thread of the library's own runs it */
    FAKEPROXY_POLL    /* the caller runs it with fakeproxy_poll() */
};

/* NULL when there is no descriptor or thread left, or the kernel has no epoll with timerfd: *error
 * says so. */
FAKEPROXY_API struct fakeproxy *fakeproxy_new(enum fakeproxy_mode, char **error);

/* Stops every instance that still plays and frees all. NULL is fine. */
FAKEPROXY_API void fakeproxy_free(struct fakeproxy *);

/* FAKEPROXY_POLL only: plays until one of the caller's descriptors is ready or timeout_ms have
 * passed (-1: no limit; 0: what is due now, without waiting), as curl_multi_poll() does. fds are
 * read and filled in as by poll(2), of whose events POLLIN and POLLOUT are known; NULL if count is
 * 0. Returns how many are ready; 0: time passed; -1: errno (EINVAL: the mode is FAKEPROXY_THREAD,
 * or nothing could ever end the call; else a descriptor cannot be polled).
 *
 * The faults' timing is as good as the caller's: what falls due between two calls happens in the
 * next one. */
FAKEPROXY_API int fakeproxy_poll(struct fakeproxy *, struct pollfd *fds, unsigned count,
                                 int timeout_ms);

/* The certificate (PEM) that a client has to trust for https proxies and https origins. One for all
 * instances; made when it is first asked for, lives as long as the struct fakeproxy. NULL: OpenSSL
 * failed. */
FAKEPROXY_API const char *fakeproxy_ca_pem(struct fakeproxy *);

/* Writes it to a file. 0, or -1 with errno. */
FAKEPROXY_API int fakeproxy_write_ca(struct fakeproxy *, const char *path);

/* ---- instances ------------------------------------------------------------------------------- */

struct fakeproxy_instance; /* one scenario being played, with listeners of its own on 127.0.0.1 */

/* Loads a scenario and plays it. It is named as on the command line of fakeproxy(1): a file, an id
 * ("transport/idle-reset"), or an id's last part ("idle-reset"), with the variant behind it where
 * the scenario has several ("tunnel/2xx-201-204-299@204"). Ids are looked for in ./scenarios, in
 * the folders of $FAKEPROXY_SCENARIOS (apart by colons), and in the installed folder.
 *
 * NULL: *error has what the loader found, each thing as file:line:col: /json/pointer: what is
 * wrong, what was expected, then the line and a caret; or that there is no such scenario; or why it
 * cannot listen. Several lines, ending with a newline. */
FAKEPROXY_API struct fakeproxy_instance *fakeproxy_start(struct fakeproxy *, const char *scenario,
                                                         char **error);

/* The same for a scenario that is in memory. name stands for the file in messages, and bodies that
 * are read from files lie beside it; "@variant" behind it chooses one, too. */
FAKEPROXY_API struct fakeproxy_instance *fakeproxy_start_text(struct fakeproxy *, const char *name,
                                                              const char *text, char **error);

/* Closes the listeners, ends every connection at once and frees the instance. Calls of
 * fakeproxy_wait() that are under way return FAKEPROXY_ENDED first. NULL is fine. */
FAKEPROXY_API void fakeproxy_stop(struct fakeproxy_instance *);

/* Where an actor ("proxy", "origin", or one of the scenario's own names) is found. These texts live
 * as long as the instance. NULL: there is no such actor.
 *
 *                       a proxy                           an origin
 *   fakeproxy_url       "http://127.0.0.1:40117",         "http://origin-5be1f00d.invalid": through
 *                       "https:…" where it speaks TLS     the proxy; it has every other name as
 * well fakeproxy_tls_url   NULL                              "https://origin-5be1f00d.invalid"
 *   fakeproxy_address   "127.0.0.1:40117"                 "127.0.0.1:40118": past the proxy, plain
 *                                                         HTTP and TLS
 */
FAKEPROXY_API const char *fakeproxy_url(const struct fakeproxy_instance *, const char *actor);
FAKEPROXY_API const char *fakeproxy_tls_url(const struct fakeproxy_instance *, const char *actor);
FAKEPROXY_API const char *fakeproxy_address(const struct fakeproxy_instance *, const char *actor);

/* The credentials that the scenario gives its client, for "proxy" (any proxy) or "origin". 0; or
 * -1: it gives none, and both are set to NULL. They live as long as the instance. */
FAKEPROXY_API int fakeproxy_credentials(const struct fakeproxy_instance *, const char *actor,
                                        const char **user, const char **password);

/* ---- what happens ---------------------------------------------------------------------------- */

enum fakeproxy_waited {
    FAKEPROXY_TIMEOUT = 0,
    FAKEPROXY_EVENT = 1, /* it came, now or earlier */
    FAKEPROXY_ENDED = 2, /* the case ended without it, or the instance was stopped */
    FAKEPROXY_ERROR = -1 /* the match object is wrong */
};

/* Waits until the journal holds an event: match is a match object of the scenario language, such as
 * {"event": "close", "how": "reset", "nth": 2}. What has happened already counts, unless memory no
 * longer holds it (64 MiB of journal are kept). timeout_ms -1: no limit; 0: only looks.
 * *text: on EVENT the event, as a line of the journal without its newline; on ERROR what is wrong,
 * as fakeproxy_start() says it; else NULL. With FAKEPROXY_POLL the scenario plays meanwhile, the
 * caller's client does not. */
FAKEPROXY_API enum fakeproxy_waited fakeproxy_wait(struct fakeproxy_instance *, const char *match,
                                                   int timeout_ms, char **text);

/* All events so far (the newest 64 MiB), as JSON Lines, in the order of happening: free() it. */
FAKEPROXY_API char *fakeproxy_journal(struct fakeproxy_instance *);

/* The case is over: writes `end` into the journal, which upper bounds and counts of zero are judged
 * by. What happens later is played, but no longer judged. A second call does nothing. */
FAKEPROXY_API void fakeproxy_end(struct fakeproxy_instance *);

/* ---- the verdict ----------------------------------------------------------------------------- */

enum fakeproxy_result {
    FAKEPROXY_PASS,
    FAKEPROXY_FAIL,           /* a MUST was missed */
    FAKEPROXY_WEAK,           /* a SHOULD was missed */
    FAKEPROXY_INFO,           /* may, info: `holds` and the sentence say what was seen */
    FAKEPROXY_NOT_APPLICABLE, /* another variant's, or switched off */
    FAKEPROXY_NOT_EXERCISED,  /* the events it is about never came (yet) */
    FAKEPROXY_NOT_JUDGED,     /* needs what only the client knows of its requests */
    FAKEPROXY_INCONCLUSIVE,   /* the fault was not carried out, or this host was too slow */
    FAKEPROXY_HARNESS_ERROR,  /* the journal is not whole */
    FAKEPROXY_RESULTS
};

enum fakeproxy_level {
    FAKEPROXY_MUST,
    FAKEPROXY_MUST_POLICY, /* must*: by policy, not by an RFC */
    FAKEPROXY_SHOULD,
    FAKEPROXY_MAY,
    FAKEPROXY_LEVEL_INFO
};

struct fakeproxy_check {
    const char *id;
    enum fakeproxy_level level;
    enum fakeproxy_result result;
    const char *says;     /* what it asks of a client; "" where the scenario does not say */
    const char *sentence; /* what was seen, with the numbers; "" for nothing to say */
    int house;            /* one of the checks that every case has */
    int critical;
    int holds; /* what it states is true (PASS; INFO: does, or does not) */
};

/* Later versions add members at the end only. */
struct fakeproxy_verdict {
    int exit_code;      /* fakeproxy(1)'s: 0 every MUST held; 1 one was missed; 3 the journal is not
                           whole; 4 nothing was put to the test (or not yet: see fakeproxy_end()) */
    int exercised;      /* the fault was carried out */
    const char *reason; /* why not; "" where it was */
    size_t check_count; /* the scenario's own, then the house checks */
    const struct fakeproxy_check *const *checks;
    const char *json;  /* as fakeproxy --report json:FILE writes it */
    const char *text;  /* for people: counts, a line for each check, then what diagnosis found; ends
                          with a newline */
    size_t counts[16]; /* of checks, by enum fakeproxy_result */
};

/* Judges the journal as it is: before fakeproxy_end() what may still be broken is not exercised.
 * Independent of the instance: release it with fakeproxy_verdict_free(). */
FAKEPROXY_API struct fakeproxy_verdict *fakeproxy_judge(struct fakeproxy_instance *);
FAKEPROXY_API void fakeproxy_verdict_free(struct fakeproxy_verdict *); /* NULL is fine */

/* "pass", "not-exercised", …; "must", "must*", … */
FAKEPROXY_API const char *fakeproxy_result_name(enum fakeproxy_result);
FAKEPROXY_API const char *fakeproxy_level_name(enum fakeproxy_level);

#ifdef __cplusplus
}
#endif

#endif
