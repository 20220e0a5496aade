/*
 * The driver contract: reading. Strict where a mistake would make a verdict wrong (types, numbers,
 * JSON itself), lenient where it would not: unknown members are passed over, and a kind may be
 * written with underscores.
 */
#include "protocol.h"

#include <math.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "json.h"
#include "language.h"

struct reading {
    struct arena *arena;
    const char *why; /* the first thing that is wrong; NULL: nothing yet */
};

static void refuse(struct reading *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void refuse(struct reading *r, const char *format, ...)
{
    char *text;
    va_list args;
    if (r->why)
        return;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    r->why = arena_copy(r->arena, text, strlen(text));
    free(text);
}

/* ---- members --------------------------------------------------------------------------------- */

/* NULL where it is not there, or null. */
static const struct json *member(struct reading *r, const struct json *object, const char *key,
                                 enum json_type type)
{
    const struct json *v = json_get(object, key);
    if (!v || v->type == JSON_NULL)
        return NULL;
    if (v->type == type)
        return v;
    refuse(r, "\"%s\" is %s", key, json_type_name(v->type));
    return NULL;
}

static const char *text_of(struct reading *r, const struct json *object, const char *key)
{
    const struct json *v = member(r, object, key, JSON_TEXT);
    return v ? v->text : NULL;
}

static uint64_t number_of(struct reading *r, const struct json *object, const char *key, bool *has)
{
    const struct json *v = member(r, object, key, JSON_NUMBER);
    if (has)
        *has = v != NULL;
    if (!v)
        return 0;
    if (v->number < 0 || v->number != floor(v->number)) {
        refuse(r, "\"%s\" is %.17g, expected an integer from 0", key, v->number);
        return 0;
    }
    return (uint64_t)v->number;
}

/* Characters up to U+00FF are octets; others stay UTF-8. */
static void add_octets(struct buf *b, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c == 0xC2 || c == 0xC3) && i + 1 < len)
            buf_char(b, (char)(((c & 3) << 6) | (text[++i] & 0x3F)));
        else
            buf_char(b, (char)c);
    }
}

static bool is_pair(const struct json *v)
{
    return v->type == JSON_LIST && v->count == 2 && v->first->type == JSON_TEXT &&
           v->first->next->type == JSON_TEXT;
}

static const char *lines_of(struct reading *r, const struct json *object, const char *key,
                            size_t *len)
{
    const struct json *v = member(r, object, key, JSON_LIST);
    struct buf b = { 0 };
    if (!v)
        return NULL;
    for (const struct json *m = v->first; m; m = m->next) {
        if (!is_pair(m)) {
            refuse(r, "\"%s\" has a member that is no pair [\"name\", \"value\"]", key);
            break;
        }
        add_octets(&b, m->first->text, m->first->len);
        buf_string(&b, ": ");
        add_octets(&b, m->first->next->text, m->first->next->len);
        buf_string(&b, "\r\n");
    }
    const char *lines = arena_copy(r->arena, b.at ? b.at : "", b.len);
    *len = b.len;
    buf_free(&b);
    return lines;
}

static const char *const *texts_of(struct reading *r, const struct json *object, const char *key)
{
    const struct json *v = member(r, object, key, JSON_LIST);
    if (!v)
        return NULL;
    const char **list = arena_take(r->arena, (v->count + 1) * sizeof(*list));
    size_t n = 0;
    for (const struct json *m = v->first; m; m = m->next) {
        if (m->type != JSON_TEXT)
            refuse(r, "\"%s\" has a member that is %s, expected texts", key,
                   json_type_name(m->type));
        else
            list[n++] = m->text;
    }
    return list;
}

/* ---- results --------------------------------------------------------------------------------- */

static bool is_hex64(const char *z)
{
    return strlen(z) == 64 && strspn(z, "0123456789abcdefABCDEF") == 64;
}

