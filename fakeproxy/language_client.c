/*
 * The client: how it is set up, and its steps.
 */
#include "language_shapes.h"

/* ---- parts ----------------------------------------------------------------------------------- */

static const struct key url_keys[] = {
    KEY("url", &shape_text, "taken literally", .required = true),
    { .name = NULL },
};
static const struct shape proxy_url = { .kind = SHAPE_OBJECT, .keys = url_keys, .tell = "url" };
static const struct shape proxy = {
    .kind = SHAPE_UNION,
    .name = "proxy-choice",
    .expects = "the name of a proxy, null, or {\"url\": …}",
    .doc = "The name of a proxy; `null`: none; or `{\"url\": …}`, taken literally.",
    .parts = PARTS(&shape_name, &shape_null, &proxy_url),
};
static const struct shape pool = {
    .kind = SHAPE_LIST, .expects = "a list of proxies", .of = &proxy, .min = 1
};

static const struct shape pair = {
    .kind = SHAPE_TUPLE,
    .expects = "a pair [\"user\", \"password\"]",
    .parts = PARTS(&shape_text, &shape_text),
};
static const struct shape one_pair = { .kind = SHAPE_UNION, .parts = PARTS(&shape_null, &pair) };
static const struct shape credentials_by = {
    .kind = SHAPE_ENUM, .words = WORDS("documented", "option", "url", "header", "callback")
};

static const struct shape retry_word = { .kind = SHAPE_ENUM, .words = WORDS("off", "default") };
static const struct shape all = { .kind = SHAPE_ENUM, .words = WORDS("all") };
static const struct shape methods = { .kind = SHAPE_UNION,
                                      .expects = "\"all\", or a list of methods",
                                      .parts = PARTS(&all, &shape_names) };
static const struct key retry_keys[] = {
    KEY("attempts", &shape_count, "requests in all, the first included", .required = true),
    KEY("base", &shape_duration, "the first delay", .says = "the client's"),
    KEY("cap", &shape_duration, "the longest delay, a Retry-After included",
        .says = "the client's"),
    KEY("methods", &methods, "which may be repeated", .says = "the client's"),
    { .name = NULL },
};
static const struct shape retry_policy = {
    .kind = SHAPE_OBJECT,
    .name = "retry",
    .doc = "A retry policy.",
    .keys = retry_keys,
};
static const struct shape retry = {
    .kind = SHAPE_UNION,
    .expects = "\"off\", \"default\" or {\"attempts\": N, …}",
    .parts = PARTS(&retry_word, &retry_policy),
};

/* `null`: none, also where the session has one */
static const struct shape deadline = { .kind = SHAPE_UNION,
                                       .expects = "a duration such as \"250ms\", or null",
                                       .parts = PARTS(&shape_duration, &shape_null) };

#define OR_NULL(shape)                                                                             \
    {                                                                                              \
        .kind = SHAPE_UNION, .parts = PARTS(&(shape), &shape_null)                                 \
    }

#define DEADLINE_KEYS                                                                              \
    KEY("connect", &deadline, "until connected", .says = "none"),                                  \
        KEY("read", &deadline, "between two octets", .says = "none")
static const struct key deadline_keys[] = {
    DEADLINE_KEYS,
    KEY("total", &deadline, "for the whole request", .otherwise = "\"10s\""),
    { .name = NULL },
};
static const struct shape deadlines = {
    .kind = SHAPE_OBJECT,
    .name = "deadlines",
    .expects = "an object such as {\"total\": \"5s\"}",
    .doc = "When the client gives up.",
    .keys = deadline_keys,
};
static const struct key step_deadline_keys[] = {
    DEADLINE_KEYS,
    KEY("total", &deadline, "for the whole request", .says = "the session's"),
    { .name = NULL },
};
static const struct shape step_deadlines = {
    .kind = SHAPE_OBJECT,
    .name = "step-deadlines",
    .expects = "an object such as {\"total\": \"5s\"}",
    .doc = "Deadlines that differ from the session's.",
    .keys = step_deadline_keys,
};

static const struct shape rotate = { .kind = SHAPE_ENUM,
                                     .words = WORDS("on-block", "each", "sticky") };
static const struct shape environment = { .kind = SHAPE_MAP,
                                          .expects = "an object {\"VARIABLE\": \"value\"}",
                                          .of = &shape_text };
static const struct shape addresses = { .kind = SHAPE_UNION,
                                        .expects = "an address, or a list of addresses",
                                        .parts = PARTS(&shape_text, &shape_texts) };
static const struct shape hosts = { .kind = SHAPE_MAP,
                                    .expects = "an object {\"name\": address}",
                                    .of = &addresses };

static const struct shape schemes_or_null = OR_NULL(shape_names);
static const struct shape pool_or_null = OR_NULL(pool);
static const struct shape rotate_or_null = OR_NULL(rotate);
static const struct shape environment_or_null = OR_NULL(environment);
static const struct shape hosts_or_null = OR_NULL(hosts);
static const struct shape without_or_null = { .kind = SHAPE_UNION,
                                              .expects = "a text, a list of texts, or null",
                                              .parts =
                                                  PARTS(&shape_text, &shape_texts, &shape_null) };

/* ---- sessions and the client ----------------------------------------------------------------- */

