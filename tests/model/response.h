/*
 * Responses (RFC 9112): header blocks and bodies, read strictly, within limits. The model's own
 * parser, apart from the one of the proxy: a mistake in one of them shows in the tests.
 */
#ifndef MODEL_RESPONSE_H
#define MODEL_RESPONSE_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

#include "fields.h"
#include "reader.h"

enum framing { FRAMING_NONE, FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_CLOSE };

struct response {
    int status;
    int minor; /* of the HTTP version */
    const char *reason;
    struct fields fields, trailers;
    enum framing framing;
    uint64_t length;    /* FRAMING_LENGTH */
    bool is_persistent; /* the connection may be used again, once the body is read */
    int64_t received;   /* monotonic, ns: the header block was whole */
};

/* Where a body goes: it is counted and hashed, its first octets are kept. */
struct sink {
    uint64_t bytes;
    EVP_MD_CTX *hash; /* SHA-256 */
    struct buf head;  /* 4 KiB at most */
};

void sink_init(struct sink *);
void sink_reset(struct sink *);
void sink_free(struct sink *);
void sink_add(struct sink *, const char *octets, size_t len);

struct response_request { /* what the framing of the answer depends on */
    bool is_head, is_connect;
};

/* Reads one header block, also of a 1xx. -1 with a failure: closed-early where the connection ended
 * before it was whole. *heard: an octet of it has come. */
int response_read_head(struct reader *, const struct response_request *, const struct deadlines *,
                       struct arena *, struct response *, bool *heard, struct failure *);

/* Reads the whole body; sink NULL: it is thrown away. -1 with a failure: incomplete, reset,
 * protocol, a deadline. Trailers go into response->trailers. */
int response_read_body(struct reader *, struct response *, const struct deadlines *, struct sink *,
                       struct failure *);

/* For mutants: throws away of a body that is to be drained what is there, and says that it did. */
bool response_cuts_drain(struct reader *, const struct response *);

/* The status of a final answer whose status line is among the unread octets; 0: none is. */
int response_pending_status(const struct reader *);

/* ---- pure, for tests --------------------------------------------------------------------------
 */

/* Parses a header block, blank line included. NULL, or what is wrong with it. */
const char *response_parse_head(struct arena *, const char *octets, size_t len, struct response *);
/* What RFC 9112, 6.3 says of its body, and 9.3 of the connection. NULL, or what is wrong. */
const char *response_derive_framing(const struct response_request *, struct response *);
/* chunk-size and its extensions; the line without its CRLF. False: it is none. */
bool response_chunk_size(const char *line, size_t len, uint64_t *size);

#endif
