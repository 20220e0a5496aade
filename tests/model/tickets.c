/*
 * Tickets. Each is used once: who shows one twice can be followed, and early data that is sent
 * twice can no longer be told from a replay (RFC 8446, C.4 and 8).
 */
#include "tickets.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct ticket {
    struct ticket *next;
    char *key;
    SSL_SESSION *session;
};

static struct ticket **find(struct ticket **list, const char *key)
{
    while (*list && strcmp((*list)->key, key) != 0)
        list = &(*list)->next;
    return list;
}

void tickets_keep(struct ticket **list, const char *key, SSL_SESSION *session)
{
    struct ticket **link = find(list, key), *t = *link;
    if (!t) {
        t = *link = calloc(1, sizeof(*t));
        if (!t || !(t->key = strdup(key)))
            abort();
    }
    SSL_SESSION_free(t->session);
    t->session = session;
}

/* Not for longer than the server said, and not after its connection failed (RFC 8446, 4.6.1 and
 * 6.2; libssl remembers the latter). */
static bool is_usable(const SSL_SESSION *s)
{
    long age = (long)time(NULL) - SSL_SESSION_get_time(s);
    return SSL_SESSION_is_resumable(s) && age >= 0 &&
           (unsigned long)age < SSL_SESSION_get_ticket_lifetime_hint(s);
}

SSL_SESSION *tickets_take(struct ticket **list, const char *key)
{
    struct ticket *t = *find(list, key);
    SSL_SESSION *session = t ? t->session : NULL;
    if (!session)
        return NULL;
    t->session = NULL;
    if (is_usable(session))
        return session;
    SSL_SESSION_free(session);
    return NULL;
}

void tickets_free(struct ticket *list)
{
    for (struct ticket *next; list; list = next) {
        next = list->next;
        SSL_SESSION_free(list->session);
        free(list->key);
        free(list);
    }
}
