/*
 * Inside the engine: what an instance, its listeners and its connections know of each other. Only
 * the engine's own files include this.
 */
#ifndef FP_ENGINE_H
#define FP_ENGINE_H

#include <openssl/types.h>

#include "answer.h"
#include "auth.h"
#include "http.h"
#include "http_body.h"
#include "instance.h"
#include "promise.h"
#include "stream.h"
#include "tally.h"
#include "timer.h"
#include "tls_watch.h"
#include "watch.h"

/* ---- instance -------------------------------------------------------------------------------- */

struct listener {
    struct instance *instance;
    const struct actor *actor;
    int fd;
    struct event *accept; /* NULL while it does not listen */
    struct timer open;    /* LISTEN_LATE; a pause of accept() when descriptors ran out */
    int *fillers;         /* LISTEN_BLACKHOLE: connects that keep the backlog full */
    size_t filler_count;
    char address[80];
    int port;
    char host[48];
    uint64_t accepted;
    struct tls_context *tls; /* made when first needed */
    struct tls_settings tls_settings;
    char **tls_names;    /* NULL-terminated; NULL: the name asked for */
    struct exits *exits; /* made when first needed */
};

struct conn_list {
    struct conn *first;
};

struct instance {
    struct loop *loop;
    const struct scenario *scenario;
    struct instance_options options;
    struct journal *journal;
    char case_id[9];
    struct listener *listeners; /* one an actor, same index */
    struct conn_list conns;
    struct conn *dead; /* for the reaper */
    struct timer reaper;
    struct timer wake; /* polls the connections that wait for the journal */
    struct watches *watches;
    struct text_scope scope;
    struct buf scope_value;
    struct tally *tally;
    struct promises *promises;
    struct buf state; /* the one state word */
    uint64_t random;
    int64_t synced;                 /* when the distance of the two clocks was read last */
    int64_t wall_offset;            /* and what it was */
    struct nonces *nonces;          /* of the gates */
    struct conn *at_hand;           /* the one that is polled; NULL: none */
    const struct fp_event *matched; /* the one a rule is looked for; NULL: none */
    struct dialed *dialed;          /* our own connects, by local port, until they are accepted */
};

/* Where a request goes. */
struct route {
    int own_port; /* of our own listener there; 0: it leads to a real server */
    struct sockaddr_storage address;
    socklen_t address_len;
};

void instance_route(struct instance *, struct http_slice host, int port, int to, struct route *);
/* Reads both clocks into the event; notes a jump of the wall clock. */
void instance_stamp(struct instance *, struct fp_event *);
/* A `note` about this host. */
/* A note of how late we are (FIELD_lag), or how far the clock jumped (FIELD_jump). */
void instance_note(struct instance *, const char *text, enum field_id, int64_t ns);
/* A uniform number in [0, 1). */
double instance_random(struct instance *);

/* Remembers who dials from a local port to one of ours, so that the accepting origin knows who
 * comes. */
struct dialer {
    const char *via;     /* "forward" or "tunnel"; NULL: nobody of ours */
    const char *through; /* the proxy's name */
    uint64_t carrier;    /* its connection */
    const char *exit;    /* which it uses; NULL: none */
    char *host;          /* the name that was dialed; the taker's */
};

/* Takes a copy of `host`; by.host is not looked at. */
void instance_dialed(struct instance *, int local_port, int own_port, struct dialer by,
                     struct http_slice host);
/* Forgets and returns what was remembered. */
struct dialer instance_who_dialed(struct instance *, int local_port, int own_port);

/* ---- connections ----------------------------------------------------------------------------- */

enum conn_state {
    CONN_SNIFF,     /* waits for the first octet, which tells TLS from HTTP */
    CONN_HELLO,     /* waits for a whole ClientHello */
    CONN_HANDSHAKE, /* TLS handshake under way */
    CONN_REQUEST,   /* waits for, or reads, a header block */
    CONN_PLAYING,   /* plays a list */
    CONN_REST,      /* reads away what is left of a request body */
    CONN_CLOSING,   /* our FIN is out: drains until the peer's, or a deadline */
    CONN_DEAD       /* ended; the reaper frees it */
};

