/*
 * Checks, and what of the house checks a case adjusts.
 */
#include "language_shapes.h"

/* ---- kinds ----------------------------------------------------------------------------------- */

static const struct key from_to_keys[] = {
    KEY("from", &shape_match, "the first such event", .required = true),
    KEY("to", &shape_match, "the first such event after it", .required = true),
    { .name = NULL },
};
static const struct shape from_to = { .kind = SHAPE_OBJECT, .keys = from_to_keys, .tell = "from" };
static const struct key of_by_keys[] = {
    KEY("of", &shape_match, "neighbours among these events", .required = true),
    KEY("by", &shape_apart, "only neighbours of the same value of this field, or at the same actor",
        .says = "all"),
    { .name = NULL },
};
static const struct shape of_by = { .kind = SHAPE_OBJECT, .keys = of_by_keys, .tell = "of" };
static const struct shape gap = { .kind = SHAPE_UNION,
                                  .name = "gap",
                                  .expects = "{\"from\": …, \"to\": …} or {\"of\": …}",
                                  .parts = PARTS(&from_to, &of_by) };

static const struct key order_keys[] = {
    KEY("first", &shape_match, "an event like this", .required = true),
    KEY("then", &shape_match, "comes before the first like this", .required = true),
    { .name = NULL },
};
static const struct shape order = { .kind = SHAPE_OBJECT,
                                    .name = "order",
                                    .expects = "{\"first\": …, \"then\": …}",
                                    .keys = order_keys };

static const struct shape leak_in = {
    .kind = SHAPE_LIST,
    .expects = "a list of actors' names, \"error\" or \"log\"",
    .of = &shape_name,
    .min = 1,
};
static const struct key leak_keys[] = {
    KEY("text", &shape_text, "what must not be found, percent- or base64-encoded neither",
        .required = true),
    KEY("in", &leak_in, "actors' names (octets they received), `error`, `log`", .required = true),
    { .name = NULL },
};
static const struct shape leak = {
    .kind = SHAPE_OBJECT, .name = "leak", .expects = "{\"text\": …, \"in\": […]}", .keys = leak_keys
};

/* ---- bounds ---------------------------------------------------------------------------------- */

static const struct shape promise = { .kind = SHAPE_ENUM, .words = WORDS("promise") };
static const struct shape number_bound = { .kind = SHAPE_INTEGER, .min = 0, .max = 1 << 30 };
static const struct shape bound = {
    .kind = SHAPE_UNION,
    .name = "bound",
    .expects = "a number (of a count), or a duration or \"promise\" (of a gap)",
    .parts = PARTS(&number_bound, &promise, &shape_duration),
};
static const struct shape factor = {
    .kind = SHAPE_NUMBER, .expects = "a number from 1 to 100", .min = 1, .max = 100
};
static const struct shape growth = {
    .kind = SHAPE_UNION,
    .expects = "true, or a number from 1 to 100",
    .parts = PARTS(&shape_bool, &factor),
};
static const struct shape time_bound = { .kind = SHAPE_UNION,
                                         .expects = "a duration such as \"2s\", or \"promise\"",
                                         .parts = PARTS(&promise, &shape_duration) };

/* ---- checks ---------------------------------------------------------------------------------- */

static const struct shape alternatives;

#define KIND_KEYS                                                                                  \
    KEY("outcome", &shape_match, "every outcome of its `step` (default: of each step) matches"),   \
        KEY("count", &shape_match, "the number of matches is in bounds"),                          \
        KEY("gap", &gap, "every pair is in bounds"),                                               \
        KEY("order", &order, "one comes before the other"),                                        \
        KEY("leak", &leak, "a text is nowhere to be found"),                                       \
        KEY("any_of", &alternatives, "one alternative passes; all that do are named"),             \
        KEY("min", &bound, "of the count, or of the gap: hard, 20 ms tolerance"),                  \
        KEY("max", &bound, "of the count, or of the gap: a hard stop, for hangs"),                 \
        KEY("exactly", &number_bound, "of the count", .with = "count"),                            \
        KEY("distinct", &shape_field_name, "counts the values of this field", .with = "count"),    \
        KEY("by", &shape_apart,                                                                    \
            "the bounds of the count hold for each value of this field, or each actor (`at`)",     \
            .with = "count"),                                                                      \
        KEY("within", &time_bound, "of the gap: `max(2s, 4 × noise)` is added", .with = "gap"),    \
        KEY("grows", &growth,                                                                      \
            "of the gap: the longest of the later ones is at least so many times the first; "      \
            "`true`: 1.25",                                                                        \
            .otherwise = "false"),                                                                 \
        KEY("average", &shape_bool, "of the gap: its bounds are for the mean of all pairs",        \
            .otherwise = "false", .with = "gap"),                                                  \
        KEY("slack", &shape_duration, "tolerance of `min` and `grows`", .says = "20 ms",           \
            .with = "gap")

