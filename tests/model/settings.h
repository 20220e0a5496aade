/*
 * How a session is to behave: what `open` and `change` say, read into a plain structure that is
 * never changed again (docs/drivers.md; the keys are those of the scenario's client).
 */
#ifndef MODEL_SETTINGS_H
#define MODEL_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "json.h"
#include "keyring.h"
#include "uri.h"

struct proxy {
    const struct uri *uri;
    struct account account; /* user NULL: none */
    const char *id;         /* its address and user: what pools and locks are kept apart by */
};

enum rotate { ROTATE_DEFAULT, ROTATE_ON_BLOCK, ROTATE_EACH, ROTATE_STICKY };

struct host_map {
    const char *name, *addresses; /* comma-separated */
};

struct settings {
    const char *wrong; /* what cannot be worked with, in words; NULL: all is well */
    struct proxy *proxies;
    size_t proxy_count;  /* 0: none, or what the environment says */
    bool has_exclusions; /* `without_proxy` was given */
    const char *const *exclusions;
    enum rotate rotate;
    const struct account *pairs; /* for a callback */
    size_t pair_count;
    bool asks, is_header;  /* credentials by callback; as a field, sent at once */
    struct account origin; /* user NULL: none */
    unsigned schemes;
    unsigned attempts; /* requests in all; 1: retries are off */
    int64_t base, cap; /* ns; cap 0: none */
    bool all_methods;
    bool redirects, cookies, cache, verify;
    int64_t connect, read, total; /* ns; 0: none */
    struct host_map *hosts;
    size_t host_count;
    const char *ca_file;
};

/* Settings from an operation, over those before (NULL: none). All of it lives in the arena.
 * *unsupported: the first key that this client does not know. */
struct settings *settings_read(struct arena *, const struct json *operation,
                               const struct settings *before, const char **unsupported);

/* Deadlines of an object, over others. */
void settings_deadlines(const struct json *, int64_t *connect, int64_t *read, int64_t *total);

/* A proxy from a URL that may hold credentials; NULL: *wrong says why. */
const struct proxy *settings_proxy(struct arena *, const char *url, const char **wrong);

#endif