/* Pieces moved, and states gone through, in one poll; then others have their turn. */
enum { POLL_TURNS = 32, POLL_STEPS = 256 };

/* What a poll of something under way says. */
enum progress {
    PROGRESS_AGAIN, /* nothing more to do until something happens */
    PROGRESS_DONE,  /* it is done: go on with what follows */
    PROGRESS_CUT,   /* an answer or a tunnel came to its cut */
    PROGRESS_ENDED  /* the connection ended */
};

struct upstream { /* a proxy's own connection to an origin, for one client connection */
    struct stream stream;
    struct conn *owner;
    struct buf host; /* what it stands for */
    int port, to;
    int local_port, own_port; /* of the dial that was remembered */
    const char *via, *exit;
    uint64_t exchanges;
    bool is_reused;
};

/* A request, and the list that is played for it. Lists on accept and hello have one without a
 * request (number 0). */
struct exchange {
    uint64_t number;
    struct buf head;
    struct http_head request;
    struct http_target target;
    struct http_body body;
    EVP_MD_CTX *digest;
    int64_t body_began;
    bool body_told;      /* its `body` event was written */
    bool wants_continue; /* Expect: 100-continue, not answered yet */
    bool body_read;      /* a `read` came: respond does not read the rest */
    bool continued;      /* our own 100 went out */
    bool answered;       /* a final answer was begun */
    bool close_after;    /* we said close */
    bool stalled;        /* a stall was played: nothing is written behind it */
    bool own_answer;     /* `answer` is an error of our own; there is no list */
    struct auth *auth;   /* what the gate, or a reader of credentials, says; NULL: nothing */
    struct held_content *judged; /* read before the request is judged */
    struct event_copy *event;    /* for the placeholders of the list; NULL: it has none */
    int refused; /* the status that forward gives it: it is malformed; 0: it is well */
    const char *refused_why;

    /* the list */
    const struct rule *rule; /* NULL: unscripted */
    const struct action *actions;
    size_t count, at;
    int phase;             /* of the action; 0 at its start */
    bool is_cut;           /* plays the cut's end instead of the next action */
    const char *left;      /* the first action that ended before it was carried out; NULL: none */
    bool left_told;        /* its `rule` event was written */
    int64_t since;         /* when the action began to wait */
    uint64_t counted;      /* octets the action has moved */
    struct pace pace;      /* of the answer under way */
    struct pace list_pace; /* of all later writes of the list */

    /* answers and copies under way */
    struct answer answer;
    struct buf said;   /* by `send`: a header block that is not whole yet */
    struct buf passed; /* an upstream's header block as it is passed on */
    struct buf held;   /* the end of its body, for a cut that counts from there */
    size_t hold;       /* so many octets */
    struct http_head response;
    struct http_body response_body;
    bool uses_upstream;  /* went to an origin */
    bool keeps_upstream; /* the origin's answer lets its connection stay open */
    struct origin_answer *built_in;
    int64_t next_slice; /* pace: when the next write may go out */
    struct tunnel_state *tunnel;
};

struct held_content { /* of a request with qop=auth-int: given back once it was hashed */
    struct http_body body;
    struct buf octets, content; /* as read; without transfer coding */
};

struct conn {
    struct conn *next, *previous; /* of the instance; next also links the dead */
    struct instance *instance;
    struct listener *listener;
    struct stream stream;
    struct timer timer;
    int64_t wake_at; /* collected while polling */
    enum conn_state state;
    enum conn_state after_list; /* for lists on accept and hello */
    uint64_t number, exchanges;
    const char *via;
    uint64_t carrier;
    char *dialed_host; /* the name to certify where the client sends no SNI; NULL: our address */
    const char *exit;  /* see exits_of() */
    uint64_t exit_index;
    struct auth_session session;
    size_t seen; /* of an incomplete header block: octets without its end */
    int64_t message_began;
    struct exchange *exchange;
    struct upstream *upstream;
    int64_t ending_since;
    bool polling, poll_again;
    bool waits_for_journal; /* polled again when a watch is met */
    bool bytes_told;        /* the `bytes` event of the message that is coming */
    bool client_fin_told;
    unsigned alerts_told;
};

