/*
 * What COMMAND finds in its environment: the way to the proxy, whom to trust, and where everything
 * is. docs/guide.md lists the variables and who reads them.
 */
#ifndef FP_PLAY_ENVIRONMENT_H
#define FP_PLAY_ENVIRONMENT_H

#include "environment.h"
#include "instance.h"

/* The proxy's URL as the scenario's client is to be given it, with its credentials if they belong
 * there; free() it. NULL: the scenario's client has no proxy. */
char *play_environment_proxy(const struct instance *);
/* Are the scenario's credentials part of that URL? */
bool play_environment_has_credentials(const struct instance *);

/* Ours, and what leads to this instance. ready: what --ready is told, of all instances. */
void play_environment_fill(struct environment *, const struct instance *, const char *ca_file,
                           const char *ready);

/* The names of the variables for the CA file, NULL-terminated. */
extern const char *const play_environment_ca_names[];

#endif
