/*
 * Which version of a command this is: what a command line of the profile prints says so.
 *
 * Private to command.c.
 */
#ifndef CS_COMMAND_VERSION_H
#define CS_COMMAND_VERSION_H

#include "agent.h"

struct command_version;

/* Runs it. Tells from the loop what came of it: a reply with the version, that lives as long as the
 * question; or NULL, and why. */
struct command_version *
command_version_ask(const struct agent_options *,
                    void (*told)(void *arg, const struct reply *, const char *why), void *arg);
void command_version_free(struct command_version *); /* no more callbacks; NULL is fine */

#endif
