/*
 * The client under test: a small HTTP client on top of libcurl, with patience of its own. Nothing
 * in it knows of fakeproxy.
 */
#ifndef FETCH_H
#define FETCH_H

struct fetch; /* keeps its connections open between two requests */

struct fetch *fetch_new(const char *proxy);
void fetch_free(struct fetch *);

/* GET, up to `attempts` requests: after 429 and 503 it waits as long as Retry-After says (else
 * 100 ms, 200 ms, …), after a broken connection it tries again at once. Returns the last status, or
 * 0 when the last attempt got no answer. */
long fetch_get(struct fetch *, const char *url, int attempts);

#endif
