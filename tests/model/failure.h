/* Why a call failed: a kind of the driver contract, and words. No secret ever goes into the words:
 * no URL with userinfo, no field value that the user gave. */
#ifndef MODEL_FAILURE_H
#define MODEL_FAILURE_H

#include <stdbool.h>

enum kind {
    KIND_NONE,
    KIND_PROXY_UNREACHABLE,
    KIND_PROXY_AUTH,
    KIND_PROXY_CONNECT,
    KIND_PROXY_PROTOCOL,
    KIND_TLS_PROXY,
    KIND_TLS_ORIGIN,
    KIND_RESET,
    KIND_CLOSED_EARLY, /* before the header block was whole */
    KIND_INCOMPLETE,   /* behind it */
    KIND_TIMEOUT_CONNECT,
    KIND_TIMEOUT_READ,
    KIND_TIMEOUT_TOTAL,
    KIND_PROTOCOL,
    KIND_REDIRECTS,
    KIND_RATE_LIMITED,
    KIND_CANCELLED,
    KIND_CONFIG,
    KIND_OTHER
};

struct failure {
    enum kind kind;
    bool is_certificate; /* TLS: another try meets the same certificate */
    char text[320];
};

/* As the contract writes it. */
const char *kind_name(enum kind);

/* Returns -1, for `return failure_set(…)`. */
int failure_set(struct failure *, enum kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
