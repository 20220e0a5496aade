/*
 * The strict scanner in front of cJSON: it accepts exactly RFC 8259 (less what json.h refuses) and
 * notes where every value stands.
 */
#ifndef FP_JSON_SCAN_H
#define FP_JSON_SCAN_H

#include "buf.h"
#include "json.h"

struct json_place { /* of a value: octets into the text; key_at of its name, 0 without one */
    size_t at, key_at;
};

struct json_scan {
    struct buf places; /* struct json_place of every value, each before its members */
    struct buf text;   /* what cJSON reads: the text with every \u0000 as the octets C0 80 */
};

/* 0, or -1 with *error filled in. The caller frees both bufs in either case. */
int json_scan(const char *text, size_t len, struct json_scan *, struct json_error *error);

#endif
