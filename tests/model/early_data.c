/*
 * Early data (RFC 8446, 2.3; RFC 8470): where the origin handed out a ticket that allows it, the
 * header block of a request goes to it behind the ClientHello, before it has answered anything.
 *
 * Who reads it may be somebody who plays a record of it back, so that only what is safe goes so
 * (RFC 8470, 4), and only without content. An origin that does not take it has not seen it, and
 * gets it when the handshake is done; one that answers 425 gets it again, never early (5.2); and
 * where the handshake fails, early data may be why, so that it is tried once without (RFC 8446,
 * D.3).
 *
 * Tickets are kept for connections of the same kind only: another proxy, or another user of it,
 * would be known by them for the same client. They are used for nothing else.
 */
#include <string.h>

#include "call.h"
#include "mutants.h"

/* RFC 9110, 9.2.1 */
static bool is_safe(const char *method)
{
    static const char *const safe[] = { "GET", "HEAD", "OPTIONS", "TRACE", NULL };
    for (size_t i = 0; safe[i]; i++)
        if (strcmp(safe[i], method) == 0)
            return true;
    return false;
}

static bool may_be_early(const struct call *c)
{
    if (c->was_too_early || c->settings->rotate == ROTATE_EACH)
        return false;
    return (is_safe(c->method) && !c->upload.is_there) || mutant(MUTANT_EARLY_POST);
}

static SSL_SESSION *take_ticket(struct call *c, const char *key)
{
    pthread_mutex_lock(&c->session->mutex);
    SSL_SESSION *ticket = tickets_take(&c->session->tickets, key);
    pthread_mutex_unlock(&c->session->mutex);
    return ticket;
}

/* The header block goes early, if there is a ticket and the server takes so much. */
static void offer(struct call *c, struct connection *conn, struct channel_tls *t)
{
    t->ticket = may_be_early(c) ? take_ticket(c, conn->key) : NULL;
    if (!t->ticket)
        return;
    call_write_head(c, conn, &conn->head);
    if (conn->head.len > SSL_SESSION_get_max_early_data(t->ticket)) {
        SSL_SESSION_free(t->ticket);
        t->ticket = NULL;
        return;
    }
    t->early = &conn->head;
    c->early_data = EARLY_DATA_OFFERED;
    c->was_sent = true;
}

struct channel *early_data_secure(struct call *c, struct connection *conn, struct channel *below,
                                  struct channel_tls *t)
{
    c->early_data = EARLY_DATA_NONE;
    offer(c, conn, t);
    struct channel *channel = channel_secure(below, t, &c->limits, &c->failure);
    SSL_SESSION_free(t->ticket);
    if (channel && c->early_data == EARLY_DATA_OFFERED)
        c->early_data = channel_took_early(channel) ? EARLY_DATA_TAKEN : EARLY_DATA_NONE;
    return channel;
}

void early_data_keep_ticket(struct call *c, struct connection *conn)
{
    SSL_SESSION *ticket = channel_take_ticket(conn->reader.channel);
    if (!ticket)
        return;
    if (!c->settings->verify) { /* it would stand for the certificate */
        SSL_SESSION_free(ticket);
        return;
    }
    pthread_mutex_lock(&c->session->mutex);
    tickets_keep(&c->session->tickets, conn->key, ticket);
    pthread_mutex_unlock(&c->session->mutex);
}

bool early_data_was_too_early(struct call *c)
{
    if (c->early_data != EARLY_DATA_TAKEN || c->response.status != 425 || mutant(MUTANT_SHOWS_425))
        return false;
    c->was_too_early = !mutant(MUTANT_REPEATS_425_EARLY);
    return true;
}

bool early_data_broke_handshake(struct call *c)
{
    enum kind kind = c->failure.kind;
    bool was_offered = c->early_data == EARLY_DATA_OFFERED;
    c->early_data = EARLY_DATA_NONE;
    if (!was_offered || c->failure.is_certificate ||
        (kind != KIND_TLS_ORIGIN && kind != KIND_RESET && kind != KIND_CLOSED_EARLY))
        return false;
    c->was_too_early = true;
    return true;
}
