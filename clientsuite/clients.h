/*
 * Client profiles by name. A name is a file, or that of a folder with a profile.json in it, looked
 * for in the folders of $CLIENTSUITE_CLIENTS (apart by colons), among the clients that were set up
 * (build/clients of a source tree), and among those that are shipped. `@variant` behind it chooses
 * one variant; without it all are meant.
 */
#ifndef CS_CLIENTS_H
#define CS_CLIENTS_H

#include "profile.h"

struct clients { /* profiles, and the variants that are meant, in the order given */
    struct profile **profiles;
    size_t profile_count;
    const struct profile_variant **variants;
    size_t variant_count;
};

/* 0, or -1 with complaints. */
int clients_add(struct clients *, const char *name, struct complaints *);
/* Can they be started by hand (--attach)? One variant with a driver; else -1 with complaints. */
int clients_check_attached(const struct clients *, struct complaints *);
void clients_free(struct clients *);

/* Paths of all profiles that can be found, sorted, each name once. NULL-terminated; free() each,
 * and the list. */
char **clients_list(void);

#endif
