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
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <openssl/evp.h>

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

enum { HEAD = 4096, RAW_WAIT = 2000 };

/* Native errors and what the contract calls them. */
static const struct {
    CURLcode code;
    const char *kind;
} kinds[] = {
    { CURLE_COULDNT_RESOLVE_PROXY, "proxy-unreachable" },
    { CURLE_COULDNT_CONNECT, "proxy-unreachable" },
    { CURLE_PROXY, "proxy-protocol" },
    { CURLE_SSL_CONNECT_ERROR, "tls-origin" },
    { CURLE_PEER_FAILED_VERIFICATION, "tls-origin" },
    { CURLE_PARTIAL_FILE, "incomplete" },
    { CURLE_OPERATION_TIMEDOUT, "timeout-total" },
    { CURLE_GOT_NOTHING, "closed-early" },
    { CURLE_SEND_ERROR, "reset" },
    { CURLE_RECV_ERROR, "reset" },
    { CURLE_TOO_MANY_REDIRECTS, "redirects" },
    { CURLE_WEIRD_SERVER_REPLY, "protocol" },
    { CURLE_UNSUPPORTED_PROTOCOL, "protocol" },
    { CURLE_BAD_CONTENT_ENCODING, "protocol" },
    { CURLE_BAD_FUNCTION_ARGUMENT, "protocol" },
    { CURLE_SSL_CACERT_BADFILE, "config" },
    { CURLE_URL_MALFORMAT, "config" },
    { CURLE_LOGIN_DENIED, "proxy-auth" },
};

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

struct session {
    cJSON *id, *keys; /* what `open` and `change` said */
    CURLM *multi;
    CURLSH *share; /* NULL: no cookies are kept */
    struct session *next;
};

struct transfer {
    struct session *session;
    cJSON *id, *headers;
    CURL *easy;
    struct curl_slist *lines, *resolve;
    unsigned char *body;
    size_t body_size, body_at;
    EVP_MD_CTX *hash;
    size_t bytes, head_size;
    unsigned char head[HEAD];
    char error[CURL_ERROR_SIZE];
    struct transfer *next;
};

struct driver {
    bool is_anyauth;
    struct session *sessions;
    struct transfer *transfers;
};

/* ---- JSON -------------------------------------------------------------------------------------
 */

static const cJSON *get(const cJSON *object, const char *key)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNull(v) ? NULL : v;
}

static const char *text(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(get(object, key));
}

static bool is_asked(const cJSON *v)
{
    return v && !cJSON_IsFalse(v) && !(cJSON_IsArray(v) && cJSON_GetArraySize(v) == 0);
}

static void say(cJSON *reply) /* takes it */
{
    char *line = cJSON_PrintUnformatted(reply);
    assert(line);
    puts(line);
    fflush(stdout);
    free(line);
    cJSON_Delete(reply);
}

static void say_one(const char *key, const cJSON *value)
{
    cJSON *reply = cJSON_CreateObject();
    cJSON_AddItemToObject(reply, key, cJSON_Duplicate(value, true));
    say(reply);
}

static void say_unsupported(const cJSON *id, const char *what)
{
    cJSON *reply = cJSON_CreateObject();
    if (id)
        cJSON_AddItemToObject(reply, "id", cJSON_Duplicate(id, true));
    cJSON_AddStringToObject(reply, "unsupported", what);
    say(reply);
}

/* Of a request, else of its session; 0: there is none. */
static long deadline(const struct transfer *t, const cJSON *said, const char *key)
{
    const cJSON *own = get(get(said, "deadlines"), key);
    const cJSON *v = own ? own : get(get(t->session->keys, "deadlines"), key);
    return v ? (long)v->valuedouble : 0;
}

/* ---- bodies -----------------------------------------------------------------------------------
 */

static char *base64(const unsigned char *octets, size_t size)
{
    char *out = malloc(4 * (size / 3 + 1) + 1);
    assert(out);
    EVP_EncodeBlock((unsigned char *)out, octets, (int)size);
    return out;
}

static void load_body(struct transfer *t, const cJSON *body)
{
    const char *encoded = text(body, "base64");
    if (encoded) {
        size_t len = strlen(encoded), padding = 0;
        t->body = malloc(len + 1);
        assert(t->body);
        int n = EVP_DecodeBlock(t->body, (const unsigned char *)encoded, (int)len);
        while (padding < len && encoded[len - 1 - padding] == '=')
            padding++;
        t->body_size = n > 0 ? (size_t)n - padding : 0;
        return;
    }
    t->body_size = (size_t)cJSON_GetNumberValue(get(body, "size"));
    t->body = malloc(t->body_size + 1);
    assert(t->body);
    for (size_t i = 0; i < t->body_size; i++)
        t->body[i] = (unsigned char)(i % 251);
}

