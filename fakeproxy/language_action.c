/*
 * The actions a rule can play.
 */
#include "language_shapes.h"

#include "tls_record.h"

/* ---- parts of actions ------------------------------------------------------------------------ */

static const struct shape pace_bytes = { .kind = SHAPE_SIZE, .min = 1 };

#define PACE_KEYS                                                                                  \
    KEY("bytes", &pace_bytes, "at most so many octets in one write", .required = true),            \
        KEY("every", &shape_duration, "the pause between two writes", .required = true)

static const struct key pace_keys[] = { PACE_KEYS, { .name = NULL } };
static const struct shape pace = {
    .kind = SHAPE_OBJECT,
    .name = "pace",
    .expects = "a pace {\"bytes\": N, \"every\": duration}",
    .doc = "One slice is one write, one segment where the pause is 1 ms or more and, in TLS, one "
           "record. How the reader's reads fall is not promised.",
    .keys = pace_keys,
};

static const struct key send_pace_keys[] = {
    KEY("bytes", &pace_bytes, "at most so many octets in one write", .says = "one repetition"),
    KEY("every", &shape_duration, "the pause between two writes", .required = true),
    { .name = NULL },
};
static const struct shape send_pace = {
    .kind = SHAPE_OBJECT,
    .name = "send-pace",
    .expects = "a pace {\"every\": duration}",
    .doc = "As a pace; without `bytes`, each repetition is one write.",
    .keys = send_pace_keys,
};

static const struct shape direction = { .kind = SHAPE_ENUM, .words = WORDS("down", "up") };
#define DIRECTION_KEY                                                                              \
    KEY("direction", &direction, "`down`: to the client; `up`: to the origin",                     \
        .otherwise = "\"down\"")

static const struct key tunnel_pace_keys[] = { PACE_KEYS, DIRECTION_KEY, { .name = NULL } };
static const struct shape tunnel_pace = {
    .kind = SHAPE_OBJECT,
    .name = "tunnel-pace",
    .expects = "a pace {\"bytes\": N, \"every\": duration}",
    .doc = "As a pace, for one direction of a tunnel.",
    .keys = tunnel_pace_keys,
};

static const struct shape cut_octets = { .kind = SHAPE_UNION,
                                         .expects = "a number of octets, negative from the end, "
                                                    "or a size such as \"64KiB\"",
                                         .parts = PARTS(
                                             &(const struct shape){ .kind = SHAPE_INTEGER,
                                                                    .min = -((int64_t)1 << 40),
                                                                    .max = (int64_t)1 << 40 },
                                             &shape_size) };
static const struct shape landmark = {
    .kind = SHAPE_ENUM, .words = WORDS("client-hello", "server-hello", "handshake", "close-notify")
};
static const struct shape http_layer = {
    .kind = SHAPE_ENUM,
    .expects = "\"http\" (octets of the record layer are counted at a tunnel only)",
    .words = WORDS("http")
};
static const struct shape any_layer = { .kind = SHAPE_ENUM, .words = WORDS("http", "record") };

#define CUT_WITH KEY("with", &shape_end, "how it ends then, or `\"stall\"`", .required = true)

static const struct key cut_keys[] = {
    KEY("after_body_bytes", &cut_octets,
        "octets behind the header block, chunk framing included; negative: from the end"),
    KEY("after_bytes", &cut_octets, "octets of the answer; negative: from the end"),
    CUT_WITH,
    KEY("layer", &http_layer, "octets are counted before TLS, and the TLS record ends there",
        .otherwise = "\"http\""),
    { .name = NULL },
};
static const struct shape cut = {
    .kind = SHAPE_OBJECT,
    .name = "cut",
    .expects = "a cut such as {\"after_bytes\": 3, \"with\": \"reset\"}",
    .doc = "Ends an answer before its end, at an exact octet.",
    .keys = cut_keys,
    .one_of = "after_body_bytes after_bytes",
};

