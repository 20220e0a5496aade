/*
 * One request on one easy handle: set up from what the suite said, its answer gathered and told.
 */
#ifndef LIBCURL_TRANSFER_H
#define LIBCURL_TRANSFER_H

#include <curl/curl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

#include "said.h"

enum { TRANSFER_HEAD = 4096 }; /* octets of a body that a reply carries */

struct session {
    cJSON *id, *keys; /* what `open` and `change` said */
    CURLM *multi;
    CURLSH *share; /* NULL: no cookies are kept */
    struct session *next;
};
struct transfer {
    struct session *session;
    cJSON *id;
    CURL *easy;
    struct curl_slist *lines, *resolve;
    unsigned char *body;
    size_t body_size, body_at;
    EVP_MD_CTX *hash;
    size_t bytes, head_size;
    unsigned char head[TRANSFER_HEAD];
    char error[CURL_ERROR_SIZE];
    struct transfer *next;
};

/* A handle with all that the session and the request want but the request's method and body.
 * transfer_free() it, once no multi handle has it. */
struct transfer *transfer_new(struct session *, const cJSON *said, const char *url,
                              bool is_anyauth);
void transfer_free(struct transfer *);

/* Method, body and field lines of a plain request. */
void transfer_set_request(struct transfer *, const cJSON *said);

/* More of the body. */
void transfer_feed(struct transfer *, const char *octets, size_t);

/* Replies to the suite. kind NULL: as the code says. */
void transfer_finish(struct transfer *, CURLcode, const char *kind);

/* The table of native errors, for hello. */
void transfer_add_kinds(cJSON *object);

#endif
