/*
 * A connection until its TLS is up: the ClientHello is collected raw, so that a rule can answer it
 * with anything at all, and only then given to the TLS filter. What comes after is stream.c's.
 */
#include <stdio.h>

#include "engine.h"

void conn_tell_alerts(struct conn *c)
{
    if (!c->stream.tls)
        return;
    const struct tls_info *info = tls_info(c->stream.tls);
    if (info->alerts == c->alerts_told)
        return;
    c->alerts_told = info->alerts;
    struct event_draft d;
    conn_event(c, &d, EVENT_alert);
    event_string(&d, FIELD_by, info->alert.by_peer ? "client" : "us");
    event_string(&d, FIELD_description, tls_alert_name(info->alert.description));
    conn_note_event(c, &d);
}

static struct tls_context *tls_context_of(struct conn *c)
{
    struct listener *l = c->listener;
    if (!l->tls)
        l->tls = tls_context_new(c->instance->loop->certs, &l->tls_settings, "127.0.0.1");
    return l->tls;
}

static void add_list(struct buf *b, const char *item)
{
    if (b->len)
        buf_char(b, ',');
    buf_string(b, item);
}

/* Notes the ClientHello, and plays the rule that takes it before a single octet is answered. */
static void tell_hello(struct conn *c, const struct tls_hello *hello)
{
    struct buf alpn = { 0 }, versions = { 0 };
    for (unsigned i = 0; i < hello->n_alpn; i++)
        add_list(&alpn, hello->alpn[i]);
    for (unsigned i = 0; i < hello->n_versions; i++)
        if (tls_version_name(hello->versions[i]))
            add_list(&versions, tls_version_name(hello->versions[i]));
    struct event_draft d;
    conn_event(c, &d, EVENT_hello);
    d.event.began = c->message_began;
    if (hello->sni[0])
        event_string(&d, FIELD_sni, hello->sni);
    event_text(&d, FIELD_alpn, alpn.at ? alpn.at : "", alpn.len);
    event_text(&d, FIELD_versions, versions.at ? versions.at : "", versions.len);
    event_flag(&d, FIELD_resumed, hello->psk || hello->ticket);
    event_flag(&d, FIELD_early_data, hello->early_data);
    const struct rule *rule = rule_take(c, &d.event);
    if (rule)
        event_string(&d, FIELD_rule, rule->name);
    conn_note_event(c, &d);
    c->state = CONN_HANDSHAKE;
    if (rule) {
        script_begin(c, rule, CONN_HANDSHAKE);
        script_keep_event(c, &d.event);
    }
    buf_free(&alpn);
    buf_free(&versions);
}

/* Collects the ClientHello raw, so that a rule can answer it with anything at all. */
void conn_hello_poll(struct conn *c)
{
    char *scratch = c->instance->loop->scratch;
    size_t len = 0;
    ssize_t n;
    do {
        n = stream_read(&c->stream, scratch + len, LOOP_SCRATCH - len);
        len += n > 0 ? (size_t)n : 0;
    } while (n > 0 && len < LOOP_SCRATCH);
    conn_tell_bytes(c, scratch, len);
    struct tls_hello hello;
    enum tls_hello_state state = tls_hello_parse(scratch, len, &hello);
    stream_unread(&c->stream, scratch, len);
    if (state == TLS_HELLO_WHOLE) {
        tell_hello(c, &hello);
    } else if (state == TLS_HELLO_BAD) {
        c->state = CONN_HANDSHAKE; /* which answers with an alert and ends it */
    } else if (n == STREAM_EOF) {
        conn_tell_client_fin(c);
        conn_begin_close(c, false, "the client ended before its ClientHello was whole");
    } else if (n == STREAM_BROKEN) {
        conn_client_reset(c);
    }
}

static void tell_secure(struct conn *c)
{
    const struct tls_info *info = tls_info(c->stream.tls);
    struct event_draft d;
    conn_event(c, &d, EVENT_secure);
    event_string(&d, FIELD_versions, tls_version_name(info->version));
    event_string(&d, FIELD_alpn, info->alpn);
    event_flag(&d, FIELD_resumed, info->resumed);
    event_flag(&d, FIELD_early_data, info->early == TLS_EARLY_ACCEPTED);
    event_flag(&d, FIELD_client_certificate, info->client_certificate);
    conn_note_event(c, &d);
    c->bytes_told = false;
}

void conn_handshake_poll(struct conn *c)
{
    struct stream *s = &c->stream;
    if (!s->tls) {
        struct tls_context *context = tls_context_of(c);
        if (!context || stream_start_tls(s, context) < 0) {
            conn_begin_close(c, false, "no TLS session could be made");
            return;
        }
        if (c->dialed_host)
            tls_set_default_name(s->tls, c->dialed_host);
    }
    enum tls_result r;
    uint64_t before;
    do {
        r = tls_handshake(s->tls);
        stream_flush(s);
        before = s->wire.received;
        if (r == TLS_AGAIN && !stream_feed_tls(s)) {
            conn_tell_alerts(c);
            conn_client_reset(c);
            return;
        }
    } while (r == TLS_AGAIN && (s->wire.received > before || s->wire.eof));
    conn_tell_alerts(c);
    if (r == TLS_AGAIN)
        return;
    if (r == TLS_OK) {
        tell_secure(c);
        c->state = CONN_REQUEST;
        return;
    }
    if (s->wire.eof)
        conn_tell_client_fin(c);
    char why[160];
    const char *error = tls_error(s->tls);
    snprintf(why, sizeof(why), "the TLS handshake failed: %s",
             *error ? error : "the client ended the connection");
    conn_begin_close(c, false, why);
}