static const struct key tunnel_cut_keys[] = {
    KEY("at", &landmark, "right behind this part of the TLS conversation inside"),
    KEY("after_bytes", &shape_size, "octets copied in that direction after the 2xx"),
    CUT_WITH,
    KEY("layer", &any_layer, "`http`: all octets; `record`: those behind the TLS handshake inside",
        .otherwise = "\"http\""),
    DIRECTION_KEY,
    { .name = NULL },
};
static const struct shape tunnel_cut = {
    .kind = SHAPE_OBJECT,
    .name = "tunnel-cut",
    .expects = "a cut such as {\"after_bytes\": 3, \"with\": \"reset\"}",
    .doc = "Ends a tunnel at an exact octet of one direction, or at a landmark of the TLS inside.",
    .keys = tunnel_cut_keys,
    .one_of = "after_bytes at",
};

/* ---- respond --------------------------------------------------------------------------------- */

static const struct shape status = { .kind = SHAPE_INTEGER, .min = 100, .max = 999 };
static const struct shape framing = { .kind = SHAPE_ENUM,
                                      .words = WORDS("length", "chunked", "close", "none") };
static const struct shape seconds = { .kind = SHAPE_INTEGER, .min = 0 };
static const struct shape retry_after = { .kind = SHAPE_UNION,
                                          .expects = "seconds, an instant, or a text",
                                          .parts = PARTS(&seconds, &shape_instant, &shape_octets) };

static const struct shape challenge_line = { .kind = SHAPE_UNION,
                                             .expects = "a challenge: a text or a gate",
                                             .parts = PARTS(&shape_octets, &shape_gate) };
static const struct shape challenge_lines = {
    .kind = SHAPE_LIST, .expects = "a list of challenges", .of = &challenge_line, .min = 1
};
static const struct shape challenge = {
    .kind = SHAPE_UNION,
    .expects = "true (the actor's gate), or a list of challenges, one field line each",
    .parts = PARTS(&shape_bool, &challenge_lines),
};

#define STATUS_LINE_KEYS                                                                           \
    KEY("status", &status, "the status code", .otherwise = "200"),                                 \
        KEY("reason", &shape_octets, "the reason phrase", .says = "the registered one"),           \
        KEY("version", &shape_octets, "the HTTP version it claims", .otherwise = "\"1.1\""),       \
        KEY("headers", &shape_field_lines,                                                         \
            "field lines; one named here replaces ours, `null` removes it", .otherwise = "[]")

static const struct key respond_keys[] = {
    STATUS_LINE_KEYS,
    KEY("body", &shape_body,
        "the content; none for 1xx, 204, 304, to HEAD, and in a 2xx to CONNECT",
        .says = "the mark `<actor> <status> <case>`"),
    KEY("content", &shape_body, "what a right reader gets, where hand-made octets differ from it",
        .says = "the body"),
    KEY("framing", &framing, "how its end is told", .says = "`length`; `chunked` with `chunks`"),
    KEY("retry_after", &retry_after, "the Retry-After field: seconds, an instant, or any text"),
    KEY("challenge", &challenge,
        "WWW-Authenticate in a 401, else Proxy-Authenticate: `true` is the gate's challenge"),
    KEY("cut", &cut, "ends early"),
    KEY("pace", &pace, "in slices"),
    { .name = NULL },
};
static const struct shape respond = {
    .kind = SHAPE_OBJECT,
    .name = "respond",
    .expects = "the fields of an answer, such as {\"status\": 503}",
    .doc = "An answer written by us. Adds `Date` and the framing field, nothing else. A 1xx leaves "
           "the exchange open. Reads the whole request body first, unless a `read` came before it.",
    .keys = respond_keys,
};

/* ---- send, forward, tunnel ------------------------------------------------------------------- */