/* D(json): the default of the client itself; a session has none of its own. */
#define CLIENT_KEYS(D)                                                                             \
    KEY("proxy", &proxy, "which proxy it uses", .otherwise = D("\"proxy\"")),                      \
        KEY("credentials", &shape_pairs,                                                           \
            "`[\"user\", \"password\"]` for the proxy; a list of pairs with `callback`",           \
            .otherwise = D("null")),                                                               \
        KEY("origin_credentials", &one_pair, "for the origin", .otherwise = D("null")),            \
        KEY("credentials_by", &credentials_by, "the way the client is given them",                 \
            .otherwise = D("\"documented\"")),                                                     \
        KEY("schemes", &schemes_or_null, "authentication schemes it may use",                      \
            .says = "the client's"),                                                               \
        KEY("retry", &retry, "`off`, the library's own `default`, or a policy",                    \
            .otherwise = D("\"off\"")),                                                            \
        KEY("redirects", &shape_bool, "follows redirects", .otherwise = D("false")),               \
        KEY("cookies", &shape_bool, "keeps cookies", .otherwise = D("false")),                     \
        KEY("cache", &shape_bool, "keeps a cache", .otherwise = D("false")),                       \
        KEY("verify", &shape_bool, "verifies certificates", .otherwise = D("true")),               \
        KEY("deadlines", &deadlines, "when it gives up", .otherwise = D("{}")),                    \
        KEY("pool", &pool_or_null, "proxies it may choose from", .says = "none"),                  \
        KEY("rotate", &rotate_or_null, "when it takes another of its pool", .says = "never"),      \
        KEY("environment", &environment_or_null, "variables of a new client process",              \
            .says = "none"),                                                                       \
        KEY("hosts", &hosts_or_null, "name → address or addresses", .says = "none"),               \
        KEY("without_proxy", &without_or_null, "the exclusion list", .says = "none")
#define NONE(json)  NULL
#define GIVEN(json) json

static const struct key session_keys[] = { CLIENT_KEYS(NONE), { .name = NULL } };
static const struct shape session = {
    .kind = SHAPE_OBJECT,
    .name = "session",
    .expects = "an object with keys of the client that differ",
    .doc = "Keys of the client that differ; all others are as the client says.",
    .keys = session_keys,
};
static const struct shape sessions = { .kind = SHAPE_MAP,
                                       .expects = "an object {\"name\": session}",
                                       .of = &session,
                                       .accepts = language_is_name };

/* ---- steps ----------------------------------------------------------------------------------- */

static bool is_token(const char *text, size_t len)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9')) {
            const char *other = others;
            while (*other && *other != c)
                other++;
            if (!*other)
                return false;
        }
    }
    return len > 0;
}

static const struct shape method = { .kind = SHAPE_TEXT,
                                     .expects = "a method, such as \"GET\"",
                                     .pattern = "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                                     .accepts = is_token };
static const struct shape read_how = { .kind = SHAPE_ENUM, .words = WORDS("whole", "stream") };
static const struct key raw_keys[] = {
    KEY("connect", &shape_text, "the authority of a CONNECT, such as `{origin}:22`",
        .required = true),
    { .name = NULL },
};
static const struct shape raw = { .kind = SHAPE_OBJECT,
                                  .expects = "an object {\"connect\": \"host:port\"}",
                                  .keys = raw_keys };

static const struct key step_keys[] = {
    KEY("name", &shape_name, "how checks and waits call it", .says = "its number"),
    KEY("method", &method, "the request method", .otherwise = "\"GET\""),
    KEY("url", &shape_text, "the target", .says = "none; required without `raw`"),
    KEY("headers", &shape_field_lines, "field lines the caller adds", .otherwise = "[]"),
    KEY("body", &shape_step_body, "the content", .says = "none"),
    KEY("expect_continue", &shape_bool, "asks for 100 (Continue)", .otherwise = "false"),
    KEY("read", &read_how, "how the caller reads the answer", .otherwise = "\"whole\""),
    KEY("deadlines", &step_deadlines, "that differ", .says = "the session's"),
    KEY("session", &shape_name, "which session", .says = "the client's own keys"),
    KEY("change", &session, "keys that are changed on the live client first", .says = "none"),
    KEY("copies", &shape_count, "so many of them at once; `{n}` counts them", .otherwise = "1"),
    KEY("parallel", &shape_bool, "the next step does not wait for this one's outcome",
        .says = "true with `copies` above 1"),
    KEY("after", &shape_step_condition, "starts when this holds", .says = "at once"),
    KEY("cancel", &shape_step_condition, "is cancelled when this holds", .says = "never"),
    KEY("raw", &raw, "a raw tunnel instead of a request", .says = "none"),
    { .name = NULL },
};
static const struct shape step = {
    .kind = SHAPE_OBJECT,
    .name = "step",
    .expects = "a step {\"url\": …}",
    .doc = "Starts when the one before has its outcome (at once if that is parallel), and `after` "
           "holds.",
    .keys = step_keys,
    .one_of = "url raw",
};
static const struct shape steps = { .kind = SHAPE_LIST, .expects = "a list of steps", .of = &step };

static const struct key client_keys[] = {
    CLIENT_KEYS(GIVEN),
    KEY("sessions", &sessions, "further clients: fresh objects with their own pool",
        .otherwise = "{}"),
    KEY("watch", &shape_duration, "how long the case goes on after the last outcome",
        .says = "300 ms; 750 ms with `retry`"),
    KEY("steps", &steps, "in order", .otherwise = "[]"),
    { .name = NULL },
};
const struct shape shape_client = {
    .kind = SHAPE_OBJECT,
    .name = "client",
    .expects = "an object with steps",
    .doc = "The client under test: its settings and what it is asked to do.",
    .keys = client_keys,
};