/* conn.c */
struct conn *conn_new(struct listener *, int fd, const struct sockaddr *peer);
void conn_poll(struct conn *);
void conn_free(struct conn *); /* the reaper's */
/* The connection is polled again at that time, at the latest. Called while it is polled. */
void conn_wake_at(struct conn *, int64_t when);
/* A draft with the common fields of this connection, stamped now. */
void conn_event(struct conn *, struct event_draft *, enum event_kind);
void conn_note_event(struct conn *, struct event_draft *);
const struct actor *conn_actor(const struct conn *);
/* The default body, "<actor> <status> <case>", which tells who answered. */
void conn_mark(const struct conn *, int status, struct buf *);
/* Notices, while a list plays, that the peer reset (the connection ends; true), sent FIN, or sent
 * the first octets of its next message. */
bool conn_look(struct conn *);
bool conn_peer_is_gone(const struct conn *); /* FIN seen */
bool conn_has_input(struct conn *);
/* Notes that the first octets of a message are here, unless that was told already. */
void conn_tell_bytes(struct conn *, const char *octets, size_t len);

/* Ends the connection now. `why` is for the journal. */
void conn_end(struct conn *, const char *by, const char *how, const char *why, bool acked,
              bool exact, int64_t settle_ns);
/* Begins a clean close: FIN, drain, end. Everything queued must have been written. */
void conn_begin_close(struct conn *, bool notify, const char *why);
/* The peer's RST was met: ends the connection, and says PROGRESS_ENDED. */
enum progress conn_client_reset(struct conn *);
/* Notes the peer's FIN, once. */
void conn_tell_client_fin(struct conn *);

/* conn_tls.c: the states before TLS is up */
void conn_hello_poll(struct conn *);
void conn_handshake_poll(struct conn *);
void conn_tell_alerts(struct conn *); /* those that were not told yet */

/* request.c: reading requests */
enum progress request_poll(struct conn *); /* CONN_REQUEST: a whole header block */
enum progress request_body_poll(struct conn *, uint64_t limit); /* reads body octets up to limit */
bool request_body_open(const struct exchange *); /* part of it has not been read yet */
/* Counts and hashes body octets read by somebody else; how many of them belong to the body. */
size_t request_body_take(struct conn *, const char *data, size_t len);
void request_tell_body_left(struct conn *); /* the connection ends before the body was whole */
void request_send_continue(struct conn *);
/* Adds octets of a request to an event; empty ones are nothing to tell. */
void request_add(struct event_draft *, enum field_id, struct http_slice);
/* Whom a Retry-After in the answer to the request at hand binds. */
void request_promise_key(const struct conn *, struct buf *key);
/* Reads what the client sends behind a message that got its end, and notes the requests in it:
 * nothing answers them. STREAM_AGAIN: no more for now; else how the input ended. */
ssize_t request_overhear(struct conn *);

/* gate.c: authentication */
bool gate_wants_content(const struct conn *); /* before it can judge the request at hand */
/* Reads that content and gives it back to the stream. DONE also when it broke off. */
enum progress gate_read_content(struct conn *);
void gate_judge(struct conn *); /* into exchange->auth */
void gate_add_fields(const struct conn *, struct event_draft *);
bool gate_lets_in(const struct conn *);
struct http_slice gate_user(const struct conn *); /* of the request at hand; empty: nobody */
/* The rule `gate`, if it refuses the request at hand; else NULL. */
const struct rule *gate_rule(const struct conn *);
/* Appends field lines with the challenges of the actor's gates, or of that one: see struct
 * answer_context. */
void gate_challenge(void *conn, const struct gate *, const char *field, struct buf *);
void gate_auth_free(struct auth *);
void gate_held_free(struct held_content *);

/* exits.c: simulated exit addresses */
void exits_accept(struct conn *);
void exits_forget(struct conn *);  /* another request begins */
void exits_request(struct conn *); /* after gate_judge() */
/* The exit that serves the connection now; at an origin, the one it is reached by. NULL: none. */
const char *exits_of(const struct conn *);
const char *exits_header(const struct conn *); /* for X-Exit: the actor's own, or NULL */
void exits_free(struct exits *);

