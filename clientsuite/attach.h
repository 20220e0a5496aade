/*
 * A driver that is started by hand, under a debugger (--attach). Its standard input and output are
 * two named pipes; the child process that stands for it here is a relay between them and ours, so
 * that all else (its end, the end of its input, its group) is as with a driver of our own.
 *
 * Private to driver.c.
 */
#ifndef CS_ATTACH_H
#define CS_ATTACH_H

#include "agent.h"

struct attached;

/* Makes the pipes in the agent's folder, and says on standard error how the driver is started. One
 * at a time in a folder. NULL: errno. */
struct attached *attach_new(const struct agent_options *);
/* The relay, as an argv; lives as long as `attached`. */
char *const *attach_argv(const struct attached *);
void attach_free(struct attached *); /* removes the pipes; NULL is fine */

#endif
