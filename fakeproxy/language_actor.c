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
    { "name", &shape_name, "how checks and waits call it", .says = "`rule-N`, N its place" },
    { "on", &on,
      "the event: a connection, a whole ClientHello, or a request's whole header block "
      "(CONNECT is a method, not an event)",
      .required = true },
    { "when", &shape_when, "which of these events", .otherwise = "{}" },
    { "skip", &shape_number_from_0, "lets so many fitting events pass to the rules below first",
      .otherwise = "0" },
    { "times", &shape_count, "then takes so many", .says = "no limit" },
    { "per", &shape_scope, "the scope of both counters, never reset by a new connection",
      .otherwise = "\"scenario\"" },
    { "fault", &fault,
      "this rule is the test: `true`: its last action, or the named one, must have been carried "
      "out once (`stall`: begun)",
      .otherwise = "false" },
    { "do", &shape_actions, "the actions, one after the other", .required = true },
    { NULL },
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

static const struct key gate_keys[] = {
    { "scheme", &scheme, "the authentication scheme", .required = true },
    { "realm", &shape_octets, "the realm; `ntlm` has none", .otherwise = "\"fakeproxy\"" },
    { "users", &users, "name → password; none: nobody gets in", .otherwise = "{}" },
    { "tokens", &shape_texts, "`bearer`: what is let in", .otherwise = "[]" },
    { "nonces", &shape_texts, "`digest`: offered in turn, each valid from the start",
      .says = "a fresh one each time" },
    { "uses", &shape_number_from_0, "of a nonce; then `stale=true` and the next one",
      .says = "no limit" },
    { "algorithm", &shape_octets, "`digest`", .says = "not sent, which means MD5" },
    { "qop", &shape_octets, "`digest`", .otherwise = "\"auth\"" },
    { "opaque", &shape_octets, "`digest`", .says = "not sent" },
    { "strict_uri", &shape_bool, "`digest`: `uri` must equal the request-target",
      .otherwise = "false" },
    { "unique_nc", &shape_bool, "`digest`: a nonce count used twice is `replayed`",
      .otherwise = "false" },
    { NULL },
};
const struct shape shape_gate = {
    .kind = SHAPE_OBJECT,
    .name = "gate",
    .expects = "a gate {\"scheme\": …}",
    .doc = "Authentication behind the rules, in the journal as rule `gate`: a request that no rule "
           "took and whose `auth` is not `ok` gets the challenge, 407 at a proxy, 401 at an "
           "origin.",
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
    { "open_after", &shape_duration, "refused until then", .required = true },
    { NULL },
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

static const struct key tls_keys[] = {
    { "certificate", &certificate, "what is wrong with the leaf", .otherwise = "\"good\"" },
    { "names", &some_texts, "the names the leaf is valid for", .says = "the one asked for" },
    { "versions", &versions, "spoken; without gaps", .says = "1.2 and 1.3" },
    { "alpn", &some_texts, "protocols, in order of preference", .says = "`http/1.1`" },
    { "ask_client", &shape_bool, "asks for a client certificate", .otherwise = "false" },
    { "tickets", &tickets, "how many session tickets are sent",
      .says = "the TLS library's number" },
    { "early_data", &shape_size, "octets of 0-RTT data that are accepted", .otherwise = "0" },
    { NULL },
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
    { "names", &shape_names, "the exits, in turn", .required = true },
    { "by", &exits_by, "what gets its own: each connection, request, user name; or only `rotate`",
      .otherwise = "\"connection\"" },
    { NULL },
};
static const struct shape exits = {
    .kind = SHAPE_OBJECT,
    .name = "exits",
    .expects = "an object {\"names\": […], \"by\": …}",
    .doc = "Simulated exit addresses, told in the header field `X-Exit`, in the field `exit`, and "
           "at the origin's `/exit`.",
    .keys = exits_keys,
};

/* ---- actors ---------------------------------------------------------------------------------- */

static const struct shape promises = { .kind = SHAPE_ENUM,
                                       .words =
                                           WORDS("target", "host", "exit", "actor", "scenario") };

static const struct key actor_keys[] = {
    { "rules", &rules, "tried top-down, the first that fits plays", .otherwise = "[]" },
    { "listen", &listen,
      "`refused`: bound, not listening; `blackhole`: SYNs are dropped; or opened later",
      .otherwise = "\"open\"" },
    { "tls", &tls, "TLS at this actor", .says = "proxy: none; origin: a good certificate" },
    { "auth", &auth, "the gate, or a list of gates that are offered together", .says = "none" },
    { "exits", &exits, "simulated exits", .says = "none" },
    { "promises", &promises,
      "whom a Retry-After binds: the same method and target, the host, the exit, everything at "
      "this actor, the whole scenario",
      .otherwise = "\"target\"" },
    { NULL },
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
