/*
 * The driver of libcurl: the multi interface, as its documentation has it for transfers side by
 * side.
 *
 * A session is a multi handle, which owns the pool, and a share handle for cookies; a request is an
 * easy handle in it. One loop: select() over standard input and all sessions' descriptors, then
 * curl_multi_perform(). So `cancel` is curl_multi_remove_handle(). A tunnel for raw octets is
 * CURLOPT_CONNECT_ONLY, read until its end, and blocks the loop.
 *
 * The argument "anyauth" asks for CURLAUTH_ANY at the proxy; without it libcurl sends Basic at
 * once, its default.
 *
 * It has no retries of its own but one, of a request whose reused connection broke before an
 * answer.
 */
#include "transfer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

enum { RAW_WAIT = 2000 }; /* ms without an octet that end the reading of a raw tunnel */

static const char *const capabilities[] = {
    "absolute-form",      "cancel",   "cookies",    "deadlines",   "environment",
    "expect-continue",    "host-map", "https",      "https-proxy", "keep-alive",
    "origin-credentials", "parallel", "raw-tunnel", "redirects",   "streaming",
    "switch-proxy",       NULL
};
static const char *const more_capabilities[] = { "digest", "digest-sha-256", "ntlm", NULL };
/* What `open` may ask for in vain, and the capability it takes. */
static const struct {
    const char *key, *capability;
} lacking[] = { { "cache", "cache" }, { "pool", "proxy-pool" }, { "rotate", "rotation" } };
struct driver {
    bool is_anyauth;
    struct session *sessions;
    struct transfer *transfers;
};
/* ---- transfers --------------------------------------------------------------------------------
 */

static void end_transfer(struct driver *d, struct transfer *t)
{
    for (struct transfer **p = &d->transfers; *p; p = &(*p)->next)
        if (*p == t) {
            *p = t->next;
            break;
        }
    curl_multi_remove_handle(t->session->multi, t->easy);
    transfer_free(t);
}

static void reap(struct driver *d, struct session *s)
{
    const CURLMsg *m;
    for (int left; (m = curl_multi_info_read(s->multi, &left));) {
        struct transfer *t;
        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        transfer_finish(t, m->data.result, NULL);
        end_transfer(d, t);
    }
}

/* Octets until the end of the tunnel, or nothing for a while. */
static void run_raw(const struct driver *d, struct session *s, const cJSON *said,
                    const char *target)
{
    char url[1024], octets[4096];
    curl_socket_t fd;
    size_t n;
    snprintf(url, sizeof(url), "http://%s", target);
    struct transfer *t = transfer_new(s, said, url, d->is_anyauth);
    curl_easy_setopt(t->easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    curl_easy_setopt(t->easy, CURLOPT_CONNECT_ONLY, 1L);
    CURLcode code = curl_easy_perform(t->easy);
    if (!code)
        curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &fd);
    while (!code) {
        struct timeval wait = { .tv_sec = RAW_WAIT / 1000 };
        fd_set in;
        CURLcode got = curl_easy_recv(t->easy, octets, sizeof(octets), &n);
        if (got == CURLE_OK && n > 0) {
            transfer_feed(t, octets, n);
            continue;
        }
        if (got != CURLE_AGAIN)
            break;
        FD_ZERO(&in);
        FD_SET(fd, &in);
        if (select(fd + 1, &in, NULL, NULL, &wait) <= 0)
            break;
    }
    transfer_finish(t, code, NULL);
    transfer_free(t);
}
/* ---- verbs ------------------------------------------------------------------------------------
 */

static struct session *session_of(const struct driver *d, const cJSON *said)
{
    for (struct session *s = d->sessions; s; s = s->next)
        if (cJSON_Compare(s->id, said_get(said, "session"), true))
            return s;
    return NULL;
}

static const char *lacks(const cJSON *said)
{
    for (size_t i = 0; i < sizeof(lacking) / sizeof(lacking[0]); i++)
        if (said_asks(said_get(said, lacking[i].key)))
            return lacking[i].capability;
    if (cJSON_IsObject(said_get(said, "retry")))
        return "retry";
    const char *by = said_text(said_get(said, "proxy"), "by");
    return by && strcmp(by, "callback") == 0 ? "credential-callback" : NULL;
}

static void do_hello(const struct driver *d)
{
    cJSON *reply = cJSON_CreateObject(), *list;
    const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
    cJSON_AddStringToObject(reply, "client", "libcurl");
    cJSON_AddStringToObject(reply, "version", v->version);
    cJSON_AddStringToObject(reply, "runtime", v->ssl_version ? v->ssl_version : "no TLS");
    list = cJSON_AddObjectToObject(reply, "kinds");
    transfer_add_kinds(list);
    list = cJSON_AddArrayToObject(reply, "capabilities");
    for (const char *const *c = capabilities; *c; c++)
        cJSON_AddItemToArray(list, cJSON_CreateString(*c));
    for (const char *const *c = more_capabilities; *c && d->is_anyauth; c++)
        cJSON_AddItemToArray(list, cJSON_CreateString(*c));
    said_reply(reply);
}