static const char *lower(struct reading *r, const char *z)
{
    char *copy = arena_copy(r->arena, z, strlen(z));
    for (char *c = copy; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    return copy;
}

static void read_head(struct reading *r, const struct json *body, struct result *out)
{
    const struct json *head = member(r, body, "head", JSON_TEXT);
    if (!head)
        return;
    unsigned char *octets = arena_take(r->arena, head->len / 4 * 3 + 4);
    int n = EVP_DecodeBlock(octets, (const unsigned char *)head->text, (int)head->len);
    if (n < 0 || head->len % 4) {
        refuse(r, "\"head\" is no base64");
        return;
    }
    for (size_t i = head->len; i > 0 && head->text[i - 1] == '='; i--)
        n--;
    out->head = (const char *)octets;
    out->head_len = n > 0 ? (size_t)n : 0;
}

static void read_body(struct reading *r, const struct json *root, struct result *out)
{
    const struct json *body = member(r, root, "body", JSON_OBJECT);
    if (!body)
        return;
    out->bytes = number_of(r, body, "bytes", &out->has_body);
    out->sha256 = text_of(r, body, "sha256");
    if (out->sha256 && !is_hex64(out->sha256))
        refuse(r, "\"sha256\" has no 64 hex digits");
    if (out->sha256)
        out->sha256 = lower(r, out->sha256);
    read_head(r, body, out);
    if (out->head_len > out->bytes)
        refuse(r, "\"head\" is longer than the body");
}

static const char *kind_of(struct reading *r, const struct json *root)
{
    const char *told = text_of(r, root, "kind");
    if (!told)
        return NULL;
    char *kind = arena_copy(r->arena, told, strlen(told));
    for (char *c = kind; *c; c++)
        *c = (char)(*c == '_' ? '-' : *c);
    const char *const *kinds = language_field_words(FIELD_kind);
    for (size_t i = 0; kinds[i]; i++)
        if (strcmp(kinds[i], kind) == 0)
            return kind;
    refuse(r, "\"kind\" is \"%.40s\", which is no kind of error", told);
    return NULL;
}

static void read_result(struct reading *r, const struct json *root, struct result *out)
{
    bool has_status;
    uint64_t status = number_of(r, root, "status", &has_status);
    if (status > 999)
        refuse(r, "\"status\" is %llu, expected at most 999", (unsigned long long)status);
    out->status = (int)(status % 1000);
    out->error = text_of(r, root, "error");
    out->is_error = out->error != NULL;
    out->kind = kind_of(r, root);
    out->hop = text_of(r, root, "hop");
    out->log = text_of(r, root, "log");
    out->headers = lines_of(r, root, "headers", &out->headers_len);
    out->trailers = lines_of(r, root, "trailers", &out->trailers_len);
    bool has_asked;
    uint64_t asked = number_of(r, root, "asked", &has_asked);
    out->asked = has_asked ? (int64_t)asked : -1;
    read_body(r, root, out);
    if (!has_status && !out->error && !out->has_body) /* a raw tunnel may have octets alone */
        refuse(r, "neither \"status\" nor \"error\"");
    if (out->hop && strcmp(out->hop, "proxy") != 0 && strcmp(out->hop, "origin") != 0)
        refuse(r, "\"hop\" is \"%.40s\", expected \"proxy\" or \"origin\"", out->hop);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static const char *map_of(struct reading *r, const struct json *object)
{
    struct buf b = { 0 };
    buf_char(&b, '{');
    for (const struct json *m = object->first; m; m = m->next) {
        if (m->type != JSON_TEXT) {
            refuse(r, "\"%s\" has a member that is %s, expected texts", object->key,
                   json_type_name(m->type));
            continue;
        }
        if (b.len > 1)
            buf_char(&b, ',');
        buf_json(&b, m->key, m->key_len);
        buf_char(&b, ':');
        buf_json(&b, m->text, m->len);
    }
    buf_char(&b, '}');
    const char *copy = arena_copy(r->arena, b.at, b.len);
    buf_free(&b);
    return copy;
}

static void read_hello(struct reading *r, const struct json *root, struct reply *reply)
{
    reply->kind = REPLY_HELLO;
    reply->client = text_of(r, root, "client");
    reply->version = text_of(r, root, "version");
    reply->runtime = text_of(r, root, "runtime");
    reply->capabilities = texts_of(r, root, "capabilities");
    const struct json *kinds = member(r, root, "kinds", JSON_OBJECT);
    if (kinds)
        reply->kinds = map_of(r, kinds);
}

static void read_root(struct reading *r, const struct json *root, struct reply *reply)
{
    reply->id = number_of(r, root, "id", &reply->has_id);
    if (json_get(root, "unsupported")) {
        reply->kind = REPLY_UNSUPPORTED;
        reply->unsupported = text_of(r, root, "unsupported");
        if (!reply->unsupported)
            refuse(r, "\"unsupported\" names nothing");
    } else if (reply->has_id) {
        reply->kind = REPLY_RESULT;
        read_result(r, root, &reply->result);
    } else if (json_get(root, "client")) {
        read_hello(r, root, reply);
    } else if (json_get(root, "closed")) {
        reply->kind = REPLY_CLOSED;
        reply->id = number_of(r, root, "closed", &reply->has_id);
    } else if (json_get(root, "session") || json_get(root, "changed")) {
        const char *key = json_get(root, "session") ? "session" : "changed";
        reply->kind = REPLY_SESSION;
        reply->id = number_of(r, root, key, &reply->has_id);
        reply->result.error = text_of(r, root, "error");
        reply->result.is_error = reply->result.error != NULL;
        reply->result.kind = kind_of(r, root);
        reply->result.asked = -1;
    } else if (json_get(root, "cancelled")) {
        reply->kind = REPLY_CANCELLED;
    } else {
        refuse(r, "no reply of the contract: none of \"id\", \"session\", \"closed\", \"client\", "
                  "\"unsupported\" is in it");
    }
}

struct reply *protocol_read(struct arena *arena, const char *line, size_t len, const char **why)
{
    struct reading r = { .arena = arena };
    struct json_error error = { 0 };
    struct reply *reply = arena_take(arena, sizeof(*reply));
    const char *copy = arena_copy(arena, line, len);
    const struct json *root = json_parse(arena, copy, len, &error);
    if (!root)
        refuse(&r, "%s", error.what);
    else if (root->type != JSON_OBJECT)
        refuse(&r, "%s, expected an object", json_type_name(root->type));
    else
        read_root(&r, root, reply);
    *why = r.why;
    return r.why ? NULL : reply;
}