static size_t on_read(char *buffer, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    size_t n = size * count, left = t->body_size - t->body_at;
    n = n < left ? n : left;
    if (n)
        memcpy(buffer, t->body + t->body_at, n);
    t->body_at += n;
    return n;
}

static int on_seek(void *arg, curl_off_t offset, int origin)
{
    struct transfer *t = arg;
    if (origin != SEEK_SET)
        return CURL_SEEKFUNC_CANTSEEK;
    t->body_at = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t on_write(char *octets, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    size_t n = size * count, room = HEAD - t->head_size;
    EVP_DigestUpdate(t->hash, octets, n);
    memcpy(t->head + t->head_size, octets, n < room ? n : room);
    t->head_size += n < room ? n : room;
    t->bytes += n;
    return n;
}

/* Each header block that comes in (of a CONNECT, an interim answer, a redirect) begins the list
 * anew. */
static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    size_t n = size * count, name = 0;
    if (n > 5 && memcmp(line, "HTTP/", 5) == 0) {
        cJSON_Delete(t->headers);
        t->headers = cJSON_CreateArray();
        return n;
    }
    while (name < n && line[name] != ':')
        name++;
    if (name == n || !t->headers)
        return n;
    size_t from = name + 1, to = n;
    while (from < to && (line[from] == ' ' || line[from] == '\t'))
        from++;
    while (to > from && strchr("\r\n \t", line[to - 1]))
        to--;
    char *copy = strndup(line, n);
    assert(copy);
    copy[name] = copy[to] = '\0';
    const char *const pair[] = { copy, copy + from };
    cJSON_AddItemToArray(t->headers, cJSON_CreateStringArray(pair, 2));
    free(copy);
    return n;
}

/* ---- setting up -------------------------------------------------------------------------------
 */

#define SET(option, value) curl_easy_setopt(t->easy, option, value)

static void set_proxy(const struct driver *d, struct transfer *t)
{
    const cJSON *proxy = get(t->session->keys, "proxy");
    const char *user = text(proxy, "username"), *by = text(proxy, "by");
    const char *password = text(proxy, "password");
    if (!proxy)
        return; /* then libcurl reads the environment */
    SET(CURLOPT_PROXY, text(proxy, "url"));
    if (d->is_anyauth)
        SET(CURLOPT_PROXYAUTH, CURLAUTH_ANY);
    if (!user || !password)
        return;
    if (by && strcmp(by, "header") == 0) {
        char *pair = malloc(strlen(user) + strlen(password) + 2), *encoded, line[8192];
        assert(pair);
        sprintf(pair, "%s:%s", user, password);
        encoded = base64((unsigned char *)pair, strlen(pair));
        snprintf(line, sizeof(line), "Proxy-Authorization: Basic %s", encoded);
        t->lines = curl_slist_append(t->lines, line);
        free(encoded);
        free(pair);
    } else if (by && strcmp(by, "url") == 0) {
        const char *url = text(proxy, "url"), *rest = strstr(url, "://");
        char *u = curl_easy_escape(t->easy, user, 0), *p = curl_easy_escape(t->easy, password, 0);
        char whole[16384];
        snprintf(whole, sizeof(whole), "%.*s://%s:%s@%s", (int)(rest - url), url, u, p, rest + 3);
        SET(CURLOPT_PROXY, whole);
        curl_free(u);
        curl_free(p);
    } else {
        SET(CURLOPT_PROXYUSERNAME, user);
        SET(CURLOPT_PROXYPASSWORD, password);
    }
}

static long schemes(const cJSON *list)
{
    static const struct {
        const char *name;
        long bit;
    } known[] = { { "basic", (long)CURLAUTH_BASIC },
                  { "digest", (long)CURLAUTH_DIGEST },
                  { "ntlm", (long)CURLAUTH_NTLM } };
    long mask = 0;
    const cJSON *scheme;
    cJSON_ArrayForEach(scheme, list) for (size_t i = 0; i < sizeof(known) / sizeof(known[0]);
                                          i++) if (strcmp(scheme->valuestring, known[i].name) == 0)
        mask |= known[i].bit;
    return mask;
}

/* NAME:PORT:ADDRESS[,ADDRESS]; of the port of the proxy and of the target, which are all that can
 * be asked for. */
