/*
 * Fields of the journal that can only hold certain words: a pattern that fits none of them would
 * never match.
 */
#include <stddef.h>

#include "event.h"
#include "language.h"
#include "tls_record.h"

static const char *const via[] = { "forward", "tunnel", "direct", NULL };
static const char *const by[] = { "us", "client", "origin", NULL };
static const char *const form[] = { "origin", "absolute", "authority", "asterisk", NULL };
static const char *const auth[] = {
    "missing", "ok", "wrong", "stale", "replayed", "malformed", NULL
};
static const char *const looks[] = { "http", "tls", "other", NULL };
static const char *const how[] = { "fin", "reset", "abort", NULL };
static const char *const ends[] = { "answer", "error", NULL };
static const char *const hop[] = { "proxy", "origin", NULL };
static const char *const body[] = { "whole", "part", "empty", "foreign", "unknown", NULL };
static const char *const kind[] = { "proxy-unreachable",
                                    "proxy-auth",
                                    "proxy-connect",
                                    "proxy-protocol",
                                    "tls-proxy",
                                    "tls-origin",
                                    "reset",
                                    "closed-early",
                                    "incomplete",
                                    "timeout-connect",
                                    "timeout-read",
                                    "timeout-total",
                                    "protocol",
                                    "redirects",
                                    "rate-limited",
                                    "cancelled",
                                    "config",
                                    "other",
                                    NULL };
static const char *const cut[] = { "close", "half_close", "reset", "abort", "stall", NULL };
static const char *const versions[] = { "1.0", "1.1", "1.2", "1.3", NULL };
static const char *const action[] = { "respond", "send",  "forward", "tunnel",     "read",  "wait",
                                      "pace",    "stall", "close",   "half_close", "reset", "abort",
                                      "alert",   "set",   "rotate",  NULL };

const char *const *language_field_words(int field)
{
    static const char *const *const words[FIELDS] = {
        [FIELD_via] = via,       [FIELD_by] = by,
        [FIELD_form] = form,     [FIELD_auth] = auth,
        [FIELD_looks] = looks,   [FIELD_how] = how,
        [FIELD_ends] = ends,     [FIELD_hop] = hop,
        [FIELD_body] = body,     [FIELD_kind] = kind,
        [FIELD_action] = action, [FIELD_versions] = versions,
        [FIELD_cut] = cut,       [FIELD_description] = tls_alert_names,
    };
    return words[field];
}
