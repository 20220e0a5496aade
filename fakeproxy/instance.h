/*
 * An instance: one scenario being played, with its own listeners, journal, counters and state.
 * Instances share a loop (the event base, the certificates, scratch memory) and nothing else.
 *
 * Nothing in the engine frees a connection from within a callback: it is detached and queued, and
 * the reaper frees it after the dispatch.
 */
#ifndef FP_INSTANCE_H
#define FP_INSTANCE_H

#include <event2/event.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "certs.h"
#include "journal.h"
#include "scenario.h"

struct conn;

enum { LOOP_SCRATCH = 131072 };

struct loop {
    struct event_base *base;
    struct certs *certs;
    char *scratch; /* LOOP_SCRATCH octets for whoever is running; never kept across a callback */
    int spare_fd;  /* given up for a moment when accept() finds no descriptor left */
};

/* 0, or -1 with errno. */
int loop_init(struct loop *);
void loop_free(struct loop *);

/* A name that is let through to a real server: `--upstream HOST:PORT=ADDR:PORT`. */
struct upstream_name {
    const char *host;
    int port;
    struct sockaddr_storage address;
    socklen_t address_len;
};

struct instance_options {
    const char *listen_host; /* of the proxy; NULL: 127.0.0.1 */
    int listen_port;         /* 0: any */
    const struct upstream_name *upstreams;
    size_t upstream_count;
    uint64_t seed;
    size_t journal_octets; /* kept in memory; 0: the default */
};

struct instance;

/* Starts listening. NULL: *error says what failed (free() it). The scenario and
 * what the options point to outlive the instance. */
struct instance *instance_start(struct loop *, const struct scenario *,
                                const struct instance_options *, char **error);
/* Writes the event `end`: from here on upper bounds may be judged. why: "done", or what cut the
 * case short ("storm", "journal full"). */
void instance_end(struct instance *, const char *why);
/* Ends every connection at once, writes the closes into the journal, frees all. */
void instance_stop(struct instance *);

/* Is any connection open, at any actor? */
bool instance_has_connections(const struct instance *);
struct journal *instance_journal(struct instance *);
const struct scenario *instance_scenario(const struct instance *);
/* Values of the placeholders in its scenario. Lives as long as the instance. */
const struct text_scope *instance_scope(const struct instance *);
/* "127.0.0.1:40117" of an actor, by its index in the scenario. */
const char *instance_address(const struct instance *, size_t actor);
/* The host name that stands for an origin, such as origin-5be1.invalid; "" for proxies. */
const char *instance_host(const struct instance *, size_t actor);

#endif