static void set_hosts(struct transfer *t, const cJSON *hosts, const char *url)
{
    const cJSON *host, *address;
    const char *const urls[] = { text(get(t->session->keys, "proxy"), "url"), url };
    cJSON_ArrayForEach(host, hosts)
    {
        for (size_t i = 0; i < 2; i++) {
            CURLU *u = curl_url();
            char *port = NULL, line[1024];
            if (urls[i] && !curl_url_set(u, CURLUPART_URL, urls[i], 0) &&
                !curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT)) {
                int n = snprintf(line, sizeof(line), "%s:%s:", host->string, port);
                if (cJSON_IsString(host))
                    snprintf(line + n, sizeof(line) - (size_t)n, "%s", host->valuestring);
                cJSON_ArrayForEach(address, host) n +=
                    snprintf(line + n, sizeof(line) - (size_t)n, "%s%s",
                             address == host->child ? "" : ",", address->valuestring);
                t->resolve = curl_slist_append(t->resolve, line);
            }
            curl_free(port);
            curl_url_cleanup(u);
        }
    }
    if (t->resolve)
        SET(CURLOPT_RESOLVE, t->resolve);
}

static void set_exclusions(struct transfer *t, const cJSON *v)
{
    char list[4096] = "";
    const cJSON *m;
    size_t n = 0;
    if (cJSON_IsString(v))
        snprintf(list, sizeof(list), "%s", v->valuestring);
    cJSON_ArrayForEach(m, v) n +=
        (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? "," : "", m->valuestring);
    if (v)
        SET(CURLOPT_NOPROXY, list);
}

static void set_session(const struct driver *d, struct transfer *t, const char *url)
{
    const cJSON *keys = t->session->keys, *pair = get(keys, "origin_credentials");
    const char *ca = text(keys, "ca_file");
    SET(CURLOPT_NOSIGNAL, 1L);
    set_proxy(d, t);
    if (get(keys, "schemes"))
        SET(CURLOPT_PROXYAUTH, schemes(get(keys, "schemes")));
    if (ca) {
        SET(CURLOPT_CAINFO, ca);
        SET(CURLOPT_PROXY_CAINFO, ca);
    }
    if (cJSON_IsFalse(get(keys, "verify"))) {
        SET(CURLOPT_SSL_VERIFYPEER, 0L);
        SET(CURLOPT_SSL_VERIFYHOST, 0L);
        SET(CURLOPT_PROXY_SSL_VERIFYPEER, 0L);
        SET(CURLOPT_PROXY_SSL_VERIFYHOST, 0L);
    }
    if (cJSON_IsTrue(get(keys, "redirects")))
        SET(CURLOPT_FOLLOWLOCATION, 1L);
    if (t->session->share) {
        SET(CURLOPT_SHARE, t->session->share);
        SET(CURLOPT_COOKIEFILE, "");
    }
    if (pair) {
        SET(CURLOPT_USERNAME, text(pair, "username"));
        SET(CURLOPT_PASSWORD, text(pair, "password"));
    }
    set_hosts(t, get(keys, "hosts"), url);
    set_exclusions(t, get(keys, "without_proxy"));
}

static void set_deadlines(struct transfer *t, const cJSON *said)
{
    long read = deadline(t, said, "read_ms");
    SET(CURLOPT_CONNECTTIMEOUT_MS, deadline(t, said, "connect_ms"));
    SET(CURLOPT_TIMEOUT_MS, deadline(t, said, "total_ms"));
    if (read) { /* whole seconds */
        SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
        SET(CURLOPT_LOW_SPEED_TIME, (read + 999) / 1000);
    }
}

static void set_body(struct transfer *t, const char *method, const cJSON *body)
{
    bool is_post = strcmp(method, "POST") == 0;
    if (body) {
        load_body(t, body);
        SET(is_post ? CURLOPT_POST : CURLOPT_UPLOAD, 1L);
        SET(CURLOPT_READFUNCTION, on_read);
        SET(CURLOPT_READDATA, t);
        if (!cJSON_IsTrue(
                get(body, "stream"))) { /* then its length is known and it can be sent again */
            SET(is_post ? CURLOPT_POSTFIELDSIZE_LARGE : CURLOPT_INFILESIZE_LARGE,
                (curl_off_t)t->body_size);
            SET(CURLOPT_SEEKFUNCTION, on_seek);
            SET(CURLOPT_SEEKDATA, t);
        } else {
            t->lines = curl_slist_append(t->lines, "Transfer-Encoding: chunked");
        }
    }
    if (strcmp(method, "HEAD") == 0)
        SET(CURLOPT_NOBODY, 1L);
    else if (strcmp(method, "GET") != 0 && !(is_post && body))
        SET(CURLOPT_CUSTOMREQUEST, method);
}

