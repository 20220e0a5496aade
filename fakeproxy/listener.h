/*
 * Listeners: one an actor, on a port of its own. Open, refused (bound but not listening, so that
 * the port stays ours), late, or a black hole.
 */
#ifndef FP_LISTENER_H
#define FP_LISTENER_H

#include "engine.h"

/* Binds and, unless the actor says otherwise, listens. host NULL: 127.0.0.1; port 0: any. 0, or -1
 * with errno. */
int listener_open(struct listener *, struct instance *, const struct actor *, const char *host,
                  int port);
void listener_close(struct listener *);

#endif
