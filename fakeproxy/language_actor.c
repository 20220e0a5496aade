/*
 * Actors: proxies and origins, their rules, gates, exits and TLS.
 */
#include "language_shapes.h"

#include "certs.h"

/* ---- rules ----------------------------------------------------------------------------------- */

const struct shape shape_scope = { .kind = SHAPE_ENUM,
                                   .words =
                                       WORDS("scenario", "connection", "target", "exit", "user") };

static const struct shape on = { .kind = SHAPE_ENUM, .words = WORDS("accept", "hello", "request") };
static const struct shape action_name = {
    .kind = SHAPE_ENUM,
    .expects = "the name of an action",
    .words = WORDS("respond", "send", "forward", "tunnel", "read", "wait", "pace", "stall", "close",
                   "half_close", "reset", "abort", "alert", "set", "rotate")
};
static const struct shape fault = { .kind = SHAPE_UNION,
                                    .expects = "true, false, or the name of an action",
                                    .parts = PARTS(&shape_bool, &action_name) };

static const struct key rule_keys[] = {
    KEY("name", &shape_name, "how checks and waits call it", .says = "`rule-N`, N its place"),
    KEY("on", &on,
        "the event: a connection, a whole ClientHello, or a request's whole header block "
        "(CONNECT is a method, not an event)",
        .required = true),
    KEY("when", &shape_when, "which of these events", .otherwise = "{}"),
    KEY("skip", &shape_number_from_0, "lets so many fitting events pass to the rules below first",
        .otherwise = "0"),
    KEY("times", &shape_count, "then takes so many", .says = "no limit"),
    KEY("lasts", &shape_duration, "and none that comes so long after the first it took",
        .says = "no limit"),
    KEY("per", &shape_scope, "the scope of both counters, never reset by a new connection",
        .otherwise = "\"scenario\""),
    KEY("fault", &fault,
        "this rule is the test: `true`: its last action, or the named one, must have been carried "
        "out once (`stall`: begun)",
        .otherwise = "false"),
    KEY("do", &shape_actions, "the actions, one after the other", .required = true),
    { .name = NULL },
};
static const struct shape rule = {
    .kind = SHAPE_OBJECT,
    .name = "rule",
    .expects = "a rule {\"on\": …, \"do\": […]}",
    .doc = "Takes an event and plays a list of actions on its connection.",
    .keys = rule_keys,
};
static const struct shape rules = { .kind = SHAPE_LIST, .expects = "a list of rules", .of = &rule };

/* ---- gates ----------------------------------------------------------------------------------- */

static const struct shape scheme = { .kind = SHAPE_ENUM,
                                     .words = WORDS("basic", "digest", "bearer", "ntlm") };
static const struct shape users = { .kind = SHAPE_MAP,
                                    .expects = "an object {\"user\": \"password\"}",
                                    .of = &shape_text };

static const struct shape qop = { .kind = SHAPE_UNION,
                                  .expects = "a text, or a list of texts",
                                  .parts = PARTS(&shape_octets, &shape_texts) };

static const struct key gate_keys[] = {
    KEY("scheme", &scheme, "the authentication scheme", .required = true),
    KEY("realm", &shape_octets, "the realm; `ntlm` has none", .otherwise = "\"fakeproxy\""),
    KEY("users", &users, "name → password; none: nobody gets in", .otherwise = "{}"),
    KEY("tokens", &shape_texts, "`bearer`: what is let in", .otherwise = "[]"),
    KEY("nonces", &shape_texts,
        "`digest`: each valid from the start; offered is the first that is not used up, in the end "
        "the last",
        .says = "a fresh one each time"),
    KEY("uses", &shape_number_from_0, "of a nonce; then `stale=true` and the next one",
        .says = "no limit"),
    KEY("algorithm", &shape_octets, "`digest`", .says = "not sent, which means MD5"),
    KEY("qop", &qop, "`digest`: what is offered, one or a list", .otherwise = "\"auth\""),
    KEY("opaque", &shape_octets, "`digest`", .says = "not sent"),
    KEY("strict_uri", &shape_bool,
        "`digest`: `uri` must equal the request-target; else any will do that the response was "
        "computed with",
        .otherwise = "false"),
    KEY("unique_nc", &shape_bool, "`digest`: a nonce count used twice is `replayed`",
        .otherwise = "false"),
    { .name = NULL },
};
const struct shape shape_gate = {
    .kind = SHAPE_OBJECT,
    .name = "gate",
    .expects = "a gate {\"scheme\": …}",
    .doc = "Authentication behind the rules, in the journal as rule `gate`: a request that no rule "
           "took and whose `auth` is not `ok` gets the challenge, 407 at a proxy, 401 at an "
           "origin; where the client waits for a 100, at once and with `Connection: close`. A "
           "request with `qop=auth-int` is judged, and its event written, when its content was "
           "read, 16 MiB at most. `ntlm` is a look-alike: its third leg lets in whoever names a "
           "known user on the connection that was challenged. Without a gate the fields of the "
           "credentials are told all the same, only `auth` is not.",
    .keys = gate_keys,
};
static const struct shape gates = {
    .kind = SHAPE_LIST, .expects = "a list of gates", .of = &shape_gate, .min = 1
};
static const struct shape auth = { .kind = SHAPE_UNION,
                                   .expects = "a gate, or a list of gates",
                                   .parts = PARTS(&shape_gate, &gates) };