static void do_open(struct driver *d, const cJSON *said)
{
    struct session *s = calloc(1, sizeof(*s));
    assert(s);
    s->id = cJSON_Duplicate(said_get(said, "session"), true);
    s->keys = cJSON_Duplicate(said, true);
    s->multi = curl_multi_init();
    assert(s->multi);
    if (cJSON_IsTrue(said_get(said, "cookies"))) {
        s->share = curl_share_init();
        curl_share_setopt(s->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
    }
    s->next = d->sessions;
    d->sessions = s;
    said_echo("session", s->id);
}

static void do_change(struct driver *d, const cJSON *said)
{
    struct session *s = session_of(d, said);
    const cJSON *v;
    cJSON *proxy = s ? cJSON_GetObjectItemCaseSensitive(s->keys, "proxy") : NULL;
    if (!s) {
        said_unsupported(NULL, "no such session");
        return;
    }
    cJSON_ArrayForEach(v, said)
    {
        bool is_pair = strcmp(v->string, "username") == 0 || strcmp(v->string, "password") == 0 ||
                       strcmp(v->string, "by") == 0; /* other credentials for the same proxy */
        cJSON *into = is_pair && cJSON_IsObject(proxy) ? proxy : s->keys;
        cJSON_DeleteItemFromObjectCaseSensitive(into, v->string);
        cJSON_AddItemToObject(into, v->string, cJSON_Duplicate(v, true));
        proxy = cJSON_GetObjectItemCaseSensitive(s->keys, "proxy");
    }
    said_echo("session", s->id);
}

static void do_close(struct driver *d, const cJSON *said)
{
    for (struct session **p = &d->sessions, *s; (s = *p);) {
        if (!cJSON_Compare(s->id, said_get(said, "session"), true)) {
            p = &s->next;
            continue;
        }
        for (struct transfer *t = d->transfers, *next; t; t = next) {
            next = t->next;
            if (t->session == s)
                end_transfer(d, t);
        }
        *p = s->next;
        curl_multi_cleanup(s->multi);
        curl_share_cleanup(s->share);
        cJSON_Delete(s->id);
        cJSON_Delete(s->keys);
        free(s);
    }
    said_echo("closed", said_get(said, "session"));
}

static void do_request(struct driver *d, const cJSON *said)
{
    struct session *s = session_of(d, said);
    const char *raw = said_text(said_get(said, "raw"), "connect");
    if (!s) {
        said_unsupported(said_get(said, "id"), "no such session");
        return;
    }
    if (raw) {
        run_raw(d, s, said, raw);
        return;
    }
    struct transfer *t = transfer_new(s, said, said_text(said, "url"), d->is_anyauth);
    transfer_set_request(t, said);
    t->next = d->transfers;
    d->transfers = t;
    curl_multi_add_handle(s->multi, t->easy);
}

static void do_cancel(struct driver *d, const cJSON *said)
{
    for (struct transfer *t = d->transfers; t; t = t->next)
        if (cJSON_Compare(t->id, said_get(said, "id"), true)) {
            snprintf(t->error, sizeof(t->error), "cancelled");
            transfer_finish(t, CURLE_ABORTED_BY_CALLBACK, "cancelled");
            end_transfer(d, t);
            break;
        }
    said_echo("cancelled", said_get(said, "id"));
}

static void obey(struct driver *d, const cJSON *said)
{
    static const struct {
        const char *verb;
        void (*run)(struct driver *, const cJSON *);
    } verbs[] = { { "open", do_open },
                  { "change", do_change },
                  { "close", do_close },
                  { "request", do_request },
                  { "cancel", do_cancel } };
    const char *verb = said_text(said, "do"), *lack;
    if (strcmp(verb, "hello") == 0) {
        do_hello(d);
        return;
    }
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verb, verbs[i].verb) != 0)
            continue;
        if ((lack = lacks(said)))
            said_unsupported(said_get(said, "id"), lack);
        else
            verbs[i].run(d, said);
        return;
    }
    said_unsupported(NULL, verb);
}
/* ---- loop -------------------------------------------------------------------------------------
 */

/* Obeys each whole line of what standard input has; false at its end. */
static bool read_input(struct driver *d, char **buffer, size_t *len)
{
    enum { PIECE = 65536 };
    char *more = realloc(*buffer, *len + PIECE), *line, *end;
    assert(more);
    *buffer = more;
    ssize_t n = read(STDIN_FILENO, more + *len, PIECE);
    if (n <= 0)
        return n < 0 && errno == EINTR;
    *len += (size_t)n;
    for (line = more; (end = memchr(line, '\n', *len - (size_t)(line - more))); line = end + 1) {
        cJSON *said = cJSON_ParseWithLength(line, (size_t)(end - line));
        if (said && said_text(said, "do"))
            obey(d, said);
        cJSON_Delete(said);
    }
    *len -= (size_t)(line - more);
    memmove(more, line, *len);
    return true;
}

int main(int argc, char **argv)
{
    struct driver d = { .is_anyauth = argc > 1 && strcmp(argv[1], "anyauth") == 0 };
    char *buffer = NULL;
    size_t len = 0;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    for (;;) {
        fd_set in, out, other;
        int most = STDIN_FILENO, running;
        long wait = 1000;
        FD_ZERO(&in);
        FD_ZERO(&out);
        FD_ZERO(&other);
        FD_SET(STDIN_FILENO, &in);
        for (struct session *s = d.sessions; s; s = s->next) {
            int fd = -1;
            long ms = -1;
            curl_multi_perform(s->multi, &running);
            reap(&d, s);
            curl_multi_fdset(s->multi, &in, &out, &other, &fd);
            curl_multi_timeout(s->multi, &ms);
            most = fd > most ? fd : most;
            wait = ms >= 0 && ms < wait ? ms : wait;
            if (running && fd < 0 &&
                wait > 10) /* it resolves a name: libcurl has nothing to select on */
                wait = 10;
        }
        struct timeval tv = { .tv_sec = wait / 1000, .tv_usec = wait % 1000 * 1000 };
        if (select(most + 1, &in, &out, &other, &tv) > 0 && FD_ISSET(STDIN_FILENO, &in) &&
            !read_input(&d, &buffer, &len))
            break; /* end of file means: finish, whatever is under way */
    }
    free(buffer);
    return 0;
}
