/*
 * Each direction is a `struct flow` that cuts its octets into records and knows how far it got. Of
 * payloads only two things are kept: handshake messages until the hello of that direction is whole
 * (the client's tells whether 0-RTT data may come, the server's which version and hash are used),
 * and the two octets of an alert in the clear. When a record ends, `record_ended` decides which
 * landmark that was; it sees type and length only, so the split of the octets cannot matter.
 */
#include "tls_watch.h"

#include <stdlib.h>
#include <string.h>

#include "tls_record.h"

enum { RECORD_CCS = 20, RECORD_ALERT = 21, RECORD_HANDSHAKE = 22, RECORD_DATA = 23 };
enum { RECORD_LARGEST = TLS_RECORD_MAX + 2048 }; /* TLSCiphertext, RFC 5246, 6.2.3 */
enum { ALERT_OCTETS = 2, ALERT_CLOSE_NOTIFY = 0 };
enum { TLS_1_3 = 0x0304, TLS_AES_256_GCM_SHA384 = 0x1302, TLS_AES_128_CCM_8_SHA256 = 0x1305 };
enum { EMPTY_CERTIFICATE = TLS_MESSAGE_HEADER + 4 }; /* RFC 8446, 4.4.2 */

const char *const tls_landmark_names[] = {
    [LANDMARK_NONE] = "none",
    [LANDMARK_CLIENT_HELLO] = "client-hello",
    [LANDMARK_SERVER_HELLO] = "server-hello",
    [LANDMARK_HANDSHAKE] = "handshake",
    [LANDMARK_CLOSE_NOTIFY] = "close-notify",
    NULL,
};

struct flow {
    unsigned char header[TLS_RECORD_HEADER];
    size_t header_len; /* octets of it that are here */
    size_t payload_len, payload_left;
    bool hello_done;
    unsigned char *messages; /* handshake messages so far, until hello_done */
    size_t messages_len;
    unsigned char alert[ALERT_OCTETS];
    bool cipher_changed; /* TLS 1.2: ChangeCipherSpec passed */
    bool finished;       /* TLS 1.2: Finished passed */
    unsigned encrypted;  /* TLS 1.3: encrypted records since ServerHello */
    uint64_t after_handshake;
};

struct tls_watch {
    struct flow down, up;
    bool lost;
    bool early_data;                /* the client offers it */
    uint16_t version, cipher_suite; /* 0 before ServerHello */
    bool passed[LANDMARK_CLOSE_NOTIFY + 1];
};

struct tls_watch *tls_watch_new(void)
{
    return calloc(1, sizeof(struct tls_watch));
}

void tls_watch_free(struct tls_watch *w)
{
    if (w == NULL)
        return;
    free(w->down.messages);
    free(w->up.messages);
    free(w);
}

bool tls_watch_passed(const struct tls_watch *w, enum tls_landmark landmark)
{
    return w->passed[landmark];
}

uint64_t tls_watch_after_handshake(const struct tls_watch *w, bool up)
{
    return up ? w->up.after_handshake : w->down.after_handshake;
}

bool tls_watch_lost(const struct tls_watch *w)
{
    return w->lost;
}

static void begin_record(struct tls_watch *w, struct flow *f)
{
    f->payload_len = (size_t)f->header[3] << 8 | f->header[4];
    f->payload_left = f->payload_len;
    if (f->header[0] < RECORD_CCS || f->header[0] > RECORD_DATA || f->header[1] != 3 ||
        f->payload_len > RECORD_LARGEST)
        w->lost = true;
}

static void keep_message(struct tls_watch *w, struct flow *f, const unsigned char *data, size_t len)
{
    unsigned char *more = NULL;
    if (f->messages_len + len <= TLS_HELLO_MAX)
        more = realloc(f->messages, f->messages_len + len);
    if (more == NULL) {
        w->lost = true;
        return;
    }
    memcpy(more + f->messages_len, data, len);
    f->messages = more;
    f->messages_len += len;
}

/* Takes what belongs to the record at hand: a part of its header, or of its payload. */
static size_t take_part(struct tls_watch *w, struct flow *f, const unsigned char *data, size_t len)
{
    if (f->header_len < TLS_RECORD_HEADER) {
        size_t missing = TLS_RECORD_HEADER - f->header_len;
        size_t n = len < missing ? len : missing;
        memcpy(f->header + f->header_len, data, n);
        f->header_len += n;
        if (f->header_len == TLS_RECORD_HEADER)
            begin_record(w, f);
        return n;
    }
    size_t n = len < f->payload_left ? len : f->payload_left;
    if (f->header[0] == RECORD_HANDSHAKE && !f->hello_done)
        keep_message(w, f, data, n);
    else if (f->header[0] == RECORD_ALERT && f->payload_len == ALERT_OCTETS)
        memcpy(f->alert + f->payload_len - f->payload_left, data, n);
    f->payload_left -= n;
    return n;
}

static enum tls_landmark hello_message(struct tls_watch *w, bool up, const unsigned char *message,
                                       size_t len)
{
    struct tls_hello client;
    struct tls_server_hello server;
    if (up && tls_hello_parse_message(message, len, &client)) {
        w->early_data = client.early_data;
        w->up.hello_done = true;
        return LANDMARK_CLIENT_HELLO;
    }
    if (up || !tls_server_hello_parse(message, len, &server)) {
        w->lost = true;
        return LANDMARK_NONE;
    }
    if (server.retry)
        return LANDMARK_NONE;
    w->version = server.version;
    w->cipher_suite = server.cipher_suite;
    w->down.hello_done = true;
    return LANDMARK_SERVER_HELLO;
}

