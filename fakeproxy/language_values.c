/*
 * The language's plain values, header fields and bodies.
 */
#include "language_shapes.h"

#include <string.h>

enum { LARGEST = 1 << 30 };

const struct shape shape_any = { .kind = SHAPE_ANY, .expects = "any value" };
const struct shape shape_null = { .kind = SHAPE_NULL };
const struct shape shape_bool = { .kind = SHAPE_BOOL };
const struct shape shape_text = { .kind = SHAPE_TEXT };
const struct shape shape_octets = { .kind = SHAPE_OCTETS };
const struct shape shape_duration = { .kind = SHAPE_DURATION, .name = "duration" };
const struct shape shape_size = { .kind = SHAPE_SIZE, .name = "size" };
const struct shape shape_count = { .kind = SHAPE_INTEGER, .min = 1, .max = LARGEST };
const struct shape shape_number_from_0 = { .kind = SHAPE_INTEGER, .min = 0, .max = LARGEST };
const struct shape shape_name = { .kind = SHAPE_TEXT,
                                  .expects = "a name of letters, digits, \"_\" and \"-\"",
                                  .pattern = "^[A-Za-z0-9_-]+$",
                                  .accepts = language_is_name };
const struct shape shape_texts = {
    .kind = SHAPE_LIST, .expects = "a list of texts", .of = &shape_text, .min = 0
};
const struct shape shape_names = {
    .kind = SHAPE_LIST, .expects = "a list of names", .of = &shape_name, .min = 1
};

/* ---- pairs ----------------------------------------------------------------------------------- */

static const struct shape pair = {
    .kind = SHAPE_TUPLE,
    .name = "credentials",
    .expects = "a pair [\"user\", \"password\"]",
    .parts = PARTS(&shape_text, &shape_text),
};

static const struct shape pair_list = {
    .kind = SHAPE_LIST, .expects = "a list of such pairs", .of = &pair, .min = 1
};

const struct shape shape_pairs = { .kind = SHAPE_UNION,
                                   .parts = PARTS(&shape_null, &pair, &pair_list) };

/* ---- instants -------------------------------------------------------------------------------- */

static bool is_strftime(const char *text, size_t len)
{
    return memchr(text, '%', len) && !memchr(text, '\0', len);
}

static const struct shape offset = { .kind = SHAPE_OFFSET };
static const struct shape form_word = { .kind = SHAPE_ENUM,
                                        .words =
                                            WORDS("imf-fixdate", "rfc850", "asctime", "epoch") };
static const struct shape form_strftime = { .kind = SHAPE_TEXT,
                                            .expects = "a strftime pattern with a \"%\"",
                                            .pattern = "%",
                                            .accepts = is_strftime };
static const struct shape form = { .kind = SHAPE_UNION,
                                   .parts = PARTS(&form_word, &form_strftime) };

static const struct key instant_keys[] = {
    KEY("time", &offset, "from the moment it is written: `\"+2s\"`, `\"-1d\"`; units also `d`, `y`",
        .required = true),
    KEY("form", &form,
        "`imf-fixdate`, `rfc850`, `asctime`, `epoch` (seconds since 1970) or a strftime pattern",
        .otherwise = "\"imf-fixdate\""),
    { .name = NULL },
};

const struct shape shape_instant = {
    .kind = SHAPE_OBJECT,
    .name = "instant",
    .expects = "an instant such as {\"time\": \"+2s\"}",
    .doc = "A moment, counted from when it is written and floored to the second, so that the true "
           "wait is up to 1 s shorter than it says.",
    .keys = instant_keys,
};

/* ---- header fields --------------------------------------------------------------------------- */

static bool is_not_empty(const char *text, size_t len)
{
    (void)text;
    return len > 0;
}

static const struct shape line_name = {
    .kind = SHAPE_TEXT, .expects = "the name of a field", .pattern = ".", .accepts = is_not_empty
};
static const struct shape line_value = { .kind = SHAPE_UNION,
                                         .parts =
                                             PARTS(&shape_octets, &shape_null, &shape_instant) };