/* ---- listening, TLS, exits ------------------------------------------------------------------- */

static const struct key open_after_keys[] = {
    KEY("open_after", &shape_duration, "refused until then", .required = true),
    { .name = NULL },
};
static const struct shape open_after = { .kind = SHAPE_OBJECT, .keys = open_after_keys };
static const struct shape listen_word = { .kind = SHAPE_ENUM,
                                          .words = WORDS("open", "refused", "blackhole") };
static const struct shape listen = {
    .kind = SHAPE_UNION,
    .expects = "\"open\", \"refused\", \"blackhole\" or {\"open_after\": duration}",
    .parts = PARTS(&listen_word, &open_after)
};

static const struct shape certificate = { .kind = SHAPE_ENUM, .words = cert_kind_names };
static const struct shape version = { .kind = SHAPE_ENUM,
                                      .words = WORDS("1.0", "1.1", "1.2", "1.3") };
static const struct shape versions = {
    .kind = SHAPE_LIST, .expects = "a list of TLS versions", .of = &version, .min = 1
};
static const struct shape some_texts = {
    .kind = SHAPE_LIST, .expects = "a list of texts", .of = &shape_text, .min = 1
};
static const struct shape tickets = { .kind = SHAPE_INTEGER, .min = 0, .max = 16 };

static const struct shape early_octets = { .kind = SHAPE_SIZE, .max = INT32_MAX };
static const struct shape early_data = { .kind = SHAPE_UNION,
                                         .expects = "a size such as 4096 or \"64KiB\", or true",
                                         .parts = PARTS(&shape_bool, &early_octets) };

static const struct key tls_keys[] = {
    KEY("certificate", &certificate, "what is wrong with the leaf", .otherwise = "\"good\""),
    KEY("names", &some_texts, "the names the leaf is valid for", .says = "the one asked for"),
    KEY("versions", &versions, "spoken; without gaps", .says = "1.2 and 1.3"),
    KEY("alpn", &some_texts, "protocols, in order of preference", .says = "`http/1.1`"),
    KEY("ask_client", &shape_bool, "asks for a client certificate", .otherwise = "false"),
    KEY("tickets", &tickets, "how many session tickets are sent",
        .says = "the TLS library's number"),
    KEY("early_data", &early_data, "octets of 0-RTT data that are accepted; `true`: 16 KiB",
        .otherwise = "0"),
    { .name = NULL },
};
static const struct shape tls = {
    .kind = SHAPE_OBJECT,
    .name = "tls",
    .expects = "an object such as {\"certificate\": \"expired\"}",
    .doc = "How the actor speaks TLS. A proxy with it is an https proxy; an origin always can.",
    .keys = tls_keys,
};

static const struct shape exits_by = { .kind = SHAPE_ENUM,
                                       .words = WORDS("connection", "request", "user", "rotate") };
static const struct key exits_keys[] = {
    KEY("names", &shape_names, "the exits, in turn", .required = true),
    KEY("by", &exits_by, "what gets its own: each connection, request, user name; or only `rotate`",
        .otherwise = "\"connection\""),
    { .name = NULL },
};
static const struct shape exits = {
    .kind = SHAPE_OBJECT,
    .name = "exits",
    .expects = "an object {\"names\": […], \"by\": …}",
    .doc = "Simulated exit addresses, told in the header field `X-Exit`, in the field `exit`, and "
           "at the origin's `/exit`. Who is new gets the first, the next the second, and so on. By "
           "request and by user only who is let in by the gate has one, by user only who names a "
           "user. Another exit is another connection to the origin.",
    .keys = exits_keys,
};

/* ---- actors ---------------------------------------------------------------------------------- */

static const struct shape promises = { .kind = SHAPE_ENUM,
                                       .words =
                                           WORDS("target", "host", "exit", "actor", "scenario") };

static const struct key actor_keys[] = {
    KEY("rules", &rules, "tried top-down, the first that fits plays", .otherwise = "[]"),
    KEY("listen", &listen,
        "`refused`: bound, not listening; `blackhole`: SYNs are dropped; or opened later",
        .otherwise = "\"open\""),
    KEY("tls", &tls, "TLS at this actor", .says = "proxy: none; origin: a good certificate"),
    KEY("auth", &auth, "the gate, or a list of gates that are offered together", .says = "none"),
    KEY("exits", &exits, "simulated exits", .says = "none"),
    KEY("promises", &promises,
        "whom a Retry-After binds: the same method and target, the host, the exit, everything at "
        "this actor, the whole scenario",
        .otherwise = "\"target\""),
    { .name = NULL },
};
const struct shape shape_actor = {
    .kind = SHAPE_OBJECT,
    .name = "actor",
    .expects = "an actor, an object",
    .doc = "A proxy or an origin. What no rule takes is handled faultlessly.",
    .keys = actor_keys,
};
const struct shape shape_actor_map = { .kind = SHAPE_MAP,
                                       .expects = "an object {\"name\": actor}",
                                       .of = &shape_actor,
                                       .accepts = language_is_name };