/* Looks for the hello in the messages that are whole; in front may be a HelloRetryRequest. */
static enum tls_landmark hello_ended(struct tls_watch *w, struct flow *f)
{
    enum tls_landmark found = LANDMARK_NONE;
    size_t at = 0;
    while (!w->lost && found == LANDMARK_NONE && f->messages_len - at >= TLS_MESSAGE_HEADER) {
        const unsigned char *m = f->messages + at;
        size_t len = TLS_MESSAGE_HEADER + ((size_t)m[1] << 16 | (size_t)m[2] << 8 | m[3]);
        if (len > TLS_HELLO_MAX)
            w->lost = true;
        if (f->messages_len - at < len)
            break;
        found = hello_message(w, f == &w->up, m, len);
        at += len;
    }
    if (f->hello_done) {
        free(f->messages);
        f->messages = NULL;
        f->messages_len = 0;
    }
    return found;
}

/* TLS 1.2 and older: both Finished have passed, this was the second. */
static enum tls_landmark finished_ended(struct tls_watch *w, struct flow *f)
{
    if (f->cipher_changed)
        f->finished = true;
    return w->up.finished && w->down.finished ? LANDMARK_HANDSHAKE : LANDMARK_NONE;
}

/* With two octets it is in the clear; another length tells no more than that it is one. */
static enum tls_landmark alert_ended(const struct tls_watch *w, const struct flow *f)
{
    bool is_one = f->payload_len == ALERT_OCTETS ? f->alert[1] == ALERT_CLOSE_NOTIFY
                                                 : w->passed[LANDMARK_HANDSHAKE];
    return is_one ? LANDMARK_CLOSE_NOTIFY : LANDMARK_NONE;
}

/* TLS 1.3: judged by length, which is that of the content, one octet of type, and the tag. */
static enum tls_landmark encrypted_ended(struct tls_watch *w, struct flow *f)
{
    size_t overhead = w->cipher_suite == TLS_AES_128_CCM_8_SHA256 ? 9 : 17;
    size_t hash = w->cipher_suite == TLS_AES_256_GCM_SHA384 ? 48 : 32;
    size_t finished = TLS_MESSAGE_HEADER + hash + overhead;
    if (w->passed[LANDMARK_HANDSHAKE])
        return f->payload_len == ALERT_OCTETS + overhead ? LANDMARK_CLOSE_NOTIFY : LANDMARK_NONE;
    if (f != &w->up)
        return LANDMARK_NONE;
    f->encrypted++;
    if (f->payload_len == finished || f->payload_len == finished + EMPTY_CERTIFICATE)
        return LANDMARK_HANDSHAKE;
    /* Certificate, CertificateVerify, and a third that is no Finished: they were in one record. */
    return !w->early_data && f->encrypted == 3 ? LANDMARK_HANDSHAKE : LANDMARK_NONE;
}

static enum tls_landmark record_ended(struct tls_watch *w, struct flow *f)
{
    bool older = w->version != 0 && w->version < TLS_1_3;
    switch (f->header[0]) {
    case RECORD_CCS:
        f->cipher_changed = true; /* in TLS 1.3 it means nothing (RFC 8446, D.4), and nobody asks */
        return LANDMARK_NONE;
    case RECORD_ALERT:
        return alert_ended(w, f);
    case RECORD_HANDSHAKE:
        if (!f->hello_done)
            return hello_ended(w, f);
        return older ? finished_ended(w, f) : LANDMARK_NONE;
    default:
        return w->version == TLS_1_3 ? encrypted_ended(w, f) : LANDMARK_NONE;
    }
}

/* Stops behind the first octet after which stop_at has just passed, or `limit` octets since the
   handshake have. */
static size_t feed(struct tls_watch *w, struct flow *f, const unsigned char *data, size_t len,
                   enum tls_landmark stop_at, uint64_t limit, bool *hit)
{
    size_t at = 0;
    *hit = w->passed[LANDMARK_HANDSHAKE] && f->after_handshake >= limit;
    while (at < len && !w->lost && !*hit) {
        size_t n = len - at;
        bool counts = w->passed[LANDMARK_HANDSHAKE];
        if (counts && n > limit - f->after_handshake)
            n = (size_t)(limit - f->after_handshake);
        n = take_part(w, f, data + at, n);
        at += n;
        if (counts)
            f->after_handshake += n;
        if (!w->lost && f->header_len == TLS_RECORD_HEADER && f->payload_left == 0) {
            enum tls_landmark found = record_ended(w, f);
            f->header_len = 0;
            if (found != LANDMARK_NONE && !w->passed[found]) {
                w->passed[found] = true;
                *hit = found == stop_at;
            }
        }
        *hit = *hit || (w->passed[LANDMARK_HANDSHAKE] && f->after_handshake >= limit);
    }
    return *hit ? at : len;
}

size_t tls_watch_feed(struct tls_watch *w, bool up, const char *data, size_t len,
                      enum tls_landmark stop_at, bool *hit)
{
    return feed(w, up ? &w->up : &w->down, (const unsigned char *)data, len, stop_at, UINT64_MAX,
                hit);
}

size_t tls_watch_feed_records(struct tls_watch *w, bool up, const char *data, size_t len,
                              uint64_t n, bool *hit)
{
    return feed(w, up ? &w->up : &w->down, (const unsigned char *)data, len, LANDMARK_NONE, n, hit);
}
