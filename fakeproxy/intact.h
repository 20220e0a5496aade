/*
 * The field `intact` of the event `body`: is the body that arrived the one that a step sends?
 *
 * The steps that are meant are those with a body, of the request's method, whose URL has the
 * request's host, path and query; of several it may be any, and with `copies` any copy's. Where
 * there is none (the request follows a redirect, a step opens a raw tunnel), nothing can be said.
 */
#ifndef FP_INTACT_H
#define FP_INTACT_H

#include "http.h"
#include "scenario.h"

struct intact_body { /* as it arrived, without transfer coding */
    struct http_slice method, host, path;
    bool whole;
    uint64_t bytes;
    const char *sha256; /* in hex, lower case; NULL or "": of no octets */
};

enum intact { INTACT_UNKNOWN = -1, INTACT_NO, INTACT_YES };

enum intact intact_judge(const struct scenario *, const struct text_scope *,
                         const struct intact_body *);

#endif
