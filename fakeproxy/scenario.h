/*
 * A scenario: the immutable model of one file and one of its variants. It is loaded as a whole or
 * refused as a whole, lives in one arena, and outlives every instance that plays it.
 *
 * Times are nanoseconds, sizes octets, counts plain. "Not given" is NULL, 0 or NONE as the comment
 * says. Names of actors, rules and steps are resolved and known to exist.
 */
#ifndef FP_SCENARIO_H
#define FP_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "certs.h"
#include "httpdate.h"
#include "match.h"
#include "text.h"
#include "tls_watch.h"

/* ---- values ---------------------------------------------------------------------------------- */

enum instant_form { INSTANT_IMF, INSTANT_RFC850, INSTANT_ASCTIME, INSTANT_EPOCH, INSTANT_STRFTIME };

struct instant { /* a moment relative to when it is written, floored to the second */
    int64_t offset;
    enum instant_form form;
    const char *format; /* INSTANT_STRFTIME */
};

enum value_kind { VALUE_TEXT, VALUE_INSTANT, VALUE_REMOVED };

struct field_line { /* VALUE_REMOVED: our own field of that name is left out */
    struct text name;
    enum value_kind kind;
    struct text text;
    struct instant instant;
};

enum body_source { BODY_MARK, BODY_TEXT, BODY_PATTERN, BODY_CHUNK_LIST, BODY_STREAM };

struct body { /* MARK: "<actor> <status> <nonce>", none where the answer can have no body */
    enum body_source source;
    struct text text;          /* TEXT: octets (text, octets, base64 and file all end here) */
    uint64_t size;             /* PATTERN, STREAM */
    uint32_t seed;             /* PATTERN: 0 = octet i is i % 251; else see pattern.h */
    uint64_t offset;           /* PATTERN: of its first octet, for a range of a larger one */
    const struct text *chunks; /* CHUNK_LIST: one chunk each, framing chunked */
    size_t chunk_count;
    const struct field_line *trailers;
    size_t trailer_count;
};

struct pace { /* one write of at most `octets`, then a pause; octets 0: none */
    uint64_t octets;
    int64_t every;
};

enum condition_kind {
    CONDITION_NONE,
    CONDITION_TIME,
    CONDITION_BYTES,
    CONDITION_ACKED,
    CONDITION_IDLE,
    CONDITION_EVENT
};

struct condition {
    enum condition_kind kind;
    int64_t time;              /* TIME, IDLE: how long */
    const struct match *match; /* EVENT: until the journal holds its nth (default first) */
    int64_t plus;              /* EVENT: and that much longer */
    int64_t limit;             /* EVENT: go on then, not completed; -1: none */
};

/* ---- actions --------------------------------------------------------------------------------- */

enum action_kind {
    ACTION_RESPOND,
    ACTION_SEND,
    ACTION_FORWARD,
    ACTION_TUNNEL,
    ACTION_READ,
    ACTION_WAIT,
    ACTION_PACE,
    ACTION_STALL,
    ACTION_CLOSE,
    ACTION_HALF_CLOSE,
    ACTION_RESET,
    ACTION_ABORT,
    ACTION_ALERT,
    ACTION_SET,
    ACTION_ROTATE,
    ACTION_KINDS
};

enum cut_kind { CUT_NONE, CUT_AFTER_BODY_BYTES, CUT_AFTER_BYTES, CUT_AT_LANDMARK };

struct cut {
    enum cut_kind kind;
    int64_t octets; /* negative: from the end */
    enum tls_landmark landmark;
    bool record_layer;         /* count ciphertext after the handshake */
    const struct action *with; /* close, half_close, reset, abort or stall */
};

enum direction { DIRECTION_DOWN, DIRECTION_UP };
enum framing { FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_CLOSE, FRAMING_NONE };

enum retry_after_kind {
    RETRY_AFTER_NONE,
    RETRY_AFTER_SECONDS,
    RETRY_AFTER_INSTANT,
    RETRY_AFTER_TEXT
};