/* leaks.c: texts that `leak` checks look for in what an actor receives */
void leaks_begin(struct conn *); /* a connection was accepted */
void leaks_tell(struct conn *);  /* those that came, each once: the event `found` */

/* script.c: the cursor through a list */
void script_begin(struct conn *, const struct rule *, enum conn_state after);
enum progress script_poll(struct conn *);
/* Writes the `rule` event of the list at hand, once. */
void script_tell_left(struct conn *, bool completed);
/* The action at hand ended before it was carried out: the client left, or its limit passed. */
void script_note_left(struct exchange *);
/* The end that the cut of the action at hand puts in its place; NULL: it has none. */
const char *script_cut_with(const struct exchange *);
/* Keeps the event that the list was begun for, if the list's texts have fields of it. */
void script_keep_event(struct conn *, const struct fp_event *);
const struct fp_event *script_event(const struct conn *); /* what was kept, or NULL */
struct exchange *exchange_new(void);
void exchange_free(struct exchange *);

/* rule.c */
/* The rule that takes the event at hand, or NULL. Counts. */
const struct rule *rule_take(struct conn *, const struct fp_event *);

/* actions: each is polled until it is done */
typedef enum progress action_poll(struct conn *, const struct action *);
action_poll action_respond, action_send, action_forward, action_tunnel, action_read, action_wait,
    action_pace, action_stall, action_close, action_half_close, action_reset, action_abort,
    action_alert, action_set, action_rotate;
/* Frees what a tunnel under way holds. */
void tunnel_free(struct tunnel_state *);
bool tunnel_is_copying(const struct exchange *);
void tunnel_tell_end(struct conn *); /* its `tunnel_end` event, if it was open */
enum progress condition_poll(struct conn *, const struct condition *);
/* Done when all that was written is acknowledged (or, when_sent, has left the kernel's queue). */
enum progress settle_poll(struct conn *, const struct ending *);

/* answering.c: writes exchange->answer */
void answering_begin(struct conn *);
enum progress answering_poll(struct conn *);
/* An answer of our own outside of any list: 400, 502, … */
void answering_own(struct conn *, int status, const char *proxy_status, const char *text,
                   bool close_after);
/* Says that the answer in a.head is about to be written: event `response`, promise. */
void answering_tell(struct conn *, const char *head, size_t len);
/* The same of a header block that was told before it was whole: its promise binds from now on. */
void answering_promise(struct conn *, const struct http_head *answer);
void answering_tell_sent(struct conn *, int status, uint64_t octets, uint64_t body, bool whole);
/* Does the answer with this head leave the connection open, in the exchange at hand? */
bool answering_keeps_open(const struct exchange *, const struct http_head *answer);

/* forward_head.c: header blocks as they are passed on */
void forward_write_request(const struct conn *, struct buf *);
void forward_write_response(struct conn *, const struct forward *, struct buf *);
bool forward_dechunks(const struct exchange *); /* the client speaks 1.0: no chunked coding */

/* upstream.c */
enum dial { DIAL_PENDING, DIAL_OPEN, DIAL_FAILED };
enum upstream_use { UPSTREAM_FORWARD, UPSTREAM_TUNNEL };
enum dial upstream_open(struct conn *, struct http_slice host, int port, int to, enum upstream_use);
enum dial upstream_state(struct conn *);
/* What a proxy answers when its dial failed, by the errno of the connect (RFC 9209, 2.3). */
struct dial_failure {
    int status;
    const char *proxy_status, *text;
};
struct dial_failure upstream_failure(int error);
int upstream_error(const struct conn *); /* of the dial that failed just now */
void upstream_drop(struct conn *, bool reset);

/* origin.c: the origin's built-in answer, as an action to be played */
struct origin_answer;
struct origin_answer *origin_answer_new(struct conn *, const struct forward *);
const struct action *origin_answer_action(const struct origin_answer *);
void origin_answer_free(struct origin_answer *);

#endif