const struct shape shape_field_line = {
    .kind = SHAPE_TUPLE,
    .name = "field-line",
    .expects = "a pair [\"name\", \"value\"]",
    .doc = "`[name, value]`. The value is octets, an instant, or `null`: our own field of that "
           "name is left out.",
    .parts = PARTS(&line_name, &line_value),
};
const struct shape shape_field_lines = { .kind = SHAPE_LIST,
                                         .expects = "a list of pairs [\"name\", \"value\"]",
                                         .of = &shape_field_line };

/* ---- bodies ---------------------------------------------------------------------------------- */

static const struct key pattern_keys[] = {
    KEY("size", &shape_size, "how many octets", .required = true),
    KEY("seed", &shape_number_from_0, "octet i is `(i + 97 * seed) % 251`", .otherwise = "0"),
    { .name = NULL },
};
static const struct shape body_pattern = {
    .kind = SHAPE_OBJECT, .keys = pattern_keys, .tell = "size", .doc = "Generated octets."
};

static const struct key step_pattern_keys[] = {
    KEY("size", &shape_size, "how many octets", .required = true),
    KEY("seed", &shape_number_from_0, "octet i is `(i + 97 * seed) % 251`", .otherwise = "0"),
    KEY("stream", &shape_bool, "given to the client as a stream that can be read once",
        .otherwise = "false"),
    { .name = NULL },
};
static const struct shape step_body_pattern = {
    .kind = SHAPE_OBJECT, .keys = step_pattern_keys, .tell = "size", .doc = "Generated octets."
};

static const struct key octets_keys[] = {
    KEY("octets", &shape_octets, "each character is one octet", .required = true),
    { .name = NULL },
};
static const struct shape body_octets = {
    .kind = SHAPE_OBJECT, .keys = octets_keys, .tell = "octets", .doc = "Octets as they are."
};

static const struct shape base64 = {
    .kind = SHAPE_TEXT,
    .expects = "base64 (RFC 4648, section 4)",
    .pattern = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
    .accepts = language_is_base64,
};
static const struct key base64_keys[] = {
    KEY("base64", &base64, "the octets, in base64", .required = true),
    { .name = NULL },
};
static const struct shape body_base64 = {
    .kind = SHAPE_OBJECT, .keys = base64_keys, .tell = "base64", .doc = "Octets, in base64."
};

static const struct shape file_name = { .kind = SHAPE_TEXT,
                                        .expects = "a path below the scenario's folder",
                                        .pattern = "^(?!/)(?!(.*/)?\\.\\.(/|$)).",
                                        .accepts = language_is_path };
static const struct key file_keys[] = {
    KEY("file", &file_name, "relative to the scenario's folder, without `..`", .required = true),
    { .name = NULL },
};
static const struct shape body_file = { .kind = SHAPE_OBJECT,
                                        .keys = file_keys,
                                        .tell = "file",
                                        .doc = "The octets of a file of at most 16 MiB." };

static const struct shape chunk_list = { .kind = SHAPE_LIST,
                                         .expects = "a list of texts",
                                         .of = &shape_octets };
static const struct key chunk_keys[] = {
    KEY("chunks", &chunk_list, "octets of one chunk each", .required = true),
    KEY("trailers", &shape_field_lines, "trailer fields behind the last chunk", .otherwise = "[]"),
    { .name = NULL },
};
static const struct shape body_chunks = { .kind = SHAPE_OBJECT,
                                          .keys = chunk_keys,
                                          .tell = "chunks",
                                          .doc = "A body in chunks (RFC 9112, section 7.1)." };

const struct shape shape_body = {
    .kind = SHAPE_UNION,
    .name = "body",
    .expects = "a body: a text, or an object with size, octets, base64, file or chunks",
    .doc = "A text (sent as UTF-8) or one of these objects.",
    .parts =
        PARTS(&shape_text, &body_pattern, &body_octets, &body_base64, &body_file, &body_chunks),
};
const struct shape shape_step_body = {
    .kind = SHAPE_UNION,
    .name = "step-body",
    .expects = "a body: a text, or an object with size, octets, base64, file or chunks",
    .doc = "As a body; generated octets may also be a one-shot stream.",
    .parts = PARTS(&shape_text, &step_body_pattern, &body_octets, &body_base64, &body_file,
                   &body_chunks),
};