struct retry_after {
    enum retry_after_kind kind;
    int64_t seconds;
    struct instant instant;
    struct text text;
};

struct gate; /* below */

struct challenge { /* one field line: literal text, or made from a gate */
    struct text text;
    const struct gate *gate;
};

struct respond {
    int status;
    struct text reason;  /* octets NULL: the standard phrase */
    const char *version; /* "1.1" */
    const struct field_line *headers;
    size_t header_count;
    struct body body;
    enum framing framing;
    struct retry_after retry_after;
    const struct body *content; /* what a right reader gets of a raw answer; NULL: the body */
    bool challenge;             /* of the actor's gate */
    const struct challenge *challenges;
    size_t challenge_count;
    struct cut cut;
    struct pace pace;
};

struct send {
    struct text octets;
    uint64_t times;             /* 0: forever */
    const struct body *content; /* what a right reader gets; NULL: not known, so not judged */
    struct pace pace;
    struct cut cut;
};

struct forward {
    int to; /* index in scenario.actors, -1: the origin of the target */
    const struct field_line *headers;
    size_t header_count;
    struct cut cut;
    struct pace pace;
};

struct tunnel {
    int to;
    struct respond respond; /* status, reason, version, headers of the 2xx */
    struct cut cut;
    enum direction cut_direction;
    struct pace pace;
    enum direction pace_direction;
    struct condition until;
};

struct read {
    uint64_t octets; /* of the request body; UINT64_MAX: all */
    int64_t time;    /* drain for that long at most; 0: no limit */
    bool send_continue;
};

struct ending {     /* close, half_close, reset, abort, stall */
    bool notify;    /* close: TLS close_notify first (default) */
    bool when_sent; /* reset: as soon as nothing is unsent */
    int64_t within; /* reset: limit of the wait for acknowledgement */
    bool reading;   /* stall: goes on reading (default) */
};

struct action {
    enum action_kind kind;
    union {
        struct respond respond;
        struct send send;
        struct forward forward;
        struct tunnel tunnel;
        struct read read;
        struct condition wait;
        struct pace pace;
        struct ending ending;
        const char *alert; /* a name of tls_alert_names */
        struct text state;
    };
};

/* ---- rules and actors ------------------------------------------------------------------------ */

enum scope { SCOPE_SCENARIO, SCOPE_CONNECTION, SCOPE_TARGET, SCOPE_EXIT, SCOPE_USER };

struct rate { /* fits when more than `limit` events of the rule came within `per`; limit 0: none */
    uint64_t limit;
    int64_t per;
    enum scope by;
};

struct rule {
    const char *name; /* given, or "rule-N" */
    enum event_kind on;
    struct match when;
    struct text state; /* octets NULL: any */
    struct rate rate_over;
    double chance;        /* 1: always */
    uint64_t skip, times; /* times UINT64_MAX: no limit */
    int64_t lasts;        /* ns from the first it takes; 0: no limit */
    enum scope per;
    bool is_fault;
    int fault_action; /* index in actions that must be carried out; -1: none */
    const struct action *actions;
    size_t action_count;
    bool uses_fields; /* its texts have placeholders for fields of the event */
};

enum gate_scheme { GATE_BASIC, GATE_DIGEST, GATE_BEARER, GATE_NTLM };

struct user {
    const char *name, *password;
};

struct gate { /* an authentication gate behind the rules */
    enum gate_scheme scheme;
    const char *realm;
    const struct user *users;
    size_t user_count;
    const char *const *tokens; /* bearer; NULL-terminated */
    const char *const *nonces; /* digest: offered in turn; NULL-terminated, NULL: fresh ones */
    uint64_t uses;             /* of a nonce; UINT64_MAX: no limit */
    const char *algorithm, *qop, *opaque; /* NULL: not sent */
    bool strict_uri, unique_nc;
};

enum exit_policy {
    EXITS_NONE,
    EXITS_BY_CONNECTION,
    EXITS_BY_REQUEST,
    EXITS_BY_USER,
    EXITS_BY_ROTATE
};
enum listen_kind { LISTEN_OPEN, LISTEN_REFUSED, LISTEN_BLACKHOLE, LISTEN_LATE };
enum promise_scope { PROMISE_TARGET, PROMISE_HOST, PROMISE_EXIT, PROMISE_ACTOR, PROMISE_SCENARIO };

