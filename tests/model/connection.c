/*
 * Connections.
 */
#include "connection.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

struct connection *connection_new(struct channel *channel, const char *key,
                                  const struct proxy *proxy)
{
    struct connection *c = calloc(1, sizeof(*c));
    if (!c || !(c->key = strdup(key)))
        abort();
    c->reader.channel = channel;
    c->proxy = proxy;
    c->expires = CLOCK_NEVER;
    return c;
}

void connection_free(struct connection *c)
{
    if (!c)
        return;
    channel_free(c->reader.channel);
    buf_free(&c->reader.in);
    buf_free(&c->head);
    free(c->key);
    free(c);
}
