/*
 * One request on one easy handle.
 */
#include "transfer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
/* Of a request, else of its session; 0: there is none. */
static long deadline(const struct transfer *t, const cJSON *said, const char *key)
{
    const cJSON *own = said_get(said_get(said, "deadlines"), key);
    const cJSON *v = own ? own : said_get(said_get(t->session->keys, "deadlines"), key);
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
    const char *encoded = said_text(body, "base64");
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
    t->body_size = (size_t)cJSON_GetNumberValue(said_get(body, "size"));
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

void transfer_feed(struct transfer *t, const char *octets, size_t n)
{
    size_t room = TRANSFER_HEAD - t->head_size;
    EVP_DigestUpdate(t->hash, octets, n);
    memcpy(t->head + t->head_size, octets, n < room ? n : room);
    t->head_size += n < room ? n : room;
    t->bytes += n;
}

static size_t on_write(char *octets, size_t size, size_t count, void *arg)
{
    transfer_feed(arg, octets, size * count);
    return size * count;
}

/* ---- setting up -------------------------------------------------------------------------------
 */

#define SET(option, value) curl_easy_setopt(t->easy, option, value)

static void set_proxy(struct transfer *t, bool is_anyauth)
{
    const cJSON *proxy = said_get(t->session->keys, "proxy");
    const char *user = said_text(proxy, "username"), *by = said_text(proxy, "by");
    const char *password = said_text(proxy, "password");
    if (!proxy)
        return; /* then libcurl reads the environment */
    SET(CURLOPT_PROXY, said_text(proxy, "url"));
    if (is_anyauth)
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
        const char *url = said_text(proxy, "url"), *rest = strstr(url, "://");
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
    const char *const urls[] = { said_text(said_get(t->session->keys, "proxy"), "url"), url };
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

static void set_session(struct transfer *t, const char *url, bool is_anyauth)
{
    const cJSON *keys = t->session->keys, *pair = said_get(keys, "origin_credentials");
    const char *ca = said_text(keys, "ca_file");
    SET(CURLOPT_NOSIGNAL, 1L);
    set_proxy(t, is_anyauth);
    if (said_get(keys, "schemes"))
        SET(CURLOPT_PROXYAUTH, schemes(said_get(keys, "schemes")));
    if (ca) {
        SET(CURLOPT_CAINFO, ca);
        SET(CURLOPT_PROXY_CAINFO, ca);
    }
    if (cJSON_IsFalse(said_get(keys, "verify"))) {
        SET(CURLOPT_SSL_VERIFYPEER, 0L);
        SET(CURLOPT_SSL_VERIFYHOST, 0L);
        SET(CURLOPT_PROXY_SSL_VERIFYPEER, 0L);
        SET(CURLOPT_PROXY_SSL_VERIFYHOST, 0L);
    }
    if (cJSON_IsTrue(said_get(keys, "redirects")))
        SET(CURLOPT_FOLLOWLOCATION, 1L);
    if (t->session->share) {
        SET(CURLOPT_SHARE, t->session->share);
        SET(CURLOPT_COOKIEFILE, "");
    }
    if (pair) {
        SET(CURLOPT_USERNAME, said_text(pair, "username"));
        SET(CURLOPT_PASSWORD, said_text(pair, "password"));
    }
    set_hosts(t, said_get(keys, "hosts"), url);
    set_exclusions(t, said_get(keys, "without_proxy"));
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
                said_get(body, "stream"))) { /* then its length is known and it can be sent again */
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
    cJSON_ArrayForEach(pair, said_get(said, "headers"))
    {
        snprintf(line, sizeof(line), "%s: %s", cJSON_GetArrayItem(pair, 0)->valuestring,
                 cJSON_GetArrayItem(pair, 1)->valuestring);
        t->lines = curl_slist_append(t->lines, line);
    }
    if (cJSON_IsTrue(said_get(said, "expect_continue")))
        t->lines = curl_slist_append(t->lines, "Expect: 100-continue");
    if (t->lines)
        SET(CURLOPT_HTTPHEADER, t->lines);
}
/* ---- transfers --------------------------------------------------------------------------------
 */

struct transfer *transfer_new(struct session *s, const cJSON *said, const char *url,
                              bool is_anyauth)
{
    struct transfer *t = calloc(1, sizeof(*t));
    assert(t);
    t->session = s;
    t->id = cJSON_Duplicate(said_get(said, "id"), true);
    t->easy = curl_easy_init();
    t->hash = EVP_MD_CTX_new();
    assert(t->easy && t->hash);
    EVP_DigestInit_ex(t->hash, EVP_sha256(), NULL);
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PRIVATE, t);
    SET(CURLOPT_ERRORBUFFER, t->error);
    SET(CURLOPT_WRITEFUNCTION, on_write);
    SET(CURLOPT_WRITEDATA, t);
    set_session(t, url, is_anyauth);
    set_deadlines(t, said);
    return t;
}

void transfer_set_request(struct transfer *t, const cJSON *said)
{
    const char *method = said_text(said, "method");
    set_body(t, method ? method : "GET", said_get(said, "body"));
    set_lines(t, said);
}

void transfer_free(struct transfer *t)
{
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->lines);
    curl_slist_free_all(t->resolve);
    EVP_MD_CTX_free(t->hash);
    cJSON_Delete(t->id);
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

void transfer_add_kinds(cJSON *object)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        cJSON_AddStringToObject(object, curl_easy_strerror(kinds[i].code), kinds[i].kind);
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

/* Of the last answer of a transfer: those of a CONNECT, or of a redirect that was followed, are not
 * meant. */
static void add_lines(cJSON *reply, const char *key, CURL *easy, unsigned int origin)
{
    cJSON *list = cJSON_CreateArray();
    for (struct curl_header *h = NULL; (h = curl_easy_nextheader(easy, origin, -1, h));) {
        const char *const pair[] = { h->name, h->value };
        cJSON_AddItemToArray(list, cJSON_CreateStringArray(pair, 2));
    }
    cJSON_AddItemToObject(reply, key, list);
}

void transfer_finish(struct transfer *t, CURLcode code, const char *kind)
{
    long status = 0, connect = 0;
    cJSON *reply = cJSON_CreateObject();
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &connect);
    cJSON_AddItemToObject(reply, "id", cJSON_Duplicate(t->id, true));
    if (!status && !code && !kind)
        status = connect; /* of a raw tunnel: there is no other */
    if (status) {
        cJSON_AddNumberToObject(reply, "status", (double)status);
        add_lines(reply, "headers", t->easy, CURLH_HEADER);
        add_lines(reply, "trailers", t->easy, CURLH_TRAILER);
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
    said_reply(reply);
}