struct tls_choice { /* how an actor speaks TLS */
    bool on;        /* an origin always can, a proxy if it has `tls` */
    enum cert_kind certificate;
    const struct text *names; /* the leaf is valid for these; count 0: for the name asked for */
    size_t name_count;
    int min_version, max_version; /* TLS1_VERSION …; 0: the library's */
    const char *const *alpn;      /* NULL-terminated; NULL: http/1.1 */
    bool ask_client;
    int tickets; /* -1: default */
    uint32_t early_data;
};

struct actor {
    const char *name;
    bool is_proxy;
    const struct rule *rules;
    size_t rule_count;
    enum listen_kind listen;
    int64_t open_after; /* LISTEN_LATE */
    struct tls_choice tls;
    const struct gate *gates;
    size_t gate_count;
    const char *const *exits; /* names, NULL-terminated */
    enum exit_policy exits_by;
    enum promise_scope promises;
};

/* ---- client ---------------------------------------------------------------------------------- */

enum { PROXY_NONE = -1, PROXY_URL = -2 };

struct proxy_choice {
    int actor;       /* index, PROXY_NONE or PROXY_URL */
    struct text url; /* PROXY_URL: taken literally */
};

enum client_key {
    CLIENT_PROXY,
    CLIENT_CREDENTIALS,
    CLIENT_ORIGIN_CREDENTIALS,
    CLIENT_CREDENTIALS_BY,
    CLIENT_SCHEMES,
    CLIENT_RETRY,
    CLIENT_REDIRECTS,
    CLIENT_COOKIES,
    CLIENT_CACHE,
    CLIENT_VERIFY,
    CLIENT_DEADLINES,
    CLIENT_POOL,
    CLIENT_ROTATE,
    CLIENT_ENVIRONMENT,
    CLIENT_HOSTS,
    CLIENT_WITHOUT_PROXY,
    CLIENT_KEYS
};

/* What `client`, `sessions` and `change` may say. `given` has bit (1 << enum client_key) for each
 * key that is written there. The client's own keys are complete: defaults are filled in. In a
 * session what is not given is as in the client's own keys, filled in as well; in `change` it
 * stays as it is. */

struct client_keys {
    uint64_t given;
    int proxy;                      /* index of an actor; -1: none; -2: proxy_url */
    struct text proxy_url;          /* taken literally */
    const struct user *credentials; /* several only with credentials_by callback */
    size_t credential_count;
    struct user origin_credentials;
    const char *credentials_by; /* documented, option, url, header, callback */
    const char *const *schemes;
    enum { RETRY_OFF, RETRY_DEFAULT, RETRY_POLICY } retry;
    uint64_t attempts;
    int64_t base, cap;          /* 0: not given */
    const char *const *methods; /* NULL: the client's; "all" alone: every one */
    bool redirects, cookies, cache, verify;
    int64_t connect, read, total; /* deadlines; 0: none */
    const struct proxy_choice *pool;
    size_t pool_count;
    const char *rotate; /* on-block, each, sticky; NULL: none */
    const struct field_line *environment;
    size_t environment_count;
    const struct field_line *hosts; /* name, addresses comma-separated */
    size_t host_count;
    const struct text *without_proxy;
    size_t without_proxy_count;
};

struct session {
    const char *name;
    struct client_keys keys;
};

struct step {
    const char *name; /* given, or its number */
    const char *method;
    struct text url;
    const struct field_line *headers;
    size_t header_count;
    bool has_body;
    struct body body;
    bool expect_continue, stream_read;
    int64_t connect, read, total; /* deadlines that differ; 0: as the session */
    int session;                  /* index in client.sessions; -1: the client's own keys */
    const struct client_keys *change;
    uint64_t copies; /* 1 */
    bool parallel;
    struct condition after, cancel;
    struct text raw_connect; /* octets NULL: an HTTP request */
};