#define GIVEN_KEYS                                                                                 \
    KEY("says", &shape_text, "what the client does right, in words"),                              \
        KEY("given", &shape_match, "must occur first; else not exercised")

static const struct key alternative_keys[] = { GIVEN_KEYS, KIND_KEYS, { .name = NULL } };
static const struct shape alternative = {
    .kind = SHAPE_OBJECT,
    .name = "alternative",
    .expects = "a check's kind and bounds",
    .doc = "One of several right reactions.",
    .keys = alternative_keys,
};
static const struct shape alternatives = { .kind = SHAPE_MAP,
                                           .expects = "an object {\"name\": alternative}",
                                           .of = &alternative,
                                           .min = 1,
                                           .accepts = language_is_name };

static const struct shape level = { .kind = SHAPE_ENUM,
                                    .words = WORDS("must", "must*", "should", "may", "info") };
static const struct shape needs = { .kind = SHAPE_LIST,
                                    .expects = "a list of capabilities",
                                    .of = &shape_name };

static const struct key check_keys[] = {
    KEY("level", &level, "`must*`: by this project's policy", .required = true),
    KEY("source", &shape_text, "the clause"),
    KEY("needs", &needs, "further capabilities", .otherwise = "[]"),
    KEY("variants", &shape_names, "only in these", .says = "all"),
    KEY("critical", &shape_bool, "a must that decides the letter F", .otherwise = "false"),
    GIVEN_KEYS,
    KIND_KEYS,
    { .name = NULL },
};
static const struct shape check = {
    .kind = SHAPE_OBJECT,
    .name = "check",
    .expects = "a check {\"level\": …}",
    .doc = "One statement about the client, with at least one kind; several must all hold.",
    .keys = check_keys,
};
const struct shape shape_expect = { .kind = SHAPE_MAP,
                                    .expects = "an object {\"id\": check}",
                                    .of = &check,
                                    .accepts = language_is_name };

/* ---- house ----------------------------------------------------------------------------------- */

static const struct shape off = { .kind = SHAPE_BOOL };
static const struct shape storm = { .kind = SHAPE_UNION,
                                    .expects = "a number from 1, or false",
                                    .parts = PARTS(&shape_count, &off) };
static const struct key house_keys[] = {
    KEY("ends", &shape_bool, "no crash, no hang, each step by its total and 2 s",
        .otherwise = "true"),
    KEY("storm", &storm, "limit of requests and of connections, at each proxy", .otherwise = "25"),
    KEY("bypass", &shape_bool, "nothing comes to an origin directly", .otherwise = "true"),
    KEY("hop", &shape_bool, "no Proxy-Authorization at an origin", .otherwise = "true"),
    KEY("own-credentials", &shape_bool, "a password only where it belongs", .otherwise = "true"),
    KEY("form", &shape_bool, "absolute-form to proxies, origin-form inside, one Host",
        .otherwise = "true"),
    KEY("promise", &shape_bool, "no request before a promised moment", .otherwise = "true"),
    KEY("truth", &shape_bool, "no answer whose body is a part, or foreign", .otherwise = "true"),
    KEY("quiet", &shape_bool, "no password in error text", .otherwise = "true"),
    KEY("reach", &shape_bool,
        "every step must reach an actor; `false` where refusing locally is right",
        .otherwise = "true"),
    { .name = NULL },
};
const struct shape shape_house = { .kind = SHAPE_OBJECT,
                                   .name = "house",
                                   .expects = "an object such as {\"promise\": false}",
                                   .doc = "Adjusts the checks that run in every case.",
                                   .keys = house_keys };
