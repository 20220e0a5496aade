/*
 * Header blocks of HTTP/1.x (RFC 9112), parsed in place: every result is a slice of the caller's
 * octets, valid as long as they are. Nothing is allocated, copied or changed, so what the peer
 * sent can be journaled and forwarded octet for octet.
 *
 * Usual order, on the buffered input of a connection:
 *     skip http_leading_crlf()  ->  n = http_head_end()  ->  http_parse_request(data, n)
 *     ->  http_parse_target()  ->  http_body_of_request() (http_body.h).
 *
 * All comparisons are ASCII and know no locale.
 */
#ifndef FAKEPROXY_HTTP_H
#define FAKEPROXY_HTTP_H

#include <stdbool.h>
#include <stddef.h>

/* Octets, not a C string: may hold NUL, has no terminator. Empty: len 0, `at` then means nothing.
 */
struct http_slice {
    const char *at;
    size_t len;
};

bool http_slice_is(struct http_slice, const char *z);
bool http_slice_is_nocase(struct http_slice, const char *z);
bool http_slice_same(struct http_slice, struct http_slice);
bool http_slice_starts(struct http_slice, const char *z);
struct http_slice http_slice_of(const char *z); /* without its NUL */

/* ---- where a header block ends ---- */

/*
 * Octets of the complete header block at the start of `data`, its final empty line included; 0
 * while it is incomplete. `seen` of the octets are known, from an earlier call, to hold no end
 * (0 if there was none): they are not scanned again. A bare LF ends a line too (9112 2.2).
 * An empty line at the very start is a block by itself, so skip those first.
 */
size_t http_head_end(const char *data, size_t len, size_t seen);

/* Octets of the whole empty lines at the start, which a server should skip before a request line
 * (9112 2.2). A lone CR at the end of `data` is not counted: its LF may be on the way. */
size_t http_leading_crlf(const char *data, size_t len);

/* ---- messages ---- */

struct http_head {
    struct http_slice all;    /* header block, final empty line included */
    struct http_slice fields; /* field lines, without start line and final empty line */
    int major, minor;
    struct http_slice method, target; /* requests */
    int status;                       /* responses: 100 to 999 */
    struct http_slice reason;         /* responses: may be empty */
    unsigned has;                     /* private to http.c, see http_has_framing() */
};

/*
 * `data`, `len`: exactly one header block, as http_head_end() measures it. 0, or -1 with a static
 * sentence in *error that says what is wrong; then answer 400 (502 for a response).
 *
 * Refused in both: bare CR, NUL, a line without colon, an empty or impossible field name, white
 * space before the first field (9112 2.2, 5.1; 9110 5.5). In requests also white space before the
 * colon (9112 5.1, a MUST). Accepted in both: obs-fold (see struct http_field), obs-text.
 *
 * Not judged here, because a recorder wants to see it: the version (answer 505 unless `major` is
 * 1), the Host field (http_check_host), the target's form (http_parse_target), the framing.
 */
int http_parse_request(const char *data, size_t len, struct http_head *, const char **error);
int http_parse_response(const char *data, size_t len, struct http_head *, const char **error);

/* Status code if the octets begin with a whole status-line up to and including the code and what
 * ends it (SP or end of line), else 0. For octets that need not be a valid header block. */
int http_peek_status(const char *data, size_t len);

/* ---- fields ---- */

/*
 * name: as sent. value: without leading and trailing white space; a folded value (9112 5.2) holds
 * its line ends: http_unfold() replaces them. line: the exact octets, line end and continuation
 * lines included.
 */
struct http_field {
    struct http_slice name, value, line;
};

/* Walks the field lines in order of arrival. *cursor is 0 at first. False at the end. */
bool http_next_field(const struct http_head *, size_t *cursor, struct http_field *);

/* First field line of that name (any case). False, and *value empty, if there is none. */
bool http_find(const struct http_head *, const char *name, struct http_slice *value);
size_t http_count(const struct http_head *, const char *name);

/* Is `token` an element of the comma-separated list that all lines of that name form (9110 5.3,
 * 5.6.1), in any case? Commas inside quoted strings do not separate. */
bool http_list_has(const struct http_head *, const char *name, const char *token);

/* Elements of one field value that is a list: *cursor is 0 at first; empty elements are skipped
 * (9110 5.6.1.2), white space and folds around an element trimmed. False at the end. */
bool http_next_element(struct http_slice value, size_t *cursor, struct http_slice *element);

/* Copies a value with each octet of an obs-fold as SP (9112 5.2 allows one or more). `out` has
 * room for value.len octets, which is what is written. */
void http_unfold(struct http_slice value, char *out);

/* Does the message have a Transfer-Encoding or Content-Length field? (cheap, no scan) */
bool http_has_framing(const struct http_head *);

/*
 * The persistence this message asks for, from its version and Connection options (9112 9.3).
 * A proxy must not keep a connection to an HTTP/1.0 client whatever this says (same section).
 */
bool http_keep_alive(const struct http_head *);

/* 0 if the Host field is what 9112 3.2 asks of this request: exactly one and valid (it may be
 * empty), or none in HTTP/1.0. Else -1 with *error, and a faultless server answers 400. */
int http_check_host(const struct http_head *request, const char **error);

/* ---- request targets, 9112 3.2 ---- */

enum http_form {
    HTTP_ORIGIN_FORM,
    HTTP_ABSOLUTE_FORM,
    HTTP_AUTHORITY_FORM,
    HTTP_ASTERISK_FORM,
};

/*
 * scheme    as sent; empty unless absolute-form.
 * userinfo  what stood before "@", as sent. A correct client sends none (9110 4.2.4), but its
 *           presence is reported, not refused.
 * host      as sent, IPv6 without its brackets. In origin-form and asterisk-form it is that of
 *           the Host field, empty if there is no usable one.
 * port      the given one, else the scheme's (http 80, https 443), else 0.
 * path      with query, and fragment if the client sent one; "/" where the target has neither
 *           ("*" for OPTIONS, 9112 3.2.4); "*" in asterisk-form; empty in authority-form. It
 *           begins with "?" or "#" where a URI has no path: put "/" before it.
 */
struct http_target {
    enum http_form form;
    struct http_slice scheme, userinfo, host, path;
    int port;
};

/* 0, or -1 with a static sentence in *error: answer 400. CONNECT takes authority-form, with a
 * port, and nothing else does (9112 3.2.3, 9110 9.3.6); asterisk-form is for OPTIONS. */
int http_parse_target(const struct http_head *request, struct http_target *, const char **error);

/*
 * [ userinfo "@" ] host [ ":" port ], as in a URI, a CONNECT target or a Host field. The last "@"
 * separates. *port is -1 if there is none or it is empty ("host:"). `host` without IPv6 brackets.
 * -1: empty or impossible host, bad IPv6 address, port not in 1 to 65535; outputs are then unset.
 */
int http_parse_authority(struct http_slice, struct http_slice *userinfo, struct http_slice *host,
                         int *port);

/* The registered reason phrase (9110 15 and the IANA registry), "" if the code is unknown. */
const char *http_reason(int status);

#endif