struct client {
    struct client_keys keys;
    const struct session *sessions;
    size_t session_count;
    int64_t watch;
    const struct step *steps;
    size_t step_count;
};

/* ---- checks ---------------------------------------------------------------------------------- */

enum level { LEVEL_MUST, LEVEL_MUST_POLICY, LEVEL_SHOULD, LEVEL_MAY, LEVEL_INFO };

struct outcome_check {
    const struct match *match; /* NULL: the check has no such kind */
};

/* What events are told apart by: an enum field_id, or one of these. */
enum { BY_NONE = -1, BY_ACTOR = -2 };

struct count_check {
    const struct match *match;
    int64_t min, max; /* -1: no bound; exactly N is both */
    int distinct;     /* enum field_id whose values are counted, -1: the events */
    int by;           /* each value is counted by itself */
};

enum bound_kind { BOUND_NONE, BOUND_TIME, BOUND_PROMISE };

struct bound {
    enum bound_kind kind;
    int64_t time;
};

struct gap_check {
    const struct match *from, *to; /* or: */
    const struct match *of;
    int by;
    struct bound min, within, max;
    double grows;    /* times the first gap; 0: not asked */
    int64_t slack;   /* -1: the default */
    bool is_average; /* the bounds are for the mean of all pairs */
};

struct order_check {
    const struct match *first, *then;
};

struct leak_check {
    struct text text;
    const char *const *in; /* actors' names, "error", "log"; NULL-terminated */
};

struct check {
    const char *id;
    enum level level;
    const char *says, *source;
    const char *const *needs;
    const char *const *variants; /* NULL: all */
    bool critical;
    const struct match *given; /* NULL: none */
    struct outcome_check outcome;
    struct count_check count;
    struct gap_check gap;
    struct order_check order;
    struct leak_check leak;
    const struct check *any_of; /* ids are the alternatives' names */
    size_t any_of_count;
};

struct house {
    int64_t storm; /* limit of requests and connections a proxy; -1: check off */
    bool reach;    /* every step must reach an actor; false where refusing locally is right */
    bool ends, bypass, hop, own_credentials, form, promise, truth, quiet;
};

/* ---- the whole ------------------------------------------------------------------------------- */

struct scenario {
    const char *file; /* as it was named; errors and the log use it */
    const char *id, *title, *layer, *about, *cause, *fix;
    const char *const *sources;
    const char *const *needs;   /* declared, and those that follow from the rest */
    const char *variant;        /* NULL: the file has none */
    const struct actor *actors; /* [0] proxy, [1] origin, then the others */
    size_t actor_count;
    struct client client;
    const struct check *checks;
    size_t check_count;
    struct house house;
    bool asks_intact; /* some match looks at the field `intact` */
    bool asks_leaks;  /* some `leak` looks in what an actor receives */
    /* Matches looked for while the scenario plays; what another one needs comes before it. */
    const struct match *const *watches;
    size_t watch_count;
    struct arena *arena;
};

enum { SCENARIO_PROXY = 0, SCENARIO_ORIGIN = 1 };

/* One file: its variants in the order of the file, one scenario where it has none. */
struct scenario_set {
    struct scenario **scenarios;
    size_t count;
};

struct complaints; /* complaints.h: what is wrong with a file, line by line */

/* Loads a file, or text under the name of a file. 0, or -1 with the reasons in complaints. */
int scenario_load_file(const char *path, struct scenario_set *, struct complaints *);
int scenario_load_text(const char *text, size_t len, const char *name, struct scenario_set *,
                       struct complaints *);
void scenario_set_free(struct scenario_set *);

/* An actor's index by its name, or -1. */
int scenario_actor(const struct scenario *, const char *name);
bool scenario_is_proxy(const struct scenario *, const char *name); /* no actor is none */
/* How the action is cut; NULL: it is not, or is of a kind that can't be. */
const struct cut *scenario_cut(const struct action *);
/* Does the case itself send the client past the proxy? */
bool scenario_goes_direct(const struct scenario *);

#endif