static void set_lines(struct transfer *t, const cJSON *said)
{
    const cJSON *pair;
    char line[65536];
    cJSON_ArrayForEach(pair, get(said, "headers"))
    {
        snprintf(line, sizeof(line), "%s: %s", cJSON_GetArrayItem(pair, 0)->valuestring,
                 cJSON_GetArrayItem(pair, 1)->valuestring);
        t->lines = curl_slist_append(t->lines, line);
    }
    if (cJSON_IsTrue(get(said, "expect_continue")))
        t->lines = curl_slist_append(t->lines, "Expect: 100-continue");
    if (t->lines)
        SET(CURLOPT_HTTPHEADER, t->lines);
}

/* ---- transfers --------------------------------------------------------------------------------
 */

static struct transfer *transfer_new(const struct driver *d, struct session *s, const cJSON *said,
                                     const char *url)
{
    struct transfer *t = calloc(1, sizeof(*t));
    assert(t);
    t->session = s;
    t->id = cJSON_Duplicate(get(said, "id"), true);
    t->easy = curl_easy_init();
    t->hash = EVP_MD_CTX_new();
    assert(t->easy && t->hash);
    EVP_DigestInit_ex(t->hash, EVP_sha256(), NULL);
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PRIVATE, t);
    SET(CURLOPT_ERRORBUFFER, t->error);
    SET(CURLOPT_WRITEFUNCTION, on_write);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, t);
    set_session(d, t, url);
    set_deadlines(t, said);
    return t;
}

static void transfer_free(struct transfer *t)
{
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->lines);
    curl_slist_free_all(t->resolve);
    EVP_MD_CTX_free(t->hash);
    cJSON_Delete(t->id);
    cJSON_Delete(t->headers);
    free(t->body);
    free(t);
}

static cJSON *body_reply(struct transfer *t)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    unsigned int size = 0;
    cJSON *body = cJSON_CreateObject();
    EVP_DigestFinal_ex(t->hash, digest, &size);
    for (unsigned int i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    char *head = base64(t->head, t->head_size);
    cJSON_AddNumberToObject(body, "bytes", (double)t->bytes);
    cJSON_AddStringToObject(body, "sha256", hex);
    cJSON_AddStringToObject(body, "head", head);
    free(head);
    return body;
}

/* A refused CONNECT is a receive error to libcurl; its status says more. */
static const char *kind_of(CURLcode code, long connect, long status)
{
    if (connect / 100 != 2 && connect && !status)
        return connect == 407 ? "proxy-auth" : "proxy-connect";
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].code == code)
            return kinds[i].kind;
    return "other";
}

/* Replies; `kind` NULL: by the code. */
static void finish(struct transfer *t, CURLcode code, const char *kind)
{
    long status = 0, connect = 0;
    cJSON *reply = cJSON_CreateObject();
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &connect);
    cJSON_AddItemToObject(reply, "id", cJSON_Duplicate(t->id, true));
    if (status) {
        cJSON_AddNumberToObject(reply, "status", (double)status);
        if (t->headers) {
            cJSON_AddItemToObject(reply, "headers", t->headers);
            t->headers = NULL;
        }
    }
    if (status || t->bytes)
        cJSON_AddItemToObject(reply, "body", body_reply(t));
    if (code || kind) {
        cJSON_AddStringToObject(reply, "error", t->error[0] ? t->error : curl_easy_strerror(code));
        cJSON_AddStringToObject(reply, "kind", kind ? kind : kind_of(code, connect, status));
        if (!status && connect && connect / 100 != 2) {
            cJSON_AddNumberToObject(reply, "status", (double)connect);
            cJSON_AddStringToObject(reply, "hop", "proxy");
        }
    }
    say(reply);
}

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
        finish(t, m->data.result, NULL);
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
    struct transfer *t = transfer_new(d, s, said, url);
    SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
    SET(CURLOPT_CONNECT_ONLY, 1L);
    CURLcode code = curl_easy_perform(t->easy);
    if (!code)
        curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &fd);
    while (!code) {
        struct timeval wait = { .tv_sec = RAW_WAIT / 1000 };
        fd_set in;
        CURLcode got = curl_easy_recv(t->easy, octets, sizeof(octets), &n);
        if (got == CURLE_OK && n > 0) {
            on_write(octets, 1, n, t);
            continue;
        }
        if (got != CURLE_AGAIN)
            break;
        FD_ZERO(&in);
        FD_SET(fd, &in);
        if (select(fd + 1, &in, NULL, NULL, &wait) <= 0)
            break;
    }
    finish(t, code, NULL);
    transfer_free(t);
}

