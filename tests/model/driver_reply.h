/* What the driver reads from a request and writes into replies. */
#ifndef MODEL_DRIVER_REPLY_H
#define MODEL_DRIVER_REPLY_H

#include "call.h"

void reply_add_hello(struct buf *);
void reply_add_id(struct buf *, const struct json *id);
void reply_add_outcome(struct buf *, const struct json *id, const struct call *);

/* Fills in the call (its arena and cancel are there); what cannot be worked with becomes its
 * failure when it runs. */
void reply_read_request(struct call *, struct session *, const struct json *operation);

#endif
