/*
 * What the parts of diagnosis share. Private to diagnosis*.c.
 *
 * A request is remembered with what became of it (struct seen), a connection with what matters of
 * it (struct wire), both in rings. A finding that something later may yet refute is kept as a
 * suspicion, with the request it is about, until that comes, or the end.
 */
#ifndef FP_DIAGNOSING_H
#define FP_DIAGNOSING_H

#include "arena.h"
#include "buf.h"
#include "diagnosis.h"
#include "http.h"

enum ailment {
#define DIAGNOSIS(name, code, layer, kind, cause, fix) AILMENT_##name,
#include "diagnosis.def"
#undef DIAGNOSIS
    AILMENTS
};

enum { SEEN_MAX = 256, WIRES_MAX = 256, SUSPICIONS_MAX = 64 };

struct seen { /* a request that the client sent to a proxy, or to an origin past one */
    struct fp_event *request, *response; /* copies; response NULL: none yet */
    int actor;
    int64_t answered; /* ns: the answer was written whole; 0: it was not */
    bool died;        /* its connection ended without an answer */
};

struct wire { /* a connection */
    int actor;
    int64_t connection;
    uint64_t accepted; /* seq */
    bool direct;       /* past the proxy */
    int64_t requests, answers;
    struct seen *last;  /* the request being answered; NULL: none, or forgotten */
    int64_t ended;      /* ns: we ended it; 0: not */
    int64_t client_end; /* ns: the client ended it; 0: not */
    uint64_t ahead;     /* seq of octets behind a CONNECT */
    int64_t left;       /* ns: the client left before the answer */
    uint64_t left_seq;
    bool in_tls;
};

struct suspicion {
    enum ailment ailment;
    struct fp_event *request; /* a copy */
    int actor;
    const char *detail; /* literal, or in the arena */
    uint64_t other;     /* seq of one more event that shows it; 0: none */
};

struct diagnosis {
    const struct scenario *s;
    struct diagnosis_options options;
    struct arena *arena;
    struct diagnosed found[AILMENTS + 1]; /* in the order of finding; the last is the fall-back */
    size_t count;
    int index[AILMENTS]; /* in found, plus 1; 0: not found */
    struct seen seen[SEEN_MAX];
    uint64_t seen_count;
    struct wire wires[WIRES_MAX];
    uint64_t wire_count;
    struct suspicion suspicions[SUSPICIONS_MAX];
    size_t suspicion_count;
    int64_t began; /* ns: of the newest step, or if none is told of the first request; 0: none */
    bool came, came_direct; /* to a proxy; to an origin past them */
    uint64_t direct_seq;
    bool over;
};

/* ---- findings (diagnosis.c) ------------------------------------------------------------------ */

/* Frees `seen`, whose octets become the sentence if it is the first of its kind. e: the event that
 * shows it; other: one more, or NULL. */
void diagnosing_found(struct diagnosis *, enum ailment, struct buf *seen, const struct fp_event *e,
                      const struct fp_event *other);
/* The same, about a request and its answer: `detail` goes on behind its name. */
void diagnosing_found_in(struct diagnosis *, enum ailment, const struct seen *, const char *detail);
void diagnosing_suspect(struct diagnosis *, enum ailment, const struct seen *, const char *detail,
                        const struct fp_event *other);
/* Text in the arena. Frees the buf. */
const char *diagnosing_keep(struct diagnosis *, struct buf *);
/* A case of the catalogue, whose client was told what to do; else somebody tries something. */
bool diagnosing_is_case(const struct diagnosis *);
/* How many requests alike the steps of the case may bring about; 1 where it is no case. */
uint64_t diagnosing_allowed(const struct diagnosis *);

/* ---- what was seen (diagnosis_seen.c) -------------------------------------------------------- */

void seen_event(struct diagnosis *, const struct fp_event *); /* to be called first */
void seen_free(struct diagnosis *);
/* The i-th request back from the newest (0), or NULL. */
struct seen *seen_back(struct diagnosis *, uint64_t i);
struct wire *wire_of(struct diagnosis *, const struct fp_event *); /* NULL: forgotten */
struct seen *seen_of(struct diagnosis *, const struct fp_event *); /* of an exchange; or NULL */
int64_t seen_status(const struct seen *);                          /* 0: no answer */
/* Did the client know the answer to q when it began r? */
bool seen_knew(struct diagnosis *, const struct seen *q, const struct seen *r);
bool seen_same(const struct seen *, const struct seen *, enum field_id);
bool seen_is_connect(const struct seen *);
bool seen_by_proxy(const struct diagnosis *, const struct seen *); /* else by an origin */
bool seen_is_scheme(const struct seen *, const char *name);        /* in any case */
int64_t seen_began(const struct fp_event *);
bool seen_has_credentials(const struct seen *);
/* Does a challenge of this answer offer the scheme? */
bool seen_offers(const struct fp_event *response, struct http_slice scheme);
/* The newest other request with credentials at r's proxy that `fits`, or NULL. */
struct seen *seen_earlier(struct diagnosis *, const struct seen *r,
                          bool (*fits)(struct diagnosis *, const struct seen *,
                                       const struct seen *));

/* ---- fields (see also say_is(), say_field() in say.h) -------------------------------------------
 */

bool seen_text(const struct fp_event *, enum field_id, struct http_slice *);
bool seen_header(const struct fp_event *, const char *name, struct http_slice *);
/* "GET http://a.test/ (proxy #1.1)" */
void seen_say(struct buf *, const struct fp_event *);

/* ---- parts ----------------------------------------------------------------------------------- */

void diagnosing_407(struct diagnosis *, struct seen *);           /* a proxy answered 407 */
void diagnosing_refused(struct diagnosis *, const struct seen *); /* although it had credentials */
void diagnosing_let_in(struct diagnosis *, struct seen *); /* a proxy answered something else */
void diagnosing_credentials(struct diagnosis *, struct seen *); /* a request, before its answer */
bool diagnosing_suspicion_holds(struct diagnosis *, struct suspicion *); /* may correct it */
void diagnosing_repeated(struct diagnosis *, struct seen *);
void diagnosing_broken(struct diagnosis *); /* at the end: what was not retried */
void diagnosing_wire(struct diagnosis *, const struct fp_event *);
void diagnosing_paths(struct diagnosis *, uint64_t lost); /* at the end: direct, or not at all */

/* ---- credentials (diagnosis_password.c) ------------------------------------------------------ */

struct pair { /* as Basic has them */
    char *octets;
    struct http_slice user, password;
};
bool pair_read(struct http_slice value, struct pair *); /* of a field value with Basic */
void pair_free(struct pair *);

/* ---- whose they are (diagnosis_users.c) --------------------------------------------------------
 */

enum { USERS_MAX = 16 };
bool users_told(const struct diagnosis *, const struct pair *);    /* by the case, for a proxy */
bool users_origins(const struct diagnosis *, const struct pair *); /* for an origin */
bool users_proxys(const struct diagnosis *, const struct pair *);  /* for proxies only */
bool users_right(const struct diagnosis *, int actor, const struct pair *);
/* Whom the client may have meant, into a list of USERS_MAX. */
size_t users_wanted(const struct diagnosis *, int actor, const struct user **list);
bool users_misled(const struct diagnosis *, int actor, struct http_slice user);

/* What was done to `wanted` to make `got` of it, or AILMENTS. *how: what it looks like now, a
 * literal or NULL. */
enum ailment password_altered(struct http_slice got, const char *wanted, struct buf *how);

#endif