/* ---- verbs ------------------------------------------------------------------------------------
 */

static struct session *session_of(const struct driver *d, const cJSON *said)
{
    for (struct session *s = d->sessions; s; s = s->next)
        if (cJSON_Compare(s->id, get(said, "session"), true))
            return s;
    return NULL;
}

static const char *lacks(const cJSON *said)
{
    for (size_t i = 0; i < sizeof(lacking) / sizeof(lacking[0]); i++)
        if (is_asked(get(said, lacking[i].key)))
            return lacking[i].capability;
    if (cJSON_IsObject(get(said, "retry")))
        return "retry";
    const char *by = text(get(said, "proxy"), "by");
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
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        cJSON_AddStringToObject(list, curl_easy_strerror(kinds[i].code), kinds[i].kind);
    list = cJSON_AddArrayToObject(reply, "capabilities");
    for (const char *const *c = capabilities; *c; c++)
        cJSON_AddItemToArray(list, cJSON_CreateString(*c));
    for (const char *const *c = more_capabilities; *c && d->is_anyauth; c++)
        cJSON_AddItemToArray(list, cJSON_CreateString(*c));
    say(reply);
}

static void do_open(struct driver *d, const cJSON *said)
{
    struct session *s = calloc(1, sizeof(*s));
    assert(s);
    s->id = cJSON_Duplicate(get(said, "session"), true);
    s->keys = cJSON_Duplicate(said, true);
    s->multi = curl_multi_init();
    assert(s->multi);
    if (cJSON_IsTrue(get(said, "cookies"))) {
        s->share = curl_share_init();
        curl_share_setopt(s->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
    }
    s->next = d->sessions;
    d->sessions = s;
    say_one("session", s->id);
}

static void do_change(struct driver *d, const cJSON *said)
{
    struct session *s = session_of(d, said);
    const cJSON *v;
    cJSON *proxy = cJSON_GetObjectItemCaseSensitive(s->keys, "proxy");
    cJSON_ArrayForEach(v, said)
    {
        bool is_pair = strcmp(v->string, "username") == 0 || strcmp(v->string, "password") == 0 ||
                       strcmp(v->string, "by") == 0; /* other credentials for the same proxy */
        cJSON *into = is_pair && cJSON_IsObject(proxy) ? proxy : s->keys;
        cJSON_DeleteItemFromObjectCaseSensitive(into, v->string);
        cJSON_AddItemToObject(into, v->string, cJSON_Duplicate(v, true));
        proxy = cJSON_GetObjectItemCaseSensitive(s->keys, "proxy");
    }
    say_one("session", s->id);
}

static void do_close(struct driver *d, const cJSON *said)
{
    for (struct session **p = &d->sessions, *s; (s = *p);) {
        if (!cJSON_Compare(s->id, get(said, "session"), true)) {
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
    say_one("closed", get(said, "session"));
}

static void do_request(struct driver *d, const cJSON *said)
{
    struct session *s = session_of(d, said);
    const char *raw = text(get(said, "raw"), "connect"), *method = text(said, "method");
    if (raw) {
        run_raw(d, s, said, raw);
        return;
    }
    struct transfer *t = transfer_new(d, s, said, text(said, "url"));
    set_body(t, method ? method : "GET", get(said, "body"));
    set_lines(t, said);
    t->next = d->transfers;
    d->transfers = t;
    curl_multi_add_handle(s->multi, t->easy);
}

static void do_cancel(struct driver *d, const cJSON *said)
{
    for (struct transfer *t = d->transfers; t; t = t->next)
        if (cJSON_Compare(t->id, get(said, "id"), true)) {
            snprintf(t->error, sizeof(t->error), "cancelled");
            finish(t, CURLE_ABORTED_BY_CALLBACK, "cancelled");
            end_transfer(d, t);
            break;
        }
    say_one("cancelled", get(said, "id"));
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
    const char *verb = text(said, "do"), *lack;
    if (strcmp(verb, "hello") == 0) {
        do_hello(d);
        return;
    }
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verb, verbs[i].verb) != 0)
            continue;
        if ((lack = lacks(said)))
            say_unsupported(get(said, "id"), lack);
        else
            verbs[i].run(d, said);
        return;
    }
    say_unsupported(NULL, verb);
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
        if (said && text(said, "do"))
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
