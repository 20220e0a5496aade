/*
 * What the suite says and hears: JSON objects, a line each.
 */
#ifndef LIBCURL_SAID_H
#define LIBCURL_SAID_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* A member, NULL where there is none or null. Objects may be NULL. */
const cJSON *said_get(const cJSON *object, const char *key);
const char *said_text(const cJSON *object, const char *key);

/* Is it something that has to be done? Not false, not an empty list. */
bool said_asks(const cJSON *);

/* Writes the reply, which it takes. */
void said_reply(cJSON *reply);
/* {key: value} */
void said_echo(const char *key, const cJSON *value);
/* {"unsupported": what}, beside the id of a request. */
void said_unsupported(const cJSON *id, const char *what);

#endif
