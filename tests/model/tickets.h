/* Tickets of TLS sessions (RFC 8446, 4.6.1), one for each kind of connection: the newest. */
#ifndef MODEL_TICKETS_H
#define MODEL_TICKETS_H

#include <openssl/ssl.h>

struct ticket;

/* Keeps `session`, which belongs to the list from now on. */
void tickets_keep(struct ticket **list, const char *key, SSL_SESSION *session);
/* One that can be used now; it is the caller's. NULL: there is none. */
SSL_SESSION *tickets_take(struct ticket **list, const char *key);
void tickets_free(struct ticket *list);

#endif