static const struct shape forever = { .kind = SHAPE_ENUM, .words = WORDS("forever") };
static const struct shape times = { .kind = SHAPE_UNION,
                                    .expects = "a number from 1, or \"forever\"",
                                    .parts = PARTS(&shape_count, &forever) };
static const struct key send_keys[] = {
    KEY("octets", &shape_octets, "each character is one octet", .required = true),
    KEY("times", &times, "how often, or `\"forever\"`", .otherwise = "1"),
    KEY("content", &shape_body, "what a right reader gets of it", .says = "not judged"),
    KEY("pace", &send_pace, "in slices"),
    KEY("cut", &cut, "ends early"),
    { .name = NULL },
};
static const struct shape send_object = {
    .kind = SHAPE_OBJECT, .name = "send", .keys = send_keys, .doc = "Octets as they are."
};
static const struct shape send = { .kind = SHAPE_UNION,
                                   .expects = "octets, or an object {\"octets\": …}",
                                   .parts = PARTS(&shape_octets, &send_object) };

static const struct key forward_keys[] = {
    KEY("to", &shape_name, "the origin", .says = "that of the target"),
    KEY("headers", &shape_field_lines, "act on the answer as in `respond`", .otherwise = "[]"),
    KEY("cut", &cut, "ends the answer early"),
    KEY("pace", &pace, "the answer in slices"),
    { .name = NULL },
};
static const struct shape forward = {
    .kind = SHAPE_OBJECT,
    .name = "forward",
    .doc = "To the origin of the target, on this connection's own upstream connection (opened when "
           "needed, kept while both sides allow); origin-form, hop-by-hop and `Proxy-*` fields "
           "removed, none added. For a CONNECT it is `tunnel`; at an origin, its built-in answer.",
    .keys = forward_keys,
};

static const struct key tunnel_keys[] = {
    STATUS_LINE_KEYS,
    KEY("to", &shape_name, "the origin", .says = "that of the target"),
    KEY("cut", &tunnel_cut, "ends early"),
    KEY("pace", &tunnel_pace, "copies in slices"),
    KEY("until", &shape_condition, "then copying stops, octets stay unread, and the list goes on",
        .says = "both ends are done"),
    { .name = NULL },
};
static const struct shape tunnel = {
    .kind = SHAPE_OBJECT,
    .name = "tunnel",
    .doc = "Dials the origin, answers the CONNECT (not if the list has already sent something), "
           "and copies blindly.",
    .keys = tunnel_keys,
};

/* ---- the others ------------------------------------------------------------------------------ */

static const struct shape all = { .kind = SHAPE_ENUM, .words = WORDS("all") };
static const struct shape read_bytes = { .kind = SHAPE_UNION,
                                         .expects = "a size such as \"64KiB\", or \"all\"",
                                         .parts = PARTS(&shape_size, &all) };
static const struct key read_keys[] = {
    KEY("bytes", &read_bytes, "so much of the request body", .otherwise = "\"all\""),
    KEY("for", &shape_duration, "for that long at most", .says = "no limit"),
    KEY("continue", &shape_bool, "sends `100 Continue` if it was asked for", .otherwise = "true"),
    { .name = NULL },
};
static const struct shape read_object = {
    .kind = SHAPE_OBJECT,
    .name = "read",
    .keys = read_keys,
    .doc = "Reads of the request body; `0` reads nothing, so that the answer goes out at once."
};
static const struct shape read = {
    .kind = SHAPE_UNION,
    .expects = "a size such as \"64KiB\", \"all\", or an object {\"bytes\": …, \"for\": …}",
    .parts = PARTS(&shape_size, &all, &read_object),
};

static const struct key stall_keys[] = {
    KEY("reading", &shape_bool, "`false` closes the window", .otherwise = "true"),
    { .name = NULL },
};
static const struct shape stall = { .kind = SHAPE_OBJECT,
                                    .name = "stall",
                                    .doc = "Nothing more is written; goes on reading.",
                                    .keys = stall_keys };

static const struct key close_keys[] = {
    KEY("notify", &shape_bool, "TLS: a close_notify goes first", .otherwise = "true"),
    { .name = NULL },
};
static const struct shape close_end = {
    .kind = SHAPE_OBJECT,
    .name = "close",
    .doc = "A true FIN: what still comes is drained (2 s at most), then the connection ends.",
    .keys = close_keys,
};
static const struct shape half_close = { .kind = SHAPE_OBJECT,
                                         .name = "half_close",
                                         .doc = "FIN of our direction; reading goes on.",
                                         .keys = close_keys };

static const struct shape reset_when = { .kind = SHAPE_ENUM, .words = WORDS("acked", "sent") };
static const struct key reset_keys[] = {
    KEY("when", &reset_when,
        "`acked`: once all before it is acknowledged; `sent`: as soon as nothing is unsent",
        .otherwise = "\"acked\""),
    KEY("within", &shape_duration, "limits the wait; then RST goes out, and is not exact",
        .otherwise = "\"5s\""),
    { .name = NULL },
};
static const struct shape reset = {
    .kind = SHAPE_OBJECT,
    .name = "reset",
    .doc = "RST once all before it is acknowledged. Delayed ACK can make it up to 50 ms late on a "
           "used connection; `{\"when\": \"sent\"}` does not wait for that, and is exact on "
           "loopback.",
    .keys = reset_keys,
};

static const struct key no_keys[] = { { .name = NULL } };
static const struct shape nothing = { .kind = SHAPE_OBJECT,
                                      .expects = "an empty object",
                                      .keys = no_keys };

static const struct shape alert = { .kind = SHAPE_ENUM,
                                    .expects = "the name of a TLS alert (RFC 8446, section 6)",
                                    .words = tls_alert_names };

/* ---- the action ------------------------------------------------------------------------------ */

#define END_KEYS                                                                                   \
    KEY("stall", &stall, "nothing more is written", .bare = "{}"),                                 \
        KEY("close", &close_end, "a true FIN, after draining", .bare = "{}"),                      \
        KEY("half_close", &half_close, "FIN of our direction only", .bare = "{}"),                 \
        KEY("reset", &reset, "RST once all before it is acknowledged", .bare = "{}"),              \
        KEY("abort", &nothing, "RST at once, queued octets are lost", .bare = "{}")

static const struct key end_keys[] = { END_KEYS, { .name = NULL } };
const struct shape shape_end = {
    .kind = SHAPE_CHOICE,
    .name = "end",
    .expects = "\"close\", \"half_close\", \"reset\", \"abort\" or \"stall\"",
    .doc = "How a cut ends.",
    .keys = end_keys,
};

static const struct key action_keys[] = {
    KEY("respond", &respond, "an answer written by us", .bare = "{}"),
    KEY("send", &send, "octets as they are"),
    KEY("forward", &forward, "to the origin, and its answer back", .bare = "{}"),
    KEY("tunnel", &tunnel, "answers the CONNECT and copies", .bare = "{}"),
    KEY("read", &read, "of the request body", .bare = "\"all\""),
    KEY("wait", &shape_condition, "until a condition holds"),
    KEY("pace", &pace, "for all later writes of the list"),
    END_KEYS,
    KEY("alert", &alert, "a TLS alert by name, then close"),
    KEY("set", &shape_text, "the one state word of the scenario, first `start`"),
    KEY("rotate", &nothing, "the next exit", .bare = "{}"),
    { .name = NULL },
};
const struct shape shape_action = {
    .kind = SHAPE_CHOICE,
    .name = "action",
    .expects = "an action",
    .doc = "An object with one key, or the bare word, which is the action with its defaults.",
    .keys = action_keys,
};
const struct shape shape_actions = { .kind = SHAPE_LIST,
                                     .expects = "a list of actions",
                                     .of = &shape_action };
